//! Small facts the service remembers, by name, as JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::{Store, Tx, audit::SETTINGS, emissions::json_text, engine::values};
use crate::Result;

/// How far the alarms have read: it moves with every batch of events and is no setting of anybody's. The audit log leaves
/// it out.
pub const ALARM_CURSOR: &str = "alarm_cursor";

impl Store {
    /// The setting of this name.
    ///
    /// # Errors
    /// `Store` when reading fails or the value is of another shape.
    pub async fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let row = self
            .fetch_optional("select value from settings where name = $1", values![name])
            .await?;
        row.map(|row| row.json("value")).transpose()
    }

    /// Sets it.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn put_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let text = json_text(value)?;
        let name = name.to_owned();
        self.write(move |tx| Box::pin(async move { tx.put_setting(&name, text).await }))
            .await
    }
}

impl Tx {
    /// Sets it to this JSON.
    pub(crate) async fn put_setting(&mut self, name: &str, json: String) -> Result<()> {
        let sql = "insert into settings (name, value) values ($1, $2) \
                   on conflict (name) do update set value = excluded.value";
        self.execute(sql, values![name, json]).await?;
        if name != ALARM_CURSOR {
            self.touch(&SETTINGS, name, "put_setting");
        }
        Ok(())
    }
}
