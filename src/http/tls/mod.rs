//! TLS of the service's own, and certificates of machines.
//!
//! Whoever shows a certificate must show a good one: of an authority of `client_ca`, for clients, in its time, and not
//! revoked. Who shows none comes in like any browser. What a machine may do is settled by the names in its certificate
//! (`service::machines`). Files are read again when they change; a certificate that is no longer good then, or ended, takes
//! its open connections with it.

mod connections;
mod listener;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring::default_provider,
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime,
        pem::{self, PemObject},
    },
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::sync::watch;

use self::connections::Connections;
use crate::{Error, Result};

pub(super) use listener::{Connection, TlsListener, introduce};

/// Files are looked at this often: a revoked machine is cut off within twice this time.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Files that TLS is made of, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate of this service, with those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// Authorities of machines; `None`: nobody is asked for a certificate.
    pub client_ca: Option<PathBuf>,
    /// Revocation lists of these authorities.
    pub crl: Option<PathBuf>,
}

/// TLS with the files as they were when they were last read.
pub struct Tls {
    files: TlsFiles,
    look_every: Duration,
    in_force: RwLock<InForce>,
    connections: Connections,
}

struct InForce {
    server: Arc<ServerConfig>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    read: Contents,
}

/// Contents of the files.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    crl: Option<Vec<u8>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files; they are looked at again every so often.
    ///
    /// # Errors
    /// `Io` when one cannot be read; `Invalid` when there is not in it what should be.
    pub fn open(files: TlsFiles, look_every: Duration) -> Result<Arc<Self>> {
        let read = files.read()?;
        let in_force = RwLock::new(files.make(read)?);
        Ok(Arc::new(Self {
            files,
            look_every,
            in_force,
            connections: Connections::default(),
        }))
    }

    fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner).server)
    }

    /// Looks at the files and at open connections until the service stops.
    pub(super) async fn watch(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(self.look_every) => {}
            }
            let tls = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                tls.look_at_files();
                tls.look_at_connections();
            });
            if looked.await.is_err() {
                tracing::error!("looking at certificates failed");
            }
        }
    }

    fn look_at_files(&self) {
        let new = match self.files.read() {
            Ok(read) if read == self.in_force.read().unwrap_or_else(PoisonError::into_inner).read => return,
            Ok(read) => self.files.make(read),
            Err(error) => Err(error),
        };
        match new {
            Ok(new) => {
                *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = new;
                tracing::info!("the files of TLS changed and were read again");
            }
            // Perhaps it is just being written; what was read before stays in force, also the revocations.
            Err(error) => tracing::error!(%error, "the files of TLS cannot be used: those read before stay in force"),
        }
    }

    fn look_at_connections(&self) {
        let clients = self
            .in_force
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clients
            .clone();
        let now = UnixTime::now();
        self.connections.cut_unless(|certificates| {
            let (Some(clients), Some((machine, between))) = (&clients, certificates.split_first()) else {
                return Ok(());
            };
            let verified = clients.verify_client_cert(machine, between, now);
            verified.map(drop).map_err(|error| error.to_string())
        });
    }
}

impl TlsFiles {
    fn read(&self) -> Result<Contents> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| Error::Io {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
            crl: self.crl.as_deref().map(read).transpose()?,
        })
    }

    fn make(&self, read: Contents) -> Result<InForce> {
        let chain: Vec<CertificateDer<'static>> =
            items(&read.certificate, "server.tls.certificate", &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read.key)
            .map_err(|error| not_in("server.tls.key", &self.key, &format!("there is no key in it ({error})")))?;
        let clients = self.clients(&read)?;
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::Unavailable(format!("TLS: {error}")))?;
        let builder = match &clients {
            Some(clients) => builder.with_client_cert_verifier(Arc::clone(clients)),
            None => builder.with_no_client_auth(),
        };
        let mut server = builder.with_single_cert(chain, key).map_err(|error| {
            let what = format!("certificate and key do not fit together ({error})");
            not_in("server.tls.certificate", &self.certificate, &what)
        })?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session taken up again would not show its certificate, and with it not whether it is still good.
        if clients.is_some() {
            server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }
        Ok(InForce {
            server: Arc::new(server),
            clients,
            read,
        })
    }

    /// Who looks at the certificates of machines. A list past its time counts as none, and none lets nobody in.
    fn clients(&self, read: &Contents) -> Result<Option<Arc<dyn ClientCertVerifier>>> {
        let (Some(text), Some(path)) = (&read.client_ca, &self.client_ca) else {
            return Ok(None);
        };
        let mut roots = RootCertStore::empty();
        for authority in items::<CertificateDer<'_>>(text, "server.tls.client_ca", path)? {
            roots
                .add(authority)
                .map_err(|error| not_in("server.tls.client_ca", path, &error.to_string()))?;
        }
        let provider = Arc::new(default_provider());
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated();
        if let (Some(text), Some(path)) = (&read.crl, &self.crl) {
            let lists: Vec<CertificateRevocationListDer<'static>> = items(text, "server.tls.crl", path)?;
            builder = builder.with_crls(lists).enforce_revocation_expiration();
        }
        let built = builder.build();
        built
            .map(Some)
            .map_err(|error| not_in("server.tls.crl", path, &error.to_string()))
    }
}

/// What a file holds of one kind, at least one.
fn items<T: PemObject>(text: &[u8], key: &str, path: &Path) -> Result<Vec<T>> {
    let found: std::result::Result<Vec<T>, pem::Error> = T::pem_slice_iter(text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(not_in(
            key,
            path,
            "there is none in it: give it as PEM (-----BEGIN …-----)",
        )),
        Err(error) => Err(not_in(key, path, &error.to_string())),
    }
}

fn not_in(key: &str, path: &Path, what: &str) -> Error {
    Error::Invalid(format!("{key}: {}: {what}", path.display()))
}
