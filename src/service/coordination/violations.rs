//! Conflicts with stations that were coordinated: both sides find them in the thread of the request.

use jiff::Timestamp;

use super::{EntryKind, ThreadEntry, enter};
use crate::{
    Result,
    conflict::VerdictKind,
    coordination::Party,
    registry::Text,
    service::ledger::SYSTEM,
    store::{ConflictRecord, Tx},
};

/// Tells in the thread of a request that a conflict with one of its assignments was opened, and why: those who asked may
/// not read the conflict where it lies beside use that is not open to them.
pub(in crate::service) async fn tell(tx: &mut Tx, conflict: &ConflictRecord, now: Timestamp) -> Result<()> {
    let number = conflict.assignment.as_deref().and_then(|key| key.rsplit_once('/'));
    let Some((number, _)) = number else { return Ok(()) };
    let Some(request) = tx.request_numbered(number).await? else {
        return Ok(());
    };
    let entry = ThreadEntry {
        entry: 0,
        time: now,
        actor: SYSTEM.to_owned(),
        party: Party::System,
        kind: EntryKind::Violation,
        step: None,
        state: request.state,
        text: why(conflict),
        conflict: Some(conflict.id.clone()),
        internal: false,
    };
    enter(tx, &request, entry).await.map(drop)
}

/// What was measured against what was agreed, where the reason speaks of the request's own assignment alone. One that speaks
/// of a control order is for those who may know the order: they read the conflict.
fn why(conflict: &ConflictRecord) -> Text {
    let opened = Text::new(
        "监测发现与本申请所定用频不符的发射，已立案",
        "A receiver measured an emission that does not keep to what was agreed; a conflict was opened",
    );
    match conflict.kind {
        VerdictKind::OffFrequency
        | VerdictKind::OverBandwidth
        | VerdictKind::OverPower
        | VerdictKind::OutOfHours
        | VerdictKind::Expired => Text::new(
            format!("{}：{}", opened.zh, conflict.explanation.zh.trim()),
            format!("{}. {}", opened.en, conflict.explanation.en.trim()),
        ),
        _ => opened,
    }
}
