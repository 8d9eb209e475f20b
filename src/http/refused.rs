//! Refused changes as problems: every fault with its field, the step that is not possible with what to do instead.

use axum::http::StatusCode;

use super::error::Problem;
use crate::{
    coordination::{Fault, Refusal},
    registry::{Text, export::ExportError},
    service::change::Refused,
};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Faults(faults) => Self::faulty(faults),
            Refused::Step(refusal) => refusal.into(),
            Refused::Error(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let refuse = |status, code, why: Text| Self::new(status, code, sentence(&why.zh, "。"), sentence(&why.en, "."));
        match refusal {
            Refusal::NotYours(why) => refuse(StatusCode::FORBIDDEN, "forbidden", why),
            Refusal::WrongState(why) => refuse(StatusCode::CONFLICT, "wrong_state", why),
            Refusal::Incomplete(field, reason) => Self::faulty(vec![Fault { field, reason }]),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Unfit(text) => Self::invalid(text.zh, text.en),
            ExportError::Io(_) => Self::from_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl Problem {
    /// Names every faulty field.
    pub(super) fn faulty(faults: Vec<Fault>) -> Self {
        let join = |pick: fn(&Text) -> &str, gap: &str, stop: &str| {
            let each = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.field, bare(pick(&fault.reason))));
            format!("{}{stop}", each.collect::<Vec<_>>().join(gap))
        };
        let problem = Self::invalid(join(|text| &text.zh, "；", "。"), join(|text| &text.en, "; ", "."));
        faults
            .into_iter()
            .fold(problem, |problem, fault| problem.field_text(fault.field, fault.reason))
    }
}

/// The text without the stop at its end.
fn bare(text: &str) -> &str {
    text.trim_end_matches(['.', '。'])
}

/// The text as a sentence of its own.
fn sentence(text: &str, stop: &str) -> String {
    let mut letters = bare(text).chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}
