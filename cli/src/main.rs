//! The command line of Terrella.
fn main() {}
