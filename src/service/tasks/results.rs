//! What comes back from a task: what the receivers truly observed in its slots.
//!
//! Occupancy is counted once, when a slot is over, and kept with the task: nothing of the registry goes into it, and the
//! minutes it is counted from are not kept for ever. Emissions and recordings are looked up when they are read, as the
//! reader may know them then.

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{super::change::Asking, Tasks, clock::nothing};
use crate::{
    Error, Result,
    coordination::tasks::{InUse, InUseBound, Measured, Slot, Task, TaskProduct},
    service::{
        disclosure::{Disclosed, View},
        findings::{ConflictQuery, EmissionOrder, EmissionQuery, EmissionRecord},
        occupancy::{Bound, Occupancy, OccupancyQuery, Split, raster},
        vault::Vault,
    },
    store::FileRecord,
    units::Band,
};

/// Emissions of one answer.
const EMISSIONS_MAX: usize = 500;
/// Conflicts whose files are looked at for one slot.
const CONFLICTS_MAX: u32 = 100;
/// Media type of samples.
const SAMPLES: &str = "application/octet-stream";

/// A recording of the frequencies of a task in one of its slots: made for it, or kept as evidence of a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRecording {
    /// The conflict they are evidence of; none: they were recorded for the task.
    pub conflict_id: Option<String>,
    /// The file.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it begins; of evidence: when it was kept.
    pub at: Timestamp,
}

impl TaskRecording {
    fn of(file: FileRecord, conflict_id: Option<String>) -> Self {
        Self {
            conflict_id,
            id: file.id,
            name: file.name,
            size_bytes: file.size_bytes,
            at: file.uploaded_at,
        }
    }
}

/// What was met and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskResults {
    /// Emissions on in a slot, the earliest first; empty where they were not asked for.
    pub emissions: Vec<Disclosed<EmissionRecord>>,
    /// There were more than are listed.
    pub more: bool,
    /// Recordings; empty where they were not asked for.
    pub recordings: Vec<TaskRecording>,
}

impl Tasks {
    /// What was observed of the task's frequencies in a slot, by what is stored.
    ///
    /// # Errors
    /// `Invalid` where it is too much to be counted; `Store` when reading fails.
    pub(super) async fn measured(&self, task: &Task, slot: &Slot) -> Result<Measured> {
        let Some(band) = task.content.band() else {
            return Ok(nothing(slot.clone()));
        };
        let channels = task.content.raster_hz.and_then(|width| raster(band, width).ok());
        let query = OccupancyQuery {
            receiver: slot.receiver.clone(),
            channels: channels.unwrap_or_else(|| vec![band]),
            from: slot.from,
            to: slot.until,
            split: Split::Whole,
            zone: TimeZone::UTC,
        };
        let counted = self.occupancies.report(&query).await?;
        let wanted = task.content.products.contains(&TaskProduct::Occupancy);
        Ok(Measured {
            slot: slot.clone(),
            observed_s: counted
                .channels
                .iter()
                .map(|channel| channel.observed_s)
                .min()
                .unwrap_or(0),
            channels: counted.resource.filter(|_| wanted).as_ref().map(in_use),
            band: counted.band.filter(|_| wanted).as_ref().map(in_use),
        })
    }

    /// Emissions and recordings of the slots that are over, as the reader may know them now.
    ///
    /// # Errors
    /// `NotFound`, also for a task the reader may not know; `Store` when reading fails.
    pub async fn results(&self, id: &str, asking: Asking<'_>) -> Result<TaskResults> {
        let view = self.view(asking)?;
        let task = self.known(id, asking).await?;
        let mut results = TaskResults {
            emissions: Vec::new(),
            more: false,
            recordings: Vec::new(),
        };
        let Some(band) = task.content.band() else {
            return Ok(results);
        };
        let wants = |product| task.content.products.contains(&product);
        let (mut known, mut files) = (HashSet::new(), HashSet::new());
        if wants(TaskProduct::Recording) && view.holds_recordings(band) {
            let own = self.store.task_files(&task.id).await?.into_iter();
            results.recordings.extend(own.map(|file| TaskRecording::of(file, None)));
        }
        for measured in task.measured.iter().filter(|measured| measured.observed_s > 0) {
            if wants(TaskProduct::Emissions) && !results.more {
                self.met(&measured.slot, band, &view, &mut known, &mut results).await?;
            }
            if wants(TaskProduct::Recording) {
                let found = self.kept(&measured.slot, band, &view).await?;
                results
                    .recordings
                    .extend(found.into_iter().filter(|file| files.insert(file.id.clone())));
            }
        }
        Ok(results)
    }

    /// One of the recordings made for a task, with its content.
    ///
    /// # Errors
    /// `NotFound`, also for a task the reader may not know, or near a band that is masked; `Io` when the content is gone or is
    /// no longer what was kept.
    pub async fn recording(
        &self,
        vault: &Vault,
        id: &str,
        file: &str,
        asking: Asking<'_>,
    ) -> Result<(FileRecord, Vec<u8>)> {
        let task = self.known(id, asking).await?;
        let (view, band) = (self.view(asking)?, task.content.band());
        if band.is_none_or(|band| !view.holds_recordings(band)) {
            return Err(Error::NotFound {
                kind: "file",
                id: file.to_owned(),
            });
        }
        let file = self.store.task_file(&task.id, file).await?;
        let content = vault.read(&file.sha256).await?;
        Ok((file, content))
    }

    async fn met(
        &self,
        slot: &Slot,
        band: Band,
        view: &View,
        known: &mut HashSet<String>,
        results: &mut TaskResults,
    ) -> Result<()> {
        let mut query = EmissionQuery {
            receiver: Some(slot.receiver.clone()),
            band: Some(band),
            from: Some(slot.from),
            to: Some(slot.until),
            order: EmissionOrder::Start,
            limit: Some(200),
            ..EmissionQuery::default()
        };
        loop {
            let page = self.findings.emissions_met(&query, view).await?;
            // What ended without a judgement was no emission of its own.
            let own = page
                .items
                .into_iter()
                .filter(|emission| emission.open || emission.verdict.is_some());
            for emission in own {
                if results.emissions.len() >= EMISSIONS_MAX {
                    results.more = true;
                    return Ok(());
                }
                if known.insert(emission.id.clone()) {
                    results.emissions.push(view.emission(emission));
                }
            }
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn kept(&self, slot: &Slot, band: Band, view: &View) -> Result<Vec<TaskRecording>> {
        let query = ConflictQuery {
            receiver: Some(slot.receiver.clone()),
            band: Some(band),
            from: Some(slot.from),
            to: Some(slot.until),
            limit: Some(CONFLICTS_MAX),
            ..ConflictQuery::default()
        };
        let mut found = Vec::new();
        for conflict in self.findings.conflicts(&query, view).await?.items {
            let detail = match self.findings.conflict(&conflict.id, view).await {
                Ok(detail) => detail,
                Err(Error::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let in_slot = |at: Timestamp| slot.from <= at && at < slot.until;
            let files = detail
                .attachments
                .into_iter()
                .filter(|file| file.content_type == SAMPLES);
            found.extend(files.filter(|file| in_slot(file.uploaded_at)).map(|file| {
                let conflict = file.owner_id.clone();
                TaskRecording::of(file, Some(conflict))
            }));
        }
        Ok(found)
    }
}

pub(in crate::service) fn in_use(counted: &Occupancy) -> InUse {
    InUse {
        share: counted.share,
        low: counted.low,
        high: counted.high,
        confidence: counted.confidence,
        bound: match counted.bound {
            Bound::Interval => InUseBound::Interval,
            Bound::AtMost => InUseBound::AtMost,
            Bound::AtLeast => InUseBound::AtLeast,
        },
    }
}
