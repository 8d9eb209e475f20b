//! What handlers reach: services and settings, nothing else.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use super::{caller::Operations, openapi, readiness::Readiness};
use crate::service::{sessions::Sessions, users::Users};

/// Settings of the web side.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Callers without a login act as coordinator. Only on a loopback address: `serve` refuses anything else.
    pub demo: bool,
    /// Cookies travel over TLS only; set unless the address is loopback.
    pub secure_cookies: bool,
    /// A reverse proxy on this machine tells the caller's address in `X-Forwarded-For`.
    pub trust_proxy: bool,
    /// Token with which other machines may read `/metrics`.
    pub metrics_token: Option<String>,
}
