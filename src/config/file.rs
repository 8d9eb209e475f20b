//! The configuration as typed: TOML overlaid with the environment, every key known, nothing judged yet.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Config, ConfigError, EvidenceConfig, Fault,
    alarm::{AlarmFile, Known, SmtpFile, validate_alarm},
    fault::explain,
    identity::{AuthFile, TlsFile},
    named,
    receiver::{ReceiverFile, validate_receivers},
};

const ENVIRONMENT_PREFIX: &str = "PINPU__";

#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConfigFile {
    server: ServerFile,
    auth: AuthFile,
    data: DataFile,
    database: DatabaseFile,
    log: LogFile,
    detection: DetectionFile,
    spectra: SpectraFile,
    registry: RegistryFile,
    coordination: CoordinationFile,
    disclosure: DisclosureFile,
    paws: PawsFile,
    #[serde(rename = "use")]
    usage: UseFile,
    attachments: AttachmentsFile,
    evidence: EvidenceFile,
    alarm: AlarmFile,
    smtp: SmtpFile,
    receiver: Vec<ReceiverFile>,
    /// What secrets are looked up in; never part of the file.
    #[serde(skip)]
    environment: BTreeMap<String, String>,
}

macro_rules! section {
    ($name:ident { $($key:ident: $type:ty = $default:expr),+ $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct $name { $($key: $type),+ }
        impl Default for $name {
            fn default() -> Self { Self { $($key: $default),+ } }
        }
    };
}

section!(ServerFile {
    listen: String = "127.0.0.1:7373".into(),
    trust_proxy: bool = false,
    metrics_token: String = String::new(),
    tls: TlsFile = TlsFile::default(),
});
section!(DataFile {
    dir: std::path::PathBuf = "pinpu-data".into()
});
section!(DatabaseFile {
    url: String = String::new()
});
section!(LogFile {
    filter: String = "info".into(),
    format: String = "text".into()
});
section!(DetectionFile {
    false_alarms_per_day_mhz: f64 = 1.0
});
section!(SpectraFile {
    frames_per_s: f64 = 20.0,
    stored_bins: usize = 1024,
    retention_days: u32 = 3,
});
section!(RegistryFile {
    seed_china: bool = true,
    control_orders: std::path::PathBuf = std::path::PathBuf::new(),
    rules: std::path::PathBuf = std::path::PathBuf::new(),
});
section!(CoordinationFile {
    policy: std::path::PathBuf = std::path::PathBuf::new()
});
section!(DisclosureFile {
    policy: std::path::PathBuf = std::path::PathBuf::new()
});
section!(PawsFile {
    rules: std::path::PathBuf = std::path::PathBuf::new()
});
section!(UseFile {
    days: u32 = 30,
    every_h: u32 = 24,
});
section!(AttachmentsFile { max_mib: u32 = 20 });
section!(EvidenceFile {
    ring_mib: u32 = 32,
    cut_s: f64 = 1.0,
    disk_mib: u32 = 4096,
    task_disk_mib: u32 = 2048,
    retention_days: u32 = 366,
});

impl EvidenceFile {
    fn check(&self, faults: &mut Faults) {
        faults.unless(self.ring_mib <= 4096, "evidence.ring_mib", "write 0 to 4096");
        faults.unless((0.1..=60.0).contains(&self.cut_s), "evidence.cut_s", "write 0.1 to 60");
        faults.unless(
            (1..=36_500).contains(&self.retention_days),
            "evidence.retention_days",
            "write 1 to 36500",
        );
    }

    fn config(&self) -> EvidenceConfig {
        EvidenceConfig {
            ring_bytes: (self.ring_mib as usize) << 20,
            cut_s: self.cut_s,
            disk_bytes_max: u64::from(self.disk_mib) << 20,
            task_disk_bytes_max: u64::from(self.task_disk_mib) << 20,
            retention_days: self.retention_days,
        }
    }
}

impl AttachmentsFile {
    fn check(&self, faults: &mut Faults) {
        faults.unless(
            (1..=1024).contains(&self.max_mib),
            "attachments.max_mib",
            "write 1 to 1024",
        );
    }
}

impl DetectionFile {
    fn check(&self, faults: &mut Faults) {
        faults.unless(
            (1e-6..=1e6).contains(&self.false_alarms_per_day_mhz),
            "detection.false_alarms_per_day_mhz",
            "write a number between 0.000001 and 1000000",
        );
    }
}

impl UseFile {
    fn check(&self, faults: &mut Faults) {
        faults.unless((1..=366).contains(&self.days), "use.days", "write 1 to 366");
        faults.unless(self.every_h <= 8784, "use.every_h", "write 0 to 8784");
    }
}

impl SpectraFile {
    fn check(&self, faults: &mut Faults) {
        faults.unless(
            (1.0..=50.0).contains(&self.frames_per_s),
            "spectra.frames_per_s",
            "write 1 to 50",
        );
        faults.unless(
            (64..=8192).contains(&self.stored_bins),
            "spectra.stored_bins",
            "write 64 to 8192",
        );
        faults.unless(
            (1..=3650).contains(&self.retention_days),
            "spectra.retention_days",
            "write 1 to 3650",
        );
    }
}

impl ConfigFile {
    pub(super) fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table: toml::Table = text.parse()?;
        let environment: BTreeMap<String, String> = environment.collect();
        for (name, value) in &environment {
            if let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) {
                overlay(&mut table, name, path, value)?;
            }
        }
        let read: Result<Self, _> = serde_path_to_error::deserialize(toml::Value::Table(table));
        let file = read.map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            ConfigError::Faults(vec![explain(&path, error.inner().message())])
        })?;
        Ok(Self { environment, ..file })
    }

    pub(super) fn validate(self) -> Result<Config, ConfigError> {
        let mut faults = Faults::default();
        let listen = self.server.listen.parse().ok();
        faults.unless(
            listen.is_some(),
            "server.listen",
            "write address and port, such as \"127.0.0.1:7373\" or \"[::1]:7373\"",
        );
        let url = self.database.url;
        faults.unless(
            url.is_empty() || url.starts_with("sqlite://") || url.starts_with("postgres://"),
            "database.url",
            "write \"sqlite:///path/pinpu.db\" or \"postgres://user:password@host:5432/pinpu\", or leave it empty",
        );
        faults.unless(
            matches!(self.log.format.as_str(), "text" | "json"),
            "log.format",
            "write \"text\" or \"json\"",
        );
        self.detection.check(&mut faults);
        let spectra = self.spectra;
        spectra.check(&mut faults);
        let tls = self.server.tls.validate(&mut faults);
        let oidc = self.auth.oidc.validate(&mut faults);
        let token = self.server.metrics_token;
        faults.unless(
            token.is_empty() || token.len() >= 16,
            "server.metrics_token",
            "write at least 16 random characters, or leave it empty",
        );
        self.attachments.check(&mut faults);
        self.evidence.check(&mut faults);
        self.usage.check(&mut faults);
        let receivers = validate_receivers(self.receiver, &mut faults);
        let known = Known {
            receivers: receivers.iter().map(|receiver| receiver.id.as_str()).collect(),
            environment: &|name| self.environment.get(name).cloned(),
        };
        let alarm = validate_alarm(self.alarm, self.smtp, &known, &mut faults);
        match (listen, faults.0.is_empty()) {
            (Some(listen), true) => Ok(Config {
                listen,
                trust_proxy: self.server.trust_proxy,
                tls,
                oidc,
                metrics_token: (!token.is_empty()).then_some(token),
                data_dir: self.data.dir,
                database_url: (!url.is_empty()).then_some(url),
                log_filter: self.log.filter,
                log_json: self.log.format == "json",
                false_alarms_per_day_mhz: self.detection.false_alarms_per_day_mhz,
                frames_per_s: spectra.frames_per_s,
                stored_bins: spectra.stored_bins,
                retention_days: spectra.retention_days,
                seed_china: self.registry.seed_china,
                control_orders: named(self.registry.control_orders),
                rules: named(self.registry.rules),
                coordination_policy: named(self.coordination.policy),
                disclosure_policy: named(self.disclosure.policy),
                paws_rules: named(self.paws.rules),
                attachment_bytes_max: u64::from(self.attachments.max_mib) << 20,
                evidence: self.evidence.config(),
                alarm,
                use_days: self.usage.days,
                use_every_h: self.usage.every_h,
                receivers,
            }),
            _ => Err(ConfigError::Faults(faults.0)),
        }
    }
}

/// Collects faults so that a person sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    pub(super) fn unless(&mut self, holds: bool, path: impl Into<String>, reason: impl Into<String>) {
        if !holds {
            self.0.push(Fault {
                path: path.into(),
                reason: reason.into(),
            });
        }
    }
}

/// Sets `SECTION__KEY` in the table; numbers and booleans are recognised, everything else is text.
fn overlay(table: &mut toml::Table, name: &str, path: &str, value: &str) -> Result<(), ConfigError> {
    let fault = |reason: &str| {
        ConfigError::Faults(vec![Fault {
            path: name.to_owned(),
            reason: reason.to_owned(),
        }])
    };
    let path = path.to_ascii_lowercase();
    let Some((sections, key)) = path.rsplit_once("__") else {
        return Err(fault("write PINPU__SECTION__KEY, such as PINPU__SERVER__LISTEN"));
    };
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .filter(|value| !value.is_datetime())
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut at = table;
    for section in sections.split("__") {
        let entry = at
            .entry(section)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        match entry.as_table_mut() {
            Some(section) => at = section,
            None => return Err(fault("this section is a list; set it in the configuration file")),
        }
    }
    at.insert(key.to_owned(), value);
    Ok(())
}
