//! A row of `FR` with what the other tables say about it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Key, Tables};
use crate::{
    registry::{
        Assignment, AssignmentStatus, Place, designator,
        details::{Antenna, Area, Details, Emission, Equipment, Raw},
        import::formats::{cells::Cells, collect::draft, numbers},
    },
    units::{Band, Hertz},
};

/// A row of `HD`.
pub(super) struct Licence {
    pub(super) status: AssignmentStatus,
    pub(super) code: String,
    pub(super) service: Option<String>,
    pub(super) granted: Option<Timestamp>,
    pub(super) expires: Option<Timestamp>,
    pub(super) raw: Raw,
}

/// A row of `LO`.
pub(super) struct Location {
    pub(super) place: Option<Place>,
    pub(super) area: Option<Area>,
    pub(super) name: Option<String>,
    pub(super) ground_m: Option<f64>,
    pub(super) rest: BTreeMap<String, String>,
    pub(super) raw: Raw,
}

/// A row of `AN`.
pub(super) struct Side {
    pub(super) receives: bool,
    pub(super) antenna: Antenna,
    pub(super) rest: BTreeMap<String, String>,
    pub(super) raw: Raw,
}

/// A row of `PA`.
pub(super) struct Path {
    pub(super) number: String,
    pub(super) receiver_location: String,
    pub(super) receiver_antenna: String,
    pub(super) receiver_sign: Option<String>,
    pub(super) raw: Raw,
}

/// The assignment of a row of `FR`, or nothing with the reason in the row's faults.
pub(super) fn assignment(cells: &mut Cells, tables: &Tables) -> Option<Assignment> {
    let key = super::key(cells)?;
    let low = cells.frequency("frequency_assigned", 6)?;
    let band = band(cells, low)?;
    let number = cells.text("freq_seq_id").unwrap_or_default();
    let emissions = emissions(tables, &key, low, &number);
    let widest = emissions.iter().filter_map(|emission| {
        let read = designator::parse(&emission.designator).ok()?;
        Some((read.bandwidth(), emission.designator.clone()))
    });
    let widest = widest.max_by_key(|(bandwidth, _)| *bandwidth);
    let (center, bandwidth) = match (band, &widest) {
        (Some(band), _) => (band.center(), band.width()),
        (None, Some((bandwidth, _))) => (low, *bandwidth),
        (None, None) => {
            let en = "no readable emission in EM for this frequency: its bandwidth cannot be told";
            cells.complain(
                "frequency_assigned",
                &low.to_string(),
                "EM 表中没有该频率的有效发射标识，带宽未知",
                en,
            );
            return None;
        }
    };
    let (sign, location, antenna) = &key;
    let mut record = draft(
        format!("fcc-{sign}-{location}-{antenna}-{number}"),
        cells,
        center,
        bandwidth,
    );
    record.block = band.is_some();
    record.designator = widest.map(|(_, designator)| designator);
    record.call_sign = Some(sign.clone());
    record.holder = tables.licensees.get(sign).cloned().unwrap_or_default();
    let ppm = cells.number("tolerance").filter(|percent| *percent >= 0.0);
    record.tolerance_hz = ppm.map(|percent| percent / 100.0 * low.as_f64());
    record.eirp_dbm = cells.number("eirp");
    let details = details(cells, emissions, &mut record);
    joined(record, details, tables, &key)
}

/// The band of a row that has an upper edge; outer nothing where the edges are the wrong way round.
fn band(cells: &mut Cells, low: Hertz) -> Option<Option<Band>> {
    if cells.peek("frequency_upper_band").is_none() {
        return Some(None);
    }
    let high = cells.frequency("frequency_upper_band", 6)?;
    let band = Band::new(low, high).filter(|band| band.width().0 > 0);
    if band.is_none() {
        let zh = format!("上限 {high} 须高于下限 {low}");
        let en = format!("the upper edge {high} must lie above {low}");
        cells.complain("frequency_upper_band", &high.to_string(), zh, en);
    }
    band.map(Some)
}

/// Emissions of a frequency; where several rows of `FR` share it, those with its running number.
fn emissions(tables: &Tables, key: &Key, low: Hertz, number: &str) -> Vec<Emission> {
    let all = tables.emissions.get(key).map_or(&[][..], Vec::as_slice);
    let same: Vec<_> = all.iter().filter(|(hz, _, _)| *hz == low.0).collect();
    let numbered = same.iter().any(|(_, of, _)| of == number);
    let chosen = same.into_iter().filter(|(_, of, _)| !numbered || of == number);
    chosen.map(|(_, _, emission)| emission.clone()).collect()
}

fn details(cells: &mut Cells, emissions: Vec<Emission>, record: &mut Assignment) -> Details {
    let class = cells.text("class_station_code");
    let words = [cells.text("transmitter_make"), cells.text("transmitter_model")];
    let model = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let power_dbm = cells.number("power_output").and_then(numbers::dbm);
    let erp_dbm = cells.number("power_erp").and_then(numbers::dbm);
    record.eirp_dbm = record.eirp_dbm.or(erp_dbm.map(|erp| erp + numbers::DIPOLE_DBI));
    record.service = class.as_deref().and_then(|class| match class.get(..2) {
        Some("FX") => Some("FIXED".to_owned()),
        Some("FB" | "ML" | "MO") => Some("LAND-MOBILE".to_owned()),
        _ => None,
    });
    let mut extensions = cells.rest();
    extensions.retain(|name, _| name != "record_type" && name != "unique_system_identifier");
    Details {
        station_class: class,
        emissions,
        power_dbm,
        erp_dbm,
        equipment: (!model.is_empty()).then_some(Equipment {
            model: Some(model),
            ..Equipment::default()
        }),
        extensions,
        raw: vec![cells.raw()],
        ..Details::default()
    }
}

/// The record with licence, location, antenna and path.
fn joined(mut record: Assignment, mut details: Details, tables: &Tables, key: &Key) -> Option<Assignment> {
    let (sign, location, _) = key;
    if let Some(licence) = tables.licences.get(sign) {
        record.status = licence.status;
        record.valid_from = licence.granted;
        record.valid_to = licence.expires;
        let mut note = |name: &str, value: &str| details.extensions.insert(name.to_owned(), value.to_owned());
        note("HD.license_status", &licence.code);
        if let Some(service) = &licence.service {
            note("HD.radio_service_code", service);
        }
        details.raw.push(licence.raw.clone());
    }
    if let Some(at) = tables.locations.get(&(sign.clone(), location.clone())) {
        record.place = at.place;
        record.station = at.name.clone().unwrap_or_default();
        details.area.clone_from(&at.area);
        details.ground_elevation_m = at.ground_m;
        details.extensions.extend(at.rest.clone());
        details.raw.push(at.raw.clone());
    }
    if let Some(side) = tables.antennas.get(key) {
        if side.receives {
            details.role = crate::registry::Role::Receive;
        }
        details.antenna = Some(side.antenna.clone());
        details.extensions.extend(side.rest.clone());
        details.raw.push(side.raw.clone());
    }
    if let Some(path) = tables.paths.get(key) {
        let mut note = |name: &str, value: String| details.extensions.insert(name.to_owned(), value);
        note("PA.path_number", path.number.clone());
        note("PA.receiver_location_number", path.receiver_location.clone());
        note("PA.receiver_antenna_number", path.receiver_antenna.clone());
        if let Some(receiver) = &path.receiver_sign {
            note("PA.receiver_callsign", receiver.clone());
        }
        let end = (sign.clone(), path.receiver_location.clone());
        if let Some(place) = tables.locations.get(&end).and_then(|location| location.place) {
            note("PA.receiver", format!("{:.6} {:.6}", place.latitude, place.longitude));
        }
        details.raw.push(path.raw.clone());
    }
    record.details = Some(Box::new(details));
    Some(record)
}
