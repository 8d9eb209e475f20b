//! The offices' policy: deadlines by kind of request, what silence means, and the figures of the machine's check. Data:
//! `config/coordination.toml`, compiled in as the default.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{Publication, Request, events::EventRules, interference::ReportRules, orders::Office, tasks::TaskRules};

/// The policy that is compiled in.
pub const POLICY_TOML: &str = include_str!("../../../config/coordination.toml");

/// Format this version reads.
const FORMAT: u32 = 1;

/// Kind of use that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RequestKind)]
pub enum Kind {
    /// A station for good.
    Permanent,
    /// Use for a time.
    Temporary,
    /// A military exercise.
    Exercise,
    /// A major event.
    Event,
    /// Rescue, disaster relief.
    Emergency,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Permanent,
        Self::Temporary,
        Self::Exercise,
        Self::Event,
        Self::Emergency,
    ];
}

/// What it means that nobody decided in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The request lapses.
    Lapses,
    /// It counts as agreed.
    Agrees,
}

/// When to remind, to escalate and to end, counted from when the clock started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// First reminder.
    #[serde(deserialize_with = "duration")]
    pub remind: SignedDuration,
    /// To the superiors.
    #[serde(deserialize_with = "duration")]
    pub escalate: SignedDuration,
    /// The end.
    #[serde(deserialize_with = "duration")]
    pub lapse: SignedDuration,
}

impl Deadlines {
    /// Each the shorter of the two.
    fn shorter(self, other: Self) -> Self {
        Self {
            remind: self.remind.min(other.remind),
            escalate: self.escalate.min(other.escalate),
            lapse: self.lapse.min(other.lapse),
        }
    }
}

/// Rules of one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindRules {
    /// For the side that is asked to decide.
    pub decision: Deadlines,
    /// For the side that asks, to answer a question.
    pub information: Deadlines,
    /// What silence of the side that is asked means.
    pub silence: Silence,
    /// Only the coordinator puts it in force.
    pub coordinator_confirms: bool,
    /// Longest time an agreement may run before it is renewed.
    #[serde(deserialize_with = "duration")]
    pub lease_max: SignedDuration,
    /// Time before the end at which both sides are reminded to renew.
    #[serde(deserialize_with = "duration")]
    pub renewal_notice: SignedDuration,
}

/// Figures of the machine's check.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRules {
    /// Farthest stations that are looked at, km from the edge of the area.
    pub reach_km: f64,
    /// Permissible interference over the receiver's noise, dB.
    pub protection_i_n_db: f64,
    /// Noise figure of the receiver that is protected, dB.
    pub noise_figure_db: f64,
    /// Height of antennas that nobody stated, metres.
    pub antenna_height_m: f64,
    /// Margin below which a station is reported although its criterion is kept, dB.
    pub report_margin_db: f64,
    /// Alternatives that are proposed.
    pub alternatives_max: usize,
    /// Farthest receivers whose measurements are told, km from the edge of the area.
    pub measured_reach_km: f64,
    /// Hours up to now whose measurements are looked at.
    pub measured_hours: u32,
    /// Share of the observed time above which a band passes for used, 0 to 1.
    pub busy_share: f64,
    /// Share of the time that must be observed before a band passes for hardly used, 0 to 1.
    pub quiet_coverage: f64,
    /// Where these figures come from.
    pub basis: String,
}

/// Who must approve a control order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// One other person of an office that may.
    One,
    /// One other person of each side.
    BothSides,
}

/// Rules of control orders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRules {
    /// How many approve.
    pub approval: Approval,
    /// Offices whose officers may approve, reject and lift.
    pub approvers: Vec<Office>,
    /// Longest time from the first instant in force to the last.
    #[serde(deserialize_with = "duration")]
    pub span_max: SignedDuration,
}

/// The policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Version of the file; part of every analysis.
    pub version: String,
    /// Who submitted a request may also decide it.
    pub submitter_may_decide: bool,
    /// Figures of the machine's check.
    pub check: CheckRules,
    /// Rules of control orders.
    pub orders: OrderRules,
    /// Rules of interference reports.
    pub reports: ReportRules,
    /// Rules of measuring tasks.
    pub tasks: TaskRules,
    /// Rules of events.
    pub events: EventRules,
    /// When answers are shown; at once where nothing is said. Part of the policy of disclosure.
    pub publication: Option<Publication>,
    kinds: Kinds,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    permanent: KindRules,
    temporary: KindRules,
    exercise: KindRules,
    event: KindRules,
    emergency: KindRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    format: u32,
    version: String,
    submitter_may_decide: bool,
    check: CheckRules,
    control_orders: OrderRules,
    interference_reports: ReportRules,
    // Files from before there were tasks have no such section.
    #[serde(default)]
    tasks: TaskRules,
    // Nor were there events.
    #[serde(default)]
    events: EventRules,
    kind: Kinds,
}

/// A fault in the policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct PolicyError {
    /// Name of the file, as given.
    pub file: String,
    /// What is wrong, with its line, and what to write instead.
    pub reason: String,
}

impl Policy {
    /// Reads the text of the policy file `file`.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse(text: &str, file: &str) -> Result<Self, PolicyError> {
        let fault = |reason: String| PolicyError {
            file: file.to_owned(),
            reason,
        };
        let raw: RawPolicy = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        if raw.format != FORMAT {
            return Err(fault(format!(
                "this version reads format {FORMAT}, the file has {}",
                raw.format
            )));
        }
        let policy = Self {
            version: raw.version,
            submitter_may_decide: raw.submitter_may_decide,
            check: raw.check,
            orders: raw.control_orders,
            reports: raw.interference_reports,
            tasks: raw.tasks,
            events: raw.events,
            publication: None,
            kinds: raw.kind,
        };
        policy.ordered().map_err(fault)?;
        Ok(policy)
    }

    /// The policy that is compiled in.
    ///
    /// # Errors
    /// None: a test reads it.
    pub fn builtin() -> Result<Self, PolicyError> {
        Self::parse(POLICY_TOML, "config/coordination.toml")
    }

    /// The rules of a kind.
    #[must_use]
    pub fn kind(&self, kind: Kind) -> &KindRules {
        match kind {
            Kind::Permanent => &self.kinds.permanent,
            Kind::Temporary => &self.kinds.temporary,
            Kind::Exercise => &self.kinds.exercise,
            Kind::Event => &self.kinds.event,
            Kind::Emergency => &self.kinds.emergency,
        }
    }

    /// The deadlines of a request, for the decision and for information: of its kind, or those of requests that name an event
    /// where these are shorter.
    #[must_use]
    pub fn deadlines(&self, request: &Request) -> [Deadlines; 2] {
        let rules = self.kind(request.proposal.kind);
        let of_event = self.events.requests.filter(|_| request.event.is_some());
        of_event.map_or([rules.decision, rules.information], |event| {
            [
                rules.decision.shorter(event.decision),
                rules.information.shorter(event.information),
            ]
        })
    }

    fn ordered(&self) -> Result<(), String> {
        for kind in Kind::ALL {
            let rules = self.kind(kind);
            for (name, times) in [("decision", rules.decision), ("information", rules.information)] {
                if !(times.remind < times.escalate && times.escalate < times.lapse) {
                    return Err(format!(
                        "kind.{kind:?}.{name}: write remind < escalate < lapse, such as \"10d\", \"20d\", \"30d\""
                    )
                    .to_lowercase());
                }
            }
        }
        let check = &self.check;
        let figures = [
            ("reach_km", check.reach_km, 1.0..=1000.0),
            ("protection_i_n_db", check.protection_i_n_db, -40.0..=40.0),
            ("noise_figure_db", check.noise_figure_db, 0.0..=40.0),
            ("antenna_height_m", check.antenna_height_m, 1.0..=3000.0),
            ("report_margin_db", check.report_margin_db, 0.0..=100.0),
            ("measured_reach_km", check.measured_reach_km, 0.0..=1000.0),
            ("measured_hours", f64::from(check.measured_hours), 1.0..=168.0),
            ("busy_share", check.busy_share, 0.0..=1.0),
            ("quiet_coverage", check.quiet_coverage, 0.0..=1.0),
        ];
        for (name, value, range) in figures {
            if !range.contains(&value) {
                return Err(format!(
                    "check.{name}: write a number from {} to {}",
                    range.start(),
                    range.end()
                ));
            }
        }
        let both = self.orders.approval == Approval::BothSides;
        let approves = |office| self.orders.approvers.contains(&office);
        if self.orders.approvers.is_empty() || both && !(approves(Office::Civil) && approves(Office::Military)) {
            return Err(
                "control_orders.approvers: write at least one of \"civil\", \"military\", \"coordinator\"; with approval = \
                 \"both_sides\" the first two"
                    .to_owned(),
            );
        }
        if !(1..=100).contains(&check.alternatives_max) {
            return Err("check.alternatives_max: write 1 to 100".to_owned());
        }
        self.reports.check()?;
        self.tasks.check()?;
        self.events.check()
    }
}

/// `30m`, `12h`, `10d`: whole minutes, hours or days, above zero.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || {
        D::Error::custom(format!(
            "'{text}' is no time: write minutes, hours or days, such as 30m, 12h or 10d"
        ))
    };
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    // A thousand years and more would leave the range of instants.
    if count == 0 || i64::from(count) * unit > 86_400 * 36_500 {
        return Err(wrong());
    }
    Ok(SignedDuration::from_secs(i64::from(count) * unit))
}
