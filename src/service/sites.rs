//! Sites where receivers stand: kept by those who keep the registry, read by everybody. Where a military one is, is told to
//! others by its public cell.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    auth::permissions,
    change::{Asking, Refused},
    disclosure::{Disclosed, View},
};
use crate::{
    Error, Result,
    coordination::{
        organisation::Organisation,
        site::{Site, SiteProfile},
    },
    registry::disclosure::Audience,
    store::{Store, Tx, no_site, random_id},
};

/// Outcome of a change.
pub type Changed = std::result::Result<Site, Refused>;

/// A site as somebody may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenSite {
    /// The site.
    pub site: Site,
    /// Its place is where it is, and not the middle of its public cell.
    pub is_exact: bool,
}

impl View {
    /// A site as this caller may know it.
    #[must_use]
    pub fn site(asking: Asking<'_>, site: Site, organisations: &[Organisation]) -> Disclosed<SeenSite> {
        let may_know = permissions::audience(asking.role) == Audience::Cleared
            || asking.organisation == site.profile.organisation
            || !site.is_veiled(organisations);
        Disclosed::of(match may_know {
            true => SeenSite { site, is_exact: true },
            false => SeenSite {
                site: site.coarse(),
                is_exact: false,
            },
        })
    }
}

/// The sites. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sites {
    store: Store,
}

impl Sites {
    /// The sites of this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// All of them, by their key.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn list(&self, asking: Asking<'_>) -> Result<Vec<Disclosed<SeenSite>>> {
        let organisations = self.store.organisations().await?;
        let known = self.store.sites().await?.into_iter();
        Ok(known.map(|site| View::site(asking, site, &organisations)).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn get(&self, id: &str, asking: Asking<'_>) -> Result<Disclosed<SeenSite>> {
        let found = self.store.sites().await?.into_iter().find(|site| site.id == id);
        let site = found.ok_or_else(|| no_site(id))?;
        Ok(View::site(asking, site, &self.store.organisations().await?))
    }

    /// Keys of the sites by the receivers that stand there.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn by_receiver(&self) -> Result<BTreeMap<String, String>> {
        let all = self.store.sites().await?.into_iter();
        let pairs = all.flat_map(|site| {
            let id = site.id;
            site.profile
                .receivers
                .into_iter()
                .map(move |receiver| (receiver, id.clone()))
        });
        Ok(pairs.collect())
    }

    /// Makes one.
    ///
    /// # Errors
    /// Faults of what is written; `Unavailable`.
    pub async fn create(&self, profile: SiteProfile, now: Timestamp) -> Changed {
        let site = Site {
            id: random_id(),
            profile: profile.trimmed(),
            created_at: now,
            version: 1,
        };
        let written = self.store.write(move |tx| {
            Box::pin(async move {
                if let Some(refused) = check(tx, &site.id, &site.profile).await? {
                    return Ok(Err(refused));
                }
                tx.put_site(&site, None).await?;
                Ok(Ok(site))
            })
        });
        written.await?
    }

    /// Writes one anew; `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`, `Stale`; faults of what is written.
    pub async fn update(&self, id: &str, version: u64, profile: SiteProfile) -> Changed {
        let (id, profile) = (id.to_owned(), profile.trimmed());
        let written = self.store.write(move |tx| {
            Box::pin(async move {
                let before = known(tx, &id, version).await?;
                if let Some(refused) = check(tx, &id, &profile).await? {
                    return Ok(Err(refused));
                }
                let after = Site {
                    profile,
                    version: version + 1,
                    ..before
                };
                tx.put_site(&after, Some(version)).await?;
                Ok(Ok(after))
            })
        });
        written.await?
    }

    /// Removes one.
    ///
    /// # Errors
    /// `NotFound`, `Stale`.
    pub async fn delete(&self, id: &str, version: u64) -> Result<()> {
        let id = id.to_owned();
        let removed = self.store.write(move |tx| {
            Box::pin(async move {
                known(tx, &id, version).await?;
                tx.delete_site(&id, version).await
            })
        });
        removed.await
    }
}

/// The site of this version.
async fn known(tx: &mut Tx, id: &str, version: u64) -> Result<Site> {
    let found = tx.sites().await?.into_iter().find(|site| site.id == id);
    let site = found.ok_or_else(|| no_site(id))?;
    match site.version == version {
        true => Ok(site),
        false => Err(Error::Stale),
    }
}

async fn check(tx: &mut Tx, id: &str, profile: &SiteProfile) -> Result<Option<Refused>> {
    let faults = profile.faults(id, &tx.sites().await?, &tx.organisations().await?);
    Ok((!faults.is_empty()).then_some(Refused::Faults(faults)))
}
