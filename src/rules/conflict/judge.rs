//! Which rule an emission falls under.
//!
//! In this order, and the first that holds decides:
//! 0. a control order in force forbids it, or may (see [`super::control`]): `control_order`, or `inconclusive`;
//! 1. an assignment explains it: `licensed`;
//! 2. a licence exemption covers it: `licence_exempt`;
//! 3. an assignment explains it but for one thing (see [`super::candidate::Fit`]), the smallest first;
//! 4. it may keep an exemption's limits: ask for a better measurement;
//! 5. it certainly reaches into a protected band: `protected_band`;
//! 6. the register or the table is too poor to tell, or the band may hold lawful senders that no civil register lists:
//!    `inconclusive`, with what would decide;
//! 7. `unlicensed`.
//!
//! Doubt is always for the sender: a measurement convicts only beyond its uncertainty, an unverified row never alone.
//! Pure: no clock, no I/O; the same input gives the same verdict.

use super::{
    Context, Measured, Rule, Rules, Verdict,
    arrival::Received,
    candidate::{Candidate, Fit, bandwidth_counts, candidates},
    control::Question,
    finding::Finding,
    measured::Uncertainty,
};
use crate::{
    registry::{Allocation, Confidence, Registry, Unlisted},
    units::{Band, Hertz},
};

/// Holds an emission against the registry.
#[must_use]
pub fn judge(rules: &Rules, registry: &Registry, measured: &Measured, context: &Context) -> Verdict {
    let uncertainty = Uncertainty::of(measured, context.ppm_uncertainty, rules);
    let received = Received::of(measured, rules);
    let found = candidates(rules, registry, measured, context, uncertainty, received);
    let band = certain_band(measured, uncertainty);
    let rows = registry.allocations_in(band);
    let exemption = exemption(rules, &rows, measured, uncertainty);
    let (rule, candidate, allocation) = decide(registry, &found, &rows, exemption);
    let runner_up = match candidate {
        Some(_) => found.get(1).filter(|next| !matches!(next.fit, Fit::Not(_))),
        None => found.first(),
    };
    let question = Question {
        rules,
        registry,
        measured,
        context,
        uncertainty,
        received,
        band,
        rows: &rows,
        station: candidate,
        is_exempt_use: matches!(rule, Rule::LicenceExempt | Rule::LicenceExemptUnverified),
    };
    let controlled = question.answer();
    Finding {
        rules,
        registry,
        measured,
        context,
        uncertainty,
        received,
        rule: controlled.map_or(rule, |controlled| controlled.rule),
        controlled,
        orders_unchecked: question.is_time_missing(),
        candidate,
        allocation,
        runner_up,
        rows: &rows,
    }
    .verdict()
}

/// The part of the spectrum the emission certainly occupies: its band less the uncertainty at both edges, at least its
/// centre.
fn certain_band(measured: &Measured, uncertainty: Uncertainty) -> Band {
    let band = measured.band();
    let slack = Hertz::from_f64(uncertainty.frequency_hz + uncertainty.bandwidth_hz / 2.0);
    let centre = Band::around(measured.center_hz, Hertz(1));
    Band::new(band.low() + slack, band.high() - slack)
        .filter(|band| band.width().0 > 0)
        .unwrap_or(centre)
}

type Decision<'a, 'c> = (Rule, Option<&'c Candidate<'a>>, Option<&'a Allocation>);

fn decide<'a, 'c>(
    registry: &'a Registry,
    found: &'c [Candidate<'a>],
    rows: &[&'a Allocation],
    exemption: Option<(Rule, &'a Allocation)>,
) -> Decision<'a, 'c> {
    let allocation = telling_row(rows);
    let best = found.first();
    let station_rule = best.and_then(|best| match best.fit {
        Fit::Explains if best.assignment.block => Some(Rule::LicensedBlock),
        Fit::Explains => Some(Rule::Licensed),
        Fit::FrequencyUnclear => Some(Rule::FrequencyUnclear),
        Fit::BandwidthUnclear => Some(Rule::BandwidthUnclear),
        Fit::PowerUnclear => Some(Rule::PowerUnclear),
        Fit::PlaceUnclear => Some(Rule::PlaceUnclear),
        Fit::ClassDiffers => Some(Rule::ClassDiffers),
        Fit::OverBandwidth => Some(Rule::OverBandwidth),
        Fit::OverPower => Some(Rule::OverPower),
        Fit::OutOfHours => Some(Rule::OutOfHours),
        Fit::NotInForce(rule) => Some(rule),
        Fit::OffFrequency => Some(Rule::OffFrequency),
        Fit::Inside if best.assignment.block => Some(Rule::InsideAssignedBlock),
        Fit::Inside => Some(Rule::InsideAssignedBand),
        Fit::Not(_) => None,
    });
    match (station_rule, exemption) {
        (Some(rule @ (Rule::Licensed | Rule::LicensedBlock)), _) => (rule, best, allocation),
        (_, Some((rule @ (Rule::LicenceExempt | Rule::LicenceExemptUnverified), row))) => (rule, None, Some(row)),
        (Some(rule), _) => (rule, best, allocation),
        (None, Some((rule, row))) => (rule, None, Some(row)),
        (None, None) => {
            let (rule, row) = unexplained(registry, rows);
            (rule, None, row.or(allocation))
        }
    }
}

/// What to say where no assignment and no exemption explains the emission.
fn unexplained<'a>(registry: &'a Registry, rows: &[&'a Allocation]) -> (Rule, Option<&'a Allocation>) {
    let verified = |row: &&&'a Allocation| row.confidence == Confidence::High;
    let protected: Vec<&'a Allocation> = rows.iter().copied().filter(|row| row.protected).collect();
    if let Some(row) = telling_row(&protected) {
        let rule = if row.confidence == Confidence::High {
            Rule::ProtectedBand
        } else {
            Rule::UnverifiedRow
        };
        return (rule, Some(row));
    }
    if rows.is_empty() {
        // Without any stations it may still be a station; the table's silence is the weightier gap.
        let complete = registry.tables().iter().any(|table| table.complete);
        let rule = match (complete, registry.assignments().is_empty()) {
            (false, _) => Rule::NoAllocationKnown,
            (true, true) => Rule::NoStationData,
            (true, false) => Rule::NotAllocated,
        };
        return (rule, None);
    }
    let mut holders: Vec<(&'a Allocation, Unlisted)> = rows
        .iter()
        .filter_map(|row| row.unlisted.first().map(|&holder| (*row, holder)))
        .collect();
    holders.sort_by_key(|(row, holder)| (*holder, row.band.width(), row.id.as_str()));
    if let Some(&(row, holder)) = holders.first() {
        let rule = match holder {
            Unlisted::Military => Rule::AskMilitary,
            Unlisted::Operator => Rule::AskOperator,
            Unlisted::Amateur => Rule::AskAmateur,
            Unlisted::Space => Rule::AskSpace,
            Unlisted::Abroad => Rule::AskAbroad,
        };
        return (rule, Some(row));
    }
    if registry.assignments().is_empty() {
        return (Rule::NoStationData, None);
    }
    if !rows.iter().any(|row| verified(&row)) {
        return (Rule::UnverifiedRow, None);
    }
    (Rule::Unlicensed, None)
}

/// The row that says most about a frequency: a verified one before others, then the narrowest.
fn telling_row<'a>(rows: &[&'a Allocation]) -> Option<&'a Allocation> {
    let weight = |row: &&&'a Allocation| (row.confidence != Confidence::High, row.band.width(), row.id.clone());
    rows.iter().min_by_key(weight).copied()
}

/// Whether a licence exemption covers the emission, or might.
fn exemption<'a>(
    rules: &Rules,
    rows: &[&'a Allocation],
    measured: &Measured,
    uncertainty: Uncertainty,
) -> Option<(Rule, &'a Allocation)> {
    if rows.iter().any(|row| row.protected) {
        return None;
    }
    let slack = Hertz::from_f64(uncertainty.frequency_hz + uncertainty.bandwidth_hz / 2.0);
    let covers = |row: &Allocation| {
        let widened = Band::new(row.band.low() - slack, row.band.high() + slack).unwrap_or(row.band);
        widened.contains(measured.band())
    };
    let counts = bandwidth_counts(rules, measured, rules.bandwidth.min_snr_db.licence_exempt);
    let bandwidth = measured.bandwidth_hz.as_f64();
    let mut ruled: Vec<(Rule, &'a Allocation)> = rows
        .iter()
        .copied()
        .filter(|row| covers(row))
        .filter_map(|row| {
            let limit = row
                .exemption
                .as_ref()?
                .max_bandwidth_hz
                .map_or(f64::INFINITY, |limit| limit as f64);
            let rule = if bandwidth <= limit {
                let verified = row.confidence == Confidence::High;
                if verified {
                    Rule::LicenceExempt
                } else {
                    Rule::LicenceExemptUnverified
                }
            } else if bandwidth - uncertainty.bandwidth_hz <= limit || !counts {
                Rule::ExemptBandwidthUnclear
            } else {
                return None;
            };
            Some((rule, row))
        })
        .collect();
    ruled.sort_by_key(|(rule, row)| (*rule, row.band.width(), row.id.as_str()));
    ruled.first().copied()
}
