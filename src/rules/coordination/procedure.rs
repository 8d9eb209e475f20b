//! Taking a step: the only way a request changes its state.
//!
//! What the policy adds to the table (a second person, the coordinator's word before anything comes into force, silence) is
//! checked here too.

use jiff::Timestamp;

use super::{Asked, Carry, Decision, Party, Policy, Request, Rule, Silence, Step, TABLE, request::on_air, words};
use crate::{registry::Text, units::Band};

/// Bands that a refusal may offer.
const OFFERED_MAX: usize = 10;

/// What somebody does, with what they give.
#[derive(Debug, Clone, PartialEq)]
pub struct Give {
    /// The step.
    pub step: Step,
    /// Who acts.
    pub party: Party,
    /// Their account.
    pub actor: String,
    /// Why, in words; may be empty where the table asks for none.
    pub reason: String,
    /// Conditions of an agreement.
    pub conditions: Option<String>,
    /// First instant no longer agreed; by default the end that was asked for, within the longest lease.
    pub expires: Option<Timestamp>,
    /// The band chosen for a request of "something that fits".
    pub band: Option<Band>,
    /// With a refusal: what would be agreed to instead.
    pub offered: Vec<Band>,
}

/// Why a step was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else may.
    NotYours(Text),
    /// Not in this state.
    WrongState(Text),
    /// Something is missing or wrong; the field, and what to write.
    Incomplete(&'static str, Text),
}

/// The steps a party may take now.
#[must_use]
pub fn available(request: &Request, party: Party, actor: &str, policy: &Policy) -> Vec<&'static Rule> {
    TABLE
        .iter()
        .filter(|rule| rule.from.contains(&request.state) && may(rule, request, party, actor, policy).is_ok())
        .collect()
}

fn may(rule: &Rule, request: &Request, party: Party, actor: &str, policy: &Policy) -> Result<(), Refusal> {
    let refuse = |zh: &str, en: &str| Err(Refusal::NotYours(Text::new(zh, en)));
    if !rule.by.contains(&party) {
        return refuse(
            "此步骤由另一方或协调员办理",
            "this step is for the other side, or for the coordinator",
        );
    }
    let rules = policy.kind(request.proposal.kind);
    let decides = matches!(
        rule.step,
        Step::Agree | Step::AgreeWithConditions | Step::AgreeTemporarily | Step::Refuse
    );
    if decides && !policy.submitter_may_decide && request.submitted_by.as_deref() == Some(actor) {
        return refuse(
            "提交人不得审定自己的申请，请由他人办理",
            "who submitted a request may not decide it: let somebody else do it",
        );
    }
    if rule.step == Step::PutInForce && rules.coordinator_confirms && party != Party::Coordinator {
        return refuse(
            "此类申请须由协调员确认后生效",
            "requests of this kind are put in force by the coordinator",
        );
    }
    if rule.step == Step::AgreeBySilence && rules.silence != Silence::Agrees {
        return refuse(
            "策略未启用“逾期视为同意”",
            "the policy does not take silence for agreement",
        );
    }
    Ok(())
}

/// Takes a step: the request as it is afterwards, or why not. Nothing changes on a refusal.
///
/// # Errors
/// The step is not of this state or not for this party, or lacks what it must carry.
pub fn take(request: &Request, give: &Give, policy: &Policy, now: Timestamp) -> Result<Request, Refusal> {
    let Some(rule) = TABLE.iter().find(|rule| rule.step == give.step) else {
        return Err(wrong_state(request));
    };
    // Who may not is told so whatever the state; only who may learns that it is too late.
    may(rule, request, give.party, &give.actor, policy)?;
    if !rule.from.contains(&request.state) {
        return Err(wrong_state(request));
    }
    carried(rule, give)?;
    let mut after = request.clone();
    after.state = rule.to;
    after.reminders = 0;
    after.version += 1;
    after.since = now;
    after.clock = clock(request, rule.step, now);
    if matches!(rule.step, Step::Refuse | Step::Suspend | Step::Revoke | Step::Withdraw) {
        after.reason = Some(give.reason.trim().to_owned());
    }
    match rule.step {
        Step::Refuse => {
            offerable(&give.offered)?;
            after.offered.clone_from(&give.offered);
        }
        Step::Submit => {
            in_time(request, now)?;
            after.submitted_by = Some(give.actor.clone());
            after.submitted_at = Some(now);
        }
        Step::Agree | Step::AgreeWithConditions | Step::AgreeTemporarily | Step::AgreeBySilence => {
            after.decision = Some(decision(request, give, policy, now)?);
        }
        Step::Renew => {
            let expires = expiry(request, give, policy, now)?;
            let decision = after.decision.as_mut().ok_or_else(|| wrong_state(request))?;
            if expires <= decision.expires {
                return Err(missing_expiry(
                    "应晚于现有期限",
                    "give an instant after the present one",
                ));
            }
            decision.expires = expires;
        }
        Step::Resume => after.reason = None,
        Step::PutInForce if request.decision.as_ref().is_none_or(|decision| decision.expires <= now) => {
            return Err(Refusal::WrongState(Text::new(
                "同意的期限已过",
                "the time that was agreed is over",
            )));
        }
        _ => {}
    }
    Ok(after)
}

fn wrong_state(request: &Request) -> Refusal {
    let state = words::state(request.state);
    Refusal::WrongState(Text::new(
        format!("申请处于“{}”状态，不能办理此步骤", state.zh),
        format!("the request is {}: this step is not possible now", state.en),
    ))
}

fn carried(rule: &Rule, give: &Give) -> Result<(), Refusal> {
    let said = |text: &str| !text.trim().is_empty();
    for carry in rule.carries {
        let (given, field, zh, en) = match carry {
            Carry::Reason => (said(&give.reason), "reason", "请写明理由或内容", "write the reason"),
            Carry::Conditions => (
                give.conditions.as_deref().is_some_and(said),
                "conditions",
                "请写明条件",
                "write the conditions",
            ),
            Carry::Expiry => (give.expires.is_some(), "expires", "请写明期限", "give the end"),
        };
        if !given {
            return Err(Refusal::Incomplete(field, Text::new(zh, en)));
        }
    }
    Ok(())
}

fn offerable(bands: &[Band]) -> Result<(), Refusal> {
    if bands.len() <= OFFERED_MAX && bands.iter().all(on_air) {
        return Ok(());
    }
    Err(Refusal::Incomplete(
        "offered",
        Text::new(
            format!("最多列 {OFFERED_MAX} 个备选频段，下限低于上限，不超过 3000 GHz"),
            format!(
                "offer at most {OFFERED_MAX} bands, each with its lower edge below its upper one, none above 3000 GHz"
            ),
        ),
    ))
}

fn in_time(request: &Request, now: Timestamp) -> Result<(), Refusal> {
    if request.proposal.time.to > now {
        return Ok(());
    }
    Err(Refusal::Incomplete(
        "time.to",
        Text::new("所申请的时间已过", "the time that is asked for is over"),
    ))
}

/// The clock of the decision starts with the submission and stands still while information is awaited.
fn clock(request: &Request, step: Step, now: Timestamp) -> Timestamp {
    match (step, request.state) {
        (Step::Receive | Step::StartReview, _) => request.clock,
        // While information is awaited `clock` holds how much of the deciders' time was used, counted back from `since`.
        (Step::RequestInformation, _) => request.clock,
        (Step::ProvideInformation, _) => request.clock + now.duration_since(request.since),
        _ => now,
    }
}

fn missing_expiry(zh: &str, en: &str) -> Refusal {
    Refusal::Incomplete("expires", Text::new(zh, en))
}

fn expiry(request: &Request, give: &Give, policy: &Policy, now: Timestamp) -> Result<Timestamp, Refusal> {
    let begins = now.max(request.proposal.time.from);
    let lease = policy.kind(request.proposal.kind).lease_max;
    let most = begins.checked_add(lease).unwrap_or(Timestamp::MAX);
    let asked = give.expires.unwrap_or(request.proposal.time.to.min(most));
    if asked <= now {
        return Err(missing_expiry("期限已过", "give an instant in the future"));
    }
    if asked <= request.proposal.time.from {
        return Err(missing_expiry(
            "期限早于所申请时间的开始",
            "give an instant after the beginning that was asked for",
        ));
    }
    if asked > most {
        return Err(missing_expiry(
            &format!("超过此类申请的最长期限，最晚 {most}"),
            &format!("later than the longest lease of this kind allows, {most}"),
        ));
    }
    Ok(asked)
}

fn decision(request: &Request, give: &Give, policy: &Policy, now: Timestamp) -> Result<Decision, Refusal> {
    let bands = match (&request.proposal.asked, give.band) {
        (Asked::Bands(bands), None) => bands.clone(),
        (Asked::Bands(bands), Some(band)) if bands.iter().any(|asked| asked.contains(band)) => vec![band],
        (Asked::Bands(_), Some(_)) => {
            return Err(Refusal::Incomplete(
                "band",
                Text::new("不在所申请的频段内", "give a band within one that was asked for"),
            ));
        }
        (
            Asked::Fit {
                bandwidth_hz, tuning, ..
            },
            Some(band),
        ) if tuning.contains(band) && band.width() >= *bandwidth_hz => vec![band],
        (Asked::Fit { .. }, _) => {
            return Err(Refusal::Incomplete(
                "band",
                Text::new(
                    "申请未指定频率：请从备选中选定一个频段",
                    "the request names no frequency: choose a band within the tuning range, as wide as asked",
                ),
            ));
        }
    };
    let conditions = give
        .conditions
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    Ok(Decision {
        bands,
        conditions: conditions.map(str::to_owned),
        expires: expiry(request, give, policy, now)?,
        by: give.actor.clone(),
        at: now,
    })
}
