//! `pinpu detect`: one pass over a recording or a receiver; emissions as a table or NDJSON, with verdicts on request.

mod baseline;
mod calibrated;
mod chain;
mod judge;
mod order;
mod picture;
mod products;
mod rows;
mod station;
mod table;

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

use clap::Args;
use pinpu_hardware::{GapReason as LossReason, ReceiverError, SampleBlock};

use self::{
    baseline::Baselines,
    calibrated::Calibrator,
    chain::Chain,
    judge::Judge,
    order::InOrder,
    picture::Picture,
    products::Products,
    rows::{CalibratedRow, Row},
    table::Table,
};
use super::source::{OpenSource, SourceArgs};
use crate::{
    Error, Result,
    capture::{self, Feed},
    conflict::VerdictKind,
    detect::{DetectEvent, DetectorConfig, GapReason, Summary},
    dsp::iq::IqSlice,
    units::{Band, Hertz},
};

/// Samples per read: half a megabyte of 8-bit samples stays in the cache while it is measured.
const BLOCK_SAMPLES: usize = 1 << 17;
const READ_TIMEOUT: Duration = Duration::from_millis(500);
/// Silence after which a live receiver counts as lost.
const SILENCE: Duration = Duration::from_secs(2);

/// Options of `detect`.
#[derive(Debug, Args)]
pub(super) struct DetectArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// NDJSON: one object a line, then a summary
    #[arg(long)]
    json: bool,
    /// Stop after this many seconds of signal
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// False alarms accepted per day and MHz
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    false_alarms: f64,
    /// Threads a recording is measured on: 2 computes spectra beside the decisions, with the same result [default: 2 where the
    /// machine has them]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    threads: Option<u8>,
    /// Look at averaged spectra only: several times faster, for what lasts. Finds no bursts shorter than a frame of up to 64 spectra
    /// and nothing faint and wide; gives no class, no 26 dB bandwidth, and times to a frame
    #[arg(long, conflicts_with = "threads")]
    survey: bool,
    /// Also draw a waterfall with what was found marked in it, as PNG or SVG by the ending
    #[arg(long, value_name = "FILE.png")]
    plot: Option<PathBuf>,
    /// Also give dBm and dBµV/m from this calibration of the receiver (TOML, see config/calibration.toml)
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    #[command(flatten)]
    judge: judge::JudgeArgs,
}

/// Runs the command.
///
/// # Errors
/// Of the source, the options, or the output.
pub(super) fn run(args: &DetectArgs) -> Result<ExitCode> {
    take_small_pages();
    let mut source = args.source.open()?;
    let bin_hz = chain::bin_hz(source.rate_hz, args.survey);
    let judge = Judge::new(&args.judge, source.began, bin_hz)?;
    let calibrator = Calibrator::new(args, &source)?;
    let usable = Hertz::from_f64(source.rate_hz * source.usable_fraction);
    let baselines = judge.baselines(&args.judge, Band::around(source.center, usable))?;
    let mut picture = match &args.plot {
        Some(path) => Some(Picture::new(path, judge.chinese())?),
        None => None,
    };
    let mut config = DetectorConfig {
        sample_rate_hz: source.rate_hz,
        center_hz: source.center,
        usable_fraction: source.usable_fraction,
        false_alarms_per_day_mhz: args.false_alarms,
        ..DetectorConfig::default()
    };
    if let Some(picture) = &mut picture {
        let length_s = source.total.map(|total| total as f64 / source.rate_hz);
        let seconds = [length_s, args.seconds].into_iter().flatten().reduce(f64::min);
        picture.prepare(&mut config, seconds);
    }
    let chain = Chain::new(&config, args.survey).map_err(|error| Error::Invalid(error.to_string()))?;
    let mut out = Output::new(args, source.input.is_live(), judge, baselines, picture, calibrator);
    out.survey_frame_s = chain.survey_frame_s();
    let begun = Instant::now();
    let summary = measure(&mut source, chain, args, &mut out)?;
    let observed_s = summary.seconds;
    let picture = out.finish(summary, begun.elapsed())?;
    if let Some(note) = out.baselines.finish(observed_s, out.judge.chinese())? {
        eprintln!("pinpu: {note}");
    }
    if let Some(picture) = picture {
        picture.write(&args.source.source, source.began)?;
    }
    for warning in source.input.warnings() {
        eprintln!("pinpu: note: {warning}");
    }
    Ok(if args.judge.check && out.conflicts > 0 {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    })
}

/// Asks for memory in pages of 4 KiB from here on. Of pages of 2 MiB each is resident as a whole that anything in it is used of, which
/// made the pass half as large again, and no faster. A system that cannot do so is none to stop for.
fn take_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Puts everything the source gives through the chain, a recording on as many threads as asked.
fn measure(source: &mut OpenSource, chain: Chain, args: &DetectArgs, out: &mut Output<'_>) -> Result<Summary> {
    let seconds = args.seconds;
    let one_thread = match args.threads {
        Some(threads) => threads == 1,
        None => std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1),
    };
    let summary = match chain {
        Chain::Whole(detector) if !source.input.is_live() && !one_thread => {
            let broken = AtomicBool::new(false);
            let feed = |feed: &mut Feed<'_>| {
                let broken = &broken;
                pass(source, seconds, &mut Beside { feed, broken })
            };
            capture::side_by_side(*detector, feed, &mut |event| {
                out.take(event);
                broken.fetch_or(out.error.is_some(), Relaxed);
            })?
        }
        mut chain => {
            let mut direct = Direct {
                chain: &mut chain,
                rate_hz: source.rate_hz,
                out,
            };
            pass(source, seconds, &mut direct)?;
            chain.finish(&mut |event| out.take(event))
        }
    };
    out.error.take().map_or(Ok(summary), Err)
}

/// Where samples go; each answers whether there is any use in more.
trait Samples {
    fn push(&mut self, block: IqSlice<'_>) -> Result<bool>;
    fn gap(&mut self, lost_s: f64, reason: GapReason);
}

/// Through the chain on this thread.
struct Direct<'a, 'b> {
    chain: &'a mut Chain,
    rate_hz: f64,
    out: &'a mut Output<'b>,
}

impl Samples for Direct<'_, '_> {
    fn push(&mut self, block: IqSlice<'_>) -> Result<bool> {
        self.chain.push(block, &mut |event| self.out.take(event));
        self.out.flush_if_live(block.len() as f64 / self.rate_hz)?;
        Ok(self.out.error.is_none())
    }

    fn gap(&mut self, lost_s: f64, reason: GapReason) {
        self.out.now_s += lost_s;
        self.chain.gap(lost_s, reason, &mut |event| self.out.take(event));
    }
}

/// To the first stage, while the second runs on another thread.
struct Beside<'a, 'b> {
    feed: &'a mut Feed<'b>,
    /// Set when nothing can be written any more.
    broken: &'a AtomicBool,
}

impl Samples for Beside<'_, '_> {
    fn push(&mut self, block: IqSlice<'_>) -> Result<bool> {
        Ok(self.feed.push(block) && !self.broken.load(Relaxed))
    }

    fn gap(&mut self, lost_s: f64, reason: GapReason) {
        self.feed.gap(lost_s, reason);
    }
}

/// Reads to the end, the time limit, Ctrl-C, or the first failure.
fn pass(source: &mut OpenSource, seconds: Option<f64>, to: &mut impl Samples) -> Result<()> {
    let stop = super::stop_on_interrupt();
    let limit = seconds.map_or(u64::MAX, |seconds| (seconds.max(0.0) * source.rate_hz) as u64);
    let bar = super::progress(source.total.map(|total| total.min(limit)).or(seconds.map(|_| limit)));
    let rate_hz = source.rate_hz;
    let mut discard = source.discard;
    let receiver = source.input.receiver();
    receiver.start()?;
    let mut block = SampleBlock::new(receiver.facts().format, BLOCK_SAMPLES);
    let (mut seen, mut last_sample) = (0_u64, Instant::now());
    let mut more = true;
    while more && seen < limit && !stop.load(Relaxed) {
        let info = match receiver.read(&mut block, READ_TIMEOUT) {
            Ok(Some(info)) => info,
            Ok(None) => break,
            Err(ReceiverError::Timeout { .. }) if last_sample.elapsed() < SILENCE => continue,
            Err(error) => return Err(error.into()),
        };
        last_sample = Instant::now();
        if discard > 0 {
            discard = discard.saturating_sub(info.samples as u64);
            continue;
        }
        if let Some(loss) = info.loss {
            let reason = match loss.reason {
                LossReason::Overflow => GapReason::Overflow,
                LossReason::Unplugged => GapReason::Unplugged,
                LossReason::Retune => GapReason::Retune,
            };
            let lost_s = loss.samples.unwrap_or(0) as f64 / rate_hz;
            to.gap(lost_s, reason);
        }
        let samples = info.samples.min(usize::try_from(limit - seen).unwrap_or(usize::MAX));
        more = to.push(capture::as_iq(&block, samples))?;
        seen += samples as u64;
        bar.set_position(seen);
    }
    let _ = receiver.stop();
    bar.finish_and_clear();
    Ok(())
}

/// Seconds that a row of a live pass waits, so that a product is held against what its parents did when it went off: news of
/// what is on comes every two seconds at the latest.
const HOLD_S: f64 = 2.5;

/// Where events go: through the judge, into order, onto standard output.
struct Output<'a> {
    judge: Judge,
    baselines: Baselines,
    products: Products,
    picture: Option<Picture>,
    calibrator: Option<Calibrator>,
    order: Option<InOrder>,
    /// Rows of a live pass, each with the time from which it waits no longer.
    held: VecDeque<(f64, Row)>,
    /// Time of the stream.
    now_s: f64,
    json: bool,
    live: bool,
    table: Table,
    /// Length of a frame, of a survey.
    survey_frame_s: Option<f64>,
    error: Option<Error>,
    stdout: io::BufWriter<io::StdoutLock<'a>>,
    emissions: u64,
    conflicts: u64,
}

impl Output<'_> {
    fn new(
        args: &DetectArgs,
        live: bool,
        judge: Judge,
        baselines: Baselines,
        picture: Option<Picture>,
        calibrator: Option<Calibrator>,
    ) -> Self {
        Self {
            table: Table::new(
                judge.is_active(),
                baselines.is_asked(),
                calibrator.is_some(),
                judge.chinese(),
                io::stdout().is_terminal(),
            ),
            judge,
            baselines,
            products: Products::default(),
            picture,
            calibrator,
            order: Some(InOrder::default()),
            held: VecDeque::new(),
            now_s: 0.0,
            json: args.json,
            live,
            survey_frame_s: None,
            error: None,
            stdout: io::BufWriter::new(io::stdout().lock()),
            emissions: 0,
            conflicts: 0,
        }
    }

    fn take(&mut self, event: DetectEvent) {
        if self.judge.is_active() {
            self.products.observe(&event);
        }
        let row = match event {
            DetectEvent::Closed(emission) => {
                let level = self
                    .calibrator
                    .as_ref()
                    .and_then(|calibrator| calibrator.level(&emission));
                let verdict = self.judge.verdict(&emission, level);
                if let Some(picture) = &mut self.picture {
                    picture.emission(&emission, verdict.as_ref());
                }
                self.emissions += 1;
                self.conflicts += u64::from(verdict.as_ref().is_some_and(|verdict| verdict.kind.is_conflict()));
                let (judge, baselines) = (&self.judge, &mut self.baselines);
                let novelty = baselines.take(&emission, judge.bin_hz(), judge.rules(), judge.chinese());
                Row::emission(emission, verdict, novelty, level.map(CalibratedRow::from))
            }
            DetectEvent::Artefact(artefact) => Row::Artefact(artefact),
            DetectEvent::Gap(gap) => {
                self.baselines.gap(gap);
                Row::Gap(gap)
            }
            DetectEvent::Frame(frame) => {
                if let Some(picture) = &mut self.picture {
                    picture.frame(&frame);
                }
                return;
            }
            DetectEvent::Opened(_) | DetectEvent::Updated(_) | DetectEvent::Withdrawn(_) => return,
        };
        if self.live && self.json {
            let hold_s = if self.judge.is_active() { HOLD_S } else { 0.0 };
            self.held.push_back((self.now_s + hold_s, row));
        } else if let Some(ready) = self.order.as_mut().and_then(|order| order.push(row)) {
            self.write(ready);
        }
    }

    /// Names the parents of an emission that is a product: of a pass all that was found, of a live one all so far. A
    /// station that is where its licence puts it needs the proof of switching to be called one.
    fn name_parents(&mut self, row: &mut Row) {
        let Row::Emission {
            emission,
            verdict: Some(verdict),
            product_of,
            ..
        } = row
        else {
            return;
        };
        let found = self.products.parents(emission, self.judge.rules());
        let Some(found) = found.filter(|found| found.proven || verdict.kind != VerdictKind::Licensed) else {
            return;
        };
        verdict.explain(&found.explanation, self.judge.chinese());
        *product_of = Some(Box::new(found));
    }

    fn write(&mut self, mut row: Row) {
        self.name_parents(&mut row);
        if !self.json {
            self.table.add(&row);
        } else if let Err(error) = serde_json::to_writer(&mut self.stdout, &row)
            .map_err(io::Error::from)
            .and_then(|()| self.stdout.write_all(b"\n"))
        {
            self.error
                .get_or_insert(super::io_error("standard output".as_ref())(error));
        }
    }

    /// Time went on by `passed_s`.
    fn flush_if_live(&mut self, passed_s: f64) -> Result<()> {
        self.now_s += passed_s;
        while let Some((_, row)) = self.held.pop_front_if(|(from_s, _)| *from_s <= self.now_s) {
            self.write(row);
        }
        if self.live {
            self.stdout.flush().map_err(super::io_error("standard output".as_ref()))
        } else {
            Ok(())
        }
    }

    /// Writes what is left and the summary; hands back the picture, to be drawn once all else is out.
    fn finish(&mut self, summary: Summary, took: Duration) -> Result<Option<Picture>> {
        let held: Vec<Row> = self.held.drain(..).map(|(_, row)| row).collect();
        let ordered = self.order.take().into_iter().flat_map(InOrder::finish);
        for row in held.into_iter().chain(ordered) {
            self.write(row);
        }
        let comparison = self.judge.comparison();
        let throughput_msps = summary.samples as f64 / took.as_secs_f64().max(1e-9) * 1e-6;
        if self.json {
            if let Some(comparison) = comparison {
                self.write(Row::Station(Box::new(comparison)));
            }
            self.write(Row::Summary {
                summary,
                throughput_msps,
                survey_frame_s: self.survey_frame_s,
            });
        } else {
            let mut text = self.table.finish(&summary, throughput_msps, self.conflicts);
            if let Some(frame_s) = self.survey_frame_s {
                text += &table::survey_note(frame_s, self.judge.chinese());
            }
            if let Some(comparison) = comparison {
                text += &station::text(&comparison, self.judge.chinese(), io::stdout().is_terminal());
            }
            self.stdout
                .write_all(text.as_bytes())
                .map_err(super::io_error("standard output".as_ref()))?;
        }
        self.error.take().map_or(Ok(()), Err)?;
        self.stdout
            .flush()
            .map_err(super::io_error("standard output".as_ref()))?;
        Ok(self.picture.take())
    }
}
