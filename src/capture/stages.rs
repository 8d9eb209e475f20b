//! The two stages of a detector on two threads, for sources that are read as fast as they can be measured. What comes out is
//! the same to the bit as from the detector in one piece.
//!
//! ```text
//! samples ── spectra, unless the other thread is about to wait ──> batches ── spectra where they are missing, decisions ──> events
//! ```
//! Decisions come one after the other; spectra do not. The thread that reads computes those of later rows while those before
//! them are decided, and hands over bare samples when few batches are left to decide about: so both threads have work,
//! whichever stage takes longer. Batches go round in a fixed number, so neither runs ahead of the other for long.

use std::{
    panic,
    sync::{
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use crate::{
    detect::{Decider, DetectEvent, Detector, GapReason, Rest, Rows, Spectra, Summary},
    dsp::iq::IqSlice,
};

/// Batches of rows under way.
const BATCHES: usize = 12;
/// Batches waiting for decisions below which the other thread is about to wait: the one it takes next, and one more.
const FEW: usize = 2;

/// What goes from stage to stage.
enum Stretch {
    Rows(Rows),
    Gap {
        rest: Rest,
        duration_s: f64,
        reason: GapReason,
    },
}

/// The first stage, as whoever reads the samples sees it.
pub struct Feed<'a> {
    spectra: Spectra,
    /// The batch being filled.
    rows: Rows,
    /// Batches on their way to the decisions.
    waiting: &'a AtomicUsize,
    full: SyncSender<Stretch>,
    empty: Receiver<Rows>,
}

impl Feed<'_> {
    /// Takes samples, any number at a time; `false` when the other stage is gone.
    pub fn push(&mut self, block: IqSlice<'_>) -> bool {
        let mut from = 0;
        while from < block.len() {
            from += self.rows.fill(block.slice(from..block.len()));
            if self.rows.is_full() && !self.hand_over() {
                return false;
            }
        }
        true
    }

    /// Time passes unobserved; `false` when the other stage is gone.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason) -> bool {
        if !self.hand_over() {
            return false;
        }
        let rest = self.rows.discard();
        self.send(Stretch::Gap {
            rest,
            duration_s,
            reason,
        })
    }

    /// The samples have ended: hands over what is left and tells what made no row.
    fn finish(&mut self) -> Rest {
        self.hand_over();
        let rest = self.rows.pad();
        self.hand_over();
        rest
    }

    /// Hands over the rows that the samples at hand make; `false` when the other stage is gone.
    fn hand_over(&mut self) -> bool {
        let Ok(mut next) = self.empty.recv() else {
            return false;
        };
        next.follow(&self.rows);
        let mut rows = std::mem::replace(&mut self.rows, next);
        if self.waiting.load(Relaxed) >= FEW {
            self.spectra.make_all(&mut rows);
        }
        self.waiting.fetch_add(1, Relaxed);
        self.send(Stretch::Rows(rows))
    }

    fn send(&self, stretch: Stretch) -> bool {
        self.full.send(stretch).is_ok()
    }
}

/// Runs `feed` on a thread of its own, which hands all samples to the first stage of `detector`; the second runs here and
/// tells `sink`. When `feed` fails, what was still open is not reported.
///
/// # Errors
/// That of `feed`.
pub fn side_by_side<E: Send>(
    detector: Detector,
    feed: impl FnOnce(&mut Feed<'_>) -> Result<(), E> + Send,
    sink: &mut dyn FnMut(DetectEvent),
) -> Result<Summary, E> {
    let ([there, mut here], mut decider) = detector.into_stages();
    let waiting = AtomicUsize::new(0);
    thread::scope(|scope| {
        // A gap follows a batch.
        let (full, stretches) = sync_channel(2 * BATCHES);
        let (back, empty) = sync_channel(BATCHES);
        for _ in 0..BATCHES {
            let _ = back.send(Rows::default());
        }
        let waiting = &waiting;
        let feeding = scope.spawn(move || {
            let mut first = Feed {
                spectra: there,
                rows: Rows::default(),
                waiting,
                full,
                empty,
            };
            feed(&mut first)?;
            Ok(first.finish())
        });
        for stretch in stretches {
            match stretch {
                Stretch::Rows(mut rows) => {
                    waiting.fetch_sub(1, Relaxed);
                    decide(&mut decider, &mut here, &mut rows, sink);
                    // Nobody waits for it once the samples have ended.
                    let _ = back.send(rows);
                }
                Stretch::Gap {
                    rest,
                    duration_s,
                    reason,
                } => decider.gap(rest, duration_s, reason, sink),
            }
        }
        match feeding.join() {
            Ok(fed) => Ok(decider.finish(fed?, sink)),
            Err(cause) => panic::resume_unwind(cause),
        }
    })
}

fn decide(decider: &mut Decider, spectra: &mut Spectra, rows: &mut Rows, sink: &mut dyn FnMut(DetectEvent)) {
    if rows.is_made() {
        decider.push(rows, sink);
    } else {
        decider.decide_all(spectra, rows, sink);
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::detect::DetectorConfig;

    /// Noise with a tone that is keyed; the same each time.
    fn samples() -> Vec<Complex<u8>> {
        let mut state = 3_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 60) as i32 + (state >> 56 & 15) as i32 - 15
        };
        let on = |n: usize| if n % 90_000 < 40_000 { 40.0 } else { 0.0 };
        let sample = |n: usize| {
            let (phase, level) = (n as f64 * 0.7, on(n));
            let [re, im] = [level * phase.cos(), level * phase.sin()].map(|x| x as i32);
            Complex::new((128 + re + noise()) as u8, (128 + im + noise()) as u8)
        };
        (0..700_000).map(sample).collect()
    }

    fn detector() -> Detector {
        Detector::new(&DetectorConfig {
            sample_rate_hz: 1_000_000.0,
            frame_interval_s: Some(0.02),
            ..DetectorConfig::default()
        })
        .expect("a valid configuration")
    }

    #[test]
    fn both_stages_say_what_the_detector_says() {
        let samples = samples();
        let blocks = || samples.chunks(77_777).enumerate();
        let (mut whole, mut apart) = (Vec::new(), Vec::new());
        let mut detector_alone = detector();
        for (n, block) in blocks() {
            if n == 4 {
                detector_alone.gap(0.5, GapReason::Overflow, &mut |e| whole.push(e));
            }
            detector_alone.push(IqSlice::Cu8(block), &mut |e| whole.push(e));
        }
        let alone = detector_alone.finish(&mut |e| whole.push(e));
        let feed = |feed: &mut Feed<'_>| {
            for (n, block) in blocks() {
                assert!(n != 4 || feed.gap(0.5, GapReason::Overflow));
                assert!(feed.push(IqSlice::Cu8(block)));
            }
            Ok::<(), String>(())
        };
        let beside = side_by_side(detector(), feed, &mut |e| apart.push(e));
        assert!(whole.len() > 20 && whole.iter().any(|e| matches!(e, DetectEvent::Closed(_))));
        assert_eq!(whole, apart);
        assert_eq!(format!("{:?}", Ok::<_, String>(alone)), format!("{beside:?}"));
    }

    #[test]
    fn a_failed_source_ends_the_pass() {
        let samples = samples();
        let feed = |feed: &mut Feed<'_>| {
            feed.push(IqSlice::Cu8(&samples));
            Err("unplugged")
        };
        assert_eq!(side_by_side(detector(), feed, &mut |_| ()).err(), Some("unplugged"));
    }
}
