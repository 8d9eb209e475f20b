//! Events in the database: of two who change at once one wins, lists go page by page past what is hidden, and a serial number counts
//! once.

use jiff::Timestamp;
use pinpu::{
    Error,
    conflict::VerdictKind,
    coordination::{
        Policy, Power, PowerKind,
        events::{DeviceContent, EventContent, EventDay, EventStep, RowContent},
    },
    registry::{Place, Text, control::ControlArea},
    service::{
        auth::Role,
        change::{Asking, Refused},
        comparison::Comparisons,
        coordination::Coordination,
        events::{Events, MajorEventQuery},
        findings::Findings,
        occupancy::Occupancies,
        questions::DisclosurePolicy,
        registry::RegistryService,
        rules::RulesInForce,
    },
    units::Hertz,
};

use crate::support::{Service, always, at};

const CIVIL: Asking<'static> = Asking {
    actor: "li",
    role: Role::CivilOfficer,
    organisation: "civil",
    now: Timestamp::UNIX_EPOCH,
};
const MILITARY: Asking<'static> = Asking {
    actor: "wang",
    role: Role::MilitaryOfficer,
    organisation: "military",
    now: Timestamp::UNIX_EPOCH,
};

async fn events(service: &Service) -> Events {
    let store = service.store.clone();
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let disclosure = DisclosurePolicy::builtin().expect("a policy");
    let rules = pinpu::conflict::Rules::builtin().expect("rules");
    Events::new(
        service.hub.clone(),
        registry.clone(),
        Occupancies::new(store.clone()),
        Coordination::new(
            store.clone(),
            registry.clone(),
            Policy::builtin().expect("a policy"),
            disclosure,
        ),
        Comparisons::new(
            Findings::new(store),
            registry,
            RulesInForce::new(rules),
            std::collections::BTreeMap::new(),
        ),
    )
}

fn content(name: &str) -> EventContent {
    EventContent {
        name: Text::new(name, name),
        about: String::new(),
        area: ControlArea::Circle(Place {
            latitude: 30.5,
            longitude: 114.3,
            radius_km: 5.0,
        }),
        days: vec![EventDay {
            date: "2026-12-01".parse().expect("a date"),
            opens_min: 480,
            closes_min: 1320,
        }],
        participants: vec!["military".to_owned()],
    }
}

fn row(n: usize, classification: Option<&str>) -> RowContent {
    RowContent {
        channel: format!("K{n}"),
        center_hz: Hertz(410_000_000 + n as i64 * 25_000),
        bandwidth_hz: Hertz(12_500),
        designator: "11K0F3E".to_owned(),
        service: None,
        user: "甲".to_owned(),
        site: String::new(),
        place: None,
        from: None,
        to: None,
        power: Power {
            dbw: 6.0,
            kind: PowerKind::Eirp,
        },
        key: false,
        classification: classification.map(str::to_owned),
        releasability: Vec::new(),
        note: String::new(),
    }
}

fn device(serial: &str) -> DeviceContent {
    DeviceContent {
        kind: "话筒".to_owned(),
        serial: serial.to_owned(),
        owner: "乙".to_owned(),
        approval: String::new(),
        center_hz: Hertz(640_000_000),
        bandwidth_hz: Hertz(200_000),
        power: Power {
            dbw: -20.0,
            kind: PowerKind::Eirp,
        },
        designator: "180KF3E".to_owned(),
    }
}

pub(crate) async fn an_event_its_plan_and_its_gate_are_kept(url: String) {
    let first = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let events = events(&first).await;
    let made = events.create(content("论坛"), CIVIL).await.expect("written");
    let id = made.event.get().id.clone();
    let query = MajorEventQuery::default();
    assert!(events.list(&query, MILITARY).await.expect("reads").items.is_empty());
    events
        .take(&id, 1, EventStep::Announce, String::new(), CIVIL)
        .await
        .expect("announced");

    // Of two who take a step on the same version one wins.
    let [a, b] = [CIVIL, MILITARY].map(|asking| events.take(&id, 2, EventStep::Note, "意见".to_owned(), asking));
    let (a, b) = tokio::join!(a, b);
    let stale = |refused: &Refused| matches!(refused, Refused::Error(Error::Stale));
    let lost = [&a, &b].into_iter().filter(|it| it.as_ref().is_err_and(stale)).count();
    assert_eq!(lost, 1, "{a:?} {b:?}");

    // Every third row is classified: pages of those who may not know them are as full as any.
    for n in 0..30 {
        let class = (n % 3 == 0).then_some("秘密");
        events.add_row(&id, row(n, class), MILITARY).await.expect("added");
    }
    let (mut cursor, mut seen, mut pages) = (None, Vec::new(), Vec::new());
    loop {
        let page = events.rows(&id, (Some(7), cursor), CIVIL).await.expect("reads");
        pages.push(page.items.len());
        seen.extend(page.items.into_iter().map(|row| row.row.into_inner().content.channel));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, [7, 7, 6]);
    assert!(
        seen.iter()
            .all(|name| name[1..].parse::<usize>().expect("a number") % 3 != 0),
        "{seen:?}"
    );
    let all = events.rows(&id, (Some(100), None), MILITARY).await.expect("reads");
    assert_eq!(all.items.len(), 30);

    // A serial number counts once, also for two at the same moment.
    let [a, b] = [CIVIL, MILITARY].map(|asking| events.register_device(&id, device("SN-1"), asking));
    let (a, b) = tokio::join!(a, b);
    assert_eq!(
        [a.is_ok(), b.is_ok()].into_iter().filter(|made| *made).count(),
        1,
        "{a:?} {b:?}"
    );
    assert!(matches!(a.err().or(b.err()), Some(Refused::Faults(_))));
    first.stop().await;

    // All of it is there after a restart.
    let second = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let events = self::events(&second).await;
    let again = events.get(&id, MILITARY).await.expect("is there");
    assert_eq!(again.event.get().version, 3);
    let devices = events
        .devices(&id, &pinpu::service::events::DeviceQuery::default(), CIVIL)
        .await
        .expect("reads");
    assert_eq!(devices.items.len(), 1);
    assert_eq!(devices.items[0].device.get().number, 1);
    let late = Asking { now: at(0.0), ..CIVIL };
    events
        .take(&id, 3, EventStep::Cancel, "改期".to_owned(), late)
        .await
        .expect("cancelled");
    let open = MajorEventQuery {
        open: Some(true),
        ..MajorEventQuery::default()
    };
    assert!(events.list(&open, CIVIL).await.expect("reads").items.is_empty());
    second.stop().await;
}
