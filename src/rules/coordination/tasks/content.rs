//! Whether what is asked for makes sense, and the minutes in which it may be measured.

use jiff::{SignedDuration, Timestamp};

use super::{TaskContent, TaskRules};
use crate::{
    coordination::{
        Fault, Span,
        request::{Faults, on_air},
        times::weekly,
    },
    units::Band,
};

/// Receivers that may be named.
const RECEIVERS_MAX: usize = 32;
/// Channels of the occupancy of one task: what is counted at once over 31 days (`service::occupancy`).
const CHANNELS_MAX: i64 = 400;
/// Seconds of a week.
const WEEK_S: i64 = 7 * 86_400;
/// 1970-01-05, the first Monday.
const MONDAY_S: i64 = 4 * 86_400;

/// Every field that makes no sense, and what to write instead. `now` is when it is asked for.
#[must_use]
pub fn faults(content: &TaskContent, rules: &TaskRules, now: Timestamp) -> Vec<Fault> {
    let mut faults = Faults::default();
    check_texts(content, &mut faults);
    check_frequencies(content, &mut faults);
    check_time(content, rules, now, &mut faults);
    let mut products = content.products.clone();
    products.sort_unstable();
    products.dedup();
    faults.unless(
        !products.is_empty() && products.len() == content.products.len(),
        "products",
        "请至少选择一项成果，且不重复",
        "say what is wanted back: at least one of occupancy, emissions, spectrum, recording, each once",
    );
    faults.0
}

fn check_texts(content: &TaskContent, faults: &mut Faults) {
    for (field, text, least, most) in [
        ("title", &content.title, 1, 200),
        ("purpose", &content.purpose, 1, 4000),
        ("reason", &content.reason, 0, 1000),
    ] {
        let printable = !text.chars().any(|c| c.is_control() && c != '\n');
        let count = text.trim().chars().count();
        faults.unless(
            (least..=most).contains(&count) && printable,
            field,
            &format!("请填写 {least} 至 {most} 字，不含控制字符"),
            &format!("write {least} to {most} characters, without control characters"),
        );
    }
    faults.unless(
        !content.priority.needs_reason() || !content.reason.trim().is_empty(),
        "reason",
        "立即和应急任务须写明理由",
        "write why it cannot wait: immediate and emergency tasks need a reason",
    );
    let named = &content.receivers;
    let distinct = named.iter().enumerate().all(|(n, id)| !named[..n].contains(id));
    faults.unless(
        named.len() <= RECEIVERS_MAX && distinct,
        "receivers",
        &format!("最多指定 {RECEIVERS_MAX} 台接收机，且不重复；不指定即为任一台"),
        &format!("name at most {RECEIVERS_MAX} receivers, each once, or none for any"),
    );
}

fn check_frequencies(content: &TaskContent, faults: &mut Faults) {
    let band = content.band().filter(on_air);
    faults.unless(
        band.is_some(),
        "high_hz",
        "频率下限应低于上限，范围为 1 Hz 至 3000 GHz",
        "give an upper edge above the lower one, between 1 Hz and 3000 GHz",
    );
    if let (Some(band), Some(raster)) = (band, content.raster_hz) {
        let width = band.width().0;
        let least = (width + CHANNELS_MAX - 1) / CHANNELS_MAX;
        faults.unless(
            (least..=width).contains(&raster.0),
            "raster_hz",
            &format!("信道宽度应为 {least} 至 {width} Hz（最多 {CHANNELS_MAX} 个信道），或留空"),
            &format!("give a width of {least} to {width} Hz (at most {CHANNELS_MAX} channels), or none"),
        );
    }
}

fn check_time(content: &TaskContent, rules: &TaskRules, now: Timestamp, faults: &mut Faults) {
    let before = faults.0.len();
    content.time.check(["time.to", "time.windows"], faults);
    let days = rules.span_max.as_hours() / 24;
    // Before anything is worked out over it.
    let long = content.time.to.duration_since(content.time.from) > rules.span_max;
    faults.unless(
        !long,
        "time.to",
        &format!("任务期限最长 {days} 天：请提前结束时间"),
        &format!("a task lasts {days} days at most: give an earlier end"),
    );
    if faults.0.len() > before {
        return;
    }
    let left = minutes(&windows(&content.time, now));
    faults.unless(
        left > 0,
        "time.to",
        "所选时间已过，或其中没有完整的一分钟",
        "the time is over, or holds no full minute: give a later end",
    );
    faults.unless(
        left == 0 || (1..=left).contains(&i64::from(content.minutes)),
        "minutes",
        &format!("所选时段内剩余 {left} 分钟，请填写 1 至 {left}"),
        &format!("the time has {left} minutes left: give 1 to {left}"),
    );
}

fn minutes(windows: &[[Timestamp; 2]]) -> i64 {
    windows
        .iter()
        .map(|[from, to]| to.duration_since(*from).as_mins())
        .sum()
}

/// Stretches of full minutes in which a task may be measured, from `now` on, in order and apart.
#[must_use]
pub fn windows(time: &Span, now: Timestamp) -> Vec<[Timestamp; 2]> {
    let from = super::full_minute(time.from.max(now)).as_second();
    let to = time.to.as_second().div_euclid(60) * 60;
    let mut found: Vec<[i64; 2]> = Vec::new();
    if time.windows.is_empty() {
        found.push([from, to]);
    } else {
        let first_week = (from - MONDAY_S).div_euclid(WEEK_S) - 1;
        let last_week = (to - MONDAY_S).div_euclid(WEEK_S);
        for (begins, length) in weekly(&time.windows) {
            found.extend((first_week..=last_week).map(|week| {
                let start = MONDAY_S + week * WEEK_S + begins * 60;
                [start.max(from), (start + length * 60).min(to)]
            }));
        }
    }
    found.retain(|[from, to]| from < to);
    found.sort_unstable();
    let mut joined: Vec<[i64; 2]> = Vec::new();
    for [from, to] in found {
        match joined.last_mut() {
            Some(last) if from <= last[1] => last[1] = last[1].max(to),
            _ => joined.push([from, to]),
        }
    }
    let second = |s: i64| Timestamp::from_second(s).unwrap_or(Timestamp::MAX);
    joined
        .into_iter()
        .map(|[from, to]| [second(from), second(to)])
        .collect()
}

/// Whether some receiver watches the whole band, given the bands each watches.
pub(super) fn is_within(band: Band, watched: &[Band]) -> bool {
    watched.iter().any(|watched| watched.contains(band))
}

/// The time after the last instant that may be told apart from an instant.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_mins(1);
