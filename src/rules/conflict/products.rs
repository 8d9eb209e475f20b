//! Which senders an intermodulation product comes from: 2a − b and a + b − c, by frequency, width and level, and by the
//! proof of switching: the product goes when a parent goes.
//!
//! Frequencies alone prove little: among n senders there are n(n − 1) + n(n − 1)(n − 2)/2 such sums, and some fall on any
//! emission by chance. How many would be expected to is told with every link.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{
    Rules,
    template::{self, Words, plain},
};
use crate::registry::Text;

/// An emission with its history over the time it was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// What it is called.
    pub id: String,
    /// Centre.
    pub center_hz: f64,
    /// One sigma of the centre, the oscillator's not included: it is the same for all.
    pub sigma_hz: f64,
    /// Occupied bandwidth.
    pub bandwidth_hz: f64,
    /// Level, in the same unit for all.
    pub level_db: f64,
    /// When it was on, in seconds of the observation, ascending; `None`: not known.
    pub on: Option<Vec<[f64; 2]>>,
    /// Until when that is known.
    pub known_s: f64,
}

/// The rules of the question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductRules {
    /// Senders that are looked at, the strongest first.
    pub most_senders: usize,
    /// Width of a product over the sum of its parents' widths (each as often as it enters), at most.
    pub width_ratio_max: f64,
    /// Least width of a product over that of its narrowest parent.
    pub width_ratio_min: f64,
    /// A product follows its parents within this.
    pub settle_s: f64,
    /// A link that nothing proves is told where no more than this many would be expected by chance.
    pub chance_max: f64,
    /// Distances of channels, the widest first: senders on one raster have their sums on it too.
    pub rasters_hz: Vec<f64>,
    /// The sentence about a link that switching proves.
    pub(super) proven: Text,
    /// The sentence about a link that rests on frequencies.
    pub(super) suspected: Text,
}

/// A product and its parents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProductLink {
    /// `2a-b` or `a+b-c`.
    pub form: &'static str,
    /// The parents, in the order of the form.
    pub parents: Vec<String>,
    /// Where the product lies by its parents.
    pub predicted_hz: f64,
    /// The emission less that.
    pub offset_hz: f64,
    /// Expanded uncertainty of the offset.
    pub uncertainty_hz: f64,
    /// Sums that would come this near by chance.
    pub chance_links: f64,
    /// What switching shows, where histories are known.
    pub switching: Option<Switching>,
    /// The finding in words.
    pub explanation: Text,
}

/// What switching shows.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Switching {
    /// Changes of a parent that the product followed.
    pub followed: u32,
    /// Changes of a parent that it did not follow.
    pub missed: u32,
    /// Seconds the product was on while a parent was off, beyond the time to settle.
    pub without_parents_s: f64,
}

impl Switching {
    /// The product followed every change, at least one.
    #[must_use]
    pub fn is_proof(&self) -> bool {
        self.followed > 0 && self.missed == 0 && self.without_parents_s == 0.0
    }

    fn is_disproof(&self) -> bool {
        self.missed > 0 || self.without_parents_s > 0.0
    }
}

/// The parents an emission may be a product of, the best link first. Links that switching disproves are left out;
/// `observed` is when histories begin and end, which is no switching.
#[must_use]
pub fn parents_of(product: &Present, others: &[Present], observed: [f64; 2], rules: &Rules) -> Vec<ProductLink> {
    let mut senders: Vec<&Present> = others
        .iter()
        .filter(|other| other.id != product.id && other.level_db > product.level_db)
        .collect();
    senders.sort_by(|a, b| b.level_db.total_cmp(&a.level_db).then_with(|| a.id.cmp(&b.id)));
    senders.truncate(rules.products.most_senders);
    let case = Case {
        product,
        span_hz: span_hz(&senders, product),
        senders: senders.len() as f64,
        observed,
        rules,
    };
    let mut links = Vec::new();
    for (i, a) in senders.iter().enumerate() {
        for (j, b) in senders.iter().enumerate().filter(|(j, _)| *j != i) {
            links.extend(case.link("2a-b", &[(2.0, a), (-1.0, b)]));
            // a + b is b + a.
            for (_, c) in senders.iter().enumerate().filter(|(k, _)| i < j && *k != i && *k != j) {
                links.extend(case.link("a+b-c", &[(1.0, a), (1.0, b), (-1.0, c)]));
            }
        }
    }
    links.sort_by(order);
    links
}

/// Proven links first, then those of two parents before those of three, then the nearest in its uncertainty.
fn order(a: &ProductLink, b: &ProductLink) -> Ordering {
    let proven = |link: &ProductLink| link.switching.is_some_and(|switching| switching.is_proof());
    let near = |link: &ProductLink| link.offset_hz.abs() / link.uncertainty_hz;
    proven(b)
        .cmp(&proven(a))
        .then(a.parents.len().cmp(&b.parents.len()))
        .then(near(a).total_cmp(&near(b)))
        .then_with(|| a.parents.cmp(&b.parents))
}

/// The width over which sums of these senders fall.
fn span_hz(senders: &[&Present], product: &Present) -> f64 {
    let all = senders.iter().map(|sender| sender.center_hz).chain([product.center_hz]);
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), hz| {
        (low.min(hz), high.max(hz))
    });
    // Third-order sums reach a span to either side.
    3.0 * (high - low).max(1.0)
}

struct Case<'a> {
    product: &'a Present,
    span_hz: f64,
    senders: f64,
    observed: [f64; 2],
    rules: &'a Rules,
}

impl Case<'_> {
    fn link(&self, form: &'static str, parts: &[(f64, &Present)]) -> Option<ProductLink> {
        let rules = &self.rules.products;
        let predicted_hz: f64 = parts.iter().map(|(times, sender)| times * sender.center_hz).sum();
        let offset_hz = self.product.center_hz - predicted_hz;
        let squares: f64 = parts
            .iter()
            .map(|(times, sender)| (times * sender.sigma_hz).powi(2))
            .sum();
        let uncertainty_hz = self.rules.coverage_factor * (self.product.sigma_hz.powi(2) + squares).sqrt();
        let widest: f64 = parts
            .iter()
            .map(|(times, sender)| times.abs() * sender.bandwidth_hz)
            .sum();
        let narrowest = parts
            .iter()
            .map(|(_, sender)| sender.bandwidth_hz)
            .fold(f64::INFINITY, f64::min);
        let width = self.product.bandwidth_hz;
        let fits = (rules.width_ratio_min * narrowest..=rules.width_ratio_max * widest).contains(&width);
        if offset_hz.abs() > uncertainty_hz || !fits {
            return None;
        }
        let switching = self.switching(parts);
        if switching.is_some_and(|switching| switching.is_disproof()) {
            return None;
        }
        let n = self.senders;
        let sums = n * (n - 1.0) + n * (n - 1.0) * (n - 2.0) / 2.0;
        let near_hz = (2.0 * uncertainty_hz).max(self.raster_hz(parts, uncertainty_hz));
        let chance_links = sums * near_hz / self.span_hz;
        let is_proof = switching.is_some_and(|switching| switching.is_proof());
        if !is_proof && chance_links > rules.chance_max {
            return None;
        }
        let parents: Vec<String> = parts.iter().map(|(_, sender)| sender.id.clone()).collect();
        let mut link = ProductLink {
            form,
            parents,
            predicted_hz,
            offset_hz,
            uncertainty_hz,
            chance_links,
            switching,
            explanation: Text::default(),
        };
        link.explanation = self.words(&link, parts);
        Some(link)
    }

    /// The widest raster that all of them keep, 0 where the measurement is too coarse to tell or there is none: whatever
    /// keeps to channels meets their sums far more often than its uncertainty suggests.
    fn raster_hz(&self, parts: &[(f64, &Present)], uncertainty_hz: f64) -> f64 {
        let off = |hz: f64, raster: f64| (hz / raster - (hz / raster).round()).abs() * raster;
        let keeps = |raster: &f64| {
            let mut centers = parts.iter().map(|(_, sender)| sender.center_hz);
            let all = centers.all(|hz| off(hz, *raster) <= uncertainty_hz);
            all && off(self.product.center_hz, *raster) <= uncertainty_hz && *raster > 4.0 * uncertainty_hz
        };
        let rasters = &self.rules.products.rasters_hz;
        rasters.iter().copied().find(keeps).unwrap_or(0.0)
    }

    /// Every change of a parent, held against the product; nothing where a history is missing.
    fn switching(&self, parts: &[(f64, &Present)]) -> Option<Switching> {
        let settle_s = self.rules.products.settle_s;
        let product = self.product.on.as_deref()?;
        let parents: Vec<&[[f64; 2]]> = parts
            .iter()
            .map(|(_, sender)| sender.on.as_deref())
            .collect::<Option<_>>()?;
        let is_on = |history: &[[f64; 2]], at: f64| history.iter().any(|[from, to]| (*from..*to).contains(&at));
        let all_on = |at: f64| parents.iter().all(|history| is_on(history, at));
        let mut edges: Vec<f64> = parents
            .iter()
            .flat_map(|history| history.iter().flatten().copied())
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut found = Switching::default();
        let known = parts.iter().map(|(_, sender)| sender.known_s);
        let end_s = known.chain([self.product.known_s]).fold(self.observed[1], f64::min);
        let within = self.observed[0] + settle_s..end_s - settle_s;
        for &edge in edges.iter().filter(|edge| within.contains(edge)) {
            let (before, after) = (all_on(edge - settle_s), all_on(edge + settle_s));
            if before == after {
                continue;
            }
            let followed = is_on(product, edge - settle_s) == before && is_on(product, edge + settle_s) == after;
            if followed {
                found.followed += 1;
            } else {
                found.missed += 1;
            }
        }
        for &[from, to] in product {
            let to = to.min(end_s);
            let mut cuts: Vec<f64> = edges.iter().copied().filter(|edge| (from..to).contains(edge)).collect();
            cuts.insert(0, from);
            cuts.push(to);
            for pair in cuts.windows(2) {
                let alone = !all_on(f64::midpoint(pair[0], pair[1]));
                found.without_parents_s += if alone {
                    (pair[1] - pair[0] - settle_s).max(0.0)
                } else {
                    0.0
                };
            }
        }
        Some(found)
    }

    fn words(&self, link: &ProductLink, parts: &[(f64, &Present)]) -> Text {
        let rules = &self.rules.products;
        let name = |sender: &Present| {
            let frequency = template::frequency(sender.center_hz, self.rules.coverage_factor * sender.sigma_hz);
            format!("{} ({frequency})", sender.id)
        };
        let names: Vec<String> = parts.iter().map(|(_, sender)| name(sender)).collect();
        let proof = link.switching.filter(Switching::is_proof);
        let words = Words::from([
            (
                "center",
                plain(template::frequency(self.product.center_hz, link.uncertainty_hz)),
            ),
            ("form", plain(link.form.replace('-', " − ").replace('+', " + "))),
            ("parents", Text::new(names.join("、"), names.join(", "))),
            ("offset", plain(template::width(link.offset_hz.abs()))),
            ("uncertainty", plain(template::uncertainty(link.uncertainty_hz))),
            ("chance", plain(format!("{:.2}", link.chance_links))),
            ("changes", plain(proof.map_or(0, |proof| proof.followed).to_string())),
        ]);
        let text = if proof.is_some() {
            &rules.proven
        } else {
            &rules.suspected
        };
        template::fill(text, &words)
    }
}
