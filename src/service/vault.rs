//! Content of files, in the data folder under its SHA-256: photographs, recordings, letters.
//!
//! Content is on the disk (written, synchronised, renamed) before the row that names it; a row therefore never points at
//! nothing. The same content is kept once. Reading compares the hash, so that what changed on the disk is noticed and not
//! handed out.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};

use crate::{Error, Result, store::Store};

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
pub struct NewFile {
    /// Name of the file.
    pub name: String,
    /// Media type, as it was sent.
    pub content_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// What is known of content that may be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    /// Name of the file, without blanks around it.
    pub(super) name: String,
    /// Media type.
    pub(super) content_type: &'static str,
    /// Size.
    pub(super) size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub(super) sha256: String,
}

/// The folder of contents. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vault {
    store: Store,
    folder: Arc<Path>,
    /// Largest content.
    bytes_max: u64,
    changing: Arc<Mutex<()>>,
}

impl Vault {
    /// The contents under `folder`, which is made when missing; what a crash left there without a row is removed.
    ///
    /// # Errors
    /// `Io` when the folder cannot be used; `Store`.
    pub async fn open(store: Store, folder: PathBuf, bytes_max: u64) -> Result<Self> {
        let failed = |source| io_error(&folder, source);
        fs::create_dir_all(&folder).map_err(failed)?;
        let vault = Self {
            store,
            folder: folder.clone().into(),
            bytes_max,
            changing: Arc::default(),
        };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            vault.discard(&name.to_string_lossy()).await;
        }
        Ok(vault)
    }

    /// Largest content in bytes.
    #[must_use]
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Held while content and rows are brought in line: nobody removes what another one just pointed at.
    pub(super) async fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// What is to be written down of a file, or why it may not be kept.
    ///
    /// # Errors
    /// `Invalid`, saying what to send instead.
    pub(super) fn seal(&self, file: &NewFile) -> Result<Sealed> {
        Ok(Sealed {
            name: file.name.trim().to_owned(),
            content_type: self.check(file)?,
            size_bytes: file.content.len() as u64,
            sha256: hash(&file.content),
        })
    }

    /// Puts content on the disk, for a row that is to come.
    pub(super) async fn keep(&self, sha256: &str, content: Vec<u8>) -> Result<()> {
        let (folder, path) = (Arc::clone(&self.folder), self.path(sha256));
        blocking(move || keep(&folder, &path, &content)).await
    }

    /// The content of this hash.
    ///
    /// # Errors
    /// `Io` when it is gone or is no longer what was kept.
    pub(super) async fn read(&self, sha256: &str) -> Result<Vec<u8>> {
        let (path, wanted) = (self.path(sha256), sha256.to_owned());
        blocking(move || {
            let content = fs::read(&path).map_err(|source| io_error(&path, source))?;
            match hash(&content) == wanted {
                true => Ok(content),
                false => Err(io_error(&path, io::Error::other("the content has changed on the disk"))),
            }
        })
        .await
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
            tracing::warn!(%error, sha256, "the content of a removed file stays on the disk");
        }
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(sha256)
    }

    /// The type as it is kept, or why the file may not be attached.
    fn check(&self, file: &NewFile) -> Result<&'static str> {
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
