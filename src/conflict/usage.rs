//! Is an assignment used? From visits to its channel within the hours it may be used in, with the interval of its occupancy.
//!
//! Time that was not observed says nothing and counts nowhere; neither does time outside the hours or the validity of the
//! assignment. Silence is evidence only where the station would have been heard.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Context, Rule, Rules, Verdict,
    arrival::Arrival,
    hours,
    template::{self, Words, plain},
};
use crate::{
    dsp::occupancy::{ChannelCount, Occupancy, Terms, Visit},
    registry::{Assignment, Registry, Text, service},
    units::{Band, Hertz},
};

/// Visits to one assignment's channel, at equal distances in time.
#[derive(Debug, Clone, PartialEq)]
pub struct UseLog {
    assignment: Assignment,
    revisit_s: f64,
    count: ChannelCount,
}

impl UseLog {
    /// An empty log of visits every `revisit_s` seconds.
    #[must_use]
    pub fn new(assignment: &Assignment, revisit_s: f64) -> Self {
        Self {
            assignment: assignment.clone(),
            revisit_s,
            count: ChannelCount::default(),
        }
    }

    /// Takes a visit. Outside the hours and the validity it does not count, not even as missing.
    pub fn push(&mut self, time: Timestamp, visit: Visit) {
        let a = &self.assignment;
        let valid = a.valid_from.is_none_or(|from| time >= from) && a.valid_to.is_none_or(|to| time < to);
        let windows = a.details.as_ref().map_or(&[][..], |details| &details.windows);
        // Hours that cannot be told (a zone that is not known) accuse nobody: such a visit is none.
        let within = windows.is_empty() || hours::contained(windows, time) == Some(true);
        if valid && within {
            self.count.push(visit);
        } else {
            self.count.interrupt();
        }
    }

    /// Hours observed.
    #[must_use]
    pub fn observed_h(&self) -> f64 {
        self.count.observed() as f64 * self.revisit_s / 3600.0
    }
}

/// Judges the use of the log's assignment; `context.site` is where it was watched from.
#[must_use]
pub fn judge_use(rules: &Rules, registry: &Registry, log: &UseLog, context: &Context) -> Verdict {
    let assignment = &log.assignment;
    let rows = registry.allocations_in(Band::around(assignment.center_hz, Hertz(1)));
    let services: Vec<&str> = match &assignment.service {
        Some(stated) => service::parts(stated).collect(),
        None => rows.iter().flat_map(|row| service::parts(&row.service)).collect(),
    };
    let occupancy = log.count.occupancy(&Terms::default());
    let distance_km = context
        .site
        .zip(assignment.place)
        .map(|(site, place)| site.distance_km(&place));
    let rule = match &occupancy {
        Some(known) if known.low >= rules.usage.max_share => Rule::AssignmentInUse,
        _ if !is_heard(assignment, &services, context, distance_km, rules) => Rule::UseUnheard,
        Some(known) if is_unused(known, log, rules) => Rule::UnusedAssignment,
        _ => Rule::UseUnclear,
    };
    Verdict {
        kind: rule.kind(),
        severity: rules.severity(rule, &services),
        rule: rule.key().to_owned(),
        assignment: Some(assignment.id.clone()),
        runner_up: None,
        allocation: None,
        control_order: None,
        would_decide: rule.would_decide().to_vec(),
        explanation: template::fill(rules.text(rule), &words(log, occupancy.as_ref(), distance_km, rules)),
        evidence: evidence(log, occupancy.as_ref(), distance_km, rules),
        rules_version: rules.version.clone(),
        registry_version: registry.version().to_owned(),
    }
}

fn is_unused(occupancy: &Occupancy, log: &UseLog, rules: &Rules) -> bool {
    let enough = log.observed_h() >= rules.usage.min_observed_h && occupancy.coverage >= rules.usage.min_coverage;
    enough && occupancy.high < rules.usage.max_share
}

/// Whether the station is heard where it was watched from: in the least favourable of usual conditions where its power is
/// registered, else inside its service area.
fn is_heard(
    assignment: &Assignment,
    services: &[&str],
    context: &Context,
    distance_km: Option<f64>,
    rules: &Rules,
) -> bool {
    let arrival = context
        .site
        .and_then(|site| Arrival::of(assignment, services, &site, rules));
    match (arrival, distance_km, assignment.place) {
        (Some(arrival), _, _) => {
            let least = arrival.usual_dbuv_m - 2.0 * rules.propagation.usual_margin_db;
            least >= rules.usage.noticed_dbuv_m
        }
        (None, Some(km), Some(place)) => km <= place.radius_km,
        _ => false,
    }
}

fn evidence(
    log: &UseLog,
    occupancy: Option<&Occupancy>,
    distance_km: Option<f64>,
    rules: &Rules,
) -> BTreeMap<String, f64> {
    let mut numbers = vec![
        ("assigned_hz", log.assignment.center_hz.as_f64()),
        ("observed_h", log.observed_h()),
        ("max_share", rules.usage.max_share),
        ("min_observed_h", rules.usage.min_observed_h),
    ];
    numbers.extend(distance_km.map(|km| ("distance_km", km)));
    if let Some(known) = occupancy {
        numbers.extend([
            ("occupancy_share", known.share),
            ("occupancy_low_share", known.low),
            ("occupancy_high_share", known.high),
            ("coverage_ratio", known.coverage),
            ("visits_observed", known.observed as f64),
            ("visits_asked", known.asked as f64),
        ]);
    }
    numbers
        .into_iter()
        .map(|(key, number)| (key.to_owned(), number))
        .collect()
}

fn words(log: &UseLog, occupancy: Option<&Occupancy>, distance_km: Option<f64>, rules: &Rules) -> Words {
    let assignment = &log.assignment;
    let hours = log.observed_h();
    let share = occupancy.map_or_else(
        || Text::new("未知", "unknown"),
        |known| {
            let en = known.to_string();
            let zh = en
                .replace("at most", "不超过")
                .replace("at least", "不低于")
                .replace(" to ", " 至 ");
            Text::new(zh, en)
        },
    );
    Words::from([
        ("assigned", plain(assignment.center_hz.to_string())),
        ("assignment", plain(assignment.id.as_str())),
        ("holder", plain(assignment.holder.as_str())),
        ("station", plain(assignment.station.as_str())),
        (
            "watched",
            Text::new(format!("{hours:.1} 小时"), format!("{hours:.1} hours")),
        ),
        (
            "coverage",
            plain(format!(
                "{:.0} %",
                100.0 * occupancy.map_or(0.0, |known| known.coverage)
            )),
        ),
        ("occupancy", share),
        ("limit", plain(format!("{:.1} %", 100.0 * rules.usage.max_share))),
        (
            "distance",
            distance_km.map_or_else(
                || Text::new("未知距离", "an unknown distance"),
                |km| plain(format!("{km:.0} km")),
            ),
        ),
    ])
}
