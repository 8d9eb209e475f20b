//! From observations to records and events.

use std::collections::HashMap;

use jiff::Timestamp;
use pinpu::{
    capture::{LossCounters, Observation, ObservationContent, ReceiverState, ReceiverStatus},
    conflict::{Rules, VerdictKind},
    detect::{Artefact, ArtefactKind, DetectEvent, Gap, GapReason},
    registry::table,
    service::{
        live::Hub,
        monitoring::{Monitor, MonitorConfig, registry_judge},
        registry::RegistryService,
    },
    store::{ConflictQuery, EmissionQuery, EventKind},
};

use crate::support::{Service, always, at, emission, open};

pub(crate) fn status(state: ReceiverState) -> Observation {
    let status = ReceiverStatus {
        state,
        since: at(0.0),
        label: "Roof".to_owned(),
        driver: "test".to_owned(),
        serial: None,
        profile: "test".to_owned(),
        plan: Vec::new(),
        sample_rate_hz: 2.4e6,
        ppm_uncertainty: 1.0,
        counters: LossCounters::default(),
        clipped_fraction: 0.0,
        last_error: None,
    };
    let content = ObservationContent::Status(status);
    Observation {
        receiver: "roof".into(),
        run: 0,
        epoch: at(0.0),
        content,
    }
}

pub(crate) async fn observations_become_records_and_events(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    let mut events = service.hub.events();
    let sender = service.monitor.sender();
    assert!(sender.try_send(status(ReceiverState::Starting)));
    assert!(sender.try_send(status(ReceiverState::Streaming)));
    assert!(sender.try_send(status(ReceiverState::Streaming)), "no news, no event");
    service.send(DetectEvent::Opened(emission(1, 1.0, 1.1, 97_000_000, 5000)));
    service.send(DetectEvent::Updated(emission(1, 1.0, 2.0, 97_000_100, 5000)));
    let mut dc = emission(2, 0.0, 2.0, 98_000_000, 1000);
    dc.bursts.clear();
    let cause = "converter offset at the centre".to_owned();
    service.send(DetectEvent::Artefact(Artefact {
        emission: dc,
        artefact: ArtefactKind::Dc,
        cause,
    }));
    service.send(DetectEvent::Gap(Gap {
        start_s: 2.0,
        stop_s: 2.5,
        reason: GapReason::Unplugged,
    }));
    service.send(DetectEvent::Closed(emission(1, 1.0, 3.0, 97_000_100, 5000)));
    use EventKind::{
        Artefact as Spurious, EmissionClosed, EmissionOpened, EmissionUpdated, Gap as Missing, ReceiverState as State,
    };
    let mut heard = Vec::new();
    for expected in [
        State,
        State,
        EmissionOpened,
        EmissionUpdated,
        Spurious,
        Missing,
        EmissionClosed,
    ] {
        let event = events.recv().await.expect("an event");
        assert_eq!(event.kind, expected);
        heard.push(event);
    }
    assert_eq!(heard[1].data["state"], "streaming");
    assert_eq!(heard[1].data["id"], "roof");
    let opened = &heard[2].data;
    assert_eq!(opened["start"], "2026-06-01T08:00:01Z");
    assert_eq!(
        (&opened["center_hz"], &opened["open"]),
        (&97_000_000.into(), &true.into())
    );
    assert_eq!(opened["verdict"]["kind"], "licensed");
    assert!(opened["conflict_id"].is_null() && opened.get("bursts").is_none());
    assert_eq!(heard[6].data["id"], opened["id"]);
    assert_eq!(
        (&heard[6].data["open"], &heard[6].data["stop"]),
        (&false.into(), &"2026-06-01T08:00:03Z".into())
    );
    assert_eq!(heard[4].data["artefact"], "dc");

    let store = &service.store;
    let id = opened["id"].as_str().expect("a text");
    let record = store.emission(id).await.expect("reads").expect("there");
    assert_eq!(
        serde_json::to_value(&record).expect("serialises"),
        heard[6].data,
        "the event is the record"
    );
    assert_eq!(store.artefacts(None, at(0.0), at(9.0)).await.expect("reads").len(), 1);
    assert_eq!(
        store.gaps("roof", None, at(0.0), at(9.0)).await.expect("reads")[0].reason,
        GapReason::Unplugged
    );
    assert_eq!(
        store.receivers().await.expect("reads")[0].status.state,
        ReceiverState::Streaming
    );
    assert_eq!(
        service
            .hub
            .receiver("roof")
            .expect("known")
            .status
            .expect("reported")
            .label,
        "Roof"
    );
    let counts = service.monitor.counts();
    assert_eq!(
        (counts.observations, counts.observations_dropped, counts.refused),
        (8, 0, 0)
    );
    service.stop().await;
}

/// Capture stamps a report of health with the time it is made at, not with the start of the run.
pub(crate) async fn a_report_of_health_ends_nothing(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let sender = service.monitor.sender();
    service.send(DetectEvent::Opened(emission(1, 0.0, 1.0, 97_450_000, 100_000)));
    for second in 1..4 {
        let mut report = status(ReceiverState::Streaming);
        report.epoch = at(f64::from(second) + 0.1);
        assert!(sender.try_send(report));
        let stop_s = f64::from(second) + 1.0;
        service.send(DetectEvent::Updated(emission(1, 0.0, stop_s, 97_450_000, 100_000)));
    }
    let store = service.store.clone();
    service.stop_monitor().await;
    let found = store.emissions(&EmissionQuery::default()).await.expect("reads").items;
    assert_eq!(found.len(), 1, "one carrier is one record: {found:#?}");
    assert_eq!((found[0].start, found[0].stop, found[0].open), (at(0.0), at(4.0), true));
    store.close().await;
}

pub(crate) async fn a_new_run_ends_what_was_open(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    service.send(DetectEvent::Opened(emission(1, 0.0, 1.0, 97_450_000, 100_000)));
    service.published(2).await;
    service.stop().await;
    // Another process: the receiver starts over, and emission 1 is another one.
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    service.send_run(
        0,
        at(100.0),
        DetectEvent::Opened(emission(1, 0.0, 1.0, 97_450_000, 100_000)),
    );
    service.published(5).await;
    let open_ones = async || {
        let query = EmissionQuery {
            open: Some(true),
            ..EmissionQuery::default()
        };
        service.store.emissions(&query).await.expect("reads").items
    };
    assert_eq!(
        open_ones().await.iter().map(|e| e.start).collect::<Vec<_>>(),
        [at(100.0)]
    );
    // The same process: the receiver was reopened.
    service.send_run(
        1,
        at(200.0),
        DetectEvent::Updated(emission(1, 0.0, 1.0, 97_450_000, 100_000)),
    );
    service.published(8).await;
    assert_eq!(
        open_ones().await.iter().map(|e| e.start).collect::<Vec<_>>(),
        [at(200.0)]
    );
    assert_eq!(
        service
            .store
            .emissions(&EmissionQuery::default())
            .await
            .expect("reads")
            .items
            .len(),
        3
    );
    let conflicts = service
        .store
        .conflicts(&ConflictQuery::default())
        .await
        .expect("reads")
        .items;
    assert_eq!((conflicts.len(), conflicts[0].emissions_count), (1, 3));
    service.stop().await;
}

pub(crate) async fn the_real_judge_finds_the_unlicensed(url: String) {
    let store = open(&url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    registry
        .seed_table(table::builtin_cn().expect("parses"))
        .await
        .expect("seeds");
    // A register without any station explains nothing; one elsewhere in the band makes the silence at 97.45 MHz tell.
    registry
        .import_assignments(vec![crate::registry::assignment("A-1", 99_900_000)], "test", "wang")
        .await
        .expect("imports");
    let judge = registry_judge(Rules::builtin().expect("parses"), registry, HashMap::new());
    let hub = Hub::new(store.clone());
    let monitor = Monitor::start(store.clone(), hub.clone(), judge, MonitorConfig::default());
    let service = Service { store, hub, monitor };
    let mut events = service.hub.events();
    let mut waits = Vec::new();
    for n in 1..=200 {
        let sent = std::time::Instant::now();
        let began = Timestamp::now();
        service.send_run(
            0,
            began,
            DetectEvent::Opened(emission(n, 0.0, 0.1, 97_450_000, 150_000)),
        );
        while events.recv().await.expect("an event").kind != EventKind::EmissionOpened {}
        waits.push(sent.elapsed());
    }
    waits.sort_unstable();
    println!(
        "detection to event over 200: median {:?}, p99 {:?}, worst {:?}",
        waits[99], waits[197], waits[199]
    );
    let conflicts = service
        .store
        .conflicts(&ConflictQuery::default())
        .await
        .expect("reads")
        .items;
    assert_eq!(
        (conflicts.len(), conflicts[0].emissions_count),
        (1, 200),
        "{conflicts:?}"
    );
    assert_eq!(conflicts[0].kind, VerdictKind::Unlicensed);
    assert!(
        conflicts[0].explanation.zh.contains("97.45"),
        "{}",
        conflicts[0].explanation.zh
    );
    service.stop().await;
}
