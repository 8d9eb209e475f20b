//! Sites: one row each. What may be written is decided above.

use super::{
    Store, Tx,
    audit::SITES,
    emissions::json_text,
    engine::{Row, values},
};
use crate::{Error, Result, coordination::site::Site};

const SELECT: &str = "select record from sites";

fn read(row: &Row) -> Result<Site> {
    row.json("record")
}

pub(crate) fn no_site(id: &str) -> Error {
    Error::NotFound {
        kind: "site",
        id: id.to_owned(),
    }
}

impl Tx {
    /// All of them, by key.
    pub(crate) async fn sites(&mut self) -> Result<Vec<Site>> {
        let rows = self.fetch_all(format!("{SELECT} order by id"), Vec::new()).await?;
        rows.iter().map(read).collect()
    }

    /// Stores a new site, or its change from version `before`.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_site(&mut self, site: &Site, before: Option<u64>) -> Result<()> {
        let mut values = values![&site.id, &site.profile.organisation, site.version, json_text(site)?];
        let sql = match before {
            None => "insert into sites (id, organisation, version, record) values ($1, $2, $3, $4)",
            Some(before) => {
                values.push(before.into());
                "update sites set organisation = $2, version = $3, record = $4 where id = $1 and version = $5"
            }
        };
        if self.execute(sql, values).await? == 0 {
            return Err(Error::Stale);
        }
        let action = before.map_or("create_site", |_| "update_site");
        self.touch(&SITES, &site.id, action);
        Ok(())
    }

    /// Removes one of this version.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn delete_site(&mut self, id: &str, version: u64) -> Result<()> {
        let sql = "delete from sites where id = $1 and version = $2";
        if self.execute(sql, values![id, version]).await? == 0 {
            return Err(Error::Stale);
        }
        self.touch(&SITES, id, "delete_site");
        Ok(())
    }
}

impl Store {
    /// All of them, by key.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sites(&self) -> Result<Vec<Site>> {
        let rows = self.fetch_all(format!("{SELECT} order by id"), Vec::new()).await?;
        rows.iter().map(read).collect()
    }
}
