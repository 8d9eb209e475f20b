//! The rows of an event's frequency plan.

use super::place;
use crate::{
    Error, Result,
    coordination::events::PlanRow,
    store::{
        Page, Store, Tx,
        audit::EVENT_ROWS,
        emissions::json_text,
        engine::{Row, values},
        page::{Order, Select, cut},
    },
};

const ORDER: Order = Order {
    name: "low",
    key: "low_hz",
    id: "place",
    descending: false,
};

fn read(row: &Row) -> Result<PlanRow> {
    row.json("record")
}

pub(crate) fn no_row(id: &str) -> Error {
    Error::NotFound {
        kind: "plan row",
        id: id.to_owned(),
    }
}

const OF_EVENT: &str = "select record from event_rows where event_id = $1 order by low_hz, place";

impl Tx {
    /// A row of an event's plan.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn event_row(&mut self, event: &str, id: &str) -> Result<PlanRow> {
        let sql = "select record from event_rows where id = $1 and event_id = $2";
        let row = self.fetch_optional(sql, values![id, event]).await?;
        row.as_ref().map_or_else(|| Err(no_row(id)), read)
    }

    /// All rows of an event's plan, ascending.
    ///
    /// # Errors
    /// `Store`.
    pub(crate) async fn event_rows(&mut self, event: &str) -> Result<Vec<PlanRow>> {
        let rows = self.fetch_all(OF_EVENT, values![event]).await?;
        rows.iter().map(read).collect()
    }

    /// Stores a new row, or its change from version `before`.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_event_row(&mut self, row: &PlanRow, before: Option<u64>) -> Result<()> {
        let low = row.content.band().low();
        let mut values = values![&row.id, row.version, low, json_text(row)?, place(row.made_at, &row.id)];
        let sql = match before {
            None => {
                values.push(row.event.as_str().into());
                "insert into event_rows (id, version, low_hz, record, place, event_id) values ($1, $2, $3, $4, $5, $6)"
            }
            Some(before) => {
                values.push(before.into());
                "update event_rows set version = $2, low_hz = $3, record = $4, place = $5 where id = $1 and version = $6"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&EVENT_ROWS, &row.id, "change_event_plan");
                Ok(())
            }
        }
    }

    /// Removes a row of this version.
    ///
    /// # Errors
    /// `Stale`; `Store`.
    pub(crate) async fn delete_event_row(&mut self, id: &str, version: u64) -> Result<()> {
        let sql = "delete from event_rows where id = $1 and version = $2";
        match self.execute(sql, values![id, version]).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&EVENT_ROWS, id, "change_event_plan");
                Ok(())
            }
        }
    }
}

impl Store {
    /// All rows of an event's plan, ascending.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn event_rows(&self, event: &str) -> Result<Vec<PlanRow>> {
        let rows = self.fetch_all(OF_EVENT, values![event]).await?;
        rows.iter().map(read).collect()
    }

    /// One page of the rows that `keep` wants, ascending.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn event_rows_page(
        &self,
        event: &str,
        (limit, cursor): (Option<u32>, Option<String>),
        keep: impl Fn(&PlanRow) -> bool,
    ) -> Result<Page<PlanRow>> {
        let place = |row: &PlanRow| (row.content.band().low().0, place(row.made_at, &row.id));
        let (mut cursor, mut items) = (cursor, Vec::new());
        loop {
            let mut select = Select::new("select record from event_rows");
            select.and("event_id = ?", values![event]);
            let (sql, values, limit) = select.page(&ORDER, cursor.as_deref(), limit)?;
            let rows = self.fetch_all(sql, values).await?;
            let rows: Vec<PlanRow> = rows.iter().map(read).collect::<Result<_>>()?;
            let next = rows
                .last()
                .filter(|_| rows.len() > limit)
                .map(|last| ORDER.cursor(place(last)));
            items.extend(rows.into_iter().filter(&keep));
            if items.len() > limit || next.is_none() {
                return Ok(cut(items, limit, &ORDER, place));
            }
            cursor = next;
        }
    }
}
