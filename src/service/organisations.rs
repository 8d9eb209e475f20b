//! Organisations: made, changed, put out of use and removed by an administrator; read by everybody as far as it concerns
//! them.

use jiff::Timestamp;

use super::{
    auth::{Role, permissions},
    disclosure::{Disclosed, View},
    users::Users,
};
use crate::{
    Error, Result,
    coordination::{
        Fault,
        organisation::{Organisation, Profile},
    },
    registry::Text,
    store::{Store, Tx, no_organisation, random_id},
};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Their role.
    pub role: Role,
    /// Key of their organisation.
    pub organisation: &'a str,
}

/// Why a change was not made.
#[derive(Debug)]
pub enum Refused {
    /// What was written has faults.
    Faults(Vec<Fault>),
    /// Anything else.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Outcome of a change.
pub type Changed = std::result::Result<Organisation, Refused>;

/// The organisations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Organisations {
    store: Store,
    users: std::sync::Arc<Users>,
}

impl Organisations {
    /// The organisations of this database.
    #[must_use]
    pub fn new(store: Store, users: std::sync::Arc<Users>) -> Self {
        Self { store, users }
    }

    /// Those the caller may know, by code.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn list(&self, asking: Asking<'_>) -> Result<Vec<Disclosed<Organisation>>> {
        let known = self.store.organisations().await?.into_iter();
        Ok(known
            .filter_map(|organisation| View::organisation(asking.role, asking.organisation, organisation))
            .collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`, also for one the caller may not know; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<Disclosed<Organisation>> {
        let organisation = self.store.organisation(id).await?;
        View::organisation(asking.role, asking.organisation, organisation).ok_or_else(|| no_organisation(id))
    }

    /// Makes one.
    ///
    /// # Errors
    /// Faults of what is written; `Unavailable`.
    pub async fn create(&self, profile: Profile, now: Timestamp) -> Changed {
        let record = Organisation {
            id: random_id(),
            profile: trimmed(profile),
            active: true,
            created_at: now,
            version: 1,
        };
        let written = self.store.write(move |tx| {
            Box::pin(async move {
                let faults = record.profile.faults(&record.id, &tx.organisations().await?);
                if !faults.is_empty() {
                    return Ok(Err(Refused::Faults(faults)));
                }
                tx.put_organisation(&record, None).await?;
                Ok(Ok(record))
            })
        });
        written.await?
    }

    /// Writes one anew, or puts it in or out of use; `version` must be the one that was read. The people of one that is out
    /// of use are logged out at once and cannot log in.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is written; `WrongState` where no administrator could log in any more.
    pub async fn update(&self, id: &str, version: u64, profile: Profile, active: bool) -> Changed {
        let id = id.to_owned();
        let profile = trimmed(profile);
        let written = self
            .store
            .write(move |tx| Box::pin(async move { change(tx, &id, version, profile, active).await }))
            .await?;
        if written.as_ref().is_ok_and(|record| !record.active) {
            self.users.announce();
        }
        written
    }

    /// Removes one that nothing names.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; `WrongState` where accounts, requests or other organisations name it.
    pub async fn delete(&self, id: &str, version: u64) -> Result<()> {
        let id = id.to_owned();
        let removed = self.store.write(move |tx| {
            Box::pin(async move {
                let Some(known) = tx.organisation(&id).await? else {
                    return Err(no_organisation(&id));
                };
                if known.version != version {
                    return Err(Error::Stale);
                }
                if matches!(id.as_str(), "civil" | "military") {
                    return Err(Error::WrongState(
                        "requests from before there were organisations belong to it: deactivate it instead".to_owned(),
                    ));
                }
                tx.delete_organisation(&id, version).await
            })
        });
        removed.await
    }
}

/// One change in the writer's transaction.
async fn change(
    tx: &mut Tx,
    id: &str,
    version: u64,
    profile: Profile,
    active: bool,
) -> Result<std::result::Result<Organisation, Refused>> {
    let Some(before) = tx.organisation(id).await? else {
        return Err(no_organisation(id));
    };
    if before.version != version {
        return Err(Error::Stale);
    }
    let mut faults = profile.faults(id, &tx.organisations().await?);
    for role in tx.roles_of(id).await? {
        let fits = permissions::roles_of(profile.kind)
            .iter()
            .any(|known| known.name() == role);
        if !fits {
            faults.push(Fault {
                field: "kind",
                reason: Text::new(
                    format!("其用户有角色“{role}”，与此类别不符：请先调整这些用户"),
                    format!("it has people of the role '{role}', which this kind does not have: move them first"),
                ),
            });
        }
    }
    if !faults.is_empty() {
        return Ok(Err(Refused::Faults(faults)));
    }
    if before.active && !active && tx.administrators_elsewhere(id).await? == 0 {
        return Err(Error::WrongState(
            "nobody else could administer the installation: make an administrator of another organisation first"
                .to_owned(),
        ));
    }
    if before.profile == profile && before.active == active {
        return Ok(Ok(before));
    }
    let after = Organisation {
        profile,
        active,
        version: before.version + 1,
        ..before
    };
    tx.put_organisation(&after, Some(version)).await?;
    Ok(Ok(after))
}

/// Without blanks at the ends; a name in one language serves for both.
fn trimmed(mut profile: Profile) -> Profile {
    let contact = &mut profile.contact;
    let name = &mut profile.name;
    for text in [
        &mut name.zh,
        &mut name.en,
        &mut profile.code,
        &mut contact.person,
        &mut contact.phone,
        &mut contact.email,
        &mut contact.address,
    ] {
        *text = text.trim().to_owned();
    }
    if name.en.is_empty() {
        name.en.clone_from(&name.zh);
    } else if name.zh.is_empty() {
        name.zh.clone_from(&name.en);
    }
    profile
}
