//! Random contexts of the decoder, for every processor.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terrella_fuzz::decode(bytes));
