//! The samples around an emission as a SigMF recording: metadata and data, with what is known of the receiver.

use std::{fs, path::Path};

use jiff::Timestamp;
use pinpu_hardware::{RecordingHead, SigmfWriter, sigmf::Annotation};
use serde_json::{Value, json};

use super::Source;
use crate::{
    Error, Result,
    capture::recent::{Cut, recording_facts},
    service::{findings::ConflictRecord, vault::NewFile},
    units::{Dbfs, Hertz},
};

/// What a recording is for, as its metadata say it.
#[derive(Debug, Clone)]
pub(in crate::service) struct Subject {
    /// Key of what it is for, and name of its working folder.
    pub(in crate::service) id: String,
    /// The kind of that key.
    pub(in crate::service) kind: &'static str,
    /// In words.
    pub(in crate::service) description: String,
    /// Where in the samples it is.
    pub(in crate::service) annotation: Annotation,
}

impl Subject {
    /// The conflict of the emission that was cut out.
    pub(super) fn conflict(conflict: &ConflictRecord, cut: &Cut) -> Self {
        Self {
            id: conflict.id.clone(),
            kind: "conflict",
            description: format!(
                "evidence of conflict {}: {} at {}",
                conflict.id,
                conflict.kind.name(false),
                conflict.center_hz
            ),
            annotation: annotation(cut, conflict),
        }
    }
}

/// Writes the recording under `folder`, reads it back as two files called `name`, and removes it again.
///
/// # Errors
/// Of the writer or the disk.
pub(in crate::service) fn recording(
    folder: &Path,
    name: &str,
    cut: &Cut,
    source: &Source,
    subject: Subject,
) -> Result<Vec<NewFile>> {
    let work = folder.join(&subject.id);
    fs::create_dir_all(&work).map_err(|source| Error::Io {
        path: work.clone(),
        source,
    })?;
    let written = write(&work, name, cut, source, subject);
    if let Err(error) = fs::remove_dir_all(&work) {
        tracing::warn!(%error, folder = %work.display(), "a working folder stays on the disk");
    }
    written
}

fn write(work: &Path, name: &str, cut: &Cut, source: &Source, subject: Subject) -> Result<Vec<NewFile>> {
    let stream = cut.stream();
    let mut facts = recording_facts(&stream.facts, &stream.settings, stream.ppm);
    facts.insert("ppm_uncertainty".to_owned(), json!(stream.ppm_uncertainty));
    facts.insert(subject.kind.to_owned(), json!(subject.id));
    facts.insert("calibration".to_owned(), calibration(source, cut.center()));
    let head = RecordingHead {
        format: stream.facts.format,
        sample_rate_hz: stream.sample_rate_hz,
        center_hz: Some(cut.center().0),
        start: cut.start().unwrap_or(Timestamp::UNIX_EPOCH),
        hardware: Some(stream.facts.label.clone()),
        description: Some(subject.description),
        author: None,
        license: None,
        place: source.place.map(|place| (place.latitude, place.longitude, None)),
        facts,
    };
    let mut writer = SigmfWriter::create(work.join("cut"), head)?;
    cut.write(&mut writer)?;
    writer.annotate(subject.annotation);
    let written = writer.finish()?;
    let read = |path: &Path, suffix: &str, content_type: &str| -> Result<NewFile> {
        let content = fs::read(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(NewFile {
            name: format!("{name}.{suffix}"),
            content_type: content_type.to_owned(),
            content,
        })
    };
    Ok(vec![
        read(&written.meta, "sigmf-meta", "application/json")?,
        read(&written.data, "sigmf-data", "application/octet-stream")?,
    ])
}

/// Where in the samples the emission is, as far as it lay behind when the conflict was opened.
fn annotation(cut: &Cut, conflict: &ConflictRecord) -> Annotation {
    let sample = |time: Timestamp| cut.sample_at(time);
    let start = sample(conflict.first_seen);
    Annotation {
        sample_start: start,
        sample_count: Some(sample(conflict.last_seen).saturating_sub(start)).filter(|count| *count > 0),
        freq_lower_edge: Some(conflict.low_hz.as_f64()),
        freq_upper_edge: Some(conflict.high_hz.as_f64()),
        label: Some(conflict.kind.name(false).to_owned()),
        comment: Some(format!("conflict {}", conflict.id)),
        ..Annotation::default()
    }
}

/// What 0 dBFS is at the antenna on this frequency; null where no calibration covers it. Uncertainties are one sigma.
fn calibration(source: &Source, center: Hertz) -> Value {
    let level = source.calibration.as_ref().and_then(|(calibration, gain_db)| {
        let level = calibration.apply(Dbfs(0.0), 0.0, center.as_f64(), *gain_db)?;
        Some(json!({
            "frequency_hz": center,
            "gain_db": gain_db,
            "power_dbm_at_0_dbfs": level.power.0,
            "power_uncertainty_db": level.power_sigma_db,
            "field_dbuv_m_at_0_dbfs": level.field_dbuv_m.map(|[field, _]| field),
            "field_uncertainty_db": level.field_dbuv_m.map(|[_, sigma]| sigma),
        }))
    });
    level.unwrap_or(Value::Null)
}
