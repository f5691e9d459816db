//! Build attributes: `.ARM.attributes` and its relatives.
//!
//! The format is that of "Addenda to, and Errata in, the ABI for the Arm
//! Architecture", section "Representing build attributes in ELF files"; the
//! MSP430 tools took it over.

use super::file::ElfFile;

/// The value of a numeric attribute of the whole file.
pub(crate) fn number(file: &ElfFile<'_>, section_type: u32, vendor: &str, tag: u64) -> Option<u64> {
    let section = file.sections.iter().find(|section| section.kind == section_type)?;
    let bytes = file.section_bytes(section)?;
    let mut rest = bytes.strip_prefix(b"A")?;
    while rest.len() >= 4 {
        let length = file.order.read(rest.get(..4)?) as usize;
        let part = rest.get(4..length)?;
        rest = rest.get(length..)?;
        let end = part.iter().position(|byte| *byte == 0)?;
        if part.get(..end)? == vendor.as_bytes() {
            return in_vendor(file, part.get(end + 1..)?, vendor == "aeabi", tag);
        }
    }
    None
}

fn in_vendor(file: &ElfFile<'_>, mut rest: &[u8], arm: bool, tag: u64) -> Option<u64> {
    while !rest.is_empty() {
        let whole = rest;
        let scope = uleb(&mut rest)?;
        let length = file.order.read(rest.get(..4)?) as usize;
        let mut attributes = whole.get(whole.len() - rest.len() + 4..length)?;
        rest = whole.get(length..)?;
        // Tag_File.
        if scope != 1 {
            continue;
        }
        while !attributes.is_empty() {
            let found = uleb(&mut attributes)?;
            let (has_number, has_text) = match found {
                32 => (true, true),
                4 | 5 if arm => (false, true),
                number if number > 32 && number % 2 == 1 => (false, true),
                _ => (true, false),
            };
            let value = if has_number { uleb(&mut attributes)? } else { 0 };
            if found == tag && has_number {
                return Some(value);
            }
            if has_text {
                let end = attributes.iter().position(|byte| *byte == 0)?;
                attributes = attributes.get(end + 1..)?;
            }
        }
    }
    None
}

fn uleb(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            *bytes = bytes.get(index + 1..)?;
            return Some(value);
        }
    }
    None
}
