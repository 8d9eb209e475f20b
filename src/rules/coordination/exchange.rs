//! A request in the formats of frequency management: written as proposed or agreed assignments (SFAF, SSRF), and such a
//! file read as requests that are still to be completed.

use jiff::Timestamp;
use serde::Serialize;

use super::{Asked, Power, PowerKind, Request, lease};
use crate::{
    registry::{
        Assignment, AssignmentStatus, Details, Text,
        control::ControlArea,
        details::{Area, Window},
        disclosure::is_open,
        export::{self, ExportError, NOTE, REQUIREMENT},
        import::{
            BadRow,
            formats::{Content, files::Single, read as read_register, recognise},
        },
    },
    units::{Band, Hertz},
};

/// Most requests of one file: a person completes each of them.
const DRAFTS_MAX: usize = 100;
/// Alternates that SFAF has room for.
const OFFERED_MAX: usize = 10;
/// Bands of one request, as [`super::Proposal::faults`] allows.
const BANDS_MAX: usize = 32;

/// What a file says of a request; what is absent is to be completed by who asks.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ReadRequest {
    /// Records it was made of, such as `request.sfaf:1`.
    pub sources: Vec<String>,
    /// Name of the station.
    #[schema(required = true)]
    pub title: Option<String>,
    /// Who is going to use the frequencies.
    #[schema(required = true)]
    pub user: Option<String>,
    /// What for.
    #[schema(required = true)]
    pub purpose: Option<String>,
    /// Which frequencies.
    pub bands: Vec<Band>,
    /// Class of emission: the designator of RR Appendix 1.
    #[schema(required = true)]
    pub designator: Option<String>,
    /// Radio service, as a code of the vocabulary.
    #[schema(required = true)]
    pub service: Option<String>,
    /// Radiated power.
    #[schema(required = true)]
    pub power: Option<Power>,
    /// Height of the antenna above ground, metres.
    #[schema(required = true)]
    pub antenna_height_m: Option<f64>,
    /// Where.
    #[schema(required = true)]
    pub place: Option<ControlArea>,
    /// First instant.
    #[schema(required = true)]
    pub from: Option<Timestamp>,
    /// First instant no longer in it.
    #[schema(required = true)]
    pub to: Option<Timestamp>,
    /// Weekly windows within that.
    pub windows: Vec<Window>,
    /// Classification; none: open.
    #[schema(required = true)]
    pub classification: Option<String>,
}

/// Why a file cannot be read as requests.
#[derive(Debug, Clone, PartialEq)]
pub enum Unread {
    /// The file as a whole.
    File(Text),
    /// These fields of it.
    Rows(Vec<BadRow>),
}

/// The request as a file: what was agreed, or before that what is asked for.
///
/// # Errors
/// It asks for something that fits and has no frequencies yet, the format has no place for one of its fields, or writing failed.
pub fn write(request: &Request, format: export::Format, options: &export::Options) -> Result<Vec<u8>, ExportError> {
    let records = proposed(request)?;
    let records: Vec<&Assignment> = records.iter().collect();
    let mut file = Vec::new();
    export::assignments(format, &records, options, &mut file)?;
    Ok(file)
}

/// Its assignments, with what the request says beyond them.
fn proposed(request: &Request) -> Result<Vec<Assignment>, ExportError> {
    let proposal = &request.proposal;
    let terms = match (&request.decision, &proposal.asked) {
        (Some(decision), _) => lease::Terms::of(decision),
        (None, Asked::Bands(bands)) => lease::Terms {
            bands,
            conditions: None,
            expires: proposal.time.to,
        },
        (None, Asked::Fit { .. }) => {
            return Err(ExportError::Unfit(Text::new(
                "该申请尚无频率（申请合适的频率），审批后方可导出；请先选用一个备选频段。",
                "the request asks for something that fits and has no frequencies yet: choose one of the alternatives first, or export it when it is agreed",
            )));
        }
    };
    let number = request.number.as_deref().unwrap_or("DRAFT");
    let note = if request.state.is_registered() {
        format!("REQUEST {number}")
    } else {
        format!("REQUEST {number}, NO AUTHORISATION: {}", request.state.name())
    };
    let mut records = lease::written(request, &terms);
    for (record, n) in records.iter_mut().zip(1..) {
        // The key of an unnumbered draft means nothing to others.
        (record.id, record.source) = (format!("{number}/{n}"), format!("REQUEST {number}"));
        // A proposal is a record to be added; whether it is agreed says the note.
        if !request.state.is_registered() && !request.state.is_terminal() {
            record.status = AssignmentStatus::Granted;
        }
        let extensions = &mut record.details.get_or_insert_default().extensions;
        extensions.insert(NOTE.to_owned(), note.clone());
        extensions.insert(REQUIREMENT.to_owned(), proposal.purpose.clone());
        // Item 806, acceptable alternates: what a refusal offers.
        let offered = request.offered.iter().zip(1..).take(OFFERED_MAX);
        extensions.extend(offered.map(|(band, n)| (format!("SFAF.806/{n:02}"), alternate(*band))));
    }
    Ok(records)
}

/// `M400.1-M400.125`: item 806 is free text in the manner of 110.
fn alternate(band: Band) -> String {
    let mhz = |hz: Hertz| hz.0 as f64 / 1e6;
    format!("M{}-M{}", mhz(band.low()), mhz(band.high()))
}

/// Reads a file of any format of stations: each record a request, records that differ in the frequency alone one together.
///
/// # Errors
/// Every faulty field, or why the file as a whole cannot be read. Nothing is read then.
pub fn read(name: &str, text: &str) -> Result<Vec<ReadRequest>, Unread> {
    let unread = |zh: String, en: String| Unread::File(Text::new(zh, en));
    let names = [name.to_owned()];
    let Some(format) = recognise(text.as_bytes(), &names) else {
        return Err(unread(
            "无法识别文件格式：请提供 SFAF、SSRF 或台站 CSV 模板。".to_owned(),
            "the format is not recognised: give SFAF, SSRF, or our CSV template of stations".to_owned(),
        ));
    };
    let mut files = Single::new(name, text.as_bytes());
    let imported = read_register(format, &mut files, name).map_err(|error| {
        unread(
            format!("无法读取文件：{error}"),
            format!("the file cannot be read: {error}"),
        )
    })?;
    if !imported.bad.is_empty() {
        return Err(Unread::Rows(imported.bad));
    }
    let Content::Assignments(records) = imported.content else {
        return Err(unread(
            "这是频率划分表，不是用频申请。".to_owned(),
            "this is a table of allocations: give a file of stations".to_owned(),
        ));
    };
    let mut drafts: Vec<ReadRequest> = Vec::new();
    for record in &records {
        let draft = draft(record);
        match drafts.iter_mut().find(|known| known.takes(&draft)) {
            Some(known) => {
                known.bands.extend(draft.bands);
                known.sources.extend(draft.sources);
            }
            None => drafts.push(draft),
        }
    }
    match drafts.len() {
        0 => Err(unread(
            "文件中没有记录。".to_owned(),
            "the file holds no records".to_owned(),
        )),
        1..=DRAFTS_MAX => Ok(drafts),
        many => Err(unread(
            format!("文件中有 {many} 份申请，每次最多 {DRAFTS_MAX} 份：请拆分文件。"),
            format!("the file holds {many} requests, at most {DRAFTS_MAX} are read at once: split it"),
        )),
    }
}

impl ReadRequest {
    /// Whether the other differs in the frequency alone.
    fn takes(&self, other: &Self) -> bool {
        let like = Self {
            bands: self.bands.clone(),
            sources: self.sources.clone(),
            ..other.clone()
        };
        self.bands.len() < BANDS_MAX && *self == like
    }
}

fn draft(record: &Assignment) -> ReadRequest {
    let none = Details::default();
    let details = record.details.as_deref().unwrap_or(&none);
    let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let place = match (&details.area, record.place) {
        (Some(area @ (Area::Rectangle { .. } | Area::Polygon(_))), _) => Some(ControlArea::Shape(area.clone())),
        (_, place) => place.map(ControlArea::Circle),
    };
    let gain = details.antenna.as_ref().and_then(|antenna| antenna.gain_dbi);
    let radiated = record.eirp_dbm.or_else(|| Some(details.power_dbm? + gain?));
    ReadRequest {
        sources: vec![record.source.clone()],
        title: said(&record.station),
        user: said(&record.holder),
        purpose: details.extensions.get(REQUIREMENT).and_then(|text| said(text)),
        bands: vec![record.band()],
        designator: record.designator.clone(),
        service: record.service.clone(),
        power: radiated.map(|dbm| Power {
            // A tenth of a decibel is what the formats hold.
            dbw: ((dbm - 30.0) * 10.0).round() / 10.0,
            kind: PowerKind::Eirp,
        }),
        antenna_height_m: details.antenna.as_ref().and_then(|antenna| antenna.height_m),
        place,
        from: record.valid_from,
        to: record.valid_to,
        windows: details.windows.clone(),
        // What is marked as open says so too.
        classification: details
            .classification
            .as_deref()
            .filter(|_| !is_open(record))
            .and_then(said),
    }
}
