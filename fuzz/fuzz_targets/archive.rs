//! Any bytes as a zip archive of a register: bounded unpacking.
#![no_main]

use std::io::Cursor;

use pinpu_rules::registry::import::formats::{self, Format, files::Archive};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut archive) = Archive::new(Cursor::new(bytes), 1 << 20) {
        drop(formats::read(Format::FccUls, &mut archive, "x.zip"));
    }
});
