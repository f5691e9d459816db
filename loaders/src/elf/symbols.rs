//! Symbol tables of ELF files.

use object::elf;
use terrella_machine_state::{SymbolBinding, SymbolKind};
use terrella_platforms::ByteOrder;

use super::file::{ElfFile, text};
use crate::module::{Definition, ModuleSymbol};

/// Most symbols that one file may have.
pub(crate) const SYMBOL_LIMIT: usize = 1 << 22;

/// A symbol with what the file says about its section.
pub(crate) struct RawSymbol {
    pub(crate) symbol: ModuleSymbol,
    /// `st_shndx`, extended indices not looked up.
    pub(crate) section: u16,
    /// `st_info & 15`.
    pub(crate) kind: u8,
}

/// The size of a symbol table entry, in bytes.
pub(crate) const fn entry_size(class_bits: u8) -> usize {
    if class_bits == 64 { 24 } else { 16 }
}

/// Reads a table; entries whose names are outside of `strings` get none.
///
/// The names together are bounded by a multiple of the file: a hostile file
/// may let many symbols share one long name.
pub(crate) fn read(file: &ElfFile<'_>, table: &[u8], strings: &[u8]) -> Vec<RawSymbol> {
    let mut budget = 4 * file.data.len() + 4096;
    table
        .chunks_exact(entry_size(file.class_bits))
        .take(SYMBOL_LIMIT)
        .map(|entry| one(file, entry, strings, &mut budget))
        .collect()
}

fn one(file: &ElfFile<'_>, entry: &[u8], strings: &[u8], budget: &mut usize) -> RawSymbol {
    let field = |from: usize, size: usize| integer(file.order, entry, from, size);
    // Elf32_Sym: name, value, size, info, other, shndx;
    // Elf64_Sym: name, info, other, shndx, value, size.
    let (value, size, info, other, section) = if file.class_bits == 64 {
        (field(8, 8), field(16, 8), field(4, 1), field(5, 1), field(6, 2))
    } else {
        (field(4, 4), field(8, 4), field(12, 1), field(13, 1), field(14, 2))
    };
    let (info, other, section) = (info as u8, other as u8, section as u16);
    let name = string(strings, field(0, 4)).filter(|name| {
        let fits = name.len() <= *budget;
        *budget = budget.saturating_sub(name.len());
        fits
    });
    let kind = info & 15;
    let visibility = other & 3;
    let symbol = ModuleSymbol {
        name: plain_name(&text(name.unwrap_or_default())),
        value,
        size,
        kind: match kind {
            elf::STT_FUNC | elf::STT_GNU_IFUNC => SymbolKind::Function,
            elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Object,
            elf::STT_TLS => SymbolKind::Tls,
            elf::STT_SECTION => SymbolKind::Section,
            // STT_ARM_TFUNC, of files before the EABI.
            13 if file.machine == elf::EM_ARM => SymbolKind::Function,
            _ => SymbolKind::Other,
        },
        binding: match info >> 4 {
            elf::STB_LOCAL => SymbolBinding::Local,
            elf::STB_WEAK => SymbolBinding::Weak,
            _ => SymbolBinding::Global,
        },
        definition: match section {
            elf::SHN_UNDEF => Definition::Undefined,
            elf::SHN_ABS => Definition::Absolute,
            // A distance from the start of the template.
            _ if kind == elf::STT_TLS && file.kind != elf::ET_REL => Definition::Absolute,
            _ => Definition::Address,
        },
        hidden: matches!(visibility, elf::STV_HIDDEN | elf::STV_INTERNAL),
        protected: visibility != elf::STV_DEFAULT,
        old_version: false,
        version: None,
        indirect: kind == elf::STT_GNU_IFUNC,
        other,
    };
    RawSymbol { symbol, section, kind }
}

/// A name without its version (`memcpy@@GLIBC_2.14`).
fn plain_name(name: &str) -> String {
    match name.find('@') {
        Some(at) if at > 0 => name[..at].to_owned(),
        _ => name.to_owned(),
    }
}

/// A NUL-terminated string of a string table.
pub(crate) fn string(strings: &[u8], offset: u64) -> Option<&[u8]> {
    let rest = strings.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().take(4096).position(|byte| *byte == 0).unwrap_or(rest.len().min(4096));
    rest.get(..end)
}

/// An unsigned integer inside a table entry; 0 outside of it.
pub(crate) fn integer(order: ByteOrder, bytes: &[u8], from: usize, size: usize) -> u64 {
    bytes.get(from..from.saturating_add(size)).map_or(0, |part| order.read(part) as u64)
}
