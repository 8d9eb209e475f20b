//! Webhooks of organisations and what is on its way to them.
//!
//! A delivery is written by the change that it tells of. Its text is written once, before the first attempt, and its id stays,
//! so that it can be tried again over restarts and still be one message. The key of the signature is in no record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    News, Page, Store, Tx,
    audit::WEBHOOKS,
    emissions::json_text,
    engine::{Row, values},
    page::{Order, Select, cut},
    random_id,
};
use crate::{Error, Result};

/// A webhook, without its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRecord {
    /// Random key.
    pub id: String,
    /// Whose.
    pub organisation: String,
    /// What people call it.
    pub name: String,
    /// Where messages go; it may hold a key itself.
    pub url: String,
    /// Kinds of records it is told of.
    pub kinds: Vec<String>,
    /// Messages are sent.
    pub active: bool,
    /// It was switched off because nothing was accepted for long.
    pub failed: bool,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Since when its key is in force.
    pub secret_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum DeliveryState {
    /// It is tried, or tried again.
    Waiting,
    /// The other side has it.
    Delivered,
    /// It was tried for as long as messages are.
    GivenUp,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// Random key, the same at every attempt.
    pub id: String,
    /// Whom.
    pub webhook: String,
    /// Its place in the order in which they go.
    pub place: u64,
    /// Kind of record.
    pub kind: String,
    /// Key of the record.
    pub subject: String,
    /// What happened.
    pub action: String,
    /// When.
    pub time: Timestamp,
    /// What is sent; none before the first attempt.
    pub body: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u64,
    /// Since when it is tried.
    pub since: Timestamp,
    /// When it is tried next.
    pub next: Timestamp,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was accepted or given up.
    pub done: Option<Timestamp>,
}

/// How a webhook is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookHealth {
    /// Last accepted message.
    pub last_success: Option<Timestamp>,
    /// Last failed attempt,
    pub last_error_at: Option<Timestamp>,
    /// and why.
    pub last_error: Option<String>,
    /// Messages not delivered yet.
    pub waiting: u64,
}

const COLUMNS: &str = "id, webhook_id, place, kind, subject, action, time_us, body, state, attempts, since_us, next_us, \
                       error, done_us";
const ORDER: Order = Order {
    name: "-place",
    key: "place",
    id: "id",
    descending: true,
};

fn no_webhook(id: &str) -> Error {
    Error::NotFound {
        kind: "webhook",
        id: id.to_owned(),
    }
}

impl DeliveryState {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }
}

impl WebhookDelivery {
    fn read(row: &Row) -> Result<Self> {
        let state = row.text("state")?;
        let known = [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::GivenUp];
        Ok(Self {
            id: row.text("id")?,
            webhook: row.text("webhook_id")?,
            place: row.count("place")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            action: row.text("action")?,
            time: row.time("time_us")?,
            body: row.text_or_null("body")?,
            state: known
                .into_iter()
                .find(|known| known.name() == state)
                .unwrap_or(DeliveryState::GivenUp),
            attempts: row.count("attempts")?,
            since: row.time("since_us")?,
            next: row.time("next_us")?,
            error: row.text_or_null("error")?,
            done: row.time_or_null("done_us")?,
        })
    }
}

impl Tx {
    /// The webhook as it is stored now.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn webhook(&mut self, id: &str) -> Result<WebhookRecord> {
        let row = self
            .fetch_optional("select record from webhooks where id = $1", values![id])
            .await?;
        row.map_or_else(|| Err(no_webhook(id)), |row| row.json("record"))
    }

    /// Webhooks of an organisation.
    pub(crate) async fn webhooks_count(&mut self, organisation: &str) -> Result<u64> {
        let sql = "select count(*) as n from webhooks where organisation = $1";
        let row = self.fetch_optional(sql, values![organisation]).await?;
        row.map_or(Ok(0), |row| row.count("n"))
    }

    /// Stores a new webhook with its key.
    pub(crate) async fn add_webhook(&mut self, record: &WebhookRecord, secret: &str) -> Result<()> {
        let sql =
            "insert into webhooks (id, organisation, active, version, secret, record) values ($1, $2, $3, $4, $5, $6)";
        let values = values![
            &record.id,
            &record.organisation,
            record.active,
            record.version,
            secret,
            json_text(record)?
        ];
        self.execute(sql, values).await?;
        self.touch(&WEBHOOKS, &record.id, "create_webhook");
        Ok(())
    }

    /// Stores its change from version `before`; a new key where there is one. What waits is tried anew from now on.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_webhook(
        &mut self,
        record: &WebhookRecord,
        before: u64,
        (secret, action): (Option<&str>, &'static str),
        now: Timestamp,
    ) -> Result<()> {
        let sql = "update webhooks set active = $2, version = $3, record = $4, secret = coalesce($5, secret) \
                   where id = $1 and version = $6";
        let values = values![
            &record.id,
            record.active,
            record.version,
            json_text(record)?,
            secret.map(str::to_owned),
            before
        ];
        if self.execute(sql, values).await? == 0 {
            return Err(Error::Stale);
        }
        self.touch(&WEBHOOKS, &record.id, action);
        if record.active {
            let sql =
                "update webhook_deliveries set since_us = $2, next_us = $2 where webhook_id = $1 and state = 'waiting'";
            self.execute(sql, values![&record.id, now]).await?;
        }
        Ok(())
    }

    /// Removes one of this version, with what waits for it and what was sent.
    ///
    /// # Errors
    /// `Stale`; `Store`.
    pub(crate) async fn delete_webhook(&mut self, id: &str, version: u64) -> Result<()> {
        for table in ["webhook_deliveries", "webhook_health"] {
            self.execute(format!("delete from {table} where webhook_id = $1"), values![id])
                .await?;
        }
        let sql = "delete from webhooks where id = $1 and version = $2";
        match self.execute(sql, values![id, version]).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&WEBHOOKS, id, "delete_webhook");
                Ok(())
            }
        }
    }

    /// Puts a message on its way to each webhook of these organisations that is on and told of this kind.
    pub(crate) async fn queue_deliveries(&mut self, organisations: &[&str], news: &News<'_>) -> Result<()> {
        let rows = self
            .fetch_all("select record from webhooks where active = 1 order by id", Vec::new())
            .await?;
        for row in rows {
            let webhook: WebhookRecord = row.json("record")?;
            let told = organisations.contains(&webhook.organisation.as_str());
            if told && webhook.kinds.iter().any(|kind| kind == news.kind) {
                self.add_delivery(&webhook.id, random_id(), news).await?;
            }
        }
        Ok(())
    }

    async fn add_delivery(&mut self, webhook: &str, id: String, news: &News<'_>) -> Result<()> {
        let place = self.next_number(&format!("webhook-{webhook}")).await?;
        let sql = "insert into webhook_deliveries (id, webhook_id, place, kind, subject, action, time_us, state, attempts, \
                   since_us, next_us) values ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $7, $7)";
        let values = values![id, webhook, place, news.kind, news.subject, news.action, news.time];
        self.execute(sql, values).await.map(drop)
    }

    /// Keeps what became of a message that was sent once, to see whether it arrives.
    pub(crate) async fn add_test_delivery(
        &mut self,
        webhook: &str,
        id: &str,
        body: &str,
        now: Timestamp,
    ) -> Result<()> {
        let news = News {
            kind: "test",
            subject: "",
            action: "test",
            actor: "",
            time: now,
        };
        self.add_delivery(webhook, id.to_owned(), &news).await?;
        let sql = "update webhook_deliveries set body = $2, state = 'given_up', done_us = $3 where id = $1";
        self.execute(sql, values![id, body, now]).await.map(drop)
    }

    /// Keeps what became of an attempt: `next` where it is tried again.
    pub(crate) async fn record_delivery(
        &mut self,
        (webhook, id): (&str, &str),
        error: Option<&str>,
        next: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let state = match (error, next) {
            (None, _) => DeliveryState::Delivered,
            (Some(_), Some(_)) => DeliveryState::Waiting,
            (Some(_), None) => DeliveryState::GivenUp,
        };
        let done = (state != DeliveryState::Waiting).then_some(now);
        let sql = "update webhook_deliveries set attempts = attempts + 1, state = $2, next_us = $3, error = $4, done_us = $5 \
                   where id = $1";
        let error = error.map(str::to_owned);
        self.execute(sql, values![id, state.name(), next.unwrap_or(now), error.clone(), done])
            .await?;
        let sql = match error {
            None => {
                "insert into webhook_health (webhook_id, success_us) values ($1, $2) \
                 on conflict (webhook_id) do update set success_us = excluded.success_us"
            }
            Some(_) => {
                "insert into webhook_health (webhook_id, error_us, error) values ($1, $2, $3) \
                 on conflict (webhook_id) do update set error_us = excluded.error_us, error = excluded.error"
            }
        };
        let mut values = values![webhook, now];
        values.extend(error.map(Into::into));
        self.execute(sql, values).await.map(drop)
    }

    /// A message that is over goes once more, under its id and with its text.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` for one that waits anyhow; `Store`.
    pub(crate) async fn redeliver(&mut self, webhook: &str, id: &str, now: Timestamp) -> Result<()> {
        let sql = format!("select {COLUMNS} from webhook_deliveries where webhook_id = $1 and id = $2");
        let row = self.fetch_optional(sql, values![webhook, id]).await?;
        let known = row.as_ref().map(WebhookDelivery::read).transpose()?;
        match known {
            None => Err(Error::NotFound {
                kind: "delivery",
                id: id.to_owned(),
            }),
            Some(known) if known.state == DeliveryState::Waiting => Err(Error::WrongState(
                "the message waits to be sent anyhow: see next_at".to_owned(),
            )),
            Some(_) => {
                let sql = "update webhook_deliveries set state = 'waiting', since_us = $2, next_us = $2, done_us = null \
                           where id = $1";
                self.execute(sql, values![id, now]).await.map(drop)
            }
        }
    }
}

impl Store {
    /// One webhook.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn webhook(&self, id: &str) -> Result<WebhookRecord> {
        let row = self
            .fetch_optional("select record from webhooks where id = $1", values![id])
            .await?;
        row.map_or_else(|| Err(no_webhook(id)), |row| row.json("record"))
    }

    /// The key of its signature, for who signs.
    pub(crate) async fn webhook_secret(&self, id: &str) -> Result<String> {
        let row = self
            .fetch_optional("select secret from webhooks where id = $1", values![id])
            .await?;
        row.map_or_else(|| Err(no_webhook(id)), |row| row.text("secret"))
    }

    /// The webhooks of an organisation, or all of them, in the order in which they were made.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn webhooks(&self, organisation: Option<&str>) -> Result<Vec<WebhookRecord>> {
        let mut select = Select::new("select record from webhooks");
        select.and_some("organisation = ?", organisation.map(str::to_owned));
        let (sql, values) = select.finish("order by id");
        let rows = self.fetch_all(sql, values).await?;
        let mut known: Vec<WebhookRecord> = rows.iter().map(|row| row.json("record")).collect::<Result<_>>()?;
        known.sort_by_key(|record| record.created_at);
        Ok(known)
    }

    /// How a webhook is doing.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn webhook_health(&self, id: &str) -> Result<WebhookHealth> {
        let mut health = WebhookHealth::default();
        let sql = "select success_us, error_us, error from webhook_health where webhook_id = $1";
        if let Some(row) = self.fetch_optional(sql, values![id]).await? {
            health.last_success = row.time_or_null("success_us")?;
            health.last_error_at = row.time_or_null("error_us")?;
            health.last_error = row.text_or_null("error")?;
        }
        let sql = "select count(*) as n from webhook_deliveries where webhook_id = $1 and state = 'waiting'";
        let row = self.fetch_optional(sql, values![id]).await?;
        health.waiting = row.map_or(Ok(0), |row| row.count("n"))?;
        Ok(health)
    }

    /// Webhooks that are on and have something waiting, each with when its first message is due.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn webhooks_waiting(&self) -> Result<Vec<(String, Timestamp)>> {
        let sql = "select first.webhook_id, first.next_us from webhook_deliveries first \
                   join webhooks on webhooks.id = first.webhook_id and webhooks.active = 1 \
                   where first.state = 'waiting' and first.place = (select min(place) from webhook_deliveries other \
                   where other.webhook_id = first.webhook_id and other.state = 'waiting') order by first.next_us";
        let rows = self.fetch_all(sql, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok((row.text("webhook_id")?, row.time("next_us")?)))
            .collect()
    }

    /// The message of a webhook that goes next.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn first_delivery(&self, webhook: &str) -> Result<Option<WebhookDelivery>> {
        let sql = format!(
            "select {COLUMNS} from webhook_deliveries where webhook_id = $1 and state = 'waiting' order by place limit 1"
        );
        let row = self.fetch_optional(sql, values![webhook]).await?;
        row.as_ref().map(WebhookDelivery::read).transpose()
    }

    /// Keeps the text of a message that is tried from now on.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn begin_delivery(&self, id: &str, body: &str, now: Timestamp) -> Result<()> {
        let (id, body) = (id.to_owned(), body.to_owned());
        let sql = "update webhook_deliveries set body = $2, since_us = $3 where id = $1";
        self.write(move |tx| Box::pin(async move { tx.execute(sql, values![id, body, now]).await.map(drop) }))
            .await
    }

    /// A message that nobody may be told any more was never there.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn drop_delivery(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        let sql = "delete from webhook_deliveries where id = $1";
        self.write(move |tx| Box::pin(async move { tx.execute(sql, values![id]).await.map(drop) }))
            .await
    }

    /// One page of a webhook's messages, the latest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn webhook_deliveries(
        &self,
        webhook: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<WebhookDelivery>> {
        let mut select = Select::new(&format!("select {COLUMNS} from webhook_deliveries"));
        select.and("webhook_id = ?", values![webhook]);
        let (sql, values, limit) = select.page(&ORDER, cursor, limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<WebhookDelivery> = rows.iter().map(WebhookDelivery::read).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |item| (item.place as i64, item.id.clone())))
    }
}
