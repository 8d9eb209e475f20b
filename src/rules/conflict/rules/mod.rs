//! The rules file: tolerances, reach, severities and texts. `config/rules.toml` is compiled in as the default.

mod read;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{BaselineRules, Novelty, ProductRules, Rule, Severity};
use crate::{
    detect::class::Class,
    registry::{Assignment, Text},
    units::{Band, Hertz},
};

/// The rules that are compiled in.
pub const RULES_TOML: &str = include_str!("../../../../config/rules.toml");

/// A fault in the rules file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}{separator}{reason}", separator = if key.is_empty() { "" } else { ": " })]
pub struct RulesError {
    /// Name of the file, as given.
    pub file: String,
    /// Line, from 1; the first line where a whole section is missing.
    pub line: usize,
    /// Path of the key; empty where the file is no valid TOML.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub reason: String,
}

/// What the judge needs to know that is not measurement and not registry.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Version of the file; part of every verdict.
    pub version: String,
    /// Expanded uncertainty over one sigma.
    pub coverage_factor: f64,
    /// Judging frequencies.
    pub frequency: FrequencyRules,
    /// Judging bandwidths.
    pub bandwidth: BandwidthRules,
    /// Judging levels.
    pub power: PowerRules,
    /// How far stations are heard, where their power is registered.
    pub propagation: PropagationRules,
    /// Judging hours of operation.
    pub hours: HoursRules,
    /// Judging classes of emission.
    pub class: ClassRules,
    /// Judging whether an assignment is used.
    pub usage: UseRules,
    /// Asking whether an emission is new at a place.
    pub baseline: BaselineRules,
    /// Linking intermodulation products to their parents.
    pub products: ProductRules,
    novelty: BTreeMap<Novelty, RuleText>,
    pub(super) phrases: Phrases,
    reach: Vec<Reach>,
    tolerances: Vec<Tolerance>,
    texts: BTreeMap<Rule, RuleText>,
}

/// Judging frequencies.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequencyRules {
    /// One sigma of a modulated signal's centre over its bandwidth, at the reference time.
    pub modulation_share: f64,
    /// On-air time from which it falls with the square root.
    pub modulation_reference_s: f64,
    /// Part of the necessary bandwidth within which an emission is taken for the station.
    pub capture_share: f64,
    /// Tolerances within which an emission is taken for the station.
    pub capture_tolerances: f64,
    /// Part of the necessary bandwidth an emission must have to be the station off frequency.
    pub min_bandwidth_share: f64,
    /// Part of a block below which an emission is not taken for the network's.
    pub block_share: f64,
}

/// Judging bandwidths.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandwidthRules {
    /// One sigma over bandwidth, at the reference SNR or better.
    pub relative_uncertainty: f64,
    /// SNR from which the uncertainty no longer falls.
    pub reference_snr_db: f64,
    /// Least SNR by kind of verdict.
    pub min_snr_db: MinSnr,
    /// Least SNR of a 26 dB bandwidth.
    pub min_snr_x26_db: f64,
    /// Least number of bins.
    pub min_bins: f64,
    /// Necessary bandwidths beyond which it is somebody else.
    pub capture_ratio: f64,
}

/// Least signal-to-noise ratio, in decibels, at which a bandwidth is ground for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinSnr {
    /// For `over_bandwidth`.
    pub over_bandwidth: f64,
    /// For denying `licence_exempt`.
    pub licence_exempt: f64,
}

/// Judging levels.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerRules {
    /// What reflections can add to the field of free space, dB.
    pub margin_db: f64,
    /// Excess up to which an emission is still taken for the station, too strong, dB.
    pub capture_db: f64,
    /// Most that a receiving antenna of unknown gain is believed to add, dBi.
    pub receive_gain_dbi: f64,
    /// Most that a registered pattern is believed to attenuate, dB.
    pub pattern_depth_db: f64,
    /// How far from its registered place a transmitter may be, km.
    pub position_uncertainty_km: f64,
    /// Services whose stations stand still.
    pub fixed_services: Vec<String>,
    /// Classes of station (RR) that stand still.
    pub fixed_classes: Vec<String>,
}

/// How far stations are heard, where their power is registered.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropagationRules {
    /// Height of a station's antenna over the ground where none is registered, m.
    pub station_height_m: f64,
    /// Greatest height it may have, m.
    pub station_height_most_m: f64,
    /// Height of the receiving antenna, m.
    pub receiver_height_m: f64,
    /// What place and time add to the usual field, dB.
    pub usual_margin_db: f64,
    /// What a duct takes beyond the farthest horizon, dB/km.
    pub ducting_db_per_km: f64,
}

/// Judging hours of operation.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursRules {
    /// Before and after a window, s.
    pub grace_s: f64,
}

/// Judging classes of emission.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRules {
    /// Score from which a class is told for sure.
    pub min_score: f64,
    /// Least signal-to-noise ratio, dB.
    pub min_snr_db: f64,
    /// Beginnings of designators' symbols that no measurement contradicts.
    pub never_disproved: Vec<String>,
    /// What each class may stand for.
    pub classes: BTreeMap<Class, ClassSymbols>,
}

/// Symbols of RR Appendix 1 behind the bandwidth, by their beginnings: `A`, `F3`, `N0N`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSymbols {
    /// What looks like the class.
    pub agrees: Vec<String>,
    /// What may look like it at times.
    pub possible: Vec<String>,
}

/// Judging whether an assignment is used.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseRules {
    /// Share of the time below which it counts as not used.
    pub max_share: f64,
    /// Observed time within its hours, h.
    pub min_observed_h: f64,
    /// Share of the visits asked for that must have taken place.
    pub min_coverage: f64,
    /// Field strength from which a receiver would have noticed it, dB(µV/m), where its own is not known.
    pub noticed_dbuv_m: f64,
}

/// How far stations of a band are heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReachKm {
    /// Beyond the service area and up to here a station explains what is received.
    pub certain_km: f64,
    /// Beyond here it never does.
    pub possible_km: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrases {
    pub(super) place_unchecked: Text,
    pub(super) time_unchecked: Text,
    pub(super) power_unchecked: Text,
    pub(super) hours_unchecked: Text,
    pub(super) orders_unchecked: Text,
    pub(super) sender_at_station: Text,
    pub(super) sender_not_located: Text,
    pub(super) sender_power: Text,
    pub(super) limit_power: Text,
    pub(super) limit_bandwidth: Text,
    pub(super) nearest: Text,
    pub(super) why_frequency: Text,
    pub(super) why_bandwidth: Text,
    pub(super) why_place: Text,
    pub(super) why_validity: Text,
    pub(super) why_hours: Text,
    pub(super) why_level: Text,
}

#[derive(Debug, Clone, PartialEq)]
struct Reach {
    band: Band,
    km: ReachKm,
}

#[derive(Debug, Clone, PartialEq)]
struct Tolerance {
    band: Band,
    services: Vec<String>,
    hz: Option<f64>,
    ppm: Option<f64>,
}

impl Tolerance {
    fn at(&self, frequency: Hertz) -> f64 {
        self.hz
            .unwrap_or(0.0)
            .max(self.ppm.unwrap_or(0.0) * 1e-6 * frequency.as_f64())
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct RuleText {
    severity: Severity,
    by_service: BTreeMap<String, Severity>,
    pub(super) text: Text,
}

impl Rules {
    /// The rules that are compiled in.
    ///
    /// # Errors
    /// None in a build that passes its tests.
    pub fn builtin() -> Result<Self, RulesError> {
        Self::parse(RULES_TOML, "config/rules.toml")
    }

    /// The default tolerance in hertz at an assigned frequency for stations of these services; the first entry of the
    /// file that fits counts. Zero where none fits.
    #[must_use]
    pub fn tolerance_hz(&self, frequency: Hertz, services: &[&str]) -> f64 {
        let here = Band::around(frequency, Hertz(1));
        let fits = |entry: &&Tolerance| {
            entry.band.overlaps(here)
                && (entry.services.is_empty() || entry.services.iter().any(|known| services.contains(&known.as_str())))
        };
        self.tolerances
            .iter()
            .find(fits)
            .map_or(0.0, |entry| entry.at(frequency))
    }

    /// The largest default tolerance of any service at this frequency.
    pub(super) fn widest_tolerance_hz(&self, frequency: Hertz) -> f64 {
        let here = Band::around(frequency, Hertz(1));
        let fitting = self.tolerances.iter().filter(|entry| entry.band.overlaps(here));
        fitting.map(|entry| entry.at(frequency)).fold(0.0, f64::max)
    }

    /// How far beside its band an emission may be and still be held against an assignment.
    #[must_use]
    pub fn capture_hz(&self, assignment: &Assignment) -> f64 {
        let tolerance_hz = assignment
            .tolerance_hz
            .unwrap_or(0.0)
            .max(self.widest_tolerance_hz(assignment.center_hz));
        let necessary_hz = assignment.necessary_bandwidth_hz.as_f64();
        (self.frequency.capture_tolerances * tolerance_hz).max(self.bandwidth.capture_ratio * necessary_hz)
    }

    /// How far stations on this frequency are heard; without an entry, anywhere.
    #[must_use]
    pub fn reach(&self, frequency: Hertz) -> ReachKm {
        let here = Band::around(frequency, Hertz(1));
        let found = self.reach.iter().find(|entry| entry.band.overlaps(here));
        found.map_or(
            ReachKm {
                certain_km: f64::INFINITY,
                possible_km: f64::INFINITY,
            },
            |entry| entry.km,
        )
    }

    /// How urgent a finding is in a band of these services: the highest that applies.
    #[must_use]
    pub fn severity(&self, rule: Rule, services: &[&str]) -> Severity {
        let text = &self.texts[&rule];
        let special = services
            .iter()
            .filter_map(|service| text.by_service.get(*service))
            .max();
        special.copied().unwrap_or(text.severity)
    }

    pub(super) fn novelty(&self, novelty: Novelty) -> (Severity, &Text) {
        let text = &self.novelty[&novelty];
        (text.severity, &text.text)
    }

    pub(super) fn text(&self, rule: Rule) -> &Text {
        &self.texts[&rule].text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_follow_band_and_service() {
        let rules = Rules::builtin().unwrap_or_else(|error| panic!("{error}"));
        let at = |text: &str| text.parse::<Hertz>().expect("frequency");
        for (frequency, services, hz) in [
            ("98M", &["BROADCASTING"][..], 2000.0),
            ("98M", &[], 1960.0),
            ("118.1M", &["AERO-MOBILE-R"], 2362.0),
            ("156.8M", &["MARITIME-MOBILE"], 1568.0),
            ("409.75M", &["LAND-MOBILE"], 2048.75),
            ("1090M", &["AERO-RADIONAVIGATION"], 545_000.0),
        ] {
            assert!(
                (rules.tolerance_hz(at(frequency), services) - hz).abs() < 1e-6,
                "{frequency} {services:?}"
            );
        }
        assert_eq!(
            rules.reach(at("125M")).certain_km,
            400.0,
            "aircraft before the general entry"
        );
    }

    #[test]
    fn faults_name_line_and_key() {
        let line_of = |text: &str| RULES_TOML.lines().position(|line| line.contains(text)).expect(text) + 1;
        for (from, to, key, says, line) in [
            ("format = 1", "format = 9", "format", "format 1", line_of("format = 1")),
            (
                "coverage_factor = 2.0",
                "coverage_factor = nan",
                "coverage_factor",
                "no number",
                1,
            ),
            (
                "coverage_factor = 2.0",
                "coverage = 2.0",
                "",
                "coverage_factor",
                line_of("coverage_factor = 2.0"),
            ),
            (
                "[rule.unlicensed]",
                "[rule.unlicenced]",
                "rule.unlicenced",
                "unlicensed",
                line_of("[rule.unlicensed]"),
            ),
            (
                "{nearest}\"\nen",
                "{neerest}\"\nen",
                "rule.unlicensed",
                "{neerest}",
                line_of("登记资料中没有相符的指配，也不符合"),
            ),
            (
                "BROADCASTING = \"alarm\"",
                "CASTING = \"alarm\"",
                "rule.unlicensed",
                "BROADCASTING",
                line_of("by_service = {"),
            ),
            (
                "possible_km = 300.0",
                "possible_km = 100.0",
                "possible_km",
                "certain_km",
                line_of("possible_km = 300.0"),
            ),
            (
                "hz = 2000.0",
                "hz = 2000.0\nppm = 1.0",
                "tolerance",
                "either",
                line_of("hz = 2000.0") - 3,
            ),
        ] {
            let text = RULES_TOML.replacen(from, to, 1);
            assert_ne!(text, RULES_TOML, "{from}");
            let error = Rules::parse(&text, "r.toml").expect_err(to);
            assert_eq!(error.key, key, "{error}");
            assert!(error.reason.contains(says), "{error}");
            assert_eq!(error.line, line, "{error}");
        }
        let missing = RULES_TOML.split("[rule.no_station_data]").next().expect("first part");
        let error = Rules::parse(missing, "r.toml").expect_err("missing rule");
        assert!(
            error.to_string().contains("rule.no_station_data: this rule is missing"),
            "{error}"
        );
    }
}
