//! Where a register's files come from: one file with its companions, a folder, or an archive. The caller brings the
//! folder; nothing here touches a disk.

use std::io::{self, Read, Seek};

/// Files that make up a register.
pub trait Files {
    /// Names of the files, without folders, in ascending order.
    fn names(&self) -> Vec<String>;

    /// Opens one of them; nothing where there is none of this name, whatever the case of its letters.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>>;

    /// Opens a file that belongs beside the register, such as the list of airports beside their frequencies; by
    /// default one of the files.
    ///
    /// # Errors
    /// It is there and cannot be read.
    fn companion(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        self.open(name)
    }
}

/// A single file in memory or from a stream.
pub struct Single<R> {
    name: String,
    reader: Option<R>,
}

impl<R: Read> Single<R> {
    /// A file that can be opened once.
    pub fn new(name: impl Into<String>, reader: R) -> Self {
        Self {
            name: name.into(),
            reader: Some(reader),
        }
    }
}

impl<R: Read> Files for Single<R> {
    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        if !name.eq_ignore_ascii_case(&self.name) {
            return Ok(None);
        }
        Ok(self.reader.take().map(|reader| Box::new(reader) as Box<dyn Read>))
    }
}

/// Most files an archive may hold.
const FILES_MAX: usize = 10_000;

/// Most bytes all files of an archive may unpack to. National registers have a few gigabytes.
pub const UNPACKED_MAX: u64 = 16 << 30;

/// A zip archive.
pub struct Archive<R> {
    zip: zip::ZipArchive<R>,
    /// Name without folders, and place in the archive; ascending by name.
    files: Vec<(String, usize)>,
    /// Bytes that may still be unpacked, over all files.
    left: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive that may unpack to `most` bytes.
    ///
    /// # Errors
    /// It is no zip archive, or has too many files.
    pub fn new(reader: R, most: u64) -> io::Result<Self> {
        let zip = zip::ZipArchive::new(reader).map_err(io::Error::other)?;
        if zip.len() > FILES_MAX {
            let problem = format!("the archive has {} files, more than {FILES_MAX}", zip.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        let named = zip.file_names().enumerate().filter_map(|(n, path)| {
            let path = path.ok()?;
            Some((base(&path).to_owned(), n))
        });
        let mut files: Vec<_> = named.filter(|(name, _)| !name.is_empty()).collect();
        files.sort();
        Ok(Self { zip, files, left: most })
    }

    /// Unpacks every file and throws the bytes away: to learn whether there are too many before relying on them.
    pub(super) fn unpack_all(&mut self) -> io::Result<u64> {
        let mut total = 0;
        for place in 0..self.zip.len() {
            let file = self.zip.by_index(place).map_err(io::Error::other)?;
            let mut limited = Limited {
                inner: file,
                left: &mut self.left,
            };
            total += io::copy(&mut limited, &mut io::sink())?;
        }
        Ok(total)
    }
}

impl<R: Read + Seek> Files for Archive<R> {
    fn names(&self) -> Vec<String> {
        self.files.iter().map(|(name, _)| name.clone()).collect()
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn Read + '_>>> {
        let found = self.files.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some(&(_, place)) = found else {
            return Ok(None);
        };
        let file = self.zip.by_index(place).map_err(io::Error::other)?;
        Ok(Some(Box::new(Limited {
            inner: file,
            left: &mut self.left,
        })))
    }
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Refuses to unpack more than is left.
struct Limited<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                *self.left = left;
                Ok(count)
            }
            None => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the archive unpacks to more than a register can hold: unpack it and give its files",
            )),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .expect("starts");
            zip.write_all(bytes).expect("writes");
        }
        zip.finish().expect("finishes")
    }

    #[test]
    fn an_archive_is_unpacked_by_name_and_no_further_than_allowed() {
        let zip = zipped(&[("folder/FR.dat", b"FR|1"), ("LO.DAT", &[b'x'; 5000])]);
        let mut archive = Archive::new(zip, 100).expect("opens");
        assert_eq!(archive.names(), ["FR.dat", "LO.DAT"]);
        let mut text = String::new();
        archive
            .open("fr.dat")
            .expect("opens")
            .expect("there")
            .read_to_string(&mut text)
            .expect("reads");
        assert_eq!(text, "FR|1");
        assert!(archive.open("EN.dat").expect("opens").is_none());
        let mut rest = Vec::new();
        let error = archive
            .open("lo.dat")
            .expect("opens")
            .expect("there")
            .read_to_end(&mut rest)
            .expect_err("too much");
        assert!(error.to_string().contains("unpacks to more"), "{error}");
        assert!(Archive::new(Cursor::new(b"no zip".to_vec()), 100).is_err());
    }
}
