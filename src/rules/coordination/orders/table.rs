//! The one table of steps of a control order: from which state, to which, by whom, and whether a reason is owed.

use super::{OrderState, OrderStep};

/// Which person of an office may take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Of the office that drafted it, or the coordinator.
    OfItsOffice,
    /// Of an office that the policy lets approve, and no author of the order.
    Second,
    /// Of an office that the policy lets approve.
    OfAnApprovingOffice,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRule {
    /// What is done.
    pub step: OrderStep,
    /// In these states.
    pub from: &'static [OrderState],
    /// Where it leads; an approval stays where it is until there are as many as the policy asks for.
    pub to: OrderState,
    /// By whom.
    pub by: Person,
    /// Whether a reason must be given.
    pub reason: bool,
}

const fn rule(step: OrderStep, from: &'static [OrderState], to: OrderState, by: Person, reason: bool) -> OrderRule {
    OrderRule {
        step,
        from,
        to,
        by,
        reason,
    }
}

use OrderState::{Approved, Draft, Lifted, Proposed, Rejected, Withdrawn};
use Person::{OfAnApprovingOffice, OfItsOffice, Second};

/// Who may do what, when. A step that has no row here does not exist; drafting makes the record and has none.
pub const ORDER_TABLE: &[OrderRule] = &[
    rule(OrderStep::Edit, &[Draft], Draft, OfItsOffice, false),
    rule(OrderStep::Propose, &[Draft], Proposed, OfItsOffice, false),
    rule(OrderStep::Approve, &[Proposed], Approved, Second, false),
    rule(OrderStep::Reject, &[Proposed], Rejected, Second, true),
    rule(OrderStep::Withdraw, &[Draft, Proposed], Withdrawn, OfItsOffice, true),
    rule(OrderStep::Lift, &[Approved], Lifted, OfAnApprovingOffice, true),
];
