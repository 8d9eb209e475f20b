//! A station measured against its licence, from the emissions that were stored.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    disclosure::View,
    findings::{EmissionQuery, EmissionRecord, Findings},
    registry::RegistryService,
    rules::RulesInForce,
};
use crate::{
    Error, Result,
    conflict::{Comparison, ComparisonRow, Context, Level, Measured, Rules, compare, compare_known},
    registry::{Assignment, Place},
    units::{Band, Hertz},
};

/// Emissions read at a time, and pages read at most.
const PAGE: u32 = 1000;
const PAGES_MAX: usize = 20;
/// One sigma of an oscillator of which nothing is known; see the configuration's `ppm_uncertainty`.
const PPM_UNKNOWN: f64 = 20.0;

/// Holds stored emissions against the licence of the station they were taken for.
#[derive(Debug, Clone)]
pub struct Comparisons {
    findings: Findings,
    registry: RegistryService,
    rules: RulesInForce,
    /// Where each receiver is.
    sites: Arc<BTreeMap<String, Place>>,
}

impl Comparisons {
    /// Over these findings; `sites` says where each receiver is, as far as is known.
    #[must_use]
    pub fn new(
        findings: Findings,
        registry: RegistryService,
        rules: RulesInForce,
        sites: BTreeMap<String, Place>,
    ) -> Self {
        Self {
            findings,
            registry,
            rules,
            sites: Arc::new(sites),
        }
    }

    /// The table of an assignment, from the emissions on from one time to another whose verdict names it, by the rules
    /// and the registry in force now. Which emissions are taken for a station depends on the others beside it, so where the
    /// reader may not know all of those, nothing is told.
    ///
    /// # Errors
    /// `NotFound`; `AskOtherSide` where nothing is told; `Invalid` for a span that ends before it begins, or with too many
    /// emissions in it.
    pub async fn of(&self, id: &str, from: Timestamp, to: Timestamp, view: &View) -> Result<Comparison> {
        if from >= to {
            return Err(Error::Invalid("the span is empty: give a `to` after `from`".to_owned()));
        }
        let (registry, rules) = (self.registry.current(), self.rules.current());
        let assignment = registry.assignment(id).ok_or_else(|| Error::NotFound {
            kind: "assignment",
            id: id.to_owned(),
        })?;
        let margin = Hertz::from_f64(rules.capture_hz(assignment));
        let band = assignment.band();
        if view.veils(band.low() - margin, band.high() + margin) {
            return Err(Error::AskOtherSide);
        }
        let mut query = EmissionQuery {
            band: Band::new(band.low() - margin, band.high() + margin),
            from: Some(from),
            to: Some(to),
            limit: Some(PAGE),
            ..EmissionQuery::default()
        };
        let mut seen = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.findings.emissions(&query).await?;
            let own = |record: &&EmissionRecord| {
                let verdict = record
                    .verdict
                    .as_ref()
                    .filter(|_| !view.veils(record.low_hz, record.high_hz));
                verdict.is_some_and(|verdict| verdict.assignment.as_deref() == Some(id))
            };
            seen.extend(
                page.items
                    .iter()
                    .filter(own)
                    .map(|record| self.measured(record, &rules)),
            );
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok(compare(&rules, &registry, assignment, &seen));
            }
        }
        Err(Error::Invalid(format!(
            "more than {} emissions were near it in this time: give a shorter span in from and to",
            PAGES_MAX * PAGE as usize
        )))
    }

    /// The rows of an emission that is known to be of what `declared` describes, and of nothing else.
    pub(super) fn of_known(&self, declared: &Assignment, record: &EmissionRecord) -> Vec<ComparisonRow> {
        let rules = self.rules.current();
        let (measured, context) = self.measured(record, &rules);
        compare_known(&rules, declared, (&measured, &context))
    }

    /// The rows of values that somebody read off an instrument: centre and bandwidth, each with its expanded uncertainty (k = 2).
    pub(super) fn of_readings(&self, declared: &Assignment, [center, bandwidth]: [[f64; 2]; 2]) -> Vec<ComparisonRow> {
        let rules = self.rules.current();
        let mut measured = Measured::stated(Hertz::from_f64(center[0]), Hertz::from_f64(bandwidth[0]));
        measured.center_uncertainty_hz = center[1] / rules.coverage_factor;
        // Both edges uncertain by half a bin, rectangular: the bin that comes to this uncertainty.
        measured.bin_hz = Some(bandwidth[1] * 6.0_f64.sqrt() / rules.coverage_factor);
        let context = Context {
            time: None,
            site: None,
            ppm_uncertainty: 0.0,
        };
        compare_known(&rules, declared, (&measured, &context))
    }

    /// What was measured of a stored emission, as the judge knew it.
    fn measured(&self, record: &EmissionRecord, rules: &Rules) -> (Measured, Context) {
        let evidence = record.verdict.as_ref().map(|verdict| &verdict.evidence);
        let number = |key: &str| evidence.and_then(|evidence| evidence.get(key)).copied();
        let sigma = |key: &str| Some(number(key)? / rules.coverage_factor);
        let level = number("power_dbm")
            .zip(sigma("power_uncertainty_db"))
            .map(|(power_dbm, sigma_db)| Level {
                power_dbm,
                sigma_db,
                field_dbuv_m: number("field_dbuv_m")
                    .zip(sigma("field_uncertainty_db"))
                    .map(|(field, sigma)| [field, sigma]),
            });
        let span_s = record.stop.duration_since(record.start).as_secs_f64();
        let measured = Measured {
            center_hz: record.center_hz,
            low_hz: record.low_hz,
            high_hz: record.high_hz,
            bandwidth_hz: record.bandwidth_hz,
            method: record.bandwidth_method,
            x26_hz: record.bandwidth_x26_hz,
            snr_db: record.snr_db,
            power_dbfs: record.power_dbfs,
            center_uncertainty_hz: record.center_uncertainty_hz,
            bin_hz: number("resolution_hz"),
            duration_s: number("duration_s").unwrap_or(span_s),
            duty_cycle: record.duty_cycle,
            level,
            class: record.classes.first().copied(),
        };
        let context = Context {
            time: Some(record.stop),
            site: self.sites.get(&record.receiver).copied(),
            ppm_uncertainty: number("oscillator_uncertainty_ppm").unwrap_or(PPM_UNKNOWN),
        };
        (measured, context)
    }
}
