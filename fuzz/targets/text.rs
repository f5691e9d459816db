//! Contexts of AFL++ and maps in TOML.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::text(bytes));
