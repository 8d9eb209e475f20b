//! The policy of disclosure: what is told, how much may be asked, and when answers are shown. Data:
//! `config/disclosure.toml`, compiled in as the default.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::{
    Error, Result,
    coordination::{Publication, PublicationRules},
    registry::telling::{Marking, Measurements, Telling, ToldBand},
    service::auth::Role,
};

/// The policy that is compiled in.
const POLICY_TOML: &str = include_str!("../../config/disclosure.toml");
/// Format this version reads.
const FORMAT: u32 = 1;
/// More a day than anybody can ask is no budget.
const PER_DAY_MAX: u32 = 1_000_000;

/// What is told, and how much may be asked: `config/disclosure.toml`.
#[derive(Debug, Clone)]
pub struct DisclosurePolicy {
    /// Version of the file.
    pub version: String,
    /// Questions of an organisation in a day.
    pub per_day: u32,
    /// Whose midnight begins a day.
    pub zone: TimeZone,
    /// When answers of the other side are shown; nothing: at once.
    pub publication: Option<Publication>,
    /// What is told of records by their marking, and of bands.
    pub telling: Telling,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: u32,
    version: String,
    questions: RawQuestions,
    // Files from before these were there have no such sections.
    #[serde(default)]
    publication: Option<PublicationRules>,
    #[serde(default)]
    classification: Vec<Marking>,
    #[serde(default)]
    band: Vec<ToldBand>,
    #[serde(default)]
    veiled: Veiled,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Veiled {
    #[serde(default)]
    spectrum: Measurements,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestions {
    per_day: u32,
    zone: String,
}

impl DisclosurePolicy {
    /// Reads a policy; `file` names it in errors.
    ///
    /// # Errors
    /// `Invalid`: what is wrong, and what to write.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let fault = |reason: String| Error::Invalid(format!("{file}: {reason}"));
        let raw: Raw = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        if raw.format != FORMAT {
            let text = format!("this version reads format {FORMAT}, the file has {}", raw.format);
            return Err(fault(text));
        }
        let RawQuestions { per_day, zone } = raw.questions;
        if per_day > PER_DAY_MAX {
            let text = format!("questions.per_day is {per_day}: write a number up to {PER_DAY_MAX}");
            return Err(fault(text));
        }
        let zone = TimeZone::get(&zone).map_err(|_| {
            fault(format!(
                "questions.zone '{zone}' is no time zone: write a name such as Asia/Shanghai or UTC"
            ))
        })?;
        let publication = raw.publication.map(|rules| rules.read()).transpose().map_err(fault)?;
        let telling = Telling::read(raw.classification, raw.band, raw.veiled.spectrum).map_err(fault)?;
        if let Some(role) = unknown_role(&telling) {
            let text = format!("classification.roles: there is no role '{role}': write such as civil_officer, field");
            return Err(fault(text));
        }
        Ok(Self {
            telling,
            version: raw.version,
            per_day,
            zone,
            publication: publication.flatten(),
        })
    }

    /// When the next answers are shown; nothing where they are shown at once.
    #[must_use]
    pub fn next_publication(&self, now: Timestamp) -> Option<Timestamp> {
        self.publication.as_ref().map(|publication| publication.after(now))
    }

    /// The policy that is compiled in.
    ///
    /// # Errors
    /// `Invalid` when it cannot be read.
    pub fn builtin() -> Result<Self> {
        Self::parse(POLICY_TOML, "config/disclosure.toml")
    }
}

fn unknown_role(telling: &Telling) -> Option<&str> {
    let mut roles = telling.markings.iter().flat_map(|one| &one.roles);
    roles.find(|role| role.parse::<Role>().is_err()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_or_refused_with_what_to_write() {
        let policy = DisclosurePolicy::builtin().expect("built in");
        assert_eq!((policy.per_day, policy.publication), (200, None));
        for (from, to, named) in [
            ("per_day = 200", "per_day = -1", "per_day"),
            ("per_day = 200", "per_day = 2000000", "up to 1000000"),
            ("Asia/Shanghai", "Beijing time", "such as Asia/Shanghai"),
            ("format = 1", "format = 2", "reads format 1"),
            ("zone =", "time_zone =", "time_zone"),
            ("times = []", "times = [\"9 o'clock\"]", "such as 09:00"),
            ("times = []", "times = [\"24:00\"]", "such as 09:00"),
            ("times = []", "every = \"7h\"", "such as 1h"),
            ("times = []", "times = [\"09:00\"]\nevery = \"1h\"", "not both"),
        ] {
            let text = POLICY_TOML.replace(from, to);
            assert_ne!(text, POLICY_TOML, "{from}");
            let error = DisclosurePolicy::parse(&text, "my.toml").expect_err(to).to_string();
            assert!(error.contains(named) && error.contains("my.toml"), "{error}");
        }
    }
}
