//! What the cases share.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    capture::{Observation, ObservationContent},
    conflict::{Severity, Verdict, VerdictKind},
    detect::{BandwidthMethod, DetectEvent, Emission},
    registry::Text,
    service::{
        live::Hub,
        monitoring::{Judge, Monitor, MonitorConfig},
    },
    store::{DatabaseConfig, Store},
    units::{Band, Hertz},
};

/// Runs a case on a runtime of its own, and not for ever.
pub(crate) fn block_on(case: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(120), case)
            .await
            .expect("the case hangs");
    });
}

/// Opens the database.
pub(crate) async fn open(url: &str) -> Store {
    Store::open(&DatabaseConfig::new(url)).await.expect("the store opens")
}

/// A fixed instant plus seconds.
pub(crate) fn at(seconds: f64) -> Timestamp {
    let start: Timestamp = "2026-06-01T08:00:00Z".parse().expect("a time");
    start + SignedDuration::from_micros((seconds * 1e6) as i64)
}

/// An emission as the detector reports it.
pub(crate) fn emission(id: u64, start_s: f64, stop_s: f64, center_hz: i64, bandwidth_hz: i64) -> Emission {
    Emission {
        id,
        start_s,
        stop_s,
        center_hz: Hertz(center_hz),
        low_hz: Hertz(center_hz - bandwidth_hz / 2),
        high_hz: Hertz(center_hz + bandwidth_hz / 2),
        bandwidth_hz: Hertz(bandwidth_hz),
        bandwidth_method: BandwidthMethod::Obw99,
        bandwidth_x26_hz: None,
        power_dbfs: -40.0,
        snr_db: 30.0,
        peak_dbfs: -38.0,
        duty_cycle: 1.0,
        bursts: vec![[start_s, stop_s]],
        bursts_total: 1,
        center_uncertainty_hz: 5.0,
        classes: Vec::new(),
        open: true,
    }
}

/// A verdict of this kind.
pub(crate) fn verdict(kind: VerdictKind, assignment: Option<&str>) -> Verdict {
    Verdict {
        kind,
        severity: Severity::Warning,
        rule: "test".to_owned(),
        assignment: assignment.map(str::to_owned),
        runner_up: None,
        allocation: None,
        control_order: None,
        would_decide: Vec::new(),
        explanation: Text {
            zh: "测试".to_owned(),
            en: "test".to_owned(),
        },
        evidence: [("offset_hz".to_owned(), 25_000.0)].into(),
        rules_version: "1".to_owned(),
        registry_version: "0".to_owned(),
    }
}

/// A judge that always says the same.
pub(crate) fn always(kind: VerdictKind) -> Judge {
    Arc::new(move |_, _| Some(verdict(kind, None)))
}

/// Store, hub and monitor over one database.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) hub: Arc<Hub>,
    pub(crate) monitor: Monitor,
}

impl Service {
    pub(crate) async fn start(url: &str, judge: Judge) -> Self {
        let store = open(url).await;
        let hub = Hub::new(store.clone());
        let monitor = Monitor::start(store.clone(), Arc::clone(&hub), judge, MonitorConfig::default());
        Self { store, hub, monitor }
    }

    /// Hands in detector events of run 0, whose second 0 is `at(0)`.
    pub(crate) fn send(&self, event: DetectEvent) {
        self.send_run(0, at(0.0), event);
    }

    pub(crate) fn send_run(&self, run: u64, epoch: Timestamp, event: DetectEvent) {
        let band = Band::new(Hertz(96_800_000), Hertz(99_200_000)).expect("ordered");
        let content = ObservationContent::Detect { band, event };
        assert!(self.monitor.sender().try_send(Observation {
            receiver: "roof".into(),
            run,
            epoch,
            content
        }));
    }

    /// Stores everything handed in; the store stays open.
    pub(crate) async fn stop_monitor(self) {
        self.monitor.stop().await;
    }

    /// Stores everything handed in and stops.
    pub(crate) async fn stop(self) {
        self.monitor.stop().await;
        self.store.close().await;
    }

    /// Waits until the events up to `sequence` are published.
    pub(crate) async fn published(&self, sequence: u64) {
        while self.store.last_sequence().await.expect("reads") < sequence {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Runs a future that answers.
pub(crate) fn block_on_result<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}
