//! Assignments: a station's right to a frequency, with place and validity.

use serde::{Deserialize, Serialize};

use super::details::{Details, Role};
use crate::units::{Band, Hertz};

/// Where a station is, or the area it works in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Place {
    /// Latitude, degrees north, WGS-84.
    pub latitude: f64,
    /// Longitude, degrees east, WGS-84.
    pub longitude: f64,
    /// Radius of the service or operating area; 0 for a point.
    pub radius_km: f64,
}

/// Mean radius of the Earth (IUGG), for great circles good to half a per cent.
const EARTH_RADIUS_KM: f64 = 6371.0088;

impl Place {
    /// Great-circle distance between the two points in kilometres, radii not considered.
    #[must_use]
    pub fn distance_km(&self, other: &Self) -> f64 {
        let (lat_a, lat_b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let (d_lat, d_lon) = (lat_b - lat_a, (other.longitude - self.longitude).to_radians());
        let h = (d_lat / 2.0).sin().powi(2) + lat_a.cos() * lat_b.cos() * (d_lon / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
    }
}

/// Legal state of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// In force (subject to its dates).
    Granted,
    /// Suspended by the office.
    Suspended,
    /// Cancelled or revoked.
    Cancelled,
}

/// One transmit frequency of one station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assignment {
    /// Stable key: the licence number with a running part where one licence has several frequencies.
    pub id: String,
    /// Who holds it.
    pub holder: String,
    /// Station name.
    pub station: String,
    /// Call sign.
    pub call_sign: Option<String>,
    /// Assigned (centre) frequency.
    pub center_hz: Hertz,
    /// Necessary bandwidth.
    pub necessary_bandwidth_hz: Hertz,
    /// Emission designator (RR Appendix 1) as written in the source.
    pub designator: Option<String>,
    /// Service code of the vocabulary, where the source states it; chooses the default tolerance.
    #[serde(default)]
    pub service: Option<String>,
    /// A frequency block: every emission inside the assigned band is the holder's, whatever its centre.
    #[serde(default)]
    pub block: bool,
    /// Frequency tolerance; `None`: the default of the rules file applies.
    pub tolerance_hz: Option<f64>,
    /// Where it is; `None`: valid anywhere in the jurisdiction.
    pub place: Option<Place>,
    /// Radiated power, equivalent isotropic.
    pub eirp_dbm: Option<f64>,
    /// First instant in force.
    pub valid_from: Option<jiff::Timestamp>,
    /// First instant no longer in force.
    pub valid_to: Option<jiff::Timestamp>,
    /// Legal state.
    pub status: AssignmentStatus,
    /// Import source and row, such as `stations.csv:17`.
    pub source: String,
    /// What the source says beyond that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Details>>,
}

impl Assignment {
    /// The assigned band: necessary bandwidth around the assigned frequency.
    #[must_use]
    pub fn band(&self) -> Band {
        Band::around(self.center_hz, self.necessary_bandwidth_hz)
    }

    /// Whether it is granted and within its dates at this instant.
    #[must_use]
    pub fn is_in_force(&self, at: jiff::Timestamp) -> bool {
        self.status == AssignmentStatus::Granted
            && self.valid_from.is_none_or(|from| from <= at)
            && self.valid_to.is_none_or(|to| at < to)
    }

    /// Whether the station sends on the frequency, receives on it, or both.
    #[must_use]
    pub fn role(&self) -> Role {
        self.details.as_ref().map_or(Role::Transmit, |details| details.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_great_circles() {
        let at = |latitude, longitude| Place {
            latitude,
            longitude,
            radius_km: 0.0,
        };
        for (a, b, km) in [
            (at(0.0, 0.0), at(0.0, 1.0), 111.195),
            (at(39.9042, 116.4074), at(31.2304, 121.4737), 1067.3),
            (at(10.0, 179.5), at(10.0, -179.5), 109.5),
        ] {
            assert!(
                (a.distance_km(&b) - km).abs() < 0.5,
                "{a:?} {b:?}: {} km",
                a.distance_km(&b)
            );
        }
    }
}
