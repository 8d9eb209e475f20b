//! The column `extensions` of the templates: as JSON, what the cells of a row cannot say.
//!
//! A cell that says something wins; what is here stands in for blank cells. So a list that was exported can be edited
//! in its cells, and what nobody edited comes back exactly as it was.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::row::Row;
use crate::{
    registry::{Details, Exemption, Place, Text},
    units::{Band, Hertz},
};

/// The column and its continuations, because a cell of a workbook holds 32 767 characters.
pub(crate) const COLUMNS: [&str; 8] = [
    "extensions",
    "extensions_2",
    "extensions_3",
    "extensions_4",
    "extensions_5",
    "extensions_6",
    "extensions_7",
    "extensions_8",
];

/// What makes a spreadsheet take a cell for a formula, full width too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet that opens a CSV file would take the text for a formula, apostrophes before it not counted:
/// such a cell is written with one more apostrophe, which spreadsheets take for "this is text".
pub(crate) fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// The text of a cell without the apostrophe that guarded it.
pub(super) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => text,
    }
}

/// Fields of an assignment, by their names in the model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AssignmentExtensions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) station: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) call_sign: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) center_hz: Option<Hertz>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) necessary_bandwidth_hz: Option<Hertz>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) designator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tolerance_hz: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eirp_dbm: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_to: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<Box<Details>>,
}

/// Fields of a row of an allocation table, by their names in the model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AllocationExtensions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) band: Option<Band>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paired: Option<Band>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exemption: Option<Exemption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basis: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) footnotes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) band_footnotes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) qualifiers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<String>,
}

/// What the column says; nothing where it is blank. What is not readable is a fault of the row.
pub(super) fn read<T: DeserializeOwned + Default>(row: &mut Row) -> T {
    let text: String = COLUMNS.iter().filter_map(|column| row.text(column)).collect();
    if text.trim().is_empty() {
        return T::default();
    }
    serde_json::from_str(&text).unwrap_or_else(|error| {
        let zh = format!("不是导出时写入的 JSON（{error}）：请勿修改此列，或将其清空");
        let en = format!("not the JSON that the export wrote ({error}): leave the column as it was, or blank");
        row.complain(COLUMNS[0], &text, zh, en);
        T::default()
    })
}

/// Whether a place lies on the Earth; extensions are held to what other registers are held to.
pub(super) fn on_earth(place: &Place) -> bool {
    (-90.0..=90.0).contains(&place.latitude)
        && (-180.0..=180.0).contains(&place.longitude)
        && place.radius_km.is_finite()
        && place.radius_km >= 0.0
}
