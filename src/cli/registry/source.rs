//! A registry file, folder or archive: which format it has, and what is in it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use indicatif::ProgressBar;

use super::progress;

use crate::{
    Error, Result,
    registry::{
        Assignment,
        import::{
            BadRow,
            formats::{
                self, HEAD_BYTES, Imported,
                files::{Archive, Files, Single, UNPACKED_MAX},
            },
        },
    },
};

pub(super) use crate::registry::import::formats::{Content, Format};

/// A register as read.
pub(super) struct Report {
    pub(super) name: String,
    /// The path as typed.
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) rows_read: u64,
    pub(super) rows_bad: u64,
    pub(super) bad: Vec<BadRow>,
    pub(super) complete: bool,
    pub(super) content: Content,
}

impl Report {
    pub(super) fn is_clean(&self) -> bool {
        self.complete && self.bad.is_empty()
    }

    fn of(name: &str, path: &Path, read: Imported) -> Self {
        Self {
            name: name.to_owned(),
            path: path.display().to_string(),
            format: read.format,
            rows_read: read.rows_read,
            rows_bad: read.rows_bad,
            bad: read.bad,
            complete: read.complete,
            content: read.content,
        }
    }
}

/// Reads a file, a folder or a zip archive of files, or standard input for `-`.
///
/// # Errors
/// `Io` when it cannot be opened; `Invalid` when its format cannot be told. Faults inside it are in the report.
pub(super) fn read(path: &Path, format: Option<Format>) -> Result<Report> {
    read_with(path, format, &mut formats::read)
}

/// The same, handing assignments of our template on as they are read: none of them are in the report then.
///
/// # Errors
/// As [`read`].
pub(super) fn read_to(
    path: &Path,
    format: Option<Format>,
    take: &mut dyn FnMut(Vec<Assignment>) -> bool,
) -> Result<Report> {
    read_with(path, format, &mut |format, files, name| match format {
        Format::Assignments => formats::read_to(files, name, take),
        format => formats::read(format, files, name),
    })
}

/// Name of the file, as messages and records have it.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

type Reader<'a> = &'a mut dyn FnMut(Format, &mut dyn Files, &str) -> io::Result<Imported>;

fn read_with(path: &Path, format: Option<Format>, read: Reader<'_>) -> Result<Report> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Error::Invalid(format!("{}: {source}", path.display()))
        }
        _ => Error::Io {
            path: path.to_owned(),
            source,
        },
    };
    if path == Path::new("-") {
        let (head, whole) = head(io::stdin()).map_err(failed)?;
        let format = format.map_or_else(|| recognise(path, &head, &["stdin".to_owned()]), Ok)?;
        let read = read(format, &mut Single::new("stdin", whole), "stdin").map_err(failed)?;
        return Ok(Report::of("stdin", path, read));
    }
    let name = name(path);
    let mut folder = Folder::open(path).map_err(failed)?;
    let bar = folder.bar.clone();
    let read = if folder.files.len() == 1 && !path.is_dir() {
        let (first, _) = head(File::open(path).map_err(failed)?).map_err(failed)?;
        let names = folder.names();
        let packed = first.starts_with(b"PK\x03\x04") && formats::recognise(&first, &names).is_none();
        if packed {
            let file = BufReader::new(File::open(path).map_err(failed)?);
            let mut archive = Archive::new(file, UNPACKED_MAX).map_err(failed)?;
            let names = archive.names();
            let first = match names.as_slice() {
                [only] => archive
                    .open(only)
                    .and_then(|file| file.map_or(Ok(Vec::new()), |file| Ok(head(file)?.0))),
                _ => Ok(Vec::new()),
            };
            let format = format.map_or_else(|| recognise(path, &first.map_err(failed)?, &names), Ok)?;
            read(format, &mut archive, &name)
        } else {
            let format = format.map_or_else(|| recognise(path, &first, &names), Ok)?;
            read(format, &mut folder, &name)
        }
    } else {
        let names = folder.names();
        let format = format.map_or_else(|| recognise(path, &[], &names), Ok)?;
        read(format, &mut folder, &name)
    };
    bar.finish_and_clear();
    Ok(Report::of(&name, path, read.map_err(failed)?))
}

/// A stream with its beginning put back.
type Whole<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// The beginning of a stream, and the whole of it.
fn head<R: Read>(reader: R) -> io::Result<(Vec<u8>, Whole<R>)> {
    let mut first = Vec::new();
    let mut taken = reader.take(HEAD_BYTES);
    taken.read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(taken.into_inner())))
}

fn recognise(path: &Path, head: &[u8], names: &[String]) -> Result<Format> {
    if let Some(format) = formats::recognise(head, names) {
        return Ok(format);
    }
    Err(Error::Invalid(
        if head.is_empty() && (names.len() != 1 || path.is_dir()) {
            let path = path.display();
            format!(
                "{path} is a folder or archive that holds no known set of files: give one of its files, or --format"
            )
        } else {
            let path = path.display();
            format!(
                "{path}: the beginning tells no known format. Give --format pinpu-assignments-csv with the columns \
             id,holder,station,freq_mhz,designator, --format pinpu-allocations-csv with low_mhz,high_mhz,service,basis, \
             or another of the formats that --help lists"
            )
        },
    ))
}

/// Files of a folder, or a single one with its neighbours; reading them moves the progress bar.
struct Folder {
    files: BTreeMap<String, PathBuf>,
    beside: PathBuf,
    bar: ProgressBar,
}

impl Folder {
    fn open(path: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        let mut bytes = 0;
        let mut add = |path: PathBuf| -> io::Result<()> {
            let facts = path.metadata()?;
            if let (true, Some(name)) = (facts.is_file(), path.file_name()) {
                bytes += facts.len();
                files.insert(name.to_string_lossy().into_owned(), path);
            }
            Ok(())
        };
        let folder = path.metadata()?.is_dir();
        if folder {
            for entry in path.read_dir()? {
                add(entry?.path())?;
            }
        } else {
            // A pipe or a device is a file here.
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            bytes = path.metadata()?.len();
            files.insert(name, path.to_owned());
        }
        let beside = if folder { Some(path) } else { path.parent() };
        Ok(Self {
            files,
            beside: beside.unwrap_or(Path::new(".")).to_owned(),
            bar: progress::reading(bytes),
        })
    }
}

impl Files for Folder {
    fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        let found = self.files.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match found {
            Some((_, path)) => Ok(Some(Box::new(self.bar.wrap_read(BufReader::new(File::open(path)?))))),
            None => Ok(None),
        }
    }

    fn companion(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        let folder = if self.beside.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.beside
        };
        for entry in folder.read_dir()? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().eq_ignore_ascii_case(name) {
                return Ok(Some(Box::new(BufReader::new(File::open(entry.path())?))));
            }
        }
        Ok(None)
    }
}
