//! The list of transmitter sites in section D IV of `eibireadme.txt`.
//!
//! Lines are `AFG: k-Kabul / Pol-e-Charkhi 34N35-69E12`, further sites of a country are indented below it, and a site
//! without a code is the country's only or usual one. Minutes follow the hemisphere: `15S36'40"-47W53'08"`.

use std::{collections::HashMap, io::Read};

use super::{
    decode::{self, Fallback},
    numbers,
};
use crate::registry::Place;

/// Longest readme that is read.
const LONGEST: u64 = 4 << 20;

/// Sites by country and code.
#[derive(Debug, Default)]
pub(super) struct Sites {
    places: HashMap<(String, String), Place>,
}

impl Sites {
    /// Reads the readme; lines that are no sites are passed over.
    pub(super) fn read(reader: impl Read) -> Self {
        let mut text = String::new();
        let read = decode::utf8(reader.take(LONGEST), Fallback::Latin)
            .and_then(|(mut reader, _)| reader.read_to_string(&mut text));
        let mut sites = Self::default();
        if read.is_err() {
            return sites;
        }
        // The contents name the section too; the list follows its last mention.
        let start = text.rfind("Transmitter site codes.").unwrap_or(text.len());
        let mut country = String::new();
        for line in text[start..].lines() {
            let line = line.trim();
            let (head, body) = line.split_once(':').unwrap_or(("", line));
            let named = (1..=3).contains(&head.len()) && head.bytes().all(|byte| byte.is_ascii_uppercase());
            let body = if named { body.trim() } else { line };
            if named {
                head.clone_into(&mut country);
            }
            if country.is_empty() {
                continue;
            }
            if let Some(place) = coordinates(body) {
                let code = code(body).to_owned();
                sites.places.entry((country.clone(), code)).or_insert(place);
            }
        }
        sites
    }

    /// The country a site is in, and where it is. The code is that of a site in the station's own country, or
    /// `/ABC-x` for one in the country ABC.
    pub(super) fn find(&self, country: &str, remark: &str) -> (String, Option<Place>) {
        let (host, code) = match remark.strip_prefix('/') {
            Some(abroad) => abroad.split_once('-').unwrap_or((abroad, "")),
            None => (country, remark),
        };
        let place = self.places.get(&(host.to_owned(), code.to_owned())).copied();
        (host.to_owned(), place)
    }
}

/// The code of `k-Kabul …`; blank for a site without one.
fn code(body: &str) -> &str {
    match body.split_once('-') {
        Some((code, _)) if (1..=2).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            code
        }
        _ => "",
    }
}

/// The first `34N35-69E12` of a line.
fn coordinates(body: &str) -> Option<Place> {
    let words = body.split([' ', ',', '(', ')']);
    words.filter(|word| word.contains('-')).find_map(|word| {
        let (latitude, longitude) = word.split_once('-')?;
        Some(Place {
            latitude: angle(latitude, 90.0)?,
            longitude: angle(longitude, 180.0)?,
            radius_km: 0.0,
        })
    })
}

fn angle(text: &str, limit: f64) -> Option<f64> {
    let at = text.find(['N', 'S', 'E', 'W'])?;
    let degrees: f64 = text[..at].parse().ok()?;
    let mut rest = text[at + 1..].split(['\'', '"']).filter(|part| !part.is_empty());
    let mut number = || match rest.next() {
        Some(part) => part.parse::<f64>().ok(),
        None => Some(0.0),
    };
    let (minutes, seconds) = (number()?, number()?);
    numbers::degrees(degrees, minutes, seconds, &text[at..=at]).filter(|value| value.abs() <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_found_at_home_and_abroad() {
        let text = "   IV) Transmitter site codes.\n   AFG: k-Kabul / Pol-e-Charkhi 34N35-69E12\n        x-Khost 33N14-69E49\n\
                    \x20  AIA: The Valley 18N13-63W01\n   B:   b-Brasilia, DF 15S36'40\"-47W53'08\"\n   ALG: b-Bechar\n";
        let sites = Sites::read(text.as_bytes());
        let at = |country, remark| {
            sites
                .find(country, remark)
                .1
                .map(|place| (place.latitude, place.longitude))
        };
        assert_eq!(at("AFG", "x").map(|at| at.0), Some(33.0 + 14.0 / 60.0));
        assert_eq!(at("AIA", "").map(|at| at.1), Some(-(63.0 + 1.0 / 60.0)));
        let brasilia = at("D", "/B-b").expect("abroad");
        assert!(
            (brasilia.0 + 15.611_111).abs() < 1e-6 && brasilia.1 < -47.8,
            "{brasilia:?}"
        );
        assert_eq!(sites.find("D", "/ALG-b"), ("ALG".to_owned(), None));
        assert_eq!(at("XYZ", ""), None);
    }
}
