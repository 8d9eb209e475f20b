//! Stored minutes and bursts as occupancy, and lists of which a reader may not know everything.

use jiff::{SignedDuration, tz::TimeZone};
use pinpu::{
    conflict::VerdictKind,
    detect::{DetectEvent, Emission, Frame, Withdrawn},
    service::occupancy::{Bound, Occupancies, OccupancyQuery, Split, raster},
    store::{ConflictQuery, ConflictRecord, OnTimeQuery},
    units::{Band, Hertz},
};

use crate::support::{Service, always, at, emission};

const LOW: i64 = 97_000_000;
const STEP: i64 = 100_000;

/// A minute of ten bins of 100 kHz, watched for `duration_s`; the bin `blind` was not.
fn minute(minute: u32, duration_s: f64, blind: Option<usize>) -> DetectEvent {
    let mut mean = vec![-100.0; 10];
    if let Some(bin) = blind {
        mean[bin] = f32::NAN;
    }
    DetectEvent::Frame(Frame {
        start_s: f64::from(minute) * 60.0,
        duration_s,
        low_hz: Hertz(LOW),
        high_hz: Hertz(LOW + 10 * STEP),
        enbw_bins: 1.9,
        mean_dbfs: mean.clone(),
        max_dbfs: mean.clone(),
        min_dbfs: mean.clone(),
        floor_dbfs: mean,
    })
}

fn with(emission: Emission, bursts: &[[f64; 2]]) -> Emission {
    Emission {
        bursts: bursts.to_vec(),
        bursts_total: bursts.len() as u64,
        ..emission
    }
}

pub(crate) async fn stored_minutes_and_bursts_are_occupancy(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    // Watched for a minute, for 12 s of one, for a minute with a hole in the third channel; then away.
    for event in [minute(0, 60.0, None), minute(1, 12.0, None), minute(2, 60.0, Some(2))] {
        service.send(event);
    }
    // In the second channel: half of the first minute, all of the second and on into the time nobody watched.
    let on = with(
        emission(1, 0.0, 500.0, LOW + 150_000, 90_000),
        &[[0.0, 30.0], [60.0, 120.0], [180.0, 500.0]],
    );
    service.send(DetectEvent::Opened(emission(1, 0.0, 1.0, LOW + 150_000, 90_000)));
    service.send(DetectEvent::Closed(on));
    // In the fifth: part of something else after all.
    let none = with(emission(2, 5.0, 55.0, LOW + 450_000, 90_000), &[[5.0, 55.0]]);
    service.send(DetectEvent::Opened(none.clone()));
    service.send(DetectEvent::Withdrawn(Withdrawn {
        emission: none,
        into: Some(1),
        cause: "the same signal as emission 1".to_owned(),
    }));
    // Over the edge between the sixth and the seventh, in so many bursts that they are not listed: a quarter of
    // the first minute by its duty.
    service.send(DetectEvent::Closed(Emission {
        bursts: Vec::new(),
        bursts_total: 60_000,
        duty_cycle: 0.25,
        ..emission(3, 0.0, 60.0, LOW + 600_000, 50_000)
    }));
    let store = service.store.clone();
    service.stop_monitor().await;

    let band = Band::new(Hertz(LOW - STEP), Hertz(LOW + 10 * STEP)).expect("ordered");
    let query = OccupancyQuery {
        receiver: "roof".to_owned(),
        channels: raster(band, Hertz(STEP)).expect("eleven channels"),
        // From within a full minute to within one.
        from: at(10.0),
        to: at(250.0),
        split: Split::Day,
        zone: TimeZone::UTC,
    };
    let report = Occupancies::new(store.clone()).report(&query).await.expect("counts");
    assert_eq!((report.from, report.to), (at(0.0), at(240.0)));
    let channel = |n: usize| &report.channels[n];
    assert_eq!(channel(0).occupancy, None, "below what was watched");
    assert_eq!((channel(0).observed_s, channel(0).asked_s), (0, 240));
    // 30 of 60 s and 12 of 12 s and none of 60 s.
    let busy = channel(2).occupancy.as_ref().expect("observed");
    assert_eq!((busy.observed, busy.asked, busy.share), (132, 240, 42.0 / 132.0));
    assert_eq!(busy.bound, Bound::Interval);
    let holed = channel(3);
    assert_eq!(holed.observed_s, 72, "the minute with the hole is not observed there");
    assert_eq!(
        channel(5).occupancy.as_ref().map(|known| known.bound),
        Some(Bound::AtMost),
        "it was none of its own"
    );
    for n in [6, 7, 8] {
        let share = channel(n).occupancy.as_ref().map(|known| known.share);
        let expected = if n == 8 { 0.0 } else { 15.0 / 132.0 };
        assert_eq!(share, Some(expected), "channel {n}");
    }
    // Nine channels observed for 132 s and one for 72 s.
    let resource = report.resource.expect("observed");
    assert_eq!(resource.observed, 9 * 132 + 72);
    assert!(
        (resource.share - (42.0 + 15.0 + 15.0) / 1260.0).abs() < 1e-12,
        "{resource:?}"
    );
    assert_eq!(report.parts.len(), 1);
    assert_eq!(report.parts[0].name, "2026-06-01");
    assert_eq!(channel(2).parts, [channel(2).occupancy.clone()]);

    let late = OccupancyQuery {
        from: at(3600.0),
        to: at(7200.0),
        split: Split::Whole,
        ..query.clone()
    };
    let nothing = Occupancies::new(store.clone()).report(&late).await.expect("counts");
    assert!(nothing.channels.iter().all(|channel| channel.occupancy.is_none()) && nothing.resource.is_none());
    for (wrong, says) in [
        (at(299.0), "full minute"),
        (at(241.0) + SignedDuration::from_hours(24 * 32), "at most 31"),
    ] {
        let query = OccupancyQuery {
            from: at(250.0),
            to: wrong,
            ..query.clone()
        };
        let error = Occupancies::new(store.clone()).report(&query).await.expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(
        store.watched_bands("roof", at(0.0), at(60.0)).await.expect("reads"),
        [Band::new(Hertz(LOW), Hertz(LOW + 10 * STEP)).expect("ordered")]
    );
    store.close().await;
}

pub(crate) async fn on_times_come_by_their_start_with_their_bursts(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    for id in 0..250_u32 {
        // Starts out of order, two at the same time.
        let start_s = f64::from((id * 7) % 125);
        let bursts = [[start_s, start_s + 0.5], [start_s + 1.0, start_s + 2.0]];
        let one = emission(u64::from(id), start_s, start_s + 2.0, LOW + i64::from(id) * 1000, 500);
        service.send(DetectEvent::Closed(with(one, &bursts)));
    }
    let store = service.store.clone();
    service.stop_monitor().await;
    let mut query = OnTimeQuery {
        receiver: "roof".to_owned(),
        band: Band::new(Hertz(LOW - 1000), Hertz(LOW + 300_000)).expect("ordered"),
        from: at(10.0),
        to: at(100.0),
        cursor: None,
    };
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let page = store.on_times(&query).await.expect("reads");
        pages += 1;
        found.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    // Starts from 8 to 99 s are on between 10 and 100 s; two of each.
    assert_eq!((found.len(), pages), (2 * 92, 2));
    assert!(found.is_sorted_by_key(|on| on.start));
    let first = &found[0];
    assert_eq!((first.start, first.stop, first.bursts_total), (at(8.0), at(10.0), 2));
    assert_eq!(first.bursts, [[at(8.0), at(8.5)], [at(9.0), at(10.0)]]);
    assert_eq!(
        first.verdict.as_ref().map(|verdict| verdict.kind),
        Some(VerdictKind::Licensed)
    );
    store.close().await;
}

pub(crate) async fn what_is_kept_from_a_reader_leaves_no_gap_in_a_list(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    for id in 0..7_u32 {
        let start_s = f64::from(id) * 10.0;
        let one = emission(
            u64::from(id),
            start_s,
            start_s + 5.0,
            LOW + i64::from(id) * 1_000_000,
            9000,
        );
        service.send(DetectEvent::Closed(one));
    }
    let store = service.store.clone();
    service.stop_monitor().await;
    let odd = |conflict: &ConflictRecord| (conflict.center_hz.0 - LOW) / 1_000_000 % 2 == 1;
    let mut query = ConflictQuery {
        limit: Some(2),
        ..ConflictQuery::default()
    };
    let first = store.conflicts_kept(&query, odd).await.expect("reads");
    query.cursor = first.next_cursor.clone();
    assert!(query.cursor.is_some());
    let second = store.conflicts_kept(&query, odd).await.expect("reads");
    assert_eq!(
        (first.items.len(), second.items.len(), second.next_cursor),
        (2, 1, None)
    );
    let centers: Vec<i64> = first
        .items
        .iter()
        .chain(&second.items)
        .map(|c| (c.center_hz.0 - LOW) / 1_000_000)
        .collect();
    assert_eq!(centers, [5, 3, 1]);
    let versions = &first.items[0];
    assert_eq!(
        (versions.rules_version.as_deref(), versions.registry_version.as_deref()),
        (Some("1"), Some("0"))
    );
    store.close().await;
}
