//! `pinpu record`: samples from a receiver into a SigMF recording, with the receiver's facts in the metadata.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Args;
use indicatif::HumanBytes;
use jiff::Timestamp;
use pinpu_hardware::{ReceiverError, RecordingHead, SampleBlock, SigmfWriter, Written};
use serde_json::json;

use super::source::{OpenSource, SourceArgs};
use crate::{Error, Result, capture::recent::recording_facts, units::Hertz};

const BLOCK_SAMPLES: usize = 1 << 16;
const READ_TIMEOUT: Duration = Duration::from_millis(500);
const SILENCE: Duration = Duration::from_secs(2);

/// Options of `record`.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Name of the recording; .sigmf-data and .sigmf-meta are added
    #[arg(value_name = "RECORDING")]
    output: PathBuf,
    /// Length in seconds; without it, until Ctrl-C
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Antenna position, degrees north and east: 31.2304,121.4737
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    site: Option<super::SiteArg>,
    /// What is recorded, in words
    #[arg(long)]
    description: Option<String>,
    /// Who records
    #[arg(long)]
    author: Option<String>,
    /// One JSON object about the finished recording
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Of the receiver or the disk; nothing that looks like a complete recording is left behind then.
pub(super) fn run(args: &RecordArgs) -> Result<ExitCode> {
    if args
        .seconds
        .is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite()))
    {
        return Err(Error::Invalid("--seconds takes a length above 0, such as 10".into()));
    }
    let mut source = args.source.open()?;
    let head = head(args, &mut source);
    let mut writer = SigmfWriter::create(&args.output, head)?;
    let losses = fill(&mut writer, &mut source, args.seconds)?;
    report(args, &writer.finish()?, source.rate_hz, losses)?;
    Ok(ExitCode::SUCCESS)
}

fn head(args: &RecordArgs, source: &mut OpenSource) -> RecordingHead {
    let facts = source.input.receiver().facts().clone();
    RecordingHead {
        format: facts.format,
        sample_rate_hz: source.rate_hz,
        center_hz: (source.center != Hertz(0)).then_some(source.center.0),
        start: source.began.unwrap_or_else(Timestamp::now),
        hardware: Some(facts.label.clone()),
        description: args.description.clone(),
        author: args.author.clone(),
        license: None,
        place: args.site.map(|site| (site.0.latitude, site.0.longitude, None)),
        facts: recording_facts(&facts, &source.settings, args.source.ppm()),
    }
}

/// Reads into the writer until the limit, the end, or Ctrl-C; gives back how often samples were lost.
fn fill(writer: &mut SigmfWriter, source: &mut OpenSource, seconds: Option<f64>) -> Result<u64> {
    let stop: Arc<AtomicBool> = super::stop_on_interrupt();
    let limit = seconds.map_or(u64::MAX, |seconds| (seconds * source.rate_hz).ceil() as u64);
    let bar = super::progress(seconds.map(|_| limit).or(source.total));
    let mut discard = source.discard;
    let receiver = source.input.receiver();
    receiver.start()?;
    let mut block = SampleBlock::new(receiver.facts().format, BLOCK_SAMPLES);
    let (mut losses, mut last_sample) = (0, Instant::now());
    while writer.samples() < limit && !stop.load(Relaxed) {
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
            losses += 1;
            writer.gap(loss, Some(Timestamp::now()));
        }
        let room = usize::try_from(limit - writer.samples()).unwrap_or(usize::MAX);
        writer.write(&block, info.samples.min(room))?;
        bar.set_position(writer.samples());
    }
    let _ = receiver.stop();
    bar.finish_and_clear();
    Ok(losses)
}

fn report(args: &RecordArgs, written: &Written, rate_hz: f64, losses: u64) -> Result<()> {
    let bytes = std::fs::metadata(&written.data)
        .map_err(super::io_error(&written.data))?
        .len();
    let seconds = written.samples as f64 / rate_hz;
    if args.json {
        let row = json!({
            "type": "recording", "meta": written.meta, "data": written.data, "samples": written.samples,
            "seconds": seconds, "sample_rate_hz": rate_hz, "bytes": bytes, "losses": losses, "sha512": written.sha512,
        });
        println!("{row}");
        return Ok(());
    }
    println!(
        "{}: {seconds:.3} s, {} samples, {}",
        written.meta.display(),
        written.samples,
        HumanBytes(bytes)
    );
    if losses > 0 {
        println!("samples were lost {losses} time(s); each place is marked in the metadata");
    }
    println!("look at it with: pinpu detect {}", written.meta.display());
    Ok(())
}
