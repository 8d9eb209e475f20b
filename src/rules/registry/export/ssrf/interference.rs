//! An interference report as SSRF's `IntfReport`: when, what was met, where the source is, who is harmed, what solved it.
//!
//! Evidence is referred to (`ExternalReference`, not attached): name, hash and where to fetch it. What has no element stands
//! in the remarks.

use jiff::Timestamp;

use super::{
    super::ExportError,
    element::{Element, shortened},
    record::{assignment_serial, latitude, longitude, mhz, serial},
    words,
};
use crate::{registry::Place, units::Band};

/// A file that belongs to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its key.
    pub id: String,
    /// Name of the file.
    pub name: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Path of the service under which it is read.
    pub path: String,
    /// When it was attached.
    pub at: Timestamp,
}

/// What a report says. Texts may be empty.
#[derive(Debug, Clone, PartialEq)]
pub struct InterferenceReport<'a> {
    /// Number of the case.
    pub number: &'a str,
    /// When it was written down.
    pub entered: Timestamp,
    /// Classification of the assignment that is harmed; nothing: open.
    pub classification: Option<&'a str>,
    /// Since when.
    pub began: Timestamp,
    /// Until when.
    pub ended: Option<Timestamp>,
    /// What was met.
    pub symptoms: &'a str,
    /// Where the source is,
    pub source: Option<Place>,
    /// and in words.
    pub source_words: &'a str,
    /// Key of the assignment that is harmed.
    pub assignment: Option<&'a str>,
    /// Its station.
    pub station: &'a str,
    /// Where the interference is met,
    pub place: Option<Place>,
    /// and in words.
    pub place_words: &'a str,
    /// The frequencies that are harmed.
    pub band: Band,
    /// What solved it.
    pub solution: String,
    /// Files.
    pub attached: Vec<Attached>,
    /// What has no element.
    pub remarks: Vec<String>,
}

/// Its objects in the order of the schema: the references, then the report.
pub(super) fn objects(report: &InterferenceReport<'_>, written_at: Timestamp) -> Result<Vec<String>, ExportError> {
    let class = words::classification(report.classification);
    let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time).to_string();
    let written_at = whole(written_at);
    let (mut objects, mut references) = (Vec::new(), Vec::new());
    for file in &report.attached {
        let own = serial("ER", &[&file.id]);
        let mut out = Element::object("ExternalReference", &own, &written_at, class)?;
        let hash = format!("SHA-256 {}", file.sha256);
        out.short("Description", Some(&hash), 500)?;
        out.leaf("Date", whole(file.at).get(..10))?;
        out.short("Identifier", Some(&file.id), 50)?;
        out.short("Title", Some(&file.name), 255)?;
        out.short("ResourceLocator", Some(&file.path), 255)?;
        out.leaf("IsAttached", Some("No"))?;
        objects.push(out.done()?);
        references.push(own);
    }
    let own = serial("IR", &[report.number, &report.entered.to_string()]);
    let mut out = Element::object("IntfReport", &own, &whole(report.entered), class)?;
    out.leaf("LastChangeDateTime", Some(&written_at))?;
    out.open("CaseNum", None)?;
    out.short("Identifier", Some(report.number), 20)?;
    out.close()?;
    for (reference, idx) in references.iter().zip(1..) {
        out.leaf_with("ExtReferenceRef", Some(reference), Some(&format!("{idx}")))?;
    }
    for (remark, idx) in remarks(report).iter().zip(1..) {
        out.leaf_with("Remarks", Some(remark), Some(&format!("{idx}")))?;
    }
    out.leaf("IntfPeriod", report.ended.is_none().then_some("Continuous"))?;
    out.leaf("IntfStartDateTime", Some(&whole(report.began)))?;
    out.leaf("IntfStopDateTime", report.ended.map(whole).as_deref())?;
    out.leaf("IntfDescr", Some(report.symptoms))?;
    if let Some(place) = report.source {
        out.leaf("SourceLon", Some(&longitude(place.longitude)))?;
        out.leaf("SourceLat", Some(&latitude(place.latitude)))?;
    }
    out.short("SourceLocDescr", Some(report.source_words), 255)?;
    out.leaf("VictimAsgnRef", report.assignment.map(assignment_serial).as_deref())?;
    out.short("VictimSystem", Some(report.station), 100)?;
    if let Some(place) = report.place {
        out.leaf("VictimLon", Some(&longitude(place.longitude)))?;
        out.leaf("VictimLat", Some(&latitude(place.latitude)))?;
    }
    out.short("VictimLocDescr", Some(report.place_words), 255)?;
    out.leaf("VictimFreqMin", Some(&mhz(report.band.low().0)))?;
    out.leaf("VictimFreqMax", Some(&mhz(report.band.high().0)))?;
    out.leaf("Evaluation", Some("Interference"))?;
    out.leaf("Solution", Some(&report.solution))?;
    out.short("LocalEventID", Some(report.number), 20)?;
    objects.push(out.done()?);
    Ok(objects)
}

/// What has no element, and what is longer than one.
fn remarks(report: &InterferenceReport<'_>) -> Vec<String> {
    let mut remarks = report.remarks.clone();
    let mut say = |name: &str, text: &str, longest: usize| {
        if shortened(text, longest) != text.trim() {
            remarks.push(format!("{name}: {text}"));
        }
    };
    say("number", report.number, 20);
    say("source", report.source_words, 255);
    say("station", report.station, 100);
    say("place", report.place_words, 255);
    if let Some(key) = report.assignment {
        remarks.push(format!("assignment: {key}"));
    }
    remarks
}
