//! SSRF 3.1 (MC4EB Pub 8): one document that the schema accepts.
//!
//! A record that came from SSRF and still says the same is written from the elements it came with, modelled or not
//! ([`source`]); every other record as new elements ([`record`]). What several assignments refer to is written once.

mod element;
mod interference;
mod record;
mod source;
mod words;

use std::{collections::BTreeMap, io::Write};

use jiff::Timestamp;

use super::{ExportError, Options};
use crate::registry::Assignment;
pub use interference::{Attached, InterferenceReport};

const NAMESPACE: &str = "urn:us:gov:dod:standard:ssrf:3.1.0";

/// Objects in the order the schema has them.
const ORDER: [&str; 25] = [
    "Contact",
    "Role",
    "Organisation",
    "ExternalReference",
    "Administrative",
    "Location",
    "ChannelPlan",
    "TOA",
    "Transmitter",
    "Receiver",
    "Antenna",
    "RFSystem",
    "SSRequest",
    "SSReply",
    "Allotment",
    "Assignment",
    "Satellite",
    "IntfReport",
    "JRFL",
    "ForceElement",
    "FEDeployment",
    "Message",
    "Note",
    "Loadset",
    "RadiationPlan",
];

/// An object of the document.
struct Object {
    name: String,
    serial: String,
    xml: String,
}

pub(super) fn write(records: &[&Assignment], options: &Options, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut objects: BTreeMap<(usize, String), String> = BTreeMap::new();
    for record in records {
        let written = match source::objects(record)? {
            Some(written) => written,
            None => record::objects(record, options)?,
        };
        for object in written {
            let rank = ORDER.iter().position(|name| *name == object.name);
            let Some(rank) = rank else { continue };
            objects.entry((rank, object.serial)).or_insert(object.xml);
        }
    }
    document(objects.values(), out)
}

/// An interference report (`IntfReport`) with the files that belong to it (`ExternalReference`).
pub(super) fn write_interference(
    report: &InterferenceReport<'_>,
    written_at: Timestamp,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    document(interference::objects(report, written_at)?.iter(), out)
}

fn document<'x>(objects: impl Iterator<Item = &'x String>, out: &mut dyn Write) -> Result<(), ExportError> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<SSRF xmlns=\"{NAMESPACE}\" xmlns:ssrf=\"{NAMESPACE}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
    )?;
    for xml in objects {
        writeln!(out, "{xml}")?;
    }
    writeln!(out, "</SSRF>")?;
    Ok(())
}
