//! What the receiver of the tests hears.

use std::collections::BTreeMap;

use pinpu::{
    capture::{LossCounters, ReceiverState, ReceiverStatus},
    detect::{BandwidthMethod, Emission, Frame},
    registry::Place,
    units::{Band, Hertz},
};

/// The band the receiver of the tests watches.
pub fn band() -> Band {
    Band::new(Hertz(97_000_000), Hertz(99_000_000)).expect("band")
}

/// Where the receiver of the tests stands.
pub fn sites() -> BTreeMap<String, Place> {
    let roof = Place {
        latitude: 30.55,
        longitude: 114.34,
        radius_km: 0.0,
    };
    BTreeMap::from([(crate::app::RECEIVER.to_owned(), roof)])
}

/// A broadcaster nobody knows, at 97.45 MHz.
pub fn pirate(id: u64) -> Emission {
    Emission {
        id,
        start_s: 1.0,
        stop_s: 2.0,
        center_hz: Hertz(97_450_000),
        low_hz: Hertz(97_360_000),
        high_hz: Hertz(97_540_000),
        bandwidth_hz: Hertz(180_000),
        bandwidth_method: BandwidthMethod::Obw99,
        bandwidth_x26_hz: Some(Hertz(190_000)),
        power_dbfs: -30.0,
        snr_db: 45.0,
        peak_dbfs: -28.0,
        duty_cycle: 1.0,
        bursts: vec![[1.0, 2.0]],
        bursts_total: 1,
        center_uncertainty_hz: 10.0,
        classes: Vec::new(),
        open: true,
    }
}

/// A spectrum of 1024 bins with a peak at 97.45 MHz.
pub fn frame(start_s: f64) -> Frame {
    let bins = 1024;
    let level = |bin: usize, peak: f32| if bin == 230 { peak } else { -100.0 };
    Frame {
        start_s,
        duration_s: 0.04,
        low_hz: band().low(),
        high_hz: band().high(),
        enbw_bins: 1.5,
        mean_dbfs: (0..bins).map(|bin| level(bin, -30.0)).collect(),
        max_dbfs: (0..bins).map(|bin| level(bin, -25.0)).collect(),
        min_dbfs: vec![-110.0; bins],
        floor_dbfs: vec![-101.0; bins],
    }
}

pub fn status() -> ReceiverStatus {
    ReceiverStatus {
        state: ReceiverState::Streaming,
        since: jiff::Timestamp::now(),
        label: "Virtual 0001".to_owned(),
        driver: "pinpu-virtual".to_owned(),
        serial: Some("0001".to_owned()),
        profile: "virtual".to_owned(),
        plan: vec![band()],
        sample_rate_hz: 2.4e6,
        ppm_uncertainty: 0.5,
        counters: LossCounters::default(),
        clipped_fraction: 0.0,
        last_error: None,
    }
}
