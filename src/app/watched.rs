//! Rules and control orders from files: read at the start, and again when a file changes while the service runs.
//!
//! A file that cannot be read or has a fault changes nothing: what was in force stays, and the log says what is wrong. At
//! the start it is refused instead.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::sync::watch;

use crate::{
    Error, Result,
    config::Config,
    conflict::Rules,
    registry::control,
    service::{monitoring::until_stopped, registry::RegistryService, rules::RulesInForce},
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
}

/// A file with the state it was last looked at in.
struct File {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

impl Watched {
    /// Puts the control orders of the configuration in force.
    pub(super) async fn start(config: &Config, in_force: RulesInForce, registry: RegistryService) -> Result<Self> {
        let mut watched = Self {
            rules: config.rules.clone().map(File::new),
            orders: config.control_orders.clone().map(File::new),
            in_force,
            registry,
        };
        watched.rules.as_mut().map(File::has_changed);
        if let Some(file) = &mut watched.orders {
            file.has_changed();
            let path = file.path.clone();
            watched.put_orders(&path).await?;
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
            match self.put_rules(&path) {
                Ok(()) => {}
                Err(error) => tracing::error!(%error, "the rules in force stay; the changed file was not taken"),
            }
        }
        if let Some(path) = changed(self.orders.as_mut())
            && let Err(error) = self.put_orders(&path).await
        {
            tracing::error!(%error, "the control orders in force stay; the changed file was not taken");
        }
    }

    fn put_rules(&self, path: &Path) -> Result<()> {
        let rules = Rules::parse(&text(path)?, &path.display().to_string());
        let rules = rules.map_err(|error| Error::Invalid(error.to_string()))?;
        let (from, to) = (self.in_force.current().version.clone(), rules.version.clone());
        self.in_force.replace(rules);
        tracing::info!(file = %path.display(), from, to, "verdicts are made by new rules");
        Ok(())
    }

    async fn put_orders(&self, path: &Path) -> Result<()> {
        let orders = control::parse(&text(path)?, &path.display().to_string());
        let orders = orders.map_err(|error| Error::Invalid(error.to_string()))?;
        let ids: Vec<String> = orders.iter().map(|order| order.id.clone()).collect();
        self.registry.set_control_orders(orders).await?;
        tracing::info!(file = %path.display(), orders = ids.join(", "), "control orders were read");
        Ok(())
    }
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
