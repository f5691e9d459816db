//! ELF core dumps, read and written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::core_dump(bytes));
