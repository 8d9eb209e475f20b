//! The rules the program knows: key, the kind of verdict each leads to, and the words its texts may use.
//!
//! Severities and texts are data (`config/rules.toml`); which facts lead to which rule is [`super::judge`].

use serde::{Deserialize, Serialize};

use super::{Remedy, VerdictKind};

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
    /// A station stronger than assigned.
    OverPower,
    /// A station outside its hours of operation.
    OutOfHours,
    /// Explained only by an assignment whose time is over.
    Expired,
    /// Explained only by an assignment whose time has not come.
    NotYetValid,
    /// Explained only by a suspended assignment.
    Suspended,
    /// Explained only by a cancelled assignment.
    Cancelled,
    /// A control order prohibits it.
    ControlProhibited,
    /// It keeps not to the limits of a control order.
    ControlLimited,
    /// Nothing explains it, in a band a control order protects.
    ControlProtected,
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
    /// Stronger than the station can be, on a receiver without calibration.
    PowerUnclear,
    /// A control order may forbid it.
    ControlUnclear,
    /// Explained by a station that is rarely heard this far.
    PlaceUnclear,
    /// Explained by a station but for its class of emission.
    ClassDiffers,
    /// A narrow emission somewhere inside an assigned band.
    InsideAssignedBand,
    /// It lies inside an assigned block, but is far narrower than what the holder's network sends.
    InsideAssignedBlock,
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
    /// An assignment was watched and used.
    AssignmentInUse,
    /// An assignment was watched and heard, but for hardly any of the time.
    UseRare,
    /// An assignment was watched and not used.
    UnusedAssignment,
    /// An assignment was not watched long enough to say.
    UseUnclear,
    /// An assignment was watched from where it need not be heard.
    UseUnheard,
}

/// Words every text may use.
const ALWAYS: &[&str] = &["center", "bandwidth", "snr"];
const CONTROL: &[&str] = &["order", "issuer", "until", "sender"];
const STATION: &[&str] = &["assignment", "holder", "station", "necessary", "unchecked"];

impl Rule {
    /// All rules, in the order of the rules file.
    pub const ALL: [Self; 40] = [
        Self::Licensed,
        Self::LicensedBlock,
        Self::LicenceExempt,
        Self::LicenceExemptUnverified,
        Self::OffFrequency,
        Self::OverBandwidth,
        Self::OverPower,
        Self::OutOfHours,
        Self::Expired,
        Self::NotYetValid,
        Self::Suspended,
        Self::Cancelled,
        Self::ControlProhibited,
        Self::ControlLimited,
        Self::ControlProtected,
        Self::ProtectedBand,
        Self::Unlicensed,
        Self::NotAllocated,
        Self::FrequencyUnclear,
        Self::BandwidthUnclear,
        Self::PowerUnclear,
        Self::ControlUnclear,
        Self::PlaceUnclear,
        Self::ClassDiffers,
        Self::InsideAssignedBand,
        Self::InsideAssignedBlock,
        Self::ExemptBandwidthUnclear,
        Self::AskMilitary,
        Self::AskOperator,
        Self::AskAmateur,
        Self::AskSpace,
        Self::AskAbroad,
        Self::UnverifiedRow,
        Self::NoAllocationKnown,
        Self::NoStationData,
        Self::AssignmentInUse,
        Self::UseRare,
        Self::UnusedAssignment,
        Self::UseUnclear,
        Self::UseUnheard,
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
            Self::ClassDiffers => "class_differs",
            Self::InsideAssignedBand => "inside_assigned_band",
            Self::InsideAssignedBlock => "inside_assigned_block",
            Self::ExemptBandwidthUnclear => "exempt_bandwidth_unclear",
            Self::AskMilitary => "ask_military",
            Self::AskOperator => "ask_operator",
            Self::AskAmateur => "ask_amateur",
            Self::AskSpace => "ask_space",
            Self::AskAbroad => "ask_abroad",
            Self::UnverifiedRow => "unverified_row",
            Self::NoAllocationKnown => "no_allocation_known",
            Self::NoStationData => "no_station_data",
            Self::OverPower => "over_power",
            Self::OutOfHours => "out_of_hours",
            Self::ControlProhibited => "control_prohibited",
            Self::ControlLimited => "control_limited",
            Self::ControlProtected => "control_protected",
            Self::PowerUnclear => "power_unclear",
            Self::ControlUnclear => "control_unclear",
            Self::AssignmentInUse => "assignment_in_use",
            Self::UseRare => "use_rare",
            Self::UnusedAssignment => "unused_assignment",
            Self::UseUnclear => "use_unclear",
            Self::UseUnheard => "use_unheard",
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
            Self::Licensed | Self::LicensedBlock | Self::AssignmentInUse | Self::UseRare => VerdictKind::Licensed,
            Self::LicenceExempt | Self::LicenceExemptUnverified => VerdictKind::LicenceExempt,
            Self::OffFrequency => VerdictKind::OffFrequency,
            Self::OverBandwidth => VerdictKind::OverBandwidth,
            Self::OverPower => VerdictKind::OverPower,
            Self::OutOfHours => VerdictKind::OutOfHours,
            Self::Expired | Self::NotYetValid | Self::Suspended | Self::Cancelled => VerdictKind::Expired,
            Self::ControlProhibited | Self::ControlLimited | Self::ControlProtected => VerdictKind::ControlOrder,
            Self::UnusedAssignment => VerdictKind::UnusedAssignment,
            Self::ProtectedBand => VerdictKind::ProtectedBand,
            Self::Unlicensed | Self::NotAllocated => VerdictKind::Unlicensed,
            Self::FrequencyUnclear
            | Self::BandwidthUnclear
            | Self::PowerUnclear
            | Self::ControlUnclear
            | Self::UseUnclear
            | Self::UseUnheard
            | Self::PlaceUnclear
            | Self::ClassDiffers
            | Self::InsideAssignedBand
            | Self::InsideAssignedBlock
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

    /// What would decide, where the rule leaves it open.
    #[must_use]
    pub fn would_decide(self) -> &'static [Remedy] {
        match self {
            Self::FrequencyUnclear => &[Remedy::FrequencyReference, Remedy::LongerObservation],
            Self::BandwidthUnclear | Self::ExemptBandwidthUnclear => &[Remedy::FinerResolution, Remedy::StrongerSignal],
            Self::PowerUnclear => &[Remedy::LevelCalibration, Remedy::Bearing],
            Self::ControlUnclear => &[Remedy::Bearing, Remedy::LevelCalibration, Remedy::OtherSide],
            Self::PlaceUnclear => &[Remedy::Bearing, Remedy::Identification, Remedy::AnotherReceiver],
            Self::ClassDiffers => &[Remedy::Identification, Remedy::Bearing],
            Self::InsideAssignedBand => &[Remedy::LongerObservation, Remedy::Identification],
            Self::AskMilitary => &[Remedy::OtherSide],
            Self::AskOperator => &[Remedy::Operator],
            Self::InsideAssignedBlock => &[Remedy::Operator, Remedy::Bearing],
            Self::AskAmateur | Self::AskSpace => &[Remedy::Identification],
            Self::AskAbroad => &[Remedy::Identification, Remedy::Bearing],
            Self::NoAllocationKnown => &[Remedy::RegistryData, Remedy::OtherSide],
            Self::UnverifiedRow | Self::NoStationData => &[Remedy::RegistryData],
            Self::UseUnclear => &[Remedy::LongerObservation],
            Self::UseUnheard => &[Remedy::AnotherReceiver],
            _ => &[],
        }
    }

    /// Whether the rule is about the use of an assignment, and not about an emission.
    #[must_use]
    pub fn is_of_use(self) -> bool {
        matches!(
            self,
            Self::AssignmentInUse | Self::UseRare | Self::UnusedAssignment | Self::UseUnclear | Self::UseUnheard
        )
    }

    /// Whether the rule's texts may use the word in braces; the judge fills in all of them.
    #[must_use]
    pub(super) fn knows(self, word: &str) -> bool {
        let of_use = [
            "assigned",
            "assignment",
            "holder",
            "station",
            "period",
            "watched",
            "coverage",
            "heard",
            "occupancy",
            "limit",
            "distance",
        ];
        if self.is_of_use() {
            return of_use.contains(&word);
        }
        let (names_station, more): (bool, &[&str]) = match self {
            Self::Licensed | Self::OffFrequency | Self::FrequencyUnclear => {
                (true, &["offset", "tolerance", "uncertainty"])
            }
            Self::OverBandwidth | Self::BandwidthUnclear => (true, &["bandwidth_uncertainty", "min_snr"]),
            Self::OverPower | Self::PowerUnclear => (
                true,
                &["level", "level_uncertainty", "most", "eirp", "distance", "excess"],
            ),
            Self::OutOfHours => (true, &["hours", "instant"]),
            Self::ControlProhibited | Self::ControlProtected | Self::ControlUnclear => (false, CONTROL),
            Self::ControlLimited => (
                false,
                &[CONTROL[0], CONTROL[1], CONTROL[2], CONTROL[3], "limits", "sender_power"],
            ),
            Self::Expired | Self::NotYetValid => (true, &["date"]),
            Self::PlaceUnclear => (true, &["distance"]),
            Self::ClassDiffers => (true, &["class", "designators"]),
            Self::LicensedBlock
            | Self::Suspended
            | Self::Cancelled
            | Self::InsideAssignedBand
            | Self::InsideAssignedBlock => (true, &[]),
            Self::LicenceExempt | Self::LicenceExemptUnverified => (false, &["allocation", "conditions", "unchecked"]),
            Self::ExemptBandwidthUnclear => (false, &["allocation", "limit", "bandwidth_uncertainty", "min_snr"]),
            Self::Unlicensed => (false, &["allocation", "nearest"]),
            Self::NotAllocated | Self::NoAllocationKnown => (false, &["nearest"]),
            Self::AssignmentInUse | Self::UseRare | Self::UnusedAssignment | Self::UseUnclear | Self::UseUnheard => {
                (false, &[])
            }
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
