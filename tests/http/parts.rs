//! Parts of the service that the tests put together.

use std::{collections::BTreeMap, sync::Arc};

use pinpu::{
    conflict::{Context, Measured, Rules, judge},
    registry::{demo, table},
    service::{
        comparison::Comparisons,
        findings::Findings,
        monitoring::Judge,
        notices::Notices,
        registry::RegistryService,
        rules::RulesInForce,
        webhooks::{WebhookConfig, Webhooks},
    },
    store::Store,
};

/// Comparisons of stations with their licences, without receivers that have a site.
pub fn comparisons(store: &Store, registry: &RegistryService, rules: &Rules) -> Comparisons {
    Comparisons::new(
        Findings::new(store.clone()),
        registry.clone(),
        RulesInForce::new(rules.clone()),
        BTreeMap::new(),
    )
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
pub fn webhooks(store: &Store, notices: &Notices) -> Arc<Webhooks> {
    Webhooks::start(store.clone(), notices.clone(), hooks(), None).expect("started")
}

/// How they are sent.
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
