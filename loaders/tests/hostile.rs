//! Broken files: errors, no panics, and bounded time and memory.

use std::path::PathBuf;

use proptest::prelude::*;
use terrella_loaders::{IntelHex, Linker, Options, UnknownRelocations, detect, detect_platform, load_bytes};
use terrella_platforms::Platform;

fn options() -> Options {
    Options { memory_limit: 1 << 26, unknown_relocations: UnknownRelocations::Skip, ..Options::default() }
}

/// Loads as whatever it is; only panics count.
fn attempt(bytes: &[u8]) {
    let _ = detect(bytes);
    let _ = detect_platform(bytes);
    let _ = load_bytes("hostile", bytes, &options());
    let strict = Options { platform: Some(Platform::ARMV7M), ..Options::default() };
    let _ = load_bytes("hostile", bytes, &strict);
}

fn fixtures() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/library"));
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            [".so", ".o", ".exe"].iter().any(|suffix| name.ends_with(suffix))
        })
        .collect();
    names.sort();
    names.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Values that break arithmetic.
fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        Just(u64::MAX),
        Just(1 << 60),
        Just(0x7fff_ffff_ffff_ffff),
        Just(0xffff_ffff),
        Just(0),
        0_u64..0x4000,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        attempt(&bytes);
    }

    #[test]
    fn random_elf_files(
        class in 1_u8..3, order in 1_u8..3, kind in 0_u8..4,
        machine in prop_oneof![Just(62_u16), Just(3), Just(8), Just(40), Just(183), Just(20), Just(21), Just(243), Just(43)],
        tail in proptest::collection::vec(prop_oneof![3 => 0_u8..8, 1 => any::<u8>()], 44..400),
    ) {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let put = |value: u16| if order == 1 { value.to_le_bytes() } else { value.to_be_bytes() };
        bytes.extend(put(u16::from(kind)));
        bytes.extend(put(machine));
        bytes.extend(tail);
        attempt(&bytes);
    }

    #[test]
    fn random_intel_hex(text in "(:[0-9A-F]{0,24}\n|:0[0-4]00000[0-6][0-9A-F]{2,10}\n){0,12}") {
        let _ = IntelHex::parse("hostile", text.as_bytes());
    }
}

#[test]
fn mutated_files() {
    let files = fixtures();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    // Headers and tables are at the start and at the end.
    let at = prop_oneof![0_usize..600, any::<usize>()];
    let change = (at, any::<bool>(), edge(), 1_usize..9);
    let strategy = (0..files.len(), proptest::collection::vec(change, 1..6), any::<u16>());
    runner
        .run(&strategy, |(file, changes, cut)| {
            let mut bytes = files[file].clone();
            for (at, from_end, value, width) in changes {
                let at = at % bytes.len();
                let at = if from_end { bytes.len() - 1 - at } else { at };
                let end = (at + width).min(bytes.len());
                let value = value.to_le_bytes();
                bytes[at..end].copy_from_slice(&value[..end - at]);
            }
            if cut < 0x2000 {
                bytes.truncate(usize::from(cut));
            }
            attempt(&bytes);
            let mut linker = Linker::new(options()).map_imports(true);
            let added = linker.add_bytes("first", &bytes).is_ok();
            if added && linker.add_bytes("second", &files[(file + 1) % files.len()]).is_ok() {
                let _ = linker.link();
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_segment_of_two_to_the_sixty_bytes_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/library/x86_64.exe");
    let mut bytes = std::fs::read(folder).unwrap();
    let programs = 64;
    for index in 0..6 {
        let header = programs + 56 * index;
        if bytes[header..header + 4] == [1, 0, 0, 0] {
            bytes[header + 40..header + 48].copy_from_slice(&(1_u64 << 60).to_le_bytes());
            break;
        }
    }
    let error = load_bytes("big", &bytes, &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "big: memory image of size 0x1000000000000000 is above the limit of 0x40000000"
    );
}
