//! The life of a radio control order: drafted by one person, approved by another, in force by the clock, lifted with a
//! reason. Pure: no clock, no I/O; where the records are kept and who is logged in is not its matter.
//!
//! ```text
//! draft → proposed → approved: pending → in force → expired
//!   │        │          └──────── lifted
//!   │        └─ rejected
//!   └──── withdrawn
//! ```
//! Between *approved* and its end nothing is stored: whether an order waits, binds or is over follows from the time.

mod content;
mod procedure;
mod table;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use content::{faults, title};
pub use procedure::{GiveOrder, available, draft, edit, missing, take};
pub use table::{ORDER_TABLE, OrderRule, Person};

use crate::registry::ControlOrder;

/// Office of a person who deals with orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Office {
    /// Civil radio administration.
    Civil,
    /// Military spectrum office.
    Military,
    /// The joint office of both.
    Coordinator,
}

/// What was decided about an order; the rest follows from the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being written.
    Draft,
    /// Waits for approval.
    Proposed,
    /// Approved by as many as the policy asks for.
    Approved,
    /// Ended before its time.
    Lifted,
    /// Not approved.
    Rejected,
    /// Taken back before it was approved.
    Withdrawn,
}

/// Where an order stands at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderPhase {
    /// Being written.
    Draft,
    /// Waits for approval.
    Proposed,
    /// Approved; its time has not come.
    Pending,
    /// In force, within its hours where it has some.
    InForce,
    /// Its time is over.
    Expired,
    /// Ended before its time.
    Lifted,
    /// Not approved.
    Rejected,
    /// Taken back before it was approved.
    Withdrawn,
}

/// What is done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStep {
    /// Write it.
    Draft,
    /// Write it anew.
    Edit,
    /// Hand it in for approval.
    Propose,
    /// Approve it.
    Approve,
    /// Refuse to approve it.
    Reject,
    /// Take it back before it is approved.
    Withdraw,
    /// End it before its time.
    Lift,
}

/// One step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderEntry {
    /// What was done.
    pub step: OrderStep,
    /// Account of who did it.
    pub actor: String,
    /// Their office.
    pub office: Office,
    /// When.
    pub time: Timestamp,
    /// Why, in their words; may be empty.
    pub reason: String,
}

/// An order with its life so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Public key; the number of the order is in its content, and two offices may give the same.
    pub key: String,
    /// What it says.
    pub order: ControlOrder,
    /// What was decided.
    pub state: OrderState,
    /// Office that drafted it.
    pub office: Office,
    /// When the last approval that was needed was given.
    pub approved_at: Option<Timestamp>,
    /// When it was lifted.
    pub lifted_at: Option<Timestamp>,
    /// Every step, oldest first.
    pub steps: Vec<OrderEntry>,
    /// Grows with every change.
    pub version: u64,
}

impl OrderStep {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Edit => "edit",
            Self::Propose => "propose",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
            Self::Lift => "lift",
        }
    }
}

impl OrderState {
    /// The name in the database and the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Lifted => "lifted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl OrderRecord {
    /// The order as it binds senders: from its approval at the earliest, until it was lifted. Nothing for one that was
    /// never approved, or lifted before its time came.
    #[must_use]
    pub fn binding(&self) -> Option<ControlOrder> {
        let from = self.approved_at?.max(self.order.from);
        let to = self.lifted_at.map_or(self.order.to, |lifted| lifted.min(self.order.to));
        (from < to).then(|| ControlOrder {
            from,
            to,
            ..self.order.clone()
        })
    }

    /// Where it stands at a time.
    #[must_use]
    pub fn phase(&self, now: Timestamp) -> OrderPhase {
        match self.state {
            OrderState::Draft => OrderPhase::Draft,
            OrderState::Proposed => OrderPhase::Proposed,
            OrderState::Approved if now < self.order.from => OrderPhase::Pending,
            OrderState::Approved if now < self.order.to => OrderPhase::InForce,
            OrderState::Approved => OrderPhase::Expired,
            OrderState::Lifted => OrderPhase::Lifted,
            OrderState::Rejected => OrderPhase::Rejected,
            OrderState::Withdrawn => OrderPhase::Withdrawn,
        }
    }

    /// Steps of one kind, oldest first.
    pub fn taken(&self, step: OrderStep) -> impl DoubleEndedIterator<Item = &OrderEntry> {
        self.steps.iter().filter(move |entry| entry.step == step)
    }

    /// Whether the account wrote the order or handed it in: then it may not decide about it.
    #[must_use]
    pub fn is_author(&self, actor: &str) -> bool {
        let wrote = |step| matches!(step, OrderStep::Draft | OrderStep::Edit | OrderStep::Propose);
        self.steps.iter().any(|entry| wrote(entry.step) && entry.actor == actor)
    }
}

#[cfg(test)]
mod tests;
