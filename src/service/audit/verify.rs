//! The verifier: reads the whole log and everything it vouches for, and recomputes all of it.
//!
//! 1. Entries in order: numbers without a gap; the hash of each; the subtrees it completes; the tree over them.
//! 2. The head: size, root, subtrees.
//! 3. Keys and checkpoints: those kept in the database, and those the caller brings. A checkpoint binds every entry up to
//!    its size to what it was when it was signed.
//! 4. Every row of the tables vouched for against the last entry that speaks of it, and the assignments as a whole.
//!
//! Who holds the signing key and the database can write another log after the newest checkpoint that is kept out of
//! their reach; nothing here finds that.

use std::collections::{BTreeMap, HashMap};

use super::{
    KEY_NOTED,
    report::{Check, Report},
};
use crate::{
    Result,
    audit::{Checkpoint, CheckpointError, Entry, GONE, Hash, PublicKey, Tree, hex},
    registry::Text,
    store::{LogReader, LoggedEntry, ROWS, SETS, StoredHead},
};

/// What the log is held against besides itself.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The key in the data folder, where it is at hand.
    pub key: Option<PublicKey>,
    /// The key the caller relies on; without one, those the log names.
    pub trusted: Option<PublicKey>,
    /// Checkpoints from elsewhere: where from, and the text.
    pub checkpoints: Vec<(String, String)>,
}

/// The last that the log says of a row.
#[derive(Debug, Clone)]
struct Last {
    entry: u64,
    state: String,
}

/// What the entries come to.
struct Log {
    tree: Tree,
    /// By table, then by key; the key of a set is empty.
    rows: HashMap<&'static str, HashMap<String, Last>>,
    keys: Vec<PublicKey>,
    /// Roots at the sizes that checkpoints speak of.
    roots: BTreeMap<u64, Option<Hash>>,
}

/// Verifies everything. `progress` hears of every page how many rows it had.
///
/// # Errors
/// `Store` when reading fails: the database itself is damaged, or does not answer.
pub async fn verify(reader: &mut LogReader, wanted: &Wanted, progress: &(dyn Fn(u64) + Send + Sync)) -> Result<Report> {
    let mut report = Report {
        origin: String::new(),
        entries: 0,
        root: String::new(),
        public_key: None,
        checkpoints: 0,
        vouched: 0,
        rows: 0,
        faults_total: 0,
        faults: Vec::new(),
    };
    let head = reader.head().await?;
    let kept = reader.checkpoints().await?;
    let checkpoints: Vec<(String, String)> = kept
        .into_iter()
        .map(|(size, note)| (format!("audit_checkpoints/{size}"), note))
        .chain(wanted.checkpoints.iter().cloned())
        .collect();
    let log = read_log(reader, &checkpoints, &mut report, progress).await?;
    report.entries = log.tree.size();
    report.root = hex(&log.tree.root());
    report.public_key = log.keys.last().map(ToString::to_string);
    check_head(&log, head.as_ref(), &mut report);
    check_keys(&log, wanted, &mut report);
    check_checkpoints(&log, &checkpoints, wanted, head.as_ref(), &mut report);
    check_rows(&log, reader, &mut report, progress).await?;
    Ok(report)
}

/// Reads and recomputes the entries.
async fn read_log(
    reader: &mut LogReader,
    checkpoints: &[(String, String)],
    report: &mut Report,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<Log> {
    // Sizes as the texts claim them; whether the texts can be relied on is looked at later.
    let sizes = checkpoints.iter().filter_map(|(_, text)| claimed_size(text));
    let mut log = Log {
        tree: Tree::default(),
        rows: HashMap::new(),
        keys: Vec::new(),
        roots: sizes.map(|size| (size, None)).collect(),
    };
    if let Some(root) = log.roots.get_mut(&0) {
        *root = Some(log.tree.root());
    }
    let mut after = i64::MIN;
    loop {
        let page = reader.entries(after).await?;
        let Some(last) = page.last() else { return Ok(log) };
        after = last.number.cast_signed();
        progress(page.len() as u64);
        for logged in &page {
            log.take(logged, report);
        }
    }
}

fn claimed_size(text: &str) -> Option<u64> {
    text.lines().nth(1)?.parse().ok()
}

impl Log {
    fn take(&mut self, logged: &LoggedEntry, report: &mut Report) {
        let (number, expected) = (logged.number, self.tree.size() + 1);
        if number != expected {
            let text = words(
                format!("应为第 {expected} 条，实为第 {number} 条：有条目被删除或插入"),
                format!("number {expected} is missing, {number} follows: entries were removed or added"),
            );
            report.fault(Check::Sequence, Some(expected), None, text);
        }
        let kept = logged.completed().unwrap_or_default();
        let leaf = match &logged.entry {
            Some(entry) => entry.leaf_hash(),
            None => {
                let text = words("条目无法读取", "the entry cannot be read");
                report.fault(Check::Sequence, Some(number), None, text);
                kept.first().copied().unwrap_or_default()
            }
        };
        let completed = self.tree.append(leaf);
        if kept.first() != completed.first() {
            let text = words(
                "条目内容与其散列值不符：条目被改动",
                "the entry does not have the hash kept with it: it was changed",
            );
            report.fault(Check::Entry, Some(number), None, text);
        } else if kept != completed {
            let text = words(
                "该条目的子树散列值与此前条目不符：此条或更早的条目被改动",
                "the subtrees kept with the entry are not those over the entries up to it: this or an earlier one was \
                 changed",
            );
            report.fault(Check::Tree, Some(number), None, text);
        }
        if let Some(root) = self.roots.get_mut(&self.tree.size()) {
            *root = Some(self.tree.root());
        }
        if let Some(entry) = &logged.entry {
            self.remember(entry);
        }
    }

    fn remember(&mut self, entry: &Entry) {
        if entry.action == KEY_NOTED {
            self.keys
                .extend(entry.version_after.as_deref().and_then(PublicKey::parse));
        }
        let Some(state) = &entry.state else { return };
        let (table, key) = entry.subject.split_once('/').unwrap_or((&entry.subject, ""));
        let last = Last {
            entry: entry.entry,
            state: state.clone(),
        };
        if let Some(table) = ROWS.iter().find(|known| known.name == table) {
            self.rows.entry(table.name).or_default().insert(key.to_owned(), last);
        } else if let Some(set) = SETS.iter().find(|known| **known == table) {
            self.rows.entry(*set).or_default().insert(String::new(), last);
        }
    }
}

fn check_head(log: &Log, head: Option<&StoredHead>, report: &mut Report) {
    let Some(head) = head else {
        let text = words("日志头被删除", "the head of the log was taken away");
        return report.fault(Check::Head, None, None, text);
    };
    report.origin.clone_from(&head.origin);
    let (size, found) = (head.size, log.tree.size());
    if size != found {
        let text = words(
            format!("日志头记有 {size} 条，实有 {found} 条"),
            format!("the head says {size} entries, there are {found}"),
        );
        report.fault(Check::Head, Some(size.min(found) + 1), None, text);
    } else if head.root != log.tree.root() || head.peaks != log.tree.peaks().concat() {
        let text = words(
            "日志头的根散列值与条目不符",
            "the root in the head is not that of the entries",
        );
        report.fault(Check::Head, None, None, text);
    }
}

fn check_keys(log: &Log, wanted: &Wanted, report: &mut Report) {
    for (key, zh, en) in [
        (&wanted.key, "数据目录中的密钥", "the key in the data folder"),
        (&wanted.trusted, "给定的公钥", "the key given"),
    ] {
        let Some(key) = key else { continue };
        if log.keys.last() != Some(key) {
            let text = words(
                format!("{zh}与日志最后记载的密钥不同"),
                format!("{en} is not the one the log names last"),
            );
            report.fault(Check::Key, None, None, text);
        }
    }
}

fn check_checkpoints(
    log: &Log,
    checkpoints: &[(String, String)],
    wanted: &Wanted,
    head: Option<&StoredHead>,
    report: &mut Report,
) {
    let trusted: Vec<PublicKey> = wanted.trusted.iter().cloned().collect();
    let keys = if trusted.is_empty() { &log.keys } else { &trusted };
    for (name, text) in checkpoints {
        report.checkpoints += 1;
        let checkpoint = match Checkpoint::open(text, keys) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                report.fault(Check::Checkpoint, None, Some(name.clone()), reason(error));
                continue;
            }
        };
        let size = checkpoint.size;
        let found = log.tree.size();
        let root = log.roots.get(&size).copied().flatten();
        let text = if head.is_some_and(|head| head.origin != checkpoint.origin) {
            words(
                format!("检查点属于另一日志 {}", checkpoint.origin),
                format!("the checkpoint is of another log, {}", checkpoint.origin),
            )
        } else if size > found {
            words(
                format!("检查点签署时有 {size} 条，现仅有 {found} 条：日志末尾被截断"),
                format!(
                    "there were {size} entries when the checkpoint was signed and there are {found}: the end was cut off"
                ),
            )
        } else if root != Some(checkpoint.root) {
            words(
                format!("检查点签署之后，前 {size} 条中有条目被改动"),
                format!("one of the first {size} entries was changed after the checkpoint was signed"),
            )
        } else {
            report.vouched = report.vouched.max(size);
            continue;
        };
        let entry = (size > found).then_some(found + 1);
        report.fault(Check::Checkpoint, entry, Some(name.clone()), text);
    }
}

fn reason(error: CheckpointError) -> Text {
    match error {
        CheckpointError::Form => words("不是检查点文本", "this is not the text of a checkpoint"),
        CheckpointError::Key => words(
            "检查点由日志未记载的密钥签署",
            "the checkpoint is signed by a key that the log does not name",
        ),
        CheckpointError::Signature => words(
            "检查点签名错误：签署后被改动",
            "the signature is wrong: the checkpoint was changed after it was signed",
        ),
    }
}

/// Rows against the last entries that speak of them.
async fn check_rows(
    log: &Log,
    reader: &mut LogReader,
    report: &mut Report,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<()> {
    let none = HashMap::new();
    for table in ROWS {
        let said = log.rows.get(table.name).unwrap_or(&none);
        let mut found = reader.states(table, progress).await?;
        report.rows += found.len() as u64;
        let mut keys: Vec<(&String, &Last)> = said.iter().collect();
        keys.sort_by_key(|(_, last)| last.entry);
        for (key, last) in keys {
            let text = match (found.remove(key), last.state.as_str()) {
                (None, GONE) => continue,
                (Some(state), said) if state == said => continue,
                (None, _) => words(
                    "记录被删除，日志未记载",
                    "the row was removed and the log does not say so",
                ),
                (Some(_), GONE) => words(
                    "日志记载已删除的记录仍然存在",
                    "the row is there though the log says that it was removed",
                ),
                (Some(_), _) => words(
                    "记录被改动，日志未记载",
                    "the row was changed and the log does not say so",
                ),
            };
            let row = format!("{}/{key}", table.name);
            report.fault(Check::Row, Some(last.entry), Some(row), text);
        }
        let mut others: Vec<String> = found.into_keys().collect();
        others.sort();
        for key in others {
            let text = words(
                "记录被添加，日志未记载",
                "the row was added and the log does not say so",
            );
            report.fault(Check::Row, None, Some(format!("{}/{key}", table.name)), text);
        }
    }
    check_assignments(log, reader, report, progress).await
}

async fn check_assignments(
    log: &Log,
    reader: &mut LogReader,
    report: &mut Report,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<()> {
    let [set] = SETS;
    let (found, kept) = reader.assignments(progress).await?;
    report.rows += found.count();
    let last = log.rows.get(set).and_then(|rows| rows.get(""));
    let agrees = match last {
        Some(last) => last.state == hex(&found.digest()),
        None => found.count() == 0,
    };
    let entry = last.map(|last| last.entry);
    if !agrees {
        let count = found.count();
        let text = words(
            format!("指配（现 {count} 条）与日志记载的最后状态不符：有指配被添加、删除或改动"),
            format!(
                "the assignments ({count} now) are not what the log left: one was added, removed or changed behind its back"
            ),
        );
        report.fault(Check::Set, entry, Some(set.to_owned()), text);
    } else if kept.as_ref() != Some(&found) {
        let text = words(
            "指配的累计散列值被改动",
            "the running sum kept for the assignments was changed",
        );
        report.fault(Check::Set, entry, Some("audit_sums/assignments".to_owned()), text);
    }
    Ok(())
}

fn words(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text::new(zh, en)
}
