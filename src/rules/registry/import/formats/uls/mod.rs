//! FCC ULS: the `.dat` tables of the Universal Licensing System (weekly, or daily transactions), joined.
//!
//! A row of `FR` with its emissions (`EM`), antenna (`AN`), location (`LO`), path (`PA`), licence (`HD`) and licensee
//! (`EN`) is one assignment. Contacts are not read: only the row of the licensee, and of it only the name. Dates are
//! days of Washington (UTC-5). Coordinates are NAD 83, which is WGS 84 to within two metres.

mod join;
mod tables;

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
};

use jiff::tz::Offset;

use self::join::{Licence, Location, Path, Side};
use super::{
    cells::{Cells, Columns},
    collect::Collector,
    files::Files,
    numbers::{self, Order},
    rows::{Dialect, Fault, Rows, unreadable},
};
use crate::registry::{
    Assignment, AssignmentStatus, Place,
    details::{Antenna, Area, Emission},
    import::ImportReport,
};

const FORMAT: &str = "fcc-uls";

const PIPE: Dialect = Dialect {
    separator: b'|',
    quoted: false,
};

/// Where Washington's days begin.
fn eastern() -> Offset {
    Offset::constant(-5)
}

/// Call sign, location and antenna.
type Key = (String, String, String);

/// Frequency in hertz, its running number, and an emission on it.
type Numbered = (i64, String, Emission);

/// What the tables hold, by their keys.
#[derive(Default)]
struct Tables {
    licences: HashMap<String, Licence>,
    licensees: HashMap<String, String>,
    locations: HashMap<(String, String), Location>,
    antennas: HashMap<Key, Side>,
    emissions: HashMap<Key, Vec<Numbered>>,
    paths: HashMap<Key, Path>,
}

/// Reads a set of tables. `FR.dat` must be there; what is missing of the others leaves its fields blank.
pub(super) fn read(files: &mut dyn Files) -> ImportReport<Assignment> {
    let mut collector = Collector::new(FORMAT);
    match tables(files, &mut collector).and_then(|tables| frequencies(files, &tables, &mut collector)) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn tables(files: &mut dyn Files, collector: &mut Collector<Assignment>) -> Result<Tables, Fault> {
    let mut all = Tables::default();
    each(files, collector, "HD.dat", tables::HD, |cells| {
        let licence = licence(cells)?;
        all.licences.insert(cells.required("call_sign")?, licence);
        Some(())
    })?;
    each(files, collector, "EN.dat", tables::EN, |cells| {
        if cells.peek("entity_type") == Some("L") {
            let sign = cells.required("call_sign")?;
            all.licensees.insert(sign, cells.text("entity_name")?);
        }
        Some(())
    })?;
    each(files, collector, "LO.dat", tables::LO, |cells| {
        let key = (cells.required("call_sign")?, cells.required("location_number")?);
        all.locations.insert(key, location(cells));
        Some(())
    })?;
    each(files, collector, "AN.dat", tables::AN, |cells| {
        let key = key(cells)?;
        all.antennas.insert(key, antenna(cells));
        Some(())
    })?;
    each(files, collector, "EM.dat", tables::EM, |cells| {
        let key = key(cells)?;
        let frequency = cells.hertz("frequency_assigned", 6)?;
        let designator = cells.peek("emission_code").map(str::to_owned);
        cells.designator("emission_code");
        let emission = Emission {
            designator: designator?,
            rate: cells.text("digital_mod_rate").map(|rate| format!("{rate} kbit/s")),
            modulation: cells.text("digital_mod_type"),
        };
        let number = cells.text("frequency_number").unwrap_or_default();
        all.emissions
            .entry(key)
            .or_default()
            .push((frequency.0, number, emission));
        Some(())
    })?;
    each(files, collector, "PA.dat", tables::PA, |cells| {
        let from = (
            cells.required("callsign")?,
            cells.text("transmit_location_number")?,
            cells.text("transmit_antenna_number")?,
        );
        let path = Path {
            number: cells.text("path_number").unwrap_or_default(),
            receiver_location: cells.text("receiver_location_number").unwrap_or_default(),
            receiver_antenna: cells.text("receiver_antenna_number").unwrap_or_default(),
            receiver_sign: cells.text("receiver_callsign"),
            raw: cells.raw(),
        };
        all.paths.insert(from, path);
        Some(())
    })?;
    Ok(all)
}

fn key(cells: &mut Cells) -> Option<Key> {
    let (sign, location) = (cells.required("call_sign"), cells.required("location_number"));
    Some((sign?, location?, cells.required("antenna_number")?))
}

/// Reads one table; a missing one is empty.
fn each(
    files: &mut dyn Files,
    collector: &mut Collector<Assignment>,
    name: &str,
    columns: &str,
    mut take: impl FnMut(&mut Cells) -> Option<()>,
) -> Result<(), Fault> {
    let reader = files
        .open(name)
        .map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(reader) = reader else { return Ok(()) };
    stream(reader, name, columns, |cells| {
        take(cells);
        collector.row(Vec::new(), std::mem::take(&mut cells.faults));
    })
}

fn stream(reader: impl Read, name: &str, columns: &str, mut take: impl FnMut(&mut Cells)) -> Result<(), Fault> {
    let columns = Columns::new(columns.split_whitespace());
    let table = name.split('.').next().unwrap_or(name);
    let mut rows = Rows::new(reader, name, PIPE).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    while let Some(mut cells) = rows.cells(&columns)? {
        if cells
            .text("record_type")
            .is_none_or(|kind| !kind.eq_ignore_ascii_case(table))
        {
            let value = cells.raw().text;
            let en = format!("not a row of the table {table}: it begins with {table}|");
            cells.complain(
                "record_type",
                &value,
                format!("不是 {table} 表的行：应以 {table}| 开头"),
                en,
            );
        }
        take(&mut cells);
    }
    Ok(())
}

fn licence(cells: &mut Cells) -> Option<Licence> {
    let code = cells.text("license_status").unwrap_or_default();
    let status = match code.as_str() {
        "A" | "" | "E" => AssignmentStatus::Granted,
        "C" | "T" => AssignmentStatus::Cancelled,
        "L" | "P" | "X" => AssignmentStatus::Suspended,
        other => {
            let en = "no licence status: A active, C cancelled, E expired, L pending legal, P parent cancelled, T terminated";
            cells.complain("license_status", other, "不是已知的执照状态", en);
            return None;
        }
    };
    let day = |cells: &mut Cells, name, end| cells.day(name, Order::MonthDayYear, eastern(), end);
    let (granted, expires) = (day(cells, "grant_date", false), day(cells, "expired_date", true));
    let service = cells.text("radio_service_code");
    Some(Licence {
        // An expired licence without a day of expiry is out of force all the same.
        status: if code == "E" && expires.is_none() {
            AssignmentStatus::Cancelled
        } else {
            status
        },
        granted,
        expires,
        service,
        code,
        raw: cells.raw(),
    })
}

fn location(cells: &mut Cells) -> Location {
    let low = corner(cells, "lat", "long");
    let high = corner(cells, "max_lat", "max_long");
    let radius = cells.number("radius_of_operation");
    let place = low.and_then(|(latitude, longitude)| cells.place("lat_degrees", latitude, longitude));
    let named = [cells.text("area_of_operation_code"), cells.text("location_state")];
    let area = match (low, high) {
        (Some(low), Some(high)) => Some(Area::Rectangle {
            south: low.0.min(high.0),
            west: low.1.min(high.1),
            north: low.0.max(high.0),
            east: low.1.max(high.1),
        }),
        (None, _) => named.clone().into_iter().flatten().next().map(Area::Named),
        _ => None,
    };
    let city = cells.text("location_city");
    Location {
        place: place.map(|place| Place {
            radius_km: radius.unwrap_or(0.0).max(0.0),
            ..place
        }),
        area,
        name: cells.text("location_name").or(city),
        ground_m: cells.number("ground_elevation"),
        rest: prefixed("LO", cells.rest()),
        raw: cells.raw(),
    }
}

/// A corner in degrees, minutes and seconds; nothing where it is blank.
fn corner(cells: &mut Cells, lat: &str, long: &str) -> Option<(f64, f64)> {
    let mut angle = |name: &str| {
        let part = |unit: &str| format!("{name}_{unit}");
        cells.peek(&part("degrees"))?;
        let degrees = cells.number(&part("degrees"))?;
        let minutes = cells.number(&part("minutes")).unwrap_or(0.0);
        let seconds = cells.number(&part("seconds")).unwrap_or(0.0);
        let hemisphere = cells.text(&part("direction")).unwrap_or_default();
        let value = numbers::degrees(degrees, minutes, seconds, &hemisphere);
        if value.is_none() {
            let text = format!("{degrees} {minutes} {seconds} {hemisphere}");
            let en = "no angle: degrees, minutes and seconds below 60, and N, S, E or W";
            cells.complain(
                &part("degrees"),
                &text,
                "不是角度：分、秒须小于 60，方向为 N、S、E 或 W",
                en,
            );
        }
        value
    };
    let (latitude, longitude) = (angle(lat), angle(long));
    cells.both(&format!("{lat}_degrees"), &format!("{long}_degrees"));
    Some((latitude?, longitude?))
}

fn antenna(cells: &mut Cells) -> Side {
    let words = [cells.text("antenna_make"), cells.text("antenna_model")];
    let model = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let antenna = Antenna {
        model: (!model.is_empty()).then_some(model),
        gain_dbi: cells.number("gain"),
        azimuth_deg: cells.number("azimuth"),
        tilt_deg: cells.number("tilt"),
        beamwidth_deg: cells.number("beamwidth"),
        polarization: cells.text("polarization_code"),
        height_m: cells.number("height_to_center_raat"),
        haat_m: cells.number("height_above_avg_terrain"),
        feeder_loss_db: cells.number("line_loss"),
        pattern: Vec::new(),
    };
    Side {
        receives: cells.text("antenna_type_code").as_deref() == Some("R"),
        antenna,
        rest: prefixed("AN", cells.rest()),
        raw: cells.raw(),
    }
}

/// Columns of a joined table under its name; the keys that joined it are left out.
fn prefixed(table: &str, rest: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let keys = [
        "record_type",
        "unique_system_identifier",
        "call_sign",
        "location_number",
        "antenna_number",
    ];
    let other = rest.into_iter().filter(|(name, _)| !keys.contains(&name.as_str()));
    other.map(|(name, value)| (format!("{table}.{name}"), value)).collect()
}

fn frequencies(files: &mut dyn Files, tables: &Tables, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let name = "FR.dat";
    let reader = files
        .open(name)
        .map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(reader) = reader else {
        return Err(unreadable(
            name,
            0,
            "the set has no FR.dat: give the folder or the zip of a whole ULS set",
        ));
    };
    stream(reader, name, tables::FR, |cells| {
        let record = join::assignment(cells, tables);
        collector.row(record.into_iter().collect(), std::mem::take(&mut cells.faults));
    })
}

#[cfg(test)]
mod tests;
