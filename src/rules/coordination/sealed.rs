//! Answers that wait for their publication: what the side that is asked did, in order, and what the request will be then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Give, Party, Policy, Request, Rule, State, Step, available, is_answer, take};
use crate::{registry::Text, units::Band};

/// A step with what it carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SealedStep {
    /// The step.
    pub step: Step,
    /// Why, in words.
    pub reason: String,
    /// Conditions of an agreement.
    pub conditions: Option<String>,
    /// First instant no longer agreed.
    pub expires: Option<Timestamp>,
    /// The band that is agreed to.
    pub band: Option<Band>,
    /// With a refusal: what would be agreed to instead.
    pub offered: Vec<Band>,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealedWhat {
    /// A step.
    Step(SealedStep),
    /// A message to the other side.
    Message {
        /// In words.
        text: String,
    },
    /// A file.
    File {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// SHA-256 of its content.
        sha256: String,
    },
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SealedOutcome {
    /// It waits.
    Waiting,
    /// The other side has it.
    Published,
    /// Its own side took it back.
    TakenBack,
    /// It did not apply any more when its time came.
    Discarded,
}

/// Something the side that is asked did that its counterpart is not told before a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SealedAnswer)]
pub struct Sealed {
    /// Random public key.
    pub id: String,
    /// The request.
    pub request: String,
    /// In which order they were made.
    pub place: u64,
    /// What was done.
    pub what: SealedWhat,
    /// Who did it.
    pub actor: String,
    /// In which part.
    pub party: Party,
    /// Key of their organisation.
    pub organisation: String,
    /// When.
    pub made_at: Timestamp,
    /// When the other side is told.
    pub publishes_at: Timestamp,
    /// What became of it.
    pub outcome: SealedOutcome,
    /// Since when it does not wait any more.
    pub ended_at: Option<Timestamp>,
    /// Why it was discarded, in words; otherwise empty.
    pub note: Text,
}

impl Sealed {
    /// Whether it waits.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.outcome == SealedOutcome::Waiting
    }

    /// Whether it is a step.
    #[must_use]
    pub fn is_step(&self) -> bool {
        matches!(self.what, SealedWhat::Step(_))
    }

    /// What is given with the step when it is taken; nothing where it is none.
    #[must_use]
    pub fn give(&self) -> Option<Give> {
        let SealedWhat::Step(step) = &self.what else {
            return None;
        };
        Some(Give {
            step: step.step,
            party: self.party,
            actor: self.actor.clone(),
            reason: step.reason.clone(),
            conditions: step.conditions.clone(),
            expires: step.expires,
            band: step.band,
            offered: step.offered.clone(),
        })
    }

    /// The same, ended.
    #[must_use]
    pub fn ended(mut self, outcome: SealedOutcome, note: Text, now: Timestamp) -> Self {
        (self.outcome, self.note, self.ended_at) = (outcome, note, Some(now));
        self
    }
}

/// The request as it will be when everything that waits has been published; `sealed` in the order in which it was made.
#[must_use]
pub fn projected(request: &Request, sealed: &[Sealed], policy: &Policy) -> Request {
    let mut after = request.clone();
    for waiting in sealed.iter().filter(|one| one.waits()) {
        let Some(give) = waiting.give() else { continue };
        match take(&after, &give, policy, waiting.made_at) {
            Ok(taken) => after = taken,
            Err(_) => break,
        }
    }
    after
}

/// The steps of a party that knows what waits: answers go on from what it already answered, everything else from what both
/// sides know.
#[must_use]
pub fn available_after(
    request: &Request,
    sealed: &[Sealed],
    (party, actor): (Party, &str),
    policy: &Policy,
) -> Vec<&'static Rule> {
    let now = available(request, party, actor, policy);
    if !sealed.iter().any(|one| one.waits() && one.is_step()) {
        return now;
    }
    let then = available(&projected(request, sealed, policy), party, actor, policy);
    let answers = then.into_iter().filter(|rule| is_answer(rule.step));
    let others = now.into_iter().filter(|rule| !is_answer(rule.step));
    answers.chain(others).collect()
}

/// The version of a request for those who know what waits: it grows with every change of that too, and never falls.
#[must_use]
pub fn version_with(request: &Request, sealed: &[Sealed]) -> u64 {
    let steps = sealed.iter().filter(|one| one.is_step());
    request.version + steps.map(|one| 1 + u64::from(!one.waits())).sum::<u64>()
}

/// Why what waited is discarded when the request is over without it.
#[must_use]
pub fn no_longer(state: State) -> Text {
    let state = super::words::state(state);
    Text::new(
        format!("申请已“{}”，此答复未公布", state.zh),
        format!("The request is {}: this was not published", state.en),
    )
}
