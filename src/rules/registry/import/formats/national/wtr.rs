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
    let center = match cells.peek("Frequency (Hz)") {
        Some(_) => cells.hertz("Frequency (Hz)", 0),
        None => {
            cells.required("Frequency")?;
            with_unit(cells, "Frequency", "Frequency Type")
        }
    };
    let channel = match cells.peek("Channel Width (Hz)") {
        Some(_) => cells.hertz("Channel Width (Hz)", 0),
        None => with_unit(cells, "Channel Width", "Channel Width type"),
    };
    let (designator, width) = width(cells, "Emission Code", channel)?;
    let place = wtr_place(cells);
    let station_type = cells.text("Station Type").unwrap_or_default();
    let (licence, center) = (licence?, center.filter(|hz| hz.0 > 0)?);
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
    let erp =
        power(cells, "Antenna ERP", "Antenna ERP type").or_else(|| power(cells, "Antenna ERP", "Antenna ERP Unit"));
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
        cells.peek(&part("DEG"))?;
        let degrees = cells.number(&part("DEG"))?;
        let minutes = cells.number(&part("MIN")).unwrap_or(0.0);
        let seconds = cells.number(&part("SEC")).unwrap_or(0.0);
        numbers::degrees(degrees, minutes, seconds, &cells.text(&part(side))?)
    };
    let (latitude, longitude) = (angle("LAT", "N_S"), angle("LONG", "E_W"));
    cells.place("SID_LAT_DEG", latitude?, longitude?)
}
