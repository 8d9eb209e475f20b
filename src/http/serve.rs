//! Serving on a listener until told to stop.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;

use super::{AppState, router};
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
    let address = listener.local_addr().map_err(|source| Error::Io {
        path: "listen address".into(),
        source,
    })?;
    if state.config.demo && !address.ip().is_loopback() {
        return Err(Error::Invalid(format!(
            "a demo lets everybody in without a login and cannot listen on {address}: leave --demo out, or listen on \
             127.0.0.1"
        )));
    }
    let app: Router = router::app(state.clone());
    let (stop, mut stopping) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(
        async move {
            shutdown.await;
            state.stop();
            stop.send_replace(true);
        },
    );
    let too_long = async {
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(DRAIN_MAX).await;
    };
    tokio::select! {
        result = server => result.map_err(|source| Error::Io { path: "network".into(), source }),
        () = too_long => Ok(()),
    }
}
