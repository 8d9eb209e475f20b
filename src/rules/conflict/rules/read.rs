//! Reading the rules file: every fault with file, line, key and what to write instead.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use toml::Spanned;

use super::{
    BandwidthRules, BaselineRules, ClassRules, FrequencyRules, HoursRules, Novelty, Phrases, PowerRules, ProductRules,
    PropagationRules, Reach, ReachKm, Rule, RuleText, Rules, RulesError, Severity, Tolerance, UseRules,
};
use crate::{
    conflict::template,
    registry::{Text, service},
    units::{Band, Hertz},
};

const FORMAT: u32 = 1;

impl Rules {
    /// Reads the text of the rules file `file`.
    ///
    /// # Errors
    /// The first fault, with file, line and key.
    pub fn parse(text: &str, file: &str) -> Result<Self, RulesError> {
        let source = Source { text, file };
        let raw: RawRules = toml::from_str(text)
            .map_err(|error| source.fault(&error.span().unwrap_or(0..0), "", error.message().to_owned()))?;
        if *raw.format.get_ref() != FORMAT {
            let reason = format!(
                "this version reads format {FORMAT}, the file has {}",
                raw.format.get_ref()
            );
            return Err(source.fault(&raw.format.span(), "format", reason));
        }
        source.finite(&raw)?;
        let reach = raw
            .reach
            .iter()
            .map(|raw| source.reach(raw))
            .collect::<Result<_, _>>()?;
        let tolerances = raw
            .tolerance
            .iter()
            .map(|raw| source.tolerance(raw))
            .collect::<Result<_, _>>()?;
        let texts = source.texts(raw.rule)?;
        Ok(Self {
            version: raw.version,
            coverage_factor: raw.coverage_factor,
            frequency: raw.frequency,
            bandwidth: raw.bandwidth,
            power: raw.power,
            propagation: raw.propagation,
            hours: raw.hours,
            class: raw.class,
            usage: raw.usage,
            novelty: source.novelty(raw.novelty)?,
            baseline: raw.baseline,
            products: raw.products,
            phrases: raw.phrases,
            reach,
            tolerances,
            texts,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    format: Spanned<u32>,
    version: String,
    coverage_factor: f64,
    frequency: FrequencyRules,
    bandwidth: BandwidthRules,
    power: PowerRules,
    propagation: PropagationRules,
    hours: HoursRules,
    #[serde(rename = "class_of_emission")]
    class: ClassRules,
    #[serde(rename = "use")]
    usage: UseRules,
    baseline: BaselineRules,
    products: ProductRules,
    novelty: BTreeMap<Novelty, RawRule>,
    phrases: Phrases,
    reach: Vec<RawReach>,
    tolerance: Vec<RawTolerance>,
    rule: BTreeMap<Spanned<String>, RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReach {
    low: Spanned<String>,
    high: Spanned<String>,
    certain_km: f64,
    possible_km: Spanned<f64>,
    #[expect(dead_code, reason = "must be written, for people")]
    basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTolerance {
    low: Spanned<String>,
    high: Spanned<String>,
    #[serde(default)]
    services: Vec<Spanned<String>>,
    hz: Option<f64>,
    ppm: Option<f64>,
    #[expect(dead_code, reason = "must be written, for people")]
    basis: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    severity: Severity,
    #[serde(default)]
    by_service: BTreeMap<Spanned<String>, Severity>,
    zh: Spanned<String>,
    en: Spanned<String>,
}

struct Source<'a> {
    text: &'a str,
    file: &'a str,
}

impl Source<'_> {
    fn fault(&self, span: &Range<usize>, key: &str, reason: String) -> RulesError {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        RulesError {
            file: self.file.to_owned(),
            line,
            key: key.to_owned(),
            reason,
        }
    }

    fn finite(&self, raw: &RawRules) -> Result<(), RulesError> {
        for (key, value) in numbers(raw) {
            if !value.is_finite() || value < 0.0 {
                return Err(self.fault(&(0..0), key, format!("{value} is no number of zero or more")));
            }
        }
        let (f, p) = (&raw.frequency, &raw.power);
        // These divide.
        for (key, value) in [
            ("frequency.modulation_reference_s", f.modulation_reference_s),
            ("power.position_uncertainty_km", p.position_uncertainty_km),
        ] {
            if value == 0.0 {
                return Err(self.fault(&(0..0), key, "must be above zero".to_owned()));
            }
        }
        let services = p.fixed_services.iter();
        for name in services {
            service::parse(name).map_err(|error| self.fault(&(0..0), "power.fixed_services", error.to_string()))?;
        }
        Ok(())
    }

    fn band(&self, low: &Spanned<String>, high: &Spanned<String>) -> Result<Band, RulesError> {
        let read = |text: &Spanned<String>, key| {
            text.get_ref()
                .parse::<Hertz>()
                .map_err(|error| self.fault(&text.span(), key, error.to_string()))
        };
        let (from, to) = (read(low, "low")?, read(high, "high")?);
        Band::new(from, to).ok_or_else(|| {
            self.fault(
                &high.span(),
                "high",
                format!("{to} is not above {from}: exchange the edges"),
            )
        })
    }

    fn reach(&self, raw: &RawReach) -> Result<Reach, RulesError> {
        let possible_km = *raw.possible_km.get_ref();
        if !(0.0..=possible_km).contains(&raw.certain_km) {
            let reason = format!("{possible_km} must not be below certain_km = {}", raw.certain_km);
            return Err(self.fault(&raw.possible_km.span(), "possible_km", reason));
        }
        let km = ReachKm {
            certain_km: raw.certain_km,
            possible_km,
        };
        Ok(Reach {
            band: self.band(&raw.low, &raw.high)?,
            km,
        })
    }

    fn tolerance(&self, raw: &RawTolerance) -> Result<Tolerance, RulesError> {
        let band = self.band(&raw.low, &raw.high)?;
        if raw.hz.is_some() == raw.ppm.is_some() {
            return Err(self.fault(&raw.low.span(), "tolerance", "write either hz or ppm".to_owned()));
        }
        let services = raw.services.iter().map(|service| {
            service::parse(service.get_ref())
                .map_err(|error| self.fault(&service.span(), "services", error.to_string()))
        });
        let services = services.collect::<Result<_, _>>()?;
        Ok(Tolerance {
            band,
            services,
            hz: raw.hz,
            ppm: raw.ppm,
        })
    }

    /// The texts about what is new, and those about products, with the words they may use.
    fn novelty(&self, raw: BTreeMap<Novelty, RawRule>) -> Result<BTreeMap<Novelty, RuleText>, RulesError> {
        const WORDS: [&str; 7] = ["center", "bandwidth", "place", "hour", "observed", "recurs", "seen"];
        let mut texts = BTreeMap::new();
        for (novelty, raw) in raw {
            let path = format!("novelty.{}", novelty.key());
            for text in [&raw.zh, &raw.en] {
                if let Some(word) = template::words(text.get_ref()).find(|word| !WORDS.contains(word)) {
                    let reason = format!("{{{word}}} is not known here: write one of {}", WORDS.join(", "));
                    return Err(self.fault(&text.span(), &path, reason));
                }
            }
            let text = Text::new(raw.zh.into_inner(), raw.en.into_inner());
            let (severity, by_service) = (raw.severity, BTreeMap::new());
            texts.insert(
                novelty,
                RuleText {
                    severity,
                    by_service,
                    text,
                },
            );
        }
        match Novelty::ALL.into_iter().find(|novelty| !texts.contains_key(novelty)) {
            Some(missing) => {
                let reason = "this text is missing: copy its section from the file that came with the program";
                Err(self.fault(&(0..0), &format!("novelty.{}", missing.key()), reason.to_owned()))
            }
            None => Ok(texts),
        }
    }

    fn texts(&self, raw: BTreeMap<Spanned<String>, RawRule>) -> Result<BTreeMap<Rule, RuleText>, RulesError> {
        let mut texts = BTreeMap::new();
        for (key, raw) in raw {
            let path = format!("rule.{}", key.get_ref());
            let Some(rule) = Rule::from_key(key.get_ref()) else {
                let near = Rule::ALL.map(Rule::key).into_iter().max_by(|a, b| {
                    let near = |name: &str| strsim::jaro_winkler(name, key.get_ref());
                    near(a).total_cmp(&near(b))
                });
                let reason = format!("there is no such rule: write {}", near.unwrap_or_default());
                return Err(self.fault(&key.span(), &path, reason));
            };
            for text in [&raw.zh, &raw.en] {
                if let Some(word) = template::words(text.get_ref()).find(|word| !rule.knows(word)) {
                    let reason = format!("{{{word}}} is not known to this rule: see the head of the section");
                    return Err(self.fault(&text.span(), &path, reason));
                }
            }
            let mut by_service = BTreeMap::new();
            for (name, severity) in raw.by_service {
                let code = service::parse(name.get_ref())
                    .map_err(|error| self.fault(&name.span(), &path, error.to_string()))?;
                by_service.insert(code, severity);
            }
            let text = Text {
                zh: raw.zh.into_inner(),
                en: raw.en.into_inner(),
            };
            texts.insert(
                rule,
                RuleText {
                    severity: raw.severity,
                    by_service,
                    text,
                },
            );
        }
        match Rule::ALL.into_iter().find(|rule| !texts.contains_key(rule)) {
            Some(missing) => {
                let reason = "this rule is missing: copy its section from the file that came with the program";
                Err(self.fault(&(0..0), &format!("rule.{}", missing.key()), reason.to_owned()))
            }
            None => Ok(texts),
        }
    }
}

/// All numbers of the file that are zero or more.
fn numbers(raw: &RawRules) -> Vec<(&'static str, f64)> {
    let (f, b, p, w) = (&raw.frequency, &raw.bandwidth, &raw.power, &raw.propagation);
    let (l, m) = (&raw.baseline, &raw.products);
    vec![
        ("coverage_factor", raw.coverage_factor),
        ("frequency.modulation_share", f.modulation_share),
        ("frequency.modulation_reference_s", f.modulation_reference_s),
        ("frequency.capture_share", f.capture_share),
        ("frequency.capture_tolerances", f.capture_tolerances),
        ("frequency.min_bandwidth_share", f.min_bandwidth_share),
        ("frequency.block_share", f.block_share),
        ("bandwidth.relative_uncertainty", b.relative_uncertainty),
        ("bandwidth.min_bins", b.min_bins),
        ("bandwidth.capture_ratio", b.capture_ratio),
        ("power.margin_db", p.margin_db),
        ("power.capture_db", p.capture_db),
        ("power.receive_gain_dbi", p.receive_gain_dbi),
        ("power.pattern_depth_db", p.pattern_depth_db),
        ("power.position_uncertainty_km", p.position_uncertainty_km),
        ("propagation.station_height_m", w.station_height_m),
        ("propagation.station_height_most_m", w.station_height_most_m),
        ("propagation.receiver_height_m", w.receiver_height_m),
        ("propagation.usual_margin_db", w.usual_margin_db),
        ("propagation.ducting_db_per_km", w.ducting_db_per_km),
        ("hours.grace_s", raw.hours.grace_s),
        ("use.max_share", raw.usage.max_share),
        ("use.min_observed_h", raw.usage.min_observed_h),
        ("use.min_coverage", raw.usage.min_coverage),
        ("use.noticed_dbuv_m", raw.usage.noticed_dbuv_m),
        ("baseline.min_observed_s", l.min_observed_s),
        ("baseline.same_share", l.same_share),
        ("baseline.same_ratio", l.same_ratio),
        ("products.width_ratio_max", m.width_ratio_max),
        ("products.width_ratio_min", m.width_ratio_min),
        ("products.settle_s", m.settle_s),
        ("products.chance_max", m.chance_max),
    ]
}
