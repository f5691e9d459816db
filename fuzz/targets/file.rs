//! Files to load: ELF, PE, Intel HEX, S-records, UF2.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::load(bytes));
