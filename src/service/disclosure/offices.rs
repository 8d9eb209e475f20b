//! What offices may know of each other's requests and of each other.

use super::{Disclosed, View};
use crate::{
    coordination::{
        Finding, FindingKind, Party, Request, Sealed, SealedOutcome,
        organisation::{Contact, Organisation, OrganisationKind},
    },
    registry::disclosure::is_open,
    service::{
        auth::{Role, permissions},
        coordination::Officer,
    },
    store::{ThreadEntry, shown},
};

impl View {
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
