//! Small facts the service remembers, by name, as JSON.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Store,
    engine::{damaged, values},
};
use crate::Result;

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
        let text = serde_json::to_string(value).map_err(|source| damaged("value", source))?;
        let name = name.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "insert into settings (name, value) values ($1, $2) \
                           on conflict (name) do update set value = excluded.value";
                tx.execute(sql, values![name, text]).await.map(drop)
            })
        })
        .await
    }
}
