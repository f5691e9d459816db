//! What the benchmarks share: the flat programs of `tests/fixtures/flat`, and
//! ratios that are measured side by side.
#![deny(missing_docs)]

mod host;

use std::{fs, path::PathBuf, time::Instant};

pub use host::host_seconds;
use serde_json::Value;

/// Where the programs are loaded.
pub const LOAD: u64 = 0x10_0000;
/// How much is mapped there, in bytes.
pub const LOAD_SIZE: u64 = 0x4_0000;
/// Where the stack is.
pub const STACK: u64 = 0x80_0000;
/// How large it is, in bytes.
pub const STACK_SIZE: u64 = 0x10_0000;
/// The stack pointer at the start.
pub const STACK_POINTER: u64 = 0x8f_f000;

/// A flat program with what it computes.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// The code.
    pub code: Vec<u8>,
    /// The address where it stops.
    pub stop: u64,
    /// The register of its argument.
    pub argument: String,
    /// The register of its result.
    pub result: String,
    /// An argument, and the result for it.
    pub run: (u64, u64),
}

/// The programs of one architecture.
///
/// # Panics
/// If the fixtures are not there or not what they should be.
#[must_use]
pub fn programs(architecture: &str) -> Vec<Program> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/flat"));
    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("the manifest")).expect("JSON");
    let entry = &manifest["programs"][architecture];
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_u64().expect("a number"),
        text => {
            u64::from_str_radix(text.as_str().expect("a text").trim_start_matches("0x"), 16).expect("hex")
        }
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let cases = entry["cases"].as_object().expect("cases");
    cases
        .iter()
        .map(|(name, case)| Program {
            name: name.clone(),
            code: fs::read(folder.join(text(&case["bin"]))).expect("the program"),
            stop: number(&entry["stop"]),
            argument: text(&entry["arg"]),
            result: text(&entry["ret"]),
            run: (number(&case["runs"][0]["n"]), number(&case["runs"][0]["result"])),
        })
        .collect()
}

/// The shortest time that each of two things takes, in seconds, measured in
/// turns so that both see the same machine.
pub fn beside(turns: u32, mut left: impl FnMut(), mut right: impl FnMut()) -> (f64, f64) {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let (mut best_left, mut best_right) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..turns {
        best_left = best_left.min(time(&mut left));
        best_right = best_right.min(time(&mut right));
    }
    (best_left, best_right)
}
