//! Who acts, for the length of a piece of work: what is noted meanwhile names them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use sha2::{Digest, Sha256};

use super::AuditNote;
use crate::audit::hex;

/// Keys that one entry names at most; of more it tells how many.
const KEYS_MAX: usize = 20;
/// Keys that are told apart at most.
const KEYS_COUNTED: usize = 10_000;

tokio::task_local! {
    static CURRENT: Arc<Origin>;
}

/// Who acts, by what operation.
#[derive(Debug)]
pub struct Origin {
    actor: String,
    action: String,
    /// Hash of the request's body as far as it was read; `None`: it may hold secrets, or there is none.
    body: Option<Mutex<Sha256>>,
    noted: AtomicBool,
    shown: Mutex<BTreeSet<String>>,
}

impl Origin {
    /// Somebody at an operation.
    #[must_use]
    pub fn new(actor: &str, action: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            action: action.to_owned(),
            body: None,
            noted: AtomicBool::new(false),
            shown: Mutex::default(),
        }
    }

    /// The same, whose request has a body to be hashed as it is read.
    #[must_use]
    pub fn with_body(self) -> Self {
        Self {
            body: Some(Mutex::new(Sha256::new())),
            ..self
        }
    }

    /// Takes a piece of the body.
    pub fn read(&self, data: &[u8]) {
        if let Some(body) = &self.body {
            lock(body).update(data);
        }
    }

    /// What is still to be noted once the work is done: the change, where nothing of it was noted on the way, and the
    /// confidential records that were shown.
    #[must_use]
    pub fn left_over(&self, changed: bool, subject: &str) -> Vec<AuditNote> {
        let mut notes = Vec::new();
        if changed && !self.noted.load(Relaxed) {
            notes.push(AuditNote {
                actor: self.actor.clone(),
                sha256: self.body_sha256(),
                ..AuditNote::of(&self.action, subject)
            });
        }
        let shown = lock(&self.shown);
        if !shown.is_empty() {
            let named: Vec<&str> = shown.iter().take(KEYS_MAX).map(String::as_str).collect();
            let more = match shown.len() - named.len() {
                0 => String::new(),
                more => format!(" +{more}"),
            };
            notes.push(AuditNote {
                actor: self.actor.clone(),
                reason: Some(self.action.clone()),
                ..AuditNote::of("read_confidential", &format!("{}{more}", named.join(" ")))
            });
        }
        notes
    }

    /// Fills in what a note leaves open.
    pub(super) fn sign(origin: Option<&Self>, note: &mut AuditNote) {
        if note.actor.is_empty() {
            note.actor = origin.map_or("system", |origin| &origin.actor).to_owned();
        }
        let Some(origin) = origin else { return };
        if note.sha256.is_none() && note.action == origin.action {
            note.sha256 = origin.body_sha256();
        }
    }

    /// The operation.
    pub(super) fn action(&self) -> &str {
        &self.action
    }

    /// Something of it is in the log.
    pub(super) fn set_noted(&self) {
        self.noted.store(true, Relaxed);
    }

    fn body_sha256(&self) -> Option<String> {
        let body = lock(self.body.as_ref()?).clone();
        Some(hex(&body.finalize()))
    }
}

/// Runs `work` as `origin`.
pub async fn acting<F: Future>(origin: Arc<Origin>, work: F) -> F::Output {
    CURRENT.scope(origin, work).await
}

/// Who acts in this task, if anybody but the service.
#[must_use]
pub fn current() -> Option<Arc<Origin>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// A confidential record was put into the answer of whoever acts here.
pub fn shown(key: &str) {
    let _ = CURRENT.try_with(|origin| {
        let mut shown = lock(&origin.shown);
        if shown.len() < KEYS_COUNTED && !shown.contains(key) {
            shown.insert(key.to_owned());
        }
    });
}

/// Whoever acts here succeeds without changing anything: a question, a trial, an answer given again.
pub fn nothing_changed() {
    let _ = CURRENT.try_with(|origin| origin.set_noted());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
