//! What of two answers may differ, and nothing else may:
//!
//! * keys that are drawn at random (20 digits of base 32, 32 hexadecimal digits, secrets of tokens, serials of SSRF that
//!   are made of such keys): numbered in the order
//!   in which they first appear, so that another order, or one more of them, shows;
//! * instants which the service's clock made: with a fraction of a second, or later than the hour of the test and not on an
//!   hour; what people write is on an hour, and what was measured is before it;
//! * positions in a list (`next_cursor`): numbered like keys;
//! * the headers `x-request-id`, `date`, `set-cookie`;
//! * in a calendar (RFC 5545) the line `DTSTAMP`; on a printed page the minute in which it was printed.

use std::collections::HashMap;

/// Headers that are drawn anew for every answer.
pub const HEADERS: [&str; 3] = ["x-request-id", "date", "set-cookie"];

/// What stands for a random key in both worlds.
pub type Name = usize;

/// The random keys one world has shown, by the order of their appearance.
#[derive(Debug)]
pub struct Names {
    /// The hour of the test: later, and not on an hour, are instants of the clock.
    hour: jiff::Timestamp,
    known: HashMap<String, Name>,
    keys: Vec<String>,
}

impl Names {
    pub fn new(hour: jiff::Timestamp) -> Self {
        Self {
            hour,
            known: HashMap::new(),
            keys: Vec::new(),
        }
    }

    fn name(&mut self, key: &str) -> Name {
        if let Some(name) = self.known.get(key) {
            return *name;
        }
        self.keys.push(key.to_owned());
        self.known.insert(key.to_owned(), self.keys.len() - 1);
        self.keys.len() - 1
    }

    /// The key in this world; nothing for a name this world has not shown.
    pub fn key(&self, name: Name) -> Option<&str> {
        self.keys.get(name).map(String::as_str)
    }

    /// A text with names in place of random keys, and without what the clock made.
    pub fn mask(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let printed = ["打印时间：", "Printed: "]
                .into_iter()
                .find_map(|label| line.split_once(label));
            if line.starts_with("DTSTAMP") {
                out.push_str("DTSTAMP\n");
            } else if let Some((before, after)) = printed {
                self.mask_words(before, &mut out);
                out.push_str(after.split_once('<').map_or("", |(_, after)| after));
            } else {
                self.mask_words(line, &mut out);
            }
        }
        out
    }

    fn is_of_the_clock(&self, word: &str) -> bool {
        let Ok(instant) = word.parse::<jiff::Timestamp>() else {
            return false;
        };
        let on_the_hour = instant.as_microsecond() % 3_600_000_000 == 0;
        word.contains('.') || (instant > self.hour && !on_the_hour)
    }

    fn mask_words(&mut self, line: &str, out: &mut String) {
        const CURSOR: &str = "\"next_cursor\":\"";
        let mut rest = line;
        while let Some(start) = rest.find(is_word) {
            out.push_str(&rest[..start]);
            let word = &rest[start..];
            let length = word.find(|letter| !is_word(letter)).unwrap_or(word.len());
            let word = &word[..length];
            rest = &rest[start + length..];
            if out.ends_with(CURSOR) {
                let end = rest.find('"').unwrap_or(rest.len());
                out.push_str(&format!("#{}", self.name(&format!("{word}{}", &rest[..end]))));
                rest = &rest[end..];
            } else if is_random(word) {
                out.push_str(&format!("#{}", self.name(word)));
            } else if self.is_of_the_clock(word) {
                out.push_str("<instant>");
            } else {
                out.push_str(word);
            }
        }
        out.push_str(rest);
    }
}

/// Instants are words too.
fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | ':' | '.')
}

fn is_random(word: &str) -> bool {
    let base32 = |letter: u8| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&letter);
    match word.len() {
        _ if word.starts_with("OTH:PNPU:") => true,
        20 => word.bytes().all(base32),
        32 => word.bytes().all(|letter| letter.is_ascii_hexdigit()),
        _ => word.starts_with("pinpu_") && word.len() > 40,
    }
}

#[test]
fn keys_and_the_clock_are_masked_and_nothing_else() {
    let mut names = Names::new("2026-01-02T03:00:00Z".parse().expect("an hour"));
    let text = r#"{"id":"0123456789abcdefghjk","next_cursor":"a/b=","at":"2026-01-02T03:04:05.678Z","from":"2026-01-02T02:04:05Z","to":"2026-01-02T04:00:00Z","until":"2026-01-02T03:00:01Z"}"#;
    let masked = names.mask(text);
    assert_eq!(
        masked,
        r##"{"id":"#0","next_cursor":"#1","at":"<instant>","from":"2026-01-02T02:04:05Z","to":"2026-01-02T04:00:00Z","until":"<instant>"}"##
    );
    assert_eq!(names.mask("of 0123456789abcdefghjk."), "of 0123456789abcdefghjk.");
    assert_eq!(names.mask("/0123456789abcdefghjk/"), "/#0/");
    assert_eq!(names.key(1), Some("a/b="));
    for word in ["HIDDEN-1", "C-2026-0001", "12", "0123456789abcdefghj", "97450000"] {
        assert_eq!(names.mask(word), word);
    }
}
