//! The notices of one client of the live channel.
//!
//! Nothing waits here: a desk that was told something wakes whoever listens there, and what is new is read from the database
//! after the place the client has, each notice as its reader may know it then. So none is lost, however slow the client is.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    LiveResponse, Subscription,
    channel::{Channel, End, failed},
};
use crate::{
    http::AppState,
    service::{change::Asking, notices::Desk, sessions::Principal},
};

/// Where a client is in its notices.
pub(super) struct News {
    desks: Receiver<Arc<[String]>>,
    /// The place of the last notice that was sent, or left out on purpose; none: the client wants none.
    place: Option<u64>,
}

impl News {
    /// Of a client that has not asked for any yet.
    pub(super) fn of(state: &AppState) -> Self {
        Self {
            desks: state.notices.desks_told(),
            place: None,
        }
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.place.is_some()
    }

    /// The desks that are told something next.
    pub(super) async fn told(&mut self) -> Result<Arc<[String]>, RecvError> {
        self.desks.recv().await
    }
}

impl Channel {
    fn desk(&self) -> Option<Desk> {
        Desk::of(self.reader.role, &self.reader.organisation)
    }

    /// The client says what it has; what came since follows.
    pub(super) async fn begin_news(&mut self, wanted: &Subscription) -> Result<(), End> {
        self.news.place = None;
        let Some(desk) = self.desk().filter(|_| wanted.notices) else {
            return Ok(());
        };
        // Listen first, then look: nothing falls between the two.
        self.news.desks = self.state.notices.desks_told();
        let after = wanted.notices_after.as_deref();
        match self.state.notices.position(&desk, after).await.map_err(failed)? {
            Some(place) => {
                self.news.place = Some(place);
                self.tell_news().await
            }
            None => self.begin_anew(&desk, "these notices are no longer kept").await,
        }
    }

    async fn begin_anew(&mut self, desk: &Desk, reason: &str) -> Result<(), End> {
        self.news.place = self.state.notices.position(desk, None).await.map_err(failed)?;
        self.say(&LiveResponse::NoticesResync {
            reason: reason.to_owned(),
        })
        .await
    }

    /// Some desks were told something.
    pub(super) async fn hear(&mut self, told: Result<Arc<[String]>, RecvError>) -> Result<(), End> {
        let own = self.desk().map(|desk| desk.key());
        match told {
            Ok(desks) if !desks.iter().any(|desk| Some(desk) == own.as_ref()) => Ok(()),
            Ok(_) | Err(RecvError::Lagged(_)) => self.tell_news().await,
            Err(RecvError::Closed) => Err(End::Close(1001, "the service is stopping")),
        }
    }

    /// Sends what followed the last notice.
    pub(super) async fn tell_news(&mut self) -> Result<(), End> {
        while let Some(place) = self.news.place {
            let reader = Arc::clone(&self.reader);
            let asking = Asking {
                actor: &reader.user,
                role: reader.role,
                organisation: &reader.organisation,
                now: Timestamp::now(),
            };
            let (last, seen) = self.state.notices.following(place, asking).await.map_err(failed)?;
            if last == place {
                break;
            }
            for notice in seen {
                self.say(&LiveResponse::Notice(notice.into())).await?;
            }
            self.news.place = Some(last);
        }
        Ok(())
    }

    /// Who listens may have become somebody else, with other notices.
    pub(super) async fn take_seat(&mut self, owner: Principal) -> Result<(), End> {
        let before = self.desk();
        self.reader = Arc::new(owner);
        match self.desk() {
            after if after == before => Ok(()),
            Some(desk) if self.news.is_wanted() => self.begin_anew(&desk, "you are told other things now").await,
            _ => {
                self.news.place = None;
                Ok(())
            }
        }
    }
}
