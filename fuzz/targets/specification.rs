//! Mutated specifications.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::compile(bytes));
