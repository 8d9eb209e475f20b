//! The demo district: invented sites, offices and assignments for the first start. `config/demo/` is compiled in.

use serde::Deserialize;

use super::{
    Assignment, Place, Text,
    import::{ImportReport, parse_assignments},
};

/// The assignments of the demo district in our CSV template.
pub const ASSIGNMENTS_CSV: &str = include_str!("../../../config/demo/assignments.csv");

/// Sites and offices of the demo district.
pub const DISTRICT_TOML: &str = include_str!("../../../config/demo/district.toml");

/// The demo district.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    /// Format of the file.
    pub format: u32,
    /// Name.
    pub name: Text,
    /// Monitoring sites; the first is where the virtual receiver stands.
    #[serde(rename = "site")]
    pub sites: Vec<Site>,
    /// Offices that coordinate.
    #[serde(rename = "office")]
    pub offices: Vec<Office>,
}

/// A monitoring site.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Key.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Degrees north, WGS-84.
    pub latitude: f64,
    /// Degrees east, WGS-84.
    pub longitude: f64,
    /// Antenna above ground.
    pub antenna_height_m: f64,
}

impl Site {
    /// Where it is, for [`crate::conflict::Context::site`].
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            latitude: self.latitude,
            longitude: self.longitude,
            radius_km: 0.0,
        }
    }
}

/// An office.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Key.
    pub id: String,
    /// Which side it is on.
    pub side: Side,
    /// Name.
    pub name: Text,
}

/// The sides that coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Civil radio office.
    Civil,
    /// Military spectrum office.
    Military,
    /// Both, together.
    Joint,
}

/// Sites and offices.
///
/// # Errors
/// None in a build that passes its tests.
pub fn district() -> Result<District, toml::de::Error> {
    toml::from_str(DISTRICT_TOML)
}

/// The assignments; clean in a build that passes its tests.
#[must_use]
pub fn assignments() -> ImportReport<Assignment> {
    parse_assignments(ASSIGNMENTS_CSV.as_bytes(), "demo/assignments.csv")
}
