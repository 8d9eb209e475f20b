//! Measuring tasks as an audience may know them.

use crate::{
    coordination::{
        orders::Office,
        tasks::{Task, TaskStep},
    },
    service::{
        auth::permissions,
        change::Asking,
        disclosure::{Disclosed, View, withheld},
        interference_reports::withheld_words,
    },
};

impl View {
    /// Whether the reader may know a task: the organisation that asked, those who run the receivers, and the overseers. To
    /// everybody else it is not there, classified or not; of a receiver's time they learn what the policy says.
    #[must_use]
    pub fn knows_task(task: &Task, asking: Asking<'_>) -> bool {
        match permissions::office(asking.role) {
            Some(office) => office == Office::Coordinator || asking.organisation == task.organisation,
            None => permissions::sees_proposals(asking.role),
        }
    }

    /// A task as the audience may know it: words that others wrote go where they name what is withheld.
    #[must_use]
    pub fn task(&self, mut task: Task, asking: Asking<'_>) -> Disclosed<Task> {
        // Of an organisation are also people who may know more than others of it.
        let wrote = |actor: &str| actor == asking.actor;
        let author = task
            .entries
            .iter()
            .rfind(|entry| matches!(entry.step, TaskStep::Ask | TaskStep::Amend));
        let own = author.is_some_and(|entry| wrote(&entry.actor));
        for entry in &mut task.entries {
            let texts = [entry.text.zh.as_str(), entry.text.en.as_str()];
            if !wrote(&entry.actor) && self.tells(&texts) {
                entry.text = withheld();
            } else {
                self.shows(&texts);
            }
        }
        let content = &mut task.content;
        for text in [&mut content.title, &mut content.purpose, &mut content.reason] {
            if !own && self.tells(&[text]) {
                *text = withheld_words();
            } else {
                self.shows(&[text]);
            }
        }
        self.mask_task(&mut task);
        Disclosed::of(task)
    }
}
