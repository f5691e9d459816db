//! The operations of specifications that the native engine does not execute,
//! by what instructions do: `missing-operations.txt` has an instruction for
//! each.

mod probe;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use terrella_native::NativeEmulator;

pub(crate) use probe::Probe;

/// Operations with the bytes of an instruction that needs them.
pub(crate) type Operations = BTreeMap<String, Vec<u8>>;
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/missing-operations.txt");

const HEAD: &str = "\
# Missing operations of the native engine

Specifications leave some operations to the emulator. An instruction that needs one of these is an error \
that names it. Operations that no instruction comes to, as the engine executes all that have them by other \
means, are not here. The page is written by `cargo run -p terrella-native --example missing-operations` \
from a list with an instruction for each, and tests execute those, and others on all platforms.
";

/// What is listed, by platform.
pub(crate) fn listed() -> Result<BTreeMap<&'static str, Operations>> {
    let mut platforms: BTreeMap<&str, Operations> =
        NativeEmulator::platforms().map(|it| (it.name(), Operations::new())).collect();
    for line in fs::read_to_string(LIST)?.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (Some(platform), Some(name), Some(code)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("missing-operations.txt: {line}").into());
        };
        let pairs = (0..code.len()).step_by(2).filter_map(|at| code.get(at..at + 2));
        let code = pairs.map(|pair| u8::from_str_radix(pair, 16)).collect::<std::result::Result<_, _>>()?;
        let operations = platforms.get_mut(platform).ok_or_else(|| format!("no platform {platform}"))?;
        operations.insert(name.to_owned(), code);
    }
    Ok(platforms)
}

/// Lines of at most a hundred characters.
fn wrapped<'a>(names: impl Iterator<Item = &'a String>) -> String {
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
pub(crate) fn page(listed: &BTreeMap<&str, Operations>) -> String {
    // Platforms of which the same is missing share a section.
    let mut sections: Vec<(Vec<&str>, BTreeSet<&String>)> = Vec::new();
    for platform in NativeEmulator::platforms() {
        let names: BTreeSet<&String> =
            listed.get(platform.name()).into_iter().flat_map(BTreeMap::keys).collect();
        match sections.iter_mut().find(|(_, others)| *others == names) {
            Some((platforms, _)) => platforms.push(platform.name()),
            None => sections.push((vec![platform.name()], names)),
        }
    }
    let mut text = HEAD.to_owned();
    for (platforms, names) in sections {
        let _ = writeln!(text, "\n## {}\n\n{} operations.", platforms.join(", "), names.len());
        if !names.is_empty() {
            let _ = writeln!(text, "\n{}", wrapped(names.into_iter()));
        }
    }
    text
}
