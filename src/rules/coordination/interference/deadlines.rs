//! What the service's clock has to do about a report, and when; the policy it follows.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Calendar, Grade, Report, ReportState, paper_due};
use crate::coordination::policy::duration;

/// When to remind and when to bring a matter before those in charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Reminder.
    #[serde(deserialize_with = "duration")]
    pub remind: SignedDuration,
    /// To those in charge.
    #[serde(deserialize_with = "duration")]
    pub escalate: SignedDuration,
}

/// Times of one grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeRules {
    /// Until it is confirmed, from when it was taken in.
    pub confirm: Stage,
    /// Until it is verified clear, from when it was confirmed.
    pub settle: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grades {
    first: GradeRules,
    second: GradeRules,
    third: GradeRules,
}

/// Rules of interference reports: `[interference_reports]` of the policy file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRules {
    /// Working days after a telephone complaint within which its paper is owed.
    pub paper_working_days: u32,
    /// Observed time without the interference that shows it is gone.
    #[serde(deserialize_with = "duration")]
    pub verify_observed: SignedDuration,
    /// Days that are not as the week says.
    #[serde(default)]
    pub calendar: Calendar,
    grade: Grades,
}

impl ReportRules {
    /// The times of a grade.
    #[must_use]
    pub fn grade(&self, grade: Grade) -> &GradeRules {
        match grade {
            Grade::First => &self.grade.first,
            Grade::Second => &self.grade.second,
            Grade::Third => &self.grade.third,
        }
    }

    /// When the paper of a complaint of this time is late.
    #[must_use]
    pub fn paper_due(&self, from: Timestamp) -> Timestamp {
        paper_due(from, self.paper_working_days, &self.calendar)
    }

    /// Whether the rules make sense.
    ///
    /// # Errors
    /// The first fault, with what to write instead.
    pub fn check(&self) -> Result<(), String> {
        for grade in Grade::ALL {
            let rules = self.grade(grade);
            for (name, stage) in [("confirm", rules.confirm), ("settle", rules.settle)] {
                if stage.remind >= stage.escalate {
                    return Err(format!(
                        "interference_reports.grade.{grade:?}.{name}: write remind < escalate, such as \"1h\", \"2h\""
                    )
                    .to_lowercase());
                }
            }
        }
        if !(1..=30).contains(&self.paper_working_days) {
            return Err("interference_reports.paper_working_days: write 1 to 30".to_owned());
        }
        Ok(())
    }
}

/// What the service's clock does about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportDue {
    /// Those who handle it are reminded: confirm or settle it.
    Remind,
    /// Those in charge are told.
    Escalate,
    /// The last day for the paper begins.
    RemindPaper,
    /// The paper is late.
    EscalatePaper,
}

/// What is due next and when; nothing where no time is running. It may lie in the past.
#[must_use]
pub fn report_due(report: &Report, rules: &ReportRules) -> Option<(Timestamp, ReportDue)> {
    let of_grade = rules.grade(report.grade);
    let stage = match report.state {
        ReportState::Received => Some(of_grade.confirm),
        ReportState::Confirmed | ReportState::Located | ReportState::Acted => Some(of_grade.settle),
        _ => None,
    };
    let stage = stage.and_then(|stage| match report.reminders {
        0 => Some((report.clock + stage.remind, ReportDue::Remind)),
        1 => Some((report.clock + stage.escalate, ReportDue::Escalate)),
        _ => None,
    });
    let owed = report
        .paper_due
        .filter(|_| report.owes_paper() && !report.state.is_over());
    let paper = owed.and_then(|due| match report.paper_reminders {
        0 => {
            let last_day = due - SignedDuration::from_hours(24);
            Some((last_day.max(report.filed_at), ReportDue::RemindPaper))
        }
        1 => Some((due, ReportDue::EscalatePaper)),
        _ => None,
    });
    [stage, paper].into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// Instant at which the present stage is to be done with: confirmed, or verified clear.
#[must_use]
pub fn work_out(report: &Report, rules: &ReportRules) -> Option<Timestamp> {
    let of_grade = rules.grade(report.grade);
    match report.state {
        ReportState::Received => Some(report.clock + of_grade.confirm.escalate),
        ReportState::Confirmed | ReportState::Located | ReportState::Acted => {
            Some(report.clock + of_grade.settle.escalate)
        }
        _ => None,
    }
}
