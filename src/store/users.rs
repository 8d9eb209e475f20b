//! People and machines that may log in. The store keeps what it is given: hashing and roles are decided above.

use jiff::Timestamp;

use super::{
    Store, Tx,
    audit::USERS,
    engine::{Row, is_duplicate, values},
};
use crate::{Error, Result};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Login name, unique.
    pub name: String,
    /// PHC string of the password.
    pub password_hash: String,
    /// Role by its public name.
    pub role: String,
    /// Key of the organisation they belong to.
    pub organisation: String,
    /// Preferred language, `zh-CN` or `en`.
    pub language: String,
    /// Cut off at the next request.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
    /// Counts changes.
    pub version: u64,
}

/// What to change of an account; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// New PHC string.
    pub password_hash: Option<String>,
    /// New role.
    pub role: Option<String>,
    /// New organisation.
    pub organisation: Option<String>,
    /// New language.
    pub language: Option<String>,
    /// Disable or enable.
    pub disabled: Option<bool>,
}

pub(super) const COLUMNS: &str =
    "name, password_hash, role, language, disabled, created_us, password_changed_us, organisation, version";

impl UserRecord {
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            name: row.text("name")?,
            password_hash: row.text("password_hash")?,
            role: row.text("role")?,
            organisation: row.text("organisation")?,
            language: row.text("language")?,
            disabled: row.flag("disabled")?,
            created_at: row.time("created_us")?,
            password_changed_at: row.time("password_changed_us")?,
            version: row.count("version")?,
        })
    }
}

impl Tx {
    /// One account.
    pub(crate) async fn user(&mut self, name: &str) -> Result<Option<UserRecord>> {
        let sql = format!("select {COLUMNS} from users where name = $1");
        let row = self.fetch_optional(sql, values![name]).await?;
        row.as_ref().map(UserRecord::read).transpose()
    }
}

impl Store {
    /// Adds an account.
    ///
    /// # Errors
    /// `Invalid` when the name is taken.
    pub async fn create_user(&self, user: UserRecord) -> Result<()> {
        let name = user.name.clone();
        let touched = name.clone();
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let sql = format!("insert into users ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, 1)");
                    let values = values![
                        user.name,
                        user.password_hash,
                        user.role,
                        user.language,
                        user.disabled,
                        user.created_at,
                        user.password_changed_at,
                        user.organisation
                    ];
                    tx.execute(sql, values).await?;
                    tx.touch(&USERS, &touched, "create_user");
                    Ok(())
                })
            })
            .await;
        done.map_err(|error| match is_duplicate(&error) {
            true => Error::Invalid(format!("there is a user '{name}' already: choose another name")),
            false => error,
        })
    }

    /// One account.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn user(&self, name: &str) -> Result<Option<UserRecord>> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from users where name = $1"), values![name])
            .await?;
        row.as_ref().map(UserRecord::read).transpose()
    }

    /// One account that may be used: neither locked, nor of an organisation that is out of use.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn user_in_force(&self, name: &str) -> Result<Option<UserRecord>> {
        let sql = format!(
            "select {COLUMNS} from users where name = $1 and disabled = 0 and organisation in \
             (select id from organisations where active = 1)"
        );
        let row = self.fetch_optional(sql, values![name]).await?;
        row.as_ref().map(UserRecord::read).transpose()
    }

    /// All accounts by name.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn users(&self) -> Result<Vec<UserRecord>> {
        let rows = self
            .fetch_all(format!("select {COLUMNS} from users order by name"), Vec::new())
            .await?;
        rows.iter().map(UserRecord::read).collect()
    }

    /// Changes an account. `version`, where given, must be the current one. Disabling, a new role and a new password
    /// also end its sessions, in the same transaction.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when the version is another.
    pub async fn update_user(
        &self,
        name: &str,
        change: UserChange,
        version: Option<u64>,
        now: Timestamp,
    ) -> Result<UserRecord> {
        let name = name.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let Some(old) = tx.user(&name).await? else {
                    return Err(Error::NotFound { kind: "user", id: name });
                };
                if version.is_some_and(|version| version != old.version) {
                    return Err(Error::Stale);
                }
                let moved = change.organisation.as_ref().is_some_and(|new| *new != old.organisation);
                let cut_off = moved
                    || change.password_hash.is_some()
                    || change.disabled == Some(true)
                    || change.role.as_ref().is_some_and(|role| *role != old.role);
                let new = UserRecord {
                    password_changed_at: if change.password_hash.is_some() {
                        now
                    } else {
                        old.password_changed_at
                    },
                    password_hash: change.password_hash.unwrap_or(old.password_hash),
                    role: change.role.unwrap_or(old.role),
                    organisation: change.organisation.unwrap_or(old.organisation),
                    language: change.language.unwrap_or(old.language),
                    disabled: change.disabled.unwrap_or(old.disabled),
                    version: old.version + 1,
                    ..old
                };
                let sql = "update users set password_hash = $2, role = $3, language = $4, disabled = $5, \
                           password_changed_us = $6, version = $7, organisation = $8 where name = $1";
                let values = values![
                    &new.name,
                    &new.password_hash,
                    &new.role,
                    &new.language,
                    new.disabled,
                    new.password_changed_at,
                    new.version,
                    &new.organisation
                ];
                tx.execute(sql, values).await?;
                tx.touch(&USERS, &new.name, "update_user");
                if cut_off {
                    tx.execute("delete from sessions where user_name = $1", values![&new.name])
                        .await?;
                }
                Ok(new)
            })
        })
        .await
    }

    /// Removes an account and its sessions. What it did stays on record under its name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_user(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("delete from sessions where user_name = $1", values![&name])
                    .await?;
                tx.touch(&USERS, &name, "delete_user");
                match tx.execute("delete from users where name = $1", values![&name]).await? {
                    0 => Err(Error::NotFound { kind: "user", id: name }),
                    _ => Ok(()),
                }
            })
        })
        .await
    }
}
