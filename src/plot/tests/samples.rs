//! An FM band that looks like one: stations, noise, allocations and findings, the same at every run.

use super::super::*;
use crate::units::{Band, Hertz};

pub(super) fn band(low: i64, high: i64) -> Band {
    Band::new(Hertz(low), Hertz(high)).unwrap()
}

/// Noise that is the same at every run: the sum of twelve uniform numbers.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn db(&mut self, sigma: f32) -> f32 {
        let sum: f32 = (0..12)
            .map(|_| {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (self.0 >> 40) as f32 / (1 << 24) as f32
            })
            .sum();
        (sum - 6.0) * sigma
    }
}

pub(super) fn scope(language: Language) -> Scope {
    let label = |low, high, service: &str, zh: &str, en: &str| BandLabel {
        band: band(low, high),
        text: if language == Language::Zh { zh } else { en }.to_owned(),
        colour: Colour::of_service(service),
    };
    Scope {
        band: band(96_800_000, 99_200_000),
        start: Some("2026-11-22T02:15:30.25Z".parse().unwrap()),
        seconds: 90.0,
        receiver: if language == Language::Zh {
            "虚拟接收机 00000001，示范站"
        } else {
            "Virtual receiver 00000001, demo site"
        }
        .into(),
        title: None,
        allocations: vec![
            label(
                87_000_000,
                98_000_000,
                "BROADCASTING",
                "调频广播（一类）",
                "FM broadcasting, class 1",
            ),
            label(98_000_000, 98_010_000, "AERONAUTICAL", "航空", "Aeronautical"),
            label(
                98_010_000,
                108_000_000,
                "BROADCASTING",
                "调频广播（二类）",
                "FM broadcasting, class 2",
            ),
            label(
                97_600_000,
                98_600_000,
                "LAND MOBILE",
                "陆地移动（次要业务）",
                "Land mobile (secondary)",
            ),
        ],
    }
}

/// Stations of the demo scene: centre and half width in bins of 2048 over 2.4 MHz, level.
pub(super) const STATIONS: [(usize, usize, f32); 5] = [
    (341, 70, -48.0),
    (554, 60, -62.0),
    (768, 70, -40.0),
    (1280, 70, -44.0),
    (1813, 60, -55.0),
];

pub(super) fn level(bin: usize, noise: &mut Noise, sigma: f32) -> f32 {
    let hump = |(centre, half, peak): (usize, usize, f32)| {
        let away = bin.abs_diff(centre) as f32 / half as f32;
        peak - 18.0 * away.powi(4)
    };
    let signal = STATIONS.map(hump).into_iter().fold(-96.0, f32::max);
    signal + noise.db(sigma)
}

pub(super) fn spectrum(language: Language) -> SpectrumPlot {
    let mut noise = Noise(7);
    let mut trace = |offset: f32, sigma: f32| {
        (0..2048)
            .map(|bin| level(bin, &mut noise, sigma) + offset)
            .collect::<Vec<f32>>()
    };
    let (mut mean, max, min) = (trace(0.0, 0.4), trace(7.0, 1.2), trace(-9.0, 2.0));
    mean[1536..1600].fill(f32::NAN);
    let marker = |low, high, zh: &str, en: &str, severity| Marker {
        band: band(low, high),
        label: if language == Language::Zh { zh } else { en }.to_owned(),
        colour: Colour::of_severity(severity),
    };
    use crate::conflict::Severity::{Alarm, Info, Warning};
    SpectrumPlot {
        scope: scope(language),
        unit: LevelUnit::Dbfs,
        resolution_hz: Some(1757.8),
        mean,
        max,
        min,
        floor: vec![-96.0; 2048],
        emissions: vec![
            marker(97_370_000, 97_530_000, "#3 无执照", "#3 unlicensed", Alarm),
            marker(98_820_000, 99_030_000, "#5 频率偏离", "#5 off frequency", Warning),
            marker(97_110_000, 97_290_000, "#1 有执照", "#1 licensed", Info),
            marker(97_610_000, 97_790_000, "#2 有执照", "#2 licensed", Info),
            marker(98_210_000, 98_390_000, "#4 有执照", "#4 licensed", Info),
        ],
    }
}

pub(super) fn waterfall(language: Language) -> WaterfallPlot {
    let mut noise = Noise(3);
    let row = |n: usize, noise: &mut Noise| {
        (0..2048)
            .map(|bin: usize| {
                let on = bin.abs_diff(554) > 120 || (n / 40).is_multiple_of(2);
                if on {
                    level(bin, noise, 3.0)
                } else {
                    -96.0 + noise.db(3.0)
                }
            })
            .collect()
    };
    let spectrum = spectrum(language);
    WaterfallPlot {
        scope: scope(language),
        unit: LevelUnit::Dbfs,
        resolution_hz: Some(1757.8),
        rows: (0..180)
            .map(|n| {
                if (100..112).contains(&n) {
                    None
                } else {
                    Some(row(n, &mut noise))
                }
            })
            .collect(),
        levels: None,
        emissions: spectrum.emissions[..2]
            .iter()
            .map(|marker| EmissionBox {
                marker: marker.clone(),
                start_s: 20.0,
                stop_s: 40.0,
            })
            .collect(),
    }
}

pub(super) fn occupancy(language: Language) -> OccupancyPlot {
    let bins = (0..24)
        .map(|n| {
            let low = 96_800_000 + n * 100_000;
            let fraction = [0.02, 0.97, 0.35, 0.6][(n as usize * 7) % 4];
            OccupancyBin {
                band: band(low, low + 100_000),
                fraction,
                interval: [(fraction - 0.06_f64).max(0.0), (fraction + 0.05).min(1.0)],
                observed_s: if n == 11 { 0.0 } else { 90.0 - 3.0 * n as f64 },
            }
        })
        .collect();
    let threshold = if language == Language::Zh {
        "噪声底以上 6 dB"
    } else {
        "6 dB above the floor"
    };
    OccupancyPlot {
        scope: scope(language),
        threshold: threshold.into(),
        band_share: Some([0.398, 0.412, 0.427]),
        bins,
    }
}
