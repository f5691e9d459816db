//! Files to load: ELF, Intel HEX.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::load(bytes));
