//! What a machine can say about a request before a person decides: allocation, stations, other requests, control orders.
//!
//! Only overlapping frequencies are looked at. Two uses whose areas touch while they share a frequency and a time overlap;
//! where the areas are apart, the interference margin of the nearest points is worked out both ways:
//!
//! ```text
//! margin = permissible interference of the receiver (`protection`) − (e.i.r.p. + share of it in the receiver's band − loss)
//! loss   = free space (ITU-R P.525) + diffraction over a smooth Earth (ITU-R P.526)
//! ```
//!
//! Isotropic antennas, no terrain, no clutter: the margin is a screening figure and an office decides. Without a stated power
//! of the other station only the way from the request to it is known.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Asked, CheckRules, Finding, FindingKind, Level, Policy, Proposal, Request, alternatives,
    protection::{self, Criterion, Limit},
    times::Validity,
    wording,
};
use crate::{
    propagation::{SmoothEarth, diffraction_loss_db, free_space_loss_db},
    registry::{
        Allocation, Assignment, AssignmentStatus, Confidence, ControlOrder, Query, Registry, ServiceStatus, Unlisted,
        control::Effect,
        disclosure::{Existence, PublicView},
        footprint::Footprint,
        service,
    },
    units::{Band, Hertz},
};

/// The models of the margins.
pub(super) const MODEL: &str = "ITU-R P.525 free space + P.526 smooth Earth (median, 4/3), isotropic antennas";
/// Shortest distance a loss is worked out for, km.
const NEAREST_KM: f64 = 0.1;
/// Findings that are listed.
const FINDINGS_MAX: usize = 100;

/// What the machine says.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Analysis {
    /// The gravest finding.
    pub level: Level,
    /// The bands that were looked at: those asked for or agreed, or the best that fits.
    pub bands: Vec<Band>,
    /// The findings, gravest first.
    pub findings: Vec<Finding>,
    /// Findings beyond the hundred that are listed.
    pub omitted: usize,
    /// Model of the margins.
    pub model: String,
    /// Version of the register as this audience sees it.
    pub registry_version: String,
    /// Version of the policy with its criteria.
    pub policy_version: String,
    /// When it was made.
    pub at: Timestamp,
}

/// The register as the audience may see it.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// All of it.
    Full(&'a Registry),
    /// Its public part.
    Public(&'a PublicView),
}

impl<'a> View<'a> {
    pub(super) fn registry(self) -> &'a Registry {
        match self {
            Self::Full(registry) => registry,
            Self::Public(view) => &view.registry,
        }
    }

    /// Whether nothing is proposed in this band because its answer is always *ask the other side*.
    pub(super) fn always_asks(self, band: Band) -> bool {
        match self {
            Self::Public(view) => view.always_asks(band),
            _ => false,
        }
    }

    fn existence(self, area: &Footprint, bands: &[Band]) -> Vec<Existence> {
        match self {
            Self::Full(_) => Vec::new(),
            Self::Public(view) => view.existence(area, bands),
        }
    }
}

/// What a request is held against.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The register.
    pub view: View<'a>,
    /// Other requests that are not settled and not in force, as far as the audience may see them.
    pub requests: &'a [Request],
    /// Criteria.
    pub policy: &'a Policy,
    /// The present.
    pub now: Timestamp,
}

/// A station near by, with what does not depend on the band.
pub(super) struct Station<'a> {
    pub(super) assignment: &'a Assignment,
    pub(super) band: Band,
    pub(super) gap_km: f64,
    loss_db: f64,
    limit: Limit,
    is_own: bool,
}

/// Everything in a range of frequencies that a band within it can meet.
pub(super) struct Field<'a> {
    pub(super) proposal: &'a Proposal,
    pub(super) stations: Vec<Station<'a>>,
    pub(super) requests: Vec<(&'a Request, Vec<Band>)>,
    pub(super) orders: Vec<&'a ControlOrder>,
    pub(super) existence: Vec<Existence>,
    rules: &'a CheckRules,
    registry: &'a Registry,
}

/// A finding before it is put into words.
#[derive(Clone)]
pub(super) enum Fact<'a> {
    Allocation(FindingKind, Level, Option<&'a Allocation>),
    Unlisted(Unlisted, &'a Allocation),
    Overlap(&'a Assignment, Level),
    Interference {
        with: &'a Assignment,
        level: Level,
        margin_db: f64,
        gap_km: f64,
        criterion: Criterion,
    },
    Request(&'a Request, Level),
    Order(&'a ControlOrder, Level),
    NoOverlap,
}

impl Fact<'_> {
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Allocation(_, level, _)
            | Self::Overlap(_, level)
            | Self::Interference { level, .. }
            | Self::Request(_, level)
            | Self::Order(_, level) => *level,
            Self::Unlisted(..) => Level::Note,
            Self::NoOverlap => Level::Clear,
        }
    }

    pub(super) fn margin_db(&self) -> Option<f64> {
        match self {
            Self::Interference { margin_db, .. } => Some(*margin_db),
            _ => None,
        }
    }
}

/// The bands a request is about, where they are known.
pub(super) fn bands_of(request: &Request) -> Option<Vec<Band>> {
    match (&request.decision, &request.proposal.asked) {
        (Some(decision), _) => Some(decision.bands.clone()),
        (None, Asked::Bands(bands)) => Some(bands.clone()),
        (None, Asked::Fit { .. }) => None,
    }
}

/// The frequencies from the lowest to the highest a request is about: agreed, asked for, or where it may be tuned.
#[must_use]
pub fn range(request: &Request) -> Band {
    let bands = bands_of(request).unwrap_or_default();
    let tuning = match &request.proposal.asked {
        Asked::Fit { tuning, .. } => *tuning,
        Asked::Bands(_) => Band::around(Hertz(0), Hertz(0)),
    };
    let low = bands.iter().map(|band| band.low()).min().unwrap_or(tuning.low());
    let high = bands.iter().map(|band| band.high()).max().unwrap_or(tuning.high());
    Band::new(low, high).unwrap_or(tuning)
}

/// Looks at a request.
#[must_use]
pub fn analyse(request: &Request, around: &Surroundings<'_>) -> Analysis {
    let bands = bands_of(request).unwrap_or_else(|| {
        let best = alternatives(request, around);
        best.first().map(|alternative| alternative.band).into_iter().collect()
    });
    let mut findings = Vec::new();
    if bands.is_empty() {
        findings.push(wording::nothing_fits());
    }
    for band in &bands {
        let field = Field::of(request, around, *band);
        let facts = field.facts(*band);
        findings.extend(facts.iter().map(|fact| wording::finding(fact, *band)));
    }
    let existence = around
        .view
        .existence(&Footprint::of_area(&request.proposal.place), &bands);
    findings.extend(existence.iter().map(wording::ask_other_side));
    let mut analysis = Analysis {
        level: Level::Clear,
        bands,
        findings,
        omitted: 0,
        model: MODEL.to_owned(),
        registry_version: around.view.registry().version().to_owned(),
        policy_version: around.policy.version.clone(),
        at: around.now,
    };
    analysis.settle();
    analysis
}

impl Analysis {
    /// Brings the findings into their order, gravest first, and keeps as many as are listed.
    pub(super) fn settle(&mut self) {
        self.findings.sort_by(|a, b| {
            let margin = |finding: &Finding| finding.margin_db.unwrap_or(f64::INFINITY);
            let key = |finding: &Finding| (std::cmp::Reverse(finding.level), finding.kind);
            let margins = margin(a).total_cmp(&margin(b));
            let distance = |finding: &Finding| finding.distance_km.unwrap_or(f64::INFINITY);
            key(a)
                .cmp(&key(b))
                .then(margins)
                .then_with(|| distance(a).total_cmp(&distance(b)))
                .then_with(|| a.subject.cmp(&b.subject))
        });
        let gravest = self.findings.first().map(|finding| finding.level);
        self.level = gravest.unwrap_or(Level::Clear).max(self.level);
        self.omitted += self.findings.len().saturating_sub(FINDINGS_MAX);
        self.findings.truncate(FINDINGS_MAX);
    }
}

impl<'a> Field<'a> {
    /// What is in `range` around the request.
    pub(super) fn of(request: &'a Request, around: &Surroundings<'a>, range: Band) -> Self {
        let proposal = &request.proposal;
        let area = Footprint::of_area(&proposal.place);
        let time = Validity::from(&proposal.time);
        let rules = &around.policy.check;
        let registry = around.view.registry();
        let query = Query {
            band: range,
            near: area.around().map(|place| (place, rules.reach_km)),
            at: None,
            role: None,
        };
        let concerns = |assignment: &&Assignment| {
            assignment.status != AssignmentStatus::Cancelled
                && !super::is_of(assignment, request)
                && time.meets(&validity(assignment))
        };
        let stations = registry.who(&query).into_iter().filter(concerns);
        let stations = stations
            .map(|assignment| station(assignment, proposal, &area, rules))
            .filter(|station| station.gap_km <= rules.reach_km);
        let requests = around.requests.iter().filter(|other| other.id != request.id);
        let requests = requests
            .filter(|other| time.meets(&Validity::from(&other.proposal.time)))
            .filter(|other| area.gap_km(&Footprint::of_area(&other.proposal.place)) <= 0.0)
            .filter_map(|other| Some((other, bands_of(other)?)));
        let orders = registry.control_orders_in(range).into_iter();
        let orders = orders.filter(|order| {
            let span = Validity {
                from: Some(order.from),
                to: Some(order.to),
                windows: &order.windows,
            };
            let place = order.area.as_ref().map_or(Footprint::Everywhere, Footprint::of_area);
            time.meets(&span) && area.gap_km(&place) <= 0.0 && !order.exempt.contains(&proposal.user)
        });
        Self {
            proposal,
            stations: stations.collect(),
            requests: requests.collect(),
            orders: orders.collect(),
            existence: around.view.existence(&area, &[range]),
            rules,
            registry,
        }
    }

    /// What a band within the range meets.
    pub(super) fn facts(&self, band: Band) -> Vec<Fact<'a>> {
        let mut facts = self.allocation(band);
        let mut is_free = true;
        for station in self.stations.iter().filter(|station| station.band.overlaps(band)) {
            if station.gap_km <= 0.0 {
                is_free = is_free && station.is_own;
                let level = if station.is_own { Level::Note } else { Level::Blocking };
                facts.push(Fact::Overlap(station.assignment, level));
                continue;
            }
            let (margin_db, criterion) = self.margin(station, band);
            let level = if margin_db < 0.0 { Level::Caution } else { Level::Note };
            if margin_db < self.rules.report_margin_db {
                facts.push(Fact::Interference {
                    with: station.assignment,
                    level,
                    margin_db,
                    gap_km: station.gap_km,
                    criterion,
                });
            }
        }
        let others = self.requests.iter();
        let meeting = others.filter(|(_, bands)| bands.iter().any(|other| other.overlaps(band)));
        facts.extend(meeting.map(|(request, _)| {
            let level = if request.state.is_agreed() {
                Level::Caution
            } else {
                Level::Note
            };
            Fact::Request(request, level)
        }));
        let orders = self.orders.iter().filter(|order| order.band.overlaps(band));
        facts.extend(orders.map(|order| Fact::Order(order, self.order_level(order, band))));
        if is_free {
            facts.push(Fact::NoOverlap);
        }
        facts
    }

    fn order_level(&self, order: &ControlOrder, band: Band) -> Level {
        match order.effect {
            Effect::Prohibit => Level::Blocking,
            Effect::Protect => Level::Note,
            Effect::Limit {
                max_eirp_dbm,
                max_bandwidth_hz,
            } => {
                let width = self.proposal.necessary_bandwidth().unwrap_or(band.width());
                let too_strong = max_eirp_dbm.is_some_and(|limit| self.proposal.power.eirp_dbm() > limit);
                let too_wide = max_bandwidth_hz.is_some_and(|limit| width > limit);
                if too_strong || too_wide {
                    Level::Blocking
                } else {
                    Level::Note
                }
            }
        }
    }

    fn allocation(&self, band: Band) -> Vec<Fact<'a>> {
        let rows = self.registry.allocations_in(band);
        if rows.is_empty() {
            let complete = self.registry.tables().iter().any(|table| table.complete);
            return vec![if complete {
                Fact::Allocation(FindingKind::NotAllocated, Level::Blocking, None)
            } else {
                Fact::Allocation(FindingKind::AllocationUnknown, Level::Caution, None)
            }];
        }
        let wanted = self.proposal.service.as_deref();
        let serves =
            |row: &&&Allocation| wanted.is_some_and(|wanted| service::parts(&row.service).any(|own| own == wanted));
        let fitting: Vec<_> = rows.iter().filter(serves).copied().collect();
        let primary = fitting.iter().find(|row| row.status != ServiceStatus::Secondary);
        let protected = rows
            .iter()
            .find(|row| row.protected && row.confidence == Confidence::High);
        let mut facts = vec![match (primary, fitting.first(), protected, wanted) {
            (Some(row), ..) => Fact::Allocation(FindingKind::AllocationFits, Level::Clear, Some(row)),
            (_, _, Some(row), _) => Fact::Allocation(FindingKind::ProtectedBand, Level::Blocking, Some(row)),
            (_, Some(row), ..) => Fact::Allocation(FindingKind::AllocationSecondary, Level::Note, Some(row)),
            (.., None) => Fact::Allocation(FindingKind::ServiceUnstated, Level::Note, rows.first().copied()),
            _ => Fact::Allocation(FindingKind::ServiceNotAllocated, Level::Caution, rows.first().copied()),
        }];
        let holders = rows
            .iter()
            .filter_map(|row| row.unlisted.first().map(|holder| (*holder, *row)));
        let mut told: Vec<Unlisted> = Vec::new();
        for (holder, row) in holders {
            if !told.contains(&holder) {
                told.push(holder);
                facts.push(Fact::Unlisted(holder, row));
            }
        }
        facts
    }

    /// The worse of the two ways, and the criterion of the receiver at its end.
    fn margin(&self, station: &Station<'_>, band: Band) -> (f64, Criterion) {
        let shared = station.band.intersection(band).map_or(Hertz(1), Band::width);
        let share = |of: Band| 10.0 * (shared.as_f64() / of.width().as_f64().max(1.0)).log10();
        let margin = |eirp_dbm: f64, sender: Band, limit: Limit| {
            let db = limit.dbm - (eirp_dbm + share(sender) - station.loss_db);
            (db, limit.criterion)
        };
        let to_it = margin(self.proposal.power.eirp_dbm(), band, station.limit);
        let assignment = station.assignment;
        let sends = assignment.eirp_dbm.filter(|_| assignment.role().transmits());
        let from_it = sends.map(|eirp| margin(eirp, station.band, protection::of_policy(band, self.rules)));
        from_it.filter(|(db, _)| *db < to_it.0).unwrap_or(to_it)
    }
}

fn validity(assignment: &Assignment) -> Validity<'_> {
    Validity {
        from: assignment.valid_from,
        to: assignment.valid_to,
        windows: assignment
            .details
            .as_ref()
            .map_or(&[], |details| details.windows.as_slice()),
    }
}

fn station<'a>(assignment: &'a Assignment, proposal: &Proposal, area: &Footprint, rules: &CheckRules) -> Station<'a> {
    let gap_km = area.gap_km(&Footprint::of_assignment(assignment));
    let details = assignment.details.as_ref();
    let height = details.and_then(|details| details.antenna.as_ref()?.height_m);
    let path = SmoothEarth::median([
        proposal.antenna_height_m.unwrap_or(rules.antenna_height_m),
        height.unwrap_or(rules.antenna_height_m),
    ]);
    let (hz, km) = (assignment.center_hz.as_f64().max(1.0), gap_km.max(NEAREST_KM));
    Station {
        assignment,
        band: assignment.band(),
        gap_km,
        loss_db: free_space_loss_db(hz, km) + diffraction_loss_db(hz, km, &path),
        limit: protection::of_station(assignment, rules),
        is_own: assignment.holder == proposal.user,
    }
}
