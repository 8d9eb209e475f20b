//! The report of a day as a letter to print: one HTML page that needs nothing else.

use std::fmt::Write as _;

use super::{DayChannel, DayReport, Event, EventDay, label::name, words};
use crate::{
    coordination::{
        LetterLanguage, Writing,
        letter::{escaped, opened},
        tasks::{InUse, InUseBound},
        words::{self as quantities, percent},
    },
    registry::Text,
    units::Hertz,
};

/// The letter.
#[must_use]
pub fn day_letter(event: &Event, report: &DayReport, writing: &Writing) -> String {
    let language = writing.language;
    let title = language.pick("重大活动无线电保障日报", "Daily report of a major event");
    let date = match language {
        LetterLanguage::Chinese => format!("{}年{}月{}日", report.day.year(), report.day.month(), report.day.day()),
        LetterLanguage::English => report.day.to_string(),
    };
    let mut page = opened(language, title, &event.number, &date);
    facts(&mut page, event, report, language);
    channels(&mut page, report, language);
    conflicts(&mut page, report, language);
    emissions(&mut page, report, language);
    decided(&mut page, report, language);
    let _ = write!(
        page,
        "<div class=\"seals\"><div>{}</div></div><p class=\"foot\">{}{}</p></body></html>",
        language.pick("牵头单位（盖章）　　年　　月　　日", "Lead office (seal, date)"),
        language.pick("打印时间：", "Printed: "),
        escaped(language.of(&quantities::moment(writing.at))),
    );
    page
}

fn facts(page: &mut String, event: &Event, report: &DayReport, language: LetterLanguage) {
    let pick = |zh, en| language.pick(zh, en);
    let hours = event.content.days.iter().find(|day| day.date == report.day);
    let hours = hours.map_or_else(
        || pick("当日不开放", "not open on this day").to_owned(),
        |day| opening(*day),
    );
    let to = quantities::moment(report.to);
    let until = match report.complete {
        true => pick(
            "全天（0 时至 24 时，北京时间）",
            "the whole day (00:00 to 24:00, UTC+8)",
        )
        .to_owned(),
        false => format!(
            "{}{}",
            pick("当日未结束，截至 ", "the day is not over; up to "),
            language.of(&to)
        ),
    };
    let rows = [
        (pick("活动", "Event"), name(event, language)),
        (
            pick("状态", "State"),
            language.of(&words::state(event.state)).to_owned(),
        ),
        (
            pick("地点", "Area"),
            language.of(&quantities::place(&event.content.area)).to_owned(),
        ),
        (pick("开放时间", "Open"), hours),
        (pick("统计时段", "Time reported"), until),
        (
            pick("重点频率观测率", "Key frequencies observed"),
            share(report.coverage.observed_s, report.coverage.asked_s, language),
        ),
        (
            pick("入场检测", "Tests at the gate"),
            match language {
                LetterLanguage::Chinese => format!(
                    "合格 {}，不合格 {}，无法判定 {}",
                    report.tests.passed, report.tests.failed, report.tests.undecided
                ),
                LetterLanguage::English => format!(
                    "{} passed, {} failed, {} could not be decided",
                    report.tests.passed, report.tests.failed, report.tests.undecided
                ),
            },
        ),
    ];
    page.push_str("<table>");
    for (name, value) in rows {
        let _ = write!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
    }
    page.push_str("</table>");
}

fn opening(day: EventDay) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}–{} (UTC+8)", clock(day.opens_min), clock(day.closes_min))
}

/// How much was observed; what was not is unknown.
fn share(observed_s: u64, asked_s: u64, language: LetterLanguage) -> String {
    if asked_s == 0 {
        return language.pick("无重点频率", "no key frequencies").to_owned();
    }
    let percent = 100.0 * observed_s as f64 / asked_s as f64;
    // Never rounded up to all of it.
    let percent = if observed_s < asked_s {
        percent.min(99.9)
    } else {
        percent
    };
    format!("{percent:.1} %")
}

/// A share as it may be claimed.
fn claimed(use_of: &InUse) -> String {
    match use_of.bound {
        InUseBound::Interval => format!(
            "{} ({}–{})",
            percent(use_of.share),
            percent(use_of.low),
            percent(use_of.high)
        ),
        InUseBound::AtMost => format!("≤ {}", percent(use_of.high)),
        InUseBound::AtLeast => format!("≥ {}", percent(use_of.low)),
    }
}

fn table(page: &mut String, heading: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>, none: &str) {
    let _ = write!(page, "<h2>{heading}</h2>");
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        let _ = write!(page, "<p>{none}</p>");
        return;
    }
    page.push_str("<table class=\"list\"><thead><tr>");
    for cell in head {
        let _ = write!(page, "<th>{cell}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(&cell));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
}

fn channels(page: &mut String, report: &DayReport, language: LetterLanguage) {
    let pick = |zh, en| language.pick(zh, en);
    let row = |channel: &DayChannel| {
        vec![
            channel.channel.clone(),
            quantities::band(channel.band),
            channel.user.clone(),
            share(channel.observed_s, channel.asked_s.max(1), language),
            channel
                .in_use
                .as_ref()
                .map_or_else(|| pick("未观测", "not observed").to_owned(), claimed),
            language.of(&words::standing(channel.standing)).to_owned(),
        ]
    };
    table(
        page,
        pick("重点频率", "Key frequencies"),
        &[
            pick("信道", "Channel"),
            pick("频段", "Band"),
            pick("使用单位", "User"),
            pick("观测率", "Observed"),
            pick("占用度", "In use"),
            pick("结论", "Finding"),
        ],
        report.channels.iter().map(row),
        pick("频率计划中没有重点频率。", "The plan has no key frequencies."),
    );
}

fn conflicts(page: &mut String, report: &DayReport, language: LetterLanguage) {
    let pick = |zh, en| language.pick(zh, en);
    let of = |text: &Text| language.of(text).to_owned();
    let rows = report.conflicts.iter().map(|conflict| {
        vec![
            measured(conflict.band.center(), conflict.band.width()),
            of(&quantities::moment(conflict.first_seen)),
            of(&conflict.what),
            pick_settled(conflict.settled, language),
        ]
    });
    table(
        page,
        pick("冲突", "Conflicts"),
        &[
            pick("频率 / 带宽", "Frequency / bandwidth"),
            pick("首次发现", "First seen"),
            pick("说明", "What was found"),
            pick("处置", "State"),
        ],
        rows,
        pick(
            "在已观测的时间内，未发现计划频段上的冲突。",
            "In the time that was observed no conflict was found on the plan's frequencies.",
        ),
    );
    if report.more {
        let _ = write!(
            page,
            "<p>{}</p>",
            pick(
                "另有未列出的记录，请在系统中查阅。",
                "There are more than are listed; read them in the service."
            )
        );
    }
}

/// A measured centre and width, to no more digits than a report needs.
fn measured(center: Hertz, width: Hertz) -> String {
    format!("{:.4} MHz / {:.1} kHz", center.as_f64() / 1e6, width.as_f64() / 1e3)
}

fn pick_settled(settled: bool, language: LetterLanguage) -> String {
    match settled {
        true => language.pick("已办结", "settled").to_owned(),
        false => language.pick("处理中", "open").to_owned(),
    }
}

fn emissions(page: &mut String, report: &DayReport, language: LetterLanguage) {
    let pick = |zh, en| language.pick(zh, en);
    let of = |text: Text| language.of(&text).to_owned();
    let rows = report.emissions.iter().map(|emission| {
        vec![
            measured(emission.center_hz, emission.bandwidth_hz),
            emission.receiver.clone(),
            of(quantities::moment(emission.start)),
            of(quantities::moment(emission.stop)),
        ]
    });
    table(
        page,
        pick("计划外新增发射", "New emissions that are not in the plan"),
        &[
            pick("频率 / 带宽", "Frequency / bandwidth"),
            pick("接收机", "Receiver"),
            pick("开始", "From"),
            pick("结束", "To"),
        ],
        rows,
        pick("在已观测的时间内没有。", "None in the time that was observed."),
    );
}

fn decided(page: &mut String, report: &DayReport, language: LetterLanguage) {
    let pick = |zh, en| language.pick(zh, en);
    let requests = &report.requests;
    let list = |numbers: &[String]| match numbers.is_empty() {
        true => pick("无", "none").to_owned(),
        false => format!("{}: {}", numbers.len(), numbers.join(", ")),
    };
    let _ = write!(
        page,
        "<h2>{}</h2><table>",
        pick("临时用频申请与准用标签", "Requests and labels")
    );
    for (name, value) in [
        (pick("当日同意", "Agreed on the day"), list(&requests.agreed)),
        (pick("当日不同意", "Refused on the day"), list(&requests.refused)),
        (pick("待办", "Not decided yet"), requests.pending.to_string()),
        (pick("当日发放标签", "Labels of the day"), list(&report.tests.labels)),
    ] {
        let _ = write!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
    }
    page.push_str("</table>");
}
