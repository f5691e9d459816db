//! Mutated compiled languages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::read_compiled(bytes));
