//! Taking a step: the only way a report changes.

use jiff::{SignedDuration, Timestamp};

use super::{
    Channel, Complaint, Evidence, Grade, Handler, Level, Licence, Located, REPORT_TABLE, Report, ReportDue,
    ReportEntry, ReportRule, ReportRules, ReportState, ReportStep, Shared, Verification, words,
};
use crate::{
    coordination::{Refusal, orders::Office},
    registry::{Place, Text},
};

/// Entries of one report; more than people make, and a bound on what one record holds.
const ENTRIES_MAX: usize = 500;
/// Longest text of one step, in characters.
const TEXT_MAX: usize = 4000;

/// What a receiver observed of the frequencies after the last action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Which receiver.
    pub receiver: String,
    /// Beginning of the span that was looked at.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Seconds of it that were observed.
    pub observed_s: u64,
    /// Emissions met in it that are not those of the assignment that is harmed.
    pub heard: Vec<String>,
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq)]
pub struct GiveReport {
    /// The step.
    pub step: ReportStep,
    /// Their office.
    pub office: Office,
    /// Their account.
    pub actor: String,
    /// In words: a reason, a finding, what was done.
    pub reason: String,
    /// The new grade.
    pub grade: Option<Grade>,
    /// The new level.
    pub level: Option<Level>,
    /// Where the source is.
    pub place: Option<Place>,
    /// What belongs to it; everything, not only what is new.
    pub evidence: Option<Evidence>,
    /// The request between the sides that it is shared under.
    pub request: Option<String>,
    /// What a receiver observed; without it the reason stands for it.
    pub observed: Option<Observed>,
}

/// What makes a new report.
#[derive(Debug, Clone, PartialEq)]
pub struct Filing {
    /// Public id.
    pub id: String,
    /// Number of the case.
    pub number: String,
    /// The complaint.
    pub complaint: Complaint,
    /// What the registry says.
    pub licence: Licence,
    /// How grave it is.
    pub grade: Grade,
    /// Level that takes it in.
    pub level: Level,
    /// Office that does.
    pub office: Office,
    /// Who.
    pub actor: String,
}

/// A new report.
#[must_use]
pub fn file(filing: Filing, rules: &ReportRules, now: Timestamp) -> Report {
    let by_telephone = filing.complaint.channel == Channel::Telephone;
    let entry = ReportEntry {
        step: ReportStep::File,
        actor: filing.actor,
        office: Some(filing.office),
        time: now,
        state: ReportState::Received,
        text: Text::default(),
        levels: None,
    };
    Report {
        id: filing.id,
        number: filing.number,
        office: filing.office,
        level: filing.level,
        grade: filing.grade,
        state: ReportState::Received,
        complaint: filing.complaint,
        licence: filing.licence,
        evidence: Evidence::default(),
        filed_at: now,
        clock: now,
        paper_due: by_telephone.then(|| rules.paper_due(now)),
        paper_at: None,
        located: None,
        acted_at: None,
        verified: None,
        verified_at: None,
        over_at: None,
        shared: None,
        reminders: 0,
        paper_reminders: 0,
        entries: vec![entry],
        version: 1,
    }
}

/// The complaint as it should have been taken down.
///
/// # Errors
/// It was confirmed already, or is another office's.
pub fn rewrite(
    report: &Report,
    complaint: Complaint,
    licence: Licence,
    give: &GiveReport,
    rules: &ReportRules,
    now: Timestamp,
) -> Result<Report, Refusal> {
    let rule = allowed(report, give)?;
    let mut after = report.clone();
    after.paper_due = match complaint.channel {
        Channel::Paper => None,
        Channel::Telephone => Some(report.paper_due.unwrap_or_else(|| rules.paper_due(report.filed_at))),
    };
    (after.complaint, after.licence) = (complaint, licence);
    enter(&mut after, rule, give, now);
    Ok(after)
}

/// Takes a step: the report as it is afterwards, or why not. Nothing changes on a refusal.
///
/// # Errors
/// The step is not of this state or not for this person, or lacks what it must carry.
pub fn take_report_step(
    report: &Report,
    give: &GiveReport,
    rules: &ReportRules,
    now: Timestamp,
) -> Result<Report, Refusal> {
    if give.step == ReportStep::Rewrite {
        return Err(incomplete(
            "step",
            "更正投诉内容请提交全部内容（PUT）",
            "to correct a complaint, send its whole content (PUT)",
        ));
    }
    let rule = allowed(report, give)?;
    complete(rule, report, give)?;
    let mut after = report.clone();
    apply(&mut after, report, give, rules, now)?;
    enter(&mut after, rule, give, now);
    after.state = rule.to.unwrap_or(report.state);
    if let Some(entry) = after.entries.last_mut() {
        entry.state = after.state;
        entry.levels = give
            .level
            .filter(|_| give.step == ReportStep::HandOver)
            .map(|to| [report.level, to]);
    }
    // What is said after the end does not move the end.
    after.over_at = after.state.is_over().then_some(report.over_at.unwrap_or(now));
    // From confirmed to clear one clock runs; what is taken up again begins anew.
    if matches!(give.step, ReportStep::Confirm | ReportStep::Reopen) {
        (after.clock, after.reminders) = (now, 0);
    }
    Ok(after)
}

/// What the clock does: an entry, and the reminder is counted. The version stays, because nothing changes that somebody
/// should have read before they act.
#[must_use]
pub fn remind(report: &Report, what: ReportDue, actor: &str, now: Timestamp) -> Report {
    let mut after = report.clone();
    let step = match what {
        ReportDue::Remind | ReportDue::RemindPaper => ReportStep::Remind,
        ReportDue::Escalate | ReportDue::EscalatePaper => ReportStep::Escalate,
    };
    match what {
        ReportDue::Remind | ReportDue::Escalate => after.reminders += 1,
        ReportDue::RemindPaper | ReportDue::EscalatePaper => after.paper_reminders += 1,
    }
    after.entries.push(ReportEntry {
        step,
        actor: actor.to_owned(),
        office: None,
        time: now,
        state: report.state,
        text: words::due(what, report.state),
        levels: None,
    });
    after
}

/// Every step that the state has, with what keeps this person from taking it; nothing: they may.
#[must_use]
pub fn report_steps(report: &Report, office: Office) -> Vec<(&'static ReportRule, Option<Text>)> {
    let of_state = REPORT_TABLE.iter().filter(|rule| rule.from.contains(&report.state));
    let offers = of_state.map(|rule| {
        let refusal = may(rule, report, office).and_then(|()| fits(rule.step, report)).err();
        let text = refusal.map(|refusal| match refusal {
            Refusal::NotYours(text) | Refusal::WrongState(text) | Refusal::Incomplete(_, text) => text,
        });
        (rule, text)
    });
    offers.collect()
}

fn allowed(report: &Report, give: &GiveReport) -> Result<&'static ReportRule, Refusal> {
    let mut rows = REPORT_TABLE.iter().filter(|rule| rule.step == give.step);
    let Some(any) = rows.clone().next() else {
        return Err(wrong_state(report));
    };
    // Who may not is told so whatever the state; only who may learns that it is too late.
    may(any, report, give.office)?;
    let rule = rows
        .find(|rule| rule.from.contains(&report.state))
        .ok_or_else(|| wrong_state(report))?;
    fits(rule.step, report)?;
    let people = report.entries.iter().filter(|entry| entry.office.is_some()).count();
    let adds = matches!(give.step, ReportStep::Note | ReportStep::Link | ReportStep::Rewrite);
    if adds && people >= ENTRIES_MAX {
        return Err(Refusal::WrongState(Text::new(
            format!("本案已有 {ENTRIES_MAX} 条记录，不能再补充"),
            format!("the report has {ENTRIES_MAX} entries and takes no more notes"),
        )));
    }
    Ok(rule)
}

fn may(rule: &ReportRule, report: &Report, office: Office) -> Result<(), Refusal> {
    let own = office == report.office || office == Office::Coordinator;
    let invited = rule.by == Handler::Either && report.shared.is_some();
    if own || invited {
        return Ok(());
    }
    Err(Refusal::NotYours(Text::new(
        "本案由另一单位办理，请由承办单位或协调员办理",
        "another office handles this report: let that office or the coordinator do it",
    )))
}

/// What the report itself stands against.
fn fits(step: ReportStep, report: &Report) -> Result<(), Refusal> {
    let refuse = |zh: &str, en: &str| Err(Refusal::WrongState(Text::new(zh, en)));
    match step {
        ReportStep::ReceivePaper if report.paper_due.is_none() => {
            refuse("本投诉以书面提出", "the complaint came in writing")
        }
        ReportStep::ReceivePaper if report.paper_at.is_some() => refuse("书面材料已收到", "the paper has come already"),
        ReportStep::Close if report.owes_paper() => refuse(
            "书面投诉材料尚未收到：请先登记书面材料，或由投诉人撤回",
            "the written complaint is still owed: record it first, or let the complainant withdraw",
        ),
        ReportStep::Share if report.shared.is_some() => refuse("已会商另一方", "the other side was brought in already"),
        _ => Ok(()),
    }
}

fn incomplete(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::Incomplete(field, Text::new(zh, en))
}

/// Whether everything is given that the row asks for.
fn complete(rule: &ReportRule, report: &Report, give: &GiveReport) -> Result<(), Refusal> {
    use super::ReportCarry::{Evidence, Grade, Level, Reason, Verification};
    let reason = give.reason.trim();
    if reason.chars().count() > TEXT_MAX {
        return Err(incomplete(
            "reason",
            format!("不得超过 {TEXT_MAX} 字"),
            format!("write at most {TEXT_MAX} characters"),
        ));
    }
    for carry in rule.carries {
        match carry {
            Reason if reason.is_empty() => return Err(words::owed(give.step)),
            Grade if give.grade.is_none_or(|grade| grade == report.grade) => {
                return Err(incomplete("grade", "请选择另一级别", "give another grade than it has"));
            }
            Level if give.level.is_none_or(|level| level == report.level) => {
                return Err(incomplete("level", "请选择移交的层级", "give the level it goes to"));
            }
            Evidence if give.evidence.is_none() => {
                return Err(incomplete(
                    "evidence",
                    "请列出关联的冲突和发射",
                    "list the conflicts and emissions that belong to it",
                ));
            }
            Verification if give.observed.is_none() && reason.is_empty() => return Err(words::owed(give.step)),
            _ => {}
        }
    }
    if let Some(place) = &give.place
        && !((-90.0..=90.0).contains(&place.latitude) && (-180.0..=180.0).contains(&place.longitude))
    {
        return Err(incomplete(
            "place",
            "纬度 -90 至 90，经度 -180 至 180",
            "write a latitude of -90 to 90 and a longitude of -180 to 180",
        ));
    }
    Ok(())
}

/// What the step changes besides the state.
fn apply(
    after: &mut Report,
    report: &Report,
    give: &GiveReport,
    rules: &ReportRules,
    now: Timestamp,
) -> Result<(), Refusal> {
    match give.step {
        ReportStep::ReceivePaper => after.paper_at = Some(now),
        ReportStep::Grade => after.grade = give.grade.unwrap_or(report.grade),
        ReportStep::HandOver => after.level = give.level.unwrap_or(report.level),
        ReportStep::Link => after.evidence = give.evidence.clone().unwrap_or_default(),
        ReportStep::Share => {
            after.shared = Some(Shared {
                at: now,
                request: give.request.clone(),
            });
        }
        ReportStep::Locate => {
            after.located = Some(Located {
                place: give.place,
                words: give.reason.trim().to_owned(),
            });
        }
        ReportStep::Act => after.acted_at = Some(now),
        ReportStep::Verify => {
            after.verified = Some(verification(report, give, rules)?);
            after.verified_at = Some(now);
        }
        // What was found and done before stays in the entries.
        ReportStep::Reopen => {
            (after.located, after.acted_at, after.verified, after.verified_at) = (None, None, None, None);
        }
        _ => {}
    }
    Ok(())
}

/// Whether what was observed, or is said, shows that the interference is gone.
fn verification(report: &Report, give: &GiveReport, rules: &ReportRules) -> Result<Verification, Refusal> {
    let Some(observed) = &give.observed else {
        return Ok(Verification::Word {
            reason: give.reason.trim().to_owned(),
        });
    };
    if let Some(first) = observed.heard.first() {
        let count = observed.heard.len();
        return Err(incomplete(
            "receiver",
            format!("采取措施后该频段内仍测到 {count} 个发射（如 {first}）：请继续查处，或写明理由后由人工确认"),
            format!(
                "{count} emissions were met there after the action (such as {first}): go on, or say with a reason why they \
                 are not the interference"
            ),
        ));
    }
    let needed = rules.verify_observed;
    // Observed before the action proves nothing, whoever says so.
    let after_action = report
        .acted_at
        .is_some_and(|acted| observed.from >= acted - SignedDuration::from_mins(1));
    let seconds = i64::try_from(observed.observed_s).unwrap_or(i64::MAX);
    if !after_action || seconds < needed.as_secs() {
        let (have, need) = (observed.observed_s / 60, needed.as_mins());
        return Err(incomplete(
            "receiver",
            format!("采取措施后该接收机对此频段仅观测 {have} 分钟，需 {need} 分钟：请稍后再试，或写明理由后由人工确认"),
            format!(
                "the receiver observed the frequencies for {have} minutes after the action and {need} are needed: wait, or \
                 give your word with a reason"
            ),
        ));
    }
    Ok(Verification::Observed {
        receiver: observed.receiver.clone(),
        from: observed.from,
        to: observed.to,
        observed_s: observed.observed_s,
    })
}

fn enter(after: &mut Report, rule: &ReportRule, give: &GiveReport, now: Timestamp) {
    after.version += 1;
    let reason = give.reason.trim();
    after.entries.push(ReportEntry {
        step: rule.step,
        actor: give.actor.clone(),
        office: Some(give.office),
        time: now,
        state: after.state,
        text: words::said(give, reason),
        levels: None,
    });
}

fn wrong_state(report: &Report) -> Refusal {
    let state = words::state(report.state);
    Refusal::WrongState(Text::new(
        format!("本案处于“{}”状态，不能办理此步骤", state.zh),
        format!("the report is {}: this step is not possible now", state.en),
    ))
}
