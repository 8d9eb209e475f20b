//! Major events: one row each, with everything that was done in its record; the rows of the plan and the devices beside it.

mod devices;
mod plan;

pub use devices::DeviceQuery;
pub(crate) use plan::no_row;

use super::{
    Page, Store, Tx,
    audit::MAJOR_EVENTS,
    emissions::json_text,
    engine::{Row, Value, values},
    page::{Order, Select, cut},
};
use crate::{
    Error, Result,
    coordination::events::{Event, EventState},
};

/// Which events; absent conditions do not restrict. The latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MajorEventQuery {
    /// In this state.
    pub state: Option<EventState>,
    /// Still to come or going on, or over.
    pub open: Option<bool>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-from",
    key: "from_us",
    id: "place",
    descending: true,
};

fn read(row: &Row) -> Result<Event> {
    row.json("record")
}

/// Where a record stands among those of the same sort key: in the order in which they were made. Random keys alone would put
/// the same records in another order each time.
fn place(made_at: jiff::Timestamp, id: &str) -> String {
    format!("{:020}-{id}", made_at.as_microsecond())
}

pub(crate) fn no_event(id: &str) -> Error {
    Error::NotFound {
        kind: "event",
        id: id.to_owned(),
    }
}

impl Tx {
    /// The event as it is stored now.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn major_event(&mut self, id: &str) -> Result<Event> {
        let sql = "select record from major_events where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_event(id)), read)
    }

    /// Stores a new event, or its change from version `before`.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_major_event(&mut self, event: &Event, before: Option<u64>) -> Result<()> {
        let [from, until] = event.span();
        let mut values = values![
            &event.id,
            event.version,
            event.state.name(),
            &event.number,
            &event.lead,
            from,
            until,
            json_text(event)?,
            place(event.created_at, &event.id)
        ];
        let sql = match before {
            None => {
                "insert into major_events (id, version, state, number, lead, from_us, until_us, record, place) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            }
            Some(before) => {
                values.push(before.into());
                // The version once more: another process may write to the same database.
                "update major_events set version = $2, state = $3, number = $4, lead = $5, from_us = $6, until_us = $7, \
                 record = $8, place = $9 where id = $1 and version = $10"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&MAJOR_EVENTS, &event.id, "change_event");
                Ok(())
            }
        }
    }
}

impl Store {
    /// One event.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn major_event(&self, id: &str) -> Result<Event> {
        let sql = "select record from major_events where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_event(id)), read)
    }

    /// One page of the events that `keep` wants.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn major_events(&self, query: &MajorEventQuery, keep: impl Fn(&Event) -> bool) -> Result<Page<Event>> {
        let place = |event: &Event| (event.span()[0].as_microsecond(), place(event.created_at, &event.id));
        let (mut cursor, mut items) = (query.cursor.clone(), Vec::new());
        // What is left out leaves no gap: pages are as full as if it were not there.
        loop {
            let mut select = Select::new("select record from major_events");
            narrow(&mut select, query);
            let (sql, values, limit) = select.page(&ORDER, cursor.as_deref(), query.limit)?;
            let rows = self.fetch_all(sql, values).await?;
            let rows: Vec<Event> = rows.iter().map(read).collect::<Result<_>>()?;
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

fn narrow(select: &mut Select, query: &MajorEventQuery) {
    if let Some(open) = query.open {
        let states = EventState::ALL.into_iter().filter(|state| state.is_over() != open);
        let names: Vec<Value> = states.map(|state| Value::from(state.name())).collect();
        select.and(&format!("state in ({})", vec!["?"; names.len()].join(", ")), names);
    }
    select.and_some("state = ?", query.state.map(EventState::name));
}
