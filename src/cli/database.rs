//! Which database a command works on, for commands that need no running service.

use std::path::PathBuf;

use clap::Args;

use crate::{
    Error, Result,
    store::{DatabaseConfig, Store},
};

/// Which database.
#[derive(Debug, Args)]
pub(super) struct DatabaseArgs {
    /// Folder with the data
    #[arg(long, global = true, value_name = "DIR", default_value = "data", env = "PINPU_DATA")]
    data: PathBuf,
    /// Address of the database, when it is not the one in the data folder
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "PINPU__DATABASE__URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
}

impl DatabaseArgs {
    /// Opens it.
    ///
    /// # Errors
    /// `Io` when the folder cannot be made; of the database.
    pub(super) async fn open(&self) -> Result<Store> {
        let url = match &self.database_url {
            Some(url) => url.clone(),
            None => {
                std::fs::create_dir_all(&self.data).map_err(|source| Error::Io {
                    path: self.data.clone(),
                    source,
                })?;
                format!("sqlite://{}", self.data.join("pinpu.db").display())
            }
        };
        Store::open(&DatabaseConfig::new(url)).await
    }
}
