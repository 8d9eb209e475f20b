//! Devices that operators registered by PAWS: one row each, with what it said when it registered and which spectrum it told
//! to use last.

use jiff::Timestamp;

use super::{Store, engine::values};
use crate::{Error, Result};

impl Store {
    /// Which of these devices an organisation has registered.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn registered_devices(&self, organisation: &str, keys: &[String]) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for key in keys {
            let sql = "select device from devices where organisation = $1 and device = $2";
            let row = self.fetch_optional(sql, values![organisation, key]).await?;
            found.extend(row.map(|row| row.text("device")).transpose()?);
        }
        Ok(found)
    }

    /// Registers a device, or keeps what it says now. Answers whether it is this organisation's: nobody registers another's.
    ///
    /// # Errors
    /// `WrongState` when the organisation has `most` of them; `Store` or `Unavailable`.
    pub async fn register_device(
        &self,
        organisation: &str,
        key: &str,
        said: String,
        most: u64,
        now: Timestamp,
    ) -> Result<bool> {
        let (organisation, key) = (organisation.to_owned(), key.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "select organisation from devices where device = $1";
                let known = tx.fetch_optional(sql, values![&key]).await?;
                if let Some(row) = known {
                    if row.text("organisation")? != organisation {
                        return Ok(false);
                    }
                    let sql = "update devices set said = $2, registered_us = $3 where device = $1";
                    tx.execute(sql, values![&key, said, now]).await?;
                    return Ok(true);
                }
                let sql = "select count(*) as found from devices where organisation = $1";
                let row = tx.fetch_optional(sql, values![&organisation]).await?;
                if row.map_or(Ok(0), |row| row.count("found"))? >= most {
                    return Err(Error::WrongState(format!(
                        "the organisation has {most} devices already"
                    )));
                }
                let sql = "insert into devices (device, organisation, registered_us, said) values ($1, $2, $3, $4)";
                tx.execute(sql, values![&key, &organisation, now, said]).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Keeps which spectrum a registered device told to use; of one that is not registered nothing is kept.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note_device_use(&self, organisation: &str, key: &str, used: String, now: Timestamp) -> Result<()> {
        let (organisation, key) = (organisation.to_owned(), key.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "update devices set used = $3, used_us = $4 where device = $1 and organisation = $2";
                tx.execute(sql, values![&key, &organisation, used, now]).await.map(drop)
            })
        })
        .await
    }
}
