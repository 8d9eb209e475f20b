//! Any text as a frequency: what is read is written and read again as the same.
#![no_main]

use pinpu_signal::units::Hertz;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(hz) = text.parse::<Hertz>() {
        assert_eq!(hz.to_string().parse(), Ok(hz));
    }
});
