//! Whether the harm that is complained of is done to a right: the complaint held against the registry.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Complaint;
use crate::{registry::Assignment, units::Band};

/// One thing the registry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceFinding {
    /// No assignment is named: without one the complaint claims no protection.
    NotNamed,
    /// It is in force and covers the frequencies.
    InOrder,
    /// It was not in force when the interference began, or is not now.
    NotInForce,
    /// None of the frequencies complained of are in its band.
    OtherFrequencies,
    /// Somebody else than the complainant holds it.
    OtherHolder,
}

/// What the registry says of the assignment that is harmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Licence {
    /// Who holds it; empty where none is named.
    pub holder: String,
    /// Its station.
    pub station: String,
    /// Everything that was found; `in_order` alone where nothing is wrong.
    pub findings: Vec<LicenceFinding>,
    /// When it was looked at.
    pub checked_at: Timestamp,
}

/// Holds a complaint against the assignment it names. A holder that contains the other name, or is contained in it, is
/// taken for the same: people write short names.
#[must_use]
pub fn licence(complaint: &Complaint, assignment: Option<&Assignment>, now: Timestamp) -> Licence {
    let Some(a) = assignment else {
        return Licence {
            holder: String::new(),
            station: String::new(),
            findings: vec![LicenceFinding::NotNamed],
            checked_at: now,
        };
    };
    let mut findings = Vec::new();
    if !a.is_in_force(complaint.began) || !a.is_in_force(now) {
        findings.push(LicenceFinding::NotInForce);
    }
    let meets = |band: Band| band.low() < complaint.high_hz && complaint.low_hz < band.high();
    if !meets(a.band()) {
        findings.push(LicenceFinding::OtherFrequencies);
    }
    let [holder, complainant] = [&a.holder, &complaint.complainant].map(|name| name.trim().to_lowercase());
    if !(holder.contains(&complainant) || complainant.contains(&holder)) {
        findings.push(LicenceFinding::OtherHolder);
    }
    if findings.is_empty() {
        findings.push(LicenceFinding::InOrder);
    }
    Licence {
        holder: a.holder.clone(),
        station: a.station.clone(),
        findings,
        checked_at: now,
    }
}
