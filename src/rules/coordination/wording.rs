//! Findings in words, in both languages.

use super::{
    CheckRules, Finding, FindingKind, Level, Observed, Request,
    analysis::{Fact, MODEL},
    tasks::{InUse, InUseBound},
    words::{self, percent},
};
use crate::{
    registry::{
        Allocation, Assignment, ControlOrder, Text, Unlisted,
        control::Effect,
        disclosure::{CELL_DEGREES, Cell, Existence},
        service,
    },
    units::Band,
};

pub(super) fn plain(kind: FindingKind, level: Level, zh: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding {
        kind,
        level,
        band: None,
        subject: None,
        distance_km: None,
        margin_db: None,
        observed: None,
        explanation: Text::new(zh, en),
    }
}

pub(super) fn not_observed(band: Band, rules: &CheckRules) -> Finding {
    let (hours, km) = (rules.measured_hours, rules.measured_reach_km);
    let mhz = words::band(band);
    Finding {
        band: Some(band),
        ..plain(
            FindingKind::NotObserved,
            Level::Note,
            format!(
                "近 {hours} 小时内，申请区域 {km} km 范围内没有接收机观测 {mhz}：未观测不等于空闲，可申请测量任务。"
            ),
            format!(
                "No receiver within {km} km of the area observed {mhz} in the last {hours} hours: unobserved is not free. \
                 A measuring task would tell."
            ),
        )
    }
}

/// A receiver measured `one`.
pub(super) fn observed(one: &Observed, kind: FindingKind, level: Level) -> Finding {
    let (receiver, km, mhz) = (&one.receiver, one.distance_km, words::band(one.band));
    let hours = one.to.duration_since(one.from).as_hours();
    let coverage = percent(one.coverage());
    let occupied = one.in_use.as_ref().map_or_else(|| Text::new("", ""), share);
    let mut zh = format!(
        "接收机 {receiver}（距申请区域 {km:.0} km）在近 {hours} 小时的 {coverage} 时间内观测了 {mhz}：{}",
        occupied.zh
    );
    let mut en = format!(
        "Receiver {receiver}, {km:.0} km from the area, observed {mhz} for {coverage} of the last {hours} hours: {}",
        occupied.en
    );
    if let Some(heard) = one.strongest {
        let (hz, db) = (words::mhz(heard.center_hz), heard.snr_db);
        zh.push_str(&format!("，最强发射 {hz} MHz，信噪比 {db:.0} dB"));
        en.push_str(&format!(
            "; the strongest emission was on {hz} MHz, {db:.0} dB over noise"
        ));
    }
    Finding {
        band: Some(one.band),
        subject: Some(one.receiver.clone()),
        distance_km: Some(km),
        observed: Some(one.clone()),
        ..plain(kind, level, zh + "。", en + ".")
    }
}

/// Occupied so much of the time, with the interval; a bound where nothing, or all of it, was busy.
fn share(in_use: &InUse) -> Text {
    let [share, low, high, confidence] = [in_use.share, in_use.low, in_use.high, in_use.confidence].map(percent);
    match in_use.bound {
        InUseBound::Interval => Text::new(
            format!("占用度 {share}（{low} 至 {high}，置信度 {confidence}）"),
            format!("it was in use {share} of that time ({low} to {high}, confidence {confidence})"),
        ),
        InUseBound::AtMost => Text::new(
            format!("占用度不超过 {high}（置信度 {confidence}）"),
            format!("it was in use at most {high} of that time (confidence {confidence})"),
        ),
        InUseBound::AtLeast => Text::new(
            format!("占用度不低于 {low}（置信度 {confidence}）"),
            format!("it was in use at least {low} of that time (confidence {confidence})"),
        ),
    }
}

pub(super) fn nothing_fits() -> Finding {
    plain(
        FindingKind::NothingFits,
        Level::Blocking,
        "调谐范围内没有可用频段：请扩大范围、减小带宽或改变时间、地点。",
        "Nothing in the tuning range fits: widen the range, narrow the bandwidth, or change time or place.",
    )
}

pub(super) fn ask_other_side(existence: &Existence) -> Finding {
    let place = existence.cell.map_or_else(|| Text::new("所申请区域", "the area"), cell);
    let band = words::band(existence.band);
    Finding {
        band: Some(existence.band),
        ..plain(
            FindingKind::AskOtherSide,
            Level::Caution,
            format!("{}、{band}：可能有未公开的用频，请征求另一方意见。", place.zh),
            format!(
                "{}, {band}: there may be use that is not published; ask the other side.",
                place.en
            ),
        )
    }
}

fn cell((row, column): Cell) -> Text {
    let edge = |n: i32| f64::from(n) * CELL_DEGREES;
    let name = format!(
        "{:.1}–{:.1}°N {:.1}–{:.1}°E",
        edge(row),
        edge(row + 1),
        edge(column),
        edge(column + 1)
    );
    Text::new(format!("网格 {name}"), format!("cell {name}"))
}

pub(super) fn finding(fact: &Fact<'_>, band: Band) -> Finding {
    let finding = match fact {
        Fact::Allocation(kind, level, row) => allocation(*kind, *level, *row, band),
        Fact::Unlisted(holder, row) => unlisted(*holder, row),
        Fact::Overlap(assignment, level) => overlap(assignment, *level),
        Fact::Interference {
            with,
            level,
            margin_db,
            gap_km,
            criterion,
        } => interference(with, *level, (*margin_db, *gap_km), criterion.text()),
        Fact::Request(request, level) => other_request(request, *level),
        Fact::Order(order, level) => control(order, *level),
        Fact::NoOverlap => plain(
            FindingKind::NoOverlap,
            Level::Clear,
            "登记资料中没有同频、同区域、同时段的其他台站。",
            "The register shows no other station on the same frequencies in the same area and time.",
        ),
    };
    Finding {
        band: Some(band),
        ..finding
    }
}

fn overlap(assignment: &Assignment, level: Level) -> Finding {
    let (holder, station) = (&assignment.holder, &assignment.station);
    let theirs = words::band(assignment.band());
    let (zh, en) = if level == Level::Note {
        ("同一使用单位的台站", "a station of the same user")
    } else {
        ("已有台站", "a station")
    };
    Finding {
        subject: Some(assignment.id.clone()),
        distance_km: Some(0.0),
        ..plain(
            FindingKind::AssignmentOverlap,
            level,
            format!("{zh}“{station}”（{holder}，{theirs}）与申请同频、同区域、同时段。"),
            format!(
                "There is {en} on the same frequencies, in the same area and time: {station} of {holder}, {theirs}."
            ),
        )
    }
}

fn interference(assignment: &Assignment, level: Level, (margin_db, gap_km): (f64, f64), criterion: Text) -> Finding {
    let (holder, station) = (&assignment.holder, &assignment.station);
    let (zh, en) = if margin_db < 0.0 {
        ("不满足", "not kept")
    } else {
        ("满足", "kept")
    };
    Finding {
        subject: Some(assignment.id.clone()),
        distance_km: Some(gap_km),
        margin_db: Some(margin_db),
        ..plain(
            FindingKind::AssignmentInterference,
            level,
            format!(
                "与“{station}”（{holder}）同频，相距 {gap_km:.1} km，干扰余量 {margin_db:.1} dB，{zh}保护准则 {}（模型：{MODEL}）。",
                criterion.zh
            ),
            format!(
                "On the frequencies of {station} ({holder}), {gap_km:.1} km away, the interference margin is \
                 {margin_db:.1} dB: the protection criterion ({}) is {en} (model: {MODEL}).",
                criterion.en
            ),
        )
    }
}

fn other_request(request: &Request, level: Level) -> Finding {
    let number = request.number.clone().unwrap_or_default();
    let state = words::state(request.state);
    Finding {
        subject: Some(number.clone()),
        distance_km: Some(0.0),
        ..plain(
            FindingKind::RequestOverlap,
            level,
            format!("与申请 {number}（{}）同频、同区域、同时段。", state.zh),
            format!(
                "Request {number} ({}) is for the same frequencies, area and time.",
                state.en
            ),
        )
    }
}

fn allocation(kind: FindingKind, level: Level, row: Option<&Allocation>, band: Band) -> Finding {
    let name = row.map(|row| row.name.clone()).unwrap_or_default();
    let services = row.map(|row| service::name(&row.service)).unwrap_or_default();
    let (zh, en) = match kind {
        FindingKind::AllocationFits => (
            format!("频段已划分给所申请业务（{}，{}）。", name.zh, services.zh),
            format!("The band is allocated to the service: {} ({}).", name.en, services.en),
        ),
        FindingKind::AllocationSecondary => (
            format!("所申请业务在此频段为次要业务（{}），不得对主要业务造成干扰。", name.zh),
            format!(
                "The service is secondary here ({}): it yields to primary services.",
                name.en
            ),
        ),
        FindingKind::ServiceUnstated => (
            format!("申请未注明业务；划分表：{}（{}）。", name.zh, services.zh),
            format!(
                "The request names no service; the table has {} ({}).",
                name.en, services.en
            ),
        ),
        FindingKind::ProtectedBand => (
            format!("受保护频段：{}。", name.zh),
            format!("Protected band: {}.", name.en),
        ),
        FindingKind::NotAllocated => (
            format!("划分表中 {} 未作划分。", words::band(band)),
            format!("The table allocates {} to no service.", words::band(band)),
        ),
        FindingKind::AllocationUnknown => (
            "现有划分表不含此频段，无法核对：请导入正式划分表。".to_owned(),
            "The table at hand says nothing of this band: import the official table.".to_owned(),
        ),
        _ => (
            format!("频段未划分给所申请业务；划分表：{}（{}）。", name.zh, services.zh),
            format!(
                "The band is not allocated to the service; the table has {} ({}).",
                name.en, services.en
            ),
        ),
    };
    Finding {
        subject: row.map(|row| row.id.clone()),
        ..plain(kind, level, zh, en)
    }
}

fn unlisted(holder: Unlisted, row: &Allocation) -> Finding {
    let (zh, en) = match holder {
        Unlisted::Military => ("军队台站", "stations of the military side"),
        Unlisted::Operator => ("公众网络台站", "stations of a public network"),
        Unlisted::Amateur => ("业余电台", "amateur stations"),
        Unlisted::Space => ("空间电台", "space stations"),
        Unlisted::Abroad => ("境外电台", "stations abroad"),
    };
    Finding {
        subject: Some(row.id.clone()),
        ..plain(
            FindingKind::UnlistedUsers,
            Level::Note,
            format!("此频段（{}）可能有登记资料未列的{zh}。", row.name.zh),
            format!(
                "This band ({}) may hold {en} that the register does not list.",
                row.name.en
            ),
        )
    }
}

fn control(order: &ControlOrder, level: Level) -> Finding {
    let (zh, en) = match (order.effect, level) {
        (Effect::Prohibit, _) => ("禁止发射", "prohibits sending"),
        (Effect::Limit { .. }, Level::Blocking) => {
            ("所限功率或带宽低于申请", "limits power or bandwidth to less than asked")
        }
        (Effect::Limit { .. }, _) => (
            "限制功率或带宽，申请在限值之内",
            "limits power or bandwidth; the request keeps to it",
        ),
        (Effect::Protect, _) => (
            "保护频段，仅限已获指配者使用",
            "lets only holders of an assignment send",
        ),
    };
    Finding {
        subject: Some(order.id.clone()),
        ..plain(
            FindingKind::ControlOrder,
            level,
            format!("管制令 {}（{}）：{zh}。", order.id, order.title.zh),
            format!("Control order {} ({}) {en}.", order.id, order.title.en),
        )
    }
}
