//! The command line: one file a subcommand, thin.
//!
//! Exit status: 0 done, 1 failed, 2 wrong use, 3 conflicts were found (`detect --check`).

mod openapi;
mod user;

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
    /// Prints the description of the web API (OpenAPI 3.1).
    Openapi,
    /// Makes, lists and changes accounts.
    User(user::UserArgs),
}

/// Parses the arguments, runs the command, prints its error.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Version => println!("pinpu {}", env!("CARGO_PKG_VERSION")),
        Command::Openapi => return openapi::run(),
        Command::User(args) => return user::run(args),
    }
    ExitCode::SUCCESS
}
