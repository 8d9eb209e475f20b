//! Spectra from frames to rows to pixels, and the difference between silence and absence.

use jiff::SignedDuration;
use pinpu::{
    conflict::VerdictKind,
    detect::{DetectEvent, Frame},
    registry::telling::Masks,
    service::spectra::{HistoryQuery, Spectra, WaterfallQuery},
    store::{Retention, SpectraQuery},
    units::{Band, Hertz},
};

use crate::support::{Service, always, at, open};

const LOW: i64 = 96_800_000;
const HIGH: i64 = 99_200_000;

/// A quiet spectrum of 2048 bins with one strong bin.
fn frame(start_s: f64, strong: usize, max_dbfs: f32) -> Frame {
    let mut max = vec![-95.0; 2048];
    max[strong] = max_dbfs;
    Frame {
        start_s,
        duration_s: 0.1,
        low_hz: Hertz(LOW),
        high_hz: Hertz(HIGH),
        enbw_bins: 1.9,
        mean_dbfs: vec![-100.0; 2048],
        max_dbfs: max,
        min_dbfs: vec![-105.0; 2048],
        floor_dbfs: vec![-100.5; 2048],
    }
}

pub(crate) async fn rows_become_spectra_and_waterfalls(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    let mut live = service.hub.frames();
    // Watched for 3 s, away for 4 s, watched for 3 s.
    for tenth in (0..30).chain(70..100) {
        let level = if tenth == 15 { -20.0 } else { -60.0 };
        service.send(DetectEvent::Frame(frame(f64::from(tenth) * 0.1, 1024, level)));
        // One at a time: live frames are lossy by design, and this counts them.
        let frame = live.recv().await.expect("a frame");
        assert_eq!(
            (frame.start, frame.floor_median_dbfs),
            (at(f64::from(tenth) * 0.1), -100.5)
        );
    }
    let (spectra, none) = (
        Spectra::new(service.store.clone(), service.hub.clone()),
        Masks::default(),
    );
    let latest = spectra.latest("roof", None, 1000, &none).expect("there is one");
    assert_eq!(
        (latest.start, latest.grid.pixels, latest.max_dbfs.len()),
        (at(9.9), 1000, 1000)
    );
    let part = Band::new(Hertz(98_000_000), Hertz(98_001_000)).expect("ordered");
    assert_eq!(
        spectra
            .latest("roof", Some(part), 1000, &none)
            .expect("there")
            .grid
            .pixels,
        1,
        "no finer than the bins"
    );
    assert!(
        spectra
            .latest("roof", Band::new(Hertz(1), Hertz(2)), 10, &none)
            .is_none()
    );
    assert!(spectra.latest("cellar", None, 10, &none).is_none());
    let receiver = service.hub.receiver("roof").expect("known");
    assert!((receiver.frames_per_s - 10.0).abs() < 5.0, "{}", receiver.frames_per_s);

    let (store, hub) = (service.store.clone(), service.hub.clone());
    service.monitor.stop().await;
    let seconds = SpectraQuery {
        receiver: "roof".to_owned(),
        interval_s: 1,
        band: None,
        from: at(0.0),
        to: at(100.0),
        limit: Some(4),
        cursor: None,
    };
    let page = store.spectra(&seconds).await.expect("reads");
    assert_eq!(page.items.len(), 4);
    let rest = store
        .spectra(&SpectraQuery {
            cursor: page.next_cursor,
            ..seconds.clone()
        })
        .await
        .expect("reads");
    assert_eq!(
        (rest.items.len(), rest.next_cursor),
        (2, None),
        "six seconds were watched"
    );
    let row = &page.items[1];
    assert_eq!((row.start, row.stop, row.mean_dbfs.len()), (at(1.0), at(2.0), 1024));
    assert!((row.observed_s - 1.0).abs() < 1e-9);
    assert_eq!(
        (row.max_dbfs[512], row.max_dbfs[511]),
        (-20.0, -95.0),
        "the strongest of a second is kept"
    );
    assert!((row.mean_dbfs[0] + 100.0).abs() < 0.05 && (row.min_dbfs[0] + 105.0).abs() < 0.05);
    let minute = store
        .spectra(&SpectraQuery {
            interval_s: 60,
            ..seconds.clone()
        })
        .await
        .expect("reads")
        .items;
    assert_eq!(minute.len(), 1);
    assert!(
        (minute[0].observed_s - 6.0).abs() < 1e-6,
        "only what was watched counts: {}",
        minute[0].observed_s
    );

    let spectra = Spectra::new(store.clone(), hub);
    let asked = |height, width| WaterfallQuery {
        receiver: "roof".to_owned(),
        band: Band::new(Hertz(LOW), Hertz(HIGH)),
        from: at(0.0),
        to: at(10.0),
        width,
        height,
    };
    let waterfall = spectra.waterfall(&asked(10, 256), &none).await.expect("draws");
    let watched: Vec<bool> = waterfall.rows.iter().map(Option::is_some).collect();
    assert_eq!(
        watched,
        [true, true, true, false, false, false, false, true, true, true],
        "absence is not silence"
    );
    let second = waterfall.rows[1].as_ref().expect("watched");
    assert_eq!((second.len(), second[128]), (256, -20.0));
    assert!((waterfall.floor_median_dbfs + 100.5).abs() < 0.06);
    assert_eq!(waterfall.row_start(3), at(3.0));
    let wide = WaterfallQuery {
        band: Band::new(Hertz(LOW - (HIGH - LOW)), Hertz(HIGH)),
        ..asked(10, 4)
    };
    let half = spectra.waterfall(&wide, &none).await.expect("draws").rows[0]
        .clone()
        .expect("watched");
    assert!(
        half[0].is_nan() && half[1].is_nan() && !half[2].is_nan(),
        "{half:?}: beside the band nothing was observed"
    );
    assert!(spectra.waterfall(&asked(0, 1), &none).await.is_err());
    let history = HistoryQuery {
        receiver: "roof".to_owned(),
        band: None,
        from: at(0.0),
        to: at(10.0),
        pixels: 64,
        limit: None,
        cursor: None,
    };
    let stored = spectra.history(&history, &none).await.expect("reads").items;
    assert_eq!(
        (stored.len(), stored[1].max_dbfs.len(), stored[1].max_dbfs[32]),
        (6, 64, -20.0)
    );

    let retention = Retention {
        spectra: SignedDuration::from_secs(5),
        ..Retention::default()
    };
    assert_eq!(store.prune(&retention, at(10.0)).await.expect("prunes").spectra, 3);
    assert_eq!(store.spectra(&seconds).await.expect("reads").items.len(), 3);
    store.close().await;
    open(&url).await.close().await;
}
