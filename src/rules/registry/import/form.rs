//! The part of the template that technical forms have (国无管表 13, 无线电台（站）技术资料申报表): class, power, antenna,
//! equipment, what reception is protected against, and who may know of the station.

use super::{columns::KEPT, row::Row};
use crate::registry::{
    Details,
    details::{Antenna, Equipment, Protection},
};

/// Gain of a half-wave dipole over an isotropic antenna, dB.
const DIPOLE_DBI: f64 = 2.15;
/// Power of 1 µV across 50 Ω, dBm.
const MICROVOLT_DBM: f64 = -106.99;

/// Numbers that a station can have, by column, with their unit.
const RANGES: &[(&str, f64, f64, &str)] = &[
    ("elevation", -500.0, 9000.0, "m"),
    ("azimuth", 0.0, 360.0, "°"),
    ("antenna_height", 0.0, 1000.0, "m"),
    ("feeder_loss", 0.0, 100.0, "dB"),
    ("sensitivity", -180.0, 30.0, "dBm"),
    ("noise_figure", 0.0, 60.0, "dB"),
    ("protection_i_n", -60.0, 60.0, "dB"),
    ("protection_power", -250.0, 60.0, "dBm"),
    ("protection_field", -150.0, 200.0, "dB(µV/m)"),
    ("protection_time", 0.0, 100.0, "%"),
];

/// Whether a cell of the column may hold the number.
pub(crate) fn fits(field: &str, value: f64) -> bool {
    let range = RANGES.iter().find(|(known, ..)| *known == field);
    range.map_or_else(|| value.is_finite(), |&(_, low, high, _)| (low..=high).contains(&value))
}

/// The words of a cell with several.
pub(crate) fn words(text: &str) -> Vec<String> {
    let words = text.split([',', ';', '，', '；', '、']).map(str::trim);
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What the cells say, in place of what the particulars said before.
pub(super) fn read(row: &mut Row, details: &mut Details) {
    let stated = |row: &Row, field| row.text(field);
    set(&mut details.station_class, stated(row, "station_class"));
    set(&mut details.power_dbm, power_dbm(row, "power"));
    set(&mut details.ground_elevation_m, within(row, "elevation"));
    set(&mut details.precedence, row.instant("precedence", false));
    set(&mut details.classification, stated(row, "classification"));
    if let Some(text) = row.text("releasability") {
        details.releasability = words(&text);
    }
    for field in KEPT {
        if let Some(text) = row.stated(field) {
            details.extensions.insert(field.to_owned(), text);
        }
    }
    antenna(row, &mut details.antenna);
    equipment(row, &mut details.equipment);
    protection(row, &mut details.protection);
}

fn antenna(row: &mut Row, antenna: &mut Option<Antenna>) {
    let mut read = antenna.clone().unwrap_or_default();
    set(&mut read.model, row.text("antenna"));
    let gain = row.number("gain", &["dbi", "dbd"], "dbi");
    let gain = gain.map(|(gain, unit)| if unit == "dbd" { gain + DIPOLE_DBI } else { gain });
    set(&mut read.gain_dbi, gain);
    set(&mut read.polarization, row.text("polarization"));
    set(&mut read.azimuth_deg, within(row, "azimuth"));
    set(&mut read.height_m, within(row, "antenna_height"));
    set(&mut read.feeder_loss_db, within(row, "feeder_loss"));
    keep(antenna, read);
}

fn equipment(row: &mut Row, equipment: &mut Option<Equipment>) {
    let mut read = equipment.clone().unwrap_or_default();
    set(&mut read.model, row.text("equipment"));
    set(&mut read.approval, row.text("approval"));
    let sensitivity = row.number("sensitivity", &["dbm", "dbuv", "dbµv", "dbμv", "uv", "µv", "μv"], "dbm");
    let sensitivity = sensitivity.map(|(value, unit)| match unit {
        "dbm" => value,
        "uv" | "µv" | "μv" => 20.0 * value.log10() + MICROVOLT_DBM,
        _ => value + MICROVOLT_DBM,
    });
    let sensitivity = sensitivity.filter(|dbm| in_range(row, "sensitivity", *dbm));
    set(&mut read.sensitivity_dbm, sensitivity);
    set(&mut read.noise_figure_db, within(row, "noise_figure"));
    keep(equipment, read);
}

fn protection(row: &mut Row, protection: &mut Option<Protection>) {
    let mut read = protection.clone().unwrap_or_default();
    set(&mut read.i_n_db, within(row, "protection_i_n"));
    set(&mut read.power_dbm, within(row, "protection_power"));
    set(&mut read.field_dbuv_m, within(row, "protection_field"));
    set(&mut read.time_percent, within(row, "protection_time"));
    let limited = read.i_n_db.is_some() || read.power_dbm.is_some() || read.field_dbuv_m.is_some();
    if let Some(value) = row.text("protection_time")
        && !limited
    {
        let en = "a share of time needs a limit: fill in protection_i_n_db, protection_dbm or protection_dbuv_m too";
        row.complain(
            "protection_time",
            &value,
            "时间百分比须与保护准则一同填写：I/N、干扰功率或干扰场强",
            en,
        );
    }
    keep(protection, read);
}

/// A power in dBm.
pub(super) fn power_dbm(row: &mut Row, field: &str) -> Option<f64> {
    let (value, unit) = row.number(field, &["dbm", "dbw", "w", "kw"], "dbm")?;
    let watts = |watts: f64| 10.0 * watts.log10() + 30.0;
    let dbm = match unit {
        "dbw" => value + 30.0,
        "w" => watts(value),
        "kw" => watts(value * 1e3),
        _ => value,
    };
    if !dbm.is_finite() {
        let text = row.text(field).unwrap_or_default();
        row.complain(field, &text, "功率须大于零", "a power is above zero");
        return None;
    }
    Some(dbm)
}

/// A number that a station can have.
fn within(row: &mut Row, field: &str) -> Option<f64> {
    let (value, _) = row.number(field, &["m", "db", "dbm", "°", "%"], "")?;
    Some(value).filter(|value| in_range(row, field, *value))
}

fn in_range(row: &mut Row, field: &str, value: f64) -> bool {
    if let Some((_, low, high, unit)) = RANGES.iter().find(|(known, ..)| *known == field)
        && !(*low..=*high).contains(&value)
    {
        let text = row.text(field).unwrap_or_default();
        let zh = format!("须在 {low} 至 {high} {unit} 之间");
        let en = format!("must be between {low} and {high} {unit}");
        row.complain(field, &text, zh, en);
        return false;
    }
    true
}

fn set<T>(value: &mut Option<T>, read: Option<T>) {
    if read.is_some() {
        *value = read;
    }
}

/// A part that the cells say nothing of stays as it was.
fn keep<T: Default + PartialEq>(part: &mut Option<T>, read: T) {
    if part.as_ref().map_or(read != T::default(), |before| read != *before) {
        *part = Some(read);
    }
}
