//! The Register of Radiocommunications Licences of ACMA: a set of CSV tables.

use std::collections::HashMap;

use jiff::tz::Offset;

use super::{
    super::{
        cells::{Cells, Columns},
        collect::{Collector, draft, particulars},
        files::Files,
        numbers::Order,
        rows::{COMMA, Fault, Rows, unreadable},
    },
    degrees, power, role, width,
};
use crate::registry::{
    Assignment, AssignmentStatus, Place,
    details::{Antenna, Raw},
    import::ImportReport,
};

/// Reads the Register of Radiocommunications Licences: devices with their licence, client and site.
pub(in super::super) fn rrl(files: &mut dyn Files) -> ImportReport<Assignment> {
    let mut collector = Collector::new("acma-rrl");
    match devices(files, &mut collector) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

struct Site {
    place: Option<Place>,
    name: String,
    elevation_m: Option<f64>,
    raw: Raw,
}

/// A kind of antenna; where it points and how high it is, the device says.
struct Kind {
    antenna: Antenna,
    raw: Raw,
}

/// The tables that devices refer to, by their keys.
#[derive(Default)]
struct Tables {
    sites: HashMap<String, Site>,
    licences: HashMap<String, Licence>,
    clients: HashMap<String, String>,
    antennas: HashMap<String, Kind>,
}

struct Licence {
    client: Option<String>,
    status: AssignmentStatus,
    from: Option<jiff::Timestamp>,
    to: Option<jiff::Timestamp>,
    raw: Raw,
}

fn tables(files: &mut dyn Files, collector: &mut Collector<Assignment>) -> Result<Tables, Fault> {
    let mut all = Tables::default();
    let zone = Offset::constant(10);
    each(files, collector, "site.csv", |cells| {
        let id = cells.required("SITE_ID")?;
        let site = Site {
            place: cells.point("LATITUDE", "LONGITUDE"),
            name: cells.text("NAME").unwrap_or_default(),
            elevation_m: cells.number("ELEVATION"),
            raw: cells.raw(),
        };
        all.sites.insert(id, site).map(drop)
    })?;
    each(files, collector, "client.csv", |cells| {
        let id = cells.required("CLIENT_NO")?;
        let name = cells.text("LICENCEE").or_else(|| cells.text("TRADING_NAME"))?;
        all.clients.insert(id, name).map(drop)
    })?;
    each(files, collector, "licence.csv", |cells| {
        let number = cells.required("LICENCE_NO")?;
        let status = match cells.text("STATUS").as_deref() {
            Some("1") | None => AssignmentStatus::Granted,
            // Expired: its dates say so.
            Some("10") => AssignmentStatus::Granted,
            Some(_) => AssignmentStatus::Suspended,
        };
        let licence = Licence {
            client: cells.text("CLIENT_NO"),
            status,
            from: cells.day("DATE_OF_EFFECT", Order::YearMonthDay, zone, false),
            to: cells.day("DATE_OF_EXPIRY", Order::YearMonthDay, zone, true),
            raw: cells.raw(),
        };
        all.licences.insert(number, licence).map(drop)
    })?;
    each(files, collector, "antenna.csv", |cells| {
        let id = cells.required("ANTENNA_ID")?;
        let words = [cells.text("MANUFACTURER"), cells.text("MODEL")];
        let model = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let antenna = Antenna {
            model: Some(model).filter(|model| !model.is_empty()),
            gain_dbi: cells.number("GAIN"),
            beamwidth_deg: cells.number("H_BEAMWIDTH").filter(|degrees| *degrees > 0.0),
            ..Antenna::default()
        };
        let raw = cells.raw();
        all.antennas.insert(id, Kind { antenna, raw }).map(drop)
    })?;
    Ok(all)
}

fn devices(files: &mut dyn Files, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let tables = tables(files, collector)?;
    let name = "device_details.csv";
    let found = each(files, collector, name, |_| None)?;
    if !found {
        return Err(unreadable(
            name,
            0,
            "the set has no device_details.csv: give the folder or the zip of the whole register",
        ));
    }
    // The table was counted above; now its rows become records.
    let reader = files
        .open(name)
        .map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(reader) = reader else { return Ok(()) };
    let mut rows = Rows::new(reader, name, COMMA).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(header) = rows.next()? else { return Ok(()) };
    let columns = Columns::new(header.values);
    while let Some(mut cells) = rows.cells(&columns)? {
        let record = device(&mut cells, &tables);
        collector.report.rows_read -= 1;
        collector.row(record.into_iter().collect(), cells.faults);
    }
    Ok(())
}

/// Reads one table; false where it is missing.
fn each(
    files: &mut dyn Files,
    collector: &mut Collector<Assignment>,
    name: &str,
    mut take: impl FnMut(&mut Cells) -> Option<()>,
) -> Result<bool, Fault> {
    let reader = files
        .open(name)
        .map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(reader) = reader else { return Ok(false) };
    let mut rows = Rows::new(reader, name, COMMA).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let Some(header) = rows.next()? else { return Ok(true) };
    let columns = Columns::new(header.values);
    while let Some(mut cells) = rows.cells(&columns)? {
        take(&mut cells);
        collector.row(Vec::new(), cells.faults);
    }
    Ok(true)
}

fn device(cells: &mut Cells, tables: &Tables) -> Option<Assignment> {
    let id = cells.required("SDD_ID")?;
    let center = cells.frequency("FREQUENCY", 0)?;
    let stated = cells.hertz("BANDWIDTH", 0);
    let (designator, width) = width(cells, "EMISSION", stated)?;
    let mut record = draft(format!("acma-{id}"), cells, center, width);
    record.designator = designator;
    record.call_sign = cells.text("CALL_SIGN");
    let eirp = power(cells, "EIRP", "EIRP_UNIT");
    record.eirp_dbm = eirp;
    let power_dbm = power(cells, "TRANSMITTER_POWER", "TRANSMITTER_POWER_UNIT");
    let kind = cells.text("DEVICE_TYPE").unwrap_or_default();
    let class = cells.text("CLASS_OF_STATION_CODE");
    let kind_of_antenna = cells.text("ANTENNA_ID");
    let joined = kind_of_antenna.as_ref().and_then(|id| tables.antennas.get(id));
    let antenna = Antenna {
        azimuth_deg: degrees(cells, "AZIMUTH"),
        tilt_deg: degrees(cells, "TILT"),
        polarization: cells.text("POLARISATION"),
        height_m: cells.number("HEIGHT"),
        feeder_loss_db: cells.number("FEEDER_LOSS"),
        ..joined.map_or_else(
            || Antenna {
                model: kind_of_antenna.clone(),
                ..Antenna::default()
            },
            |kind| kind.antenna.clone(),
        )
    };
    let name = cells.text("STATION_NAME");
    let site = cells.peek("SITE_ID").and_then(|id| tables.sites.get(id));
    let licence = cells.peek("LICENCE_NO").and_then(|number| tables.licences.get(number));
    let mut details = particulars(cells);
    details.role = role(&kind);
    details.power_dbm = power_dbm;
    details.station_class = class;
    details.country = Some("AU".to_owned());
    details.antenna = Some(antenna);
    if let Some(site) = site {
        record.place = site.place;
        record.station.clone_from(&site.name);
        details.ground_elevation_m = site.elevation_m;
        details.raw.push(site.raw.clone());
    }
    details.raw.extend(joined.map(|kind| kind.raw.clone()));
    record.station = name.unwrap_or(record.station);
    if let Some(licence) = licence {
        record.status = licence.status;
        record.valid_from = licence.from;
        record.valid_to = licence.to;
        let client = licence.client.as_ref().and_then(|client| tables.clients.get(client));
        record.holder = client.cloned().unwrap_or_default();
        details.raw.push(licence.raw.clone());
    }
    record.details = Some(Box::new(details));
    Some(record)
}
