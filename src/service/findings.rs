//! Reading what was found: emissions and conflicts, with everything that belongs to one of them.

use jiff::Timestamp;

use super::disclosure::{Disclosed, View};
pub use crate::store::{
    Assignee, ConflictChange, ConflictQuery, ConflictRecord, ConflictStatus, EmissionOrder, EmissionQuery,
    EmissionRecord, FileRecord, HistoryEntry, Page, Resolution,
};
use crate::{Error, Result, store::Store};

/// Emissions shown with a conflict.
const EMISSIONS_OF_CONFLICT: u32 = 50;

/// What was found, to be read.
#[derive(Debug, Clone)]
pub struct Findings {
    store: Store,
}

/// One conflict with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictDetail {
    /// The conflict.
    pub conflict: ConflictRecord,
    /// The latest 50 emissions.
    pub emissions: Vec<EmissionRecord>,
    /// Who did what, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Files, oldest first.
    pub attachments: Vec<FileRecord>,
    /// The conflicts that were merged into it.
    pub merged: Vec<ConflictRecord>,
}

impl Findings {
    /// The findings in this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// One page of emissions.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list.
    pub async fn emissions(&self, query: &EmissionQuery) -> Result<Page<EmissionRecord>> {
        self.store.emissions(query).await
    }

    /// One page of those emissions that are there for the reader; what is masked leaves no gap.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list.
    pub async fn emissions_met(&self, query: &EmissionQuery, view: &View) -> Result<Page<EmissionRecord>> {
        match view.masks().is_empty() {
            true => self.store.emissions(query).await,
            false => self.store.emissions_kept(query, |record| view.met(record)).await,
        }
    }

    /// One page of emissions as the reader may know them: a kind of verdict finds those that are told to be of this kind,
    /// and not those that are.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list.
    pub async fn emissions_told(&self, query: &EmissionQuery, view: &View) -> Result<Page<Disclosed<EmissionRecord>>> {
        let page = match query.verdict.filter(|_| !view.is_cleared()) {
            None => self.emissions_met(query, view).await?,
            Some(kind) => {
                let all = EmissionQuery {
                    verdict: None,
                    ..query.clone()
                };
                let is_told = |record: &EmissionRecord| {
                    let told = view.emission(record.clone()).into_inner().verdict;
                    view.met(record) && told.is_some_and(|verdict| verdict.kind == kind)
                };
                self.store.emissions_kept(&all, is_told).await?
            }
        };
        Ok(View::page(page, |record| view.emission(record)))
    }

    /// One emission with its bursts.
    ///
    /// # Errors
    /// `NotFound`, also where it is masked for the reader.
    pub async fn emission(&self, id: &str, view: &View) -> Result<(EmissionRecord, Vec<[Timestamp; 2]>)> {
        let emission = self.store.emission(id).await?.filter(|emission| view.met(emission));
        let emission = emission.ok_or_else(|| Error::NotFound {
            kind: "emission",
            id: id.to_owned(),
        })?;
        let bursts = self.store.bursts(id).await?;
        Ok((emission, bursts))
    }

    /// One page of the conflicts the reader may know of.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list.
    pub async fn conflicts(&self, query: &ConflictQuery, view: &View) -> Result<Page<ConflictRecord>> {
        self.store.conflicts_kept(query, |conflict| !view.hides(conflict)).await
    }

    /// Whether the reader may know of this conflict; to be asked before anything is done about it or read of it.
    ///
    /// # Errors
    /// `NotFound`, also where the reader may not know of it.
    pub async fn check_known(&self, id: &str, view: &View) -> Result<()> {
        self.known(id, view).await.map(drop)
    }

    /// Whether the reader may know of this conflict and of this file of it.
    ///
    /// # Errors
    /// `NotFound`, also where the reader may not know of it.
    pub async fn check_file(&self, id: &str, file: &str, view: &View) -> Result<()> {
        let conflict = self.known(id, view).await?;
        let record = self.store.attachment(id, file).await?;
        match view.holds_file(&conflict, &record) {
            true => Ok(()),
            false => Err(Error::NotFound {
                kind: "file",
                id: file.to_owned(),
            }),
        }
    }

    /// The files of a conflict that are there for the reader, and of those merged into it, oldest first.
    ///
    /// # Errors
    /// `NotFound`, also where the reader may not know of it.
    pub async fn files(&self, id: &str, view: &View) -> Result<Vec<FileRecord>> {
        let conflict = self.known(id, view).await?;
        let files = self.store.attachments(id).await?.into_iter();
        Ok(files.filter(|file| view.holds_file(&conflict, file)).collect())
    }

    async fn known(&self, id: &str, view: &View) -> Result<ConflictRecord> {
        let conflict = self.store.conflict(id).await?;
        if view.hides(&conflict) {
            return Err(Error::NotFound {
                kind: "conflict",
                id: id.to_owned(),
            });
        }
        Ok(conflict)
    }

    /// One conflict with its emissions and history.
    ///
    /// # Errors
    /// `NotFound`, also where the reader may not know of it.
    pub async fn conflict(&self, id: &str, view: &View) -> Result<ConflictDetail> {
        let conflict = self.known(id, view).await?;
        let query = EmissionQuery {
            conflict_id: Some(id.to_owned()),
            limit: Some(EMISSIONS_OF_CONFLICT),
            ..EmissionQuery::default()
        };
        let emissions = self.emissions_met(&query, view).await?.items;
        let merged = self.store.merged_into(id).await?;
        let attachments = self.store.attachments(id).await?.into_iter();
        let attachments = attachments.filter(|file| view.holds_file(&conflict, file)).collect();
        Ok(ConflictDetail {
            conflict,
            emissions,
            history: self.store.conflict_history(id).await?,
            attachments,
            merged: merged.into_iter().filter(|part| !view.hides(part)).collect(),
        })
    }
}
