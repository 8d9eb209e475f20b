//! The command line: one file a subcommand, thin.
//!
//! Exit status: 0 done, 1 failed, 2 wrong use, 3 conflicts were found (`detect --check`).

mod registry;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Radio spectrum monitoring and coordination.
#[derive(Debug, Parser)]
#[command(name = "pinpu", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the version of program and data formats.
    Version,
    /// Stations and allocation tables: check, import, list
    Registry(registry::RegistryArgs),
}

/// Parses the arguments, runs the command, prints its error.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Version => println!("pinpu {}", env!("CARGO_PKG_VERSION")),
        Command::Registry(args) => match registry::run(&args) {
            Ok(code) => return code,
            Err(crate::Error::Invalid(text)) => {
                eprintln!("pinpu: {text}");
                return ExitCode::from(2);
            }
            Err(error) => {
                eprintln!("pinpu: {error}");
                return ExitCode::FAILURE;
            }
        },
    }
    ExitCode::SUCCESS
}
