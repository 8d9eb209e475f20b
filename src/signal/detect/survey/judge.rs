//! What an emission of a survey turns out to be: the tests of [`artefact`](super::super::artefact) as far as averaged spectra tell.

use super::track::Track;
use crate::{
    detect::{
        ArtefactKind,
        artefact::{
            Cause, DC_BINS, DC_OFFSET_BINS, IMAGE_DB, KEYED_BURSTS, OVERLOAD_ALWAYS, OVERLOAD_COVERED, OVERLOAD_DB,
            OVERLOAD_PARENT, OVERLOAD_TIME, Verdict,
        },
        clipping::Clipping,
        config::Rules,
    },
    dsp::measure::decibel,
};

/// Share of its frames in which its mirror must have held its parent.
const MIRRORED: f64 = 0.8;
/// Share of its time in which the source of splatter must be on.
const WITH_SOURCE: f64 = 0.8;
/// Share of the source's time under which splatter is brief.
const BRIEF: f64 = 0.3;
/// Least density of the whole to that of a part of it, and least share of the part's band that lies in the whole's.
const WHOLE_DENSITY: f64 = 0.5;
/// The share.
const WITHIN_WHOLE: f64 = 0.8;
/// How far a signal's own sidebands reach from its middle, in its bandwidths (ITU-R SM.1541, out-of-band domain), and how
/// much weaker than it they are, dB.
const SIDEBAND_REACH: f64 = 2.5;
/// The level.
const SIDEBAND_DB: f64 = 20.0;
/// Narrowest band that splatter is thought to reach out from, bins.
const SOURCE_BINS: f64 = 4.0;

/// What an emission is judged by.
pub(super) struct Evidence<'a> {
    pub(super) clipping: &'a Clipping,
    pub(super) rules: &'a Rules,
    /// Bins of a frame.
    pub(super) bins: usize,
    pub(super) frame_s: f64,
}

impl Evidence<'_> {
    /// What `track` is among `others`; those may hold itself.
    pub(super) fn verdict<'a>(&self, track: &Track, others: impl Iterator<Item = &'a Track> + Clone) -> Verdict {
        let others = others.filter(|o| o.id != track.id && o.power() > track.power());
        if let Some(whole) = others.clone().find(|whole| self.part(track, whole)) {
            return Verdict::Part {
                whole: whole.id,
                cause: Cause::Part(whole.id),
            };
        }
        let stronger = others.clone().filter(|o| !self.dc(o));
        if let Some(cause) = self.overload(track, stronger.clone()) {
            return Verdict::Artefact(ArtefactKind::Overload, cause);
        }
        if let Some(source) = stronger
            .clone()
            .find(|source| self.splatter(track, source) || self.sideband(track, source))
        {
            return Verdict::Part {
                whole: source.id,
                cause: Cause::Splatter(source.id),
            };
        }
        if self.dc(track) {
            return Verdict::Artefact(ArtefactKind::Dc, Cause::Centre);
        }
        match image(track, stronger) {
            Some(cause) => Verdict::Artefact(ArtefactKind::Image, cause),
            None => Verdict::Own,
        }
    }

    /// Whether `track` is a piece of `whole`: within its band and its time, and no denser than that explains.
    fn part(&self, track: &Track, whole: &Track) -> bool {
        let ([low, high], [from, to]) = (track.band(), whole.band());
        let reach = 0.25 * (to - from);
        let common = high.min(to + reach) - low.max(from - reach);
        high - low < to - from
            && common >= WITHIN_WHOLE * (high - low)
            && whole.density() > WHOLE_DENSITY * track.density()
            && track.within(whole, self.frame_s) >= WITH_SOURCE
    }

    /// A narrow line at the centre that was not seen to be keyed.
    fn dc(&self, track: &Track) -> bool {
        let [low, high] = track.band();
        let centre = self.bins as f64 / 2.0 + 0.5;
        let keyed = track.bursts_total >= KEYED_BURSTS && track.start_s > 0.0;
        high - low <= DC_BINS && (0.5 * (low + high) - centre).abs() <= DC_OFFSET_BINS && !keyed
    }

    /// On only while the converter clips, beside what may be the reason.
    fn overload<'a>(&self, track: &Track, stronger: impl Iterator<Item = &'a Track>) -> Option<Cause> {
        let with = self.clipping.coincidence(&track.bursts, 0.5 * self.frame_s)?;
        if with.during < OVERLOAD_TIME {
            return None;
        }
        let [low, high] = track.band();
        let parent = stronger
            .filter(|o| low > o.band()[1] || high < o.band()[0])
            .filter(|o| track.within(o, self.frame_s) >= OVERLOAD_PARENT)
            .max_by(|a, b| a.power().total_cmp(&b.power()))?;
        let below = decibel(parent.power() / track.power().max(1e-20));
        let keyed = with.covered >= OVERLOAD_COVERED && self.clipping.share(0.0, track.stop_s) < OVERLOAD_ALWAYS;
        (below >= OVERLOAD_DB.max(-decibel(with.fraction)) && keyed).then_some(Cause::Clipping(
            parent.id,
            below,
            with.fraction,
        ))
    }

    /// Whether `track` is the splatter of `source` beside it.
    fn splatter(&self, track: &Track, source: &Track) -> bool {
        let below = decibel(source.density() / track.density().max(1e-30));
        let brief = track.on_s(self.frame_s) < BRIEF * source.on_s(self.frame_s);
        let limit = if brief {
            self.rules.splatter_db
        } else {
            self.rules.splatter_lasting_db
        };
        let ([low, high], [from, to]) = (track.band(), source.band());
        let reach = 10_f64.powf((below - limit) / self.rules.splatter_slope_db) * (to - from).max(SOURCE_BINS);
        below >= limit && low < to + reach && high > from - reach && track.within(source, self.frame_s) >= WITH_SOURCE
    }

    /// Whether `track` is a line of `source`'s modulation: close beside it, much weaker, and there only with it. What was there
    /// from the start, as the source was, was never seen to come with it and stays an emission.
    fn sideband(&self, track: &Track, source: &Track) -> bool {
        let ([low, high], [from, to]) = (track.band(), source.band());
        let apart = (low + high - from - to).abs() / 2.0;
        track.start_s > 0.0
            && source.start_s > 0.0
            && apart <= SIDEBAND_REACH * (to - from)
            && decibel(source.power() / track.power().max(1e-20)) >= SIDEBAND_DB
            && track.within(source, self.frame_s) >= WITH_SOURCE
    }
}

/// The mirror of something much stronger, in nearly all of its frames.
fn image<'a>(track: &Track, mut stronger: impl Iterator<Item = &'a Track>) -> Option<Cause> {
    let mirrored = track.mirrored as f64;
    if mirrored < MIRRORED * track.frames as f64 || track.mirrored == 0 {
        return None;
    }
    let (center, below) = (track.mirror_center / mirrored, track.mirror_db / mirrored);
    let parent = stronger.find(|o| {
        let [low, high] = o.band();
        (low - 1.0..high + 1.0).contains(&center)
    })?;
    (below >= IMAGE_DB).then_some(Cause::Mirror(parent.id, below))
}
