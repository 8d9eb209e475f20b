//! Logging in by the office's own identity provider: OpenID Connect, authorization code with PKCE.
//!
//! The provider says who somebody is; which account that is, with which role, stays ours. What the browser brings back is
//! believed only with the state and the cookie of a login that began here less than ten minutes ago, once. The provider's
//! token is checked by `openidconnect` (signature, issuer, audience, expiry, nonce) and for what that leaves to us (the algorithms,
//! authorised party, times in the future, the access token's hash).

mod accounts;
mod pending;
mod provider;

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use openidconnect::{AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, Scope, core::CoreAuthenticationFlow};

use super::{
    sessions::{Origin, Principal, Sessions, hash, secret},
    trust::Trust,
    users::Users,
};
use crate::{
    Error, Result,
    config::OidcConfig,
    store::{AuditNote, Store},
};
use pending::{Pending, Waiting};
use provider::{Metadata, Provider};

/// What somebody who came back is told of a login that failed. Why it did stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The provider cannot be reached, or does not answer as it should.
    Unavailable,
    /// What was brought back is not believed.
    NotBelieved,
    /// The provider knows them; there is no account for them here, or it is locked.
    NoAccount,
}

impl Refusal {
    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::NotBelieved => "refused",
            Self::NoAccount => "no_account",
        }
    }
}

/// A login that failed: what the person is told, and why, for the log.
#[derive(Debug)]
pub struct Failure {
    /// What the person is told.
    pub refusal: Refusal,
    /// Why. Holds neither codes nor tokens.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Failure {
    fn new(refusal: Refusal, reason: impl Into<String>) -> Self {
        Self {
            refusal,
            reason: reason.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(Refusal::Unavailable, error.to_string())
    }
}

/// Result of a part of a login.
pub type Outcome<T> = std::result::Result<T, Failure>;

/// Where a browser is sent, and what it is to bring back in a cookie.
#[derive(Debug)]
pub struct Departure {
    /// The provider's address.
    pub url: String,
    /// The cookie's value.
    pub cookie: String,
}

/// What a browser brings back from the provider.
#[derive(Debug, Default)]
pub struct Return {
    /// The state of the login.
    pub state: Option<String>,
    /// What the provider gives the token for.
    pub code: Option<String>,
    /// Which provider it was, where it says so (RFC 9207).
    pub issuer: Option<String>,
    /// Why the provider refused.
    pub error: Option<String>,
    /// The cookie.
    pub cookie: Option<String>,
}

/// The identity provider.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    provider: Provider,
    pending: Pending,
    store: Store,
    users: Arc<Users>,
    sessions: Arc<Sessions>,
}

impl Oidc {
    /// The provider of the configuration. It is asked for nothing before somebody logs in.
    ///
    /// # Errors
    /// `Io` or `Invalid` for the file of authorities, or a role that does not exist or is not given this way.
    pub fn new(config: OidcConfig, store: Store, users: Arc<Users>, sessions: Arc<Sessions>) -> Result<Self> {
        let trust = Trust::read(config.authorities.as_deref(), "auth.oidc.authorities")?;
        accounts::check(&config)?;
        Ok(Self {
            provider: Provider::new(config.clone(), trust),
            config,
            pending: Pending::default(),
            store,
            users,
            sessions,
        })
    }

    /// What the button says, in Chinese and English.
    #[must_use]
    pub fn name(&self) -> &[String; 2] {
        &self.config.name
    }

    /// Begins a login.
    ///
    /// # Errors
    /// When the provider cannot be asked for its addresses.
    pub async fn begin(&self, now: Timestamp) -> Outcome<Departure> {
        let metadata = self.provider.metadata().await?;
        let (state, nonce, cookie) = (CsrfToken::new(secret()), Nonce::new(secret()), secret());
        let (stated, once) = (state.clone(), nonce.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.provider.client(&metadata)?;
        let mut asking = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || stated, || once)
            .set_pkce_challenge(challenge);
        for scope in &self.config.scopes {
            asking = asking.add_scope(Scope::new(scope.clone()));
        }
        let (url, _, _) = asking.url();
        let waiting = Waiting {
            nonce,
            verifier: verifier.into_secret(),
            cookie: hash(&cookie),
            since: now,
        };
        self.pending.add(hash(state.secret()), waiting);
        Ok(Departure {
            url: url.to_string(),
            cookie,
        })
    }

    /// Ends a login: answers the token of a new session, and its owner.
    ///
    /// # Errors
    /// When anything of what was brought back is not as it should be.
    pub async fn finish(&self, brought: Return, origin: Origin, now: Timestamp) -> Outcome<(String, Principal)> {
        let told = brought.issuer.is_some();
        let (waiting, code) = self.recognise(brought, now)?;
        let metadata = self.provider.metadata().await?;
        if !told
            && metadata
                .additional_metadata()
                .authorization_response_iss_parameter_supported
        {
            return Err(Failure::new(
                Refusal::NotBelieved,
                "the answer does not say which provider it is of",
            ));
        }
        let claims = match self.provider.redeem(&metadata, code, waiting, now).await {
            Err(failure) if failure.refusal == Refusal::NotBelieved => {
                self.note_refusal("-", &failure.reason, &origin).await?;
                return Err(failure);
            }
            other => other?,
        };
        let who = accounts::read(&self.config, &claims)?;
        let subject = claims.get("sub").and_then(serde_json::Value::as_str).unwrap_or("");
        let vouched = format!("{} says {subject}", self.config.issuer);
        let opened = match accounts::account(&self.config, &self.store, &self.users, &who).await {
            Ok(user) => self
                .sessions
                .open_vouched(&user, &origin, &vouched)
                .await
                .map_err(|error| match error {
                    Error::Unauthenticated => {
                        Failure::new(Refusal::NoAccount, "locked, or its organisation is out of use")
                    }
                    error => error.into(),
                }),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = &opened
            && failure.refusal == Refusal::NoAccount
        {
            let reason = format!("{vouched}, account '{}': {failure}", who.name);
            self.note_refusal("-", &reason, &origin).await?;
        }
        opened
    }

    /// The login that this belongs to, which is over with it, and the code.
    fn recognise(&self, brought: Return, now: Timestamp) -> Outcome<(Waiting, AuthorizationCode)> {
        let refuse = |reason: &str| Failure::new(Refusal::NotBelieved, reason);
        let state = brought.state.ok_or_else(|| refuse("no state was brought back"))?;
        let cookie = brought
            .cookie
            .ok_or_else(|| refuse("the cookie of the login is missing"))?;
        let waiting = self.pending.take(&hash(&state), &hash(&cookie), now).map_err(refuse)?;
        if let Some(issuer) = brought.issuer.filter(|issuer| *issuer != self.config.issuer) {
            return Err(refuse(&format!("the answer is of another provider: {issuer:.200}")));
        }
        if let Some(error) = brought.error {
            return Err(refuse(&format!("the provider refused: {error:.200}")));
        }
        let code = brought.code.ok_or_else(|| refuse("no code was brought back"))?;
        Ok((waiting, AuthorizationCode::new(code)))
    }

    async fn note_refusal(&self, actor: &str, reason: &str, origin: &Origin) -> Result<()> {
        let note = AuditNote {
            actor: actor.to_owned(),
            accepted: false,
            reason: Some(reason.to_owned()),
            ..AuditNote::of("create_session", &format!("sessions/{}", origin.address))
        };
        self.store.note(vec![note]).await
    }
}

/// Addresses of the provider that are used from here.
fn endpoints(metadata: &Metadata) -> Vec<&str> {
    let mut all = vec![metadata.authorization_endpoint().as_str(), metadata.jwks_uri().as_str()];
    all.extend(metadata.token_endpoint().map(|url| url.as_str()));
    all.extend(metadata.userinfo_endpoint().map(|url| url.as_str()));
    all
}
