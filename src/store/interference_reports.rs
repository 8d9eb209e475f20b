//! Interference reports: one row each, with everything that was done in its record.

use jiff::Timestamp;

use super::{
    Page, Store, Tx,
    audit::INTERFERENCE_REPORTS,
    emissions::{json_text, name_of},
    engine::{Row, Value, values},
    page::{Order, Select, cut},
};
use crate::{
    Error, Result,
    coordination::{
        interference::{Grade, Level, Report, ReportState},
        orders::Office,
    },
    units::Band,
};

/// Which reports; absent conditions do not restrict. The latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportQuery {
    /// In this state.
    pub state: Option<ReportState>,
    /// Still worked on, or over.
    pub open: Option<bool>,
    /// Of this grade.
    pub grade: Option<Grade>,
    /// At this level.
    pub level: Option<Level>,
    /// Handled by this office.
    pub office: Option<Office>,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-filed",
    key: "filed_us",
    id: "id",
    descending: true,
};

/// Reports that are read at a time.
const PAGE: u32 = 1000;

fn read(row: &Row) -> Result<Report> {
    row.json("record")
}

pub(crate) fn no_report(id: &str) -> Error {
    Error::NotFound {
        kind: "interference report",
        id: id.to_owned(),
    }
}

impl Tx {
    /// The report as it is stored now.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn interference_report(&mut self, id: &str) -> Result<Report> {
        let sql = "select record from interference_reports where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_report(id)), read)
    }

    /// Stores a new report, or its change from version `before`; `due` is when the clock has something to do about it.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_interference_report(
        &mut self,
        report: &Report,
        before: Option<u64>,
        due: Option<Timestamp>,
    ) -> Result<()> {
        let mut values = values![
            &report.id,
            report.version,
            report.state.name(),
            &report.number,
            name_of(&report.office)?,
            report.shared.is_some(),
            name_of(&report.level)?,
            report.grade.number(),
            report.complaint.low_hz,
            report.complaint.high_hz,
            report.filed_at,
            due,
            json_text(report)?
        ];
        let sql = match before {
            None => {
                "insert into interference_reports (id, version, state, number, office, shared, level, grade, low_hz, \
                 high_hz, filed_us, due_us, record) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
            }
            Some(before) => {
                values.push(before.into());
                // The version once more: another process may write to the same database.
                "update interference_reports set version = $2, state = $3, number = $4, office = $5, shared = $6, \
                 level = $7, grade = $8, low_hz = $9, high_hz = $10, filed_us = $11, due_us = $12, record = $13 \
                 where id = $1 and version = $14"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&INTERFERENCE_REPORTS, &report.id, "change_interference_report");
                Ok(())
            }
        }
    }

    /// When the clock has something to do about it; nothing else changes.
    pub(crate) async fn set_report_due(&mut self, report: &Report, due: Option<Timestamp>) -> Result<()> {
        let sql = "update interference_reports set due_us = $3 where id = $1 and version = $2";
        self.execute(sql, values![&report.id, report.version, due])
            .await
            .map(drop)
    }
}

impl Store {
    /// One report.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn interference_report(&self, id: &str) -> Result<Report> {
        let sql = "select record from interference_reports where id = $1";
        let row = self.fetch_optional(sql, values![id]).await?;
        row.as_ref().map_or_else(|| Err(no_report(id)), read)
    }

    /// One page of the reports that `keep` wants.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn interference_reports(
        &self,
        query: &ReportQuery,
        keep: impl Fn(&Report) -> bool,
    ) -> Result<Page<Report>> {
        let place = |report: &Report| (report.filed_at.as_microsecond(), report.id.clone());
        let (mut cursor, mut items) = (query.cursor.clone(), Vec::new());
        // What is left out leaves no gap: pages are as full as if it were not there.
        loop {
            let mut select = Select::new("select record from interference_reports");
            narrow(&mut select, query)?;
            let (sql, values, limit) = select.page(&ORDER, cursor.as_deref(), query.limit)?;
            let rows = self.fetch_all(sql, values).await?;
            let rows: Vec<Report> = rows.iter().map(read).collect::<Result<_>>()?;
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

    /// Every report that `keep` wants, from this time on, the oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn interference_reports_since(
        &self,
        from: Timestamp,
        keep: impl Fn(&Report) -> bool,
    ) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        let mut after = (from.as_microsecond(), String::new());
        loop {
            let sql = format!(
                "select record from interference_reports where filed_us >= $1 and (filed_us > $1 or id > $2) \
                 order by filed_us, id limit {PAGE}"
            );
            let rows = self.fetch_all(sql, values![after.0, &after.1]).await?;
            let page: Vec<Report> = rows.iter().map(read).collect::<Result<_>>()?;
            let full = page.len() == PAGE as usize;
            if let Some(last) = page.last() {
                after = (last.filed_at.as_microsecond(), last.id.clone());
            }
            reports.extend(page.into_iter().filter(&keep));
            if !full {
                return Ok(reports);
            }
        }
    }

    /// Reports that are not over, for the clock to look at anew.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn interference_reports_running(&self) -> Result<Vec<Report>> {
        let mut select = Select::new("select record from interference_reports");
        let (condition, values) = among(false);
        select.and(&condition, values);
        let (sql, values) = select.finish("order by id");
        self.fetch_all(sql, values).await?.iter().map(read).collect()
    }

    /// Keys of reports the clock has something to do about, the longest overdue first, and when the next is due.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn interference_reports_due(&self, now: Timestamp) -> Result<(Vec<String>, Option<Timestamp>)> {
        let sql = "select id from interference_reports where due_us <= $1 order by due_us, id limit 100";
        let rows = self.fetch_all(sql, values![now]).await?;
        let sql = "select min(due_us) as due from interference_reports where due_us > $1";
        let next = self.fetch_optional(sql, values![now]).await?;
        let ids = rows.iter().map(|row| row.text("id")).collect::<Result<_>>()?;
        Ok((ids, next.map_or(Ok(None), |row| row.time_or_null("due"))?))
    }
}

/// A condition on the state: over, or not.
fn among(over: bool) -> (String, Vec<Value>) {
    let states = ReportState::ALL.into_iter().filter(|state| state.is_over() == over);
    let names: Vec<Value> = states.map(|state| Value::from(state.name())).collect();
    (format!("state in ({})", vec!["?"; names.len()].join(", ")), names)
}

fn narrow(select: &mut Select, query: &ReportQuery) -> Result<()> {
    if let Some(open) = query.open {
        let (condition, values) = among(!open);
        select.and(&condition, values);
    }
    select
        .and_some("state = ?", query.state.map(ReportState::name))
        .and_some("grade = ?", query.grade.map(Grade::number))
        .and_some("level = ?", query.level.map(|level| name_of(&level)).transpose()?)
        .and_some("office = ?", query.office.map(|office| name_of(&office)).transpose()?)
        .and_some("high_hz > ?", query.band.map(Band::low))
        .and_some("low_hz < ?", query.band.map(Band::high));
    Ok(())
}
