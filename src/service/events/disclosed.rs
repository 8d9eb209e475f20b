//! Events, their plans and their gates as an audience may know them.

use super::super::{
    auth::permissions,
    change::Asking,
    disclosure::{Disclosed, View},
    interference_reports::withheld_words,
};
use crate::{
    coordination::{
        events::{Device, Event, EventEntry, EventStep, PlanRow},
        orders::Office,
    },
    registry::disclosure::{is_open, may_leave},
    store::shown,
};

impl View {
    /// Whether the reader may know an event: the offices that take part once it is announced, the lead office and the coordinator
    /// before, and the overseers. To everybody else it is not there.
    #[must_use]
    pub fn knows_event(event: &Event, asking: Asking<'_>) -> bool {
        match permissions::office(asking.role) {
            Some(office) => office == Office::Coordinator || event.takes_part(asking.organisation),
            None => permissions::sees_proposals(asking.role),
        }
    }

    /// Whether the reader may know a row of the plan of an event they know: a classified one is for its own organisation, those
    /// it is released to, and those who may know everything.
    #[must_use]
    pub fn knows_row(&self, row: &PlanRow, asking: Asking<'_>) -> bool {
        self.sees(row) || row.organisation == asking.organisation
    }

    /// The same without a view: by the record alone, without what the policy tells more of markings.
    pub(in crate::service) fn row_is_known(row: &PlanRow, asking: Asking<'_>) -> bool {
        may_leave(row, permissions::audience(asking.role)) || row.organisation == asking.organisation
    }

    /// An event as the audience may know it: words that others wrote go where they name what is withheld.
    #[must_use]
    pub fn major_event(&self, mut event: Event, asking: Asking<'_>) -> Disclosed<Event> {
        for entry in &mut event.entries {
            self.screen_words(&entry.actor.clone(), [&mut entry.text], asking);
        }
        // What it says now is theirs who wrote it last.
        let written = |entry: &&EventEntry| matches!(entry.step, EventStep::Create | EventStep::Edit);
        let author = event.entries.iter().rev().find(written);
        let author = author.map_or_else(String::new, |entry| entry.actor.clone());
        let content = &mut event.content;
        let texts = [&mut content.about, &mut content.name.zh, &mut content.name.en];
        self.screen_words(&author, texts, asking);
        Disclosed::of(event)
    }

    /// A row of the plan, likewise.
    #[must_use]
    pub fn plan_row(&self, mut row: PlanRow, asking: Asking<'_>) -> Disclosed<PlanRow> {
        if !is_open(&row) {
            shown(&row.id);
        }
        let author = row.written_by.clone();
        let content = &mut row.content;
        let texts = [
            &mut content.channel,
            &mut content.user,
            &mut content.site,
            &mut content.note,
        ];
        self.screen_words(&author, texts, asking);
        Disclosed::of(row)
    }

    /// A device with its tests, likewise.
    #[must_use]
    pub fn event_device(&self, mut device: Device, asking: Asking<'_>) -> Disclosed<Device> {
        for test in &mut device.tests {
            let declared = &mut test.declared;
            self.screen_words(&test.by.clone(), [&mut test.note, &mut test.instrument], asking);
            let texts = [
                &mut declared.kind,
                &mut declared.owner,
                &mut declared.approval,
                &mut declared.serial,
            ];
            self.screen_words(&test.declared_by, texts, asking);
        }
        let author = device.declared_by.clone();
        let content = &mut device.content;
        let texts = [
            &mut content.kind,
            &mut content.owner,
            &mut content.approval,
            &mut content.serial,
        ];
        self.screen_words(&author, texts, asking);
        Disclosed::of(device)
    }

    /// Takes out what `author` wrote where it names what the reader may not know; what readers wrote themselves stays, because
    /// taking it out would tell that it names something.
    fn screen_words<const N: usize>(&self, author: &str, texts: [&mut String; N], asking: Asking<'_>) {
        for text in texts {
            if author != asking.actor && self.tells(&[text]) {
                *text = withheld_words();
            } else {
                self.shows(&[text]);
            }
        }
    }
}
