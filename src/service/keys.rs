//! Keys of records that are withheld, and where they stand in a text.

use std::{collections::HashSet, sync::Arc};

use aho_corasick::AhoCorasick;

use crate::{Error, Result};

/// Keys that are withheld.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) keys: Arc<HashSet<String>>,
    /// Holders of records that are withheld, and of no other.
    pub(super) holders: Arc<HashSet<String>>,
    /// Finds them in texts.
    finder: AhoCorasick,
}

impl Closed {
    /// None where there are no keys.
    pub(super) fn of(keys: &[&str], holders: HashSet<String>) -> Result<Option<Self>> {
        if keys.is_empty() {
            return Ok(None);
        }
        let finder = AhoCorasick::new(keys)
            .map_err(|error| Error::Unavailable(format!("withheld keys cannot be searched for: {error}")))?;
        Ok(Some(Self {
            keys: Arc::new(keys.iter().map(|key| (*key).to_owned()).collect()),
            holders: Arc::new(holders),
            finder,
        }))
    }

    /// The keys that stand in a text as words of their own.
    pub(super) fn named<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let found = self.finder.find_overlapping_iter(text);
        found
            .filter(|found| stands_alone(text, found.start(), found.end()))
            .map(|found| &text[found.start()..found.end()])
    }
}

/// Whether a key found in a text is a word of its own: `A-1` is not named by `A-10` or `A-1-2`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |mut next: std::str::Chars<'_>, back: bool| {
        let mut step = || if back { next.next_back() } else { next.next() };
        match step() {
            Some(letter) if letter.is_ascii_alphanumeric() => true,
            Some('-' | '_' | '.' | '/' | '~' | ':') => step().is_some_and(|letter| letter.is_ascii_alphanumeric()),
            _ => false,
        }
    };
    !goes_on(text[..start].chars(), true) && !goes_on(text[end..].chars(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_as_a_word() {
        for (text, named) in [
            ("A-1", true),
            ("The nearest assignment is A-1.", true),
            ("最接近的指配为A-1（某台）", true),
            ("(A-1)", true),
            ("A-10", false),
            ("A-1-2", false),
            ("AA-1", false),
            ("B/A-1", false),
        ] {
            let start = text.find("A-1").expect("in it");
            assert_eq!(stands_alone(text, start, start + 3), named, "{text}");
        }
    }
}
