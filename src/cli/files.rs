//! The registry as files, for commands that work without a database.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    registry::{Registry, control, import::parse_assignments, table::builtin_cn},
};

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(super::io_error(path))
}

/// The built-in national table, the assignments of CSV files, and the control orders of a TOML file.
pub(super) fn registry(assignments: &[PathBuf], control_orders: Option<&Path>) -> Result<Registry> {
    let orders = match control_orders {
        Some(path) => control::parse(&text(path)?, &path.display().to_string()),
        None => Ok(Vec::new()),
    };
    let orders = orders.map_err(|error| Error::Invalid(error.to_string()))?;
    let table = builtin_cn().map_err(|error| Error::Invalid(error.to_string()))?;
    let mut read = Vec::new();
    for path in assignments {
        let file = File::open(path).map_err(super::io_error(path))?;
        let report = parse_assignments(file, &path.display().to_string());
        if !report.is_clean() {
            return Err(Error::Invalid(format!(
                "{}: {} of {} rows are bad; `pinpu registry check {}` lists them",
                path.display(),
                report.bad.len(),
                report.rows_read,
                path.display()
            )));
        }
        read.extend(report.ok);
    }
    Ok(Registry::new(vec![table], read).with_control_orders(orders))
}
