//! Reports counted by quarter, grade and outcome, for the figures that are reported upward.

use std::collections::BTreeMap;

use jiff::tz::Offset;
use serde::Serialize;

use super::{Channel, Grade, Report, ReportRules, ReportState};

/// Figures of one quarter and grade.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
pub struct QuarterCounts {
    /// Taken in.
    pub received: u64,
    /// Of these by telephone.
    pub by_telephone: u64,
    /// Verified clear, closed or not.
    pub cleared: u64,
    /// Not taken up.
    pub rejected: u64,
    /// Taken back.
    pub withdrawn: u64,
    /// Still worked on.
    pub open: u64,
    /// Cleared after the time of their grade had run out.
    pub late: u64,
    /// Median time from taking in to verified clear, minutes, of those that are clear.
    #[schema(required = true)]
    pub median_minutes: Option<u64>,
}

/// One quarter and grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct QuarterRow {
    /// Year (UTC+8) in which the reports were taken in.
    pub year: i16,
    /// Quarter, 1 to 4.
    pub quarter: u8,
    /// Grade they have now.
    pub grade: Grade,
    /// The figures.
    #[serde(flatten)]
    pub counts: QuarterCounts,
}

/// The figures of these reports, the latest quarter first and the gravest grade first; quarters without any are left out.
#[must_use]
pub fn quarters<'r>(reports: impl IntoIterator<Item = &'r Report>, rules: &ReportRules) -> Vec<QuarterRow> {
    let mut rows: BTreeMap<(i16, u8, Grade), (QuarterCounts, Vec<u64>)> = BTreeMap::new();
    for report in reports {
        let date = Offset::constant(8).to_datetime(report.filed_at).date();
        let quarter = (date.month().unsigned_abs() - 1) / 3 + 1;
        let (counts, minutes) = rows.entry((date.year(), quarter, report.grade)).or_default();
        counts.received += 1;
        counts.by_telephone += u64::from(report.complaint.channel == Channel::Telephone);
        match report.state {
            ReportState::VerifiedClear | ReportState::Closed => {
                counts.cleared += 1;
                if let Some(clear) = report.verified_at {
                    let took = clear.duration_since(report.filed_at);
                    minutes.push(took.as_mins().unsigned_abs());
                    let allowed = rules.grade(report.grade);
                    counts.late += u64::from(took > allowed.confirm.escalate + allowed.settle.escalate);
                }
            }
            ReportState::Rejected => counts.rejected += 1,
            ReportState::Withdrawn => counts.withdrawn += 1,
            _ => counts.open += 1,
        }
    }
    let rows = rows
        .into_iter()
        .map(|((year, quarter, grade), (mut counts, mut minutes))| {
            minutes.sort_unstable();
            counts.median_minutes = minutes.get(minutes.len().saturating_sub(1) / 2).copied();
            QuarterRow {
                year,
                quarter,
                grade,
                counts,
            }
        });
    let mut rows: Vec<QuarterRow> = rows.collect();
    rows.sort_by_key(|row| (-row.year, std::cmp::Reverse(row.quarter), row.grade));
    rows
}
