//! Logging in and out, and telling who a token belongs to.
//!
//! A token is 256 random bits, given out once and stored as its SHA-256. The owner is looked up at every request, so a
//! lock or a new role counts from the next request on. A token of a cookie slides; tokens of machines
//! (`tokens`) are of fixed expiry and lie in the same table.

use std::{net::IpAddr, sync::Arc, time::Instant};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::{
    auth::{Passwords, Role, Throttle},
    users::{Language, User, Users},
};
use crate::{
    Error, Result,
    store::{AuditNote, SessionKind, SessionRecord, Store, TokenScope},
};

/// A session ends when it was not used for this long,
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// and after this long in any case.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Uses are recorded this often at most.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);

/// Who is behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Account name; `demo` where nobody is logged in on a demo.
    pub user: String,
    /// Role.
    pub role: Role,
    /// Key of the organisation they belong to.
    pub organisation: String,
    /// Language of the account.
    pub language: Option<Language>,
    /// When the session ends; `None` without one.
    pub expires_at: Option<Timestamp>,
    /// What the token they came with may do; `None` for somebody who is logged in.
    pub scope: Option<TokenScope>,
    session: Option<[u8; 32]>,
    /// Known by a certificate.
    machine: bool,
}

impl Principal {
    /// A machine that showed a certificate.
    pub(super) fn machine(user: &User, scope: TokenScope) -> Self {
        Self {
            user: user.name.clone(),
            role: user.role,
            organisation: user.organisation.clone(),
            language: user.language,
            expires_at: None,
            scope: Some(scope),
            session: None,
            machine: true,
        }
    }

    /// Whoever sits at this machine during a demo.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            user: "demo".to_owned(),
            role: Role::Coordinator,
            organisation: "civil".to_owned(),
            language: None,
            expires_at: None,
            scope: None,
            session: None,
            machine: false,
        }
    }

    /// Whether nobody is logged in and the demo lets it pass.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.session.is_none() && !self.machine
    }
}

/// Where a login comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Address.
    pub address: IpAddr,
    /// Program, as it calls itself.
    pub user_agent: String,
}

/// The sessions.
#[derive(Debug)]
pub struct Sessions {
    store: Store,
    passwords: Passwords,
    users: Arc<Users>,
    throttle: Throttle,
}

impl Sessions {
    /// The sessions in this store.
    #[must_use]
    pub fn new(store: Store, passwords: Passwords, users: Arc<Users>) -> Self {
        Self {
            store,
            passwords,
            users,
            throttle: Throttle::default(),
        }
    }

    /// Opens a session. Answers the token, which is not kept anywhere, and its owner. An unknown name, a locked account
    /// and a wrong password are the same to the caller, in words and in time.
    ///
    /// # Errors
    /// `Unauthenticated`; `Throttled` after too many tries.
    pub async fn log_in(&self, name: &str, password: String, origin: Origin) -> Result<(String, Principal)> {
        let throttled = |wait: std::time::Duration| {
            metrics::counter!("logins_throttled_total").increment(1);
            Error::Throttled {
                retry_after_s: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
            }
        };
        let name: String = name.chars().take(64).collect();
        self.throttle
            .admit(&name, origin.address, Instant::now())
            .map_err(throttled)?;
        let record = self.store.user(&name).await?;
        let hash = record.as_ref().map(|record| record.password_hash.clone());
        let right = self.passwords.verify(password, hash).await?;
        let known = record.is_some();
        let Some(record) = record.filter(|record| right && !record.disabled) else {
            metrics::counter!("logins_failed_total").increment(1);
            tracing::warn!(user = name, address = %origin.address, "login failed");
            self.note_refusal(known.then_some(name), origin.address).await?;
            return Err(Error::Unauthenticated);
        };
        let user = User::from_record(&record)?;
        let (token, principal) = self.open(&user, &origin, "").await?;
        self.throttle.succeeded(&name, origin.address);
        tracing::info!(user = name, address = %origin.address, "logged in");
        Ok((token, principal))
    }

    /// A name nobody has is not noted: people type passwords in its place.
    async fn note_refusal(&self, name: Option<String>, address: IpAddr) -> Result<()> {
        let note = AuditNote {
            actor: name.unwrap_or_else(|| "-".to_owned()),
            accepted: false,
            reason: Some("wrong name or password, or locked".to_owned()),
            ..AuditNote::of("create_session", &format!("sessions/{address}"))
        };
        self.store.note(vec![note]).await
    }

    /// Opens a session for somebody whom another than their password vouches for: `by`, in words.
    ///
    /// # Errors
    /// `Unauthenticated` when the account is locked or gone.
    pub(super) async fn open_vouched(&self, user: &User, origin: &Origin, by: &str) -> Result<(String, Principal)> {
        let opened = self.open(user, origin, by).await?;
        tracing::info!(user = user.name, address = %origin.address, by, "logged in");
        Ok(opened)
    }

    async fn open(&self, user: &User, origin: &Origin, by: &str) -> Result<(String, Principal)> {
        let token = secret();
        let (now, token_hash) = (Timestamp::now(), hash(&token));
        let expires_at = now + IDLE;
        let record = SessionRecord {
            token_hash,
            kind: SessionKind::Cookie,
            token_id: String::new(),
            scope: TokenScope::Full,
            user: user.name.clone(),
            label: by.to_owned(),
            created_at: now,
            expires_at,
            last_seen: now,
            address: origin.address.to_string(),
            user_agent: origin.user_agent.chars().take(200).collect(),
        };
        match self.store.create_session(record).await {
            // Locked or removed while the password was being verified.
            Err(Error::NotFound { .. }) => return Err(Error::Unauthenticated),
            other => other?,
        }
        Ok((token, principal(user, token_hash, expires_at, None)))
    }

    /// The owner of a token, if it is in force; its expiry slides when `use_it` is set.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn owner(&self, token: &str, use_it: bool) -> Result<Option<Principal>> {
        let token = token.strip_prefix(super::tokens::PREFIX).unwrap_or(token);
        if token.len() != 64 {
            return Ok(None);
        }
        let (now, token_hash) = (Timestamp::now(), hash(token));
        let Some((session, record)) = self.store.session(&token_hash, now).await? else {
            return Ok(None);
        };
        let mut expires_at = session.expires_at;
        if use_it && session.kind == SessionKind::Cookie && now.duration_since(session.last_seen) > TOUCH {
            expires_at = (now + IDLE).min(session.created_at + LIFETIME);
            // Reading must go on while nothing can be written; the expiry then stays where it was.
            if let Err(error) = self.store.touch_session(&token_hash, now, expires_at).await {
                tracing::warn!(%error, "the use of a session could not be recorded");
                expires_at = session.expires_at;
            }
        }
        let scope = (session.kind == SessionKind::Token).then_some(session.scope);
        Ok(Some(principal(
            &User::from_record(&record)?,
            token_hash,
            expires_at,
            scope,
        )))
    }

    /// Ends the session of the caller; harmless without one.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn log_out(&self, principal: &Principal) -> Result<()> {
        if let Some(token_hash) = &principal.session {
            self.store.delete_session(token_hash).await?;
            self.users.announce();
        }
        Ok(())
    }
}

fn principal(user: &User, token_hash: [u8; 32], expires_at: Timestamp, scope: Option<TokenScope>) -> Principal {
    Principal {
        user: user.name.clone(),
        role: user.role,
        organisation: user.organisation.clone(),
        language: user.language,
        expires_at: Some(expires_at),
        scope,
        session: Some(token_hash),
        machine: false,
    }
}

/// 256 random bits, as text.
pub(super) fn secret() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

/// What is kept of a secret.
pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
