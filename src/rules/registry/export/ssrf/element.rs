//! Elements of SSRF with their classification, written in the order they are given.

use quick_xml::{
    Writer,
    events::{BytesEnd, BytesStart, BytesText, Event},
};

use super::super::{ExportError, kml::printable};

/// An object being written.
pub(super) struct Element {
    xml: Writer<Vec<u8>>,
    /// Classification of everything in it.
    class: &'static str,
    open: Vec<&'static str>,
}

impl Element {
    /// Opens an object with its serial number and when it was written.
    pub(super) fn object(
        name: &'static str,
        serial: &str,
        written_at: &str,
        class: &'static str,
    ) -> Result<Self, ExportError> {
        let mut element = Self {
            xml: Writer::new_with_indent(Vec::new(), b' ', 1),
            class,
            open: vec![name],
        };
        let start = BytesStart::new(name).with_attributes([("cls", class)]);
        element.xml.write_event(Event::Start(start))?;
        element.leaf("Serial", Some(serial))?;
        element.leaf("EntryDateTime", Some(written_at))?;
        Ok(element)
    }

    /// An element with a text, or nothing.
    pub(super) fn leaf(&mut self, name: &str, text: Option<&str>) -> Result<(), ExportError> {
        self.leaf_with(name, text, None)
    }

    /// The same with a running number.
    pub(super) fn leaf_with(&mut self, name: &str, text: Option<&str>, idx: Option<&str>) -> Result<(), ExportError> {
        let Some(text) = text.map(printable).filter(|text| !text.trim().is_empty()) else {
            return Ok(());
        };
        let mut start = BytesStart::new(name).with_attributes([("cls", self.class)]);
        if let Some(idx) = idx {
            start.push_attribute(("idx", idx));
        }
        self.xml.write_event(Event::Start(start))?;
        self.xml.write_event(Event::Text(BytesText::new(&text)))?;
        self.xml.write_event(Event::End(BytesEnd::new(name)))?;
        Ok(())
    }

    /// A text no longer than the schema allows.
    pub(super) fn short(&mut self, name: &str, text: Option<&str>, longest: usize) -> Result<(), ExportError> {
        self.leaf(name, text.map(|text| shortened(text, longest)).as_deref())
    }

    /// A decimal number with at most so many digits, and so many of them behind the point; left out where it has more
    /// before it.
    pub(super) fn number(
        &mut self,
        name: &str,
        value: Option<f64>,
        digits: usize,
        decimals: usize,
    ) -> Result<(), ExportError> {
        self.leaf(
            name,
            value.and_then(|value| decimal(value, digits, decimals)).as_deref(),
        )
    }

    /// Opens a group.
    pub(super) fn open(&mut self, name: &'static str, attribute: Option<(&str, &str)>) -> Result<(), ExportError> {
        let mut start = BytesStart::new(name);
        if let Some(attribute) = attribute {
            start.push_attribute(attribute);
        }
        self.xml.write_event(Event::Start(start))?;
        self.open.push(name);
        Ok(())
    }

    /// Closes the innermost group.
    pub(super) fn close(&mut self) -> Result<(), ExportError> {
        if let Some(name) = self.open.pop() {
            self.xml.write_event(Event::End(BytesEnd::new(name)))?;
        }
        Ok(())
    }

    /// Closes the object and gives its text.
    pub(super) fn done(mut self) -> Result<String, ExportError> {
        while !self.open.is_empty() {
            self.close()?;
        }
        Ok(String::from_utf8_lossy(&self.xml.into_inner()).into_owned())
    }
}

/// The beginning of a text, without blanks at its ends.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    text.trim()
        .chars()
        .take(longest)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

/// A number as `xs:decimal` with limits on its digits.
pub(super) fn decimal(value: f64, digits: usize, decimals: usize) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let whole = format!("{:.0}", value.abs().trunc()).trim_start_matches('0').len();
    let decimals = decimals.min(digits.checked_sub(whole)?);
    let text = format!("{value:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    Some(if text == "-0" { "0".to_owned() } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_to_the_digits_of_the_schema() {
        for (value, digits, decimals, text) in [
            (59.273_703_630_390_24, 10, 7, Some("59.2737036")),
            (-3.0498, 5, 2, Some("-3.05")),
            (0.0, 5, 2, Some("0")),
            (-0.001, 5, 2, Some("0")),
            (1_234_567.0, 5, 2, None),
            (120.0, 5, 0, Some("120")),
            (f64::NAN, 5, 2, None),
        ] {
            assert_eq!(decimal(value, digits, decimals).as_deref(), text, "{value}");
        }
        assert_eq!(shortened(" 中文 name ", 3), "中文");
    }
}
