//! Any receiver, made to fail on purpose: what happens at which sample or call is written down beforehand.
//!
//! For tests of everything above a receiver. Nothing here is random and nothing waits, so a failure found once is
//! found again. Without a script it changes nothing.

use std::time::Duration;

use num_complex::Complex;

use crate::{
    GapReason, Loss, ReadInfo, Receiver, ReceiverError, ReceiverFacts, SampleBlock, SampleFormat, Tuned, Tuning,
};

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Directly before this sample of the inner receiver, counted from 0; later when that one itself was lost.
    Sample(u64),
    /// At this call of `read`, counted from 0.
    Read(u64),
    /// At this call of `tune`, counted from 0.
    Tune(u64),
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Samples are lost; the next read reports them.
    Overflow {
        /// How many are truly lost.
        samples: u64,
        /// Whether the report knows how many.
        counted: bool,
    },
    /// Nothing comes for so many reads, although nothing is lost.
    Timeout {
        /// Reads that time out, the first included.
        reads: u32,
    },
    /// One read brings only so many samples.
    Short {
        /// How many; at least one.
        samples: usize,
    },
    /// The receiver is gone for so many calls of any kind, then back as if it had been opened anew.
    Lost {
        /// Calls that fail, the first included.
        calls: u32,
    },
    /// The converter hangs: so many samples are copies of the last one before.
    Stuck {
        /// How many.
        samples: u64,
    },
    /// So many samples are not a number; only where samples are floats.
    NotANumber {
        /// How many.
        samples: u64,
    },
    /// The call is refused (`tune`) or fails in the driver (`read`).
    Error,
}

/// A receiver that fails by script.
pub struct Faulty<R> {
    inner: R,
    script: Vec<(At, Fault)>,
    /// Samples taken from the inner receiver.
    position: u64,
    reads: u64,
    tunes: u64,
    timeouts_left: u32,
    lost_left: u32,
    stuck_until: u64,
    bad_until: u64,
    short: Option<usize>,
    pending: Option<Loss>,
    last: SampleBlock,
}

impl<R: Receiver> Faulty<R> {
    /// Wraps `inner`. Entries of the script may be in any order; each strikes once.
    ///
    /// # Errors
    /// `Usage` when the script asks for what cannot be: NaN in integers, a stretch of samples at a `tune`.
    pub fn new(inner: R, script: Vec<(At, Fault)>) -> Result<Self, ReceiverError> {
        let format = inner.facts().format;
        for (at, fault) in &script {
            let fits = match (at, fault) {
                (_, Fault::NotANumber { .. }) if format != SampleFormat::Cf32 => false,
                (_, Fault::Short { samples: 0 }) => false,
                (At::Tune(_), fault) => matches!(fault, Fault::Error | Fault::Lost { .. }),
                _ => true,
            };
            if !fits {
                return Err(ReceiverError::Usage(format!(
                    "{fault:?} cannot happen at {at:?} with {format:?} samples"
                )));
            }
        }
        Ok(Self {
            inner,
            script,
            position: 0,
            reads: 0,
            tunes: 0,
            timeouts_left: 0,
            lost_left: 0,
            stuck_until: 0,
            bad_until: 0,
            short: None,
            pending: None,
            last: SampleBlock::new(format, 1),
        })
    }

    /// The receiver inside.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Takes the first entry that strikes here off the script.
    fn strike(&mut self, here: impl Fn(At) -> bool) -> Option<Fault> {
        let n = self.script.iter().position(|(at, _)| here(*at))?;
        Some(self.script.remove(n).1)
    }

    /// Samples until the next entry bound to one, or until a stretch of bad samples ends.
    fn room(&self) -> u64 {
        let scripted = self.script.iter().filter_map(|(at, _)| match at {
            At::Sample(n) if *n > self.position => Some(*n),
            _ => None,
        });
        let stretches = [self.stuck_until, self.bad_until]
            .into_iter()
            .filter(|end| *end > self.position);
        scripted
            .chain(stretches)
            .min()
            .map_or(u64::MAX, |next| next - self.position)
    }

    fn check_lost(&mut self) -> Result<(), ReceiverError> {
        if self.lost_left == 0 {
            return Ok(());
        }
        self.lost_left -= 1;
        Err(ReceiverError::Lost("the script says it is unplugged".into()))
    }

    /// Prepares what a fault does; an error is what the current read answers.
    fn apply(&mut self, fault: Fault, timeout: Duration) -> Result<(), ReceiverError> {
        match fault {
            Fault::Overflow { samples, counted } => {
                self.drop_samples(samples, timeout)?;
                let known = match self.pending {
                    Some(before) => before.samples.zip(counted.then_some(samples)).map(|(a, b)| a + b),
                    None => counted.then_some(samples),
                };
                self.pending = Some(Loss {
                    reason: GapReason::Overflow,
                    samples: known,
                });
            }
            Fault::Timeout { reads } => self.timeouts_left = reads,
            Fault::Short { samples } => self.short = Some(samples),
            Fault::Lost { calls } => {
                self.lost_left = calls;
                self.pending = Some(Loss {
                    reason: GapReason::Unplugged,
                    samples: None,
                });
            }
            Fault::Stuck { samples } => self.stuck_until = self.position + samples,
            Fault::NotANumber { samples } => self.bad_until = self.position + samples,
            Fault::Error => {
                return Err(ReceiverError::Driver {
                    operation: "read",
                    message: "the script says so".into(),
                });
            }
        }
        Ok(())
    }

    /// Reads and forgets.
    fn drop_samples(&mut self, samples: u64, timeout: Duration) -> Result<(), ReceiverError> {
        let mut left = samples;
        while left > 0 {
            let room = usize::try_from(left.min(65_536)).unwrap_or(65_536);
            let mut block = SampleBlock::new(self.inner.facts().format, room);
            match self.inner.read(&mut block, timeout)? {
                Some(info) => left -= info.samples as u64,
                None => break,
            }
        }
        self.position += samples - left;
        Ok(())
    }

    /// Reads at most `room` samples; a block of its own is made only when that is less than the caller's.
    fn read_at_most(
        &mut self,
        block: &mut SampleBlock,
        room: usize,
        timeout: Duration,
    ) -> Result<Option<ReadInfo>, ReceiverError> {
        if room >= block.capacity() || block.format() != self.inner.facts().format {
            return self.inner.read(block, timeout);
        }
        let mut part = SampleBlock::new(block.format(), room);
        let info = self.inner.read(&mut part, timeout)?;
        copy(&part, 0, block, 0, info.map_or(0, |info| info.samples));
        Ok(info)
    }

    /// Spoils what was read, where the script wants it spoiled.
    fn spoil(&mut self, block: &mut SampleBlock, samples: usize) {
        if self.position < self.stuck_until {
            let last = self.last.clone();
            (0..samples).for_each(|n| copy(&last, 0, block, n, 1));
        } else if samples > 0 {
            copy(block, samples - 1, &mut self.last, 0, 1);
        }
        if let (true, SampleBlock::Cf32(values)) = (self.position < self.bad_until, block) {
            values[..samples].fill(Complex::new(f32::NAN, f32::NAN));
        }
    }
}

impl<R: Receiver> Receiver for Faulty<R> {
    fn facts(&self) -> &ReceiverFacts {
        self.inner.facts()
    }

    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError> {
        let call = self.tunes;
        self.tunes += 1;
        match self.strike(|at| at == At::Tune(call)) {
            Some(Fault::Lost { calls }) => self.lost_left = calls,
            Some(_) => {
                return Err(ReceiverError::Refused {
                    setting: "centre frequency",
                    asked: format!("{} Hz", tuning.center_hz),
                    hint: "the script says so".into(),
                });
            }
            None => {}
        }
        self.check_lost()?;
        self.inner.tune(tuning)
    }

    fn start(&mut self) -> Result<(), ReceiverError> {
        self.check_lost()?;
        self.inner.start()
    }

    fn read(&mut self, block: &mut SampleBlock, timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError> {
        let call = self.reads;
        self.reads += 1;
        loop {
            let position = self.position;
            let due = |at| at == At::Read(call) || matches!(at, At::Sample(n) if n <= position);
            let Some(fault) = self.strike(due) else { break };
            self.apply(fault, timeout)?;
        }
        self.check_lost()?;
        if self.timeouts_left > 0 {
            self.timeouts_left -= 1;
            return Err(ReceiverError::Timeout {
                waited_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            });
        }
        let short = self.short.unwrap_or(usize::MAX);
        let room = usize::try_from(self.room()).unwrap_or(usize::MAX).min(short);
        let Some(mut info) = self.read_at_most(block, room, timeout)? else {
            return Ok(None);
        };
        self.short = None;
        self.spoil(block, info.samples);
        self.position += info.samples as u64;
        if let Some(loss) = self.pending.take() {
            info.loss = Some(loss);
        }
        Ok(Some(info))
    }

    fn stop(&mut self) -> Result<(), ReceiverError> {
        self.inner.stop()
    }
}

/// Copies `samples` samples between blocks of the same format.
fn copy(from: &SampleBlock, start: usize, to: &mut SampleBlock, at: usize, samples: usize) {
    match (from, to) {
        (SampleBlock::Cu8(a), SampleBlock::Cu8(b)) => b[at..at + samples].copy_from_slice(&a[start..start + samples]),
        (SampleBlock::Cs8(a), SampleBlock::Cs8(b)) => b[at..at + samples].copy_from_slice(&a[start..start + samples]),
        (SampleBlock::Cs16(a), SampleBlock::Cs16(b)) => b[at..at + samples].copy_from_slice(&a[start..start + samples]),
        (SampleBlock::Cf32(a), SampleBlock::Cf32(b)) => b[at..at + samples].copy_from_slice(&a[start..start + samples]),
        _ => {}
    }
}
