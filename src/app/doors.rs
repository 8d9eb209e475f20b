//! Who comes in, and how: accounts with their sessions, the identity provider, machines with certificates, TLS.

use std::sync::Arc;

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Result,
    config::Config,
    http::{
        self, AppState,
        tls::{LOOK_EVERY, Tls, TlsFiles},
    },
    service::{auth::Passwords, machines::Machines, oidc::Oidc, sessions::Sessions, users::Users},
    store::Store,
};

/// The doors, and who has a key.
pub(super) struct Doors {
    pub(super) users: Arc<Users>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) machines: Machines,
    pub(super) oidc: Option<Arc<Oidc>>,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Doors {
    /// What the configuration names. The provider is asked for nothing before somebody logs in.
    pub(super) async fn open(config: &Config, store: &Store) -> Result<Self> {
        let passwords = Passwords::new()?;
        let users = Arc::new(Users::new(store.clone(), passwords.clone()));
        let sessions = Arc::new(Sessions::new(store.clone(), passwords, Arc::clone(&users)));
        Ok(Self {
            machines: machines(config, store).await?,
            oidc: oidc(config, store, &users, &sessions)?,
            tls: tls(config)?,
            users,
            sessions,
        })
    }
}

/// Answers requests until `stopping` says so, over TLS where there is one.
pub(super) fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    state: AppState,
    mut stopping: watch::Receiver<bool>,
) -> JoinHandle<Result<()>> {
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    match tls {
        Some(tls) => tokio::spawn(http::serve_tls(listener, tls, state, stopped)),
        None => tokio::spawn(http::serve(listener, state, stopped)),
    }
}

/// TLS with the files that the configuration names.
fn tls(config: &Config) -> Result<Option<Arc<Tls>>> {
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
async fn machines(config: &Config, store: &Store) -> Result<Machines> {
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
fn oidc(config: &Config, store: &Store, users: &Arc<Users>, sessions: &Arc<Sessions>) -> Result<Option<Arc<Oidc>>> {
    let Some(oidc) = config.oidc.clone() else {
        return Ok(None);
    };
    let oidc = Oidc::new(oidc, store.clone(), Arc::clone(users), Arc::clone(sessions))?;
    Ok(Some(Arc::new(oidc)))
}
