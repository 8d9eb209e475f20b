//! A row of the assignment template as an [`Assignment`].

use super::row::Row;
use crate::{
    registry::{Assignment, AssignmentStatus, Details, Place, designator, hours, service},
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

pub(super) fn build(row: &mut Row, file: &str) -> Option<Assignment> {
    let id = row.required("id");
    let holder = row.required("holder");
    let station = row.required("station");
    row.required("freq");
    let center_hz = row.frequency("freq");
    let (designator, bandwidth) = emission(row, center_hz);
    let tolerance_hz = tolerance(row, center_hz);
    let place = place(row);
    let eirp_dbm = eirp(row);
    let valid_from = row.instant("valid_from", false);
    let valid_to = row.instant("valid_to", true);
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && from >= to
    {
        let value = row.text("valid_to").unwrap_or_default();
        row.complain("valid_to", &value, "早于启用日期 valid_from", "lies before valid_from");
    }
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
    let details = details(row);
    Some(Assignment {
        id: id?,
        holder: holder?,
        station: station?,
        call_sign: row.text("call_sign"),
        center_hz: center_hz?,
        necessary_bandwidth_hz: bandwidth?,
        designator,
        service,
        block,
        tolerance_hz,
        place,
        eirp_dbm,
        valid_from,
        valid_to,
        status,
        source: format!("{file}:{}", row.line()),
        details,
    })
}

/// Hours of operation, the only particular the template has.
fn details(row: &mut Row) -> Option<Box<Details>> {
    let text = row.text("hours")?;
    match hours::parse(&text) {
        Ok(windows) => Some(Box::new(Details {
            windows,
            ..Details::default()
        })),
        Err(error) => {
            let zh = "不是使用时间：请写星期、时刻和时区，如 周一至周五 06:00-22:00 +08:00；周六 22:00-02:00";
            row.complain("hours", &text, zh, error.to_string());
            None
        }
    }
}

/// The designator as used, and the necessary bandwidth from its column or from the designator.
fn emission(row: &mut Row, center: Option<Hertz>) -> (Option<String>, Option<Hertz>) {
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
    (designator.map(|designator| designator.text), bandwidth)
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

fn eirp(row: &mut Row) -> Option<f64> {
    let (value, unit) = row.number("eirp", &["dbm", "dbw", "w", "kw"], "dbm")?;
    let watts = |watts: f64| 10.0 * watts.log10() + 30.0;
    let dbm = match unit {
        "dbw" => value + 30.0,
        "w" => watts(value),
        "kw" => watts(value * 1e3),
        _ => value,
    };
    if !dbm.is_finite() {
        let text = row.text("eirp").unwrap_or_default();
        row.complain("eirp", &text, "功率须大于零", "a power is above zero");
        return None;
    }
    Some(dbm)
}
