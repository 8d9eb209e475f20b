//! Accounts: made, changed and removed by an administrator, here or on the command line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};

use super::auth::{Passwords, Role, password};
use crate::{
    Error, Result,
    store::{Store, UserChange, UserRecord},
};

/// Language of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Simplified Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// The language tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        [Self::Zh, Self::En].into_iter().find(|language| language.tag() == tag)
    }
}

/// One account, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Language; `None` follows the browser.
    pub language: Option<Language>,
    /// Cannot log in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl User {
    /// # Errors
    /// `Unavailable` when the record names a role this program does not know; then nothing is allowed.
    pub(super) fn from_record(record: &UserRecord) -> Result<Self> {
        let role = record.role.parse().map_err(|_| {
            Error::Unavailable(format!("user '{}' has the unknown role '{}'", record.name, record.role))
        })?;
        Ok(Self {
            name: record.name.clone(),
            role,
            language: Language::from_tag(&record.language),
            disabled: record.disabled,
            created_at: record.created_at,
        })
    }
}

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ChangeUser {
    /// New role.
    pub role: Option<Role>,
    /// New password.
    pub password: Option<String>,
    /// Lock or unlock.
    pub disabled: Option<bool>,
    /// New language.
    pub language: Option<Language>,
}

/// The accounts.
#[derive(Debug)]
pub struct Users {
    store: Store,
    passwords: Passwords,
    /// Counts up whenever sessions may have ended; live channels look again then.
    changed: watch::Sender<u64>,
    /// One change of administrators at a time, so that the last one stays.
    administrators: Mutex<()>,
}

/// Demo accounts by name and role.
const DEMO: [(&str, Role); 7] = [
    ("admin", Role::Admin),
    ("coordinator", Role::Coordinator),
    ("civil", Role::CivilOfficer),
    ("military", Role::MilitaryOfficer),
    ("field", Role::Field),
    ("viewer", Role::Viewer),
    ("auditor", Role::Auditor),
];

impl Users {
    /// The accounts in this store.
    #[must_use]
    pub fn new(store: Store, passwords: Passwords) -> Self {
        Self {
            store,
            passwords,
            changed: watch::Sender::new(0),
            administrators: Mutex::new(()),
        }
    }

    /// Ticks whenever an account changed in a way that may end sessions.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn announce(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// All accounts by name.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn list(&self) -> Result<Vec<User>> {
        self.store.users().await?.iter().map(User::from_record).collect()
    }

    /// Makes an account.
    ///
    /// # Errors
    /// `Invalid` for a name that is taken or not allowed, or a weak password.
    pub async fn create(
        &self,
        name: &str,
        role: Role,
        new_password: String,
        language: Option<Language>,
    ) -> Result<User> {
        check_name(name)?;
        password::check_new(&new_password, name)?;
        let password_hash = self.passwords.hash(new_password).await?;
        let now = Timestamp::now();
        let record = UserRecord {
            name: name.to_owned(),
            password_hash,
            role: role.name().to_owned(),
            language: language.map_or("", Language::tag).to_owned(),
            disabled: false,
            created_at: now,
            password_changed_at: now,
            version: 1,
        };
        let user = User::from_record(&record)?;
        self.store.create_user(record).await?;
        tracing::info!(user = name, %role, "account made");
        Ok(user)
    }

    /// Changes an account. A new role, a new password or a lock ends its sessions at once.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a weak password; `WrongState` when no administrator would be left.
    pub async fn change(&self, name: &str, change: ChangeUser) -> Result<User> {
        if let Some(new_password) = &change.password {
            password::check_new(new_password, name)?;
        }
        let _guard = self.administrators.lock().await;
        if change.disabled == Some(true) || change.role.is_some_and(|role| role != Role::Admin) {
            self.keep_an_administrator(name).await?;
        }
        let password_hash = match change.password {
            Some(new_password) => Some(self.passwords.hash(new_password).await?),
            None => None,
        };
        let change = UserChange {
            password_hash,
            role: change.role.map(|role| role.name().to_owned()),
            language: change.language.map(|language| language.tag().to_owned()),
            disabled: change.disabled,
        };
        let record = self.store.update_user(name, change, None, Timestamp::now()).await?;
        self.announce();
        tracing::info!(
            user = name,
            role = record.role,
            disabled = record.disabled,
            "account changed"
        );
        User::from_record(&record)
    }

    /// Removes an account and its sessions.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` when no administrator would be left.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let _guard = self.administrators.lock().await;
        self.keep_an_administrator(name).await?;
        self.store.delete_user(name).await?;
        self.announce();
        tracing::info!(user = name, "account removed");
        Ok(())
    }

    /// Fails when `name` is the last administrator who can log in.
    async fn keep_an_administrator(&self, name: &str) -> Result<()> {
        let active = |user: &User| user.role == Role::Admin && !user.disabled;
        let users = self.list().await?;
        let is_one = users.iter().any(|user| user.name == name && active(user));
        if is_one && !users.iter().any(|user| user.name != name && active(user)) {
            return Err(Error::WrongState(format!(
                "'{name}' is the last administrator: make another one first (pinpu user add NAME --role admin)"
            )));
        }
        Ok(())
    }

    /// Makes the demo accounts where there is no account at all. Answers the password they share, to be printed once:
    /// the one given, or a new one; `None` when there were accounts already.
    ///
    /// # Errors
    /// `Invalid` when the given password is too weak.
    pub async fn seed_demo(&self, given: Option<String>) -> Result<Option<String>> {
        if !self.store.users().await?.is_empty() {
            return Ok(None);
        }
        let shared = given.unwrap_or_else(generate_password);
        for (name, role) in DEMO {
            self.create(name, role, shared.clone(), None).await?;
        }
        Ok(Some(shared))
    }
}

/// Names are written the same way everywhere: in URLs, logs and histories.
fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() > 64 || !starts || !name.chars().all(allowed) || matches!(name, "system" | "demo" | "current") {
        return Err(Error::Invalid(format!(
            "'{name}' cannot be an account name: write 1 to 64 of a-z, 0-9, '.', '-', '_', beginning with a letter or \
             digit, and not system, demo or current"
        )));
    }
    Ok(())
}

/// Twenty characters that are hard to confuse when read aloud: 98 bits.
fn generate_password() -> String {
    const ALPHABET: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2345679";
    let letter = |_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())]);
    let groups: Vec<String> = (0..4).map(|_| (0..5).map(letter).collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["admin", "li.wei", "office-3", "0x", "a_b"] {
            check_name(good).expect(good);
        }
        for bad in [
            "",
            "Admin",
            "-a",
            "a b",
            "a/b",
            "管理员",
            "demo",
            "system",
            &"a".repeat(65),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn generated_passwords_are_accepted_and_differ() {
        let (one, two) = (generate_password(), generate_password());
        assert_ne!(one, two);
        assert_eq!(one.len(), 23);
        for (name, _) in DEMO {
            password::check_new(&one, name).expect("good enough");
        }
    }
}
