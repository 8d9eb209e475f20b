//! Sending: one message of a webhook at a time, in their order, until it is accepted or its time is over. Webhooks that do not
//! answer delay no others.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::{Id, JoinSet},
};

use super::{Shared, TestDelivery, WebhookDelivery, WebhookRecord, reach};
use crate::{
    Error, Result,
    config::alarm::Secret,
    service::{
        change::Asking,
        ledger::SYSTEM,
        notices::{NoticeKind, SeenSubject, Subject, plain_role, tell},
        outbox::{Address, post, retry},
    },
    store::random_id,
};

/// Webhooks that are sent to at once.
const AT_ONCE: usize = 16;
/// Longest sleep: what another process has written is found within this time.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Pause after the database did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Kind of a message that says nothing.
const TEST: &str = "test";

/// What a webhook gets.
#[derive(Serialize)]
struct Message<'a> {
    /// `notice` or `test`.
    r#type: &'a str,
    delivery: &'a str,
    webhook: &'a str,
    created_at: Timestamp,
    notice: Option<MessageNotice<'a>>,
}

#[derive(Serialize)]
struct MessageNotice<'a> {
    kind: &'a str,
    action: &'a str,
    time: Timestamp,
    url: Option<String>,
    subject: MessageSubject<'a>,
}

#[derive(Serialize)]
struct MessageSubject<'a> {
    id: &'a str,
    number: Option<&'a str>,
    state: &'a str,
}

/// Follows what waits until the service stops.
pub(super) async fn run(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let mut told = shared.store.desks_told();
    let mut woken = shared.woken.subscribe();
    let mut running: JoinSet<()> = JoinSet::new();
    let mut busy: HashMap<String, Id> = HashMap::new();
    loop {
        woken.mark_unchanged();
        let sleep = match begin_due(&shared, &stopped, &mut running, &mut busy).await {
            Ok(Some(next)) => Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default(),
            Ok(None) => SLEEP_MAX,
            Err(error) => {
                tracing::warn!(%error, "webhooks wait for the database");
                STORE_PAUSE
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => break,
            desks = told.recv() => if matches!(desks, Err(RecvError::Closed)) { break },
            changed = woken.changed() => if changed.is_err() { break },
            Some(ended) = running.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                busy.retain(|_, running| *running != id);
            }
            () = tokio::time::sleep(sleep.min(SLEEP_MAX)) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Begins to send wherever something is due and nobody sends yet; answers when the next is.
async fn begin_due(
    shared: &Arc<Shared>,
    stopped: &watch::Receiver<bool>,
    running: &mut JoinSet<()>,
    busy: &mut HashMap<String, Id>,
) -> Result<Option<Timestamp>> {
    let mut next = None;
    for (webhook, due) in shared.store.webhooks_waiting().await? {
        if busy.contains_key(&webhook) {
            continue;
        }
        if due > Timestamp::now() {
            next = Some(next.map_or(due, |next: Timestamp| next.min(due)));
        } else if busy.len() < AT_ONCE {
            let (shared, stopped, id) = (Arc::clone(shared), stopped.clone(), webhook.clone());
            let task = running.spawn(async move {
                if let Err(error) = drain(&shared, &id, &stopped).await {
                    tracing::warn!(%error, webhook = id, "a webhook waits for the database");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
            });
            busy.insert(webhook, task.id());
        }
    }
    Ok(next)
}

/// Sends what is due of one webhook, in order; ends at the first message that is not accepted.
async fn drain(shared: &Arc<Shared>, id: &str, stopped: &watch::Receiver<bool>) -> Result<()> {
    while !*stopped.borrow() {
        let record = shared.store.webhook(id).await?;
        let Some(mut first) = shared.store.first_delivery(id).await? else {
            return Ok(());
        };
        let now = Timestamp::now();
        if !record.active || first.next > now {
            return Ok(());
        }
        let written = match first.kind.as_str() {
            TEST => first.body.clone(),
            // Also before it is sent again: those it would be told to may not know of it any more.
            _ => write(shared, &record, &first).await?,
        };
        let Some(written) = written else {
            shared.store.drop_delivery(&first.id).await?;
            continue;
        };
        let body = match first.body.take() {
            Some(body) => body,
            None => {
                shared.store.begin_delivery(&first.id, &written, now).await?;
                first.since = now;
                written
            }
        };
        if !attempt(shared, &record, first, body).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// The text of a message, as the plainest reader of the organisation may know its record now; nothing where they may not.
async fn write(shared: &Arc<Shared>, record: &WebhookRecord, delivery: &WebhookDelivery) -> Result<Option<String>> {
    let organisation = shared.store.organisation(&record.organisation).await?;
    let kind = NoticeKind::ALL.into_iter().find(|kind| kind.name() == delivery.kind);
    let role = plain_role(organisation.profile.kind).filter(|_| organisation.active);
    let (Some(kind), Some(role)) = (kind, role) else {
        return Ok(None);
    };
    let asking = Asking {
        actor: "",
        role,
        organisation: &organisation.id,
        now: Timestamp::now(),
    };
    let Some(subject) = shared.notices.subject(kind, &delivery.subject, asking).await? else {
        return Ok(None);
    };
    let console = shared.config.console_url.as_deref();
    let message = Message {
        r#type: "notice",
        delivery: &delivery.id,
        webhook: &record.id,
        created_at: delivery.time,
        notice: Some(told(delivery, kind, &subject, console)),
    };
    text(&message).map(Some)
}

fn told<'a>(
    delivery: &'a WebhookDelivery,
    kind: NoticeKind,
    subject: &'a SeenSubject,
    console: Option<&str>,
) -> MessageNotice<'a> {
    MessageNotice {
        kind: &delivery.kind,
        action: &delivery.action,
        time: delivery.time,
        url: console.map(|console| format!("{console}/{}/{}", page(kind), subject.id)),
        subject: MessageSubject {
            id: &subject.id,
            // The number of a classified order is written by people.
            number: subject.number.as_deref().filter(|_| subject.open),
            state: &subject.state,
        },
    }
}

/// The page of the console on which such records are.
fn page(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Request => "coordination",
        NoticeKind::ControlOrder => "orders",
        NoticeKind::Task => "tasks",
        NoticeKind::InterferenceReport => "interference",
        NoticeKind::Event => "events",
        NoticeKind::Webhook => "alarms",
    }
}

fn text(message: &Message<'_>) -> Result<String> {
    serde_json::to_string(message).map_err(|error| Error::Unavailable(format!("a message cannot be written: {error}")))
}

/// One attempt, with its outcome on the disk; answers whether it was accepted.
async fn attempt(
    shared: &Arc<Shared>,
    record: &WebhookRecord,
    delivery: WebhookDelivery,
    body: String,
) -> Result<bool> {
    let error = put_through(shared, record, &delivery.id, body).await?.err();
    let now = Timestamp::now();
    let config = &shared.config;
    let next = error.as_ref().and_then(|reason| {
        let pauses = (config.first_retry, config.lasting);
        let next = retry(pauses, delivery.since, delivery.attempts + 1, now, rand::random());
        tracing::warn!(webhook = record.id, delivery = delivery.id, reason, again = ?next, "a webhook did not accept a message");
        next
    });
    let result = match (&error, next) {
        (None, _) => "delivered",
        (Some(_), Some(_)) => "failed",
        (Some(_), None) => "given_up",
    };
    metrics::counter!("pinpu_webhook_attempts_total", "result" => result).increment(1);
    let accepted = error.is_none();
    let (id, delivery) = (record.id.clone(), delivery.id);
    let kept = shared.store.write(move |tx| {
        Box::pin(async move {
            tx.record_delivery((&id, &delivery), error.as_deref(), next, now)
                .await?;
            if error.is_some() && next.is_none() {
                return switch_off(tx, &id, now).await;
            }
            Ok(())
        })
    });
    kept.await?;
    Ok(accepted)
}

/// Nothing was accepted for as long as messages are tried: it is switched off, and its organisation is told.
async fn switch_off(tx: &mut crate::store::Tx, id: &str, now: Timestamp) -> Result<()> {
    let before = tx.webhook(id).await?;
    if !before.active {
        return Ok(());
    }
    let version = before.version;
    let after = WebhookRecord {
        active: false,
        failed: true,
        version: version + 1,
        ..before
    };
    tx.put_webhook(&after, version, (None, "switch_off_webhook"), now)
        .await?;
    tell(
        tx,
        Subject::Webhook(id, &after.organisation),
        "switched_off",
        SYSTEM,
        now,
    )
    .await
}

/// Sends one message, on a thread that may block; the inner error says why it was not accepted.
async fn put_through(
    shared: &Arc<Shared>,
    record: &WebhookRecord,
    delivery: &str,
    body: String,
) -> Result<std::result::Result<(), String>> {
    let secret = Secret::new(&shared.store.webhook_secret(&record.id).await?);
    let (shared, url, delivery) = (Arc::clone(shared), record.url.clone(), delivery.to_owned());
    let sent = tokio::task::spawn_blocking(move || {
        let to = Address {
            url: &url,
            secret: &secret,
            trust: &shared.trust,
            reach: reach(&shared.config),
            patience: shared.config.patience,
        };
        post(&to, &delivery, &body, Timestamp::now())
    });
    Ok(sent.await.unwrap_or_else(|error| Err(error.to_string())))
}

/// A message that says nothing, to see whether it arrives.
pub(super) async fn test(shared: &Arc<Shared>, record: WebhookRecord, now: Timestamp) -> Result<TestDelivery> {
    let delivery = random_id();
    let message = Message {
        r#type: "test",
        delivery: &delivery,
        webhook: &record.id,
        created_at: now,
        notice: None,
    };
    let body = text(&message)?;
    let error = put_through(shared, &record, &delivery, body.clone()).await?.err();
    let (webhook, id, kept) = (record.id, delivery.clone(), error.clone());
    shared
        .store
        .write(move |tx| {
            Box::pin(async move {
                tx.add_test_delivery(&webhook, &id, &body, now).await?;
                tx.record_delivery((&webhook, &id), kept.as_deref(), None, Timestamp::now())
                    .await
            })
        })
        .await?;
    Ok(TestDelivery { delivery, error })
}
