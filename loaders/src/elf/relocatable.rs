//! Relocatable files: sections get addresses here, as a static linker would
//! give them.

use std::collections::{BTreeMap, BTreeSet};

use object::elf;
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Pages, SymbolKind, TlsTemplate};
use terrella_platforms::Platform;

use super::{
    empty,
    file::{ElfFile, SectionHeader},
    image, symbols, tables,
};
use crate::{
    Error, Options, Result,
    module::{Definition, GotTable, Module, ModuleSegment},
    relocation::{self, GotKey},
};

/// The largest alignment of a section that is accepted, in bytes.
const ALIGNMENT_LIMIT: u64 = 1 << 24;

/// The bytes of AVR's registers and ports at the start of the data space
/// (ATmega328P datasheet, section 8.3).
const PORTS: u64 = 0x100;

/// Sections with the same permissions, one behind the other.
struct Group {
    name: String,
    permissions: Permissions,
    largest: u64,
    first: u64,
    data: Pages,
}

struct Layout<'f, 'd> {
    file: &'f ElfFile<'d>,
    limit: u64,
    /// The next free address.
    next: u64,
    /// The address of each section that is in memory.
    addresses: BTreeMap<usize, u64>,
    alignment: u64,
}

/// Reads a relocatable file.
pub(crate) fn read(file: &ElfFile<'_>, platform: Platform, options: &Options) -> Result<Module> {
    let mut module = empty(file, platform);
    let data_base = platform.definition().data_base;
    let small = platform.definition().address_bits < 32;
    let page = if small { 16 } else { u64::from(platform.definition().page_bytes.clamp(16, 0x1_0000)) };
    let mut layout =
        Layout { file, limit: options.memory_limit, next: 0, addresses: BTreeMap::new(), alignment: page };
    for group in 0..3 {
        layout.next = align_up(layout.next, page);
        // Data has a space of its own there, whose memory begins behind ports.
        if group == 1 && data_base != 0 {
            layout.next = layout.next.max(data_base.saturating_add(PORTS));
        }
        module.segments.extend(layout.group(group)?);
    }
    layout.thread_local(&mut module);
    let common = layout.symbols(&mut module)?;
    layout.relocations(&mut module)?;
    layout.next = align_up(layout.next, page);
    layout.offset_table(&mut module);
    if let Some(common) = common {
        module.segments.push(common);
    }
    module.segments.sort_by_key(|segment| segment.range.first());
    module.alignment = layout.alignment;
    layout.function_lists(&mut module);
    Ok(module)
}

impl Layout<'_, '_> {
    /// Lays out the sections of one group: 0 code, 1 constants, 2 data.
    fn group(&mut self, wanted: u8) -> Result<Option<ModuleSegment>> {
        let (file, mut group) = (self.file, None);
        // What has no bytes in the file comes last.
        for zeroed in [false, true] {
            for (index, section) in file.sections.iter().enumerate() {
                if group_of(section) == Some(wanted) && (section.kind == elf::SHT_NOBITS) == zeroed {
                    self.section(index, section, &mut group)?;
                }
            }
        }
        Ok(group.map(|group: Group| ModuleSegment {
            name: group.name,
            range: (group.first..self.next).into(),
            permissions: group.permissions,
            data: group.data,
        }))
    }

    fn section(&mut self, index: usize, section: &SectionHeader, group: &mut Option<Group>) -> Result<()> {
        let address = self.allocate(section.size, section.align)?;
        let Some(bytes) = self.file.section_bytes(section) else {
            return Err(self.file.malformed("a section is not all in the file", section.offset));
        };
        self.addresses.insert(index, address);
        if section.size == 0 {
            return Ok(());
        }
        let has = |flag: u32| section.flags & u64::from(flag) != 0;
        let permissions = image::permissions(true, has(elf::SHF_WRITE), has(elf::SHF_EXECINSTR));
        let group = group.get_or_insert_with(|| Group {
            name: String::new(),
            permissions,
            largest: 0,
            first: address,
            data: Pages::new(),
        });
        group.permissions = group.permissions | permissions;
        if section.size > group.largest {
            (group.largest, group.name) = (section.size, section.name.clone());
        }
        group.data.write(address, bytes);
        Ok(())
    }

    fn allocate(&mut self, size: u64, align: u64) -> Result<u64> {
        let align = align.max(1);
        if !align.is_power_of_two() || align > ALIGNMENT_LIMIT {
            return Err(self.file.malformed("the alignment of a section is no small power of two", align));
        }
        let address = align_up(self.next, align);
        let end =
            address.checked_add(size).filter(|end| *end <= self.limit).ok_or_else(|| Error::TooLarge {
                file: self.file.name.clone(),
                what: "memory image",
                size: address.saturating_add(size),
                limit: self.limit,
            })?;
        self.alignment = self.alignment.max(align);
        self.next = end;
        Ok(address)
    }

    /// Notes the template of thread-local data.
    fn thread_local(&self, module: &mut Module) {
        let parts = || {
            self.file.sections.iter().enumerate().filter(|(index, section)| {
                section.flags & u64::from(elf::SHF_TLS) != 0 && self.addresses.contains_key(index)
            })
        };
        let Some(address) = parts().filter_map(|(index, _)| self.addresses.get(&index)).min().copied() else {
            return;
        };
        let end = |filled: bool| {
            parts()
                .filter(|(_, section)| !filled || section.kind != elf::SHT_NOBITS)
                .filter_map(|(index, section)| Some(self.addresses.get(&index)? + section.size))
                .max()
                .unwrap_or(address)
        };
        module.tls = Some(TlsTemplate {
            address,
            initialised_size: end(true) - address,
            size: end(false) - address,
            alignment: parts().map(|(_, section)| section.align.max(1)).max().unwrap_or(1),
        });
    }

    /// Reads the symbols, and makes room for common ones.
    fn symbols(&mut self, module: &mut Module) -> Result<Option<ModuleSegment>> {
        let file = self.file;
        let Some(at) = file.sections.iter().position(|section| section.kind == elf::SHT_SYMTAB) else {
            return Ok(None);
        };
        let table = &file.sections[at];
        let bytes = file
            .section_bytes(table)
            .ok_or_else(|| file.malformed("the symbol table is not all in the file", table.offset))?;
        let strings = file.sections.get(table.link as usize).and_then(|section| file.section_bytes(section));
        let extended = file
            .sections
            .iter()
            .find(|section| section.kind == elf::SHT_SYMTAB_SHNDX && section.link as usize == at)
            .and_then(|section| file.section_bytes(section))
            .unwrap_or_default();
        self.next = align_up(self.next, 16);
        let common_start = self.next;
        let mut raw = symbols::read(file, bytes, strings.unwrap_or_default());
        for (index, raw) in raw.iter_mut().enumerate() {
            let section = match raw.section {
                elf::SHN_UNDEF | elf::SHN_ABS => continue,
                elf::SHN_XINDEX => symbols::integer(file.order, extended, 4 * index, 4) as usize,
                // SHN_COMMON, and those of small data on MIPS (0xff03) and
                // large data on x86-64 (0xff02); the value is the alignment.
                elf::SHN_COMMON | 0xff02 | 0xff03 => {
                    raw.symbol.value = self.allocate(raw.symbol.size, raw.symbol.value)?;
                    raw.symbol.kind = SymbolKind::Object;
                    continue;
                }
                section => usize::from(section),
            };
            match self.addresses.get(&section) {
                Some(address) => {
                    let start = match (raw.symbol.kind, module.tls) {
                        (SymbolKind::Tls, Some(tls)) => {
                            raw.symbol.definition = Definition::Absolute;
                            address.wrapping_sub(tls.address)
                        }
                        _ => *address,
                    };
                    raw.symbol.value = raw.symbol.value.wrapping_add(start);
                }
                // Debug information and the like: not in memory.
                None => raw.symbol.definition = Definition::Absolute,
            }
        }
        for raw in &raw {
            let in_memory = raw.symbol.definition == Definition::Address
                || raw.section == elf::SHN_ABS
                || raw.symbol.kind == SymbolKind::Tls;
            if in_memory && image::worth_showing(raw) {
                module.symbols.push(raw.symbol.clone());
            }
        }
        module.link_symbols = raw.into_iter().map(|raw| raw.symbol).collect();
        let range = AddressRange::from(common_start..self.next);
        Ok((!range.is_empty()).then(|| ModuleSegment {
            name: "COMMON".to_owned(),
            range,
            permissions: Permissions::READ_WRITE,
            data: Pages::new(),
        }))
    }

    fn relocations(&self, module: &mut Module) -> Result<()> {
        let file = self.file;
        for section in &file.sections {
            let with_addend = match section.kind {
                elf::SHT_REL => false,
                elf::SHT_RELA => true,
                _ => continue,
            };
            let Some(address) = self.addresses.get(&(section.info as usize)) else { continue };
            let bytes = file
                .section_bytes(section)
                .ok_or_else(|| file.malformed("a relocation table is not all in the file", section.offset))?;
            let first = module.relocations.len();
            tables::read(file, bytes, with_addend, &mut module.relocations);
            for relocation in module.relocations.iter_mut().skip(first) {
                relocation.place = relocation.place.wrapping_add(*address);
            }
        }
        Ok(())
    }

    /// Makes the table of addresses that relocations ask slots in.
    fn offset_table(&mut self, module: &mut Module) {
        let word = module.word_bytes() as u64;
        let keys: BTreeSet<GotKey> = relocation::wanted_slots(module);
        let mentioned = module.link_symbols.iter().any(|symbol| {
            symbol.definition == Definition::Undefined
                && matches!(symbol.name.as_str(), "_GLOBAL_OFFSET_TABLE_" | "_gp_disp" | "__gnu_local_gp")
        });
        if keys.is_empty() && !mentioned {
            return;
        }
        let address = self.next;
        // The first slots are the run-time linker's.
        let mut next = address + 3 * word;
        let slots = keys
            .into_iter()
            .map(|key| {
                let slot = next;
                next += key.content.words() * word;
                (key, slot)
            })
            .collect();
        let size = next - address;
        self.next += size;
        module.got = Some(GotTable { address, slots });
        module.segments.push(ModuleSegment {
            name: ".got".to_owned(),
            range: (address..address + size).into(),
            permissions: Permissions::READ_WRITE,
            data: Pages::new(),
        });
    }

    fn function_lists(&self, module: &mut Module) {
        for (index, section) in self.file.sections.iter().enumerate() {
            let Some(address) = self.addresses.get(&index) else { continue };
            match section.kind {
                elf::SHT_INIT_ARRAY | elf::SHT_PREINIT_ARRAY => {
                    module.constructors.arrays.push((*address, section.size));
                }
                elf::SHT_FINI_ARRAY => module.destructors.arrays.push((*address, section.size)),
                _ => {}
            }
            if section.name == ".opd" && module.platform == Platform::PPC64 {
                module.descriptors = AddressRange::sized(*address, section.size).ok();
            }
            // The table of contents is addressed from its middle.
            if section.name == ".toc" && module.pointer.is_none() && self.file.machine == elf::EM_PPC64 {
                module.pointer = Some(address.wrapping_add(0x8000));
            }
        }
        if self.file.machine == elf::EM_PPC64 && module.pointer.is_none() {
            let toc = module.segments.iter().find(|segment| segment.permissions.allows(Permissions::WRITE));
            module.pointer = toc.map(|segment| segment.range.first().wrapping_add(0x8000));
        }
        if self.file.machine == elf::EM_MIPS {
            let start = module.got.as_ref().map_or(self.next, |got| got.address);
            module.pointer = Some(start.wrapping_add(0x7ff0));
        }
    }
}

fn group_of(section: &SectionHeader) -> Option<u8> {
    let has = |flag: u32| section.flags & u64::from(flag) != 0;
    if !has(elf::SHF_ALLOC) || has(elf::SHF_EXCLUDE) || section.kind == elf::SHT_NULL {
        None
    } else if has(elf::SHF_EXECINSTR) || section.name.starts_with(".progmem") {
        // Constants of AVR that programs read from flash are there.
        Some(0)
    } else if has(elf::SHF_WRITE) {
        Some(2)
    } else {
        Some(1)
    }
}

fn align_up(value: u64, align: u64) -> u64 {
    value.saturating_add(align - 1) & !(align - 1)
}
