//! One immutable state of the registry: who may be where, as known at one moment.
//!
//! A snapshot never changes; a changed registry is a new snapshot behind an `Arc`. Its version is a hash of its content,
//! so two snapshots with the same version give the same verdicts. It does not know where the records come from.

use std::{collections::HashMap, io};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Allocation, AllocationTable, Assignment, ControlOrder,
    disclosure::{self, Audience},
    index::{BandIndex, PlaceIndex, Query},
    telling::Telling,
};
use crate::units::Band;

/// Allocation tables and assignments with lookup by frequency.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    tables: Vec<AllocationTable>,
    /// (table, row) of every allocation record of the index.
    rows: Vec<(usize, usize)>,
    row_index: BandIndex,
    assignments: Vec<Assignment>,
    assignment_index: PlaceIndex,
    assignment_by_id: HashMap<String, usize>,
    control_orders: Vec<ControlOrder>,
    version: String,
}

impl Registry {
    /// A snapshot of these tables and assignments. Order does not matter; of two records with the same key the later
    /// one counts.
    #[must_use]
    pub fn new(tables: Vec<AllocationTable>, assignments: Vec<Assignment>) -> Self {
        let mut tables = keep_last(tables, |table| table.id.clone());
        tables.sort_by(|a, b| a.id.cmp(&b.id));
        for table in &mut tables {
            table
                .rows
                .sort_by(|a, b| (a.band.low(), a.band.high(), &a.id).cmp(&(b.band.low(), b.band.high(), &b.id)));
        }
        let mut assignments = keep_last(assignments, |assignment| assignment.id.clone());
        assignments.sort_by(|a, b| (a.center_hz, &a.id).cmp(&(b.center_hz, &b.id)));

        let (mut rows, mut bands) = (Vec::new(), Vec::new());
        for (t, table) in tables.iter().enumerate() {
            for (r, row) in table.rows.iter().enumerate() {
                bands.extend(row.bands().map(|band| (band, rows.len() as u32)));
                rows.push((t, r));
            }
        }
        let assignment_by_id = assignments.iter().enumerate().map(|(n, a)| (a.id.clone(), n)).collect();
        let version = content_hash(&tables, &assignments, &[]);
        Self {
            rows,
            row_index: BandIndex::new(bands),
            assignment_index: PlaceIndex::new(&assignments),
            assignment_by_id,
            tables,
            assignments,
            control_orders: Vec::new(),
            version,
        }
    }

    /// The same with these control orders, which are content like the rest. Two of the same number both count.
    #[must_use]
    pub fn with_control_orders(self, mut control_orders: Vec<ControlOrder>) -> Self {
        if control_orders.is_empty() && self.control_orders.is_empty() {
            return self;
        }
        control_orders.sort_by(|a, b| (&a.id, a.from, a.to).cmp(&(&b.id, b.from, b.to)));
        let version = content_hash(&self.tables, &self.assignments, &control_orders);
        Self {
            control_orders,
            version,
            ..self
        }
    }

    /// What the audience may know of it. Its version is that of a registry that never had the rest.
    #[must_use]
    pub fn retaining(&self, telling: &Telling, audience: Audience) -> Self {
        let kept = self.assignments.iter().filter(|it| telling.may_leave(*it, audience));
        let orders = self.control_orders.iter().filter(|it| telling.may_leave(*it, audience));
        Self::new(self.tables.clone(), kept.cloned().collect()).with_control_orders(orders.cloned().collect())
    }

    /// All control orders, ascending by number.
    #[must_use]
    pub fn control_orders(&self) -> &[ControlOrder] {
        &self.control_orders
    }

    /// Control orders over any frequency of `band`, ascending by number.
    #[must_use]
    pub fn control_orders_in(&self, band: Band) -> Vec<&ControlOrder> {
        let orders = self.control_orders.iter();
        orders.filter(|order| order.band.overlaps(band)).collect()
    }

    /// Hash of the content, 16 hexadecimal digits; the import source of a record is not content. Where there are
    /// classified records or orders, theirs follows after a point, so that what stands before it tells nothing of them.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The allocation tables, ascending by key.
    #[must_use]
    pub fn tables(&self) -> &[AllocationTable] {
        &self.tables
    }

    /// All assignments, ascending by assigned frequency, then key.
    #[must_use]
    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// The assignment with this key.
    #[must_use]
    pub fn assignment(&self, id: &str) -> Option<&Assignment> {
        self.assignment_by_id.get(id).map(|&n| &self.assignments[n])
    }

    /// Allocation rows whose own band or duplex partner shares a frequency with `band`, ascending by lower edge.
    #[must_use]
    pub fn allocations_in(&self, band: Band) -> Vec<&Allocation> {
        let mut records = self.row_index.overlapping(band);
        let mut seen = std::collections::HashSet::new();
        records.retain(|&record| seen.insert(record));
        let row = |record: u32| {
            let (table, row) = self.rows[record as usize];
            &self.tables[table].rows[row]
        };
        records.into_iter().map(row).collect()
    }

    /// Who may be here: assignments that answer the query, ascending by assigned frequency, then key. One without a
    /// place is valid anywhere and answers everywhere.
    #[must_use]
    pub fn who(&self, query: &Query) -> Vec<&Assignment> {
        let records = self.assignment_index.candidates(query);
        let found = records
            .into_iter()
            .filter_map(|record| self.assignments.get(record as usize));
        let near = |assignment: &&Assignment| match (query.near, assignment.place) {
            (Some((here, reach_km)), Some(place)) => {
                place.distance_km(&here) <= reach_km + place.radius_km + here.radius_km
            }
            _ => true,
        };
        found.filter(near).collect()
    }

    /// Bytes that the index of assignments holds, without the assignments.
    #[must_use]
    pub fn index_bytes(&self) -> usize {
        self.assignment_index.bytes()
    }

    /// Assignments whose assigned band shares a frequency with `band`, ascending by lower edge.
    #[must_use]
    pub fn assignments_in(&self, band: Band) -> Vec<&Assignment> {
        let records = self.assignment_index.overlapping(band);
        records
            .into_iter()
            .map(|record| &self.assignments[record as usize])
            .collect()
    }
}

/// The records without those that a later one with the same key replaces.
fn keep_last<T>(records: Vec<T>, key: impl Fn(&T) -> String) -> Vec<T> {
    let last: HashMap<String, usize> = records.iter().enumerate().map(|(n, record)| (key(record), n)).collect();
    let is_last = |(n, record): &(usize, T)| last.get(&key(record)) == Some(n);
    records
        .into_iter()
        .enumerate()
        .filter(is_last)
        .map(|(_, record)| record)
        .collect()
}

fn content_hash(tables: &[AllocationTable], assignments: &[Assignment], orders: &[ControlOrder]) -> String {
    let (mut open, mut closed) = (Hasher(Sha256::new()), Hasher(Sha256::new()));
    let mut any_closed = false;
    open.record(&tables);
    for assignment in assignments {
        let content = Assignment {
            source: String::new(),
            ..assignment.clone()
        };
        if disclosure::is_open(assignment) {
            open.record(&content);
        } else {
            any_closed = true;
            closed.record(&content);
        }
    }
    for order in orders {
        if disclosure::is_open(order) {
            open.record(order);
        } else {
            any_closed = true;
            closed.record(order);
        }
    }
    if any_closed {
        format!("{}.{}", open.digits(), closed.digits())
    } else {
        open.digits()
    }
}

struct Hasher(Sha256);

impl Hasher {
    fn digits(self) -> String {
        let hash = self.0.finalize();
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    fn record(&mut self, record: &impl Serialize) {
        // Neither the hasher nor these types can fail to write; a failure would only make two versions differ.
        if serde_json::to_writer(&mut *self, record).is_err() {
            self.0.update(b"unwritable");
        }
        self.0.update(b"\n");
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
