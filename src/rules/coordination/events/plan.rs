//! The frequency plan: rows of channels with who uses them, where, when and how strong; what is wrong with one, which clash,
//! and which emissions a plan explains.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Event, content::instant};
use crate::{
    coordination::{
        Fault, Kind, Power, Priority, Proposal, Refusal, Span,
        request::{Faults, on_air},
        tasks::Author,
    },
    registry::{
        Place, Text, control::ControlArea, designator, details::Window, disclosure::Classified, footprint::Footprint,
        service,
    },
    units::{Band, Hertz},
};

/// How much wider than its channel an emission may be and still be taken for it. Judgement: edges are measured within a few
/// per cent, and transmitters drift by some.
const MARGIN_SHARE: f64 = 0.1;

/// What is written about a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventRowContent)]
pub struct RowContent {
    /// What the channel is called; in a file the key of the row.
    #[schema(min_length = 1, max_length = 40)]
    pub channel: String,
    /// Assigned (centre) frequency.
    pub center_hz: Hertz,
    /// Width of the channel.
    pub bandwidth_hz: Hertz,
    /// Class of emission: the designator of RR Appendix 1.
    #[schema(max_length = 20)]
    pub designator: String,
    /// Radio service, as a code of the vocabulary such as `LAND-MOBILE`; not known: none.
    #[serde(default)]
    pub service: Option<String>,
    /// Who uses it.
    #[schema(min_length = 1, max_length = 200)]
    pub user: String,
    /// The place in words.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub site: String,
    /// Where; null: in the whole area of the event.
    #[serde(default)]
    pub place: Option<Place>,
    /// First instant; null: with the event.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// First instant no longer in it; null: with the event.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Radiated power.
    pub power: Power,
    /// A key frequency: watched day and night.
    #[serde(default)]
    pub key: bool,
    /// Classification, such as 秘密; the row is then for its own organisation and those who may know. Null: open.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub classification: Option<String>,
    /// Roles a classified row may be released to nevertheless.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub releasability: Vec<String>,
    /// Anything else.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: String,
}

impl RowContent {
    /// The channel as a band.
    #[must_use]
    pub fn band(&self) -> Band {
        Band::around(self.center_hz, self.bandwidth_hz)
    }
}

/// A row of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EventPlanRow)]
pub struct PlanRow {
    /// Public id.
    pub id: String,
    /// Id of the event.
    pub event: String,
    /// Key of the organisation that wrote it.
    pub organisation: String,
    /// What is written.
    pub content: RowContent,
    /// When it was added.
    pub made_at: Timestamp,
    /// Who wrote it last.
    pub written_by: String,
    /// When.
    pub written_at: Timestamp,
    /// Grows with every change; the ETag is made of it.
    pub version: u64,
}

impl Classified for PlanRow {
    fn classification(&self) -> Option<&str> {
        self.content.classification.as_deref()
    }

    fn releasability(&self) -> &[String] {
        &self.content.releasability
    }
}

/// Every field of a row that makes no sense, and what to write instead.
#[must_use]
pub fn row_faults(row: &RowContent) -> Vec<Fault> {
    let mut faults = Faults::default();
    check_texts(row, &mut faults);
    let band = Some(row.bandwidth_hz)
        .filter(|width| (1..=row.center_hz.0.max(0)).contains(&width.0))
        .filter(|_| row.center_hz.0 <= 3_000_000_000_000)
        .map(|_| row.band());
    faults.unless(
        band.as_ref().is_some_and(on_air),
        "center_hz",
        "请给出中心频率和带宽，频段在 1 Hz 至 3000 GHz 之间",
        "give a centre and a bandwidth, the band between 1 Hz and 3000 GHz",
    );
    match designator::parse(&row.designator) {
        Err(error) => faults.0.push(Fault {
            field: "designator",
            reason: error.reason,
        }),
        Ok(read) => faults.unless(
            read.bandwidth() <= row.bandwidth_hz,
            "designator",
            "必要带宽大于信道带宽",
            "its necessary bandwidth is wider than the channel",
        ),
    }
    if let Some(Err(error)) = row.service.as_deref().map(service::parse) {
        let en = error.to_string();
        faults.unless(false, "service", &format!("未知业务代码：{en}"), &en);
    }
    let place = row.place.is_none_or(|place| {
        (-90.0..=90.0).contains(&place.latitude)
            && (-180.0..=180.0).contains(&place.longitude)
            && (0.0..=5_000.0).contains(&place.radius_km)
    });
    faults.unless(
        place,
        "place",
        "纬度 −90 至 90，经度 −180 至 180，半径 0 至 5000 km",
        "give a latitude from -90 to 90, a longitude from -180 to 180 and a radius from 0 to 5000 km",
    );
    faults.unless(
        row.from.zip(row.to).is_none_or(|(from, to)| from < to),
        "to",
        "结束时间应晚于开始时间",
        "give an end after the beginning",
    );
    faults.unless(
        row.power.dbw.is_finite() && (-100.0..=100.0).contains(&row.power.dbw),
        "power",
        "功率应在 −100 至 100 dBW 之间",
        "give a power between -100 and 100 dBW",
    );
    faults.0
}

fn check_texts(row: &RowContent, faults: &mut Faults) {
    let class = row.classification.as_deref().unwrap_or("-");
    for (field, text, least, most) in [
        ("channel", row.channel.as_str(), 1, 40),
        ("user", &row.user, 1, 200),
        ("site", &row.site, 0, 200),
        ("note", &row.note, 0, 1000),
        ("classification", class, 1, 40),
    ] {
        let count = text.trim().chars().count();
        faults.unless(
            (least..=most).contains(&count) && !text.chars().any(char::is_control),
            field,
            &format!("请填写 {least} 至 {most} 字，不含控制字符"),
            &format!("write {least} to {most} characters, without control characters"),
        );
    }
    faults.unless(
        row.releasability.len() <= 10 && row.releasability.iter().all(|role| (1..=40).contains(&role.len())),
        "releasability",
        "最多填写 10 个角色名称",
        "name at most 10 roles",
    );
}

/// Whether this person may change or remove a row: of the organisation that wrote it, the lead office, or the coordinator.
///
/// # Errors
/// It is another organisation's.
pub fn may_change(event: &Event, row: &PlanRow, author: &Author) -> Result<(), Refusal> {
    if author.runs() || [&event.lead, &row.organisation].contains(&&author.organisation) {
        return Ok(());
    }
    Err(Refusal::NotYours(Text::new(
        "仅填写单位、牵头单位和协调员可修改此行",
        "only the organisation that wrote it, the lead office and the coordinator may change this row",
    )))
}

/// When a row is used: its own time, else the event's.
fn time(row: &RowContent, event: &Event) -> [Timestamp; 2] {
    let [from, to] = event.span();
    [row.from.unwrap_or(from), row.to.unwrap_or(to)]
}

fn area(row: &RowContent, event: &Event) -> ControlArea {
    row.place
        .map_or_else(|| event.content.area.clone(), ControlArea::Circle)
}

/// A row as something an office asks for, so that it is checked as requests are. A row without a time of its own is on in the hours
/// of the event, where these are the same on all days.
#[must_use]
pub fn proposal(row: &RowContent, event: &Event) -> Proposal {
    let [from, to] = time(row, event);
    let hours = |day: &super::EventDay| (day.opens_min, day.closes_min);
    let mut days = event.content.days.iter().map(hours);
    let same = days.next().filter(|first| days.all(|other| other == *first));
    let same = same.filter(|(opens, closes)| row.from.is_none() && row.to.is_none() && closes - opens < 1440);
    let windows = same.map(|(opens, closes)| Window {
        days: Window::DAILY,
        from_min: opens,
        to_min: if closes > 1440 { closes - 1440 } else { closes },
        zone: "+08:00".to_owned(),
    });
    Proposal {
        title: row.channel.clone(),
        kind: Kind::Event,
        priority: Priority::Routine,
        from_office: event.lead.clone(),
        to_office: String::new(),
        to: None,
        user: row.user.clone(),
        purpose: row.note.clone(),
        asked: crate::coordination::Asked::Bands(vec![row.band()]),
        designator: row.designator.clone(),
        service: row.service.clone(),
        power: row.power,
        antenna_height_m: None,
        place: area(row, event),
        time: Span {
            from,
            to,
            windows: windows.into_iter().collect(),
        },
        classification: row.classification.clone(),
    }
}

/// Channels of other users that share frequency, place and time with a row, among rows that may be known.
#[must_use]
pub fn clashes<'a>(row: &PlanRow, others: &'a [PlanRow], event: &Event) -> Vec<&'a PlanRow> {
    let (band, [from, to]) = (row.content.band(), time(&row.content, event));
    let here = Footprint::of_area(&area(&row.content, event));
    let meets = |other: &&PlanRow| {
        let [begins, ends] = time(&other.content, event);
        other.id != row.id
            && other.content.user != row.content.user
            && other.content.band().overlaps(band)
            && begins < to
            && from < ends
            && here.gap_km(&Footprint::of_area(&area(&other.content, event))) <= 0.0
    };
    others.iter().filter(meets).collect()
}

/// Whether an emission between these edges, on from one time to another, is one of the plan's: it lies within a channel, but for
/// a small margin, while that is used. Preparations count: a row without a time of its own explains what is on the day before
/// the event opens and the day after it closes.
#[must_use]
pub fn is_planned<'a>(
    rows: impl IntoIterator<Item = &'a RowContent>,
    event: &Event,
    [low, high]: [Hertz; 2],
    [start, stop]: [Timestamp; 2],
) -> bool {
    let [first, last] = [event.content.days.first(), event.content.days.last()];
    let open = first.map(|day| instant(day.date, 0) - jiff::SignedDuration::from_hours(24));
    let over = last.map(|day| instant(day.date, 1440) + jiff::SignedDuration::from_hours(24));
    rows.into_iter().any(|row| {
        let band = row.band();
        let margin = Hertz::from_f64(band.width().as_f64() * MARGIN_SHARE);
        let from = row.from.or(open).unwrap_or(Timestamp::MIN);
        let to = row.to.or(over).unwrap_or(Timestamp::MAX);
        band.low() - margin <= low && high <= band.high() + margin && from <= start && stop <= to
    })
}
