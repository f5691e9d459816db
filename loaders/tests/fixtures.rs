//! Every library fixture is loaded, and what its relocations have made of
//! its data is compared with its symbols.

use std::path::PathBuf;

use terrella_loaders::{Executable, Linker, Options, detect_platform, load_file};
use terrella_platforms::{Architecture, Platform};

const PLATFORMS: &[(&str, Platform)] = &[
    ("x86_64", Platform::X86_64),
    ("i386", Platform::I386),
    ("aarch64", Platform::AARCH64),
    ("armv7a", Platform::ARMV7A),
    ("armv5t", Platform::ARMV5T),
    ("armv6m", Platform::ARMV6M),
    ("armv7m", Platform::ARMV7M),
    ("mips", Platform::MIPS),
    ("mipsel", Platform::MIPSEL),
    ("mips64", Platform::MIPS64),
    ("mips64el", Platform::MIPS64EL),
    ("ppc", Platform::PPC),
    ("ppc64", Platform::PPC64),
    ("ppc64-elfv2", Platform::PPC64),
    ("ppc64le", Platform::PPC64LE),
    ("riscv32", Platform::RISCV32),
    ("riscv64", Platform::RISCV64),
    ("m68k", Platform::M68K),
    ("loongarch64", Platform::LOONGARCH64),
    ("s390x", Platform::S390X),
    ("sparc", Platform::SPARC),
    ("sparc64", Platform::SPARC64),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/library")).join(name)
}

fn files(suffix: &str) -> Vec<(&'static str, Platform, PathBuf)> {
    let found: Vec<_> = PLATFORMS
        .iter()
        .map(|(name, platform)| (*name, *platform, path(&format!("{name}{suffix}"))))
        .filter(|(.., path)| path.exists())
        .collect();
    assert!(!found.is_empty(), "no fixtures *{suffix}");
    found
}

fn word(image: &Executable, address: u64) -> u64 {
    let bytes = image.platform.definition().pointer_bytes.into();
    image.read_integer(address, bytes).unwrap_or_else(|error| panic!("{}: {error}", image.name)) as u64
}

/// Whether function pointers point to descriptors.
fn is_elfv1(image: &Executable) -> bool {
    let abi = image.abi.as_deref().unwrap_or(image.platform.definition().default_convention().name);
    abi == "elfv1"
}

/// The table of functions in constant data, and the code behind pointers.
fn check(name: &str, image: &Executable) {
    let address =
        |symbol: &str| image.symbol(symbol).unwrap_or_else(|error| panic!("{name}: {error}")).address;
    for function in ["add_i32", "sum10", "crc32", "sha256", "call_through_table"] {
        let symbol = image.symbols.get(function).unwrap_or_else(|| panic!("{name}: {function}"));
        let code = image.platform.definition().code_address(symbol.address);
        assert!(image.segment_at(code).is_some(), "{name}: {function} is at {code:#x}");
    }
    let size = u64::from(image.platform.definition().pointer_bytes);
    for (index, function) in ["plus_one", "times_two", "squared"].into_iter().enumerate() {
        if image.symbols.get(function).is_none() || image.symbols.get("table").is_none() {
            continue;
        }
        let entry = word(image, address("table") + size * index as u64);
        assert_eq!(entry, address(function), "{name}: table[{index}]");
        if is_elfv1(image) {
            assert_eq!(word(image, entry), address(&format!(".{function}")), "{name}");
        }
    }
    assert_eq!(image.read_integer(address("global_counter"), 4).unwrap(), 41, "{name}");
    let nibble = image.read_integer(address("crc_nibble") + 4, 4).unwrap();
    assert_eq!(nibble, 0x1db7_1064, "{name}");
}

#[test]
fn platforms_are_recognised() {
    for suffix in [".so", ".o", ".exe", ".pie", ".elf"] {
        for (name, platform, path) in files(suffix) {
            let bytes = std::fs::read(path).unwrap();
            assert_eq!(detect_platform(&bytes).unwrap(), platform, "{name}{suffix}");
        }
    }
}

#[test]
fn executables_are_where_they_say() {
    for suffix in [".exe", ".elf"] {
        for (name, _, path) in files(suffix) {
            let loaded = load_file(&path, &Options::default()).unwrap();
            let image = &loaded.executables[0];
            assert_eq!(image.load_bias, 0, "{name}");
            assert_eq!(image.entry, Some(image.symbol("_start").unwrap().address), "{name}");
            check(name, image);
        }
    }
}

#[test]
fn position_independent_files_work_anywhere() {
    for suffix in [".so", ".pie"] {
        let files = files(suffix);
        // All but the bare-metal ones.
        assert_eq!(files.len(), PLATFORMS.len() - 2, "{suffix}");
        for (name, platform, path) in files {
            for base in [None, Some(0x1230_0000), Some(0x70_0000)] {
                let options = Options { base, ..Options::default() };
                let loaded =
                    load_file(&path, &options).unwrap_or_else(|error| panic!("{name}{suffix}: {error}"));
                assert_eq!(loaded.platform, platform);
                let image = &loaded.executables[0];
                assert_eq!(image.load_bias, base.unwrap_or(0x40_0000), "{name}{suffix}");
                if suffix == ".pie" {
                    assert_eq!(image.entry, Some(image.symbol("_start").unwrap().address), "{name}");
                }
                assert!(image.imports.is_empty(), "{name}: {:?}", image.imports);
                check(name, image);
            }
        }
    }
}

#[test]
fn relocatable_files_are_laid_out() {
    for (name, _, path) in files(".o") {
        for base in [None, Some(0x123_4000)] {
            let options = Options { base, ..Options::default() };
            let loaded = load_file(&path, &options).unwrap_or_else(|error| panic!("{name}.o: {error}"));
            let image = &loaded.executables[0];
            assert!(image.imports.is_empty(), "{name}: {:?}", image.imports);
            check(name, image);
        }
    }
}

/// The words that can hold the address of an imported function.
fn holds(image: &Executable, value: u64) -> bool {
    let size = u64::from(image.platform.definition().pointer_bytes);
    image.segments.iter().any(|segment| {
        let first = segment.range.first().next_multiple_of(size);
        (first..=segment.range.last().saturating_sub(size - 1))
            .step_by(size as usize)
            .any(|address| word(image, address) == value)
    })
}

/// SPARC has code, and not an address, in its linkage table.
fn has_code_slots(platform: Platform) -> bool {
    matches!(platform.architecture(), Architecture::Sparc32 | Architecture::Sparc64)
}

#[test]
fn modules_are_bound_to_each_other() {
    for (name, platform, path) in files("-imports.so") {
        let mut linker = Linker::new(Options::default());
        linker.add_file(&path).unwrap();
        linker.add_file(path.with_file_name(format!("{name}-provider.so"))).unwrap();
        let loaded = linker.link().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(loaded.imports().count(), 0, "{name}");
        assert_eq!(loaded.executables.len(), 2);
        let binding = &loaded.report.bindings[0];
        assert_eq!(binding.symbol, "external_length", "{name}");
        assert!(binding.to.ends_with("-provider.so"));
        let [user, provider] = &loaded.executables[..] else { panic!() };
        let mut target = provider.symbol("external_length").unwrap().address;
        if is_elfv1(user) {
            target = provider.symbol(".external_length").unwrap().address;
        }
        if !has_code_slots(platform) {
            assert!(holds(user, target), "{name}: no slot holds {target:#x}");
        }
    }
}

#[test]
fn open_imports_have_addresses_of_their_own() {
    for (name, platform, path) in files("-imports.so") {
        for mapped in [false, true] {
            let mut linker = Linker::new(Options::default()).map_imports(mapped);
            linker.add_file(&path).unwrap();
            let loaded = linker.link().unwrap_or_else(|error| panic!("{name}: {error}"));
            let [user, area] = &loaded.executables[..] else { panic!("{name}") };
            let import = &user.imports[0];
            assert_eq!((import.name.as_str(), import.weak), ("external_length", false), "{name}");
            let address = area.symbol("external_length@import").unwrap().address;
            assert_eq!(loaded.report.imports[0].address, address);
            assert_eq!(user.segment_at(address), None, "{name}");
            assert_eq!(area.segment_at(address).is_some(), mapped, "{name}");
            if !has_code_slots(platform) {
                assert!(holds(user, address), "{name}: no slot holds {address:#x}");
                // A descriptor is no word.
                assert_eq!(import.slots.is_empty(), is_elfv1(user), "{name}");
            }
        }
    }
}

#[test]
fn undefined_symbols_can_be_refused() {
    let options = Options { refuse_undefined: true, ..Options::default() };
    let error = load_file(path("x86_64-imports.so"), &options).unwrap_err();
    assert_eq!(error.to_string(), "undefined: external_length");
}

#[test]
fn stripped_section_headers_change_nothing() {
    for (name, platform, path) in files(".so") {
        let mut bytes = std::fs::read(&path).unwrap();
        let order = platform.byte_order();
        // e_shoff, e_shnum, e_shstrndx.
        let (offset, width, counts) = if bytes[4] == 2 { (0x28, 8, 0x3c) } else { (0x20, 4, 0x30) };
        order.write(0, &mut bytes[offset..offset + width]);
        order.write(0, &mut bytes[counts..counts + 4]);
        let options = Options { platform: Some(platform), ..Options::default() };
        let stripped = terrella_loaders::load_bytes(name, &bytes, &options)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let whole = load_file(&path, &Options::default()).unwrap();
        for (stripped, whole) in stripped.executables[0].segments.iter().zip(&whole.executables[0].segments) {
            let (mut left, mut right) = (stripped.data.clone(), whole.data.clone());
            // The ELF header itself, which was changed above.
            left.write(0x40_0000, &[0; 64]);
            right.write(0x40_0000, &[0; 64]);
            assert_eq!(stripped.range, whole.range, "{name}");
            assert!(left == right, "{name}");
        }
        for function in ["add_i32", "sha256"] {
            assert_eq!(
                stripped.executables[0].symbol(function).unwrap().address,
                whole.executables[0].symbol(function).unwrap().address,
                "{name}"
            );
        }
    }
}
