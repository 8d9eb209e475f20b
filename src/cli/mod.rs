//! The command line: one file a subcommand, thin.
//!
//! Exit status: 0 done, 1 failed, 2 wrong use, 3 conflicts were found (`detect --check`).

mod audit;
mod coordination;
mod database;
mod detect;
mod doctor;
mod examine;
mod files;
mod language;
mod openapi;
mod receivers;
mod record;
mod registry;
mod selftest;
mod serve;
mod source;
mod token;
mod user;

use std::{
    process::ExitCode,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    Error, Result,
    registry::Place,
    service::audit::{Origin, acting},
};

/// Radio spectrum monitoring and coordination: what is on the air, and who may be there.
#[derive(Debug, Parser)]
#[command(name = "pinpu", version, about, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Capture, API and console
    Serve(serve::ServeArgs),
    /// List the receivers SoapySDR finds, and what is wrong with them
    Receivers(receivers::ReceiversArgs),
    /// Check drivers, permissions, sample loss, clock and disk; each finding with its fix
    Doctor(doctor::DoctorArgs),
    /// One pass over a recording or a receiver: emissions as a table or NDJSON
    Detect(detect::DetectArgs),
    /// Record IQ samples from a receiver as SigMF
    Record(record::RecordArgs),
    /// Stations and allocation tables: check, import, list
    Registry(registry::RegistryArgs),
    /// Requests between civil and military offices: check one before it is sent, print it as a letter
    Coordination(coordination::CoordinationArgs),
    /// Print the description of the web API (OpenAPI 3.1)
    Openapi,
    /// Measure the measuring chain and compare it with theory
    Selftest(selftest::SelftestArgs),
    /// Make, list and change accounts
    User(user::UserArgs),
    /// Make, list and revoke tokens with which programs call the API
    Token(token::TokenArgs),
    /// Verify the audit log, sign checkpoints of it
    Audit(audit::AuditArgs),
}

/// Parses the arguments, runs the command, prints its error.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Receivers(args) => receivers::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Detect(args) => detect::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Registry(args) => registry::run(&args),
        Command::Coordination(args) => coordination::run(&args),
        Command::Openapi => openapi::run(),
        Command::Selftest(args) => selftest::run(&args),
        Command::User(args) => user::run(args),
        Command::Token(args) => token::run(args),
        Command::Audit(args) => audit::run(args),
    };
    match outcome {
        Ok(code) => code,
        // Whoever reads our output has seen enough (`pinpu … | head`).
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pinpu: {error}");
            exit_code(&error)
        }
    }
}

/// 2 for wrong use, 1 for everything else.
fn exit_code(error: &Error) -> ExitCode {
    use pinpu_hardware::ReceiverError;
    match error {
        Error::Invalid(_) | Error::Receiver(ReceiverError::Usage(_)) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}

/// A file error with its path.
fn io_error(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

/// Runs async work of a command that is not a service.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Unavailable(format!("no async runtime: {error}")))?;
    runtime.block_on(work)
}

/// Runs changes of a command; the audit log names `action` by `command line` for them.
async fn as_operator<F: Future>(action: &str, work: F) -> F::Output {
    acting(Arc::new(Origin::new(OPERATOR, action)), work).await
}

/// Who logs name for changes made on the command line.
const OPERATOR: &str = "command line";

/// Set by Ctrl-C, so that a pass over a receiver ends with its summary and a recording is finished properly.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    std::thread::spawn(move || {
        let interrupted = block_on(async {
            tokio::signal::ctrl_c()
                .await
                .map_err(|error| Error::Unavailable(error.to_string()))
        });
        flag.store(interrupted.is_ok(), Relaxed);
    });
    stop
}

/// A progress bar on a terminal, nothing elsewhere; `total` counts samples.
fn progress(total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let template = match total {
        Some(_) => "{bar:40.cyan/black} {percent:>3} %  {elapsed} elapsed, {eta} left",
        None => "{spinner} {elapsed}, Ctrl-C ends it",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
    bar
}

/// A position on the command line.
#[derive(Debug, Clone, Copy)]
struct SiteArg(Place);

impl FromStr for SiteArg {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parsed = text
            .split_once(',')
            .and_then(|(lat, lon)| Some((lat.trim().parse::<f64>().ok()?, lon.trim().parse::<f64>().ok()?)));
        match parsed {
            Some((latitude, longitude)) if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 => Ok(Self(Place {
                latitude,
                longitude,
                radius_km: 0.0,
            })),
            _ => Err("write degrees north and east (WGS-84), such as 31.2304,121.4737".into()),
        }
    }
}
