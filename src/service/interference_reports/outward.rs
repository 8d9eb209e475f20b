//! What goes out of a report: what is linked, the reply letter, and the SSRF document. Each of the report as the reader may
//! know it.

use jiff::Timestamp;

use super::{super::change::Asking, InterferenceReports};
use crate::{
    Error, Result,
    conflict::VerdictKind,
    coordination::{
        LetterLanguage, Writing,
        interference::{Evidenced, Report, exchange, reply},
    },
    registry::export::Attached,
    service::{disclosure::View, findings::ConflictDetail},
    units::Hertz,
};

/// A conflict that belongs to a report.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedConflict {
    /// Its id.
    pub id: String,
    /// Kind of its verdict.
    pub kind: VerdictKind,
    /// Its frequency.
    pub center_hz: Hertz,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Files that are attached to it: spectra, samples.
    pub files: usize,
}

/// An emission that belongs to a report.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedEmission {
    /// Its id.
    pub id: String,
    /// Its frequency.
    pub center_hz: Hertz,
    /// First time above threshold.
    pub start: Timestamp,
    /// Last time above threshold.
    pub stop: Timestamp,
}

impl InterferenceReports {
    /// What is linked, without what the reader may not know and what is no longer stored.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn links(
        &self,
        report: &Report,
        asking: Asking<'_>,
    ) -> Result<(Vec<LinkedConflict>, Vec<LinkedEmission>)> {
        let view = self.view(asking)?;
        let (mut conflicts, mut emissions) = (Vec::new(), Vec::new());
        for id in &report.evidence.conflicts {
            if let Some(detail) = self.conflict(id, &view).await? {
                let shown = view.conflict(detail.conflict).into_inner();
                conflicts.push(LinkedConflict {
                    id: shown.id,
                    kind: shown.kind,
                    center_hz: shown.center_hz,
                    last_seen: shown.last_seen,
                    files: detail.attachments.len(),
                });
            }
        }
        for id in &report.evidence.emissions {
            match self.findings.emission(id, &view).await {
                Ok((emission, _)) => {
                    let shown = view.emission(emission).into_inner();
                    emissions.push(LinkedEmission {
                        id: shown.id,
                        center_hz: shown.center_hz,
                        start: shown.start,
                        stop: shown.stop,
                    });
                }
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((conflicts, emissions))
    }

    async fn conflict(&self, id: &str, view: &View) -> Result<Option<ConflictDetail>> {
        match self.findings.conflict(id, view).await {
            Ok(detail) => Ok(Some(detail)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The answer to whoever complained: one HTML page.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn letter(&self, id: &str, language: LetterLanguage, asking: Asking<'_>) -> Result<String> {
        let seen = self.get(id, asking).await?;
        let writing = Writing {
            language,
            at: asking.now,
        };
        Ok(reply(seen.report.get(), &writing))
    }

    /// The report as SSRF, with the number of its case.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when it could not be written; `Store` when reading fails.
    pub async fn exchange(&self, id: &str, asking: Asking<'_>) -> Result<(String, Vec<u8>)> {
        let view = self.view(asking)?;
        let seen = self.get(id, asking).await?;
        let report = seen.report.get();
        let key = report.complaint.assignment.as_deref();
        let details = key.and_then(|key| view.registry().assignment(key)?.details.as_deref());
        let mut evidenced = Evidenced {
            classification: details.and_then(|details| details.classification.clone()),
            attached: Vec::new(),
        };
        for conflict in &report.evidence.conflicts {
            let Some(detail) = self.conflict(conflict, &view).await? else {
                continue;
            };
            let files = detail.attachments.into_iter().map(|file| Attached {
                path: format!("/api/v1/conflicts/{}/attachments/{}", file.owner_id, file.id),
                id: file.id,
                name: file.name,
                sha256: file.sha256,
                at: file.uploaded_at,
            });
            evidenced.attached.extend(files);
        }
        let document = exchange(report, &evidenced, asking.now);
        let document =
            document.map_err(|error| Error::Unavailable(format!("the report cannot be written: {error}")))?;
        Ok((report.number.clone(), document))
    }
}
