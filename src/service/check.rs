//! What the registry makes of a frequency somebody asks about: the same judgement as for what is on the air.

use jiff::Timestamp;

use super::{
    disclosure::{View, show},
    rules::RulesInForce,
};
use crate::{
    Error, Result,
    conflict::{Context, Measured, Verdict, judge},
    registry::{Allocation, Assignment, Place},
    units::{Band, Hertz},
};

/// Highest frequency of the Radio Regulations' definition of radio waves.
const FREQUENCY_MAX_HZ: i64 = 3_000_000_000_000;

/// What is, or would be, on the air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Centre frequency.
    pub center_hz: Hertz,
    /// Occupied bandwidth.
    pub bandwidth_hz: Hertz,
    /// Where it is received, degrees north and east.
    pub position: Option<(f64, f64)>,
    /// When.
    pub time: Timestamp,
    /// Level over noise; stated values are exact when not given.
    pub snr_db: Option<f64>,
}

/// What the registry makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The judgement.
    pub verdict: Verdict,
    /// Rows of the table for its band.
    pub allocations: Vec<Allocation>,
    /// Assignments that overlap.
    pub assignments: Vec<Assignment>,
}

/// Answers questions by the rules in force.
#[derive(Debug, Clone)]
pub struct Checker {
    rules: RulesInForce,
}

impl Checker {
    /// Judges by these rules.
    #[must_use]
    pub fn new(rules: RulesInForce) -> Self {
        Self { rules }
    }

    /// Judges against the registry as the one who asks may know it: what is withheld decides nothing here.
    ///
    /// # Errors
    /// `Invalid` for values that make no sense.
    pub fn check(&self, question: &Question, view: &View) -> Result<Answer> {
        let Question {
            center_hz,
            bandwidth_hz,
            position,
            time,
            snr_db,
        } = *question;
        if !(1..=FREQUENCY_MAX_HZ).contains(&center_hz.0) || !(1..=FREQUENCY_MAX_HZ / 3).contains(&bandwidth_hz.0) {
            return Err(Error::Invalid(
                "give a center_hz between 1 and 3000000000000 and a bandwidth_hz between 1 and 1000000000000"
                    .to_owned(),
            ));
        }
        if snr_db.is_some_and(|snr| !snr.is_finite()) {
            return Err(Error::Invalid("give a finite snr_db".to_owned()));
        }
        let site = position.map(place).transpose()?;
        let mut measured = Measured::stated(center_hz, bandwidth_hz);
        if let Some(snr_db) = snr_db {
            measured.snr_db = snr_db;
        }
        let context = Context {
            time: Some(time),
            site,
            ppm_uncertainty: 0.0,
        };
        let registry = view.registry();
        let band = Band::around(center_hz, bandwidth_hz);
        let assignments: Vec<Assignment> = registry.assignments_in(band).into_iter().take(100).cloned().collect();
        show(&assignments);
        Ok(Answer {
            verdict: view.verdict(judge(&self.rules.current(), registry, &measured, &context)),
            allocations: registry.allocations_in(band).into_iter().cloned().collect(),
            assignments,
        })
    }
}

fn place((latitude, longitude): (f64, f64)) -> Result<Place> {
    if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) {
        return Ok(Place {
            latitude,
            longitude,
            radius_km: 0.0,
        });
    }
    Err(Error::Invalid(
        "give a latitude between -90 and 90 and a longitude between -180 and 180".to_owned(),
    ))
}
