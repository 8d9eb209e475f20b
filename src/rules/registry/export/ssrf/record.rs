//! Records of other sources as objects of SSRF: organisation, location, antenna, transmitter or receiver, assignment.
//!
//! Serial numbers are made of what an object says, so the same record has the same ones in every file. The schema wants
//! a first day in force: where the source states none it is [`UNKNOWN_START`], which the import reads as none. What has
//! no element, or is longer than one, stands in the remarks of the assignment.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    super::{CONDITIONS, ExportError, NOTE, Options, REQUIREMENT, shape},
    Object,
    element::{Element, decimal, shortened},
    words,
};
use crate::registry::{
    Assignment, AssignmentStatus, Details, Role, designator,
    details::Antenna,
    import::formats::{
        numbers::DIPOLE_DBI,
        ssrf::{REMARK_ID, UNKNOWN_START},
    },
};

/// Who numbers the objects: no administration in particular.
const NUMBERED_BY: &str = "OTH:PNPU";

/// The objects of a record.
pub(super) fn objects(a: &Assignment, options: &Options) -> Result<Vec<Object>, ExportError> {
    let none = Details::default();
    let details = a.details.as_deref().unwrap_or(&none);
    let mut writer = Records {
        class: words::classification(details.classification.as_deref()),
        written_at: Timestamp::from_second(options.written_at.as_second())
            .unwrap_or(options.written_at)
            .to_string(),
        objects: Vec::new(),
    };
    let organisation = writer.organisation(a)?;
    let location = writer.location(a, details)?;
    let antenna = match &details.antenna {
        Some(antenna) => Some(writer.antenna(antenna, a.role())?),
        None => None,
    };
    let equipment = if antenna.is_some() || details.equipment.is_some() {
        Some(writer.equipment(a, details)?)
    } else {
        None
    };
    let refers = Refers {
        organisation,
        location,
        antenna,
        equipment,
    };
    writer.assignment(a, details, &refers)?;
    Ok(writer.objects)
}

/// Serial numbers of what an assignment refers to.
struct Refers {
    organisation: Option<String>,
    location: Option<String>,
    antenna: Option<String>,
    equipment: Option<String>,
}

struct Records {
    class: &'static str,
    written_at: String,
    objects: Vec<Object>,
}

/// `OTH:PNPU:OR:` and fifteen characters made of what the object says.
pub(super) fn serial(kind: &str, facts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for fact in facts {
        hash.update(fact.as_bytes());
        hash.update([0]);
    }
    let digits: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{NUMBERED_BY}:{kind}:{}", &digits[..15])
}

/// The serial number of the assignment of this key: that of its source, or one made of the key.
pub(super) fn assignment_serial(id: &str) -> String {
    let own = id.strip_prefix("ssrf-").filter(|serial| is_serial(serial));
    own.map_or_else(|| serial("AS", &[id]), str::to_owned)
}

impl Records {
    fn object(&self, name: &'static str, serial: &str) -> Result<Element, ExportError> {
        Element::object(name, serial, &self.written_at, self.class)
    }

    fn keep(&mut self, name: &str, serial: &str, element: Element) -> Result<(), ExportError> {
        self.objects.push(Object {
            name: name.to_owned(),
            serial: serial.to_owned(),
            xml: element.done()?,
        });
        Ok(())
    }

    fn organisation(&mut self, a: &Assignment) -> Result<Option<String>, ExportError> {
        if a.holder.trim().is_empty() {
            return Ok(None);
        }
        let serial = serial("OR", &[&a.holder, self.class]);
        let mut out = self.object("Organisation", &serial)?;
        out.short("Name", Some(&a.holder), 100)?;
        self.keep("Organisation", &serial, out)?;
        Ok(Some(serial))
    }

    fn location(&mut self, a: &Assignment, details: &Details) -> Result<Option<String>, ExportError> {
        let rings = shape::area(a);
        let country = details.country.as_deref().and_then(words::place);
        if a.place.is_none() && rings.is_empty() {
            return Ok(None);
        }
        let name = Some(a.station.as_str())
            .filter(|name| !name.trim().is_empty())
            .unwrap_or(&a.id);
        let point = a
            .place
            .map(|place| (longitude(place.longitude), latitude(place.latitude)));
        let facts = format!("{point:?} {rings:?} {country:?} {:?}", details.ground_elevation_m);
        let serial = serial("LO", &[name, &facts, self.class]);
        let mut out = self.object("Location", &serial)?;
        out.short("Name", Some(name), 100)?;
        out.leaf("Country", country)?;
        if let Some((longitude, latitude)) = &point {
            out.open("Point", Some(("idx", "1")))?;
            out.leaf("Lon", Some(longitude))?;
            out.leaf("Lat", Some(latitude))?;
            out.number("TerrainElevation", details.ground_elevation_m, 7, 2)?;
            out.close()?;
        }
        for (ring, idx) in rings.iter().zip(1..) {
            out.open("Polygon", Some(("idx", &format!("{idx}"))))?;
            for (&(lat, lon), sequence) in ring.iter().zip(1..) {
                out.open("PolygonPoint", Some(("sequence", &format!("{sequence}"))))?;
                out.leaf("Lon", Some(&longitude(lon)))?;
                out.leaf("Lat", Some(&latitude(lat)))?;
                out.close()?;
            }
            out.close()?;
        }
        self.keep("Location", &serial, out)?;
        Ok(Some(serial))
    }

    fn antenna(&mut self, antenna: &Antenna, role: Role) -> Result<String, ExportError> {
        let serial = serial("AN", &[&format!("{antenna:?} {role:?}"), self.class]);
        let mut out = self.object("Antenna", &serial)?;
        out.leaf("Generic", Some("No"))?;
        out.leaf("AntType", Some("Other"))?;
        if let Some(model) = &antenna.model {
            out.open("Nomenclature", None)?;
            out.short("Name", Some(model), 100)?;
            out.close()?;
        }
        out.open("AntMode", None)?;
        out.leaf("ModeID", Some("1"))?;
        out.leaf("ModeUse", Some(side(role)))?;
        out.leaf(
            "PolarisationType",
            antenna.polarization.as_deref().and_then(words::polarization),
        )?;
        let beam = antenna.beamwidth_deg.filter(|width| (0.0..=360.0).contains(width));
        out.number("HorzBwMin", beam, 5, 2)?;
        if let Some(gain) = antenna.gain_dbi.and_then(|gain| decimal(gain, 6, 3)) {
            out.open("AntGain", None)?;
            out.leaf("Gain", Some(&gain))?;
            out.close()?;
        }
        let points = antenna
            .pattern
            .iter()
            .filter_map(|(direction, gain)| Some((decimal(direction.rem_euclid(360.0), 5, 2)?, decimal(*gain, 5, 2)?)));
        let points: Vec<_> = points.collect();
        if !points.is_empty() {
            out.open("AntPattern", None)?;
            out.leaf("Type", Some("HH"))?;
            for (direction, gain) in points {
                out.open("AntPatternPoint", None)?;
                out.leaf("Dir", Some(&direction))?;
                out.leaf("Gain", Some(&gain))?;
                out.close()?;
            }
            out.close()?;
        }
        out.close()?;
        self.keep("Antenna", &serial, out)?;
        Ok(serial)
    }

    /// The transmitter, or the receiver of a station that only receives.
    fn equipment(&mut self, a: &Assignment, details: &Details) -> Result<String, ExportError> {
        let equipment = details.equipment.clone().unwrap_or_default();
        let receives = a.role() == Role::Receive;
        let power = details.power_dbm.filter(|_| !receives).map(|dbm| dbm - 30.0);
        let (name, kind) = if receives {
            ("Receiver", "RX")
        } else {
            ("Transmitter", "TX")
        };
        let serial = serial(kind, &[&format!("{equipment:?} {power:?}"), self.class]);
        let mut out = self.object(name, &serial)?;
        out.leaf("Generic", Some(if details.equipment.is_some() { "No" } else { "Yes" }))?;
        out.short("FCCAcceptanceNum", equipment.approval.as_deref(), 50)?;
        if let Some(model) = &equipment.model {
            out.open("Nomenclature", None)?;
            out.short("Name", Some(model), 100)?;
            out.close()?;
        }
        out.open(if receives { "RxMode" } else { "TxMode" }, None)?;
        out.leaf("ModeID", Some("1"))?;
        if let Some(power) = power.and_then(|power| decimal(power, 10, 7)) {
            out.open("Power", None)?;
            out.leaf("PowerMax", Some(&power))?;
            out.close()?;
        }
        out.close()?;
        self.keep(name, &serial, out)?;
        Ok(serial)
    }

    fn assignment(&mut self, a: &Assignment, details: &Details, refers: &Refers) -> Result<(), ExportError> {
        let serial = assignment_serial(&a.id);
        let mut out = self.object("Assignment", &serial)?;
        out.leaf("State", (a.status == AssignmentStatus::Suspended).then_some("Inactive"))?;
        for (remark, idx) in remarks(a, details).iter().zip(1..) {
            out.leaf_with("Remarks", Some(remark), Some(&format!("{idx}")))?;
        }
        out.leaf(
            "UsageType",
            (a.status == AssignmentStatus::Cancelled).then_some("Cancelled/Rejected"),
        )?;
        let from = a
            .valid_from
            .map_or_else(|| UNKNOWN_START.to_owned(), |instant| instant.to_string());
        out.leaf("EffectiveDateTime", Some(&from))?;
        out.leaf(
            "ExpirationDateTime",
            a.valid_to.map(|instant| instant.to_string()).as_deref(),
        )?;
        let first = details.precedence.map(|instant| instant.to_string());
        out.leaf(
            "OriginalAssignmentDate",
            first.as_deref().and_then(|text| text.get(..10)),
        )?;
        configuration(&mut out, a, details, refers)?;
        station(&mut out, a, refers)?;
        link(&mut out, a, details)?;
        self.keep("Assignment", &serial, out)
    }
}

fn configuration(out: &mut Element, a: &Assignment, details: &Details, refers: &Refers) -> Result<(), ExportError> {
    out.open("Configuration", None)?;
    out.leaf("ConfigID", Some("1"))?;
    out.number("PowerLimit", details.power_dbm.map(|dbm| dbm - 30.0), 10, 7)?;
    let class = details.station_class.as_deref().and_then(words::station_class);
    let service = a.service.as_deref().map(words::radio_service);
    if class.is_some() || service.is_some() {
        out.open("Usage", None)?;
        out.leaf("StnClass", class)?;
        out.leaf("RadioService", service)?;
        out.close()?;
    }
    out.open("ConfigFreq", Some(("idx", "1")))?;
    let band = a.band();
    let low = if a.block { band.low() } else { a.center_hz };
    out.leaf("FreqMin", Some(&mhz(low.0.max(0))))?;
    out.leaf("FreqMax", a.block.then(|| mhz(band.high().0)).as_deref())?;
    out.close()?;
    if let Some(equipment) = &refers.equipment {
        let [reference, antenna] = match a.role() {
            Role::Receive => ["RxRef", "RxAntModeRef"],
            Role::Transmit | Role::Both => ["TxRef", "TxAntModeRef"],
        };
        out.open(reference, None)?;
        out.leaf("Serial", Some(equipment))?;
        if let Some(serial) = &refers.antenna {
            out.open(antenna, None)?;
            out.leaf("Serial", Some(serial))?;
            out.leaf("ModeID", Some("1"))?;
            out.close()?;
        }
        out.close()?;
    }
    emission(out, a.designator.as_deref(), Some(a.necessary_bandwidth_hz.0))?;
    for other in &details.emissions {
        if Some(other.designator.as_str()) != a.designator.as_deref() {
            let width = designator::parse(&other.designator).ok().map(|read| read.bandwidth().0);
            emission(out, Some(&other.designator), width)?;
        }
    }
    out.close()
}

fn emission(out: &mut Element, text: Option<&str>, width: Option<i64>) -> Result<(), ExportError> {
    let class = text
        .and_then(|text| designator::parse(text).ok())
        .map(|read| read.class.to_string());
    let width = width.filter(|width| *width > 0);
    if class.is_none() && width.is_none() {
        return Ok(());
    }
    out.open("ConfigEmission", None)?;
    out.leaf("EmsClass", class.as_deref())?;
    out.leaf("NecessaryBwMax", width.map(mhz).as_deref())?;
    out.close()
}

fn station(out: &mut Element, a: &Assignment, refers: &Refers) -> Result<(), ExportError> {
    out.open("Station", None)?;
    out.leaf("StationID", Some("1"))?;
    out.short("CallSign", a.call_sign.as_deref(), 20)?;
    out.short("StationName", Some(&a.station), 100)?;
    if let Some(serial) = &refers.organisation {
        out.open("POCInformation", None)?;
        out.leaf("Type", Some("User"))?;
        out.leaf("Serial", Some(serial))?;
        out.close()?;
    }
    out.open("StationLoc", None)?;
    out.leaf("LocSatRef", refers.location.as_deref())?;
    let radius = a.place.map(|place| place.radius_km).filter(|radius| *radius > 0.0);
    out.number("LocationRadius", radius, 9, 4)?;
    out.close()?;
    out.close()
}

fn link(out: &mut Element, a: &Assignment, details: &Details) -> Result<(), ExportError> {
    let antenna = details.antenna.clone().unwrap_or_default();
    out.open("Link", None)?;
    out.leaf("LinkID", Some("1"))?;
    out.open("StationConfig", None)?;
    out.leaf("Type", Some(side(a.role())))?;
    out.leaf("ConfigID", Some("1"))?;
    out.leaf("StationID", Some("1"))?;
    // EIRP in dBW; an ERP is 2.15 dB less.
    let eirp = a.eirp_dbm.or_else(|| details.erp_dbm.map(|erp| erp + DIPOLE_DBI));
    out.number("EIRPMin", eirp.map(|dbm| dbm - 30.0), 10, 7)?;
    out.number(
        "AntFeedpointHeight",
        antenna.height_m.filter(|height| *height >= 0.0),
        5,
        0,
    )?;
    out.number("FeedlineLoss", antenna.feeder_loss_db, 6, 3)?;
    let azimuth = antenna.azimuth_deg.map(|azimuth| azimuth.rem_euclid(360.0));
    out.number("PointingAzMin", azimuth, 5, 2)?;
    let elevation = antenna.tilt_deg.map(|tilt| -tilt).filter(|angle| angle.abs() <= 90.0);
    out.number("PointingElevMin", elevation, 4, 2)?;
    out.close()?;
    out.close()
}

fn side(role: Role) -> &'static str {
    match role {
        Role::Transmit => "Transmit Only",
        Role::Receive => "Receive Only",
        Role::Both => "Transmit-Receive",
    }
}

/// What has no element or is longer than one, the key first.
fn remarks(a: &Assignment, details: &Details) -> Vec<String> {
    let mut remarks = vec![format!("{REMARK_ID}{}", a.id)];
    let mut say = |name: &str, value: Option<&str>| {
        remarks.extend(
            value
                .filter(|value| !value.trim().is_empty())
                .map(|value| format!("{name}: {value}")),
        );
    };
    let long = |text: &str, longest: usize| shortened(text, longest) != text.trim();
    say("holder", Some(a.holder.as_str()).filter(|text| long(text, 100)));
    say("station", Some(a.station.as_str()).filter(|text| long(text, 100)));
    say("call sign", a.call_sign.as_deref().filter(|text| long(text, 20)));
    say("service", a.service.as_deref());
    let unread = a.designator.as_deref().filter(|text| designator::parse(text).is_err());
    say("designator", unread);
    let antenna = details.antenna.as_ref();
    let polarization = antenna.and_then(|antenna| antenna.polarization.as_deref());
    say(
        "polarization",
        polarization.filter(|text| words::polarization(text).is_none()),
    );
    say(
        "country",
        details.country.as_deref().filter(|text| words::place(text).is_none()),
    );
    let class = details.station_class.as_deref();
    say(
        "station class",
        class.filter(|text| words::station_class(text).is_none()),
    );
    let windows = (!details.windows.is_empty()).then(|| serde_json::to_string(&details.windows).unwrap_or_default());
    say("windows", windows.as_deref());
    for (name, extension) in [("note", NOTE), ("requirement", REQUIREMENT), ("conditions", CONDITIONS)] {
        say(name, details.extensions.get(extension).map(String::as_str));
    }
    remarks
}

/// `[A-Z0-9-]{1,5}:\w{0,4}:[A-Z]{2}:\S{1,15}`.
fn is_serial(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let [country, agency, kind, rest] = parts.as_slice() else {
        return false;
    };
    let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    (1..=5).contains(&country.len())
        && country.chars().all(upper)
        && agency.len() <= 4
        && agency.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && *kind == "AS"
        && (1..=15).contains(&rest.chars().count())
        && rest.chars().all(|c| c.is_ascii_graphic())
}

/// Megahertz, exactly.
pub(super) fn mhz(hz: i64) -> String {
    let part = format!("{:06}", hz % 1_000_000);
    match part.trim_end_matches('0') {
        "" => format!("{}", hz / 1_000_000),
        part => format!("{}.{part}", hz / 1_000_000),
    }
}

/// `DDMMSS.ss` and the hemisphere.
pub(super) fn latitude(degrees: f64) -> String {
    packed(degrees, 2, ['N', 'S'])
}

/// `DDDMMSS.ss` and the hemisphere.
pub(super) fn longitude(degrees: f64) -> String {
    packed(degrees, 3, ['E', 'W'])
}

fn packed(degrees: f64, width: usize, [positive, negative]: [char; 2]) -> String {
    let hundredths = (degrees.abs() * 360_000.0).round() as u64;
    let (whole, minutes, seconds) = (hundredths / 360_000, hundredths / 6000 % 60, hundredths % 6000);
    let letter = if degrees < 0.0 { negative } else { positive };
    let limit = if width == 2 { 90 } else { 180 };
    if whole >= limit {
        return format!("{limit:0width$}0000{letter}");
    }
    format!(
        "{whole:0width$}{minutes:02}{:02}.{:02}{letter}",
        seconds / 100,
        seconds % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_carry_into_the_next_minute() {
        assert_eq!(latitude(59.999_999_99), "600000.00N");
        assert_eq!(longitude(-0.5), "0003000.00W");
        assert_eq!(longitude(-180.0), "1800000W");
        assert_eq!(latitude(90.0), "900000N");
        assert!(is_serial("CAN:IC:AS:8d7020c8df5c4c") && !is_serial("CAN:IC:TX:1") && !is_serial("x"));
    }
}
