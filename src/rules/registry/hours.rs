//! Weekly windows of use as people write them (`Mo-Fr 06:00-22:00 +08:00`) and read them.

use super::{Text, details::Window};

const DAYS: [(&str, &str, &str); 7] = [
    ("mo", "一", "Mon"),
    ("tu", "二", "Tue"),
    ("we", "三", "Wed"),
    ("th", "四", "Thu"),
    ("fr", "五", "Fri"),
    ("sa", "六", "Sat"),
    ("su", "日", "Sun"),
];
const MINUTES_A_DAY: u16 = 24 * 60;
/// Zone of hours that name none: that of China.
const DEFAULT_ZONE: &str = "+08:00";

/// Why a text is not hours of use; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{part}' is no window of use: write days, times and offset, such as 'Mo-Fr 06:00-22:00 +08:00; Sa 22:00-02:00'"
)]
pub struct ParseHoursError {
    part: String,
}

/// Reads windows separated by semicolons. Days are `Mo`, `1` or `周一`, singly, as `Mo,We` or `Mo-Fr`; without days it is
/// every day, without an offset UTC+8. A window whose end is not after its beginning ends on the next day.
///
/// # Errors
/// The first part that is no window.
pub fn parse(text: &str) -> Result<Vec<Window>, ParseHoursError> {
    // No window is all the time.
    let plain = text.to_lowercase().replace(' ', "");
    if ["24h", "24小时", "全天", "全时", "h24"].contains(&plain.as_str()) {
        return Ok(Vec::new());
    }
    let parts = text.split([';', '；']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| window(part).ok_or_else(|| ParseHoursError { part: part.to_owned() }))
        .collect()
}

fn window(part: &str) -> Option<Window> {
    let mut words = part.split_whitespace().peekable();
    let is_time = |word: &&str| word.contains(':') && !word.starts_with(['+', '-']);
    let days = match words.next_if(|word| !is_time(word)) {
        Some(word) => days(word)?,
        None => Window::DAILY,
    };
    let (from, to) = words.next()?.split_once(['-', '–', '~'])?;
    let (from_min, to_min) = (minute(from)?, minute(to)?);
    let zone = words.next().unwrap_or(DEFAULT_ZONE).to_owned();
    let window = Window {
        days,
        from_min,
        to_min,
        zone,
    };
    let known_zone = window.contains(jiff::Timestamp::UNIX_EPOCH).is_some();
    (words.next().is_none() && from_min < MINUTES_A_DAY && known_zone).then_some(window)
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60)
        .then_some(hours * 60 + minutes)
        .filter(|minute| *minute <= MINUTES_A_DAY)
}

fn days(text: &str) -> Option<u8> {
    if matches!(text, "每日" | "每天" | "daily") {
        return Some(Window::DAILY);
    }
    let mut bits = 0;
    for part in text.split([',', '、', '，']) {
        let (first, last) = part.split_once(['-', '至', '–']).unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let mut at = first;
        loop {
            bits |= 1 << at;
            if at == last {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    Some(bits)
}

fn day(text: &str) -> Option<usize> {
    let plain = text
        .trim()
        .trim_start_matches('周')
        .trim_start_matches("星期")
        .to_lowercase();
    let numbered = plain.parse::<usize>().ok().filter(|n| (1..=7).contains(n));
    numbered.map(|n| n - 1).or_else(|| {
        DAYS.iter()
            .position(|(short, zh, en)| plain == *short || plain == *zh || plain == en.to_lowercase())
            .or_else(|| (plain == "天").then_some(6))
    })
}

/// Windows for people.
#[must_use]
pub fn text(windows: &[Window]) -> Text {
    let each: Vec<Text> = windows.iter().map(one).collect();
    let join = |pick: fn(&Text) -> &str, gap| each.iter().map(pick).collect::<Vec<_>>().join(gap);
    Text::new(join(|text| &text.zh, "；"), join(|text| &text.en, "; "))
}

/// Windows as [`parse`] reads them, such as `Mo-Fr 06:00-22:00 +08:00`.
#[must_use]
pub fn written(windows: &[Window]) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let one = |window: &Window| {
        let named = (0..7).filter(|day| window.days >> day & 1 == 1).map(|day| {
            let (first, rest) = DAYS[day].0.split_at(1);
            first.to_uppercase() + rest
        });
        let days = if window.days & Window::DAILY == Window::DAILY {
            String::new()
        } else {
            named.collect::<Vec<_>>().join(",") + " "
        };
        let zone = if window.zone == "Z" { "UTC" } else { &window.zone };
        format!("{days}{}-{} {zone}", clock(window.from_min), clock(window.to_min))
    };
    windows.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn one(window: &Window) -> Text {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (from, to) = (clock(window.from_min), clock(window.to_min));
    let crosses = window.to_min <= window.from_min;
    let (next_zh, next_en) = if crosses { ("次日", " next day") } else { ("", "") };
    let zone = if window.zone == "UTC" || window.zone == "Z" {
        "UTC".to_owned()
    } else {
        format!("UTC{}", window.zone)
    };
    let (days_zh, days_en) = runs(window.days);
    Text::new(
        format!("{days_zh} {from}–{next_zh}{to}（{zone}）"),
        format!("{days_en} {from}–{to}{next_en} ({zone})"),
    )
}

/// Days as runs: 周一至周五, Mon–Fri.
fn runs(days: u8) -> (String, String) {
    if days & Window::DAILY == Window::DAILY {
        return ("每日".to_owned(), "daily".to_owned());
    }
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < 7 {
        if days >> at & 1 == 0 {
            at += 1;
            continue;
        }
        let last = (at..7).take_while(|day| days >> day & 1 == 1).last().unwrap_or(at);
        let (first_name, last_name) = (DAYS[at], DAYS[last]);
        if at == last {
            zh.push(format!("周{}", first_name.1));
            en.push(first_name.2.to_owned());
        } else {
            zh.push(format!("周{}至周{}", first_name.1, last_name.1));
            en.push(format!("{}–{}", first_name.2, last_name.2));
        }
        at = last + 1;
    }
    (zh.join("、"), en.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_people_write_them_and_written_back() {
        for (typed, zh, en) in [
            (
                "Mo-Fr 06:00-22:00 +08:00",
                "周一至周五 06:00–22:00（UTC+08:00）",
                "Mon–Fri 06:00–22:00 (UTC+08:00)",
            ),
            (
                "周六、周日 22:00-02:00",
                "周六至周日 22:00–次日02:00（UTC+08:00）",
                "Sat–Sun 22:00–02:00 next day (UTC+08:00)",
            ),
            ("00:00-24:00 UTC", "每日 00:00–24:00（UTC）", "daily 00:00–24:00 (UTC)"),
            (
                "1,3 7:30-9:00 -03:30",
                "周一、周三 07:30–09:00（UTC-03:30）",
                "Mon, Wed 07:30–09:00 (UTC-03:30)",
            ),
            (
                "Fr-Mo 01:00-02:00; 周三 3:00-4:00",
                "周一、周五至周日 01:00–02:00（UTC+08:00）；周三 03:00–04:00（UTC+08:00）",
                "Mon, Fri–Sun 01:00–02:00 (UTC+08:00); Wed 03:00–04:00 (UTC+08:00)",
            ),
        ] {
            let windows = parse(typed).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(text(&windows), Text::new(zh, en), "{typed}");
            assert_eq!(
                parse(&written(&windows)).as_ref(),
                Ok(&windows),
                "{}",
                written(&windows)
            );
        }
    }

    #[test]
    fn what_is_no_window_says_what_to_write() {
        for typed in [
            "Mo-Fr",
            "06:00",
            "25:00-26:00",
            "06:60-07:00",
            "Xx 06:00-07:00",
            "06:00-07:00 Beijing",
            "06:00-07:00 +08:00 daily",
            "24:00-07:00",
        ] {
            let error = parse(typed).expect_err(typed).to_string();
            assert!(error.contains(typed) && error.contains("Mo-Fr 06:00-22:00"), "{error}");
        }
    }
}
