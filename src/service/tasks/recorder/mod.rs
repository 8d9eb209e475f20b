//! Recordings for tasks that want them: samples as the receiver delivered them, as each slot begins and at fixed times in it.
//!
//! Samples come from the receivers' memories ([`RecentIq`]), as those of a conflict's evidence do; nothing here is on the way
//! of a sample. What cannot be kept is counted and logged.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use pinpu_hardware::sigmf::Annotation;
use tokio::{sync::watch, task::JoinHandle};

use super::{ACTION, Tasks};
use crate::{
    Error, Result,
    capture::{RecentIq, recent::Cut},
    config::EvidenceConfig,
    coordination::tasks::{Slot, Task, TaskProduct},
    service::{
        evidence::{Source, Subject, empty, recording},
        ledger::SYSTEM,
        monitoring::until_stopped,
        vault::{NewFile, Vault},
    },
    store::{AuditNote, FileRecord, Tx, random_id},
    units::{Band, Hertz},
};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// Files removed in one transaction at most.
const STEP: u32 = 50;

/// The running recorder.
#[derive(Debug)]
pub struct Recorder {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What recording needs.
struct Recording {
    tasks: Tasks,
    vault: Vault,
    folder: Arc<PathBuf>,
    sources: BTreeMap<String, Source>,
    config: EvidenceConfig,
    /// When the next recording of a slot is due, by task and first instant.
    due: HashMap<(String, Timestamp), Timestamp>,
}

impl Recorder {
    /// Starts recording. Must be called inside a tokio runtime. `folder` is for files in the making; what a crash left there
    /// is removed.
    ///
    /// # Errors
    /// `Io` when the folder cannot be used.
    pub fn start(
        tasks: Tasks,
        vault: Vault,
        folder: PathBuf,
        sources: BTreeMap<String, Source>,
        config: EvidenceConfig,
    ) -> Result<Self> {
        empty(&folder)?;
        let (stop, mut stopped) = watch::channel(false);
        let mut recording = Recording {
            tasks,
            vault,
            folder: Arc::new(folder),
            sources,
            config,
            due: HashMap::new(),
        };
        let task = tokio::spawn(async move {
            let (mut look, mut forget) = (tokio::time::interval(LOOK_EVERY), tokio::time::interval(FORGET_EVERY));
            loop {
                let done = tokio::select! {
                    _ = look.tick() => recording.look(Timestamp::now()).await,
                    _ = forget.tick() => recording.forget(Timestamp::now()).await,
                    () = until_stopped(&mut stopped) => return,
                };
                if let Err(error) = done {
                    tracing::warn!(%error, "recordings of tasks could not be looked after; trying again");
                }
            }
        });
        Ok(Self { stop, task })
    }

    /// Ends with what is being kept.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the recorder of tasks did not stop cleanly");
        }
    }
}

impl Recording {
    /// Records what is due.
    async fn look(&mut self, now: Timestamp) -> Result<()> {
        if self.config.task_disk_bytes_max == 0 {
            return Ok(());
        }
        let every = self.tasks.rules().recording_every;
        let mut current = HashMap::new();
        for task in self.tasks.store.tasks_under_way().await? {
            if !task.content.products.contains(&TaskProduct::Recording) {
                continue;
            }
            for slot in task.slots.iter().filter(|slot| slot.from <= now && now < slot.until) {
                let key = (task.id.clone(), slot.from);
                let due = match self.due.get(&key) {
                    Some(due) => *due,
                    None => self.first_due(&task, slot, every).await?,
                };
                let due = match self.record(&task, slot, due).await {
                    Ok(None) => due,
                    Ok(Some(begun)) => begun + every,
                    Err(error) => {
                        missed(&task, &error);
                        now + every
                    }
                };
                current.insert(key, due);
            }
        }
        self.due = current;
        Ok(())
    }

    /// The beginning of the slot, or the time after the last recording a run before this one made in it.
    async fn first_due(&self, task: &Task, slot: &Slot, every: SignedDuration) -> Result<Timestamp> {
        let files = self.tasks.store.task_files(&task.id).await?;
        let within = files.iter().map(|file| file.uploaded_at).filter(|at| *at >= slot.from);
        Ok(within.max().map_or(slot.from, |at| at + every))
    }

    /// Records from `due` on, or from where the receiver's memory begins; answers from when. Nothing: not yet.
    async fn record(&self, task: &Task, slot: &Slot, due: Timestamp) -> Result<Option<Timestamp>> {
        let source = self.sources.get(&slot.receiver);
        let Some((source, band)) = source.zip(task.content.band()) else {
            return Ok(None);
        };
        let center = Hertz(band.low().0.midpoint(band.high().0));
        let Some([oldest, newest]) = source.recent.as_ref().and_then(|recent| recent.reach(center)) else {
            return Ok(None);
        };
        let length = SignedDuration::try_from_secs_f64(self.config.cut_s).unwrap_or(SignedDuration::from_secs(1));
        let begin = due.max(oldest).max(slot.from);
        if newest < begin + length || begin + length > slot.until {
            return Ok(None);
        }
        let cut = source
            .recent
            .as_ref()
            .and_then(|recent| self.cut(recent, center, [begin, begin + length]));
        let Some(cut) = cut else { return Ok(None) };
        let begun = cut.start().unwrap_or(begin);
        let at = begun.strftime("%Y%m%dT%H%M%S%.3fZ");
        let name = format!(
            "{}_{}_{:.4}MHz_{at}",
            task.number,
            slot.receiver,
            center.as_f64() * 1e-6
        );
        let (folder, source, subject) = (Arc::clone(&self.folder), source.clone(), subject(task, band));
        let made = tokio::task::spawn_blocking(move || recording(&folder, &name, &cut, &source, subject));
        let files = made.await.map_err(|error| Error::Unavailable(error.to_string()))??;
        self.keep(task, files, begun).await?;
        Ok(Some(begun))
    }

    fn cut(&self, recent: &RecentIq, center: Hertz, [from, to]: [Timestamp; 2]) -> Option<Cut> {
        let cut = recent.cut(center, from, to)?;
        let sample = cut.stream().facts.format.bytes() as u64;
        Some(cut.at_most(self.vault.bytes_max() / sample)).filter(|cut| !cut.is_empty())
    }

    /// Keeps all of the files or none; recordings of tasks that are over give way where there is no room.
    async fn keep(&self, task: &Task, files: Vec<NewFile>, at: Timestamp) -> Result<()> {
        let rows: Vec<FileRecord> = files
            .iter()
            .map(|file| self.row(task, file, at))
            .collect::<Result<_>>()?;
        let _held = self.vault.changing().await;
        self.make_room(rows.iter().map(|row| row.size_bytes).sum()).await?;
        let mut stored = Ok(());
        for (row, file) in rows.iter().zip(files) {
            if stored.is_ok() {
                stored = self.vault.keep(&row.sha256, file.content).await;
            }
        }
        if stored.is_ok() {
            let rows = rows.clone();
            stored = self
                .tasks
                .store
                .write(move |tx| {
                    Box::pin(async move {
                        for row in &rows {
                            tx.put_task_file(row).await?;
                            note(tx, row, "recorded");
                        }
                        Ok(())
                    })
                })
                .await;
        }
        if stored.is_err() {
            for row in &rows {
                self.vault.discard(&row.sha256).await;
            }
        } else {
            metrics::counter!("pinpu_task_recordings_total").increment(1);
        }
        stored
    }

    fn row(&self, task: &Task, file: &NewFile, at: Timestamp) -> Result<FileRecord> {
        let sealed = self.vault.seal(file)?;
        Ok(FileRecord {
            id: random_id(),
            owner_id: task.id.clone(),
            name: sealed.name,
            content_type: sealed.content_type.to_owned(),
            size_bytes: sealed.size_bytes,
            sha256: sealed.sha256,
            uploaded_by: SYSTEM.to_owned(),
            uploaded_at: at,
        })
    }

    async fn make_room(&self, wanted: u64) -> Result<()> {
        let most = self.config.task_disk_bytes_max;
        loop {
            let write = self
                .tasks
                .store
                .write(|tx| Box::pin(async move { tx.task_files_size().await }));
            let taken = write.await?;
            if taken + wanted <= most {
                return Ok(());
            }
            if self.remove(Timestamp::MAX, 2).await? == 0 {
                return Err(Error::WrongState(format!(
                    "recordings of tasks take {taken} of {most} bytes and {wanted} more are to be kept: raise \
                     evidence.task_disk_mib"
                )));
            }
        }
    }

    /// Removes the recordings of tasks that are over whose days have passed.
    async fn forget(&self, now: Timestamp) -> Result<()> {
        let _held = self.vault.changing().await;
        let days = SignedDuration::from_hours(24 * i64::from(self.config.retention_days));
        while self.remove(now - days, STEP).await? > 0 {}
        Ok(())
    }

    /// One step of removing; `changing` is held.
    async fn remove(&self, before: Timestamp, limit: u32) -> Result<usize> {
        let removed = self.tasks.store.write(move |tx| {
            Box::pin(async move {
                let rows = tx.take_old_task_files(before, limit).await?;
                for row in &rows {
                    note(tx, row, "removed");
                }
                Ok(rows)
            })
        });
        let removed = removed.await?;
        for row in &removed {
            self.vault.discard(&row.sha256).await;
        }
        Ok(removed.len())
    }
}

/// What the recording says of itself: the task by number and key, and its band; no words of its own.
fn subject(task: &Task, band: Band) -> Subject {
    Subject {
        id: task.id.clone(),
        kind: "task",
        description: format!("recorded for measuring task {}", task.number),
        annotation: Annotation {
            freq_lower_edge: Some(band.low().as_f64()),
            freq_upper_edge: Some(band.high().as_f64()),
            label: Some(task.number.clone()),
            ..Annotation::default()
        },
    }
}

fn note(tx: &mut Tx, file: &FileRecord, done: &str) {
    tx.note(AuditNote {
        actor: SYSTEM.to_owned(),
        sha256: Some(file.sha256.clone()),
        reason: Some(format!("{done} {}", file.name)),
        ..AuditNote::of(ACTION, &format!("measuring_tasks/{}", file.owner_id))
    });
}

fn missed(task: &Task, error: &Error) {
    metrics::counter!("pinpu_task_recordings_missed_total").increment(1);
    tracing::warn!(task = task.id, %error, "a recording of a task was not kept");
}

#[cfg(test)]
mod tests;
