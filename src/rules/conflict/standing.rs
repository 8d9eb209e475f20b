//! How one measured figure stands to its limit, with its uncertainty: what the judge and the table of a station share.

use serde::{Deserialize, Serialize};

use super::{Measured, Rules, candidate::bandwidth_counts};

/// Where a measured figure stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The measurement cannot tell.
    Undecided,
    /// It keeps the limit.
    Within,
    /// It is beyond the limit and beyond its uncertainty.
    Outside,
}

impl Standing {
    /// A word or two for people, in Chinese or English.
    #[must_use]
    pub fn name(self, chinese: bool) -> &'static str {
        let (zh, en) = match self {
            Self::Undecided => ("无法判定", "cannot be decided"),
            Self::Within => ("符合", "within"),
            Self::Outside => ("不符合", "outside"),
        };
        if chinese { zh } else { en }
    }

    /// Of a centre: its distance from the assigned frequency, the tolerance, and the expanded uncertainty.
    #[must_use]
    pub(super) fn of_offset(offset_hz: f64, tolerance_hz: f64, uncertainty_hz: f64) -> Self {
        if offset_hz.abs() <= tolerance_hz {
            Self::Within
        } else if offset_hz.abs() <= tolerance_hz + uncertainty_hz {
            Self::Undecided
        } else {
            Self::Outside
        }
    }

    /// Of an occupied bandwidth against the necessary one. What was measured too badly is beyond nothing.
    #[must_use]
    pub(super) fn of_bandwidth(rules: &Rules, measured: &Measured, necessary_hz: f64, uncertainty_hz: f64) -> Self {
        let bandwidth_hz = measured.bandwidth_hz.as_f64();
        let counts = || bandwidth_counts(rules, measured, rules.bandwidth.min_snr_db.over_bandwidth);
        if bandwidth_hz <= necessary_hz {
            Self::Within
        } else if bandwidth_hz - uncertainty_hz <= necessary_hz || !counts() {
            Self::Undecided
        } else {
            Self::Outside
        }
    }
}
