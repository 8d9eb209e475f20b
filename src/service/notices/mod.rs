//! Notices: who is told that something happened to a request, an order, a task, a complaint or an event, and what they may
//! know of it when they read.
//!
//! A change tells every desk that may know the record afterwards, in the transaction that stores it (`tell`). A notice holds
//! no words: number, title and state of its record are read when the notice is, by the same use cases and for the same
//! reader as the record's own page. Where the reader may not know the record any more, there is no notice. Numbers of a
//! desk have no gap, and do not leave the service: readers go on from a notice's random key, so also what is no longer
//! there leaves nothing to count.

mod desk;
mod read;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use desk::Subject;
pub use desk::{Desk, plain_role};
pub use read::{NoticeQuery, Notices, SeenNotice, SeenSubject, Unread};

use crate::{
    Result,
    store::{News, Tx},
};

/// What kind of record a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A request between offices.
    Request,
    /// A radio control order.
    ControlOrder,
    /// A measuring task.
    Task,
    /// An interference report.
    InterferenceReport,
    /// A major event.
    Event,
    /// A webhook of the own organisation.
    Webhook,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Request,
        Self::ControlOrder,
        Self::Task,
        Self::InterferenceReport,
        Self::Event,
        Self::Webhook,
    ];

    /// The name on the wire and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::ControlOrder => "control_order",
            Self::Task => "task",
            Self::InterferenceReport => "interference_report",
            Self::Event => "event",
            Self::Webhook => "webhook",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A step as the word that stands for it on the wire.
pub(super) fn word(step: &impl Serialize) -> String {
    let value = serde_json::to_value(step).unwrap_or_default();
    value.as_str().unwrap_or("changed").to_owned()
}

/// Tells every desk that may know the record as it is now. Belongs into the transaction that stores the change.
pub(super) async fn tell(tx: &mut Tx, subject: Subject<'_>, action: &str, actor: &str, now: Timestamp) -> Result<()> {
    let organisations = tx.organisations().await?;
    let news = News {
        kind: subject.kind().name(),
        subject: subject.key(),
        action,
        actor,
        time: now,
    };
    let desks = Desk::all(&organisations).into_iter();
    let told: Vec<Desk> = desks.filter(|desk| subject.known_to(desk, now)).collect();
    for desk in &told {
        tx.tell_desk(&desk.key(), &news).await?;
    }
    let organisations: Vec<&str> = told.iter().filter_map(Desk::organisation).collect();
    tx.queue_deliveries(&organisations, &news).await
}
