//! What of the registry may leave it: the one place that decides, for every export and every alarm.
//!
//! A record that carries a classification other than unclassified stays in unless the caller is allowed to have it and
//! asked for it. A classification nobody here knows counts as one. What is left out is not counted towards a caller,
//! because a number tells too.

use super::Assignment;

/// How sources write that a record is open to everybody: SSRF and SFAF (item 005: class and special handling, where
/// `A` adds no handling instruction; from memory, to be checked with MCEB Pub 7 annex), and words.
const OPEN: [&str; 8] = ["U", "UA", "UNCLASSIFIED", "UNCLAS", "OPEN", "公开", "非密", "非涉密"];

/// For whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody who may read the register.
    Open,
    /// Somebody who holds the register itself, such as the operator at its command line, and asked for all of it.
    Cleared,
}

/// Whether the record is open to everybody.
#[must_use]
pub fn is_open(assignment: &Assignment) -> bool {
    let stated = assignment
        .details
        .as_ref()
        .and_then(|details| details.classification.as_deref());
    stated.is_none_or(|text| {
        let class = text.split([',', ' ', '/']).next().unwrap_or_default();
        OPEN.iter().any(|open| open.eq_ignore_ascii_case(class))
    })
}

/// Whether the record may go out to the audience.
#[must_use]
pub fn may_leave(assignment: &Assignment, audience: Audience) -> bool {
    audience == Audience::Cleared || is_open(assignment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Details, demo};

    #[test]
    fn what_is_not_known_to_be_open_stays_in() {
        let mut record = demo::assignments().ok.remove(0);
        assert!(is_open(&record), "no classification stated");
        for (class, open) in [
            ("U", true),
            ("UA", true),
            ("unclassified", true),
            ("公开", true),
            ("UE", false),
            ("C", false),
            ("S,20301231", false),
            ("秘密", false),
            ("", false),
            ("?", false),
        ] {
            record.details = Some(Box::new(Details {
                classification: Some(class.to_owned()),
                ..Details::default()
            }));
            assert_eq!(may_leave(&record, Audience::Open), open, "{class}");
            assert!(may_leave(&record, Audience::Cleared), "{class}");
        }
    }
}
