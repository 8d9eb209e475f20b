//! A verdict and everything needed to defend it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::registry::Text;

/// What was found. The names are part of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// Explained by an assignment in force.
    Licensed,
    /// Within the limits of licence-exempt use.
    LicenceExempt,
    /// No assignment and no exemption explains it.
    Unlicensed,
    /// Explained by an assignment but for its frequency.
    OffFrequency,
    /// Explained by an assignment but for its bandwidth.
    OverBandwidth,
    /// Explained by an assignment but for its power; only behind a calibration.
    OverPower,
    /// Explained by an assignment but for the hour.
    OutOfHours,
    /// In a band protected for safety or passive use, without an assignment.
    ProtectedBand,
    /// Explained only by an assignment no longer in force.
    Expired,
    /// Against a control order in force.
    ControlOrder,
    /// An assignment that was not used while it was watched.
    UnusedAssignment,
    /// The measurement or the registry cannot decide; the explanation says what would.
    Inconclusive,
}

impl VerdictKind {
    /// Whether this opens a conflict.
    #[must_use]
    pub fn is_conflict(self) -> bool {
        matches!(
            self,
            Self::Unlicensed
                | Self::OffFrequency
                | Self::OverBandwidth
                | Self::OverPower
                | Self::OutOfHours
                | Self::ProtectedBand
                | Self::Expired
                | Self::ControlOrder
                | Self::UnusedAssignment
        )
    }

    /// A word or two for people, in Chinese or English.
    #[must_use]
    pub fn name(self, chinese: bool) -> &'static str {
        let (zh, en) = match self {
            Self::Licensed => ("已许可", "licensed"),
            Self::LicenceExempt => ("免执照", "licence exempt"),
            Self::Unlicensed => ("未登记", "unlicensed"),
            Self::OffFrequency => ("频率偏差", "off frequency"),
            Self::OverBandwidth => ("超带宽", "over bandwidth"),
            Self::OverPower => ("超功率", "over power"),
            Self::OutOfHours => ("超时段", "out of hours"),
            Self::ProtectedBand => ("受保护频段", "protected band"),
            Self::Expired => ("过期", "expired"),
            Self::ControlOrder => ("违反管制令", "control order"),
            Self::UnusedAssignment => ("指配未使用", "unused assignment"),
            Self::Inconclusive => ("无法判定", "inconclusive"),
        };
        if chinese { zh } else { en }
    }
}

/// How urgent it is; set by the rules file, never by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Worth a look.
    Notice,
    /// Act in working hours.
    Warning,
    /// Act now.
    Alarm,
}

/// What would decide where a verdict is inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Narrower bins.
    FinerResolution,
    /// A better signal-to-noise ratio: a better antenna or place.
    StrongerSignal,
    /// More time.
    LongerObservation,
    /// A receiver with a known oscillator.
    FrequencyReference,
    /// A receiver with a calibrated level.
    LevelCalibration,
    /// A receiver at another place.
    AnotherReceiver,
    /// A bearing or a position.
    Bearing,
    /// A call sign, a programme, a decoded identity.
    Identification,
    /// A question to the military side, through coordination.
    OtherSide,
    /// The station data of a network operator.
    Operator,
    /// Data the registry lacks or has not verified.
    RegistryData,
}

/// The judgement of one emission, or of the use of one assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verdict {
    /// What was found.
    pub kind: VerdictKind,
    /// How urgent.
    pub severity: Severity,
    /// Key of the rule in the rules file.
    pub rule: String,
    /// The assignment it was held against, if any.
    pub assignment: Option<String>,
    /// The next best explanation, if there was one; its numbers are in `evidence` under `runner_up_…`.
    #[serde(default)]
    pub runner_up: Option<String>,
    /// The allocation row it lies in, if any.
    pub allocation: Option<String>,
    /// The control order it is held against, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_order: Option<String>,
    /// What would decide, where this is inconclusive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub would_decide: Vec<Remedy>,
    /// The reason in a sentence or two, numbers and uncertainty included.
    pub explanation: Text,
    /// The numbers behind it, units in the key: `offset_hz`, `uncertainty_hz`, `tolerance_hz`, `distance_km` …
    pub evidence: BTreeMap<String, f64>,
    /// Version of the rules file.
    pub rules_version: String,
    /// Version of the registry snapshot it was held against.
    #[serde(default)]
    pub registry_version: String,
}
