//! Interference reports as an audience may know them.

use crate::{
    coordination::{
        interference::{Report, ReportStep, Verification},
        orders::Office,
    },
    registry::Text,
    service::{
        auth::{Role, permissions},
        disclosure::{Disclosed, View, withheld},
    },
};

impl View {
    /// Whether the reader may know an interference report: those of the office that handles it, the coordinator and the
    /// overseers; the other side once it was brought in.
    #[must_use]
    pub fn knows_report(&self, report: &Report, role: Role) -> bool {
        Self::report_is_known(report, role)
    }

    /// The same of a role.
    pub(in crate::service) fn report_is_known(report: &Report, role: Role) -> bool {
        match permissions::office(role) {
            Some(office) => office == Office::Coordinator || office == report.office || report.shared.is_some(),
            None => permissions::sees_proposals(role),
        }
    }

    /// A report as the audience may know it. What an office wrote itself it reads as it wrote it: to take a word out of it would
    /// tell that the word names something. In what others wrote, texts go that name what is withheld; and where the harm is
    /// done to a record that is withheld, or to its holder, who is harmed, where and how goes. Frequencies, times, grade and course stay,
    /// because the office that shared the report chose to tell them.
    #[must_use]
    pub fn report(&self, mut report: Report, role: Role) -> Disclosed<Report> {
        let reader = permissions::office(role);
        let by_reader = |report: &Report, steps: &[ReportStep]| {
            let last = report.entries.iter().rfind(|entry| steps.contains(&entry.step));
            reader.is_some() && last.and_then(|entry| entry.office) == reader
        };
        if !by_reader(&report, &[ReportStep::File, ReportStep::Rewrite]) {
            if self.is_about_withheld(&report) {
                redact(&mut report, reader);
            }
            let complaint = &mut report.complaint;
            self.screen([
                &mut complaint.complainant,
                &mut complaint.contact,
                &mut complaint.address,
                &mut complaint.symptoms,
            ]);
        }
        if !by_reader(&report, &[ReportStep::Locate]) {
            self.screen(report.located.as_mut().map(|located| &mut located.words));
        }
        if !by_reader(&report, &[ReportStep::Verify])
            && let Some(Verification::Word { reason }) = &mut report.verified
        {
            self.screen([reason]);
        }
        for entry in &mut report.entries {
            let own = entry.office.is_some() && entry.office == reader;
            let empty = entry.text.zh.is_empty() && entry.text.en.is_empty();
            if !own && !empty && self.tells(&[&entry.text.zh, &entry.text.en]) {
                entry.text = withheld();
            }
        }
        let key = report.complaint.assignment.as_deref().unwrap_or_default();
        self.shows(&[key, &report.complaint.symptoms]);
        Disclosed::of(report)
    }

    fn is_about_withheld(&self, report: &Report) -> bool {
        let complaint = &report.complaint;
        let key = complaint.assignment.as_deref();
        // Records without a holder are no common holder.
        let named = |name: &str| !name.trim().is_empty() && self.withholds_name(name.trim());
        key.is_some_and(|key| self.withholds(key)) || named(&report.licence.holder) || named(&complaint.complainant)
    }

    /// Takes out texts that name what is withheld.
    fn screen<'t>(&self, texts: impl IntoIterator<Item = &'t mut String>) {
        for text in texts {
            if self.tells(&[text]) {
                *text = withheld_words();
            }
        }
    }
}

/// Takes out who is harmed, where and how.
fn redact(report: &mut Report, reader: Option<Office>) {
    let complaint = &mut report.complaint;
    (complaint.assignment, complaint.place) = (None, None);
    for text in [
        &mut complaint.complainant,
        &mut complaint.contact,
        &mut complaint.address,
    ] {
        text.clear();
    }
    complaint.symptoms = withheld_words();
    (report.licence.holder, report.licence.station) = (String::new(), String::new());
    report.licence.findings.clear();
    report.located = None;
    if let Some(Verification::Word { reason }) = &mut report.verified {
        *reason = withheld_words();
    }
    // What was found and done is told with its step, and not in words.
    for entry in &mut report.entries {
        let of_office = entry.office == Some(report.office) && entry.office != reader;
        if of_office && entry.step != ReportStep::Share && entry.step != ReportStep::Note {
            entry.text = Text::default();
        }
    }
}

/// Stands where a person's words name what the reader may not know.
pub(in crate::service) fn withheld_words() -> String {
    let text = withheld();
    format!("{} {}", text.zh, text.en)
}
