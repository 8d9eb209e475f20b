//! What handlers reach: services and settings, nothing else.

use std::{ops::Deref, sync::Arc};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};

use super::{caller::Operations, openapi, readiness::Readiness};
use crate::service::{
    alarms::Alarms,
    audit::Audit,
    check::Checker,
    comparison::Comparisons,
    control_orders::ControlOrders,
    coordination::Coordination,
    events::Events,
    findings::Findings,
    history::History,
    idempotency::Answers,
    interference_reports::InterferenceReports,
    ledger::{Attachments, Ledger},
    live::Hub,
    machines::Machines,
    notices::Notices,
    occupancy::Occupancies,
    oidc::Oidc,
    organisations::Organisations,
    paws::Paws,
    pictures::Pictures,
    registry::RegistryService,
    sessions::Sessions,
    sites::Sites,
    spectra::Spectra,
    tasks::Tasks,
    tokens::Tokens,
    users::Users,
    webhooks::Webhooks,
};

/// Live channels that may be open at the same time.
const LIVE_CLIENTS: usize = 256;

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

/// The use cases behind the API.
#[derive(Debug, Clone)]
pub struct Services {
    /// Accounts.
    pub users: Arc<Users>,
    /// Offices, operators and those who measure for them.
    pub organisations: Organisations,
    /// Logins.
    pub sessions: Arc<Sessions>,
    /// Tokens of programs.
    pub tokens: Arc<Tokens>,
    /// Machines with certificates.
    pub machines: Machines,
    /// The identity provider, where there is one.
    pub oidc: Option<Arc<Oidc>>,
    /// Answers of changes that may be sent twice.
    pub answers: Answers,
    /// Receivers, live spectra and events.
    pub hub: Arc<Hub>,
    /// Where receivers stand.
    pub sites: Sites,
    /// Latest and stored spectra.
    pub spectra: Spectra,
    /// Emissions and conflicts, to be read.
    pub findings: Findings,
    /// Conflicts, to be settled.
    pub ledger: Ledger,
    /// Files that belong to conflicts.
    pub attachments: Attachments,
    /// Who is told of conflicts.
    pub alarms: Arc<Alarms>,
    /// Allocations and assignments.
    pub registry: RegistryService,
    /// What the registry said before.
    pub history: History,
    /// Requests between civil and military offices.
    pub coordination: Coordination,
    /// Complaints of interference.
    pub interference_reports: InterferenceReports,
    /// Measuring time on shared receivers.
    pub tasks: Tasks,
    /// What happened to records, for those who may know them.
    pub notices: Notices,
    /// Where programs of organisations are told of that.
    pub webhooks: Arc<Webhooks>,
    /// Devices that ask for spectrum.
    pub paws: Paws,
    /// What was put in force or refused.
    pub audit: Audit,
    /// Questions to the registry.
    pub checker: Checker,
    /// Radio control orders.
    pub control_orders: ControlOrders,
    /// Stations measured against their licences.
    pub comparisons: Comparisons,
    /// How much of the time channels were in use.
    pub occupancies: Occupancies,
    /// What is not up yet.
    pub readiness: Arc<Readiness>,
    /// Figures for machines, where they are collected.
    pub metrics: Option<PrometheusHandle>,
}

/// What handlers reach. Cheap to clone; the services are reached as its members.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Inner>);

/// The services with what the web side adds.
#[derive(Debug)]
pub struct Inner {
    services: Services,
    /// Images of what is stored.
    pub(super) pictures: Pictures,
    /// Major events.
    pub(super) events: Events,
    /// Settings.
    pub config: HttpConfig,
    /// Operation ids by route.
    pub(super) operations: Operations,
    /// The API document.
    pub(super) document: axum::body::Bytes,
    /// Permits of live channels.
    pub(super) live_clients: Arc<Semaphore>,
    /// True once the service stops.
    pub(super) stopping: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
}

impl AppState {
    /// Puts the services behind the API.
    #[must_use]
    pub fn new(services: Services, config: HttpConfig) -> Self {
        let document = openapi::document();
        let (stop, stopping) = watch::channel(false);
        let Services {
            spectra,
            findings,
            registry,
            hub,
            occupancies,
            coordination,
            comparisons,
            ..
        } = &services;
        let events = Events::new(
            Arc::clone(hub),
            registry.clone(),
            occupancies.clone(),
            coordination.clone(),
            comparisons.clone(),
        );
        let pictures = Pictures::new(spectra.clone(), findings.clone(), registry.clone(), Arc::clone(hub));
        Self(Arc::new(Inner {
            services,
            pictures,
            events,
            config,
            operations: Operations::of(&document),
            document: document.to_json().unwrap_or_default().into(),
            live_clients: Arc::new(Semaphore::new(LIVE_CLIENTS)),
            stopping,
            stop,
        }))
    }

    /// Tells live channels to say goodbye.
    pub(super) fn stop(&self) {
        self.0.stop.send_replace(true);
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}
