//! Whether a control order in force forbids an emission.
//!
//! An order binds senders, and a measurement shows what arrives. A station that stands still is judged where the register
//! has it. What no station explains is judged where it is received, and so are licence-exempt devices, which are heard over
//! short ways only; the verdict says that the sender has still to be found. A mobile station may be elsewhere, and a band
//! may hold senders an order of this side does not bind: there it is asked, not accused.

use super::{
    Context, Measured, Rule, Rules,
    arrival::{Received, eirp_dbm},
    candidate::{Candidate, Fit, bandwidth_counts},
    measured::Uncertainty,
};
use crate::{
    registry::{Allocation, ControlOrder, Registry, control::Effect},
    units::Band,
};

/// What an order says of an emission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Controlled<'a> {
    pub(super) order: &'a ControlOrder,
    pub(super) rule: Rule,
    /// Power the sender has at least, where it could be worked out.
    pub(super) eirp_at_least_dbm: Option<f64>,
}

/// Everything the question depends on.
pub(super) struct Question<'a, 'b> {
    pub(super) rules: &'b Rules,
    pub(super) registry: &'a Registry,
    pub(super) measured: &'b Measured,
    pub(super) context: &'b Context,
    pub(super) uncertainty: Uncertainty,
    pub(super) received: Option<Received>,
    /// The part of the spectrum it certainly occupies.
    pub(super) band: Band,
    pub(super) rows: &'b [&'a Allocation],
    /// The best candidate, where it is more than a neighbour.
    pub(super) station: Option<&'b Candidate<'a>>,
    /// A licence exemption covers it.
    pub(super) is_exempt_use: bool,
}

/// Where the sender is, in relation to the area of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    Inside,
    Outside,
    Unknown,
}

impl<'a> Question<'a, '_> {
    /// The gravest answer of the orders in force, those of the same gravity by number.
    pub(super) fn answer(&self) -> Option<Controlled<'a>> {
        let time = self.context.time?;
        let orders = self.registry.control_orders_in(self.band).into_iter();
        let answers = orders
            .filter(|order| order.in_force(time))
            .filter_map(|order| self.ask(order));
        answers.min_by_key(|controlled| controlled.rule)
    }

    /// Orders over the band that could not be judged because the time is not known.
    pub(super) fn is_time_missing(&self) -> bool {
        self.context.time.is_none() && !self.registry.control_orders_in(self.band).is_empty()
    }

    fn ask(&self, order: &'a ControlOrder) -> Option<Controlled<'a>> {
        let explained = self.station.is_some();
        if self.station.is_some_and(|station| order.exempts(station.assignment)) {
            return None;
        }
        let whereabouts = self.whereabouts(order);
        if whereabouts == Whereabouts::Outside {
            return None;
        }
        let mut eirp_at_least_dbm = None;
        let rule = match order.effect {
            Effect::Prohibit => Some(Rule::ControlProhibited),
            Effect::Protect => (!explained && !self.is_exempt_use).then_some(Rule::ControlProtected),
            Effect::Limit {
                max_eirp_dbm,
                max_bandwidth_hz,
            } => {
                let too_wide = max_bandwidth_hz.map_or(Some(false), |limit| self.wider_than(limit.as_f64()));
                eirp_at_least_dbm = self.eirp_at_least_dbm();
                let too_strong = max_eirp_dbm.map_or(Some(false), |limit| self.stronger_than(limit));
                match (too_wide, too_strong) {
                    // What nobody may send at all is no matter of a limit.
                    _ if !explained && !self.is_exempt_use => None,
                    (Some(true), _) | (_, Some(true)) => Some(Rule::ControlLimited),
                    (Some(false), Some(false)) => None,
                    _ => Some(Rule::ControlUnclear),
                }
            }
        }?;
        let doubtful = whereabouts == Whereabouts::Unknown || (!explained && self.may_be_unbound());
        Some(Controlled {
            order,
            rule: if doubtful { Rule::ControlUnclear } else { rule },
            eirp_at_least_dbm,
        })
    }

    fn whereabouts(&self, order: &ControlOrder) -> Whereabouts {
        let of = |inside| {
            if inside {
                Whereabouts::Inside
            } else {
                Whereabouts::Outside
            }
        };
        if order.area.is_none() {
            return Whereabouts::Inside;
        }
        if let Some(station) = self.station {
            let place = station.assignment.place.filter(|_| station.stands_still);
            if let Some(place) = place.filter(|_| !matches!(station.fit, Fit::PlaceUnclear | Fit::ClassDiffers)) {
                return of(order.covers(&place));
            }
        }
        match self.context.site {
            None => Whereabouts::Unknown,
            // A mobile station received in the area may be beyond its edge.
            Some(site) if order.covers(&site) && self.station.is_some() => Whereabouts::Unknown,
            Some(site) => of(order.covers(&site)),
        }
    }

    /// Bands in which senders are heard that are not the civil side's, or not on the ground below.
    fn may_be_unbound(&self) -> bool {
        self.rows.iter().any(|row| !row.unlisted.is_empty()) && !self.is_exempt_use
    }

    fn wider_than(&self, limit_hz: f64) -> Option<bool> {
        let width = self.measured.bandwidth_hz.as_f64();
        if width <= limit_hz {
            return Some(false);
        }
        let counts = bandwidth_counts(
            self.rules,
            self.measured,
            self.rules.bandwidth.min_snr_db.over_bandwidth,
        );
        (counts && width - self.uncertainty.bandwidth_hz > limit_hz).then_some(true)
    }

    fn eirp_at_least_dbm(&self) -> Option<f64> {
        let arrival = self.station?.arrival?;
        let received = self.received.filter(|received| received.calibrated)?;
        Some(received.eirp_at_least_dbm(arrival.distance_km, self.rules))
    }

    /// By the level where it is measured, else as far as the register tells.
    fn stronger_than(&self, limit_dbm: f64) -> Option<bool> {
        if self.eirp_at_least_dbm().is_some_and(|least| least > limit_dbm) {
            return Some(true);
        }
        let exemption = self.rows.iter().filter_map(|row| row.exemption.as_ref()?.max_eirp_dbm);
        let allowed = match self.station {
            Some(station) => eirp_dbm(station.assignment),
            None => exemption.reduce(f64::max),
        };
        allowed.filter(|allowed| *allowed <= limit_dbm).map(|_| false)
    }
}
