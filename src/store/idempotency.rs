//! A change that is sent twice happens once: the answer is kept under the sender's key.

use jiff::Timestamp;

use super::{Store, engine::values};
use crate::{Error, Result};

/// What is known about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// New: the caller now holds the key and must call [`Store::finish_idempotent`] or [`Store::forget_idempotent`].
    Fresh,
    /// Done before with the same body: give this answer again.
    Replay(StoredAnswer),
    /// The key was used for another body or operation.
    Mismatch,
    /// The same request is being worked on right now.
    InProgress,
}

/// An answer to give again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Status of the protocol that asked.
    pub status: u16,
    /// Version tag of the record.
    pub etag: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Store {
    /// Takes `key` of `actor` for a request with this fingerprint (a hash over operation and body). A key left in
    /// progress by a crash is free again after a minute.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn begin_idempotent(
        &self,
        actor: &str,
        key: &str,
        fingerprint: &[u8; 32],
        now: Timestamp,
    ) -> Result<Idempotency> {
        let (actor, key, fingerprint) = (actor.to_owned(), key.to_owned(), fingerprint.to_vec());
        self.write(move |tx| {
            Box::pin(async move {
                let sql =
                    "select fingerprint, status, etag, body, begun_us from idempotency where actor = $1 and key = $2";
                if let Some(row) = tx.fetch_optional(sql, values![&actor, &key]).await? {
                    if row.blob("fingerprint")? != fingerprint {
                        return Ok(Idempotency::Mismatch);
                    }
                    if let Some(status) = row.int_or_null("status")? {
                        let status = u16::try_from(status).unwrap_or(200);
                        let (etag, body) = (row.text_or_null("etag")?, row.blob("body")?);
                        return Ok(Idempotency::Replay(StoredAnswer { status, etag, body }));
                    }
                    if now.as_microsecond() - row.int("begun_us")? < 60_000_000 {
                        return Ok(Idempotency::InProgress);
                    }
                }
                let sql = "insert into idempotency (actor, key, fingerprint, begun_us) values ($1, $2, $3, $4) \
                           on conflict (actor, key) do update set begun_us = excluded.begun_us";
                tx.execute(sql, values![actor, key, fingerprint, now]).await?;
                Ok(Idempotency::Fresh)
            })
        })
        .await
    }

    /// Keeps the answer of a finished request.
    ///
    /// # Errors
    /// `NotFound` when the key was not taken; `Store` or `Unavailable`.
    pub async fn finish_idempotent(&self, actor: &str, key: &str, answer: StoredAnswer) -> Result<()> {
        let (actor, key) = (actor.to_owned(), key.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "update idempotency set status = $3, etag = $4, body = $5 where actor = $1 and key = $2";
                let values = values![actor, &key, u32::from(answer.status), answer.etag, answer.body];
                match tx.execute(sql, values).await? {
                    0 => Err(Error::NotFound {
                        kind: "idempotency key",
                        id: key,
                    }),
                    _ => Ok(()),
                }
            })
        })
        .await
    }

    /// Gives the key back after a request that changed nothing.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn forget_idempotent(&self, actor: &str, key: &str) -> Result<()> {
        let (actor, key) = (actor.to_owned(), key.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "delete from idempotency where actor = $1 and key = $2 and status is null";
                tx.execute(sql, values![actor, key]).await.map(drop)
            })
        })
        .await
    }
}
