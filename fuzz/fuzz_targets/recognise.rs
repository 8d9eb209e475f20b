//! Any bytes as the beginning of a file.
#![no_main]

use pinpu_rules::registry::import::formats::recognise;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = recognise(bytes, &["f".to_owned()]);
});
