//! Prints the page `docs/src/reference/missing-operations.md`.

use std::{collections::BTreeMap, fmt::Write as _};

use terrella_native::{NativeEmulator, missing_operations};

const HEAD: &str = "\
# Missing operations of the native engine

Specifications leave some operations to the emulator. This is what the native engine has no handler \
for: an instruction that needs one of these is an error that names it. Operations of instructions that \
the engine executes itself are listed too, though they are never reached. The page is written by \
`cargo run -p terrella-native --example missing-operations`, and a test compares it with the code.
";

/// Lines of at most a hundred characters.
fn wrapped(names: &[String]) -> String {
    let mut text = String::new();
    let mut column = 0;
    for name in names {
        let word = format!("`{name}`");
        if column + word.len() > 100 {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        column += word.len();
        text.push_str(&word);
    }
    text
}

/// The page.
pub(crate) fn page() -> String {
    // Platforms of which the same is missing share a section.
    let mut sections: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for platform in NativeEmulator::platforms() {
        let missing = missing_operations(platform).unwrap_or_default();
        let place = *places.entry(missing.clone()).or_insert_with(|| {
            sections.push((Vec::new(), missing));
            sections.len() - 1
        });
        sections[place].0.push(platform.name());
    }
    let mut text = HEAD.to_owned();
    for (platforms, missing) in sections {
        let _ = writeln!(text, "\n## {}\n\n{} operations.", platforms.join(", "), missing.len());
        if !missing.is_empty() {
            let _ = writeln!(text, "\n{}", wrapped(&missing));
        }
    }
    text
}

#[allow(dead_code)]
fn main() {
    print!("{}", page());
}
