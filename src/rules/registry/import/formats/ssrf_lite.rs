//! ssrf-lite 0.5 (YAML): assignments with their radio chain or channel of a plan, station, place and antenna.
//!
//! An assignment of a channel plan belongs to no place. One without an authorisation, or whose channel is only
//! received, licenses nothing and is receive-only. Aliases cannot multiply: the parser has a budget.

use std::{collections::HashMap, io::Read};

use serde_json::Value;

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft},
    decode::{self, Fallback},
    numbers,
    rows::unreadable,
};
use crate::{
    registry::{
        Assignment, Role,
        designator::{self, Class},
        details::{Antenna, Details},
        import::ImportReport,
    },
    units::Hertz,
};

/// Longest file.
const LONGEST: u64 = 64 << 20;

/// Reads a file.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("ssrf-lite");
    let mut text = String::new();
    let opened = decode::utf8(reader.take(LONGEST), Fallback::Latin);
    if let Err(error) = opened.and_then(|(mut reader, _)| reader.read_to_string(&mut text)) {
        return collector.stopped(unreadable(name, 1, &error.to_string()));
    }
    let document: Value = match serde_saphyr::from_str(&text) {
        Ok(document) => document,
        Err(error) => return collector.stopped(unreadable(name, 1, &error.to_string())),
    };
    let document = Document::new(&document);
    let columns = Columns::new(["id", "field"]);
    for assignment in document.list("assignments") {
        let id = string(assignment, "id").unwrap_or_default();
        let raw = assignment.to_string();
        let mut cells = Cells::new(&columns, name, line(&text, &id), vec![id.clone(), String::new()], raw);
        let record = document.assignment(assignment, &id, &mut cells);
        collector.row(record.into_iter().collect(), cells.faults);
    }
    collector.done()
}

/// Line of the first entry with this key.
fn line(text: &str, id: &str) -> u64 {
    let found = text.lines().position(|line| {
        let entry = line
            .trim()
            .strip_prefix("- id:")
            .map(|value| value.trim().trim_matches(['"', '\'']));
        entry == Some(id)
    });
    found.map_or(0, |at| at as u64 + 1)
}

fn string(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value, key: &str) -> Option<f64> {
    value.get(key)?.as_f64()
}

struct Document<'a> {
    whole: &'a Value,
    by_id: HashMap<&'a str, &'a Value>,
}

impl<'a> Document<'a> {
    fn new(whole: &'a Value) -> Self {
        let lists = whole
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, value)| value.as_array());
        let entries = lists
            .flatten()
            .filter_map(|entry| Some((entry.get("id")?.as_str()?, entry)));
        Self {
            whole,
            by_id: entries.collect(),
        }
    }

    fn list(&self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.whole.get(key).and_then(Value::as_array).into_iter().flatten()
    }

    /// The entry that a key of `value` refers to.
    fn refers(&self, value: &Value, key: &str) -> Option<&'a Value> {
        self.by_id.get(value.get(key)?.as_str()?).copied()
    }

    fn assignment(&self, value: &Value, id: &str, cells: &mut Cells) -> Option<Assignment> {
        if id.is_empty() {
            cells.complain("id", "", "缺少 id", "id is missing: assignments are told apart by it");
            return None;
        }
        let chain = self.refers(value, "rf_chain_id");
        let channel = self.refers(value, "channel_plan_id").and_then(|plan| {
            let name = value.get("channel_name")?;
            plan.get("channels")?
                .as_array()?
                .iter()
                .find(|channel| channel.get("name") == Some(name))
        });
        let (sent, bandwidth) = match (chain, channel) {
            (Some(chain), _) => (chain.get("tx").unwrap_or(chain), chain.get("tx")),
            (None, Some(channel)) => (channel, Some(channel)),
            (None, None) => {
                let en = "neither rf_chain_id nor channel_plan_id with channel_name names an entry of the file";
                cells.complain(
                    "rf_chain_id",
                    id,
                    "rf_chain_id 或 channel_plan_id 与 channel_name 均未指向文件中的条目",
                    en,
                );
                return None;
            }
        };
        let center = sent.get("freq_mhz").and_then(|mhz| numbers::hertz(&plain(mhz)?, 6));
        let Some(center) = center.filter(|hz| (numbers::LOWEST_HZ..=numbers::HIGHEST_HZ).contains(&hz.0)) else {
            cells.complain(
                "freq_mhz",
                id,
                "没有以 MHz 为单位的频率",
                "freq_mhz is missing or no number of MHz",
            );
            return None;
        };
        let emission = string(sent, "emission");
        let width = self.width(emission.as_deref(), bandwidth, cells)?;
        let station = chain.and_then(|chain| self.refers(chain, "station_id"));
        let location = station.and_then(|station| self.refers(station, "location_id"));
        let mut record = draft(format!("ssrf-lite-{id}"), cells, center, width);
        record.designator = emission;
        let owner = station.and_then(|station| self.refers(station, "organization_id"));
        record.holder = owner.and_then(|owner| string(owner, "name")).unwrap_or_default();
        let channel_name = string(value, "channel_name");
        record.station = location
            .and_then(|at| string(at, "name"))
            .or(channel_name)
            .unwrap_or_default();
        record.call_sign = station.and_then(|station| string(station, "call_sign"));
        record.place = location.and_then(|at| {
            let (latitude, longitude) = (number(at, "lat")?, number(at, "lon")?);
            cells.place("lat", latitude, longitude)
        });
        let mut details = self.details(value, chain, cells);
        details.power_dbm = number(sent, "power_w").and_then(numbers::dbm);
        record.details = Some(Box::new(details));
        Some(record)
    }

    fn details(&self, value: &Value, chain: Option<&Value>, cells: &Cells) -> Details {
        let usage = string(value, "usage").unwrap_or_default();
        let licensed = value.get("authorization_id").is_some() && !usage.contains("receive");
        let antenna = chain.and_then(|chain| self.refers(chain, "antenna_id"));
        let fields = value.as_object().into_iter().flatten().filter(|(key, _)| *key != "id");
        let text = |value: &Value| plain(value).unwrap_or_else(|| value.to_string());
        let chain = chain.map(|chain| ("rf_chain".to_owned(), chain.to_string()));
        Details {
            role: if licensed { Role::Transmit } else { Role::Receive },
            antenna: antenna.map(|antenna| Antenna {
                model: string(antenna, "name"),
                gain_dbi: number(antenna, "gain_dbi"),
                height_m: number(antenna, "height_agl_m"),
                ..Antenna::default()
            }),
            extensions: fields
                .map(|(key, value)| (key.clone(), text(value)))
                .chain(chain)
                .collect(),
            raw: vec![cells.raw()],
            ..Details::default()
        }
    }

    fn width(&self, emission: Option<&str>, sent: Option<&Value>, cells: &mut Cells) -> Option<Hertz> {
        let khz = sent
            .and_then(|sent| sent.get("bandwidth_khz"))
            .and_then(|khz| numbers::hertz(&plain(khz)?, 3))
            .filter(|khz| khz.0 > 0);
        if let Some(text) = emission {
            return match designator::parse(text) {
                Ok(read) => Some(read.bandwidth()),
                // A class without a bandwidth takes it from the cell of its own.
                Err(_) if Class::parse(text).is_ok() && khz.is_some() => khz,
                Err(error) => {
                    let zh = format!("第 {} 个字符：{}", error.position, error.reason.zh);
                    let en = format!("character {}: {}", error.position, error.reason.en);
                    cells.complain("emission", text, zh, en);
                    None
                }
            };
        }
        if khz.is_none() {
            let en = "neither emission nor bandwidth_khz: the bandwidth cannot be told";
            cells.complain("emission", "", "没有 emission 或 bandwidth_khz，带宽未知", en);
        }
        khz
    }
}

/// A text or number as written.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_data;

    #[test]
    fn the_three_files_are_read() {
        for (file, least) in [
            ("marine_vhf_channels.yml", 50),
            ("pmr446_analog.yml", 16),
            ("ns9rc_repeaters.yml", 8),
        ] {
            let Some(text) = test_data(&format!("registry/coordination/ssrf_lite/{file}")) else {
                return;
            };
            let report = read(text.as_bytes(), file);
            // Two beacons state a class of emission without a bandwidth.
            let beacons = if file.starts_with("ns9rc") { 2 } else { 0 };
            assert!(
                report.complete && report.bad.iter().all(|bad| bad.value == "A1A"),
                "{:#?}",
                report.bad
            );
            assert_eq!(report.rows_bad, beacons, "{file}");
            assert_eq!(
                report.rows_read as usize,
                text.matches("authorization_id:").count(),
                "{file}"
            );
            assert!(
                report.ok.len() >= least && report.ok.iter().all(|record| !record.source.ends_with(":0")),
                "{file}"
            );
        }
    }

    #[test]
    fn aliases_that_multiply_are_refused() {
        let mut text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let aliases = vec![format!("*l{}", n - 1); 10].join(", ");
            text.push_str(&format!("l{n}: &l{n} [{aliases}]\n"));
        }
        assert!(!read(text.as_bytes(), "bomb.yml").complete);
        assert!(!read(&b"a: [\n"[..], "broken.yml").complete);
    }
}
