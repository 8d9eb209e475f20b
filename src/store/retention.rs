//! How long things are kept, and their removal in small steps that never hold the writer for long.

use jiff::{SignedDuration, Timestamp};

use super::{Store, engine::values};
use crate::Result;

/// What is kept how long. Assignments, conflicts and their history are never removed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Spectra of one row a second.
    pub spectra: SignedDuration,
    /// Spectra of one row a minute.
    pub spectra_minutes: SignedDuration,
    /// Live events, for clients that come back.
    pub events: SignedDuration,
    /// Ended emissions that belong to no conflict.
    pub emissions: SignedDuration,
    /// Artefacts, gaps and alarm messages.
    pub artefacts: SignedDuration,
    /// Answers kept for repeated requests.
    pub idempotency: SignedDuration,
    /// Notices, and what became of messages to webhooks.
    pub notices: SignedDuration,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        Self {
            spectra: days(3),
            spectra_minutes: days(366),
            events: days(7),
            emissions: days(366),
            artefacts: days(30),
            idempotency: days(2),
            notices: days(90),
        }
    }
}

/// Rows removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Spectra of both tiers.
    pub spectra: u64,
    /// Live events.
    pub events: u64,
    /// Emissions.
    pub emissions: u64,
    /// Artefacts and gaps.
    pub artefacts: u64,
    /// Alarm messages that were delivered or given up, and what they told.
    pub alarms: u64,
    /// Expired sessions and old idempotency keys.
    pub sessions: u64,
    /// Notices, and messages to webhooks that were delivered or given up.
    pub notices: u64,
}

/// Rows removed in one transaction; about a millisecond's work.
const STEP: u32 = 500;

impl Store {
    /// Removes what is older than `retention` allows at `now`.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was removed before stays removed.
    pub async fn prune(&self, retention: &Retention, now: Timestamp) -> Result<Pruned> {
        let before = |keep: SignedDuration| now.as_microsecond().saturating_sub(keep.as_micros() as i64);
        let second = before(retention.spectra);
        let minute = before(retention.spectra_minutes);
        let spectra = |interval: u32| format!("interval_s = {interval} and start_us < $1");
        let key = "(receiver, interval_s, start_us, low_key)";
        let mut pruned = Pruned::default();
        pruned.spectra += self.prune_table("spectra", key, &spectra(1), second).await?;
        pruned.spectra += self.prune_table("spectra", key, &spectra(60), minute).await?;
        pruned.events += self
            .prune_table("events", "sequence", "time_us < $1", before(retention.events))
            .await?;
        let old = "stop_us < $1 and is_open = 0 and conflict_id is null";
        pruned.emissions += self
            .prune_table("emissions", "id", old, before(retention.emissions))
            .await?;
        let old = before(retention.artefacts);
        pruned.artefacts += self.prune_table("artefacts", "id", "stop_us < $1", old).await?;
        pruned.artefacts += self
            .prune_table("gaps", "(receiver, low_hz, start_us)", "stop_us < $1", old)
            .await?;
        // What is still to be told stays, however old.
        let over = "next_us < $1 and state <> 'waiting'";
        let told = "delivery_id in (select id from alarm_deliveries where next_us < $1 and state <> 'waiting')";
        pruned.alarms += self.prune_table("alarm_notices", "id", told, old).await?;
        pruned.alarms += self.prune_table("alarm_deliveries", "id", over, old).await?;
        let now = now.as_microsecond();
        pruned.sessions += self
            .prune_table("sessions", "token_hash", "expires_us < $1", now)
            .await?;
        let old = before(retention.idempotency);
        pruned.sessions += self
            .prune_table("idempotency", "(actor, key)", "begun_us < $1", old)
            .await?;
        let old = before(retention.notices);
        pruned.notices += self
            .prune_table("notices", "(desk, number)", "time_us < $1", old)
            .await?;
        pruned.notices += self
            .prune_table("webhook_deliveries", "id", "done_us < $1", old)
            .await?;
        Ok(pruned)
    }

    async fn prune_table(&self, table: &str, key: &str, condition: &str, before_us: i64) -> Result<u64> {
        let columns = key.trim_matches(['(', ')']);
        let sql = format!(
            "delete from {table} where {key} in (select {columns} from {table} where {condition} limit {STEP})"
        );
        let mut removed = 0;
        loop {
            let sql = sql.clone();
            let step = self
                .write(move |tx| Box::pin(async move { tx.execute(sql, values![before_us]).await }))
                .await?;
            removed += step;
            if step < u64::from(STEP) {
                return Ok(removed);
            }
        }
    }
}
