//! What is asked, by whom, and what was decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Addressee, Kind, State};
use crate::{
    registry::{
        Text,
        control::ControlArea,
        designator,
        details::{Area, Window},
        disclosure::Classified,
        service,
    },
    units::{Band, Hertz},
};

/// Highest frequency of the Radio Regulations' definition of radio waves (RR 1.5).
const FREQUENCY_MAX_HZ: i64 = 3_000_000_000_000;
/// Gain of a half-wave dipole, dBi.
const DIPOLE_DBI: f64 = 2.15;
/// Bands of one request.
const BANDS_MAX: usize = 32;
/// Corners of an area.
const CORNERS_MAX: usize = 200;
/// Weekly windows of a request.
const WINDOWS_MAX: usize = 42;

/// The two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Civil radio administrations.
    Civil,
    /// Military spectrum offices.
    Military,
}

impl Side {
    /// The one asked by this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Civil => Self::Military,
            Self::Military => Self::Civil,
        }
    }
}

/// How soon an answer is wanted, in the eyes of who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestPriority)]
pub enum Priority {
    /// In its turn.
    Routine,
    /// Before routine ones.
    Priority,
    /// At once.
    Urgent,
}

/// Which frequencies are asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AskedFrequencies)]
pub enum Asked {
    /// These bands or channels.
    Bands(Vec<Band>),
    /// Something that fits.
    Fit {
        /// Necessary bandwidth.
        bandwidth_hz: Hertz,
        /// Where the equipment can be tuned.
        tuning: Band,
        /// Raster of the equipment's channels, counted from the lower edge of `tuning`.
        raster_hz: Hertz,
    },
}

/// What a power is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PowerKind {
    /// Equivalent isotropically radiated power (RR 1.161).
    Eirp,
    /// Effective radiated power, relative to a half-wave dipole (RR 1.162).
    Erp,
}

/// A radiated power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RadiatedPower)]
pub struct Power {
    /// Level, dBW.
    pub dbw: f64,
    /// What it is measured against.
    pub kind: PowerKind,
}

impl Power {
    /// The same as equivalent isotropically radiated power, dBm.
    #[must_use]
    pub fn eirp_dbm(self) -> f64 {
        let dipole = match self.kind {
            PowerKind::Eirp => 0.0,
            PowerKind::Erp => DIPOLE_DBI,
        };
        self.dbw + 30.0 + dipole
    }
}

/// When.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RequestTime)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// First instant no longer in it.
    pub to: Timestamp,
    /// Weekly windows within that; empty: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
}

/// What an office asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What it is called.
    pub title: String,
    /// Kind of use, which sets the deadlines.
    pub kind: Kind,
    /// How soon an answer is wanted.
    pub priority: Priority,
    /// The office that asks.
    pub from_office: String,
    /// The office that is asked.
    pub to_office: String,
    /// Who decides; the offices of the other side where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Addressee>,
    /// Who is going to use the frequencies.
    pub user: String,
    /// What for.
    pub purpose: String,
    /// Which frequencies.
    pub asked: Asked,
    /// Class of emission: the designator of RR Appendix 1.
    pub designator: String,
    /// Radio service, as a code of the vocabulary such as `LAND-MOBILE`; not known: none.
    pub service: Option<String>,
    /// Radiated power.
    pub power: Power,
    /// Height of the antenna above ground, metres.
    pub antenna_height_m: Option<f64>,
    /// Where: a circle (radius 0: a point), a rectangle or a polygon.
    pub place: ControlArea,
    /// When.
    pub time: Span,
    /// Classification of what comes of it, such as 秘密; it is then for the offices that coordinated it alone. None: open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RequestDecision)]
pub struct Decision {
    /// The bands that may be used.
    pub bands: Vec<Band>,
    /// On what conditions, in words.
    pub conditions: Option<String>,
    /// First instant no longer allowed; it ends or is renewed.
    pub expires: Timestamp,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A request as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CoordinationRequest)]
pub struct Request {
    /// Random public key.
    pub id: String,
    /// Number of the letter, given when it is submitted.
    pub number: Option<String>,
    /// The side that asks.
    pub side: Side,
    /// Key of the organisation whose request it is; that of its side where it is from before there were others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Where it stands.
    pub state: State,
    /// What is asked.
    pub proposal: Proposal,
    /// Who wrote it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Who submitted it.
    pub submitted_by: Option<String>,
    /// When; until then its own side alone sees it.
    pub submitted_at: Option<Timestamp>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Start of the running deadline: that of the decision stands still while information is awaited.
    pub clock: Timestamp,
    /// Reminders sent in this state: 0, 1 reminded, 2 escalated.
    pub reminders: u8,
    /// What was agreed.
    pub decision: Option<Decision>,
    /// Why it was refused, revoked, suspended or withdrawn, in words.
    pub reason: Option<String>,
    /// What those who refused would agree to instead.
    #[serde(default)]
    pub offered: Vec<Band>,
    /// The request of the same side that this one takes up again with other terms.
    #[serde(default)]
    pub follows: Option<String>,
    /// Id of the major event it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Grows with every change.
    pub version: u64,
}

impl Request {
    /// A draft.
    #[must_use]
    pub fn draft(id: String, side: Side, proposal: Proposal, by: String, now: Timestamp) -> Self {
        Self {
            id,
            number: None,
            side,
            organisation: None,
            state: State::Draft,
            proposal,
            created_by: by,
            created_at: now,
            submitted_by: None,
            submitted_at: None,
            since: now,
            clock: now,
            reminders: 0,
            decision: None,
            reason: None,
            offered: Vec::new(),
            follows: None,
            event: None,
            version: 1,
        }
    }
}

/// One fault of a proposal: the field and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field.
    pub field: &'static str,
    /// What to write.
    pub reason: Text,
}

impl Classified for Proposal {
    fn classification(&self) -> Option<&str> {
        self.classification.as_deref()
    }

    fn releasability(&self) -> &[String] {
        &[]
    }
}

impl Proposal {
    /// Necessary bandwidth by the designator; none where it cannot be read.
    #[must_use]
    pub fn necessary_bandwidth(&self) -> Option<Hertz> {
        designator::parse(&self.designator).ok().map(|read| read.bandwidth())
    }

    /// What is wrong with it; empty: nothing.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.check_texts(&mut faults);
        self.check_frequencies(&mut faults);
        faults.unless(
            self.power.dbw.is_finite() && (-100.0..=100.0).contains(&self.power.dbw),
            "power.dbw",
            "功率应在 −100 至 100 dBW 之间",
            "give a power between -100 and 100 dBW",
        );
        faults.unless(
            self.antenna_height_m
                .is_none_or(|height| (0.0..=20_000.0).contains(&height)),
            "antenna_height_m",
            "天线高度应在 0 至 20000 米之间",
            "give a height between 0 and 20000 m",
        );
        check_area(&self.place, "place", false, &mut faults);
        self.time.check(["time.to", "time.windows"], &mut faults);
        faults.0
    }

    fn check_texts(&self, faults: &mut Faults) {
        for (field, text, longest) in [
            ("title", &self.title, 200),
            ("from_office", &self.from_office, 100),
            ("to_office", &self.to_office, 100),
            ("user", &self.user, 200),
            ("purpose", &self.purpose, 4000),
        ] {
            let printable = !text.chars().any(|c| c.is_control() && c != '\n');
            faults.unless(
                !text.trim().is_empty() && text.chars().count() <= longest && printable,
                field,
                &format!("请填写 1 至 {longest} 字，不含控制字符"),
                &format!("write 1 to {longest} characters without control characters"),
            );
        }
        let class = self.classification.as_deref();
        faults.unless(
            class.is_none_or(|text| {
                let length = text.trim().chars().count();
                (1..=40).contains(&length) && !text.chars().any(char::is_control)
            }),
            "classification",
            "密级应为 1 至 40 字；公开的请勿填写此项",
            "write 1 to 40 characters, or leave it out where it is open",
        );
        if let Err(error) = designator::parse(&self.designator) {
            faults.0.push(Fault {
                field: "designator",
                reason: error.reason,
            });
        }
        if let Some(Err(error)) = self.service.as_deref().map(service::parse) {
            let en = error.to_string();
            faults.unless(false, "service", &format!("未知业务代码：{en}"), &en);
        }
    }

    fn check_frequencies(&self, faults: &mut Faults) {
        match &self.asked {
            Asked::Bands(bands) => {
                faults.unless(
                    (1..=BANDS_MAX).contains(&bands.len()) && bands.iter().all(on_air),
                    "asked.bands",
                    "请给出 1 至 32 个频段，下限低于上限，不超过 3000 GHz",
                    "give 1 to 32 bands, each with its lower edge below its upper one, none above 3000 GHz",
                );
                let apart = bands
                    .iter()
                    .enumerate()
                    .all(|(n, band)| bands.iter().skip(n + 1).all(|other| !band.overlaps(*other)));
                faults.unless(
                    apart,
                    "asked.bands",
                    "频段相互重叠：请合并",
                    "two bands overlap: join them",
                );
                let narrow = self
                    .necessary_bandwidth()
                    .is_some_and(|needed| bands.iter().any(|band| on_air(band) && band.width() < needed));
                faults.unless(
                    !narrow,
                    "designator",
                    "必要带宽大于所申请的频段",
                    "its necessary bandwidth is wider than a band that is asked for",
                );
            }
            Asked::Fit {
                bandwidth_hz,
                tuning,
                raster_hz,
            } => {
                faults.unless(
                    on_air(tuning) && bandwidth_hz.0 >= 1 && bandwidth_hz.0 <= tuning.width().0,
                    "asked.fit",
                    "调谐范围应容得下所需带宽，且不超过 3000 GHz",
                    "give a tuning range that holds the bandwidth, not above 3000 GHz",
                );
                faults.unless(
                    !on_air(tuning) || (1..=tuning.width().0).contains(&raster_hz.0),
                    "asked.fit.raster_hz",
                    "信道间隔应大于 0 且不超过调谐范围",
                    "give a raster above zero and not wider than the tuning range",
                );
                faults.unless(
                    self.necessary_bandwidth().is_none_or(|needed| needed <= *bandwidth_hz),
                    "designator",
                    "必要带宽大于所需带宽",
                    "its necessary bandwidth is wider than the bandwidth asked for",
                );
            }
        }
    }
}

/// Whether a band lies within the radio waves. A width is taken of such bands only: others may be wider than the numbers
/// hold.
pub(super) fn on_air(band: &Band) -> bool {
    band.low().0 >= 1 && band.high().0 <= FREQUENCY_MAX_HZ && band.low() < band.high()
}

/// Whether an area is one on earth; a circle `wide` has a radius above zero.
pub(super) fn check_area(place: &ControlArea, field: &'static str, wide: bool, faults: &mut Faults) {
    let on_earth =
        |latitude: f64, longitude: f64| (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
    let good = match place {
        ControlArea::Circle(circle) => {
            on_earth(circle.latitude, circle.longitude)
                && (0.0..=5_000.0).contains(&circle.radius_km)
                && (!wide || circle.radius_km > 0.0)
        }
        ControlArea::Shape(Area::Rectangle {
            south,
            west,
            north,
            east,
        }) => on_earth(*south, *west) && on_earth(*north, *east) && south < north && west != east,
        ControlArea::Shape(Area::Polygon(corners)) => {
            (3..=CORNERS_MAX).contains(&corners.len()) && corners.iter().all(|&(lat, lon)| on_earth(lat, lon))
        }
        ControlArea::Shape(Area::Named(_)) => false,
    };
    if wide {
        faults.unless(
            good,
            field,
            "请给出半径大于 0、不超过 5000 km 的圆，矩形，或 3 至 200 个顶点的多边形；纬度 −90 至 90，经度 −180 至 180（WGS-84）",
            "give a circle with a radius above 0 and up to 5000 km, a rectangle, or a polygon of 3 to 200 corners; latitudes \
             -90 to 90, longitudes -180 to 180 (WGS-84)",
        );
        return;
    }
    faults.unless(
        good,
        field,
        "请给出点或圆（radius_km 0 至 5000）、矩形，或 3 至 200 个顶点的多边形；纬度 −90 至 90，经度 −180 至 180（WGS-84）",
        "give a point or circle (radius_km 0 to 5000), a rectangle, or a polygon of 3 to 200 corners; latitudes -90 to 90, \
         longitudes -180 to 180 (WGS-84)",
    );
}

impl Span {
    /// `fields`: names of the end and of the weekly windows.
    pub(super) fn check(&self, [end, weekly]: [&'static str; 2], faults: &mut Faults) {
        faults.unless(
            self.from < self.to,
            end,
            "结束时间应晚于开始时间",
            "give an end after the beginning",
        );
        let known =
            |window: &Window| window.contains(Timestamp::UNIX_EPOCH).is_some() && window.days & Window::DAILY != 0;
        let minutes = |window: &Window| window.from_min < 1440 && window.to_min <= 1440;
        faults.unless(
            self.windows.len() <= WINDOWS_MAX && self.windows.iter().all(|window| known(window) && minutes(window)),
            weekly,
            "每周时段应有日期、0 至 1440 的分钟数，以及 UTC 或 +08:00 形式的时区，最多 42 个",
            "give weekly windows with days, minutes from 0 to 1440 and a zone such as UTC or +08:00, at most 42",
        );
    }
}

/// Faults as they are found.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn unless(&mut self, good: bool, field: &'static str, zh: &str, en: &str) {
        if !good {
            self.0.push(Fault {
                field,
                reason: Text::new(zh, en),
            });
        }
    }
}
