//! Is this emission new here? What was learned of a place before, by band and hour of the day, and how well it was observed.
//!
//! *Never seen* is worth as much as the time spent looking. After T seconds in which nothing came, emissions that come at
//! random come less often than once in T / −ln(1 − confidence) seconds (Poisson): that is said with every answer, and where
//! the hour was hardly observed the answer is that nobody knows.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::Offset};
use serde::{Deserialize, Serialize};

use super::{
    Measured, Rules, Severity,
    measured::Uncertainty,
    template::{self, Words, plain},
};
use crate::{
    registry::Text,
    units::{Band, Hertz},
};

/// Chance that a recurring emission would have been seen.
const CONFIDENCE: f64 = 0.95;
/// Hours are those of China.
const ZONE: Offset = Offset::constant(8);
const HOURS: usize = 24;

/// What is usual at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    place: String,
    watched: Vec<Watched>,
    known: Vec<Known>,
}

/// A band that was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Watched {
    low_hz: i64,
    high_hz: i64,
    /// By hour of the day.
    seconds: [f64; HOURS],
}

/// An emission that belongs to the place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    center_hz: f64,
    uncertainty_hz: f64,
    bandwidth_hz: f64,
    /// How often it began, by hour of the day.
    seen: [u32; HOURS],
}

/// The rules of the question.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineRules {
    /// Seconds an hour of the day must have been observed in all for silence in it to mean anything.
    pub min_observed_s: f64,
    /// Part of the wider bandwidth by which centres may differ beyond their uncertainties.
    pub same_share: f64,
    /// Ratio of bandwidths beyond which it is another emission.
    pub same_ratio: f64,
}

/// Whether an emission is new at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// Nothing like it was seen, though the hour was observed well.
    New,
    /// It was seen, but never in this hour, though that was observed well.
    NewAtThisHour,
    /// It was seen in this hour before.
    Known,
    /// The hour was observed too little to say.
    Unclear,
}

impl Novelty {
    /// All, in the order of the rules file.
    pub const ALL: [Self; 4] = [Self::New, Self::NewAtThisHour, Self::Known, Self::Unclear];

    /// The key in the rules file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::NewAtThisHour => "new_at_this_hour",
            Self::Known => "known",
            Self::Unclear => "unclear",
        }
    }
}

/// The answer with its grounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoveltyAnswer {
    /// Whether it is new.
    pub novelty: Novelty,
    /// How urgent, from the rules file.
    pub severity: Severity,
    /// The reason in words.
    pub explanation: Text,
    /// The numbers behind it, units in the key.
    pub evidence: BTreeMap<String, f64>,
}

impl Baseline {
    /// Nothing is known yet of `place`.
    #[must_use]
    pub fn new(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            watched: Vec::new(),
            known: Vec::new(),
        }
    }

    /// What cannot have been learned, in a baseline that was read from somewhere.
    ///
    /// # Errors
    /// The first value that is impossible, in words.
    pub fn check(&self) -> Result<(), String> {
        let bad_band = |watched: &&Watched| {
            let bad_time = watched
                .seconds
                .iter()
                .any(|seconds| !(0.0..=f64::MAX).contains(seconds));
            bad_time || watched.low_hz >= watched.high_hz
        };
        if let Some(watched) = self.watched.iter().find(bad_band) {
            let (low, high) = (watched.low_hz, watched.high_hz);
            return Err(format!("the band {low} to {high} Hz was not observed like that"));
        }
        let bad = |known: &&Known| known.uncertainty_hz < 0.0 || known.bandwidth_hz < 0.0;
        match self.known.iter().find(bad) {
            Some(known) => Err(format!("the emission at {} Hz has a negative width", known.center_hz)),
            None => Ok(()),
        }
    }

    /// Emissions that belong to the place.
    #[must_use]
    pub fn emissions(&self) -> usize {
        self.known.len()
    }

    /// A band was observed from one instant to another, without gaps.
    pub fn learn_watch(&mut self, band: Band, from: Timestamp, to: Timestamp) {
        let (low_hz, high_hz) = (band.low().0, band.high().0);
        let same = |watched: &Watched| (watched.low_hz, watched.high_hz) == (low_hz, high_hz);
        let index = self.watched.iter().position(same).unwrap_or_else(|| {
            let seconds = [0.0; HOURS];
            self.watched.push(Watched {
                low_hz,
                high_hz,
                seconds,
            });
            self.watched.len() - 1
        });
        let hours = &mut self.watched[index].seconds;
        let mut at = from;
        while at < to {
            let second = ZONE.to_datetime(at).minute() as i64 * 60 + ZONE.to_datetime(at).second() as i64;
            let next = at
                .checked_add(SignedDuration::from_secs(3600 - second))
                .map_or(to, |next| {
                    Timestamp::from_second(next.as_second()).unwrap_or(next).min(to)
                });
            hours[hour(at)] += next.duration_since(at).as_secs_f64();
            at = next;
        }
    }

    /// An emission that was there from one instant to another.
    pub fn learn_emission(&mut self, rules: &Rules, measured: &Measured, ppm: f64, from: Timestamp, to: Timestamp) {
        let uncertainty_hz = Uncertainty::of(measured, ppm, rules).frequency_hz;
        let found = self.find(rules, measured, uncertainty_hz);
        let index = found.unwrap_or_else(|| {
            self.known.push(Known {
                center_hz: measured.center_hz.as_f64(),
                uncertainty_hz,
                bandwidth_hz: measured.bandwidth_hz.as_f64(),
                seen: [0; HOURS],
            });
            self.known.len() - 1
        });
        let known = &mut self.known[index];
        if uncertainty_hz < known.uncertainty_hz {
            known.center_hz = measured.center_hz.as_f64();
            known.uncertainty_hz = uncertainty_hz;
        }
        known.bandwidth_hz = known.bandwidth_hz.max(measured.bandwidth_hz.as_f64());
        // It was on in every hour it reaches into, all of them at most.
        let mut at = from;
        for _ in 0..HOURS {
            let seen = &mut known.seen[hour(at)];
            *seen = seen.saturating_add(1);
            let second = at.as_second().rem_euclid(3600);
            match Timestamp::from_second(at.as_second() - second + 3600) {
                Ok(next) if next < to => at = next,
                _ => break,
            }
        }
    }

    /// Whether an emission that began at `time` is new here.
    #[must_use]
    pub fn ask(&self, rules: &Rules, measured: &Measured, ppm: f64, time: Timestamp) -> NoveltyAnswer {
        let uncertainty_hz = Uncertainty::of(measured, ppm, rules).frequency_hz;
        let hour = hour(time);
        let observed_s = self.observed_s(measured.band(), hour);
        let known = self
            .find(rules, measured, uncertainty_hz)
            .map(|index| &self.known[index]);
        let well = observed_s >= rules.baseline.min_observed_s;
        let novelty = match known {
            Some(known) if known.seen[hour] > 0 => Novelty::Known,
            _ if !well => Novelty::Unclear,
            Some(_) => Novelty::NewAtThisHour,
            None => Novelty::New,
        };
        let recurs_s = observed_s / -(1.0 - CONFIDENCE).ln();
        let seen: u32 = known.map_or(0, |known| {
            known.seen.iter().fold(0, |sum, part| sum.saturating_add(*part))
        });
        let total_s: f64 = (0..HOURS).map(|hour| self.observed_s(measured.band(), hour)).sum();
        let seen_in_hour = known.map_or(0, |known| known.seen[hour]);
        let evidence = BTreeMap::from([
            ("center_hz".to_owned(), measured.center_hz.as_f64()),
            ("bandwidth_hz".to_owned(), measured.bandwidth_hz.as_f64()),
            ("uncertainty_hz".to_owned(), uncertainty_hz),
            ("observed_in_hour_s".to_owned(), observed_s),
            ("observed_s".to_owned(), total_s),
            ("recurs_less_often_than_s".to_owned(), recurs_s),
            ("seen".to_owned(), f64::from(seen)),
            ("seen_in_hour".to_owned(), f64::from(seen_in_hour)),
        ]);
        let span = |seconds: f64| {
            let minutes = seconds / 60.0;
            Text::new(format!("{minutes:.0} 分钟"), format!("{minutes:.0} min"))
        };
        let words = Words::from([
            (
                "center",
                plain(template::frequency(measured.center_hz.as_f64(), uncertainty_hz)),
            ),
            ("bandwidth", plain(template::width(measured.bandwidth_hz.as_f64()))),
            ("place", plain(self.place.as_str())),
            ("hour", plain(format!("{hour:02}:00–{:02}:00", hour + 1))),
            ("observed", span(observed_s)),
            ("recurs", span(recurs_s)),
            ("seen", plain(seen.to_string())),
        ]);
        let (severity, text) = rules.novelty(novelty);
        NoveltyAnswer {
            novelty,
            severity,
            explanation: template::fill(text, &words),
            evidence,
        }
    }

    /// Seconds in which the whole of a band was observed in an hour of the day.
    fn observed_s(&self, band: Band, hour: usize) -> f64 {
        let whole = |watched: &&Watched| Hertz(watched.low_hz) <= band.low() && band.high() <= Hertz(watched.high_hz);
        let watches = self.watched.iter().filter(whole);
        watches.map(|watched| watched.seconds[hour]).sum()
    }

    /// The known emission this is one of; the nearest where several come near.
    fn find(&self, rules: &Rules, measured: &Measured, uncertainty_hz: f64) -> Option<usize> {
        let (center, width) = (measured.center_hz.as_f64(), measured.bandwidth_hz.as_f64().max(1.0));
        let rules = &rules.baseline;
        let away = |known: &Known| (known.center_hz - center).abs();
        let same = |known: &Known| {
            let wider = width.max(known.bandwidth_hz);
            let ratio = wider / width.min(known.bandwidth_hz.max(1.0));
            away(known) <= known.uncertainty_hz + uncertainty_hz + rules.same_share * wider && ratio <= rules.same_ratio
        };
        let near = self.known.iter().enumerate().filter(|(_, known)| same(known));
        near.min_by(|(_, a), (_, b)| away(a).total_cmp(&away(b)))
            .map(|(index, _)| index)
    }
}

fn hour(at: Timestamp) -> usize {
    usize::try_from(ZONE.to_datetime(at).hour()).unwrap_or(0)
}
