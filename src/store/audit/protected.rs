//! The tables that the log vouches for, and the state of their rows as a hash.
//!
//! What people decided is protected, not what is measured: of a conflict its cause, who has it, how it was settled and its
//! history, not how often it was seen.

use std::collections::HashMap;

use super::sums::{self, member};
use crate::{
    Result,
    audit::{Encoder, Hash, SetSum, hex},
    store::{
        Tx,
        engine::{Row, Value, values},
    },
};

/// A table whose rows are vouched for one by one.
#[derive(Debug)]
pub struct Protected {
    /// Its name; subjects of the log are `name/key`.
    pub name: &'static str,
    key: &'static str,
    texts: &'static [&'static str],
    numbers: &'static [&'static str],
    /// Rows that are left out.
    only: Option<&'static str>,
    lines: Option<&'static Lines>,
}

/// Lines of another table that belong to a row, in their order.
#[derive(Debug)]
struct Lines {
    table: &'static str,
    key: &'static str,
    order: &'static str,
    texts: &'static [&'static str],
    numbers: &'static [&'static str],
}

/// Conflicts with their history.
pub(crate) static CONFLICTS: Protected = Protected {
    name: "conflicts",
    key: "id",
    texts: &[
        "id",
        "kind",
        "receiver",
        "status",
        "acknowledged_by",
        "resolved_by",
        "resolution",
        "assigned_user",
        "assigned_team",
        "assigned_by",
        "merged_into",
        "merged_status",
    ],
    numbers: &["acknowledged_us", "resolved_us", "assigned_us"],
    only: None,
    lines: Some(&Lines {
        table: "conflict_history",
        key: "conflict_id",
        order: "entry",
        texts: &["actor", "action", "comment_zh", "comment_en"],
        numbers: &["entry", "time_us"],
    }),
};

/// Accounts.
pub(crate) static USERS: Protected = Protected {
    name: "users",
    key: "name",
    texts: &["name", "password_hash", "role", "language"],
    numbers: &["disabled", "created_us", "password_changed_us", "version"],
    only: None,
    lines: None,
};

/// Organisations.
pub(crate) static ORGANISATIONS: Protected = Protected {
    name: "organisations",
    key: "id",
    texts: &["id", "code", "kind", "parent", "record"],
    numbers: &["active", "version"],
    only: None,
    lines: None,
};

/// Settings, but for the place where the alarms have read up to.
pub(crate) static SETTINGS: Protected = Protected {
    name: "settings",
    key: "name",
    texts: &["name", "value"],
    numbers: &[],
    only: Some("name <> 'alarm_cursor'"),
    lines: None,
};

/// Allocation tables in force.
pub(crate) static ALLOCATION_TABLES: Protected = Protected {
    name: "allocation_tables",
    key: "id",
    texts: &[
        "id",
        "jurisdiction",
        "edition",
        "effective_from",
        "record",
        "updated_by",
    ],
    numbers: &["version", "updated_us"],
    only: None,
    lines: None,
};

/// Imports that were applied.
pub(crate) static IMPORTS: Protected = Protected {
    name: "imports",
    key: "id",
    texts: &["id", "kind", "source", "actor"],
    numbers: &["time_us", "added", "updated", "unchanged"],
    only: None,
    lines: None,
};

/// Since when verdicts are made by which version of the registry.
pub(crate) static REGISTRY_VERSIONS: Protected = Protected {
    name: "registry_versions",
    key: "version_key",
    texts: &["version"],
    numbers: &["entry", "since_us"],
    only: None,
    lines: None,
};

/// Radio control orders made by people.
pub(crate) static CONTROL_ORDERS: Protected = Protected {
    name: "control_orders",
    key: "id",
    texts: &["id", "state", "number", "record"],
    numbers: &["version", "from_us", "until_us", "closed"],
    only: None,
    lines: None,
};

/// Interference reports; not when the clock looks at them again.
pub(crate) static INTERFERENCE_REPORTS: Protected = Protected {
    name: "interference_reports",
    key: "id",
    texts: &["id", "state", "number", "office", "level", "record"],
    numbers: &["version", "shared", "grade", "filed_us"],
    only: None,
    lines: None,
};

/// Measuring tasks; not when the clock looks at them again.
pub(crate) static MEASURING_TASKS: Protected = Protected {
    name: "measuring_tasks",
    key: "id",
    texts: &["id", "state", "number", "organisation", "record"],
    numbers: &["version", "asked_us", "week_us", "charged_min"],
    only: None,
    lines: None,
};

/// Major events.
pub(crate) static MAJOR_EVENTS: Protected = Protected {
    name: "major_events",
    key: "id",
    texts: &["id", "state", "number", "lead", "record"],
    numbers: &["version", "from_us", "until_us"],
    only: None,
    lines: None,
};

/// Rows of events' frequency plans.
pub(crate) static EVENT_ROWS: Protected = Protected {
    name: "event_rows",
    key: "id",
    texts: &["id", "event_id", "record"],
    numbers: &["version", "low_hz"],
    only: None,
    lines: None,
};

/// Devices at events' gates with their tests.
pub(crate) static EVENT_DEVICES: Protected = Protected {
    name: "event_devices",
    key: "id",
    texts: &["id", "event_id", "serial", "result", "record"],
    numbers: &["version", "number"],
    only: None,
    lines: None,
};

/// Sites where receivers stand.
pub(crate) static SITES: Protected = Protected {
    name: "sites",
    key: "id",
    texts: &["id", "organisation", "record"],
    numbers: &["version"],
    only: None,
    lines: None,
};

/// Webhooks of organisations, but for the key of their signature: not even a hash of that is anywhere.
pub(crate) static WEBHOOKS: Protected = Protected {
    name: "webhooks",
    key: "id",
    texts: &["id", "organisation", "record"],
    numbers: &["active", "version"],
    only: None,
    lines: None,
};

/// Requests between offices with their threads; not when the clock looks at them again.
pub(crate) static REQUESTS: Protected = Protected {
    name: "requests",
    key: "id",
    texts: &["id", "number", "side", "state", "record"],
    numbers: &["created_us", "submitted_us", "changed_us", "version"],
    only: None,
    lines: Some(&Lines {
        table: "request_thread",
        key: "request_id",
        order: "entry",
        texts: &["record"],
        numbers: &["entry"],
    }),
};

/// Answers to requests that wait, or waited, for the time at which they are shown.
pub(crate) static SEALED_ANSWERS: Protected = Protected {
    name: "sealed_answers",
    key: "id",
    texts: &["id", "request_id", "record"],
    numbers: &["place", "publishes_us"],
    only: None,
    lines: None,
};

/// Every table vouched for row by row; their writers call `Tx::touch`. A table that is added here and has rows by then joins the
/// log of an existing database at its next start (`JOINED`).
pub static ROWS: [&Protected; 17] = [
    &CONFLICTS,
    &USERS,
    &SETTINGS,
    &ALLOCATION_TABLES,
    &IMPORTS,
    &REGISTRY_VERSIONS,
    &REQUESTS,
    &CONTROL_ORDERS,
    &INTERFERENCE_REPORTS,
    &ORGANISATIONS,
    &MEASURING_TASKS,
    &MAJOR_EVENTS,
    &EVENT_ROWS,
    &EVENT_DEVICES,
    &SITES,
    &WEBHOOKS,
    &SEALED_ANSWERS,
];

/// Those that had rows before the log knew of them.
pub(super) static JOINED: [&Protected; 1] = [&ORGANISATIONS];

/// Columns that tables got later: of a table, under a name, what of it is in the hash. Nothing is where a row is as it was
/// before, so that its hash is too.
const LATER: [(&str, &str, &str); 1] = [(
    "users",
    "elsewhere",
    "nullif(organisation, case role when 'military_officer' then 'military' else 'civil' end)",
)];

/// Tables vouched for as a whole.
pub static SETS: [&str; 1] = [sums::ASSIGNMENTS];

/// Rows of one page of a scan.
const PAGE: u32 = 2000;

/// Reads rows, inside the writer's transaction or from a snapshot.
pub(super) trait Fetch {
    fn fetch(&mut self, sql: String, values: Vec<Value>) -> impl Future<Output = Result<Vec<Row>>> + Send;
}

impl Fetch for Tx {
    async fn fetch(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Row>> {
        self.fetch_all(sql, values).await
    }
}

impl Protected {
    /// The table as it is read: with a text for a key.
    fn from(&self) -> String {
        let only = self.only.map_or(String::new(), |only| format!(" where {only}"));
        let (name, columns) = (self.name, self.columns());
        // Numbers as keys have leading zeros, so that they are in order as texts too.
        let key = match self.key {
            "version_key" => "substr('0000000000' || cast(entry as text), length(cast(entry as text)) + 1)",
            key => key,
        };
        format!("(select {key} as row_key, {columns} from {name}{only}) as rows_of_it")
    }

    fn columns(&self) -> String {
        let later = self.later().map(|(name, what)| format!(", {what} as {name}"));
        [self.texts, self.numbers].concat().join(", ") + &later.collect::<String>()
    }

    fn later(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let name = self.name;
        let of_it = LATER.iter().filter(move |(table, ..)| *table == name);
        of_it.map(|(_, name, what)| (*name, *what))
    }

    /// The hash of a row, its lines in `lines`.
    fn hash(&self, row: &Row, lines: Option<Encoder>) -> Result<Hash> {
        let mut bytes = Encoder::new(1);
        bytes.text(self.name);
        put(&mut bytes, row, self.texts, self.numbers)?;
        for (name, _) in self.later() {
            if let Some(text) = row.text_or_null(name)? {
                bytes.text(name);
                bytes.text(&text);
            }
        }
        if self.lines.is_some() {
            bytes.text(&hex(&lines.unwrap_or_else(no_lines).digest()));
        }
        Ok(bytes.digest())
    }
}

/// The key of a row of `registry_versions` as subjects of the log name it.
pub(crate) fn number_key(number: u64) -> String {
    format!("{number:010}")
}

fn no_lines() -> Encoder {
    Encoder::new(1)
}

fn put(bytes: &mut Encoder, row: &Row, texts: &[&str], numbers: &[&str]) -> Result<()> {
    for column in texts {
        bytes.text_or_null(row.text_or_null(column)?.as_deref());
    }
    for column in numbers {
        bytes.int_or_null(row.int_or_null(column)?);
    }
    Ok(())
}

impl Lines {
    fn select(&self, condition: &str) -> String {
        let columns = [self.texts, self.numbers].concat().join(", ");
        let (key, table, order) = (self.key, self.table, self.order);
        format!("select {key} as row_key, {columns} from {table} {condition} order by {order}, {key}")
    }
}

/// The hash of the row as it is now; nothing: there is none.
pub(super) async fn state_of(from: &mut impl Fetch, table: &Protected, key: &str) -> Result<Option<Hash>> {
    let sql = format!("select * from {} where row_key = $1", table.from());
    let Some(row) = from.fetch(sql, values![key]).await?.into_iter().next() else {
        return Ok(None);
    };
    let mut lines = no_lines();
    if let Some(of) = table.lines {
        let sql = of.select(&format!("where {} = $1", of.key));
        for line in from.fetch(sql, values![key]).await? {
            put(&mut lines, &line, of.texts, of.numbers)?;
        }
    }
    table.hash(&row, Some(lines)).map(Some)
}

/// The hash of every row by key; `each` hears of every page how many rows it had.
pub(super) async fn states(
    from: &mut impl Fetch,
    table: &Protected,
    mut each: impl FnMut(u64) + Send,
) -> Result<HashMap<String, Hash>> {
    let mut lines: HashMap<String, Encoder> = HashMap::new();
    if let Some(of) = table.lines {
        for line in from.fetch(of.select(""), Vec::new()).await? {
            let bytes = lines.entry(line.text("row_key")?).or_insert_with(no_lines);
            put(bytes, &line, of.texts, of.numbers)?;
        }
    }
    let mut states = HashMap::new();
    let mut last: Option<String> = None;
    loop {
        let rows = next_page(from, &format!("select * from {}", table.from()), "row_key", last).await?;
        for row in &rows {
            let key = row.text("row_key")?;
            states.insert(key.clone(), table.hash(row, lines.remove(&key))?);
        }
        last = rows.last().map(|row| row.text("row_key")).transpose()?;
        each(rows.len() as u64);
        if rows.len() < PAGE as usize {
            return Ok(states);
        }
    }
}

/// What the assignments add up to.
pub(super) async fn sum_of_assignments(from: &mut impl Fetch, mut each: impl FnMut(u64) + Send) -> Result<SetSum> {
    let mut sum = SetSum::default();
    let mut last: Option<String> = None;
    loop {
        let rows = next_page(from, "select id, record from assignments", "id", last).await?;
        for row in &rows {
            sum.add(&member(&row.text("id")?, &row.text("record")?));
        }
        last = rows.last().map(|row| row.text("id")).transpose()?;
        each(rows.len() as u64);
        if rows.len() < PAGE as usize {
            return Ok(sum);
        }
    }
}

/// The rows after `last`, in the order of their keys; from the first on without one.
async fn next_page(from: &mut impl Fetch, select: &str, key: &str, last: Option<String>) -> Result<Vec<Row>> {
    let (beyond, values) = match last {
        Some(last) => (format!("where {key} > $1"), values![last]),
        None => (String::new(), Vec::new()),
    };
    let sql = format!("{select} {beyond} order by {key} limit {PAGE}");
    from.fetch(sql, values).await
}
