//! What registers say about an assignment beyond what a verdict needs: kept, so that nothing a format carries is lost.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};
use serde::{Deserialize, Serialize};

/// Particulars of an assignment. Absent ones are not written, so a record without any is stored as before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Details {
    /// Whether the frequency is sent on, received on, or both.
    #[serde(skip_serializing_if = "Role::is_transmit")]
    pub role: Role,
    /// All emissions of the assignment, where the source states more than one or more than the designator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emissions: Vec<Emission>,
    /// Class of station (RR Appendix 4 or national), such as `FX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station_class: Option<String>,
    /// Country of the station, as the source codes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Ground at the antenna above mean sea level, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground_elevation_m: Option<f64>,
    /// Power supplied to the antenna, dBm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_dbm: Option<f64>,
    /// Effective radiated power relative to a half-wave dipole, dBm, where the source states it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erp_dbm: Option<f64>,
    /// Transmitting antenna; the receiving one of a receive-only assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antenna: Option<Antenna>,
    /// Transmitter or receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equipment: Option<Equipment>,
    /// What its reception is protected against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protection: Option<Protection>,
    /// Area of operation other than a circle, which is in the assignment's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// When it may be used; empty: always, within its validity.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Date that decides who came first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precedence: Option<Timestamp>,
    /// Security classification as the source writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// Whom a classified record may be released to nevertheless: names of roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub releasability: Vec<String>,
    /// Fields of the source that have no place above, by their name in the source.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<String, String>,
    /// The rows of the source as they were, with where they stood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raw: Vec<Raw>,
}

/// Direction of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The station sends.
    #[default]
    Transmit,
    /// The station receives and is protected; it licenses no emission.
    Receive,
    /// Both.
    Both,
}

impl Role {
    fn is_transmit(&self) -> bool {
        *self == Self::Transmit
    }

    /// Whether the station may send.
    #[must_use]
    pub fn transmits(self) -> bool {
        self != Self::Receive
    }

    /// Whether the station receives.
    #[must_use]
    pub fn receives(self) -> bool {
        self != Self::Transmit
    }
}

/// One emission of an assignment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Emission {
    /// Designator as written in the source.
    pub designator: String,
    /// Bit rate or modulation rate as written, with its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Modulation in words, such as `64 QAM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modulation: Option<String>,
}

/// An antenna.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Antenna {
    /// Maker and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Gain relative to an isotropic antenna, dBi.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain_dbi: Option<f64>,
    /// Direction of greatest radiation, degrees clockwise from true north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azimuth_deg: Option<f64>,
    /// Angle below the horizon, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tilt_deg: Option<f64>,
    /// Half-power beamwidth, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beamwidth_deg: Option<f64>,
    /// Polarization as the source codes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polarization: Option<String>,
    /// Height of the centre above ground, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_m: Option<f64>,
    /// Height above average terrain, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub haat_m: Option<f64>,
    /// Loss between transmitter and antenna, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feeder_loss_db: Option<f64>,
    /// Horizontal pattern: azimuth in degrees (relative to `azimuth_deg`) and gain relative to the greatest, dB.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pattern: Vec<(f64, f64)>,
}

/// A transmitter or receiver.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Equipment {
    /// Maker and model, or nomenclature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Type approval (CMIIT ID, FCC ID, J/F 12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Least power at its input that the receiver works with, dBm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity_dbm: Option<f64>,
    /// Noise figure of the receiver, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_figure_db: Option<f64>,
}

/// Permissible interference (RR 1.167) at the receiving station. Where several limits are stated, all of them hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Protection {
    /// Interference over the receiver's own noise, I/N, dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub i_n_db: Option<f64>,
    /// Interfering power in the receiver's band, out of an isotropic antenna, dBm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_dbm: Option<f64>,
    /// Interfering field strength in the receiver's band, dB(µV/m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_dbuv_m: Option<f64>,
    /// Share of the time in which the limits may be exceeded, percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_percent: Option<f64>,
}

/// An area of operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Between two parallels and two meridians, degrees; `west` above `east` crosses the 180th meridian.
    Rectangle {
        /// Southern edge.
        south: f64,
        /// Western edge.
        west: f64,
        /// Northern edge.
        north: f64,
        /// Eastern edge.
        east: f64,
    },
    /// A polygon: latitude and longitude of its corners, degrees.
    Polygon(Vec<(f64, f64)>),
    /// Named by the source: a state, a country, a code.
    Named(String),
}

impl Area {
    /// Whether a point (degrees north and east) lies inside; nothing where the area is only named.
    #[must_use]
    pub fn contains(&self, latitude: f64, longitude: f64) -> Option<bool> {
        match self {
            Self::Named(_) => None,
            Self::Rectangle {
                south,
                west,
                north,
                east,
            } => {
                let across = if west <= east {
                    (*west..=*east).contains(&longitude)
                } else {
                    longitude >= *west || longitude <= *east
                };
                Some(across && (*south..=*north).contains(&latitude))
            }
            // Even-odd: a ray eastwards crosses the outline an odd number of times from inside.
            Self::Polygon(corners) => {
                let mut inside = false;
                for (n, &(lat_a, lon_a)) in corners.iter().enumerate() {
                    let (lat_b, lon_b) = corners[(n + 1) % corners.len()];
                    let crosses = (lat_a > latitude) != (lat_b > latitude);
                    if crosses && longitude < lon_a + (latitude - lat_a) / (lat_b - lat_a) * (lon_b - lon_a) {
                        inside = !inside;
                    }
                }
                Some(inside)
            }
        }
    }
}

/// A weekly window of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Window {
    /// Days on which it begins, Monday the lowest of seven bits.
    pub days: u8,
    /// First minute of the day.
    pub from_min: u16,
    /// First minute no longer in it; at or before `from_min` it is on the next day.
    pub to_min: u16,
    /// `UTC` or an offset such as `+08:00`.
    pub zone: String,
}

impl Window {
    /// Every day of the week.
    pub const DAILY: u8 = 0x7f;

    /// Whether the instant lies in the window; nothing where the zone is neither `UTC` nor an offset.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> Option<bool> {
        let local = offset(&self.zone)?.to_datetime(instant);
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).ok()?;
        let today = 1_u8 << local.date().weekday().to_monday_zero_offset();
        let yesterday = if today == 1 { 1 << 6 } else { today >> 1 };
        let crosses = self.to_min <= self.from_min;
        let begun_today = self.days & today != 0 && minute >= self.from_min && (crosses || minute < self.to_min);
        let from_yesterday = crosses && self.days & yesterday != 0 && minute < self.to_min;
        Some(begun_today || from_yesterday)
    }
}

/// The offset of `UTC` or a zone such as `+08:00`; nothing for others.
#[must_use]
pub fn offset(zone: &str) -> Option<Offset> {
    if matches!(zone, "UTC" | "Z") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A row of a source as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Raw {
    /// File and line, such as `FR.dat:17`.
    pub source: String,
    /// The text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_crosses_midnight_belongs_to_the_day_it_begins_on() {
        let window = Window {
            days: 0b001_0000,
            from_min: 23 * 60,
            to_min: 60,
            zone: "+08:00".to_owned(),
        };
        // 2026-01-02 is a Friday.
        for (instant, inside) in [
            ("2026-01-02T22:59:00+08:00", false),
            ("2026-01-02T23:00:00+08:00", true),
            ("2026-01-03T00:59:59+08:00", true),
            ("2026-01-03T01:00:00+08:00", false),
            ("2026-01-02T00:30:00+08:00", false),
            ("2026-01-03T23:30:00+08:00", false),
        ] {
            let instant: Timestamp = instant.parse().expect("instant");
            assert_eq!(window.contains(instant), Some(inside), "{instant}");
        }
        let whole_day = Window {
            days: Window::DAILY,
            from_min: 0,
            to_min: 1440,
            zone: "UTC".to_owned(),
        };
        assert_eq!(whole_day.contains(Timestamp::UNIX_EPOCH), Some(true));
        let named = Window {
            zone: "Asia/Shanghai".to_owned(),
            ..whole_day
        };
        assert_eq!(named.contains(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn a_record_without_particulars_is_written_as_nothing() {
        let text = serde_json::to_string(&Details::default()).expect("written");
        assert_eq!(text, "{}");
        assert_eq!(serde_json::from_str::<Details>(&text).ok(), Some(Details::default()));
    }
}
