//! How well one assignment explains one emission: frequency, bandwidth, place, validity and class of emission, each with its uncertainty.

use jiff::Timestamp;

use super::{
    Context, Measured, Rule, Rules, Standing,
    arrival::{Arrival, Heard, Received, stands_still},
    class, hours,
    measured::{Uncertainty, resolution_hz},
};
use crate::{
    detect::BandwidthMethod,
    registry::{Assignment, AssignmentStatus, Registry, service},
    units::{Band, Hertz},
};

/// What stands between an emission and an assignment, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Nothing.
    Explains,
    /// Its frequency, perhaps.
    FrequencyUnclear,
    /// Its bandwidth, perhaps.
    BandwidthUnclear,
    /// Its power, perhaps.
    PowerUnclear,
    /// Its distance, perhaps.
    PlaceUnclear,
    /// Its class of emission: another sender on its channel, or the station with another modulation.
    ClassDiffers,
    /// Its bandwidth.
    OverBandwidth,
    /// Its power.
    OverPower,
    /// The hour.
    OutOfHours,
    /// Its validity.
    NotInForce(Rule),
    /// Its frequency.
    OffFrequency,
    /// It is a narrow thing somewhere inside the assigned band.
    Inside,
    /// It is another station.
    Not(Why),
}

/// Why an assignment does not explain an emission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Validity,
    Hours,
    Bandwidth,
    Level,
    Place,
    Frequency,
}

/// An assignment held against an emission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) assignment: &'a Assignment,
    pub(super) fit: Fit,
    /// Measured centre minus assigned frequency.
    pub(super) offset_hz: f64,
    pub(super) tolerance_hz: f64,
    /// How its class of emission agrees.
    pub(super) class: Standing,
    /// From the receiver to the station, where both are known.
    pub(super) distance_km: Option<f64>,
    /// What of it can arrive here, where power and place are registered and the station stands still.
    pub(super) arrival: Option<Arrival>,
    /// Whether the transmitter is where the register says.
    pub(super) stands_still: bool,
}

/// The assignments near an emission, best explanation first; the order is total, so equal input gives equal output.
pub(super) fn candidates<'a>(
    rules: &Rules,
    registry: &'a Registry,
    measured: &Measured,
    context: &Context,
    uncertainty: Uncertainty,
    received: Option<Received>,
) -> Vec<Candidate<'a>> {
    let capture = rules.frequency.capture_tolerances * rules.widest_tolerance_hz(measured.center_hz);
    let margin = Hertz::from_f64(
        capture
            .max(measured.bandwidth_hz.as_f64())
            .max(uncertainty.frequency_hz),
    );
    let band = measured.band();
    let near = Band::new(band.low() - margin, band.high() + margin).unwrap_or(band);
    let hold = |assignment: &'a Assignment| hold(rules, registry, measured, context, uncertainty, received, assignment);
    // A receive-only assignment licenses no emission.
    let sending = registry
        .assignments_in(near)
        .into_iter()
        .filter(|assignment| assignment.role().transmits());
    let mut found: Vec<_> = sending.map(hold).collect();
    found.sort_by(|a, b| {
        a.fit
            .cmp(&b.fit)
            .then_with(|| (a.class != Standing::Within).cmp(&(b.class != Standing::Within)))
            .then(a.offset_hz.abs().total_cmp(&b.offset_hz.abs()))
            .then(a.distance_km.unwrap_or(0.0).total_cmp(&b.distance_km.unwrap_or(0.0)))
            .then_with(|| a.assignment.id.cmp(&b.assignment.id))
    });
    found
}

/// One assignment held against an emission.
pub(super) fn hold<'a>(
    rules: &Rules,
    registry: &'a Registry,
    measured: &Measured,
    context: &Context,
    uncertainty: Uncertainty,
    received: Option<Received>,
    assignment: &'a Assignment,
) -> Candidate<'a> {
    let case = Case {
        rules,
        registry,
        measured,
        context,
        uncertainty,
        received,
        assignment,
    };
    case.candidate()
}

/// Whether the bandwidth was measured well enough to be ground for a finding.
pub(super) fn bandwidth_counts(rules: &Rules, measured: &Measured, min_snr_db: f64) -> bool {
    let resolved = measured.bandwidth_hz.as_f64() >= rules.bandwidth.min_bins * resolution_hz(measured);
    measured.method != BandwidthMethod::Bins && resolved && measured.snr_db >= least_snr_db(rules, measured, min_snr_db)
}

/// The signal-to-noise ratio needed, considering the method.
pub(super) fn least_snr_db(rules: &Rules, measured: &Measured, min_snr_db: f64) -> f64 {
    match measured.method {
        BandwidthMethod::X26 => min_snr_db.max(rules.bandwidth.min_snr_x26_db),
        BandwidthMethod::Obw99 | BandwidthMethod::Bins => min_snr_db,
    }
}

struct Case<'a, 'b> {
    rules: &'b Rules,
    registry: &'a Registry,
    measured: &'b Measured,
    context: &'b Context,
    uncertainty: Uncertainty,
    received: Option<Received>,
    assignment: &'a Assignment,
}

impl<'a> Case<'a, '_> {
    fn candidate(&self) -> Candidate<'a> {
        let offset_hz = (self.measured.center_hz - self.assignment.center_hz).as_f64();
        let services = self.services();
        let tolerance = || self.rules.tolerance_hz(self.assignment.center_hz, &services);
        let tolerance_hz = self.assignment.tolerance_hz.unwrap_or_else(tolerance);
        let distance_km = self.distance_km();
        let site = self.context.site;
        let arrival = site.and_then(|site| Arrival::of(self.assignment, &services, &site, self.rules));
        let class = class::standing(self.rules, self.measured, self.assignment);
        let fit = match self.fit(offset_hz.abs(), tolerance_hz, distance_km, arrival) {
            // A graver finding stands; what is only unclear is no explanation of another class.
            Fit::Explains | Fit::FrequencyUnclear | Fit::BandwidthUnclear | Fit::PowerUnclear
                if class == Standing::Outside =>
            {
                Fit::ClassDiffers
            }
            fit => fit,
        };
        Candidate {
            assignment: self.assignment,
            fit,
            offset_hz,
            tolerance_hz,
            class,
            distance_km,
            arrival,
            stands_still: stands_still(self.assignment, &services, self.rules),
        }
    }

    /// The services the station works in: as stated, else all the table allocates its frequency to.
    fn services(&self) -> Vec<&'a str> {
        match &self.assignment.service {
            Some(stated) => service::parts(stated).collect(),
            None => {
                let here = Band::around(self.assignment.center_hz, Hertz(1));
                let rows = self.registry.allocations_in(here);
                rows.into_iter().flat_map(|row| service::parts(&row.service)).collect()
            }
        }
    }

    fn distance_km(&self) -> Option<f64> {
        Some(self.context.site?.distance_km(&self.assignment.place?))
    }

    fn fit(&self, offset_hz: f64, tolerance_hz: f64, distance_km: Option<f64>, arrival: Option<Arrival>) -> Fit {
        let frequency = match self.frequency(offset_hz, tolerance_hz) {
            Err(fit) => return fit,
            Ok(fit) => fit,
        };
        let beyond_km = distance_km.map_or(0.0, |km| {
            km - self.assignment.place.map_or(0.0, |place| place.radius_km)
        });
        let reach = self.rules.reach(self.assignment.center_hz);
        if beyond_km > reach.possible_km {
            return Fit::Not(Why::Place);
        }
        let heard = match (arrival, &self.received) {
            (Some(arrival), Some(received)) => arrival.heard(received, self.rules),
            _ => Heard::Untold,
        };
        if heard == Heard::Impossible {
            return Fit::Not(Why::Level);
        }
        let bandwidth = if self.assignment.block {
            Fit::Explains
        } else {
            self.bandwidth()
        };
        if let Fit::Not(_) = bandwidth {
            return bandwidth;
        }
        if let Some((fit, why)) = self.out_of_force() {
            let explains_otherwise = matches!(frequency, Fit::Explains | Fit::FrequencyUnclear);
            return if explains_otherwise { fit } else { Fit::Not(why) };
        }
        // What is known of the path outweighs the rule of thumb.
        let rarely_heard = match heard {
            Heard::Untold => beyond_km > reach.certain_km,
            Heard::Unusual => true,
            Heard::Usual | Heard::TooStrong | Heard::Impossible => false,
        };
        if rarely_heard {
            return Fit::PlaceUnclear;
        }
        let power = match heard {
            Heard::TooStrong if self.received.is_some_and(|received| received.calibrated) => Fit::OverPower,
            Heard::TooStrong => Fit::PowerUnclear,
            _ => Fit::Explains,
        };
        // The graver finding counts; of two unclear things the first is named.
        match (frequency, bandwidth, power) {
            (Fit::OffFrequency | Fit::Inside, _, _) => frequency,
            (_, Fit::OverBandwidth, _) => Fit::OverBandwidth,
            (_, _, Fit::OverPower) => Fit::OverPower,
            (Fit::Explains, Fit::Explains, other) => other,
            (Fit::Explains, other, _) => other,
            (other, _, _) => other,
        }
    }

    /// Why the station should not be on at all, though it is the one.
    fn out_of_force(&self) -> Option<(Fit, Why)> {
        if let Some(rule) = not_in_force(self.assignment, self.context.time) {
            return Some((Fit::NotInForce(rule), Why::Validity));
        }
        let time = self.context.time?;
        let windows = &self.assignment.details.as_ref()?.windows;
        (hours::outside_s(windows, time, self.rules.hours.grace_s)? > 0.0).then_some((Fit::OutOfHours, Why::Hours))
    }

    /// Explains, FrequencyUnclear, OffFrequency, Inside; or why it is none of these.
    fn frequency(&self, offset_hz: f64, tolerance_hz: f64) -> Result<Fit, Fit> {
        let assigned = self.assignment.band();
        let slack = Hertz::from_f64(self.uncertainty.frequency_hz + self.uncertainty.bandwidth_hz / 2.0);
        let widened = Band::new(assigned.low() - slack, assigned.high() + slack).unwrap_or(assigned);
        let inside = widened.contains(self.measured.band());
        if self.assignment.block {
            let share = self.rules.frequency.block_share * assigned.width().as_f64();
            let widest_hz = self.measured.bandwidth_hz.as_f64() + self.uncertainty.bandwidth_hz;
            return if inside && widest_hz < share {
                Ok(Fit::Inside)
            } else if inside {
                Ok(Fit::Explains)
            } else {
                Err(Fit::Not(Why::Frequency))
            };
        }
        match Standing::of_offset(offset_hz, tolerance_hz, self.uncertainty.frequency_hz) {
            Standing::Within => return Ok(Fit::Explains),
            Standing::Undecided => return Ok(Fit::FrequencyUnclear),
            Standing::Outside => {}
        }
        let rules = &self.rules.frequency;
        let necessary = self.assignment.necessary_bandwidth_hz.as_f64();
        let capture = (rules.capture_share * necessary).max(rules.capture_tolerances * tolerance_hz);
        let resembles = self.measured.bandwidth_hz.as_f64() >= rules.min_bandwidth_share * necessary;
        if offset_hz <= capture && resembles {
            return Ok(Fit::OffFrequency);
        }
        if inside && !resembles {
            Ok(Fit::Inside)
        } else {
            Err(Fit::Not(Why::Frequency))
        }
    }

    /// Explains, BandwidthUnclear, OverBandwidth or Not.
    fn bandwidth(&self) -> Fit {
        let measured = self.measured.bandwidth_hz.as_f64();
        let necessary = self.assignment.necessary_bandwidth_hz.as_f64();
        match Standing::of_bandwidth(self.rules, self.measured, necessary, self.uncertainty.bandwidth_hz) {
            Standing::Within => Fit::Explains,
            Standing::Undecided => Fit::BandwidthUnclear,
            Standing::Outside if measured > self.rules.bandwidth.capture_ratio * necessary => Fit::Not(Why::Bandwidth),
            Standing::Outside => Fit::OverBandwidth,
        }
    }
}

/// Why an assignment is not in force at a time; without a time only its status counts.
pub(super) fn not_in_force(assignment: &Assignment, time: Option<Timestamp>) -> Option<Rule> {
    match assignment.status {
        AssignmentStatus::Suspended => return Some(Rule::Suspended),
        AssignmentStatus::Cancelled => return Some(Rule::Cancelled),
        AssignmentStatus::Granted => {}
    }
    let time = time?;
    if assignment.valid_to.is_some_and(|end| time >= end) {
        return Some(Rule::Expired);
    }
    assignment
        .valid_from
        .is_some_and(|start| time < start)
        .then_some(Rule::NotYetValid)
}
