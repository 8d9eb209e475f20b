//! What offices do with each other: requests, orders, complaints, tasks, and who is told of it.

use std::sync::Arc;

use super::{Listening, disclosure, policy};
use crate::{
    Result,
    capture::CaptureHandle,
    config::Config,
    service::{
        clock::Clock,
        comparison::Comparisons,
        control_orders::ControlOrders,
        coordination::Coordination,
        events::Events,
        findings::Findings,
        interference_reports::InterferenceReports,
        live::Hub,
        notices::Notices,
        registry::RegistryService,
        rules::RulesInForce,
        tasks::{Recorder, Tasks},
        webhooks::{WebhookConfig, Webhooks},
    },
    store::Store,
};

/// What offices do with each other, with complaints and with receivers' time, and the clocks of their deadlines.
pub(super) struct Offices {
    pub(super) coordination: Coordination,
    pub(super) control_orders: ControlOrders,
    pub(super) interference_reports: InterferenceReports,
    pub(super) tasks: Tasks,
    pub(super) comparisons: Comparisons,
    pub(super) notices: Notices,
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) clocks: [Clock; 3],
    pub(super) recorder: Recorder,
}

/// Puts them together and starts their clocks.
pub(super) async fn offices(
    config: &Config,
    (store, hub): (&Store, &Arc<Hub>),
    (registry, rules): (&RegistryService, &RulesInForce),
    listening: &Listening,
) -> Result<Offices> {
    let findings = Findings::new(store.clone());
    let comparisons = Comparisons::new(findings, registry.clone(), rules.clone(), listening.sites.clone());
    let (store, registry) = (|| store.clone(), || registry.clone());
    let occupancies = || listening.occupancies.clone();
    let coordination = Coordination::new(store(), registry(), policy(config)?, disclosure(config)?);
    let coordination = coordination.observing(listening.sites.clone());
    let reports = InterferenceReports::new(store(), registry(), occupancies(), policy(config)?);
    let tasks = Tasks::new(store(), Arc::clone(hub), registry(), occupancies(), policy(config)?);
    let ids = config.receivers.iter().map(|receiver| receiver.id.clone());
    let tasks = tasks.tuning(ids.zip(listening.captures.iter().map(CaptureHandle::tuner)));
    let clocks = [
        Clock::start(coordination.clone()).await?,
        Clock::start(reports.clone()).await?,
        Clock::start(tasks.clone()).await?,
    ];
    let (folder, vault) = (
        config.data_dir.join("recordings"),
        listening.attachments.vault().clone(),
    );
    let sources = listening.sources.clone();
    let recorder = Recorder::start(tasks.clone(), vault, folder, sources, config.evidence)?;
    let control_orders = ControlOrders::new(store(), registry(), policy(config)?);
    let events = Events::new(
        Arc::clone(hub),
        registry(),
        occupancies(),
        coordination.clone(),
        comparisons.clone(),
    );
    let notices = Notices::new(
        (coordination.clone(), events),
        control_orders.clone(),
        reports.clone(),
        tasks.clone(),
    );
    Ok(Offices {
        coordination,
        control_orders,
        interference_reports: reports,
        tasks,
        comparisons,
        webhooks: webhooks(config, store(), notices.clone())?,
        notices,
        clocks,
        recorder,
    })
}

/// Where programs of organisations are told what their people are told.
fn webhooks(config: &Config, store: Store, notices: Notices) -> Result<Arc<Webhooks>> {
    let how = WebhookConfig {
        internal: config.notices.webhooks_internal,
        console_url: config.alarm.console_url.clone(),
        ..WebhookConfig::default()
    };
    Webhooks::start(store, notices, how, config.alarm.authorities.as_deref())
}
