//! Executables and shared objects: what their program headers put into
//! memory.

use object::elf;
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Pages, TlsTemplate};
use terrella_platforms::Platform;

use super::{
    dynamic, empty,
    file::{ElfFile, ProgramHeader, slice},
    symbols,
};
use crate::{
    Error, Options, Result,
    module::{Definition, Module, ModuleSegment, ModuleSymbol},
};

/// Most segments of one file.
const SEGMENT_LIMIT: usize = 1024;

/// Reads an executable or a shared object.
pub(crate) fn read(file: &ElfFile<'_>, platform: Platform, options: &Options) -> Result<Module> {
    let mut module = empty(file, platform);
    let mut total = 0_u64;
    for program in file.programs.iter().filter(|program| program.kind == elf::PT_LOAD) {
        total = total.saturating_add(program.memory_size.max(program.file_size));
        if total > options.memory_limit {
            return Err(Error::TooLarge {
                file: file.name.clone(),
                what: "memory image",
                size: total,
                limit: options.memory_limit,
            });
        }
        if let Some(segment) = segment(file, program, module.segments.len())? {
            module.segments.push(segment);
        }
        if module.segments.len() > SEGMENT_LIMIT {
            return Err(Error::TooLarge {
                file: file.name.clone(),
                what: "list of segments",
                size: file.programs.len() as u64,
                limit: SEGMENT_LIMIT as u64,
            });
        }
        if program.align.is_power_of_two() {
            module.alignment = module.alignment.max(program.align);
        }
    }
    if module.segments.is_empty() {
        return Err(file.malformed("nothing in it is loaded", 0));
    }
    module.alignment = module.alignment.clamp(1, 1 << 30);
    module.segments.sort_by_key(|segment| segment.range.first());
    for pair in module.segments.windows(2) {
        if let [low, high] = pair
            && low.range.overlaps(&high.range)
        {
            return Err(Error::Overlap {
                file: file.name.clone(),
                range: high.range,
                other: file.name.clone(),
                existing: low.range,
            });
        }
    }
    // Entry 0 is "none", unless there is code at 0.
    module.entry = (file.entry != 0 || file.kind == elf::ET_EXEC)
        .then_some(file.entry)
        .filter(|entry| module.segment_at(platform.definition().code_address(*entry)).is_some());
    module.tls =
        file.programs.iter().find(|program| program.kind == elf::PT_TLS).map(|program| TlsTemplate {
            address: program.address,
            initialised_size: program.file_size,
            size: program.memory_size,
            alignment: program.align.max(1),
        });
    module.descriptors = file
        .sections
        .iter()
        .find(|section| section.name == ".opd" && file.machine == elf::EM_PPC64)
        .and_then(|section| AddressRange::sized(section.address, section.size).ok());
    section_symbols(file, &mut module);
    dynamic::read(file, &mut module)?;
    if module.link_symbols.is_empty() && module.relocations.is_empty() {
        // A static program: others may link against what it has.
        module.link_symbols = module.symbols.clone();
    }
    Ok(module)
}

fn segment(file: &ElfFile<'_>, program: &ProgramHeader, index: usize) -> Result<Option<ModuleSegment>> {
    if program.file_size > program.memory_size {
        return Err(file.malformed("a segment has more bytes in the file than in memory", program.offset));
    }
    let highest = if file.class_bits == 32 { u64::from(u32::MAX) } else { u64::MAX };
    let range = AddressRange::sized(program.address, program.memory_size)
        .ok()
        .filter(|range| range.is_empty() || range.last() <= highest)
        .ok_or_else(|| file.malformed("a segment passes the end of the address space", program.offset))?;
    if range.is_empty() {
        return Ok(None);
    }
    let bytes = slice(file.data, program.offset, program.file_size)
        .ok_or_else(|| file.malformed("a segment is not all in the file", program.offset))?;
    let mut data = Pages::new();
    data.write(program.address, bytes);
    let permissions = permissions(
        program.flags & elf::PF_R != 0,
        program.flags & elf::PF_W != 0,
        program.flags & elf::PF_X != 0,
    );
    let name = segment_name(file, range).unwrap_or_else(|| format!("load{index}"));
    Ok(Some(ModuleSegment { name, range, permissions, data }))
}

/// The largest section in it gives the segment its name.
fn segment_name(file: &ElfFile<'_>, range: AddressRange) -> Option<String> {
    file.sections
        .iter()
        .filter(|section| section.flags & u64::from(elf::SHF_ALLOC) != 0 && range.contains(section.address))
        .max_by_key(|section| section.size)
        .filter(|section| !section.name.is_empty())
        .map(|section| section.name.clone())
}

/// Permissions from three answers.
pub(crate) fn permissions(read: bool, write: bool, execute: bool) -> Permissions {
    let mut all = Permissions::NONE;
    for (wanted, permission) in
        [(read, Permissions::READ), (write, Permissions::WRITE), (execute, Permissions::EXECUTE)]
    {
        if wanted {
            all = all | permission;
        }
    }
    all
}

/// Takes in `.symtab`, if there is one.
fn section_symbols(file: &ElfFile<'_>, module: &mut Module) {
    let Some(table) = file.sections.iter().find(|section| section.kind == elf::SHT_SYMTAB) else { return };
    let strings = file.sections.get(table.link as usize).and_then(|section| file.section_bytes(section));
    let Some(bytes) = file.section_bytes(table) else { return };
    let symbols = symbols::read(file, bytes, strings.unwrap_or_default());
    module.symbols.extend(symbols.into_iter().filter(worth_showing).map(|raw| raw.symbol));
}

/// Whether a symbol is a name that a user may ask for: not a file, a section
/// or a mapping symbol (`$a`, `$t`, `$d`, `$x`).
pub(crate) fn worth_showing(raw: &symbols::RawSymbol) -> bool {
    let ModuleSymbol { name, definition, .. } = &raw.symbol;
    !name.is_empty()
        && *definition != Definition::Undefined
        && !matches!(raw.kind, elf::STT_FILE | elf::STT_SECTION)
        && !name.starts_with('$')
}
