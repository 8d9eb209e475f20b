//! A decision written out: evidence numbers and sentences.

use std::collections::BTreeMap;

use super::{
    Context, Measured, Rule, Rules, Verdict,
    candidate::{Candidate, Fit, Why, least_snr_db},
    measured::Uncertainty,
    template::{self, Words, plain},
};
use crate::registry::{Allocation, Registry, Text, service};

/// Everything a verdict is written from.
pub(super) struct Finding<'a, 'b> {
    pub(super) rules: &'b Rules,
    pub(super) registry: &'a Registry,
    pub(super) measured: &'b Measured,
    pub(super) context: &'b Context,
    pub(super) uncertainty: Uncertainty,
    pub(super) rule: Rule,
    pub(super) candidate: Option<&'b Candidate<'a>>,
    pub(super) allocation: Option<&'a Allocation>,
    pub(super) runner_up: Option<&'b Candidate<'a>>,
    pub(super) rows: &'b [&'a Allocation],
}

impl Finding<'_, '_> {
    pub(super) fn verdict(&self) -> Verdict {
        let services: Vec<&str> = self.rows.iter().flat_map(|row| service::parts(&row.service)).collect();
        Verdict {
            kind: self.rule.kind(),
            severity: self.rules.severity(self.rule, &services),
            rule: self.rule.key().to_owned(),
            assignment: self.candidate.map(|candidate| candidate.assignment.id.clone()),
            runner_up: self.runner_up.map(|candidate| candidate.assignment.id.clone()),
            allocation: self.allocation.map(|row| row.id.clone()),
            explanation: template::fill(self.rules.text(self.rule), &self.words()),
            evidence: self.evidence(),
            rules_version: self.rules.version.clone(),
            registry_version: self.registry.version().to_owned(),
        }
    }

    fn evidence(&self) -> BTreeMap<String, f64> {
        let measured = self.measured;
        let mut numbers = vec![
            ("center_hz", measured.center_hz.as_f64()),
            ("bandwidth_hz", measured.bandwidth_hz.as_f64()),
            ("uncertainty_hz", self.uncertainty.frequency_hz),
            ("bandwidth_uncertainty_hz", self.uncertainty.bandwidth_hz),
            ("snr_db", measured.snr_db),
            ("power_dbfs", measured.power_dbfs),
            ("duration_s", measured.duration_s),
            ("duty_cycle_ratio", measured.duty_cycle),
            ("oscillator_uncertainty_ppm", self.context.ppm_uncertainty),
        ];
        numbers.extend(measured.x26_hz.map(|width| ("bandwidth_x26_hz", width.as_f64())));
        if let Some(candidate) = self.candidate {
            let reach = self.rules.reach(candidate.assignment.center_hz);
            numbers.push(("assigned_hz", candidate.assignment.center_hz.as_f64()));
            numbers.push((
                "necessary_bandwidth_hz",
                candidate.assignment.necessary_bandwidth_hz.as_f64(),
            ));
            numbers.push(("offset_hz", candidate.offset_hz));
            numbers.push(("tolerance_hz", candidate.tolerance_hz));
            numbers.push(("reach_km", reach.certain_km));
            numbers.extend(candidate.distance_km.map(|km| ("distance_km", km)));
        }
        if let Some(runner_up) = self.runner_up {
            numbers.push(("runner_up_offset_hz", runner_up.offset_hz));
            numbers.extend(runner_up.distance_km.map(|km| ("runner_up_distance_km", km)));
        }
        if let Some(exemption) = self.allocation.and_then(|row| row.exemption.as_ref()) {
            numbers.extend(
                exemption
                    .max_bandwidth_hz
                    .map(|limit| ("exempt_bandwidth_hz", limit as f64)),
            );
            numbers.extend(exemption.max_eirp_dbm.map(|limit| ("exempt_eirp_dbm", limit)));
        }
        // JSON knows no infinity: what was stated and not measured has no number here.
        let finite = numbers.into_iter().filter(|(_, number)| number.is_finite());
        finite.map(|(key, number)| (key.to_owned(), number)).collect()
    }

    fn words(&self) -> Words {
        let measured = self.measured;
        let bandwidth_hz = measured.bandwidth_hz.as_f64();
        let mut words = Words::from([
            (
                "center",
                plain(template::frequency(
                    measured.center_hz.as_f64(),
                    self.uncertainty.frequency_hz,
                )),
            ),
            ("bandwidth", plain(template::width(bandwidth_hz))),
            ("snr", plain(template::decibels(measured.snr_db))),
            (
                "uncertainty",
                plain(template::uncertainty(self.uncertainty.frequency_hz)),
            ),
            (
                "bandwidth_uncertainty",
                plain(template::uncertainty(self.uncertainty.bandwidth_hz)),
            ),
            ("min_snr", plain(template::decibels(self.min_snr_db()))),
            ("unchecked", self.unchecked()),
            ("nearest", self.nearest()),
        ]);
        if let Some(row) = self.allocation {
            words.insert("allocation", row.name.clone());
            if let Some(exemption) = &row.exemption {
                let limit = exemption.max_bandwidth_hz.map_or(0.0, |limit| limit as f64);
                words.insert("limit", plain(template::width(limit)));
                words.insert("conditions", exemption.conditions.clone());
            }
        }
        if let Some(candidate) = self.candidate {
            words.extend(station_words(candidate));
            let assignment = candidate.assignment;
            let day = match self.rule {
                // The end is the first instant no longer in force; people name the last day in force.
                Rule::Expired => assignment.valid_to.map(|end| end - jiff::SignedDuration::from_secs(1)),
                _ => assignment.valid_from,
            };
            words.extend(day.map(|day| ("date", template::day(day))));
        }
        words
    }

    fn min_snr_db(&self) -> f64 {
        let least = &self.rules.bandwidth.min_snr_db;
        let kind = if self.candidate.is_some() {
            least.over_bandwidth
        } else {
            least.licence_exempt
        };
        least_snr_db(self.rules, self.measured, kind)
    }

    /// What could not be checked, as sentences.
    fn unchecked(&self) -> Text {
        let phrases = &self.rules.phrases;
        let mut sentences = Vec::new();
        match self.candidate.map(|candidate| candidate.assignment) {
            Some(assignment) => {
                if assignment.place.is_some() && self.context.site.is_none() {
                    sentences.push(&phrases.place_unchecked);
                }
                let limited = assignment.valid_from.is_some() || assignment.valid_to.is_some();
                if limited && self.context.time.is_none() {
                    sentences.push(&phrases.time_unchecked);
                }
            }
            None => {
                let exemption = self.allocation.and_then(|row| row.exemption.as_ref());
                if exemption.is_some_and(|exemption| exemption.max_eirp_dbm.is_some()) {
                    sentences.push(&phrases.power_unchecked);
                }
            }
        }
        let join = |language: fn(&Text) -> &str, gap| {
            sentences
                .iter()
                .map(|text| language(text))
                .collect::<Vec<_>>()
                .join(gap)
        };
        Text {
            zh: join(|text| &text.zh, ""),
            en: join(|text| &text.en, " "),
        }
    }

    /// The nearest assignment and why it is not the explanation.
    fn nearest(&self) -> Text {
        let Some(near) = self.runner_up else {
            return Text::default();
        };
        let Fit::Not(why) = near.fit else {
            return Text::default();
        };
        let phrases = &self.rules.phrases;
        let template = match why {
            Why::Validity => &phrases.why_validity,
            Why::Bandwidth => &phrases.why_bandwidth,
            Why::Place => &phrases.why_place,
            Why::Frequency => &phrases.why_frequency,
        };
        let mut words = station_words(near);
        words.insert("bandwidth", plain(template::width(self.measured.bandwidth_hz.as_f64())));
        words.insert("why", template::fill(template, &words));
        template::fill(&phrases.nearest, &words)
    }
}

fn station_words(candidate: &Candidate) -> Words {
    let assignment = candidate.assignment;
    Words::from([
        ("assignment", plain(assignment.id.as_str())),
        ("holder", plain(assignment.holder.as_str())),
        ("station", plain(assignment.station.as_str())),
        (
            "necessary",
            plain(template::width(assignment.necessary_bandwidth_hz.as_f64())),
        ),
        ("offset", plain(template::width(candidate.offset_hz.abs()))),
        ("tolerance", plain(template::width(candidate.tolerance_hz))),
        (
            "distance",
            plain(
                candidate
                    .distance_km
                    .map_or_else(|| "?".to_owned(), |km| format!("{km:.0} km")),
            ),
        ),
    ])
}
