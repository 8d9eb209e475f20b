//! Organisations: one row each. What may be written is decided above.

use super::{
    Store, Tx,
    audit::ORGANISATIONS,
    emissions::json_text,
    engine::{Row, values},
};
use crate::{Error, Result, coordination::organisation::Organisation};

const SELECT: &str = "select record from organisations";

fn read(row: &Row) -> Result<Organisation> {
    row.json("record")
}

pub(crate) fn no_organisation(id: &str) -> Error {
    Error::NotFound {
        kind: "organisation",
        id: id.to_owned(),
    }
}

impl Tx {
    /// All of them, by code.
    pub(crate) async fn organisations(&mut self) -> Result<Vec<Organisation>> {
        let rows = self.fetch_all(format!("{SELECT} order by code"), Vec::new()).await?;
        rows.iter().map(read).collect()
    }

    /// One of them.
    pub(crate) async fn organisation(&mut self, id: &str) -> Result<Option<Organisation>> {
        let row = self
            .fetch_optional(format!("{SELECT} where id = $1"), values![id])
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Stores a new organisation, or its change from version `before`. Where it is not active its people are cut off.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_organisation(&mut self, record: &Organisation, before: Option<u64>) -> Result<()> {
        let profile = &record.profile;
        let mut values = values![
            &record.id,
            &profile.code,
            profile.kind.name(),
            profile.parent.clone(),
            record.active,
            record.version,
            json_text(record)?
        ];
        let sql = match before {
            None => {
                "insert into organisations (id, code, kind, parent, active, version, record) \
                 values ($1, $2, $3, $4, $5, $6, $7)"
            }
            Some(before) => {
                values.push(before.into());
                "update organisations set code = $2, kind = $3, parent = $4, active = $5, version = $6, record = $7 \
                 where id = $1 and version = $8"
            }
        };
        if self.execute(sql, values).await? == 0 {
            return Err(Error::Stale);
        }
        let action = before.map_or("create_organisation", |_| "update_organisation");
        self.touch(&ORGANISATIONS, &record.id, action);
        if record.active {
            return Ok(());
        }
        let sql = "delete from sessions where token_id = '' and user_name in (select name from users where organisation = $1)";
        self.execute(sql, values![&record.id]).await.map(drop)
    }

    /// Removes one of this version.
    ///
    /// # Errors
    /// `Stale`; `WrongState` where accounts, requests or other organisations name it; `Store`.
    pub(crate) async fn delete_organisation(&mut self, id: &str, version: u64) -> Result<()> {
        let sql = "select (select count(*) from users where organisation = $1) as people, \
                   (select count(*) from requests where organisation = $1 or to_organisation = $1) as letters, \
                   (select count(*) from webhooks where organisation = $1) as hooks, \
                   (select count(*) from organisations where parent = $1) as below";
        if let Some(row) = self.fetch_optional(sql, values![id]).await? {
            let (people, letters, below) = (row.count("people")?, row.count("letters")?, row.count("below")?);
            let hooks = row.count("hooks")?;
            if people + letters + below + hooks > 0 {
                return Err(Error::WrongState(format!(
                    "the organisation is named by {people} accounts, {letters} requests, {hooks} webhooks and {below} \
                     organisations: deactivate it instead"
                )));
            }
        }
        let sql = "delete from organisations where id = $1 and version = $2";
        match self.execute(sql, values![id, version]).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&ORGANISATIONS, id, "delete_organisation");
                Ok(())
            }
        }
    }

    /// Administrators who can log in, besides those of `organisation`.
    pub(crate) async fn administrators_elsewhere(&mut self, organisation: &str) -> Result<u64> {
        let sql = "select count(*) as found from users join organisations on organisations.id = users.organisation \
                   where role = 'admin' and disabled = 0 and active = 1 and organisations.id <> $1";
        let row = self.fetch_optional(sql, values![organisation]).await?;
        row.map_or(Ok(0), |row| row.count("found"))
    }

    /// Roles that people of an organisation have.
    pub(crate) async fn roles_of(&mut self, organisation: &str) -> Result<Vec<String>> {
        let sql = "select distinct role from users where organisation = $1 order by role";
        let rows = self.fetch_all(sql, values![organisation]).await?;
        rows.iter().map(|row| row.text("role")).collect()
    }
}

impl Store {
    /// All of them, by code.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn organisations(&self) -> Result<Vec<Organisation>> {
        let rows = self.fetch_all(format!("{SELECT} order by code"), Vec::new()).await?;
        rows.iter().map(read).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn organisation(&self, id: &str) -> Result<Organisation> {
        let row = self
            .fetch_optional(format!("{SELECT} where id = $1"), values![id])
            .await?;
        row.as_ref().map_or_else(|| Err(no_organisation(id)), read)
    }
}
