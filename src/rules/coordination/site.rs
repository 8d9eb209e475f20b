//! Sites where receivers stand, and what is wrong with what is written about one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Fault,
    organisation::{Organisation, OrganisationKind},
    request::Faults,
};
use crate::registry::{Text, disclosure::CELL_DEGREES};

/// Longest name in one language, characters.
const NAME_MAX: usize = 100;
/// Longest notes, characters.
const NOTES_MAX: usize = 4000;
/// Receivers at one site.
const RECEIVERS_MAX: usize = 100;

/// What is written about a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteProfile {
    /// What it is called; one language will do.
    pub name: Text,
    /// Key of the organisation it belongs to.
    pub organisation: String,
    /// Latitude, degrees north, WGS-84.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    /// Longitude, degrees east, WGS-84.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
    /// Height of the ground above sea level, m.
    #[serde(default)]
    #[schema(minimum = -500, maximum = 9000)]
    pub ground_m: Option<f64>,
    /// Height of the antennas above the ground, m.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub antenna_m: Option<f64>,
    /// Ids of the receivers that stand there. A receiver stands at one site.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub receivers: Vec<String>,
    /// Antennas, cables, calibration: what somebody who measures there should know.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub notes: String,
}

/// A site as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Public key.
    pub id: String,
    /// What is written about it.
    pub profile: SiteProfile,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

impl SiteProfile {
    /// Without blanks at the ends; a name in one language serves for both, and receivers are in order.
    #[must_use]
    pub fn trimmed(mut self) -> Self {
        for text in [&mut self.name.zh, &mut self.name.en, &mut self.notes] {
            *text = text.trim().to_owned();
        }
        if self.name.en.is_empty() {
            self.name.en.clone_from(&self.name.zh);
        } else if self.name.zh.is_empty() {
            self.name.zh.clone_from(&self.name.en);
        }
        self.receivers.sort();
        self
    }

    /// What is wrong with it, beside these other sites and with these organisations; empty: nothing. `id` is its own key.
    #[must_use]
    pub fn faults(&self, id: &str, others: &[Site], organisations: &[Organisation]) -> Vec<Fault> {
        let mut faults = Faults::default();
        let length = |text: &str| text.chars().count();
        let names = [&self.name.zh, &self.name.en];
        faults.unless(
            names
                .iter()
                .all(|name| (1..=NAME_MAX).contains(&length(name)) && !name.contains(char::is_control)),
            "name",
            "请填写 1 至 100 个字的名称",
            "write a name of 1 to 100 characters",
        );
        faults.unless(
            organisations.iter().any(|known| known.id == self.organisation),
            "organisation",
            "没有这个单位：请从单位列表中选择",
            "there is no such organisation: give the id of one of the list",
        );
        let within = |value: f64, low: f64, high: f64| (low..=high).contains(&value);
        faults.unless(
            within(self.latitude, -90.0, 90.0),
            "latitude",
            "请填写 −90 至 90 的北纬度数",
            "write degrees north from -90 to 90",
        );
        faults.unless(
            within(self.longitude, -180.0, 180.0),
            "longitude",
            "请填写 −180 至 180 的东经度数",
            "write degrees east from -180 to 180",
        );
        faults.unless(
            self.ground_m.is_none_or(|height| within(height, -500.0, 9000.0)),
            "ground_m",
            "请填写 −500 至 9000 米的海拔高度，或留空",
            "write -500 to 9000 m above sea level, or leave it out",
        );
        faults.unless(
            self.antenna_m.is_none_or(|height| within(height, 0.0, 1000.0)),
            "antenna_m",
            "请填写 0 至 1000 米的天线离地高度，或留空",
            "write 0 to 1000 m above the ground, or leave it out",
        );
        faults.unless(
            length(&self.notes) <= NOTES_MAX,
            "notes",
            "备注不超过 4000 字",
            "write at most 4000 characters",
        );
        self.check_receivers(id, others, &mut faults);
        faults.0
    }

    fn check_receivers(&self, id: &str, others: &[Site], faults: &mut Faults) {
        let is_id = |text: &String| {
            (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let own: BTreeSet<&String> = self.receivers.iter().collect();
        faults.unless(
            own.len() == self.receivers.len() && own.len() <= RECEIVERS_MAX && own.iter().all(|id| is_id(id)),
            "receivers",
            "请填写接收机的标识，每台一次，如 roof",
            "write the ids of receivers, each once, such as roof",
        );
        let taken = others
            .iter()
            .filter(|other| other.id != id)
            .find_map(|other| Some((other, other.profile.receivers.iter().find(|each| own.contains(each))?)));
        if let Some((other, receiver)) = taken {
            let name = &other.profile.name;
            faults.unless(
                false,
                "receivers",
                &format!("接收机 {receiver} 已在站址“{}”：请先从那里移除", name.zh),
                &format!("receiver {receiver} stands at '{}': take it away there first", name.en),
            );
        }
    }
}

impl Site {
    /// The site as those outside its organisation may know it where it is military: the middle of its public cell, no heights, no notes.
    #[must_use]
    pub fn coarse(mut self) -> Self {
        let middle = |degrees: f64, most: f64| {
            let middle = (degrees / CELL_DEGREES).floor() * CELL_DEGREES + CELL_DEGREES / 2.0;
            middle.min(most - CELL_DEGREES / 2.0)
        };
        let profile = &mut self.profile;
        profile.latitude = middle(profile.latitude, 90.0);
        profile.longitude = middle(profile.longitude, 180.0);
        profile.ground_m = None;
        profile.antenna_m = None;
        profile.notes.clear();
        self
    }

    /// Whether its place is told to those outside by its cell alone: it belongs to a military organisation, or to none that is
    /// known.
    #[must_use]
    pub fn is_veiled(&self, organisations: &[Organisation]) -> bool {
        let own = organisations.iter().find(|known| known.id == self.profile.organisation);
        own.is_none_or(|own| own.profile.kind == OrganisationKind::Military)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn site(latitude: f64, longitude: f64, receivers: &[&str]) -> Site {
        let profile = SiteProfile {
            name: Text::new("东湖", "East Lake"),
            organisation: "military".into(),
            latitude,
            longitude,
            ground_m: Some(37.0),
            antenna_m: Some(12.0),
            receivers: receivers.iter().map(|&id| id.to_owned()).collect(),
            notes: "discone, 20 m of H-155".into(),
        };
        Site {
            id: "a".into(),
            profile,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn a_receiver_stands_at_one_site() {
        let there = site(30.5, 114.4, &["roof", "tower"]);
        let fields = |id: &str, receivers: &[&str]| -> Vec<&str> {
            let profile = site(30.5, 114.4, receivers).profile;
            let faults = profile.faults(id, std::slice::from_ref(&there), &[]);
            faults
                .iter()
                .map(|fault| fault.field)
                .filter(|field| *field != "organisation")
                .collect()
        };
        assert_eq!(fields("b", &["cellar"]), [""; 0]);
        assert_eq!(fields("b", &["cellar", "roof"]), ["receivers"]);
        assert_eq!(fields("a", &["roof"]), [""; 0], "its own");
        assert_eq!(fields("b", &["x", "x"]), ["receivers"]);
        assert_eq!(fields("b", &["a b"]), ["receivers"]);
    }

    #[test]
    fn values_that_are_none_are_named() {
        let mut profile = site(f64::NAN, 181.0, &[]).profile;
        profile.ground_m = Some(9001.0);
        profile.antenna_m = Some(-1.0);
        profile.name = Text::new("", "");
        let found: Vec<_> = profile.faults("b", &[], &[]).iter().map(|fault| fault.field).collect();
        assert_eq!(
            found,
            ["name", "organisation", "latitude", "longitude", "ground_m", "antenna_m"]
        );
    }

    proptest! {
        /// What is told of a veiled site depends on its cell alone.
        #[test]
        fn sites_of_one_cell_are_told_alike(
            row in -180i32..180, column in -360i32..360, places in prop::array::uniform4(0.0..0.4999f64),
        ) {
            let at = |latitude: f64, longitude: f64| {
                let (south, west) = (f64::from(row) * CELL_DEGREES, f64::from(column) * CELL_DEGREES);
                site(south + latitude, west + longitude, &["roof"]).coarse()
            };
            let [a, b, c, d] = places;
            prop_assert_eq!(at(a, b), at(c, d));
            prop_assert!((at(a, b).profile.latitude - f64::from(row) * CELL_DEGREES - CELL_DEGREES / 2.0).abs() < 1e-9);
        }
    }
}
