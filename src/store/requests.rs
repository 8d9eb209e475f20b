//! Requests between civil and military offices, and what was done and said about them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Page, Store, Tx,
    audit::REQUESTS,
    emissions::{json_text, name_of},
    engine::{Row, Value, values},
    page::{Order, Select, containing, cut},
};
use crate::{
    Error, Result,
    coordination::{Party, Request, Seat, Side, State, Step, range},
    registry::Text,
    units::Band,
};

/// Requests that are looked at in one check.
const NEIGHBOURS_MAX: u32 = 1000;

/// Where requests are in their life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestPhase)]
pub enum Phase {
    /// Being written.
    Draft,
    /// Sent and not decided.
    Pending,
    /// Agreed and not in force.
    Agreed,
    /// In force, or suspended for now.
    InForce,
    /// Over, whatever the reason.
    Closed,
}

impl Phase {
    fn holds(self, state: State) -> bool {
        match self {
            Self::Draft => state == State::Draft,
            Self::Agreed => state.is_agreed(),
            Self::InForce => matches!(state, State::InForce | State::Suspended),
            Self::Closed => state.is_terminal(),
            Self::Pending => ![Self::Draft, Self::Agreed, Self::InForce, Self::Closed]
                .iter()
                .any(|phase| phase.holds(state)),
        }
    }
}

/// What an entry of a thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// It was written, or written anew while a draft.
    Written,
    /// A step was taken.
    Step,
    /// Somebody said something.
    Message,
    /// Those who are to act were reminded.
    Reminder,
    /// Their superiors were told.
    Escalation,
    /// A receiver measured something that does not keep to what was agreed.
    Violation,
    /// A file was added.
    FileAdded,
    /// A file was taken out of a draft.
    FileRemoved,
}

/// One entry of a request's thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadEntry {
    /// Number within the thread, ascending by one; given when it is stored.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// An account, or `system`.
    pub actor: String,
    /// In which part they acted.
    pub party: Party,
    /// What it is.
    pub kind: EntryKind,
    /// The step that was taken.
    pub step: Option<Step>,
    /// Where the request stood afterwards.
    pub state: State,
    /// In words: of the service in both languages, of a person as they were written.
    pub text: Text,
    /// The conflict that was opened.
    pub conflict: Option<String>,
    /// Made before it was sent: for its own side alone.
    pub internal: bool,
}

/// Which requests; absent conditions do not restrict. Last changed first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestQuery {
    /// In this state.
    pub state: Option<State>,
    /// In this phase.
    pub phase: Option<Phase>,
    /// Naming this event.
    pub event: Option<String>,
    /// Of this side.
    pub side: Option<Side>,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Text in number, title, user or office, whatever the case.
    pub text: Option<String>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-changed",
    key: "changed_us",
    id: "id",
    descending: true,
};

pub(crate) fn no_request(id: &str) -> Error {
    Error::NotFound {
        kind: "request",
        id: id.to_owned(),
    }
}

fn read(row: &Row) -> Result<Request> {
    row.json("record")
}

/// A condition on the state.
fn among(states: impl Iterator<Item = State>) -> Result<(String, Vec<Value>)> {
    let names: Vec<Value> = states
        .map(|state| name_of(&state).map(Value::from))
        .collect::<Result<_>>()?;
    let places = vec!["?"; names.len()].join(", ");
    Ok((format!("state in ({places})"), names))
}

fn in_phase(phase: Phase) -> Result<(String, Vec<Value>)> {
    among(State::ALL.into_iter().filter(|state| phase.holds(*state)))
}

impl Tx {
    /// The request as it is stored now.
    pub(crate) async fn request(&mut self, id: &str) -> Result<Option<Request>> {
        let row = self
            .fetch_optional("select record from requests where id = $1", values![id])
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The request with this number.
    pub(crate) async fn request_numbered(&mut self, number: &str) -> Result<Option<Request>> {
        let row = self
            .fetch_optional("select record from requests where number = $1", values![number])
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Stores a new request.
    pub(crate) async fn add_request(
        &mut self,
        request: &Request,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "insert into requests (id, side, created_us, organisation, number, state, low_hz, high_hz, submitted_us, \
                   changed_us, due_us, search, version, record, to_side, to_organisation, event_id) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
        let mut values = values![
            &request.id,
            name_of(&request.side)?,
            request.created_at,
            request.owner()
        ];
        values.extend(columns(request, due, now)?);
        values.push(request.event.clone().into());
        self.execute(sql, values).await?;
        self.touch(&REQUESTS, &request.id, "change_request");
        Ok(())
    }

    /// Stores what became of the request that had this version.
    ///
    /// # Errors
    /// `Stale` when somebody else was faster.
    pub(crate) async fn put_request(
        &mut self,
        request: &Request,
        version: u64,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "update requests set number = $3, state = $4, low_hz = $5, high_hz = $6, submitted_us = $7, \
                   changed_us = $8, due_us = $9, search = $10, version = $11, record = $12, to_side = $13, to_organisation = $14 \
                   where id = $1 and version = $2";
        let mut values = values![&request.id, version];
        values.extend(columns(request, due, now)?);
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&REQUESTS, &request.id, "change_request");
                Ok(())
            }
        }
    }

    /// When the clock has something to do about it; nothing else changes.
    pub(crate) async fn set_request_due(&mut self, request: &Request, due: Option<Timestamp>) -> Result<()> {
        let sql = "update requests set due_us = $3 where id = $1 and version = $2";
        self.execute(sql, values![&request.id, request.version, due])
            .await
            .map(drop)
    }

    /// Adds an entry to the thread; answers it with its number.
    pub(crate) async fn add_to_thread(&mut self, request: &str, mut entry: ThreadEntry) -> Result<ThreadEntry> {
        let last = self
            .fetch_optional(
                "select coalesce(max(entry), 0) as last from request_thread where request_id = $1",
                values![request],
            )
            .await?;
        entry.entry = last.map_or(Ok(0), |row| row.count("last"))? + 1;
        let sql = "insert into request_thread (request_id, entry, record) values ($1, $2, $3)";
        self.execute(sql, values![request, entry.entry, json_text(&entry)?])
            .await?;
        self.touch(&REQUESTS, request, "change_request");
        Ok(entry)
    }

    /// The next number of a series that begins with 1.
    pub(crate) async fn next_number(&mut self, series: &str) -> Result<u64> {
        let sql = "insert into counters (name, value) values ($1, 1) \
                   on conflict (name) do update set value = counters.value + 1 returning value";
        let row = self.fetch_optional(sql, values![series]).await?;
        row.map_or(Err(Error::Store(sqlx::Error::RowNotFound)), |row| row.count("value"))
    }

    /// Lets nobody else put requests in force before this transaction ends, also no other process.
    pub(crate) async fn hold_leases(&mut self) -> Result<()> {
        let sql = "update counters set value = value + 1 where name = 'leases'";
        self.execute(sql, Vec::new()).await.map(drop)
    }

    /// Requests in force, or suspended, that share frequencies with the range.
    pub(crate) async fn requests_in_force(&mut self, range: Band) -> Result<Vec<Request>> {
        let mut select = Select::new("select record from requests");
        let (condition, values) = in_phase(Phase::InForce)?;
        select
            .and(&condition, values)
            .and("low_hz < ? and high_hz > ?", values![range.high(), range.low()]);
        let (sql, values) = select.finish("order by id");
        self.fetch_all(sql, values).await?.iter().map(read).collect()
    }
}

/// The columns after the key, in the order both statements give them.
fn columns(request: &Request, due: Option<Timestamp>, now: Timestamp) -> Result<Vec<Value>> {
    let proposal = &request.proposal;
    let number = request.number.as_deref().unwrap_or_default();
    let search = [
        number,
        &proposal.title,
        &proposal.user,
        &proposal.from_office,
        &proposal.to_office,
    ]
    .map(str::to_lowercase);
    let (range, asked) = (range(request), request.addressee());
    Ok(values![
        request.number.clone(),
        name_of(&request.state)?,
        range.low(),
        range.high(),
        request.submitted_at,
        now,
        due,
        search.join("\n"),
        request.version,
        json_text(request)?,
        name_of(&asked.side)?,
        asked.organisation
    ])
}

impl Store {
    /// One request.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn request(&self, id: &str) -> Result<Request> {
        let row = self
            .fetch_optional("select record from requests where id = $1", values![id])
            .await?;
        row.as_ref().map_or_else(|| Err(no_request(id)), read)
    }

    /// One page of the requests of a seat's own organisation and of those sent to it; without a seat, of all that were
    /// sent.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn requests(&self, query: &RequestQuery, seat: Option<&Seat>) -> Result<Page<Request>> {
        let mut select = Select::new("select record, changed_us from requests");
        match seat {
            // As `Seat::party` says it of one request.
            Some(seat) if seat.office => select.and(
                "(organisation = ? or (submitted_us is not null and to_side = ? \
                 and coalesce(to_organisation, ?) = ?))",
                values![
                    &seat.organisation,
                    name_of(&seat.side)?,
                    &seat.organisation,
                    &seat.organisation
                ],
            ),
            Some(seat) => select.and("organisation = ?", values![&seat.organisation]),
            None => select.and("submitted_us is not null", Vec::new()),
        };
        if let Some(phase) = query.phase {
            let (condition, values) = in_phase(phase)?;
            select.and(&condition, values);
        }
        let pattern = query.text.as_deref().map(containing);
        select
            .and_some("state = ?", query.state.map(|state| name_of(&state)).transpose()?)
            .and_some("event_id = ?", query.event.clone())
            .and_some("side = ?", query.side.map(|side| name_of(&side)).transpose()?)
            .and_some("high_hz > ?", query.band.map(Band::low))
            .and_some("low_hz < ?", query.band.map(Band::high))
            .and_some("search like ? escape '!'", pattern);
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<(i64, Request)> = rows
            .iter()
            .map(|row| Ok((row.int("changed_us")?, read(row)?)))
            .collect::<Result<_>>()?;
        let page = cut(items, limit, &ORDER, |(changed, item)| (*changed, item.id.clone()));
        Ok(Page {
            items: page.items.into_iter().map(|(_, item)| item).collect(),
            next_cursor: page.next_cursor,
        })
    }

    /// Requests that were sent, are neither in force nor over, and share frequencies with the range.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn requests_pending(&self, range: Band) -> Result<Vec<Request>> {
        let open = |state: &State| Phase::Pending.holds(*state) || Phase::Agreed.holds(*state);
        let (condition, values) = among(State::ALL.into_iter().filter(open))?;
        let mut select = Select::new("select record from requests");
        select
            .and(&condition, values)
            .and("low_hz < ? and high_hz > ?", values![range.high(), range.low()]);
        let (sql, values) = select.finish(&format!("order by created_us, id limit {NEIGHBOURS_MAX}"));
        self.fetch_all(sql, values).await?.iter().map(read).collect()
    }

    /// Requests that are not over, for the clock to look at anew.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn requests_running(&self) -> Result<Vec<Request>> {
        let (condition, values) = among(State::ALL.into_iter().filter(|state| !state.is_terminal()))?;
        let mut select = Select::new("select record from requests");
        select.and(&condition, values);
        let (sql, values) = select.finish("order by id");
        self.fetch_all(sql, values).await?.iter().map(read).collect()
    }

    /// Keys of requests the clock has something to do about, the longest overdue first, and when the next is due.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn requests_due(&self, now: Timestamp) -> Result<(Vec<String>, Option<Timestamp>)> {
        let rows = self
            .fetch_all(
                "select id from requests where due_us <= $1 order by due_us, id limit 100",
                values![now],
            )
            .await?;
        let next = self
            .fetch_optional(
                "select min(due_us) as due from requests where due_us > $1",
                values![now],
            )
            .await?;
        let ids = rows.iter().map(|row| row.text("id")).collect::<Result<_>>()?;
        Ok((ids, next.map_or(Ok(None), |row| row.time_or_null("due"))?))
    }

    /// What was done and said about a request, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn thread(&self, request: &str) -> Result<Vec<ThreadEntry>> {
        let sql = "select record from request_thread where request_id = $1 order by entry";
        let rows = self.fetch_all(sql, values![request]).await?;
        rows.iter().map(|row| row.json("record")).collect()
    }
}
