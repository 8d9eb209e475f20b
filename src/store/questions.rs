//! Questions whose answers depend on confidential use: which organisation asked how many on which day.

use jiff::Timestamp;

use super::{Store, engine::values};
use crate::{Error, Result};

/// Rows of one answer at most.
const ROWS_MAX: usize = 5000;

/// How much an organisation asked on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionCount {
    /// Key of the organisation.
    pub organisation: String,
    /// The day, `2026-11-23`.
    pub day: String,
    /// Different questions, a wide one as several.
    pub asked: u64,
}

impl Store {
    /// Counts a question unless the organisation asked the same on this day already; whether it may be answered. What was
    /// answered costs at most `limit` together.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; then it is not counted.
    pub async fn count_question(
        &self,
        organisation: &str,
        day: &str,
        (question, cost): (&str, u32),
        limit: u32,
        now: Timestamp,
    ) -> Result<bool> {
        const KNOWN: &str = "select 1 as one from questions where organisation = $1 and day = $2 and question = $3";
        let (organisation, day, question) = (organisation.to_owned(), day.to_owned(), question.to_owned());
        let key = || values![organisation.clone(), day.clone(), question.clone()];
        if self.fetch_optional(KNOWN, key()).await?.is_some() {
            return Ok(true);
        }
        self.write(move |tx| {
            Box::pin(async move {
                // Who asks at the same time, also in another process, waits here.
                let lock = "update counters set value = value + 1 where name = 'questions' returning value";
                let locked = tx.fetch_optional(lock, Vec::new()).await?;
                locked.ok_or(Error::Store(sqlx::Error::RowNotFound))?;
                if tx
                    .fetch_optional(KNOWN, values![organisation.clone(), day.clone(), question.clone()])
                    .await?
                    .is_some()
                {
                    return Ok(true);
                }
                let sum = "select cast(coalesce(sum(cost), 0) as bigint) as asked from questions \
                           where organisation = $1 and day = $2";
                let row = tx
                    .fetch_optional(sum, values![organisation.clone(), day.clone()])
                    .await?;
                let asked = row.map_or(Ok(0), |row| row.count("asked"))?;
                if asked + u64::from(cost) > u64::from(limit) {
                    return Ok(false);
                }
                let insert = "insert into questions (organisation, day, question, cost, first_us) \
                              values ($1, $2, $3, $4, $5)";
                tx.execute(insert, values![organisation, day, question, i64::from(cost), now])
                    .await?;
                Ok(true)
            })
        })
        .await
    }

    /// How much each organisation asked, the latest day first; at most 5000 rows.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn question_counts(&self) -> Result<Vec<QuestionCount>> {
        let sql = format!(
            "select organisation, day, cast(sum(cost) as bigint) as asked from questions group by organisation, day \
             order by day desc, organisation limit {ROWS_MAX}"
        );
        let rows = self.fetch_all(sql, Vec::new()).await?;
        let read = rows.iter().map(|row| {
            Ok(QuestionCount {
                organisation: row.text("organisation")?,
                day: row.text("day")?,
                asked: row.count("asked")?,
            })
        });
        read.collect()
    }
}
