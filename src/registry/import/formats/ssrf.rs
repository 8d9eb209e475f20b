//! SSRF 3.1, the Standard Spectrum Resource Format (MC4EB Pub 8): assignments with the organisations, locations,
//! transmitters and antennas they refer to.
//!
//! Frequencies are megahertz. The bandwidth is that of an emission class of the configuration or of the transmitter
//! mode, or the width between `FreqMin` and `FreqMax`; an assignment that states none is reported. The XML of the
//! assignment is kept as its raw text with the classification of every element; what it refers to is kept beside it.
//! A document type definition is refused, so entities cannot multiply.

use std::{collections::HashMap, io::Read};

use quick_xml::{Reader, events::Event};

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    decode::{self, Fallback},
    numbers,
    rows::{Fault, unreadable},
};
use crate::{
    registry::{
        Assignment, Place, Role, designator,
        details::{Antenna, Details, Emission, Raw},
        import::ImportReport,
    },
    units::Band,
};

/// Longest document, and the deepest and largest tree that is built of it.
const LONGEST: u64 = 256 << 20;
const DEPTH_MAX: usize = 64;
const NODES_MAX: usize = 5_000_000;

/// An element with its text and where it stands.
#[derive(Debug, Default)]
struct Node {
    name: String,
    text: String,
    classification: Option<String>,
    children: Vec<Node>,
    range: std::ops::Range<usize>,
}

impl Node {
    /// The first element along a path of names.
    fn find(&self, path: &[&str]) -> Option<&Node> {
        let (first, rest) = match path {
            [] => return Some(self),
            [first, rest @ ..] => (first, rest),
        };
        self.children
            .iter()
            .filter(|child| child.name == *first)
            .find_map(|child| child.find(rest))
    }

    fn text(&self, path: &[&str]) -> Option<String> {
        let text = self.find(path)?.text.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Elements of this name anywhere below.
    fn below<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.below(name, found);
        }
    }
}

/// Reads a document.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("ssrf");
    let mut text = String::new();
    let opened = decode::utf8(reader.take(LONGEST), Fallback::Latin);
    if let Err(error) = opened.and_then(|(mut reader, _)| reader.read_to_string(&mut text)) {
        return collector.stopped(unreadable(name, 1, &error.to_string()));
    }
    let root = match tree(&text, name) {
        Ok(root) => root,
        Err(fault) => return collector.stopped(fault),
    };
    let by_serial: HashMap<String, &Node> = root
        .children
        .iter()
        .filter_map(|node| Some((node.text(&["Serial"])?, node)))
        .collect();
    let columns = Columns::new(["Serial"]);
    for node in root.all("Assignment") {
        let serial = node.text(&["Serial"]).unwrap_or_default();
        let raw = text.get(node.range.clone()).unwrap_or_default().to_owned();
        let mut cells = Cells::new(&columns, name, line(&text, node.range.start), vec![serial], raw);
        let record = assignment(node, &by_serial, &text, &mut cells);
        collector.row(record.into_iter().collect(), cells.faults);
    }
    collector.done()
}

fn line(text: &str, at: usize) -> u64 {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count() as u64
        + 1
}

/// The elements of the document.
fn tree(text: &str, name: &str) -> Result<Node, Fault> {
    let mut xml = Reader::from_str(text);
    let mut open: Vec<Node> = vec![Node::default()];
    let mut nodes = 0_usize;
    loop {
        let before = xml.buffer_position() as usize;
        let stop = |problem: &str| Err(unreadable(name, line(text, before), problem));
        let event = match xml.read_event() {
            Ok(event) => event,
            Err(error) => return stop(&error.to_string()),
        };
        match event {
            Event::Start(tag) => {
                nodes += 1;
                if open.len() > DEPTH_MAX || nodes > NODES_MAX {
                    return stop("the document is deeper or larger than any SSRF document");
                }
                open.push(element(&tag, before));
            }
            Event::Empty(tag) => {
                nodes += 1;
                let mut node = element(&tag, before);
                node.range.end = xml.buffer_position() as usize;
                if let Some(parent) = open.last_mut() {
                    parent.children.push(node);
                }
            }
            Event::Text(words) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&words);
                }
            }
            Event::GeneralRef(reference) => {
                let character = match &*reference {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => '\u{fffd}',
                };
                if let Some(node) = open.last_mut() {
                    node.text.push(character);
                }
            }
            Event::End(_) => {
                let Some(mut node) = open.pop() else {
                    return stop("an element ends that never began");
                };
                node.range.end = xml.buffer_position() as usize;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return stop("an element ends that never began"),
                }
            }
            Event::DocType(_) => {
                return stop("a document type definition: SSRF has none, and its entities are not expanded");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open
        .swap_remove(0)
        .children
        .into_iter()
        .find(|node| node.name == "SSRF");
    root.filter(|_| open.is_empty())
        .ok_or_else(|| unreadable(name, 1, "the root element is not SSRF, or it does not end"))
}

fn element(tag: &quick_xml::events::BytesStart<'_>, start: usize) -> Node {
    let classification = tag
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.as_ref() == "cls");
    Node {
        name: tag.name().as_ref().rsplit(':').next().unwrap_or_default().to_owned(),
        classification: classification.map(|attribute| attribute.value.into_owned()),
        range: start..start,
        ..Node::default()
    }
}

fn assignment(node: &Node, by_serial: &HashMap<String, &Node>, text: &str, cells: &mut Cells) -> Option<Assignment> {
    let serial = cells.required("Serial")?;
    let configuration = node.find(&["Configuration"]);
    let frequency = configuration.and_then(|configuration| configuration.find(&["ConfigFreq"]));
    let mhz = |name: &str| frequency.and_then(|frequency| numbers::hertz(&frequency.text(&[name])?, 6));
    let Some(low) = mhz("FreqMin").filter(|hz| (numbers::LOWEST_HZ..=numbers::HIGHEST_HZ).contains(&hz.0)) else {
        cells.complain(
            "FreqMin",
            &serial,
            "没有以 MHz 为单位的频率",
            "no ConfigFreq with a FreqMin in MHz",
        );
        return None;
    };
    let band = mhz("FreqMax")
        .and_then(|high| Band::new(low, high))
        .filter(|band| band.width().0 > 0);
    let refers = |path: &[&str]| by_serial.get(&node.text(path)?).copied();
    let transmitter = refers(&["Configuration", "TxRef", "Serial"]);
    let antenna = refers(&["Configuration", "TxRef", "TxAntModeRef", "Serial"]);
    let organisation = refers(&["Station", "POCInformation", "Serial"]);
    let location = refers(&["Station", "StationLoc", "LocSatRef"]);
    let emissions = emissions(configuration, transmitter);
    let widest = emissions.iter().filter_map(|emission| {
        Some((
            designator::parse(&emission.designator).ok()?.bandwidth(),
            emission.designator.clone(),
        ))
    });
    let widest = widest.max_by_key(|(width, _)| *width);
    let (center, width) = match (band, &widest) {
        (Some(band), _) => (band.center(), band.width()),
        (None, Some((width, _))) => (low, *width),
        (None, None) => {
            let en = "no emission class with a bandwidth, and no FreqMax: the bandwidth cannot be told";
            cells.complain("EmsClass", &serial, "没有带宽：既无发射类别带宽，也无 FreqMax", en);
            return None;
        }
    };
    let mut record = draft(format!("ssrf-{serial}"), cells, center, width);
    record.block = band.is_some();
    record.designator = widest.map(|(_, designator)| designator);
    record.holder = organisation.and_then(|node| node.text(&["Name"])).unwrap_or_default();
    record.station = location.and_then(|node| node.text(&["Name"])).unwrap_or_default();
    record.call_sign = node.text(&["Station", "CallSign"]);
    record.place = location.and_then(|node| place(node, cells));
    let number = |path: &[&str]| node.text(path)?.parse::<f64>().ok().filter(|number| number.is_finite());
    // EIRP is stated in dBW.
    record.eirp_dbm = number(&["Link", "StationConfig", "EIRPMin"]).map(|dbw| dbw + 30.0);
    let instant = |name: &str| node.text(&[name])?.parse::<jiff::Timestamp>().ok();
    record.valid_from = instant("EffectiveDateTime");
    record.valid_to = instant("ExpirationDateTime");
    let mut details = particulars(cells);
    details.emissions = emissions;
    details.country = location.and_then(|node| node.text(&["Country"]));
    details.antenna = antenna.map(|node| pattern(node, number(&["Link", "StationConfig", "AntFeedpointHeight"])));
    for other in [organisation, location, transmitter, antenna].into_iter().flatten() {
        details.raw.push(Raw {
            source: format!("{}#{}", other.name, other.text(&["Serial"]).unwrap_or_default()),
            text: text.get(other.range.clone()).unwrap_or_default().to_owned(),
        });
    }
    own(node, &mut details);
    record.details = Some(Box::new(details));
    Some(record)
}

/// What the assignment says of itself, without what it refers to.
fn own(node: &Node, details: &mut Details) {
    details.station_class = node.text(&["Configuration", "Usage", "StnClass"]);
    details.classification.clone_from(&node.classification);
    details.precedence = node
        .text(&["OriginalAssignmentDate"])
        .and_then(|text| text.parse().ok());
    if node
        .text(&["Link", "StationConfig", "Type"])
        .is_some_and(|kind| kind.starts_with("Receive"))
    {
        details.role = Role::Receive;
    }
}

/// Emission classes with their necessary bandwidth, as designators.
fn emissions(configuration: Option<&Node>, transmitter: Option<&Node>) -> Vec<Emission> {
    let mut found = Vec::new();
    for node in [configuration, transmitter].into_iter().flatten() {
        node.below("EmsClass", &mut found);
    }
    let written = found.into_iter().filter_map(|class| {
        let whole = designator::parse(class.text.trim()).ok().map(|read| read.text);
        let symbols = class.text(&["EmsClass"]).or_else(|| class.text(&["EmsDes"]));
        let composed = || {
            let width = numbers::hertz(
                &class
                    .text(&["NecessaryBwMax"])
                    .or_else(|| class.text(&["NecessaryBw"]))?,
                6,
            )?;
            let class = designator::Class::parse(&symbols?).ok()?;
            designator::format(u64::try_from(width.0).ok()? * 1000, &class)
        };
        Some(Emission {
            designator: whole.or_else(composed)?,
            ..Emission::default()
        })
    });
    written.collect()
}

fn place(node: &Node, cells: &mut Cells) -> Option<Place> {
    let angle = |name: &str| numbers::packed_degrees(&node.text(&["Point", name])?);
    let (latitude, longitude) = (angle("Lat")?, angle("Lon")?);
    cells.place("Lat", latitude, longitude)
}

fn pattern(node: &Node, height_m: Option<f64>) -> Antenna {
    let mut points = Vec::new();
    node.below("AntPatternPoint", &mut points);
    let number = |node: &Node, name: &str| {
        node.text(&[name])?
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let pattern = points
        .into_iter()
        .filter_map(|point| Some((number(point, "Dir")?, number(point, "Gain")?)));
    Antenna {
        model: node.text(&["Nomenclature", "Name"]),
        polarization: node.text(&["AntMode", "PolarisationType"]),
        gain_dbi: node
            .find(&["AntMode", "Gain"])
            .and_then(|gain| number(gain, "GainMin").or(gain.text.trim().parse().ok())),
        height_m,
        pattern: pattern.collect(),
        ..Antenna::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_data;

    #[test]
    fn the_example_is_read_with_what_it_refers_to() {
        let Some(text) = test_data("registry/coordination/ssrf/ssrf-example.ckco-tv-3.xml") else {
            return;
        };
        let report = read(text.as_bytes(), "ckco.xml");
        assert!(report.complete && report.rows_read == 1, "{report:#?}");
        assert_eq!(report.bad[0].field, "EmsClass", "the example states no bandwidth");
        let stated = text.replace("<InBand cls", "<FreqMax cls=\"U\">0.644</FreqMax><InBand cls");
        let report = read(stated.as_bytes(), "ckco.xml");
        assert!(report.is_clean(), "{:#?}", report.bad);
        let record = &report.ok[0];
        assert_eq!(
            (record.holder.as_str(), record.call_sign.as_deref()),
            ("Bell Media Inc.", Some("CKCO-TV-3"))
        );
        assert!(
            record
                .place
                .is_some_and(|place| (place.latitude - 43.714_722).abs() < 1e-5)
        );
        let details = record.details.as_ref().expect("particulars");
        assert!(details.antenna.as_ref().expect("antenna").pattern.len() > 60);
        assert_eq!(
            (details.classification.as_deref(), details.station_class.as_deref()),
            (Some("U"), Some("BT"))
        );
        assert_eq!(details.raw.len(), 5, "the assignment and the four objects it refers to");
        assert!(
            details.raw[0].text.starts_with("<Assignment cls=\"U\">") && details.raw[0].text.ends_with("</Assignment>")
        );
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><SSRF>&b;</SSRF>";
        assert!(
            read(bomb.as_bytes(), "x.xml").bad[0]
                .reason
                .en
                .contains("document type")
        );
        let deep = "<SSRF>".to_owned() + &"<a>".repeat(100_000);
        assert!(!read(deep.as_bytes(), "x.xml").complete);
        for broken in ["", "<SSRF>", "</SSRF>", "<a></a>", "<SSRF><Assignment></SSRF>"] {
            assert!(!read(broken.as_bytes(), "x.xml").complete, "{broken}");
        }
    }
}
