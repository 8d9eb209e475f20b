//! What can be kept elsewhere: size and root of the log at a time, signed.
//!
//! ```text
//! pinpu.audit/4k2m…      the log
//! 1234                   entries
//! 8Zx…=                  root, base64
//! time 2026-06-01T08:00:00Z
//!
//! — pinpu.audit/4k2m… Kx9…=
//! ```
//!
//! The signature is Ed25519 (RFC 8032) over everything up to and with the newline before the empty line; in front of it
//! stand four bytes of the key's hash, so that the right key is found.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{entry::hex, tree::Hash};

/// Ed25519, as signed notes number algorithms.
const ED25519: u8 = 1;

/// Size and root of a log at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// When it was signed, to the microsecond.
    pub time: Timestamp,
}

/// Why a text is not a checkpoint that can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is not in the form of a checkpoint.
    #[error("this is not a checkpoint: give a file that `pinpu audit checkpoint` wrote, unchanged")]
    Form,
    /// It is signed, but by none of the keys known.
    #[error("the checkpoint is not signed by this key")]
    Key,
    /// The signature is not right for the text.
    #[error("the signature of the checkpoint is wrong: it was changed after it was signed")]
    Signature,
}

impl Checkpoint {
    fn body(&self) -> String {
        let Self {
            origin,
            size,
            root,
            time,
        } = self;
        format!("{origin}\n{size}\n{}\ntime {time}\n", STANDARD.encode(root))
    }

    /// The signed text.
    #[must_use]
    pub fn sign(&self, key: &SecretKey) -> String {
        let body = self.body();
        let mut signed = key.public().id().to_vec();
        signed.extend_from_slice(&key.0.sign(body.as_bytes()).to_bytes());
        format!("{body}\n— {} {}\n", key.1, STANDARD.encode(signed))
    }

    /// Reads a text that one of `keys` has signed.
    ///
    /// # Errors
    /// It is no checkpoint, of another key, or was changed.
    pub fn open(text: &str, keys: &[PublicKey]) -> Result<Self, CheckpointError> {
        let (body, signatures) = text.split_once("\n\n").ok_or(CheckpointError::Form)?;
        let checkpoint = Self::read(body).ok_or(CheckpointError::Form)?;
        // Exactly the text that was read: nothing in it went unread.
        if checkpoint.body().trim_end_matches('\n') != body {
            return Err(CheckpointError::Form);
        }
        let body = format!("{body}\n");
        let mut outcome = Err(CheckpointError::Key);
        for line in signatures.lines() {
            let (name, signature) = line
                .strip_prefix("— ")
                .and_then(|line| line.split_once(' '))
                .ok_or(CheckpointError::Form)?;
            let signature = STANDARD.decode(signature).map_err(|_| CheckpointError::Form)?;
            let (id, signature) = signature.split_at_checked(4).ok_or(CheckpointError::Form)?;
            let signature = Signature::from_slice(signature).map_err(|_| CheckpointError::Form)?;
            let Some(key) = keys.iter().find(|key| key.name == name && key.id() == id) else {
                continue;
            };
            match key.key.verify_strict(body.as_bytes(), &signature) {
                Ok(()) => return Ok(checkpoint),
                Err(_) => outcome = Err(CheckpointError::Signature),
            }
        }
        outcome
    }

    fn read(body: &str) -> Option<Self> {
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|origin| is_name(origin))?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let time = lines.next()?.strip_prefix("time ")?.parse().ok()?;
        lines.next().is_none().then_some(Self {
            origin,
            size,
            root,
            time,
        })
    }
}

/// A name that stands in one word of a line.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '+')
}

/// The key that signs, with the name of its log.
#[derive(Clone)]
pub struct SecretKey(SigningKey, String);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SecretKey").field(&self.public().to_string()).finish()
    }
}

impl SecretKey {
    /// The key of 32 random bytes.
    #[must_use]
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed), name.to_owned())
    }

    /// The same key for a log of this name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self(self.0, name.to_owned())
    }

    /// The key as it is kept in a file: one line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let public = self.public();
        format!(
            "PRIVATE+KEY+{}+{}+{}",
            self.1,
            hex(&public.id()),
            encoded(&self.0.to_bytes())
        )
    }

    /// Reads it back; nothing where the text is no such key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id, seed) = parts(text.trim().strip_prefix("PRIVATE+KEY+")?)?;
        let key = Self::from_seed(name, &seed);
        (hex(&key.public().id()) == id).then_some(key)
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.1.clone(),
            key: self.0.verifying_key(),
        }
    }
}

/// The key that checks signatures: `name+hash+base64`, as signed notes write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads one; nothing where the text is no such key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id, bytes) = parts(text.trim())?;
        let key = Self {
            name: name.to_owned(),
            key: VerifyingKey::from_bytes(&bytes).ok()?,
        };
        (hex(&key.id()) == id).then_some(key)
    }

    /// The first four bytes of its hash.
    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]);
        let hash = hash.chain_update(self.key.as_bytes()).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), encoded(self.key.as_bytes()))
    }
}

fn encoded(key: &[u8; 32]) -> String {
    let mut bytes = vec![ED25519];
    bytes.extend_from_slice(key);
    STANDARD.encode(bytes)
}

/// Name, hash and key; base64 may itself hold a `+`.
fn parts(text: &str) -> Option<(&str, &str, [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    let bytes = STANDARD.decode(key).ok()?;
    match bytes.split_first()? {
        (&ED25519, key) if is_name(name) => Some((name, id, key.try_into().ok()?)),
        _ => None,
    }
}
