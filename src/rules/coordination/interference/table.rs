//! The one table of steps of a report: from which states, to which, by whom, and what must be said.

use serde::Serialize;

use super::{ReportState, ReportStep};

/// Which person may take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// Of the office that handles it, or the coordinator.
    Own,
    /// Of the office that handles it, the coordinator, or the other side once it was brought in.
    Either,
}

/// What a step must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportCarry {
    /// Words: a reason, a finding, what was done.
    Reason,
    /// The grade.
    Grade,
    /// The level.
    Level,
    /// Conflicts and emissions.
    Evidence,
    /// A receiver that observed, or a reason.
    Verification,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportRule {
    /// What is done.
    pub step: ReportStep,
    /// In these states.
    pub from: &'static [ReportState],
    /// Where it leads; nothing: it stays where it is.
    pub to: Option<ReportState>,
    /// By whom.
    pub by: Handler,
    /// What must be given.
    pub carries: &'static [ReportCarry],
}

const fn rule(
    step: ReportStep,
    from: &'static [ReportState],
    to: Option<ReportState>,
    by: Handler,
    carries: &'static [ReportCarry],
) -> ReportRule {
    ReportRule {
        step,
        from,
        to,
        by,
        carries,
    }
}

use Handler::{Either, Own};
use ReportState::{Acted, Closed, Confirmed, Located, Received, Rejected, VerifiedClear, Withdrawn};

const OPEN: &[ReportState] = &[Received, Confirmed, Located, Acted, VerifiedClear];
const REASON: &[ReportCarry] = &[ReportCarry::Reason];

/// Who may do what, when. A step without a row does not exist for people: taking in makes the record, and reminding is the
/// service's.
pub const REPORT_TABLE: &[ReportRule] = &[
    rule(ReportStep::Confirm, &[Received], Some(Confirmed), Own, &[]),
    rule(ReportStep::Locate, &[Confirmed], Some(Located), Own, REASON),
    rule(ReportStep::Act, &[Located, Acted], Some(Acted), Own, REASON),
    rule(
        ReportStep::Verify,
        &[Acted],
        Some(VerifiedClear),
        Own,
        &[ReportCarry::Verification],
    ),
    rule(ReportStep::Close, &[VerifiedClear], Some(Closed), Own, &[]),
    rule(ReportStep::ReceivePaper, OPEN, None, Own, &[]),
    rule(
        ReportStep::Grade,
        OPEN,
        None,
        Own,
        &[ReportCarry::Grade, ReportCarry::Reason],
    ),
    rule(
        ReportStep::HandOver,
        OPEN,
        None,
        Own,
        &[ReportCarry::Level, ReportCarry::Reason],
    ),
    rule(ReportStep::Share, OPEN, None, Own, REASON),
    rule(ReportStep::Link, OPEN, None, Own, &[ReportCarry::Evidence]),
    rule(ReportStep::Note, ReportState::ALL.as_slice(), None, Either, REASON),
    rule(ReportStep::Rewrite, &[Received], None, Own, &[]),
    rule(ReportStep::Reject, &[Received, Confirmed], Some(Rejected), Own, REASON),
    rule(
        ReportStep::Withdraw,
        &[Received, Confirmed, Located, Acted],
        Some(Withdrawn),
        Own,
        REASON,
    ),
    rule(
        ReportStep::Reopen,
        &[VerifiedClear, Closed],
        Some(Confirmed),
        Own,
        REASON,
    ),
    rule(ReportStep::Reopen, &[Rejected, Withdrawn], Some(Received), Own, REASON),
];
