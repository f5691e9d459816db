//! Random bytes as code, on every platform of the native engine.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::execute(bytes));
