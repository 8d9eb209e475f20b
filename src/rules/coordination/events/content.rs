//! Whether what is written about an event makes sense, and when it takes place.

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{EventContent, EventDay, EventRules};
use crate::coordination::{
    Fault,
    request::{Faults, check_area},
};

/// Organisations that may take part.
const PARTICIPANTS_MAX: usize = 100;
/// Longest name in one language, characters.
const NAME_MAX: usize = 200;
/// Longest description.
const ABOUT_MAX: usize = 4000;
/// A day closes noon of the next at the latest.
const CLOSES_MAX: u16 = 36 * 60;

/// Every field that makes no sense, and what to write instead; `lead` is the lead office.
#[must_use]
pub fn faults(content: &EventContent, lead: &str, rules: &EventRules) -> Vec<Fault> {
    let mut faults = Faults::default();
    let names = [&content.name.zh, &content.name.en];
    let printable = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n');
    faults.unless(
        names.iter().any(|name| !name.trim().is_empty())
            && names
                .iter()
                .all(|name| name.chars().count() <= NAME_MAX && printable(name)),
        "name",
        &format!("请至少用一种语言填写名称，最多 {NAME_MAX} 字"),
        &format!("write a name in at least one language, up to {NAME_MAX} characters"),
    );
    faults.unless(
        content.about.chars().count() <= ABOUT_MAX && printable(&content.about),
        "about",
        &format!("不得超过 {ABOUT_MAX} 字，不含控制字符"),
        &format!("write at most {ABOUT_MAX} characters, without control characters"),
    );
    check_area(&content.area, "area", true, &mut faults);
    check_days(&content.days, rules, &mut faults);
    let named = &content.participants;
    let distinct = named
        .iter()
        .enumerate()
        .all(|(n, key)| key != lead && !named[..n].contains(key));
    faults.unless(
        named.len() <= PARTICIPANTS_MAX && distinct,
        "participants",
        &format!("参加单位最多 {PARTICIPANTS_MAX} 个，不重复，不含牵头单位"),
        &format!("name at most {PARTICIPANTS_MAX} organisations, each once, without the lead office"),
    );
    faults.0
}

fn check_days(days: &[EventDay], rules: &EventRules, faults: &mut Faults) {
    let most = rules.days_max;
    faults.unless(
        !days.is_empty() && days.len() <= most && days.windows(2).all(|pair| pair[0].date < pair[1].date),
        "days",
        &format!("请给出 1 至 {most} 天，按日期先后，不重复"),
        &format!("give 1 to {most} days in their order, each once"),
    );
    // Dates that far off have no instant.
    let near = |date: Date| (2000..=2999).contains(&date.year());
    faults.unless(
        days.iter().all(|day| {
            near(day.date) && day.opens_min < 1440 && day.opens_min < day.closes_min && day.closes_min <= CLOSES_MAX
        }),
        "days",
        "每天的结束时间应晚于开始时间，最迟为次日 12:00（2160 分）",
        "each day closes after it opens, at noon of the next day (minute 2160) at the latest",
    );
}

/// The instant of a minute of a day in China (UTC+8).
pub(super) fn instant(date: Date, minute: u16) -> Timestamp {
    let midnight = Offset::constant(8).to_timestamp(date.at(0, 0, 0, 0));
    midnight.unwrap_or(Timestamp::MIN) + jiff::SignedDuration::from_mins(i64::from(minute))
}

/// From the first opening to the last closing.
#[must_use]
pub fn span(content: &EventContent) -> [Timestamp; 2] {
    let opens = content.days.iter().map(|day| instant(day.date, day.opens_min)).min();
    let closes = content.days.iter().map(|day| instant(day.date, day.closes_min)).max();
    [opens, closes].map(|time| time.unwrap_or(Timestamp::UNIX_EPOCH))
}
