//! FCC TV stations: the `parameters.csv` of TVStudy (five lines of preamble, two of headers) and the post-auction
//! `post_auction_parameters.csv`.
//!
//! A station is the whole 6 MHz channel (47 CFR 73.603) with the ATSC designator 6M00C7W, said so in the extension
//! `assumed`. In `parameters.csv` degrees are decimal and positive **west**; in the post-auction file they are integers
//! `DDMMSS` north and west. A distributed transmission system is one assignment for each transmitter; its reference
//! facility (site 0) bounds its coverage and is none. Rows that state the population a station reaches abroad are kept
//! with their station; where the file does not hold it, they are reported.

use std::{collections::HashMap, io::Read};

use super::{
    cells::{Cells, Columns},
    collect::{self, Collector, draft, particulars},
    numbers,
    rows::{COMMA, Fault, Rows, unreadable},
};
use crate::{
    registry::{
        Assignment,
        details::{Antenna, Raw},
        import::ImportReport,
    },
    units::Hertz,
};

const FORMAT: &str = "fcc-tv";
const CHANNEL_HZ: i64 = 6_000_000;
const DESIGNATOR: &str = "6M00C7W";

/// Lower edge of a television channel of the United States (47 CFR 73.603).
fn channel_low(channel: i64) -> Option<Hertz> {
    let mhz = match channel {
        2..=4 => 54 + 6 * (channel - 2),
        5..=6 => 76 + 6 * (channel - 5),
        7..=13 => 174 + 6 * (channel - 7),
        14..=69 => 470 + 6 * (channel - 14),
        _ => return None,
    };
    Some(Hertz(mhz * 1_000_000))
}

/// Reads either file, told apart by its first cell.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new(FORMAT);
    match stations(reader, name, &mut collector) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn stations(reader: impl Read, name: &str, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let mut rows = Rows::new(reader, name, COMMA).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let mut above: Vec<String> = Vec::new();
    for _ in 0..20 {
        let Some(row) = rows.next()? else { break };
        if row.values.first().map(|cell| cell.trim()) != Some("FacID") {
            above = row.values;
            continue;
        }
        if row.values.iter().any(|cell| cell == "PC") {
            let columns = Columns::new(row.values);
            return collect::each(&mut rows, &columns, collector, &mut after_auction);
        }
        let columns = Columns::new(under(&above, row.values));
        return study(&mut rows, &columns, collector);
    }
    let problem = "no line begins with FacID: the file is no list of TV stations of the FCC";
    Err(unreadable(name, 1, problem))
}

/// Names of two header lines in one: `NoiseLimited.Area`, `Antenna.10`.
fn under(above: &[String], below: Vec<String>) -> Vec<String> {
    let mut group = String::new();
    let named = below.into_iter().enumerate().map(|(n, name)| {
        match above.get(n).map(|cell| cell.trim()) {
            Some("Stations") | None => group.clear(),
            Some("") => {}
            Some(title) => title.clone_into(&mut group),
        }
        if group.is_empty() {
            name
        } else {
            format!("{group}.{name}")
        }
    });
    named.collect()
}

/// A station of several transmitters on one channel (distributed transmission system).
struct Network {
    channel: String,
    call: String,
    town: Vec<Option<String>>,
    raw: Raw,
}

/// What a row of the study is.
enum Kind {
    Station,
    /// The head of a distributed transmission system: call sign and channel, no transmitter.
    Network,
    /// One of its transmitters.
    Transmitter,
    /// Its reference facility, which bounds its coverage and does not transmit.
    Reference,
    /// Population reached in another country.
    Abroad,
}

fn kind(cells: &Cells) -> Kind {
    let has = |name: &str| cells.peek(name).is_some();
    match (has("Country"), has("DTSKey")) {
        (true, true) if !has("ERP") => Kind::Network,
        (true, _) => Kind::Station,
        (false, true) if cells.peek("Site") == Some("0") => Kind::Reference,
        (false, true) => Kind::Transmitter,
        (false, false) => Kind::Abroad,
    }
}

/// Stations of a study, each with the rows that state its population abroad.
fn study(rows: &mut Rows<'_>, columns: &Columns, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let mut at: HashMap<(String, String), Option<usize>> = HashMap::new();
    let mut networks: HashMap<(String, String), Network> = HashMap::new();
    let mut later = Vec::new();
    while let Some(mut cells) = rows.cells(columns)? {
        let (Some(facility), Some(key)) = (cells.required("FacID"), cells.required("SrcKey")) else {
            collector.row(Vec::new(), cells.faults);
            continue;
        };
        let key = (facility, key);
        match kind(&cells) {
            Kind::Station => {
                let record = station(&mut cells, &key, None);
                keep(collector, &mut at, key, record, cells);
            }
            Kind::Network => {
                if let Some(network) = network(&mut cells) {
                    networks.insert(key.clone(), network);
                }
                keep(collector, &mut at, key, None, cells);
            }
            kind => later.push((kind, key, cells)),
        }
    }
    for (kind, key, mut cells) in later {
        let parent = cells.peek("DTSKey").map(|parent| (key.0.clone(), parent.to_owned()));
        let network = parent.and_then(|parent| networks.get(&parent));
        match (kind, network) {
            (Kind::Transmitter, Some(network)) => {
                let record = station(&mut cells, &key, Some(network));
                keep(collector, &mut at, key, record, cells);
            }
            (Kind::Reference, Some(_)) => collector.row(Vec::new(), cells.faults),
            (Kind::Abroad, _) if at.contains_key(&key) => {
                let record = at
                    .get(&key)
                    .copied()
                    .flatten()
                    .and_then(|place| collector.report.ok.get_mut(place));
                if let Some(details) = record.and_then(|record| record.details.as_mut()) {
                    details.raw.push(cells.raw());
                }
                collector.row(Vec::new(), cells.faults);
            }
            _ => {
                let zh = "该行是某台站的一部分，而文件中没有该台站".to_owned();
                let en = "a part of a station that the file does not hold (its population abroad, or one of its transmitters)";
                cells.complain("FacID", &key.0, zh, en);
                collector.row(Vec::new(), cells.faults);
            }
        }
    }
    Ok(())
}

/// Takes the record of a row, and remembers where it is.
fn keep(
    collector: &mut Collector<Assignment>,
    at: &mut HashMap<(String, String), Option<usize>>,
    key: (String, String),
    record: Option<Assignment>,
    cells: Cells,
) {
    let place = collector.report.ok.len();
    collector.row(record.into_iter().collect(), cells.faults);
    let kept = (collector.report.ok.len() > place).then_some(place);
    at.entry(key).or_insert(kept);
}

fn network(cells: &mut Cells) -> Option<Network> {
    Some(Network {
        channel: cells.required("Ch")?,
        call: cells.required("Call")?,
        town: vec![cells.text("City"), cells.text("St")],
        raw: cells.raw(),
    })
}

fn station(cells: &mut Cells, (facility, key): &(String, String), network: Option<&Network>) -> Option<Assignment> {
    let mut record = common(cells, format!("fcc-tv-{facility}-{key}"), network)?;
    let (latitude, west) = (cells.number("Lat"), cells.number("Lon"));
    record.place = latitude
        .zip(west)
        .and_then(|(latitude, west)| cells.place("Lat", latitude, -west));
    let site = cells.text("Site").filter(|site| site != "0");
    if let Some(site) = site {
        record.id = format!("{}-{site}", record.id);
    }
    let pattern = (0..36).filter_map(|n| {
        let degrees = n * 10;
        let field = cells.number(&format!("Antenna.{degrees}"))?;
        // Relative field; zero has no logarithm and stands as 60 dB down.
        Some((f64::from(degrees), (20.0 * field.max(0.001).log10()).max(-60.0)))
    });
    let pattern: Vec<_> = pattern.collect();
    let antenna = Antenna {
        model: cells.text("AntID"),
        azimuth_deg: cells.number("Rot"),
        tilt_deg: cells.number("Tilt"),
        haat_m: cells.number("HAAT"),
        pattern,
        ..Antenna::default()
    };
    let mut record = finish(cells, record, antenna)?;
    if let (Some(network), Some(details)) = (network, &mut record.details) {
        details.raw.push(network.raw.clone());
    }
    Some(record)
}

fn after_auction(cells: &mut Cells) -> Vec<Assignment> {
    let Some(facility) = cells.required("FacID") else {
        return Vec::new();
    };
    let site = cells.text("Site").map_or_else(String::new, |site| format!("-{site}"));
    let Some(mut record) = common(cells, format!("fcc-tv-{facility}{site}-post-auction"), None) else {
        return Vec::new();
    };
    let (latitude, west) = (packed(cells, "Lat"), packed(cells, "Lon"));
    record.place = latitude
        .zip(west)
        .and_then(|(latitude, west)| cells.place("Lat", latitude, -west));
    let antenna = Antenna {
        model: cells.text("AntID"),
        azimuth_deg: cells.number("Az"),
        haat_m: cells.number("HAAT"),
        ..Antenna::default()
    };
    finish(cells, record, antenna).into_iter().collect()
}

/// Degrees, minutes and seconds in one integer.
fn packed(cells: &mut Cells, name: &str) -> Option<f64> {
    let text = cells.text(name)?;
    let value = text.parse::<i32>().ok().and_then(|signed| {
        let number = signed.unsigned_abs();
        let (degrees, minutes, seconds) = (number / 10_000, number / 100 % 100, number % 100);
        // Seconds rounded up to 60 are a minute.
        let rounded = seconds == 60;
        let (minutes, seconds) = if rounded { (minutes, 59) } else { (minutes, seconds) };
        let angle = numbers::degrees(f64::from(degrees), f64::from(minutes), f64::from(seconds), "N")?;
        let angle = if rounded { angle + 1.0 / 3600.0 } else { angle };
        // West is positive: Guam is negative.
        Some(if signed < 0 { -angle } else { angle })
    });
    if value.is_none() {
        let en = "no angle: degrees, minutes and seconds in one number, DDMMSS";
        cells.complain(name, &text, "不是角度：应为度分秒连写 DDMMSS", en);
    }
    value
}

/// Channel, call sign, power and what else both files state.
fn common(cells: &mut Cells, id: String, network: Option<&Network>) -> Option<Assignment> {
    let stated = cells.text("Ch");
    let text = match network {
        Some(network) => network.channel.clone(),
        None => stated.or_else(|| cells.required("Ch"))?,
    };
    let low = text.parse().ok().and_then(channel_low);
    let Some(low) = low else {
        let en = "no television channel of the United States: 2 to 69";
        cells.complain("Ch", &text, "不是美国电视频道：应为 2–69", en);
        return None;
    };
    let mut record = draft(id, cells, Hertz(low.0 + CHANNEL_HZ / 2), Hertz(CHANNEL_HZ));
    record.designator = Some(DESIGNATOR.to_owned());
    record.service = Some("BROADCASTING".to_owned());
    let town = match network {
        Some(network) => {
            record.call_sign = Some(network.call.clone());
            network.town.clone()
        }
        None => {
            record.call_sign = cells.required("Call");
            vec![cells.text("City"), cells.text("St")]
        }
    };
    let town = town.into_iter().flatten().collect::<Vec<_>>().join(", ");
    record.station = format!("{} {town}", record.call_sign.clone().unwrap_or_default())
        .trim()
        .to_owned();
    let kilowatts = cells.number("ERP");
    let erp = kilowatts.and_then(|kilowatts| numbers::dbm(kilowatts * 1000.0));
    if erp.is_none() {
        let en = "no power: the ERP is a number of kilowatts above zero";
        cells.complain("ERP", "", "没有功率：ERP 应为大于零的千瓦数", en);
    }
    record.eirp_dbm = erp.map(|erp| erp + numbers::DIPOLE_DBI);
    Some(record)
}

fn finish(cells: &mut Cells, mut record: Assignment, antenna: Antenna) -> Option<Assignment> {
    let country = cells.text("Country").unwrap_or_else(|| "US".to_owned());
    let mut details = particulars(cells);
    details.country = Some(country);
    details.erp_dbm = record.eirp_dbm.map(|eirp| eirp - numbers::DIPOLE_DBI);
    details.antenna = Some(antenna);
    details
        .extensions
        .insert("assumed".to_owned(), format!("designator {DESIGNATOR}"));
    record.details = Some(Box::new(details));
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_data;

    #[test]
    fn channels_are_those_of_the_plan() {
        for (channel, mhz) in [(2, 54), (5, 76), (7, 174), (14, 470), (36, 602), (69, 800)] {
            assert_eq!(channel_low(channel), Some(Hertz(mhz * 1_000_000)), "{channel}");
        }
        assert_eq!(channel_low(1).or(channel_low(70)), None);
    }

    #[test]
    fn every_station_of_the_study_is_read_and_lies_in_america() {
        let Some(text) = test_data("registry/registers/fcc_tv/parameters_us.csv") else {
            return;
        };
        let report = read(text.as_bytes(), "parameters_us.csv");
        assert!(report.complete);
        assert_eq!(report.rows_read, 1600);
        assert!(report.bad.iter().all(|bad| bad.field == "FacID"), "{:#?}", report.bad);
        assert_eq!(
            (report.rows_bad, report.ok.len()),
            (38, 1457 + 20),
            "the extract lacks the stations of 38 rows"
        );
        for record in &report.ok {
            let place = record.place.expect("a place");
            assert!(
                (-180.0..-60.0).contains(&place.longitude) || place.longitude > 140.0,
                "{place:?}"
            );
        }
        let kyes = &report.ok[0];
        let details = kyes.details.as_ref().expect("particulars");
        assert_eq!(
            (kyes.call_sign.as_deref(), kyes.band().low()),
            (Some("KYES-TV"), Hertz(76_000_000))
        );
        let antenna = details.antenna.as_ref().expect("antenna");
        assert_eq!(antenna.pattern.len(), 36);
        assert!((details.erp_dbm.expect("ERP") - 71.76).abs() < 0.01, "15 kW");
        assert_eq!(details.extensions.get("RCAMSL").map(String::as_str), Some("614.500000"));
    }

    #[test]
    fn every_station_after_the_auction_is_read() {
        let Some(text) = test_data("registry/registers/fcc_tv/post_auction_parameters.csv") else {
            return;
        };
        let report = read(text.as_bytes(), "post.csv");
        assert_eq!(
            (report.rows_read, report.rows_bad, report.ok.len()),
            (2074, 0, 2074),
            "{:#?}",
            report.bad
        );
        let place = report.ok[0].place.expect("a place");
        assert!(
            (place.latitude - 61.335_833).abs() < 1e-6 && (place.longitude + 149.515_278).abs() < 1e-6,
            "{place:?}"
        );
    }
}
