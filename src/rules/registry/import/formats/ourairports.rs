//! OurAirports: `navaids.csv` and `airport-frequencies.csv` (public domain), with `airports.csv` beside the latter for
//! the places.
//!
//! The lists name no emissions. Bandwidths are those usual for the kind of station, said so in the extension
//! `assumed`: NDB 2K04A2A (identification tone of 1020 Hz), VOR 20K9A9W (the example of SM.1138), DME and TACAN 650 kHz
//! pulses, voice 6K80A3E, in 8.33 kHz channels 5K00A3E. A DME or TACAN sends on the frequency of its channel
//! (ICAO Annex 10, volume I, 3.5), not on the VHF frequency it is paired with.

use std::{collections::HashMap, io::Read};

use super::{
    cells::{Cells, Columns},
    collect::{self, draft, particulars},
    rows::{COMMA, Rows},
};
use crate::{
    registry::{Assignment, Place, designator, import::ImportReport},
    units::Hertz,
};

const FOOT_M: f64 = 0.3048;

/// Reads `navaids.csv`. A VOR-DME is two assignments: the VOR and the DME.
pub(super) fn navaids(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    collect::table(reader, name, "ourairports-navaids", COMMA, navaid)
}

fn navaid(cells: &mut Cells) -> Vec<Assignment> {
    let (Some(id), Some(kind)) = (cells.required("id"), cells.required("type")) else {
        return Vec::new();
    };
    let listed = cells.frequency("frequency_khz", 3);
    let channel = cells.text("dme_channel");
    let answer = channel.as_deref().and_then(|text| {
        let hz = dme_reply(text);
        if hz.is_none() {
            let en = "no DME channel: write 1X to 126X or 1Y to 126Y, such as 095X";
            cells.complain("dme_channel", text, "不是测距仪波道：应为 1X–126X 或 1Y–126Y", en);
        }
        hz
    });
    let place = cells.point("latitude_deg", "longitude_deg");
    let apart = cells.point("dme_latitude_deg", "dme_longitude_deg");
    let (ident, title) = (cells.text("ident"), cells.text("name"));
    let country = cells.text("iso_country");
    let ground = cells.number("elevation_ft").map(|feet| feet * FOOT_M);
    let mut details = particulars(cells);
    details.country = country;
    details.ground_elevation_m = ground;
    details.extensions.insert("type".to_owned(), kind.clone());
    if let Some(channel) = channel {
        details.extensions.insert("dme_channel".to_owned(), channel);
    }
    let parts: &[&str] = match kind.as_str() {
        "NDB" => &["NDB"],
        "VOR" => &["VOR"],
        "DME" | "TACAN" => &["DME"],
        "VOR-DME" | "VORTAC" => &["VOR", "DME"],
        "NDB-DME" => &["NDB", "DME"],
        other => {
            let en = "no kind of navigation aid: NDB, VOR, DME, TACAN, VOR-DME, VORTAC or NDB-DME";
            cells.complain("type", other, "不是已知的导航设施类型", en);
            return Vec::new();
        }
    };
    let mut records = Vec::new();
    for &part in parts {
        let (center, emission) = match part {
            "NDB" => (listed, "2K04A2A"),
            "VOR" => (listed, "20K9A9W"),
            _ => (answer, "650KV1D"),
        };
        let Some(center) = center else { continue };
        let mut record = draft(
            format!("ourairports-{id}-{}", part.to_lowercase()),
            cells,
            center,
            Hertz(1),
        );
        assume(&mut record, emission);
        record.station = format!("{} {part}", title.clone().unwrap_or_default())
            .trim()
            .to_owned();
        record.call_sign.clone_from(&ident);
        record.service = Some("AERO-RADIONAVIGATION".to_owned());
        record.place = if part == "DME" { apart.or(place) } else { place };
        let mut details = details.clone();
        details
            .extensions
            .insert("assumed".to_owned(), format!("designator {emission}"));
        record.details = Some(Box::new(details));
        records.push(record);
    }
    if records.is_empty() && cells.faults.is_empty() {
        let en = "a DME or TACAN without a channel: its frequency cannot be told";
        cells.complain("dme_channel", "", "测距仪没有波道：无法得知频率", en);
    }
    records
}

fn assume(record: &mut Assignment, emission: &str) {
    if let Ok(read) = designator::parse(emission) {
        record.necessary_bandwidth_hz = read.bandwidth();
        record.designator = Some(emission.to_owned());
    }
}

/// Frequency on which the ground station of a DME channel answers, by ICAO Annex 10, volume I, table A.
fn dme_reply(channel: &str) -> Option<Hertz> {
    let letter = channel.chars().next_back()?;
    let number: i64 = channel[..channel.len() - letter.len_utf8()].trim().parse().ok()?;
    let low = match letter.to_ascii_uppercase() {
        'X' => number <= 63,
        'Y' => number > 63,
        _ => return None,
    };
    let mhz = if low { 961 + number } else { 1087 + number };
    (1..=126).contains(&number).then_some(Hertz(mhz * 1_000_000))
}

/// Reads `airport-frequencies.csv`; `airports` is `airports.csv`, where there is one.
pub(super) fn frequencies(reader: impl Read, airports: Option<impl Read>, name: &str) -> ImportReport<Assignment> {
    let places = airports.map(places).unwrap_or_default();
    collect::table(reader, name, "ourairports-frequencies", COMMA, |cells| {
        frequency(cells, &places)
    })
}

/// An airport as its frequencies need it.
struct Airport {
    place: Option<Place>,
    name: String,
    country: Option<String>,
    elevation_m: Option<f64>,
}

/// Airports by their `id`; rows that cannot be read leave their frequencies without a place.
fn places(reader: impl Read) -> HashMap<String, Airport> {
    let mut found = HashMap::new();
    let Ok(mut rows) = Rows::new(reader, "airports.csv", COMMA) else {
        return found;
    };
    let Ok(Some(header)) = rows.next() else {
        return found;
    };
    let columns = Columns::new(header.values);
    while let Ok(Some(mut cells)) = rows.cells(&columns) {
        if let Some(id) = cells.text("id") {
            let airport = Airport {
                place: cells.point("latitude_deg", "longitude_deg"),
                name: cells.text("name").unwrap_or_default(),
                country: cells.text("iso_country"),
                elevation_m: cells.number("elevation_ft").map(|feet| feet * FOOT_M),
            };
            found.insert(id, airport);
        }
    }
    found
}

fn frequency(cells: &mut Cells, airports: &HashMap<String, Airport>) -> Vec<Assignment> {
    let id = cells.required("id");
    let listed = cells.frequency("frequency_mhz", 6);
    let airport = cells.text("airport_ref").and_then(|id| airports.get(&id));
    let ident = cells.text("airport_ident");
    let (kind, words) = (cells.text("type"), cells.text("description"));
    let (Some(id), Some(listed)) = (id, listed) else {
        return Vec::new();
    };
    let (center, narrow) = air_channel(listed);
    let emission = if narrow { "5K00A3E" } else { "6K80A3E" };
    let mut record = draft(format!("ourairports-frequency-{id}"), cells, center, Hertz(1));
    assume(&mut record, emission);
    let called = [words, kind.clone()].into_iter().flatten().next().unwrap_or_default();
    let town = airport.map_or_else(|| ident.clone().unwrap_or_default(), |airport| airport.name.clone());
    record.station = format!("{town} {called}").trim().to_owned();
    record.service = Some("AERO-MOBILE-R".to_owned());
    record.place = airport.and_then(|airport| airport.place);
    let mut details = particulars(cells);
    details.station_class = Some("FA".to_owned());
    details.country = airport.and_then(|airport| airport.country.clone());
    details.ground_elevation_m = airport.and_then(|airport| airport.elevation_m);
    let mut note = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            details.extensions.insert(name.to_owned(), value);
        }
    };
    note("airport_ident", ident);
    note("type", kind);
    note("assumed", Some(format!("designator {emission}")));
    if center != listed {
        note("channel", Some(format!("{:.3}", listed.as_f64() / 1e6)));
    }
    record.details = Some(Box::new(details));
    vec![record]
}

/// Carrier of a channel of the VHF band of the aeronautical mobile service, and whether it is an 8.33 kHz channel.
///
/// In 118–137 MHz a number with three decimals names a channel (ICAO Annex 10, volume V, table 4-1): within each 25 kHz,
/// +0 is the 25 kHz channel, +5, +10 and +15 are the 8.33 kHz channels at +0, +8⅓ and +16⅔ kHz. +20 is the shortened
/// name of the next 25 kHz channel (118.02 for 118.025).
fn air_channel(listed: Hertz) -> (Hertz, bool) {
    if !(118_000_000..137_000_000).contains(&listed.0) {
        return (listed, false);
    }
    let base = listed.0 - listed.0 % 25_000;
    match listed.0 % 25_000 {
        5_000 => (Hertz(base), true),
        10_000 => (Hertz(base + 8_333), true),
        15_000 => (Hertz(base + 16_667), true),
        20_000 => (Hertz(base + 25_000), false),
        _ => (listed, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_data;

    #[test]
    fn channels_are_turned_into_carriers() {
        for (name, hz, narrow) in [
            (118_000_000, 118_000_000, false),
            (118_005_000, 118_000_000, true),
            (118_010_000, 118_008_333, true),
            (120_605_000, 120_600_000, true),
            (118_015_000, 118_016_667, true),
            (132_120_000, 132_125_000, false),
            (282_125_000, 282_125_000, false),
        ] {
            assert_eq!(air_channel(Hertz(name)), (Hertz(hz), narrow), "{name}");
        }
        for (channel, mhz) in [
            ("17X", 978),
            ("017x", 978),
            ("1Y", 1088),
            ("64X", 1151),
            ("126Y", 1087),
            ("0X", 0),
            ("9", 0),
            ("", 0),
        ] {
            assert_eq!(dme_reply(channel).map_or(0, |hz| hz.0 / 1_000_000), mhz, "{channel}");
        }
    }

    #[test]
    fn every_navigation_aid_is_read_but_those_without_a_frequency() {
        let Some(text) = test_data("registry/registers/ourairports/navaids.csv") else {
            return;
        };
        let report = navaids(text.as_bytes(), "navaids.csv");
        assert!(report.complete);
        assert_eq!((report.rows_read, report.rows_bad), (6000, 4), "{:#?}", report.bad);
        for bad in &report.bad {
            assert!(
                bad.field == "frequency_khz" && bad.value.starts_with('-') || bad.field == "dme_channel",
                "{bad:?}"
            );
        }
        let dme = report.ok.iter().filter(|record| record.id.ends_with("-dme")).count();
        assert_eq!((dme, report.ok.len()), (2219, 7879), "a VOR-DME is two assignments");
        assert!(report.ok.iter().all(|record| record.place.is_some()));
        let dme_of_nanaimo = report.ok.iter().find(|record| record.id == "ourairports-85050-dme");
        assert!(dme_of_nanaimo.is_none(), "an NDB has no DME");
        let first = &report.ok[0];
        assert_eq!(
            (first.center_hz, first.call_sign.as_deref()),
            (Hertz(373_000), Some("1A"))
        );
    }

    #[test]
    fn airport_frequencies_take_their_place_from_the_list_of_airports() {
        let Some(text) = test_data("registry/registers/ourairports/airport-frequencies_asia_eu.csv") else {
            return;
        };
        let airports = "\"id\",\"ident\",\"name\",\"latitude_deg\",\"longitude_deg\",\"elevation_ft\",\"iso_country\"\n\
                        2183,\"EDAB\",\"Bautzen\",51.193531,14.519747,568,\"DE\"\n";
        let report = frequencies(text.as_bytes(), Some(airports.as_bytes()), "f.csv");
        assert_eq!((report.rows_read, report.rows_bad), (2724, 0), "{:#?}", report.bad);
        let chinese = |record: &&Assignment| {
            let ident = record
                .details
                .as_ref()
                .and_then(|details| details.extensions.get("airport_ident"));
            ident.is_some_and(|ident| ident.starts_with('Z'))
        };
        assert_eq!(report.ok.iter().filter(chinese).count(), 210);
        let bautzen: Vec<_> = report
            .ok
            .iter()
            .filter(|record| record.station.starts_with("Bautzen"))
            .collect();
        assert!(bautzen.len() >= 3 && bautzen.iter().all(|record| record.place.is_some()));
        assert!(
            report.ok.iter().any(|record| record.place.is_none()),
            "the others have none"
        );
    }
}
