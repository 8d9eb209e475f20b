//! Answers that wait for the time at which they are shown (`[publication]` of the policy of disclosure): stored with their
//! entry in the audit log, known to those who answer, taken back until the time, and taken by the service's clock when it
//! comes. Nothing that the side that asks can read changes before.

use jiff::Timestamp;

use super::{
    Coordination, EntryKind, Officer, Refused, Seen, ThreadEntry, enter,
    files::naming,
    steps::{Outcome, Work, take_step},
};
use crate::{
    Error, Result,
    coordination::{
        Give, Party, Policy, Refusal, Request, Sealed, SealedOutcome, SealedStep, SealedWhat, Step, is_answer,
        no_longer, projected, take, version_with,
    },
    registry::Text,
    service::{
        disclosure::{Disclosed, View},
        vault::Vault,
    },
    store::{Tx, random_id},
};

/// Longest message, in characters.
const MESSAGE_MAX: usize = 4000;

/// A message as whoever wrote it sees it.
#[derive(Debug, Clone)]
pub struct Said {
    /// The entry of the thread; its number is 0 while it waits.
    pub entry: Disclosed<ThreadEntry>,
    /// When the other side is told; nothing: it was.
    pub publishes_at: Option<Timestamp>,
}

impl Coordination {
    /// Says something to the other side; on a draft, to the own.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a message that says nothing or is too long.
    pub async fn say(&self, id: &str, text: &str, officer: &Officer, now: Timestamp) -> Result<Said> {
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > MESSAGE_MAX {
            return Err(Error::Invalid(format!(
                "write a message of 1 to {MESSAGE_MAX} characters"
            )));
        }
        let (id, work) = (id.to_owned(), Work::new(self, officer, now));
        let said = self
            .store
            .write(move |tx| Box::pin(async move { work.say(tx, &id, text).await }));
        let (request, entry, publishes_at) = said.await?;
        self.changed.notify_one();
        let entry = View::thread_entry(officer, &request, entry)
            .ok_or_else(|| Error::Unavailable("the message is not yours".to_owned()))?;
        Ok(Said { entry, publishes_at })
    }

    /// Takes back what waits; with a step also the steps after it, which rest on it. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, also for the side that asks; `Stale`; `WrongState` where it does not wait any more.
    pub async fn take_back(
        &self,
        vault: &Vault,
        (id, sealed): (&str, &str),
        officer: &Officer,
        version: u64,
        now: Timestamp,
    ) -> std::result::Result<Seen, Refused> {
        let _held = vault.changing().await;
        let (id, sealed, work) = (id.to_owned(), sealed.to_owned(), Work::new(self, officer, now));
        let taken = self
            .store
            .write(move |tx| Box::pin(async move { work.take_back(tx, (&id, &sealed), version).await }));
        let (request, gone) = taken.await?;
        if let Some(sha256) = gone {
            vault.discard(&sha256).await;
        }
        self.answer(request, officer, now).await
    }

    /// Publishes what is to be published by now; answers when the next is.
    pub(super) async fn publish(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let (ids, next) = self.store.sealed_due(now).await?;
        for id in ids {
            let policy = std::sync::Arc::clone(&self.policy);
            self.store
                .write(move |tx| Box::pin(async move { publish(tx, &id, &policy, now).await }))
                .await?;
        }
        Ok(next)
    }
}

impl Work {
    /// The request of this version, with what waits.
    pub(super) async fn read_sealed(&self, tx: &mut Tx, id: &str, version: u64) -> Result<(Request, Vec<Sealed>)> {
        // What waits has no row that two of them would both change.
        tx.hold_leases().await?;
        let request = self.read(tx, id).await?;
        let sealed = tx.sealed(id).await?;
        let known = match View::knows_sealed(&self.officer, &request) {
            true => version_with(&request, &sealed),
            false => request.version,
        };
        if known == version {
            Ok((request, sealed))
        } else {
            Err(Error::Stale)
        }
    }

    /// When the other side is told what the officer says or does now; nothing: at once.
    pub(super) fn publishes_at(&self, request: &Request, sealed: &[Sealed]) -> Option<Timestamp> {
        if request.submitted_at.is_none() || !View::knows_sealed(&self.officer, request) {
            return None;
        }
        // Where the policy has changed since, what comes later still waits behind what came first.
        let before = sealed
            .iter()
            .filter(|one| one.waits())
            .map(|one| one.publishes_at)
            .max();
        let publication = self.policy.publication.as_ref();
        let next = publication.filter(|publication| publication.seals(request));
        next.map(|publication| publication.after(self.now)).max(before)
    }

    /// The same for a step: answers wait, everything else happens at once.
    pub(super) fn publishes_answer(&self, request: &Request, sealed: &[Sealed], step: Step) -> Option<Timestamp> {
        self.publishes_at(request, sealed).filter(|_| is_answer(step))
    }

    /// Stores something that waits.
    pub(super) async fn seal(
        &self,
        tx: &mut Tx,
        request: &Request,
        what: SealedWhat,
        publishes_at: Timestamp,
    ) -> Result<Sealed> {
        tx.add_sealed(Sealed {
            id: random_id(),
            request: request.id.clone(),
            place: 0,
            what,
            actor: self.officer.user.clone(),
            party: self.party(request)?,
            organisation: self.officer.organisation.clone(),
            made_at: self.now,
            publishes_at,
            outcome: SealedOutcome::Waiting,
            ended_at: None,
            note: Text::default(),
        })
        .await
    }

    /// Stores a step that waits, if it could be taken now after those that wait already.
    pub(super) async fn seal_step(
        &self,
        tx: &mut Tx,
        request: Request,
        sealed: &[Sealed],
        give: Give,
        publishes_at: Timestamp,
    ) -> Outcome<Request> {
        let then = projected(&request, sealed, &self.policy);
        if let Err(refusal) = take(&then, &give, &self.policy, self.now) {
            return Ok(Err(Refused::Step(refusal)));
        }
        let step = SealedStep {
            step: give.step,
            reason: give.reason,
            conditions: give.conditions,
            expires: give.expires,
            band: give.band,
            offered: give.offered,
        };
        self.seal(tx, &request, SealedWhat::Step(step), publishes_at).await?;
        Ok(Ok(request))
    }

    async fn say(&self, tx: &mut Tx, id: &str, text: String) -> Result<(Request, ThreadEntry, Option<Timestamp>)> {
        let request = self.read(tx, id).await?;
        let words = Text::new(text.clone(), text.clone());
        let entry = self.entry(&request, EntryKind::Message, None, words)?;
        let sealed = tx.sealed(id).await?;
        let publishes_at = self.publishes_at(&request, &sealed);
        let said = match publishes_at {
            None => enter(tx, &request, entry).await?,
            Some(at) => {
                tx.hold_leases().await?;
                self.seal(tx, &request, SealedWhat::Message { text }, at).await?;
                entry
            }
        };
        Ok((request, said, publishes_at))
    }

    /// Answers the request, and the hash of a file that is gone.
    async fn take_back(&self, tx: &mut Tx, (id, key): (&str, &str), version: u64) -> Result<(Request, Option<String>)> {
        let not_there = || Error::NotFound {
            kind: "sealed answer",
            id: key.to_owned(),
        };
        // Who does not know of it is told so before anything else.
        let known = self.read(tx, id).await?;
        let sealed = tx.sealed(id).await?;
        let there = sealed.iter().any(|one| one.id == key);
        if !there || !View::knows_sealed(&self.officer, &known) {
            return Err(not_there());
        }
        self.party(&known)?;
        let (request, sealed) = self.read_sealed(tx, id, version).await?;
        let one = sealed.iter().find(|one| one.id == key).ok_or_else(not_there)?;
        if !one.waits() || one.publishes_at <= self.now {
            return Err(Error::WrongState(
                "its time has come, or it was taken back before: read the request again".to_owned(),
            ));
        }
        let rests_on = |other: &&Sealed| {
            other.waits() && (other.id == one.id || one.is_step() && other.is_step() && other.place > one.place)
        };
        for gone in sealed.iter().filter(rests_on) {
            let ended = gone.clone().ended(SealedOutcome::TakenBack, Text::default(), self.now);
            tx.end_sealed(&ended).await?;
        }
        let SealedWhat::File { id: file, .. } = &one.what else {
            return Ok((request, None));
        };
        let file = tx.take_request_file(id, file).await?;
        Ok((request, Some(file.sha256)))
    }
}

/// Does what waited for a request until now, in its order. A step that cannot be taken any more is discarded, with those that
/// rest on it.
async fn publish(tx: &mut Tx, id: &str, policy: &Policy, now: Timestamp) -> Result<()> {
    tx.hold_leases().await?;
    let Some(mut request) = tx.request(id).await? else {
        return Ok(());
    };
    let mut refused: Option<Text> = None;
    for one in tx.sealed(id).await?.into_iter().filter(Sealed::waits) {
        let is_due = one.publishes_at <= now;
        if let (Some(why), true) = (&refused, one.is_step()) {
            let why = why.clone();
            tx.end_sealed(&one.ended(SealedOutcome::Discarded, why, now)).await?;
        } else if is_due {
            let done = tell(tx, &mut request, &one, policy, now).await?;
            let (outcome, why) = match done {
                Ok(()) => (SealedOutcome::Published, Text::default()),
                Err(why) => (SealedOutcome::Discarded, why),
            };
            if outcome == SealedOutcome::Discarded && one.is_step() {
                refused = Some(why.clone());
            }
            tx.end_sealed(&one.ended(outcome, why, now)).await?;
        }
    }
    Ok(())
}

/// Does one thing that waited; or why it does not apply any more.
async fn tell(
    tx: &mut Tx,
    request: &mut Request,
    one: &Sealed,
    policy: &Policy,
    now: Timestamp,
) -> Result<std::result::Result<(), Text>> {
    let (kind, text) = match &one.what {
        SealedWhat::Step(_) => {
            let Some(give) = one.give() else { return Ok(Ok(())) };
            return Ok(match take_step(tx, request, &give, policy, now).await? {
                Ok(after) => {
                    *request = after;
                    Ok(())
                }
                Err(Refused::Step(refusal)) => Err(why(refusal)),
                Err(_) => Err(no_longer(request.state)),
            });
        }
        SealedWhat::Message { text } => (EntryKind::Message, Text::new(text.clone(), text.clone())),
        SealedWhat::File { id, .. } if request.state.is_terminal() => {
            // Its content goes at the next start.
            tx.take_request_file(&one.request, id).await?;
            return Ok(Err(no_longer(request.state)));
        }
        SealedWhat::File { id, name, sha256 } => {
            tx.publish_request_file(id, now).await?;
            (EntryKind::FileAdded, naming(name, sha256))
        }
    };
    let entry = ThreadEntry {
        entry: 0,
        time: now,
        actor: one.actor.clone(),
        party: one.party,
        kind,
        step: None,
        state: request.state,
        text,
        conflict: None,
        internal: false,
    };
    enter(tx, request, entry).await?;
    Ok(Ok(()))
}

fn why(refusal: Refusal) -> Text {
    match refusal {
        Refusal::NotYours(text) | Refusal::WrongState(text) | Refusal::Incomplete(_, text) => text,
    }
}

/// Steps that wait for a request that is over are discarded at once: whoever made them learns of it when it happens.
pub(super) async fn discard_if_over(tx: &mut Tx, request: &Request, now: Timestamp) -> Result<()> {
    if !request.state.is_terminal() {
        return Ok(());
    }
    let steps = tx.sealed(&request.id).await?.into_iter();
    for one in steps.filter(|one| one.waits() && one.is_step()) {
        let ended = one.ended(SealedOutcome::Discarded, no_longer(request.state), now);
        tx.end_sealed(&ended).await?;
    }
    Ok(())
}

/// Until when a request that has run out of time is left alone because its answer waits by a policy that is no more. By the
/// policy of today what ends a request comes after what is published.
pub(super) async fn answered_until(tx: &mut Tx, request: &Request, policy: &Policy) -> Result<Option<Timestamp>> {
    if policy
        .publication
        .as_ref()
        .is_some_and(|publication| publication.seals(request))
    {
        return Ok(None);
    }
    let waiting = tx.sealed(&request.id).await?.into_iter();
    let steps = waiting.filter(|one| one.waits() && one.is_step() && one.party != Party::System);
    Ok(steps.map(|one| one.publishes_at).max())
}
