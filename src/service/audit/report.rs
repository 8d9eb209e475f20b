//! What the verifier found.

use serde::Serialize;

use crate::registry::Text;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Entries are numbered without a gap and can be read.
    Sequence,
    /// An entry has the hash that was kept with it.
    Entry,
    /// The subtrees kept with an entry are those over the entries up to it.
    Tree,
    /// The head has the size and the root of the entries.
    Head,
    /// The key is the one the log names.
    Key,
    /// A signed checkpoint is of this log, signed by its key, and its root is that of the entries up to its size.
    Checkpoint,
    /// A row is as its last entry left it.
    Row,
    /// The assignments together are as the last entry left them.
    Set,
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// What was looked at.
    pub check: Check,
    /// The entry, where it is one, or the last that speaks of the row.
    pub entry: Option<u64>,
    /// The row, `table/key`, where it is one.
    pub row: Option<String>,
    /// What is wrong.
    pub text: Text,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the log.
    pub origin: String,
    /// Entries read.
    pub entries: u64,
    /// The root over them, hexadecimal.
    pub root: String,
    /// The key the log names last.
    pub public_key: Option<String>,
    /// Checkpoints that were compared.
    pub checkpoints: u64,
    /// The largest size one of them vouches for; changes after it by who holds the key cannot be found.
    pub vouched: u64,
    /// Rows compared with what the log says of them.
    pub rows: u64,
    /// Faults of any kind.
    pub faults_total: u64,
    /// The first of each kind that matter: entries ascending, then rows; at most 100.
    pub faults: Vec<Fault>,
}

/// Faults that are told one by one.
const FAULTS_MAX: usize = 100;

impl Report {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults_total == 0
    }

    /// The first bad entry.
    #[must_use]
    pub fn first_bad_entry(&self) -> Option<u64> {
        let about_entries = self
            .faults
            .iter()
            .filter(|fault| matches!(fault.check, Check::Sequence | Check::Entry | Check::Tree));
        about_entries.filter_map(|fault| fault.entry).min()
    }

    pub(super) fn fault(&mut self, check: Check, entry: Option<u64>, row: Option<String>, text: Text) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault {
                check,
                entry,
                row,
                text,
            });
        }
    }
}
