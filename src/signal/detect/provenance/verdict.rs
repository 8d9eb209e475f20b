//! From what the trials show to a cause.

use super::{ArtefactKind, Cause, Evidence, Finding, Knowledge, Observation, Sighting, Trial, products::third_order};

/// Agreement of levels between observations of the same gain, dB.
pub(super) const LEVEL_DB: f64 = 6.0;
/// Agreement of the levels of a line at the centre, which flickers.
const CENTRE_DB: f64 = 15.0;
/// Change between the first and the repeated observation up to which a level is steady, dB.
const STEADY_DB: f64 = 2.0;
/// Falls, in units of the step, that part a spur from a signal, a signal from products of second, second from third order,
/// and third order from what no mixing explains.
const FALLS: [f64; 4] = [0.5, 1.5, 2.5, 3.7];
/// Falls, in units of the step, that a signal may show: what is keyed is on for up to 1.5 dB more or less of a pass.
const SIGNALS_FALL: [f64; 2] = [0.75, 1.25];
/// Change of the energy of a band that is none, and by which it is surely gone, dB: what is keyed differs by up to 2 dB from pass to
/// pass.
const SAME_DB: f64 = 3.0;
const GONE_DB: f64 = 4.0;
/// Share of the energy of an emission that makes a line in it the emission.
const LINE_SHARE: f64 = 0.6;
/// How much more over the noise a signal would have to be for its absence to count as a fall, dB.
pub(super) const SURER_DB: f64 = 4.0;
/// Times that the sampling may have folded an alias.
const FOLDS: [i32; 4] = [-2, -1, 1, 2];
/// An alias whose source comes into the span is stronger there by at least this much, dB.
const SOURCE_DB: f64 = 6.0;

/// An image is at least this much weaker than its parent, and all images of a receiver agree to this, dB.
const IMAGE_DB: f64 = 15.0;
const IMAGE_SPREAD_DB: f64 = 3.0;

/// What each emission of the nominal observation is, none of which may clip ([`super::CLIPPED`]). Without a nominal observation there is nothing to examine.
#[must_use]
pub fn examine(observations: &[Observation], knowledge: &Knowledge<'_>) -> Vec<Finding> {
    let Some(nominal) = observations.iter().find(|o| o.trial == Trial::Nominal) else {
        return Vec::new();
    };
    let bench = Bench {
        observations,
        nominal,
        knowledge,
    };
    let mut findings: Vec<Finding> = nominal.sightings.iter().map(|seen| bench.finding(seen)).collect();
    bench.compare_mirrors(&mut findings);
    findings.iter_mut().for_each(adopt);
    findings
}

/// What a sighting did when the gain was stepped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Gain {
    /// Fell by this many dB.
    Fell(f64),
    /// Gone, where a signal would have been found; steady before and after.
    Gone,
    /// Nothing is proved.
    Void,
}

struct Bench<'a> {
    observations: &'a [Observation],
    nominal: &'a Observation,
    knowledge: &'a Knowledge<'a>,
}

impl Bench<'_> {
    fn finding(&self, seen: &Sighting) -> Finding {
        let mut evidence = self.places(seen);
        let gain = self.gain(seen, &mut evidence);
        let (cause, reason) = self
            .mapped(seen, &mut evidence)
            .or_else(|| self.central(seen, &evidence))
            .or_else(|| self.folded(&evidence))
            .or_else(|| mirrored(&evidence))
            .or_else(|| self.fallen(seen, gain, &mut evidence))
            .or_else(|| self.perhaps_mixed(seen, &mut evidence))
            .or_else(|| self.perhaps_folded(seen, &evidence))
            .unwrap_or_else(|| kept(&evidence, self.nominal.may_be_image(seen, seen.center_hz.as_f64())));
        Finding {
            sighting: *seen,
            cause,
            reason,
            evidence,
        }
    }

    fn trials(&self, wanted: impl Fn(Trial) -> bool) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(move |o| wanted(o.trial))
    }

    /// Where it is found under shifts of oscillator and rate.
    fn places(&self, seen: &Sighting) -> Evidence {
        let (hz, level) = (seen.center_hz.as_f64(), seen.power_dbfs);
        let mut evidence = Evidence {
            clipped_fraction: self.nominal.clipped_fraction,
            harmonic: self.harmonic(seen),
            ..Evidence::default()
        };
        for shifted in self.trials(|t| t == Trial::Shifted) {
            let snr = shifted.snr_as_signal(self.nominal, seen, 0.0);
            let mirror = hz + 2.0 * (shifted.center_hz - self.nominal.center_hz);
            let found = |place| {
                let same = self.fall_to(shifted, seen, place);
                u32::from(
                    shifted.at(seen, place, level, LEVEL_DB).is_some()
                        || same.is_some_and(|(fall, found)| found && fall.abs() <= SAME_DB),
                )
            };
            // What is not reported by itself may be there, as part of something stronger.
            let missing = |place| {
                shifted.could_see(seen, place, level, snr)
                    && self
                        .fall_to(shifted, seen, place)
                        .is_none_or(|(fall, _)| fall >= GONE_DB)
            };
            // Where something strong is at the mirror now, what is found may be its image.
            if !shifted.may_be_image(seen, hz) {
                let stayed = found(hz);
                evidence.stayed += stayed;
                evidence.could_stay += stayed.max(u32::from(missing(hz)));
            }
            if self.is_vacant(seen, mirror) {
                let mirrored = found(mirror);
                evidence.mirrored += mirrored;
                evidence.could_mirror += mirrored.max(u32::from(missing(mirror)));
            }
            let centre = shifted.at(seen, shifted.center_hz, level, CENTRE_DB);
            evidence.with_centre += u32::from(centre.is_some_and(|line| shifted.is_central(line)));
        }
        evidence.folds = self.folds(seen);
        let lost = |o: &&Observation| match self.fall_to(o, seen, hz) {
            Some((fall, _)) => o.searches(seen, hz) && fall >= GONE_DB,
            None => {
                o.at(seen, hz, level, LEVEL_DB).is_none()
                    && o.could_see(seen, hz, level, o.snr_as_signal(self.nominal, seen, 0.0))
            }
        };
        evidence.gone_with_rate = self.trials(|t| t == Trial::Resampled).filter(lost).count() as u32;
        let again = |o: &Observation| match self.fall_to(o, seen, hz) {
            Some((fall, found)) => found.then_some(-fall),
            None => Some(o.at(seen, hz, level, 3.0 * LEVEL_DB)?.power_dbfs - level),
        };
        evidence.repeated_db = self.trials(|t| t == Trial::Repeated).find_map(again);
        evidence
    }

    /// Whether nothing like `seen` is at `place_hz` in the nominal observation: what stands there anyway proves nothing
    /// by standing there again.
    fn is_vacant(&self, seen: &Sighting, place_hz: f64) -> bool {
        self.nominal
            .at(seen, place_hz, seen.power_dbfs, 2.0 * LEVEL_DB)
            .is_none()
            && self
                .fall_to(self.nominal, seen, place_hz)
                .is_none_or(|(fall, _)| fall >= GONE_DB)
    }

    /// By how many dB `other` holds less at `place_hz` than the nominal observation holds of `seen`, and whether anything
    /// was left to be measured. Of an emission that is a line for the most part it is the line that counts.
    fn fall_to(&self, other: &Observation, seen: &Sighting, place_hz: f64) -> Option<(f64, bool)> {
        let line = self.nominal.strongest_line(seen, LINE_SHARE);
        let hz = seen.center_hz.as_f64();
        let (from, width) = line.map_or((hz, seen.bandwidth_hz.as_f64()), |line| (line, 0.0));
        // The mirror of a line beside the middle of its emission is on the other side of it; within a few bins.
        let before = self.nominal.excess(from, width)?;
        other.excess(place_hz + (from - hz), width)?.fall_from(before)
    }

    /// What it did under the steps of the gain by the mean spectra, in units of the largest: all steps have to agree on what kind
    /// of thing it is.
    fn growth(&self, seen: &Sighting, evidence: &mut Evidence) -> Option<Gain> {
        let hz = seen.center_hz.as_f64();
        let again = self.trials(|t| t == Trial::Repeated).next()?;
        let (change, found) = self.fall_to(again, seen, hz)?;
        let stepped = self.observations.iter().filter_map(|o| match o.trial {
            Trial::Stepped { by_db } if by_db < -1.0 => Some((-by_db, self.fall_to(o, seen, hz)?)),
            _ => None,
        });
        let falls: Vec<(f64, (f64, bool))> = stepped.collect();
        let largest = falls.iter().map(|(step, _)| *step).fold(0.0, f64::max);
        if !found || change.abs() > STEADY_DB || falls.is_empty() {
            return Some(Gain::Void);
        }
        evidence.step_db = Some(-largest);
        let kind = |fall: f64, step: f64| u32::from(fall > FALLS[0] * step) + u32::from(fall > FALLS[1] * step);
        let measured: Vec<f64> = falls.iter().filter(|f| f.1.1).map(|(step, f)| f.0 / step).collect();
        let mean = measured.iter().sum::<f64>() / measured.len().max(1) as f64;
        // What is gone fell by no less than what would have been left.
        let agreed = falls.iter().all(|(step, (fall, left))| {
            let (one, all) = (kind(*fall, *step), kind(mean, 1.0));
            one == all || !left && one < all
        });
        if measured.is_empty() || !agreed {
            return Some(Gain::Void);
        }
        evidence.fall_db = Some(mean * largest);
        Some(Gain::Fell(mean * largest))
    }

    /// By how many rates the sampling folded it: it moves when the rate changes, or its source comes into the span.
    fn folds(&self, seen: &Sighting) -> Option<i32> {
        let (hz, level) = (seen.center_hz.as_f64(), seen.power_dbfs);
        let change = |other: &Observation| other.sample_rate_hz - self.nominal.sample_rate_hz;
        let rates = || self.trials(|t| t == Trial::Resampled);
        let stays = rates().any(|other| other.at(seen, hz, level, LEVEL_DB).is_some());
        let moved = |other: &Observation| {
            FOLDS.into_iter().find(|k| {
                let place = hz - f64::from(*k) * change(other);
                // The filter may follow the rate: the level is not quite the same.
                self.is_vacant(seen, place) && other.at(seen, place, level, LEVEL_DB).is_some()
            })
        };
        let gone = |other: &Observation| other.could_see(seen, hz, level, other.snr_as_signal(self.nominal, seen, 0.0));
        let found: Vec<(i32, bool)> = rates().filter_map(|other| Some((moved(other)?, gone(other)))).collect();
        // Moved twice by the same fold, or moved once and gone from where it was.
        let by_rate = found
            .iter()
            .find(|(k, gone)| !stays && (*gone || found.iter().filter(|(other, _)| other == k).count() > 1))
            .map(|(k, _)| *k);
        by_rate.or_else(|| {
            self.trials(|t| t == Trial::Shifted).find_map(|other| {
                let snr = other.snr_as_signal(self.nominal, seen, 0.0);
                let gone = other.here(seen, hz).next().is_none() && other.could_see(seen, hz, level, snr);
                let source = |k: &i32| {
                    let at = hz + f64::from(*k) * self.nominal.sample_rate_hz;
                    other.here(seen, at).any(|source| source.power_dbfs > level + SOURCE_DB)
                };
                FOLDS.into_iter().find(source).filter(|_| gone)
            })
        })
    }

    /// What it did when the gain was stepped.
    fn gain(&self, seen: &Sighting, evidence: &mut Evidence) -> Gain {
        if let Some(gain) = self.growth(seen, evidence) {
            return gain;
        }
        let (hz, level) = (seen.center_hz.as_f64(), seen.power_dbfs);
        let stepped = self.trials(|t| matches!(t, Trial::Stepped { .. })).next();
        let Some((stepped, Trial::Stepped { by_db })) = stepped.map(|o| (o, o.trial)) else {
            return Gain::Void;
        };
        evidence.step_db = Some(by_db);
        let steady = evidence.repeated_db.is_some_and(|change| change.abs() <= STEADY_DB);
        if by_db > -1.0 || !steady {
            return Gain::Void;
        }
        // A spur is where it was; a product of third order is 3G lower.
        let fallen = stepped.at(seen, hz, level + 2.0 * by_db, -2.0 * by_db + LEVEL_DB);
        if let Some(fallen) = fallen {
            let fall = level - fallen.power_dbfs;
            evidence.fall_db = Some(fall);
            return Gain::Fell(fall);
        }
        let snr = stepped.snr_as_signal(self.nominal, seen, by_db);
        if stepped.could_see(seen, hz, level + by_db, snr - SURER_DB) {
            Gain::Gone
        } else {
            Gain::Void
        }
    }

    /// How much stronger the strongest thing at the mirror of `seen` is, dB.
    fn below_parent(&self, seen: &Sighting) -> Option<f64> {
        let below = self.nominal.below_mirror(seen, seen.center_hz.as_f64());
        below.filter(|below| *below >= IMAGE_DB)
    }

    /// What no trial could show is an image too, where it is as far below its mirror as the images that were proved.
    fn compare_mirrors(&self, findings: &mut [Finding]) {
        let images = findings.iter().filter(|f| f.cause == Cause::Image);
        let mut ratios: Vec<f64> = images.filter_map(|f| self.below_parent(&f.sighting)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let Some(&usual) = ratios.get(ratios.len() / 2) else {
            return;
        };
        for finding in findings.iter_mut().filter(|f| f.cause == Cause::Undecided) {
            if let Some(below) = self
                .below_parent(&finding.sighting)
                .filter(|b| (b - usual).abs() <= IMAGE_SPREAD_DB)
            {
                finding.cause = Cause::Image;
                finding.reason = format!(
                    "{below:.1} dB below its mirror about the centre, like the images that moved ({usual:.1} dB)"
                );
            }
        }
    }

    /// Whether it is a carrier, or one that weak things beside it widen.
    fn is_line(&self, seen: &Sighting) -> bool {
        self.nominal.is_line(seen) || self.nominal.strongest_line(seen, LINE_SHARE).is_some()
    }

    fn harmonic(&self, seen: &Sighting) -> Option<u32> {
        let (reference, hz) = (self.knowledge.reference_hz?, seen.center_hz.as_f64());
        let number = (hz / reference).round();
        let away = (hz - number * reference).abs();
        (number >= 1.0 && away <= 2.0 * self.nominal.bin_hz + self.knowledge.ppm.abs() * 1e-6 * hz)
            .then_some(number as u32)
    }

    fn mapped(&self, seen: &Sighting, evidence: &mut Evidence) -> Option<(Cause, String)> {
        let spur = self.knowledge.spurs?.find(self.nominal, seen, self.knowledge.ppm)?;
        // What moves with the oscillator is no carrier at a fixed frequency.
        if self.nominal.is_central(seen) || evidence.mirrored > evidence.stayed {
            return None;
        }
        evidence.spur_hz = Some(spur.center_hz);
        let reason = format!(
            "in the spur map at {} with {:.1} dBFS: it is there without an antenna",
            spur.center_hz, spur.power_dbfs
        );
        Some((Cause::Spur, reason))
    }

    fn central(&self, seen: &Sighting, evidence: &Evidence) -> Option<(Cause, String)> {
        let dc = self.nominal.is_central(seen) && evidence.with_centre > evidence.stayed;
        dc.then(|| {
            let reason = format!(
                "at the centre of the span, and again after {} shift(s) of it",
                evidence.with_centre
            );
            (Cause::Dc, reason)
        })
    }

    fn folded(&self, evidence: &Evidence) -> Option<(Cause, String)> {
        let lasting = evidence.repeated_db.is_some() && evidence.stayed > 0 && evidence.stayed == evidence.could_stay;
        let others = self.trials(|t| t == Trial::Resampled).count() as u32;
        if evidence.folds.is_none() && lasting && evidence.gone_with_rate > 1 && evidence.gone_with_rate == others {
            let reason = format!(
                "there at every pass but the {} at other sample rates",
                evidence.gone_with_rate
            );
            return Some((Cause::Alias, reason));
        }
        let folds = evidence.folds?;
        let reason =
            format!("its source is {folds} sample rate(s) away: it moves with the rate, or comes into the span there");
        Some((Cause::Alias, reason))
    }

    /// A signal stays at other sample rates too: what is gone at one where it would have been found, and is seen at none, may
    /// have been folded to a place where something else stands.
    fn perhaps_folded(&self, seen: &Sighting, evidence: &Evidence) -> Option<(Cause, String)> {
        let (hz, level) = (seen.center_hz.as_f64(), seen.power_dbfs);
        let there = |other: &Observation| other.at(seen, hz, level, LEVEL_DB).is_some();
        let never = !self.trials(|t| t == Trial::Resampled).any(there);
        (evidence.gone_with_rate > 0 && never).then(|| {
            let reason = "not found again at another sample rate, where a signal would have been".into();
            (Cause::Undecided, reason)
        })
    }

    /// Where no step of the gain could show it, a place that stronger emissions mix to leaves it open.
    fn perhaps_mixed(&self, seen: &Sighting, evidence: &mut Evidence) -> Option<(Cause, String)> {
        if evidence.fall_db.is_some() || evidence.step_db.is_none() {
            return None;
        }
        evidence.parents_hz = third_order(self.nominal, seen)?;
        let reason = "stronger emissions mix to its place, and no step of the gain could tell".into();
        Some((Cause::Undecided, reason))
    }

    fn fallen(&self, seen: &Sighting, gain: Gain, evidence: &mut Evidence) -> Option<(Cause, String)> {
        let step = -evidence.step_db?;
        if evidence.stayed == 0 && evidence.could_stay > 0 {
            return None;
        }
        match gain {
            Gain::Fell(fall) if fall < FALLS[0] * step && self.is_line(seen) => Some((
                Cause::Spur,
                format!(
                    "its level fell by {fall:.1} dB when the gain was {step:.1} dB lower: it does not come through the gain"
                ),
            )),
            Gain::Fell(fall) if fall > FALLS[1] * step && fall <= FALLS[3] * step => {
                let order = if fall > FALLS[2] * step { 3 } else { 2 };
                if order == 3 {
                    // Without parents that were heard, something else may have been measured there.
                    evidence.parents_hz = third_order(self.nominal, seen)?;
                }
                evidence.order = Some(order);
                Some((
                    Cause::Intermodulation,
                    format!(
                        "its level fell by {fall:.1} dB when the gain was {step:.1} dB lower: a product of order {order}"
                    ),
                ))
            }
            Gain::Gone => {
                evidence.parents_hz = third_order(self.nominal, seen)?;
                evidence.order = Some(3);
                let parents: Vec<String> = evidence.parents_hz.iter().map(ToString::to_string).collect();
                Some((
                    Cause::Intermodulation,
                    format!(
                        "gone when the gain was {step:.1} dB lower, back afterwards, and a mixing product of {}",
                        parents.join(", ")
                    ),
                ))
            }
            _ => None,
        }
    }
}

fn mirrored(evidence: &Evidence) -> Option<(Cause, String)> {
    (evidence.mirrored > evidence.stayed).then(|| {
        let reason = format!(
            "moved by twice the shift of the oscillator, {} of {} times: a mirror about the centre",
            evidence.mirrored, evidence.could_mirror
        );
        (Cause::Image, reason)
    })
}

/// What the pass itself proved, by place or by time, stands where the trials prove nothing.
pub(super) fn adopt(finding: &mut Finding) {
    let (cause, words) = match (finding.cause, finding.sighting.claimed) {
        (Cause::Undecided, Some(ArtefactKind::Dc)) => (Cause::Dc, "an unkeyed line at the centre of the span"),
        (Cause::Undecided, Some(ArtefactKind::Image)) => (Cause::Image, "on only with its mirror about the centre"),
        (Cause::Undecided, Some(ArtefactKind::Overload)) => (Cause::Overload, "on only while the converter clips"),
        _ => return,
    };
    finding.reason = format!("{words}; no trial says otherwise");
    finding.cause = cause;
}

/// What no artefact explains.
fn kept(evidence: &Evidence, may_be_image: bool) -> (Cause, String) {
    if let (Some(fall), Some(step)) = (evidence.fall_db, evidence.step_db)
        && !(-SIGNALS_FALL[0] * step..=-SIGNALS_FALL[1] * step).contains(&fall)
    {
        let reason = format!(
            "its level fell by {fall:.1} dB with the gain ({:.1} dB), which no signal's does",
            -step
        );
        return (Cause::Undecided, reason);
    }
    // Something else may stand at its place once.
    if 2 * evidence.stayed > evidence.could_stay && (evidence.stayed > 1 || !may_be_image) {
        let level = match (evidence.fall_db, evidence.step_db) {
            (Some(fall), Some(step)) => format!(", and fell by {fall:.1} dB with the gain ({:.1} dB)", -step),
            _ => String::new(),
        };
        let reason = format!(
            "at the same frequency after {} of {} shift(s) of the oscillator{level}",
            evidence.stayed, evidence.could_stay
        );
        return (Cause::Signal, reason);
    }
    let reason = if evidence.stayed > 0 {
        "found again at its place too seldom to be told from an image or a chance".into()
    } else if evidence.could_stay == 0 {
        "no shift of the oscillator could show it again".into()
    } else {
        "not found again where any cause would put it: it may have gone off the air".into()
    };
    (Cause::Undecided, reason)
}
