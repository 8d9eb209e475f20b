//! `pinpu serve`: capture, API and console until Ctrl-C or SIGTERM.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::receivers;
use crate::{
    Error, Result,
    app::{self, App, AppOptions},
    config::{Config, ReceiverConfig, Source},
};

/// Options of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Configuration file; config/pinpu.toml is its manual
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port of the API and the console, such as 127.0.0.1:7373
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder for everything that is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Receiver: SoapySDR arguments, rtl_tcp://host:port or a recording; repeatable, instead of the configured ones
    #[arg(long = "receiver", value_name = "ARGS")]
    receivers: Vec<String>,
    /// Uncertainty of the oscillators of receivers named here or found, ppm, one sigma: about 1 for a TCXO
    #[arg(long, value_name = "PPM", value_parser = ppm_uncertainty)]
    ppm_uncertainty: Option<f64>,
    /// Seed a demo district with accounts, and let programs on this machine in without a login
    #[arg(long)]
    demo: bool,
}

/// Runs the command.
///
/// # Errors
/// Of the configuration or of a part that does not start.
pub(super) fn run(args: ServeArgs) -> Result<ExitCode> {
    let mut config =
        Config::load(args.config.as_deref(), std::env::vars()).map_err(|error| Error::Invalid(error.to_string()))?;
    config.listen = args.listen.unwrap_or(config.listen);
    config.data_dir = args.data.unwrap_or(config.data_dir);
    if !args.receivers.is_empty() {
        config.receivers = named(&args.receivers);
    }
    let configured = args.receivers.is_empty() && !config.receivers.is_empty();
    start_log(&config);
    if config.receivers.is_empty() {
        let found = receivers::discover()?;
        let radios: Vec<_> = found.found.into_iter().filter(receivers::is_physical).collect();
        config.receivers = app::discovered(&radios);
        if radios.is_empty() {
            tracing::warn!(
                "no receiver found; the console shows what is stored (see `pinpu receivers` and `pinpu doctor`)"
            );
        }
    }
    if let Some(ppm) = args.ppm_uncertainty {
        if configured {
            return Err(Error::Invalid(
                "--ppm-uncertainty is for receivers named with --receiver or found; configured ones have their own line"
                    .into(),
            ));
        }
        for receiver in &mut config.receivers {
            receiver.ppm_uncertainty = ppm;
        }
    }
    let demo_password = std::env::var("PINPU_DEMO_PASSWORD")
        .ok()
        .filter(|password| !password.is_empty());
    let options = AppOptions {
        demo: args.demo,
        demo_password,
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Error::Unavailable(format!("no runtime: {error}")))?;
    runtime.block_on(serve(&config, &options))?;
    Ok(ExitCode::SUCCESS)
}

/// The bounds the configuration file has.
fn ppm_uncertainty(text: &str) -> std::result::Result<f64, String> {
    let ppm = text.parse().ok().filter(|ppm| (0.0..=1000.0).contains(ppm));
    ppm.ok_or_else(|| "give parts per million from 0 to 1000, such as 1 for a TCXO or 20 for a plain crystal".into())
}

async fn serve(config: &Config, options: &AppOptions) -> Result<()> {
    let app = App::start(config, options).await?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    println!("Pinpu listens on {scheme}://{}", app.address);
    if options.demo {
        println!(
            "Demo on this machine: no login needed. Accounts: admin coordinator civil military field viewer auditor"
        );
    }
    if let Some(password) = app
        .new_demo_password
        .as_ref()
        .filter(|_| options.demo_password.is_none())
    {
        println!("Their password, shown this once: {password}");
    }
    println!("Ctrl-C stops it.");
    until_told().await;
    println!("Stopping …");
    app.stop().await
}

/// Ctrl-C, or SIGTERM from a service manager.
async fn until_told() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Receivers of the command line, named after their driver or `receiver-N`.
fn named(args: &[String]) -> Vec<ReceiverConfig> {
    let name = |index: usize| {
        if index == 0 {
            "receiver".to_owned()
        } else {
            format!("receiver-{}", index + 1)
        }
    };
    args.iter()
        .enumerate()
        .map(|(index, text)| ReceiverConfig::new(&name(index), Source::parse(text)))
        .collect()
}

fn start_log(config: &Config) {
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second log in one process (tests) is no reason not to serve.
    let _ = if config.log_json {
        log.json().try_init()
    } else {
        log.try_init()
    };
}
