//! Any bytes as `RtlPower`: read or refused, and what is read leaves in every format.
#![no_main]

mod common;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| common::read_as(pinpu_rules::registry::import::formats::Format::RtlPower, bytes));
