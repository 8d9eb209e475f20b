//! The frequency plan: rows one by one, from and to a file, and what a machine says of them.

use std::collections::HashMap;

use super::{Events, author, faultless, officer, workable};
use crate::{
    Error, Result,
    coordination::{
        Analysis, Fault,
        events::{
            Event, PlanRow, RowContent, SheetLanguage, SheetRow, clashes, may_change, proposal, read_plan, row_faults,
            write_plan,
        },
        tasks::Author,
    },
    registry::{Text, import::BadRow},
    service::{
        change::{Asking, Refused},
        disclosure::{Disclosed, View},
        notices::{Subject, tell},
    },
    store::{Page, Tx, no_row, random_id},
};

/// Rows that are checked at once: each is also held against what receivers near by measured.
const CHECKED_MAX: u32 = 25;

/// A row as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenRow {
    /// What is known of it.
    pub row: Disclosed<PlanRow>,
    /// Whether the reader may change it.
    pub mine: bool,
}

/// What came of reading a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Rows below the header.
    pub rows_read: u64,
    /// What is wrong with them.
    pub bad: Vec<BadRow>,
    /// Channels that are new.
    pub added: u64,
    /// Channels that were there and say something else now.
    pub updated: u64,
    /// Channels that were there already.
    pub unchanged: u64,
    /// Whether it was stored.
    pub applied: bool,
}

/// What a machine says of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFindings {
    /// Id of the row.
    pub row: String,
    /// Its channel.
    pub channel: String,
    /// The check, as of a request.
    pub analysis: Analysis,
    /// Channels of other users in the plan with which it shares frequency, place and time.
    pub clashes: Vec<String>,
}

impl Events {
    /// One page of the plan, ascending, as the reader may know it.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn rows(
        &self,
        id: &str,
        page: (Option<u32>, Option<String>),
        asking: Asking<'_>,
    ) -> Result<Page<SeenRow>> {
        let view = self.view(asking)?;
        let event = self.known(id, asking).await?;
        let known = |row: &PlanRow| view.knows_row(row, asking);
        let page = self.store.event_rows_page(id, page, known).await?;
        Ok(View::page(page, |row| seen(row, &event, &view, asking)))
    }

    /// All rows the reader may know.
    pub(super) async fn known_rows(&self, id: &str, view: &View, asking: Asking<'_>) -> Result<Vec<PlanRow>> {
        let rows = self.store.event_rows(id).await?.into_iter();
        let known = rows.filter(|row| view.knows_row(row, asking));
        Ok(known.map(|row| view.plan_row(row, asking).into_inner()).collect())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `NotFound`; faults of what is written; the refusal of the procedure.
    pub async fn add_row(
        &self,
        id: &str,
        content: RowContent,
        asking: Asking<'_>,
    ) -> std::result::Result<SeenRow, Refused> {
        let writing = self.writing(id, asking).await?;
        let content = tidy(content);
        faultless(row_faults(&content))?;
        let view = self.view(asking)?;
        let added = self.store.write(move |tx| {
            Box::pin(async move {
                let event = match workable(tx, &writing.event, &writing.author).await? {
                    Ok(event) => event,
                    Err(refused) => return Ok(Err(refused)),
                };
                let known = writing.known(tx).await?;
                if let Some(refused) = writing.in_the_way(&known, &content.channel, None) {
                    return Ok(Err(refused));
                }
                let row = writing.row(content);
                tx.put_event_row(&row, None).await?;
                writing.told(tx, &event, &[&row]).await?;
                Ok(Ok((event, row)))
            })
        });
        let (event, row) = added.await??;
        Ok(seen(row, &event, &view, asking))
    }

    /// Writes a row anew; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Stale`; faults of what is written; the refusal of the procedure.
    pub async fn change_row(
        &self,
        [id, row]: [&str; 2],
        version: u64,
        content: RowContent,
        asking: Asking<'_>,
    ) -> std::result::Result<SeenRow, Refused> {
        let writing = self.writing(id, asking).await?;
        let content = tidy(content);
        faultless(row_faults(&content))?;
        let (view, row) = (self.view(asking)?, row.to_owned());
        let changed = self.store.write(move |tx| {
            Box::pin(async move {
                let (event, before) = match writing.changeable(tx, &row, version).await? {
                    Ok(found) => found,
                    Err(refused) => return Ok(Err(refused)),
                };
                let known = writing.known(tx).await?;
                if let Some(refused) = writing.in_the_way(&known, &content.channel, Some(&row)) {
                    return Ok(Err(refused));
                }
                let after = writing.rewritten(&before, content);
                tx.put_event_row(&after, Some(version)).await?;
                writing.told(tx, &event, &[&after]).await?;
                Ok(Ok((event, after)))
            })
        });
        let (event, row) = changed.await??;
        Ok(seen(row, &event, &view, asking))
    }

    /// Removes a row; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Stale`; the refusal of the procedure.
    pub async fn delete_row(
        &self,
        [id, row]: [&str; 2],
        version: u64,
        asking: Asking<'_>,
    ) -> std::result::Result<(), Refused> {
        let (writing, row) = (self.writing(id, asking).await?, row.to_owned());
        let removed = self.store.write(move |tx| {
            Box::pin(async move {
                let (event, before) = match writing.changeable(tx, &row, version).await? {
                    Ok(found) => found,
                    Err(refused) => return Ok(Err(refused)),
                };
                tx.delete_event_row(&row, version).await?;
                writing.told(tx, &event, &[&before]).await.map(Ok)
            })
        });
        removed.await?
    }

    /// Reads a file into the plan, all of it or nothing: a channel that the writer knows is written anew, any other is added,
    /// none is removed. With `dry_run` nothing is stored.
    ///
    /// # Errors
    /// `NotFound`; the refusal of the procedure. Bad rows are no error: they are told, and nothing is stored.
    pub async fn import_plan(
        &self,
        id: &str,
        (name, text): (&str, &str),
        dry_run: bool,
        asking: Asking<'_>,
    ) -> std::result::Result<Imported, Refused> {
        let writing = self.writing(id, asking).await?;
        let report = read_plan(text, name);
        let mut imported = Imported {
            rows_read: report.rows_read,
            bad: report.bad,
            ..Imported::default()
        };
        let (rows, name) = (report.ok, name.to_owned());
        let stored = self.store.write(move |tx| {
            Box::pin(async move {
                let event = match workable(tx, &writing.event, &writing.author).await? {
                    Ok(event) => event,
                    Err(refused) => return Ok(Err(refused)),
                };
                let known = writing.known(tx).await?;
                let changes = writing.sort(&event, rows, &known, &name, &mut imported);
                imported.applied = imported.bad.is_empty() && !dry_run;
                if imported.applied {
                    for (row, before) in &changes {
                        tx.put_event_row(row, *before).await?;
                    }
                    let rows: Vec<&PlanRow> = changes.iter().map(|(row, _)| row).collect();
                    writing.told(tx, &event, &rows).await?;
                }
                Ok(Ok(imported))
            })
        });
        stored.await?
    }

    /// The plan as the reader may know it, as a file.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn export_plan(
        &self,
        id: &str,
        language: SheetLanguage,
        asking: Asking<'_>,
    ) -> Result<(String, Vec<u8>)> {
        let view = self.view(asking)?;
        let event = self.known(id, asking).await?;
        let rows = self.known_rows(id, &view, asking).await?;
        let file = write_plan(rows.iter().map(|row| &row.content), language);
        let file = file.map_err(|error| Error::Unavailable(format!("the plan cannot be written: {error}")))?;
        Ok((event.number, file))
    }

    /// What a machine says of a page of the plan: the check that requests go through, counted as they are, and which channels of
    /// the plan are in each other's way.
    ///
    /// # Errors
    /// `NotFound`; `BudgetSpent` where the organisation has asked as much as it may today; `Store` when reading fails.
    pub async fn check_plan(
        &self,
        id: &str,
        (limit, cursor): (Option<u32>, Option<String>),
        asking: Asking<'_>,
    ) -> Result<Page<RowFindings>> {
        let (view, officer) = (self.view(asking)?, officer(asking)?);
        let event = self.known(id, asking).await?;
        let all = self.known_rows(id, &view, asking).await?;
        let page = (limit.map(|limit| limit.min(CHECKED_MAX)), cursor);
        let known = |row: &PlanRow| view.knows_row(row, asking);
        let page = self.store.event_rows_page(id, page, known).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let row = view.plan_row(row, asking).into_inner();
            let asked = proposal(&row.content, &event);
            let found = clashes(&row, &all, &event);
            items.push(RowFindings {
                clashes: found.into_iter().map(|other| other.content.channel.clone()).collect(),
                analysis: self.coordination.check_use(asked, &officer, &view).await?,
                row: row.id,
                channel: row.content.channel,
            });
        }
        Ok(Page {
            items,
            next_cursor: page.next_cursor,
        })
    }

    async fn writing(&self, id: &str, asking: Asking<'_>) -> Result<Writer> {
        self.known(id, asking).await?;
        Ok(Writer {
            event: id.to_owned(),
            author: author(asking)?,
            role: asking.role,
            now: asking.now,
            rows_max: self.rules().rows_max,
            view: self.view(asking)?,
        })
    }
}

/// Who writes into which plan.
#[derive(Debug)]
struct Writer {
    event: String,
    author: Author,
    role: crate::service::auth::Role,
    now: jiff::Timestamp,
    rows_max: usize,
    view: std::sync::Arc<View>,
}

impl Writer {
    fn asking(&self) -> Asking<'_> {
        Asking {
            actor: &self.author.actor,
            role: self.role,
            organisation: &self.author.organisation,
            now: self.now,
        }
    }

    /// The rows the writer may know.
    async fn known(&self, tx: &mut Tx) -> Result<Vec<PlanRow>> {
        let rows = tx.event_rows(&self.event).await?.into_iter();
        Ok(rows.filter(|row| self.view.knows_row(row, self.asking())).collect())
    }

    /// The event and a row of it that may be changed.
    async fn changeable(
        &self,
        tx: &mut Tx,
        row: &str,
        version: u64,
    ) -> Result<std::result::Result<(Event, PlanRow), Refused>> {
        let event = match workable(tx, &self.event, &self.author).await? {
            Ok(event) => event,
            Err(refused) => return Ok(Err(refused)),
        };
        let before = tx.event_row(&self.event, row).await?;
        if !self.view.knows_row(&before, self.asking()) {
            return Err(no_row(row));
        }
        if before.version != version {
            return Err(Error::Stale);
        }
        Ok(match may_change(&event, &before, &self.author) {
            Ok(()) => Ok((event, before)),
            Err(refusal) => Err(Refused::Step(refusal)),
        })
    }

    /// Tells those who may know one of the rows that the plan changed.
    async fn told(&self, tx: &mut Tx, event: &Event, rows: &[&PlanRow]) -> Result<()> {
        tell(tx, Subject::Plan(event, rows), "plan", &self.author.actor, self.now).await
    }

    /// A row of the same name, or too many of them; of those the writer may not know nothing is told.
    fn in_the_way(&self, known: &[PlanRow], channel: &str, own: Option<&str>) -> Option<Refused> {
        let named = known
            .iter()
            .any(|row| row.content.channel == channel && Some(row.id.as_str()) != own);
        let fault = |zh: String, en: String| {
            Some(Refused::Faults(vec![Fault {
                field: "channel",
                reason: Text::new(zh, en),
            }]))
        };
        if named {
            return fault(
                "计划中已有同名信道：请换一个名称".to_owned(),
                "the plan has a channel of this name: give another".to_owned(),
            );
        }
        let most = self.rows_max;
        if own.is_none() && known.len() >= most {
            return fault(
                format!("频率计划最多 {most} 行：请先删除不用的行"),
                format!("a plan has {most} rows at most: remove some first"),
            );
        }
        None
    }

    fn row(&self, content: RowContent) -> PlanRow {
        PlanRow {
            id: random_id(),
            event: self.event.clone(),
            organisation: self.author.organisation.clone(),
            content,
            made_at: self.now,
            written_by: self.author.actor.clone(),
            written_at: self.now,
            version: 1,
        }
    }

    fn rewritten(&self, before: &PlanRow, content: RowContent) -> PlanRow {
        PlanRow {
            content,
            written_by: self.author.actor.clone(),
            written_at: self.now,
            version: before.version + 1,
            ..before.clone()
        }
    }

    /// What a file's rows change, with the versions they replace; what speaks against one goes to the bad rows.
    fn sort(
        &self,
        event: &Event,
        rows: Vec<SheetRow>,
        known: &[PlanRow],
        file: &str,
        imported: &mut Imported,
    ) -> Vec<(PlanRow, Option<u64>)> {
        let by_channel: HashMap<&str, &PlanRow> = known.iter().map(|row| (row.content.channel.as_str(), row)).collect();
        let mut changes = Vec::new();
        for SheetRow { line, content } in rows {
            let bad = |reason: Text| BadRow {
                file: file.to_owned(),
                line,
                field: "channel".to_owned(),
                value: content.channel.clone(),
                reason,
            };
            match by_channel.get(content.channel.as_str()) {
                Some(row) if row.content == content => imported.unchanged += 1,
                Some(row) if may_change(event, row, &self.author).is_err() => imported.bad.push(bad(Text::new(
                    "该信道由其他单位填写，不能修改",
                    "another organisation wrote this channel: it is not yours to change",
                ))),
                Some(row) => {
                    imported.updated += 1;
                    changes.push((self.rewritten(row, content), Some(row.version)));
                }
                None if known.len() as u64 + imported.added >= self.rows_max as u64 => {
                    let most = self.rows_max;
                    imported.bad.push(bad(Text::new(
                        format!("频率计划最多 {most} 行"),
                        format!("a plan has {most} rows at most"),
                    )));
                }
                None => {
                    imported.added += 1;
                    changes.push((self.row(content), None));
                }
            }
        }
        changes
    }
}

fn seen(row: PlanRow, event: &Event, view: &View, asking: Asking<'_>) -> SeenRow {
    let mine = !event.state.is_over() && author(asking).is_ok_and(|author| may_change(event, &row, &author).is_ok());
    SeenRow {
        mine,
        row: view.plan_row(row, asking),
    }
}

/// What people type, without the space around it.
fn tidy(mut content: RowContent) -> RowContent {
    for text in [
        &mut content.channel,
        &mut content.user,
        &mut content.site,
        &mut content.note,
        &mut content.designator,
    ] {
        *text = text.trim().to_owned();
    }
    content.classification = content.classification.filter(|class| !class.trim().is_empty());
    content
}
