//! Allocation tables: which service a band belongs to, on what basis, and how sure we are of the row.

use serde::{Deserialize, Serialize};

use super::Text;
use crate::units::Band;

/// Status of a service in a band (RR 5.23 ff.).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceStatus {
    /// Primary service.
    Primary,
    /// Secondary service: yields to primary ones.
    Secondary,
    /// Stated by the source without a status.
    Unstated,
}

/// How far a row can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read at a source or undisputed.
    High,
    /// From memory or a single weak source: shown as such, and never the sole ground of an alarm.
    Verify,
}

/// Lawful senders that a civil station register does not list one by one. Where a row names some, an emission that
/// no assignment explains is not thereby unlawful: the answer is "ask", not "unlicensed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// Stations licensed by the military spectrum office: ask the other side.
    Military,
    /// Base stations and terminals of a public network: ask the operator.
    Operator,
    /// Amateur stations, which are licensed for bands and not for frequencies.
    Amateur,
    /// Space stations, which are notified internationally and not in a national station register.
    Space,
    /// Stations of other countries, heard over long distances.
    Abroad,
}

/// Use without an individual licence, within limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Exemption {
    /// Largest occupied bandwidth.
    pub max_bandwidth_hz: Option<i64>,
    /// Largest equivalent isotropically radiated power.
    pub max_eirp_dbm: Option<f64>,
    /// Further conditions in words.
    pub conditions: Text,
}

/// One service in one band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Allocation {
    /// Stable key within the table.
    pub id: String,
    /// The band.
    #[serde(flatten)]
    pub band: Band,
    /// The duplex partner, where the source names one.
    pub paired: Option<Band>,
    /// Service code of the vocabulary, such as `BROADCASTING`.
    pub service: String,
    /// Name of the row.
    pub name: Text,
    /// Status of the service.
    pub status: ServiceStatus,
    /// Who uses it, where the source says.
    pub user: Option<String>,
    /// Distress, safety-of-life, navigation and passive bands: any unexplained emission is a conflict.
    pub protected: bool,
    /// Use without an individual licence.
    pub exemption: Option<Exemption>,
    /// Lawful senders that the register does not list, most likely first.
    #[serde(default)]
    pub unlisted: Vec<Unlisted>,
    /// Where the row comes from.
    pub basis: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// Remarks of the source.
    pub note: Option<String>,
    /// Footnotes that qualify this service in the band, by their numbers in the table (`5.149`, `CHN12`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footnotes: Vec<String>,
    /// Footnotes that concern the whole band, whatever the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub band_footnotes: Vec<String>,
    /// Qualifiers of the service as the table writes them, such as `space-to-Earth`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifiers: Vec<String>,
    /// Which part of a table with several columns it stands in, such as `Federal Government`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

/// A versioned table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllocationTable {
    /// Key, such as `cn`.
    pub id: String,
    /// Jurisdiction, ISO 3166.
    pub jurisdiction: String,
    /// Edition in words.
    pub edition: String,
    /// First day in force (`YYYY-MM-DD`).
    pub effective_from: String,
    /// Title.
    pub title: Text,
    /// What a reader must know before relying on the table, such as "a seed, not the official table".
    #[serde(default)]
    pub notice: Text,
    /// Whether the table covers its whole range. In a table that does not, a band without a row is unknown and not
    /// "not allocated".
    #[serde(default)]
    pub complete: bool,
    /// Rows in ascending order of lower edge.
    pub rows: Vec<Allocation>,
}

impl Allocation {
    /// The bands of the row: its own and its duplex partner.
    pub fn bands(&self) -> impl Iterator<Item = Band> {
        std::iter::once(self.band).chain(self.paired)
    }
}
