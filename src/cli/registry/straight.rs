//! Our CSV template into a database without assignments, the commonest first import: rows are stored while the next ones are
//! read, in one transaction that is given up when a row is bad. Everything else is read whole and compared first.

use std::{fs, path::Path};

use tokio::sync::{mpsc, oneshot};

use super::{
    progress::Progress,
    source::{self, Format, Report},
    storage::{DatabaseArgs, Folder},
};
use crate::{Error, Result, registry::Assignment};

/// Lots of rows that are read and wait to be stored.
const WAITING: usize = 8;

/// What was read, and the database where it is stored by now.
pub(super) struct Straight {
    pub(super) report: Report,
    /// The database, where the good rows are in it.
    pub(super) stored: Option<Folder>,
    /// Good rows that were handed on and are not in the report.
    pub(super) passed: usize,
}

impl Straight {
    /// A file that is read whole and not stored.
    ///
    /// # Errors
    /// Of reading.
    pub(super) fn whole(path: &Path, format: Option<Format>) -> Result<Self> {
        Ok(Self {
            report: source::read(path, format)?,
            stored: None,
            passed: 0,
        })
    }
}

/// Reads a file and stores it as it is read where that can be done.
///
/// # Errors
/// Of reading; of storing, and then nothing was changed.
pub(super) fn read(
    path: &Path,
    format: Option<Format>,
    database: &DatabaseArgs,
    progress: &Progress,
) -> Result<Straight> {
    let existing = Folder::existing(database)?;
    if let Some(folder) = &existing
        && !folder.is_fresh()?
    {
        return Straight::whole(path, format);
    }
    let traces = existing.is_none().then(|| Traces::of(database));
    let (give, batches) = mpsc::channel(WAITING);
    let (say, whole) = oneshot::channel();
    let (begin, begun) = std::sync::mpsc::channel();
    let (read, stored) = std::thread::scope(|scope| {
        let reader = scope.spawn(move || read_to(path, format, &give, &begin, say));
        // Only rows that are there to be stored make a database where there is none.
        let stored: Option<Result<_>> = begun.recv().is_ok().then(|| {
            // From here on Ctrl-C is answered by whoever stores, so that the database goes too.
            let go_on = progress.storing();
            let folder = existing.map_or_else(|| Folder::create(database), Ok)?;
            folder.store_fresh(batches, whole, &source::name(path), go_on)?;
            Ok(folder)
        });
        (reader.join(), stored)
    });
    if let (Some(Err(_)), Some(traces)) = (&stored, traces) {
        traces.remove();
    }
    let (report, passed, cut) = read.map_err(|_| Error::Unavailable("the file could not be read".to_owned()))?;
    let report = report?;
    match stored {
        // What was stored was given up for a row that the report names.
        Some(Err(_)) if !cut && !report.is_clean() => Ok(Straight {
            report,
            stored: None,
            passed,
        }),
        stored => Ok(Straight {
            report,
            stored: stored.transpose()?,
            passed,
        }),
    }
}

/// Reads, giving on what is good; says at the end whether all of it was. Answers too how many rows were good, and whether the
/// reading was cut short by whoever stores.
fn read_to(
    path: &Path,
    format: Option<Format>,
    give: &mpsc::Sender<Vec<Assignment>>,
    begin: &std::sync::mpsc::Sender<()>,
    say: oneshot::Sender<bool>,
) -> (Result<Report>, usize, bool) {
    let (mut passed, mut cut) = (0, false);
    let report = source::read_to(path, format, &mut |some| {
        if some.is_empty() {
            return true;
        }
        if passed == 0 {
            // Whoever stores is there until the end of this.
            let _ = begin.send(());
        }
        passed += some.len();
        cut = give.blocking_send(some).is_err();
        !cut
    });
    let _ = say.send(report.as_ref().is_ok_and(Report::is_clean));
    (report, passed, cut)
}

/// What an import makes where there was nothing, to be removed when it stores nothing.
struct Traces {
    folder: std::path::PathBuf,
    folder_was_there: bool,
}

impl Traces {
    fn of(database: &DatabaseArgs) -> Self {
        Self {
            folder_was_there: database.data.exists(),
            folder: database.data.clone(),
        }
    }

    fn remove(self) {
        // What cannot be removed is an empty database, which the next import takes as one.
        for name in ["pinpu.db", "pinpu.db-journal", "pinpu.db-wal", "pinpu.db-shm"] {
            let _ = fs::remove_file(self.folder.join(name));
        }
        if !self.folder_was_there {
            let _ = fs::remove_dir(self.folder);
        }
    }
}
