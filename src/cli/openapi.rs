//! `pinpu openapi`: the description of the web API, for programs that generate clients from it.

use std::process::ExitCode;

/// Prints the document.
pub(super) fn run() -> ExitCode {
    match crate::http::openapi::document().to_pretty_json() {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write the document: {error}");
            ExitCode::FAILURE
        }
    }
}
