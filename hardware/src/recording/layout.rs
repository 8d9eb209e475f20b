//! From a path and options to what is to be played: which file, which bytes of it, in which format, and where the
//! signal jumps. Every way in which a recording can be unusable is found here, before the first sample.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{RecordingFacts, RecordingOptions, RecordingWarning, captures, name, wav};
use crate::{Loss, ReceiverError, SampleFormat, sigmf};

/// What is to be played.
pub(super) struct Layout {
    /// The data file; `None`: standard input.
    pub(super) data: Option<PathBuf>,
    /// First byte of the first sample.
    pub(super) byte_start: u64,
    /// Whole samples in bytes; `None`: a stream, to its end.
    pub(super) byte_length: Option<u64>,
    /// Places where the signal is not continuous, ascending.
    pub(super) seams: Vec<Seam>,
    /// What is known before reading.
    pub(super) facts: RecordingFacts,
    /// What is odd but not fatal.
    pub(super) warnings: Vec<RecordingWarning>,
    /// Hash the metadata promises for the whole data file.
    pub(super) sha512: Option<String>,
}

/// A place where the signal is not continuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seam {
    /// Played sample directly behind it.
    pub(super) sample: u64,
    /// What is missing there.
    pub(super) loss: Loss,
}

/// Finds out what `path` is.
pub(super) fn of(path: &Path, options: &RecordingOptions) -> Result<Layout, ReceiverError> {
    if path.as_os_str() == "-" {
        return raw(path, None, options);
    }
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or("")
        .to_ascii_lowercase();
    let meta = with_suffix(&without_sigmf(path), ".sigmf-meta");
    match extension.as_str() {
        "sigmf-meta" => sigmf(&meta, options),
        "sigmf-data" if meta.exists() || options.format.is_none() => sigmf(&meta, options),
        "sigmf" if path.is_file() => Err(bad(
            path,
            "is a SigMF archive: unpack it (tar -xf) and name the .sigmf-meta file in it",
        )),
        "sigmf-collection" => Err(bad(path, "is a SigMF collection: name one .sigmf-meta file of it")),
        _ if !path.exists() && meta.exists() => sigmf(&meta, options),
        "wav" => wav_file(path, options),
        _ => raw(path, Some(path), options),
    }
}

fn sigmf(meta: &Path, options: &RecordingOptions) -> Result<Layout, ReceiverError> {
    let base = without_sigmf(meta);
    if !meta.exists() && with_suffix(&base, ".sigmf-data").exists() {
        return Err(bad(
            meta,
            "is missing beside its .sigmf-data: put it back, or give --format, --rate and --freq",
        ));
    }
    check_is_file(meta)?;
    let text = fs::read(meta).map_err(|e| access(meta, e))?;
    let read: sigmf::Metadata = serde_json::from_slice(&text).map_err(|e| {
        let what = if e.is_data() {
            "is not SigMF metadata"
        } else {
            "is not valid JSON"
        };
        bad(meta, format!("{what}: {e}"))
    })?;
    check_global(meta, &read.global)?;
    let format = match options.format {
        Some(format) => format,
        None => sigmf::format_of(&read.global.datatype).map_err(|reason| bad(meta, reason))?,
    };
    let rate = usable_rate(meta, options.sample_rate_hz.or(read.global.sample_rate))?;
    let data = match &read.global.dataset {
        Some(name) => meta.with_file_name(Path::new(name).file_name().unwrap_or_default()),
        None => with_suffix(&base, ".sigmf-data"),
    };
    if !data.exists() {
        return Err(bad(
            &data,
            format!("is missing: {} says the samples are there", meta.display()),
        ));
    }
    check_is_file(&data)?;
    let total = fs::metadata(&data).map_err(|e| access(&data, e))?.len();
    let header = read.captures.first().map_or(0, |capture| capture.header_bytes);
    let length = total
        .checked_sub(header)
        .and_then(|rest| rest.checked_sub(read.global.trailing_bytes))
        .ok_or_else(|| {
            bad(
                &data,
                "is shorter than the header and trailer its metadata promise: it was cut off",
            )
        })?;
    let mut layout = new_layout(meta, Some(&data), format, rate, options);
    layout.set_window(&data, header, length)?;
    layout.sha512 = read.global.sha512.clone();
    layout.facts.description = read.global.description.clone();
    layout.facts.hardware = read.global.hw.clone();
    captures::apply(meta, &read, options, &mut layout)?;
    Ok(layout)
}

fn check_global(meta: &Path, global: &sigmf::Global) -> Result<(), ReceiverError> {
    if global.metadata_only {
        return Err(bad(
            meta,
            "is metadata without samples (core:metadata_only): get the data file too",
        ));
    }
    if let Some(channels) = global.num_channels.filter(|n| *n != 1) {
        return Err(bad(
            meta,
            format!("interleaves {channels} channels: split it into one recording per channel"),
        ));
    }
    match global
        .extensions
        .iter()
        .find(|e| !e.optional && e.name != "core" && e.name != "pinpu")
    {
        Some(e) => Err(bad(
            meta,
            format!("needs the SigMF extension '{}', which is not understood here", e.name),
        )),
        None => Ok(()),
    }
}

fn wav_file(path: &Path, options: &RecordingOptions) -> Result<Layout, ReceiverError> {
    check_is_file(path)?;
    let mut file = File::open(path).map_err(|e| access(path, e))?;
    let found = match wav::layout(&mut file).map_err(|e| access(path, e))? {
        Ok(found) => found,
        Err(_) if options.format.is_some() && options.sample_rate_hz.is_some() => {
            return raw(path, Some(path), options);
        }
        Err(reason) => return Err(bad(path, reason)),
    };
    let total = file.metadata().map_err(|e| access(path, e))?.len();
    let there = total.saturating_sub(found.data_start);
    let format = options.format.unwrap_or(found.format);
    let rate = usable_rate(path, options.sample_rate_hz.or(Some(found.sample_rate_hz)))?;
    let mut layout = new_layout(path, Some(path), format, rate, options);
    layout.set_window(
        path,
        found.data_start,
        found.data_bytes.map_or(there, |bytes| bytes.min(there)),
    )?;
    if let Some(promised) = found.data_bytes.filter(|bytes| *bytes > there) {
        layout.warnings.push(RecordingWarning::Truncated {
            promised_bytes: promised,
            bytes: there,
        });
    }
    Ok(layout)
}

/// A file without metadata, or standard input.
fn raw(path: &Path, data: Option<&Path>, options: &RecordingOptions) -> Result<Layout, ReceiverError> {
    let hints = name::hints(path);
    let regular = match data {
        Some(file) => {
            let about = fs::metadata(file).map_err(|e| access(file, e))?;
            if about.is_dir() {
                return Err(folder(file));
            }
            about.is_file().then_some(about.len())
        }
        None => None,
    };
    let format = options.format.or(hints.format).ok_or_else(|| {
        bad(
            path,
            "has no metadata and its name does not tell the sample format: give --format cu8, cs8, cs16 or cf32",
        )
    })?;
    let rate = usable_rate(path, options.sample_rate_hz.or(hints.sample_rate_hz))?;
    let mut layout = new_layout(path, data, format, rate, options);
    if let (Some(file), Some(length)) = (data, regular) {
        layout.set_window(file, 0, length)?;
    }
    Ok(layout)
}

fn new_layout(path: &Path, data: Option<&Path>, format: SampleFormat, rate: f64, options: &RecordingOptions) -> Layout {
    Layout {
        data: data.map(Path::to_owned),
        byte_start: 0,
        byte_length: None,
        seams: Vec::new(),
        facts: RecordingFacts {
            path: path.to_owned(),
            format,
            sample_rate_hz: rate,
            center_hz: options.center_hz.or(name::hints(path).center_hz),
            samples: None,
            datetime: None,
            hardware: None,
            description: None,
            annotations: Vec::new(),
        },
        warnings: Vec::new(),
        sha512: None,
    }
}

impl Layout {
    /// Plays `length` bytes from `start`, whole samples only.
    fn set_window(&mut self, data: &Path, start: u64, length: u64) -> Result<(), ReceiverError> {
        let sample = self.facts.format.bytes() as u64;
        let odd = length % sample;
        if length == 0 {
            return Err(bad(data, "is empty: nothing was recorded"));
        }
        if odd != 0 {
            self.warnings.push(RecordingWarning::PartialSample { bytes: odd });
        }
        if length < sample {
            return Err(bad(
                data,
                format!("holds {length} byte(s), less than one sample of {sample}: it was cut off"),
            ));
        }
        self.byte_start = start;
        self.byte_length = Some(length - odd);
        self.facts.samples = Some(length / sample);
        Ok(())
    }
}

fn usable_rate(path: &Path, rate: Option<f64>) -> Result<f64, ReceiverError> {
    match rate {
        Some(rate) if rate.is_finite() && rate > 0.0 && rate <= 1e12 => Ok(rate),
        Some(rate) => Err(bad(
            path,
            format!("sample rate {rate} is not usable: give the true one with --rate, such as --rate 2.4M"),
        )),
        None => Err(bad(
            path,
            "does not tell its sample rate: give it with --rate, such as --rate 250k",
        )),
    }
}

fn check_is_file(path: &Path) -> Result<(), ReceiverError> {
    if fs::metadata(path).map_err(|e| access(path, e))?.is_dir() {
        return Err(folder(path));
    }
    Ok(())
}

/// A folder is refused with the name of a recording in it, if there is one.
fn folder(path: &Path) -> ReceiverError {
    let mut inside: Vec<PathBuf> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|e| e == "sigmf-meta"))
        .collect();
    inside.sort();
    match inside.first() {
        Some(file) => bad(
            path,
            format!("is a folder: name one recording in it, such as {}", file.display()),
        ),
        None => bad(
            path,
            "is a folder: name a recording (a .sigmf-meta file, or a raw file with --format and --rate)",
        ),
    }
}

/// An unusable recording.
pub(super) fn bad(path: &Path, reason: impl Into<String>) -> ReceiverError {
    ReceiverError::BadRecording {
        path: path.to_owned(),
        reason: reason.into(),
    }
}

/// The file system's refusal, with what to do about the usual ones.
pub(super) fn access(path: &Path, source: io::Error) -> ReceiverError {
    let advice = match source.kind() {
        io::ErrorKind::NotFound => "no such file: check the name; SigMF recordings are named by their .sigmf-meta",
        io::ErrorKind::PermissionDenied => {
            "permission denied: run as a user who may read it, or let this one (chmod a+r, and a+x on its folders)"
        }
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

fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(base);
    name.push(suffix);
    PathBuf::from(name)
}

/// The base name: what `.sigmf-meta` and `.sigmf-data` are put behind. Dots in it are part of it.
fn without_sigmf(path: &Path) -> PathBuf {
    match path.extension().and_then(|e| e.to_str()) {
        Some("sigmf-meta" | "sigmf-data") => path.with_extension(""),
        _ => path.to_owned(),
    }
}
