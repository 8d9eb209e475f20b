//! Registers of three administrations: Ofcom WTR, ACMA RRL, ISED TAFL.
//!
//! Columns are those of the published files; no rows of these registers were at hand, so the mapping is tested against
//! rows written by hand. Names of persons and their addresses are left out. Dates are days of the office's zone.

mod rrl;
mod tafl;
mod wtr;

use super::{cells::Cells, numbers};
use crate::{registry::Role, units::Hertz};

pub(super) use rrl::rrl;
pub(super) use tafl::tafl;
pub(super) use wtr::wtr;

/// The designator's bandwidth, or that of a cell of its own; a row with neither is at fault.
fn width(cells: &mut Cells, emission: &str, stated: Option<Hertz>) -> Option<(Option<String>, Hertz)> {
    let written = cells.peek(emission).map(str::to_owned);
    let read = cells.designator(emission);
    let width = read
        .as_ref()
        .map(|read| read.bandwidth())
        .or(stated)
        .filter(|width| width.0 > 0);
    if width.is_none() && cells.faults.is_empty() {
        let en = "neither an emission designator nor a bandwidth";
        cells.complain(emission, "", "既无发射标识也无带宽", en);
    }
    Some((written.filter(|_| read.is_some()), width?))
}

/// A frequency whose unit is in another cell: `MHz`, `M`, `kHz`, `GHz`, `Hz`.
fn with_unit(cells: &mut Cells, value: &str, unit: &str) -> Option<Hertz> {
    let letter = cells
        .text(unit)
        .and_then(|unit| unit.chars().next())
        .map(|letter| letter.to_ascii_uppercase());
    let exponent = match letter {
        Some('K') => 3,
        Some('M') => 6,
        Some('G') => 9,
        _ => 0,
    };
    cells.hertz(value, exponent)
}

/// Power in dBm from a number and its unit: W, kW, mW, dBW, dBm.
fn power(cells: &mut Cells, value: &str, unit: &str) -> Option<f64> {
    let number = cells.number(value)?;
    let unit = cells.text(unit).unwrap_or_default().to_ascii_lowercase();
    match unit.trim() {
        "dbw" => Some(number + 30.0),
        "dbm" => Some(number),
        "kw" => numbers::dbm(number * 1e3),
        "mw" => numbers::dbm(number / 1e3),
        _ => numbers::dbm(number),
    }
}

/// An azimuth; words such as `ND` are left to the extensions.
fn degrees(cells: &mut Cells, name: &str) -> Option<f64> {
    let value = cells
        .peek(name)?
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())?;
    cells.text(name);
    Some(value)
}

fn role(text: &str) -> Role {
    match text.trim().to_ascii_uppercase().as_str() {
        "R" | "RX" | "RECEIVE" | "RECEIVER" => Role::Receive,
        "TR" | "TXRX" | "TX/RX" => Role::Both,
        _ => Role::Transmit,
    }
}

#[cfg(test)]
mod tests;
