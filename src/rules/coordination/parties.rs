//! Who is who in a request: whose it is, who is asked, and what somebody of an organisation is to it.

use serde::{Deserialize, Serialize};

use super::{Party, Request, Side, organisation::default_of};

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RequestAddressee)]
pub struct Addressee {
    /// The offices of this side,
    pub side: Side,
    /// or one of them alone: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
}

/// For whom somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Key of their organisation.
    pub organisation: String,
    /// Their side.
    pub side: Side,
    /// Theirs is an office: it decides what its side is asked.
    pub office: bool,
}

impl Request {
    /// Key of the organisation whose request it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.organisation.as_deref().unwrap_or_else(|| default_of(self.side))
    }

    /// Who is asked; the offices of the other side where the request does not say.
    #[must_use]
    pub fn addressee(&self) -> Addressee {
        self.proposal.to.clone().unwrap_or_else(|| Addressee {
            side: self.side.other(),
            organisation: None,
        })
    }
}

impl Seat {
    /// What it is to a request: nothing where the request is neither its own nor sent to it.
    #[must_use]
    pub fn party(&self, request: &Request) -> Option<Party> {
        if request.owner() == self.organisation {
            return Some(Party::Requester);
        }
        let asked = request.addressee();
        let mine = asked.organisation.is_none_or(|key| key == self.organisation);
        let sent = request.submitted_at.is_some();
        (self.office && sent && asked.side == self.side && mine).then_some(Party::Decider)
    }
}
