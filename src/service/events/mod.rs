//! Major events: the event with its steps, its frequency plan, the gate, what is watched, and the report of a day.
//!
//! `coordination::events` says what may happen; here it happens, each change in one transaction with its note in the audit. What is
//! watched and reported is worked out when it is read, as the reader may know it then, from what receivers stored; nothing is
//! measured for an event that is not measured anyway.

mod day;
mod disclosed;
mod gate;
mod plan;
mod watch;

use std::sync::Arc;

use jiff::{Timestamp, tz::Offset};

pub use crate::store::{DeviceQuery, MajorEventQuery};
pub use gate::{GiveTest, SeenDevice};
pub use plan::{Imported, RowFindings, SeenRow};
pub use watch::{HeardBy, Watch, WatchedChannel};

use super::{
    auth::permissions,
    change::{Asking, Refused},
    comparison::Comparisons,
    coordination::{Coordination, Officer},
    disclosure::{Disclosed, View},
    findings::Findings,
    live::Hub,
    notices::{Subject, tell, word},
    occupancy::Occupancies,
    registry::RegistryService,
};
use crate::{
    Error, Result,
    coordination::{
        Fault, LetterLanguage, Policy, Refusal, Writing,
        events::{
            Event, EventContent, EventRule, EventRules, EventStep, GiveEvent, NewEvent, admission_label, create, edit,
            event_steps, faults, may_work, take_event_step,
        },
        tasks::Author,
    },
    registry::Text,
    store::{AuditNote, Page, Store, Tx, no_event, no_organisation, random_id},
};

/// Steps in the audit.
const ACTION: &str = "event";

/// An event as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenEvent {
    /// What is known of it.
    pub event: Disclosed<Event>,
    /// The steps it has now, with what keeps the reader from each; none for those who take no steps.
    pub available: Vec<(&'static EventRule, Option<Text>)>,
    /// Whether the reader may work on its plan and at its gate now.
    pub works: bool,
}

/// Outcome of a change.
pub type Changed = std::result::Result<SeenEvent, Refused>;

/// The events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    store: Store,
    hub: Arc<Hub>,
    registry: RegistryService,
    findings: Findings,
    occupancies: Occupancies,
    coordination: Coordination,
    comparisons: Comparisons,
    policy: Arc<Policy>,
}

impl Events {
    /// The events beside these requests, in their database and by their policy; measurements are compared by `comparisons`.
    #[must_use]
    pub fn new(
        hub: Arc<Hub>,
        registry: RegistryService,
        occupancies: Occupancies,
        coordination: Coordination,
        comparisons: Comparisons,
    ) -> Self {
        let (store, policy) = coordination.grounds();
        Self {
            findings: Findings::new(store.clone()),
            store,
            hub,
            registry,
            occupancies,
            coordination,
            comparisons,
            policy,
        }
    }

    fn rules(&self) -> &EventRules {
        &self.policy.events
    }

    /// One page of those the reader may know, the latest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &MajorEventQuery, asking: Asking<'_>) -> Result<Page<SeenEvent>> {
        let view = self.view(asking)?;
        let known = |event: &Event| View::knows_event(event, asking);
        let page = self.store.major_events(query, known).await?;
        Ok(View::page(page, |event| show(event, &view, asking)))
    }

    /// One event.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<SeenEvent> {
        let view = self.view(asking)?;
        Ok(show(self.known(id, asking).await?, &view, asking))
    }

    /// Writes an event: a draft of the writer's office, which leads it.
    ///
    /// # Errors
    /// Faults of what is written; `Forbidden` for a role without an office; `Unavailable`.
    pub async fn create(&self, content: EventContent, asking: Asking<'_>) -> Changed {
        let author = author(asking)?;
        let content = tidy(content);
        faultless(faults(&content, &author.organisation, self.rules()))?;
        let now = asking.now;
        let written = self.store.write(move |tx| {
            Box::pin(async move {
                if let Some(fault) = unknown_participant(tx, &content).await? {
                    return Ok(Err(fault));
                }
                let new = NewEvent {
                    id: random_id(),
                    number: number(tx, &author.organisation, now).await?,
                    content,
                    author,
                };
                let event = create(new, now);
                tx.put_major_event(&event, None).await?;
                tx.note(noted(None, &event));
                told(tx, &event, now).await?;
                Ok(Ok(event))
            })
        });
        let event = written.await?.map_err(|fault| Refused::Faults(vec![fault]))?;
        Ok(show(event, &*self.view(asking)?, asking))
    }

    /// Writes an event anew; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is written; the refusal of the procedure.
    pub async fn edit(&self, id: &str, version: u64, content: EventContent, asking: Asking<'_>) -> Changed {
        let author = author(asking)?;
        let content = tidy(content);
        let lead = self.known(id, asking).await?.lead;
        faultless(faults(&content, &lead, self.rules()))?;
        let fresh = content.clone();
        self.change(id, version, Some(fresh), asking, move |event, now| {
            edit(event, content, &author, now)
        })
        .await
    }

    /// Takes a step; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; the refusal of the procedure, which is noted in the audit.
    pub async fn take(&self, id: &str, version: u64, step: EventStep, reason: String, asking: Asking<'_>) -> Changed {
        let give = GiveEvent {
            step,
            author: author(asking)?,
            reason,
        };
        self.change(id, version, None, asking, move |event, now| {
            take_event_step(event, &give, now)
        })
        .await
    }

    async fn change(
        &self,
        id: &str,
        version: u64,
        fresh: Option<EventContent>,
        asking: Asking<'_>,
        step: impl FnOnce(&Event, Timestamp) -> std::result::Result<Event, Refusal> + Send + 'static,
    ) -> Changed {
        self.known(id, asking).await?;
        let (id, actor, now) = (id.to_owned(), asking.actor.to_owned(), asking.now);
        let done = self.store.write(move |tx| {
            Box::pin(async move {
                let before = tx.major_event(&id).await?;
                if before.version != version {
                    return Err(Error::Stale);
                }
                let after = match step(&before, now) {
                    Ok(after) => after,
                    Err(refusal) => return Ok(Err(refused(tx, refusal, &before, &actor))),
                };
                if let Some(content) = &fresh
                    && let Some(fault) = unknown_participant(tx, content).await?
                {
                    return Ok(Err(Refused::Faults(vec![fault])));
                }
                tx.put_major_event(&after, Some(version)).await?;
                tx.note(noted(Some(&before), &after));
                told(tx, &after, now).await?;
                Ok(Ok(after))
            })
        });
        let event = done.await??;
        Ok(show(event, &*self.view(asking)?, asking))
    }

    /// The label of a device as a page to print.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` where it has none.
    pub async fn label(&self, [id, device]: [&str; 2], language: LetterLanguage, asking: Asking<'_>) -> Result<String> {
        let view = self.view(asking)?;
        let event = view.major_event(self.known(id, asking).await?, asking);
        let device = view.event_device(self.store.event_device(id, device).await?, asking);
        let writing = Writing {
            language,
            at: asking.now,
        };
        admission_label(event.get(), device.get(), &writing)
            .ok_or_else(|| Error::WrongState("the device has no label: it must pass its test first".to_owned()))
    }

    /// The stored event, where the reader may know of it.
    async fn known(&self, id: &str, asking: Asking<'_>) -> Result<Event> {
        let event = self.store.major_event(id).await?;
        if View::knows_event(&event, asking) {
            Ok(event)
        } else {
            Err(no_event(id))
        }
    }

    fn view(&self, asking: Asking<'_>) -> Result<Arc<View>> {
        self.registry.view(permissions::audience(asking.role))
    }
}

fn show(event: Event, view: &View, asking: Asking<'_>) -> SeenEvent {
    let author = author(asking).ok();
    SeenEvent {
        available: author
            .as_ref()
            .map_or_else(Vec::new, |author| event_steps(&event, author)),
        works: author.is_some_and(|author| may_work(&event, &author).is_ok()),
        event: view.major_event(event, asking),
    }
}

fn author(asking: Asking<'_>) -> Result<Author> {
    let office = permissions::office(asking.role).ok_or(Error::Forbidden {
        role: asking.role.name().to_owned(),
        action: "work on events",
    })?;
    Ok(Author {
        actor: asking.actor.to_owned(),
        organisation: asking.organisation.to_owned(),
        office,
    })
}

/// Whoever reads as somebody who takes part in coordination.
fn officer(asking: Asking<'_>) -> Result<Officer> {
    let standing = permissions::standing(asking.role).ok_or_else(|| Error::Forbidden {
        role: asking.role.name().to_owned(),
        action: "take part in coordination",
    })?;
    Ok(Officer {
        user: asking.actor.to_owned(),
        standing,
        organisation: asking.organisation.to_owned(),
    })
}

fn faultless(found: Vec<Fault>) -> std::result::Result<(), Refused> {
    if found.is_empty() {
        Ok(())
    } else {
        Err(Refused::Faults(found))
    }
}

/// What people type, without the space around it.
fn tidy(mut content: EventContent) -> EventContent {
    for text in [&mut content.about, &mut content.name.zh, &mut content.name.en] {
        *text = text.trim().to_owned();
    }
    content
}

/// An organisation that is to take part and is not there, or out of use.
async fn unknown_participant(tx: &mut Tx, content: &EventContent) -> Result<Option<Fault>> {
    for key in &content.participants {
        if !tx.organisation(key).await?.is_some_and(|known| known.active) {
            return Ok(Some(Fault {
                field: "participants",
                reason: Text::new(
                    "有的参加单位不存在或已停用：请从单位列表中选择",
                    "one of those who take part is not there or out of use: choose from the organisations",
                ),
            }));
        }
    }
    Ok(None)
}

/// The number of an event: the lead office, the year (UTC+8), and how many it wrote in that year.
async fn number(tx: &mut Tx, organisation: &str, now: Timestamp) -> Result<String> {
    let year = Offset::constant(8).to_datetime(now).year();
    let known = tx.organisation(organisation).await?;
    let code = known.ok_or_else(|| no_organisation(organisation))?.profile.code;
    let n = tx.next_number(&format!("event-{organisation}-{year}")).await?;
    Ok(format!("E-{code}-{year}-{n:04}"))
}

/// The event in the writer's transaction, where this person may work on its plan and at its gate.
async fn workable(tx: &mut Tx, id: &str, author: &Author) -> Result<std::result::Result<Event, Refused>> {
    let event = tx.major_event(id).await?;
    Ok(match may_work(&event, author) {
        Ok(()) => Ok(event),
        Err(refusal) => Err(Refused::Step(refusal)),
    })
}

/// Tells of the last step of an event.
async fn told(tx: &mut Tx, event: &Event, now: Timestamp) -> Result<()> {
    match event.entries.last() {
        Some(entry) => tell(tx, Subject::Event(event), &word(&entry.step), &entry.actor, now).await,
        None => Ok(()),
    }
}

/// A step of somebody who may not take it is noted too.
fn refused(tx: &mut Tx, refusal: Refusal, event: &Event, actor: &str) -> Refused {
    if let Refusal::NotYours(why) = &refusal {
        let state = Some(event.state.name().to_owned());
        tx.note(AuditNote {
            actor: actor.to_owned(),
            accepted: false,
            version_before: state.clone(),
            version_after: state,
            reason: Some(why.en.clone()),
            ..noted(None, event)
        });
    }
    Refused::Step(refusal)
}

/// The last step of an event, for the audit.
fn noted(before: Option<&Event>, after: &Event) -> AuditNote {
    AuditNote {
        actor: after
            .entries
            .last()
            .map_or_else(String::new, |entry| entry.actor.clone()),
        version_before: before.map(|event| event.state.name().to_owned()),
        version_after: Some(after.state.name().to_owned()),
        ..AuditNote::of(ACTION, &format!("{} ({})", after.number, after.id))
    }
}
