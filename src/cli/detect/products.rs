//! Intermodulation products among what a pass found, for `detect` with verdicts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    conflict::{History, Present, Rules, Sender, Switching, parents_of, senders},
    detect::{DetectEvent, Emission},
    registry::Text,
};

/// Emissions kept, the strongest first, so that memory stays flat: only strong senders make products.
const KEPT: usize = 500;

/// The parents of a product.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ProductRow {
    /// `2a-b` or `a+b-c`.
    formula: &'static str,
    /// Numbers of the emissions, in the order of the formula.
    parents: Vec<u64>,
    predicted_hz: f64,
    offset_hz: f64,
    /// Expanded (coverage factor of the rules).
    uncertainty_hz: f64,
    /// Whether it followed every change of its parents.
    pub(super) proven: bool,
    /// The changes behind that; null where not all times are known.
    switching: Option<Switching>,
    /// Links of this kind to be expected by chance.
    chance_links: f64,
    #[serde(skip)]
    pub(super) explanation: Text,
}

/// Who was on the air when.
#[derive(Default)]
pub(super) struct Products {
    emissions: BTreeMap<u64, (Emission, History)>,
    senders: Option<Vec<Sender>>,
    end_s: f64,
    gaps: bool,
}

impl Products {
    /// Takes note of an event.
    pub(super) fn observe(&mut self, event: &DetectEvent) {
        let (emission, history) = match event {
            DetectEvent::Opened(emission) | DetectEvent::Updated(emission) => (emission, History::SoFar),
            DetectEvent::Closed(emission) => (emission, History::Whole),
            DetectEvent::Withdrawn(withdrawn) => {
                self.forget(withdrawn.emission.id);
                return;
            }
            DetectEvent::Artefact(artefact) => {
                self.forget(artefact.emission.id);
                return;
            }
            DetectEvent::Gap(_) => {
                self.gaps = true;
                return;
            }
            DetectEvent::Frame(_) => return,
        };
        self.end_s = self.end_s.max(emission.stop_s);
        self.emissions.insert(emission.id, (emission.clone(), history));
        if self.emissions.len() > 2 * KEPT {
            let mut levels: Vec<f64> = self.emissions.values().map(|(e, _)| e.power_dbfs).collect();
            levels.sort_by(|a, b| b.total_cmp(a));
            let least = levels[KEPT];
            self.emissions.retain(|_, (emission, _)| emission.power_dbfs > least);
        }
        self.senders = None;
    }

    fn forget(&mut self, id: u64) {
        self.emissions.remove(&id);
        self.senders = None;
    }

    /// The likeliest parents of an emission, where it is a product of stronger ones on the air at its time.
    pub(super) fn parents(&mut self, emission: &Emission, rules: &Rules) -> Option<ProductRow> {
        let gaps = self.gaps;
        let known = self.emissions.values().map(|(emission, history)| {
            let history = if gaps { History::Partial } else { *history };
            (emission, history)
        });
        let all: &[Sender] = self.senders.get_or_insert_with(|| senders(known, rules));
        let product = all
            .iter()
            .find(|sender| sender.members.iter().any(|(id, ..)| *id == emission.id))?;
        let present_then = |sender: &&Sender| sender.member_within(emission.start_s, emission.stop_s).is_some();
        let others: Vec<&Sender> = all.iter().filter(present_then).collect();
        let presents: Vec<Present> = others.iter().map(|sender| sender.present.clone()).collect();
        let link = parents_of(&product.present, &presents, [0.0, self.end_s], rules)
            .into_iter()
            .next()?;
        let number = |id: &String| {
            let sender = others.iter().find(|sender| sender.present.id == *id)?;
            sender.member_within(emission.start_s, emission.stop_s)
        };
        Some(ProductRow {
            formula: link.form,
            parents: link.parents.iter().filter_map(number).collect(),
            predicted_hz: link.predicted_hz,
            offset_hz: link.offset_hz,
            uncertainty_hz: link.uncertainty_hz,
            proven: link.switching.is_some_and(|switching| switching.is_proof()),
            switching: link.switching,
            chance_links: link.chance_links,
            explanation: link.explanation,
        })
    }
}
