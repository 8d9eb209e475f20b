//! `pinpu openapi`: the description of the web API, for programs that generate clients from it.

use std::process::ExitCode;

use crate::{Error, Result};

/// Prints the document.
pub(super) fn run() -> Result<ExitCode> {
    let document = crate::http::openapi::document().to_pretty_json();
    let text = document.map_err(|error| Error::Unavailable(format!("the document cannot be written: {error}")))?;
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}
