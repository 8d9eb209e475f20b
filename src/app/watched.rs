//! Rules and control orders from files: read at the start, and again when a file changes while the service runs.
//!
//! A file that cannot be read or has a fault changes nothing: what was in force stays, and the log says what is wrong. At
//! the start it is refused instead. Whatever was taken or refused is noted in the audit, with the hash of the file.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{
    Error, Result,
    audit::{Entry, hex},
    config::Config,
    conflict::Rules,
    registry::control,
    service::{
        audit::{Audit, AuditNote, AuditQuery},
        monitoring::until_stopped,
        registry::RegistryService,
        rules::RulesInForce,
    },
};

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The rules of the configuration.
pub(super) fn rules(config: &Config) -> Result<Rules> {
    let read = match &config.rules {
        Some(path) => Rules::parse(&text(path)?, &path.display().to_string()),
        None => Rules::builtin(),
    };
    read.map_err(|error| Error::Invalid(error.to_string()))
}

/// The files that are watched, with what they hold.
pub(super) struct Watched {
    rules: Option<File>,
    orders: Option<File>,
    in_force: RulesInForce,
    registry: RegistryService,
    audit: Audit,
}

/// A file with the state it was last looked at in.
struct File {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

impl Watched {
    /// Puts the control orders of the configuration in force.
    pub(super) async fn start(
        config: &Config,
        in_force: RulesInForce,
        registry: RegistryService,
        audit: Audit,
    ) -> Result<Self> {
        let mut watched = Self {
            rules: config.rules.clone().map(File::new),
            orders: config.control_orders.clone().map(File::new),
            in_force,
            registry,
            audit,
        };
        watched.rules.as_mut().map(File::has_changed);
        watched.note_start().await?;
        watched.note_configured(config).await?;
        if let Some(file) = &mut watched.orders {
            file.has_changed();
            let path = file.path.clone();
            let taken = watched.put_orders(&path).await;
            let before = watched.last(ORDERS).await?;
            if taken.outcome.is_err() || before.as_ref() != Some(&taken.version_after) {
                watched.note(ORDERS, &path, &taken, before).await?;
            }
            taken.outcome?;
        }
        Ok(watched)
    }

    /// Looks after the files until stopping is asked for.
    pub(super) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        if self.rules.is_none() && self.orders.is_none() {
            return;
        }
        loop {
            tokio::select! {
                () = until_stopped(&mut stopping) => return,
                () = tokio::time::sleep(LOOK_EVERY) => self.look().await,
            }
        }
    }

    async fn look(&mut self) {
        if let Some(path) = changed(self.rules.as_mut()) {
            let before = self.in_force.current().version.clone();
            let taken = self.put_rules(&path);
            self.tell(RULES, &path, taken, Some(before)).await;
        }
        if let Some(path) = changed(self.orders.as_mut()) {
            let before = self.orders_in_force();
            let taken = self.put_orders(&path).await;
            self.tell(ORDERS, &path, taken, Some(before)).await;
        }
    }

    /// Says in the log and in the audit what became of a changed file.
    async fn tell(&self, action: &str, path: &Path, taken: Taken, before: Option<String>) {
        let file = path.display();
        match &taken.outcome {
            Ok(()) => tracing::info!(%file, action, from = before, to = taken.version_after, "put in force"),
            Err(error) => tracing::error!(%error, action, "what was in force stays; the changed file was not taken"),
        }
        if let Err(error) = self.note(action, path, &taken, before).await {
            tracing::error!(%error, %file, action, "the audit could not be written");
        }
    }

    async fn note(&self, action: &str, path: &Path, taken: &Taken, before: Option<String>) -> Result<()> {
        let accepted = taken.outcome.is_ok();
        self.audit
            .note(AuditNote {
                actor: "system".to_owned(),
                action: action.to_owned(),
                subject: path.display().to_string(),
                accepted,
                version_after: if accepted {
                    Some(taken.version_after.clone())
                } else {
                    before.clone()
                },
                version_before: before,
                sha256: taken.sha256.clone(),
                reason: taken.outcome.as_ref().err().map(ToString::to_string),
                state: None,
            })
            .await
    }

    /// Notes the rules the service starts with, where they are others than those it stopped with.
    async fn note_start(&self) -> Result<()> {
        let version_after = self.in_force.current().version.clone();
        let before = self.last(RULES).await?;
        if before.as_ref() == Some(&version_after) {
            return Ok(());
        }
        let (path, sha256) = match &self.rules {
            Some(file) => (file.path.clone(), read(&file.path).ok().map(|(_, sha256)| sha256)),
            None => (PathBuf::from("built in"), None),
        };
        let taken = Taken {
            version_after,
            sha256,
            outcome: Ok(()),
        };
        self.note(RULES, &path, &taken, before).await
    }

    /// Notes receivers and alarm routes where they are others than at the last start. What is hashed is how they are
    /// printed, which leaves passwords out.
    async fn note_configured(&self, config: &Config) -> Result<()> {
        let settings = [
            ("receivers", format!("{:?}", config.receivers)),
            ("alarm_routes", format!("{:?}", config.alarm)),
        ];
        for (action, text) in settings {
            let sha256 = Some(hex(&Sha256::digest(text.as_bytes())));
            let last = self.last_entry(action).await?;
            if last.is_some_and(|last| last.sha256 == sha256) {
                continue;
            }
            let note = AuditNote {
                sha256,
                ..AuditNote::of(action, "configuration")
            };
            self.audit.note(note).await?;
        }
        Ok(())
    }

    /// What was put in force last; of a refused file, what stayed.
    async fn last(&self, action: &str) -> Result<Option<String>> {
        Ok(self.last_entry(action).await?.and_then(|entry| entry.version_after))
    }

    async fn last_entry(&self, action: &str) -> Result<Option<Entry>> {
        let query = AuditQuery {
            action: Some(action.to_owned()),
            limit: Some(1),
            ..AuditQuery::default()
        };
        Ok(self.audit.list(&query).await?.items.into_iter().next())
    }

    fn put_rules(&self, path: &Path) -> Taken {
        Taken::of(path, |text| {
            let rules = Rules::parse(text, &path.display().to_string());
            let rules = rules.map_err(|error| Error::Invalid(error.to_string()))?;
            let version = rules.version.clone();
            self.in_force.replace(rules);
            Ok(version)
        })
    }

    async fn put_orders(&self, path: &Path) -> Taken {
        let mut read = None;
        let mut taken = Taken::of(path, |text| {
            let orders = control::parse(text, &path.display().to_string());
            read = Some(orders.map_err(|error| Error::Invalid(error.to_string()))?);
            Ok(String::new())
        });
        if let Some(orders) = read {
            taken.outcome = self.registry.set_control_orders(orders).await;
            taken.version_after = self.orders_in_force();
        }
        taken
    }

    /// Numbers of the control orders of the file in force, ascending.
    fn orders_in_force(&self) -> String {
        let mut numbers = self.registry.numbers_of_file_orders();
        numbers.sort();
        numbers.join(", ")
    }
}

const RULES: &str = "rules";
const ORDERS: &str = "control_orders";

/// What became of a file.
struct Taken {
    version_after: String,
    sha256: Option<String>,
    outcome: Result<()>,
}

impl Taken {
    /// Reads the file and puts its text in force, which answers its version.
    fn of(path: &Path, put: impl FnOnce(&str) -> Result<String>) -> Self {
        let (sha256, done) = match read(path) {
            Ok((text, sha256)) => (Some(sha256), put(&text)),
            Err(error) => (None, Err(error)),
        };
        let (version_after, outcome) = match done {
            Ok(version) => (version, Ok(())),
            Err(error) => (String::new(), Err(error)),
        };
        Self {
            version_after,
            sha256,
            outcome,
        }
    }
}

/// The text of a file, and the hash of that very text.
fn read(path: &Path) -> Result<(String, String)> {
    let text = text(path)?;
    let hash = Sha256::digest(text.as_bytes());
    Ok((text, hex(&hash)))
}

impl File {
    fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// Whether it is another than at the last look.
    fn has_changed(&mut self) -> bool {
        let metadata = std::fs::metadata(&self.path).ok();
        let now = metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        let changed = now != self.seen;
        self.seen = now;
        changed
    }
}

fn changed(file: Option<&mut File>) -> Option<PathBuf> {
    let file = file?;
    file.has_changed().then(|| file.path.clone())
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{
        registry::disclosure::Audience,
        service::check::{Checker, Question},
        store::{DatabaseConfig, Store},
        units::Hertz,
    };

    /// Waits until the audit has `count` entries on rules; newest first.
    async fn entries(audit: &Audit, count: usize) -> Vec<Entry> {
        let start = Instant::now();
        let query = AuditQuery {
            action: Some(RULES.to_owned()),
            ..AuditQuery::default()
        };
        loop {
            let entries = audit.list(&query).await.expect("reads").items;
            if entries.len() >= count {
                return entries;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{entries:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The version of the rules that a verdict of this moment names.
    fn rules_of_a_verdict(checker: &Checker, registry: &RegistryService) -> String {
        let question = Question {
            center_hz: Hertz(97_450_000),
            bandwidth_hz: Hertz(180_000),
            position: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            snr_db: None,
        };
        let view = registry.view(Audience::Cleared).expect("ready");
        checker.check(&question, &view).expect("judged").verdict.rules_version
    }

    #[tokio::test]
    async fn a_changed_rules_file_judges_from_then_on_and_a_broken_one_never() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("rules.toml");
        let builtin = include_str!("../../config/rules.toml");
        let version = Rules::builtin().expect("parses").version;
        let other = builtin.replacen(&format!("\"{version}\""), "\"office-7\"", 1);
        assert_ne!(other, builtin, "the version stands in the file");
        std::fs::write(&path, builtin).expect("written");
        let url = format!("sqlite://{}", folder.path().join("pinpu.db").display());
        let store = Store::open(&DatabaseConfig::new(url)).await.expect("opens");
        let registry = RegistryService::open(store.clone()).await.expect("opens");
        let audit = Audit::new(store.clone());
        let config = Config {
            rules: Some(path.clone()),
            ..Config::default()
        };
        let in_force = RulesInForce::new(rules(&config).expect("parses"));
        let checker = Checker::new(in_force.clone());
        let start = || Watched::start(&config, in_force.clone(), registry.clone(), audit.clone());
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(start().await.expect("starts").run(stopping));
        let judged = || rules_of_a_verdict(&checker, &registry);
        let first = entries(&audit, 1).await.remove(0);
        assert_eq!(
            (first.accepted, first.version_before, first.version_after.as_deref()),
            (true, None, Some(&*version))
        );
        assert_eq!(judged(), version);

        std::fs::write(&path, &other).expect("written");
        let taken = entries(&audit, 2).await.remove(0);
        assert_eq!(judged(), "office-7");
        assert_eq!(
            (taken.action.as_str(), taken.accepted, taken.reason),
            ("rules", true, None)
        );
        assert_eq!(
            (taken.version_before.as_deref(), taken.version_after.as_deref()),
            (Some(&*version), Some("office-7"))
        );
        let hash: String = Sha256::digest(other.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(taken.sha256, Some(hash));
        assert!(taken.subject.ends_with("rules.toml"), "{}", taken.subject);

        std::fs::write(&path, "version = ").expect("written");
        let refused = entries(&audit, 3).await.remove(0);
        assert_eq!(judged(), "office-7", "what was in force stays");
        assert!(!refused.accepted && refused.reason.is_some(), "{refused:?}");
        assert_eq!(refused.version_after.as_deref(), Some("office-7"));
        std::fs::remove_file(&path).expect("removed");
        let gone = entries(&audit, 4).await.remove(0);
        assert_eq!((gone.accepted, gone.sha256), (false, None));
        assert_eq!(judged(), "office-7");
        stop.send_replace(true);
        running.await.expect("ends");

        // Started again with the same rules nothing is noted; with others it is.
        std::fs::write(&path, &other).expect("written");
        start().await.expect("starts");
        assert_eq!(entries(&audit, 4).await.len(), 4);
        in_force.replace(Rules::builtin().expect("parses"));
        start().await.expect("starts");
        assert_eq!(entries(&audit, 5).await[0].version_before.as_deref(), Some("office-7"));
        store.close().await;
    }
}
