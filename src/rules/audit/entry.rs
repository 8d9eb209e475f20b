//! An entry of the log, and the bytes that its leaf hash is made of.
//!
//! The bytes are an order of fields, not a document: version, number, time, then texts by length and content, so that two
//! different entries never have the same bytes and nothing depends on how a map is written.

use std::fmt::Write as _;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::tree::{Hash, leaf_hash};

/// The form of the bytes.
const VERSION: u8 = 1;

/// State of a row that was removed.
pub const GONE: &str = "gone";

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number, ascending by one from 1; the leaf's index is one less.
    pub entry: u64,
    /// When, to the microsecond.
    pub time: Timestamp,
    /// Who: an account, `command line`, `system`, or `-` for a caller nobody knows.
    pub actor: String,
    /// What: an operation of the API or of the command line, or what the service did by itself.
    pub action: String,
    /// To what: `table/key`, a path, a file.
    pub subject: String,
    /// Whether it was done; otherwise it was refused and what was before stays.
    pub accepted: bool,
    /// What was in force before, where something was.
    pub version_before: Option<String>,
    /// What is in force since.
    pub version_after: Option<String>,
    /// SHA-256 of the request's body or of the file, hexadecimal.
    pub sha256: Option<String>,
    /// SHA-256 of the subject's row, or of the set of rows it belongs to, after the change, hexadecimal; [`GONE`]: it was
    /// removed.
    pub state: Option<String>,
    /// Why it was refused, or how it came about.
    pub reason: Option<String>,
}

impl Entry {
    /// The bytes that are hashed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        // Taken apart, so that a field that is added cannot be forgotten here.
        let Self {
            entry,
            time,
            actor,
            action,
            subject,
            accepted,
            version_before,
            version_after,
            sha256,
            state,
            reason,
        } = self;
        let mut bytes = Encoder::new(VERSION);
        bytes.int(entry.cast_signed());
        bytes.int(time.as_microsecond());
        bytes.text(actor);
        bytes.text(action);
        bytes.text(subject);
        bytes.int(i64::from(*accepted));
        for text in [version_before, version_after, sha256, state, reason] {
            bytes.text_or_null(text.as_deref());
        }
        bytes.finish()
    }

    /// Its leaf in the tree.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.bytes())
    }
}

/// Writes values one after the other so that they can be told apart again: integers in eight bytes, big endian; texts as
/// UTF-8 after their length in eight bytes; a byte says whether there is a value at all.
#[derive(Debug, Clone)]
pub struct Encoder(Vec<u8>);

impl Encoder {
    /// Begins with the version of the form.
    #[must_use]
    pub fn new(version: u8) -> Self {
        Self(vec![version])
    }

    /// An integer.
    pub fn int(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&(text.len() as u64).to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// An integer, or none.
    pub fn int_or_null(&mut self, value: Option<i64>) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            self.int(value);
        }
    }

    /// A text, or none.
    pub fn text_or_null(&mut self, text: Option<&str>) {
        self.0.push(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// All bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// SHA-256 of all bytes.
    #[must_use]
    pub fn digest(&self) -> Hash {
        Sha256::digest(&self.0).into()
    }
}

/// Bytes as hexadecimal digits, lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let text = String::with_capacity(bytes.len() * 2);
    bytes.iter().fold(text, |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash that these digits stand for.
#[must_use]
pub fn unhex(text: &str) -> Option<Hash> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(hash)
}
