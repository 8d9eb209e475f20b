//! What importing records would change: added, updated, unchanged. An import never deletes.

use std::collections::HashMap;

use crate::registry::{Allocation, AllocationTable, Assignment};

/// A record with a stable key.
pub trait Keyed {
    /// The key: importing the same key again updates the record.
    fn key(&self) -> &str;

    /// Whether both say the same, wherever they were read.
    fn same(&self, other: &Self) -> bool;
}

impl Keyed for Assignment {
    fn key(&self) -> &str {
        &self.id
    }

    fn same(&self, other: &Self) -> bool {
        let mine = Self {
            source: other.source.clone(),
            ..self.clone()
        };
        mine == *other
    }
}

impl Keyed for Allocation {
    fn key(&self) -> &str {
        &self.id
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// Keys by what an import would do with them, in file order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// New records.
    pub added: Vec<String>,
    /// Records that exist and differ.
    pub updated: Vec<String>,
    /// Records that exist and say the same.
    pub unchanged: Vec<String>,
}

/// Holds incoming records against existing ones.
#[must_use]
pub fn compare<T: Keyed>(existing: &[T], incoming: &[T]) -> Changes {
    let known: HashMap<&str, &T> = existing.iter().map(|record| (record.key(), record)).collect();
    let mut changes = Changes::default();
    for record in incoming {
        let list = match known.get(record.key()) {
            None => &mut changes.added,
            Some(old) if record.same(old) => &mut changes.unchanged,
            Some(_) => &mut changes.updated,
        };
        list.push(record.key().to_owned());
    }
    changes
}

/// The table with these rows added, or replaced by key. An import never deletes.
#[must_use]
pub fn merge_rows(mut table: AllocationTable, rows: Vec<Allocation>) -> AllocationTable {
    let mut at: HashMap<String, usize> = table
        .rows
        .iter()
        .enumerate()
        .map(|(n, row)| (row.id.clone(), n))
        .collect();
    for row in rows {
        match at.get(&row.id) {
            Some(&n) => table.rows[n] = row,
            None => {
                at.insert(row.id.clone(), table.rows.len());
                table.rows.push(row);
            }
        }
    }
    table
        .rows
        .sort_by(|a, b| (a.band.low(), a.band.high(), &a.id).cmp(&(b.band.low(), b.band.high(), &b.id)));
    table
}
