//! Radio control orders: drafted, proposed, decided by a second person, lifted. What binds is in the registry that verdicts
//! are made with before the answer goes out.
//!
//! Orders of the file (`registry.control_orders`) are not here; they bind beside these.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    auth::{Role, permissions},
    change::{Asking, Refused},
    disclosure::{Disclosed, View},
    notices::{Subject, tell, word},
    registry::{RegistryService, outside},
};
use crate::{
    Error, Result,
    coordination::{
        Fault, Policy, Refusal,
        orders::{self, GiveOrder, Office, OrderPhase, OrderRecord, OrderStep},
    },
    registry::{ControlOrder, Text},
    store::{AuditNote, Page, Store, Tx, random_id},
};

pub use crate::store::ControlOrderQuery;

/// Steps in the audit; `control_orders` are those of the file.
const ACTION: &str = "control_order";

/// An order as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is known of it.
    pub record: OrderRecord,
    /// Where it stands.
    pub phase: OrderPhase,
    /// Offices of which one officer each has still to approve.
    pub missing: Vec<Office>,
    /// The steps it has now, with what keeps the reader from each; none for those who take no steps.
    pub available: Vec<(OrderStep, Option<Text>)>,
}

/// Outcome of a change.
pub type Changed = std::result::Result<Disclosed<Shown>, Refused>;

/// The orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ControlOrders {
    store: Store,
    registry: RegistryService,
    policy: std::sync::Arc<Policy>,
}

impl ControlOrders {
    /// The orders of this database, which bind through this registry.
    #[must_use]
    pub fn new(store: Store, registry: RegistryService, policy: Policy) -> Self {
        Self {
            store,
            registry,
            policy: policy.into(),
        }
    }

    /// One page, the latest to come into force first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &ControlOrderQuery, asking: Asking<'_>) -> Result<Page<Disclosed<Shown>>> {
        let view = self.view(asking)?;
        let binds = |record: &OrderRecord| match query.binding_at {
            Some(at) => record.binding().is_some_and(|order| order.in_force(at)),
            None => true,
        };
        let keep = |record: &OrderRecord| binds(record) && view.knows_order(record, asking.role);
        let page = self.store.control_orders(query, keep).await?;
        Ok(View::page(page, |record| self.show(record, &view, asking)))
    }

    /// One order.
    ///
    /// # Errors
    /// `NotFound`, also for one the reader may not know; `Store` when reading fails.
    pub async fn get(&self, key: &str, asking: Asking<'_>) -> Result<Disclosed<Shown>> {
        let view = self.view(asking)?;
        let record = self.store.control_order(key).await?;
        known(&record, &view, asking)?;
        Ok(self.show(record, &view, asking))
    }

    /// A new draft.
    ///
    /// # Errors
    /// Faults of the content; `Forbidden` for a role without an office; `Unavailable`.
    pub async fn draft(&self, order: ControlOrder, asking: Asking<'_>) -> Changed {
        let office = office(asking)?;
        self.check(&order, asking)?;
        let record = orders::draft(random_id(), order, office, asking.actor, asking.now);
        let (stored, asked_at) = (record.clone(), asking.now);
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    tx.put_control_order(&stored, None).await?;
                    tx.note(noted(None, &stored));
                    told(tx, &stored, asked_at).await
                })
            })
            .await?;
        Ok(self.show(record, &*self.view(asking)?, asking))
    }

    /// The content of a draft anew; `version` must be the one that was read. What the reader may not know of it stays.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of the content; the refusal of the procedure.
    pub async fn edit(&self, key: &str, version: u64, order: ControlOrder, asking: Asking<'_>) -> Changed {
        self.check(&order, asking)?;
        let view = self.view(asking)?;
        let give = self.give(OrderStep::Edit, String::new(), asking)?;
        let policy = std::sync::Arc::clone(&self.policy);
        let step = move |record: &OrderRecord, now| {
            let mut order = order;
            let hidden = record.order.exempt.iter().filter(|name| view.withholds_name(name));
            order.exempt.extend(hidden.cloned());
            orders::edit(record, order, &give, &policy.orders, now)
        };
        self.change(key, version, asking, step).await
    }

    /// Proposes, approves, rejects, withdraws or lifts; `version` must be the one that was read. What this puts in force
    /// or lifts is so when it answers.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; the refusal of the procedure.
    pub async fn take(&self, key: &str, version: u64, step: OrderStep, reason: String, asking: Asking<'_>) -> Changed {
        let give = self.give(step, reason, asking)?;
        let policy = std::sync::Arc::clone(&self.policy);
        let step = move |record: &OrderRecord, now| orders::take(record, &give, &policy.orders, now);
        self.change(key, version, asking, step).await
    }

    async fn change(
        &self,
        key: &str,
        version: u64,
        asking: Asking<'_>,
        step: impl FnOnce(&OrderRecord, Timestamp) -> std::result::Result<OrderRecord, Refusal> + Send + 'static,
    ) -> Changed {
        let view = self.view(asking)?;
        // Whoever may not know of it learns no more of its version than of an order that is not there. Who may know an
        // order only ever changes with the draft, and then the version does too.
        known(&self.store.control_order(key).await?, &view, asking)?;
        let (key, actor, now) = (key.to_owned(), asking.actor.to_owned(), asking.now);
        let done = self
            .store
            .write(move |tx| Box::pin(async move { changed(tx, &key, version, &actor, now, step).await }))
            .await?;
        let record = done.map_err(Refused::Step)?;
        if record.approved_at.is_some() {
            self.registry.refresh().await?;
        }
        Ok(self.show(record, &*self.view(asking)?, asking))
    }

    fn give(&self, step: OrderStep, reason: String, asking: Asking<'_>) -> Result<GiveOrder> {
        Ok(GiveOrder {
            step,
            office: office(asking)?,
            actor: asking.actor.to_owned(),
            reason,
        })
    }

    /// What is wrong with an order, or with this person writing it.
    fn check(&self, order: &ControlOrder, asking: Asking<'_>) -> std::result::Result<(), Refused> {
        let mut faults = orders::faults(order, &self.policy.orders);
        let telling = self.registry.telling();
        if telling.misplaces(order, order.band) {
            faults.push(Fault {
                field: "classification",
                reason: outside(telling),
            });
        }
        if !telling.may_leave(order, permissions::audience(asking.role)) {
            let own = asking.role.name();
            faults.push(Fault {
                field: "releasability",
                reason: Text::new(
                    format!("您将无法查看此管制令：请在可知悉角色中加入 {own}"),
                    format!("you could not see it yourself: add {own}"),
                ),
            });
        }
        if let Some(unknown) = order.releasability.iter().find(|role| role.parse::<Role>().is_err()) {
            faults.push(Fault {
                field: "releasability",
                reason: Text::new(
                    format!("没有角色“{unknown}”，例如 civil_officer、field、viewer"),
                    format!("there is no role '{unknown}': write such as civil_officer, field, viewer"),
                ),
            });
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refused::Faults(faults)),
        }
    }

    fn view(&self, asking: Asking<'_>) -> Result<std::sync::Arc<View>> {
        self.registry.view(permissions::audience(asking.role))
    }

    fn show(&self, record: OrderRecord, view: &View, asking: Asking<'_>) -> Disclosed<Shown> {
        let rules = &self.policy.orders;
        let available = permissions::office(asking.role).map_or_else(Vec::new, |office| {
            orders::available(&record, office, asking.actor, rules, asking.now)
        });
        let missing = match record.phase(asking.now) {
            OrderPhase::Proposed => orders::missing(&record, rules),
            _ => Vec::new(),
        };
        let shown = Shown {
            phase: record.phase(asking.now),
            missing,
            available,
            record,
        };
        view.order(shown, asking.role)
    }
}

/// One step in the writer's transaction, with its note in the audit. An approval that was refused is noted too.
async fn changed(
    tx: &mut Tx,
    key: &str,
    version: u64,
    actor: &str,
    now: Timestamp,
    step: impl FnOnce(&OrderRecord, Timestamp) -> std::result::Result<OrderRecord, Refusal>,
) -> Result<std::result::Result<OrderRecord, Refusal>> {
    let before = tx.control_order(key).await?;
    if before.version != version {
        return Err(Error::Stale);
    }
    let after = match step(&before, now) {
        Ok(after) => after,
        Err(refusal) => {
            if let Refusal::NotYours(why) = &refusal {
                let state = Some(before.state.name().to_owned());
                let note = AuditNote {
                    actor: actor.to_owned(),
                    accepted: false,
                    version_before: state.clone(),
                    version_after: state,
                    reason: Some(why.en.clone()),
                    ..noted(None, &before)
                };
                tx.note(note);
            }
            return Ok(Err(refusal));
        }
    };
    tx.put_control_order(&after, Some(version)).await?;
    tx.note(noted(Some(&before), &after));
    told(tx, &after, now).await?;
    Ok(Ok(after))
}

/// Tells of the last step of a record. That a draft was written anew is no news.
async fn told(tx: &mut Tx, record: &OrderRecord, now: Timestamp) -> Result<()> {
    match record.steps.last() {
        Some(entry) if entry.step != OrderStep::Edit => {
            tell(tx, Subject::Order(record), &word(&entry.step), &entry.actor, now).await
        }
        _ => Ok(()),
    }
}

/// The last step of a record, for the audit.
fn noted(before: Option<&OrderRecord>, after: &OrderRecord) -> AuditNote {
    let content = serde_json::to_vec(&after.order).ok();
    let hash = |bytes: Vec<u8>| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    AuditNote {
        actor: after.steps.last().map_or_else(String::new, |entry| entry.actor.clone()),
        action: ACTION.to_owned(),
        subject: format!("{} ({})", after.order.id, after.key),
        accepted: true,
        version_before: before.map(|record| record.state.name().to_owned()),
        version_after: Some(after.state.name().to_owned()),
        sha256: content.map(hash),
        ..AuditNote::default()
    }
}

fn office(asking: Asking<'_>) -> Result<Office> {
    permissions::office(asking.role).ok_or(Error::Forbidden {
        role: asking.role.name().to_owned(),
        action: "write or decide control orders",
    })
}

fn known(record: &OrderRecord, view: &View, asking: Asking<'_>) -> Result<()> {
    if view.knows_order(record, asking.role) {
        return Ok(());
    }
    Err(Error::NotFound {
        kind: "control order",
        id: record.key.clone(),
    })
}
