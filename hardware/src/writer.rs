//! Writes SigMF recordings that are complete or not there at all.
//!
//! Data and metadata grow under names that end in `.part`. Only when everything is on the disk are they renamed, the
//! metadata last: where a `.sigmf-meta` stands, the recording is whole. A crash leaves `.part` files, an error or a
//! writer that is dropped leaves nothing. Lost samples become a new capture whose `core:global_index` jumps.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use crate::{
    Loss, ReceiverError, SampleBlock, SampleFormat, bytes,
    recording::hexadecimal,
    sigmf::{self, Annotation, Capture, Extension, Global, Metadata, Point},
};

/// Version of the `pinpu` namespace: `pinpu:gain`, `pinpu:ppm`, `pinpu:settings` in `global`, `pinpu:gap` in captures.
const PINPU_EXTENSION: &str = "1.0.0";

/// What is known before the first sample.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingHead {
    /// Format of the blocks that will come.
    pub format: SampleFormat,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Centre frequency, hertz; `None`: unknown, frequencies are offsets.
    pub center_hz: Option<i64>,
    /// UTC of the first sample.
    pub start: Timestamp,
    /// The receiver in words.
    pub hardware: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// Address of its licence.
    pub license: Option<String>,
    /// Latitude and longitude in degrees, and altitude in metres where known.
    pub place: Option<(f64, f64, Option<f64>)>,
    /// Facts of the receiver, calibration and settings: `gain`, `ppm`, `settings`, `antenna` … become `pinpu:gain` …
    pub facts: BTreeMap<String, Value>,
}

/// A finished recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The data file.
    pub data: PathBuf,
    /// The metadata file.
    pub meta: PathBuf,
    /// Complex samples in it.
    pub samples: u64,
    /// Hash of the data, hexadecimal.
    pub sha512: String,
}

/// A recording that is being written.
pub struct SigmfWriter {
    files: Names,
    data: File,
    hash: Sha512,
    metadata: Metadata,
    head: RecordingHead,
    samples: u64,
    /// Number of the next sample in the original stream.
    index: u64,
    /// The data file has its final name already.
    data_named: bool,
    finished: bool,
}

struct Names {
    data: PathBuf,
    meta: PathBuf,
    data_part: PathBuf,
    meta_part: PathBuf,
}

impl SigmfWriter {
    /// Begins `<base>.sigmf-data`; `.sigmf-meta` and `.sigmf-data` at the end of `base` are taken off. Folders above
    /// it must exist. Nothing is ever overwritten.
    ///
    /// # Errors
    /// `Usage` when such a recording exists, `Io` when the place cannot be written.
    pub fn create(base: impl AsRef<Path>, head: RecordingHead) -> Result<Self, ReceiverError> {
        let files = Names::of(base.as_ref());
        for taken in [&files.data, &files.meta, &files.data_part, &files.meta_part] {
            if taken.exists() {
                return Err(ReceiverError::Usage(format!(
                    "{} exists: choose another name, or remove it first",
                    taken.display()
                )));
            }
        }
        let data = OpenOptions::new().write(true).create_new(true).open(&files.data_part);
        let data = data.map_err(|e| failed(&files.data_part, e, 0))?;
        Ok(Self::onto(data, files, head))
    }

    fn onto(data: File, files: Names, head: RecordingHead) -> Self {
        let metadata = Metadata {
            global: global(&head),
            captures: vec![capture(&head, 0, None, Some(head.start))],
            annotations: Vec::new(),
        };
        Self {
            files,
            data,
            hash: Sha512::new(),
            metadata,
            head,
            samples: 0,
            index: 0,
            data_named: false,
            finished: false,
        }
    }

    /// Appends the first `samples` of the block.
    ///
    /// # Errors
    /// `Usage` for another format than the head's; `Io`, after which the recording is gone when the writer is dropped.
    pub fn write(&mut self, block: &SampleBlock, samples: usize) -> Result<(), ReceiverError> {
        if block.format() != self.head.format || samples > block.capacity() {
            return Err(ReceiverError::Usage(format!(
                "the recording holds {:?} samples: a block of {:?} with {samples} of {} does not fit",
                self.head.format,
                block.format(),
                block.capacity()
            )));
        }
        let length = samples * self.head.format.bytes();
        if cfg!(target_endian = "big") {
            let mut swapped = block.clone();
            bytes::swap_if_big_endian(&mut swapped, samples);
            self.append(&bytes::of_block(&swapped)[..length])?;
        } else {
            self.append(&bytes::of_block(block)[..length])?;
        }
        self.samples += samples as u64;
        self.index += samples as u64;
        Ok(())
    }

    fn append(&mut self, data: &[u8]) -> Result<(), ReceiverError> {
        self.data
            .write_all(data)
            .map_err(|e| failed(&self.files.data_part, e, self.samples))?;
        self.hash.update(data);
        Ok(())
    }

    /// Notes that samples are missing before the next one; `now` is the UTC of that next one, where known. What is
    /// missing before the first sample only moves the start.
    pub fn gap(&mut self, loss: Loss, now: Option<Timestamp>) {
        if self.samples == 0 {
            if let (Some(now), Some(first)) = (now, self.metadata.captures.first_mut()) {
                first.datetime = Some(now.to_string());
            }
            return;
        }
        // Two gaps without a sample between them are one place in the data.
        let before = self.metadata.captures.pop_if(|last| last.sample_start == self.samples);
        let missing = match before.as_ref().map(|before| &before.extra["pinpu:gap"]["samples"]) {
            None => loss.samples,
            Some(known) => known.as_u64().zip(loss.samples).map(|(a, b)| a + b),
        };
        self.index += loss.samples.unwrap_or(0);
        let mut after = capture(&self.head, self.samples, Some(self.index), now);
        after
            .extra
            .insert("pinpu:gap".into(), json!({"reason": loss.reason, "samples": missing}));
        self.metadata.captures.push(after);
    }

    /// Adds what somebody saw; sample numbers are those of the data file.
    pub fn annotate(&mut self, annotation: Annotation) {
        self.metadata.annotations.push(annotation);
    }

    /// Samples written so far.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Makes the recording appear, whole and on the disk.
    ///
    /// # Errors
    /// `Usage` when nothing was recorded; `Io`; in both cases nothing appears.
    pub fn finish(mut self) -> Result<Written, ReceiverError> {
        if self.samples == 0 {
            return Err(ReceiverError::Usage(
                "nothing was recorded: not a single sample came".into(),
            ));
        }
        // A gap behind the last sample has no place in the data.
        let samples = self.samples;
        self.metadata.captures.retain(|capture| capture.sample_start < samples);
        self.metadata
            .annotations
            .sort_by_key(|annotation| annotation.sample_start);
        let sha512 = hexadecimal(&self.hash.finalize_reset());
        self.metadata.global.sha512 = Some(sha512.clone());
        self.data
            .sync_all()
            .map_err(|e| failed(&self.files.data_part, e, samples))?;
        self.write_metadata()
            .map_err(|e| failed(&self.files.meta_part, e, samples))?;
        let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(|e| failed(to, e, samples));
        rename(&self.files.data_part, &self.files.data)?;
        self.data_named = true;
        rename(&self.files.meta_part, &self.files.meta)?;
        self.finished = true;
        sync_folder(&self.files.meta).map_err(|e| failed(&self.files.meta, e, samples))?;
        Ok(Written {
            data: self.files.data.clone(),
            meta: self.files.meta.clone(),
            samples,
            sha512,
        })
    }

    fn write_metadata(&self) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.metadata).map_err(io::Error::other)?;
        text.push(b'\n');
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&self.files.meta_part)?;
        file.write_all(&text)?;
        file.sync_all()
    }
}

impl Drop for SigmfWriter {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let data = if self.data_named {
            &self.files.data
        } else {
            &self.files.data_part
        };
        for file in [data, &self.files.meta_part] {
            match fs::remove_file(file) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(file = %file.display(), error = %e, "could not remove an unfinished recording");
                }
                _ => {}
            }
        }
    }
}

impl Names {
    fn of(base: &Path) -> Self {
        let base = match base.extension().and_then(|e| e.to_str()) {
            Some("sigmf-meta" | "sigmf-data") => base.with_extension(""),
            _ => base.to_owned(),
        };
        let with = |suffix: &str| {
            let mut name = OsString::from(&base);
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            data: with(".sigmf-data"),
            meta: with(".sigmf-meta"),
            data_part: with(".sigmf-data.part"),
            meta_part: with(".sigmf-meta.part"),
        }
    }
}

fn global(head: &RecordingHead) -> Global {
    let extension = Extension {
        name: "pinpu".into(),
        version: PINPU_EXTENSION.into(),
        optional: true,
    };
    let point = |(latitude, longitude, altitude_m): (f64, f64, Option<f64>)| Point {
        kind: "Point".into(),
        coordinates: [longitude, latitude].into_iter().chain(altitude_m).collect(),
    };
    Global {
        datatype: sigmf::datatype_of(head.format).into(),
        sample_rate: Some(head.sample_rate_hz),
        version: "1.2.0".into(),
        num_channels: Some(1),
        description: head.description.clone(),
        author: head.author.clone(),
        license: head.license.clone(),
        hw: head.hardware.clone(),
        recorder: Some(concat!("Pinpu ", env!("CARGO_PKG_VERSION")).into()),
        geolocation: head.place.map(point),
        extensions: vec![extension],
        extra: head
            .facts
            .iter()
            .map(|(key, value)| (format!("pinpu:{key}"), value.clone()))
            .collect(),
        ..Global::default()
    }
}

fn capture(head: &RecordingHead, sample: u64, index: Option<u64>, at: Option<Timestamp>) -> Capture {
    Capture {
        sample_start: sample,
        global_index: index,
        frequency: head.center_hz.map(|hz| hz as f64),
        datetime: at.map(|at| at.to_string()),
        ..Capture::default()
    }
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// The file system's refusal, with what to do about the usual ones.
fn failed(path: &Path, source: io::Error, samples: u64) -> ReceiverError {
    let advice = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!(
            "the disk is full: free space or record elsewhere; the {samples} samples written so far are thrown away"
        ),
        io::ErrorKind::NotFound => "no such folder: make it first".into(),
        io::ErrorKind::PermissionDenied => "permission denied: record into a folder this user may write".into(),
        _ => {
            return ReceiverError::Io {
                path: path.to_owned(),
                source,
            };
        }
    };
    ReceiverError::Io {
        path: path.to_owned(),
        source: io::Error::new(source.kind(), advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_says_so_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Names::of(&folder.path().join("r"));
        fs::write(&files.data_part, []).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let head = RecordingHead {
            format: SampleFormat::Cu8,
            sample_rate_hz: 1e6,
            center_hz: None,
            start: Timestamp::UNIX_EPOCH,
            hardware: None,
            description: None,
            author: None,
            license: None,
            place: None,
            facts: BTreeMap::new(),
        };
        let mut writer = SigmfWriter::onto(full, files, head);
        let error = writer
            .write(&SampleBlock::new(SampleFormat::Cu8, 64), 64)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("disk is full") && error.contains("r.sigmf-data.part"),
            "{error}"
        );
        drop(writer);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
