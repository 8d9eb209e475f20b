//! `pinpu receivers examine`: which emissions a receiver makes by itself, found out by changing it and looking again.
//!
//! The band is observed as the receiver is used, with the oscillator moved either way, at two other sample rates, with
//! less gain, and once more as it was; `detect::provenance` says what each emission is. With a terminator in place of
//! the antenna the same passes make the map of the receiver's spurs.

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use comfy_table::{ContentArrangement, LineStyle, Table, presets};
use pinpu_hardware::{Gain, GapReason as LossReason, Receiver, ReceiverError, SampleBlock, Tuned};
use serde_json::json;

use super::source::{Input, SourceArgs};
use crate::{
    Error, Result, capture,
    detect::{
        DetectEvent, Detector, DetectorConfig, GapReason,
        provenance::{
            CLIPPED, Finding, Knowledge, MeanSpectrum, Observation, Sighting, SpurMap, Trial, examine,
            examine_overloaded,
        },
    },
    units::Hertz,
};

const BLOCK_SAMPLES: usize = 1 << 16;
const READ_TIMEOUT: Duration = Duration::from_millis(500);
const SILENCE: Duration = Duration::from_secs(2);
/// Shifts of the oscillator as shares of the span, and what keeps them off every raster, Hz.
const SHIFT_SHARES: [f64; 2] = [0.061, 0.037];
const OFF_RASTER_HZ: f64 = 437.0;
/// Ratios of the other sample rates, and the least change that a receiver must make of them.
const RATES: [f64; 3] = [1.05, 0.965, 1.085];
const RATE_MIN: f64 = 0.01;
/// Time that the frames of a mean spectrum cover.
const FRAME_S: f64 = 0.1;
/// Steps of the gain tried until nothing clips.
const STEPS_MAX: u32 = 4;

/// Options of `receivers examine`.
#[derive(Debug, Args)]
pub(super) struct ExamineArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Time of each of the eleven observations
    #[arg(long, value_name = "S", default_value_t = 2.0)]
    seconds: f64,
    /// Step of the gain, downwards; half of it is tried too
    #[arg(long, value_name = "DB", default_value_t = 6.0)]
    step: f64,
    /// Take what stands in this map of the receiver's spurs for a spur
    #[arg(long, value_name = "FILE")]
    spurs: Option<PathBuf>,
    /// The antenna is replaced by a terminator: write what is heard into this map, adding to it where it exists
    #[arg(long, value_name = "FILE", conflicts_with = "spurs")]
    terminator: Option<PathBuf>,
    /// Temperature of the receiver in degrees Celsius, for the map
    #[arg(long, value_name = "C", requires = "terminator", allow_hyphen_values = true)]
    temperature: Option<f64>,
    /// Uncertainty of the oscillator, parts per million
    #[arg(long, value_name = "PPM", default_value_t = 20.0)]
    ppm_uncertainty: f64,
    /// Frequency of the receiver's reference clock: its harmonics are pointed out
    #[arg(long, value_name = "HZ", default_value = "28.8M")]
    reference: Hertz,
    /// NDJSON: one object an emission
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Of the receiver, or of the map's file.
pub(super) fn run(args: &ExamineArgs) -> Result<ExitCode> {
    if !(args.seconds >= 0.5 && args.seconds.is_finite() && args.step >= 2.0 && args.step.is_finite()) {
        return Err(Error::Invalid(
            "give --seconds 0.5 or more and --step 2 or more, such as --seconds 2 --step 6".into(),
        ));
    }
    let mut bench = Bench::open(args)?;
    if let Some(path) = &args.terminator {
        let mut map = match fs::read(path) {
            Ok(text) => read_map(path, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => bench.new_map(),
            Err(error) => return Err(super::io_error(path)(error)),
        };
        let before = map.spurs.len();
        map.add_scan(&bench.shifts(&SHIFT_SHARES[..1], bench.gain_db)?);
        fs::write(path, format!("{:#}\n", json!(map))).map_err(super::io_error(path))?;
        println!(
            "{}: {} spurs, {} of them new",
            path.display(),
            map.spurs.len(),
            map.spurs.len() - before
        );
        return Ok(ExitCode::SUCCESS);
    }
    let map = match &args.spurs {
        Some(path) => Some(read_map(path, &fs::read(path).map_err(super::io_error(path))?)?),
        None => None,
    };
    print(args.json, &bench.examine(map.as_ref())?);
    Ok(ExitCode::SUCCESS)
}

fn read_map(path: &std::path::Path, text: &[u8]) -> Result<SpurMap> {
    let wrong = |what: String| {
        let path = path.display();
        Error::Invalid(format!(
            "{path} is not a spur map: {what}; make one with `pinpu receivers examine … --terminator {path}`"
        ))
    };
    let map: SpurMap = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
    if map.format == 1 {
        Ok(map)
    } else {
        Err(wrong(format!("its format is {}, not 1", map.format)))
    }
}

/// A receiver under examination.
struct Bench<'a> {
    args: &'a ExamineArgs,
    receiver: Box<dyn Receiver>,
    center: Hertz,
    rate_hz: f64,
    gain_db: f64,
}

impl<'a> Bench<'a> {
    fn open(args: &'a ExamineArgs) -> Result<Self> {
        let source = args.source.open()?;
        let gain_db = args.source.gain_db(&source);
        let Input::Device(receiver) = source.input else {
            return Err(Error::Invalid(
                "a recording cannot be tuned: name a receiver, such as soapy:driver=rtlsdr".into(),
            ));
        };
        let gain_db = gain_db.ok_or_else(|| Error::Invalid("give a fixed gain, such as --gain 30".into()))?;
        Ok(Self {
            args,
            receiver,
            center: source.center,
            rate_hz: source.rate_hz,
            gain_db,
        })
    }

    fn new_map(&self) -> SpurMap {
        let facts = self.receiver.facts();
        SpurMap {
            format: 1,
            serial: facts.serial.clone(),
            driver: facts.driver.clone(),
            date: jiff::Timestamp::now().to_string(),
            temperature_c: self.args.temperature,
            gain_db: Some(self.gain_db),
            sample_rate_hz: self.rate_hz,
            ..SpurMap::default()
        }
    }

    /// Every trial, and what they prove.
    fn examine(&mut self, map: Option<&SpurMap>) -> Result<Vec<Finding>> {
        let knowledge = Knowledge {
            spurs: map,
            ppm: self.args.ppm_uncertainty,
            reference_hz: Some(self.args.reference.as_f64()),
        };
        let first = self.observe(Trial::Nominal, self.center, self.rate_hz, self.gain_db)?;
        let mut lower_db = 0.0;
        let mut clipped = first.clipped_fraction;
        for _ in 0..STEPS_MAX {
            if clipped <= CLIPPED {
                break;
            }
            lower_db -= self.args.step;
            let look = self.observe(Trial::Nominal, self.center, self.rate_hz, self.gain_db + lower_db)?;
            clipped = look.clipped_fraction;
        }
        let observations = self.trials(self.gain_db + lower_db)?;
        if lower_db == 0.0 {
            return Ok(examine(&observations, &knowledge));
        }
        let last = self.observe(Trial::Repeated, self.center, self.rate_hz, self.gain_db)?;
        Ok(examine_overloaded(&[first, last], &observations, lower_db, &knowledge))
    }

    /// The trials about a gain.
    fn trials(&mut self, gain_db: f64) -> Result<Vec<Observation>> {
        let mut all = self.shifts(&SHIFT_SHARES, gain_db)?;
        // What grows faster than a signal does so over both steps; what went off the air for one of them does not.
        for by_db in [-self.args.step, -0.5 * self.args.step] {
            all.push(self.observe(Trial::Stepped { by_db }, self.center, self.rate_hz, gain_db + by_db)?);
        }
        for ratio in RATES {
            // Not every receiver has other rates: then no alias is proved.
            match self.observe(Trial::Resampled, self.center, self.rate_hz * ratio, gain_db) {
                Ok(other) if (other.sample_rate_hz / self.rate_hz - 1.0).abs() >= RATE_MIN => all.push(other),
                Ok(_) | Err(Error::Receiver(ReceiverError::Refused { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        all.push(self.observe(Trial::Repeated, self.center, self.rate_hz, gain_db)?);
        Ok(all)
    }

    /// As it is used, and with the oscillator moved either way by each share of the span.
    fn shifts(&mut self, shares: &[f64], gain_db: f64) -> Result<Vec<Observation>> {
        let mut passes = vec![(Trial::Nominal, self.center)];
        for share in shares {
            let by = Hertz::from_f64((share * self.rate_hz / 1000.0).round() * 1000.0 + OFF_RASTER_HZ);
            passes.extend([(Trial::Shifted, self.center + by), (Trial::Shifted, self.center - by)]);
        }
        let mut observe = |(trial, center)| self.observe(trial, center, self.rate_hz, gain_db);
        passes.into_iter().map(&mut observe).collect()
    }

    /// One pass under one condition.
    fn observe(&mut self, trial: Trial, center: Hertz, rate_hz: f64, gain_db: f64) -> Result<Observation> {
        let tuned = self
            .receiver
            .tune(&self.args.source.tuning(center, rate_hz, Gain::Total(gain_db)))?;
        let usable_fraction = self.receiver.facts().usable_fraction;
        let config = DetectorConfig {
            sample_rate_hz: tuned.sample_rate_hz,
            center_hz: Hertz(i64::try_from(tuned.center_hz).unwrap_or(center.0)),
            usable_fraction,
            frame_interval_s: Some(FRAME_S),
            ..DetectorConfig::default()
        };
        let mut detector = Detector::new(&config).map_err(|error| Error::Invalid(error.to_string()))?;
        let (mut sightings, mut spectrum) = (Vec::new(), MeanSpectrum::default());
        let mut take = |event: DetectEvent| match event {
            DetectEvent::Closed(emission) => sightings.push(Sighting::from(&emission)),
            DetectEvent::Artefact(artefact) => sightings.push(Sighting::from(&artefact)),
            DetectEvent::Frame(frame) => spectrum.add(&frame),
            _ => {}
        };
        fill(
            self.receiver.as_mut(),
            &mut detector,
            &tuned,
            self.args.seconds,
            &mut take,
        )?;
        let summary = detector.finish(&mut take);
        Ok(Observation::new(trial, &summary, usable_fraction, spectrum, sightings))
    }
}

/// Reads `seconds` of samples into the detector.
fn fill(
    receiver: &mut dyn Receiver,
    detector: &mut Detector,
    tuned: &Tuned,
    seconds: f64,
    take: &mut dyn FnMut(DetectEvent),
) -> Result<()> {
    receiver.start()?;
    let mut block = SampleBlock::new(receiver.facts().format, BLOCK_SAMPLES);
    let (mut discard, mut wanted) = (tuned.discard_samples, (seconds * tuned.sample_rate_hz) as u64);
    let mut last_sample = Instant::now();
    while wanted > 0 {
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
        if let Some(loss) = info.loss.filter(|loss| loss.reason != LossReason::Retune) {
            let lost_s = loss.samples.unwrap_or(0) as f64 / tuned.sample_rate_hz;
            detector.gap(lost_s, GapReason::Overflow, take);
        }
        let samples = info.samples.min(usize::try_from(wanted).unwrap_or(usize::MAX));
        detector.push(capture::as_iq(&block, samples), take);
        wanted -= samples as u64;
    }
    receiver.stop()?;
    Ok(())
}

fn print(as_json: bool, findings: &[Finding]) {
    if as_json {
        for finding in findings {
            println!("{}", json!(finding));
        }
        return;
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["centre", "bandwidth", "dBFS", "SNR dB", "cause", "evidence"]);
    for finding in findings {
        let seen = &finding.sighting;
        let clock = finding
            .evidence
            .harmonic
            .map_or_else(String::new, |n| format!(" (harmonic {n} of the reference clock)"));
        table.add_row([
            seen.center_hz.to_string(),
            seen.bandwidth_hz.to_string(),
            format!("{:.1}", seen.power_dbfs),
            format!("{:.1}", seen.snr_db),
            format!("{:?}", finding.cause).to_lowercase(),
            format!("{}{clock}", finding.reason),
        ]);
    }
    println!("{table}");
    let own = findings
        .iter()
        .filter(|finding| finding.cause.artefact().is_some())
        .count();
    println!("{} emissions, {own} of them made by the receiver", findings.len());
}
