//! Asking for a task, and the steps people take with one.

use jiff::Timestamp;

use super::{
    TASK_TABLE, Task, TaskApproval, TaskCarry, TaskContent, TaskEntry, TaskPerson, TaskPriority, TaskRule, TaskRules,
    TaskState, TaskStep, words,
};
use crate::{
    coordination::{Refusal, orders::Office},
    registry::Text,
};

/// Entries of one task that people make, at most.
const ENTRIES_MAX: usize = 300;
/// Longest text of one step, in characters.
const TEXT_MAX: usize = 4000;

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Their account.
    pub actor: String,
    /// Key of their organisation.
    pub organisation: String,
    /// Their office.
    pub office: Office,
}

impl Author {
    /// Whether they run the receivers: the joint office does.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.office == Office::Coordinator
    }
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveTask {
    /// The step.
    pub step: TaskStep,
    /// Who.
    pub author: Author,
    /// In words.
    pub reason: String,
    /// The new priority.
    pub priority: Option<TaskPriority>,
}

/// What makes a new task.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Public id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What is asked for.
    pub content: TaskContent,
    /// Who asks.
    pub author: Author,
}

/// A new task. What needs nobody's decision is accepted.
#[must_use]
pub fn ask(new: NewTask, rules: &TaskRules, system: &str, now: Timestamp) -> Task {
    let NewTask {
        id,
        number,
        content,
        author,
    } = new;
    let accepted = at_once(&content, rules);
    let mut task = Task {
        id,
        number,
        organisation: author.organisation.clone(),
        office: author.office,
        state: TaskState::Requested,
        content,
        asked_at: now,
        decided_at: None,
        over_at: None,
        slots: Vec::new(),
        measured: Vec::new(),
        entries: Vec::new(),
        version: 1,
    };
    enter(&mut task, TaskStep::Ask, &author, Text::default(), now);
    if let Some(text) = accepted {
        accept(&mut task, text, system, now);
    }
    task
}

/// What is asked for instead, while nobody has decided.
///
/// # Errors
/// It was decided already, or is another organisation's.
pub fn amend(
    task: &Task,
    content: TaskContent,
    author: &Author,
    rules: &TaskRules,
    system: &str,
    now: Timestamp,
) -> Result<Task, Refusal> {
    allowed(task, TaskStep::Amend, author)?;
    let mut after = task.clone();
    let accepted = at_once(&content, rules);
    after.content = content;
    after.version += 1;
    enter(&mut after, TaskStep::Amend, author, Text::default(), now);
    if let Some(text) = accepted {
        accept(&mut after, text, system, now);
    }
    Ok(after)
}

/// Why it needs nobody's decision; nothing: it does.
fn at_once(content: &TaskContent, rules: &TaskRules) -> Option<Text> {
    match (content.priority, rules.approval) {
        (TaskPriority::Emergency, _) => Some(words::at_once()),
        (_, TaskApproval::WithinQuota) => Some(words::within_quota()),
        (_, TaskApproval::ByHand) => None,
    }
}

fn accept(task: &mut Task, text: Text, system: &str, now: Timestamp) {
    (task.state, task.decided_at) = (TaskState::Accepted, Some(now));
    task.entries.push(TaskEntry {
        step: TaskStep::Accept,
        actor: system.to_owned(),
        organisation: None,
        time: now,
        state: task.state,
        text,
    });
}

/// Takes a step: the task as it is afterwards, or why not. Nothing changes on a refusal.
///
/// # Errors
/// The step is not of this state or not for this person, or lacks what it must carry.
pub fn take_task_step(task: &Task, give: &GiveTask, now: Timestamp) -> Result<Task, Refusal> {
    if give.step == TaskStep::Amend {
        return Err(incomplete(
            "step",
            "修改任务请提交全部内容（PUT）",
            "to ask for something else, send the whole task (PUT)",
        ));
    }
    let rule = allowed(task, give.step, &give.author)?;
    complete(rule, task, give)?;
    let mut after = task.clone();
    after.version += 1;
    after.state = rule.to.unwrap_or(task.state);
    if let (TaskStep::Prioritise, Some(priority)) = (give.step, give.priority) {
        after.content.priority = priority;
    }
    if matches!(give.step, TaskStep::Accept | TaskStep::Refuse) {
        after.decided_at = Some(now);
    }
    if after.state.is_over() && !task.state.is_over() {
        after.over_at = Some(now);
        end_slots(&mut after, now);
    }
    let reason = give.reason.trim();
    let said = Text::new(reason, reason);
    let text = match give.step {
        TaskStep::Prioritise => {
            let priority = words::priority(after.content.priority);
            Text::new(
                format!("{}。{reason}", priority.zh),
                format!("{}. {reason}", priority.en),
            )
        }
        _ => said,
    };
    enter(&mut after, give.step, &give.author, text, now);
    Ok(after)
}

/// What is ended keeps the slots that have begun up to now, so that what was observed is still counted.
fn end_slots(task: &mut Task, now: Timestamp) {
    let now = super::full_minute(now);
    task.slots.retain(|slot| slot.from < now);
    for slot in &mut task.slots {
        slot.until = slot.until.min(now);
    }
}

/// Every step that the state has, with what keeps this person from taking it; nothing: they may.
#[must_use]
pub fn task_steps(task: &Task, author: &Author) -> Vec<(&'static TaskRule, Option<Text>)> {
    let of_state = TASK_TABLE.iter().filter(|rule| rule.from.contains(&task.state));
    let offers = of_state.map(|rule| {
        let refusal = may(rule, task, author).err().map(|refusal| match refusal {
            Refusal::NotYours(text) | Refusal::WrongState(text) | Refusal::Incomplete(_, text) => text,
        });
        (rule, refusal)
    });
    offers.collect()
}

fn allowed(task: &Task, step: TaskStep, author: &Author) -> Result<&'static TaskRule, Refusal> {
    let Some(rule) = TASK_TABLE.iter().find(|rule| rule.step == step) else {
        return Err(wrong_state(task));
    };
    // Who may not is told so whatever the state; only who may learns that it is too late.
    may(rule, task, author)?;
    if !rule.from.contains(&task.state) {
        return Err(wrong_state(task));
    }
    let people = task.entries.iter().filter(|entry| entry.organisation.is_some()).count();
    if matches!(step, TaskStep::Note | TaskStep::Amend | TaskStep::Prioritise) && people >= ENTRIES_MAX {
        return Err(Refusal::WrongState(Text::new(
            format!("本任务已有 {ENTRIES_MAX} 条记录，不能再补充"),
            format!("the task has {ENTRIES_MAX} entries and takes no more"),
        )));
    }
    Ok(rule)
}

fn may(rule: &TaskRule, task: &Task, author: &Author) -> Result<(), Refusal> {
    let own = author.organisation == task.organisation;
    let (fits, zh, en) = match rule.by {
        TaskPerson::Own => (own, "仅申请单位可办理", "only the organisation that asked may do this"),
        TaskPerson::Runner => (
            author.runs(),
            "仅接收机管理单位（协调员）可办理",
            "only those who run the receivers (the coordinator) may do this",
        ),
        TaskPerson::Either => (
            own || author.runs(),
            "仅申请单位和协调员可办理",
            "only the organisation that asked and the coordinator may do this",
        ),
    };
    if fits {
        Ok(())
    } else {
        Err(Refusal::NotYours(Text::new(zh, en)))
    }
}

fn complete(rule: &TaskRule, task: &Task, give: &GiveTask) -> Result<(), Refusal> {
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
            TaskCarry::Reason if reason.is_empty() => {
                return Err(incomplete(
                    "reason",
                    "请写明理由或内容",
                    "write the reason, or what you have to say",
                ));
            }
            TaskCarry::Priority if give.priority.is_none_or(|new| new == task.content.priority) => {
                return Err(incomplete(
                    "priority",
                    "请选择另一优先级",
                    "give another priority than it has",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn incomplete(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal::Incomplete(field, Text::new(zh, en))
}

fn enter(task: &mut Task, step: TaskStep, author: &Author, text: Text, now: Timestamp) {
    task.entries.push(TaskEntry {
        step,
        actor: author.actor.clone(),
        organisation: Some(author.organisation.clone()),
        time: now,
        state: task.state,
        text,
    });
}

fn wrong_state(task: &Task) -> Refusal {
    let state = words::state(task.state);
    Refusal::WrongState(Text::new(
        format!("本任务处于“{}”状态，不能办理此步骤", state.zh),
        format!("the task is {}: this step is not possible now", state.en),
    ))
}
