//! The web API and the console: router, wire types, error to status in one place.

pub mod allocations;
pub mod assignments;
pub mod conflicts;
pub mod emissions;
pub mod envelope;
pub mod error;
pub mod extract;
pub mod health;
pub mod language;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod page;
pub mod plots;
pub mod receivers;
pub mod registry;
pub mod router;
pub mod sessions;
pub mod spectra;
pub mod users;

mod caller;
pub mod readiness;

use std::sync::Arc;
/// What handlers reach.
#[derive(Clone)]
pub struct AppState {
    /// r
    pub readiness: Arc<readiness::Readiness>,
}

fn pending() -> error::Problem {
    crate::Error::Unavailable("not wired yet".into()).into()
}
