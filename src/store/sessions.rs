//! Logins that are in force, and bearer tokens: both are a hash of a random secret with an owner and an expiry.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AuditNote, Store, UserRecord,
    emissions::{name_of, named},
    engine::{Row, values},
    page::Select,
    users::COLUMNS as OF_USERS,
};
use crate::{Error, Result};

/// What the secret is carried in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// A person's cookie; its expiry slides.
    Cookie,
    /// A machine's bearer token; its expiry is fixed.
    Token,
}

impl SessionKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Token => "token",
        }
    }
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// What its owner may read.
    #[default]
    Read,
    /// What its owner may do.
    Full,
}

/// One login or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of the secret; the secret itself is never stored.
    pub token_hash: [u8; 32],
    /// Cookie or token.
    pub kind: SessionKind,
    /// Key of a token; empty for a cookie.
    pub token_id: String,
    /// What it may do; a cookie everything its owner may.
    pub scope: TokenScope,
    /// Whose.
    pub user: String,
    /// What a token is for, in the owner's words; of a login who vouched for it, where no password did.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// First instant no longer in force.
    pub expires_at: Timestamp,
    /// Last use that was recorded.
    pub last_seen: Timestamp,
    /// Address it was made from.
    pub address: String,
    /// Program it was made with.
    pub user_agent: String,
}

const COLUMNS: &str = "token_hash, session_kind, user_name, label, session_created_us, expires_us, last_seen_us, address, user_agent, \
     token_id, token_scope";

impl SessionRecord {
    fn read(row: &Row) -> Result<Self> {
        let hash = row.blob("token_hash")?;
        Ok(Self {
            token_hash: hash.try_into().map_err(|_| Error::Store(sqlx::Error::RowNotFound))?,
            kind: if row.text("session_kind")? == "token" {
                SessionKind::Token
            } else {
                SessionKind::Cookie
            },
            token_id: row.text("token_id")?,
            scope: named(row, "token_scope")?,
            user: row.text("user_name")?,
            label: row.text("label")?,
            created_at: row.time("session_created_us")?,
            expires_at: row.time("expires_us")?,
            last_seen: row.time("last_seen_us")?,
            address: row.text("address")?,
            user_agent: row.text("user_agent")?,
        })
    }
}

impl Store {
    /// Records a login or token.
    ///
    /// # Errors
    /// `NotFound` when the user is gone or disabled meanwhile.
    pub async fn create_session(&self, session: SessionRecord) -> Result<()> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "select name from users where name = $1 and disabled = 0 and organisation in \
                           (select id from organisations where active = 1)";
                if tx.fetch_optional(sql, values![&session.user]).await?.is_none() {
                    return Err(Error::NotFound {
                        kind: "user",
                        id: session.user,
                    });
                }
                let sql =
                    format!("insert into sessions ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
                tx.note(match session.kind {
                    SessionKind::Cookie => AuditNote {
                        actor: session.user.clone(),
                        reason: Some(session.label.clone()).filter(|by| !by.is_empty()),
                        ..AuditNote::of("create_session", &format!("sessions/{}", session.address))
                    },
                    SessionKind::Token => AuditNote::of("create_token", &format!("tokens/{}", session.token_id)),
                });
                let values = values![
                    &session.token_hash[..],
                    session.kind.as_str(),
                    session.user,
                    session.label,
                    session.created_at,
                    session.expires_at,
                    session.last_seen,
                    session.address,
                    session.user_agent,
                    session.token_id,
                    name_of(&session.scope)?
                ];
                tx.execute(sql, values).await.map(drop)
            })
        })
        .await
    }

    /// The login behind a hash with its user, if it is in force at `now` and the user is not disabled.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<(SessionRecord, UserRecord)>> {
        let sql = format!(
            "select {COLUMNS}, {OF_USERS} from sessions join users on user_name = name where token_hash = $1 \
             and expires_us > $2 and disabled = 0 \
             and organisation in (select id from organisations where active = 1)"
        );
        let row = self.fetch_optional(sql, values![&token_hash[..], now]).await?;
        row.map(|row| Ok((SessionRecord::read(&row)?, UserRecord::read(&row)?)))
            .transpose()
    }

    /// Records a use and moves the expiry. Call it once a minute, not once a request.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        last_seen: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let hash = token_hash.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "update sessions set last_seen_us = $2, expires_us = $3 where token_hash = $1";
                tx.execute(sql, values![hash, last_seen, expires_at]).await.map(drop)
            })
        })
        .await
    }

    /// Ends a login; harmless when it is gone already.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<()> {
        let hash = token_hash.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "delete from sessions where token_hash = $1 returning user_name, address";
                if let Some(row) = tx.fetch_optional(sql, values![hash]).await? {
                    let subject = format!("sessions/{}", row.text("address")?);
                    tx.note(AuditNote {
                        actor: row.text("user_name")?,
                        ..AuditNote::of("delete_current_session", &subject)
                    });
                }
                Ok(())
            })
        })
        .await
    }

    /// Ends the token of this key, if it is the user's where one is given; answers whether there was one.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn delete_token(&self, id: &str, user: Option<&str>) -> Result<bool> {
        let (id, user) = (id.to_owned(), user.map(str::to_owned));
        self.write(move |tx| {
            Box::pin(async move {
                let mut delete = Select::new("delete from sessions");
                delete
                    .and("token_id = ? and token_id <> ''", values![&id])
                    .and_some("user_name = ?", user);
                let (sql, values) = delete.finish("");
                let found = tx.execute(sql, values).await? > 0;
                if found {
                    tx.note(AuditNote::of("delete_token", &format!("tokens/{id}")));
                }
                Ok(found)
            })
        })
        .await
    }

    /// Logins and tokens of one user, newest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sessions_of(&self, user: &str) -> Result<Vec<SessionRecord>> {
        let sql = format!("select {COLUMNS} from sessions where user_name = $1 order by session_created_us desc");
        self.fetch_all(sql, values![user])
            .await?
            .iter()
            .map(SessionRecord::read)
            .collect()
    }

    /// Ends all logins of one user; answers how many there were.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn delete_sessions_of(&self, user: &str) -> Result<u64> {
        let user = user.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                tx.execute("delete from sessions where user_name = $1", values![user])
                    .await
            })
        })
        .await
    }
}
