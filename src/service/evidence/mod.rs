//! What is kept by itself with a conflict the service opens: the spectrum around the emission and the received samples.
//!
//! It listens to the events, like everybody else, and to the spectra; samples come from the receivers' memories
//! ([`RecentIq`]). Nothing of it is on the way of a sample or of an observation, and what cannot be kept (no room, too much
//! at once) is counted and logged, never waited for. One set of files a conflict, made when it is opened:
//!
//! * `<receiver>_<frequency>_<time>.spectrum.json`: densities of mean, strongest and floor around the emission;
//! * `<receiver>_<frequency>_<time>.sigmf-meta` and `.sigmf-data`: all samples the receiver delivered around the beginning
//!   of the emission, or, where that has passed from memory, around the last time it was heard.

mod iq;
mod snapshot;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::{JoinHandle, JoinSet},
};

use super::{
    findings::ConflictRecord,
    ledger::{Attachments, Room},
    live::Hub,
    monitoring::until_stopped,
    vault::NewFile,
};
use crate::{
    Error, Result,
    capture::{RecentIq, recent::Cut},
    config::EvidenceConfig,
    conflict::VerdictKind,
    dsp::level::calibration::Calibration,
    registry::Place,
    store::{EventKind, EventRecord},
};
pub(super) use iq::{Subject, recording};
use snapshot::{Measured, Recent, Snapshot};

/// Conflicts whose evidence is gathered at the same time.
const AT_ONCE: usize = 32;
/// How long before an emission its evidence begins, and how long after its end it ends.
const MARGIN: SignedDuration = SignedDuration::from_millis(200);
/// How long to wait for samples and spectra beyond the time they take.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// What is known of a receiver whose evidence is kept.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Its last samples; `None`: none are kept.
    pub recent: Option<RecentIq>,
    /// Where its antenna is.
    pub place: Option<Place>,
    /// What its levels mean, with the gain it runs at.
    pub calibration: Option<(Calibration, f64)>,
}

/// The running keeper.
#[derive(Debug)]
pub struct Evidence {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What every gathering needs.
#[derive(Clone)]
struct Keeper {
    attachments: Attachments,
    folder: Arc<PathBuf>,
    sources: Arc<BTreeMap<String, Source>>,
    spectra: Arc<Mutex<Recent>>,
    config: EvidenceConfig,
    stopped: watch::Receiver<bool>,
}

impl Evidence {
    /// Starts keeping. Must be called inside a tokio runtime. `folder` is for files in the making; what a crash left there
    /// is removed.
    ///
    /// # Errors
    /// `Io` when the folder cannot be used.
    pub fn start(
        hub: &Arc<Hub>,
        attachments: Attachments,
        folder: PathBuf,
        sources: BTreeMap<String, Source>,
        config: EvidenceConfig,
    ) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        empty(&folder)?;
        let keeper = Keeper {
            attachments,
            folder: Arc::new(folder),
            sources: Arc::new(sources),
            spectra: Arc::default(),
            config,
            stopped,
        };
        let task = tokio::spawn(keeper.run(Arc::clone(hub)));
        Ok(Self { stop, task })
    }

    /// Keeps what is there of conflicts opened so far, then stops. Stop the monitor first.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the keeper of evidence did not stop cleanly");
        }
    }
}

impl Keeper {
    async fn run(self, hub: Arc<Hub>) {
        let (mut frames, mut events) = (hub.frames(), hub.events());
        let mut gathering = JoinSet::new();
        let mut forget = tokio::time::interval(FORGET_EVERY);
        let mut stopped = self.stopped.clone();
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Ok(frame) => self.spectra().push(frame),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                event = events.recv() => match event {
                    Ok(event) => self.hear(&event, &mut gathering),
                    Err(RecvError::Lagged(events)) => missed("behind", &format!("{events} events were missed")),
                    Err(RecvError::Closed) => break,
                },
                Some(_) = gathering.join_next(), if !gathering.is_empty() => {}
                _ = forget.tick() => self.forget().await,
                () = until_stopped(&mut stopped) => break,
            }
        }
        while let Ok(event) = events.try_recv() {
            self.hear(&event, &mut gathering);
        }
        while gathering.join_next().await.is_some() {}
    }

    /// Begins to gather what belongs to a new conflict.
    fn hear(&self, event: &EventRecord, gathering: &mut JoinSet<()>) {
        if event.kind != EventKind::ConflictOpened || self.config.disk_bytes_max == 0 {
            return;
        }
        let conflict: ConflictRecord = match serde_json::from_value(event.data.clone()) {
            Ok(conflict) => conflict,
            Err(error) => return missed("unreadable", &error.to_string()),
        };
        // Of what was not on the air there are no samples; its numbers are its evidence.
        if conflict.kind == VerdictKind::UnusedAssignment {
            return;
        }
        if gathering.len() >= AT_ONCE {
            return missed("busy", &conflict.id);
        }
        let keeper = self.clone();
        gathering.spawn(async move { keeper.gather(conflict).await });
    }

    async fn gather(self, conflict: ConflictRecord) {
        let id = conflict.id.clone();
        match self.keep(conflict).await {
            Ok(0) => tracing::debug!(conflict = id, "nothing was observed that could be kept as evidence"),
            Ok(files) => metrics::counter!("pinpu_evidence_files_total").increment(files),
            Err(error) => missed("refused", &format!("conflict {id}: {error}")),
        }
    }

    /// Waits for what belongs to the conflict and attaches it; answers how many files.
    async fn keep(self, conflict: ConflictRecord) -> Result<u64> {
        let source = self.sources.get(&conflict.receiver).cloned().unwrap_or_default();
        let (cut, snapshot) = self.observed(&conflict, &source).await;
        let name = name(&conflict);
        let mut files = Vec::new();
        if let Some(snapshot) = snapshot {
            let content = serde_json::to_vec_pretty(&snapshot).map_err(|error| Error::Invalid(error.to_string()))?;
            files.push(NewFile {
                name: format!("{name}.spectrum.json"),
                content_type: "application/json".to_owned(),
                content,
            });
        }
        if let Some(cut) = cut {
            let (folder, id) = (Arc::clone(&self.folder), conflict.id.clone());
            let made = tokio::task::spawn_blocking(move || {
                let subject = Subject::conflict(&conflict, &cut);
                recording(&folder, &name, &cut, &source, subject)
            });
            files.extend(made.await.map_err(|error| Error::Unavailable(error.to_string()))??);
            return self.attach(&id, files).await;
        }
        self.attach(&conflict.id, files).await
    }

    async fn attach(&self, conflict: &str, files: Vec<NewFile>) -> Result<u64> {
        let count = files.len() as u64;
        if count > 0 {
            let room = Room {
                bytes_max: self.config.disk_bytes_max,
            };
            self.attachments
                .add_measured(conflict, files, room, Timestamp::now())
                .await?;
        }
        Ok(count)
    }

    /// The samples and the spectrum, once they are complete, or what there is of them when it is time.
    async fn observed(&self, conflict: &ConflictRecord, source: &Source) -> (Option<Cut>, Option<Snapshot>) {
        let center = conflict.center_hz;
        let samples = || source.recent.as_ref().and_then(|recent| recent.reach(center));
        let spectra = || self.spectra().reach(&conflict.receiver, center);
        let (cut_span, spectrum_span) = (self.span(conflict, samples()), self.span(conflict, spectra()));
        let until = Instant::now() + Duration::from_secs_f64(self.config.cut_s) + PATIENCE;
        let mut stopped = self.stopped.clone();
        while Instant::now() < until {
            let there =
                |reach: Option<[Timestamp; 2]>, span: [Timestamp; 2]| reach.is_some_and(|[_, end]| end >= span[1]);
            let samples_there = source.recent.is_none() || there(samples(), cut_span);
            if samples_there && there(spectra(), spectrum_span) {
                break;
            }
            tokio::select! {
                () = until_stopped(&mut stopped) => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        let cut = source.recent.as_ref().and_then(|recent| {
            let cut = recent.cut(center, cut_span[0], cut_span[1])?;
            let sample = cut.stream().facts.format.bytes() as u64;
            Some(cut.at_most(self.attachments.vault().bytes_max() / sample)).filter(|cut| !cut.is_empty())
        });
        let measured = Measured {
            center_hz: center,
            low_hz: conflict.low_hz,
            high_hz: conflict.high_hz,
        };
        let frames = self.spectra().between(&conflict.receiver, center, spectrum_span);
        (cut, Snapshot::of(measured, &frames))
    }

    /// The time to keep: from shortly before the emission on, or, where the memory does not reach back to it, up to
    /// shortly after it was last heard.
    fn span(&self, conflict: &ConflictRecord, reach: Option<[Timestamp; 2]>) -> [Timestamp; 2] {
        let length = SignedDuration::try_from_secs_f64(self.config.cut_s).unwrap_or(SignedDuration::from_secs(1));
        if reach.is_some_and(|[oldest, _]| oldest > conflict.first_seen) {
            let end = conflict.last_seen + MARGIN;
            return [end - length, end];
        }
        let begin = conflict.first_seen - MARGIN;
        // A receiver that has just started has nothing from before.
        let begin = reach.map_or(begin, |[oldest, _]| begin.max(oldest));
        [begin, begin + length]
    }

    async fn forget(&self) {
        let now = Timestamp::now();
        let before = now - SignedDuration::from_hours(24 * i64::from(self.config.retention_days));
        match self.attachments.forget_measured(before, now).await {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "evidence of conflicts resolved long ago was removed"),
            Err(error) => tracing::warn!(%error, "could not remove old evidence; trying again later"),
        }
    }

    fn spectra(&self) -> MutexGuard<'_, Recent> {
        self.spectra.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a folder for files in the making; what a crash left there is removed.
pub(super) fn empty(folder: &Path) -> Result<()> {
    let failed = |source| Error::Io {
        path: folder.to_owned(),
        source,
    };
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)
}

/// Receiver, frequency and time: `roof_98.7000MHz_20260601T080000.250Z`.
fn name(conflict: &ConflictRecord) -> String {
    format!(
        "{}_{:.4}MHz_{}",
        conflict.receiver,
        conflict.center_hz.as_f64() * 1e-6,
        conflict.first_seen.strftime("%Y%m%dT%H%M%S%.3fZ")
    )
}

fn missed(reason: &'static str, detail: &str) {
    metrics::counter!("pinpu_evidence_missed_total", "reason" => reason).increment(1);
    tracing::warn!(reason, detail, "the evidence of a conflict was not kept");
}
