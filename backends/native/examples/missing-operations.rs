//! Prints the page `docs/src/reference/missing-operations.md`; with `search SEED TRIES`,
//! looks for instructions that end by an error that names an operation, and
//! prints them for `tests/missing-operations.txt`.

#[path = "../tests/missing/mod.rs"]
mod missing;

use std::{collections::BTreeMap, fmt::Write as _};

use terrella_native::NativeEmulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("search") {
        let seed = arguments.next().map_or(Ok(0), |it| it.parse())?;
        let tries = arguments.next().map_or(Ok(100), |it| it.parse())?;
        print!("{}", search(seed, tries)?);
    } else {
        print!("{}", missing::page(&missing::listed()?));
    }
    Ok(())
}

/// The list anew: what the old one had, and what is found by a sequence of
/// random numbers that fills the free bits of an instruction so many times.
/// Several of them find what one does not.
fn search(seed: u64, tries: u32) -> Result<String, Box<dyn std::error::Error>> {
    let old = missing::listed().unwrap_or_default();
    let mut text = "# Platform, operation, an instruction that needs it; written by the example \
                    missing-operations.\n"
        .to_owned();
    for platform in NativeEmulator::platforms() {
        let mut probe = missing::Probe::new(platform, seed)?;
        let mut found = missing::Operations::new();
        for code in old.get(platform.name()).into_iter().flat_map(BTreeMap::values) {
            if let Some(name) = probe.missing(code)? {
                found.insert(name, code.clone());
            }
        }
        probe.try_all(tries, |name, code| {
            found.entry(name).or_insert_with(|| code.to_vec());
        })?;
        eprintln!("{platform}: {}", found.len());
        for (name, code) in found {
            let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
            let _ = writeln!(text, "{platform} {name} {code}");
        }
    }
    Ok(text)
}
