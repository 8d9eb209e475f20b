//! The clock of deadlines: looks at the start, when something changed, and when the next thing is due. A service that was
//! off does what it missed.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use crate::Result;

/// What has deadlines.
pub trait Clocked: Send + Sync + 'static {
    /// What it is, for the log.
    const WHAT: &'static str;

    /// Told when something new may be due.
    fn changed(&self) -> Arc<Notify>;

    /// Works out anew when something is due, for a policy that may have changed.
    fn set_due(&self, now: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Does what is due at `now`; answers when the next thing is.
    fn turn(&self, now: Timestamp) -> impl Future<Output = Result<Option<Timestamp>>> + Send;
}

/// Longest time between two looks: the system's clock may be set.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// The running clock.
#[derive(Debug)]
pub struct Clock {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Clock {
    /// Looks at everything once, by the policy of this start, and then whenever something is due.
    ///
    /// # Errors
    /// `Store` or `Unavailable` when what is due cannot be worked out anew.
    pub async fn start<C: Clocked>(clocked: C) -> Result<Self> {
        clocked.set_due(Timestamp::now()).await?;
        let (stop, mut stopping) = watch::channel(false);
        let changed = clocked.changed();
        let task = tokio::spawn(async move {
            loop {
                let pause = match clocked.turn(Timestamp::now()).await {
                    Ok(next) => until(next),
                    Err(error) => {
                        tracing::error!(%error, what = C::WHAT, "deadlines could not be looked at; tried again");
                        PAUSE
                    }
                };
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => return,
                    () = changed.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        });
        Ok(Self { stop, task })
    }

    /// Ends after what is being done.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a clock of deadlines ended badly");
        }
    }
}

fn until(next: Option<Timestamp>) -> Duration {
    let wait = next.map_or(LOOK_EVERY, |next| {
        Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
    });
    wait.min(LOOK_EVERY)
}
