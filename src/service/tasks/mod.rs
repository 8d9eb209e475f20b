//! Measuring tasks: time on shared receivers, asked for by either side, given by priority and quota, with what was truly
//! observed as the result.
//!
//! `coordination::tasks` says what may happen to a task and which receiver it has when; here it happens, each change in one
//! transaction with its note in the audit. Its results are what the receiver stored of the frequencies in its slots (`results`),
//! and the recordings that were made in them (`recorder`).

mod clock;
mod disclosed;
mod recorder;
mod results;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::Offset};
use tokio::sync::Notify;

pub use crate::store::TaskQuery;
pub use recorder::Recorder;
pub(super) use results::in_use;
pub use results::{TaskRecording, TaskResults};

use super::{
    auth::permissions,
    change::{Asking, Refused},
    disclosure::{Disclosed, View},
    findings::Findings,
    ledger::SYSTEM,
    live::Hub,
    occupancy::Occupancies,
    registry::RegistryService,
};
use crate::{
    Error, Result,
    capture::{ReceiverState, Tuner},
    coordination::{
        Fault, Policy, Refusal,
        tasks::{
            Author, Balance, GiveTask, NewTask, SharedReceiver, Task, TaskBusy, TaskContent, TaskPriority, TaskRule,
            TaskRules, TaskStep, Tunable, amend, ask, faults, next_look, out_of_reach, over_quota, take_task_step,
            task_steps, unknown_receiver, week_of,
        },
    },
    registry::Text,
    store::{AuditNote, Page, Store, Tx, no_organisation, no_task, random_id},
    units::Band,
};

/// Steps in the audit.
const ACTION: &str = "measuring_task";

/// A task as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenTask {
    /// What is known of it.
    pub task: Disclosed<Task>,
    /// The steps it has now, with what keeps the reader from each; none for those who take no steps.
    pub available: Vec<(&'static TaskRule, Option<Text>)>,
}

/// A receiver whose time can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiverChoice {
    /// Its id.
    pub id: String,
    /// What it is.
    pub label: String,
    /// How it is doing; nothing before its first report.
    pub state: Option<ReceiverState>,
    /// Bands it watches.
    pub bands: Vec<Band>,
    /// When it is kept for tasks, as far as the policy tells; in order and apart.
    pub busy: Vec<[Timestamp; 2]>,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskChoices {
    /// The shared receivers.
    pub receivers: Vec<ReceiverChoice>,
    /// What the organisation of who asks has in the week it was asked about; none for those who ask for nothing.
    pub balance: Option<Balance>,
}

/// Outcome of a change.
pub type Changed = std::result::Result<SeenTask, Refused>;

/// The tasks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tasks {
    store: Store,
    hub: Arc<Hub>,
    registry: RegistryService,
    findings: Findings,
    occupancies: Occupancies,
    policy: Arc<Policy>,
    /// Of receivers that may leave their watch.
    tuners: Arc<BTreeMap<String, Tuner>>,
    /// Told when something new may be due.
    changed: Arc<Notify>,
}

impl Tasks {
    /// The tasks of this database, for the receivers of this hub.
    #[must_use]
    pub fn new(
        store: Store,
        hub: Arc<Hub>,
        registry: RegistryService,
        occupancies: Occupancies,
        policy: Policy,
    ) -> Self {
        Self {
            findings: Findings::new(store.clone()),
            store,
            hub,
            registry,
            occupancies,
            policy: Arc::new(policy),
            tuners: Arc::default(),
            changed: Arc::default(),
        }
    }

    /// The same, with what tunes receivers; those the policy does not name stay on their watch.
    #[must_use]
    pub fn tuning(mut self, tuners: impl Iterator<Item = (String, Tuner)>) -> Self {
        let named = |id: &String| self.policy.tasks.retune.contains(id);
        self.tuners = Arc::new(tuners.filter(|(id, _)| named(id)).collect());
        self
    }

    fn rules(&self) -> &TaskRules {
        &self.policy.tasks
    }

    /// One page, the latest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &TaskQuery, asking: Asking<'_>) -> Result<Page<SeenTask>> {
        let view = self.view(asking)?;
        let page = self.store.tasks(query, |task| View::knows_task(task, asking)).await?;
        Ok(View::page(page, |task| show(task, &view, asking)))
    }

    /// One task.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<SeenTask> {
        let view = self.view(asking)?;
        Ok(show(self.known(id, asking).await?, &view, asking))
    }

    /// What can be asked for: receivers with what they watch and when they are kept, and what is left of the quota in the
    /// week of `at`.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn choices(&self, at: Timestamp, asking: Asking<'_>) -> Result<TaskChoices> {
        let mut receivers: Vec<ReceiverChoice> = Vec::new();
        for shared in self.receivers().await? {
            let status = self.hub.receiver(&shared.id).and_then(|live| live.status);
            receivers.push(ReceiverChoice {
                label: status.as_ref().map_or_else(String::new, |status| status.label.clone()),
                state: status.map(|status| status.state),
                bands: shared.watched,
                busy: Vec::new(),
                id: shared.id,
            });
        }
        if self.rules().busy == TaskBusy::Times {
            for slot in self
                .store
                .tasks_under_way()
                .await?
                .into_iter()
                .flat_map(|task| task.slots)
            {
                let of_it = receivers.iter_mut().find(|receiver| receiver.id == slot.receiver);
                if let Some(receiver) = of_it.filter(|_| slot.until > asking.now) {
                    receiver.busy.push([slot.from.max(asking.now), slot.until]);
                }
            }
        }
        for receiver in &mut receivers {
            receiver.busy = apart(std::mem::take(&mut receiver.busy));
        }
        let balance = match permissions::office(asking.role) {
            Some(_) => Some(self.balance(asking.organisation, at).await?),
            None => None,
        };
        Ok(TaskChoices { receivers, balance })
    }

    /// Asks for measuring time.
    ///
    /// # Errors
    /// Faults of what is asked for, an exhausted quota among them; `Forbidden` for a role without an office; `Unavailable`.
    pub async fn ask(&self, content: TaskContent, asking: Asking<'_>) -> Changed {
        let author = author(asking)?;
        let content = tidy(content);
        self.check(&content, asking.now).await?;
        let (policy, now) = (Arc::clone(&self.policy), asking.now);
        let asked = self.store.write(move |tx| {
            Box::pin(async move {
                let rules = &policy.tasks;
                if let Some(fault) = exhausted(tx, &content, &author.organisation, "", rules).await? {
                    return Ok(Err(fault));
                }
                let new = NewTask {
                    id: random_id(),
                    number: number(tx, &author.organisation, now).await?,
                    content,
                    author,
                };
                let task = ask(new, rules, SYSTEM, now);
                tx.put_task(&task, None, due(&task, now)).await?;
                tx.note(noted(None, &task));
                Ok(Ok(task))
            })
        });
        let task = asked.await?.map_err(|fault| Refused::Faults(vec![fault]))?;
        self.changed.notify_one();
        Ok(show(task, &*self.view(asking)?, asking))
    }

    /// What is asked for instead; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is asked for; the refusal of the procedure.
    pub async fn amend(&self, id: &str, version: u64, content: TaskContent, asking: Asking<'_>) -> Changed {
        let author = author(asking)?;
        let content = tidy(content);
        self.check(&content, asking.now).await?;
        let policy = Arc::clone(&self.policy);
        let fresh = content.clone();
        let step = move |task: &Task, now| amend(task, content, &author, &policy.tasks, SYSTEM, now);
        self.change(id, version, Some(fresh), asking, step).await
    }

    /// Accepts, refuses, gives another priority, cancels or notes; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; the refusal of the procedure.
    pub async fn take(
        &self,
        id: &str,
        version: u64,
        step: TaskStep,
        reason: String,
        priority: Option<TaskPriority>,
        asking: Asking<'_>,
    ) -> Changed {
        let give = GiveTask {
            step,
            author: author(asking)?,
            reason,
            priority,
        };
        let step = move |task: &Task, now| take_task_step(task, &give, now);
        self.change(id, version, None, asking, step).await
    }

    /// `fresh`: what is asked for anew, to be held against the quota.
    async fn change(
        &self,
        id: &str,
        version: u64,
        fresh: Option<TaskContent>,
        asking: Asking<'_>,
        step: impl FnOnce(&Task, Timestamp) -> std::result::Result<Task, Refusal> + Send + 'static,
    ) -> Changed {
        self.known(id, asking).await?;
        let (id, actor, now) = (id.to_owned(), asking.actor.to_owned(), asking.now);
        let policy = Arc::clone(&self.policy);
        let done = self.store.write(move |tx| {
            Box::pin(async move {
                let before = tx.task(&id).await?;
                if before.version != version {
                    return Err(Error::Stale);
                }
                let after = match step(&before, now) {
                    Ok(after) => after,
                    Err(refusal) => return Ok(Err(refused(tx, refusal, &before, &actor))),
                };
                if let Some(content) = &fresh
                    && let Some(fault) = exhausted(tx, content, &before.organisation, &id, &policy.tasks).await?
                {
                    return Ok(Err(Refused::Faults(vec![fault])));
                }
                tx.put_task(&after, Some(version), due(&after, now)).await?;
                tx.note(noted(Some(&before), &after));
                Ok(Ok(after))
            })
        });
        let task = done.await??;
        self.changed.notify_one();
        Ok(show(task, &*self.view(asking)?, asking))
    }

    /// What speaks against asking for this, whoever asks.
    async fn check(&self, content: &TaskContent, now: Timestamp) -> std::result::Result<(), Refused> {
        let mut found = faults(content, self.rules(), now);
        let receivers = self.receivers().await?;
        match unknown_receiver(content, &receivers) {
            Some(fault) => found.push(fault),
            None => found.extend(out_of_reach(content, &receivers)),
        }
        if found.is_empty() {
            Ok(())
        } else {
            Err(Refused::Faults(found))
        }
    }

    /// The receivers, with what they watch by their last report: that of this run, or of an earlier one.
    async fn receivers(&self) -> Result<Vec<SharedReceiver>> {
        let reported = self.store.receivers().await?;
        let receivers = self.hub.receivers().into_iter().map(|live| {
            let before = || {
                reported
                    .iter()
                    .find(|known| *known.id == *live.id)
                    .map(|known| known.status.plan.clone())
            };
            let reach = self.tuners.get(&*live.id).and_then(Tuner::reach);
            let now = live.status.map(|status| status.plan).filter(|plan| !plan.is_empty());
            // While it is held elsewhere, what it reports is not its own watch.
            let own = reach.as_ref().map(|reach| reach.plan.clone());
            SharedReceiver {
                id: live.id.to_string(),
                watched: own.or(now).or_else(before).unwrap_or_default(),
                tunable: reach.map(|reach| Tunable {
                    ranges: reach.ranges,
                    width: reach.width,
                }),
            }
        });
        Ok(receivers.collect())
    }

    /// The measuring minutes of an organisation in the week of `at`.
    async fn balance(&self, organisation: &str, at: Timestamp) -> Result<Balance> {
        let code = self.store.organisation(organisation).await?.profile.code;
        let [from, renews_at] = week_of(at);
        Ok(Balance {
            from,
            renews_at,
            minutes: self.rules().quota_minutes(&code),
            used: self.store.charged(organisation, from).await?,
        })
    }

    /// The stored task, where the reader may know of it.
    async fn known(&self, id: &str, asking: Asking<'_>) -> Result<Task> {
        let task = self.store.task(id).await?;
        if View::knows_task(&task, asking) {
            Ok(task)
        } else {
            Err(no_task(id))
        }
    }

    fn view(&self, asking: Asking<'_>) -> Result<Arc<View>> {
        self.registry.view(permissions::audience(asking.role))
    }
}

fn show(task: Task, view: &View, asking: Asking<'_>) -> SeenTask {
    SeenTask {
        available: author(asking).map_or_else(|_| Vec::new(), |author| task_steps(&task, &author)),
        task: view.task(task, asking),
    }
}

fn author(asking: Asking<'_>) -> Result<Author> {
    let office = permissions::office(asking.role).ok_or(Error::Forbidden {
        role: asking.role.name().to_owned(),
        action: "ask for measuring time",
    })?;
    Ok(Author {
        actor: asking.actor.to_owned(),
        organisation: asking.organisation.to_owned(),
        office,
    })
}

/// What people type, without the space around it.
fn tidy(mut content: TaskContent) -> TaskContent {
    for text in [&mut content.title, &mut content.purpose, &mut content.reason] {
        *text = text.trim().to_owned();
    }
    content
}

/// When the clock has something to do about it: always, until it is over and everything was measured.
fn due(task: &Task, now: Timestamp) -> Option<Timestamp> {
    let waits = !task.state.is_over() || !task.slots.is_empty();
    waits.then(|| next_look(task, now).unwrap_or(now))
}

/// Spans in order, those that touch as one.
fn apart(mut spans: Vec<[Timestamp; 2]>) -> Vec<[Timestamp; 2]> {
    spans.sort_unstable();
    let mut joined: Vec<[Timestamp; 2]> = Vec::new();
    for [from, to] in spans {
        match joined.last_mut() {
            Some(last) if from <= last[1] => last[1] = last[1].max(to),
            _ => joined.push([from, to]),
        }
    }
    joined
}

/// What of the quota speaks against it; counted in the writer's transaction, so that two who ask at once are counted both.
async fn exhausted(
    tx: &mut Tx,
    content: &TaskContent,
    organisation: &str,
    own: &str,
    rules: &TaskRules,
) -> Result<Option<Fault>> {
    let code = code_of(tx, organisation).await?;
    let [from, renews_at] = week_of(content.time.from);
    let balance = Balance {
        from,
        renews_at,
        minutes: rules.quota_minutes(&code),
        used: tx.charged(organisation, from, own).await?,
    };
    Ok(over_quota(content, &balance))
}

async fn code_of(tx: &mut Tx, organisation: &str) -> Result<String> {
    let known = tx.organisation(organisation).await?;
    Ok(known.ok_or_else(|| no_organisation(organisation))?.profile.code)
}

/// The number of a task: the organisation, the year (UTC+8), and how many it asked for in that year. Other organisations'
/// tasks leave no gap in it.
async fn number(tx: &mut Tx, organisation: &str, now: Timestamp) -> Result<String> {
    let year = Offset::constant(8).to_datetime(now).year();
    let code = code_of(tx, organisation).await?;
    let n = tx.next_number(&format!("task-{organisation}-{year}")).await?;
    Ok(format!("T-{code}-{year}-{n:04}"))
}

/// A step of somebody who may not take it is noted too.
fn refused(tx: &mut Tx, refusal: Refusal, task: &Task, actor: &str) -> Refused {
    if let Refusal::NotYours(why) = &refusal {
        let state = Some(task.state.name().to_owned());
        tx.note(AuditNote {
            actor: actor.to_owned(),
            accepted: false,
            version_before: state.clone(),
            version_after: state,
            reason: Some(why.en.clone()),
            ..noted(None, task)
        });
    }
    Refused::Step(refusal)
}

/// The last step of a task, for the audit.
fn noted(before: Option<&Task>, after: &Task) -> AuditNote {
    AuditNote {
        actor: after
            .entries
            .last()
            .map_or_else(String::new, |entry| entry.actor.clone()),
        version_before: before.map(|task| task.state.name().to_owned()),
        version_after: Some(after.state.name().to_owned()),
        ..AuditNote::of(ACTION, &format!("{} ({})", after.number, after.id))
    }
}
