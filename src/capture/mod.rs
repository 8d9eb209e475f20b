//! From receivers to observations: one thread reads, one measures; neither waits on anything above.
//!
//! ```text
//! Receiver ──blocks──> reader ──packets──> measurer ──observations──> sink (never blocks; drops are counted)
//!                        ^────empty blocks────┘
//! ```

mod clock;
mod measure;
pub mod observation;
mod open;
pub mod plan;
mod pool;
mod reader;
pub mod recent;
mod session;
mod shared;
mod stages;
mod stitch;
mod tuner;

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    thread::JoinHandle,
};

pub use observation::{LossCounters, Observation, ObservationContent, ReceiverState, ReceiverStatus};
pub use open::open;
use pinpu_hardware::{Gain, Receiver, ReceiverError, SampleBlock};
pub use recent::RecentIq;
pub use stages::{Feed, side_by_side};
pub use tuner::{Reach, Tuner};

use crate::{config::PlanConfig, dsp::iq::IqSlice};
use shared::Shared;

/// Takes an observation without ever blocking; `false` when there was no room and it was dropped.
pub type ObservationSink = Arc<dyn Fn(Observation) -> bool + Send + Sync>;

/// Opens the receiver, again and again when it vanishes.
pub type Opener = Box<dyn FnMut() -> Result<Box<dyn Receiver>, ReceiverError> + Send>;

/// How one receiver is used.
#[derive(Debug, Clone)]
pub struct CaptureConfig {
    /// Receiver id, as configured.
    pub id: Arc<str>,
    /// What is watched.
    pub plan: PlanConfig,
    /// Sample rate; `None`: the receiver's suggestion.
    pub sample_rate_hz: Option<f64>,
    /// Gain.
    pub gain: Gain,
    /// Known oscillator error.
    pub ppm: f64,
    /// What remains unknown of it, one sigma.
    pub ppm_uncertainty: f64,
    /// Antenna port.
    pub antenna: Option<String>,
    /// False alarms accepted per day and MHz.
    pub false_alarms_per_day_mhz: f64,
    /// Live frames per second.
    pub frames_per_s: f64,
    /// Where the last samples are kept; `None`: nowhere.
    pub recent: Option<RecentIq>,
}

/// A running capture. Dropping it stops the threads.
#[derive(Debug)]
pub struct CaptureHandle {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl CaptureHandle {
    /// Health at this moment.
    #[must_use]
    pub fn status(&self) -> ReceiverStatus {
        self.shared.status()
    }

    /// What tunes it elsewhere for a while.
    #[must_use]
    pub fn tuner(&self) -> Tuner {
        Tuner::new(Arc::clone(&self.shared))
    }

    /// Whether the source has ended (a recording) or capture was stopped.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops reading, measures what was read, closes what is open, and waits for it.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.shared.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a capture thread panicked");
        }
    }
}

impl Drop for CaptureHandle {
    fn drop(&mut self) {
        self.join();
    }
}

/// Starts reading and measuring. Returns at once; a receiver that is not there yet is waited for.
///
/// # Errors
/// When the operating system refuses a thread.
pub fn start(config: CaptureConfig, opener: Opener, sink: ObservationSink) -> std::io::Result<CaptureHandle> {
    let shared = Arc::new(Shared::new(&config.id, config.ppm_uncertainty));
    let reader = reader::Reader::new(config, opener, sink, Arc::clone(&shared));
    let thread = std::thread::Builder::new()
        .name(format!("read-{}", reader.id()))
        .spawn(move || reader.run())?;
    Ok(CaptureHandle {
        shared,
        thread: Some(thread),
    })
}

/// The first `samples` of a block as the detector takes them.
#[must_use]
pub fn as_iq(block: &SampleBlock, samples: usize) -> IqSlice<'_> {
    match block {
        SampleBlock::Cu8(all) => IqSlice::Cu8(&all[..samples]),
        SampleBlock::Cs8(all) => IqSlice::Cs8(&all[..samples]),
        SampleBlock::Cs16(all) => IqSlice::Cs16(&all[..samples]),
        SampleBlock::Cf32(all) => IqSlice::Cf32(&all[..samples]),
    }
}
