//! Radio control orders: one row each, with every step in its record.

use jiff::Timestamp;

use super::{
    Page, Store, Tx,
    audit::CONTROL_ORDERS,
    emissions::json_text,
    engine::{Row, values},
    page::{Order, Select, cut},
};
use crate::{
    Error, Result,
    coordination::orders::{OrderPhase, OrderRecord, OrderState},
    registry::{ControlOrder, disclosure::is_open},
    units::Band,
};

/// Which orders; absent conditions do not restrict. The latest to come into force first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ControlOrderQuery {
    /// Where it stands,
    pub phase: Option<OrderPhase>,
    /// at this time.
    pub now: Timestamp,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Binding at this time, as far as dates tell.
    pub binding_at: Option<Timestamp>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-from",
    key: "from_us",
    id: "id",
    descending: true,
};

/// First instant it binds or would, and first it does no longer.
fn span(record: &OrderRecord) -> (Timestamp, Timestamp) {
    let order = &record.order;
    let from = record
        .approved_at
        .map_or(order.from, |approved| approved.max(order.from));
    (from, record.lifted_at.map_or(order.to, |lifted| lifted.min(order.to)))
}

fn read(row: &Row) -> Result<OrderRecord> {
    row.json("record")
}

fn not_found(key: &str) -> Error {
    Error::NotFound {
        kind: "control order",
        id: key.to_owned(),
    }
}

impl Tx {
    /// The order as it is stored now.
    ///
    /// # Errors
    /// `NotFound`; `Store`.
    pub(crate) async fn control_order(&mut self, key: &str) -> Result<OrderRecord> {
        let sql = "select record from control_orders where id = $1";
        let row = self.fetch_optional(sql, values![key]).await?;
        row.as_ref().map_or_else(|| Err(not_found(key)), read)
    }

    /// Stores a new order, or its change from version `before`.
    ///
    /// # Errors
    /// `Stale` when it is of another version by now; `Store`.
    pub(crate) async fn put_control_order(&mut self, record: &OrderRecord, before: Option<u64>) -> Result<()> {
        let (from, until) = span(record);
        let order = &record.order;
        let mut values = values![
            &record.key,
            record.version,
            record.state.name(),
            &order.id,
            order.band.low(),
            order.band.high(),
            from,
            until,
            !is_open(order),
            json_text(record)?
        ];
        let sql = match before {
            None => {
                "insert into control_orders (id, version, state, number, low_hz, high_hz, from_us, until_us, closed, \
                 record) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            }
            Some(before) => {
                values.push(before.into());
                // The version once more: another process may write to the same database.
                "update control_orders set version = $2, state = $3, number = $4, low_hz = $5, high_hz = $6, \
                 from_us = $7, until_us = $8, closed = $9, record = $10 where id = $1 and version = $11"
            }
        };
        match self.execute(sql, values).await? {
            0 => Err(Error::Stale),
            _ => {
                self.touch(&CONTROL_ORDERS, &record.key, "change_control_order");
                Ok(())
            }
        }
    }

    /// Classified orders whose number is in a text.
    pub(crate) async fn closed_orders_named_in(&mut self, text: &str) -> Result<bool> {
        let sql = "select id from control_orders where closed = 1 and $1 like '%' || number || '%' limit 1";
        Ok(self.fetch_optional(sql, values![text]).await?.is_some())
    }
}

impl Store {
    /// One page of the orders that `keep` wants.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn control_orders(
        &self,
        query: &ControlOrderQuery,
        keep: impl Fn(&OrderRecord) -> bool,
    ) -> Result<Page<OrderRecord>> {
        let place = |record: &OrderRecord| (span(record).0.as_microsecond(), record.key.clone());
        let (mut cursor, mut items) = (query.cursor.clone(), Vec::new());
        // What is left out leaves no gap: pages are as full as if it were not there.
        loop {
            let mut select = Select::new("select record from control_orders");
            narrow(&mut select, query);
            let (sql, values, limit) = select.page(&ORDER, cursor.as_deref(), query.limit)?;
            let rows = self.fetch_all(sql, values).await?;
            let rows: Vec<OrderRecord> = rows.iter().map(read).collect::<Result<_>>()?;
            let next = rows
                .last()
                .filter(|_| rows.len() > limit)
                .map(|last| ORDER.cursor(place(last)));
            items.extend(rows.into_iter().filter(&keep));
            if items.len() > limit || next.is_none() {
                return Ok(cut(items, limit, &ORDER, place));
            }
            cursor = next;
        }
    }

    /// One order.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn control_order(&self, key: &str) -> Result<OrderRecord> {
        let sql = "select record from control_orders where id = $1";
        let row = self.fetch_optional(sql, values![key]).await?;
        row.as_ref().map_or_else(|| Err(not_found(key)), read)
    }

    /// Every order that binds, will or did, each as it binds.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn binding_control_orders(&self) -> Result<Vec<ControlOrder>> {
        let sql = "select record from control_orders where state in ('approved', 'lifted') order by id";
        let rows = self.fetch_all(sql, Vec::new()).await?;
        let records: Vec<OrderRecord> = rows.iter().map(read).collect::<Result<_>>()?;
        Ok(records.iter().filter_map(OrderRecord::binding).collect())
    }

    /// Every classified order that was ever in force or is to be: texts may still name it.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn closed_control_orders(&self) -> Result<Vec<ControlOrder>> {
        let sql = "select record from control_orders where closed = 1 and state in ('approved', 'lifted') order by id";
        let rows = self.fetch_all(sql, Vec::new()).await?;
        rows.iter().map(|row| read(row).map(|record| record.order)).collect()
    }
}

fn narrow(select: &mut Select, query: &ControlOrderQuery) {
    let state = |select: &mut Select, state: OrderState| {
        select.and("state = ?", values![state.name()]);
    };
    let now = query.now;
    match query.phase {
        None => {}
        Some(OrderPhase::Draft) => state(select, OrderState::Draft),
        Some(OrderPhase::Proposed) => state(select, OrderState::Proposed),
        Some(OrderPhase::Lifted) => state(select, OrderState::Lifted),
        Some(OrderPhase::Rejected) => state(select, OrderState::Rejected),
        Some(OrderPhase::Withdrawn) => state(select, OrderState::Withdrawn),
        Some(OrderPhase::Pending) => {
            select.and("state = 'approved' and from_us > ?", values![now]);
        }
        Some(OrderPhase::InForce) => {
            select.and(
                "state = 'approved' and from_us <= ? and until_us > ?",
                values![now, now],
            );
        }
        Some(OrderPhase::Expired) => {
            select.and("state = 'approved' and until_us <= ?", values![now]);
        }
    }
    select
        .and_some("high_hz > ?", query.band.map(Band::low))
        .and_some("low_hz < ?", query.band.map(Band::high));
    if let Some(at) = query.binding_at {
        select.and(
            "state in ('approved', 'lifted') and from_us <= ? and until_us > ?",
            values![at, at],
        );
    }
}
