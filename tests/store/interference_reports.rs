//! Interference reports: one of two deciders wins, the clock reminds over restarts, and clear is what was truly observed.

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    conflict::VerdictKind,
    coordination::{
        POLICY_TOML, Policy, Refusal,
        interference::{Channel, Complaint, Grade, Level, Report, ReportState, ReportStep, Verification},
    },
    detect::{DetectEvent, Frame},
    service::{
        audit::Audit,
        auth::Role,
        clock::Clock,
        interference_reports::{Asking, Changed, GivenReport, InterferenceReports, Refused, ReportQuery},
        occupancy::Occupancies,
        registry::RegistryService,
    },
    store::{AuditQuery, Store},
    units::Hertz,
};
use tokio::task::JoinSet;

use crate::support::{Service, always, at, emission, open};

const LOW: i64 = 97_000_000;

fn complaint(began: Timestamp) -> Complaint {
    Complaint {
        complainant: "示范机场".to_owned(),
        contact: String::new(),
        assignment: None,
        low_hz: Hertz(LOW + 100_000),
        high_hz: Hertz(LOW + 300_000),
        place: None,
        address: "塔台".to_owned(),
        began,
        ended: None,
        symptoms: "广播声".to_owned(),
        channel: Channel::Telephone,
    }
}

fn by(actor: &str, role: Role, now: Timestamp) -> Asking<'_> {
    Asking {
        actor,
        role,
        organisation: "civil",
        now,
    }
}

async fn reports(store: &Store) -> InterferenceReports {
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = Policy::parse(POLICY_TOML, "test").expect("a policy");
    InterferenceReports::new(store.clone(), registry, Occupancies::new(store.clone()), policy)
}

fn seen(changed: Changed) -> Report {
    changed
        .unwrap_or_else(|refused| panic!("{refused:?}"))
        .report
        .into_inner()
}

fn words(reason: &str) -> GivenReport {
    GivenReport {
        reason: reason.to_owned(),
        ..GivenReport::default()
    }
}

async fn filed(reports: &InterferenceReports, now: Timestamp) -> Report {
    let zhang = by("zhang", Role::CivilOfficer, now);
    seen(reports.file(complaint(now), Grade::First, Level::City, zhang).await)
}

pub(crate) async fn of_two_deciders_on_a_report_one_wins(url: String) {
    let (store, other_store) = (open(&url).await, open(&url).await);
    // A second process on the same database: its writer is another one.
    let both = [reports(&store).await, reports(&other_store).await];
    let now = Timestamp::now();
    for round in 0..10_u64 {
        let before = filed(&both[0], now).await;
        assert!(
            before.number.ends_with(&format!("-{:04}", round + 1)),
            "{}",
            before.number
        );
        let mut deciders = JoinSet::new();
        for n in 0..8 {
            let (reports, before) = (both[n % 2].clone(), before.clone());
            deciders.spawn(async move {
                let actor = format!("decider{n}");
                let step = if n < 4 { ReportStep::Confirm } else { ReportStep::Reject };
                let asking = by(&actor, Role::CivilOfficer, now);
                reports
                    .take(&before.id, before.version, step, words("理由"), asking)
                    .await
            });
        }
        let mut won = Vec::new();
        while let Some(done) = deciders.join_next().await {
            match done.expect("no panic") {
                Ok(changed) => won.push(changed.report.into_inner()),
                Err(Refused::Error(pinpu::Error::Stale | pinpu::Error::Unavailable(_))) => {}
                Err(refused) => panic!("{refused:?}"),
            }
        }
        assert_eq!(won.len(), 1, "one decision counts");
        let stored = store.interference_report(&before.id).await.expect("there");
        assert_eq!((stored.version, stored.entries.len()), (2, 2));
        assert_eq!(stored, won[0]);
    }
    let query = AuditQuery {
        action: Some("interference_report".to_owned()),
        ..AuditQuery::default()
    };
    let noted = Audit::new(store.clone()).list(&query).await.expect("reads").items;
    assert_eq!(noted.len(), 20, "taken in and decided: ten times");
    let stranger = by("li", Role::MilitaryOfficer, now);
    let list = both[1].list(&ReportQuery::default(), stranger).await.expect("reads");
    assert!(list.items.is_empty(), "the other side's are not there");
    let small = ReportQuery {
        limit: Some(3),
        ..ReportQuery::default()
    };
    let (mut cursor, mut numbers) = (None, Vec::new());
    loop {
        let query = ReportQuery {
            cursor,
            ..small.clone()
        };
        let page = both[0]
            .list(&query, by("zhang", Role::CivilOfficer, now))
            .await
            .expect("reads");
        numbers.extend(page.items.iter().map(|seen| seen.report.get().number.clone()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 10, "each once over the pages");
    other_store.close().await;
    store.close().await;
}

pub(crate) async fn the_clock_reminds_of_reports_over_a_restart(url: String) {
    let store = open(&url).await;
    let first = reports(&store).await;
    // The database counts in microseconds.
    let begin = Timestamp::from_second(Timestamp::now().as_second()).expect("a time") - SignedDuration::from_hours(30);
    let report = filed(&first, begin).await;
    let hours = |hours| begin + SignedDuration::from_hours(hours);
    let next = first.turn(begin).await.expect("looks");
    assert_eq!(next, Some(begin + SignedDuration::from_mins(30)));
    first.turn(begin + SignedDuration::from_mins(31)).await.expect("looks");
    store.close().await;

    // What fell due while nobody ran is done at the start.
    let store = open(&url).await;
    let again = reports(&store).await;
    let clock = Clock::start(again.clone()).await.expect("starts");
    for _ in 0..500 {
        if store.interference_report(&report.id).await.expect("there").reminders == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    clock.stop().await;
    let told = store.interference_report(&report.id).await.expect("there");
    let steps: Vec<_> = told.entries.iter().map(|entry| entry.step).collect();
    assert_eq!(steps[..3], [ReportStep::File, ReportStep::Remind, ReportStep::Escalate]);
    assert_eq!(told.version, 1, "who read it before may still act");
    let zhang = by("zhang", Role::CivilOfficer, hours(30));
    let confirmed = seen(again.take(&report.id, 1, ReportStep::Confirm, words(""), zhang).await);
    assert_eq!((confirmed.state, confirmed.reminders), (ReportState::Confirmed, 0));
    store.close().await;
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

pub(crate) async fn clear_is_what_was_truly_observed(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    // The action is at minute 10 and a half. The receiver watches until minute 40, is away for a while, and watches again.
    for n in (0..40).chain(60..95) {
        service.send(minute(n));
    }
    // On the frequencies: until the action, and once again in minute 70. Beside them, all the time.
    for (id, from, to, center) in [
        (1, 0.0, 620.0, LOW + 200_000),
        (2, 4200.0, 4230.0, LOW + 200_000),
        (3, 0.0, 5600.0, LOW + 800_000),
    ] {
        service.send(DetectEvent::Closed(emission(id, from, to, center, 90_000)));
    }
    let store = service.store.clone();
    service.stop_monitor().await;
    let reports = reports(&store).await;
    let mut report = filed(&reports, at(300.0)).await;
    for step in [ReportStep::Confirm, ReportStep::Locate, ReportStep::Act] {
        let zhang = by("zhang", Role::CivilOfficer, at(630.0));
        report = seen(
            reports
                .take(&report.id, report.version, step, words("关停"), zhang)
                .await,
        );
    }
    let verify = async |minute: f64, receiver: &str| {
        let given = GivenReport {
            receiver: Some(receiver.to_owned()),
            ..GivenReport::default()
        };
        let zhang = by("zhang", Role::CivilOfficer, at(minute * 60.0));
        reports
            .take(&report.id, report.version, ReportStep::Verify, given, zhang)
            .await
    };
    let refused = async |minute: f64, receiver: &str| match verify(minute, receiver).await {
        Err(Refused::Step(Refusal::Incomplete(_, why))) => why.en,
        other => panic!("{other:?}"),
    };
    // Minutes 11 to 39 were observed; that the clock shows more than an hour makes no observation.
    let short = refused(69.0, "roof").await;
    assert!(
        short.contains("for 38 minutes") && short.contains("60 are needed"),
        "{short}"
    );
    assert!(refused(69.0, "cellar").await.contains("for 0 minutes"));
    assert!(refused(10.6, "roof").await.contains("for 0 minutes"));
    // It was heard again.
    let heard = refused(95.0, "roof").await;
    assert!(heard.starts_with("1 emissions"), "{heard}");

    // Something is done about it again, and then it is quiet for longer than is asked for.
    let zhang = by("zhang", Role::CivilOfficer, at(4300.0));
    // Half an hour of quiet is all there is: a policy that asks for less.
    let policy = POLICY_TOML.replace("verify_observed = \"60m\"", "verify_observed = \"20m\"");
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = Policy::parse(&policy, "test").expect("a policy");
    let patient = InterferenceReports::new(store.clone(), registry, Occupancies::new(store.clone()), policy);
    let acted = seen(
        patient
            .take(&report.id, report.version, ReportStep::Act, words("再次关停"), zhang)
            .await,
    );
    let given = GivenReport {
        receiver: Some("roof".to_owned()),
        ..GivenReport::default()
    };
    let zhang = by("zhang", Role::CivilOfficer, at(95.0 * 60.0));
    let clear = seen(
        patient
            .take(&acted.id, acted.version, ReportStep::Verify, given, zhang)
            .await,
    );
    let Some(Verification::Observed { from, observed_s, .. }) = clear.verified else {
        panic!("{clear:?}")
    };
    assert_eq!((from, observed_s), (at(4320.0), 23 * 60), "minutes 72 to 94");
    store.close().await;
}
