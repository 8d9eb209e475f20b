//! The captures and annotations of a SigMF recording, turned into centre frequency, time, seams and warnings.
//!
//! One centre frequency at a time: measuring two as if they were one would be a lie, so a recording that changes it
//! is refused unless one capture is chosen.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    RecordingOptions, RecordingWarning,
    layout::{Layout, Seam, bad},
};
use crate::{
    GapReason, Loss, ReceiverError,
    sigmf::{Capture, Metadata},
};

/// Fills in what the metadata say, and narrows the window to the chosen capture.
pub(super) fn apply(
    meta: &Path,
    read: &Metadata,
    options: &RecordingOptions,
    layout: &mut Layout,
) -> Result<(), ReceiverError> {
    let total = layout.facts.samples.unwrap_or(0);
    let implied = [Capture {
        sample_start: read.global.offset,
        ..Capture::default()
    }];
    let all = if read.captures.is_empty() {
        &implied[..]
    } else {
        &read.captures
    };
    check_order(meta, all, read.global.offset, total)?;
    let (chosen, end) = choose(meta, all, options, read.global.offset + total)?;
    if options.center_hz.is_none() {
        check_one_center(meta, chosen)?;
        layout.facts.center_hz = center(meta, &chosen[0])?.or(layout.facts.center_hz);
    }
    let first = chosen[0].sample_start;
    layout.facts.datetime = chosen[0].datetime.clone();
    if first > read.global.offset && options.capture.is_none() {
        layout.warnings.push(RecordingWarning::BeforeFirstCapture {
            samples: first - read.global.offset,
        });
    }
    let sample_bytes = layout.facts.format.bytes() as u64;
    layout.byte_start += (first - read.global.offset) * sample_bytes;
    layout.byte_length = Some((end - first) * sample_bytes);
    layout.facts.samples = Some(end - first);
    let rate = layout.facts.sample_rate_hz;
    layout.seams = chosen
        .windows(2)
        .map(|pair| seam(&pair[0], &pair[1], first, rate))
        .collect();
    layout.facts.annotations = read
        .annotations
        .iter()
        .filter(|a| (first..end).contains(&a.sample_start))
        .map(|a| {
            let mut moved = a.clone();
            moved.sample_start -= first;
            moved
        })
        .collect();
    let beyond = |a: &&crate::sigmf::Annotation| {
        a.sample_start.saturating_add(a.sample_count.unwrap_or(0)) > read.global.offset + total
    };
    if let Some(count) = Some(read.annotations.iter().filter(beyond).count() as u64).filter(|n| *n > 0) {
        layout.warnings.push(RecordingWarning::AnnotationsBeyondEnd { count });
    }
    Ok(())
}

fn check_order(meta: &Path, all: &[Capture], offset: u64, total: u64) -> Result<(), ReceiverError> {
    for (n, capture) in all.iter().enumerate() {
        let start = capture.sample_start;
        if start < offset || start - offset >= total {
            return Err(bad(
                meta,
                format!(
                    "capture {n} starts at sample {start}, but the data hold {total} from {offset} on: they were cut off"
                ),
            ));
        }
        if n > 0 && capture.header_bytes > 0 {
            return Err(bad(
                meta,
                format!("capture {n} has a header of its own (core:header_bytes): split it up first"),
            ));
        }
        if n > 0 && start <= all[n - 1].sample_start {
            return Err(bad(
                meta,
                format!("capture {n} does not start behind the one before it: sort them"),
            ));
        }
    }
    Ok(())
}

/// The captures to play, and the sample behind the last.
fn choose<'a>(
    meta: &Path,
    all: &'a [Capture],
    options: &RecordingOptions,
    end: u64,
) -> Result<(&'a [Capture], u64), ReceiverError> {
    let Some(n) = options.capture else {
        return Ok((all, end));
    };
    if n >= all.len() {
        let last = all.len() - 1;
        return Err(bad(meta, format!("has no capture {n}: give a number from 0 to {last}")));
    }
    Ok((&all[n..=n], all.get(n + 1).map_or(end, |next| next.sample_start)))
}

fn check_one_center(meta: &Path, chosen: &[Capture]) -> Result<(), ReceiverError> {
    let odd = chosen[1..]
        .iter()
        .find(|capture| capture.frequency.is_some() && capture.frequency != chosen[0].frequency);
    let (Some(odd), first) = (odd, chosen[0].frequency) else {
        return Ok(());
    };
    let first = first.map_or("unknown".to_owned(), |hz| format!("{hz} Hz"));
    Err(bad(
        meta,
        format!(
            "changes its centre from {first} to {} Hz at sample {}: one centre at a time; cut it into one recording \
             per centre, or play one capture of 0 to {}",
            odd.frequency.unwrap_or(0.0),
            odd.sample_start,
            chosen.len() - 1
        ),
    ))
}

fn center(meta: &Path, capture: &Capture) -> Result<Option<i64>, ReceiverError> {
    match capture.frequency {
        None => Ok(None),
        Some(hz) if hz.is_finite() && (0.0..=1e12).contains(&hz) => Ok(Some(hz.round() as i64)),
        Some(hz) => Err(bad(
            meta,
            format!("core:frequency {hz} is not a centre frequency: give the true one with --freq"),
        )),
    }
}

/// What is missing between two captures: by the sample counter of the original stream, else by the clock, else
/// nothing that anybody could count.
fn seam(before: &Capture, after: &Capture, first: u64, rate: f64) -> Seam {
    let stored = after.sample_start - before.sample_start;
    let index = |capture: &Capture| capture.global_index.unwrap_or(capture.sample_start);
    let counted = (before.global_index.is_some() || after.global_index.is_some())
        .then(|| index(after).saturating_sub(index(before)).saturating_sub(stored));
    let clocked = || {
        let at = |capture: &Capture| capture.datetime.as_deref()?.parse::<Timestamp>().ok();
        let elapsed_s = at(after)?.duration_since(at(before)?).as_secs_f64();
        Some(
            ((elapsed_s * rate).round() as i64)
                .saturating_sub_unsigned(stored)
                .max(0) as u64,
        )
    };
    let gap = after.extra.get("pinpu:gap");
    let unknown = gap.is_some_and(|gap| gap.get("samples").is_some_and(Value::is_null));
    let reason = gap
        .and_then(|gap| serde_json::from_value(gap.get("reason")?.clone()).ok())
        .unwrap_or(GapReason::Overflow);
    let samples = if unknown {
        clocked()
    } else {
        Some(counted.or_else(clocked).unwrap_or(0))
    };
    Seam {
        sample: after.sample_start - first,
        loss: Loss { reason, samples },
    }
}
