//! The key that signs the log: a file in the data folder that nobody but its owner reads.

use std::{fs, io::Write, path::Path};

use crate::{Error, Result, audit::SecretKey};

/// Name of the key in the data folder.
pub const KEY_FILE: &str = "audit.key";

/// The key in this folder under the name of this log; nothing where there is none.
///
/// # Errors
/// `Invalid` where the file holds something else; `Io`.
pub fn read_key(folder: &Path, origin: &str) -> Result<Option<SecretKey>> {
    let path = folder.join(KEY_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { path, source }),
    };
    let key = SecretKey::parse(&text).ok_or_else(|| {
        Error::Invalid(format!(
            "{} is not the key of an audit log: put the file back from a copy, or move it away to have a new key made, \
             which the log then notes",
            path.display()
        ))
    })?;
    Ok(Some(key.named(origin)))
}

/// The key in this folder; made where there is none.
pub(super) fn read_or_make(folder: &Path, origin: &str) -> Result<SecretKey> {
    if let Some(key) = read_key(folder, origin)? {
        return Ok(key);
    }
    let path = folder.join(KEY_FILE);
    let key = SecretKey::from_seed(origin, &rand::random());
    let failed = |source| Error::Io {
        path: path.clone(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(failed)?;
    writeln!(file, "{}", key.to_text())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    Ok(key)
}

/// Puts this text into the file, all of it or nothing.
///
/// # Errors
/// `Io`; then the file is as it was.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension("new");
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    fs::File::create(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path))
        .map_err(failed)
}
