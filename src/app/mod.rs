//! The composition root: builds the parts, wires them, starts and stops them. Imported by the command line and tests only.
//!
//! Start goes from the disk outwards (database, registry, accounts, monitor, receivers, web); stop goes the other way, so
//! that what was measured is stored and what was asked is answered.

mod demo;
mod doors;
mod judge;
mod offices;
mod receivers;
mod watched;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Error, Result,
    capture::{CaptureHandle, ReceiverStatus},
    config::Config,
    coordination::{
        Policy,
        paws::{self, PawsRules},
    },
    http::{AppState, HttpConfig, Services, readiness::Readiness},
    registry::{Place, table::builtin_cn, telling::Masks},
    service::{
        alarms::{AlarmTimes, Alarms},
        audit::Audit,
        check::Checker,
        clock::Clock,
        coordination::Coordination,
        evidence::{Evidence, Source},
        findings::Findings,
        history::History,
        idempotency::Answers,
        ledger::{Attachments, Ledger},
        live::Hub,
        monitoring::{Monitor, MonitorConfig},
        occupancy::{Occupancies, UseConfig, UseWatch},
        organisations::Organisations,
        paws::Paws,
        questions::DisclosurePolicy,
        registry::RegistryService,
        rules::RulesInForce,
        sites::Sites,
        spectra::Spectra,
        tasks::Recorder,
        tokens::Tokens,
        users::Users,
        webhooks::Webhooks,
    },
    store::{DatabaseConfig, Retention, Store},
};

pub use receivers::discovered;

use doors::Doors;
use judge::Receivers;
use watched::Watched;

/// What `serve` was asked for beyond the configuration.
#[derive(Debug, Clone, Default)]
pub struct AppOptions {
    /// Seed a district and accounts, and let programs on this machine in without a login.
    pub demo: bool,
    /// Password of the demo accounts; `None`: generated.
    pub demo_password: Option<String>,
}

/// The running service.
#[derive(Debug)]
pub struct App {
    /// Where it listens.
    pub address: SocketAddr,
    /// The demo accounts' password, when they were made at this start.
    pub new_demo_password: Option<String>,
    captures: Vec<CaptureHandle>,
    monitor: Monitor,
    evidence: Evidence,
    recorder: Recorder,
    senders: (Arc<Alarms>, Arc<Webhooks>),
    clocks: [Clock; 3],
    store: Store,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<()>>,
    signing: JoinHandle<()>,
}

/// Time between two rounds of the metrics' own housekeeping.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

impl App {
    /// Starts everything. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// Of the first part that does not start; the parts before it are stopped.
    pub async fn start(config: &Config, options: &AppOptions) -> Result<Self> {
        if options.demo && !config.listen.ip().is_loopback() {
            return Err(Error::Invalid(format!(
                "--demo lets everybody in without a login and is refused on {}: leave --demo out, or listen on 127.0.0.1",
                config.listen
            )));
        }
        std::fs::create_dir_all(&config.data_dir).map_err(|source| Error::Io {
            path: config.data_dir.clone(),
            source,
        })?;
        // The port first: a second start on the same port must not touch the database of the first.
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| cannot_listen(config.listen, source))?;
        let address = listener
            .local_addr()
            .map_err(|source| cannot_listen(config.listen, source))?;
        let store = Store::open(&DatabaseConfig::new(config.effective_database_url())).await?;
        let started = Self::wire(config, options, store.clone(), listener, address).await;
        if started.is_err() {
            store.close().await;
        }
        started
    }

    async fn wire(
        config: &Config,
        options: &AppOptions,
        store: Store,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<Self> {
        let rules = RulesInForce::new(watched::rules(config)?);
        let registry = open_registry(config, &store).await?;
        let doors = Doors::open(config, &store).await?;
        let new_demo_password = seed_demo(options, &registry, &doors.users).await?;
        let hub = Hub::new(store.clone());
        let audit = Audit::open(store.clone(), &config.data_dir).await?;
        let watched = Watched::start(config, rules.clone(), registry.clone(), audit.clone()).await?;
        registry.note_versions().await?;
        warn_of_misplaced(&registry);
        let known = receivers::known(config, options.demo)?;
        let listening = Listening::start(config, &store, &hub, (&rules, &registry), known).await?;
        let offices = offices::offices(config, (&store, &hub), (&registry, &rules), &listening).await?;
        let alarms = Alarms::start(store.clone(), config.alarm.clone(), AlarmTimes::default()).await?;
        let uses = uses(config, &store, &registry, &rules, &listening.sites);
        let services = Services {
            machines: doors.machines,
            oidc: doors.oidc,
            sessions: doors.sessions,
            tokens: Arc::new(Tokens::new(store.clone(), Arc::clone(&doors.users))),
            paws: paws(config, options, &store, &offices.coordination)?,
            organisations: Organisations::new(store.clone(), Arc::clone(&doors.users)),
            users: doors.users,
            answers: Answers::new(store.clone()),
            sites: Sites::new(store.clone()),
            spectra: Spectra::new(store.clone(), Arc::clone(&hub)),
            hub,
            findings: Findings::new(store.clone()),
            ledger: Ledger::new(store.clone()),
            history: History::new(store.clone()),
            coordination: offices.coordination,
            interference_reports: offices.interference_reports,
            tasks: offices.tasks,
            audit: audit.clone(),
            attachments: listening.attachments,
            alarms: Arc::clone(&alarms),
            notices: offices.notices,
            webhooks: Arc::clone(&offices.webhooks),
            checker: Checker::new(rules),
            control_orders: offices.control_orders,
            comparisons: offices.comparisons,
            occupancies: listening.occupancies,
            registry,
            readiness: Arc::new(Readiness::default()),
            metrics: metrics_handle(),
        };
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(watched.run(stopping.clone()));
        let signing = tokio::spawn(audit.run(stopping.clone()));
        tokio::spawn(uses.run(stopping.clone()));
        let state = AppState::new(services, http_config(config, options, address));
        let server = doors::serve(listener, doors.tls, state, stopping);
        Ok(Self {
            address,
            new_demo_password,
            captures: listening.captures,
            monitor: listening.monitor,
            evidence: listening.evidence,
            senders: (alarms, offices.webhooks),
            clocks: offices.clocks,
            recorder: offices.recorder,
            store,
            stop,
            server,
            signing,
        })
    }

    /// Health of every receiver at this moment.
    #[must_use]
    pub fn receivers(&self) -> Vec<ReceiverStatus> {
        self.captures.iter().map(CaptureHandle::status).collect()
    }

    /// Stops everything in order; what was measured until now is on the disk afterwards.
    ///
    /// # Errors
    /// When the web side ended with an error.
    pub async fn stop(self) -> Result<()> {
        let captures = self.captures;
        let joined = tokio::task::spawn_blocking(move || captures.into_iter().for_each(CaptureHandle::stop)).await;
        if joined.is_err() {
            tracing::error!("a capture did not stop cleanly");
        }
        self.monitor.stop().await;
        self.evidence.stop().await;
        self.recorder.stop().await;
        self.stop.send_replace(true);
        let served = self
            .server
            .await
            .unwrap_or_else(|error| Err(Error::Unavailable(error.to_string())));
        let (alarms, webhooks) = self.senders;
        alarms.stop().await;
        webhooks.stop().await;
        for clock in self.clocks {
            clock.stop().await;
        }
        if self.signing.await.is_err() {
            tracing::error!("the last checkpoint of the audit log was not signed");
        }
        self.store.close().await;
        served
    }
}

/// The receivers, with what is measured and kept of them.
struct Listening {
    captures: Vec<CaptureHandle>,
    monitor: Monitor,
    attachments: Attachments,
    evidence: Evidence,
    occupancies: Occupancies,
    /// What is known of each, with its last samples.
    sources: BTreeMap<String, Source>,
    /// Where each stands.
    sites: BTreeMap<String, Place>,
}

impl Listening {
    async fn start(
        config: &Config,
        store: &Store,
        hub: &Arc<Hub>,
        (rules, registry): (&RulesInForce, &RegistryService),
        known: Receivers,
    ) -> Result<Self> {
        let folder = |name: &str| config.data_dir.join(name);
        let (sources, sites) = (receivers::sources(config, &known), known.sites.clone());
        let judge = judge::judge(rules.clone(), registry.clone(), Arc::clone(hub), known);
        let attachments = Attachments::open(store.clone(), folder("attachments"), config.attachment_bytes_max).await?;
        let (files, cuts) = (attachments.clone(), folder("evidence"));
        let evidence = Evidence::start(hub, files, cuts, sources.clone(), config.evidence)?;
        let monitor = Monitor::start(store.clone(), Arc::clone(hub), judge, monitor_config(config, registry));
        Ok(Self {
            captures: receivers::start(config, &monitor, hub, &sources)?,
            monitor,
            attachments,
            evidence,
            occupancies: Occupancies::new(store.clone()),
            sources,
            sites,
        })
    }
}

/// What devices of operators are answered; what they ask counts with what people do.
fn paws(config: &Config, options: &AppOptions, store: &Store, coordination: &Coordination) -> Result<Paws> {
    let questions = coordination.questions().clone();
    Ok(Paws::new(store.clone(), paws_rules(config, options.demo)?, questions))
}

/// The registry, with the national table where it was never loaded.
async fn open_registry(config: &Config, store: &Store) -> Result<RegistryService> {
    let registry = RegistryService::open(store.clone()).await?;
    let registry = registry.under(disclosure(config)?.telling).await?;
    if config.seed_china {
        let table = builtin_cn().map_err(|error| Error::Invalid(error.to_string()))?;
        registry.seed_table(table).await?;
    }
    Ok(registry)
}

/// Says loudly where the policy asks for what cannot be kept.
fn warn_of_misplaced(registry: &RegistryService) {
    let misplaced = registry.misplaced();
    if !misplaced.is_empty() {
        tracing::error!(
            records = misplaced.len(),
            "records that the policy of disclosure hides lie outside the bands it hides them in, so their cells and blocks are told: \
             administrators see which at /api/v1/coordination/disclosure"
        );
    }
}

/// What a demo begins with; the password its accounts share, where they were made now.
async fn seed_demo(options: &AppOptions, registry: &RegistryService, users: &Users) -> Result<Option<String>> {
    if !options.demo {
        return Ok(None);
    }
    demo::seed_registry(registry).await?;
    users.seed_demo(options.demo_password.clone()).await
}

/// The rulesets for devices that the configuration names; the demo has its own, and without either there are none.
fn paws_rules(config: &Config, demo: bool) -> Result<PawsRules> {
    let (text, place) = match &config.paws_rules {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
            (text, path.display().to_string())
        }
        None if demo => (paws::DEMO_TOML.to_owned(), "config/paws.toml".to_owned()),
        None => return Ok(PawsRules::default()),
    };
    PawsRules::read(&text).map_err(|error| Error::Invalid(format!("{place}: {error}")))
}

/// The policy of coordination that the configuration names.
fn policy(config: &Config) -> Result<Policy> {
    let read = match &config.coordination_policy {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
            Policy::parse(&text, &path.display().to_string())
        }
        None => Policy::builtin(),
    };
    read.map_err(|error| Error::Invalid(error.to_string()))
}

/// The policy of disclosure that the configuration names.
fn disclosure(config: &Config) -> Result<DisclosurePolicy> {
    let Some(path) = &config.disclosure_policy else {
        return DisclosurePolicy::builtin();
    };
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.clone(),
        source,
    })?;
    DisclosurePolicy::parse(&text, &path.display().to_string())
}

fn cannot_listen(address: SocketAddr, source: std::io::Error) -> Error {
    if source.kind() == std::io::ErrorKind::AddrInUse {
        return Error::Invalid(format!(
            "{address} is taken (another Pinpu?): stop that program, or choose another with --listen 127.0.0.1:PORT"
        ));
    }
    Error::Io {
        path: format!("{address}").into(),
        source,
    }
}

fn monitor_config(config: &Config, registry: &RegistryService) -> MonitorConfig {
    let spectra = SignedDuration::from_hours(24 * i64::from(config.retention_days));
    MonitorConfig {
        masks: Arc::new(Masks::of(registry.telling().masking())),
        stored_bins: config.stored_bins,
        retention: Retention {
            spectra,
            notices: SignedDuration::from_hours(24 * i64::from(config.notices.keep_days)),
            ..Retention::default()
        },
        ..MonitorConfig::default()
    }
}

fn http_config(config: &Config, options: &AppOptions, address: SocketAddr) -> HttpConfig {
    HttpConfig {
        demo: options.demo,
        secure_cookies: config.tls.is_some() || !address.ip().is_loopback(),
        trust_proxy: config.trust_proxy,
        metrics_token: config.metrics_token.clone(),
    }
}

/// Who judges the use of assignments.
fn uses(
    config: &Config,
    store: &Store,
    registry: &RegistryService,
    rules: &RulesInForce,
    sites: &BTreeMap<String, Place>,
) -> UseWatch {
    let how = UseConfig {
        period: SignedDuration::from_hours(24 * i64::from(config.use_days)),
        every: SignedDuration::from_hours(i64::from(config.use_every_h)),
    };
    UseWatch::new(store.clone(), registry.clone(), rules.clone(), sites.clone(), how)
}

/// The metrics of this process; one recorder serves every app in it (tests start several).
fn metrics_handle() -> Option<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    let handle = HANDLE.get_or_init(|| {
        metrics_exporter_prometheus::PrometheusBuilder::new()
            .install_recorder()
            .inspect_err(|error| tracing::warn!(%error, "no metrics"))
            .ok()
    });
    if let Some(handle) = handle.clone() {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP_EVERY).await;
                handle.run_upkeep();
            }
        });
    }
    handle.clone()
}
