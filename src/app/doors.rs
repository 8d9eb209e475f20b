//! Doors beside the password: the identity provider, and TLS with machines' certificates.

use std::sync::Arc;

use crate::{
    Result,
    config::Config,
    http::tls::{LOOK_EVERY, Tls, TlsFiles},
    service::{machines::Machines, oidc::Oidc, sessions::Sessions, users::Users},
    store::Store,
};

/// TLS with the files that the configuration names.
pub(super) fn tls(config: &Config) -> Result<Option<Arc<Tls>>> {
    let Some(tls) = &config.tls else { return Ok(None) };
    let files = TlsFiles {
        certificate: tls.certificate.clone(),
        key: tls.key.clone(),
        client_ca: tls.client_ca.clone(),
        crl: tls.crl.clone(),
    };
    Tls::open(files, LOOK_EVERY).map(Some)
}

/// The machines that the configuration names. An account that is missing can be made later; until then nobody is let in by it.
pub(super) async fn machines(config: &Config, store: &Store) -> Result<Machines> {
    let names = config.tls.as_ref().map(|tls| tls.machines.clone()).unwrap_or_default();
    for (name, machine) in &names {
        if store.user(&machine.account).await?.is_none() {
            let account = &machine.account;
            tracing::warn!(
                name,
                account,
                "this machine's account does not exist: make it with `pinpu user add`"
            );
        }
    }
    Ok(Machines::new(store.clone(), names))
}

/// The identity provider that the configuration names.
pub(super) fn oidc(
    config: &Config,
    store: &Store,
    users: &Arc<Users>,
    sessions: &Arc<Sessions>,
) -> Result<Option<Arc<Oidc>>> {
    let Some(oidc) = config.oidc.clone() else {
        return Ok(None);
    };
    let oidc = Oidc::new(oidc, store.clone(), Arc::clone(users), Arc::clone(sessions))?;
    Ok(Some(Arc::new(oidc)))
}
