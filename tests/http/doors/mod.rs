//! Doors beside the password, through the whole program as its configuration wires it: an identity provider over HTTP, and TLS
//! with certificates of machines.

mod idp;
mod machines;
mod oidc;
mod pki;

use std::{net::SocketAddr, sync::Arc};

use pinpu::{
    app::{App, AppOptions},
    config::Config,
    service::{
        auth::{Passwords, Role},
        users::{NewUser, Users},
    },
    store::{AuditQuery, DatabaseConfig, Store},
};
use tokio::runtime::Runtime;

use crate::app::PASSWORD;

/// The program, running, with accounts named `civil`, `admin` and `roof` (a sensor).
pub(super) struct Door {
    pub(super) address: SocketAddr,
    runtime: Runtime,
    app: Option<App>,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Door {
    /// Starts it with these lines of configuration.
    pub(super) fn open(lines: &str) -> Self {
        // The recorder of this process is that of the other tests; the program does without one.
        let _ = crate::parts::metrics_handle();
        let folder = tempfile::tempdir().expect("folder");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[registry]\nseed_china = false\n[data]\ndir = {:?}\n{lines}",
            folder.path()
        );
        let config = Config::parse(&text, std::iter::empty()).expect("configuration");
        let runtime = Runtime::new().expect("runtime");
        let app = runtime.block_on(async {
            make_accounts(&config).await;
            App::start(&config, &AppOptions::default()).await.expect("starts")
        });
        Self {
            address: app.address,
            runtime,
            app: Some(app),
            config,
            _folder: folder,
        }
    }

    /// Does something to the accounts while the program runs.
    pub(super) fn with_store<T>(&self, work: impl AsyncFnOnce(Store) -> T) -> T {
        self.runtime.block_on(async {
            let store = open_store(&self.config).await;
            let answer = work(store.clone()).await;
            store.close().await;
            answer
        })
    }

    /// Reasons that the audit log gives for logins: those that were let in, or those that were not.
    pub(super) fn reasons(&self, accepted: bool) -> Vec<String> {
        self.with_store(async |store| {
            let query = AuditQuery {
                action: Some("create_session".to_owned()),
                limit: Some(1000),
                ..AuditQuery::default()
            };
            let page = store.audit(&query).await.expect("entries");
            let entries = page.items.into_iter().filter(|entry| entry.accepted == accepted);
            entries.filter_map(|entry| entry.reason).collect()
        })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            let _ = self.runtime.block_on(app.stop());
        }
    }
}

async fn open_store(config: &Config) -> Store {
    std::fs::create_dir_all(&config.data_dir).expect("folder");
    let url = config.effective_database_url();
    Store::open(&DatabaseConfig::new(url)).await.expect("store")
}

async fn make_accounts(config: &Config) {
    let store = open_store(config).await;
    let users = Arc::new(Users::new(store.clone(), Passwords::new().expect("passwords")));
    for (name, role) in [
        ("civil", Role::CivilOfficer),
        ("admin", Role::Admin),
        ("roof", Role::Sensor),
    ] {
        let new = NewUser {
            name: name.to_owned(),
            role,
            organisation: None,
            password: PASSWORD.to_owned(),
            language: None,
        };
        users.create(new).await.expect("account");
    }
    store.close().await;
}
