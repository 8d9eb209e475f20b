//! What is kept beside a report when it changes: its number, the note in the audit, and the notices.

use jiff::Timestamp;

use crate::{
    Result,
    coordination::{interference::Report, orders::Office},
    service::notices::{Subject, tell, word},
    store::{AuditNote, Tx},
};

/// Steps in the audit.
const ACTION: &str = "interference_report";

/// The number of a case: the office, the year (UTC+8), and how many it took in that year.
pub(super) async fn number(tx: &mut Tx, office: Office, now: Timestamp) -> Result<String> {
    let year = jiff::tz::Offset::constant(8).to_datetime(now).year();
    let letter = match office {
        Office::Civil => 'C',
        Office::Military => 'M',
        Office::Coordinator => 'J',
    };
    let n = tx.next_number(&format!("interference-{letter}-{year}")).await?;
    Ok(format!("I{letter}-{year}-{n:04}"))
}

/// The last step of a report, for the audit.
pub(super) fn noted(before: Option<&Report>, after: &Report) -> AuditNote {
    AuditNote {
        actor: after
            .entries
            .last()
            .map_or_else(String::new, |entry| entry.actor.clone()),
        version_before: before.map(|report| report.state.name().to_owned()),
        version_after: Some(after.state.name().to_owned()),
        ..AuditNote::of(ACTION, &format!("{} ({})", after.number, after.id))
    }
}

/// Tells of what was done since `before`.
pub(super) async fn told(tx: &mut Tx, before: Option<&Report>, after: &Report, now: Timestamp) -> Result<()> {
    let known = before.map_or(0, |report| report.entries.len());
    for entry in after.entries.iter().skip(known) {
        tell(tx, Subject::Report(after), &word(&entry.step), &entry.actor, now).await?;
    }
    Ok(())
}
