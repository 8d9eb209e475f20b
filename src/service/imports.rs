//! Registry files: read whole, reported whole, applied whole or not at all.

use super::registry::RegistryService;
use crate::{
    Result,
    registry::{
        Allocation, AllocationTable, Text,
        import::{BadRow, ImportReport, Kind, compare, merge_rows, parse_allocations, parse_assignments},
    },
};

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Rows below the header.
    pub rows_read: u64,
    /// Rows with at least one fault.
    pub rows_bad: u64,
    /// Every fault.
    pub bad: Vec<BadRow>,
    /// New records.
    pub added: u64,
    /// Records that change.
    pub updated: u64,
    /// Records that stay.
    pub unchanged: u64,
    /// Whether it was done.
    pub applied: bool,
}

/// Reads a CSV file and, unless it is a rehearsal or any row is bad, applies it.
///
/// # Errors
/// `Invalid` when a key occurs twice; `Store` or `Unavailable` when it cannot be stored. Then nothing was changed.
pub async fn import(
    registry: &RegistryService,
    kind: Kind,
    csv: &[u8],
    name: &str,
    actor: &str,
    dry_run: bool,
) -> Result<Outcome> {
    match kind {
        Kind::Assignments => {
            let report = parse_assignments(csv, name);
            let changes = registry.preview(&report.ok);
            let mut outcome = outcome(
                &report,
                [changes.added.len(), changes.updated.len(), changes.unchanged.len()],
            );
            if report.is_clean() && !dry_run {
                let record = registry.import_assignments(report.ok, name, actor).await?;
                (outcome.added, outcome.updated, outcome.unchanged) =
                    (record.counts.added, record.counts.updated, record.counts.unchanged);
                outcome.applied = true;
            }
            Ok(outcome)
        }
        Kind::Allocations => {
            let report = parse_allocations(csv, name);
            let current = registry.current();
            let known: &[Allocation] = current.tables().first().map_or(&[], |table| &table.rows);
            let changes = compare(known, &report.ok);
            let mut outcome = outcome(
                &report,
                [changes.added.len(), changes.updated.len(), changes.unchanged.len()],
            );
            if report.is_clean() && !dry_run {
                registry
                    .import_table(merged(current.tables().first(), report.ok), name, actor)
                    .await?;
                outcome.applied = true;
            }
            Ok(outcome)
        }
    }
}

fn outcome<T>(report: &ImportReport<T>, [added, updated, unchanged]: [usize; 3]) -> Outcome {
    Outcome {
        rows_read: report.rows_read,
        rows_bad: report.rows_bad,
        bad: report.bad.clone(),
        added: added as u64,
        updated: updated as u64,
        unchanged: unchanged as u64,
        applied: false,
    }
}

/// The table that imported rows go to: the first, which is the national one, or a new one.
fn merged(table: Option<&AllocationTable>, rows: Vec<Allocation>) -> AllocationTable {
    let table = table.cloned().unwrap_or_else(|| AllocationTable {
        id: "local".to_owned(),
        jurisdiction: "CN".to_owned(),
        edition: "imported".to_owned(),
        effective_from: "1970-01-01".to_owned(),
        title: Text::new("导入的划分表", "Imported table"),
        notice: Text::default(),
        complete: false,
        rows: Vec::new(),
    });
    merge_rows(table, rows)
}
