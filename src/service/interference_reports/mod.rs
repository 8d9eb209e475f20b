//! Interference reports: complaints taken in, held against the registry, followed until the interference is gone.
//!
//! `coordination::interference` says what may happen to a report; here it happens, each step in one transaction with its note
//! in the audit. Whether it is gone is taken from what receivers truly observed (`observed`).

mod clock;
mod disclosed;
mod noted;
mod observed;
mod outward;

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::Notify;

pub use crate::store::ReportQuery;
pub(super) use disclosed::withheld_words;
use noted::{noted, number, told};
pub use outward::{LinkedConflict, LinkedEmission};

use super::{
    auth::permissions,
    change::{Asking, Refused},
    coordination::{EntryKind, Officer, ThreadEntry, enter},
    disclosure::{Disclosed, View},
    findings::Findings,
    occupancy::Occupancies,
    registry::RegistryService,
};
use crate::{
    Error, Result,
    coordination::{
        Fault, Policy, Refusal,
        interference::{
            self, Complaint, Evidence, Filing, GiveReport, Grade, Level, Licence, QuarterRow, Report, ReportDue,
            ReportRule, ReportStep, faults, file, licence, quarters, report_due, report_steps, rewrite,
            take_report_step, work_out,
        },
        orders::Office,
    },
    registry::{Place, Text},
    store::{AuditNote, Page, Store, Tx, no_report, no_request, random_id},
};

/// Conflicts, and emissions, of one report at most.
const LINKS_MAX: usize = 100;

/// A report as somebody may know it.
#[derive(Debug, Clone)]
pub struct SeenReport {
    /// What is known of it.
    pub report: Disclosed<Report>,
    /// What the clock does next, and when.
    pub due: Option<(Timestamp, ReportDue)>,
    /// Until when it is to be confirmed, or settled.
    pub until: Option<Timestamp>,
    /// The steps it has now, with what keeps the reader from each; none for those who take no steps.
    pub available: Vec<(&'static ReportRule, Option<Text>)>,
}

/// What is given with a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenReport {
    /// In words.
    pub reason: String,
    /// The new grade.
    pub grade: Option<Grade>,
    /// The new level.
    pub level: Option<Level>,
    /// Where the source is.
    pub place: Option<Place>,
    /// What belongs to it.
    pub evidence: Option<Evidence>,
    /// The request it is shared under.
    pub request: Option<String>,
    /// The receiver whose observation verifies that it is gone.
    pub receiver: Option<String>,
}

/// Outcome of a change.
pub type Changed = std::result::Result<SeenReport, Refused>;

/// The reports. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InterferenceReports {
    store: Store,
    registry: RegistryService,
    findings: Findings,
    occupancies: Occupancies,
    policy: Arc<Policy>,
    /// Told when something new may be due.
    changed: Arc<Notify>,
}

impl InterferenceReports {
    /// The reports of this database.
    #[must_use]
    pub fn new(store: Store, registry: RegistryService, occupancies: Occupancies, policy: Policy) -> Self {
        Self {
            findings: Findings::new(store.clone()),
            store,
            registry,
            occupancies,
            policy: Arc::new(policy),
            changed: Arc::default(),
        }
    }

    /// One page, the latest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &ReportQuery, asking: Asking<'_>) -> Result<Page<SeenReport>> {
        let view = self.view(asking)?;
        let keep = |report: &Report| view.knows_report(report, asking.role);
        let page = self.store.interference_reports(query, keep).await?;
        Ok(View::page(page, |report| self.show(report, &view, asking)))
    }

    /// One report.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<SeenReport> {
        let view = self.view(asking)?;
        let report = self.known(id, &view, asking).await?;
        Ok(self.show(report, &view, asking))
    }

    /// Takes a complaint in.
    ///
    /// # Errors
    /// Faults of the complaint; `Forbidden` for a role without an office; `Unavailable`.
    pub async fn file(&self, complaint: Complaint, grade: Grade, level: Level, asking: Asking<'_>) -> Changed {
        let office = office(asking)?;
        let view = self.view(asking)?;
        let licence = checked(&complaint, &view, asking.now)?;
        let (policy, now, actor) = (Arc::clone(&self.policy), asking.now, asking.actor.to_owned());
        let filed = self.store.write(move |tx| {
            Box::pin(async move {
                let filing = Filing {
                    id: random_id(),
                    number: number(tx, office, now).await?,
                    complaint,
                    licence,
                    grade,
                    level,
                    office,
                    actor,
                };
                let report = file(filing, &policy.reports, now);
                let due = report_due(&report, &policy.reports).map(|(at, _)| at);
                tx.put_interference_report(&report, None, due).await?;
                tx.note(noted(None, &report));
                told(tx, None, &report, now).await?;
                Ok(report)
            })
        });
        let report = filed.await?;
        self.changed.notify_one();
        Ok(self.show(report, &view, asking))
    }

    /// The complaint as it should have been taken down; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of the complaint; the refusal of the procedure.
    pub async fn rewrite(&self, id: &str, version: u64, complaint: Complaint, asking: Asking<'_>) -> Changed {
        let view = self.view(asking)?;
        let licence = checked(&complaint, &view, asking.now)?;
        let give = give(ReportStep::Rewrite, GivenReport::default(), None, asking)?;
        let policy = Arc::clone(&self.policy);
        let step = move |report: &Report, now| rewrite(report, complaint, licence, &give, &policy.reports, now);
        self.change(id, version, None, asking, step).await
    }

    /// Takes a step; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; the refusal of the procedure.
    pub async fn take(
        &self,
        id: &str,
        version: u64,
        step: ReportStep,
        mut given: GivenReport,
        asking: Asking<'_>,
    ) -> Changed {
        let view = self.view(asking)?;
        let before = self.known(id, &view, asking).await?;
        if let Some(evidence) = &mut given.evidence {
            self.check_links(evidence, &view).await?;
        }
        let observed = match (&given.receiver, step) {
            (Some(_), ReportStep::Verify) if before.complaint.band().is_some_and(|b| view.veils(b.low(), b.high())) => {
                return Err(self.refuse_veiled(&before, version, given, asking));
            }
            (Some(receiver), ReportStep::Verify) => Some(self.observed(&before, receiver, asking.now).await?),
            _ => None,
        };
        let thread = match (&given.request, step) {
            (Some(request), ReportStep::Share) => Some(self.request_to_link(request, &before, asking).await?),
            _ => None,
        };
        let give = give(step, given, observed, asking)?;
        let policy = Arc::clone(&self.policy);
        let step = move |report: &Report, now| take_report_step(report, &give, &policy.reports, now);
        self.change(id, version, thread, asking, step).await
    }

    /// Why a receiver's word is not taken: where the step is not possible anyhow, for the reason everybody is given, so that the
    /// refusal tells of a veil only whom it concerns.
    fn refuse_veiled(&self, before: &Report, version: u64, given: GivenReport, asking: Asking<'_>) -> Refused {
        if before.version != version {
            return Error::Stale.into();
        }
        let by_word = GivenReport {
            receiver: None,
            reason: "-".to_owned(),
            ..given
        };
        match give(ReportStep::Verify, by_word, None, asking) {
            Ok(give) => take_report_step(before, &give, &self.policy.reports, asking.now)
                .map_or_else(Refused::Step, |_| not_told()),
            Err(refused) => refused.into(),
        }
    }

    async fn change(
        &self,
        id: &str,
        version: u64,
        thread: Option<(String, ThreadEntry)>,
        asking: Asking<'_>,
        step: impl FnOnce(&Report, Timestamp) -> std::result::Result<Report, Refusal> + Send + 'static,
    ) -> Changed {
        let view = self.view(asking)?;
        self.known(id, &view, asking).await?;
        let (id, actor, now) = (id.to_owned(), asking.actor.to_owned(), asking.now);
        let policy = Arc::clone(&self.policy);
        let done = self.store.write(move |tx| {
            Box::pin(async move {
                let done = changed(tx, &id, version, &actor, &policy, now, |report| step(report, now)).await?;
                if let (Ok(_), Some((request, entry))) = (&done, thread)
                    && let Some(request) = tx.request(&request).await?
                {
                    enter(tx, &request, entry).await?;
                }
                Ok(done)
            })
        });
        let report = done.await?.map_err(Refused::Step)?;
        self.changed.notify_one();
        Ok(self.show(report, &*self.view(asking)?, asking))
    }

    /// Figures by quarter and grade of the reports the reader may know, from the first day of the year on (UTC+8).
    ///
    /// # Errors
    /// `Invalid` for a year that is none; `Store` when reading fails.
    pub async fn statistics(&self, year: i16, asking: Asking<'_>) -> Result<Vec<QuarterRow>> {
        let first = jiff::civil::Date::new(year, 1, 1).ok().filter(|_| year >= 1970);
        let first = first.and_then(|day| {
            let zone = TimeZone::fixed(jiff::tz::Offset::constant(8));
            day.to_zoned(zone).ok().map(|day| day.timestamp())
        });
        let from = first.ok_or_else(|| Error::Invalid("write a year such as 2026".to_owned()))?;
        let view = self.view(asking)?;
        let keep = |report: &Report| view.knows_report(report, asking.role);
        let reports = self.store.interference_reports_since(from, keep).await?;
        Ok(quarters(&reports, &self.policy.reports))
    }

    /// Whether everything that is linked exists for the reader.
    async fn check_links(&self, evidence: &mut Evidence, view: &View) -> std::result::Result<(), Refused> {
        for ids in [&mut evidence.conflicts, &mut evidence.emissions] {
            ids.iter_mut().for_each(|id| *id = id.trim().to_owned());
            let mut known = std::collections::HashSet::new();
            ids.retain(|id| known.insert(id.clone()));
            if ids.len() > LINKS_MAX {
                return Err(fault(
                    "evidence",
                    format!("最多关联 {LINKS_MAX} 项"),
                    format!("link at most {LINKS_MAX} of each"),
                ));
            }
        }
        for id in &evidence.conflicts {
            let found = self.findings.check_known(id, view).await;
            found.map_err(|error| absent(error, id, "冲突", "conflict"))?;
        }
        for id in &evidence.emissions {
            let found = self.findings.emission(id, view).await;
            found.map_err(|error| absent(error, id, "发射", "emission"))?;
        }
        Ok(())
    }

    /// The line that a request's thread gets when a report is shared under it.
    async fn request_to_link(
        &self,
        id: &str,
        report: &Report,
        asking: Asking<'_>,
    ) -> std::result::Result<(String, ThreadEntry), Refused> {
        let standing = permissions::standing(asking.role).ok_or_else(|| no_request(id))?;
        let officer = Officer {
            user: asking.actor.to_owned(),
            standing,
            organisation: asking.organisation.to_owned(),
        };
        let request = self.store.request(id).await?;
        let sent = request.submitted_at.is_some();
        let known = View::request(&officer, request).filter(|_| sent);
        let request = known.ok_or_else(|| no_request(id))?.into_inner();
        let party = officer.party(&request);
        let entry = ThreadEntry {
            entry: 0,
            time: asking.now,
            actor: asking.actor.to_owned(),
            party: party.ok_or_else(|| no_request(id))?,
            kind: EntryKind::Message,
            step: None,
            state: request.state,
            text: Text::new(
                format!("干扰投诉 {} 已提请会商", report.number),
                format!("Interference report {} was brought in", report.number),
            ),
            conflict: None,
            internal: false,
        };
        Ok((request.id, entry))
    }

    /// The stored report, where the reader may know of it.
    async fn known(&self, id: &str, view: &View, asking: Asking<'_>) -> Result<Report> {
        let report = self.store.interference_report(id).await?;
        match view.knows_report(&report, asking.role) {
            true => Ok(report),
            false => Err(no_report(id)),
        }
    }

    fn view(&self, asking: Asking<'_>) -> Result<Arc<View>> {
        self.registry.view(permissions::audience(asking.role))
    }

    fn show(&self, report: Report, view: &View, asking: Asking<'_>) -> SeenReport {
        let rules = &self.policy.reports;
        let office = permissions::office(asking.role);
        SeenReport {
            due: report_due(&report, rules),
            until: work_out(&report, rules),
            available: office.map_or_else(Vec::new, |office| report_steps(&report, office)),
            report: view.report(report, asking.role),
        }
    }
}

/// Faults of a complaint, and what the registry says of the assignment it names, as the reader may know it.
fn checked(complaint: &Complaint, view: &View, now: Timestamp) -> std::result::Result<Licence, Refused> {
    let mut found = faults(complaint, now);
    let assignment = complaint.assignment.as_deref().map(str::trim);
    let record = assignment.and_then(|key| view.registry().assignment(key));
    if assignment.is_some_and(|key| !key.is_empty()) && record.is_none() {
        found.push(Fault {
            field: "assignment",
            reason: Text::new(
                "台站登记中没有此指配：请核对编号，没有的留空",
                "the registry has no such assignment: check the key, or leave it out where there is none",
            ),
        });
    }
    if found.is_empty() {
        super::disclosure::show(record);
        Ok(licence(complaint, record, now))
    } else {
        Err(Refused::Faults(found))
    }
}

fn give(
    step: ReportStep,
    given: GivenReport,
    observed: Option<interference::Observed>,
    asking: Asking<'_>,
) -> Result<GiveReport> {
    Ok(GiveReport {
        step,
        office: office(asking)?,
        actor: asking.actor.to_owned(),
        reason: given.reason,
        grade: given.grade,
        level: given.level,
        place: given.place,
        evidence: given.evidence,
        request: given.request,
        observed,
    })
}

fn office(asking: Asking<'_>) -> Result<Office> {
    permissions::office(asking.role).ok_or(Error::Forbidden {
        role: asking.role.name().to_owned(),
        action: "handle interference reports",
    })
}

/// What a receiver met is not told where use that is not open may be: nor is it by a refusal that names it.
fn not_told() -> Refused {
    fault(
        "receiver",
        "该频段可能有不公开的用频，不能以接收机数据核销：请填写核销理由，或请对方核实",
        "there may be use here that is not open to you, so nothing is told of what a receiver met: give a reason instead, or \
         ask the other side",
    )
}

fn fault(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Refused {
    Refused::Faults(vec![Fault {
        field,
        reason: Text::new(zh, en),
    }])
}

/// That something which is linked does not exist is a fault of the link.
fn absent(error: Error, id: &str, zh: &str, en: &str) -> Refused {
    match error {
        Error::NotFound { .. } => fault(
            "evidence",
            format!("没有编号为“{id}”的{zh}"),
            format!("there is no {en} '{id}'"),
        ),
        error => error.into(),
    }
}

/// One step in the writer's transaction, with its note in the audit. A step of somebody who may not take it is noted too.
async fn changed(
    tx: &mut Tx,
    id: &str,
    version: u64,
    actor: &str,
    policy: &Policy,
    now: Timestamp,
    step: impl FnOnce(&Report) -> std::result::Result<Report, Refusal>,
) -> Result<std::result::Result<Report, Refusal>> {
    let before = tx.interference_report(id).await?;
    if before.version != version {
        return Err(Error::Stale);
    }
    let after = match step(&before) {
        Ok(after) => after,
        Err(refusal) => {
            if let Refusal::NotYours(why) = &refusal {
                let state = Some(before.state.name().to_owned());
                tx.note(AuditNote {
                    actor: actor.to_owned(),
                    accepted: false,
                    version_before: state.clone(),
                    version_after: state,
                    reason: Some(why.en.clone()),
                    ..noted(None, &before)
                });
            }
            return Ok(Err(refusal));
        }
    };
    let due = report_due(&after, &policy.reports).map(|(at, _)| at);
    tx.put_interference_report(&after, Some(version), due).await?;
    tx.note(noted(Some(&before), &after));
    told(tx, Some(&before), &after, now).await?;
    Ok(Ok(after))
}
