//! Registers of the platforms that the specifications do not have.

use std::{collections::BTreeMap, fmt::Write as _};

use terrella_emulator_api::Emulator;
use terrella_native::NativeEmulator;

/// What is not mapped, a line for each platform: change it with
/// `TERRELLA_BLESS=1 cargo test -p terrella-native --test registers`.
const EXPECTED: &str = include_str!("registers.txt");

/// Numbered neighbours as `first..last`.
fn shortened(names: &[&str]) -> String {
    let split = |name: &str| {
        let digits = name.trim_end_matches(|it: char| it.is_ascii_digit()).len();
        name[digits..].parse::<u32>().ok().map(|number| (name[..digits].to_owned(), number))
    };
    let mut groups: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut words: Vec<String> = Vec::new();
    for name in names {
        match split(name) {
            Some((stem, number)) => groups.entry(stem).or_default().push(number),
            None => words.push((*name).to_owned()),
        }
    }
    for (stem, mut numbers) in groups {
        numbers.sort_unstable();
        for run in numbers.chunk_by(|a, b| a + 1 == *b) {
            words.push(match run {
                [first, .., last] => format!("{stem}{first}..{last}"),
                _ => format!("{stem}{}", run[0]),
            });
        }
    }
    words.sort();
    words.join(" ")
}

#[test]
fn the_registers_that_are_not_mapped_are_known() {
    let mut text = String::new();
    for platform in NativeEmulator::platforms() {
        let emulator = NativeEmulator::new(platform).expect("an emulator");
        let registers = platform.definition().registers();
        let missing: Vec<&str> = registers
            .iter()
            .filter(|(id, register)| !emulator.has_register(*id) && (register.root == *id))
            .map(|(_, register)| register.name.as_str())
            .collect();
        writeln!(text, "{}: {}", platform.name(), shortened(&missing)).expect("text");
    }
    let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var_os("TERRELLA_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/registers.txt");
        std::fs::write(path, &text).expect("registers.txt");
        return;
    }
    assert_eq!(text, EXPECTED);
}
