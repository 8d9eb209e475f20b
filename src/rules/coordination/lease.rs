//! What an agreed request is in the register: assignments that end, and which two of them may not both be in force.

use jiff::Timestamp;

use super::{Decision, Request, times::Validity};
use crate::{
    registry::{Assignment, Details, control::ControlArea, details::Antenna, export::CONDITIONS, footprint::Footprint},
    units::{Band, Hertz},
};

/// Whom a classified assignment is released to besides those who are cleared: the civil officers, who coordinated it.
const PARTIES: &str = "civil_officer";

/// What the assignments of a request are called before the running number.
#[must_use]
pub fn assignment_prefix(request: &Request) -> String {
    format!("{}/", request.number.as_deref().unwrap_or(&request.id))
}

/// Whether an assignment is one of the request's own.
#[must_use]
pub fn is_of(assignment: &Assignment, request: &Request) -> bool {
    assignment.source == source(request)
}

fn source(request: &Request) -> String {
    format!("coordination:{}", request.id)
}

/// The assignments a request has in the register in its present state; none before it came into force.
#[must_use]
pub fn assignments(request: &Request) -> Vec<Assignment> {
    let Some(decision) = &request.decision else {
        return Vec::new();
    };
    if !request.state.is_registered() {
        return Vec::new();
    }
    written(request, &Terms::of(decision))
}

/// What may be used, until when.
pub(super) struct Terms<'a> {
    /// The bands.
    pub(super) bands: &'a [Band],
    /// On what conditions, in words.
    pub(super) conditions: Option<&'a str>,
    /// First instant no longer in it.
    pub(super) expires: Timestamp,
}

impl<'a> Terms<'a> {
    /// What was decided.
    pub(super) fn of(decision: &'a Decision) -> Self {
        Self {
            bands: &decision.bands,
            conditions: decision.conditions.as_deref(),
            expires: decision.expires,
        }
    }
}

/// The request on these terms as assignments, one a band.
pub(super) fn written(request: &Request, terms: &Terms<'_>) -> Vec<Assignment> {
    let bands = terms.bands.iter().zip(1..);
    bands.map(|(band, n)| assignment(request, terms, *band, n)).collect()
}

fn assignment(request: &Request, terms: &Terms<'_>, band: Band, n: usize) -> Assignment {
    let proposal = &request.proposal;
    let width = band.width();
    let needed = proposal.necessary_bandwidth().filter(|needed| needed.0 > 0);
    // A band that holds several channels is the user's as a whole.
    let block = needed.is_some_and(|needed| needed.0 * 2 <= width.0);
    let necessary = if block {
        width
    } else {
        needed.unwrap_or(width).min(width)
    };
    let area = match &proposal.place {
        ControlArea::Circle(_) => None,
        ControlArea::Shape(area) => Some(area.clone()),
    };
    let remarks = terms
        .conditions
        .iter()
        .map(|text| (CONDITIONS.to_owned(), (*text).to_owned()));
    let antenna = proposal.antenna_height_m.map(|height| Antenna {
        height_m: Some(height),
        ..Antenna::default()
    });
    Assignment {
        id: format!("{}{n}", assignment_prefix(request)),
        holder: proposal.user.clone(),
        station: proposal.title.clone(),
        call_sign: None,
        center_hz: band.center(),
        necessary_bandwidth_hz: necessary.max(Hertz(1)),
        designator: Some(proposal.designator.clone()),
        service: proposal.service.clone(),
        block,
        tolerance_hz: None,
        place: Footprint::of_area(&proposal.place).around(),
        eirp_dbm: Some(proposal.power.eirp_dbm()),
        valid_from: Some(proposal.time.from),
        valid_to: Some(terms.expires),
        status: request.state.status(),
        source: source(request),
        details: Some(Box::new(Details {
            antenna,
            area,
            windows: proposal.time.windows.clone(),
            precedence: request.submitted_at,
            classification: proposal.classification.clone(),
            releasability: proposal
                .classification
                .as_ref()
                .map_or_else(Vec::new, |_| vec![PARTIES.to_owned()]),
            extensions: remarks.collect(),
            ..Details::default()
        })),
    }
}

/// Whether the rules forbid that both are in force: they would share a frequency, a place and a time. Who wants both
/// changes one of them.
#[must_use]
pub fn clash(a: &Request, b: &Request) -> bool {
    let (Some(one), Some(other)) = (&a.decision, &b.decision) else {
        return false;
    };
    let same_band = one
        .bands
        .iter()
        .any(|band| other.bands.iter().any(|other| band.overlaps(*other)));
    let at = |request: &Request, decision: &Decision| (request.proposal.time.from, decision.expires);
    let ((a_from, a_to), (b_from, b_to)) = (at(a, one), at(b, other));
    let validity = |from, to, windows| Validity {
        from: Some(from),
        to: Some(to),
        windows,
    };
    let same_time =
        validity(a_from, a_to, &a.proposal.time.windows).meets(&validity(b_from, b_to, &b.proposal.time.windows));
    let apart = Footprint::of_area(&a.proposal.place).gap_km(&Footprint::of_area(&b.proposal.place));
    a.id != b.id && same_band && apart <= 0.0 && same_time
}
