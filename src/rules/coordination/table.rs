//! The one table of steps: from which states, to which, who may take them and what they must carry.

use serde::Serialize;

use super::{Party, State, Step};

/// What a step must carry besides its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StepCarry)]
pub enum Carry {
    /// Why, in words.
    Reason,
    /// Conditions, in words.
    Conditions,
    /// The first instant it no longer holds.
    Expiry,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What is done.
    pub step: Step,
    /// In these states.
    pub from: &'static [State],
    /// Where it leads; a renewal stays.
    pub to: State,
    /// By whom.
    pub by: &'static [Party],
    /// With what.
    pub carries: &'static [Carry],
}

/// Agreed in one way or another, and not in force yet.
pub(super) const AGREED: &[State] = &[State::Agreed, State::AgreedWithConditions, State::TemporarilyAgreed];

use Party::{Coordinator, Decider, Requester, System};
use State::{
    AgreedWithConditions, Draft, Expired, InForce, InformationRequested, Lapsed, Received, Refused, Revoked, Submitted,
    Suspended, TemporarilyAgreed, UnderReview, Withdrawn,
};

const fn rule(step: Step, from: &'static [State], to: State, by: &'static [Party], carries: &'static [Carry]) -> Rule {
    Rule {
        step,
        from,
        to,
        by,
        carries,
    }
}

/// Who may do what, when, and with what. A step that has no row here does not exist.
pub const TABLE: &[Rule] = &[
    rule(Step::Submit, &[Draft], Submitted, &[Requester], &[]),
    rule(Step::Receive, &[Submitted], Received, &[Decider, Coordinator], &[]),
    rule(
        Step::StartReview,
        &[Received],
        UnderReview,
        &[Decider, Coordinator],
        &[],
    ),
    rule(
        Step::RequestInformation,
        &[UnderReview],
        InformationRequested,
        &[Decider, Coordinator],
        &[Carry::Reason],
    ),
    rule(
        Step::ProvideInformation,
        &[InformationRequested],
        UnderReview,
        &[Requester],
        &[Carry::Reason],
    ),
    rule(Step::Agree, &[UnderReview], State::Agreed, &[Decider], &[]),
    rule(
        Step::AgreeWithConditions,
        &[UnderReview],
        AgreedWithConditions,
        &[Decider],
        &[Carry::Conditions],
    ),
    rule(
        Step::AgreeTemporarily,
        &[UnderReview],
        TemporarilyAgreed,
        &[Decider],
        &[Carry::Expiry],
    ),
    rule(
        Step::AgreeBySilence,
        &[Submitted, Received, UnderReview],
        State::Agreed,
        &[System],
        &[],
    ),
    rule(Step::Refuse, &[UnderReview], Refused, &[Decider], &[Carry::Reason]),
    rule(
        Step::Lapse,
        &[Submitted, Received, UnderReview, InformationRequested],
        Lapsed,
        &[System],
        &[],
    ),
    rule(
        Step::PutInForce,
        AGREED,
        InForce,
        &[Requester, Decider, Coordinator],
        &[],
    ),
    rule(Step::Renew, &[InForce], InForce, &[Decider], &[Carry::Expiry]),
    rule(
        Step::Suspend,
        &[InForce],
        Suspended,
        &[Decider, Coordinator],
        &[Carry::Reason],
    ),
    rule(Step::Resume, &[Suspended], InForce, &[Decider, Coordinator], &[]),
    rule(
        Step::Expire,
        &[
            State::Agreed,
            AgreedWithConditions,
            TemporarilyAgreed,
            InForce,
            Suspended,
        ],
        Expired,
        &[System],
        &[],
    ),
    rule(
        Step::Revoke,
        &[
            State::Agreed,
            AgreedWithConditions,
            TemporarilyAgreed,
            InForce,
            Suspended,
        ],
        Revoked,
        &[Decider, Coordinator],
        &[Carry::Reason],
    ),
    rule(
        Step::Withdraw,
        &[
            Draft,
            Submitted,
            Received,
            UnderReview,
            InformationRequested,
            State::Agreed,
            AgreedWithConditions,
            TemporarilyAgreed,
            InForce,
            Suspended,
        ],
        Withdrawn,
        &[Requester],
        &[Carry::Reason],
    ),
];
