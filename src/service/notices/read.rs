//! Reading notices: each with its record as the reader may know it at that moment.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use tokio::sync::broadcast;

use super::{Desk, NoticeKind, Subject, desk::officer};
use crate::{
    Error, Result,
    registry::{Text, disclosure::is_open},
    service::{
        auth::permissions, change::Asking, control_orders::ControlOrders, coordination::Coordination, events::Events,
        interference_reports::InterferenceReports, tasks::Tasks,
    },
    store::{NoticeRow, Page, Store},
};

/// Rows looked at in one step.
const STEP: u32 = 200;
/// Items when nothing is asked, and at most.
const LIMIT: usize = 100;
/// Unread notices that are counted; what is beyond is *more*.
pub(super) const UNREAD_MAX: usize = 99;
/// Rows looked at for that count.
const LOOKED_MAX: u64 = 1000;

/// Which notices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NoticeQuery {
    /// Those that came after this one, oldest first.
    pub after: Option<String>,
    /// Where the previous page ended; the latest come first.
    pub cursor: Option<String>,
    /// Of this kind.
    pub kind: Option<NoticeKind>,
    /// Only what the reader has not read.
    pub unread: bool,
    /// Items.
    pub limit: Option<u32>,
}

/// A record as the reader may know it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSubject {
    /// Its key.
    pub id: String,
    /// Its number, where it has one yet.
    pub number: Option<String>,
    /// What it is called.
    pub title: Text,
    /// Where it stands.
    pub state: String,
    /// What it says of itself is no secret.
    pub open: bool,
}

/// A notice as the reader may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNotice {
    /// Random key, by which readers go on.
    pub id: String,
    /// What kind of record it is about.
    pub kind: NoticeKind,
    /// What happened.
    pub action: String,
    /// When.
    pub time: Timestamp,
    /// Who did it; nothing where the reader is not told.
    pub actor: Option<String>,
    /// The reader did it.
    pub own: bool,
    /// The reader has not marked it as read.
    pub unread: bool,
    /// The record.
    pub subject: SeenSubject,
}

/// How much an account has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// Notices of others' doing, at most 99.
    pub count: usize,
    /// There are more.
    pub more: bool,
}

/// The notices. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notices {
    store: Store,
    coordination: Coordination,
    control_orders: ControlOrders,
    interference_reports: InterferenceReports,
    tasks: Tasks,
    events: Events,
}

/// Records that were looked up for one answer.
type Known = HashMap<(NoticeKind, String), Option<SeenSubject>>;

impl Notices {
    /// The notices of this database, with who says what of each record.
    #[must_use]
    pub fn new(
        (coordination, events): (Coordination, Events),
        control_orders: ControlOrders,
        interference_reports: InterferenceReports,
        tasks: Tasks,
    ) -> Self {
        Self {
            store: coordination.grounds().0,
            coordination,
            control_orders,
            interference_reports,
            tasks,
            events,
        }
    }

    /// One page: the latest first, or what came after a notice, oldest first. `next_cursor` is the last item's key.
    ///
    /// # Errors
    /// `Gone` where what is gone on from is not kept any more; `Store` when reading fails.
    pub async fn list(&self, query: &NoticeQuery, asking: Asking<'_>) -> Result<Page<SeenNotice>> {
        let (mut items, limit) = (Vec::new(), query.limit.map_or(LIMIT, |limit| limit as usize).max(1));
        let Some(desk) = desk_of(asking) else {
            return Ok(Page {
                items,
                next_cursor: None,
            });
        };
        let read = self.store.notices_read(asking.actor, &desk).await?;
        let forward = query.after.is_some();
        let mut at = match query.after.as_ref().or(query.cursor.as_ref()) {
            Some(id) => self.place(&desk, id).await?,
            None => u64::MAX,
        };
        let mut known = Known::new();
        'pages: loop {
            let rows = match forward {
                true => self.store.notices_after(&desk, at, STEP).await?,
                false => self.store.notices_before(&desk, at, STEP).await?,
            };
            let Some(last) = rows.last().map(|row| row.number) else {
                break;
            };
            for row in rows {
                let wanted = query.kind.is_none_or(|kind| kind.name() == row.kind);
                if !wanted || query.unread && !is_unread(&row, read, asking) {
                    continue;
                }
                if let Some(seen) = self.seen(row, read, asking, &mut known).await? {
                    items.push(seen);
                }
                if items.len() > limit {
                    break 'pages;
                }
            }
            at = last;
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Page { items, next_cursor })
    }

    /// How much the reader has not read.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn unread(&self, asking: Asking<'_>) -> Result<Unread> {
        let mut unread = Unread { count: 0, more: false };
        let Some(desk) = desk_of(asking) else { return Ok(unread) };
        let read = self.store.notices_read(asking.actor, &desk).await?;
        let mut known = Known::new();
        let (mut at, mut looked) = (u64::MAX, 0);
        while looked < LOOKED_MAX {
            let rows = self.store.notices_before(&desk, at, STEP).await?;
            let Some(last) = rows.last().map(|row| row.number) else {
                break;
            };
            looked += rows.len() as u64;
            for row in rows.into_iter().filter(|row| is_unread(row, read, asking)) {
                if self.seen(row, read, asking, &mut known).await?.is_none() {
                    continue;
                }
                if unread.count == UNREAD_MAX {
                    unread.more = true;
                    return Ok(unread);
                }
                unread.count += 1;
            }
            if last <= read {
                break;
            }
            at = last;
        }
        Ok(unread)
    }

    /// Marks everything up to this notice as read by whoever asks; answers what is left.
    ///
    /// # Errors
    /// `Gone` for a notice that is not kept any more; `Store` or `Unavailable`.
    pub async fn mark_read(&self, through: &str, asking: Asking<'_>) -> Result<Unread> {
        if let Some(desk) = desk_of(asking) {
            let number = self.place(&desk, through).await?;
            self.store.put_notices_read(asking.actor, &desk, number).await?;
        }
        self.unread(asking).await
    }

    /// The place of a notice at a desk, for those who listen: `None` where it is not kept any more, or was never there.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn position(&self, desk: &Desk, id: Option<&str>) -> Result<Option<u64>> {
        match id {
            Some(id) => self.store.notice_number(&desk.key(), id).await,
            None => self.store.last_notice(&desk.key()).await.map(Some),
        }
    }

    /// The desks that are told something from now on.
    #[must_use]
    pub fn desks_told(&self) -> broadcast::Receiver<Arc<[String]>> {
        self.store.desks_told()
    }

    /// What followed a place at the asker's desk, in order, with the place of the last that was looked at; nothing where the
    /// reader may not know it.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn following(&self, place: u64, asking: Asking<'_>) -> Result<(u64, Vec<SeenNotice>)> {
        let mut seen = Vec::new();
        let Some(desk) = desk_of(asking) else {
            return Ok((place, seen));
        };
        let rows = self.store.notices_after(&desk, place, STEP).await?;
        let last = rows.last().map_or(place, |row| row.number);
        let read = self.store.notices_read(asking.actor, &desk).await?;
        let mut known = Known::new();
        for row in rows {
            seen.extend(self.seen(row, read, asking, &mut known).await?);
        }
        Ok((last, seen))
    }

    async fn place(&self, desk: &str, id: &str) -> Result<u64> {
        self.store.notice_number(desk, id).await?.ok_or_else(|| {
            Error::Gone("this notice is not kept any more, or not yours: read the list from its beginning".to_owned())
        })
    }

    async fn seen(
        &self,
        row: NoticeRow,
        read: u64,
        asking: Asking<'_>,
        known: &mut Known,
    ) -> Result<Option<SeenNotice>> {
        let Some(kind) = NoticeKind::named(&row.kind) else {
            return Ok(None);
        };
        let key = (kind, row.subject.clone());
        let subject = match known.get(&key) {
            Some(known) => known.clone(),
            None => {
                let found = self.subject(kind, &row.subject, asking).await?;
                known.insert(key, found.clone());
                found
            }
        };
        // As with the record itself: who took a step of an order is for those who decide.
        let told = kind != NoticeKind::ControlOrder || permissions::sees_proposals(asking.role);
        Ok(subject.map(|subject| SeenNotice {
            own: row.actor == asking.actor,
            unread: is_unread(&row, read, asking),
            id: row.id,
            kind,
            action: row.action,
            time: row.time,
            actor: Some(row.actor).filter(|_| told),
            subject,
        }))
    }

    /// A record as the reader may know it now; nothing where they may not know of it.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn subject(&self, kind: NoticeKind, id: &str, asking: Asking<'_>) -> Result<Option<SeenSubject>> {
        match self.look_up(kind, id, asking).await {
            Ok(found) => Ok(found),
            Err(Error::NotFound { .. } | Error::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn look_up(&self, kind: NoticeKind, id: &str, asking: Asking<'_>) -> Result<Option<SeenSubject>> {
        let both = |text: &str| Text::new(text, text);
        let mut open = true;
        let (number, title, state) = match kind {
            NoticeKind::Request => {
                let Some(officer) = officer(asking) else {
                    return Ok(None);
                };
                let request = self.coordination.get(id, &officer).await?.request.into_inner();
                (
                    request.number,
                    both(&request.proposal.title),
                    super::word(&request.state),
                )
            }
            NoticeKind::ControlOrder => {
                let shown = self.control_orders.get(id, asking).await?.into_inner();
                let order = shown.record.order;
                open = is_open(&order);
                (Some(order.id), order.title, super::word(&shown.phase))
            }
            NoticeKind::Task => {
                let task = self.tasks.get(id, asking).await?.task.into_inner();
                (Some(task.number), both(&task.content.title), super::word(&task.state))
            }
            NoticeKind::InterferenceReport => {
                let report = self.interference_reports.get(id, asking).await?.report.into_inner();
                let title = both(&report.complaint.complainant);
                (Some(report.number), title, super::word(&report.state))
            }
            NoticeKind::Event => {
                let event = self.events.get(id, asking).await?.event.into_inner();
                (Some(event.number), event.content.name, super::word(&event.state))
            }
            NoticeKind::Webhook => {
                let webhook = self.store.webhook(id).await?;
                if !Subject::Webhook(id, &webhook.organisation).known_to_asker(asking) {
                    return Ok(None);
                }
                let state = if webhook.active { "on" } else { "off" };
                (None, both(&webhook.name), state.to_owned())
            }
        };
        Ok(Some(SeenSubject {
            id: id.to_owned(),
            number,
            title,
            state,
            open,
        }))
    }
}

fn desk_of(asking: Asking<'_>) -> Option<String> {
    Desk::of(asking.role, asking.organisation).map(|desk| desk.key())
}

/// What people did themselves is no news to them.
fn is_unread(row: &NoticeRow, read: u64, asking: Asking<'_>) -> bool {
    row.number > read && row.actor != asking.actor
}
