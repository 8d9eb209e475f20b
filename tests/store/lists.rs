//! Long lists, and what is removed from them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use pinpu::{
    conflict::VerdictKind,
    detect::{DetectEvent, Gap, GapReason},
    store::{EmissionOrder, EmissionQuery, Retention, Store},
    units::{Band, Hertz},
};

use crate::support::{Service, always, at, emission, open};

async fn pages(store: &Store, query: &EmissionQuery) -> Vec<String> {
    let mut query = query.clone();
    let mut ids = Vec::new();
    loop {
        let page = store.emissions(&query).await.expect("reads");
        assert!(page.items.len() <= query.limit.unwrap_or(100) as usize);
        ids.extend(page.items.into_iter().map(|item| item.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return ids;
        }
    }
}

pub(crate) async fn pages_are_stable_under_inserts(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    // Equal starts, so that ties are broken by id.
    for n in 1..=25 {
        service.send(DetectEvent::Opened(emission(
            n,
            (n / 5) as f64,
            30.0,
            97_000_000 + n as i64 * 10_000,
            5000,
        )));
    }
    service.published(25).await;
    let all = EmissionQuery {
        limit: Some(7),
        ..EmissionQuery::default()
    };
    for order in [
        EmissionOrder::Start,
        EmissionOrder::StartDescending,
        EmissionOrder::Center,
        EmissionOrder::CenterDescending,
        EmissionOrder::LastSeen,
        EmissionOrder::LastSeenDescending,
        EmissionOrder::SnrDescending,
    ] {
        let ids = pages(&service.store, &EmissionQuery { order, ..all.clone() }).await;
        assert_eq!(ids.len(), 25, "{order:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 25, "{order:?}: none twice");
    }
    // New rows before and after the place where a reader is neither repeat nor hide old ones.
    let mut query = EmissionQuery {
        order: EmissionOrder::StartDescending,
        ..all
    };
    let mut before: BTreeSet<_> = pages(&service.store, &query).await.into_iter().collect();
    let mut next = 26;
    let mut seen = Vec::new();
    loop {
        let page = service.store.emissions(&query).await.expect("reads");
        seen.extend(page.items.into_iter().map(|item| item.id));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
        service.send(DetectEvent::Opened(emission(next, 99.0, 99.5, 97_000_000, 5000)));
        service.send(DetectEvent::Opened(emission(next + 1, 2.0, 99.5, 97_000_000, 5000)));
        next += 2;
        service.published(next - 1).await;
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "none twice");
    for id in &seen {
        before.remove(id);
    }
    assert!(
        before.is_empty(),
        "rows that were there from the start were skipped: {before:?}"
    );
    let foreign = EmissionQuery {
        order: EmissionOrder::Center,
        ..query.clone()
    };
    let page = service
        .store
        .emissions(&EmissionQuery { cursor: None, ..query })
        .await
        .expect("reads");
    let wrong = service
        .store
        .emissions(&EmissionQuery {
            cursor: page.next_cursor,
            ..foreign
        })
        .await;
    assert!(
        matches!(wrong, Err(pinpu::Error::Invalid(_))),
        "a cursor of another order is refused"
    );
    service.stop().await;
}

pub(crate) async fn lists_filter(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    service.send(DetectEvent::Opened(emission(1, 0.0, 1.0, 97_000_000, 100_000)));
    service.send(DetectEvent::Opened(emission(2, 10.0, 11.0, 98_000_000, 100_000)));
    let mut ended = emission(2, 10.0, 20.0, 98_000_000, 100_000);
    ended.bursts = vec![[10.0, 12.0], [15.0, 20.0]];
    ended.snr_db = 12.0;
    service.send(DetectEvent::Closed(ended));
    service.published(3).await;
    let count = async |query: EmissionQuery| service.store.emissions(&query).await.expect("reads").items.len();
    let all = EmissionQuery::default;
    assert_eq!(count(all()).await, 2, "an emission is one row from birth to end");
    assert_eq!(
        count(EmissionQuery {
            open: Some(true),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(
        count(EmissionQuery {
            open: Some(false),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(
        count(EmissionQuery {
            receiver: Some("cellar".to_owned()),
            ..all()
        })
        .await,
        0
    );
    assert_eq!(
        count(EmissionQuery {
            min_snr_db: Some(20.0),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(
        count(EmissionQuery {
            verdict: Some(VerdictKind::Licensed),
            ..all()
        })
        .await,
        2
    );
    assert_eq!(
        count(EmissionQuery {
            verdict: Some(VerdictKind::Unlicensed),
            ..all()
        })
        .await,
        0
    );
    assert_eq!(
        count(EmissionQuery {
            from: Some(at(15.0)),
            to: Some(at(16.0)),
            ..all()
        })
        .await,
        1
    );
    assert_eq!(
        count(EmissionQuery {
            to: Some(at(10.0)),
            ..all()
        })
        .await,
        1,
        "`to` is not included"
    );
    let band = |low, high| Band::new(Hertz(low), Hertz(high));
    assert_eq!(
        count(EmissionQuery {
            band: band(97_050_000, 97_950_000),
            ..all()
        })
        .await,
        0,
        "touching is not sharing"
    );
    assert_eq!(
        count(EmissionQuery {
            band: band(97_049_999, 97_950_001),
            ..all()
        })
        .await,
        2
    );
    let closed = service
        .store
        .emissions(&EmissionQuery {
            open: Some(false),
            ..all()
        })
        .await
        .expect("reads");
    let bursts = service.store.bursts(&closed.items[0].id).await.expect("reads");
    assert_eq!(bursts, [[at(10.0), at(12.0)], [at(15.0), at(20.0)]]);
    service.stop().await;
}

pub(crate) async fn what_is_past_its_time_is_forgotten(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let licensed = Service::start(&url, always(VerdictKind::Licensed)).await;
    // One ended emission in a conflict, one ended without, one still on.
    service.send(DetectEvent::Closed(emission(1, 0.0, 1.0, 97_000_000, 5000)));
    service.send(DetectEvent::Gap(Gap {
        start_s: 1.0,
        stop_s: 2.0,
        reason: GapReason::Overflow,
    }));
    service.send(DetectEvent::Gap(Gap {
        start_s: 2.0,
        stop_s: 3.0,
        reason: GapReason::Retune,
    }));
    service.published(3).await;
    licensed.send(DetectEvent::Closed(emission(2, 0.0, 1.0, 98_000_000, 5000)));
    licensed.send(DetectEvent::Opened(emission(3, 0.0, 1.0, 98_500_000, 5000)));
    service.published(5).await;
    let store = &service.store;
    assert_eq!(
        store.gaps("roof", None, at(0.0), at(9.0)).await.expect("reads").len(),
        1,
        "overflow only"
    );
    let retention = Retention {
        emissions: SignedDuration::from_secs(60),
        artefacts: SignedDuration::from_secs(60),
        ..Retention::default()
    };
    let pruned = store.prune(&retention, at(61.0)).await.expect("prunes");
    assert_eq!(
        (pruned.emissions, pruned.artefacts),
        (0, 0),
        "nothing is older than a minute yet"
    );
    let pruned = store.prune(&retention, at(63.0)).await.expect("prunes");
    assert_eq!(
        (pruned.emissions, pruned.artefacts),
        (1, 1),
        "the ended one without a conflict, and the gap"
    );
    assert_eq!(
        store
            .emissions(&EmissionQuery::default())
            .await
            .expect("reads")
            .items
            .len(),
        2
    );
    licensed.stop().await;
    service.stop().await;
    open(&url).await.close().await;
}
