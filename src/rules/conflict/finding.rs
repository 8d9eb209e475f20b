//! A decision written out: evidence numbers and sentences.

use std::collections::BTreeMap;

use super::{
    Context, Measured, Rule, Rules, Standing, Verdict,
    arrival::Received,
    candidate::{Candidate, Fit, Why, least_snr_db},
    class,
    control::Controlled,
    hours,
    measured::{Uncertainty, resolution_hz},
    template::{self, Words, plain},
};
use crate::registry::{Allocation, Registry, Text, control::Effect, details::Window, hours as hours_of, service};

/// Everything a verdict is written from.
pub(super) struct Finding<'a, 'b> {
    pub(super) rules: &'b Rules,
    pub(super) registry: &'a Registry,
    pub(super) measured: &'b Measured,
    pub(super) context: &'b Context,
    pub(super) uncertainty: Uncertainty,
    pub(super) received: Option<Received>,
    pub(super) rule: Rule,
    pub(super) controlled: Option<Controlled<'a>>,
    /// There are orders over the band, and the time is not known.
    pub(super) orders_unchecked: bool,
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
            control_order: self.controlled.map(|controlled| controlled.order.id.clone()),
            would_decide: self.rule.would_decide().to_vec(),
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
            ("resolution_hz", resolution_hz(measured)),
        ];
        numbers.extend(measured.x26_hz.map(|width| ("bandwidth_x26_hz", width.as_f64())));
        if let Some(level) = measured.level {
            numbers.push(("power_dbm", level.power_dbm));
            numbers.push(("power_uncertainty_db", self.rules.coverage_factor * level.sigma_db));
        }
        numbers.extend(measured.class.map(|class| ("class_score", class.score)));
        numbers.extend(self.control_numbers());
        if let Some(candidate) = self.candidate {
            numbers.extend(self.level_numbers(candidate));
            numbers.extend(self.outside_s().map(|outside_s| ("outside_hours_s", outside_s)));
            let reach = self.rules.reach(candidate.assignment.center_hz);
            numbers.push(("assigned_hz", candidate.assignment.center_hz.as_f64()));
            numbers.push((
                "necessary_bandwidth_hz",
                candidate.assignment.necessary_bandwidth_hz.as_f64(),
            ));
            numbers.push(("offset_hz", candidate.offset_hz));
            numbers.push(("tolerance_hz", candidate.tolerance_hz));
            if measured.class.is_some() {
                numbers.push(("class_agreement", agreement(candidate.class)));
            }
            numbers.push(("reach_km", reach.certain_km));
            numbers.extend(candidate.distance_km.map(|km| ("distance_km", km)));
        }
        if let Some(runner_up) = self.runner_up {
            numbers.push(("runner_up_offset_hz", runner_up.offset_hz));
            numbers.extend(runner_up.distance_km.map(|km| ("runner_up_distance_km", km)));
            let margin = runner_up.arrival.zip(self.received);
            numbers.extend(margin.map(|(can, did)| ("runner_up_level_margin_db", can.margin_db(&did))));
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

    /// What can arrive of a station and what did.
    fn level_numbers(&self, candidate: &Candidate) -> Vec<(&'static str, f64)> {
        let (Some(arrival), Some(received)) = (candidate.arrival, self.received) else {
            return Vec::new();
        };
        let field = if received.calibrated {
            "field_dbuv_m"
        } else {
            "field_at_least_dbuv_m"
        };
        vec![
            (field, received.field_dbuv_m),
            ("field_uncertainty_db", received.uncertainty_db),
            ("eirp_dbm", arrival.eirp_dbm),
            ("free_space_dbuv_m", arrival.free_space_dbuv_m),
            ("predicted_most_dbuv_m", arrival.most_dbuv_m),
            ("predicted_usual_dbuv_m", arrival.usual_dbuv_m),
            ("level_margin_db", arrival.margin_db(&received)),
        ]
    }

    fn control_numbers(&self) -> Vec<(&'static str, f64)> {
        let Some(controlled) = self.controlled else {
            return Vec::new();
        };
        let mut numbers = Vec::new();
        if let Effect::Limit {
            max_eirp_dbm,
            max_bandwidth_hz,
        } = controlled.order.effect
        {
            numbers.extend(max_eirp_dbm.map(|limit| ("control_max_eirp_dbm", limit)));
            numbers.extend(max_bandwidth_hz.map(|limit| ("control_max_bandwidth_hz", limit.as_f64())));
        }
        numbers.extend(controlled.eirp_at_least_dbm.map(|least| ("eirp_at_least_dbm", least)));
        numbers
    }

    fn windows(&self) -> &[Window] {
        let details = self
            .candidate
            .and_then(|candidate| candidate.assignment.details.as_ref());
        details.map_or(&[], |details| details.windows.as_slice())
    }

    /// How long the hours of the station were over; nothing where it states none or the time is not known.
    fn outside_s(&self) -> Option<f64> {
        hours::outside_s(self.windows(), self.context.time?, self.rules.hours.grace_s)
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
            words.extend(self.level_words(candidate));
            words.insert("hours", hours_of::text(self.windows()));
            let written: Vec<&str> = class::designators(assignment).collect();
            words.insert("designators", plain(written.join(", ")));
            words.extend(self.measured.class.map(|class| ("class", class::name(class.name))));
        }
        words.extend(self.context.time.map(|time| ("instant", template::moment(time))));
        words.extend(self.control_words());
        words
    }

    fn level_words(&self, candidate: &Candidate) -> Words {
        let (Some(arrival), Some(received)) = (candidate.arrival, self.received) else {
            return Words::new();
        };
        let field = |level: f64| plain(format!("{level:.0} dBμV/m"));
        Words::from([
            ("level", field(received.field_dbuv_m)),
            ("level_uncertainty", plain(format!("{:.1} dB", received.uncertainty_db))),
            ("most", field(arrival.most_dbuv_m)),
            ("eirp", plain(format!("{:.0} dBm", arrival.eirp_dbm))),
            ("excess", plain(template::decibels(-arrival.margin_db(&received)))),
        ])
    }

    fn control_words(&self) -> Words {
        let Some(controlled) = self.controlled else {
            return Words::new();
        };
        let (order, phrases) = (controlled.order, &self.rules.phrases);
        let station = self.candidate.filter(|candidate| candidate.stands_still);
        let sender = match station {
            Some(station) => template::fill(&phrases.sender_at_station, &station_words(station)),
            None => phrases.sender_not_located.clone(),
        };
        let title = Text::new(
            format!("{}（{}）", order.title.zh, order.id),
            format!("{} ({})", order.title.en, order.id),
        );
        let mut limits = Vec::new();
        if let Effect::Limit {
            max_eirp_dbm,
            max_bandwidth_hz,
        } = order.effect
        {
            let one = |phrase: &Text, value: String| template::fill(phrase, &Words::from([("value", plain(value))]));
            limits.extend(max_eirp_dbm.map(|limit| one(&phrases.limit_power, format!("{limit:.0} dBm"))));
            let width = max_bandwidth_hz.map(|limit| template::width(limit.as_f64()));
            limits.extend(width.map(|width| one(&phrases.limit_bandwidth, width)));
        }
        let power = controlled.eirp_at_least_dbm.map_or_else(Text::default, |least| {
            let least = plain(format!("{least:.0} dBm"));
            template::fill(&phrases.sender_power, &Words::from([("value", least)]))
        });
        Words::from([
            ("order", title),
            ("issuer", plain(order.issuer.as_str())),
            ("until", template::moment(order.to)),
            ("sender", sender),
            ("limits", join(&limits.iter().collect::<Vec<_>>(), ["、", ", "])),
            ("sender_power", power),
        ])
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
                let has_hours = !self.windows().is_empty();
                if has_hours && self.outside_s().is_none() {
                    sentences.push(&phrases.hours_unchecked);
                }
                let power_known = self.candidate.is_some_and(|candidate| candidate.arrival.is_some());
                if power_known && self.measured.level.is_none() {
                    sentences.push(&phrases.power_unchecked);
                }
            }
            None => {
                let exemption = self.allocation.and_then(|row| row.exemption.as_ref());
                if exemption.is_some_and(|exemption| exemption.max_eirp_dbm.is_some()) {
                    sentences.push(&phrases.power_unchecked);
                }
            }
        }
        if self.orders_unchecked {
            sentences.push(&phrases.orders_unchecked);
        }
        join(&sentences, ["", " "])
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
            Why::Hours => &phrases.why_hours,
            Why::Level => &phrases.why_level,
            Why::Bandwidth => &phrases.why_bandwidth,
            Why::Place => &phrases.why_place,
            Why::Frequency => &phrases.why_frequency,
        };
        let mut words = station_words(near);
        words.insert("bandwidth", plain(template::width(self.measured.bandwidth_hz.as_f64())));
        words.extend(self.level_words(near));
        words.insert("why", template::fill(template, &words));
        template::fill(&phrases.nearest, &words)
    }
}

/// Agreement as a number: 1 agrees, 0 undecided, −1 disagrees.
fn agreement(class: Standing) -> f64 {
    match class {
        Standing::Within => 1.0,
        Standing::Undecided => 0.0,
        Standing::Outside => -1.0,
    }
}

/// Texts with a gap between them: Chinese, English.
fn join(texts: &[&Text], [zh, en]: [&str; 2]) -> Text {
    let one = |pick: fn(&Text) -> &str, gap| texts.iter().map(|text| pick(text)).collect::<Vec<_>>().join(gap);
    Text::new(one(|text| &text.zh, zh), one(|text| &text.en, en))
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
