//! Requests between civil and military offices: written, sent, examined, decided, in force, over.
//!
//! `coordination` says what may happen to a request; here it happens, each step in one transaction with its entry in the
//! thread and, where it changes what is in force, with the assignments it makes or ends. Two requests that `clash` are
//! never in force together: whoever puts one in force holds the row that all of them hold.
//!
//! Whoever may know of a request hears of each entry of its thread by a notice (`service::notices`). It is no live event:
//! the numbers of those run through all of them, and a caller who may not read requests would count them.

mod clock;
mod files;
mod observing;
mod sealing;
mod steps;
mod violations;

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use tokio::sync::Notify;

pub use files::KnownFile;
use observing::Observing;
pub use sealing::Said;
pub use steps::{Given, Links};
pub(super) use violations::tell as tell_of_conflict;

pub use crate::store::{EntryKind, FileRecord, Phase, RequestQuery, ThreadEntry};
use crate::{
    Error, Result,
    coordination::{
        Alternative, Analysis, Due, Fault, LetterLanguage, Party, Policy, Proposal, Refusal, Request, Rule, Sealed,
        Seat, Side, Surroundings, View as Register, Writing, alternatives, analyse, available, available_after,
        calendar, due, letter, range, reach, version_with,
    },
    registry::footprint::Footprint,
    service::{
        auth::permissions::Standing,
        disclosure::{Disclosed, View, withheld},
        notices::{Subject, tell, word},
        questions::{DisclosurePolicy, Questions},
        registry::RegistryService,
    },
    store::{Page, Store, Tx, no_request},
};

/// Requests in one calendar: those that changed last.
const EVENTS_MAX: u32 = 1000;

/// Somebody who takes part in coordination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Their account.
    pub user: String,
    /// In which part.
    pub standing: Standing,
    /// Key of the organisation for which they act.
    pub organisation: String,
}

impl Officer {
    /// What they are to a request; nothing where they only look on, or may not even know of it.
    #[must_use]
    pub fn party(&self, request: &Request) -> Option<Party> {
        match self.standing {
            Standing::Coordinator => Some(Party::Coordinator),
            _ => self.seat()?.party(request),
        }
    }

    /// The seat they act from; nothing for those who are of no party.
    #[must_use]
    pub fn seat(&self) -> Option<Seat> {
        let (side, office) = match self.standing {
            Standing::Officer(side) => (side, true),
            Standing::Operator => (Side::Civil, false),
            Standing::Coordinator | Standing::Overseer => return None,
        };
        Some(Seat {
            organisation: self.organisation.clone(),
            side,
            office,
        })
    }
}

/// Why a change of a request was not made.
#[derive(Debug)]
pub enum Refused {
    /// What is asked for has faults.
    Faults(Vec<Fault>),
    /// The step is not for this state or this person, or lacks something.
    Step(Refusal),
    /// Another request in force shares frequency, place and time with it: its number, empty where that is not to be known.
    Clash(String),
    /// Something else.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A request with what can be done with it now.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The request; its version grows with what waits for those who know of it.
    pub request: Disclosed<Request>,
    /// What waits to be published, and what was discarded: nothing for the side that asks.
    pub sealed: Disclosed<Vec<Sealed>>,
    /// What the clock does next about it, and when.
    pub due: Option<(Timestamp, Due)>,
    /// What whoever asks may do now.
    pub steps: Vec<&'static Rule>,
}

/// Adds an entry to the thread of a request, which is as the entry left it, and tells whoever may know of it. That a draft was
/// written anew is no news.
pub(super) async fn enter(tx: &mut Tx, request: &Request, entry: ThreadEntry) -> Result<ThreadEntry> {
    let entry = tx.add_to_thread(&request.id, entry).await?;
    let action = entry.step.map_or_else(|| word(&entry.kind), |step| word(&step));
    if entry.kind != EntryKind::Written || entry.entry == 1 {
        tell(tx, Subject::Request(request), &action, &entry.actor, entry.time).await?;
    }
    Ok(entry)
}

/// What a machine says of a request.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Findings.
    pub analysis: Analysis,
    /// Bands that would pass, best first.
    pub alternatives: Vec<Alternative>,
}

/// Requests between civil and military offices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Coordination {
    store: Store,
    registry: RegistryService,
    policy: Arc<Policy>,
    questions: Questions,
    /// What receivers measure; nothing where there are none.
    observing: Option<Observing>,
    /// Told when something new may be due.
    changed: Arc<Notify>,
}

impl Coordination {
    /// The requests in this database, by this policy; `disclosure` says how much may be asked.
    #[must_use]
    pub fn new(store: Store, registry: RegistryService, mut policy: Policy, disclosure: DisclosurePolicy) -> Self {
        policy.publication.clone_from(&disclosure.publication);
        Self {
            questions: Questions::new(store.clone(), disclosure),
            store,
            registry,
            policy: Arc::new(policy),
            observing: None,
            changed: Arc::default(),
        }
    }

    /// Where requests are kept, and the policy of the offices.
    pub(super) fn grounds(&self) -> (Store, Arc<Policy>) {
        (self.store.clone(), Arc::clone(&self.policy))
    }

    /// How much each office may ask, and has asked.
    #[must_use]
    pub fn questions(&self) -> &Questions {
        &self.questions
    }

    /// One page, last changed first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &RequestQuery, officer: &Officer) -> Result<Page<Seen>> {
        let page = self.store.requests(query, officer.seat().as_ref()).await?;
        let now = Timestamp::now();
        let ids: Vec<String> = page.items.iter().map(|request| request.id.clone()).collect();
        let mut sealed: HashMap<String, Vec<Sealed>> = HashMap::new();
        for one in self.store.sealed_of(&ids).await? {
            sealed.entry(one.request.clone()).or_default().push(one);
        }
        let seen = page.items.into_iter().filter_map(|request| {
            let sealed = sealed.remove(&request.id).unwrap_or_default();
            self.seen(request, &sealed, officer, now)
        });
        Ok(Page {
            items: seen.collect(),
            next_cursor: page.next_cursor,
        })
    }

    /// One request.
    ///
    /// # Errors
    /// `NotFound`, also for the other side's draft; `Store` when reading fails.
    pub async fn get(&self, id: &str, officer: &Officer) -> Result<Seen> {
        let request = self.store.request(id).await?;
        let sealed = self.store.sealed(id).await?;
        self.seen(request, &sealed, officer, Timestamp::now())
            .ok_or_else(|| no_request(id))
    }

    fn seen(&self, request: Request, sealed: &[Sealed], officer: &Officer, now: Timestamp) -> Option<Seen> {
        let known = View::request(officer, request)?.into_inner();
        let (party, knows) = (officer.party(&known), View::knows_sealed(officer, &known));
        let steps = party.map_or_else(Vec::new, |party| match knows {
            true => available_after(&known, sealed, (party, &officer.user), &self.policy),
            false => available(&known, party, &officer.user, &self.policy),
        });
        View::show_request(&known);
        let version = if knows {
            version_with(&known, sealed)
        } else {
            known.version
        };
        Some(Seen {
            due: due(&known, &self.policy, now),
            steps,
            sealed: View::sealed(officer, &known, sealed),
            request: View::request(officer, Request { version, ..known })?,
        })
    }

    /// What was done and said about it, oldest first. Where `view` is told of no conflict, no entry leads to one.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn thread(&self, id: &str, officer: &Officer, view: &View) -> Result<Vec<Disclosed<ThreadEntry>>> {
        let request = self.get(id, officer).await?.request.into_inner();
        let band = range(&request);
        let is_veiled = view.veils(band.low(), band.high());
        let entries = self.store.thread(id).await?.into_iter();
        let is_masked = !view.measures(band.low(), band.high());
        let entries = entries.map(|entry| ThreadEntry {
            conflict: entry.conflict.filter(|_| !is_veiled),
            // It says what was measured.
            text: match is_masked && entry.kind == EntryKind::Violation {
                true => withheld(),
                false => entry.text,
            },
            ..entry
        });
        Ok(entries
            .filter_map(|entry| View::thread_entry(officer, &request, entry))
            .collect())
    }

    /// What a machine says of a request, of the registry as `view` knows it.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn check(&self, id: &str, officer: &Officer, view: &View) -> Result<Checked> {
        let request = self.get(id, officer).await?.request.into_inner();
        self.checked(&request, officer, view).await
    }

    /// Bands that would pass, best first; nothing is measured for them.
    ///
    /// # Errors
    /// As `check`.
    pub async fn alternatives(&self, id: &str, officer: &Officer, view: &View) -> Result<Vec<Alternative>> {
        let request = self.get(id, officer).await?.request.into_inner();
        Ok(self.of_register(&request, officer, view).await?.alternatives)
    }

    /// The same of something that is not written down yet.
    ///
    /// # Errors
    /// `Refused` with every fault; `Store` when reading fails.
    pub async fn check_proposal(
        &self,
        proposal: Proposal,
        officer: &Officer,
        view: &View,
    ) -> std::result::Result<Checked, Refused> {
        let faults = proposal.faults();
        if !faults.is_empty() {
            return Err(Refused::Faults(faults));
        }
        let side = officer.seat().map_or(Side::Civil, |seat| seat.side);
        let request = Request::draft(String::new(), side, proposal, officer.user.clone(), Timestamp::now());
        Ok(self.checked(&request, officer, view).await?)
    }

    /// The analysis of a use that somebody plans and asks of nobody; a question as any other.
    ///
    /// # Errors
    /// `BudgetSpent`; `Store` when reading fails.
    pub async fn check_use(&self, proposal: Proposal, officer: &Officer, view: &View) -> Result<Analysis> {
        let side = officer.seat().map_or(Side::Civil, |seat| seat.side);
        let request = Request::draft(String::new(), side, proposal, officer.user.clone(), Timestamp::now());
        Ok(self.checked(&request, officer, view).await?.analysis)
    }

    async fn checked(&self, request: &Request, officer: &Officer, view: &View) -> Result<Checked> {
        let mut checked = self.of_register(request, officer, view).await?;
        if let Some(observing) = &self.observing {
            let rules = &self.policy.check;
            let bands = &checked.analysis.bands;
            let asked = (rules, checked.analysis.at);
            let observed = observing.of(&self.store, request, (bands, view.masks()), asked).await?;
            checked.analysis.add_observed(&observed, rules);
        }
        Ok(checked)
    }

    /// What the register, other requests and control orders say.
    async fn of_register(&self, request: &Request, officer: &Officer, view: &View) -> Result<Checked> {
        if !view.is_cleared() {
            // All that the findings and the alternatives are made of.
            let area = Footprint::of_area(&request.proposal.place);
            let asked = self
                .questions
                .count(&officer.organisation, &area, reach(request), Timestamp::now());
            asked.await?;
        }
        let pending = self.store.requests_pending(reach(request)).await?;
        // A finding names the request it stands for: only of those the officer may know.
        let known = pending.into_iter().filter_map(|other| View::request(officer, other));
        let requests: Vec<Request> = known.map(Disclosed::into_inner).collect();
        let now = Timestamp::now();
        let around = Surroundings {
            view: Register::Public(view.register()),
            requests: &requests,
            policy: &self.policy,
            now,
        };
        let analysis = analyse(request, &around);
        for finding in &analysis.findings {
            view.show_finding(finding, &requests);
        }
        Ok(Checked {
            analysis,
            alternatives: alternatives(request, &around),
        })
    }

    /// The request as a letter: one HTML page.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn letter(&self, id: &str, officer: &Officer, language: LetterLanguage) -> Result<String> {
        let request = self.get(id, officer).await?.request;
        let writing = Writing {
            language,
            at: Timestamp::now(),
        };
        Ok(letter(request.get(), &writing))
    }

    /// What is in force as a calendar (RFC 5545).
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn calendar(&self, officer: &Officer, language: LetterLanguage) -> Result<String> {
        let query = RequestQuery {
            phase: Some(Phase::InForce),
            limit: Some(EVENTS_MAX),
            ..RequestQuery::default()
        };
        let page = self.list(&query, officer).await?;
        let requests = page.items.iter().map(|seen| seen.request.get());
        Ok(calendar(requests, language, Timestamp::now()))
    }
}
