//! Parts of the service that the tests put together.

use std::{collections::BTreeMap, sync::Arc};

use pinpu::{
    conflict::{Context, Measured, Rules, judge},
    coordination::Policy,
    registry::{demo, table},
    service::{
        comparison::Comparisons,
        control_orders::ControlOrders,
        coordination::Coordination,
        events::Events,
        findings::Findings,
        interference_reports::InterferenceReports,
        live::Hub,
        monitoring::Judge,
        notices::Notices,
        occupancy::Occupancies,
        questions::DisclosurePolicy,
        registry::RegistryService,
        rules::RulesInForce,
        tasks::Tasks,
        webhooks::{WebhookConfig, Webhooks},
    },
    store::Store,
};

/// What offices do with each other, and who is told of it.
pub struct Offices {
    pub occupancies: Occupancies,
    pub coordination: Coordination,
    pub control_orders: ControlOrders,
    pub interference_reports: InterferenceReports,
    pub tasks: Tasks,
    pub comparisons: Comparisons,
    pub notices: Notices,
    pub webhooks: Arc<Webhooks>,
}

impl Offices {
    /// Without receivers that have a site, but for the check of requests.
    pub fn start(
        store: &Store,
        hub: &Arc<Hub>,
        registry: &RegistryService,
        rules: &Rules,
        disclosure: DisclosurePolicy,
    ) -> Self {
        let (at, of) = (|| store.clone(), || registry.clone());
        let policy = || Policy::builtin().expect("policy");
        let occupancies = Occupancies::new(at());
        let coordination = Coordination::new(at(), of(), policy(), disclosure).observing(crate::air::sites());
        let rules = RulesInForce::new(rules.clone());
        let comparisons = Comparisons::new(Findings::new(at()), of(), rules, BTreeMap::new());
        let control_orders = ControlOrders::new(at(), of(), policy());
        let interference_reports = InterferenceReports::new(at(), of(), occupancies.clone(), policy());
        let tasks = Tasks::new(at(), Arc::clone(hub), of(), occupancies.clone(), policy());
        let events = Events::new(
            Arc::clone(hub),
            of(),
            occupancies.clone(),
            coordination.clone(),
            comparisons.clone(),
        );
        let notices = Notices::new(
            (coordination.clone(), events),
            control_orders.clone(),
            interference_reports.clone(),
            tasks.clone(),
        );
        Self {
            webhooks: Webhooks::start(at(), notices.clone(), hooks(), None).expect("started"),
            occupancies,
            coordination,
            control_orders,
            interference_reports,
            tasks,
            comparisons,
            notices,
        }
    }
}

/// A registry with the built-in table and the demo's stations.
pub async fn seeded(store: &Store) -> RegistryService {
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    let table = table::builtin_cn().expect("table");
    registry.seed_table(table).await.expect("seed");
    let stations = demo::assignments().ok;
    registry.seed_assignments("demo", stations).await.expect("seed");
    registry.note_versions().await.expect("noted");
    registry
}

/// One recorder for the process, as in the program.
pub fn metrics_handle() -> metrics_exporter_prometheus::PrometheusHandle {
    static HANDLE: std::sync::OnceLock<metrics_exporter_prometheus::PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            metrics_exporter_prometheus::PrometheusBuilder::new()
                .install_recorder()
                .expect("only one recorder")
        })
        .clone()
}

/// Webhooks that may go to this machine; what fails is tried again soon.
pub fn hooks() -> WebhookConfig {
    WebhookConfig {
        first_retry: jiff::SignedDuration::from_millis(50),
        patience: std::time::Duration::from_millis(700),
        internal: true,
        console_url: Some("https://pinpu.example.cn".to_owned()),
        ..WebhookConfig::default()
    }
}

/// A judge without receivers that have a site.
pub fn judge_with(registry: &RegistryService, rules: &Arc<Rules>) -> Judge {
    let (registry, rules) = (registry.clone(), Arc::clone(rules));
    Arc::new(move |emission, meta| {
        let context = Context {
            time: Some(meta.stop),
            site: None,
            ppm_uncertainty: meta.ppm_uncertainty.unwrap_or(1.0),
        };
        Some(judge(&rules, &registry.current(), &Measured::from(emission), &context))
    })
}
