//! A report as SSRF's `IntfReport`, for other administrations.

use jiff::Timestamp;

use super::{Report, ReportEntry, ReportStep, words};
use crate::registry::export::{Attached, ExportError, InterferenceReport, interference};

/// Evidence and marks that the report itself does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidenced {
    /// Classification of the assignment that is harmed; nothing: open.
    pub classification: Option<String>,
    /// Files of the conflicts that belong to the report.
    pub attached: Vec<Attached>,
}

/// The document.
///
/// # Errors
/// The complaint names no band, or writing failed.
pub fn exchange(report: &Report, evidenced: &Evidenced, now: Timestamp) -> Result<Vec<u8>, ExportError> {
    let complaint = &report.complaint;
    let told = |steps: &[ReportStep]| {
        let entries = report.entries.iter().filter(|entry| steps.contains(&entry.step));
        let lines: Vec<String> = entries.map(line).collect();
        lines.join("\n")
    };
    let mut solution = told(&[ReportStep::Act, ReportStep::Close]);
    if let Some(verified) = &report.verified {
        solution = format!("{solution}\n{}", words::verification(verified).en);
    }
    let mut remarks = vec![
        format!("state: {}", words::state(report.state).en),
        format!("{} ({})", words::grade(report.grade).en, words::level(report.level).en),
        format!("complainant: {}", complaint.complainant),
    ];
    remarks.extend(
        report
            .licence
            .findings
            .iter()
            .map(|finding| format!("licence: {}", words::finding(*finding).en)),
    );
    remarks.extend(report.evidence.emissions.iter().map(|id| format!("emission: {id}")));
    remarks.extend(report.evidence.conflicts.iter().map(|id| format!("conflict: {id}")));
    let located = report.located.as_ref();
    let document = InterferenceReport {
        number: &report.number,
        entered: report.filed_at,
        classification: evidenced.classification.as_deref(),
        began: complaint.began,
        ended: complaint.ended,
        symptoms: &complaint.symptoms,
        source: located.and_then(|located| located.place),
        source_words: located.map_or("", |located| &located.words),
        assignment: complaint.assignment.as_deref(),
        station: &report.licence.station,
        place: complaint.place,
        place_words: &complaint.address,
        band: complaint.band().ok_or_else(|| {
            ExportError::Unfit(crate::registry::Text::new(
                "投诉未写明频段",
                "the complaint names no band",
            ))
        })?,
        solution,
        attached: evidenced.attached.clone(),
        remarks,
    };
    let mut out = Vec::new();
    interference(&document, now, &mut out)?;
    Ok(out)
}

fn line(entry: &ReportEntry) -> String {
    if entry.text.en.is_empty() {
        entry.time.to_string()
    } else {
        format!("{} {}", entry.time, entry.text.en)
    }
}
