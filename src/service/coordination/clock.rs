//! What happens to requests because time passes: reminders, escalations, and the ends that nobody brings about.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{
    Coordination, EntryKind, ThreadEntry, enter,
    sealing::{answered_until, discard_if_over},
    steps::take_step,
};
use crate::{
    Result,
    coordination::{Due, Give, Party, Request, State, Step, assignments, due},
    registry::Text,
    service::{clock::Clocked, ledger::SYSTEM},
    store::Tx,
};

impl Clocked for Coordination {
    const WHAT: &'static str = "requests";

    fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Works out anew when something is due, for a policy that may have changed.
    async fn set_due(&self, now: Timestamp) -> Result<()> {
        let running = self.store.requests_running().await?;
        let policy = Arc::clone(&self.policy);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    for request in running {
                        let next = due(&request, &policy, now).map(|(at, _)| at);
                        tx.set_request_due(&request, next).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Self::turn(self, now).await
    }
}

impl Coordination {
    /// Does what is due at `now`; answers when the next thing is.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was done until then stays done.
    pub async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        // First: what is published now counts as answered in time.
        let publishes = self.publish(now).await?;
        loop {
            let (ids, next) = self.store.requests_due(now).await?;
            if ids.is_empty() {
                return Ok(next.into_iter().chain(publishes).min());
            }
            let mut registered = false;
            for id in ids {
                let policy = Arc::clone(&self.policy);
                let after = self.store.write(move |tx| {
                    Box::pin(async move {
                        let Some(request) = tx.request(&id).await? else {
                            return Ok(None);
                        };
                        match due(&request, &policy, now) {
                            Some((at, what)) if at <= now => act(tx, request, what, &policy, now).await.map(Some),
                            // Somebody else was here, or what is due changed: it only waits for another time.
                            other => {
                                tx.set_request_due(&request, other.map(|(at, _)| at)).await?;
                                Ok(None)
                            }
                        }
                    })
                });
                registered |= after.await?.is_some_and(|request| !assignments(&request).is_empty());
            }
            if registered {
                self.registry.refresh().await?;
            }
        }
    }
}

/// Does one thing; answers the request as it is then.
async fn act(
    tx: &mut Tx,
    request: Request,
    what: Due,
    policy: &crate::coordination::Policy,
    now: Timestamp,
) -> Result<Request> {
    let (kind, text) = match what {
        Due::Take(_) if let Some(later) = answered_until(tx, &request, policy).await? => {
            tx.set_request_due(&request, Some(later)).await?;
            return Ok(request);
        }
        Due::Take(step) => return end(tx, request, step, policy, now).await,
        Due::Remind => (EntryKind::Reminder, reminder(&request)),
        Due::Escalate => (
            EntryKind::Escalation,
            Text::new(
                "已逾催办期限，报请上级督办",
                "No answer since the reminder: brought before those in charge",
            ),
        ),
    };
    let mut after = request.clone();
    after.reminders += 1;
    let next = due(&after, policy, now).map(|(at, _)| at);
    // A reminder changes nothing that somebody should have read before they act: the version stays.
    tx.put_request(&after, request.version, next, now).await?;
    let entry = ThreadEntry {
        entry: 0,
        time: now,
        actor: SYSTEM.to_owned(),
        party: Party::System,
        kind,
        step: None,
        state: after.state,
        text,
        conflict: None,
        internal: false,
    };
    enter(tx, &after, entry).await?;
    Ok(after)
}

fn reminder(request: &Request) -> Text {
    match request.state {
        State::InForce | State::Suspended => Text::new(
            "用频期限将至，如需继续请办理延期",
            "The time that was agreed ends soon: renew it, or it ends",
        ),
        State::InformationRequested => Text::new("请尽快补充材料", "Please answer what was asked"),
        _ => Text::new("请尽快办理", "Please attend to this request"),
    }
}

async fn end(
    tx: &mut Tx,
    request: Request,
    step: Step,
    policy: &crate::coordination::Policy,
    now: Timestamp,
) -> Result<Request> {
    let give = Give {
        step,
        party: Party::System,
        actor: SYSTEM.to_owned(),
        reason: String::new(),
        conditions: None,
        expires: None,
        band: None,
        offered: Vec::new(),
    };
    match take_step(tx, &request, &give, policy, now).await? {
        Ok(after) => {
            discard_if_over(tx, &after, now).await?;
            Ok(after)
        }
        Err(refused) => {
            // Not a loop without end: it is looked at again at the next start.
            tracing::error!(request = request.id, ?step, ?refused, "what was due could not be done");
            tx.set_request_due(&request, None).await?;
            Ok(request)
        }
    }
}
