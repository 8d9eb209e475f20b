//! Rules of events: `[events]` of the policy file.

use serde::Deserialize;

use super::AdmissionParameter;
use crate::coordination::policy::Deadlines;

/// Rules of events.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRules {
    /// Days of one event.
    pub days_max: usize,
    /// Rows of one frequency plan.
    pub rows_max: usize,
    /// Devices of one event.
    pub devices_max: usize,
    /// What a device must keep to at the gate.
    pub admission: AdmissionRules,
    /// Deadlines of requests that name an event; where those of their kind are shorter, these do not lengthen them.
    #[serde(default)]
    pub requests: Option<RequestDeadlines>,
}

/// Deadlines of requests that name an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDeadlines {
    /// For the side that is asked to decide.
    pub decision: Deadlines,
    /// For the side that asks, to answer a question.
    pub information: Deadlines,
}

/// Tolerances of the test at the gate.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRules {
    /// Tolerance of the frequency, parts per million of the declared one.
    pub frequency_ppm: f64,
    /// The least tolerance of the frequency, hertz.
    pub frequency_floor_hz: f64,
    /// What the occupied bandwidth may exceed the declared one by, as a share of it.
    pub bandwidth_share: f64,
    /// What the radiated power may exceed the declared one by, dB.
    pub power_db: f64,
    /// Parameters without which no device passes.
    pub required: Vec<AdmissionParameter>,
    /// Where these figures come from.
    pub basis: String,
}

impl AdmissionRules {
    /// Tolerance at a declared frequency, hertz.
    #[must_use]
    pub fn tolerance_hz(&self, center_hz: f64) -> f64 {
        (self.frequency_ppm * 1e-6 * center_hz).max(self.frequency_floor_hz)
    }
}

impl Default for EventRules {
    /// What holds where a policy file has no such section: the same as in the one that is compiled in, with the deadlines of
    /// the kind of request.
    fn default() -> Self {
        Self {
            days_max: 92,
            rows_max: 2000,
            devices_max: 5000,
            admission: AdmissionRules {
                frequency_ppm: 5.0,
                frequency_floor_hz: 200.0,
                bandwidth_share: 0.05,
                power_db: 1.0,
                required: vec![
                    AdmissionParameter::CentreFrequency,
                    AdmissionParameter::OccupiedBandwidth,
                    AdmissionParameter::RadiatedPower,
                ],
                basis: "assumed".to_owned(),
            },
            requests: None,
        }
    }
}

impl EventRules {
    /// Whether the rules make sense.
    ///
    /// # Errors
    /// The first fault, with what to write instead.
    pub fn check(&self) -> Result<(), String> {
        let counts = [
            ("days_max", self.days_max, 366),
            ("rows_max", self.rows_max, 5000),
            ("devices_max", self.devices_max, 100_000),
        ];
        for (name, value, most) in counts {
            if !(1..=most).contains(&value) {
                return Err(format!("events.{name}: write a number from 1 to {most}"));
            }
        }
        let figures = [
            ("frequency_ppm", self.admission.frequency_ppm, 1000.0),
            ("frequency_floor_hz", self.admission.frequency_floor_hz, 1e6),
            ("bandwidth_share", self.admission.bandwidth_share, 1.0),
            ("power_db", self.admission.power_db, 20.0),
        ];
        for (name, value, most) in figures {
            if !(0.0..=most).contains(&value) {
                return Err(format!("events.admission.{name}: write a number from 0 to {most}"));
            }
        }
        if self.admission.required.is_empty() {
            return Err(
                "events.admission.required: name at least one parameter, such as \"centre_frequency\"".to_owned(),
            );
        }
        let ordered = |times: &Deadlines| times.remind < times.escalate && times.escalate < times.lapse;
        if self
            .requests
            .is_some_and(|times| !(ordered(&times.decision) && ordered(&times.information)))
        {
            return Err(
                "events.requests: write remind < escalate < lapse, such as \"12h\", \"24h\", \"36h\"".to_owned(),
            );
        }
        Ok(())
    }
}
