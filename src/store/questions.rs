//! Questions whose answers depend on confidential use: which office asked how many on which day.

use jiff::Timestamp;

use super::{Store, engine::values};
use crate::{Error, Result};

/// Days of one answer at most.
const DAYS_MAX: usize = 366;

/// How much an office asked on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionCount {
    /// The office.
    pub office: String,
    /// The day, `2026-11-23`.
    pub day: String,
    /// Different questions.
    pub asked: u64,
}

impl Store {
    /// Counts a question unless the office asked the same on this day already; whether it may be answered. At most `limit`
    /// may.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; then it is not counted.
    pub async fn count_question(
        &self,
        office: &str,
        day: &str,
        question: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<bool> {
        const KNOWN: &str = "select 1 as one from questions where office = $1 and day = $2 and question = $3";
        let (office, day, question) = (office.to_owned(), day.to_owned(), question.to_owned());
        let key = || values![office.clone(), day.clone(), question.clone()];
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
                    .fetch_optional(KNOWN, values![office.clone(), day.clone(), question.clone()])
                    .await?
                    .is_some()
                {
                    return Ok(true);
                }
                let sum = "select count(*) as asked from questions where office = $1 and day = $2";
                let row = tx.fetch_optional(sum, values![office.clone(), day.clone()]).await?;
                let asked = row.map_or(Ok(0), |row| row.count("asked"))?;
                if asked >= u64::from(limit) {
                    return Ok(false);
                }
                let insert = "insert into questions (office, day, question, first_us) values ($1, $2, $3, $4)";
                tx.execute(insert, values![office, day, question, now]).await?;
                Ok(true)
            })
        })
        .await
    }

    /// How much each office asked, the latest of the last 366 days first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn question_counts(&self) -> Result<Vec<QuestionCount>> {
        let sql = format!(
            "select office, day, count(*) as asked from questions group by office, day order by day desc, office \
             limit {DAYS_MAX}"
        );
        let rows = self.fetch_all(sql, Vec::new()).await?;
        let read = rows.iter().map(|row| {
            Ok(QuestionCount {
                office: row.text("office")?,
                day: row.text("day")?,
                asked: row.count("asked")?,
            })
        });
        read.collect()
    }
}
