//! Which emissions are made by the receiver itself, each with its evidence.

use super::{
    channel::Channel,
    config::{BINS, Rules},
    emission::ArtefactKind,
};
use crate::dsp::measure::decibel;

/// Widest spike at the centre, bins: the window's main lobe and a little flicker.
const DC_BINS: f64 = 7.0;
/// Distance of its middle from the centre, bins.
const DC_OFFSET_BINS: f64 = 2.0;
/// Bursts and ratio that make a line at the centre a keyed signal and not the receiver's.
const KEYED_BURSTS: u64 = 3;
/// Share of a carrier's time up to which something beside it is one of its swings, and how far these reach beyond its
/// band of 99 % of the power, as a share of that band. Carson's rule allows about half the band on each side for the
/// peaks of a programme whose average deviation is half its peak deviation.
const SWING_TIME: f64 = 0.03;
const SWING_REACH: f64 = 0.5;
/// An I/Q image is at least this much weaker than its parent, dB.
const IMAGE_DB: f64 = 15.0;

/// Whether the whole is strong enough to hold the part: a moment of it may stand out more than the whole does on
/// average.
fn contains(whole: &Channel, part: &Channel) -> bool {
    let lasting = whole.density() > 0.5 * part.density() && whole.power() > 1.5 * part.power();
    let brief = part.covered_s() < 0.1 * whole.covered_s();
    lasting || brief && whole.density() > 0.03 * part.density() && whole.power() > 1.5 * part.power()
}

/// The cause of `channel` in the receiver, if it has one, given everything else heard at the time.
pub(super) fn cause(
    channel: &Channel,
    others: &[Channel],
    row_s: f64,
    rules: &Rules,
) -> Option<(ArtefactKind, String)> {
    dc(channel).or_else(|| {
        let stronger = others
            .iter()
            .filter(|o| o.id != channel.id && o.power() > channel.power() && dc(o).is_none());
        stronger
            .into_iter()
            .find_map(|parent| image(channel, parent, row_s).or_else(|| byproduct(channel, parent, row_s, rules)))
    })
}

/// Why `channel` is no signal of its own, if it is a piece of another.
pub(super) fn belongs_to(channel: &Channel, others: &[Channel], row_s: f64, rules: &Rules) -> Option<String> {
    if let Some(whole) = part(channel, others, row_s) {
        return Some(format!("a part of emission {}, within its band and its time", whole.id));
    }
    let source = splatter(channel, others, row_s, rules)?;
    Some(format!(
        "splatter of emission {}, beside it and only with it",
        source.id
    ))
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
        let common = channel.high.min(o.high + reach) - channel.low.max(o.low - reach);
        o.id != channel.id
            && contains(o, channel)
            && common >= 0.8 * (channel.high - channel.low)
            && channel.within(o, 3.0 * row_s) >= 0.8
    })
}

fn dc(channel: &Channel) -> Option<(ArtefactKind, String)> {
    let centre = BINS as f64 / 2.0 + 0.5;
    let middle = 0.5 * (channel.low + channel.high);
    let narrow = channel.high - channel.low <= DC_BINS && (middle - centre).abs() <= DC_OFFSET_BINS;
    let keyed = channel.bursts.len() as u64 >= KEYED_BURSTS && !channel.from_start && !channel.to_end;
    (narrow && !keyed).then(|| {
        (
            ArtefactKind::Dc,
            "a narrow unkeyed line at the centre of the span: converter offset or oscillator leakage".into(),
        )
    })
}

fn image(channel: &Channel, parent: &Channel, row_s: f64) -> Option<(ArtefactKind, String)> {
    // Bins are centred: the mirror of position p is BINS + 1 − p.
    let mirror = (BINS as f64 + 1.0 - parent.high, BINS as f64 + 1.0 - parent.low);
    let common = channel.high.min(mirror.1 + 2.0) - channel.low.max(mirror.0 - 2.0);
    let below = decibel(parent.power() / channel.power().max(1e-20));
    let outside = channel.low > parent.high || channel.high < parent.low;
    let mirrored = outside && common >= 0.5 * (channel.high - channel.low);
    (mirrored && below >= IMAGE_DB && channel.within(parent, 2.0 * row_s) >= 0.8).then(|| {
        (
            ArtefactKind::Image,
            format!(
                "mirror of emission {} about the centre, {below:.0} dB below it, on only with it",
                parent.id
            ),
        )
    })
}

fn byproduct(channel: &Channel, parent: &Channel, row_s: f64, rules: &Rules) -> Option<(ArtefactKind, String)> {
    let below = decibel(parent.power() / channel.power().max(1e-20));
    let wider = channel.high - channel.low > 3.0 * (parent.high - parent.low).max(4.0);
    let unkeyed = parent.from_start && parent.to_end && parent.bursts.len() < 2;
    if below < rules.byproduct_db || wider || unkeyed {
        return None;
    }
    (channel.within(parent, 3.0 * row_s) >= 0.9).then(|| {
        (
            ArtefactKind::Intermodulation,
            format!("on only together with emission {}, {below:.0} dB below it", parent.id),
        )
    })
}
