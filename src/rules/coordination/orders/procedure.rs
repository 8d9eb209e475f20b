//! Taking a step: the only way a control order changes.

use jiff::Timestamp;

use super::{ORDER_TABLE, Office, OrderEntry, OrderRecord, OrderRule, OrderState, OrderStep, Person};
use crate::{
    coordination::{Approval, OrderRules, Refusal},
    registry::{ControlOrder, Text},
};

/// Steps of one order; more than people take, and a bound on what one record holds.
const STEPS_MAX: usize = 200;
/// Longest reason, in characters.
const REASON_MAX: usize = 2000;

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveOrder {
    /// The step.
    pub step: OrderStep,
    /// Their office.
    pub office: Office,
    /// Their account.
    pub actor: String,
    /// Why, in words; may be empty where the table asks for none.
    pub reason: String,
}

/// A new draft.
#[must_use]
pub fn draft(key: String, order: ControlOrder, office: Office, actor: &str, now: Timestamp) -> OrderRecord {
    OrderRecord {
        key,
        order,
        state: OrderState::Draft,
        office,
        approved_at: None,
        lifted_at: None,
        steps: vec![OrderEntry {
            step: OrderStep::Draft,
            actor: actor.to_owned(),
            office,
            time: now,
            reason: String::new(),
        }],
        version: 1,
    }
}

/// The draft with another content.
///
/// # Errors
/// It is no draft any more, or another office's.
pub fn edit(
    record: &OrderRecord,
    order: ControlOrder,
    give: &GiveOrder,
    rules: &OrderRules,
    now: Timestamp,
) -> Result<OrderRecord, Refusal> {
    let mut after = step(record, give, rules, now)?;
    after.order = order;
    Ok(after)
}

/// Takes a step: the record as it is afterwards, or why not. Nothing changes on a refusal.
///
/// # Errors
/// The step is not of this state or not for this person, or lacks its reason.
pub fn take(
    record: &OrderRecord,
    give: &GiveOrder,
    rules: &OrderRules,
    now: Timestamp,
) -> Result<OrderRecord, Refusal> {
    if give.step == OrderStep::Edit {
        return Err(Refusal::Incomplete(
            "step",
            Text::new(
                "修改草稿请提交全部内容（PUT）",
                "to change a draft, send its whole content (PUT)",
            ),
        ));
    }
    step(record, give, rules, now)
}

/// Every step that the state has, with what keeps this person from taking it; nothing: they may.
#[must_use]
pub fn available(
    record: &OrderRecord,
    office: Office,
    actor: &str,
    rules: &OrderRules,
    now: Timestamp,
) -> Vec<(OrderStep, Option<Text>)> {
    let of_state = ORDER_TABLE.iter().filter(|rule| rule.from.contains(&record.state));
    let offers = of_state.map(|rule| {
        let may = may(rule, record, office, actor, rules).and_then(|()| in_time(rule.step, record, now));
        let refusal = may.err().map(|refusal| match refusal {
            Refusal::NotYours(text) | Refusal::WrongState(text) | Refusal::Incomplete(_, text) => text,
        });
        (rule.step, refusal)
    });
    offers.collect()
}

/// Offices of which one officer each has still to approve; empty where any one of those who may will do.
#[must_use]
pub fn missing(record: &OrderRecord, rules: &OrderRules) -> Vec<Office> {
    if rules.approval == Approval::One {
        return Vec::new();
    }
    let lacks = |office: &Office| record.taken(OrderStep::Approve).all(|entry| entry.office != *office);
    [Office::Civil, Office::Military].into_iter().filter(lacks).collect()
}

fn step(record: &OrderRecord, give: &GiveOrder, rules: &OrderRules, now: Timestamp) -> Result<OrderRecord, Refusal> {
    let Some(rule) = ORDER_TABLE.iter().find(|rule| rule.step == give.step) else {
        return Err(wrong_state(record, now));
    };
    // Who may not is told so whatever the state; only who may learns that it is too late.
    may(rule, record, give.office, &give.actor, rules)?;
    if !rule.from.contains(&record.state) {
        return Err(wrong_state(record, now));
    }
    in_time(rule.step, record, now)?;
    let reason = give.reason.trim();
    if rule.reason && reason.is_empty() {
        return Err(Refusal::Incomplete(
            "reason",
            Text::new("请写明理由", "write the reason"),
        ));
    }
    if reason.chars().count() > REASON_MAX {
        return Err(Refusal::Incomplete(
            "reason",
            Text::new(
                format!("理由不得超过 {REASON_MAX} 字"),
                format!("write at most {REASON_MAX} characters"),
            ),
        ));
    }
    if record.steps.len() >= STEPS_MAX && rule.step == OrderStep::Edit {
        return Err(Refusal::WrongState(Text::new(
            format!("草稿已修改 {STEPS_MAX} 次：请撤回并另拟一份"),
            format!("the draft was changed {STEPS_MAX} times: withdraw it and write another one"),
        )));
    }
    let mut after = record.clone();
    after.version += 1;
    after.steps.push(OrderEntry {
        step: rule.step,
        actor: give.actor.clone(),
        office: give.office,
        time: now,
        reason: reason.to_owned(),
    });
    after.state = match rule.step {
        OrderStep::Approve if !missing(&after, rules).is_empty() => record.state,
        _ => rule.to,
    };
    match after.state {
        OrderState::Approved => after.approved_at = Some(now),
        OrderState::Lifted => after.lifted_at = Some(now),
        _ => {}
    }
    Ok(after)
}

fn may(rule: &OrderRule, record: &OrderRecord, office: Office, actor: &str, rules: &OrderRules) -> Result<(), Refusal> {
    let refuse = |zh: &str, en: &str| Err(Refusal::NotYours(Text::new(zh, en)));
    let approves = rules.approvers.contains(&office);
    match rule.by {
        Person::OfItsOffice if office != record.office && office != Office::Coordinator => refuse(
            "此管制令由另一单位拟稿，请由拟稿单位或协调员办理",
            "another office drafted this order: let that office or the coordinator do it",
        ),
        Person::OfAnApprovingOffice | Person::Second if !approves => refuse(
            "按策略本单位无权审批管制令",
            "the policy does not let your office decide about control orders",
        ),
        Person::Second if record.is_author(actor) => refuse(
            "管制令须由第二人审批：拟稿、修改或提请的人不得审批，请由他人办理",
            "a second person decides: who wrote, changed or proposed the order may not, let somebody else do it",
        ),
        Person::Second if rule.step == OrderStep::Approve => one_of_the_missing(record, office, actor, rules),
        _ => Ok(()),
    }
}

/// Where both sides must approve: one officer of each, and not one person for both.
fn one_of_the_missing(record: &OrderRecord, office: Office, actor: &str, rules: &OrderRules) -> Result<(), Refusal> {
    let refuse = |zh: &str, en: &str| Err(Refusal::NotYours(Text::new(zh, en)));
    if rules.approval == Approval::One {
        return Ok(());
    }
    if record.taken(OrderStep::Approve).any(|entry| entry.actor == actor) {
        return refuse(
            "您已审批，尚待另一方审批",
            "you have approved it: the other side has still to",
        );
    }
    if !missing(record, rules).contains(&office) {
        return refuse(
            "须由军地双方各一名人员审批，尚待另一方",
            "one officer of each side approves: it waits for the other side",
        );
    }
    Ok(())
}

/// What is over is neither proposed nor approved nor lifted.
fn in_time(step: OrderStep, record: &OrderRecord, now: Timestamp) -> Result<(), Refusal> {
    let needs_time = matches!(step, OrderStep::Propose | OrderStep::Approve | OrderStep::Lift);
    if !needs_time || now < record.order.to {
        return Ok(());
    }
    Err(Refusal::WrongState(match step {
        OrderStep::Propose => Text::new(
            "管制时间已过：请先修改起止时间",
            "its time is over: change the draft's times first",
        ),
        OrderStep::Approve => Text::new(
            "管制时间已过：请驳回，或由拟稿人撤回后另拟",
            "its time is over: reject it, or let its author withdraw it and write another one",
        ),
        _ => Text::new("管制时间已过，无需解除", "its time is over: there is nothing to lift"),
    }))
}

fn wrong_state(record: &OrderRecord, now: Timestamp) -> Refusal {
    use super::OrderPhase::{Draft, Expired, InForce, Lifted, Pending, Proposed, Rejected, Withdrawn};
    let (zh, en) = match record.phase(now) {
        Draft => ("草稿", "a draft"),
        Proposed => ("待审批", "waiting for approval"),
        Pending => ("待生效", "approved and not yet in force"),
        InForce => ("生效中", "in force"),
        Expired => ("已期满", "expired"),
        Lifted => ("已解除", "lifted"),
        Rejected => ("已驳回", "rejected"),
        Withdrawn => ("已撤回", "withdrawn"),
    };
    Refusal::WrongState(Text::new(
        format!("管制令处于“{zh}”状态，不能办理此步骤"),
        format!("the order is {en}: this step is not possible now"),
    ))
}
