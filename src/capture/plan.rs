//! Which centre frequencies cover the bands asked for, and which part of each span counts. Pure.
//!
//! ```text
//! band      |=================================================|
//! tiles     |-------- 0 --------|-------- 1 --------|--- 2 ---|      each tile belongs to exactly one hop
//! spans   (...[.......0.......]...)                                   usable part in [], roll-off in ()
//! ```
//! Tiles are of equal width and never wider than the usable part of the span, so no frequency is judged twice and none
//! is judged in the roll-off.

use crate::units::{Band, Hertz};

/// One stop of a capture plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// Frequency to tune to.
    pub center: Hertz,
    /// The part of the span this stop answers for.
    pub tile: Band,
    /// Index of the band of the plan it belongs to.
    pub band: usize,
}

/// Bands and the stops that cover them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Bands as asked for (or the usable span around one centre).
    pub bands: Vec<Band>,
    /// Stops in the order of visits.
    pub hops: Vec<Hop>,
}

impl Plan {
    /// Watches the usable part of the span around one centre, all the time.
    #[must_use]
    pub fn center(center: Hertz, usable_hz: f64) -> Self {
        let tile = Band::around(center, Hertz::from_f64(usable_hz));
        Self {
            bands: vec![tile],
            hops: vec![Hop { center, tile, band: 0 }],
        }
    }

    /// Covers `bands` with as few stops as the usable span allows.
    #[must_use]
    pub fn bands(bands: &[Band], usable_hz: f64) -> Self {
        let usable = (usable_hz.floor() as i64).max(1);
        let mut hops = Vec::new();
        for (index, band) in bands.iter().enumerate() {
            let width = band.width().0;
            let count = (width + usable - 1) / usable;
            let edge = |n: i64| Hertz(band.low().0 + width * n / count.max(1));
            hops.extend((0..count).filter_map(|n| {
                let tile = Band::new(edge(n), edge(n + 1))?;
                Some(Hop {
                    center: tile.center(),
                    tile,
                    band: index,
                })
            }));
        }
        Self {
            bands: bands.to_vec(),
            hops,
        }
    }

    /// Whether the receiver ever leaves a frequency.
    #[must_use]
    pub fn is_hopping(&self) -> bool {
        self.hops.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(low: i64, high: i64) -> Band {
        Band::new(Hertz(low), Hertz(high)).expect("ordered")
    }

    #[test]
    fn tiles_cover_each_band_once_and_stay_in_the_usable_span() {
        for (low, high, usable) in [
            (87_000_000, 108_000_000, 1_920_000.0),
            (0, 1, 5.0),
            (10, 10_000_019, 1_000_000.3),
            (5, 7, 1.0),
        ] {
            let plan = Plan::bands(&[band(low, high)], usable);
            assert_eq!(plan.hops[0].tile.low(), Hertz(low));
            assert_eq!(plan.hops.last().map(|hop| hop.tile.high()), Some(Hertz(high)));
            for pair in plan.hops.windows(2) {
                assert_eq!(
                    pair[0].tile.high(),
                    pair[1].tile.low(),
                    "tiles touch and do not overlap"
                );
            }
            for hop in &plan.hops {
                assert!(
                    (hop.tile.width().0 as f64) <= usable.max(1.0),
                    "{hop:?} is wider than {usable}"
                );
                let reach = (hop.tile.high().0 - hop.center.0).max(hop.center.0 - hop.tile.low().0);
                assert!(reach as f64 <= usable / 2.0 + 1.0, "{hop:?} reaches into the roll-off");
            }
            let least = ((high - low) as f64 / usable.floor()).ceil() as usize;
            assert_eq!(plan.hops.len(), least, "no more stops than needed");
        }
    }

    #[test]
    fn one_centre_never_hops() {
        let plan = Plan::center(Hertz(98_000_000), 1_920_000.0);
        assert!(!plan.is_hopping());
        assert_eq!(plan.bands[0], band(97_040_000, 98_960_000));
    }
}
