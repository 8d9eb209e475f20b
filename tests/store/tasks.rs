//! Measuring tasks: a quota that two processes cannot spend twice, and a plan that outlives the process that made it.

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    capture::{ObservationContent, ReceiverState},
    conflict::VerdictKind,
    coordination::{
        Policy, Span,
        tasks::{Task, TaskContent, TaskPriority, TaskProduct, TaskState, TaskStep},
    },
    detect::{DetectEvent, Frame},
    service::{
        auth::Role,
        change::{Asking, Refused},
        occupancy::Occupancies,
        registry::RegistryService,
        tasks::{Changed, Tasks},
    },
    units::{Band, Hertz},
};
use tokio::task::JoinSet;

use crate::{
    monitor::status,
    support::{Service, always, at, emission},
};

const LOW: i64 = 97_000_000;

fn by(actor: &str, role: Role, now: Timestamp) -> Asking<'_> {
    Asking {
        actor,
        role,
        organisation: "civil",
        now,
    }
}

fn content(from: Timestamp, minutes: u32) -> TaskContent {
    TaskContent {
        title: "监测".to_owned(),
        purpose: "核实".to_owned(),
        receivers: vec!["roof".to_owned()],
        low_hz: Hertz(LOW + 100_000),
        high_hz: Hertz(LOW + 300_000),
        raster_hz: None,
        time: Span {
            from,
            to: from + SignedDuration::from_hours(48),
            windows: Vec::new(),
        },
        minutes,
        products: vec![TaskProduct::Occupancy],
        priority: TaskPriority::Routine,
        reason: String::new(),
        classified: false,
    }
}

/// A service whose receiver reported that it watches 97–98 MHz.
async fn service(url: &str) -> (Service, Tasks) {
    let service = Service::start(url, always(VerdictKind::Unlicensed)).await;
    service.hub.announce(&"roof".into());
    let mut report = status(ReceiverState::Streaming);
    if let ObservationContent::Status(status) = &mut report.content {
        status.plan = vec![Band::new(Hertz(LOW), Hertz(LOW + 1_000_000)).expect("a band")];
    }
    assert!(service.monitor.sender().try_send(report));
    for _ in 0..500 {
        if service.store.receivers().await.expect("reads").len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let tasks = tasks(&service).await;
    (service, tasks)
}

async fn tasks(service: &Service) -> Tasks {
    let store = service.store.clone();
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = Policy::builtin().expect("a policy");
    Tasks::new(
        store.clone(),
        service.hub.clone(),
        registry,
        Occupancies::new(store),
        policy,
    )
}

fn seen(changed: Changed) -> Task {
    changed
        .unwrap_or_else(|refused| panic!("{refused:?}"))
        .task
        .into_inner()
}

pub(crate) async fn two_who_ask_at_once_are_counted_both(url: String) {
    let (first, tasks) = service(&url).await;
    // A second process on the same database: its writer is another one.
    let (second, other) = service(&url).await;
    let both = [tasks, other];
    let mut asked = JoinSet::new();
    // 2400 minutes are the quota: of eight times 500 four fit.
    for n in 0..8 {
        let tasks = both[n % 2].clone();
        asked.spawn(async move {
            let zhang = by("zhang", Role::CivilOfficer, at(0.0));
            for _ in 0..200 {
                match tasks.ask(content(at(3600.0), 500), zhang).await {
                    // Of two writers of one file one may have to try again.
                    Err(Refused::Error(pinpu::Error::Unavailable(_))) => {}
                    done => return done,
                }
            }
            panic!("never answered");
        });
    }
    let (mut given, mut refused) = (Vec::new(), 0);
    while let Some(done) = asked.join_next().await {
        match done.expect("no panic") {
            Ok(seen) => given.push(seen.task.into_inner().number),
            Err(Refused::Faults(faults)) => {
                assert_eq!(faults[0].field, "minutes", "{faults:?}");
                assert!(faults[0].reason.en.contains("400 are left"), "{faults:?}");
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    given.sort();
    given.dedup();
    assert_eq!((given.len(), refused), (4, 4));
    assert!(given[3].ends_with("-0004"), "who was refused leaves no gap: {given:?}");
    second.stop().await;
    first.stop().await;
}

/// A minute of ten bins of 100 kHz, watched from edge to edge.
fn minute(minute: u32) -> DetectEvent {
    let bins = vec![-100.0; 10];
    DetectEvent::Frame(Frame {
        start_s: f64::from(minute) * 60.0,
        duration_s: 60.0,
        low_hz: Hertz(LOW),
        high_hz: Hertz(LOW + 1_000_000),
        enbw_bins: 1.9,
        mean_dbfs: bins.clone(),
        max_dbfs: bins.clone(),
        min_dbfs: bins.clone(),
        floor_dbfs: bins,
    })
}

pub(crate) async fn a_task_goes_on_after_a_restart(url: String) {
    let (first, tasks) = service(&url).await;
    let zhang = by("zhang", Role::CivilOfficer, at(-600.0));
    let asked = seen(tasks.ask(content(at(0.0), 30), zhang).await);
    let wang = by("wang", Role::Coordinator, at(-600.0));
    let accept = tasks.take(&asked.id, 1, TaskStep::Accept, String::new(), None, wang);
    let accepted = seen(accept.await);
    let next = tasks.turn(at(-300.0)).await.expect("looks");
    assert_eq!(next, Some(at(0.0)));
    tasks.turn(at(0.0)).await.expect("looks");
    let running = first.store.task(&asked.id).await.expect("there");
    assert_eq!((running.state, running.slots.len()), (TaskState::Running, 1));
    assert_eq!(running.version, accepted.version, "who read it before may still act");
    first.stop().await;

    // Another process takes it over: twenty minutes are observed, eight of them in use, and then the receiver is gone.
    let (second, tasks) = service(&url).await;
    (0..20).for_each(|n| second.send(minute(n)));
    second.send(DetectEvent::Closed(emission(1, 0.0, 480.0, LOW + 200_000, 90_000)));
    let store = second.store.clone();
    second.stop_monitor().await;
    tasks.turn(at(32.0 * 60.0)).await.expect("looks");
    let after = store.task(&asked.id).await.expect("there");
    let first_slot = after.measured.first().expect("measured");
    assert_eq!((first_slot.observed_s, first_slot.slot.until), (1200, at(1800.0)));
    let share = first_slot.channels.expect("observed").share;
    assert!((share - 0.4).abs() < 1e-9, "8 of 20 minutes: {share}");
    assert_eq!(after.slots.len(), 1, "ten minutes are still wanted: {:?}", after.slots);
    let slot = &after.slots[0];
    assert_eq!(slot.until.duration_since(slot.from), SignedDuration::from_mins(10));
    store.close().await;
}
