//! The conformance suite of Terrella's emulator contract.
#![deny(missing_docs)]

pub mod snippets;
