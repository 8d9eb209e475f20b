//! Serving on a listener until told to stop.

use std::{future::IntoFuture, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn};
use tokio::{net::TcpListener, sync::watch};

use super::{
    AppState, router,
    tls::{Connection, Tls, TlsListener, introduce},
};
use crate::{Error, Result};

/// Longest time open requests may take after the service was told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Answers requests on `listener` until `shutdown` is ready, then lets open ones finish.
///
/// # Errors
/// `Invalid` for a demo on an address that others can reach.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    check(&listener, &state)?;
    let app = router::app(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopping) = watch::channel(false);
    let stopped = stopped(state, stop, shutdown);
    drain(axum::serve(listener, app).with_graceful_shutdown(stopped), stopping).await
}

/// As [`serve`], over TLS.
///
/// # Errors
/// As [`serve`].
pub async fn serve_tls(
    listener: TcpListener,
    tls: Arc<Tls>,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    check(&listener, &state)?;
    let app: Router = router::app(state.clone()).layer(from_fn(introduce));
    let app = app.into_make_service_with_connect_info::<Connection>();
    let (stop, stopping) = watch::channel(false);
    let listener = TlsListener::new(listener, Arc::clone(&tls)).map_err(no_address)?;
    tokio::spawn(tls.watch(stopping.clone()));
    let stopped = stopped(state, stop, shutdown);
    drain(axum::serve(listener, app).with_graceful_shutdown(stopped), stopping).await
}

fn no_address(source: io::Error) -> Error {
    Error::Io {
        path: "listen address".into(),
        source,
    }
}

fn check(listener: &TcpListener, state: &AppState) -> Result<()> {
    let address = listener.local_addr().map_err(no_address)?;
    if state.config.demo && !address.ip().is_loopback() {
        return Err(Error::Invalid(format!(
            "a demo lets everybody in without a login and cannot listen on {address}: leave --demo out, or listen on \
             127.0.0.1"
        )));
    }
    Ok(())
}

/// Ready with `shutdown`, and then everybody else is told too.
async fn stopped(state: AppState, stop: watch::Sender<bool>, shutdown: impl Future<Output = ()>) {
    shutdown.await;
    state.stop();
    stop.send_replace(true);
}

/// Runs a server to its end, or until open requests took too long after it was told to stop.
async fn drain(server: impl IntoFuture<Output = io::Result<()>>, mut stopping: watch::Receiver<bool>) -> Result<()> {
    let too_long = async {
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        result = server.into_future() => result.map_err(|source| Error::Io { path: "network".into(), source }),
        () = too_long => Ok(()),
    }
}
