//! Coordination of spectrum use between civil and military offices: what a request asks, the states it goes through and
//! who may move it, the deadlines, and what a machine can say about it before a person decides. Pure: no clock, no I/O.

mod alternatives;
mod analysis;
mod calendar;
mod deadlines;
pub mod events;
pub mod exchange;
mod finding;
pub mod interference;
mod lease;
mod letter;
mod observed;
pub mod orders;
pub mod organisation;
mod parties;
pub mod paws;
mod policy;
mod procedure;
mod protection;
mod publication;
mod request;
mod sealed;
pub mod site;
mod state;
mod table;
pub mod tasks;
mod times;
mod wording;
mod words;

pub use alternatives::{Alternative, alternatives, reach};
pub use analysis::{Analysis, Surroundings, View, analyse, range};
pub use calendar::calendar;
pub use deadlines::{Due, due};
pub use finding::{Finding, FindingKind, Level};
pub use lease::{assignment_prefix, assignments, clash, is_of};
pub use letter::{LetterLanguage, Writing, letter};
pub use observed::{Heard, Observed, observed_span, receiver_gap_km};
pub use parties::{Addressee, Seat};
pub use policy::{Approval, CheckRules, Kind, KindRules, OrderRules, POLICY_TOML, Policy, PolicyError, Silence};
pub use procedure::{Give, Refusal, available, take};
pub use publication::{Publication, PublicationRules, is_answer};
pub use request::{Asked, Decision, Fault, Power, PowerKind, Priority, Proposal, Request, Side, Span};
pub use sealed::{Sealed, SealedOutcome, SealedStep, SealedWhat, available_after, no_longer, projected, version_with};
pub use state::{Party, State, Step};
pub use table::{Carry, Rule, TABLE};

#[cfg(test)]
mod tests;
