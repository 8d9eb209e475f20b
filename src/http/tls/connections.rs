//! Open connections of machines, so that those whose certificate is no longer good can be cut.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use rustls::pki_types::CertificateDer;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::oneshot,
};
use tokio_rustls::server::TlsStream;

/// Those that showed a certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct Connections(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Known>,
}

#[derive(Debug)]
struct Known {
    address: SocketAddr,
    certificates: Vec<CertificateDer<'static>>,
    cut: oneshot::Sender<()>,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection with the certificates it showed, if any.
    pub(super) fn keep(
        &self,
        stream: TlsStream<TcpStream>,
        address: SocketAddr,
        certificates: Option<Vec<CertificateDer<'static>>>,
    ) -> Stream {
        let watched = certificates.map(|certificates| {
            let (cut, told) = oneshot::channel();
            let mut open = self.lock();
            let key = open.next;
            open.next += 1;
            let known = Known {
                address,
                certificates,
                cut,
            };
            open.all.insert(key, known);
            Watched {
                told,
                connections: self.clone(),
                key,
            }
        });
        Stream {
            stream,
            watched,
            is_cut: false,
        }
    }

    /// Cuts all whose certificates are refused now.
    pub(super) fn cut_unless(&self, verify: impl Fn(&[CertificateDer<'static>]) -> Result<(), String>) {
        let mut open = self.lock();
        let mut refused = Vec::new();
        for (key, known) in &open.all {
            if let Err(reason) = verify(&known.certificates) {
                tracing::warn!(address = %known.address, reason, "the certificate of an open connection is no longer good: cut");
                refused.push(*key);
            }
        }
        for key in refused {
            metrics::counter!("tls_connections_cut_total").increment(1);
            if let Some(known) = open.all.remove(&key) {
                let _ = known.cut.send(());
            }
        }
    }
}

/// A connection's place among the open ones; given up with it.
#[derive(Debug)]
struct Watched {
    told: oneshot::Receiver<()>,
    connections: Connections,
    key: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.connections.lock().all.remove(&self.key);
    }
}

/// A connection that ends when it is cut.
#[derive(Debug)]
pub(in crate::http) struct Stream {
    stream: TlsStream<TcpStream>,
    watched: Option<Watched>,
    is_cut: bool,
}

impl Stream {
    /// Fails once it is cut, and wakes the reader when that happens.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if let (false, Some(watched)) = (self.is_cut, &mut self.watched) {
            self.is_cut = Pin::new(&mut watched.told).poll(context).is_ready();
        }
        if self.is_cut {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // The reader is to be woken, not the writer: the channel remembers one of them only.
        if self.is_cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
