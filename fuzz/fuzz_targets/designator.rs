//! Any text as an emission designator: what is read reads again as the same.
#![no_main]

use pinpu_rules::registry::designator;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(read) = designator::parse(text) {
        assert_eq!(designator::parse(&read.text).as_ref(), Ok(&read));
    }
});
