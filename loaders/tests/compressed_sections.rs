//! Debug information in compressed sections (ELF gABI, "Section Compression")
//! tells the same as in plain ones.

use std::{error::Error, fs};

use miniz_oxide::deflate::compress_to_vec_zlib;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags};
use terrella_loaders::DebugInformation;

/// The program with its debug sections compressed, each where it was, and how
/// many they are.
fn compressed(plain: &[u8]) -> Result<(Vec<u8>, usize), Box<dyn Error>> {
    let file = object::File::parse(plain)?;
    let table = u64::from_le_bytes(plain[0x28..0x30].try_into()?) as usize;
    let mut bytes = plain.to_vec();
    let mut count = 0;
    for section in file.sections().filter(|section| section.name().is_ok_and(|it| it.starts_with(".debug_")))
    {
        let content = section.data()?;
        // Elf64_Chdr: ELFCOMPRESS_ZLIB, nothing, size, alignment.
        let mut packed = [1_u64, content.len() as u64, 1].map(u64::to_le_bytes).concat();
        packed.extend(compress_to_vec_zlib(content, 9));
        if packed.len() > content.len() {
            continue;
        }
        let (start, _) = section.file_range().ok_or("a section without bytes")?;
        bytes[start as usize..start as usize + packed.len()].copy_from_slice(&packed);
        let SectionFlags::Elf { sh_flags } = section.flags() else { return Err("no ELF".into()) };
        let header = table + 64 * section.index().0;
        // SHF_COMPRESSED, and the size.
        bytes[header + 8..header + 16].copy_from_slice(&(sh_flags | 0x800).to_le_bytes());
        bytes[header + 32..header + 40].copy_from_slice(&(packed.len() as u64).to_le_bytes());
        count += 1;
    }
    Ok((bytes, count))
}

#[test]
fn compressed_sections_tell_the_same() -> Result<(), Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/crash/x86_64.elf");
    let plain = fs::read(path)?;
    let (packed, count) = compressed(&plain)?;
    assert!(count >= 3, "{count} sections were compressed");
    let (one, other) = (DebugInformation::read("plain", &plain)?, DebugInformation::read("packed", &packed)?);
    let file = object::File::parse(&*plain)?;
    let mut lines = 0;
    for symbol in file.symbols().filter(|symbol| symbol.kind() == object::SymbolKind::Text) {
        for address in symbol.address()..symbol.address() + symbol.size() {
            let location = one.location(address);
            assert_eq!(other.location(address), location, "{address:#x}");
            lines += usize::from(location.is_some());
        }
    }
    assert!(lines > 100, "{lines} addresses have lines");
    Ok(())
}

#[test]
fn a_size_that_lies_is_no_information() -> Result<(), Box<dyn Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/crash/x86_64.elf");
    let (mut packed, _) = compressed(&fs::read(path)?)?;
    let places: Vec<usize> = {
        let file = object::File::parse(&*packed)?;
        let sections =
            file.sections().filter(|section| section.name().is_ok_and(|it| it.starts_with(".debug_")));
        sections.filter_map(|section| Some(section.file_range()?.0 as usize)).collect()
    };
    for size in [0_u64, 1, u64::MAX] {
        for place in &places {
            packed[place + 8..place + 16].copy_from_slice(&size.to_le_bytes());
        }
        DebugInformation::read("packed", &packed)?;
    }
    Ok(())
}

/// By Zstandard: GNU objcopy made the file (`tests/fixtures/build.sh`).
#[test]
fn sections_of_zstandard_tell_the_same() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/crash");
    let plain = fs::read(format!("{folder}/x86_64.elf"))?;
    let packed = fs::read(format!("{folder}/x86_64-zstd.elf"))?;
    let (one, other) = (DebugInformation::read("plain", &plain)?, DebugInformation::read("packed", &packed)?);
    let file = object::File::parse(&*plain)?;
    let mut lines = 0;
    for symbol in file.symbols().filter(|symbol| symbol.kind() == object::SymbolKind::Text) {
        for address in symbol.address()..symbol.address() + symbol.size() {
            let location = one.location(address);
            assert_eq!(other.location(address), location, "{address:#x}");
            lines += usize::from(location.is_some());
        }
    }
    assert!(lines > 100, "{lines} addresses have lines");
    // A section that is cut off, or damaged, is no information.
    for place in (0..packed.len()).step_by(7) {
        let mut damaged = packed.clone();
        damaged[place] ^= 0x55;
        let _ = DebugInformation::read("damaged", &damaged);
    }
    Ok(())
}
