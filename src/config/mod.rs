//! What was typed in the configuration file, and what was validated from it.
//!
//! `file` is the text as people write it; `Config` is what the program runs on. Every fault is reported with its key
//! path, all of them at once, and an unknown key names the nearest known one.

pub mod alarm;
mod calibration;
mod fault;
mod file;
mod identity;
mod plan;
mod receiver;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub use alarm::AlarmConfig;
pub use calibration::{CALIBRATION_EXAMPLE, load_calibration, parse_calibration};
pub use fault::{ConfigError, Fault};
pub use identity::{MachineConfig, MachineScope, OidcConfig, RoleConfig, TlsConfig};
pub use plan::{PlanConfig, parse_band};
pub use receiver::{ReceiverConfig, SiteConfig, Source};

use file::ConfigFile;

/// The manual of the configuration: every key with comment, unit and default.
pub const MANUAL: &str = include_str!("../../config/pinpu.toml");

/// What the service keeps by itself with a conflict it opens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvidenceConfig {
    /// Memory for the last samples of each receiver; 0: none, and no samples are kept with conflicts.
    pub ring_bytes: usize,
    /// Length of the samples kept with a conflict.
    pub cut_s: f64,
    /// Disk that all evidence together may take; 0: nothing is kept.
    pub disk_bytes_max: u64,
    /// Disk that the recordings of all measuring tasks may take; 0: none are made.
    pub task_disk_bytes_max: u64,
    /// Days after which the evidence of a settled conflict is removed.
    pub retention_days: u32,
}

/// Validated configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Address of the API and the console.
    pub listen: SocketAddr,
    /// A reverse proxy on this machine tells the caller's address.
    pub trust_proxy: bool,
    /// TLS of the service's own; `None`: it speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// The identity provider; `None`: people log in with passwords alone.
    pub oidc: Option<OidcConfig>,
    /// Token with which other machines may read the metrics.
    pub metrics_token: Option<String>,
    /// Folder for everything that is kept.
    pub data_dir: PathBuf,
    /// Database URL; `None`: SQLite in the data folder.
    pub database_url: Option<String>,
    /// Log filter.
    pub log_filter: String,
    /// Log lines as JSON.
    pub log_json: bool,
    /// False alarms accepted per day and MHz.
    pub false_alarms_per_day_mhz: f64,
    /// Live frames per second and receiver.
    pub frames_per_s: f64,
    /// Bins of a stored frame.
    pub stored_bins: usize,
    /// Days for which frames of each second are kept.
    pub retention_days: u32,
    /// Load the built-in table of China at the first start.
    pub seed_china: bool,
    /// File of the radio control orders in force.
    pub control_orders: Option<PathBuf>,
    /// File of the policy of coordination; `None`: the built-in one.
    pub coordination_policy: Option<PathBuf>,
    /// File of the policy of disclosure; `None`: the built-in one.
    pub disclosure_policy: Option<PathBuf>,
    /// File of the rulesets for devices that ask by PAWS; `None`: there are none.
    pub paws_rules: Option<PathBuf>,
    /// File of the rules verdicts are made by; `None`: the built-in ones.
    pub rules: Option<PathBuf>,
    /// Largest file that may be attached to a conflict.
    pub attachment_bytes_max: u64,
    /// What is kept by itself with a conflict.
    pub evidence: EvidenceConfig,
    /// Who is told of conflicts.
    pub alarm: AlarmConfig,
    /// Days of observation that the use of assignments is judged from.
    pub use_days: u32,
    /// Hours between two judgements of the use of assignments; 0: none.
    pub use_every_h: u32,
    /// Receivers; empty: whatever is found.
    pub receivers: Vec<ReceiverConfig>,
}

impl Config {
    /// Reads `path` (or only defaults), overlays the environment, validates.
    ///
    /// # Errors
    /// Every fault with its key path; nothing is half-applied.
    pub fn load(path: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let text = match path {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.to_owned(),
                source,
            })?,
        };
        Self::parse(&text, environment)
    }

    /// As `load`, from text.
    ///
    /// # Errors
    /// As `load`.
    pub fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        ConfigFile::parse(text, environment)?.validate()
    }

    /// The database URL in force.
    #[must_use]
    pub fn effective_database_url(&self) -> String {
        self.database_url
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data_dir.join("pinpu.db").display()))
    }
}

/// A path that is not left empty.
fn named(path: PathBuf) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then_some(path)
}

impl Default for Config {
    #[expect(clippy::expect_used, reason = "the defaults are constants and a test validates them")]
    fn default() -> Self {
        Self::parse("", std::iter::empty()).expect("the defaults are valid")
    }
}

#[cfg(test)]
mod tests;
