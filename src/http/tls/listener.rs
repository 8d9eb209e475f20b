//! Accepting connections and shaking hands, without one that is slow holding up the others.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::Next,
    response::Response,
    serve::{IncomingStream, Listener},
};
use rustls::pki_types::CertificateDer;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::AbortHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use webpki::EndEntityCert;

use super::{Tls, connections::Stream};
use crate::http::proof::ClientCertificate;

/// A handshake must be over after this long.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes at the same time; who comes beyond them is turned away.
const HANDSHAKES: usize = 1024;
/// Wait after the system refused to accept (too many open files).
const REFUSED: Duration = Duration::from_millis(200);

/// Who is at the other end.
#[derive(Debug, Clone)]
pub(in crate::http) struct Connection {
    address: SocketAddr,
    certificate: Option<ClientCertificate>,
}

/// Connections whose hands were shaken.
#[derive(Debug)]
pub(in crate::http) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(Stream, Connection)>,
    accepting: AbortHandle,
}

impl TlsListener {
    /// Takes over a listener.
    ///
    /// # Errors
    /// When it has no address.
    pub(in crate::http) fn new(listener: TcpListener, tls: Arc<Tls>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (hand_on, ready) = mpsc::channel(16);
        let accepting = tokio::spawn(accept(listener, tls, hand_on)).abort_handle();
        Ok(Self {
            address,
            ready,
            accepting,
        })
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Listener for TlsListener {
    type Io = Stream;
    type Addr = Connection;

    async fn accept(&mut self) -> (Stream, Connection) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // Nobody accepts any more: the service stops.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Connection> {
        Ok(Connection {
            address: self.address,
            certificate: None,
        })
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Layer: says who is at the other end as requests of plain connections do, and with which certificate.
pub(in crate::http) async fn introduce(mut request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(connection)) = request.extensions_mut().remove::<ConnectInfo<Connection>>() {
        request.extensions_mut().insert(ConnectInfo(connection.address));
        if let Some(certificate) = connection.certificate {
            request.extensions_mut().insert(certificate);
        }
    }
    next.run(request).await
}

async fn accept(listener: TcpListener, tls: Arc<Tls>, hand_on: mpsc::Sender<(Stream, Connection)>) {
    let permits = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(REFUSED).await;
                continue;
            }
        };
        match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => {
                tokio::spawn(shake(stream, address, Arc::clone(&tls), hand_on.clone(), permit));
            }
            Err(_) => metrics::counter!("tls_connections_refused_total").increment(1),
        }
    }
}

async fn shake(
    stream: TcpStream,
    address: SocketAddr,
    tls: Arc<Tls>,
    hand_on: mpsc::Sender<(Stream, Connection)>,
    permit: OwnedSemaphorePermit,
) {
    let shaken = timeout(HANDSHAKE_MAX, TlsAcceptor::from(tls.server()).accept(stream)).await;
    drop(permit);
    let refused = match shaken {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let certificates = session
                .peer_certificates()
                .filter(|all| !all.is_empty())
                .map(|all| all.iter().map(|each| each.clone().into_owned()).collect::<Vec<_>>());
            let certificate = certificates.as_deref().map(names);
            let connection = Connection { address, certificate };
            let stream = tls.connections.keep(stream, address, certificates);
            let _ = hand_on.send((stream, connection)).await;
            return;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    metrics::counter!("tls_handshakes_failed_total").increment(1);
    tracing::info!(%address, refused, "no TLS connection was made");
}

/// Host names and URIs among the subject alternative names of the first certificate, host names in lower case.
fn names(certificates: &[CertificateDer<'static>]) -> ClientCertificate {
    let mut names = Vec::new();
    if let Some(Ok(first)) = certificates.first().map(EndEntityCert::try_from) {
        names.extend(first.valid_dns_names().map(str::to_ascii_lowercase));
        names.extend(first.valid_uri_names().map(str::to_owned));
    }
    ClientCertificate(names.into())
}
