//! The life of an interference complaint (干扰投诉): received, confirmed, located, acted upon, verified clear, closed. Pure: no
//! clock, no I/O; where the reports are kept and who is logged in is not its matter.
//!
//! ```text
//! received → confirmed → located → acted → verified_clear → closed
//!    │           │          └──────┴─ withdrawn
//!    ├─ rejected ┘                        (reopened: back to received or confirmed)
//! ```
//! A grade says how grave it is and by when it is confirmed and settled; the times are policy ([`ReportRules`]). An urgent
//! complaint comes by telephone first, and the paper is owed some working days later.

mod content;
mod deadlines;
mod exchange;
mod letter;
mod licence;
mod procedure;
mod statistics;
mod table;
mod words;
mod working;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use content::faults;
pub use deadlines::{ReportDue, ReportRules, report_due, work_out};
pub use exchange::{Evidenced, exchange};
pub use letter::reply;
pub use licence::{Licence, LicenceFinding, licence};
pub use procedure::{Filing, GiveReport, Observed, file, remind, report_steps, rewrite, take_report_step};
pub use statistics::{QuarterCounts, QuarterRow, quarters};
pub use table::{Handler, REPORT_TABLE, ReportCarry, ReportRule};
pub use working::{Calendar, paper_due};

use super::orders::Office;
use crate::{
    registry::{Place, Text},
    units::{Band, Hertz},
};

/// Level of the administration that handles a complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AdministrationLevel)]
pub enum Level {
    /// District or county (区县).
    District,
    /// City (市).
    City,
    /// Province (省).
    Province,
}

/// How grave the interference is; the first is the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InterferenceGrade)]
pub enum Grade {
    /// Danger to national or public security, to life and property, or to the frequencies of a major event.
    First,
    /// Serious harm to government, civil aviation, broadcasting or maritime use.
    Second,
    /// The rest.
    Third,
}

impl Grade {
    /// Every grade, the gravest first.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// Its number in regulations: 1 to 3.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32 + 1
    }
}

/// How the complaint came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ComplaintChannel)]
pub enum Channel {
    /// In writing.
    Paper,
    /// By telephone because it is urgent; the paper is owed.
    Telephone,
}

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Taken in; nobody has looked yet.
    Received,
    /// The interference is there, and the complaint is one to be handled here.
    Confirmed,
    /// Its source is known.
    Located,
    /// Something was done about the source.
    Acted,
    /// The interference is gone.
    VerifiedClear,
    /// Answered and put away.
    Closed,
    /// Not taken up.
    Rejected,
    /// Taken back by whoever complained.
    Withdrawn,
}

impl ReportState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Confirmed,
        Self::Located,
        Self::Acted,
        Self::VerifiedClear,
        Self::Closed,
        Self::Rejected,
        Self::Withdrawn,
    ];

    /// The name on the wire, in the database and in the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Confirmed => "confirmed",
            Self::Located => "located",
            Self::Acted => "acted",
            Self::VerifiedClear => "verified_clear",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nobody has anything to do about it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Rejected | Self::Withdrawn)
    }
}

/// What is done with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStep {
    /// Take the complaint in.
    File,
    /// Correct what was taken down.
    Rewrite,
    /// The written complaint has come.
    ReceivePaper,
    /// Grade it anew.
    Grade,
    /// Confirm the interference.
    Confirm,
    /// Do not take it up.
    Reject,
    /// Say where the source is.
    Locate,
    /// Say what was done about the source.
    Act,
    /// Verify that the interference is gone.
    Verify,
    /// Answer and put away.
    Close,
    /// Whoever complained takes it back.
    Withdraw,
    /// Take it up again.
    Reopen,
    /// Hand it to another level.
    HandOver,
    /// Bring the other side in.
    Share,
    /// Say what conflicts and emissions belong to it.
    Link,
    /// Say something.
    Note,
    /// The service reminds.
    Remind,
    /// The service brings it before those in charge.
    Escalate,
}

/// What was complained of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Complaint {
    /// Who complains.
    #[schema(min_length = 1, max_length = 200)]
    pub complainant: String,
    /// Person and telephone number to ask.
    #[schema(max_length = 200)]
    pub contact: String,
    /// Key of the assignment that is harmed; null: none is named.
    #[schema(max_length = 200)]
    pub assignment: Option<String>,
    /// Lower edge of the frequencies that are harmed.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Where it is met.
    pub place: Option<Place>,
    /// The same in words.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub address: String,
    /// Since when.
    pub began: Timestamp,
    /// Until when; null: it goes on.
    pub ended: Option<Timestamp>,
    /// What is heard and what no longer works, and at what hours.
    #[schema(min_length = 1, max_length = 4000)]
    pub symptoms: String,
    /// How the complaint came.
    pub channel: Channel,
}

impl Complaint {
    /// The frequencies that are harmed; nothing where the edges are the wrong way round.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.low_hz, self.high_hz)
    }
}

/// What belongs to a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReportEvidence)]
pub struct Evidence {
    /// Ids of conflicts; their files (spectra, samples) come with them.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub conflicts: Vec<String>,
    /// Ids of emissions.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub emissions: Vec<String>,
}

/// What verified that the interference is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "basis", rename_all = "snake_case")]
pub enum Verification {
    /// A receiver was on the frequencies after the action and met nothing that is not the complainant's.
    Observed {
        /// Which.
        receiver: String,
        /// Beginning of the span that was looked at: the last action.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
        /// Seconds of it that were observed.
        observed_s: u64,
    },
    /// Somebody says so.
    Word {
        /// On what grounds.
        reason: String,
    },
}

/// Where the source is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LocatedSource)]
pub struct Located {
    /// The point, where it is known.
    pub place: Option<Place>,
    /// In words: what it is and where.
    pub words: String,
}

/// That the other side was brought in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SharedReport)]
pub struct Shared {
    /// When.
    pub at: Timestamp,
    /// Request between the two sides that it belongs to: its thread has a line about it.
    pub request: Option<String>,
}

/// One thing that was done or said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportEntry {
    /// What.
    pub step: ReportStep,
    /// Account, or `system`.
    pub actor: String,
    /// Their office; null: the service itself.
    pub office: Option<Office>,
    /// When.
    pub time: Timestamp,
    /// Where the report stood afterwards.
    pub state: ReportState,
    /// In words; people's are the same in both languages. May be empty.
    pub text: Text,
    /// From which level to which it was handed.
    pub levels: Option<[Level; 2]>,
}

/// A complaint with its life so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = InterferenceReport)]
pub struct Report {
    /// Public id.
    pub id: String,
    /// Number of the case.
    pub number: String,
    /// Office that handles it.
    pub office: Office,
    /// Its level.
    pub level: Level,
    /// How grave it is.
    pub grade: Grade,
    /// Where it stands.
    pub state: ReportState,
    /// What was complained of.
    pub complaint: Complaint,
    /// What the registry says of the assignment that is harmed, at the time the complaint was written down.
    pub licence: Licence,
    /// What belongs to it.
    pub evidence: Evidence,
    /// When it was taken in.
    pub filed_at: Timestamp,
    /// When the time to confirm or to settle it began.
    pub clock: Timestamp,
    /// First instant at which the written complaint is late; null: it came in writing.
    pub paper_due: Option<Timestamp>,
    /// When the written complaint came.
    pub paper_at: Option<Timestamp>,
    /// Where the source is.
    pub located: Option<Located>,
    /// When something was last done about the source.
    pub acted_at: Option<Timestamp>,
    /// What verified that it is gone.
    pub verified: Option<Verification>,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// When it was closed, rejected or withdrawn.
    pub over_at: Option<Timestamp>,
    /// Whether and when the other side was brought in.
    pub shared: Option<Shared>,
    /// Reminders of the present stage: 1 reminded, 2 brought before those in charge.
    pub reminders: u32,
    /// The same for the paper.
    pub paper_reminders: u32,
    /// Everything that was done and said, oldest first.
    pub entries: Vec<ReportEntry>,
    /// Grows with every change that people make; the ETag is made of it.
    pub version: u64,
}

impl Report {
    /// Whether the paper is owed and has not come.
    #[must_use]
    pub fn owes_paper(&self) -> bool {
        self.paper_due.is_some() && self.paper_at.is_none()
    }
}

#[cfg(test)]
mod tests;
