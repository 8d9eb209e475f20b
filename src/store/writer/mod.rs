//! The one writer: what arrives together is committed together, and answered after the commit.
//!
//! 1. Take every job that waits; while jobs come in crowds, linger a little for more.
//! 2. `begin`; run each job behind a savepoint, so that a refused one undoes itself alone.
//! 3. `commit` (SQLite: `synchronous=FULL`; PostgreSQL: `synchronous_commit=on`): the data is on the disk.
//! 4. Publish the events, answer every job.
//!
//! When the connection breaks or the commit fails, nobody in the group is acknowledged, the connection is thrown away
//! and nothing is retried: the senders decide. After an error of the disk itself the writer stays stopped, because a
//! later successful sync would prove nothing about pages the system has already given up.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::timeout,
};

use super::{
    DatabaseConfig, EventRecord,
    engine::{Conn, Failure, Target},
    tx::{BoxFuture, Frame, Tx},
};
use crate::{Error, Result};

/// Jobs in one transaction at most.
const GROUP_MAX: usize = 256;
/// Pause between attempts to get a broken connection back.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

type Acknowledge = Box<dyn FnOnce(Option<Error>) + Send>;
type Job = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, (bool, Acknowledge)> + Send>;

enum Order {
    Job(Job),
    Stop(oneshot::Sender<()>),
}

/// Who hears what after a commit.
#[derive(Debug, Clone)]
pub(super) struct Publish {
    /// Every event.
    pub(super) events: broadcast::Sender<Arc<EventRecord>>,
    /// The desks that were told something.
    pub(super) desks: broadcast::Sender<Arc<[String]>>,
}

/// What the writer did since it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterCounts {
    /// Transactions committed.
    pub groups: u64,
    /// Changes acknowledged.
    pub jobs: u64,
    /// Changes refused because too many were waiting.
    pub refused: u64,
    /// Transactions that failed as a whole.
    pub failures: u64,
}

#[derive(Debug, Default)]
struct State {
    groups: AtomicU64,
    jobs: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    /// Why nothing is acknowledged at present.
    down: Mutex<Option<String>>,
}

impl State {
    fn set_down(&self, reason: Option<String>) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn down(&self) -> Option<String> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The handle to the writer's task.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Order>,
    state: Arc<State>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Job(_) => "Job",
            Self::Stop(_) => "Stop",
        })
    }
}

impl Writer {
    pub(super) fn start(target: Target, conn: Conn, config: &DatabaseConfig, publish: Publish) -> Self {
        let (queue, orders) = mpsc::channel(config.queue.max(1));
        let state = Arc::new(State::default());
        let linger = config.linger.min(Duration::from_millis(5));
        let task = Task {
            target,
            tx: Some(Tx::new(conn)),
            state: Arc::clone(&state),
            publish,
            linger,
            tried: Instant::now(),
            stopped_for_good: false,
        };
        tokio::spawn(task.run(orders));
        Self { queue, state }
    }

    pub(super) async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            Box::pin(async move {
                let done = job(tx).await;
                let kept = done.is_ok();
                let acknowledge: Acknowledge = Box::new(move |failed| {
                    // A caller who went away misses the answer, nothing else.
                    let _ = answer.send(failed.map_or(done, Err));
                });
                (kept, acknowledge)
            })
        });
        self.queue.try_send(Order::Job(job)).map_err(|refusal| match refusal {
            mpsc::error::TrySendError::Full(_) => {
                self.state.refused.fetch_add(1, Relaxed);
                metrics::counter!("pinpu_store_refused_total").increment(1);
                Error::Unavailable("the database is behind: nothing was stored, try again in a second".to_owned())
            }
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        result
            .await
            .unwrap_or_else(|_| Err(self.state.down().map_or_else(stopping, Error::Unavailable)))
    }

    pub(super) fn ready(&self) -> Result<()> {
        if self.queue.is_closed() {
            return Err(stopping());
        }
        self.state
            .down()
            .map_or(Ok(()), |reason| Err(Error::Unavailable(reason)))
    }

    pub(super) fn counts(&self) -> WriterCounts {
        let state = &self.state;
        WriterCounts {
            groups: state.groups.load(Relaxed),
            jobs: state.jobs.load(Relaxed),
            refused: state.refused.load(Relaxed),
            failures: state.failures.load(Relaxed),
        }
    }

    pub(super) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.queue.send(Order::Stop(done)).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

fn stopping() -> Error {
    Error::Unavailable("the database is being closed: nothing was stored".to_owned())
}

struct Task {
    target: Target,
    tx: Option<Tx>,
    state: Arc<State>,
    publish: Publish,
    linger: Duration,
    tried: Instant,
    stopped_for_good: bool,
}

impl Task {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut waiting = Vec::new();
        let mut crowded = false;
        loop {
            if self.tx.is_none() && !self.stopped_for_good {
                // Look for the database also while nobody writes, so that readiness comes back by itself.
                if timeout(RECONNECT_PAUSE, orders.recv_many(&mut waiting, GROUP_MAX))
                    .await
                    .is_err()
                {
                    self.reconnect().await;
                    continue;
                }
            } else {
                orders.recv_many(&mut waiting, GROUP_MAX).await;
            }
            if waiting.is_empty() {
                break;
            }
            if crowded && waiting.len() < GROUP_MAX {
                let _ = timeout(self.linger, orders.recv_many(&mut waiting, GROUP_MAX)).await;
            }
            crowded = waiting.len() > 1;
            let mut stop = None;
            let mut jobs = VecDeque::with_capacity(waiting.len());
            for order in waiting.drain(..) {
                match order {
                    Order::Job(job) if stop.is_none() => jobs.push_back(job),
                    Order::Job(_) => {}
                    Order::Stop(done) => stop = Some(done),
                }
            }
            if !jobs.is_empty() {
                self.commit(jobs).await;
            }
            if let Some(done) = stop {
                drop(orders);
                if let Some(tx) = self.tx.take() {
                    let _ = tx.close().await;
                }
                let _ = done.send(());
                return;
            }
        }
    }

    /// Runs a group in one transaction and answers it.
    async fn commit(&mut self, mut jobs: VecDeque<Job>) {
        if self.tx.is_none() && !self.stopped_for_good && self.tried.elapsed() >= RECONNECT_PAUSE {
            self.reconnect().await;
        }
        let Some(mut tx) = self.tx.take() else {
            // Dropping a job tells its caller why the writer is down.
            self.state.refused.fetch_add(jobs.len() as u64, Relaxed);
            return;
        };
        let started = Instant::now();
        let count = jobs.len() as u64;
        let mut acknowledges = Vec::with_capacity(jobs.len());
        match run_group(&mut tx, &mut jobs, &mut acknowledges).await {
            Ok(()) => {
                self.state.groups.fetch_add(1, Relaxed);
                self.state.jobs.fetch_add(count, Relaxed);
                metrics::histogram!("pinpu_store_commit_seconds").record(started.elapsed().as_secs_f64());
                metrics::counter!("pinpu_store_jobs_total").increment(count);
                for event in tx.take_events() {
                    let _ = self.publish.events.send(event);
                }
                let desks = tx.take_desks();
                if !desks.is_empty() {
                    let _ = self.publish.desks.send(desks.into());
                }
                self.tx = Some(tx);
                for acknowledge in acknowledges {
                    acknowledge(None);
                }
            }
            Err(error) => {
                let failure = tx.failure().unwrap_or(Failure::Connection);
                drop(tx);
                // Set before the rest of the group is dropped: they read the reason there.
                let reason = self.fail(failure, &error);
                for acknowledge in acknowledges {
                    acknowledge(Some(Error::Unavailable(reason.clone())));
                }
            }
        }
    }

    /// Notes that nothing is acknowledged from now on, and why.
    fn fail(&mut self, failure: Failure, error: &Error) -> String {
        self.state.failures.fetch_add(1, Relaxed);
        metrics::counter!("pinpu_store_failures_total").increment(1);
        self.tried = Instant::now();
        self.stopped_for_good = failure == Failure::Disk;
        let reason = if self.stopped_for_good {
            format!(
                "the disk under the database failed ({error}): nothing was stored; check the disk, then restart pinpu"
            )
        } else {
            format!("the database did not store it ({error}): send it again later")
        };
        tracing::error!(%error, stopped = self.stopped_for_good, "the database did not commit");
        self.state.set_down(Some(reason.clone()));
        reason
    }

    /// Opens a fresh connection and proves with a commit that it stores again.
    async fn reconnect(&mut self) {
        self.tried = Instant::now();
        let attempt = async {
            let mut tx = Tx::new(self.target.connect().await?);
            tx.frame(Frame::Begin).await?;
            tx.execute("update counters set value = value where name = 'events'", Vec::new())
                .await?;
            tx.frame(Frame::Commit).await?;
            Ok::<_, Error>(tx)
        };
        match attempt.await {
            Ok(tx) => {
                tracing::info!("the database stores again");
                self.state.set_down(None);
                self.tx = Some(tx);
            }
            Err(error) => {
                let failure = match &error {
                    Error::Store(source) => super::engine::classify(source),
                    _ => Failure::Connection,
                };
                self.fail(failure, &error);
            }
        }
    }
}

/// Runs the jobs and commits. On an error nothing is stored, and jobs that were not run stay in `jobs`.
async fn run_group(tx: &mut Tx, jobs: &mut VecDeque<Job>, acknowledges: &mut Vec<Acknowledge>) -> Result<()> {
    let alone = jobs.len() == 1;
    let mut kept_any = false;
    tx.frame(Frame::Begin).await?;
    while let Some(job) = jobs.pop_front() {
        let before = tx.published();
        if !alone {
            tx.frame(Frame::Mark).await?;
        }
        let (kept, acknowledge) = job(tx).await;
        acknowledges.push(acknowledge);
        if tx.failure().is_some() {
            return Err(Error::Unavailable("the connection to the database broke".to_owned()));
        }
        kept_any |= kept;
        if !kept {
            tx.unpublish(before);
        }
        if !alone {
            tx.frame(if kept { Frame::Keep } else { Frame::Undo }).await?;
        }
    }
    tx.frame(if kept_any { Frame::Commit } else { Frame::Rollback }).await
}

#[cfg(test)]
mod tests;
