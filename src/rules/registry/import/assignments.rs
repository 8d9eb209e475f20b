//! A row of the assignment template as an [`Assignment`].

use jiff::Timestamp;

use super::{
    extensions::{self, AssignmentExtensions},
    form,
    formats::numbers,
    row::Row,
};
use crate::{
    registry::{Assignment, AssignmentStatus, Details, Place, Role, designator, hours, service},
    units::Hertz,
};

const STATUS: &[(&[&str], AssignmentStatus)] = &[
    (&["granted", "有效", "在用", "正常", "批准"], AssignmentStatus::Granted),
    (&["suspended", "暂停", "停用", "中止"], AssignmentStatus::Suspended),
    (
        &["cancelled", "canceled", "注销", "撤销", "revoked"],
        AssignmentStatus::Cancelled,
    ),
];

const ROLE: &[(&[&str], Role)] = &[
    (&["transmit", "tx", "发", "发射"], Role::Transmit),
    (&["receive", "rx", "收", "接收"], Role::Receive),
    (&["both", "tx/rx", "收发"], Role::Both),
];

pub(super) fn build(row: &mut Row, file: &str) -> Option<Assignment> {
    let mut extra: AssignmentExtensions = extensions::read(row);
    check(row, &extra);
    let id = required(row, "id", extra.id.take());
    let holder = required(row, "holder", extra.holder.take());
    let station = required(row, "station", extra.station.take());
    let center_hz = match extra.center_hz.filter(|_| row.text("freq").is_none()) {
        Some(exact) => Some(exact),
        None => {
            row.required("freq");
            row.frequency("freq")
        }
    };
    let (designator, bandwidth) = emission(row, center_hz, &mut extra);
    let tolerance_hz = tolerance(row, center_hz).or(extra.tolerance_hz);
    let place = place(row).or(extra.place);
    let eirp_dbm = form::power_dbm(row, "eirp").or(extra.eirp_dbm);
    let (valid_from, valid_to) = validity(row, &extra);
    let service = row.text("service").and_then(|text| match service::parse(&text) {
        Ok(code) => Some(code),
        Err(error) => {
            let zh = format!("不是已知的业务：请写代码（如 {}）或业务名称", error.nearest);
            row.complain("service", &text, zh, error.to_string());
            None
        }
    });
    let status = row.choice("status", STATUS).unwrap_or(AssignmentStatus::Granted);
    let block = row.flag("block");
    let details = details(row, extra.details);
    let here = || format!("{file}:{}", row.line());
    Some(Assignment {
        id: id?,
        holder: holder?,
        station: station?,
        call_sign: row.text("call_sign").or(extra.call_sign),
        center_hz: center_hz?,
        necessary_bandwidth_hz: bandwidth?,
        designator,
        service: service.or(extra.service),
        block,
        tolerance_hz,
        place,
        eirp_dbm,
        valid_from,
        valid_to,
        status,
        source: row.text("source").or(extra.source).unwrap_or_else(here),
        details,
    })
}

/// Values of the column `extensions` that no register can mean.
fn check(row: &mut Row, extra: &AssignmentExtensions) {
    let frequencies = numbers::LOWEST_HZ..=numbers::HIGHEST_HZ;
    let wrong = [
        (
            "center_hz",
            extra.center_hz.is_some_and(|hz| !frequencies.contains(&hz.0)),
        ),
        (
            "necessary_bandwidth_hz",
            extra.necessary_bandwidth_hz.is_some_and(|hz| hz.0 < 0),
        ),
        (
            "place",
            extra.place.as_ref().is_some_and(|place| !extensions::on_earth(place)),
        ),
    ];
    for (field, _) in wrong.iter().filter(|(_, wrong)| *wrong) {
        let zh = format!("{field} 超出范围：请勿修改此列，或将其清空");
        let en = format!("{field} is out of range: leave the column as it was, or blank");
        row.complain(extensions::COLUMNS[0], field, zh, en);
    }
}

/// A cell that must say something, unless the column `extensions` does.
fn required(row: &mut Row, field: &str, exact: Option<String>) -> Option<String> {
    row.text(field).or(exact).or_else(|| row.required(field))
}

fn validity(row: &mut Row, extra: &AssignmentExtensions) -> (Option<Timestamp>, Option<Timestamp>) {
    let (from, to) = (row.instant("valid_from", false), row.instant("valid_to", true));
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        let value = row.text("valid_to").unwrap_or_default();
        row.complain("valid_to", &value, "早于启用日期 valid_from", "lies before valid_from");
    }
    (from.or(extra.valid_from), to.or(extra.valid_to))
}

/// Particulars, with the direction of use, the hours of operation and the note that the cells say.
fn details(row: &mut Row, exact: Option<Box<Details>>) -> Option<Box<Details>> {
    let role = row.choice("role", ROLE);
    let role = role.filter(|role| *role != exact.as_ref().map_or(Role::Transmit, |details| details.role));
    let note = row.text("note");
    let windows = row.text("hours").and_then(|text| match hours::parse(&text) {
        Ok(windows) => Some(windows),
        Err(error) => {
            let zh = "不是使用时间：请写星期、时刻和时区，如 周一至周五 06:00-22:00 +08:00；周六 22:00-02:00";
            row.complain("hours", &text, zh, error.to_string());
            None
        }
    });
    if role.is_none() && note.is_none() && windows.is_none() && !row.has_form() {
        return exact;
    }
    let mut details = exact.unwrap_or_default();
    form::read(row, &mut details);
    details.windows = windows.unwrap_or(details.windows);
    details.role = role.unwrap_or(details.role);
    details.extensions.extend(note.map(|note| ("note".to_owned(), note)));
    Some(details)
}

/// The designator as used, and the necessary bandwidth from its column or from the designator.
fn emission(row: &mut Row, center: Option<Hertz>, extra: &mut AssignmentExtensions) -> (Option<String>, Option<Hertz>) {
    let exact = extra.necessary_bandwidth_hz.filter(|_| row.text("bandwidth").is_none());
    let written = row.text("designator");
    let designator = written.as_deref().and_then(|text| match designator::parse(text) {
        Ok(designator) => Some(designator),
        Err(error) => {
            let zh = format!("第 {} 个字符：{}", error.position, error.reason.zh);
            let en = format!("character {}: {}", error.position, error.reason.en);
            row.complain("designator", text, zh, en);
            None
        }
    });
    let text = designator.as_ref().map(|read| read.text.clone());
    if exact.is_some() {
        return (text.or(extra.designator.take()), exact);
    }
    let stated = row.text("bandwidth");
    let bandwidth = match (&stated, &designator) {
        (Some(_), _) => row.hertz("bandwidth"),
        (None, Some(designator)) => Some(designator.bandwidth()),
        (None, None) => {
            if written.is_none() {
                let zh = "带宽与发射标识不能都为空：请写 12.5k 或 11K0F3E";
                row.complain(
                    "bandwidth",
                    "",
                    zh,
                    "bandwidth and designator are both blank: write 12.5k or 11K0F3E",
                );
            }
            None
        }
    };
    if let Some(width) = bandwidth
        && (width.0 <= 0 || center.is_some_and(|center| width.0 / 2 > center.0))
    {
        let value = stated.unwrap_or_default();
        row.complain(
            "bandwidth",
            &value,
            "带宽须大于零且小于频率的两倍",
            "must be above zero and below twice the frequency",
        );
        return (None, None);
    }
    (text.or(extra.designator.take()), bandwidth)
}

fn tolerance(row: &mut Row, center: Option<Hertz>) -> Option<f64> {
    let (value, unit) = row.number("tolerance", &["hz", "khz", "ppm"], "hz")?;
    let hz = match unit {
        "khz" => value * 1e3,
        "ppm" => value * 1e-6 * center?.as_f64(),
        _ => value,
    };
    if hz < 0.0 {
        let text = row.text("tolerance").unwrap_or_default();
        row.complain("tolerance", &text, "不能为负", "cannot be negative");
    }
    Some(hz)
}

fn place(row: &mut Row) -> Option<Place> {
    let (lat_text, lon_text) = (row.text("latitude"), row.text("longitude"));
    if lat_text.is_some() != lon_text.is_some() {
        let blank = if lat_text.is_none() { "latitude" } else { "longitude" };
        row.complain(blank, "", "经度和纬度须同时填写", "latitude and longitude go together");
    }
    let radius_km = match row.number("radius", &["km", "m"], "km") {
        Some((value, unit)) => {
            let km = if unit == "m" { value / 1000.0 } else { value };
            if km < 0.0 {
                let text = row.text("radius").unwrap_or_default();
                row.complain("radius", &text, "不能为负", "cannot be negative");
            }
            km
        }
        None => 0.0,
    };
    let swapped = lat_text.is_some()
        && row
            .text("latitude")
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(|value| value.abs() > 90.0);
    if swapped {
        let value = lat_text.unwrap_or_default();
        let en = "a latitude is within ±90°: are latitude and longitude exchanged?";
        row.complain("latitude", &value, "纬度须在 ±90° 以内：经纬度是否颠倒？", en);
        return None;
    }
    let (latitude, longitude) = (row.degrees("latitude", 90.0), row.degrees("longitude", 180.0));
    let (latitude, longitude) = (latitude?, longitude?);
    if latitude == 0.0 && longitude == 0.0 {
        let en = "0°, 0° is in the Gulf of Guinea: leave both blank where the place is unknown";
        row.complain("latitude", "0", "经纬度均为 0：位置未知时请留空", en);
    }
    Some(Place {
        latitude,
        longitude,
        radius_km,
    })
}
