//! A calibration as people write it (config/calibration.toml), and the one that is computed with.

use std::path::Path;

use serde::Deserialize;

use super::{ConfigError, fault::explain, file::Faults};
use crate::{
    dsp::level::calibration::{Antenna, Calibration, Curve},
    units::Hertz,
};

/// The example: every key with comment and unit.
pub const CALIBRATION_EXAMPLE: &str = include_str!("../../config/calibration.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalibrationFile {
    format: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "tells people which receiver it is")]
    receiver: String,
    #[serde(default)]
    uncertainty_db: f64,
    #[serde(default)]
    gain_uncertainty_db: f64,
    receiver_dbm: Vec<GainTable>,
    cable: Option<Table>,
    preamplifier: Option<Table>,
    antenna: Option<AntennaTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    points: Vec<(String, f64)>,
    uncertainty_db: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GainTable {
    gain_db: f64,
    points: Vec<(String, f64)>,
    uncertainty_db: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AntennaTable {
    quantity: Quantity,
    points: Vec<(String, f64)>,
    uncertainty_db: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Quantity {
    GainDbi,
    FactorDbPerM,
}

/// Reads a calibration.
///
/// # Errors
/// Every fault with its key path and what to write.
pub fn load_calibration(path: &Path) -> Result<Calibration, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse_calibration(&text)
}

/// As [`load_calibration`], from text.
///
/// # Errors
/// As [`load_calibration`].
pub fn parse_calibration(text: &str) -> Result<Calibration, ConfigError> {
    let table: toml::Table = text.parse()?;
    let file: CalibrationFile = serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
        let path = error.path().to_string();
        ConfigError::Faults(vec![explain(
            if path == "." { "" } else { &path },
            error.inner().message(),
        )])
    })?;
    let mut faults = Faults::default();
    let calibration = validate(file, &mut faults);
    if faults.0.is_empty() {
        Ok(calibration)
    } else {
        Err(ConfigError::Faults(faults.0))
    }
}

fn validate(file: CalibrationFile, faults: &mut Faults) -> Calibration {
    faults.unless(file.format == 1, "format", "write format = 1");
    for (key, value) in [
        ("uncertainty_db", file.uncertainty_db),
        ("gain_uncertainty_db", file.gain_uncertainty_db),
    ] {
        faults.unless(value.is_finite() && value >= 0.0, key, "write decibels, 0 or more");
    }
    faults.unless(
        !file.receiver_dbm.is_empty(),
        "receiver_dbm",
        "give at least one [[receiver_dbm]] table with gain_db and points",
    );
    let mut receiver = Vec::new();
    for (index, table) in file.receiver_dbm.into_iter().enumerate() {
        let at = format!("receiver_dbm[{index}]");
        let follows = receiver.last().is_none_or(|(gain, _)| *gain < table.gain_db);
        faults.unless(
            follows && table.gain_db.is_finite(),
            format!("{at}.gain_db"),
            "write the tables in ascending order of gain, each gain once",
        );
        if let Some(curve) = curve(table.points, table.uncertainty_db, &at, faults) {
            receiver.push((table.gain_db, curve));
        }
    }
    let mut optional = |table: Option<Table>, at: &str| curve_of(table, at, faults);
    let (cable, preamplifier) = (
        optional(file.cable, "cable"),
        optional(file.preamplifier, "preamplifier"),
    );
    let antenna = file.antenna.and_then(|antenna| {
        let curve = curve(antenna.points, antenna.uncertainty_db, "antenna", faults)?;
        Some(match antenna.quantity {
            Quantity::GainDbi => Antenna::Gain(curve),
            Quantity::FactorDbPerM => Antenna::Factor(curve),
        })
    });
    Calibration {
        receiver,
        cable,
        preamplifier,
        antenna,
        sigma_db: file.uncertainty_db,
        gain_sigma_db: file.gain_uncertainty_db,
    }
}

fn curve_of(table: Option<Table>, at: &str, faults: &mut Faults) -> Option<Curve> {
    let table = table?;
    curve(table.points, table.uncertainty_db, at, faults)
}

fn curve(points: Vec<(String, f64)>, sigma_db: f64, at: &str, faults: &mut Faults) -> Option<Curve> {
    let mut read = Vec::with_capacity(points.len());
    for (index, (text, db)) in points.into_iter().enumerate() {
        match text.parse::<Hertz>() {
            Ok(hz) => read.push((hz.as_f64(), db)),
            Err(error) => faults.unless(false, format!("{at}.points[{index}]"), error.to_string()),
        }
    }
    match Curve::new(read, sigma_db) {
        Ok(curve) => Some(curve),
        Err(error) => {
            faults.unless(false, format!("{at}.points"), error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Dbfs, Dbm};

    #[test]
    fn the_example_is_a_calibration() {
        let calibration = parse_calibration(CALIBRATION_EXAMPLE).expect("valid");
        let level = calibration.apply(Dbfs(-60.0), 0.0, 450e6, 30.0).expect("calibrated");
        assert!((level.power - Dbm(-60.0 - 40.4 + 1.5)).0.abs() < 1e-9);
        assert!(level.field_dbuv_m.is_some());
        assert!(calibration.apply(Dbfs(-60.0), 0.0, 450e6, 40.0).is_none());
    }

    #[test]
    fn a_mistake_says_what_to_type() {
        for (from, to, path, words) in [
            ("format = 1", "format = 2", "format", "format = 1"),
            ("[cable]", "[cabel]", "cabel", "did you mean 'cable'?"),
            (
                "\"450M\", -30.5",
                "\"450 mega\", -30.5",
                "receiver_dbm[0].points[1]",
                "433.92M",
            ),
            (
                "gain_db = 30.0",
                "gain_db = 10.0",
                "receiver_dbm[1].gain_db",
                "ascending",
            ),
            (
                "[[\"50M\", 0.5], [\"450M\", 1.5], [\"1.7G\", 3.1]]",
                "[[\"50M\", 0.5]]",
                "cable.points",
                "two points",
            ),
        ] {
            let text = CALIBRATION_EXAMPLE.replacen(from, to, 1);
            assert_ne!(text, CALIBRATION_EXAMPLE, "{from} is not in the example");
            let error = parse_calibration(&text).expect_err(to).to_string();
            assert!(error.contains(path) && error.contains(words), "{error}");
        }
    }
}
