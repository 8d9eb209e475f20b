//! Measuring tasks: one row each, with everything that was done in its record.

use jiff::Timestamp;

use super::{
    Page, Store, Tx,
    audit::MEASURING_TASKS,
    emissions::json_text,
    engine::{Row, Value, values},
    page::{Order, Select, cut},
};
use crate::{
    Error, Result,
    coordination::tasks::{Task, TaskState, charged_minutes, week_of},
    units::Band,
};

/// Which tasks; absent conditions do not restrict. The latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskQuery {
    /// In this state.
    pub state: Option<TaskState>,
    /// Still to be measured, or over.
    pub open: Option<bool>,
    /// Of this organisation.
    pub organisation: Option<String>,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-asked",
    key: "asked_us",
    id: "id",
    descending: true,
};

fn read(row: &Row) -> Result<Task> {
    row.json("record")
}

pub(crate) fn no_task(id: &str) -> Error {
    Error::NotFound {
        kind: "task",
        id: id.to_owned(),
    }
}

impl Tx {
    /// The task as it is stored now.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn task(&mut self, id: &str) -> Result<Task> {
        let sql = "select record from measuring_tasks where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_task(id)), read)
    }

    /// Stores a new task, or its change from version `before`; `due` is when the clock has something to do about it.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_task(&mut self, task: &Task, before: Option<u64>, due: Option<Timestamp>) -> Result<()> {
        let [week, _] = week_of(task.content.time.from);
        let mut values = values![
            &task.id,
            task.version,
            task.state.name(),
            &task.number,
            &task.organisation,
            task.content.low_hz,
            task.content.high_hz,
            task.asked_at,
            week,
            charged_minutes(task),
            due,
            json_text(task)?
        ];
        let sql = match before {
            None => {
                "insert into measuring_tasks (id, version, state, number, organisation, low_hz, high_hz, asked_us, \
                 week_us, charged_min, due_us, record) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
            }
            Some(before) => {
                values.push(before.into());
                // The version once more: another process may write to the same database.
                "update measuring_tasks set version = $2, state = $3, number = $4, organisation = $5, low_hz = $6, \
                 high_hz = $7, asked_us = $8, week_us = $9, charged_min = $10, due_us = $11, record = $12 \
                 where id = $1 and version = $13"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&MEASURING_TASKS, &task.id, "change_measuring_task");
                Ok(())
            }
        }
    }

    /// Minutes that the tasks of an organisation take of its quota in the week that begins then, but for one of them. Until
    /// this transaction ends nobody else counts them, also no other process.
    pub(crate) async fn charged(&mut self, organisation: &str, week: Timestamp, but: &str) -> Result<u64> {
        self.hold_leases().await?;
        let row = self.fetch_optional(CHARGED, values![organisation, week, but]).await?;
        row.map_or(Ok(0), |row| row.count("minutes"))
    }
}

const CHARGED: &str = "select cast(coalesce(sum(charged_min), 0) as bigint) as minutes from measuring_tasks \
                       where organisation = $1 and week_us = $2 and id <> $3";

impl Store {
    /// One task.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn task(&self, id: &str) -> Result<Task> {
        let sql = "select record from measuring_tasks where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_task(id)), read)
    }

    /// One page of the tasks that `keep` wants.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn tasks(&self, query: &TaskQuery, keep: impl Fn(&Task) -> bool) -> Result<Page<Task>> {
        let place = |task: &Task| (task.asked_at.as_microsecond(), task.id.clone());
        let (mut cursor, mut items) = (query.cursor.clone(), Vec::new());
        // What is left out leaves no gap: pages are as full as if it were not there.
        loop {
            let mut select = Select::new("select record from measuring_tasks");
            narrow(&mut select, query);
            let (sql, values, limit) = select.page(&ORDER, cursor.as_deref(), query.limit)?;
            let rows = self.fetch_all(sql, values).await?;
            let rows: Vec<Task> = rows.iter().map(read).collect::<Result<_>>()?;
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

    /// Tasks the clock still has something to do about, by id.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn tasks_under_way(&self) -> Result<Vec<Task>> {
        let sql = "select record from measuring_tasks where due_us is not null order by id";
        self.fetch_all(sql, Vec::new()).await?.iter().map(read).collect()
    }

    /// Minutes that the tasks of an organisation take of its quota in the week that begins then.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn charged(&self, organisation: &str, week: Timestamp) -> Result<u64> {
        let row = self.fetch_optional(CHARGED, values![organisation, week, ""]).await?;
        row.map_or(Ok(0), |row| row.count("minutes"))
    }
}

fn narrow(select: &mut Select, query: &TaskQuery) {
    if let Some(open) = query.open {
        let states = TaskState::ALL.into_iter().filter(|state| state.is_over() != open);
        let names: Vec<Value> = states.map(|state| Value::from(state.name())).collect();
        select.and(&format!("state in ({})", vec!["?"; names.len()].join(", ")), names);
    }
    select
        .and_some("state = ?", query.state.map(TaskState::name))
        .and_some("organisation = ?", query.organisation.clone())
        .and_some("high_hz > ?", query.band.map(Band::low))
        .and_some("low_hz < ?", query.band.map(Band::high));
}
