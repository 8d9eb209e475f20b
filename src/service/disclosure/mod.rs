//! What a caller may know of the registry and of what was found with it: the registry as the caller's audience sees it,
//! and findings without what they tell of other records.
//!
//! `registry::disclosure` decides about a record. What an emission was judged to be tells of records too: that nothing is
//! said of a sender on the air tells that a hidden station explains it. So in the public blocks that records the reader may
//! not know touch, and next to them, no verdict is told and no conflict is met, whatever they are: the answer is *ask the
//! other side*, and it depends on the blocks alone (docs/disclosure.md). Elsewhere a verdict or a conflict that names
//! such a record keeps its kind and place; assignment, numbers and reason go.

pub mod masked;
mod offices;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use super::{
    auth::{Role, permissions},
    control_orders::Shown,
    findings::{ConflictRecord, EmissionRecord, HistoryEntry, Page},
    keys::Closed,
};
use crate::{
    Result,
    audit::Entry,
    conflict::{Remedy, Severity, Verdict, VerdictKind},
    registry::{
        Assignment, ControlOrder, Registry, Text,
        disclosure::{Audience, Blocks, Classified, PublicView, is_open},
        telling::{Masks, Measurements, Telling},
    },
    store::{EventKind, EventRecord, shown},
    units::Hertz,
};

/// The registry and the findings as an audience may know them. Made once for a snapshot; hold it for one answer.
#[derive(Debug)]
pub struct View {
    audience: Audience,
    register: Arc<PublicView>,
    /// Keys the audience may not know; `None`: there are none.
    closed: Option<Closed>,
    /// Where no verdict is told and no conflict met.
    veiled: Arc<Blocks>,
    /// Where nothing that was measured is shown.
    masked: Arc<Masks>,
    telling: Arc<Telling>,
    /// Keys of all records that are not open; showing one of them is noted.
    classified: Option<Closed>,
}

/// What has been through a [`View`]: the only form in which findings go out.
#[derive(Debug, Clone, PartialEq)]
pub struct Disclosed<T>(T);

impl<T> Disclosed<T> {
    /// What was screened by another part of `View`.
    pub(super) fn of(screened: T) -> Self {
        Self(screened)
    }

    /// What may go out.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// What may go out, to be looked at.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// The reason in place of one that is not for the reader.
#[must_use]
pub fn withheld() -> Text {
    Text::new(
        "判定理由涉及不公开的资料，仅限有权限的人员查阅。",
        "The reason rests on data that is not open to you.",
    )
}

/// The answer where somebody else may have to be asked, whatever was judged.
#[must_use]
pub fn ask_other_side() -> Text {
    Text::new(
        "该频段可能有不公开的用频，是否合规不在此判定：请与对方主管部门协调。",
        "There may be use here that is not open to you, and nothing is told of what this is: ask the other side.",
    )
}

impl View {
    /// What of `full` and of the removed records each audience may know.
    ///
    /// # Errors
    /// `Unavailable` when the keys that are withheld cannot be searched for; then nothing must go out.
    pub(super) fn all(
        full: &Arc<Registry>,
        removed: &[Assignment],
        orders: &[ControlOrder],
        telling: &Arc<Telling>,
        audiences: impl Iterator<Item = Audience>,
    ) -> Result<HashMap<Audience, Arc<Self>>> {
        let mut views: HashMap<Audience, Arc<Self>> = HashMap::new();
        // Audiences that may know the same share one registry.
        let mut made: Vec<(bool, Vec<&str>, Arc<Self>)> = Vec::new();
        let records = || full.assignments().iter().chain(removed);
        let orders = || full.control_orders().iter().chain(orders);
        let classified: Vec<&str> = records()
            .filter(|record| !is_open(*record))
            .map(|record| record.id.as_str())
            .chain(orders().filter(|order| !is_open(*order)).map(|order| order.id.as_str()))
            .filter(|key| !key.is_empty())
            .collect();
        let classified = Closed::of(&classified, HashSet::new())?;
        for audience in audiences {
            let closed: Vec<&str> = records()
                .filter(|record| !telling.may_leave(*record, audience))
                .map(|record| record.id.as_str())
                .chain(
                    orders()
                        .filter(|order| !telling.may_leave(*order, audience))
                        .map(|order| order.id.as_str()),
                )
                .filter(|key| !key.is_empty())
                .collect();
            let cleared = audience == Audience::Cleared;
            let view = match made.iter().find(|(all, keys, _)| *all == cleared && *keys == closed) {
                Some((_, _, same)) => Self {
                    audience,
                    register: Arc::clone(&same.register),
                    closed: same.closed.clone(),
                    veiled: Arc::clone(&same.veiled),
                    masked: Arc::clone(&same.masked),
                    telling: Arc::clone(telling),
                    classified: classified.clone(),
                },
                None => {
                    let stations = records().filter(|record| !telling.may_leave(*record, audience));
                    let ordered = orders().filter(|order| !telling.may_leave(*order, audience));
                    let bands = stations.map(Assignment::band).chain(ordered.map(|order| order.band));
                    let asking = telling.asking().filter(|_| !cleared);
                    let veiled = Arc::new(Blocks::of(bands.chain(asking)));
                    Self::new(full, &closed, audience, telling, (veiled, classified.clone()))?
                }
            };
            let view = Arc::new(view);
            made.push((cleared, closed, Arc::clone(&view)));
            views.insert(audience, view);
        }
        Ok(views)
    }

    fn new(
        full: &Arc<Registry>,
        closed: &[&str],
        audience: Audience,
        telling: &Arc<Telling>,
        (veiled, classified): (Arc<Blocks>, Option<Closed>),
    ) -> Result<Self> {
        let register = Arc::new(PublicView::under(telling, full, audience));
        let hidden = full.assignments().iter();
        let hidden = hidden.filter(|record| !telling.may_leave(*record, audience));
        let mut holders: HashSet<&str> = hidden.map(|record| record.holder.as_str()).collect();
        if !holders.is_empty() {
            for record in register.registry.assignments() {
                holders.remove(record.holder.as_str());
            }
        }
        let holders = holders.into_iter().map(str::to_owned).collect();
        Ok(Self {
            audience,
            register,
            closed: Closed::of(closed, holders)?,
            masked: Arc::new(masks(telling, &veiled, audience)),
            telling: Arc::clone(telling),
            veiled,
            classified,
        })
    }

    /// The registry, without records the audience may not know.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.register.registry
    }

    /// The registry for a machine's check of a request: of the other records it has cells and blocks.
    #[must_use]
    pub fn register(&self) -> &PublicView {
        &self.register
    }

    /// Whether the audience may know the record.
    #[must_use]
    pub fn sees(&self, record: &impl Classified) -> bool {
        self.telling.may_leave(record, self.audience)
    }

    /// Frequencies of which the audience is shown nothing that was measured.
    #[must_use]
    pub fn masks(&self) -> &Masks {
        &self.masked
    }

    /// The same, to be kept with a piece of work.
    #[must_use]
    pub fn masks_of(&self) -> Arc<Masks> {
        Arc::clone(&self.masked)
    }

    /// Whether the record of this key is, or was when it was removed, one the audience may not know.
    #[must_use]
    pub fn withholds(&self, id: &str) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.keys.contains(id))
    }

    /// Whether the audience may know everything.
    #[must_use]
    pub fn is_cleared(&self) -> bool {
        self.audience == Audience::Cleared
    }

    /// A version of the registry as the audience may know it.
    #[must_use]
    pub fn version<'v>(&self, version: &'v str) -> &'v str {
        match version.split_once('.') {
            Some((open, _)) if !self.is_cleared() => open,
            _ => version,
        }
    }

    /// A verdict as the audience may know it.
    #[must_use]
    pub fn verdict(&self, mut verdict: Verdict) -> Verdict {
        verdict.registry_version = self.version(&verdict.registry_version).to_owned();
        let named = [
            verdict.assignment.as_deref().unwrap_or_default(),
            verdict.runner_up.as_deref().unwrap_or_default(),
            verdict.control_order.as_deref().unwrap_or_default(),
            &verdict.explanation.zh,
            &verdict.explanation.en,
        ];
        if self.tells(&named) {
            verdict.assignment = None;
            verdict.runner_up = None;
            verdict.control_order = None;
            verdict.would_decide.clear();
            verdict.evidence.clear();
            verdict.explanation = withheld();
        } else {
            self.shows(&named);
        }
        verdict
    }

    /// Whether what is found between these edges is not told: a record the audience may not know touches a public block
    /// within the width of it, or next to it.
    pub(super) fn veils(&self, low: Hertz, high: Hertz) -> bool {
        self.veiled.touch(low, high) || self.masked.touch(low, high)
    }

    /// A verdict on something between these edges, as the audience may know it.
    fn verdict_between(&self, low: Hertz, high: Hertz, verdict: Verdict) -> Verdict {
        if !self.veils(low, high) {
            return self.verdict(verdict);
        }
        Verdict {
            kind: VerdictKind::Inconclusive,
            severity: Severity::Info,
            rule: "ask_other_side".to_owned(),
            assignment: None,
            runner_up: None,
            control_order: None,
            allocation: None,
            explanation: ask_other_side(),
            evidence: BTreeMap::new(),
            would_decide: vec![Remedy::OtherSide],
            registry_version: self.version(&verdict.registry_version).to_owned(),
            ..verdict
        }
    }

    /// An emission as the audience may know it.
    #[must_use]
    pub fn emission(&self, mut emission: EmissionRecord) -> Disclosed<EmissionRecord> {
        let (low, high) = (emission.low_hz, emission.high_hz);
        if self.veils(low, high) {
            (emission.conflict_id, emission.cause_id) = (None, None);
        }
        emission.verdict = emission.verdict.map(|verdict| self.verdict_between(low, high, verdict));
        Disclosed(emission)
    }

    /// Whether the audience may not even know that there is this conflict: it is about the use of a record that is
    /// withheld, or lies where nothing is told. Whether an assignment is used rests on what was taken for it, so that is
    /// not told there either.
    #[must_use]
    pub fn hides(&self, conflict: &ConflictRecord) -> bool {
        let unused = conflict.kind == VerdictKind::UnusedAssignment;
        self.veils(conflict.low_hz, conflict.high_hz) || (unused && self.tells(&texts(conflict)))
    }

    /// A conflict as the audience may know it.
    #[must_use]
    pub fn conflict(&self, mut conflict: ConflictRecord) -> Disclosed<ConflictRecord> {
        let version = conflict.registry_version.as_deref();
        conflict.registry_version = version.map(|version| self.version(version).to_owned());
        if self.tells(&texts(&conflict)) {
            withhold(&mut conflict, withheld());
        } else {
            self.shows(&texts(&conflict));
        }
        Disclosed(conflict)
    }

    /// A line of a conflict's history as `reader`, an account of the audience, may know it. What they wrote themselves stays:
    /// taking it out would tell that a key they tried names something.
    #[must_use]
    pub fn entry(&self, mut entry: HistoryEntry, reader: &str) -> Disclosed<HistoryEntry> {
        if entry.actor != reader && self.tells(&[&entry.comment.zh, &entry.comment.en]) {
            entry.comment = withheld();
        } else {
            self.shows(&[&entry.comment.zh, &entry.comment.en]);
        }
        Disclosed(entry)
    }

    /// An entry of the audit log as the audience may know it: its subject and reason go where they name a record that is
    /// withheld. Reading the log is not noted as reading the records it names.
    #[must_use]
    pub fn audit(&self, mut entry: Entry) -> Disclosed<Entry> {
        if self.tells(&[&entry.subject]) {
            entry.subject = WITHHELD_SUBJECT.to_owned();
        }
        if self.tells(&[entry.reason.as_deref().unwrap_or_default()]) {
            entry.reason = Some(WITHHELD_SUBJECT.to_owned());
        }
        Disclosed(entry)
    }

    /// A control order as the audience may know it. Who took its steps is for those who decide about orders, and for
    /// overseers; the rest know what it says, and when it was approved and lifted. Names of what is withheld go.
    #[must_use]
    pub fn order(&self, mut shown: Shown, role: Role) -> Disclosed<Shown> {
        let record = &mut shown.record;
        if !permissions::sees_proposals(role) {
            record.steps.clear();
            shown.available.clear();
        }
        let order = &mut record.order;
        order.exempt.retain(|name| !self.withholds_name(name));
        let texts = [&order.title.zh, &order.title.en, &order.issuer].map(String::as_str);
        if self.tells(&texts) {
            (order.title, order.issuer) = (withheld(), String::new());
        }
        for entry in &mut record.steps {
            if self.tells(&[&entry.reason]) {
                entry.reason.clear();
            }
        }
        Disclosed(shown)
    }

    /// Whether a name among exemptions is that of a record, or of the holder of records, the audience may not know.
    #[must_use]
    pub fn withholds_name(&self, name: &str) -> bool {
        let closed = self.closed.as_ref();
        closed.is_some_and(|closed| closed.keys.contains(name) || closed.holders.contains(name))
    }

    /// The rows of a page, each through `disclose`.
    pub fn page<T, D>(page: Page<T>, disclose: impl FnMut(T) -> D) -> Page<D> {
        Page {
            items: page.items.into_iter().map(disclose).collect(),
            next_cursor: page.next_cursor,
        }
    }

    /// What an event carries, as the audience may know it; null where that cannot be told, nothing where the audience may
    /// not even know that there is something.
    #[must_use]
    pub fn event(&self, event: &EventRecord) -> Option<Value> {
        let mut data = event.data.clone();
        if self.is_cleared() {
            return Some(data);
        }
        if self.masks_event(event) {
            return None;
        }
        let kept = match event.kind {
            EventKind::EmissionOpened | EventKind::EmissionUpdated | EventKind::EmissionClosed => {
                let edge = |name: &str| data[name].as_i64().map(Hertz);
                // Of what has no edges nothing is told.
                let (low, high) = (
                    edge("low_hz").unwrap_or(Hertz(i64::MIN)),
                    edge("high_hz").unwrap_or(Hertz(i64::MAX)),
                );
                if self.veils(low, high) {
                    for key in ["conflict_id", "cause_id"] {
                        data.as_object_mut().and_then(|data| data.get_mut(key)).map(Value::take);
                    }
                }
                match &data["verdict"] {
                    Value::Null => return Some(data),
                    verdict => serde_json::from_value(verdict.clone())
                        .and_then(|verdict| serde_json::to_value(self.verdict_between(low, high, verdict)))
                        .map(|verdict| {
                            data["verdict"] = verdict;
                            data
                        }),
                }
            }
            EventKind::ConflictOpened | EventKind::ConflictUpdated => match serde_json::from_value(data) {
                Ok(conflict) if self.hides(&conflict) => return None,
                Ok(conflict) => serde_json::to_value(self.conflict(conflict).0),
                Err(error) => Err(error),
            },
            EventKind::Artefact | EventKind::Gap | EventKind::ReceiverState => return Some(data),
        };
        Some(kept.unwrap_or_else(|error| {
            tracing::error!(%error, sequence = event.sequence, "an event cannot be read and is withheld");
            Value::Null
        }))
    }

    /// Whether one of the texts names a record the audience may not know.
    pub(super) fn tells(&self, texts: &[&str]) -> bool {
        let Some(closed) = &self.closed else { return false };
        texts.iter().any(|text| closed.named(text).next().is_some())
    }

    /// Notes which confidential records these texts, which go out, name.
    pub(super) fn shows(&self, texts: &[&str]) {
        let Some(classified) = &self.classified else { return };
        texts.iter().flat_map(|text| classified.named(text)).for_each(shown);
    }
}

/// What is masked for an audience.
fn masks(telling: &Telling, veiled: &Blocks, audience: Audience) -> Masks {
    if audience == Audience::Cleared {
        return Masks::default();
    }
    let of_blocks = match telling.veiled {
        Measurements::Masked => veiled.bands(),
        Measurements::Shown => Vec::new(),
    };
    Masks::of(telling.masking().chain(of_blocks))
}

/// Stands where an entry of the audit log names what the reader may not know.
const WITHHELD_SUBJECT: &str = "(withheld)";

/// Records go out to whoever asks here: the confidential ones among them are noted.
pub(super) fn show<'a>(records: impl IntoIterator<Item = &'a Assignment>) {
    let confidential = records.into_iter().filter(|record| !is_open(record));
    confidential.for_each(|record| shown(&record.id));
}

/// Where a conflict may name a station.
#[must_use]
pub fn texts(conflict: &ConflictRecord) -> [&str; 3] {
    [
        conflict.assignment.as_deref().unwrap_or_default(),
        &conflict.explanation.zh,
        &conflict.explanation.en,
    ]
}

/// Takes out of a conflict what it tells of a station; `reason` stands in.
pub fn withhold(conflict: &mut ConflictRecord, reason: Text) {
    conflict.assignment = None;
    conflict.evidence.clear();
    conflict.explanation = reason;
}
