//! What is wrong with a configuration, with the path of the key and what to write instead.

use std::{fmt, io, path::PathBuf};

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Key path, such as `receiver[0].center`.
    pub path: String,
    /// What is wrong and what to write.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}", self.reason)
        } else {
            write!(f, "{}: {}", self.path, self.reason)
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration is not valid TOML: {0}")]
    Syntax(#[from] toml::de::Error),
    /// Keys or values are wrong.
    #[error("the configuration has {} fault(s):\n{}", .0.len(), list(.0))]
    Faults(Vec<Fault>),
}

fn list(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(|fault| format!("  {fault}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Rewrites serde's "unknown field" message into one that names the nearest known key.
pub(super) fn explain(path: &str, message: &str) -> Fault {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (Some(unknown), true) = (quoted.first(), message.starts_with("unknown field")) else {
        return Fault {
            path: path.to_owned(),
            reason: message.trim().to_owned(),
        };
    };
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let at = if parent.is_empty() {
        (*unknown).to_owned()
    } else {
        format!("{parent}.{unknown}")
    };
    let nearest = quoted[1..]
        .iter()
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .min_by_key(|(distance, known)| (*distance, known.len()));
    let hint = match nearest {
        Some((distance, known)) if distance <= unknown.len().max(3) / 2 + 1 => format!("did you mean '{known}'?"),
        _ => format!("known keys are {}", quoted[1..].join(", ")),
    };
    Fault {
        path: at,
        reason: format!("unknown key; {hint}"),
    }
}
