//! Answers that wait for their publication: one row each, kept for good.

use jiff::Timestamp;

use super::{
    Store, Tx,
    audit::SEALED_ANSWERS,
    emissions::json_text,
    engine::{Row, Value, values},
};
use crate::{Result, coordination::Sealed};

fn read(row: &Row) -> Result<Sealed> {
    row.json("record")
}

const OF_ONE: &str = "select record from sealed_answers where request_id = $1 order by place";

impl Tx {
    /// Everything that waits or waited for a request, in the order in which it was made.
    pub(crate) async fn sealed(&mut self, request: &str) -> Result<Vec<Sealed>> {
        self.fetch_all(OF_ONE, values![request])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Stores a new one; answers it with its place. Of two at once one is undone by the row's place and tried again by its
    /// sender.
    pub(crate) async fn add_sealed(&mut self, mut sealed: Sealed) -> Result<Sealed> {
        let last = self
            .fetch_optional(
                "select coalesce(max(place), 0) as last from sealed_answers where request_id = $1",
                values![&sealed.request],
            )
            .await?;
        sealed.place = last.map_or(Ok(0), |row| row.count("last"))? + 1;
        let sql =
            "insert into sealed_answers (id, request_id, place, publishes_us, record) values ($1, $2, $3, $4, $5)";
        let values = values![
            &sealed.id,
            &sealed.request,
            sealed.place,
            sealed.publishes_at,
            json_text(&sealed)?
        ];
        self.execute(sql, values).await?;
        self.touch(&SEALED_ANSWERS, &sealed.id, "seal_answer");
        Ok(sealed)
    }

    /// Stores what became of one that waited.
    ///
    /// # Errors
    /// `Stale` when it does not wait any more.
    pub(crate) async fn end_sealed(&mut self, sealed: &Sealed) -> Result<()> {
        let sql =
            "update sealed_answers set publishes_us = null, record = $2 where id = $1 and publishes_us is not null";
        if self.execute(sql, values![&sealed.id, json_text(sealed)?]).await? == 0 {
            return Err(crate::Error::Stale);
        }
        self.touch(&SEALED_ANSWERS, &sealed.id, "end_sealed_answer");
        Ok(())
    }
}

impl Store {
    /// Everything that waits or waited for a request, in the order in which it was made.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sealed(&self, request: &str) -> Result<Vec<Sealed>> {
        self.fetch_all(OF_ONE, values![request])
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The same of several requests.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sealed_of(&self, requests: &[String]) -> Result<Vec<Sealed>> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (1..=requests.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "select record from sealed_answers where request_id in ({}) order by request_id, place",
            places.join(", ")
        );
        let values: Vec<Value> = requests.iter().map(Value::from).collect();
        self.fetch_all(sql, values).await?.iter().map(read).collect()
    }

    /// Keys of requests with something to publish, and when the next has.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sealed_due(&self, now: Timestamp) -> Result<(Vec<String>, Option<Timestamp>)> {
        let rows = self
            .fetch_all(
                "select distinct request_id from sealed_answers where publishes_us <= $1 order by request_id",
                values![now],
            )
            .await?;
        let next = self
            .fetch_optional(
                "select min(publishes_us) as due from sealed_answers where publishes_us > $1",
                values![now],
            )
            .await?;
        let ids = rows.iter().map(|row| row.text("request_id")).collect::<Result<_>>()?;
        Ok((ids, next.map_or(Ok(None), |row| row.time_or_null("due"))?))
    }
}
