//! SSRF 3.1 (MC4EB Pub 8), XML with or without namespaces: the assignments, with the organisations, locations,
//! transmitters, receivers and antennas they refer to by serial number.
//!
//! One record for every frequency of an assignment: those of one assignment have its key, behind the first with `~2` and so
//! on. The text of the assignment is kept with each, so nothing is lost of what is not modelled, among it the classification of every element; what it refers to is kept
//! beside it. `export::ssrf` is the way back. An assignment that states no bandwidth at all gets one only where custom
//! gives it, said so in the extension `assumed`: 6 MHz for television above 41 MHz, 10 kHz below 30 MHz (from memory).

mod tree;

use std::{collections::HashMap, io::Read};

use jiff::{civil::DateTime, tz::Offset};

pub(crate) use self::tree::character;
use self::tree::{Node, breaks, tree};
use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    decode::{self, Fallback},
    numbers,
    rows::unreadable,
};
use crate::{
    registry::{
        Assignment, AssignmentStatus, Place, Role, designator,
        details::{Antenna, Area, Details, Emission, Equipment, Raw},
        import::ImportReport,
    },
    units::{Band, Hertz},
};

/// Longest document.
const LONGEST: u64 = 256 << 20;

/// Text kept with the records of a document: every record keeps what it refers to, so a large object that many refer to
/// would multiply.
const COPIED_MAX: usize = if cfg!(test) { 16 << 20 } else { 2 << 30 };

/// Our exports begin the remark that holds the key of a record so.
pub(crate) const REMARK_ID: &str = "Pinpu id: ";

/// The schema wants a first day in force; our exports write this one where none is stated.
pub(crate) const UNKNOWN_START: &str = "1900-01-01T00:00:00Z";

/// Reads a document.
pub(crate) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
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
    let (mut at, mut line) = (0, 1);
    let mut copied = 0;
    for node in root.all("Assignment") {
        let serial = node.text(&["Serial"]).unwrap_or_default();
        let raw = text.get(node.range.clone()).unwrap_or_default().to_owned();
        line += breaks(&text, at..node.range.start);
        at = node.range.start;
        let mut cells = Cells::new(&columns, name, line, vec![serial], raw);
        let records = assignments(node, &by_serial, &text, &mut cells);
        let raw = records
            .iter()
            .flat_map(|record| &record.details)
            .flat_map(|details| &details.raw);
        copied += raw.map(|raw| raw.text.len()).sum::<usize>();
        if copied > COPIED_MAX {
            let problem = "its assignments refer to objects too large to keep with each of them: split the document";
            return collector.stopped(unreadable(name, line, problem));
        }
        collector.row(records, cells.faults);
    }
    collector.done()
}

/// The frequencies of an assignment: of every configuration each.
fn assignments(node: &Node, by_serial: &HashMap<String, &Node>, text: &str, cells: &mut Cells) -> Vec<Assignment> {
    let Some(serial) = cells.required("Serial") else {
        return Vec::new();
    };
    let configurations = node.all("Configuration");
    let uses: Vec<_> = configurations
        .flat_map(|configuration| {
            configuration
                .all("ConfigFreq")
                .map(move |frequency| (configuration, frequency))
        })
        .collect();
    if uses.is_empty() {
        no_frequency(&serial, cells);
    }
    let mut records = Vec::new();
    for (configuration, frequency) in uses {
        let parts = Parts::of(node, configuration, by_serial);
        let Some(mut record) = use_of(&parts, frequency, key(node, &serial), cells) else {
            continue;
        };
        parts.describe(node, &mut record, cells);
        if let Some(details) = &mut record.details {
            parts.particulars(node, details, text);
            own(node, configuration, details);
        }
        records.push(record);
    }
    records
}

fn no_frequency(serial: &str, cells: &mut Cells) {
    let en = "no ConfigFreq with a FreqMin in MHz";
    cells.complain("FreqMin", serial, "没有以 MHz 为单位的频率", en);
}

/// Frequency, bandwidth and emissions of one use.
fn use_of(parts: &Parts, frequency: &Node, id: String, cells: &mut Cells) -> Option<Assignment> {
    let mhz = |name: &str| numbers::hertz(&frequency.text(&[name])?, 6);
    let Some(low) = mhz("FreqMin").filter(|hz| (numbers::LOWEST_HZ..=numbers::HIGHEST_HZ).contains(&hz.0)) else {
        no_frequency(&id, cells);
        return None;
    };
    let band = mhz("FreqMax")
        .and_then(|high| Band::new(low, high))
        .filter(|band| band.width().0 > 0);
    let (emissions, stated) = emissions(parts.configuration, parts.equipment, cells);
    let widest = emissions.iter().filter_map(|emission| {
        let read = designator::parse(&emission.designator).ok()?;
        Some((read.bandwidth(), emission.designator.clone()))
    });
    let widest = widest.max_by_key(|(width, _)| *width);
    let width = stated.max(widest.as_ref().map(|(width, _)| *width));
    let class = parts.configuration.text(&["Usage", "StnClass"]);
    let (center, width, is_assumed) = match (band, width, assumed(low, class.as_deref())) {
        (Some(band), ..) => (band.center(), band.width(), false),
        (None, Some(width), _) => (low, width, false),
        (None, None, Some(width)) => (low, width, true),
        (None, None, None) => {
            let en = "no emission class with a bandwidth, and no FreqMax: the bandwidth cannot be told";
            cells.complain("EmsClass", &id, "没有带宽：既无发射类别带宽，也无 FreqMax", en);
            return None;
        }
    };
    let mut record = draft(id, cells, center, width);
    record.block = band.is_some();
    record.designator = widest.map(|(_, designator)| designator);
    let mut details = particulars(cells);
    details.emissions = emissions;
    if is_assumed {
        let note = format!("necessary bandwidth {width}");
        details.extensions.insert("assumed".to_owned(), note);
    }
    record.details = Some(Box::new(details));
    Some(record)
}

/// The key that our export wrote into the remarks, or one made of the serial number.
fn key(node: &Node, serial: &str) -> String {
    let mut remarks = node.all("Remarks").map(|remark| remark.text.trim());
    let own = remarks.find_map(|remark| remark.strip_prefix(REMARK_ID));
    own.map_or_else(|| format!("ssrf-{serial}"), str::to_owned)
}

/// The bandwidth custom gives a station that states none; nothing where it is anybody's guess.
fn assumed(center: Hertz, class: Option<&str>) -> Option<Hertz> {
    match (center.0, class) {
        (41_000_000.., Some("BT")) => Some(Hertz(6_000_000)),
        (5_000..30_000_000, _) => Some(Hertz(10_000)),
        _ => None,
    }
}

fn number(node: &Node, path: &[&str]) -> Option<f64> {
    node.text(path)?.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// What an assignment refers to.
struct Parts<'a> {
    configuration: &'a Node,
    equipment: Option<&'a Node>,
    antenna: Option<&'a Node>,
    organisation: Option<&'a Node>,
    location: Option<&'a Node>,
}

impl<'a> Parts<'a> {
    fn of(node: &Node, configuration: &'a Node, by_serial: &HashMap<String, &'a Node>) -> Self {
        let refers = |node: &Node, path: &[&str]| by_serial.get(&node.text(path)?).copied();
        let used = |path: &[&str]| refers(configuration, path);
        Self {
            configuration,
            equipment: used(&["TxRef", "Serial"]).or_else(|| used(&["RxRef", "Serial"])),
            antenna: used(&["TxRef", "TxAntModeRef", "Serial"]).or_else(|| used(&["RxRef", "RxAntModeRef", "Serial"])),
            organisation: refers(node, &["Station", "POCInformation", "Serial"]),
            location: refers(node, &["Station", "StationLoc", "LocSatRef"]),
        }
    }

    fn describe(&self, node: &Node, record: &mut Assignment, cells: &mut Cells) {
        let name = |node: Option<&Node>| node.and_then(|node| node.text(&["Name"]));
        record.holder = name(self.organisation).unwrap_or_default();
        let own = node.text(&["Station", "StationName"]);
        record.station = own.or_else(|| name(self.location)).unwrap_or_default();
        record.call_sign = node.text(&["Station", "CallSign"]);
        record.place = self.location.and_then(|node| place(node, cells));
        if let (Some(place), Some(radius)) = (
            &mut record.place,
            number(node, &["Station", "StationLoc", "LocationRadius"]),
        ) {
            place.radius_km = radius.max(0.0);
        }
        // EIRP is stated in dBW.
        let eirp = |name: &str| number(node, &["Link", "StationConfig", name]);
        record.eirp_dbm = eirp("EIRPMax").or_else(|| eirp("EIRPMin")).map(|dbw| dbw + 30.0);
        let unknown: Option<jiff::Timestamp> = UNKNOWN_START.parse().ok();
        record.valid_from = instant(node, "EffectiveDateTime", cells).filter(|from| Some(*from) != unknown);
        record.valid_to = instant(node, "ExpirationDateTime", cells);
        record.status = match (node.text(&["UsageType"]).as_deref(), node.text(&["State"]).as_deref()) {
            (Some("Cancelled/Rejected"), _) => AssignmentStatus::Cancelled,
            (_, Some("Inactive")) => AssignmentStatus::Suspended,
            _ => AssignmentStatus::Granted,
        };
    }

    fn particulars(&self, node: &Node, details: &mut Details, text: &str) {
        details.country = self.location.and_then(|node| node.text(&["Country"]));
        details.ground_elevation_m = self
            .location
            .and_then(|node| number(node, &["Point", "TerrainElevation"]));
        details.area = self.location.and_then(polygon);
        details.power_dbm = number(self.configuration, &["PowerLimit"]).map(|dbw| dbw + 30.0);
        details.antenna = self.antenna.map(|antenna| self::antenna(antenna, node));
        details.equipment = self.equipment.and_then(|node| {
            let equipment = Equipment {
                model: node.text(&["Nomenclature", "Name"]),
                approval: node.text(&["FCCAcceptanceNum"]),
                ..Equipment::default()
            };
            (equipment != Equipment::default()).then_some(equipment)
        });
        for other in [self.organisation, self.location, self.equipment, self.antenna]
            .into_iter()
            .flatten()
        {
            details.raw.push(Raw {
                source: format!("{}#{}", other.name, other.text(&["Serial"]).unwrap_or_default()),
                text: text.get(other.range.clone()).unwrap_or_default().to_owned(),
            });
        }
    }
}

/// What the assignment says of itself, without what it refers to.
fn own(node: &Node, configuration: &Node, details: &mut Details) {
    details.station_class = configuration.text(&["Usage", "StnClass"]);
    details.classification.clone_from(&node.classification);
    details.precedence = node.text(&["OriginalAssignmentDate"]).and_then(|text| {
        let midnight = || format!("{text}T00:00:00Z").parse().ok();
        text.parse().ok().or_else(midnight)
    });
    let kind = node.text(&["Link", "StationConfig", "Type"]).unwrap_or_default();
    details.role = match kind.as_str() {
        "Transmit-Receive" => Role::Both,
        kind if kind.starts_with("Receive") => Role::Receive,
        _ => Role::Transmit,
    };
}

/// Emission classes with their necessary bandwidth as designators, and the greatest bandwidth stated.
fn emissions(configuration: &Node, equipment: Option<&Node>, cells: &mut Cells) -> (Vec<Emission>, Option<Hertz>) {
    let configured = configuration.all("ConfigEmission");
    let modes = equipment
        .into_iter()
        .flat_map(|node| node.all("TxMode").chain(node.all("RxMode")));
    let mut emissions: Vec<Emission> = Vec::new();
    let mut widest = None;
    for node in configured.chain(modes) {
        let stated = ["NecessaryBwMax", "NecessaryBw", "NecessaryBwMin"];
        let text = stated.iter().find_map(|name| node.text(&[name]));
        let width = text
            .and_then(|text| numbers::hertz(&text, 6))
            .filter(|width| width.0 > 0);
        widest = widest.max(width);
        for class in node.all("EmsClass") {
            let whole = designator::parse(class.text.trim()).ok().map(|read| read.text);
            let composed = || {
                let class = designator::Class::parse(class.text.trim()).ok()?;
                designator::format(u64::try_from(width?.0).ok()?.checked_mul(1000)?, &class)
            };
            if let Some(designator) = whole.or_else(composed) {
                emissions.push(Emission {
                    designator,
                    ..Emission::default()
                });
            } else if let Err(error) = designator::Class::parse(class.text.trim()) {
                let zh = format!("第 {} 个字符：{}", error.position, error.reason.zh);
                let en = format!("character {}: {}", error.position, error.reason.en);
                cells.complain("EmsClass", class.text.trim(), zh, en);
            }
        }
    }
    (emissions, widest)
}

/// An instant; without a zone in UTC, as the standard has all times.
fn instant(node: &Node, name: &str, cells: &mut Cells) -> Option<jiff::Timestamp> {
    let text = node.text(&[name])?;
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let read = zoned.or_else(|| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok());
    if read.is_none() {
        let en = "no time: write 2026-01-31T08:00:00Z";
        cells.complain(name, &text, "不是时间：应为 2026-01-31T08:00:00Z", en);
    }
    read
}

fn angles(node: &Node) -> Option<(f64, f64)> {
    let angle = |name: &str| numbers::packed_degrees(&node.text(&[name])?);
    Some((angle("Lat")?, angle("Lon")?))
}

fn place(node: &Node, cells: &mut Cells) -> Option<Place> {
    let point = node.find(&["Point"])?;
    let Some((latitude, longitude)) = angles(point) else {
        let text = ["Lat", "Lon"]
            .map(|name| point.text(&[name]).unwrap_or_default())
            .join(" ");
        let en = "no coordinates: write DDMMSS.ssN and DDDMMSS.ssE";
        cells.complain("Lat", &text, "不是坐标：应为 DDMMSS.ssN 和 DDDMMSS.ssE", en);
        return None;
    };
    cells.place("Lat", latitude, longitude)
}

fn polygon(node: &Node) -> Option<Area> {
    let corners = node.find(&["Polygon"])?.all("PolygonPoint").map(angles);
    corners.collect::<Option<Vec<_>>>().map(Area::Polygon)
}

/// The antenna, with how the assignment puts it up.
fn antenna(antenna: &Node, assignment: &Node) -> Antenna {
    let mut points = Vec::new();
    antenna.below("AntPatternPoint", &mut points);
    let pattern = points
        .into_iter()
        .filter_map(|point| Some((number(point, &["Dir"])?, number(point, &["Gain"])?)));
    let station = |name: &str| number(assignment, &["Link", "StationConfig", name]);
    Antenna {
        model: antenna.text(&["Nomenclature", "Name"]),
        polarization: antenna.text(&["AntMode", "PolarisationType"]),
        gain_dbi: number(antenna, &["AntMode", "AntGain", "Gain"]),
        beamwidth_deg: number(antenna, &["AntMode", "HorzBwMin"]),
        azimuth_deg: station("PointingAzMin"),
        tilt_deg: station("PointingElevMin").map(|elevation| -elevation),
        height_m: station("AntFeedpointHeight"),
        feeder_loss_db: station("FeedlineLoss"),
        pattern: pattern.collect(),
        ..Antenna::default()
    }
}

#[cfg(test)]
mod tests;
