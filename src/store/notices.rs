//! Notices: rows of the desks that are told of a change, numbered for each desk, and how far accounts have read.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::{Row, values},
    random_id,
};
use crate::{Error, Result};

/// That something happened to a record, for one desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Its place among those of its desk, ascending by one.
    pub number: u64,
    /// Random key.
    pub id: String,
    /// What kind of record.
    pub kind: String,
    /// Key of the record.
    pub subject: String,
    /// What happened.
    pub action: String,
    /// An account, or `system`.
    pub actor: String,
    /// When.
    pub time: Timestamp,
}

/// What is told, the same to every desk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News<'a> {
    pub(crate) kind: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) action: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) time: Timestamp,
}

const COLUMNS: &str = "number, id, kind, subject, action, actor, time_us";

impl NoticeRow {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            number: row.count("number")?,
            id: row.text("id")?,
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            action: row.text("action")?,
            actor: row.text("actor")?,
            time: row.time("time_us")?,
        })
    }
}

/// The series of a desk's numbers.
fn series(desk: &str) -> String {
    format!("notices-{desk}")
}

impl Tx {
    /// Tells a desk; its numbers have no gap, because they are given in this transaction.
    pub(crate) async fn tell_desk(&mut self, desk: &str, news: &News<'_>) -> Result<()> {
        let number = self.next_number(&series(desk)).await?;
        let sql = format!("insert into notices (desk, {COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)");
        let values = values![
            desk,
            number,
            random_id(),
            news.kind,
            news.subject,
            news.action,
            news.actor,
            news.time
        ];
        self.execute(sql, values).await?;
        self.wake(desk);
        Ok(())
    }

    /// How far an account has read at a desk; it never goes back.
    pub(crate) async fn set_notices_read(&mut self, account: &str, desk: &str, number: u64) -> Result<()> {
        let sql = "insert into notice_reads (account, desk, number) values ($1, $2, $3) \
                   on conflict (account, desk) do update set number = \
                   case when notice_reads.number < excluded.number then excluded.number else notice_reads.number end";
        self.execute(sql, values![account, desk, number]).await.map(drop)
    }
}

impl Store {
    /// The desk's last number; 0 before the first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn last_notice(&self, desk: &str) -> Result<u64> {
        let sql = "select value from counters where name = $1";
        let row = self.fetch_optional(sql, values![series(desk)]).await?;
        row.map_or(Ok(0), |row| row.count("value"))
    }

    /// The number of the desk's notice with this key; nothing where it is not kept, or not the desk's.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn notice_number(&self, desk: &str, id: &str) -> Result<Option<u64>> {
        let sql = "select number from notices where desk = $1 and id = $2";
        let row = self.fetch_optional(sql, values![desk, id]).await?;
        row.map(|row| row.count("number")).transpose()
    }

    /// At most `limit` notices of a desk after this number, in order.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn notices_after(&self, desk: &str, number: u64, limit: u32) -> Result<Vec<NoticeRow>> {
        let sql = format!(
            "select {COLUMNS} from notices where desk = $1 and number > $2 order by number limit {}",
            limit.max(1)
        );
        let rows = self.fetch_all(sql, values![desk, number]).await?;
        rows.iter().map(NoticeRow::read).collect()
    }

    /// At most `limit` notices of a desk before this number, the latest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn notices_before(&self, desk: &str, number: u64, limit: u32) -> Result<Vec<NoticeRow>> {
        let sql = format!(
            "select {COLUMNS} from notices where desk = $1 and number < $2 order by number desc limit {}",
            limit.max(1)
        );
        let rows = self.fetch_all(sql, values![desk, number.min(i64::MAX as u64)]).await?;
        rows.iter().map(NoticeRow::read).collect()
    }

    /// How far an account has read at a desk. One that has never read begins with what was told since it was made.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn notices_read(&self, account: &str, desk: &str) -> Result<u64> {
        let sql = "select number from notice_reads where account = $1 and desk = $2";
        if let Some(row) = self.fetch_optional(sql, values![account, desk]).await? {
            return row.count("number");
        }
        let sql = "select coalesce(max(number), 0) as number from notices where desk = $1 \
                   and time_us < coalesce((select created_us from users where name = $2), 0)";
        let row = self.fetch_optional(sql, values![desk, account]).await?;
        row.map_or(Err(Error::Store(sqlx::Error::RowNotFound)), |row| row.count("number"))
    }

    /// Remembers how far an account has read at a desk.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn put_notices_read(&self, account: &str, desk: &str, number: u64) -> Result<()> {
        let (account, desk) = (account.to_owned(), desk.to_owned());
        self.write(move |tx| Box::pin(async move { tx.set_notices_read(&account, &desk, number).await }))
            .await
    }
}
