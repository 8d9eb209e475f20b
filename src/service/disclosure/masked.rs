//! What a mask of the policy takes out of what was measured: spectra keep their gaps, emissions and files are not there.

use std::{borrow::Cow, sync::Arc};

use super::View;
use crate::{
    coordination::tasks::Task,
    registry::telling::Masks,
    service::{
        findings::{ConflictRecord, EmissionRecord, FileRecord},
        ledger::SYSTEM,
        live::LiveFrame,
    },
    store::{EventKind, EventRecord},
    units::{Band, Hertz},
};

/// Files that the service measured hold the whole span of a receiver around what they are about. They are not shown where a
/// masked band is nearer than the widest receiver we know of reaches. From judgement.
const SPAN_HZ: i64 = 100_000_000;

impl View {
    /// Whether what was measured between these edges is shown.
    #[must_use]
    pub fn measures(&self, low: Hertz, high: Hertz) -> bool {
        !self.masked.touch(low, high)
    }

    /// Whether an emission is there for the audience.
    #[must_use]
    pub fn met(&self, emission: &EmissionRecord) -> bool {
        self.measures(emission.low_hz, emission.high_hz)
    }

    /// Whether an event of the live channel is about frequencies of which nothing is shown. One that names frequencies and
    /// cannot be read counts as such.
    pub(super) fn masks_event(&self, event: &EventRecord) -> bool {
        use EventKind::{Artefact, EmissionClosed, EmissionOpened, EmissionUpdated};
        let measured = matches!(event.kind, Artefact | EmissionClosed | EmissionOpened | EmissionUpdated);
        if self.masked.is_empty() || !measured {
            return false;
        }
        let edge = |name: &str| event.data[name].as_i64().map(Hertz);
        match (edge("low_hz"), edge("high_hz")) {
            (Some(low), Some(high)) => !self.measures(low, high),
            _ => true,
        }
    }

    /// Whether a file of a conflict is there for the audience. What people attached themselves is theirs to judge.
    #[must_use]
    pub fn holds_file(&self, conflict: &ConflictRecord, file: &FileRecord) -> bool {
        let low = Hertz(conflict.low_hz.0.saturating_sub(SPAN_HZ));
        let high = Hertz(conflict.high_hz.0.saturating_add(SPAN_HZ));
        file.uploaded_by != SYSTEM || self.measures(low, high)
    }

    /// Whether recordings that were made for a task are there for the audience: likewise.
    #[must_use]
    pub fn holds_recordings(&self, band: Band) -> bool {
        let low = Hertz(band.low().0.saturating_sub(SPAN_HZ));
        self.measures(low, Hertz(band.high().0.saturating_add(SPAN_HZ)))
    }

    /// Takes out of a task what was counted in a masked band.
    pub(in crate::service) fn mask_task(&self, task: &mut Task) {
        let band = task.content.band();
        if band.is_none_or(|band| self.measures(band.low(), band.high())) {
            return;
        }
        for measured in &mut task.measured {
            (measured.channels, measured.band) = (None, None);
        }
    }
}

/// Levels without those of masked bins.
#[must_use]
pub fn shown<'l>(masks: &Masks, source: Band, levels: &'l [f32]) -> Cow<'l, [f32]> {
    if masks.is_empty() || !masks.touch(source.low(), source.high()) {
        return Cow::Borrowed(levels);
    }
    let mut levels = levels.to_vec();
    masks.cover(source, &mut levels);
    Cow::Owned(levels)
}

/// A spectrum as it is shown under these masks: masked bins were not observed, and the median of the floor is of the rest.
#[must_use]
pub fn shown_frame(masks: &Masks, live: &Arc<LiveFrame>) -> Arc<LiveFrame> {
    let Some(band) = live.band().filter(|band| masks.touch(band.low(), band.high())) else {
        return Arc::clone(live);
    };
    let mut frame = live.frame.clone();
    let mut any = false;
    for levels in [
        &mut frame.mean_dbfs,
        &mut frame.max_dbfs,
        &mut frame.min_dbfs,
        &mut frame.floor_dbfs,
    ] {
        any |= masks.cover(band, levels);
    }
    if !any {
        return Arc::clone(live);
    }
    let mut floor: Vec<f32> = frame
        .floor_dbfs
        .iter()
        .copied()
        .filter(|level| !level.is_nan())
        .collect();
    floor.sort_unstable_by(f32::total_cmp);
    let median = floor.get(floor.len() / 2).copied().unwrap_or(f32::NAN);
    let is_known = live.floor_median_dbfs.is_finite();
    Arc::new(LiveFrame {
        frame,
        receiver: Arc::clone(&live.receiver),
        floor_median_dbfs: if is_known { median } else { f32::NAN },
        ..**live
    })
}
