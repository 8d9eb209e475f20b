//! What happens to reports because time passes: reminders, and what is brought before those in charge.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{InterferenceReports, noted::told};
use crate::{
    Result,
    coordination::interference::{remind, report_due},
    service::{clock::Clocked, ledger::SYSTEM},
};

impl Clocked for InterferenceReports {
    const WHAT: &'static str = "interference reports";

    fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    async fn set_due(&self, _now: Timestamp) -> Result<()> {
        let running = self.store.interference_reports_running().await?;
        let policy = Arc::clone(&self.policy);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    for report in running {
                        let next = report_due(&report, &policy.reports).map(|(at, _)| at);
                        tx.set_report_due(&report, next).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        Self::turn(self, now).await
    }
}

impl InterferenceReports {
    /// Does what is due at `now`; answers when the next thing is.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was done until then stays done.
    pub async fn turn(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        loop {
            let (ids, next) = self.store.interference_reports_due(now).await?;
            if ids.is_empty() {
                return Ok(next);
            }
            for id in ids {
                let policy = Arc::clone(&self.policy);
                let told = self.store.write(move |tx| {
                    Box::pin(async move {
                        let report = tx.interference_report(&id).await?;
                        let due = |report: &_| report_due(report, &policy.reports);
                        match due(&report) {
                            Some((at, what)) if at <= now => {
                                let after = remind(&report, what, SYSTEM, now);
                                let next = due(&after).map(|(at, _)| at);
                                tx.put_interference_report(&after, Some(report.version), next).await?;
                                told(tx, Some(&report), &after, now).await
                            }
                            // Somebody else was here, or what is due changed: it only waits for another time.
                            other => tx.set_report_due(&report, other.map(|(at, _)| at)).await,
                        }
                    })
                });
                told.await?;
            }
        }
    }
}
