//! The devices at an event's gate.

use crate::{
    Error, Result,
    coordination::events::{AdmissionResult, Device},
    store::{
        Page, Store, Tx,
        audit::EVENT_DEVICES,
        emissions::{json_text, name_of},
        engine::{Row, values},
        page::{Order, Select, containing, cut},
    },
};

/// Which devices; absent conditions do not restrict. The latest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeviceQuery {
    /// Whose last test came out like this.
    pub result: Option<AdmissionResult>,
    /// Text in kind, serial number, owner or label.
    pub text: Option<String>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-number",
    key: "number",
    id: "id",
    descending: true,
};

fn read(row: &Row) -> Result<Device> {
    row.json("record")
}

fn no_device(id: &str) -> Error {
    Error::NotFound {
        kind: "device",
        id: id.to_owned(),
    }
}

const ONE: &str = "select record from event_devices where id = $1 and event_id = $2";

impl Tx {
    /// A device of an event.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn event_device(&mut self, event: &str, id: &str) -> Result<Device> {
        let row = self.fetch_optional(ONE, values![id, event]).await?;
        row.as_ref().map_or_else(|| Err(no_device(id)), read)
    }

    /// The device of an event with this serial number.
    ///
    /// # Errors
    /// `Store`.
    pub(crate) async fn event_device_with(&mut self, event: &str, serial: &str) -> Result<Option<Device>> {
        let sql = "select record from event_devices where serial = $1 and event_id = $2";
        let row = self.fetch_optional(sql, values![serial, event]).await?;
        row.as_ref().map(read).transpose()
    }

    /// Stores a new device, or its change from version `before`.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_event_device(&mut self, device: &Device, before: Option<u64>) -> Result<()> {
        let content = &device.content;
        let label = device.label.as_deref().unwrap_or_default();
        let search = [&content.kind, &content.serial, &content.owner, label].map(str::to_lowercase);
        let result = device
            .result
            .map_or_else(|| Ok(String::new()), |result| name_of(&result))?;
        let mut values = values![
            &device.id,
            device.version,
            device.number,
            &content.serial,
            result,
            search.join("\n"),
            json_text(device)?
        ];
        let sql = match before {
            None => {
                values.push(device.event.as_str().into());
                "insert into event_devices (id, version, number, serial, result, search, record, event_id) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8)"
            }
            Some(before) => {
                values.push(before.into());
                "update event_devices set version = $2, number = $3, serial = $4, result = $5, search = $6, record = $7 \
                 where id = $1 and version = $8"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&EVENT_DEVICES, &device.id, "change_event_device");
                Ok(())
            }
        }
    }
}

impl Store {
    /// A device of an event.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn event_device(&self, event: &str, id: &str) -> Result<Device> {
        let row = self.fetch_optional(ONE, values![id, event]).await?;
        row.as_ref().map_or_else(|| Err(no_device(id)), read)
    }

    /// All devices of an event.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn all_event_devices(&self, event: &str) -> Result<Vec<Device>> {
        let sql = "select record from event_devices where event_id = $1 order by number";
        self.fetch_all(sql, values![event]).await?.iter().map(read).collect()
    }

    /// One page of the devices of an event.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn event_devices(&self, event: &str, query: &DeviceQuery) -> Result<Page<Device>> {
        let mut select = Select::new("select record from event_devices");
        select
            .and("event_id = ?", values![event])
            .and_some("result = ?", query.result.map(|result| name_of(&result)).transpose()?)
            .and_some("search like ? escape '!'", query.text.as_deref().map(containing));
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<Device> = rows.iter().map(read).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |device| {
            (i64::try_from(device.number).unwrap_or(i64::MAX), device.id.clone())
        }))
    }
}
