//! A station measured against its licence, parameter by parameter.
//!
//! Every figure is the judge's: the same uncertainties, tolerances and arrivals, from [`super::candidate`],
//! [`super::standing`] and [`super::arrival`]. A row shows the least favourable measurement that decides (else the least
//! favourable one), with its time, and counts how all of them stand. An emission that may be another station's (too far
//! off, too far away, or a narrow thing inside the band) is set aside and counted, not shown.
//! Pure: no clock, no I/O.

mod findings;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Context, Measured, Rules, Standing,
    arrival::{Received, eirp_dbm},
    candidate::{Candidate, Fit, hold},
    measured::Uncertainty,
    template::{self, plain},
};
use crate::registry::{Assignment, Registry, Text, designator, details::Window, hours as hours_of};

/// What of a licence is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// Centre against the assigned frequency.
    CentreFrequency,
    /// Occupied against the necessary bandwidth.
    OccupiedBandwidth,
    /// What arrives against what the licensed radiated power can bring.
    RadiatedPower,
    /// The time against the hours of operation.
    Hours,
    /// The time against the time in force.
    Validity,
    /// The class of emission of the designator.
    ClassOfEmission,
}

/// A figure or a fact, with the words for it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Cell {
    /// In words, with unit.
    pub text: Text,
    /// The number, where it is one.
    #[schema(required = true)]
    pub value: Option<f64>,
    /// Expanded uncertainty of it, in the same unit.
    #[schema(required = true)]
    pub uncertainty: Option<f64>,
    /// Unit of both: `Hz`, `dBm`, `dBµV/m` or `s`.
    #[schema(required = true)]
    pub unit: Option<String>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ComparisonRow {
    /// Which.
    pub parameter: Parameter,
    /// Its name.
    pub name: Text,
    /// What the licence says; null where it says nothing.
    #[schema(required = true)]
    pub licensed: Option<Cell>,
    /// What was measured; null where nothing was.
    #[schema(required = true)]
    pub measured: Option<Cell>,
    /// What it may be.
    #[schema(required = true)]
    pub limit: Option<Cell>,
    /// Where the limit comes from.
    pub limit_source: Text,
    /// How the two stand.
    pub result: Standing,
    /// How far it is off, or why it cannot be decided; empty where there is nothing to say.
    pub reason: Text,
    /// End of the emission shown.
    #[schema(required = true)]
    pub time: Option<Timestamp>,
    /// Emissions that keep the limit,
    pub within: u64,
    /// that do not,
    pub outside: u64,
    /// and of which it cannot be said.
    pub undecided: u64,
}

/// The table of one station.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Comparison {
    /// Key of the assignment.
    pub assignment: String,
    /// Who holds it.
    pub holder: String,
    /// Station name.
    pub station: String,
    /// Emissions that were taken for the station.
    pub emissions: u64,
    /// Emissions near it that may be another's.
    pub set_aside: u64,
    /// One row a parameter, always all of them and in this order.
    pub rows: Vec<ComparisonRow>,
    /// Version of the rules.
    pub rules_version: String,
    /// Version of the registry.
    pub registry_version: String,
}

/// How one emission stands to one parameter.
struct Finding {
    standing: Standing,
    /// How unfavourable, in the parameter's own measure.
    excess: f64,
    measured: Option<Cell>,
    limit: Option<Cell>,
    reason: Text,
}

/// One emission held against the assignment.
struct Case<'a> {
    rules: &'a Rules,
    measured: &'a Measured,
    context: &'a Context,
    candidate: Candidate<'a>,
    uncertainty: Uncertainty,
    received: Option<Received>,
}

/// Holds what was measured of a station against its assignment.
#[must_use]
pub fn compare<'a>(
    rules: &'a Rules,
    registry: &'a Registry,
    assignment: &'a Assignment,
    seen: &'a [(Measured, Context)],
) -> Comparison {
    let case =
        |measured: &'a Measured, context: &'a Context| Case::new(rules, registry, assignment, (measured, context));
    let (cases, others): (Vec<Case>, Vec<Case>) = seen
        .iter()
        .map(|(measured, context)| case(measured, context))
        .partition(|case| !matches!(case.candidate.fit, Fit::Not(_) | Fit::Inside | Fit::PlaceUnclear));
    let row = |parameter: Parameter| parameter.row(rules, assignment, &cases);
    Comparison {
        assignment: assignment.id.clone(),
        holder: assignment.holder.clone(),
        station: assignment.station.clone(),
        emissions: cases.len() as u64,
        set_aside: others.len() as u64,
        rows: Parameter::ALL.map(row).into(),
        rules_version: rules.version.clone(),
        registry_version: registry.version().to_owned(),
    }
}

/// The rows of one measurement that is known to be the station's, such as of a device on the table: however far off it is, it is
/// never set aside as another's.
#[must_use]
pub fn compare_known(
    rules: &Rules,
    assignment: &Assignment,
    (measured, context): (&Measured, &Context),
) -> Vec<ComparisonRow> {
    // Of the registry only the services of the band would be asked, for tolerances the assignment states.
    let registry = Registry::default();
    let case = Case::new(rules, &registry, assignment, (measured, context));
    let cases = [case];
    Parameter::ALL
        .map(|parameter| parameter.row(rules, assignment, &cases))
        .into()
}

impl<'a> Case<'a> {
    fn new(
        rules: &'a Rules,
        registry: &'a Registry,
        assignment: &'a Assignment,
        (measured, context): (&'a Measured, &'a Context),
    ) -> Self {
        let uncertainty = Uncertainty::of(measured, context.ppm_uncertainty, rules);
        let received = Received::of(measured, rules);
        let candidate = hold(rules, registry, measured, context, uncertainty, received, assignment);
        Self {
            rules,
            measured,
            context,
            candidate,
            uncertainty,
            received,
        }
    }
}

impl Parameter {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 6] = [
        Self::CentreFrequency,
        Self::OccupiedBandwidth,
        Self::RadiatedPower,
        Self::Hours,
        Self::Validity,
        Self::ClassOfEmission,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::CentreFrequency => Text::new("中心频率", "Centre frequency"),
            Self::OccupiedBandwidth => Text::new("占用带宽", "Occupied bandwidth"),
            Self::RadiatedPower => Text::new("辐射功率", "Radiated power"),
            Self::Hours => Text::new("工作时段", "Hours of operation"),
            Self::Validity => Text::new("有效期", "Validity"),
            Self::ClassOfEmission => Text::new("发射类别", "Class of emission"),
        }
    }

    fn row(self, rules: &Rules, assignment: &Assignment, cases: &[Case]) -> ComparisonRow {
        let findings: Vec<(Finding, Option<Timestamp>)> = cases
            .iter()
            .map(|case| (case.finding(self), case.context.time))
            .collect();
        let count = |standing| {
            findings
                .iter()
                .filter(|(finding, _)| finding.standing == standing)
                .count() as u64
        };
        let [within, outside, undecided] = [Standing::Within, Standing::Outside, Standing::Undecided].map(count);
        let worst = findings.into_iter().max_by(|(a, at), (b, bt)| {
            let order = a.standing.cmp(&b.standing).then(a.excess.total_cmp(&b.excess));
            // The earlier of two that are alike.
            order.then_with(|| bt.cmp(at))
        });
        let (finding, time) = worst.unwrap_or_else(|| (Finding::missing(), None));
        ComparisonRow {
            parameter: self,
            name: self.name(),
            licensed: self.licensed(assignment),
            measured: finding.measured,
            limit: finding.limit,
            limit_source: self.limit_source(rules, assignment),
            result: finding.standing,
            reason: finding.reason,
            time,
            within,
            outside,
            undecided,
        }
    }

    fn licensed(self, assignment: &Assignment) -> Option<Cell> {
        match self {
            Self::CentreFrequency => Some(Cell::hertz(
                assignment.center_hz.to_string(),
                assignment.center_hz.as_f64(),
            )),
            Self::OccupiedBandwidth => {
                let necessary = assignment.necessary_bandwidth_hz;
                Some(Cell::hertz(necessary.to_string(), necessary.as_f64()))
            }
            Self::RadiatedPower => {
                let eirp = eirp_dbm(assignment)?;
                Some(Cell::number(
                    plain(format!("{eirp:.1} dBm e.i.r.p.")),
                    eirp,
                    None,
                    "dBm",
                ))
            }
            Self::Hours => Some(Cell::words(match windows(assignment) {
                [] => Text::new("未限定", "not limited"),
                windows => hours_of::text(windows),
            })),
            Self::Validity => Some(Cell::words(validity(assignment))),
            Self::ClassOfEmission => {
                let written = assignment.designator.as_deref()?;
                let meaning = designator::parse(written)
                    .ok()
                    .map(|parsed| designator::meaning::sentence(&parsed));
                let meaning = meaning.unwrap_or_default();
                let one = |meaning: &str, open: &str, close: &str| match meaning {
                    "" => written.to_owned(),
                    meaning => format!("{written}{open}{meaning}{close}"),
                };
                Some(Cell::words(Text::new(
                    one(&meaning.zh, "（", "）"),
                    one(&meaning.en, " (", ")"),
                )))
            }
        }
    }

    fn limit_source(self, rules: &Rules, assignment: &Assignment) -> Text {
        let register = || Text::new("登记资料", "the register");
        match self {
            Self::CentreFrequency if assignment.block => {
                Text::new("登记资料：频段指配", "the register: a block, any centre inside it")
            }
            Self::CentreFrequency if assignment.tolerance_hz.is_some() => {
                Text::new("登记资料所载频率容限", "tolerance stated in the register")
            }
            Self::CentreFrequency => Text::new(
                format!("判定规则 {} 的默认频率容限", rules.version),
                format!("default tolerance of rules {}", rules.version),
            ),
            Self::OccupiedBandwidth => Text::new("登记资料所载必要带宽", "necessary bandwidth in the register"),
            Self::RadiatedPower => Text::new(
                "按登记的辐射功率推算：自由空间场强（ITU-R P.525）加反射余量",
                "from the registered radiated power: free space (ITU-R P.525) and a margin for reflections",
            ),
            Self::Hours | Self::Validity | Self::ClassOfEmission => register(),
        }
    }
}

impl Finding {
    fn undecided(reason: Text) -> Self {
        Self {
            standing: Standing::Undecided,
            excess: 0.0,
            measured: None,
            limit: None,
            reason,
        }
    }

    fn missing() -> Self {
        Self::undecided(Text::new(
            "没有归属于该台站的发射",
            "no emission was taken for this station",
        ))
    }
}

fn windows(assignment: &Assignment) -> &[Window] {
    assignment
        .details
        .as_ref()
        .map_or(&[], |details| details.windows.as_slice())
}

/// The time in force in words; the last day is the last one in force.
fn validity(assignment: &Assignment) -> Text {
    let day = |time: Option<Timestamp>| time.map(template::day);
    let last = assignment.valid_to.map(|end| end - jiff::SignedDuration::from_secs(1));
    match (day(assignment.valid_from), day(last)) {
        (None, None) => Text::new("未限定", "not limited"),
        (Some(from), None) => Text::new(format!("{} 起", from.zh), format!("from {}", from.en)),
        (None, Some(to)) => Text::new(format!("至 {}", to.zh), format!("until {}", to.en)),
        (Some(from), Some(to)) => Text::new(format!("{} 至 {}", from.zh, to.zh), format!("{} to {}", from.en, to.en)),
    }
}

impl Cell {
    fn words(text: Text) -> Self {
        Self {
            text,
            value: None,
            uncertainty: None,
            unit: None,
        }
    }

    fn number(text: Text, value: f64, uncertainty: Option<f64>, unit: &str) -> Self {
        // JSON knows no infinity: what was stated and not measured has no number here.
        let finite = |number: f64| number.is_finite().then_some(number);
        Self {
            text,
            value: finite(value),
            uncertainty: uncertainty.and_then(finite),
            unit: Some(unit.to_owned()),
        }
    }

    fn hertz(text: String, hz: f64) -> Self {
        Self::number(plain(text), hz, None, "Hz")
    }
}
