//! The Technical and Administrative Frequency List of ISED: 61 columns without a header.

use std::io::Read;

use jiff::tz::Offset;

use super::{
    super::{
        cells::{Cells, Columns},
        collect::{self, Collector, draft, particulars},
        numbers::{self, Order},
        rows::{COMMA, Rows, unreadable},
    },
    degrees, role, width,
};
use crate::registry::{Assignment, Place, details::Antenna, import::ImportReport};

/// Columns of TAFL, which has no header.
pub(super) const TAFL: [&str; 61] = [
    "function",
    "frequency_mhz",
    "record_id",
    "regulatory_service",
    "communication_type",
    "conformity",
    "allocation_name",
    "channel",
    "international_coordination",
    "analog_digital",
    "occupied_bandwidth_khz",
    "emission",
    "modulation",
    "filtration",
    "erp_dbw",
    "power_w",
    "losses_db",
    "analog_capacity",
    "digital_capacity",
    "unfaded_level",
    "threshold_level",
    "antenna_manufacturer",
    "antenna_model",
    "antenna_gain_dbi",
    "antenna_pattern",
    "beamwidth_deg",
    "front_to_back_db",
    "polarization",
    "height_m",
    "azimuth_deg",
    "elevation_deg",
    "station_location",
    "licensee_reference",
    "call_sign",
    "station_type",
    "itu_class",
    "cost_category",
    "identical_stations",
    "reference",
    "province",
    "latitude",
    "longitude",
    "ground_elevation_m",
    "structure_height_m",
    "congestion_zone",
    "radius_km",
    "satellite",
    "authorization",
    "service",
    "subservice",
    "licence_type",
    "authorization_status",
    "in_service",
    "account",
    "licensee",
    "licensee_address",
    "operational_status",
    "classification",
    "horizontal_power",
    "vertical_power",
    "standby",
];

/// Reads the Technical and Administrative Frequency List.
pub(in super::super) fn tafl(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("ised-tafl");
    let columns = Columns::new(TAFL);
    let read = Rows::new(reader, name, COMMA)
        .map_err(|error| unreadable(name, 1, &error.to_string()))
        .and_then(|mut rows| {
            collect::each(&mut rows, &columns, &mut collector, &mut |cells: &mut Cells| {
                tafl_row(cells).into_iter().collect()
            })
        });
    match read {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn tafl_row(cells: &mut Cells) -> Option<Assignment> {
    let kind = cells.required("function")?;
    let id = cells.required("record_id");
    let center = cells.frequency("frequency_mhz", 6);
    let stated = cells.hertz("occupied_bandwidth_khz", 3);
    let (designator, width) = width(cells, "emission", stated)?;
    let place = cells.point("latitude", "longitude");
    // The address of the licensee is not taken over.
    cells.text("licensee_address");
    let (id, center) = (id?, center?);
    let mut record = draft(format!("ised-{id}-{kind}-{}", center.0), cells, center, width);
    record.designator = designator;
    record.holder = cells.text("licensee").unwrap_or_default();
    record.station = cells.text("station_location").unwrap_or_default();
    record.call_sign = cells.text("call_sign");
    let radius_km = cells.number("radius_km").unwrap_or(0.0).max(0.0);
    record.place = place.map(|place| Place { radius_km, ..place });
    let erp = cells.number("erp_dbw").map(|dbw| dbw + 30.0);
    record.eirp_dbm = erp.map(|erp| erp + numbers::DIPOLE_DBI);
    record.valid_from = cells.day("in_service", Order::YearMonthDay, Offset::constant(-5), false);
    let words = [cells.text("antenna_manufacturer"), cells.text("antenna_model")];
    let model = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let antenna = Antenna {
        model: (!model.is_empty()).then_some(model),
        gain_dbi: cells.number("antenna_gain_dbi"),
        azimuth_deg: degrees(cells, "azimuth_deg"),
        tilt_deg: degrees(cells, "elevation_deg").map(|elevation| -elevation),
        beamwidth_deg: cells.number("beamwidth_deg"),
        polarization: cells.text("polarization"),
        height_m: cells.number("height_m"),
        feeder_loss_db: cells.number("losses_db"),
        ..Antenna::default()
    };
    let (class, ground) = (cells.text("itu_class"), cells.number("ground_elevation_m"));
    let power_dbm = cells.number("power_w").and_then(numbers::dbm);
    let mut details = particulars(cells);
    details.role = role(&kind);
    details.station_class = class;
    details.erp_dbm = erp;
    details.power_dbm = power_dbm;
    details.ground_elevation_m = ground;
    details.country = Some("CA".to_owned());
    details.antenna = Some(antenna);
    record.details = Some(Box::new(details));
    Some(record)
}
