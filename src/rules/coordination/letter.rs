//! A request as a letter (协调函) to print, sign and seal: one HTML page that needs nothing else.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Asked, Request, State, words};
use crate::registry::Text;

/// Language of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterLanguage {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

/// How a letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// In which language.
    pub language: LetterLanguage,
    /// When it is printed.
    pub at: Timestamp,
}

impl LetterLanguage {
    fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    pub(super) fn of(self, text: &Text) -> &str {
        match self {
            Self::Chinese => &text.zh,
            Self::English => &text.en,
        }
    }

    pub(super) fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

const STYLE: &str = "@page{size:A4;margin:25mm 20mm}body{font:11pt/1.6 'Noto Serif CJK SC','Source Han Serif SC',SimSun,serif;\
max-width:170mm;margin:10mm auto;color:#000;background:#fff}h1{text-align:center;font-size:18pt;letter-spacing:.1em;margin:0 0 6mm}\
.head{display:flex;justify-content:space-between;border-bottom:1.5pt solid #000;padding-bottom:2mm;margin-bottom:6mm}\
table{width:100%;border-collapse:collapse;margin:4mm 0;break-inside:auto}th,td{border:.5pt solid #000;padding:1.5mm 2mm;\
text-align:left;vertical-align:top;overflow-wrap:anywhere}th{width:32%;font-weight:600}tr{break-inside:avoid}\
h2{font-size:12pt;margin:6mm 0 2mm}table.list th{width:auto}table.list{font-size:9.5pt}.text{white-space:pre-wrap;overflow-wrap:anywhere}\
.seals{display:flex;gap:10mm;margin-top:12mm;break-inside:avoid}.seals div{flex:1;min-height:38mm;border:.5pt dashed #555;padding:3mm}\
.foot{margin-top:8mm;font-size:9pt;color:#333}";

/// The letter.
#[must_use]
pub fn letter(request: &Request, writing: &Writing) -> String {
    let language = writing.language;
    let proposal = &request.proposal;
    let unnumbered = language.pick("（草稿，未编号）", "(draft, no number)");
    let number = request.number.as_deref().unwrap_or(unnumbered);
    let title = language.pick("无线电频率使用协调函", "Frequency coordination letter");
    let date = words::moment(request.submitted_at.unwrap_or(request.created_at));
    let mut page = opened(language, title, number, language.of(&date));
    let _ = write!(
        page,
        "<p>{}</p><p class=\"text\">{}</p>",
        escaped(&match language {
            LetterLanguage::Chinese => format!("{}：", proposal.to_office),
            LetterLanguage::English => format!("To: {}", proposal.to_office),
        }),
        escaped(&opening(request, language)),
    );
    page.push_str("<table>");
    for (name, value) in parameters(request, language) {
        let _ = write!(page, "<tr><th>{name}</th><td>{}</td></tr>", escaped(&value));
    }
    page.push_str("</table>");
    page.push_str(&reply(request, language));
    let _ = write!(
        page,
        "<div class=\"seals\"><div>{}<br>{}</div><div>{}<br>{}</div></div><p class=\"foot\">{}{}</p></body></html>",
        escaped(&proposal.from_office),
        language.pick("（盖章）　　年　　月　　日", "(seal, date)"),
        escaped(&proposal.to_office),
        language.pick("（盖章）　　年　　月　　日", "(seal, date)"),
        language.pick("打印时间：", "Printed: "),
        escaped(language.of(&words::moment(writing.at))),
    );
    page
}

/// The page up to the line with number and date.
pub(super) fn opened(language: LetterLanguage, title: &str, number: &str, date: &str) -> String {
    let head = page_head(language, &format!("{title} {number}"), STYLE);
    let number = escaped(number);
    format!(
        "{head}<body><h1>{title}</h1><div class=\"head\"><span>{}{number}</span><span>{}</span></div>",
        language.pick("编号：", "Number: "),
        escaped(date),
    )
}

/// A page up to its body; `title` is a text, `style` is ours.
pub(super) fn page_head(language: LetterLanguage, title: &str, style: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{style}</style></head>",
        language.tag(),
        escaped(title),
    )
}

fn opening(request: &Request, language: LetterLanguage) -> String {
    let proposal = &request.proposal;
    match language {
        LetterLanguage::Chinese => format!(
            "因{}，{}拟使用下列无线电频率。现就有关事宜商请贵单位协调，请予函复。",
            proposal.purpose.trim().trim_end_matches('。'),
            proposal.user
        ),
        LetterLanguage::English => format!(
            "{} intends to use the radio frequencies below. Purpose: {}\nPlease let us have your answer.",
            proposal.user,
            proposal.purpose.trim()
        ),
    }
}

fn parameters(request: &Request, language: LetterLanguage) -> Vec<(&'static str, String)> {
    let proposal = &request.proposal;
    let of = |text: Text| language.of(&text).to_owned();
    let pick = |zh, en| language.pick(zh, en);
    let mut rows = vec![
        (pick("事项", "Subject"), proposal.title.clone()),
        (
            pick("申请方", "Asked by"),
            format!("{} ({})", proposal.from_office, of(words::side(request.side))),
        ),
        (pick("使用单位", "User"), proposal.user.clone()),
        (pick("类别", "Kind"), of(words::kind(proposal.kind))),
        (pick("紧急程度", "Priority"), of(words::priority(proposal.priority))),
    ];
    match &proposal.asked {
        Asked::Bands(bands) => {
            let list: Vec<String> = bands
                .iter()
                .map(|band| format!("{} ({} kHz)", words::band(*band), words::khz(band.width())))
                .collect();
            rows.push((pick("申请频段", "Bands asked for"), list.join("; ")));
        }
        Asked::Fit {
            bandwidth_hz,
            tuning,
            raster_hz,
        } => {
            rows.push((
                pick("所需带宽", "Bandwidth needed"),
                format!("{} kHz", words::khz(*bandwidth_hz)),
            ));
            rows.push((pick("调谐范围", "Tuning range"), words::band(*tuning)));
            rows.push((pick("信道间隔", "Raster"), format!("{} kHz", words::khz(*raster_hz))));
        }
    }
    let not_stated = || pick("未注明", "not stated").to_owned();
    rows.extend(
        proposal
            .classification
            .iter()
            .map(|class| (pick("密级", "Classification"), class.clone())),
    );
    rows.extend([
        (pick("发射类别", "Class of emission"), proposal.designator.clone()),
        (
            pick("无线电业务", "Radio service"),
            proposal
                .service
                .as_deref()
                .map_or_else(not_stated, |code| of(crate::registry::service::name(code))),
        ),
        (pick("发射功率", "Radiated power"), words::power(proposal.power)),
        (
            pick("天线高度", "Antenna height"),
            proposal
                .antenna_height_m
                .map_or_else(not_stated, |height| format!("{height} m")),
        ),
        (pick("地点", "Place"), of(words::place(&proposal.place))),
        (pick("时间", "Time"), of(words::span(&proposal.time))),
    ]);
    rows
}

/// What came of it.
fn reply(request: &Request, language: LetterLanguage) -> String {
    let pick = |zh, en| language.pick(zh, en);
    if matches!(request.state, State::Draft) {
        return String::new();
    }
    let mut text = format!(
        "<h2>{}</h2><table><tr><th>{}</th><td>{}</td></tr>",
        pick("办理结果", "Answer"),
        pick("状态", "State"),
        escaped(language.of(&words::state(request.state)))
    );
    let mut row = |name: &str, value: &str| {
        let _ = write!(
            text,
            "<tr><th>{name}</th><td class=\"text\">{}</td></tr>",
            escaped(value)
        );
    };
    if let Some(decision) = &request.decision {
        let bands: Vec<String> = decision.bands.iter().map(|band| words::band(*band)).collect();
        row(pick("同意使用频段", "Bands agreed"), &bands.join("; "));
        row(pick("有效期至", "Until"), language.of(&words::moment(decision.expires)));
        row(
            pick("使用条件", "Conditions"),
            decision.conditions.as_deref().unwrap_or_else(|| pick("无", "none")),
        );
        row(pick("审定时间", "Decided"), language.of(&words::moment(decision.at)));
    }
    if !request.offered.is_empty() {
        let bands: Vec<String> = request.offered.iter().map(|band| words::band(*band)).collect();
        row(
            pick("可另行协调的频段", "Would be agreed to instead"),
            &bands.join("; "),
        );
    }
    if let Some(reason) = &request.reason {
        row(pick("说明", "Reason"), reason);
    }
    text.push_str("</table>");
    text
}

/// The text as HTML shows it.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
