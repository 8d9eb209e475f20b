//! Files that belong to a conflict: photographs, recordings, letters.
//!
//! The content lies in the data folder under its SHA-256 and is on the disk (written, synchronised, renamed) before its
//! row is; a row therefore never points at nothing. The same content is kept once. Reading compares the hash, so that
//! evidence which changed on the disk is noticed and not handed out.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::{read, record};
use crate::{
    Error, Result,
    registry::Text,
    store::{AttachmentRecord, ConflictRecord, ConflictStatus, EventKind, Store, random_id},
};

/// Most files of one conflict, those merged into it included.
pub(super) const FILES_MAX: u64 = 200;
/// Longest name, in characters.
const NAME_MAX: usize = 200;

/// How content of a type begins.
#[derive(Debug, Clone, Copy)]
enum Begins {
    /// With these bytes at this place.
    With(usize, &'static [u8]),
    /// With anything but a zero byte anywhere: text in some encoding.
    Text,
    /// With anything; it is only ever saved, never shown.
    Anyhow,
}

/// What may be attached. Nothing here is run or shown by a browser as part of the console's site.
const TYPES: &[(&str, Begins)] = &[
    ("image/png", Begins::With(0, b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", Begins::With(0, b"\xff\xd8\xff")),
    ("image/webp", Begins::With(8, b"WEBP")),
    ("application/pdf", Begins::With(0, b"%PDF-")),
    ("audio/wav", Begins::With(8, b"WAVE")),
    ("audio/ogg", Begins::With(0, b"OggS")),
    ("video/mp4", Begins::With(4, b"ftyp")),
    ("application/zip", Begins::With(0, b"PK")),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Begins::With(0, b"PK"),
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Begins::With(0, b"PK"),
    ),
    ("text/plain", Begins::Text),
    ("text/csv", Begins::Text),
    ("application/json", Begins::Text),
    ("application/octet-stream", Begins::Anyhow),
];

/// Names of the media types that may be attached.
pub const CONTENT_TYPES: [&str; TYPES.len()] = {
    let mut names = [""; TYPES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = TYPES[at].0;
        at += 1;
    }
    names
};

/// A file somebody hands in.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Name of the file.
    pub name: String,
    /// Media type, as it was sent.
    pub content_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// The files of all conflicts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Attachments {
    pub(super) store: Store,
    folder: Arc<Path>,
    /// Largest content.
    bytes_max: u64,
    /// Held while content and rows are brought in line: nobody removes what another one just pointed at.
    pub(super) changing: Arc<Mutex<()>>,
}

impl Attachments {
    /// The files under `folder`, which is made when missing; what a crash left there without a row is removed.
    ///
    /// # Errors
    /// `Io` when the folder cannot be used; `Store`.
    pub async fn open(store: Store, folder: PathBuf, bytes_max: u64) -> Result<Self> {
        let failed = |source| io_error(&folder, source);
        fs::create_dir_all(&folder).map_err(failed)?;
        let attachments = Self {
            store,
            folder: folder.clone().into(),
            bytes_max,
            changing: Arc::default(),
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            attachments.discard(&name.to_string_lossy()).await;
        }
        Ok(attachments)
    }

    /// Largest content in bytes.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// The files of a conflict and of those merged into it, oldest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such conflict.
    pub async fn list(&self, conflict: &str) -> Result<Vec<AttachmentRecord>> {
        self.store.conflict(conflict).await?;
        self.store.attachments(conflict).await
    }

    /// One file with its content.
    ///
    /// # Errors
    /// `NotFound`; `Io` when the content is gone or is no longer what was attached.
    pub async fn read(&self, conflict: &str, id: &str) -> Result<(AttachmentRecord, Vec<u8>)> {
        let attachment = self.store.attachment(conflict, id).await?;
        let (path, wanted) = (self.path(&attachment.sha256), attachment.sha256.clone());
        let content = blocking(move || {
            let content = fs::read(&path).map_err(|source| io_error(&path, source))?;
            match hash(&content) == wanted {
                true => Ok(content),
                false => Err(io_error(&path, io::Error::other("the content has changed on the disk"))),
            }
        })
        .await?;
        Ok((attachment, content))
    }

    /// Attaches a file; it is on the disk when this answers. `version` must be the one of the conflict that was read.
    ///
    /// # Errors
    /// `Invalid` for a file that may not be attached, saying why; `NotFound`, `Stale` or `WrongState` of the conflict.
    pub async fn add(
        &self,
        conflict: &str,
        file: NewAttachment,
        actor: &str,
        version: u64,
        now: Timestamp,
    ) -> Result<(AttachmentRecord, ConflictRecord)> {
        let attachment = self.row(conflict, &file, actor, now)?;
        // A request that is bound to be refused leaves nothing on the disk.
        let _held = self.changing.lock().await;
        let found = self.store.conflict(conflict).await?;
        if found.version != version {
            return Err(Error::Stale);
        }
        self.keep(&attachment, file.content).await?;
        let row = attachment.clone();
        let stored = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut conflict = read(tx, &row.conflict_id, version).await?;
                    unmerged(&conflict)?;
                    if tx.attachments_count(&conflict.id).await? >= FILES_MAX {
                        return Err(Error::WrongState(format!(
                            "the conflict has {FILES_MAX} files, which is the most: delete one, or pack several into a zip"
                        )));
                    }
                    tx.put_attachment(&row).await?;
                    record(tx, &mut conflict, "attached", &row.uploaded_by, naming(&row), now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok(conflict)
                })
            })
            .await;
        if stored.is_err() {
            self.discard(&attachment.sha256).await;
        }
        Ok((attachment, stored?))
    }

    /// Removes a file. The history keeps its name and hash.
    ///
    /// # Errors
    /// `NotFound`, `Stale` or `WrongState`.
    pub async fn remove(
        &self,
        conflict: &str,
        id: &str,
        actor: &str,
        version: u64,
        now: Timestamp,
    ) -> Result<ConflictRecord> {
        let _held = self.changing.lock().await;
        let (conflict, id, actor) = (conflict.to_owned(), id.to_owned(), actor.to_owned());
        let (conflict, sha256) = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut conflict = read(tx, &conflict, version).await?;
                    unmerged(&conflict)?;
                    let removed = tx.take_attachment(&conflict.id, &id).await?;
                    record(tx, &mut conflict, "detached", &actor, naming(&removed), now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok((conflict, removed.sha256))
                })
            })
            .await?;
        self.discard(&sha256).await;
        Ok(conflict)
    }

    /// The row of a file that may be attached.
    pub(super) fn row(
        &self,
        conflict: &str,
        file: &NewAttachment,
        actor: &str,
        now: Timestamp,
    ) -> Result<AttachmentRecord> {
        Ok(AttachmentRecord {
            id: random_id(),
            conflict_id: conflict.to_owned(),
            name: file.name.trim().to_owned(),
            content_type: self.check(file)?.to_owned(),
            size_bytes: file.content.len() as u64,
            sha256: hash(&file.content),
            uploaded_by: actor.to_owned(),
            uploaded_at: now,
        })
    }

    /// Puts the content of a row that is to come on the disk.
    pub(super) async fn keep(&self, row: &AttachmentRecord, content: Vec<u8>) -> Result<()> {
        let (folder, path) = (Arc::clone(&self.folder), self.path(&row.sha256));
        blocking(move || keep(&folder, &path, &content)).await
    }

    /// Removes content nobody points at any more. A failure leaves a file too many, which harms nobody.
    pub(super) async fn discard(&self, sha256: &str) {
        let wanted = sha256.to_owned();
        let used = self
            .store
            .write(move |tx| Box::pin(async move { tx.content_is_used(&wanted).await }))
            .await;
        if let Ok(false) = used
            && let Err(error) = fs::remove_file(self.path(sha256))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, sha256, "a removed attachment's file stays on the disk");
        }
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    /// The type as it is kept, or why the file may not be attached.
    fn check(&self, file: &NewAttachment) -> Result<&'static str> {
        let name = file.name.trim();
        let length = name.chars().count();
        if length == 0 || length > NAME_MAX || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\')) {
            return Err(Error::Invalid(format!(
                "the name of the file must have 1 to {NAME_MAX} characters and no '/', '\\' or control character: \
                 give another in name="
            )));
        }
        if file.content.is_empty() {
            return Err(Error::Invalid(
                "the file is empty: send its content as the body".to_owned(),
            ));
        }
        if file.content.len() as u64 > self.bytes_max {
            return Err(Error::Invalid(format!(
                "the file has {} bytes; at most {} may be attached: send a shorter piece, or pack it",
                file.content.len(),
                self.bytes_max
            )));
        }
        let essence = file.content_type.split(';').next().unwrap_or("").trim();
        let Some((known, begins)) = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(essence)) else {
            return Err(Error::Invalid(format!(
                "a file of type '{essence}' cannot be attached: send it with one of these as its Content-Type: {}",
                CONTENT_TYPES.join(", ")
            )));
        };
        let fits = match *begins {
            Begins::With(at, magic) => file.content.get(at..).is_some_and(|rest| rest.starts_with(magic)),
            Begins::Text => !file.content.contains(&0),
            Begins::Anyhow => true,
        };
        if fits {
            return Ok(known);
        }
        Err(Error::Invalid(format!(
            "the content is not {known}: send it with its true Content-Type, or as application/octet-stream"
        )))
    }
}

fn unmerged(conflict: &ConflictRecord) -> Result<()> {
    if conflict.status != ConflictStatus::Merged {
        return Ok(());
    }
    let into = conflict.merged_into.as_deref().unwrap_or_default();
    Err(Error::WrongState(format!(
        "the conflict is part of {into}: do it there, or take the merging back first"
    )))
}

/// Name and hash, for the history.
pub(super) fn naming(attachment: &AttachmentRecord) -> Text {
    let AttachmentRecord { name, sha256, .. } = attachment;
    Text::new(
        format!("{name}（SHA-256 {sha256}）"),
        format!("{name} (SHA-256 {sha256})"),
    )
}

fn hash(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(content);
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes content so that it is whole and on the disk under its name, or not there at all.
fn keep(folder: &Path, path: &Path, content: &[u8]) -> Result<()> {
    let part = path.with_extension("part");
    let write = || {
        let mut file = File::create(&part)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        // The name is part of the folder, which is synchronised for itself.
        File::open(folder)?.sync_all()
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&part);
        match source.kind() {
            io::ErrorKind::StorageFull => Error::Unavailable(
                "the disk of the data folder is full: make room, then send the file again".to_owned(),
            ),
            _ => io_error(path, source),
        }
    })
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::Unavailable(error.to_string())))
}
