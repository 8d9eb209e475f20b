//! Rulesets as data: which bands devices may ask for, and on what terms. See config/paws.toml.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    registry::{control::ControlArea, details::Area, footprint::Footprint},
    units::{Band, Hertz},
};

/// The demo's rulesets.
pub const DEMO_TOML: &str = include_str!("../../../../config/paws.toml");
/// Channels of a ruleset.
const CHANNELS_MAX: i64 = 2000;

/// Why rulesets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// They do not follow the form.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// A value makes no sense; the ruleset and what to write.
    #[error("ruleset {id}: {reason}")]
    Value {
        /// The ruleset.
        id: String,
        /// What to write instead.
        reason: &'static str,
    },
}

/// Rulesets, and the area in which they are in force.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PawsRules {
    coverage: Option<Coverage>,
    /// The rulesets.
    #[serde(default)]
    pub rulesets: Vec<Ruleset>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Coverage {
    south: f64,
    west: f64,
    north: f64,
    east: f64,
}

/// Terms on which devices use a band.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruleset {
    /// Its name, as devices give it.
    pub id: String,
    /// The country or authority.
    pub authority: String,
    low_hz: i64,
    high_hz: i64,
    channel_hz: i64,
    /// Longest time an answer holds, seconds.
    pub lease_s: i64,
    max_location_change_m: u32,
    max_polling_s: u32,
    /// The device tells which spectrum it uses.
    pub needs_report: bool,
    /// The device registers first.
    pub register: bool,
    /// Least distance from a station's service area on its channel, km.
    pub keep_out_km: f64,
    /// Least distance on the channels beside it for the full power, km.
    pub adjacent_keep_out_km: f64,
    /// Largest powers by bandwidth.
    pub limits: Vec<Limit>,
}

/// Largest powers within a bandwidth.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The bandwidth, hertz.
    pub resolution_bw_hz: f64,
    /// EIRP, dBm.
    pub dbm: f64,
    /// EIRP beside a station's channel, dBm.
    pub adjacent_dbm: f64,
}

impl PawsRules {
    /// Reads them.
    ///
    /// # Errors
    /// With the place in the file, or with what to write.
    pub fn read(toml: &str) -> Result<Self, RulesError> {
        let rules: Self = toml::from_str(toml)?;
        rules.rulesets.iter().try_for_each(Ruleset::check)?;
        Ok(rules)
    }

    /// Whether all of it lies where the rulesets are in force.
    #[must_use]
    pub fn covers(&self, place: &Footprint) -> bool {
        let Some(Coverage {
            south,
            west,
            north,
            east,
        }) = self.coverage
        else {
            return false;
        };
        let inside =
            |latitude: f64, longitude: f64| (south..=north).contains(&latitude) && (west..=east).contains(&longitude);
        match place {
            Footprint::Everywhere => false,
            Footprint::Polygon(corners) => corners
                .iter()
                .all(|(latitude, longitude)| inside(*latitude, *longitude)),
            Footprint::Circle(circle) => {
                let beyond = |side: Area| {
                    let side = Footprint::of_area(&ControlArea::Shape(side));
                    circle.radius_km > 0.0 && side.gap_km(place) <= 0.0
                };
                // The uncertainty reaches beyond an edge where it touches a strip along its outside.
                const STRIP: f64 = 1e-6;
                let strip = |south, west, north, east| Area::Rectangle {
                    south,
                    west,
                    north,
                    east,
                };
                inside(circle.latitude, circle.longitude)
                    && ![
                        strip(north, west, north + STRIP, east),
                        strip(south - STRIP, west, south, east),
                        strip(south, west - STRIP, north, west),
                        strip(south, east, north, east + STRIP),
                    ]
                    .into_iter()
                    .any(beyond)
            }
        }
    }
}

impl Ruleset {
    fn check(&self) -> Result<(), RulesError> {
        let unless = |good: bool, reason: &'static str| match good {
            true => Ok(()),
            false => Err(RulesError::Value {
                id: self.id.clone(),
                reason,
            }),
        };
        unless(
            (1..=64).contains(&self.id.len()),
            "give an id of 1 to 64 characters (RFC 7545, section 5.3)",
        )?;
        unless(
            self.low_hz > 0 && self.low_hz < self.high_hz,
            "give low_hz above 0 and below high_hz",
        )?;
        let width = self.high_hz - self.low_hz;
        unless(
            self.channel_hz > 0 && width % self.channel_hz == 0 && width / self.channel_hz <= CHANNELS_MAX,
            "give a channel_hz that divides the band, into 2000 channels at most",
        )?;
        unless((60..=604_800).contains(&self.lease_s), "give a lease_s of 60 to 604800")?;
        let distance = |km: f64| (0.0..=1000.0).contains(&km);
        unless(
            distance(self.keep_out_km) && distance(self.adjacent_keep_out_km),
            "give distances of 0 to 1000 km",
        )?;
        let power = |dbm: f64| (-200.0..=100.0).contains(&dbm);
        let limits = &self.limits;
        unless(
            !limits.is_empty()
                && limits
                    .iter()
                    .all(|limit| limit.resolution_bw_hz > 0.0 && power(limit.dbm) && power(limit.adjacent_dbm)),
            "give limits, each with a bandwidth above 0 and powers of -200 to 100 dBm",
        )
    }

    /// All of its band.
    pub(super) fn band(&self) -> Option<Band> {
        Band::new(Hertz(self.low_hz), Hertz(self.high_hz))
    }

    /// Its channels by frequency.
    pub(super) fn channels(&self) -> impl Iterator<Item = Band> {
        let n = (self.high_hz - self.low_hz) / self.channel_hz;
        (0..n).filter_map(|k| {
            let low = self.low_hz + k * self.channel_hz;
            Band::new(Hertz(low), Hertz(low + self.channel_hz))
        })
    }

    /// As devices are told of it (RFC 7545, section 5.6).
    pub(super) fn info(&self) -> Value {
        json!({
            "authority": self.authority,
            "rulesetId": self.id,
            "maxLocationChange": self.max_location_change_m,
            "maxPollingSecs": self.max_polling_s,
        })
    }
}
