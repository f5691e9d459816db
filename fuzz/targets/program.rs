//! Files to begin as Linux programs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::begin(bytes));
