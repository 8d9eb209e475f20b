//! A row of the allocation template as an [`Allocation`].

use super::{
    extensions::{self, AllocationExtensions},
    row::Row,
};
use crate::{
    registry::{Allocation, Confidence, Exemption, ServiceStatus, Text, Unlisted, service},
    units::Band,
};

const STATUS: &[(&[&str], ServiceStatus)] = &[
    (&["primary", "主要", "主要业务", "p"], ServiceStatus::Primary),
    (&["secondary", "次要", "次要业务", "s"], ServiceStatus::Secondary),
    (&["unstated", "未注明"], ServiceStatus::Unstated),
];

const CONFIDENCE: &[(&[&str], Confidence)] = &[
    (&["high", "高"], Confidence::High),
    (&["verify", "待核实"], Confidence::Verify),
];

const UNLISTED: [(&str, &str, Unlisted); 5] = [
    ("military", "军队", Unlisted::Military),
    ("operator", "运营商", Unlisted::Operator),
    ("amateur", "业余", Unlisted::Amateur),
    ("space", "空间", Unlisted::Space),
    ("abroad", "境外", Unlisted::Abroad),
];

pub(super) fn build(row: &mut Row) -> Option<Allocation> {
    let extra: AllocationExtensions = extensions::read(row);
    let band = match extra
        .band
        .filter(|_| row.text("low").is_none() && row.text("high").is_none())
    {
        Some(exact) => edges(row, exact),
        None => {
            row.required("low");
            row.required("high");
            band(row, "low", "high")
        }
    };
    let paired = match (row.text("paired_low"), row.text("paired_high")) {
        (None, None) => extra.paired.and_then(|exact| edges(row, exact)),
        (Some(_), Some(_)) => band_pair(row),
        (low, _) => {
            let blank = if low.is_none() { "paired_low" } else { "paired_high" };
            row.complain(
                blank,
                "",
                "对端频段的上下限须同时填写",
                "both edges of the paired band are needed",
            );
            None
        }
    };
    let service = row.text("service").or_else(|| {
        if extra.service.is_none() {
            row.required("service");
        }
        None
    });
    let service = match service {
        None => extra.service,
        Some(text) => service_code(row, &text),
    };
    let exemption = exemption(row).or(extra.exemption);
    let basis = row.text("basis").or(extra.basis).or_else(|| row.required("basis"));
    let confidence = row.choice("confidence", CONFIDENCE).unwrap_or(Confidence::Verify);
    let status = row.choice("status", STATUS).unwrap_or(ServiceStatus::Unstated);
    let protected = row.flag("protected");
    let unlisted = unlisted(row);
    let (band, service) = (band?, service?);
    Some(Allocation {
        id: row
            .text("id")
            .or(extra.id)
            .unwrap_or_else(|| default_id(band, &service)),
        band,
        paired,
        name: name(row, &service, extra.name),
        service,
        status,
        user: row.text("user").or(extra.user),
        protected,
        exemption,
        unlisted,
        basis: basis?,
        confidence,
        note: row.text("note").or(extra.note),
        footnotes: extra.footnotes,
        band_footnotes: extra.band_footnotes,
        qualifiers: extra.qualifiers,
        part: extra.part,
    })
}

fn service_code(row: &mut Row, text: &str) -> Option<String> {
    match service::parse(text) {
        Ok(code) => Some(code),
        Err(error) => {
            let zh = format!("不是已知的业务：请写代码（如 {}）或业务名称", error.nearest);
            row.complain("service", text, zh, error.to_string());
            None
        }
    }
}

/// A band of the column `extensions`; JSON can have its edges the wrong way round.
fn edges(row: &mut Row, exact: Band) -> Option<Band> {
    let band = Band::new(exact.low(), exact.high());
    if band.is_none() {
        let en = "the edges of a band are the wrong way round: leave the column as it was, or blank";
        row.complain(
            extensions::COLUMNS[0],
            "band",
            "频段上下限颠倒：请勿修改此列，或将其清空",
            en,
        );
    }
    band
}

/// Key of a row that states none: its band and service, so that the same row imported again is the same record.
fn default_id(band: Band, service: &str) -> String {
    format!("{}-{}-{}", band.low().0, band.high().0, service.to_lowercase())
}

fn name(row: &Row, service: &str, exact: Option<Text>) -> Text {
    let default = exact.unwrap_or_else(|| service::name(service));
    match (row.text("name_zh"), row.text("name_en")) {
        (Some(zh), Some(en)) => Text { zh, en },
        (Some(zh), None) => Text { zh, en: default.en },
        (None, Some(en)) => Text { zh: default.zh, en },
        (None, None) => default,
    }
}

fn band_pair(row: &mut Row) -> Option<Band> {
    band(row, "paired_low", "paired_high")
}

fn band(row: &mut Row, low_field: &str, high_field: &str) -> Option<Band> {
    // Tables begin at 0 Hz ("below 8.3 kHz: not allocated"), so the edges are not held to the allocated range.
    let (low, high) = (row.hertz(low_field), row.hertz(high_field));
    let (low, high) = (low?, high?);
    let band = Band::new(low, high).filter(|band| band.width().0 > 0 && band.low().0 >= 0);
    if band.is_none() {
        let value = row.text(high_field).unwrap_or_default();
        let zh = format!("上限 {high} 须高于下限 {low}，且下限不为负");
        row.complain(
            high_field,
            &value,
            zh,
            format!("the upper edge {high} must lie above the lower edge {low}"),
        );
    }
    band
}

fn exemption(row: &mut Row) -> Option<Exemption> {
    let max_bandwidth_hz = row.hertz("exempt_max_bandwidth").map(|width| width.0);
    let max_eirp_dbm = row.number("exempt_max_eirp", &["dbm"], "dbm").map(|(value, _)| value);
    let zh = row.text("exempt_conditions_zh");
    let en = row.text("exempt_conditions_en");
    if max_bandwidth_hz.is_none() && max_eirp_dbm.is_none() && zh.is_none() && en.is_none() {
        return None;
    }
    let conditions = Text::new(
        zh.clone().or_else(|| en.clone()).unwrap_or_default(),
        en.or(zh).unwrap_or_default(),
    );
    Some(Exemption {
        max_bandwidth_hz,
        max_eirp_dbm,
        conditions,
    })
}

fn unlisted(row: &mut Row) -> Vec<Unlisted> {
    let Some(text) = row.text("unlisted") else {
        return Vec::new();
    };
    let mut holders = Vec::new();
    for word in text
        .split([';', '+', ' ', '、', '/'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        let known = UNLISTED
            .iter()
            .find(|(en, zh, _)| en.eq_ignore_ascii_case(word) || *zh == word);
        match known {
            Some(&(_, _, holder)) => holders.push(holder),
            None => row.complain(
                "unlisted",
                word,
                "只能是 军队、运营商、业余、空间、境外",
                "must be military, operator, amateur, space or abroad",
            ),
        }
    }
    holders
}
