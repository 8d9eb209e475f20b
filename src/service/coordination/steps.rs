//! What people do about requests.

use jiff::{Timestamp, tz::TimeZone};

use super::{Coordination, EntryKind, Officer, Refused, Seen, ThreadEntry, enter, sealing::discard_if_over};
use crate::{
    Error, Result,
    coordination::{
        Addressee, Asked, Fault, Give, Party, Policy, Proposal, Refusal, Request, Seat, Side, State, Step, assignments,
        clash, due, range, take,
    },
    registry::Text,
    service::{
        disclosure::{Disclosed, View},
        registry::outside,
    },
    store::{Tx, no_request, random_id},
    units::Band,
};

/// What somebody gives with a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
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

/// What a request is linked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The request that it takes up again.
    pub follows: Option<String>,
    /// The event it is for.
    pub event: Option<String>,
}

/// What a job in a transaction answers: refusals are no failures of it.
pub(super) type Outcome<T> = Result<std::result::Result<T, Refused>>;

impl Coordination {
    /// Writes a request: a draft that its own side alone sees.
    ///
    /// # Errors
    /// `Refused` with every fault, or where it follows a request that is not over or not of the same side, or names an event
    /// in which the organisation does not take part.
    pub async fn write(
        &self,
        proposal: Proposal,
        links: Links,
        officer: &Officer,
        now: Timestamp,
    ) -> std::result::Result<Seen, Refused> {
        let seat = own_seat(officer)?;
        let proposal = addressed(proposal, &seat);
        self.faultless(&proposal)?;
        let mut request = Request::draft(random_id(), seat.side, proposal, officer.user.clone(), now);
        request.organisation = Some(seat.organisation);
        (request.follows, request.event) = (links.follows, links.event);
        let work = Work::new(self, officer, now);
        let written = self
            .store
            .write(move |tx| Box::pin(async move { work.add(tx, request).await }));
        self.answer(written.await??, officer, now).await
    }

    /// Writes a draft anew. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`; `Stale`; `Refused` with every fault, or where it is no draft any more.
    pub async fn rewrite(
        &self,
        id: &str,
        proposal: Proposal,
        officer: &Officer,
        version: u64,
        now: Timestamp,
    ) -> std::result::Result<Seen, Refused> {
        let proposal = addressed(proposal, &own_seat(officer)?);
        self.faultless(&proposal)?;
        let (id, work) = (id.to_owned(), Work::new(self, officer, now));
        let written = self
            .store
            .write(move |tx| Box::pin(async move { work.rewrite(tx, &id, proposal, version).await }));
        self.answer(written.await??, officer, now).await
    }

    /// Takes a step. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`; `Stale`; `Refused` where the step is not possible, with what to do instead.
    pub async fn step(
        &self,
        id: &str,
        step: Step,
        given: Given,
        officer: &Officer,
        version: u64,
        now: Timestamp,
    ) -> std::result::Result<Seen, Refused> {
        let (id, work) = (id.to_owned(), Work::new(self, officer, now));
        let taken = self
            .store
            .write(move |tx| Box::pin(async move { work.step(tx, &id, step, given, version).await }));
        let request = taken.await??;
        if !assignments(&request).is_empty() {
            self.registry.refresh().await?;
        }
        self.answer(request, officer, now).await
    }

    fn faultless(&self, proposal: &Proposal) -> std::result::Result<(), Refused> {
        let mut faults = proposal.faults();
        let telling = self.registry.telling();
        let bands = match &proposal.asked {
            Asked::Bands(bands) => bands.as_slice(),
            Asked::Fit { tuning, .. } => std::slice::from_ref(tuning),
        };
        if bands.iter().any(|band| telling.misplaces(proposal, *band)) {
            faults.push(Fault {
                field: "classification",
                reason: outside(telling),
            });
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refused::Faults(faults)),
        }
    }

    /// The request after a change, as whoever made it sees it.
    pub(super) async fn answer(
        &self,
        request: Request,
        officer: &Officer,
        now: Timestamp,
    ) -> std::result::Result<Seen, Refused> {
        self.changed.notify_one();
        let id = request.id.clone();
        let sealed = self.store.sealed(&id).await?;
        Ok(self
            .seen(request, &sealed, officer, now)
            .ok_or_else(|| no_request(&id))?)
    }
}

/// Operators ask the civil offices where they name nobody.
fn addressed(mut proposal: Proposal, seat: &Seat) -> Proposal {
    if !seat.office && proposal.to.is_none() {
        proposal.to = Some(Addressee {
            side: Side::Civil,
            organisation: None,
        });
    }
    proposal
}

fn own_seat(officer: &Officer) -> Result<Seat> {
    officer.seat().ok_or_else(|| Error::Forbidden {
        role: "coordinator".to_owned(),
        action: "write requests: an officer of either side does",
    })
}

const SAME_SIDE: (&str, &str) = (
    "不能向本方全体机构提出：请指定其中一个单位，或另一方",
    "your own side cannot be asked as a whole: name one of its offices, or the other side",
);
const NO_OFFICE: (&str, &str) = (
    "该方没有此单位或其已停用：请从单位列表中选择，且不能是本单位",
    "there is no such office of that side at work: choose one of the organisations, and not your own",
);

fn not_to((zh, en): (&str, &str)) -> Refused {
    Refused::Faults(vec![Fault {
        field: "to",
        reason: Text::new(zh, en),
    }])
}

/// What keeps an organisation from naming an event: it takes no part in it, which is told as if there were none, or it is over.
async fn no_part(tx: &mut Tx, id: &str, organisation: &str) -> Result<Option<Refused>> {
    let (zh, en) = match tx.major_event(id).await {
        Ok(event) if event.takes_part(organisation) => match event.state.is_over() {
            false => return Ok(None),
            true => ("该活动已结束或取消", "the event is over"),
        },
        Ok(_) | Err(Error::NotFound { .. }) => (
            "没有本单位参加的这项活动：请填写活动的 id，或留空",
            "there is no such event in which your organisation takes part: give its id, or none",
        ),
        Err(error) => return Err(error),
    };
    Ok(Some(Refused::Faults(vec![Fault {
        field: "event",
        reason: Text::new(zh, en),
    }])))
}

/// One change, on its way into the database.
pub(super) struct Work {
    pub(super) officer: Officer,
    pub(super) policy: std::sync::Arc<Policy>,
    pub(super) now: Timestamp,
}

impl Work {
    pub(super) fn new(coordination: &Coordination, officer: &Officer, now: Timestamp) -> Self {
        Self {
            officer: officer.clone(),
            policy: std::sync::Arc::clone(&coordination.policy),
            now,
        }
    }

    /// The request, as far as the officer may know of it.
    pub(super) async fn read(&self, tx: &mut Tx, id: &str) -> Result<Request> {
        let stored = tx.request(id).await?;
        let seen = stored.and_then(|request| View::request(&self.officer, request));
        seen.map(Disclosed::into_inner).ok_or_else(|| no_request(id))
    }

    async fn read_version(&self, tx: &mut Tx, id: &str, version: u64) -> Result<Request> {
        let request = self.read(tx, id).await?;
        if request.version == version {
            Ok(request)
        } else {
            Err(Error::Stale)
        }
    }

    pub(super) fn party(&self, request: &Request) -> Result<Party> {
        self.officer.party(request).ok_or_else(|| Error::Forbidden {
            role: "auditor".to_owned(),
            action: "take part in coordination",
        })
    }

    pub(super) fn entry(
        &self,
        request: &Request,
        kind: EntryKind,
        step: Option<Step>,
        text: Text,
    ) -> Result<ThreadEntry> {
        Ok(ThreadEntry {
            entry: 0,
            time: self.now,
            actor: self.officer.user.clone(),
            party: self.party(request)?,
            kind,
            step,
            state: request.state,
            text,
            conflict: None,
            internal: request.submitted_at.is_none(),
        })
    }

    /// What is wrong with whom the request asks.
    async fn wrongly_addressed(&self, tx: &mut Tx, request: &Request) -> Result<Option<Refused>> {
        let asked = request.addressee();
        let known = match &asked.organisation {
            None => return Ok((asked.side == request.side && self.decides()).then(|| not_to(SAME_SIDE))),
            Some(key) => tx.organisation(key).await?,
        };
        let fits = known.is_some_and(|known| {
            known.active && known.profile.kind.office_of() == Some(asked.side) && known.id != request.owner()
        });
        Ok((!fits).then(|| not_to(NO_OFFICE)))
    }

    fn decides(&self) -> bool {
        self.officer.seat().is_some_and(|seat| seat.office)
    }

    async fn add(&self, tx: &mut Tx, request: Request) -> Outcome<Request> {
        if let Some(refused) = self.wrongly_addressed(tx, &request).await? {
            return Ok(Err(refused));
        }
        if let Some(id) = &request.follows {
            let before = self.read(tx, id).await?;
            if before.owner() != request.owner() || !before.state.is_terminal() {
                return Ok(Err(Refused::Faults(vec![Fault {
                    field: "follows",
                    reason: Text::new(
                        "只能接续本单位已办结的申请",
                        "give a request of your own organisation that is over",
                    ),
                }])));
            }
        }
        if let Some(id) = &request.event
            && let Some(refused) = no_part(tx, id, request.owner()).await?
        {
            return Ok(Err(refused));
        }
        tx.add_request(
            &request,
            due(&request, &self.policy, self.now).map(|(at, _)| at),
            self.now,
        )
        .await?;
        let entry = self.entry(&request, EntryKind::Written, None, Text::default())?;
        enter(tx, &request, entry).await?;
        Ok(Ok(request))
    }

    async fn rewrite(&self, tx: &mut Tx, id: &str, proposal: Proposal, version: u64) -> Outcome<Request> {
        let mut request = self.read_version(tx, id, version).await?;
        if request.state != State::Draft {
            return Ok(Err(Refused::Step(Refusal::WrongState(Text::new(
                "申请已提交，不能再修改：请撤回后另拟一份",
                "the request was sent and cannot be changed: withdraw it and write another that follows it",
            )))));
        }
        if request.proposal == proposal {
            return Ok(Ok(request));
        }
        request.proposal = proposal;
        request.version += 1;
        if let Some(refused) = self.wrongly_addressed(tx, &request).await? {
            return Ok(Err(refused));
        }
        tx.put_request(&request, version, None, self.now).await?;
        let entry = self.entry(&request, EntryKind::Written, None, Text::default())?;
        enter(tx, &request, entry).await?;
        Ok(Ok(request))
    }

    /// The number of a request, where the officer may know of it.
    async fn number_known(&self, tx: &mut Tx, number: String) -> Result<String> {
        let request = tx.request_numbered(&number).await?;
        let known = request.and_then(|request| View::request(&self.officer, request));
        Ok(known.map_or_else(String::new, |_| number))
    }

    async fn step(&self, tx: &mut Tx, id: &str, step: Step, given: Given, version: u64) -> Outcome<Request> {
        let (request, sealed) = self.read_sealed(tx, id, version).await?;
        let give = Give {
            step,
            party: self.party(&request)?,
            actor: self.officer.user.clone(),
            reason: given.reason,
            conditions: given.conditions,
            expires: given.expires,
            band: given.band,
            offered: given.offered,
        };
        if let Some(publishes_at) = self.publishes_answer(&request, &sealed, step) {
            return self.seal_step(tx, request, &sealed, give, publishes_at).await;
        }
        let taken = take_step(tx, &request, &give, &self.policy, self.now).await?;
        if let Ok(after) = &taken {
            discard_if_over(tx, after, self.now).await?;
        }
        Ok(match taken {
            Err(Refused::Clash(number)) => Err(Refused::Clash(self.number_known(tx, number).await?)),
            other => other,
        })
    }
}

/// Takes a step inside the transaction that stores it, its entry, and the assignments it makes or ends.
pub(super) async fn take_step(
    tx: &mut Tx,
    request: &Request,
    give: &Give,
    policy: &Policy,
    now: Timestamp,
) -> Outcome<Request> {
    if matches!(give.step, Step::PutInForce | Step::Renew | Step::Resume) {
        tx.hold_leases().await?;
    }
    let mut after = match take(request, give, policy, now) {
        Ok(after) => after,
        Err(refusal) => return Ok(Err(Refused::Step(refusal))),
    };
    if give.step == Step::Submit {
        after.number = Some(number(tx, after.side, now).await?);
    }
    if matches!(give.step, Step::PutInForce | Step::Renew) {
        let others = tx.requests_in_force(range(&after)).await?;
        if let Some(other) = others.iter().find(|other| clash(&after, other)) {
            return Ok(Err(Refused::Clash(other.number.clone().unwrap_or_default())));
        }
    }
    let next = due(&after, policy, now).map(|(at, _)| at);
    tx.put_request(&after, request.version, next, now).await?;
    tx.put_few_assignments(&assignments(&after), &give.actor, now).await?;
    let entry = ThreadEntry {
        entry: 0,
        time: now,
        actor: give.actor.clone(),
        party: give.party,
        kind: EntryKind::Step,
        step: Some(give.step),
        state: after.state,
        text: said(give),
        conflict: None,
        internal: after.submitted_at.is_none(),
    };
    enter(tx, &after, entry).await?;
    Ok(Ok(after))
}

/// What was said with a step.
fn said(give: &Give) -> Text {
    let parts = [give.conditions.as_deref().unwrap_or_default(), &give.reason];
    let text = parts
        .map(str::trim)
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>();
    let text = text.join("\n");
    Text::new(text.clone(), text)
}

/// The number of a letter: side, year, and how many of that side were sent in that year.
async fn number(tx: &mut Tx, side: Side, now: Timestamp) -> Result<String> {
    let year = now.to_zoned(TimeZone::UTC).year();
    let letter = match side {
        Side::Civil => 'C',
        Side::Military => 'M',
    };
    let n = tx.next_number(&format!("requests-{letter}-{year}")).await?;
    Ok(format!("{letter}-{year}-{n:04}"))
}
