//! The states of a request, what can be done with it, and by whom.

use serde::{Deserialize, Serialize};

use super::table::{AGREED, TABLE};
use crate::registry::AssignmentStatus;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestState)]
pub enum State {
    /// Being written; its own side alone sees it.
    Draft,
    /// Sent to the other side.
    Submitted,
    /// The other side has it.
    Received,
    /// Being examined.
    UnderReview,
    /// The other side asked something.
    InformationRequested,
    /// Agreed as asked.
    Agreed,
    /// Agreed with conditions.
    AgreedWithConditions,
    /// Agreed for a time.
    TemporarilyAgreed,
    /// Refused.
    Refused,
    /// Nobody answered in time.
    Lapsed,
    /// The assignments are in the register.
    InForce,
    /// In force, but to be off the air for now.
    Suspended,
    /// Its time is over.
    Expired,
    /// Taken back by those who had agreed.
    Revoked,
    /// Taken back by those who had asked.
    Withdrawn,
}

impl State {
    /// Every state, in the order of a request's life.
    pub const ALL: [Self; 15] = [
        Self::Draft,
        Self::Submitted,
        Self::Received,
        Self::UnderReview,
        Self::InformationRequested,
        Self::Agreed,
        Self::AgreedWithConditions,
        Self::TemporarilyAgreed,
        Self::Refused,
        Self::Lapsed,
        Self::InForce,
        Self::Suspended,
        Self::Expired,
        Self::Revoked,
        Self::Withdrawn,
    ];

    /// Whether nothing can follow.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        TABLE.iter().all(|rule| !rule.from.contains(&self))
    }

    /// Agreed in one way or another, and not in force yet.
    #[must_use]
    pub fn is_agreed(self) -> bool {
        AGREED.contains(&self)
    }

    /// Whether the register holds assignments of a request in this state.
    pub(super) fn is_registered(self) -> bool {
        use State::{Expired, InForce, Revoked, Suspended, Withdrawn};
        matches!(self, InForce | Suspended | Expired | Revoked | Withdrawn)
    }

    /// The status these assignments have.
    pub(super) fn status(self) -> AssignmentStatus {
        match self {
            Self::InForce => AssignmentStatus::Granted,
            Self::Suspended => AssignmentStatus::Suspended,
            _ => AssignmentStatus::Cancelled,
        }
    }

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Received => "received",
            Self::UnderReview => "under_review",
            Self::InformationRequested => "information_requested",
            Self::Agreed => "agreed",
            Self::AgreedWithConditions => "agreed_with_conditions",
            Self::TemporarilyAgreed => "temporarily_agreed",
            Self::Refused => "refused",
            Self::Lapsed => "lapsed",
            Self::InForce => "in_force",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What can be done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestStep)]
pub enum Step {
    /// Send it to the other side.
    Submit,
    /// Acknowledge that it has arrived.
    Receive,
    /// Begin to examine it.
    StartReview,
    /// Ask for more.
    RequestInformation,
    /// Answer what was asked.
    ProvideInformation,
    /// Agree as asked.
    Agree,
    /// Agree with conditions.
    AgreeWithConditions,
    /// Agree for a time.
    AgreeTemporarily,
    /// Agree because nobody answered; a policy that is off by default.
    AgreeBySilence,
    /// Refuse.
    Refuse,
    /// End it because nobody answered.
    Lapse,
    /// Enter the assignments in the register.
    PutInForce,
    /// Prolong what is in force.
    Renew,
    /// Off the air for now.
    Suspend,
    /// On again.
    Resume,
    /// End it because its time is over.
    Expire,
    /// Take the agreement back.
    Revoke,
    /// Take the request back.
    Withdraw,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// An officer of the side that asks.
    Requester,
    /// An officer of the side that is asked.
    Decider,
    /// The coordinator of both sides' joint office.
    Coordinator,
    /// The service's clock.
    System,
}

impl Party {}
