//! The answer to whoever complained (答复函) to print, sign and seal: one HTML page that needs nothing else.

use std::fmt::Write as _;

use super::{Channel, Report, ReportEntry, ReportState, ReportStep, words};
use crate::{
    coordination::{
        LetterLanguage, Writing,
        letter::{escaped, opened},
        words as quantities,
    },
    registry::Text,
};

/// The letter.
#[must_use]
pub fn reply(report: &Report, writing: &Writing) -> String {
    let language = writing.language;
    let of = |text: Text| language.of(&text).to_owned();
    let complaint = &report.complaint;
    let date = quantities::moment(report.over_at.unwrap_or(writing.at));
    let title = language.pick("无线电干扰投诉答复函", "Reply to a complaint of radio interference");
    let mut page = opened(language, title, &report.number, language.of(&date));
    let greeting = match language {
        LetterLanguage::Chinese => format!("{}：", complaint.complainant),
        LetterLanguage::English => format!("To: {}", complaint.complainant),
    };
    let _ = write!(
        page,
        "<p>{}</p><p class=\"text\">{}</p><table>",
        escaped(&greeting),
        escaped(&opening(report, language))
    );
    for (name, value) in facts(report, language) {
        let _ = write!(
            page,
            "<tr><th>{name}</th><td class=\"text\">{}</td></tr>",
            escaped(&value)
        );
    }
    let _ = write!(
        page,
        "</table><h2>{}</h2><table>",
        language.pick("办理情况", "What was done")
    );
    for (name, value) in outcome(report, language) {
        let _ = write!(
            page,
            "<tr><th>{name}</th><td class=\"text\">{}</td></tr>",
            escaped(&value)
        );
    }
    let _ = write!(
        page,
        "</table><div class=\"seals\"><div>{}<br>{}</div></div><p class=\"foot\">{}{}</p></body></html>",
        escaped(&of(words::office(report.office))),
        language.pick("（盖章）　　年　　月　　日", "(seal, date)"),
        language.pick("打印时间：", "Printed: "),
        escaped(language.of(&quantities::moment(writing.at))),
    );
    page
}

fn opening(report: &Report, language: LetterLanguage) -> String {
    let filed = quantities::moment(report.filed_at);
    let band = report.complaint.band().map(quantities::band).unwrap_or_default();
    match language {
        LetterLanguage::Chinese => format!(
            "贵单位于{}提出的关于 {band} 受到无线电干扰的投诉收悉。现答复如下。",
            filed.zh
        ),
        LetterLanguage::English => format!(
            "We received your complaint of {} about interference at {band}. Our answer is below.",
            filed.en
        ),
    }
}

fn facts(report: &Report, language: LetterLanguage) -> Vec<(&'static str, String)> {
    let pick = |zh, en| language.pick(zh, en);
    let of = |text: Text| language.of(&text).to_owned();
    let complaint = &report.complaint;
    let until = complaint.ended.map_or_else(
        || pick("持续", "going on").to_owned(),
        |ended| of(quantities::moment(ended)),
    );
    let place = complaint
        .place
        .map(|place| quantities::point(place.latitude, place.longitude));
    let place = [place.unwrap_or_default(), complaint.address.trim().to_owned()];
    let place: Vec<&str> = place
        .iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    let channel = match complaint.channel {
        Channel::Paper => pick("书面", "in writing"),
        Channel::Telephone => pick(
            "电话（紧急），后补书面材料",
            "by telephone (urgent), the paper afterwards",
        ),
    };
    let findings = report
        .licence
        .findings
        .iter()
        .map(|finding| of(words::finding(*finding)));
    let licence: Vec<String> = complaint.assignment.clone().into_iter().chain(findings).collect();
    vec![
        (
            pick("受干扰频段", "Frequencies harmed"),
            complaint.band().map(quantities::band).unwrap_or_default(),
        ),
        (
            pick("干扰时间", "When"),
            format!("{} – {until}", of(quantities::moment(complaint.began))),
        ),
        (pick("地点", "Where"), place.join("; ")),
        (pick("干扰现象", "What was met"), complaint.symptoms.clone()),
        (pick("投诉方式", "How it came"), channel.to_owned()),
        (
            pick("台站与许可核查", "Station and licence"),
            licence.join(pick("；", "; ")),
        ),
        (pick("干扰等级", "Grade"), of(words::grade(report.grade))),
    ]
}

fn outcome(report: &Report, language: LetterLanguage) -> Vec<(&'static str, String)> {
    let pick = |zh, en| language.pick(zh, en);
    let of = |text: &Text| language.of(text).to_owned();
    let mut rows = vec![(pick("结论", "Outcome"), of(&words::state(report.state)))];
    // Of a report that was taken up again only what was done since counts.
    let again = report
        .entries
        .iter()
        .rposition(|entry| entry.step == ReportStep::Reopen);
    let done = &report.entries[again.unwrap_or(0)..];
    for entry in done {
        let name = match entry.step {
            ReportStep::Confirm => pick("确认", "Confirmed"),
            ReportStep::Locate => pick("干扰源", "Source"),
            ReportStep::Act => pick("处置措施", "Action"),
            ReportStep::Reject => pick("不予受理的理由", "Why it was not taken up"),
            ReportStep::Withdraw => pick("撤回", "Taken back"),
            ReportStep::Close => pick("答复意见", "Remark"),
            _ => continue,
        };
        rows.push((name, line(entry, language)));
    }
    if let Some(verified) = report.verified.as_ref().filter(|_| report.state != ReportState::Acted) {
        rows.push((pick("消除确认", "Verified"), of(&words::verification(verified))));
    }
    rows
}

fn line(entry: &ReportEntry, language: LetterLanguage) -> String {
    let (time, text) = (quantities::moment(entry.time), language.of(&entry.text));
    let (time, gap) = (language.of(&time), language.pick("：", ": "));
    if text.is_empty() {
        time.to_owned()
    } else {
        format!("{time}{gap}{text}")
    }
}
