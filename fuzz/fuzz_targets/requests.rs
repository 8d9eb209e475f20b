//! Any bytes as a file of requests for spectrum: read or refused, and what is read can be written down or says why not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in ["request.sfaf", "request.xml", "request.csv"] {
        if let Ok(drafts) = pinpu_rules::coordination::exchange::read(name, text) {
            assert!(drafts.iter().all(|draft| !draft.bands.is_empty()));
        }
    }
});
