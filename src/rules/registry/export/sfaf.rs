//! SFAF (MCEB Pub 7): records that came from SFAF with only those items changed that no longer say what the assignment
//! says, so that an unchanged record comes out as it went in; the others as new records of the key items.
//!
//! New records: 005, 010, 102, 107, 110, 113 to 117, 140, 141, 200 or 207, 300 to 306, 340, 343, 357 to 363, 502, 806; a station
//! that only receives has 400 to 463 instead of 300 to 363. What is longer than its item stands whole in item 520.

use jiff::{Timestamp, tz::Offset};
use sha2::{Digest, Sha256};

use super::{CONDITIONS, ITEM, NOTE};
use crate::{
    registry::{
        Assignment, AssignmentStatus, Details, Place, Role, designator,
        import::formats::sfaf::{File, Record, assignment_of, width},
    },
    units::Hertz,
};

/// Writes assignments as one file.
#[must_use]
pub fn write(assignments: &[Assignment]) -> String {
    assignments
        .iter()
        .map(|assignment| record(assignment).to_string())
        .collect()
}

/// An assignment as a record.
pub(super) fn record(assignment: &Assignment) -> Record {
    let raw = assignment.details.iter().flat_map(|details| &details.raw);
    let known = raw.filter_map(|raw| File::parse(&raw.text).records.into_iter().next());
    let said = known.filter(|record| record.first(110).is_some() && record.first(102).is_some());
    let mut read = said.filter_map(|record| Some((assignment_of(&record)?, record)));
    match read.next() {
        Some((said, record)) => changed(assignment, &said, record),
        None => new(assignment),
    }
}

/// The record of the source with what changed since.
fn changed(assignment: &Assignment, said: &Assignment, mut record: Record) -> Record {
    if said.status != assignment.status {
        record.put(10, None, Some(action(assignment.status, "M")));
    }
    for ((number, old), (_, new)) in items(said).into_iter().zip(items(assignment)) {
        if old != new {
            // Of several designators the one that was shown is changed.
            let old = old.as_deref().filter(|_| number == 114);
            record.put(number, old, new.as_deref());
        }
    }
    record
}

/// What the fields of an assignment say, as items.
fn items(a: &Assignment) -> [(u16, Option<String>); 8] {
    let radius = a.place.filter(|place| place.radius_km > 0.0);
    [
        (110, Some(frequency(a))),
        (114, designator(a)),
        (140, a.valid_from.and_then(|day| date(day, false))),
        (141, a.valid_to.and_then(|day| date(day, true))),
        (301, start(&a.station, 24)),
        (303, a.place.map(coordinates)),
        (304, a.call_sign.as_deref().and_then(line)),
        (306, radius.map(|place| format!("{}", place.radius_km.ceil()))),
    ]
}

fn action(status: AssignmentStatus, otherwise: &'static str) -> &'static str {
    match status {
        AssignmentStatus::Cancelled => "D",
        AssignmentStatus::Granted | AssignmentStatus::Suspended => otherwise,
    }
}

/// A record for an assignment of another source.
fn new(a: &Assignment) -> Record {
    let none = Details::default();
    let details = a.details.as_deref().unwrap_or(&none);
    let mut record = Record::default();
    let mut put = |number: u16, value: Option<String>| {
        record.put(number, None, value.as_deref());
    };
    let class = details.classification.as_deref();
    put(
        5,
        class
            .and_then(|class| start(class, 12))
            .or_else(|| Some("U".to_owned())),
    );
    put(10, Some(action(a.status, "N").to_owned()));
    put(102, Some(serial(&a.id)));
    put(107, details.precedence.and_then(|day| date(day, false)));
    put(113, details.station_class.as_deref().and_then(|class| start(class, 4)));
    put(115, details.power_dbm.map(power));
    put(117, a.eirp_dbm.map(|dbm| rounded(dbm, 1)));
    if line(&a.holder).is_some_and(|holder| holder.chars().count() <= 6) {
        put(200, line(&a.holder));
    } else {
        put(207, start(&a.holder, 18));
    }
    // Items of a transmitter begin at 300, those of a receiver at 400.
    let side = if a.role() == Role::Receive { 100 } else { 0 };
    for (number, value) in items(a) {
        let number = if number >= 300 { number + side } else { number };
        put(number, value);
    }
    for (number, value) in equipment(details) {
        put(number + side, value);
    }
    let others = details.emissions.iter().map(|emission| emission.designator.as_str());
    let mut written = vec![a.designator.as_deref().unwrap_or_default()];
    for designator in others {
        if !written.contains(&designator) {
            written.push(designator);
            record.append(114, designator);
        }
    }
    for (number, value) in own_items(details) {
        record.append(number, &value);
    }
    let supplements = supplements(a, details).join("; ");
    record.put(520, None, start(&supplements, 1080).as_deref());
    record
}

/// Item 114; a bandwidth without an emission class is one of a class that is not covered (`X`), because SFAF has no
/// other place for it.
fn designator(a: &Assignment) -> Option<String> {
    let unknown = || {
        let width = u64::try_from(a.necessary_bandwidth_hz.0)
            .ok()
            .filter(|width| *width > 0)?;
        designator::format(width.checked_mul(1000)?, &designator::Class::parse("XXX").ok()?)
    };
    a.designator.clone().or_else(|| if a.block { None } else { unknown() })
}

fn equipment(details: &Details) -> [(u16, Option<String>); 7] {
    let antenna = details.antenna.clone().unwrap_or_default();
    let equipment = details.equipment.clone().unwrap_or_default();
    let polarization = antenna.polarization.filter(|code| code.len() == 1);
    [
        (300, details.country.as_deref().and_then(|code| start(code, 4))),
        // C: commercial model number.
        (
            340,
            equipment
                .model
                .as_deref()
                .and_then(|model| start(model, 18))
                .map(|model| format!("C,{model}")),
        ),
        (343, equipment.approval.as_deref().and_then(|number| start(number, 15))),
        (357, antenna.gain_dbi.map(|gain| rounded(gain, 0))),
        (359, antenna.height_m.map(|height| rounded(height, 0))),
        (
            362,
            antenna.azimuth_deg.map(|azimuth| rounded(azimuth.rem_euclid(360.0), 0)),
        ),
        (363, polarization),
    ]
}

/// Items that are known by their own number, in its order.
fn own_items(details: &Details) -> impl Iterator<Item = (u16, String)> {
    details.extensions.iter().filter_map(|(name, value)| {
        let number: u16 = name.strip_prefix(ITEM)?.split('/').next()?.parse().ok()?;
        // Description of the requirement and acceptable alternates (MCEB Pub 7); the others have at least as many.
        let longest = if number == 502 { 1440 } else { 60 };
        Some((number, start(value, longest)?))
    })
}

/// What does not fit its item, in words.
fn supplements(a: &Assignment, details: &Details) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: Option<&str>, longest: usize| {
        let whole = value.and_then(line).filter(|text| text.chars().count() > longest);
        lines.extend(whole.map(|text| format!("{name}: {text}")));
    };
    say("ID", Some(&a.id).filter(|id| serial(id) != **id).map(String::as_str), 0);
    say("HOLDER", Some(&a.holder), 18);
    say("STATION", Some(&a.station), 24);
    say("SERVICE", a.service.as_deref(), 0);
    say(
        "STATUS",
        (a.status == AssignmentStatus::Suspended).then_some("SUSPENDED"),
        0,
    );
    for (name, extension) in [("NOTE", NOTE), ("CONDITIONS", CONDITIONS)] {
        say(name, details.extensions.get(extension).map(String::as_str), 0);
    }
    let stated = designator(a).as_deref().and_then(width);
    if !a.block && stated != Some(a.necessary_bandwidth_hz) {
        say("NECESSARY BANDWIDTH", Some(&a.necessary_bandwidth_hz.to_string()), 0);
    }
    if !a.block && a.designator.is_none() {
        say("EMISSION CLASS", Some("NOT STATED"), 0);
    }
    lines
}

/// Agency serial number: the key where it fits its ten characters, otherwise ten characters made of it.
fn serial(id: &str) -> String {
    let id = id.strip_prefix("sfaf-").unwrap_or(id);
    let fits = (1..=10).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return id.to_owned();
    }
    let hash = Sha256::digest(id.as_bytes());
    let digits = b"0123456789ABCDEFGHJKLMNPQRSTUVWX";
    hash.iter()
        .take(10)
        .map(|byte| char::from(digits[usize::from(byte % 32)]))
        .collect()
}

/// One line without blanks around it; nothing where nothing is left.
fn line(text: &str) -> Option<String> {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

fn start(text: &str, length: usize) -> Option<String> {
    line(&line(text)?.chars().take(length).collect::<String>())
}

/// A number with at most so many decimals.
fn rounded(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Item 115: unit letter and number, of watts.
fn power(dbm: f64) -> String {
    let watts = 10_f64.powf((dbm - 30.0) / 10.0);
    let (letter, value) = match watts {
        1e6.. => ('M', watts / 1e6),
        1e3.. => ('K', watts / 1e3),
        _ => ('W', watts),
    };
    // Five significant digits, which is what nine characters hold.
    let decimals = (4 - value.max(1e-9).log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{letter}{text}")
}

/// Item 110: unit letter and number, of the centre or of both edges.
fn frequency(assignment: &Assignment) -> String {
    let write = |hz: Hertz| {
        let (letter, scale) = match hz.0 {
            0..30_000_000 => ('K', 3),
            30_000_000..3_000_000_000 => ('M', 6),
            _ => ('G', 9),
        };
        let (whole, part) = (hz.0 / 10_i64.pow(scale), hz.0 % 10_i64.pow(scale));
        let part = format!("{part:0width$}", width = scale as usize);
        match part.trim_end_matches('0') {
            "" => format!("{letter}{whole}"),
            part => format!("{letter}{whole}.{part}"),
        }
    };
    let band = assignment.band();
    if assignment.block {
        format!("{}-{}", write(band.low()), write(band.high()))
    } else {
        write(assignment.center_hz)
    }
}

/// A day as `YYYYMMDD`; the end of a validity is its last day.
fn date(instant: Timestamp, end: bool) -> Option<String> {
    let date = Offset::UTC.to_datetime(instant).date();
    let date = if end { date.yesterday().ok()? } else { date };
    Some(date.strftime("%Y%m%d").to_string())
}

/// `614726N1655811W`.
fn coordinates(place: Place) -> String {
    let pack = |degrees: f64, width: usize| {
        let seconds = (degrees.abs() * 3600.0).round() as u64;
        format!("{:0width$}{:02}{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    };
    let (ns, ew) = (
        if place.latitude < 0.0 { 'S' } else { 'N' },
        if place.longitude < 0.0 { 'W' } else { 'E' },
    );
    format!("{}{ns}{}{ew}", pack(place.latitude, 2), pack(place.longitude, 3))
}
