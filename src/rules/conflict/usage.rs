//! Is an assignment used? From visits to its channel within the hours it may be used in, with the interval of its occupancy.
//!
//! Time that was not observed says nothing and counts nowhere; neither does time outside the hours or the validity of the
//! assignment. Silence is evidence only where the station would have been heard. A station that was heard at all is used,
//! however rarely: a share of the time below the limit is a question to the terms of its licence, and no proof of disuse.

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
    registry::{Allocation, Assignment, AssignmentStatus, Registry, Role, Text, service},
    units::{Band, Hertz},
};

/// Visits to one assignment's channel, at equal distances in time.
#[derive(Debug, Clone, PartialEq)]
pub struct UseLog {
    assignment: Assignment,
    revisit_s: f64,
    count: ChannelCount,
    /// Emissions of the station within its hours.
    heard: u64,
    /// First and last time of a visit that was asked for, whatever the hours.
    period: Option<[Timestamp; 2]>,
}

impl UseLog {
    /// An empty log of visits every `revisit_s` seconds.
    #[must_use]
    pub fn new(assignment: &Assignment, revisit_s: f64) -> Self {
        Self {
            assignment: assignment.clone(),
            revisit_s,
            count: ChannelCount::default(),
            heard: 0,
            period: None,
        }
    }

    /// Takes a visit. Outside the hours and the validity it does not count, not even as missing.
    pub fn push(&mut self, time: Timestamp, visit: Visit) {
        self.push_all(time, &[visit]);
    }

    /// Takes visits that follow one another from `time` on, all within a minute by the clock: hours begin and end with
    /// minutes.
    pub fn push_all(&mut self, time: Timestamp, visits: &[Visit]) {
        let [first, _] = self.period.unwrap_or([time; 2]);
        self.period = Some([first, time]);
        if !self.may_be_on(time) {
            return self.count.interrupt();
        }
        for run in visits.chunk_by(|a, b| a == b) {
            self.count.push_run(run[0], run.len() as u64);
        }
    }

    /// An emission that was taken for the station (see [`is_of_station`]) was on from one time to another. Outside the
    /// hours and the validity it is no use of the assignment.
    pub fn hear(&mut self, from: Timestamp, to: Timestamp) {
        self.heard += u64::from(self.may_be_on(from) || self.may_be_on(to));
    }

    /// Whether the assignment may be used at this time.
    fn may_be_on(&self, time: Timestamp) -> bool {
        let a = &self.assignment;
        let valid = a.valid_from.is_none_or(|from| time >= from) && a.valid_to.is_none_or(|to| time < to);
        let windows = a.details.as_ref().map_or(&[][..], |details| &details.windows);
        // Hours that cannot be told (a zone that is not known) accuse nobody: such a visit is none.
        valid && (windows.is_empty() || hours::contained(windows, time) == Some(true))
    }

    /// The assignment.
    #[must_use]
    pub fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// First and last time of a visit that was asked for, whatever the hours; nothing before the first.
    #[must_use]
    pub fn period(&self) -> Option<[Timestamp; 2]> {
        self.period
    }

    /// Hours observed.
    #[must_use]
    pub fn observed_h(&self) -> f64 {
        self.count.observed() as f64 * self.revisit_s / 3600.0
    }
}

/// Whether a verdict takes its emission for a transmission of this station: it names it, and not only as the one whose
/// band a much narrower or displaced emission lies in.
#[must_use]
pub fn is_of_station(verdict: &Verdict, assignment: &str) -> bool {
    let beside = [Rule::InsideAssignedBand, Rule::InsideAssignedBlock];
    verdict.assignment.as_deref() == Some(assignment) && !beside.iter().any(|rule| rule.key() == verdict.rule)
}

/// Whether the use of this assignment can be told from `context.site`: it is a transmitter in force that must be heard there.
#[must_use]
pub fn is_watchable(rules: &Rules, registry: &Registry, assignment: &Assignment, context: &Context) -> bool {
    let rows = registry.allocations_in(Band::around(assignment.center_hz, Hertz(1)));
    assignment.role() != Role::Receive
        && assignment.status == AssignmentStatus::Granted
        && is_heard(assignment, &services(assignment, &rows), context, rules)
}

fn services<'a>(assignment: &'a Assignment, rows: &[&'a Allocation]) -> Vec<&'a str> {
    match &assignment.service {
        Some(stated) => service::parts(stated).collect(),
        None => rows.iter().flat_map(|row| service::parts(&row.service)).collect(),
    }
}

fn distance_km(assignment: &Assignment, context: &Context) -> Option<f64> {
    let both = context.site.zip(assignment.place);
    both.map(|(site, place)| site.distance_km(&place))
}

/// Judges the use of the log's assignment; `context.site` is where it was watched from.
#[must_use]
pub fn judge_use(rules: &Rules, registry: &Registry, log: &UseLog, context: &Context) -> Verdict {
    let assignment = &log.assignment;
    let rows = registry.allocations_in(Band::around(assignment.center_hz, Hertz(1)));
    let services = services(assignment, &rows);
    let occupancy = log.count.occupancy(&Terms::default());
    let distance_km = distance_km(assignment, context);
    let rule = match &occupancy {
        Some(known) if known.low >= rules.usage.max_share => Rule::AssignmentInUse,
        _ if log.heard > 0 => Rule::UseRare,
        _ if !is_heard(assignment, &services, context, rules) => Rule::UseUnheard,
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
fn is_heard(assignment: &Assignment, services: &[&str], context: &Context, rules: &Rules) -> bool {
    let arrival = context
        .site
        .and_then(|site| Arrival::of(assignment, services, &site, rules));
    match (arrival, distance_km(assignment, context), assignment.place) {
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
        ("min_coverage_ratio", rules.usage.min_coverage),
        ("times_heard", log.heard as f64),
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
        (
            "period",
            log.period.map_or_else(
                || Text::new("未知", "unknown"),
                |[from, to]| {
                    let [from, to] = [from, to].map(|time| time.strftime("%Y-%m-%d %H:%M").to_string());
                    Text::new(format!("{from} 至 {to}（UTC）"), format!("{from} to {to} (UTC)"))
                },
            ),
        ),
        ("heard", plain(log.heard.to_string())),
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
