//! Which emissions are made by the receiver itself, each with its evidence.

use std::fmt;

use super::{
    channel::Channel,
    clipping::Clipping,
    config::{BINS, Rules},
    emission::ArtefactKind,
};
use crate::dsp::measure::decibel;

/// Widest spike at the centre, bins: the window's main lobe and a little flicker.
pub(super) const DC_BINS: f64 = 7.0;
/// Distance of its middle from the centre, bins.
pub(super) const DC_OFFSET_BINS: f64 = 2.0;
/// Bursts and ratio that make a line at the centre a keyed signal and not the receiver's.
pub(super) const KEYED_BURSTS: u64 = 3;
/// Share of a carrier's time up to which something beside it is one of its swings, and how far these reach beyond its
/// band of 99 % of the power, as a share of that band. Carson's rule allows about half the band on each side for the
/// peaks of a programme whose average deviation is half its peak deviation.
const SWING_TIME: f64 = 0.03;
const SWING_REACH: f64 = 0.5;
/// An I/Q image is at least this much weaker than its parent, dB.
pub(super) const IMAGE_DB: f64 = 15.0;

/// Share of its parent's time, from start to stop of the product, in which a mixing product must be on.
const BYPRODUCT_COVERED: f64 = 0.5;
/// Share of an emission's time that must be clipped, and share of the clipping in which it must be on, for clipping to
/// be its cause: energy that comes and goes with the clipping.
pub(super) const OVERLOAD_TIME: f64 = 0.9;
pub(super) const OVERLOAD_COVERED: f64 = 0.5;
/// Share of its time in which the parent must be on: other signals may make the converter clip for the rest.
pub(super) const OVERLOAD_PARENT: f64 = 0.5;
/// Share of time that clips above which coming and going with the clipping proves nothing.
pub(super) const OVERLOAD_ALWAYS: f64 = 0.9;
/// A product of clipping is at least this much weaker than what clips: the third harmonic of a square wave, dB.
pub(super) const OVERLOAD_DB: f64 = 9.0;
/// Odd multiples of the parent's offset at which a tone clipped in I and Q has products: I and Q are real, so every
/// second one is mirrored.
const OVERLOAD_PRODUCTS: [f64; 4] = [-3.0, 5.0, -7.0, 9.0];
/// Tolerance of their positions, bins, for one bin of the parent's.
const OVERLOAD_BINS: f64 = 0.5;

/// Rows that the click of a keyed carrier lasts at most.
const CLICK_ROWS: f64 = 2.5;
/// Share of the band of a wide signal from which a part of it is no line.
const WIDE_PART: f64 = 0.05;

/// Whether the whole is strong enough to hold the part: a moment of it may stand out more than the whole does on
/// average.
fn contains(whole: &Channel, part: &Channel) -> bool {
    // What is scheduled in a wide signal differs in density; a line in it that is no part of it is narrow.
    let share = if part.high - part.low > WIDE_PART * (whole.high - whole.low) && part.high - part.low > 16.0 {
        0.15
    } else {
        0.5
    };
    let lasting = whole.density() > share * part.density() && whole.power() > 1.5 * part.power();
    let brief = part.covered_s() < 0.1 * whole.covered_s();
    lasting || brief && whole.density() > 0.03 * part.density() && whole.power() > 1.5 * part.power()
}

/// What an emission turns out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// A signal of its own.
    Own,
    /// A piece of another emission.
    Part {
        /// Which.
        whole: u64,
        /// Why.
        cause: Cause,
    },
    /// Made by the receiver.
    Artefact(ArtefactKind, Cause),
}

/// Why an emission is none of its own; words are made of it only where they are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cause {
    /// A part of the emission of that number.
    Part(u64),
    /// Splatter of it.
    Splatter(u64),
    /// A line at the centre.
    Centre,
    /// The mirror of an emission so many decibels stronger.
    Mirror(u64, f64),
    /// A product of one so many decibels stronger.
    Product(u64, f64),
    /// What clipping makes of one so many decibels stronger; the share of samples that clip.
    Clipping(u64, f64, f64),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(whole) => write!(f, "a part of emission {whole}, within its band and its time"),
            Self::Splatter(source) => write!(f, "splatter of emission {source}, beside it and only with it"),
            Self::Centre => {
                f.write_str("a narrow unkeyed line at the centre of the span: converter offset or oscillator leakage")
            }
            Self::Mirror(parent, below) => write!(
                f,
                "mirror of emission {parent} about the centre, {below:.0} dB below it, on only with it"
            ),
            Self::Product(parent, below) => {
                write!(f, "on only together with emission {parent}, {below:.0} dB below it")
            }
            Self::Clipping(parent, below, share) => write!(
                f,
                "on only while the converter clips ({:.2} % of the samples then), {below:.0} dB below emission {parent}",
                100.0 * share
            ),
        }
    }
}

/// What an emission is judged by.
pub(super) struct Evidence<'a> {
    /// Everything heard at the time, with what is judged.
    pub(super) others: &'a [Channel],
    /// When the converter clipped.
    pub(super) clipping: &'a Clipping,
    /// Duration of a row.
    pub(super) row_s: f64,
    /// The constants.
    pub(super) rules: &'a Rules,
}

impl Evidence<'_> {
    /// What `channel` is.
    pub(super) fn verdict(&self, channel: &Channel) -> Verdict {
        let (row_s, rules) = (self.row_s, self.rules);
        if let Some(whole) = part(channel, self.others, row_s) {
            return Verdict::Part {
                whole: whole.id,
                cause: Cause::Part(whole.id),
            };
        }
        let stronger = || {
            let others = self.others.iter();
            others.filter(|o| o.id != channel.id && o.power() > channel.power() && dc(o).is_none())
        };
        // Clipping splatters like a sender does, but the samples prove it.
        if let Some((kind, cause)) = overload(channel, stronger(), self.clipping, row_s) {
            return Verdict::Artefact(kind, cause);
        }
        if let Some(source) = splatter(channel, self.others, row_s, rules) {
            return Verdict::Part {
                whole: source.id,
                cause: Cause::Splatter(source.id),
            };
        }
        let cause = dc(channel).or_else(|| {
            stronger()
                .find_map(|parent| image(channel, parent, row_s).or_else(|| byproduct(channel, parent, row_s, rules)))
        });
        cause.map_or(Verdict::Own, |(kind, cause)| Verdict::Artefact(kind, cause))
    }
}

/// Whether `channel` is no signal of its own but the splatter of a much stronger one beside it: keying clicks, phase
/// noise, converter clipping.
fn splatter<'a>(channel: &Channel, others: &'a [Channel], row_s: f64, rules: &Rules) -> Option<&'a Channel> {
    others.iter().find(|o| {
        let below = decibel(o.density() / channel.density().max(1e-30));
        let brief = channel.covered_s() < 0.3 * o.covered_s();
        let limit = if brief {
            rules.splatter_db
        } else {
            rules.splatter_lasting_db
        };
        // From one bandwidth at the limit outwards: weaker reaches further.
        let reach = 10_f64.powf((below - limit) / rules.splatter_slope_db) * (o.high - o.low).max(4.0);
        o.id != channel.id
            && below >= limit
            && channel.low < o.high + reach
            && channel.high > o.low - reach
            && channel.within(o, 3.0 * row_s) >= 0.8
    })
}

/// Whether `channel` is only a part of a stronger one: within its band and its time.
fn part<'a>(channel: &Channel, others: &'a [Channel], row_s: f64) -> Option<&'a Channel> {
    others.iter().find(|o| {
        // The weak edges of a wide signal lie outside the band of 99 % of its power.
        let width = channel.high - channel.low;
        let edge = width < 0.25 * (o.high - o.low)
            && channel.covered_s() < 0.3 * o.covered_s()
            && o.power() > 20.0 * channel.power();
        // A frequency-modulated carrier swings beyond that band for moments, at its full power.
        let swing = width < 0.5 * (o.high - o.low) && channel.covered_s() < SWING_TIME * o.covered_s();
        let reach = (o.high - o.low)
            * if swing {
                SWING_REACH
            } else if edge {
                0.25
            } else {
                0.0
            };
        if o.id != channel.id && is_click(channel, o, row_s) {
            return true;
        }
        let common = channel.high.min(o.high + reach) - channel.low.max(o.low - reach);
        o.id != channel.id
            && contains(o, channel)
            && common >= 0.8 * (channel.high - channel.low)
            && channel.within(o, 3.0 * row_s) >= 0.8
    })
}

/// Whether `channel` is the moment in which `other` was keyed: one or two rows at its start or stop in which the edge
/// spreads its power about its own line.
fn is_click(channel: &Channel, other: &Channel, row_s: f64) -> bool {
    let brief = channel.covered_s() < CLICK_ROWS * row_s && other.covered_s() > 3.0 * channel.covered_s();
    brief
        && channel.peak_bin().abs_diff(other.peak_bin()) <= 1
        && other.power() > 0.5 * channel.power()
        && channel.within(other, 3.0 * row_s) >= 0.8
}

fn dc(channel: &Channel) -> Option<(ArtefactKind, Cause)> {
    let centre = BINS as f64 / 2.0 + 0.5;
    let middle = 0.5 * (channel.low + channel.high);
    let narrow = channel.high - channel.low <= DC_BINS && (middle - centre).abs() <= DC_OFFSET_BINS;
    let keyed = channel.bursts.len() as u64 >= KEYED_BURSTS && !channel.from_start && !channel.to_end;
    (narrow && !keyed).then_some((ArtefactKind::Dc, Cause::Centre))
}

fn image(channel: &Channel, parent: &Channel, row_s: f64) -> Option<(ArtefactKind, Cause)> {
    // Bins are centred: the mirror of position p is BINS + 1 − p.
    let mirror = (BINS as f64 + 1.0 - parent.high, BINS as f64 + 1.0 - parent.low);
    let common = channel.high.min(mirror.1 + 2.0) - channel.low.max(mirror.0 - 2.0);
    let below = decibel(parent.power() / channel.power().max(1e-20));
    let outside = channel.low > parent.high || channel.high < parent.low;
    let mirrored = outside && common >= 0.5 * (channel.high - channel.low);
    (mirrored && below >= IMAGE_DB && channel.within(parent, 2.0 * row_s) >= 0.8)
        .then_some((ArtefactKind::Image, Cause::Mirror(parent.id, below)))
}

fn byproduct(channel: &Channel, parent: &Channel, row_s: f64, rules: &Rules) -> Option<(ArtefactKind, Cause)> {
    let below = decibel(parent.power() / channel.power().max(1e-20));
    let wider = channel.high - channel.low > 3.0 * (parent.high - parent.low).max(4.0);
    // Who was on before and is on still was not seen to switch: being on together with it proves nothing.
    let outlasts = parent.to_end || parent.stop_s > channel.stop_s + 3.0 * row_s;
    let unkeyed = parent.from_start && outlasts && parent.bursts.len() < 2;
    if below < rules.byproduct_db || wider || unkeyed {
        return None;
    }
    // A product is there whenever its parent is: what is on for a small part of it is only weak and nearby.
    let lasting = channel.covered_s() >= BYPRODUCT_COVERED * parent.burst_s_about(channel);
    (lasting && channel.within(parent, 3.0 * row_s) >= 0.9)
        .then_some((ArtefactKind::Intermodulation, Cause::Product(parent.id, below)))
}

/// Energy made by clipping of the strongest of `stronger` that lie beside it: on only while the converter clips, and no
/// stronger than the clipped share of the samples can make it. Where it clips all the time, only a product of a line at
/// its place is proof.
fn overload<'a>(
    channel: &Channel,
    stronger: impl Iterator<Item = &'a Channel>,
    clipping: &Clipping,
    row_s: f64,
) -> Option<(ArtefactKind, Cause)> {
    let with = clipping.coincidence(&channel.bursts, 1.5 * row_s)?;
    if with.during < OVERLOAD_TIME {
        return None;
    }
    let beside = stronger.filter(|o| {
        let apart = channel.low > o.high || channel.high < o.low;
        apart && channel.within(o, 3.0 * row_s) >= OVERLOAD_PARENT
    });
    let parent = beside.max_by(|a, b| a.power().total_cmp(&b.power()))?;
    let below = decibel(parent.power() / channel.power().max(1e-20));
    let keyed = with.covered >= OVERLOAD_COVERED && clipping.share(0.0, channel.stop_s) < OVERLOAD_ALWAYS;
    if below < OVERLOAD_DB.max(-decibel(with.fraction)) || !(keyed || is_clipping_product(channel, parent)) {
        return None;
    }
    Some((ArtefactKind::Overload, Cause::Clipping(parent.id, below, with.fraction)))
}

/// Whether `channel` lies at a multiple of the offset of a line that clipping makes.
fn is_clipping_product(channel: &Channel, parent: &Channel) -> bool {
    let (bins, centre) = (BINS as f64, BINS as f64 / 2.0 + 0.5);
    let offset = |c: &Channel| 0.5 * (c.low + c.high) - centre;
    parent.is_line()
        && OVERLOAD_PRODUCTS.iter().any(|n| {
            let apart = offset(channel) - n * offset(parent);
            (apart - (apart / bins).round() * bins).abs() <= 1.0 + OVERLOAD_BINS * n.abs()
        })
}
