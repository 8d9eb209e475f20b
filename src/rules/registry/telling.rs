//! What a policy says about what is told: of records by their marking, and of bands whatever the register holds there.
//!
//! A band that always asks is published as used in every cell, so no answer there depends on a record: a record in it may be
//! hidden altogether, because it changes nothing. That is why a marking can be `hidden` only within such bands.

use serde::{Deserialize, Serialize};

use super::disclosure::{Audience, BLOCK_HZ, Classified, may_leave};
use crate::units::{Band, Hertz};

/// What is told of a record to those who may not know all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisclosureTold)]
pub enum Told {
    /// Nothing.
    Hidden,
    /// That its public cells and blocks are used.
    Existence,
    /// All of it.
    Full,
}

/// What is told of records that are marked so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisclosureMarking)]
pub struct Marking {
    /// The classifications, as sources write them.
    pub markings: Vec<String>,
    /// What is told.
    pub told: Told,
    /// With `full`: to these roles; to everybody where none is named.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// How answers about a band are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisclosureAnswers)]
pub enum Answers {
    /// By the cells and blocks that are used.
    #[default]
    ByCell,
    /// Always *ask the other side*.
    AlwaysAsk,
}

/// Whether what receivers measure is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisclosureMeasurements)]
pub enum Measurements {
    /// As it was measured.
    #[default]
    Shown,
    /// Not to those who may not know all.
    Masked,
}

/// A band of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisclosureBand)]
pub struct ToldBand {
    /// What it is called.
    pub name: String,
    /// Lower edge.
    pub lower_hz: Hertz,
    /// Upper edge.
    pub upper_hz: Hertz,
    /// How answers about it are made.
    #[serde(default)]
    pub answers: Answers,
    /// Whether its spectrum is shown.
    #[serde(default)]
    pub spectrum: Measurements,
}

impl ToldBand {
    /// Its frequencies; nothing where its edges are the wrong way round, which reading refuses.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.lower_hz, self.upper_hz)
    }
}

/// The policy. The default is that of the program without a file: existence by cell, everything measured is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// By marking; a marking that none names is told by its existence.
    pub markings: Vec<Marking>,
    /// Bands with a rule of their own.
    pub bands: Vec<ToldBand>,
    /// Whether spectra are shown where verdicts are not told.
    pub veiled: Measurements,
}

impl Telling {
    /// The policy, or what is wrong with it and what to write.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(markings: Vec<Marking>, bands: Vec<ToldBand>, veiled: Measurements) -> Result<Self, String> {
        for (n, one) in markings.iter().enumerate() {
            if one.markings.iter().all(|text| text.trim().is_empty()) {
                return Err("classification.markings: write at least one, such as [\"秘密\"]".to_owned());
            }
            if one.told != Told::Full && !one.roles.is_empty() {
                return Err("classification.roles: write roles only where told = \"full\"".to_owned());
            }
            let before = markings.iter().take(n).flat_map(|other| &other.markings);
            let mut twice = before.filter(|other| one.markings.iter().any(|text| same(text, other)));
            if let Some(text) = twice.next() {
                return Err(format!("classification: '{text}' stands twice; leave one of them"));
            }
        }
        for one in &bands {
            let name = &one.name;
            if one.band().is_none() || one.lower_hz.0 < 0 {
                return Err(format!("band '{name}': write lower_hz below upper_hz"));
            }
            let whole = |edge: Hertz| edge.0 % BLOCK_HZ == 0;
            if one.answers == Answers::AlwaysAsk && !(whole(one.lower_hz) && whole(one.upper_hz)) {
                return Err(format!(
                    "band '{name}': answers are given by blocks of 1 MHz; write edges in whole megahertz"
                ));
            }
        }
        let asks = bands.iter().any(|band| band.answers == Answers::AlwaysAsk);
        if !asks && markings.iter().any(|one| one.told == Told::Hidden) {
            return Err(
                "classification: told = \"hidden\" needs a [[band]] with answers = \"always_ask\" for such records to lie \
                 in; write one, or told = \"existence\""
                    .to_owned(),
            );
        }
        Ok(Self {
            markings,
            bands,
            veiled,
        })
    }

    fn marking(&self, record: &impl Classified) -> Option<&Marking> {
        let text = record.classification()?;
        let class = text.split([',', ' ', '/']).next().unwrap_or_default();
        let mut found = self.markings.iter();
        found.find(|one| one.markings.iter().any(|own| same(own, class) || same(own, text)))
    }

    /// What the policy says is told of a record that is not open; `Full` of one that is.
    #[must_use]
    pub fn told(&self, record: &impl Classified) -> Told {
        match may_leave(record, Audience::Open) {
            true => Told::Full,
            false => self.marking(record).map_or(Told::Existence, |one| one.told),
        }
    }

    /// Whether the record may go out to the audience.
    #[must_use]
    pub fn may_leave(&self, record: &impl Classified, audience: Audience) -> bool {
        if may_leave(record, audience) {
            return true;
        }
        let Some(marking) = self.marking(record).filter(|one| one.told == Told::Full) else {
            return false;
        };
        let words = match audience {
            Audience::Named(words) => words,
            _ => &[],
        };
        marking.roles.is_empty()
            || marking
                .roles
                .iter()
                .any(|role| words.iter().any(|word| same(role, word)))
    }

    /// Bands in which every answer is *ask the other side*.
    pub fn asking(&self) -> impl Iterator<Item = Band> {
        let asking = self.bands.iter().filter(|one| one.answers == Answers::AlwaysAsk);
        asking.filter_map(ToldBand::band)
    }

    /// Bands whose spectrum is masked.
    pub fn masking(&self) -> impl Iterator<Item = Band> {
        let masking = self.bands.iter().filter(|one| one.spectrum == Measurements::Masked);
        masking.filter_map(ToldBand::band)
    }

    /// Whether a record over this band is to be hidden and cannot be, because it does not lie within a band that always asks.
    #[must_use]
    pub fn misplaces(&self, record: &impl Classified, band: Band) -> bool {
        self.told(record) == Told::Hidden && !self.asking().any(|asking| asking.contains(band))
    }

    /// The bands in which a record may be hidden, in words.
    #[must_use]
    pub fn hiding_places(&self) -> String {
        let bands: Vec<String> = self.asking().map(|band| band.to_string()).collect();
        bands.join(", ")
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

/// Frequencies of which an audience is shown nothing that was measured: bands, ascending and apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masks(Vec<Band>);

impl Masks {
    /// The masks over these bands.
    #[must_use]
    pub fn of(bands: impl Iterator<Item = Band>) -> Self {
        let mut bands: Vec<Band> = bands.collect();
        bands.sort_by_key(|band| (band.low(), band.high()));
        let mut apart: Vec<Band> = Vec::new();
        for band in bands {
            match apart.last_mut() {
                Some(last) if band.low() <= last.high() => {
                    *last = Band::new(last.low(), last.high().max(band.high())).unwrap_or(*last);
                }
                _ => apart.push(band),
            }
        }
        Self(apart)
    }

    /// The bands.
    #[must_use]
    pub fn bands(&self) -> &[Band] {
        &self.0
    }

    /// Whether nothing is masked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something between these edges, or at one frequency, is masked.
    #[must_use]
    pub fn touch(&self, low: Hertz, high: Hertz) -> bool {
        let touched = |band: &Band| band.low() < high.max(low + Hertz(1)) && low < band.high();
        self.0.iter().any(touched)
    }

    /// Takes the levels of masked bins out of equally wide bins from edge to edge: every bin of which any part is masked
    /// becomes one that was not observed. Answers whether any did.
    pub fn cover(&self, source: Band, levels: &mut [f32]) -> bool {
        let width = source.width().as_f64() / levels.len().max(1) as f64;
        let (mut covered, count) = (false, levels.len());
        for band in self.0.iter().filter(|band| band.overlaps(source) && width > 0.0) {
            let bin = |edge: Hertz| (edge - source.low()).as_f64() / width;
            let first = bin(band.low()).floor().max(0.0) as usize;
            let end = (bin(band.high()).ceil().max(0.0) as usize).min(count);
            if first < end {
                levels[first..end].fill(f32::NAN);
                covered = true;
            }
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::demo;

    fn band(low_mhz: i64, high_mhz: i64) -> Band {
        Band::new(Hertz(low_mhz * 1_000_000), Hertz(high_mhz * 1_000_000)).expect("ordered")
    }

    fn asking(low_mhz: i64, high_mhz: i64) -> ToldBand {
        ToldBand {
            name: "a".to_owned(),
            lower_hz: band(low_mhz, high_mhz).low(),
            upper_hz: band(low_mhz, high_mhz).high(),
            answers: Answers::AlwaysAsk,
            spectrum: Measurements::Shown,
        }
    }

    fn marking(text: &str, told: Told, roles: &[&str]) -> Marking {
        Marking {
            markings: vec![text.to_owned()],
            told,
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
        }
    }

    struct Marked(&'static str);

    impl Classified for Marked {
        fn classification(&self) -> Option<&str> {
            Some(self.0)
        }

        fn releasability(&self) -> &[String] {
            &[]
        }
    }

    #[test]
    fn a_marking_says_what_is_told_and_an_unknown_one_existence() {
        let markings = vec![
            marking("机密", Told::Hidden, &[]),
            marking("内部", Told::Full, &["civil_officer"]),
            marking("R", Told::Full, &[]),
        ];
        let telling = Telling::read(markings, vec![asking(150, 152)], Measurements::Shown).expect("a policy");
        assert_eq!(telling.told(&Marked("机密")), Told::Hidden);
        assert_eq!(telling.told(&Marked("绝密")), Told::Existence);
        assert_eq!(telling.told(&Marked("U")), Told::Full);
        let civil = Audience::Named(&["civil_officer"]);
        let viewer = Audience::Named(&["viewer"]);
        let may = |text, audience| telling.may_leave(&Marked(text), audience);
        assert!(may("内部", civil) && !may("内部", viewer) && !may("内部", Audience::Open));
        assert!(may("r,2030", viewer) && may("R", Audience::Open));
        assert!(!may("机密", civil) && may("机密", Audience::Cleared));
        assert!(!telling.misplaces(&Marked("机密"), band(150, 151)));
        assert!(telling.misplaces(&Marked("机密"), band(151, 153)), "over the edge");
        assert!(!telling.misplaces(&Marked("绝密"), band(300, 301)));
        let open = &demo::assignments().ok[0];
        assert_eq!(telling.told(open), Told::Full, "no marking at all");
    }

    #[test]
    fn bins_that_are_masked_in_part_are_gone() {
        let masks = Masks::of([band(100, 101), band(101, 102), band(300, 301)].into_iter());
        assert_eq!(masks.bands().len(), 2, "adjoining ones are one");
        let mut levels = [1.0_f32; 10];
        assert!(masks.cover(band(95, 105), &mut levels));
        let gone: Vec<bool> = levels.iter().map(|level| level.is_nan()).collect();
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 2);
        assert!(gone[5] && gone[6]);
        // Bins that do not meet the edge.
        let source = Band::new(Hertz(99_700_000), Hertz(102_700_000)).expect("ordered");
        let mut levels = [1.0_f32; 3];
        masks.cover(source, &mut levels);
        assert!(levels.iter().all(|level| level.is_nan()), "{levels:?}");
        assert!(!masks.cover(band(110, 111), &mut [1.0]));
        assert!(masks.touch(Hertz(101_000_000), Hertz(101_000_000)));
        assert!(!masks.touch(Hertz(102_000_000), Hertz(103_000_000)));
    }
}
