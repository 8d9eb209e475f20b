//! The NDJSON of `detect --json`: one object a line, then one summary. The names are a public contract.

use std::collections::BTreeMap;

use serde::Serialize;

use super::products::ProductRow;
use crate::{
    conflict::{Comparison, Novelty, NoveltyAnswer, Severity, Verdict},
    detect::{Artefact, ArtefactKind, Emission, Gap, Summary},
    registry::Text,
};

/// The verdict as one language shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VerdictRow {
    pub(super) kind: crate::conflict::VerdictKind,
    pub(super) severity: Severity,
    pub(super) rule: String,
    pub(super) assignment: Option<String>,
    pub(super) allocation: Option<String>,
    pub(super) explanation: String,
    pub(super) evidence: BTreeMap<String, f64>,
}

impl VerdictRow {
    pub(super) fn new(verdict: &Verdict, chinese: bool) -> Self {
        let text = &verdict.explanation;
        Self {
            kind: verdict.kind,
            severity: verdict.severity,
            rule: verdict.rule.clone(),
            assignment: verdict.assignment.clone(),
            allocation: verdict.allocation.clone(),
            explanation: if chinese { text.zh.clone() } else { text.en.clone() },
            evidence: verdict.evidence.clone(),
        }
    }

    /// Adds a sentence.
    pub(super) fn explain(&mut self, text: &Text, chinese: bool) {
        if chinese {
            self.explanation.push_str(&text.zh);
        } else {
            self.explanation.push(' ');
            self.explanation.push_str(&text.en);
        }
    }
}

/// Whether it is new at the place, as one language shows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NoveltyRow {
    pub(super) kind: Novelty,
    pub(super) severity: Severity,
    pub(super) explanation: String,
    pub(super) evidence: BTreeMap<String, f64>,
}

impl NoveltyRow {
    pub(super) fn new(answer: NoveltyAnswer, chinese: bool) -> Self {
        let text = answer.explanation;
        Self {
            kind: answer.novelty,
            severity: answer.severity,
            explanation: if chinese { text.zh } else { text.en },
            evidence: answer.evidence,
        }
    }
}

/// The level at the antenna, where a calibration covers it; uncertainties are one sigma.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CalibratedRow {
    pub(super) power_dbm: f64,
    pub(super) power_uncertainty_db: f64,
    pub(super) field_dbuv_m: Option<f64>,
    pub(super) field_uncertainty_db: Option<f64>,
}

/// One line.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Row {
    Emission {
        #[serde(flatten)]
        emission: Emission,
        artefact: Option<ArtefactKind>,
        verdict: Option<VerdictRow>,
        novelty: Option<Box<NoveltyRow>>,
        product_of: Option<Box<ProductRow>>,
        #[serde(flatten)]
        calibrated: Option<CalibratedRow>,
    },
    Artefact(Artefact),
    Gap(Gap),
    /// A station against its licence, with both languages of every text.
    Station(Box<Comparison>),
    Summary {
        #[serde(flatten)]
        summary: Summary,
        throughput_msps: f64,
        /// Length of a frame, of a survey.
        #[serde(skip_serializing_if = "Option::is_none")]
        survey_frame_s: Option<f64>,
    },
}

impl Row {
    pub(super) fn emission(
        emission: Emission,
        verdict: Option<VerdictRow>,
        novelty: Option<NoveltyRow>,
        calibrated: Option<CalibratedRow>,
    ) -> Self {
        Self::Emission {
            emission,
            artefact: None,
            verdict,
            novelty: novelty.map(Box::new),
            product_of: None,
            calibrated,
        }
    }

    /// Where the row stands in time.
    pub(super) fn start_s(&self) -> f64 {
        match self {
            Self::Emission { emission, .. } => emission.start_s,
            Self::Artefact(artefact) => artefact.emission.start_s,
            Self::Gap(gap) => gap.start_s,
            Self::Station(_) | Self::Summary { .. } => f64::INFINITY,
        }
    }
}
