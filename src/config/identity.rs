//! Doors beside the password: TLS with certificates of machines, and the office's own identity provider.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    alarm::{Secret, web_host},
    file::Faults,
    named,
};

/// TLS of the service's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM file: the service's certificate and those between it and its authority.
    pub certificate: PathBuf,
    /// PEM file: its key.
    pub key: PathBuf,
    /// PEM file: authorities of the machines' certificates; `None`: nobody is asked for a certificate.
    pub client_ca: Option<PathBuf>,
    /// PEM file: revocation lists of these authorities.
    pub crl: Option<PathBuf>,
    /// Machines by a name that stands in their certificates.
    pub machines: BTreeMap<String, MachineConfig>,
}

/// What a machine with a certificate is here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineConfig {
    /// Account it acts as.
    pub account: String,
    /// What it may do.
    #[serde(default)]
    pub scope: MachineScope,
}

/// What a machine may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineScope {
    /// What its account may read.
    #[default]
    Read,
    /// What its account may do.
    Full,
}

/// Logging in by an identity provider (OpenID Connect).
#[derive(Debug, Clone, PartialEq)]
pub struct OidcConfig {
    /// The provider, as it names itself in its tokens.
    pub issuer: String,
    /// This service, as the provider knows it.
    pub client_id: String,
    /// Its password at the provider; `None`: a public client.
    pub client_secret: Option<Secret>,
    /// The address of this service that people come back to, to the letter as the provider knows it.
    pub redirect: String,
    /// What the button says, in Chinese and English.
    pub name: [String; 2],
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Claim that names the account.
    pub claim: String,
    /// Accounts that are missing are made, with the role of `roles`.
    pub create: bool,
    /// Claim that `roles` is looked up by.
    pub role_claim: Option<String>,
    /// Role and organisation of new accounts by the value of that claim.
    pub roles: BTreeMap<String, RoleConfig>,
    /// Authorities that the provider's certificate is held to, a PEM file; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

/// What a new account is to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleConfig {
    /// Role, by its name.
    pub role: String,
    /// Organisation by its code or key; `None`: the first one of the role's side.
    pub organisation: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsFile {
    certificate: PathBuf,
    key: PathBuf,
    client_ca: PathBuf,
    crl: PathBuf,
    machines: BTreeMap<String, MachineConfig>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuthFile {
    pub(super) oidc: OidcFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OidcFile {
    issuer: String,
    client_id: String,
    client_secret: Secret,
    redirect: String,
    name_zh: String,
    name_en: String,
    scopes: Vec<String>,
    claim: String,
    create: bool,
    role_claim: String,
    roles: BTreeMap<String, RoleConfig>,
    authorities: PathBuf,
}

impl Default for OidcFile {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            redirect: String::new(),
            name_zh: "单位统一身份认证".into(),
            name_en: "your organisation".into(),
            scopes: vec!["profile".into()],
            claim: "preferred_username".into(),
            create: false,
            role_claim: String::new(),
            roles: BTreeMap::new(),
            authorities: PathBuf::new(),
        }
    }
}

/// Where people come back to.
const CALLBACK: &str = "/api/v1/sessions/oidc/callback";

impl TlsFile {
    pub(super) fn validate(self, faults: &mut Faults) -> Option<TlsConfig> {
        let given = |path: &Path| !path.as_os_str().is_empty();
        faults.unless(
            given(&self.certificate) == given(&self.key),
            "server.tls.key",
            "give certificate and key, both as PEM files, or neither",
        );
        faults.unless(
            given(&self.certificate) || !given(&self.client_ca),
            "server.tls.client_ca",
            "machines show certificates over TLS only: give certificate and key first",
        );
        faults.unless(
            given(&self.client_ca) || !given(&self.crl),
            "server.tls.crl",
            "a revocation list needs the authorities it is of: give client_ca",
        );
        faults.unless(
            given(&self.client_ca) || self.machines.is_empty(),
            "server.tls.machines",
            "machines need an authority that vouches for them: give client_ca",
        );
        for (name, machine) in &self.machines {
            let at = |key: &str| format!("server.tls.machines.\"{name}\"{key}");
            faults.unless(
                is_machine_name(name),
                at(""),
                "write a name as it stands in the certificate's subject alternative names: a host name in lower case \
                 such as \"roof.sensors.example.cn\", or a URI such as \"urn:example:sensor:roof\"",
            );
            faults.unless(
                !machine.account.is_empty(),
                at(".account"),
                "name the account it acts as",
            );
        }
        given(&self.certificate).then(|| TlsConfig {
            certificate: self.certificate,
            key: self.key,
            client_ca: named(self.client_ca),
            crl: named(self.crl),
            machines: self.machines,
        })
    }
}

/// A host name without wildcard, or a URI.
fn is_machine_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '*' | '"');
    let is_host = !name.starts_with('.') && name.chars().all(|c| !c.is_ascii_uppercase() && c != '/');
    !name.is_empty() && name.len() <= 255 && name.chars().all(plain) && (name.contains(':') || is_host)
}

impl OidcFile {
    pub(super) fn validate(self, faults: &mut Faults) -> Option<OidcConfig> {
        if self.issuer.is_empty() {
            let empty =
                self.client_id.is_empty() && self.redirect.is_empty() && self.client_secret == Secret::default();
            faults.unless(
                empty,
                "auth.oidc.issuer",
                "name the provider, such as \"https://login.example.cn\", or leave all of [auth.oidc] out",
            );
            return None;
        }
        faults.unless(
            is_safe(&self.issuer),
            "auth.oidc.issuer",
            "write the provider's address as it stands in its tokens, beginning with https:// (http:// on this machine only)",
        );
        faults.unless(
            !self.client_id.is_empty(),
            "auth.oidc.client_id",
            "write the name under which the provider knows this service",
        );
        let back = self.redirect.strip_suffix(CALLBACK).map(str::to_owned);
        faults.unless(
            back.is_some_and(|origin| is_safe(&origin) && origin.matches('/').count() == 2),
            "auth.oidc.redirect",
            format!("write \"https://ADDRESS OF THIS SERVICE{CALLBACK}\", as it is registered at the provider"),
        );
        faults.unless(
            !self.claim.is_empty(),
            "auth.oidc.claim",
            "name the claim that tells the account, such as \"preferred_username\"",
        );
        faults.unless(
            !self.create || (!self.role_claim.is_empty() && !self.roles.is_empty()),
            "auth.oidc.create",
            "accounts are made with a role: give role_claim and roles, or write false",
        );
        let words = self.scopes.iter().collect::<BTreeSet<_>>();
        faults.unless(
            words.len() == self.scopes.len() && words.iter().all(|word| is_word(word)),
            "auth.oidc.scopes",
            "write each word once, such as [\"profile\", \"email\"]",
        );
        Some(OidcConfig {
            issuer: self.issuer,
            client_id: self.client_id,
            client_secret: Some(self.client_secret).filter(|secret| *secret != Secret::default()),
            redirect: self.redirect,
            name: [self.name_zh, self.name_en],
            scopes: self.scopes,
            claim: self.claim,
            create: self.create,
            role_claim: Some(self.role_claim).filter(|claim| !claim.is_empty()),
            roles: self.roles,
            authorities: named(self.authorities),
        })
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\'))
}

/// An address that nobody on the way can listen to.
fn is_safe(url: &str) -> bool {
    let Some(host) = web_host(url) else { return false };
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    url.starts_with("https://") || matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}
