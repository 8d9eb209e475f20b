//! The web API and the console: router, wire types, error to status in one place.
//!
//! A request passes `envelope` (request id, security headers, problem details), limits, `caller` (who, and the permission
//! table), then one handler, which reads the wire types, calls one use case and writes the answer.

pub mod alarm_routes;
pub mod allocations;
pub mod assignments;
pub mod audit;
pub mod caller;
pub mod conflicts;
mod console;
pub mod control_orders;
pub mod coordination;
pub mod emissions;
pub mod envelope;
pub mod error;
pub mod events;
pub mod extract;
pub mod health;
pub mod history;
mod idempotency;
pub mod interference_reports;
pub mod language;
mod leftover;
pub mod live;
pub mod metrics;
mod noted;
pub mod occupancy;
pub mod oidc;
pub mod openapi;
pub mod organisations;
pub mod page;
pub mod paws;
pub mod plots;
pub mod proof;
pub mod readiness;
pub mod receivers;
mod refused;
pub mod registry;
pub mod router;
mod serve;
pub mod sessions;
pub mod sites;
pub mod spectra;
pub mod state;
pub mod tasks;
pub mod tls;
pub mod tokens;
mod upload;
pub mod users;

pub use serve::{serve, serve_tls};
pub use state::{AppState, HttpConfig, Services};
