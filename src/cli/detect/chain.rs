//! What samples go through: the detector, or a survey.

use crate::{
    detect::{DetectError, DetectEvent, Detector, DetectorConfig, GapReason, Summary, survey::Surveyor},
    dsp::iq::IqSlice,
};

/// Bins that the detector measures bandwidths on.
const BINS: f64 = 1024.0;

/// Width of a bin of what bandwidths are measured on.
pub(super) fn bin_hz(sample_rate_hz: f64, survey: bool) -> f64 {
    if survey {
        sample_rate_hz / Surveyor::bins_at(sample_rate_hz) as f64
    } else {
        sample_rate_hz / BINS
    }
}

/// What finds emissions.
pub(super) enum Chain {
    Whole(Box<Detector>),
    Survey(Box<Surveyor>),
}

impl Chain {
    pub(super) fn new(config: &DetectorConfig, survey: bool) -> Result<Self, DetectError> {
        Ok(if survey {
            Self::Survey(Box::new(Surveyor::new(config)?))
        } else {
            Self::Whole(Box::new(Detector::new(config)?))
        })
    }

    /// Length of the frames of a survey.
    pub(super) fn survey_frame_s(&self) -> Option<f64> {
        match self {
            Self::Whole(_) => None,
            Self::Survey(survey) => Some(survey.frame_s()),
        }
    }

    pub(super) fn push(&mut self, block: IqSlice<'_>, sink: &mut dyn FnMut(DetectEvent)) {
        match self {
            Self::Whole(detector) => detector.push(block, sink),
            Self::Survey(survey) => survey.push(block, sink),
        }
    }

    pub(super) fn gap(&mut self, lost_s: f64, reason: GapReason, sink: &mut dyn FnMut(DetectEvent)) {
        match self {
            Self::Whole(detector) => detector.gap(lost_s, reason, sink),
            Self::Survey(survey) => survey.gap(lost_s, reason, sink),
        }
    }

    pub(super) fn finish(&mut self, sink: &mut dyn FnMut(DetectEvent)) -> Summary {
        match self {
            Self::Whole(detector) => detector.finish(sink),
            Self::Survey(survey) => survey.finish(sink),
        }
    }
}
