//! Records that came from SSRF: their elements as they were, modelled or not.
//!
//! Names lose their prefix, because the document declares one namespace for all. Values that the schema does not
//! accept and that say the same in another form are brought into that form: names of countries as codes, numbers with
//! more digits than allowed, an instant where a date belongs. The published example of SSRF 3.1 has all three.

use quick_xml::{
    Reader, Writer,
    events::{BytesEnd, BytesStart, BytesText, Event, attributes::Attribute},
};

use super::{super::ExportError, Object, element::decimal, words};
use crate::registry::{Assignment, import::formats::ssrf};

/// The objects of a record that still says what its elements say.
pub(super) fn objects(record: &Assignment) -> Result<Option<Vec<Object>>, ExportError> {
    let raw: Vec<&str> = record
        .details
        .iter()
        .flat_map(|details| &details.raw)
        .map(|raw| raw.text.trim())
        .filter(|text| text.starts_with('<'))
        .collect();
    if raw.is_empty() {
        return Ok(None);
    }
    let document = format!("<SSRF>{}</SSRF>", raw.concat());
    let said = ssrf::read(document.as_bytes(), "").ok;
    // An assignment of several frequencies is several records, and is written once.
    let Some(said) = said.iter().find(|said| said.id == record.id) else {
        return Ok(None);
    };
    if !same(said, record) {
        return Ok(None);
    }
    raw.into_iter().map(object).collect::<Result<Option<Vec<_>>, _>>()
}

/// Whether the fields that people change are as the elements say.
fn same(said: &Assignment, now: &Assignment) -> bool {
    let facts = |a: &Assignment| Assignment {
        source: String::new(),
        details: None,
        ..a.clone()
    };
    facts(said) == facts(now) && said.role() == now.role()
}

/// One object as the schema accepts it; nothing for what cannot be read.
fn object(text: &str) -> Result<Option<Object>, ExportError> {
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new(Vec::new());
    let mut open: Vec<String> = Vec::new();
    let (mut name, mut serial, mut words) = (None, None, String::new());
    loop {
        let Ok(event) = reader.read_event() else {
            return Ok(None);
        };
        match event {
            Event::Start(tag) => {
                let tag = plain(&tag);
                flush(&mut writer, &mut words, &open)?;
                let local = tag.name().as_ref().to_owned();
                name.get_or_insert_with(|| local.clone());
                open.push(local);
                writer.write_event(Event::Start(tag))?;
            }
            Event::Empty(tag) => {
                flush(&mut writer, &mut words, &open)?;
                writer.write_event(Event::Empty(plain(&tag)))?;
            }
            Event::End(_) => {
                if open.len() == 2 && open[1] == "Serial" && serial.is_none() {
                    serial = Some(words.trim().to_owned());
                }
                flush(&mut writer, &mut words, &open)?;
                if let Some(local) = open.pop() {
                    writer.write_event(Event::End(BytesEnd::new(local)))?;
                }
            }
            Event::Text(text) => words.push_str(&text),
            Event::CData(text) => words.push_str(&text),
            Event::GeneralRef(reference) => words.push(ssrf::character(&reference)),
            Event::Eof => break,
            _ => {}
        }
    }
    let xml = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    Ok(name.zip(serial).map(|(name, serial)| Object { name, serial, xml }))
}

/// Writes the text collected so far, in the form the schema wants.
fn flush(writer: &mut Writer<Vec<u8>>, words: &mut String, open: &[String]) -> Result<(), ExportError> {
    let text = std::mem::take(words);
    if !text.is_empty() {
        writer.write_event(Event::Text(BytesText::new(&accepted(open, text))))?;
    }
    Ok(())
}

/// The tag without prefixes; of foreign attributes only those of schema instances stay.
fn plain(tag: &BytesStart<'_>) -> BytesStart<'static> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    let mut out = BytesStart::new(local(tag.name().as_ref()));
    for Attribute { key, value } in tag.attributes().flatten() {
        match key.as_ref() {
            // The types of the schema are what the elements have anyway.
            name if name.starts_with("xmlns") || name == "xsi:type" => {}
            "xsi:nil" => out.push_attribute(("xsi:nil", &*value)),
            name if name.contains(':') => {}
            name => out.push_attribute((name, &*value)),
        }
    }
    out
}

/// The value in a form that the schema accepts, where there is one that says the same.
fn accepted(open: &[String], text: String) -> String {
    let name = open.last().map_or("", String::as_str);
    let parent = open.iter().rev().nth(1).map_or("", String::as_str);
    let plain = text.trim();
    let limited = |digits, decimals| {
        let excess = plain.split_once('.').is_some_and(|(_, part)| part.len() > decimals)
            || plain.bytes().filter(u8::is_ascii_digit).count() > digits;
        let value = plain.parse().ok().filter(|_| excess)?;
        decimal(value, digits, decimals)
    };
    let changed = match name {
        "Country" => words::place(plain).map(str::to_owned),
        "Gain" if parent == "AntPatternPoint" => limited(5, 2),
        "Gain" => limited(6, 3),
        "Dir" | "PointingAzMin" | "PointingAzMax" | "HorzBwMin" | "HorzBwMax" => limited(5, 2),
        "EIRPMin" | "EIRPMax" | "PowerMin" | "PowerMax" | "PowerLimit" | "MaxPower" => limited(10, 7),
        "FeedlineLoss" => limited(6, 3),
        "LocationRadius" | "SemiMajorAxis" | "SemiMinorAxis" => limited(9, 4),
        "AntFeedpointHeight" => limited(5, 0),
        _ if name == "Date" || name.ends_with("Date") => {
            let day = plain
                .get(..10)
                .filter(|_| plain.len() > 10 && plain.as_bytes()[10] == b'T');
            day.map(str::to_owned)
        }
        _ => None,
    };
    changed.unwrap_or(text)
}
