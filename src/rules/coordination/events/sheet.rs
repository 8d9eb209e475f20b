//! The frequency plan as a CSV file, with Chinese or English headers, in and out. Every bad cell is reported with its line; whoever
//! stores the rows takes all of them or none.

use jiff::{Timestamp, tz::Offset};

use super::{RowContent, row_faults};
use crate::{
    coordination::{Power, PowerKind},
    registry::{
        Place, designator,
        import::{
            ImportReport, Keyed,
            columns::{Column, column, required, with_unit},
            extensions::looks_like_formula,
            row::Row,
            sheet,
        },
        service,
    },
    units::Hertz,
};

const HERTZ: &[&str] = &["hz", "khz", "mhz", "ghz"];
const WATTS: &[&str] = &["dbm", "dbw", "w", "kw", "mw"];

/// Columns of the template; the first alias is the header of a Chinese file.
const COLUMNS: &[Column] = &[
    required("channel", &["信道", "信道编号", "编号", "频道", "no"]),
    with_unit_required("freq", &["频率", "中心频率", "frequency", "center", "centre"], HERTZ),
    with_unit("bandwidth", &["带宽", "信道带宽", "必要带宽", "bw"], HERTZ),
    column(
        "designator",
        &["发射标识", "发射类别", "emission", "emission_designator"],
    ),
    column("service", &["业务", "无线电业务"]),
    required("user", &["使用单位", "用频单位", "用户", "holder"]),
    column("site", &["地点", "场所", "place"]),
    column("latitude", &["纬度", "lat", "北纬"]),
    column("longitude", &["经度", "lon", "lng", "东经"]),
    with_unit("radius", &["半径"], &["km", "m"]),
    column("from", &["开始时间", "启用时间"]),
    column("to", &["结束时间", "停用时间", "until"]),
    with_unit_required("power", &["功率", "发射功率", "辐射功率"], WATTS),
    column("power_kind", &["功率类型"]),
    column("key", &["重点频率", "重点"]),
    column("classification", &["密级"]),
    column("releasability", &["可提供给", "release_to"]),
    column("note", &["备注", "remarks"]),
];

const fn with_unit_required(
    field: &'static str,
    aliases: &'static [&'static str],
    units: &'static [&'static str],
) -> Column {
    let mut made = with_unit(field, aliases, units);
    made.required = true;
    made
}

const POWER_KINDS: &[(&[&str], PowerKind)] = &[
    (&["eirp", "e.i.r.p.", "等效全向辐射功率"], PowerKind::Eirp),
    (&["erp", "e.r.p.", "有效辐射功率"], PowerKind::Erp),
];

/// Language of a file's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetLanguage {
    /// Chinese.
    Chinese,
    /// English.
    English,
}

/// A row as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetRow {
    /// Its line, the header being line 1.
    pub line: u64,
    /// What it says.
    pub content: RowContent,
}

impl Keyed for SheetRow {
    fn key(&self) -> &str {
        &self.content.channel
    }

    fn same(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

/// Reads a plan; `name` is the file's in messages.
#[must_use]
pub fn read_plan(text: &str, name: &str) -> ImportReport<SheetRow> {
    sheet::read(text.as_bytes(), name, "pinpu-event-plan-csv", COLUMNS, |row| {
        let line = row.line();
        build(row).map(|content| SheetRow { line, content })
    })
}

fn build(row: &mut Row) -> Option<RowContent> {
    let channel = row.required("channel");
    let user = row.required("user");
    row.required("freq");
    let center_hz = row.frequency("freq");
    let designator = row.text("designator").unwrap_or_default();
    let stated = row.hertz("bandwidth");
    let bandwidth_hz = stated.or_else(|| designator::parse(&designator).ok().map(|read| read.bandwidth()));
    let power = power(row);
    let service = row.text("service").and_then(|text| match service::parse(&text) {
        Ok(code) => Some(code),
        Err(error) => {
            let zh = format!("不是已知的业务：请写代码（如 {}）或业务名称", error.nearest);
            row.complain("service", &text, zh, error.to_string());
            None
        }
    });
    let place = place(row);
    let releasability = row.text("releasability").unwrap_or_default();
    let content = RowContent {
        channel: channel?,
        center_hz: center_hz?,
        bandwidth_hz: bandwidth_hz.unwrap_or(Hertz(0)),
        designator,
        service,
        user: user?,
        site: row.text("site").unwrap_or_default(),
        place,
        from: row.instant("from", false),
        to: row.instant("to", true),
        power: power?,
        key: row.flag("key"),
        classification: row.text("classification"),
        releasability: releasability
            .split([';', '；', ' '])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
        note: row.text("note").unwrap_or_default(),
    };
    for fault in row_faults(&content) {
        let column = match fault.field {
            "center_hz" => "freq",
            "place" => "latitude",
            other => other,
        };
        let value = row.text(column).unwrap_or_default();
        row.complain(column, &value, fault.reason.zh, fault.reason.en);
    }
    Some(content)
}

fn power(row: &mut Row) -> Option<Power> {
    row.required("power");
    let (value, unit) = row.number("power", WATTS, "dbw")?;
    let kind = row.choice("power_kind", POWER_KINDS).unwrap_or(PowerKind::Eirp);
    let dbw = match unit {
        "dbm" => value - 30.0,
        "w" => 10.0 * value.log10(),
        "mw" => 10.0 * value.log10() - 30.0,
        "kw" => 10.0 * value.log10() + 30.0,
        _ => value,
    };
    if !dbw.is_finite() {
        let text = row.text("power").unwrap_or_default();
        row.complain("power", &text, "功率须大于零", "a power is above zero");
        return None;
    }
    Some(Power { dbw, kind })
}

fn place(row: &mut Row) -> Option<Place> {
    let (latitude, longitude) = (row.degrees("latitude", 90.0), row.degrees("longitude", 180.0));
    let given = |field: &str| row.text(field).is_some();
    if given("latitude") != given("longitude") {
        row.complain(
            "latitude",
            "",
            "纬度与经度须同时填写",
            "give both latitude and longitude, or neither",
        );
    }
    let radius = row.number("radius", &["km", "m"], "km");
    let radius_km = radius.map_or(0.0, |(value, unit)| if unit == "m" { value / 1000.0 } else { value });
    Some(Place {
        latitude: latitude?,
        longitude: longitude?,
        radius_km,
    })
}

/// The rows as a file: UTF-8 with a byte order mark, without which spreadsheets take Chinese for GBK. A text that a spreadsheet
/// would take for a formula gets an apostrophe before it, which reading takes off again.
///
/// # Errors
/// Writing failed.
pub fn write_plan<'a>(
    rows: impl IntoIterator<Item = &'a RowContent>,
    language: SheetLanguage,
) -> std::io::Result<Vec<u8>> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    {
        let mut csv = csv::WriterBuilder::new().from_writer(&mut out);
        let header = COLUMNS.iter().map(|column| {
            let name = match language {
                SheetLanguage::Chinese => column.aliases.first().copied().unwrap_or(column.field),
                SheetLanguage::English => column.field,
            };
            match column.field {
                "freq" | "bandwidth" => format!("{name}(Hz)"),
                "radius" => format!("{name}(km)"),
                "power" => format!("{name}(dBW)"),
                _ => name.to_owned(),
            }
        });
        csv.write_record(header).map_err(std::io::Error::other)?;
        for row in rows {
            csv.write_record(cells(row, language)).map_err(std::io::Error::other)?;
        }
        csv.flush()?;
    }
    Ok(out)
}

fn cells(row: &RowContent, language: SheetLanguage) -> [String; 18] {
    let guarded = |text: &str| match looks_like_formula(text) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    let place = |of: fn(Place) -> f64| row.place.map_or_else(String::new, |place| of(place).to_string());
    let kind = match row.power.kind {
        PowerKind::Eirp => "eirp",
        PowerKind::Erp => "erp",
    };
    let key = match (row.key, language) {
        (true, SheetLanguage::Chinese) => "是",
        (true, SheetLanguage::English) => "yes",
        (false, SheetLanguage::Chinese) => "否",
        (false, SheetLanguage::English) => "no",
    };
    [
        guarded(&row.channel),
        row.center_hz.0.to_string(),
        row.bandwidth_hz.0.to_string(),
        guarded(&row.designator),
        row.service.clone().unwrap_or_default(),
        guarded(&row.user),
        guarded(&row.site),
        place(|place| place.latitude),
        place(|place| place.longitude),
        place(|place| place.radius_km),
        row.from.map(moment).unwrap_or_default(),
        row.to.map(moment).unwrap_or_default(),
        row.power.dbw.to_string(),
        kind.to_owned(),
        key.to_owned(),
        guarded(row.classification.as_deref().unwrap_or_default()),
        row.releasability.join(";"),
        guarded(&row.note),
    ]
}

/// By the clock of China, with its offset.
fn moment(time: Timestamp) -> String {
    time.display_with_offset(Offset::constant(8)).to_string()
}
