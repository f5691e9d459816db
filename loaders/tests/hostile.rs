//! Broken files: errors, no panics, and bounded time and memory.
//!
//! `TERRELLA_MUTATIONS=100000 cargo test -p terrella-loaders --test hostile`
//! makes so many mutations in place of some thousands.

use std::path::PathBuf;

use proptest::prelude::*;
use terrella_loaders::{
    CoreDump, IntelHex, Linker, MemoryMap, Minidump, Options, SRecords, Uf2, UnicornContext,
    UnknownRelocations, detect, detect_platform, load_bytes, write_core,
};
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
    if let Ok(core) = CoreDump::parse("hostile", bytes, &options()) {
        let _ = core.missing();
        if let Ok(machine) = core.into_machine() {
            let _ = write_core(&machine);
        }
    }
    let _ = Minidump::parse("hostile", bytes, &options()).map(Minidump::into_machine);
    let _ = SRecords::parse("hostile", bytes);
    let _ = Uf2::parse("hostile", bytes);
    let context = UnicornContext::parse("hostile", bytes, &options(), |_| Ok(bytes.to_vec()));
    let _ = context.map(UnicornContext::into_machine);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = MemoryMap::parse("hostile", text);
    }
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

/// A file of every format.
fn every_format() -> Vec<(String, Vec<u8>)> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures"));
    let mut files = Vec::new();
    for folder in [
        "core",
        "core/context",
        "pe/x86_64",
        "pe/i686",
        "pe/aarch64",
        "minidump",
        "linking/x86_64",
        "linking/ppc64",
        "linking/armv7a",
        "linking/mips",
        "linking/x86_64-descriptors",
        "sdcc",
        "thread-local/armv7a",
        "thread-local/micromips",
        "thread-local/sparc64",
        "thread-local/loongarch64-descriptors",
    ] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let wanted = [".core", ".dll", ".dmp", ".so", ".o", ".ihx", "program", "_index.json"];
            if wanted.iter().any(|end| name.ends_with(end)) {
                files.push((format!("{folder}/{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files.push((
        "text".to_owned(),
        b"S1051000AABB85\nS2061234560102ED\nS30900001000010203B7\nS9031000EC\n".to_vec(),
    ));
    files.push((
        "map".to_owned(),
        b"platform = 'avr'\nentry = 4\n[registers]\nr1 = 3\n[[segment]]\nname = 'ram'\naddress = 96\nsize = 64\n".to_vec(),
    ));
    let mut blocks = vec![0; 1024];
    for (at, word) in [
        (0, 0x0a32_4655_u32),
        (4, 0x9e5d_5157),
        (8, 0x2000),
        (12, 0x1000),
        (16, 256),
        (24, 2),
        (508, 0x0ab1_6f30),
    ] {
        for block in 0..2 {
            blocks[512 * block + at..512 * block + at + 4].copy_from_slice(&word.to_le_bytes());
        }
    }
    files.push(("blocks".to_owned(), blocks));
    files
}

/// Numbers that look random and are the same each time (Marsaglia's
/// xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 11) as usize % limit.max(1)
    }
}

#[test]
fn mutations_of_every_format() {
    let files = every_format();
    let count =
        std::env::var("TERRELLA_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000_usize);
    let mut random = Random(0x1234_5678_9abc_def1);
    let words = [
        0,
        1,
        0x7f,
        0xff,
        0x7fff,
        0xffff,
        0x7fff_ffff,
        0xffff_ffff,
        1 << 32,
        1 << 60,
        u64::MAX >> 1,
        u64::MAX,
    ];
    for index in 0..count {
        let (name, file) = &files[index % files.len()];
        let mut bytes = file.clone();
        for _ in 0..=random.below(6) {
            let width = 1 << random.below(4);
            // Headers and tables: most often the beginning or the end.
            let at = match random.below(4) {
                0 => random.below(bytes.len()),
                1 => bytes.len().saturating_sub(1 + random.below(256)),
                _ => random.below(bytes.len().min(0x600)),
            };
            let value = match random.below(3) {
                0 => words[random.below(words.len())],
                1 => random.next(),
                _ => bytes.get(at).map_or(0, |byte| u64::from(byte.wrapping_add(1))),
            };
            let value = if random.below(8) == 0 { value.to_be_bytes() } else { value.to_le_bytes() };
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&value[..end - at]);
        }
        match random.below(16) {
            0 => bytes.truncate(random.below(bytes.len())),
            1 => {
                let tail = bytes[random.below(bytes.len())..].to_vec();
                bytes.extend(tail);
            }
            _ => {}
        }
        let before = std::time::Instant::now();
        attempt(&bytes);
        let took = before.elapsed();
        assert!(took.as_secs() < 60, "{name}, mutation {index}: {took:?}");
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
