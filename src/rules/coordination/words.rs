//! Names of states, steps and quantities for people, in both languages.

use super::{Kind, Power, PowerKind, Priority, Side, Span, State};
use crate::{
    registry::{Text, control::ControlArea, details::Area, hours},
    units::{Band, Hertz},
};

pub(super) fn state(state: State) -> Text {
    let (zh, en) = match state {
        State::Draft => ("草稿", "a draft"),
        State::Submitted => ("已提交", "submitted"),
        State::Received => ("已收文", "received"),
        State::UnderReview => ("审核中", "under review"),
        State::InformationRequested => ("待补充材料", "waiting for information"),
        State::Agreed => ("已同意", "agreed"),
        State::AgreedWithConditions => ("附条件同意", "agreed with conditions"),
        State::TemporarilyAgreed => ("临时同意", "agreed for a time"),
        State::Refused => ("不同意", "refused"),
        State::Lapsed => ("逾期失效", "lapsed"),
        State::InForce => ("已生效", "in force"),
        State::Suspended => ("暂停使用", "suspended"),
        State::Expired => ("已到期", "expired"),
        State::Revoked => ("已撤销", "revoked"),
        State::Withdrawn => ("已撤回", "withdrawn"),
    };
    Text::new(zh, en)
}

pub(super) fn kind(kind: Kind) -> Text {
    let (zh, en) = match kind {
        Kind::Permanent => ("长期用频", "permanent use"),
        Kind::Temporary => ("临时用频", "temporary use"),
        Kind::Exercise => ("演习训练", "exercise"),
        Kind::Event => ("重大活动", "major event"),
        Kind::Emergency => ("应急处置", "emergency"),
    };
    Text::new(zh, en)
}

pub(super) fn priority(priority: Priority) -> Text {
    let (zh, en) = match priority {
        Priority::Routine => ("一般", "routine"),
        Priority::Priority => ("优先", "priority"),
        Priority::Urgent => ("紧急", "urgent"),
    };
    Text::new(zh, en)
}

pub(super) fn side(side: Side) -> Text {
    let (zh, en) = match side {
        Side::Civil => ("地方", "civil side"),
        Side::Military => ("军队", "military side"),
    };
    Text::new(zh, en)
}

/// In MHz without an end of zeros: how letters and tables of both sides write frequencies.
pub(super) fn mhz(hz: Hertz) -> String {
    let sign = if hz.0 < 0 { "-" } else { "" };
    let (whole, part) = (hz.0.unsigned_abs() / 1_000_000, hz.0.unsigned_abs() % 1_000_000);
    let part = format!("{part:06}");
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

pub(super) fn khz(hz: Hertz) -> String {
    let (whole, part) = (hz.0 / 1_000, hz.0.unsigned_abs() % 1_000);
    let part = format!("{part:03}");
    match part.trim_end_matches('0') {
        "" => whole.to_string(),
        part => format!("{whole}.{part}"),
    }
}

pub(super) fn band(band: Band) -> String {
    format!("{}–{} MHz", mhz(band.low()), mhz(band.high()))
}

pub(super) fn power(power: Power) -> String {
    let kind = match power.kind {
        PowerKind::Eirp => "e.i.r.p.",
        PowerKind::Erp => "e.r.p.",
    };
    format!("{:.1} dBW {kind}", power.dbw)
}

/// Degrees, minutes and seconds, as forms have them.
fn degrees(value: f64, [positive, negative]: [&str; 2]) -> String {
    let seconds = (value.abs() * 3600.0).round() as i64;
    let letter = if value < 0.0 { negative } else { positive };
    format!(
        "{}°{:02}′{:02}″{letter}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

pub(super) fn point(latitude: f64, longitude: f64) -> String {
    format!("{} {}", degrees(longitude, ["E", "W"]), degrees(latitude, ["N", "S"]))
}

pub(super) fn place(place: &ControlArea) -> Text {
    match place {
        ControlArea::Circle(circle) => {
            let at = point(circle.latitude, circle.longitude);
            if circle.radius_km > 0.0 {
                Text::new(
                    format!("以 {at} 为圆心、半径 {} km 的范围", circle.radius_km),
                    format!("within {} km of {at}", circle.radius_km),
                )
            } else {
                Text::new(at.clone(), at)
            }
        }
        ControlArea::Shape(Area::Rectangle {
            south,
            west,
            north,
            east,
        }) => {
            let (a, b) = (point(*south, *west), point(*north, *east));
            Text::new(format!("{a} 至 {b} 的矩形区域"), format!("rectangle from {a} to {b}"))
        }
        ControlArea::Shape(Area::Polygon(corners)) => {
            let corners: Vec<String> = corners.iter().map(|&(lat, lon)| point(lat, lon)).collect();
            let list = corners.join("; ");
            Text::new(
                format!("多边形区域，顶点：{list}"),
                format!("polygon with the corners {list}"),
            )
        }
        ControlArea::Shape(Area::Named(name)) => Text::new(name.clone(), name.clone()),
    }
}

/// A day and time in China (UTC+8), to the minute.
pub(super) fn moment(instant: jiff::Timestamp) -> Text {
    let local = jiff::tz::Offset::constant(8).to_datetime(instant);
    let (date, clock) = (local.date(), format!("{:02}:{:02}", local.hour(), local.minute()));
    Text::new(
        format!(
            "{}年{}月{}日 {clock}（北京时间）",
            date.year(),
            date.month(),
            date.day()
        ),
        format!("{date} {clock} (UTC+8)"),
    )
}

pub(super) fn span(span: &Span) -> Text {
    let (from, to) = (moment(span.from), moment(span.to));
    let windows = if span.windows.is_empty() {
        Text::default()
    } else {
        let text = hours::text(&span.windows);
        Text::new(format!("；每周：{}", text.zh), format!("; weekly: {}", text.en))
    };
    Text::new(
        format!("{} 至 {}{}", from.zh, to.zh, windows.zh),
        format!("{} to {}{}", from.en, to.en, windows.en),
    )
}

/// In percent with at most two digits that tell it from nothing and from all.
pub(super) fn percent(part: f64) -> String {
    let apart = 100.0 * part.min(1.0 - part);
    let places = if apart > 0.0 {
        (1.0 - apart.log10().floor()).clamp(0.0, 6.0)
    } else {
        0.0
    };
    let text = format!("{:.*}", places as usize, 100.0 * part);
    let short = if places > 0.0 {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{short} %")
}
