//! Compares a data file with the hash its metadata promise.

use std::{fmt::Write as _, fs::File, io::Read, path::Path};

use sha2::{Digest, Sha512};

use super::layout::{access, bad};
use crate::ReceiverError;

/// Reads the whole file once.
pub(super) fn check(data: &Path, promised: &str) -> Result<(), ReceiverError> {
    let mut file = File::open(data).map_err(|e| access(data, e))?;
    let mut hash = Sha512::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(|e| access(data, e))? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    let found = hexadecimal(&hash.finalize());
    if found.eq_ignore_ascii_case(promised) {
        return Ok(());
    }
    Err(bad(
        data,
        format!(
            "does not match core:sha512 of its metadata ({}… expected, {}… found): the data or the metadata were changed",
            &promised.chars().take(12).collect::<String>(),
            &found[..12]
        ),
    ))
}

/// Lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
