//! The outbox of the alarms: what is to be told to whom, what is on its way, and how each route is doing.
//!
//! A notice is one conflict in one state for one route. A delivery is a message with one or many of them; its text is
//! written once and its id stays, so that it can be tried again for days and over restarts and still be one message.

use jiff::Timestamp;

use super::{
    ConflictStatus, Store, Tx,
    emissions::{name_of, named},
    engine::{Row, values},
};
use crate::{Result, conflict::Severity};

/// What a route knows of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldRecord {
    /// The state it was last seen in.
    pub status: ConflictStatus,
    /// The highest severity so far.
    pub severity: Severity,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// Random key.
    pub id: String,
    /// Whom.
    pub route: String,
    /// How urgent.
    pub severity: Severity,
    /// Not before.
    pub due: Timestamp,
    /// What, as JSON.
    pub data: String,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Random key, the same at every attempt.
    pub id: String,
    /// Whom.
    pub route: String,
    /// The most urgent in it.
    pub severity: Severity,
    /// What, as JSON, the same at every attempt.
    pub body: String,
    /// Attempts so far.
    pub attempts: u64,
    /// When it was written.
    pub created: Timestamp,
    /// When it is tried next.
    pub next: Timestamp,
}

/// How a route is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteHealth {
    /// Last accepted message.
    pub last_success: Option<Timestamp>,
    /// Last failed attempt,
    pub last_error_at: Option<Timestamp>,
    /// and why.
    pub last_error: Option<String>,
    /// Notices and messages not delivered yet.
    pub waiting: u64,
    /// Messages given up.
    pub given_up: u64,
}

const SEVERITIES: [Severity; 4] = [Severity::Info, Severity::Notice, Severity::Warning, Severity::Alarm];

/// Severities are numbers here, so that they can be ordered by.
fn rank(severity: Severity) -> u32 {
    severity as u32
}

fn severity(row: &Row) -> Result<Severity> {
    let rank = row.count("severity")? as usize;
    Ok(SEVERITIES[rank.min(SEVERITIES.len() - 1)])
}

const NOTICE: &str = "id, route, severity, due_us, data";
const DELIVERY: &str = "id, route, severity, body, attempts, created_us, next_us";

impl NoticeRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            route: row.text("route")?,
            severity: severity(row)?,
            due: row.time("due_us")?,
            data: row.text("data")?,
        })
    }
}

impl DeliveryRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            route: row.text("route")?,
            severity: severity(row)?,
            body: row.text("body")?,
            attempts: row.count("attempts")?,
            created: row.time("created_us")?,
            next: row.time("next_us")?,
        })
    }
}

impl Tx {
    /// What a route knows of a conflict.
    pub(crate) async fn told(&mut self, route: &str, conflict: &str) -> Result<Option<ToldRecord>> {
        let sql = "select status, severity from alarm_told where route = $1 and conflict_id = $2";
        let row = self.fetch_optional(sql, values![route, conflict]).await?;
        row.map(|row| {
            Ok(ToldRecord {
                status: named(&row, "status")?,
                severity: named(&row, "severity")?,
            })
        })
        .transpose()
    }

    /// Remembers it.
    pub(crate) async fn put_told(&mut self, route: &str, conflict: &str, told: ToldRecord) -> Result<()> {
        let sql = "insert into alarm_told (route, conflict_id, status, severity) values ($1, $2, $3, $4) \
                   on conflict (route, conflict_id) do update set status = excluded.status, severity = excluded.severity";
        let values = values![route, conflict, name_of(&told.status)?, name_of(&told.severity)?];
        self.execute(sql, values).await.map(drop)
    }

    /// Adds something to be told.
    pub(crate) async fn put_notice(&mut self, notice: &NoticeRecord) -> Result<()> {
        let sql = format!("insert into alarm_notices ({NOTICE}) values ($1, $2, $3, $4, $5)");
        let n = notice;
        let values = values![&n.id, &n.route, rank(n.severity), n.due, &n.data];
        self.execute(sql, values).await.map(drop)
    }

    /// What a route is to be told by now, the most urgent first, and among equals the oldest.
    pub(crate) async fn due_notices(&mut self, route: &str, now: Timestamp) -> Result<Vec<NoticeRecord>> {
        let sql = format!(
            "select {NOTICE} from alarm_notices where route = $1 and delivery_id is null and due_us <= $2 \
             order by severity desc, due_us, id limit 10000"
        );
        let rows = self.fetch_all(sql, values![route, now]).await?;
        rows.iter().map(NoticeRecord::read).collect()
    }

    /// When a route's messages of at least this severity since `after` were written, oldest first.
    pub(crate) async fn written_since(
        &mut self,
        route: &str,
        at_least: Severity,
        after: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let sql = "select created_us from alarm_deliveries where route = $1 and severity >= $2 and created_us > $3 \
                   order by created_us";
        let rows = self.fetch_all(sql, values![route, rank(at_least), after]).await?;
        rows.iter().map(|row| row.time("created_us")).collect()
    }

    /// Puts a message with these notices on its way.
    pub(crate) async fn put_delivery(&mut self, delivery: &DeliveryRecord, notices: &[&str]) -> Result<()> {
        let sql =
            format!("insert into alarm_deliveries ({DELIVERY}, state) values ($1, $2, $3, $4, $5, $6, $7, 'waiting')");
        let d = delivery;
        let values = values![
            &d.id,
            &d.route,
            rank(d.severity),
            &d.body,
            d.attempts,
            d.created,
            d.next
        ];
        self.execute(sql, values).await?;
        for notice in notices {
            let sql = "update alarm_notices set delivery_id = $2 where id = $1";
            self.execute(sql, values![*notice, &d.id]).await?;
        }
        Ok(())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The other side has it.
    Delivered,
    /// It failed; again at this time.
    Again(Timestamp),
    /// It failed for the last time.
    GivenUp,
}

impl Store {
    /// The messages of a route whose time has come, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn due_deliveries(&self, route: &str, now: Timestamp) -> Result<Vec<DeliveryRecord>> {
        let sql = format!(
            "select {DELIVERY} from alarm_deliveries where route = $1 and state = 'waiting' and next_us <= $2 \
             order by next_us, id limit 16"
        );
        let rows = self.fetch_all(sql, values![route, now]).await?;
        rows.iter().map(DeliveryRecord::read).collect()
    }

    /// When the next message or notice of a route after `now` comes due.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn next_alarm(&self, route: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        let sql = "select min(at_us) as at_us from (select min(next_us) as at_us from alarm_deliveries \
                   where route = $1 and state = 'waiting' and next_us > $2 \
                   union all select min(due_us) as at_us from alarm_notices \
                   where route = $1 and delivery_id is null and due_us > $2) as waiting";
        let row = self.fetch_optional(sql, values![route, now]).await?;
        row.map_or(Ok(None), |row| row.time_or_null("at_us"))
    }

    /// Records an attempt, where `delivery` is in the outbox, and what it says about the route.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn record_attempt(
        &self,
        route: &str,
        delivery: &str,
        attempt: Attempt,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<()> {
        let (route, delivery) = (route.to_owned(), delivery.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let (state, next) = match attempt {
                    Attempt::Delivered => ("delivered", now),
                    Attempt::Again(at) => ("waiting", at),
                    Attempt::GivenUp => ("given_up", now),
                };
                let sql = "update alarm_deliveries set attempts = attempts + 1, state = $2, next_us = $3 where id = $1";
                tx.execute(sql, values![delivery, state, next]).await?;
                let sql = match &error {
                    None => {
                        "insert into alarm_health (route, success_us) values ($1, $2) \
                         on conflict (route) do update set success_us = excluded.success_us"
                    }
                    Some(_) => {
                        "insert into alarm_health (route, error_us, error) values ($1, $2, $3) \
                         on conflict (route) do update set error_us = excluded.error_us, error = excluded.error"
                    }
                };
                let mut values = values![route, now];
                values.extend(error.map(Into::into));
                tx.execute(sql, values).await.map(drop)
            })
        })
        .await
    }

    /// How a route is doing.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn route_health(&self, route: &str) -> Result<RouteHealth> {
        let mut health = RouteHealth::default();
        let sql = "select success_us, error_us, error from alarm_health where route = $1";
        if let Some(row) = self.fetch_optional(sql, values![route]).await? {
            health.last_success = row.time_or_null("success_us")?;
            health.last_error_at = row.time_or_null("error_us")?;
            health.last_error = row.text_or_null("error")?;
        }
        let counts = [
            "select count(*) as n from alarm_notices where route = $1 and delivery_id is null",
            "select count(*) as n from alarm_deliveries where route = $1 and state = 'waiting'",
            "select count(*) as n from alarm_deliveries where route = $1 and state = 'given_up'",
        ];
        let mut numbers = [0; 3];
        for (number, sql) in numbers.iter_mut().zip(counts) {
            let row = self.fetch_optional(sql, values![route]).await?;
            *number = row.map_or(Ok(0), |row| row.count("n"))?;
        }
        let [notices, messages, given_up] = numbers;
        health.waiting = notices + messages;
        health.given_up = given_up;
        Ok(health)
    }
}
