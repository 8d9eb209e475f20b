//! Rows of the templates, for CSV and workbooks alike: a record as cells, and what no cell can say as JSON.
//!
//! A value goes into its cell where the import would read exactly this value from it, and into `extensions` where not:
//! a blank holder, a frequency below 9 kHz, a text with line breaks, a designator with more digits than RR Appendix 1
//! allows. `import::extensions` has the rule by which both come together again.

use jiff::{Timestamp, tz::Offset};
use serde::Serialize;

use super::Language;
use crate::{
    registry::{
        Allocation, Assignment, AssignmentStatus, Confidence, Details, Role, ServiceStatus, Unlisted, designator,
        import::{
            extensions::{AllocationExtensions, AssignmentExtensions},
            form, row,
        },
        service,
    },
    units::{Band, Hertz},
};

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Blank,
    Text(String),
    /// A number as its exact decimal digits.
    Number(String),
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Key of the record, for messages.
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
    /// Last column; JSON, or empty.
    pub(super) extensions: String,
}

/// Columns in English and Chinese, with the units of their numbers; the last one is `extensions`.
pub(super) const ASSIGNMENTS: &[(&str, &str)] = &[
    ("id", "编号"),
    ("holder", "设台单位"),
    ("station", "台站名称"),
    ("call_sign", "呼号"),
    ("service", "业务"),
    ("freq_mhz", "频率(MHz)"),
    ("bandwidth_khz", "必要带宽(kHz)"),
    ("designator", "发射标识"),
    ("tolerance_hz", "频率容限(Hz)"),
    ("block", "频段指配"),
    ("latitude", "纬度"),
    ("longitude", "经度"),
    ("radius_km", "服务半径(km)"),
    ("eirp_dbm", "等效全向辐射功率(dBm)"),
    ("valid_from", "启用日期"),
    ("valid_to", "有效期至"),
    ("status", "状态"),
    ("role", "收发"),
    ("note", "备注"),
    ("station_class", "台站类别"),
    ("power_dbm", "发射功率(dBm)"),
    ("elevation_m", "海拔高度(m)"),
    ("antenna_height_m", "天线距地面高度(m)"),
    ("antenna", "天线型号"),
    ("gain_dbi", "天线增益(dBi)"),
    ("polarization", "极化方式"),
    ("azimuth_deg", "最大辐射方位角(deg)"),
    ("feeder_loss_db", "馈线系统总损耗(dB)"),
    ("equipment", "设备型号"),
    ("type_approval", "型号核准代码"),
    ("sensitivity_dbm", "接收机灵敏度(dBm)"),
    ("noise_figure_db", "噪声系数(dB)"),
    ("protection_i_n_db", "保护准则 I/N(dB)"),
    ("protection_power_dbm", "允许干扰功率(dBm)"),
    ("protection_field_dbuv_m", "允许干扰场强(dBuV/m)"),
    ("protection_time_percent", "允许超过时间(%)"),
    ("precedence", "优先日期"),
    ("classification", "密级"),
    ("releasability", "知悉范围"),
    ("source", "数据来源"),
    ("extensions", "扩展"),
];

/// The same for allocation tables.
pub(super) const ALLOCATIONS: &[(&str, &str)] = &[
    ("id", "编号"),
    ("low_mhz", "起始频率(MHz)"),
    ("high_mhz", "终止频率(MHz)"),
    ("service", "业务"),
    ("name_zh", "中文名称"),
    ("name_en", "英文名称"),
    ("status", "地位"),
    ("user", "使用单位"),
    ("protected", "保护"),
    ("unlisted", "未登记用户"),
    ("paired_low_mhz", "对端起始频率(MHz)"),
    ("paired_high_mhz", "对端终止频率(MHz)"),
    ("exempt_max_bandwidth_khz", "免执照最大带宽(kHz)"),
    ("exempt_max_eirp_dbm", "免执照最大功率(dBm)"),
    ("exempt_conditions_zh", "免执照条件"),
    ("exempt_conditions_en", "exempt_conditions_en"),
    ("basis", "依据"),
    ("confidence", "可信度"),
    ("note", "备注"),
    ("extensions", "扩展"),
];

/// Names of the columns.
pub(super) fn headers(columns: &[(&'static str, &'static str)], language: Language) -> Vec<&'static str> {
    columns.iter().map(|&(en, zh)| word(language, zh, en)).collect()
}

fn word(language: Language, zh: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Chinese => zh,
        Language::English => en,
    }
}

/// An assignment as a row.
pub(super) fn assignment(a: &Assignment, language: Language) -> Row {
    let mut extra = AssignmentExtensions::default();
    let (from, to) = validity(a, &mut extra);
    let (latitude, longitude, radius) = place(a, &mut extra);
    let status = match a.status {
        AssignmentStatus::Granted => word(language, "有效", "granted"),
        AssignmentStatus::Suspended => word(language, "暂停", "suspended"),
        AssignmentStatus::Cancelled => word(language, "注销", "cancelled"),
    };
    let (role, note, details) = details(a, language);
    extra.details = details;
    let center = in_cell(
        a.center_hz,
        (row::LOWEST_HZ..row::HIGHEST_HZ).contains(&a.center_hz.0),
        6,
    );
    let width = a.necessary_bandwidth_hz;
    let fits = width.0 > 0 && width.0 / 2 <= a.center_hz.0;
    let (bandwidth, tolerance) = (in_cell(width, fits, 3), a.tolerance_hz.filter(|hz| *hz >= 0.0));
    extra.center_hz = (center == Cell::Blank).then_some(a.center_hz);
    extra.necessary_bandwidth_hz = (bandwidth == Cell::Blank).then_some(width);
    extra.tolerance_hz = a.tolerance_hz.filter(|_| tolerance.is_none());
    let known = |text: &str| designator::parse(text).is_ok_and(|read| read.text == text);
    let source = text(Some(&a.source), &mut extra.source);
    let mut cells = vec![
        text(Some(&a.id), &mut extra.id),
        text(Some(&a.holder), &mut extra.holder),
        text(Some(&a.station), &mut extra.station),
        text(a.call_sign.as_ref(), &mut extra.call_sign),
        service_cell(a.service.as_ref(), &mut extra.service, language),
        center,
        bandwidth,
        text_if(a.designator.as_ref(), &mut extra.designator, known),
        number(tolerance),
        flag(a.block, language),
        latitude,
        longitude,
        radius,
        number(a.eirp_dbm),
        from,
        to,
        Cell::Text(status.to_owned()),
        role,
        note,
    ];
    cells.extend(form(a.details.as_deref().unwrap_or(&Details::default())));
    cells.push(source);
    Row {
        name: a.id.clone(),
        cells,
        extensions: json(&extra),
    }
}

/// Direction of use and note as cells, and the particulars without what they say.
fn details(a: &Assignment, language: Language) -> (Cell, Cell, Option<Box<Details>>) {
    let Some(details) = &a.details else {
        return (Cell::Blank, Cell::Blank, None);
    };
    let role = match details.role {
        Role::Transmit => Cell::Blank,
        Role::Receive => Cell::Text(word(language, "收", "receive").to_owned()),
        Role::Both => Cell::Text(word(language, "收发", "both").to_owned()),
    };
    let mut details = details.clone();
    let note = match details.extensions.get("note").filter(|note| is_plain(note)) {
        Some(note) => Cell::Text(note.clone()),
        None => Cell::Blank,
    };
    if note != Cell::Blank {
        details.extensions.remove("note");
    }
    let said = (role != Cell::Blank || note != Cell::Blank)
        && *details
            == Details {
                role: details.role,
                ..Details::default()
            };
    (role, note, (!said).then_some(details))
}

/// The particulars of the technical form. Whatever a cell cannot say, and the rest, is in the column `extensions`.
fn form(details: &Details) -> [Cell; 20] {
    let words = |text: &Option<String>| {
        text.as_ref()
            .filter(|text| is_plain(text))
            .map_or(Cell::Blank, |text| Cell::Text(text.clone()))
    };
    let antenna = details.antenna.clone().unwrap_or_default();
    let equipment = details.equipment.clone().unwrap_or_default();
    let protection = details.protection.clone().unwrap_or_default();
    let ranged = |field, value: Option<f64>| number(value.filter(|value| form::fits(field, *value)));
    let limited = protection.i_n_db.or(protection.power_dbm).or(protection.field_dbuv_m);
    let time = protection.time_percent.filter(|_| limited.is_some());
    let released = details.releasability.join(",");
    let released = Some(released).filter(|text| form::words(text) == details.releasability);
    [
        words(&details.station_class),
        number(details.power_dbm),
        ranged("elevation", details.ground_elevation_m),
        ranged("antenna_height", antenna.height_m),
        words(&antenna.model),
        number(antenna.gain_dbi),
        words(&antenna.polarization),
        ranged("azimuth", antenna.azimuth_deg),
        ranged("feeder_loss", antenna.feeder_loss_db),
        words(&equipment.model),
        words(&equipment.approval),
        ranged("sensitivity", equipment.sensitivity_dbm),
        ranged("noise_figure", equipment.noise_figure_db),
        ranged("protection_i_n", protection.i_n_db),
        ranged("protection_power", protection.power_dbm),
        ranged("protection_field", protection.field_dbuv_m),
        ranged("protection_time", time),
        details.precedence.map_or(Cell::Blank, |day| instant(day, false)),
        words(&details.classification),
        words(&released),
    ]
}

fn validity(a: &Assignment, extra: &mut AssignmentExtensions) -> (Cell, Cell) {
    let ordered = a.valid_from.zip(a.valid_to).is_none_or(|(from, to)| from < to);
    if !ordered {
        extra.valid_to = a.valid_to;
    }
    let to = a.valid_to.filter(|_| ordered);
    (
        a.valid_from.map_or(Cell::Blank, |from| instant(from, false)),
        to.map_or(Cell::Blank, |to| instant(to, true)),
    )
}

/// A day where the instant is a midnight in China, as the import reads days; otherwise the instant.
fn instant(instant: Timestamp, end: bool) -> Cell {
    let local = Offset::constant(8).to_datetime(instant);
    let day = local.date();
    let day = if end { day.yesterday().ok() } else { Some(day) };
    let midnight = local.time() == jiff::civil::Time::midnight();
    let day = day.filter(|day| midnight && (1000..=9999).contains(&day.year()));
    Cell::Text(day.map_or_else(|| instant.to_string(), |day| day.to_string()))
}

fn place(a: &Assignment, extra: &mut AssignmentExtensions) -> (Cell, Cell, Cell) {
    let Some(place) = a.place else {
        return (Cell::Blank, Cell::Blank, Cell::Blank);
    };
    if (place.latitude == 0.0 && place.longitude == 0.0)
        || place.latitude.abs() > 90.0
        || place.longitude.abs() > 180.0
        || place.radius_km < 0.0
    {
        extra.place = Some(place);
        return (Cell::Blank, Cell::Blank, Cell::Blank);
    }
    let radius = Some(place.radius_km).filter(|radius| *radius > 0.0);
    (
        number(Some(place.latitude)),
        number(Some(place.longitude)),
        number(radius),
    )
}

/// A row of an allocation table.
pub(super) fn allocation(a: &Allocation, language: Language) -> Row {
    let mut extra = AllocationExtensions {
        footnotes: a.footnotes.clone(),
        band_footnotes: a.band_footnotes.clone(),
        qualifiers: a.qualifiers.clone(),
        part: a.part.clone(),
        ..AllocationExtensions::default()
    };
    let (low, high) = edges(Some(a.band), &mut extra.band);
    let (paired_low, paired_high) = edges(a.paired, &mut extra.paired);
    let status = match a.status {
        ServiceStatus::Primary => word(language, "主要业务", "primary"),
        ServiceStatus::Secondary => word(language, "次要业务", "secondary"),
        ServiceStatus::Unstated => word(language, "未注明", "unstated"),
    };
    let confidence = match a.confidence {
        Confidence::High => word(language, "高", "high"),
        Confidence::Verify => word(language, "待核实", "verify"),
    };
    let (name_zh, name_en) = if is_plain(&a.name.zh) && is_plain(&a.name.en) {
        (Cell::Text(a.name.zh.clone()), Cell::Text(a.name.en.clone()))
    } else {
        extra.name = Some(a.name.clone());
        (Cell::Blank, Cell::Blank)
    };
    let [max_bandwidth, max_eirp, conditions_zh, conditions_en] = exemption(a, &mut extra);
    let cells = vec![
        text(Some(&a.id), &mut extra.id),
        low,
        high,
        service_cell(Some(&a.service), &mut extra.service, language),
        name_zh,
        name_en,
        Cell::Text(status.to_owned()),
        text(a.user.as_ref(), &mut extra.user),
        flag(a.protected, language),
        unlisted(&a.unlisted, language),
        paired_low,
        paired_high,
        max_bandwidth,
        max_eirp,
        conditions_zh,
        conditions_en,
        text(Some(&a.basis), &mut extra.basis),
        Cell::Text(confidence.to_owned()),
        text(a.note.as_ref(), &mut extra.note),
    ];
    Row {
        name: a.id.clone(),
        cells,
        extensions: json(&extra),
    }
}

fn edges(band: Option<Band>, extra: &mut Option<Band>) -> (Cell, Cell) {
    let fits = |band: &Band| band.low().0 >= 0 && band.width().0 > 0;
    *extra = band.filter(|band| !fits(band));
    match band.filter(fits) {
        Some(band) => (in_cell(band.low(), true, 6), in_cell(band.high(), true, 6)),
        None => (Cell::Blank, Cell::Blank),
    }
}

fn exemption(a: &Allocation, extra: &mut AllocationExtensions) -> [Cell; 4] {
    let blank = [Cell::Blank, Cell::Blank, Cell::Blank, Cell::Blank];
    let Some(exemption) = &a.exemption else { return blank };
    let (zh, en) = (&exemption.conditions.zh, &exemption.conditions.en);
    let limited = exemption.max_bandwidth_hz.is_some() || exemption.max_eirp_dbm.is_some();
    let words = is_plain(zh) && is_plain(en);
    if !words && (!limited || !zh.is_empty() || !en.is_empty()) {
        extra.exemption = Some(exemption.clone());
        return blank;
    }
    let [zh, en] = [zh, en].map(|text| if words { Cell::Text(text.clone()) } else { Cell::Blank });
    let width = exemption
        .max_bandwidth_hz
        .map_or(Cell::Blank, |hz| in_cell(Hertz(hz), true, 3));
    [width, number(exemption.max_eirp_dbm), zh, en]
}

fn unlisted(holders: &[Unlisted], language: Language) -> Cell {
    let words = holders.iter().map(|holder| match holder {
        Unlisted::Military => word(language, "军队", "military"),
        Unlisted::Operator => word(language, "运营商", "operator"),
        Unlisted::Amateur => word(language, "业余", "amateur"),
        Unlisted::Space => word(language, "空间", "space"),
        Unlisted::Abroad => word(language, "境外", "abroad"),
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        Cell::Blank
    } else {
        Cell::Text(words.join(";"))
    }
}

/// The text where its cell can say it; otherwise it goes to `extra`.
fn text(value: Option<&String>, extra: &mut Option<String>) -> Cell {
    text_if(value, extra, |_| true)
}

fn text_if(value: Option<&String>, extra: &mut Option<String>, fits: impl Fn(&str) -> bool) -> Cell {
    match value {
        None => Cell::Blank,
        Some(text) if is_plain(text) && fits(text) => Cell::Text(text.clone()),
        Some(text) => {
            *extra = Some(text.clone());
            Cell::Blank
        }
    }
}

/// By name in Chinese and by code in English, where that reads as the same code.
fn service_cell(code: Option<&String>, extra: &mut Option<String>, language: Language) -> Cell {
    let reads = |text: &str| code.is_some_and(|code| service::parse(text).as_ref() == Ok(code));
    let name = code
        .filter(|_| language == Language::Chinese)
        .map(|code| service::name(code).zh);
    match name.filter(|name| reads(name)) {
        Some(name) => Cell::Text(name),
        None => text_if(code, extra, reads),
    }
}

/// Whether a cell of either file gives the text back as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().nth(row::LONGEST).is_none()
        // An underscore with four hexadecimal digits is how workbooks write characters they cannot hold.
        && !text.contains("_x")
        && !text.contains(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Blank, |value| Cell::Number(value.to_string()))
}

fn flag(value: bool, language: Language) -> Cell {
    if value {
        Cell::Text(word(language, "是", "yes").to_owned())
    } else {
        Cell::Blank
    }
}

/// Hertz as a decimal number of ten to the `exponent` hertz, exactly.
fn in_cell(hz: Hertz, fits: bool, exponent: usize) -> Cell {
    if !fits {
        return Cell::Blank;
    }
    let sign = if hz.0 < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", hz.0.unsigned_abs(), width = exponent + 1);
    let (whole, part) = digits.split_at(digits.len() - exponent);
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    Cell::Number(format!("{sign}{whole}{point}{part}"))
}

/// The JSON, or nothing where there is nothing to say.
fn json(extra: &(impl Serialize + Default + PartialEq)) -> String {
    if *extra == Default::default() {
        return String::new();
    }
    // These types cannot fail to be written; a failure would show as a record that differs, which the tests catch.
    serde_json::to_string(extra).unwrap_or_default()
}
