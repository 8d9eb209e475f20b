//! Talking to the provider: its addresses and keys, and the token for a code.

use std::{
    future::Future,
    io,
    pin::Pin,
    time::{Duration, Instant},
};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeVerifier, ProviderMetadata, RedirectUrl, TokenResponse,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType, CoreIdToken,
        CoreIdTokenVerifier, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType, CoreTokenResponse,
    },
    http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{Failure, Outcome, Refusal, Waiting, accounts::find, endpoints};
use crate::{config::OidcConfig, service::trust::Trust};

/// Longest time one question to the provider may take.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Largest answer that is read.
const BYTES_MAX: u64 = 1 << 20;
/// What the provider says of itself is asked again after this long,
const KNOWN_FOR: Duration = Duration::from_secs(3600);
/// and after this long where it could not be asked.
const DOWN_FOR: Duration = Duration::from_secs(3);
/// By so much the clocks may differ.
const LEEWAY_S: i64 = 60;

/// Signatures that are believed: those that only the provider can make. No shared secrets, and never none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// This service as the provider's client.
pub(super) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What the provider says of itself beyond OpenID Connect Discovery.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct MoreMetadata {
    /// Ways of PKCE (RFC 8414).
    code_challenge_methods_supported: Option<Vec<String>>,
    /// It says in its answers who it is (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

/// What the provider says of itself.
pub(super) type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Answer = Pin<Box<dyn Future<Output = io::Result<HttpResponse>> + Send>>;

#[derive(Debug)]
enum Known {
    Nothing,
    Metadata(Box<Metadata>, Instant),
    Down(String, Instant),
}

/// The provider.
#[derive(Debug)]
pub(super) struct Provider {
    config: OidcConfig,
    agent: ureq::Agent,
    known: Mutex<Known>,
}

fn down(reason: impl Into<String>) -> Failure {
    Failure::new(Refusal::Unavailable, reason)
}

fn not_believed(reason: impl Into<String>) -> Failure {
    Failure::new(Refusal::NotBelieved, reason)
}

/// An error with what caused it.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl Provider {
    pub(super) fn new(config: OidcConfig, trust: Trust) -> Self {
        let tls = ureq::tls::TlsConfig::builder().root_certs(trust.of_web()).build();
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_MAX))
            .http_status_as_error(false)
            // A redirect would carry the code or the secret to somebody else.
            .max_redirects(0)
            .tls_config(tls)
            .user_agent(concat!("pinpu/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self {
            config,
            agent,
            known: Mutex::new(Known::Nothing),
        }
    }

    /// One question to the provider, on a thread that may wait.
    fn http(&self) -> impl Fn(HttpRequest) -> Answer + Send + Sync + use<> {
        let agent = self.agent.clone();
        move |request| {
            let agent = agent.clone();
            let ask = move || {
                let answer = agent.run(request).map_err(io::Error::other)?;
                let (parts, mut body) = answer.into_parts();
                let limited = body.with_config().limit(BYTES_MAX);
                let body = limited.read_to_vec().map_err(io::Error::other)?;
                Ok(HttpResponse::from_parts(parts, body))
            };
            Box::pin(async move {
                let asked = tokio::task::spawn_blocking(ask).await;
                asked.unwrap_or_else(|error| Err(io::Error::other(error)))
            })
        }
    }

    /// What the provider says of itself, asked again now and then. Who fails is not asked again at once.
    pub(super) async fn metadata(&self) -> Outcome<Metadata> {
        let mut known = self.known.lock().await;
        match &*known {
            Known::Metadata(metadata, at) if at.elapsed() < KNOWN_FOR => return Ok((**metadata).clone()),
            Known::Down(reason, at) if at.elapsed() < DOWN_FOR => return Err(down(reason.clone())),
            _ => {}
        }
        let found = self.discover().await;
        *known = match &found {
            Ok(metadata) => Known::Metadata(Box::new(metadata.clone()), Instant::now()),
            Err(failure) => Known::Down(failure.reason.clone(), Instant::now()),
        };
        found
    }

    async fn discover(&self) -> Outcome<Metadata> {
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(|error| down(said(&error)))?;
        let http = self.http();
        let found = Metadata::discover_async(issuer, &http).await;
        let metadata = found.map_err(|error| down(format!("asking {}: {}", self.config.issuer, said(&error))))?;
        let is_safe = |url: &&str| url.starts_with("https://") || !self.config.issuer.starts_with("https://");
        if let Some(url) = endpoints(&metadata).into_iter().find(|url| !is_safe(url)) {
            return Err(down(format!("the provider names an address without TLS: {url}")));
        }
        let methods = &metadata.additional_metadata().code_challenge_methods_supported;
        let knows_pkce = methods
            .as_ref()
            .is_none_or(|methods| methods.iter().any(|method| method == "S256"));
        if !knows_pkce {
            return Err(down("the provider does not know PKCE with S256"));
        }
        Ok(metadata)
    }

    /// The keys again: the provider changed them since.
    async fn new_keys(&self, metadata: &Metadata) -> Outcome<Metadata> {
        let http = self.http();
        let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &http).await;
        let keys = keys.map_err(|error| down(format!("asking for keys: {}", said(&error))))?;
        let metadata = metadata.clone().set_jwks(keys);
        *self.known.lock().await = Known::Metadata(Box::new(metadata.clone()), Instant::now());
        Ok(metadata)
    }

    /// This service as the client of the provider that says this of itself.
    pub(super) fn client(&self, metadata: &Metadata) -> Outcome<Client> {
        let redirect = RedirectUrl::new(self.config.redirect.clone()).map_err(|error| down(said(&error)))?;
        let secret = self.config.client_secret.as_ref();
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.config.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.reveal().to_owned())),
        );
        let methods = metadata.token_endpoint_auth_methods_supported();
        let posts = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let client = client.set_redirect_uri(redirect);
        Ok(if posts {
            client.set_auth_type(AuthType::RequestBody)
        } else {
            client
        })
    }

    /// The claims of the token that the provider gives for a code.
    pub(super) async fn redeem(
        &self,
        metadata: &Metadata,
        code: AuthorizationCode,
        waiting: Waiting,
        now: Timestamp,
    ) -> Outcome<Map<String, Value>> {
        let http = self.http();
        let client = self.client(metadata)?;
        let asked = client
            .exchange_code(code)
            .map_err(|error| down(said(&error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(waiting.verifier))
            .request_async(&http)
            .await;
        let answer = asked.map_err(|error| match error {
            openidconnect::RequestTokenError::Request(error) => down(format!("asking for the token: {}", said(&error))),
            error => not_believed(format!("the provider gave no token for the code: {}", said(&error))),
        })?;
        let token = answer
            .id_token()
            .ok_or_else(|| not_believed("the provider gave no identity token"))?;
        let nonce = waiting.nonce;
        let own = self.config.client_id.as_str();
        match verify(&client, own, &answer, token, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client(&self.new_keys(metadata).await?)?;
                verify(&client, own, &answer, token, &nonce)
            }
            other => other,
        }
        .map_err(|error| not_believed(format!("the token is not believed: {}", said(&error))))?;
        let mut claims = payload(token).ok_or_else(|| not_believed("the token cannot be read"))?;
        check_times(&claims, now)?;
        let needed = [Some(&self.config.claim), self.config.role_claim.as_ref()];
        if needed.into_iter().flatten().any(|name| find(&claims, name).is_none()) {
            self.complete(metadata, answer.access_token().secret(), &mut claims)
                .await?;
        }
        Ok(claims)
    }

    /// Adds what the provider says of the person elsewhere than in the token. What the token says stays.
    async fn complete(&self, metadata: &Metadata, access: &str, claims: &mut Map<String, Value>) -> Outcome<()> {
        let Some(endpoint) = metadata.userinfo_endpoint() else {
            return Ok(());
        };
        let request = http::Request::get(endpoint.as_str()).header("authorization", format!("Bearer {access}"));
        let request = request.body(Vec::new()).map_err(|error| down(said(&error)))?;
        let answer = self.http()(request).await;
        let answer = answer.map_err(|error| down(format!("asking about the person: {}", said(&error))))?;
        let more: Option<Map<String, Value>> = serde_json::from_slice(answer.body()).ok();
        let Some(more) = more.filter(|_| answer.status().is_success()) else {
            return Err(down(format!(
                "asking about the person: the provider answered {}",
                answer.status()
            )));
        };
        // OpenID Connect Core section 5.3.2: another person's answer is not used.
        if more.get("sub") != claims.get("sub") {
            return Err(not_believed("the provider told about another person than the token's"));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }
}

/// Holds the token against everything that is known of it.
fn verify(
    client: &Client,
    client_id: &str,
    answer: &CoreTokenResponse,
    token: &CoreIdToken,
    nonce: &Nonce,
) -> Result<(), ClaimsVerificationError> {
    let verifier: CoreIdTokenVerifier<'_> = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let claims = token.claims(&verifier, nonce)?;
    // OpenID Connect Core section 3.1.3.7, step 5, which the library leaves to us.
    if let Some(party) = claims.authorized_party().filter(|party| party.as_str() != client_id) {
        let found = format!("the authorised party is {}", party.as_str());
        return Err(ClaimsVerificationError::InvalidAudience(found));
    }
    let Some(expected) = claims.access_token_hash() else {
        return Ok(());
    };
    let signature = ClaimsVerificationError::SignatureVerification;
    let algorithm = token.signing_alg().map_err(signature)?;
    let key = token.signing_key(&verifier).map_err(signature)?;
    let found = AccessTokenHash::from_token(answer.access_token(), algorithm, key)
        .map_err(|error| ClaimsVerificationError::Other(said(&error)))?;
    if found == *expected {
        return Ok(());
    }
    Err(ClaimsVerificationError::Other(
        "the access token is of another identity token".to_owned(),
    ))
}

/// All claims of a token that was verified.
fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let part = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&part).ok()
}

/// The times that `openidconnect` leaves alone.
fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Outcome<()> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are far below 2^53")]
    let latest = (now.as_second() + LEEWAY_S) as f64;
    for name in ["nbf", "iat"] {
        match claims.get(name) {
            None | Some(Value::Null) => {}
            Some(value) if value.as_f64().is_some_and(|from| from <= latest) => {}
            Some(_) => {
                return Err(not_believed(format!(
                    "the token is not believed: its {name} lies in the future"
                )));
            }
        }
    }
    Ok(())
}
