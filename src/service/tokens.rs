//! Tokens with which programs call the API: of one account, for a time, with a scope.
//!
//! The secret is given out once and kept as its SHA-256. Whatever ends the sessions of an account (a new password, another
//! role, a lock) ends its tokens. A token makes no tokens: only somebody who is logged in does.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{
    auth::Role,
    sessions::{Principal, hash, secret},
    users::Users,
};
pub use crate::store::TokenScope;
use crate::{
    Error, Result,
    store::{SessionKind, SessionRecord, Store, random_id},
};

/// What tokens begin with, so that one is recognised where it should not be.
pub const PREFIX: &str = "pinpu_";
/// Longest life of a token, days.
pub const DAYS_MAX: u32 = 366;
/// Longest label, characters.
const LABEL_MAX: usize = 100;
/// Tokens of one account.
const TOKENS_MAX: usize = 50;

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its key.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What it is for, in the owner's words.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// First instant no longer in force.
    pub expires_at: Timestamp,
}

/// What a new token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whose it is.
    pub user: String,
    /// What it is for, in the owner's words.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// How many days it lives.
    pub days: u32,
}

impl From<SessionRecord> for Token {
    fn from(record: SessionRecord) -> Self {
        Self {
            id: record.token_id,
            user: record.user,
            label: record.label,
            scope: record.scope,
            created_at: record.created_at,
            expires_at: record.expires_at,
        }
    }
}

/// The tokens.
#[derive(Debug)]
pub struct Tokens {
    store: Store,
    users: Arc<Users>,
}

impl Tokens {
    /// The tokens in this store.
    #[must_use]
    pub fn new(store: Store, users: Arc<Users>) -> Self {
        Self { store, users }
    }

    /// Makes a token; answers it with its secret, which is kept nowhere.
    ///
    /// # Errors
    /// `Invalid` for a label or a life that is not allowed, or when there are too many; `NotFound` without the account.
    pub async fn create(&self, new: NewToken, now: Timestamp) -> Result<(String, Token)> {
        let label = new.label.trim();
        let length = label.chars().count();
        if !(1..=LABEL_MAX).contains(&length) || label.contains(char::is_control) {
            return Err(Error::Invalid(format!(
                "label: say in 1 to {LABEL_MAX} characters what the token is for"
            )));
        }
        if !(1..=DAYS_MAX).contains(&new.days) {
            return Err(Error::Invalid(format!("days: write 1 to {DAYS_MAX}")));
        }
        let count = self.list(&new.user, now).await?.len();
        if count >= TOKENS_MAX {
            return Err(Error::Invalid(format!(
                "'{}' has {count} tokens: revoke one that is no longer used",
                new.user
            )));
        }
        let secret = secret();
        let record = SessionRecord {
            token_hash: hash(&secret),
            kind: SessionKind::Token,
            token_id: random_id(),
            scope: new.scope,
            user: new.user,
            label: label.to_owned(),
            created_at: now,
            expires_at: now + SignedDuration::from_hours(24 * i64::from(new.days)),
            last_seen: now,
            address: String::new(),
            user_agent: String::new(),
        };
        self.store.create_session(record.clone()).await?;
        Ok((format!("{PREFIX}{secret}"), record.into()))
    }

    /// The tokens of an account that are in force, newest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn list(&self, user: &str, now: Timestamp) -> Result<Vec<Token>> {
        let sessions = self.store.sessions_of(user).await?.into_iter();
        let in_force = sessions.filter(|session| session.kind == SessionKind::Token && session.expires_at > now);
        Ok(in_force.map(Token::from).collect())
    }

    /// Ends a token: of the account, or of anybody where `user` is `None`.
    ///
    /// # Errors
    /// `NotFound` when there is none of this key, or it is somebody else's.
    pub async fn revoke(&self, id: &str, user: Option<&str>) -> Result<()> {
        if self.store.delete_token(id, user).await? {
            self.users.announce();
            return Ok(());
        }
        Err(Error::NotFound {
            kind: "token",
            id: id.to_owned(),
        })
    }
}

/// Whose tokens somebody may make and end: their own, an administrator everybody's.
///
/// # Errors
/// `Forbidden` for another account's, or where the caller is itself a token or nobody in particular.
pub fn owner(caller: &Principal, wanted: Option<&str>) -> Result<String> {
    let refuse = |action| {
        Err(Error::Forbidden {
            role: caller.role.name().to_owned(),
            action,
        })
    };
    if caller.scope.is_some() || caller.is_demo() {
        return refuse("make or end tokens without being logged in: log in with the account's password");
    }
    match wanted {
        Some(user) if user != caller.user && caller.role != Role::Admin => refuse("handle another account's tokens"),
        Some(user) => Ok(user.to_owned()),
        None => Ok(caller.user.clone()),
    }
}
