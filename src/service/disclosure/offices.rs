//! What offices may know of each other's orders and requests and of each other.

use super::{Disclosed, View};
use crate::{
    coordination::{
        Finding, FindingKind, Party, Request, Sealed, SealedOutcome,
        orders::{Office, OrderRecord, OrderState},
        organisation::{Contact, Organisation, OrganisationKind},
    },
    registry::disclosure::{Audience, is_open, may_leave},
    service::{
        auth::{Role, permissions},
        coordination::Officer,
    },
    store::{ThreadEntry, shown},
};

impl View {
    /// Whether the reader may know a control order: no classified one that is not released to them; a draft is its own
    /// office's, what is proposed that of all who decide; the public knows what was approved.
    #[must_use]
    pub fn knows_order(&self, record: &OrderRecord, role: Role) -> bool {
        self.sees(&record.order) && Self::order_stands_for(record, role)
    }

    /// The same of a role and its audience, by the record alone: without what the policy tells more of markings.
    pub(in crate::service) fn order_is_known(record: &OrderRecord, role: Role, audience: Audience) -> bool {
        may_leave(&record.order, audience) && Self::order_stands_for(record, role)
    }

    /// Whether an order is so far that the role learns of it.
    fn order_stands_for(record: &OrderRecord, role: Role) -> bool {
        match record.state {
            OrderState::Approved | OrderState::Lifted => true,
            OrderState::Proposed | OrderState::Rejected => permissions::sees_proposals(role),
            OrderState::Draft | OrderState::Withdrawn => match permissions::office(role) {
                Some(office) => office == Office::Coordinator || office == record.office,
                None => permissions::sees_proposals(role),
            },
        }
    }

    /// A request as this officer may know it: their own organisation's, and what was sent to it. Those who watch over
    /// all of them see what was sent.
    #[must_use]
    pub fn request(officer: &Officer, request: Request) -> Option<Disclosed<Request>> {
        Self::knows_request(officer, &request).then_some(Disclosed(request))
    }

    /// Whether this officer may know a request.
    pub(in crate::service) fn knows_request(officer: &Officer, request: &Request) -> bool {
        match officer.seat() {
            Some(seat) => seat.party(request).is_some(),
            None => request.submitted_at.is_some(),
        }
    }

    /// An entry of the thread of a request that the officer may know: what was written before it was sent is for the
    /// organisation whose request it is.
    #[must_use]
    pub fn thread_entry(officer: &Officer, request: &Request, entry: ThreadEntry) -> Option<Disclosed<ThreadEntry>> {
        let own = officer.party(request) == Some(Party::Requester);
        (!entry.internal || own).then_some(Disclosed(entry))
    }

    /// An organisation as somebody of this role, who is of the organisation `own`, may know it: operators are nobody's
    /// business but the offices', and how to reach one is for those who take part.
    #[must_use]
    pub fn organisation(role: Role, own: &str, mut known: Organisation) -> Option<Disclosed<Organisation>> {
        let outsider = !permissions::sees_operators(role) && known.id != own;
        if outsider && known.profile.kind == OrganisationKind::Operator {
            return None;
        }
        if !permissions::sees_contacts(role) && known.id != own {
            known.profile.contact = Contact::default();
        }
        Some(Disclosed(known))
    }

    /// A request goes out to whoever asks here: a classified one is noted.
    pub(in crate::service) fn show_request(request: &Request) {
        if !is_open(&request.proposal) {
            shown(&format!("requests/{}", request.id));
        }
    }

    /// A finding of a check goes out: the classified record it names is noted, or the request among these.
    pub(in crate::service) fn show_finding(&self, finding: &Finding, requests: &[Request]) {
        let subject = finding.subject.as_deref().unwrap_or_default();
        if finding.kind == FindingKind::RequestOverlap {
            let named = requests.iter().filter(|other| other.number.as_deref() == Some(subject));
            named.for_each(Self::show_request);
        } else {
            self.shows(&[subject]);
        }
    }

    /// Whether the officer knows what waits to be published about a request that they know: everybody but the side that asks.
    #[must_use]
    pub fn knows_sealed(officer: &Officer, request: &Request) -> bool {
        officer.party(request) != Some(Party::Requester)
    }

    /// What waits to be published, and what was discarded, as the officer may know it.
    #[must_use]
    pub fn sealed(officer: &Officer, request: &Request, sealed: &[Sealed]) -> Disclosed<Vec<Sealed>> {
        let shown = |one: &&Sealed| matches!(one.outcome, SealedOutcome::Waiting | SealedOutcome::Discarded);
        let knows = Self::knows_sealed(officer, request);
        Disclosed(sealed.iter().filter(|_| knows).filter(shown).cloned().collect())
    }
}
