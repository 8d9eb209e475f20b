//! The label of an admitted device (准用标签) to print and stick on it: one small HTML page that needs nothing else.

use std::fmt::Write as _;

use super::{Device, Event};
use crate::{
    coordination::{
        LetterLanguage, Writing,
        letter::{escaped, page_head},
        words as quantities,
    },
    registry::Text,
};

const STYLE: &str = "@page{size:90mm 60mm;margin:4mm}body{font:9pt/1.4 'Noto Sans CJK SC','Source Han Sans SC',SimHei,sans-serif;\
width:82mm;margin:4mm auto;color:#000;background:#fff}main{border:1.5pt solid #000;padding:3mm}h1{font-size:13pt;margin:0;text-align:center}\
.number{font:700 15pt/1.5 'DejaVu Sans Mono',monospace;text-align:center;overflow-wrap:anywhere}dl{display:grid;\
grid-template-columns:max-content 1fr;gap:.5mm 3mm;margin:1mm 0 0}dt{color:#333}dd{margin:0;overflow-wrap:anywhere}";

/// The label; nothing where the device has none.
#[must_use]
pub fn admission_label(event: &Event, device: &Device, writing: &Writing) -> Option<String> {
    let number = device.label.as_deref()?;
    let language = writing.language;
    let title = language.pick("无线电设备准用标签", "Radio equipment admitted");
    let [_, until] = event.span();
    let content = &device.content;
    let mut page = page_head(language, &format!("{title} {number}"), STYLE);
    let _ = write!(
        page,
        "<body><main><h1>{title}</h1><div class=\"number\">{}</div><dl>",
        escaped(number)
    );
    let of = |text: Text| language.of(&text).to_owned();
    let rows: [(&str, String); 6] = [
        (language.pick("活动", "Event"), name(event, language)),
        (
            language.pick("设备", "Device"),
            format!("{} · {}", content.kind, content.serial),
        ),
        (language.pick("单位", "Owner"), content.owner.clone()),
        (
            language.pick("频率", "Frequency"),
            format!(
                "{} MHz / {} kHz",
                quantities::mhz(content.center_hz),
                quantities::khz(content.bandwidth_hz)
            ),
        ),
        (
            language.pick("功率", "Power"),
            format!("{} · {}", quantities::power(content.power), content.designator),
        ),
        (language.pick("有效期至", "Until"), of(quantities::moment(until))),
    ];
    for (name, value) in rows {
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", escaped(&value));
    }
    page.push_str("</dl></main></body></html>");
    Some(page)
}

/// The event's name in a language, or in the other where it has none in this.
pub(super) fn name(event: &Event, language: LetterLanguage) -> String {
    let name = &event.content.name;
    let own = language.of(name).trim();
    let other = if name.zh.trim().is_empty() { &name.en } else { &name.zh };
    if own.is_empty() { other.clone() } else { own.to_owned() }
}
