//! Telling people of conflicts: which route, when, in how many messages, and until they arrive.
//!
//! One task follows the live events by number and writes, in one transaction with the number, what each route is to be
//! told (`decide`). One task a route makes messages of what is due and sends them (`send`) until they are accepted or
//! the route's time is over. All of that is in the database: a restart goes on where it was, with the same messages
//! under the same ids. A message is sent again only when the other side's acceptance did not reach the disk here; its
//! id tells the other side.

mod decide;
mod message;
mod send;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::JoinHandle,
};

use decide::{Decision, Plan, decide};
use message::{LISTED_MAX, Message, MessageKind, Notice};

use super::{
    disclosure::{texts, withhold},
    outbox::retry,
    trust::Trust,
};
use crate::{
    Error, Result,
    config::alarm::AlarmConfig,
    conflict::{Severity, VerdictKind},
    registry::{Text, disclosure},
    store::{
        ALARM_CURSOR, Attempt, ConflictRecord, DeliveryRecord, EventKind, EventRecord, NoticeRecord, Store, ToldRecord,
        Tx, random_id,
    },
};
pub use decide::status_of;

pub use crate::{
    config::alarm::{AlarmRoute, AlarmTarget, web_host},
    store::RouteHealth,
};

/// Setting with the number of the last event that was looked at.
const CURSOR: &str = ALARM_CURSOR;
/// Events looked at in one transaction.
const BATCH: u32 = 256;
/// Longest sleep of a task: a clock that is set forward is noticed within this time.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// Pause after the database did not answer.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Times of the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmTimes {
    /// Pause before the second attempt; it doubles from there.
    pub first_retry: SignedDuration,
}

impl Default for AlarmTimes {
    fn default() -> Self {
        Self {
            first_retry: SignedDuration::from_secs(15),
        }
    }
}

/// What became of a test message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Key of the message.
    pub delivery: String,
    /// Why it was not accepted; `None`: it was.
    pub error: Option<String>,
}

/// The routes and their tasks.
#[derive(Debug)]
pub struct Alarms {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: tokio::sync::Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    config: AlarmConfig,
    trust: Trust,
    times: AlarmTimes,
    /// Changes when there is something new to send.
    written: watch::Sender<u64>,
}

impl Alarms {
    /// Starts the tasks. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `Io` or `Invalid` for a file of authorities that cannot be used; `Store` or `Unavailable` when the place to go on
    /// from cannot be read or kept.
    pub async fn start(store: Store, config: AlarmConfig, times: AlarmTimes) -> Result<Arc<Self>> {
        let (stop, stopped) = watch::channel(false);
        let trust = Trust::read(config.authorities.as_deref(), "alarm.authorities")?;
        let shared = Arc::new(Shared {
            store,
            config,
            trust,
            times,
            written: watch::channel(0).0,
        });
        let mut tasks = Vec::new();
        if shared.config.routes.is_empty() {
            // What happens while nobody is to be told is nothing to catch up on later.
            if shared.store.setting::<Option<u64>>(CURSOR).await?.flatten().is_some() {
                shared.store.put_setting(CURSOR, &None::<u64>).await?;
            }
        } else {
            // A number from another database, or from before a restored backup, would wait for events long past.
            let last = shared.store.last_sequence().await?;
            let kept = shared.store.setting::<Option<u64>>(CURSOR).await?.flatten();
            let cursor = kept.unwrap_or(last).min(last);
            shared.store.put_setting(CURSOR, &Some(cursor)).await?;
            tasks.push(tokio::spawn(follow(Arc::clone(&shared), cursor, stopped.clone())));
            for index in 0..shared.config.routes.len() {
                tasks.push(tokio::spawn(deliver(Arc::clone(&shared), index, stopped.clone())));
            }
        }
        Ok(Arc::new(Self {
            shared,
            stop,
            tasks: tokio::sync::Mutex::new(tasks),
        }))
    }

    /// Stops the tasks; an attempt under way is waited for, so that its outcome is on the disk.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        for task in self.tasks.lock().await.drain(..) {
            if task.await.is_err() {
                tracing::error!("a task of the alarms did not stop cleanly");
            }
        }
    }

    /// The routes, each with how it is doing.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn routes(&self) -> Result<Vec<(AlarmRoute, RouteHealth)>> {
        let mut routes = Vec::new();
        for route in &self.shared.config.routes {
            routes.push((route.clone(), self.shared.store.route_health(&route.id).await?));
        }
        Ok(routes)
    }

    /// Sends a test message at once, past all filters and quiet hours, and not again when it fails.
    ///
    /// # Errors
    /// `NotFound`; `Store` or `Unavailable`.
    pub async fn test(&self, id: &str, now: Timestamp) -> Result<TestOutcome> {
        let index = self.shared.config.routes.iter().position(|route| route.id == id);
        let index = index.ok_or_else(|| Error::NotFound {
            kind: "alarm route",
            id: id.to_owned(),
        })?;
        let message = Message {
            r#type: MessageKind::Test,
            delivery: random_id(),
            route: id.to_owned(),
            created_at: now,
            total: 0,
            notices: Vec::new(),
        };
        let sent = attempt(&self.shared, index, message.delivery.clone(), json(&message)?).await;
        let attempt = sent.as_ref().map_or(Attempt::GivenUp, |()| Attempt::Delivered);
        let error = sent.err();
        self.shared
            .store
            .record_attempt(id, &message.delivery, attempt, error.clone(), Timestamp::now())
            .await?;
        Ok(TestOutcome {
            delivery: message.delivery,
            error,
        })
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Unavailable(format!("a message cannot be written: {error}")))
}

/// Follows the events and writes down what is to be told.
async fn follow(shared: Arc<Shared>, mut cursor: u64, mut stopped: watch::Receiver<bool>) {
    let mut live = shared.store.subscribe();
    loop {
        match note(&shared, cursor).await {
            Ok(next) if next > cursor => {
                cursor = next;
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "alarms wait for the database");
                if !pause(&mut stopped, STORE_PAUSE).await {
                    return;
                }
                continue;
            }
        }
        // Woken by the next event, whatever it is: it is read from the database like the ones before it.
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            event = live.recv() => if matches!(event, Err(RecvError::Closed)) { return },
        }
        while live.try_recv().is_ok() {}
    }
}

/// Looks at the events after `cursor`; answers the number of the last one.
async fn note(shared: &Arc<Shared>, cursor: u64) -> Result<u64> {
    let events = shared.store.events_after(cursor, BATCH).await?;
    let Some(last) = events.last().map(|event| event.sequence) else {
        return Ok(cursor);
    };
    let conflicts: Vec<ConflictRecord> = events.iter().filter_map(conflict_of).collect();
    if conflicts.is_empty() && events.len() < BATCH as usize / 4 {
        // Not worth a transaction: looked at again after a restart.
        return Ok(last);
    }
    let config = Arc::clone(shared);
    shared
        .store
        .write(move |tx| {
            Box::pin(async move {
                let now = Timestamp::now();
                let config = &config.config;
                for conflict in &conflicts {
                    for route in &config.routes {
                        note_for(tx, config, route, conflict, now).await?;
                    }
                }
                tx.put_setting(CURSOR, last.to_string()).await
            })
        })
        .await?;
    shared.written.send_modify(|count| *count += 1);
    Ok(last)
}

fn conflict_of(event: &EventRecord) -> Option<ConflictRecord> {
    if !matches!(event.kind, EventKind::ConflictOpened | EventKind::ConflictUpdated) {
        return None;
    }
    serde_json::from_value(event.data.clone())
        .inspect_err(|error| tracing::error!(%error, sequence = event.sequence, "an event cannot be read"))
        .ok()
}

async fn note_for(
    tx: &mut Tx,
    config: &AlarmConfig,
    route: &AlarmRoute,
    conflict: &ConflictRecord,
    now: Timestamp,
) -> Result<()> {
    let told = tx.told(&route.id, &conflict.id).await?;
    let decision = decide(route, told, conflict, now);
    if decision == Decision::Nothing {
        return Ok(());
    }
    let Some(outside) = outward(tx, conflict).await? else {
        return Ok(());
    };
    let severity = told.map_or(conflict.severity, |told| told.severity.max(conflict.severity));
    let told = ToldRecord {
        status: conflict.status,
        severity,
    };
    tx.put_told(&route.id, &conflict.id, told).await?;
    let Decision::Tell(due) = decision else {
        return Ok(());
    };
    let url = config
        .console_url
        .as_ref()
        .map(|url| format!("{url}/conflicts/{}", conflict.id));
    let notice = Notice { url, conflict: outside };
    tx.put_notice(&NoticeRecord {
        id: random_id(),
        route: route.id.clone(),
        severity: conflict.severity,
        due,
        data: json(&notice)?,
    })
    .await
}

/// A conflict as people outside may know it: where it speaks of a station or an order that is not open, without words and
/// numbers, and not at all where it is about the use of such a station or of one that is no longer there to be looked up.
async fn outward(tx: &mut Tx, conflict: &ConflictRecord) -> Result<Option<ConflictRecord>> {
    let mut conflict = conflict.clone();
    let text = texts(&conflict).join("\n");
    let stations = tx.assignments_named_in(&text).await?;
    let is_open = stations.iter().all(disclosure::is_open);
    if conflict.kind == VerdictKind::UnusedAssignment && (stations.is_empty() || !is_open) {
        return Ok(None);
    }
    if !is_open || tx.closed_orders_named_in(&text).await? {
        withhold(&mut conflict, Text::new("详情请登录后查看。", "Sign in to read more."));
    }
    Ok(Some(conflict))
}

/// Makes messages of one route's notices and sends them.
async fn deliver(shared: Arc<Shared>, index: usize, mut stopped: watch::Receiver<bool>) {
    let mut written = shared.written.subscribe();
    loop {
        written.mark_unchanged();
        let sleep = match work(&shared, index, &stopped).await {
            Ok(Some(next)) => Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default(),
            Ok(None) => SLEEP_MAX,
            Err(error) => {
                tracing::warn!(%error, "alarms wait for the database");
                STORE_PAUSE
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            changed = written.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(sleep.min(SLEEP_MAX)) => {}
        }
    }
}

/// Does what is due for a route; answers when there is more, if it is known.
async fn work(shared: &Arc<Shared>, index: usize, stopped: &watch::Receiver<bool>) -> Result<Option<Timestamp>> {
    let route = &shared.config.routes[index];
    // What comes due while this looks is next, however long the looking takes.
    let began = Timestamp::now();
    let held = write_messages(shared, index).await?;
    while !*stopped.borrow() {
        let due = shared.store.due_deliveries(&route.id, Timestamp::now()).await?;
        if due.is_empty() {
            break;
        }
        for delivery in due {
            if *stopped.borrow() {
                return Ok(None);
            }
            send_one(shared, index, delivery).await?;
        }
    }
    let next = shared.store.next_alarm(&route.id, began).await?;
    Ok(held.into_iter().chain(next).min())
}

/// Turns what is due into messages; answers until when the rest is held back. Alarms are counted for themselves.
async fn write_messages(shared: &Arc<Shared>, index: usize) -> Result<Option<Timestamp>> {
    let shared = Arc::clone(shared);
    let store = shared.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let now = Timestamp::now();
                let route = &shared.config.routes[index];
                let due = tx.due_notices(&route.id, now).await?;
                let lesser = due.partition_point(|notice| notice.severity == Severity::Alarm);
                let (alarms, others) = due.split_at(lesser);
                let mut held: Option<Timestamp> = None;
                for (notices, at_least) in [(alarms, Severity::Alarm), (others, Severity::Info)] {
                    if notices.is_empty() {
                        continue;
                    }
                    let written = tx
                        .written_since(&route.id, at_least, now - decide::window(route))
                        .await?;
                    match decide::plan(route, notices.len(), &written) {
                        Plan::Wait(until) => held = Some(held.map_or(until, |held| held.min(until))),
                        Plan::Digest => write_one(tx, route, notices, now).await?,
                        Plan::Singles => {
                            for notice in notices {
                                write_one(tx, route, std::slice::from_ref(notice), now).await?;
                            }
                        }
                    }
                }
                Ok(held)
            })
        })
        .await
}

async fn write_one(tx: &mut Tx, route: &AlarmRoute, notices: &[NoticeRecord], now: Timestamp) -> Result<()> {
    let listed = notices
        .iter()
        .take(LISTED_MAX)
        .map(|notice| serde_json::from_str(&notice.data));
    let listed: std::result::Result<Vec<Notice>, _> = listed.collect();
    let message = Message {
        r#type: if notices.len() == 1 {
            MessageKind::Conflict
        } else {
            MessageKind::Digest
        },
        delivery: random_id(),
        route: route.id.clone(),
        created_at: now,
        total: notices.len(),
        notices: listed.map_err(|error| Error::Unavailable(format!("a notice cannot be read: {error}")))?,
    };
    let delivery = DeliveryRecord {
        id: message.delivery.clone(),
        route: route.id.clone(),
        severity: notices
            .iter()
            .map(|notice| notice.severity)
            .max()
            .unwrap_or(Severity::Info),
        body: json(&message)?,
        attempts: 0,
        created: now,
        next: now,
    };
    let ids: Vec<&str> = notices.iter().map(|notice| notice.id.as_str()).collect();
    tx.put_delivery(&delivery, &ids).await
}

async fn send_one(shared: &Arc<Shared>, index: usize, delivery: DeliveryRecord) -> Result<()> {
    let route = &shared.config.routes[index];
    let DeliveryRecord {
        id,
        body,
        attempts,
        created,
        ..
    } = delivery;
    let error = attempt(shared, index, id.clone(), body).await.err();
    let now = Timestamp::now();
    let (attempt, result) = match &error {
        None => (Attempt::Delivered, "delivered"),
        Some(reason) => {
            let lasting = SignedDuration::from_hours(i64::from(route.retry_hours));
            let pauses = (shared.times.first_retry, lasting);
            let next = retry(pauses, created, attempts + 1, now, rand::random());
            tracing::warn!(route = route.id, delivery = id, reason, again = ?next, "an alarm was not accepted");
            next.map_or((Attempt::GivenUp, "given_up"), |at| (Attempt::Again(at), "failed"))
        }
    };
    metrics::counter!("pinpu_alarm_attempts_total", "result" => result).increment(1);
    shared.store.record_attempt(&route.id, &id, attempt, error, now).await
}

/// One attempt, on a thread that may block.
async fn attempt(
    shared: &Arc<Shared>,
    index: usize,
    delivery: String,
    body: String,
) -> std::result::Result<(), String> {
    let shared = Arc::clone(shared);
    let sent = tokio::task::spawn_blocking(move || {
        let AlarmConfig { routes, smtp, .. } = &shared.config;
        send::send(
            &routes[index],
            smtp.as_ref(),
            &shared.trust,
            &delivery,
            &body,
            Timestamp::now(),
        )
    });
    sent.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Sleeps; `false`: the service stops.
async fn pause(stopped: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        _ = stopped.wait_for(|stop| *stop) => false,
        () = tokio::time::sleep(time) => true,
    }
}
