//! The Wireless Telegraphy Register of Ofcom, in its older form with angles and units in cells of their own and in the
//! newer one in hertz and degrees.

use std::io::Read;

use jiff::tz::Offset;

use super::{
    super::{
        cells::Cells,
        collect::{self, draft, particulars},
        numbers::{self, Order},
        rows::COMMA,
    },
    degrees, power, role, width, with_unit,
};
use crate::registry::{Assignment, Place, details::Antenna, import::ImportReport};

/// Reads the Wireless Telegraphy Register.
pub(in super::super) fn wtr(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    collect::table(reader, name, "ofcom-wtr", COMMA, |cells| {
        wtr_row(cells).into_iter().collect()
    })
}

fn wtr_row(cells: &mut Cells) -> Option<Assignment> {
    let licence = cells.required("Licence Number");
    let stated = if cells.peek("Frequency (Hz)").is_some() {
        "Frequency (Hz)"
    } else {
        "Frequency"
    };
    cells.required(stated)?;
    let center = match stated {
        "Frequency" => with_unit(cells, stated, "Frequency Type"),
        _ => cells.hertz(stated, 0),
    };
    if center.is_some_and(|hz| hz.0 <= 0) {
        let value = cells.peek(stated).unwrap_or_default().to_owned();
        let en = "no frequency: the licence names none (a licence for an area, or withheld)";
        cells.complain(stated, &value, "没有频率：该执照未列明频率（按区域核发或不公开）", en);
    }
    let channel = match cells.peek("Channel Width (Hz)") {
        Some(_) => cells.hertz("Channel Width (Hz)", 0),
        None => with_unit(cells, "Channel Width", "Channel Width type"),
    };
    let (designator, width) = width(cells, "Emission Code", channel)?;
    let place = wtr_place(cells);
    let station_type = cells.text("Station Type").unwrap_or_default();
    let (licence, center) = (licence?, center?);
    // Names of persons are not taken over.
    for person in ["Licencee Surname", "First Name"] {
        cells.text(person);
    }
    let at = place.map_or_else(String::new, |place| {
        format!("-{:.5}-{:.5}", place.latitude, place.longitude)
    });
    let mut record = draft(
        format!("ofcom-{licence}-{}-{station_type}{at}", center.0),
        cells,
        center,
        width,
    );
    record.designator = designator;
    record.holder = cells
        .text("Company")
        .or_else(|| cells.text("Licencee Company"))
        .unwrap_or_default();
    record.station = cells.text("NGR").unwrap_or_default();
    record.place = place;
    let unit = ["Antenna ERP type", "Antenna ERP Unit"];
    let unit = unit
        .into_iter()
        .find(|name| cells.peek(name).is_some())
        .unwrap_or(unit[0]);
    let erp = power(cells, "Antenna ERP", unit);
    record.eirp_dbm = erp.map(|erp| erp + numbers::DIPOLE_DBI);
    record.valid_from = cells.day("Licence issue date", Order::DayMonthYear, Offset::UTC, false);
    let antenna = Antenna {
        model: cells.text("Antenna Name"),
        gain_dbi: cells.number("Antenna Gain"),
        azimuth_deg: degrees(cells, "Antenna AZIMUTH"),
        tilt_deg: None,
        polarization: cells.text("Antenna Polarisation"),
        height_m: cells.number("Antenna Height"),
        feeder_loss_db: cells.number("Feeding Loss"),
        ..Antenna::default()
    };
    let ground = cells.number("Height above sea level");
    let mut details = particulars(cells);
    details.role = role(&station_type);
    details.erp_dbm = erp;
    details.ground_elevation_m = ground;
    details.country = Some("GB".to_owned());
    details.antenna = Some(antenna);
    record.details = Some(Box::new(details));
    Some(record)
}

fn wtr_place(cells: &mut Cells) -> Option<Place> {
    if cells.peek("Latitude(Deg)").is_some() {
        return cells.point("Latitude(Deg)", "Longitude(Deg)");
    }
    let mut angle = |name: &str, side: &str| {
        let part = |unit: &str| format!("SID_{name}_{unit}");
        let stated = cells.peek(&part("DEG"))?.to_owned();
        let degrees = cells.number(&part("DEG"));
        let minutes = cells.number(&part("MIN")).unwrap_or(0.0);
        let seconds = cells.number(&part("SEC")).unwrap_or(0.0);
        let side = cells.text(&part(side)).unwrap_or_default();
        let angle = degrees.and_then(|degrees| numbers::degrees(degrees, minutes, seconds, &side));
        if angle.is_none() {
            let value = format!("{stated} {minutes} {seconds} {side}");
            let en = "no angle: degrees, minutes and seconds below 60, and N, S, E or W";
            let zh = "不是角度：分、秒须小于 60，方向为 N、S、E 或 W";
            cells.complain(&part("DEG"), &value, zh, en);
        }
        angle
    };
    let (latitude, longitude) = (angle("LAT", "N_S"), angle("LONG", "E_W"));
    cells.both("SID_LAT_DEG", "SID_LONG_DEG");
    cells.place("SID_LAT_DEG", latitude?, longitude?)
}
