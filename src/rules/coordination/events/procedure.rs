//! Writing an event, and the steps people take with one.

use jiff::Timestamp;

use super::{EVENT_TABLE, Event, EventContent, EventEntry, EventPerson, EventRule, EventState, EventStep, words};
use crate::{
    coordination::{Refusal, tasks::Author},
    registry::Text,
};

/// Entries of one event, at most.
const ENTRIES_MAX: usize = 500;
/// Longest text of one step, in characters.
const TEXT_MAX: usize = 4000;

/// What makes a new event.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Public id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What is written about it.
    pub content: EventContent,
    /// Who writes it: of the lead office.
    pub author: Author,
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveEvent {
    /// The step.
    pub step: EventStep,
    /// Who.
    pub author: Author,
    /// In words.
    pub reason: String,
}

/// A draft.
#[must_use]
pub fn create(new: NewEvent, now: Timestamp) -> Event {
    let NewEvent {
        id,
        number,
        content,
        author,
    } = new;
    let mut event = Event {
        id,
        number,
        lead: author.organisation.clone(),
        office: author.office,
        state: EventState::Draft,
        content,
        created_at: now,
        announced_at: None,
        over_at: None,
        entries: Vec::new(),
        version: 1,
    };
    enter(&mut event, EventStep::Create, &author, "", now);
    event
}

/// The event with other contents.
///
/// # Errors
/// It is over, or another office leads it.
pub fn edit(event: &Event, content: EventContent, author: &Author, now: Timestamp) -> Result<Event, Refusal> {
    allowed(event, EventStep::Edit, author)?;
    let mut after = event.clone();
    after.content = content;
    after.version += 1;
    enter(&mut after, EventStep::Edit, author, "", now);
    Ok(after)
}

/// Takes a step: the event as it is afterwards, or why not. Nothing changes on a refusal.
///
/// # Errors
/// The step is not of this state or not for this person, or lacks words.
pub fn take_event_step(event: &Event, give: &GiveEvent, now: Timestamp) -> Result<Event, Refusal> {
    if matches!(give.step, EventStep::Edit | EventStep::Create) {
        return Err(incomplete(
            "step",
            "修改活动请提交全部内容（PUT）",
            "to write it anew, send the whole event (PUT)",
        ));
    }
    let rule = allowed(event, give.step, &give.author)?;
    let reason = give.reason.trim();
    if reason.chars().count() > TEXT_MAX {
        return Err(incomplete(
            "reason",
            format!("不得超过 {TEXT_MAX} 字"),
            format!("write at most {TEXT_MAX} characters"),
        ));
    }
    if rule.reason && reason.is_empty() {
        return Err(incomplete(
            "reason",
            "请写明理由或内容",
            "write the reason, or what you have to say",
        ));
    }
    let mut after = event.clone();
    after.version += 1;
    after.state = rule.to.unwrap_or(event.state);
    if give.step == EventStep::Announce {
        after.announced_at = Some(now);
    }
    if after.state.is_over() && !event.state.is_over() {
        after.over_at = Some(now);
    }
    enter(&mut after, give.step, &give.author, reason, now);
    Ok(after)
}

/// Every step that the state has, with what keeps this person from taking it; nothing: they may.
#[must_use]
pub fn event_steps(event: &Event, author: &Author) -> Vec<(&'static EventRule, Option<Text>)> {
    let of_state = EVENT_TABLE.iter().filter(|rule| rule.from.contains(&event.state));
    let offers = of_state.map(|rule| {
        let refusal = may(rule, event, author).err().map(|refusal| match refusal {
            Refusal::NotYours(text) | Refusal::WrongState(text) | Refusal::Incomplete(_, text) => text,
        });
        (rule, refusal)
    });
    offers.collect()
}

/// Whether this person may work on the plan and at the gate: of an office that takes part, or the coordinator, while the event is
/// not over.
///
/// # Errors
/// It is over, or none of theirs.
pub fn may_work(event: &Event, author: &Author) -> Result<(), Refusal> {
    if !(author.runs() || event.takes_part(&author.organisation)) {
        return Err(not_yours());
    }
    if event.state.is_over() {
        return Err(wrong_state(event));
    }
    Ok(())
}

fn allowed(event: &Event, step: EventStep, author: &Author) -> Result<&'static EventRule, Refusal> {
    let Some(rule) = EVENT_TABLE.iter().find(|rule| rule.step == step) else {
        return Err(wrong_state(event));
    };
    // Who may not is told so whatever the state; only who may learns that it is too late.
    may(rule, event, author)?;
    if !rule.from.contains(&event.state) || event.entries.len() >= ENTRIES_MAX && rule.to.is_none() {
        return Err(wrong_state(event));
    }
    Ok(rule)
}

fn may(rule: &EventRule, event: &Event, author: &Author) -> Result<(), Refusal> {
    let fits = match rule.by {
        EventPerson::Lead => author.runs() || author.organisation == event.lead,
        EventPerson::Participant => author.runs() || event.takes_part(&author.organisation),
    };
    if fits { Ok(()) } else { Err(not_yours()) }
}

fn not_yours() -> Refusal {
    Refusal::NotYours(Text::new(
        "仅牵头单位（参加单位可记录意见）和协调员可办理",
        "only the lead office and the coordinator may do this; those who take part may leave a note",
    ))
}

fn wrong_state(event: &Event) -> Refusal {
    let state = words::state(event.state);
    Refusal::WrongState(Text::new(
        format!("本活动处于“{}”状态，不能办理此步骤", state.zh),
        format!("the event is {}: this step is not possible now", state.en),
    ))
}

fn incomplete(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::Incomplete(field, Text::new(zh, en))
}

fn enter(event: &mut Event, step: EventStep, author: &Author, text: &str, now: Timestamp) {
    event.entries.push(EventEntry {
        step,
        actor: author.actor.clone(),
        organisation: author.organisation.clone(),
        time: now,
        state: event.state,
        text: text.to_owned(),
    });
}
