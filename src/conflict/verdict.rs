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
    /// In a band protected for safety or passive use, without an assignment.
    ProtectedBand,
    /// Explained only by an assignment no longer in force.
    Expired,
    /// The measurement or the registry cannot decide; the explanation says what would.
    Inconclusive,
}

impl VerdictKind {
    /// Whether this opens a conflict.
    #[must_use]
    pub fn is_conflict(self) -> bool {
        matches!(
            self,
            Self::Unlicensed | Self::OffFrequency | Self::OverBandwidth | Self::ProtectedBand | Self::Expired
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
            Self::ProtectedBand => ("受保护频段", "protected band"),
            Self::Expired => ("过期", "expired"),
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

/// The judgement of one emission.
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
