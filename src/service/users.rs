//! Accounts: made, changed and removed by an administrator, here or on the command line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};

use super::auth::{Passwords, Role, password, permissions};
use crate::{
    Error, Result,
    coordination::{Side, organisation::default_of},
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
    /// Key of the organisation they belong to.
    pub organisation: String,
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
            organisation: record.organisation.clone(),
            language: Language::from_tag(&record.language),
            disabled: record.disabled,
            created_at: record.created_at,
        })
    }
}

/// A new account.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Login name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Key of the organisation; by default the first one of the role's side.
    pub organisation: Option<String>,
    /// Password.
    pub password: String,
    /// Language; `None` follows the browser.
    pub language: Option<Language>,
}

/// The organisation of accounts that were made without one.
fn usual(role: Role) -> &'static str {
    default_of(match role {
        Role::MilitaryOfficer => Side::Military,
        _ => Side::Civil,
    })
}

/// What to change; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ChangeUser {
    /// New role.
    pub role: Option<Role>,
    /// New organisation, by its key.
    pub organisation: Option<String>,
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

    pub(in crate::service) fn announce(&self) {
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
    /// `Invalid` for a name that is taken or not allowed, a weak password, or a role that people of the organisation do not
    /// have.
    pub async fn create(&self, new: NewUser) -> Result<User> {
        let NewUser {
            name,
            role,
            organisation,
            password: new_password,
            language,
        } = new;
        check_name(&name)?;
        password::check_new(&new_password, &name)?;
        let organisation = organisation.unwrap_or_else(|| usual(role).to_owned());
        self.check_place(&organisation, role).await?;
        let password_hash = self.passwords.hash(new_password).await?;
        let now = Timestamp::now();
        let record = UserRecord {
            name,
            password_hash,
            role: role.name().to_owned(),
            organisation,
            language: language.map_or("", Language::tag).to_owned(),
            disabled: false,
            created_at: now,
            password_changed_at: now,
            version: 1,
        };
        let user = User::from_record(&record)?;
        self.store.create_user(record).await?;
        tracing::info!(user = user.name, %role, organisation = user.organisation, "account made");
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
        if change.role.is_some() || change.organisation.is_some() {
            let known = self.store.user(name).await?.ok_or_else(|| Error::NotFound {
                kind: "user",
                id: name.to_owned(),
            })?;
            let role = change.role.map_or_else(|| known.role.parse(), Ok)?;
            let place = change.organisation.as_deref().unwrap_or(&known.organisation);
            self.check_place(place, role).await?;
        }
        let password_hash = match change.password {
            Some(new_password) => Some(self.passwords.hash(new_password).await?),
            None => None,
        };
        let change = UserChange {
            password_hash,
            role: change.role.map(|role| role.name().to_owned()),
            organisation: change.organisation,
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

    /// The key of an organisation by its code or key.
    ///
    /// # Errors
    /// `Invalid` where there is none, with those there are.
    pub async fn organisation_named(&self, named: &str) -> Result<String> {
        let known = self.store.organisations().await?;
        let found = known
            .iter()
            .find(|place| place.id == named || place.profile.code.eq_ignore_ascii_case(named));
        found.map(|place| place.id.clone()).ok_or_else(|| {
            let codes: Vec<_> = known.iter().map(|place| place.profile.code.as_str()).collect();
            Error::Invalid(format!(
                "there is no organisation '{named}': write one of {}",
                codes.join(", ")
            ))
        })
    }

    /// Fails where people of an organisation do not have this role, or it is out of use.
    async fn check_place(&self, organisation: &str, role: Role) -> Result<()> {
        let known = self.store.organisations().await?;
        let Some(place) = known.iter().find(|place| place.id == organisation) else {
            return Err(Error::Invalid(format!(
                "there is no organisation '{organisation}': give the id of one of the list"
            )));
        };
        if !place.active {
            return Err(Error::Invalid(format!(
                "{} is out of use: choose another organisation",
                place.profile.name.en
            )));
        }
        let roles = permissions::roles_of(place.profile.kind);
        if roles.contains(&role) {
            return Ok(());
        }
        let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
        Err(Error::Invalid(format!(
            "people of {} ({}) cannot be {role}: choose {}, or another organisation",
            place.profile.name.en,
            place.profile.kind.name(),
            names.join(", ")
        )))
    }

    /// Fails when `name` is the last administrator who can log in.
    async fn keep_an_administrator(&self, name: &str) -> Result<()> {
        let places = self.store.organisations().await?;
        let in_use = |key: &str| places.iter().any(|place| place.id == key && place.active);
        let active = |user: &User| user.role == Role::Admin && !user.disabled && in_use(&user.organisation);
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
            self.create(NewUser {
                name: name.to_owned(),
                role,
                organisation: None,
                password: shared.clone(),
                language: None,
            })
            .await?;
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
