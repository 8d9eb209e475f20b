//! An open recording being played: reading, seams, pacing, repeating.

use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    NonFinite, Pace, RecordingFacts, RecordingOptions, RecordingWarning,
    layout::{self, Seam, access, bad},
    pace::SampleClock,
    source::{Filled, Source},
    verify,
};
use crate::{
    GapReason, Loss, ReadInfo, Receiver, ReceiverError, ReceiverFacts, SampleBlock, Setting, Tuned, Tuning, bytes,
};

/// A recording, played as if it were a receiver.
pub struct Recording {
    receiver: ReceiverFacts,
    recording: RecordingFacts,
    warnings: Vec<RecordingWarning>,
    seams: Vec<Seam>,
    source: Source,
    clock: Option<SampleClock>,
    repeat: bool,
    non_finite: NonFinite,
    running: bool,
    ended: bool,
    /// Samples delivered since the beginning or the last repetition.
    position: u64,
    next_seam: usize,
    /// Start of a sample whose rest has not come yet.
    carry: Vec<u8>,
    zeroed: u64,
    /// A bad sample was met: every further read says so.
    bad_sample: Option<u64>,
}

impl Recording {
    /// Opens `path`: a `.sigmf-meta` or `.sigmf-data` file or their common base name, a WAV or raw I/Q file, a named
    /// pipe, or `-` for standard input.
    ///
    /// # Errors
    /// `BadRecording` and `Io` say what is wrong with which file and what to do; `Usage` is for options.
    pub fn open(path: impl AsRef<Path>, options: &RecordingOptions) -> Result<Self, ReceiverError> {
        let path = path.as_ref();
        if let Some(hz) = options.center_hz.filter(|hz| *hz < 0) {
            return Err(ReceiverError::Usage(format!(
                "{hz} Hz is not a centre frequency: give 0 to measure at offsets from an unknown centre"
            )));
        }
        let layout = layout::of(path, options)?;
        if let (true, Some(promised), Some(data)) = (options.verify_hash, &layout.sha512, &layout.data) {
            verify::check(data, promised)?;
        }
        let source = match (&layout.data, layout.byte_length) {
            (Some(data), Some(length)) => {
                File::open(data).and_then(|file| Source::file(file, layout.byte_start, length))
            }
            (Some(stream), None) => File::open(stream).and_then(Source::pipe),
            (None, _) => Source::pipe(std::io::stdin()),
        };
        let source = source.map_err(|e| access(layout.data.as_deref().unwrap_or(path), e))?;
        let clock = (options.pace == Pace::RealTime).then(|| SampleClock::new(layout.facts.sample_rate_hz));
        Ok(Self {
            receiver: receiver_facts(&layout.facts, options.pace),
            recording: layout.facts,
            warnings: layout.warnings,
            seams: layout.seams,
            source,
            clock,
            repeat: options.repeat,
            non_finite: options.non_finite,
            running: false,
            ended: false,
            position: 0,
            next_seam: 0,
            carry: Vec::with_capacity(8),
            zeroed: 0,
            bad_sample: None,
        })
    }

    /// What is known about it.
    #[must_use]
    pub fn recording_facts(&self) -> &RecordingFacts {
        &self.recording
    }

    /// What is odd about it, as far as it has been read.
    #[must_use]
    pub fn warnings(&self) -> Vec<RecordingWarning> {
        let zeroed = (self.zeroed > 0).then_some(RecordingWarning::NonFiniteZeroed { samples: self.zeroed });
        self.warnings.iter().copied().chain(zeroed).collect()
    }

    /// Samples until the next seam, and the loss to report now.
    fn seam(&mut self) -> (u64, Option<Loss>) {
        let Some(seam) = self.seams.get(self.next_seam) else {
            return (u64::MAX, None);
        };
        if self.position < seam.sample {
            return (seam.sample - self.position, None);
        }
        let loss = seam.loss;
        self.next_seam += 1;
        let room = self
            .seams
            .get(self.next_seam)
            .map_or(u64::MAX, |next| next.sample - self.position);
        (room, Some(loss))
    }

    /// Fills the block with whole samples, at most `room`; `None` is the time-out.
    fn fill(
        &mut self,
        block: &mut SampleBlock,
        room: usize,
        deadline: Instant,
    ) -> Result<Option<usize>, ReceiverError> {
        let sample = block.format().bytes();
        let out = &mut bytes::of_block_mut(block)[..room * sample];
        let carried = self.carry.len();
        out[..carried].copy_from_slice(&self.carry);
        let filled = self
            .source
            .fill(&mut out[carried..], deadline)
            .map_err(|e| match e.kind() {
                std::io::ErrorKind::UnexpectedEof => bad(
                    &self.recording.path,
                    format!(
                        "ends at sample {} or soon after, earlier than when it was opened: it was cut off meanwhile",
                        self.position
                    ),
                ),
                _ => access(&self.recording.path, e),
            })?;
        let Filled::Bytes(new) = filled else { return Ok(None) };
        let all = carried + new;
        let whole = all / sample;
        if new == 0 && carried > 0 {
            self.warnings
                .push(RecordingWarning::PartialSample { bytes: carried as u64 });
        }
        self.carry.clear();
        if new > 0 {
            self.carry.extend_from_slice(&out[whole * sample..all]);
        }
        bytes::swap_if_big_endian(block, whole);
        Ok(if whole == 0 && new > 0 { None } else { Some(whole) })
    }

    /// How many of `samples` may be delivered; remembers the first that may not.
    fn accept(&mut self, block: &mut SampleBlock, samples: usize) -> usize {
        let Some(first) = bytes::first_non_finite(block, samples) else {
            return samples;
        };
        match self.non_finite {
            NonFinite::Zero => {
                self.zeroed += bytes::zero_non_finite(block, samples);
                samples
            }
            NonFinite::Refuse => {
                self.bad_sample = Some(self.position + first as u64);
                first
            }
        }
    }

    /// The end: starts again if asked to.
    fn at_end(&mut self) -> Result<Option<ReadInfo>, ReceiverError> {
        if self.position == 0 {
            self.ended = true;
            return Err(bad(
                &self.recording.path,
                "delivered no samples: is the program before the pipe running?",
            ));
        }
        if self.repeat && self.source.rewind().map_err(|e| access(&self.recording.path, e))? {
            self.position = 0;
            self.next_seam = 0;
            let loss = Loss {
                reason: GapReason::Retune,
                samples: Some(0),
            };
            return Ok(Some(ReadInfo {
                samples: 0,
                loss: Some(loss),
            }));
        }
        self.ended = true;
        Ok(None)
    }

    fn check_usage(&self, block: &SampleBlock) -> Result<(), ReceiverError> {
        if !self.running {
            return Err(ReceiverError::Usage(
                "the recording is not started: call start before read".into(),
            ));
        }
        if block.format() != self.receiver.format {
            return Err(ReceiverError::Usage(format!(
                "the recording holds {:?} samples, the block {:?}: make it with SampleBlock::new(facts().format, …)",
                self.receiver.format,
                block.format()
            )));
        }
        if block.capacity() == 0 {
            return Err(ReceiverError::Usage(
                "the block has no room: give it at least one sample".into(),
            ));
        }
        Ok(())
    }
}

impl Receiver for Recording {
    fn facts(&self) -> &ReceiverFacts {
        &self.receiver
    }

    /// A recording stays where it was recorded: only its own centre and rate are accepted. `ppm` corrects the centre
    /// that is reported, because a recorder off by `ppm` was truly at `center * (1 + ppm * 1e-6)`.
    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError> {
        let (center, rate) = (self.recording.center_hz, self.recording.sample_rate_hz);
        if let Some(hz) = center.filter(|hz| u64::try_from(*hz) != Ok(tuning.center_hz)) {
            return Err(ReceiverError::Refused {
                setting: "centre frequency",
                asked: format!("{} Hz", tuning.center_hz),
                hint: format!("the recording was made at {hz} Hz; open it with another --freq if that is wrong"),
            });
        }
        if (tuning.sample_rate_hz - rate).abs() > rate * 1e-6 {
            return Err(ReceiverError::Refused {
                setting: "sample rate",
                asked: format!("{} S/s", tuning.sample_rate_hz),
                hint: format!("the recording was made at {rate} S/s; open it with another --rate if that is wrong"),
            });
        }
        let nominal = tuning.center_hz as f64;
        let true_center = nominal * (1.0 + tuning.ppm * 1e-6);
        let setting = |name: &str, asked, got| Setting {
            name: name.to_owned(),
            asked,
            got,
        };
        Ok(Tuned {
            center_hz: true_center.round() as u64,
            sample_rate_hz: rate,
            discard_samples: 0,
            settings: vec![
                setting("center_hz", nominal, true_center.round()),
                setting("sample_rate_hz", tuning.sample_rate_hz, rate),
            ],
        })
    }

    fn start(&mut self) -> Result<(), ReceiverError> {
        if !self.running {
            self.running = true;
            if let Some(clock) = &mut self.clock {
                clock.restart();
            }
        }
        Ok(())
    }

    fn read(&mut self, block: &mut SampleBlock, timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError> {
        self.check_usage(block)?;
        if let Some(sample) = self.bad_sample {
            return Err(bad(
                &self.recording.path,
                format!("sample {sample} is not a finite number: the data are damaged, or of another --format"),
            ));
        }
        if self.ended {
            return Ok(None);
        }
        let deadline = Instant::now() + timeout;
        let timed_out = || ReceiverError::Timeout {
            waited_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let (until_seam, loss) = self.seam();
        let mut room = usize::try_from(until_seam).unwrap_or(usize::MAX).min(block.capacity());
        if let Some(clock) = &mut self.clock {
            room = clock.wait(room, deadline);
        }
        let samples = if room == 0 {
            None
        } else {
            self.fill(block, room, deadline)?
        };
        let delivered = match samples {
            // A loss is told even when nothing else came.
            None if loss.is_some() => 0,
            None => return Err(timed_out()),
            Some(0) if loss.is_none() => return self.at_end(),
            Some(samples) => self.accept(block, samples),
        };
        if delivered == 0 && loss.is_none() {
            return self.read(block, timeout);
        }
        self.position += delivered as u64;
        if let Some(clock) = &mut self.clock {
            clock.release(delivered);
        }
        Ok(Some(ReadInfo {
            samples: delivered,
            loss,
        }))
    }

    fn stop(&mut self) -> Result<(), ReceiverError> {
        self.running = false;
        Ok(())
    }
}

fn receiver_facts(facts: &RecordingFacts, pace: Pace) -> ReceiverFacts {
    let label = facts
        .path
        .file_name()
        .map_or("standard input".into(), |name| name.to_string_lossy().into_owned());
    let center = facts.center_hz.unwrap_or(0) as f64;
    ReceiverFacts {
        args: facts.path.display().to_string(),
        driver: "recording".into(),
        label: if label == "-" { "standard input".into() } else { label },
        serial: None,
        format: facts.format,
        frequency_ranges_hz: vec![[center, center]],
        sample_rate_ranges_hz: vec![[facts.sample_rate_hz, facts.sample_rate_hz]],
        profile: "recording".into(),
        usable_fraction: 1.0,
        paced: pace == Pace::RealTime,
    }
}
