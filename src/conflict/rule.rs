//! The rules the program knows: key, the kind of verdict each leads to, and the words its texts may use.
//!
//! Severities and texts are data (`config/rules.toml`); which facts lead to which rule is [`super::judge`].

use serde::{Deserialize, Serialize};

use super::VerdictKind;

/// A rule, by its key in the rules file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// An assignment in force explains it.
    Licensed,
    /// It lies inside an assigned block.
    LicensedBlock,
    /// It keeps the limits of a licence exemption.
    LicenceExempt,
    /// As before, but the exemption itself is still to be verified.
    LicenceExemptUnverified,
    /// A station off its frequency.
    OffFrequency,
    /// A station wider than assigned.
    OverBandwidth,
    /// Explained only by an assignment whose time is over.
    Expired,
    /// Explained only by an assignment whose time has not come.
    NotYetValid,
    /// Explained only by a suspended assignment.
    Suspended,
    /// Explained only by a cancelled assignment.
    Cancelled,
    /// Nothing explains it, in a protected band.
    ProtectedBand,
    /// Nothing explains it.
    Unlicensed,
    /// Nothing explains it, and the band is allocated to no service.
    NotAllocated,
    /// Beyond the tolerance, but not beyond the uncertainty.
    FrequencyUnclear,
    /// Seems too wide, measured too badly to say.
    BandwidthUnclear,
    /// Explained by a station that is rarely heard this far.
    PlaceUnclear,
    /// A narrow emission somewhere inside an assigned band.
    InsideAssignedBand,
    /// Seems too wide for the exemption, measured too badly to say.
    ExemptBandwidthUnclear,
    /// The band may hold stations of the military side.
    AskMilitary,
    /// A public network's band.
    AskOperator,
    /// An amateur band.
    AskAmateur,
    /// A downlink band.
    AskSpace,
    /// A band in which stations abroad are heard.
    AskAbroad,
    /// The only ground is an unverified row.
    UnverifiedRow,
    /// The table knows nothing of this band.
    NoAllocationKnown,
    /// The register holds no stations.
    NoStationData,
}

/// Words every text may use.
const ALWAYS: &[&str] = &["center", "bandwidth", "snr"];
const STATION: &[&str] = &["assignment", "holder", "station", "necessary", "unchecked"];

impl Rule {
    /// All rules, in the order of the rules file.
    pub const ALL: [Self; 26] = [
        Self::Licensed,
        Self::LicensedBlock,
        Self::LicenceExempt,
        Self::LicenceExemptUnverified,
        Self::OffFrequency,
        Self::OverBandwidth,
        Self::Expired,
        Self::NotYetValid,
        Self::Suspended,
        Self::Cancelled,
        Self::ProtectedBand,
        Self::Unlicensed,
        Self::NotAllocated,
        Self::FrequencyUnclear,
        Self::BandwidthUnclear,
        Self::PlaceUnclear,
        Self::InsideAssignedBand,
        Self::ExemptBandwidthUnclear,
        Self::AskMilitary,
        Self::AskOperator,
        Self::AskAmateur,
        Self::AskSpace,
        Self::AskAbroad,
        Self::UnverifiedRow,
        Self::NoAllocationKnown,
        Self::NoStationData,
    ];

    /// The key in the rules file and in `Verdict::rule`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Licensed => "licensed",
            Self::LicensedBlock => "licensed_block",
            Self::LicenceExempt => "licence_exempt",
            Self::LicenceExemptUnverified => "licence_exempt_unverified",
            Self::OffFrequency => "off_frequency",
            Self::OverBandwidth => "over_bandwidth",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Suspended => "suspended",
            Self::Cancelled => "cancelled",
            Self::ProtectedBand => "protected_band",
            Self::Unlicensed => "unlicensed",
            Self::NotAllocated => "not_allocated",
            Self::FrequencyUnclear => "frequency_unclear",
            Self::BandwidthUnclear => "bandwidth_unclear",
            Self::PlaceUnclear => "place_unclear",
            Self::InsideAssignedBand => "inside_assigned_band",
            Self::ExemptBandwidthUnclear => "exempt_bandwidth_unclear",
            Self::AskMilitary => "ask_military",
            Self::AskOperator => "ask_operator",
            Self::AskAmateur => "ask_amateur",
            Self::AskSpace => "ask_space",
            Self::AskAbroad => "ask_abroad",
            Self::UnverifiedRow => "unverified_row",
            Self::NoAllocationKnown => "no_allocation_known",
            Self::NoStationData => "no_station_data",
        }
    }

    /// The rule with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.key() == key)
    }

    /// The kind of verdict the rule leads to.
    #[must_use]
    pub fn kind(self) -> VerdictKind {
        match self {
            Self::Licensed | Self::LicensedBlock => VerdictKind::Licensed,
            Self::LicenceExempt | Self::LicenceExemptUnverified => VerdictKind::LicenceExempt,
            Self::OffFrequency => VerdictKind::OffFrequency,
            Self::OverBandwidth => VerdictKind::OverBandwidth,
            Self::Expired | Self::NotYetValid | Self::Suspended | Self::Cancelled => VerdictKind::Expired,
            Self::ProtectedBand => VerdictKind::ProtectedBand,
            Self::Unlicensed | Self::NotAllocated => VerdictKind::Unlicensed,
            Self::FrequencyUnclear
            | Self::BandwidthUnclear
            | Self::PlaceUnclear
            | Self::InsideAssignedBand
            | Self::ExemptBandwidthUnclear
            | Self::AskMilitary
            | Self::AskOperator
            | Self::AskAmateur
            | Self::AskSpace
            | Self::AskAbroad
            | Self::UnverifiedRow
            | Self::NoAllocationKnown
            | Self::NoStationData => VerdictKind::Inconclusive,
        }
    }

    /// Whether the rule's texts may use the word in braces; the judge fills in all of them.
    #[must_use]
    pub(super) fn knows(self, word: &str) -> bool {
        let (names_station, more): (bool, &[&str]) = match self {
            Self::Licensed | Self::OffFrequency | Self::FrequencyUnclear => {
                (true, &["offset", "tolerance", "uncertainty"])
            }
            Self::OverBandwidth | Self::BandwidthUnclear => (true, &["bandwidth_uncertainty", "min_snr"]),
            Self::Expired | Self::NotYetValid => (true, &["date"]),
            Self::PlaceUnclear => (true, &["distance"]),
            Self::LicensedBlock | Self::Suspended | Self::Cancelled | Self::InsideAssignedBand => (true, &[]),
            Self::LicenceExempt | Self::LicenceExemptUnverified => (false, &["allocation", "conditions", "unchecked"]),
            Self::ExemptBandwidthUnclear => (false, &["allocation", "limit", "bandwidth_uncertainty", "min_snr"]),
            Self::Unlicensed => (false, &["allocation", "nearest"]),
            Self::NotAllocated | Self::NoAllocationKnown => (false, &["nearest"]),
            Self::ProtectedBand
            | Self::AskMilitary
            | Self::AskOperator
            | Self::AskAmateur
            | Self::AskSpace
            | Self::AskAbroad
            | Self::UnverifiedRow
            | Self::NoStationData => (false, &["allocation"]),
        };
        ALWAYS.contains(&word) || more.contains(&word) || (names_station && STATION.contains(&word))
    }
}
