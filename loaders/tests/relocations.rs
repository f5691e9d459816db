//! The page of relocation types is what the tables say (`TERRELLA_BLESS=1`
//! writes it), and the stack machine of LoongArch computes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use terrella_loaders::{Options, RelocationSupport, RelocationType, load_bytes, relocation_types};

/// The names of the types that do as GNU ld does (`tests/relocations`).
fn witnessed(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(path).unwrap();
            names.extend(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned));
        }
    }
    for line in std::fs::read_to_string(folder.join("otherwise")).unwrap().lines() {
        names.remove(line.split(' ').next().unwrap());
    }
    names
}

/// Types by the rank and the words of what is done.
type Kinds = BTreeMap<(u8, &'static str), Vec<RelocationType>>;

fn list(types: &[RelocationType], witnessed: &BTreeSet<String>) -> String {
    let mut types = types.to_vec();
    types.sort_by_key(|kind| kind.number);
    let shown: Vec<String> = types
        .iter()
        .map(|kind| {
            let compared = kind.support == RelocationSupport::Applied && witnessed.contains(kind.name);
            let mark = if compared { "\\*" } else { "" };
            format!("`{}`{mark} {}", kind.name, kind.number)
        })
        .collect();
    shown.join(", ")
}

#[test]
fn the_page_is_what_the_tables_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let witnessed = witnessed(&root.join("tests/relocations"));
    let mut machines: Vec<(&str, Kinds)> = Vec::new();
    for kind in relocation_types() {
        if machines.last().is_none_or(|(name, _)| *name != kind.machine) {
            machines.push((kind.machine, BTreeMap::new()));
        }
        let what = match kind.support {
            RelocationSupport::Applied => (0, "applied"),
            RelocationSupport::Nothing => (1, "nothing to do"),
            RelocationSupport::Refused(reason) => (2, reason),
            _ => (3, "?"),
        };
        machines.last_mut().unwrap().1.entry(what).or_default().push(kind);
    }
    let mut page = String::from(
        "# Relocation types\n\n\
         What the linker does for each relocation type of ELF files. This page is written from its tables \
         (`TERRELLA_BLESS=1 cargo test -p terrella-loaders --test relocations`). A type that is refused \
         ends the link with its name and the reason, and one that is not here with its number, unless \
         `Options::unknown_relocations` is `Skip`. A star is at those whose result is compared with that of \
         GNU ld (`loaders/tests/relocations`).\n\n\
         | machine | applied | nothing to do | refused | compared with GNU ld |\n|---|---|---|---|---|\n",
    );
    for (name, kinds) in &machines {
        let of = |wanted: u8| -> usize {
            kinds.iter().filter(|((rank, _), _)| *rank == wanted).map(|(_, kinds)| kinds.len()).sum()
        };
        let applied = kinds.values().flatten().filter(|kind| kind.support == RelocationSupport::Applied);
        let compared = applied.filter(|kind| witnessed.contains(kind.name)).count();
        writeln!(page, "| {name} | {} | {} | {} | {compared} |", of(0), of(1), of(2)).unwrap();
    }
    for (name, kinds) in &machines {
        writeln!(page, "\n## {name}\n\n| | types |\n|---|---|").unwrap();
        for ((rank, what), kinds) in kinds {
            let refused = if *rank == 2 { "refused: " } else { "" };
            writeln!(page, "| {refused}{what} | {} |", list(kinds, &witnessed)).unwrap();
        }
    }
    page.push_str("\n## Otherwise than GNU ld\n\n| type | in GNU ld |\n|---|---|\n");
    for line in std::fs::read_to_string(root.join("tests/relocations/otherwise")).unwrap().lines() {
        let (name, reason) = line.split_once(' ').unwrap();
        writeln!(page, "| `{name}` | {reason} |").unwrap();
    }
    let path = root.join("../docs/src/reference/relocations.md");
    if std::env::var_os("TERRELLA_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == page, "the page is not up to date");
}

/// What LoongArch's stack machine computes, as GNU ld does.
#[test]
fn a_stack_machine_computes_as_in_the_gnu_linker() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relocations/stack-loongarch64.o");
    let options = Options { base: Some(0x1000), ..Options::default() };
    let loaded = load_bytes("stack.o", &std::fs::read(path).unwrap(), &options).unwrap();
    let words = loaded.executables[0].read(0x1040, 12).unwrap();
    assert_eq!(words, [0x00, 0x54, 0x81, 0x03, 0xff, 0xbf, 0xff, 0x53, 0xff, 0x83, 0x00, 0x00]);
}

/// Data of AVR is in the space of data, constants for flash are in flash, and
/// the code that reaches them is what GNU ld makes of it at the same addresses.
#[test]
fn data_of_avr_is_in_its_space() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relocations");
    let options = Options { base: Some(0), ..Options::default() };
    let object = std::fs::read(folder.join("avr-data.o")).unwrap();
    let loaded = load_bytes("avr-data.o", &object, &options).unwrap();
    let image = &loaded.executables[0];
    let linked = std::fs::read(folder.join("avr-data.bin")).unwrap();
    let (text, data) = linked.split_at(0x88);
    assert_eq!(image.read(0, text.len()).unwrap(), text);
    assert_eq!(image.read(0x88, 4).unwrap(), [1, 2, 3, 4]);
    assert_eq!(image.read(0x80_0100, data.len()).unwrap(), data);
    assert_eq!(image.symbol("numbers").unwrap().address, 0x80_0102);
    assert_eq!(image.symbol("in_flash").unwrap().address, 0x88);
}
