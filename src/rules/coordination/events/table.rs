//! The one table of steps of an event: from which states, to which, by whom, and whether words must be given.

use super::{EventState, EventStep};

/// Who may take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPerson {
    /// The lead office, or the coordinator.
    Lead,
    /// Every office that takes part.
    Participant,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRule {
    /// What is done.
    pub step: EventStep,
    /// In these states.
    pub from: &'static [EventState],
    /// Where it leads; nothing: it stays where it is.
    pub to: Option<EventState>,
    /// By whom.
    pub by: EventPerson,
    /// Whether words must be given.
    pub reason: bool,
}

use EventPerson::{Lead, Participant};
use EventState::{Announced, Cancelled, Closed, Draft, Running};

const fn rule(
    step: EventStep,
    from: &'static [EventState],
    to: Option<EventState>,
    by: EventPerson,
    reason: bool,
) -> EventRule {
    EventRule {
        step,
        from,
        to,
        by,
        reason,
    }
}

/// Who may do what, when.
pub const EVENT_TABLE: &[EventRule] = &[
    rule(EventStep::Announce, &[Draft], Some(Announced), Lead, false),
    rule(EventStep::Start, &[Announced], Some(Running), Lead, false),
    rule(EventStep::Close, &[Running], Some(Closed), Lead, false),
    rule(EventStep::Edit, &[Draft, Announced, Running], None, Lead, false),
    rule(
        EventStep::Cancel,
        &[Draft, Announced, Running],
        Some(Cancelled),
        Lead,
        true,
    ),
    rule(EventStep::Note, EventState::ALL.as_slice(), None, Participant, true),
];
