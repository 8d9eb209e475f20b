//! What happens to tasks because time passes: they are given receivers, what was observed is taken in, and they end.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{Tasks, due, noted, told};
use crate::{
    Error, Result,
    coordination::tasks::{
        Measured, Plan, Slot, Task, Wish, measured_in, next_look, plan_in, schedule, settle, slots_to_measure, wish,
    },
    service::{clock::Clocked, ledger::SYSTEM},
    units::Hertz,
};

impl Clocked for Tasks {
    const WHAT: &'static str = "measuring tasks";

    fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Nothing: every look works everything out anew.
    async fn set_due(&self, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Self::turn(self, now).await
    }
}

impl Tasks {
    /// Does what is due at `now`; answers when the next thing is.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was done until then stays done.
    pub async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let before = self.store.tasks_under_way().await?;
        let mut after = Vec::with_capacity(before.len());
        for task in &before {
            after.push(self.take_in(task.clone(), now).await?);
        }
        let mut plan = self.plan(&after, now).await?;
        let mut next = None;
        let mut tuned: BTreeMap<String, Hertz> = BTreeMap::new();
        for (before, task) in before.into_iter().zip(after) {
            let slots = plan.remove(&task.id).unwrap_or_default();
            let after = settle(plan_in(task, slots, SYSTEM, now), self.rules(), SYSTEM, now);
            next = [next, next_look(&after, now)].into_iter().flatten().min();
            let current = after.slots.iter().filter(|slot| slot.from <= now && now < slot.until);
            tuned.extend(current.filter_map(|slot| Some((slot.receiver.clone(), slot.tuned_hz?))));
            if after != before {
                self.keep(before, after, now).await?;
            }
        }
        for (id, tuner) in self.tuners.iter() {
            tuner.hold(tuned.get(id).copied());
        }
        Ok(next)
    }

    /// The task with what was observed in its slots that are over.
    async fn take_in(&self, mut task: Task, now: Timestamp) -> Result<Task> {
        for slot in slots_to_measure(&task, now) {
            let measured = match self.measured(&task, &slot).await {
                Ok(measured) => measured,
                // Too much to be counted: what is not counted is not observed, and never free.
                Err(Error::Invalid(reason)) => {
                    tracing::warn!(task = task.id, reason, "a slot of a task could not be counted");
                    nothing(slot)
                }
                Err(error) => return Err(error),
            };
            task = measured_in(task, measured);
        }
        Ok(task)
    }

    async fn plan(&self, tasks: &[Task], now: Timestamp) -> Result<Plan> {
        let mut used: HashMap<(&str, Timestamp), u64> = HashMap::new();
        let mut wishes: Vec<Wish> = Vec::new();
        for task in tasks {
            let key = (task.organisation.as_str(), task.content.time.from);
            let used = match used.get(&key) {
                Some(known) => *known,
                None => {
                    let balance = self.balance(key.0, key.1).await?;
                    used.insert(key, balance.used_per_mille());
                    balance.used_per_mille()
                }
            };
            wishes.extend(wish(task, self.rules(), used, now));
        }
        Ok(schedule(&wishes, &self.receivers().await?))
    }

    /// Stores it, unless somebody else was here: then it is looked at again.
    async fn keep(&self, before: Task, after: Task, now: Timestamp) -> Result<()> {
        let kept = self.store.write(move |tx| {
            Box::pin(async move {
                if tx.task(&before.id).await? != before {
                    return Ok(false);
                }
                tx.put_task(&after, Some(before.version), due(&after, now)).await?;
                if after.state != before.state {
                    tx.note(noted(Some(&before), &after));
                }
                told(tx, Some(&before), &after, now).await?;
                Ok(true)
            })
        });
        if !kept.await? {
            self.changed.notify_one();
        }
        Ok(())
    }
}

/// A slot of which nothing is known.
pub(super) fn nothing(slot: Slot) -> Measured {
    Measured {
        slot,
        observed_s: 0,
        channels: None,
        band: None,
    }
}
