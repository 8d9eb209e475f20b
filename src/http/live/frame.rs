//! Spectra as bytes, reduced to the pixels somebody can see.
//!
//! Layout, little endian: `"PSF1"`, u16 header length (72), u8 kind (1 live spectrum, 2 waterfall), u8 flags (bit 0: the
//! floor was observed), u64 sequence, f64 start (seconds of UTC), f32 duration, u32 receiver index, i64 low and i64 high
//! edge in hertz, u32 bins, u32 rows, f32 level offset in dBFS, f32 level step in dB, f32 median floor in dBFS, f32
//! equivalent noise bandwidth in bins. Then kind 1: u8 mean, max and floor per bin; kind 2: per row f64 start, u8 max per
//! bin. Level = offset + step × value; value 0 is *not observed*. Readers take offset and step from the header: the
//! offset is −140 dBFS and moves up where a level would not fit.

use std::ops::Range;

use crate::units::Hertz;

const MAGIC: &[u8; 4] = b"PSF1";
/// Bytes before the levels.
pub const HEADER_BYTES: usize = 72;
const STEP_DB: f32 = 0.5;
const OFFSET_DBFS: f32 = -140.0;

/// What is in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// One spectrum: mean, max, floor.
    Live = 1,
    /// Rows of maxima with their times.
    Waterfall = 2,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// Kind.
    pub kind: FrameKind,
    /// Whether a noise floor was visible.
    pub floor_observed: bool,
    /// Number of the frame.
    pub sequence: u64,
    /// Start, seconds of UTC.
    pub start_unix_s: f64,
    /// Averaged time of a row.
    pub duration_s: f32,
    /// Index of the receiver on this channel.
    pub receiver_index: u32,
    /// Lower edge of the first bin.
    pub low_hz: Hertz,
    /// Upper edge of the last bin.
    pub high_hz: Hertz,
    /// Bins.
    pub bins: u32,
    /// Rows.
    pub rows: u32,
    /// Median floor; NaN where none is known.
    pub floor_dbfs: f32,
    /// Equivalent noise bandwidth of the window, in bins of the measurement.
    pub enbw_bins: f32,
}

impl Header {
    fn write(&self, offset: f32, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&(HEADER_BYTES as u16).to_le_bytes());
        out.push(self.kind as u8);
        out.push(u8::from(self.floor_observed));
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.start_unix_s.to_le_bytes());
        out.extend_from_slice(&self.duration_s.to_le_bytes());
        out.extend_from_slice(&self.receiver_index.to_le_bytes());
        out.extend_from_slice(&self.low_hz.0.to_le_bytes());
        out.extend_from_slice(&self.high_hz.0.to_le_bytes());
        out.extend_from_slice(&self.bins.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        for value in [offset, STEP_DB, self.floor_dbfs, self.enbw_bins] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// A live spectrum as bytes; the three slices have `header.bins` levels each.
#[must_use]
pub fn encode_live(header: &Header, mean: &[f32], max: &[f32], floor: &[f32]) -> Vec<u8> {
    let offset = offset_for(max.iter().chain(mean));
    let mut out = Vec::with_capacity(HEADER_BYTES + 3 * max.len());
    header.write(offset, &mut out);
    for levels in [mean, max, floor] {
        out.extend(levels.iter().map(|&level| quantise(level, offset)));
    }
    out
}

/// Rows of a waterfall as bytes: start of each row in seconds of UTC, and `header.bins` levels.
#[must_use]
pub fn encode_waterfall(header: &Header, rows: &[(f64, Vec<f32>)]) -> Vec<u8> {
    let offset = offset_for(rows.iter().flat_map(|(_, levels)| levels));
    let mut out = Vec::with_capacity(HEADER_BYTES + rows.len() * (8 + header.bins as usize));
    header.write(offset, &mut out);
    for (start, levels) in rows {
        out.extend_from_slice(&start.to_le_bytes());
        out.extend(levels.iter().map(|&level| quantise(level, offset)));
    }
    out
}

/// The usual offset, or the lowest one at which the strongest level still fits.
fn offset_for<'a>(levels: impl Iterator<Item = &'a f32>) -> f32 {
    let strongest = levels
        .copied()
        .filter(|level| level.is_finite())
        .fold(f32::NEG_INFINITY, f32::max);
    OFFSET_DBFS.max((strongest - 255.0 * STEP_DB).ceil())
}

/// 0 for what was not observed; the weakest levels share 1.
fn quantise(level: f32, offset: f32) -> u8 {
    if level.is_nan() {
        return 0;
    }
    ((level - offset) / STEP_DB).round().clamp(1.0, 255.0) as u8
}

/// Bins of a spectrum from `low` to `high` with `bins` bins that share frequencies with the asked band; empty when none
/// does.
#[must_use]
pub fn bins_within(low: Hertz, high: Hertz, bins: usize, asked: (Option<i64>, Option<i64>)) -> Range<usize> {
    let width = (high - low).as_f64() / bins.max(1) as f64;
    if width <= 0.0 {
        return 0..0;
    }
    let from = asked
        .0
        .map_or(0.0, |edge| (edge.saturating_sub(low.0) as f64 / width).floor());
    let to = asked
        .1
        .map_or(bins as f64, |edge| (edge.saturating_sub(low.0) as f64 / width).ceil());
    let clamp = |bin: f64| bin.clamp(0.0, bins as f64) as usize;
    let (from, to) = (clamp(from), clamp(to));
    from..to.max(from)
}

/// How the bins of one pixel become one level. NaN, what was not observed, takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The strongest.
    Max,
    /// The weakest.
    Min,
    /// The mean of the powers, not of the decibels.
    Mean,
}

/// Reduces levels to at most `pixels` values; fewer levels stay as they are.
#[must_use]
pub fn reduce(levels: &[f32], pixels: usize, reduction: Reduction) -> Vec<f32> {
    let pixels = pixels.min(levels.len());
    if pixels == levels.len() {
        return levels.to_vec();
    }
    (0..pixels)
        .map(|pixel| {
            let bins = &levels[pixel * levels.len() / pixels..(pixel + 1) * levels.len() / pixels];
            let known = bins.iter().copied().filter(|level| !level.is_nan());
            match reduction {
                Reduction::Max => known.fold(f32::NAN, f32::max),
                Reduction::Min => known.fold(f32::NAN, f32::min),
                Reduction::Mean => {
                    let (sum, count) = known.fold((0.0_f32, 0_u32), |(sum, count), level| {
                        (sum + (level * (std::f32::consts::LOG2_10 / 10.0)).exp2(), count + 1)
                    });
                    if count == 0 {
                        f32::NAN
                    } else {
                        10.0 * (sum / count as f32).log10()
                    }
                }
            }
        })
        .collect()
}

/// Edges of a run of bins, to the nearest hertz.
#[must_use]
pub fn edges(low: Hertz, high: Hertz, bins: usize, range: &Range<usize>) -> (Hertz, Hertz) {
    let width = (high - low).as_f64() / bins.max(1) as f64;
    let edge = |bin: usize| low + Hertz::from_f64(width * bin as f64);
    (edge(range.start), edge(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(bins: u32) -> Header {
        Header {
            kind: FrameKind::Live,
            floor_observed: true,
            sequence: 7,
            start_unix_s: 1.5,
            duration_s: 0.04,
            receiver_index: 3,
            low_hz: Hertz(-5),
            high_hz: Hertz(95),
            bins,
            rows: 1,
            floor_dbfs: -100.0,
            enbw_bins: 1.5,
        }
    }

    #[test]
    fn the_bytes_are_where_the_contract_says() {
        let bytes = encode_live(&header(2), &[-100.0, f32::NAN], &[-90.25, -200.0], &[-110.0, -110.0]);
        assert_eq!(bytes.len(), 72 + 6);
        assert_eq!(&bytes[..8], b"PSF1\x48\x00\x01\x01");
        assert_eq!(u64::from_le_bytes(bytes[8..16].try_into().expect("8")), 7);
        assert_eq!(f64::from_le_bytes(bytes[16..24].try_into().expect("8")), 1.5);
        assert_eq!(f32::from_le_bytes(bytes[24..28].try_into().expect("4")), 0.04);
        assert_eq!(u32::from_le_bytes(bytes[28..32].try_into().expect("4")), 3);
        assert_eq!(i64::from_le_bytes(bytes[32..40].try_into().expect("8")), -5);
        assert_eq!(i64::from_le_bytes(bytes[40..48].try_into().expect("8")), 95);
        assert_eq!(u32::from_le_bytes(bytes[48..52].try_into().expect("4")), 2);
        assert_eq!(u32::from_le_bytes(bytes[52..56].try_into().expect("4")), 1);
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().expect("4"));
        assert_eq!([float(56), float(60), float(64), float(68)], [-140.0, 0.5, -100.0, 1.5]);
        assert_eq!(
            &bytes[72..],
            &[80, 0, 100, 1, 60, 60],
            "mean, max, floor; NaN is 0; too weak is 1, not 0"
        );
    }

    #[test]
    fn a_full_scale_signal_fits() {
        let bytes = encode_live(&header(1), &[-3.0], &[0.0], &[-100.0]);
        let offset = f32::from_le_bytes(bytes[56..60].try_into().expect("4"));
        assert!(
            (offset + 0.5 * f32::from(bytes[73])).abs() <= 0.25,
            "{offset} {}",
            bytes[73]
        );
        assert!((offset + 0.5 * f32::from(bytes[72]) + 3.0).abs() <= 0.25);
    }

    #[test]
    fn pixels_keep_peaks_powers_and_holes() {
        let levels = [-100.0, -40.0, f32::NAN, f32::NAN, -90.0, f32::NAN];
        let max = reduce(&levels, 3, Reduction::Max);
        assert_eq!((max[0], max[2]), (-40.0, -90.0));
        assert!(max[1].is_nan(), "not observed stays not observed");
        let mean = reduce(&levels, 3, Reduction::Mean);
        assert!(
            (mean[0] + 43.01).abs() < 0.01,
            "half the power of the strong bin: {}",
            mean[0]
        );
        assert_eq!(reduce(&levels, 3, Reduction::Min)[0], -100.0);
        assert_eq!(
            reduce(&levels[..2], 10, Reduction::Max),
            [-100.0, -40.0],
            "never more than there is"
        );
        let strong = reduce(
            &(0..1000)
                .map(|n| if n == 617 { -10.0 } else { -100.0 })
                .collect::<Vec<_>>(),
            7,
            Reduction::Max,
        );
        assert_eq!(strong.iter().filter(|level| **level == -10.0).count(), 1);
    }

    #[test]
    fn zooming_takes_every_bin_that_is_touched() {
        let (low, high) = (Hertz(1000), Hertz(2000));
        assert_eq!(bins_within(low, high, 10, (None, None)), 0..10);
        assert_eq!(bins_within(low, high, 10, (Some(1150), Some(1250))), 1..3);
        assert_eq!(bins_within(low, high, 10, (Some(2500), Some(2600))), 10..10);
        assert_eq!(bins_within(low, high, 10, (Some(i64::MIN), Some(i64::MAX))), 0..10);
        assert_eq!(bins_within(low, high, 10, (Some(1500), Some(1200))), 5..5);
        assert_eq!(edges(low, high, 10, &(1..3)), (Hertz(1100), Hertz(1300)));
        assert_eq!(bins_within(low, low, 10, (None, None)), 0..0);
    }
}
