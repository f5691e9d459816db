//! The dynamic section: symbols, relocations, constructors, as the run-time
//! linker finds them, without section headers.

use std::collections::BTreeMap;

use object::elf;
use terrella_emulator_api::AddressRange;

use super::{
    file::{ElfFile, slice, text},
    symbols, tables, versions,
};
use crate::{
    Result,
    module::{Definition, Module, Relocation},
    relocation::{MipsGot, RELR_KIND},
};

/// Most entries of a dynamic section that are looked at.
const ENTRY_LIMIT: usize = 4096;
/// `DT_RELRSZ`, `DT_RELR`, `DT_PREINIT_ARRAY` (generic ABI).
const DT_RELRSZ: u64 = 35;
const DT_RELR: u64 = 36;
/// MIPS: entries of the offset table that belong to no symbol, the number of
/// symbols, and the first symbol that has an entry (MIPS ABI, page 5-20).
const DT_MIPS_LOCAL_GOTNO: u64 = 0x7000_000a;
const DT_MIPS_SYMTABNO: u64 = 0x7000_0011;
const DT_MIPS_GOTSYM: u64 = 0x7000_0013;
/// PowerPC: present if the procedure linkage table holds addresses.
const DT_PPC_GOT: u64 = 0x7000_0000;
/// PowerPC64: the function descriptors.
const DT_PPC64_OPD: u64 = 0x7000_0001;
const DT_PPC64_OPDSZ: u64 = 0x7000_0002;

/// The dynamic section and what it leads to.
struct Dynamic<'f, 'd> {
    file: &'f ElfFile<'d>,
    /// The first value of each tag.
    tags: BTreeMap<u64, u64>,
    needed: Vec<u64>,
}

/// Takes in what the dynamic section of a module says, if it has one.
pub(crate) fn read(file: &ElfFile<'_>, module: &mut Module) -> Result<()> {
    let Some(program) = file.programs.iter().find(|program| program.kind == elf::PT_DYNAMIC) else {
        return Ok(());
    };
    let Some(bytes) = slice(file.data, program.offset, program.file_size) else {
        return Err(file.malformed("the dynamic section is not all in the file", program.offset));
    };
    let word = module.word_bytes();
    let mut dynamic = Dynamic { file, tags: BTreeMap::new(), needed: Vec::new() };
    for entry in bytes.chunks_exact(2 * word).take(ENTRY_LIMIT) {
        let tag = symbols::integer(file.order, entry, 0, word);
        let value = symbols::integer(file.order, entry, word, word);
        match tag as u32 {
            elf::DT_NULL => break,
            elf::DT_NEEDED => dynamic.needed.push(value),
            _ => {
                dynamic.tags.entry(tag).or_insert(value);
            }
        }
    }
    dynamic.relocations(module)?;
    dynamic.symbols(module)?;
    dynamic.function_lists(module);
    dynamic.processor(module);
    Ok(())
}

impl Dynamic<'_, '_> {
    fn tag(&self, tag: impl Into<u64>) -> Option<u64> {
        self.tags.get(&tag.into()).copied()
    }

    /// The bytes of a table at an address.
    fn table(&self, module: &Module, address: u64, size: u64) -> Result<Vec<u8>> {
        let broken = || self.file.malformed("a table of the dynamic section is not in memory", address);
        if size == 0 {
            return Ok(Vec::new());
        }
        // A table has its bytes in the file.
        if size > self.file.data.len() as u64 {
            return Err(broken());
        }
        let mut bytes = vec![0; size as usize];
        module.read(address, &mut bytes).ok_or_else(broken)?;
        Ok(bytes)
    }

    fn symbols(&self, module: &mut Module) -> Result<()> {
        let Some(strings_at) = self.tag(elf::DT_STRTAB) else { return Ok(()) };
        let strings = self.table(module, strings_at, self.tag(elf::DT_STRSZ).unwrap_or(0))?;
        for offset in self.needed.iter().take(256) {
            module.needed.extend(symbols::string(&strings, *offset).map(text));
        }
        let path = |tag: u32| self.tag(tag).and_then(|offset| symbols::string(&strings, offset)).map(text);
        module.search = [path(elf::DT_RPATH), path(elf::DT_RUNPATH)];
        module.symbolic = self.tag(elf::DT_SYMBOLIC).is_some()
            || self.tag(elf::DT_FLAGS).unwrap_or(0) & u64::from(elf::DF_SYMBOLIC) != 0;
        let Some(address) = self.tag(elf::DT_SYMTAB) else { return Ok(()) };
        let entry = symbols::entry_size(self.file.class_bits) as u64;
        let count = self.symbol_count(module, address, strings_at).min(symbols::SYMBOL_LIMIT as u64);
        let table = self.table(module, address, count.saturating_mul(entry))?;
        let mut raw = symbols::read(self.file, &table, &strings);
        if let Some(versions) = self.tag(elf::DT_VERSYM)
            && let Ok(versions) = self.table(module, versions, 2 * raw.len() as u64)
        {
            let names = versions::names(module, &strings, |tag| self.tag(tag));
            for (raw, version) in raw.iter_mut().zip(versions.chunks_exact(2)) {
                let version = self.file.order.read(version) as u16;
                raw.symbol.old_version =
                    version & elf::VERSYM_HIDDEN != 0 && raw.symbol.definition != Definition::Undefined;
                raw.symbol.version = names.get(&(version & !elf::VERSYM_HIDDEN)).cloned();
            }
        }
        let known: std::collections::BTreeSet<(String, u64)> =
            module.symbols.iter().map(|symbol| (symbol.name.clone(), symbol.value)).collect();
        for raw in &raw {
            let key = (raw.symbol.name.clone(), raw.symbol.value);
            if super::image::worth_showing(raw) && !known.contains(&key) {
                module.symbols.push(raw.symbol.clone());
            }
        }
        module.link_symbols = raw.into_iter().map(|raw| raw.symbol).collect();
        Ok(())
    }

    /// How many symbols there are: the dynamic section does not say it, but
    /// the hash tables do (System V: the number of chains; GNU: the end of
    /// the last chain). A GNU table without chains, as of a program that
    /// exports nothing, tells nothing of the symbols that it leaves out: then
    /// there are those of the section, or those that relocations name.
    fn symbol_count(&self, module: &Module, symbols_at: u64, strings_at: u64) -> u64 {
        let half = |address| module.read_integer(address, 4);
        // On s390x the words of the System V table have 64 bits.
        let wide = self.file.machine == elf::EM_S390 && self.file.class_bits == 64;
        let mut count = self.tag(DT_MIPS_SYMTABNO).filter(|_| self.file.machine == elf::EM_MIPS);
        if count.is_none()
            && let Some(hash) = self.tag(elf::DT_HASH)
        {
            // Linkers disagree on it: read as 64-bit words, the number of
            // buckets of a table of 32-bit words is far too large.
            let limit = self.file.data.len() as u64;
            let long = |at: u64| module.read_integer(at, 8).filter(|value| *value <= limit);
            count = long(hash)
                .filter(|_| wide)
                .and_then(|_| long(hash.wrapping_add(8)))
                .or_else(|| half(hash.wrapping_add(4)));
        }
        if count.is_none()
            && let Some(hash) = self.tag(elf::DT_GNU_HASH)
        {
            count = self.gnu_hash_count(module, hash);
        }
        let entry = symbols::entry_size(self.file.class_bits) as u64;
        let section = self.file.sections.iter().find(|section| section.kind == elf::SHT_DYNSYM);
        let named = module.relocations.iter().map(|relocation| u64::from(relocation.symbol) + 1).max();
        count
            .or_else(|| section.map(|section| section.size / entry))
            .or(named)
            // Last resort: the strings usually follow the symbols.
            .or_else(|| strings_at.checked_sub(symbols_at).map(|size| size / entry))
            .unwrap_or(0)
            .min(self.file.data.len() as u64 / entry)
    }

    fn gnu_hash_count(&self, module: &Module, hash: u64) -> Option<u64> {
        let half = |address| module.read_integer(address, 4);
        let buckets = half(hash)?;
        let first = half(hash.checked_add(4)?)?;
        let bloom = half(hash.checked_add(8)?)?;
        let at = hash.checked_add(16)?.checked_add(bloom * module.word_bytes() as u64)?;
        let mut last = 0;
        for index in 0..buckets.min(self.file.data.len() as u64 / 4) {
            last = last.max(half(at.checked_add(4 * index)?)?);
        }
        if last < first {
            return None;
        }
        let chains = at.checked_add(4 * buckets)?;
        for _ in 0..self.file.data.len() / 4 {
            let link = half(chains.checked_add(4 * (last - first))?)?;
            last += 1;
            if link & 1 == 1 {
                return Some(last);
            }
        }
        None
    }

    fn relocations(&self, module: &mut Module) -> Result<()> {
        let mut read = Vec::new();
        let plt = self.tag(elf::DT_JMPREL).map(|at| (at, self.tag(elf::DT_PLTRELSZ).unwrap_or(0)));
        let plt_has_addends = self.tag(elf::DT_PLTREL) == Some(u64::from(elf::DT_RELA));
        let mut plt_is_apart = true;
        for (tag, size_tag, with_addend) in
            [(elf::DT_REL, elf::DT_RELSZ, false), (elf::DT_RELA, elf::DT_RELASZ, true)]
        {
            let Some(address) = self.tag(tag) else { continue };
            let size = self.tag(size_tag).unwrap_or(0);
            if let Some((plt, _)) = plt
                && AddressRange::sized(address, size).is_ok_and(|range| range.contains(plt))
            {
                // Some linkers count the tables as one.
                plt_is_apart = with_addend != plt_has_addends;
            }
            tables::read(self.file, &self.table(module, address, size)?, with_addend, &mut read);
        }
        if let Some((address, size)) = plt
            && plt_is_apart
        {
            tables::read(self.file, &self.table(module, address, size)?, plt_has_addends, &mut read);
        }
        if let Some(address) = self.tag(DT_RELR) {
            let table = self.table(module, address, self.tag(DT_RELRSZ).unwrap_or(0))?;
            let limit = self.file.data.len() / module.word_bytes();
            let places = tables::relr_places(self.file, &table, limit);
            read.extend(places.into_iter().map(|place| Relocation {
                place,
                kind: RELR_KIND,
                symbol: 0,
                addend: None,
            }));
        }
        module.relocations = read;
        Ok(())
    }

    fn function_lists(&self, module: &mut Module) {
        let function = |tag: u32| self.tag(tag).filter(|address| *address != 0);
        let array = |tag: u32, size: u32| Some((self.tag(tag)?, self.tag(size)?));
        module.constructors.functions.extend(function(elf::DT_INIT));
        module.constructors.arrays.extend(array(elf::DT_PREINIT_ARRAY, elf::DT_PREINIT_ARRAYSZ));
        module.constructors.arrays.extend(array(elf::DT_INIT_ARRAY, elf::DT_INIT_ARRAYSZ));
        module.destructors.arrays.extend(array(elf::DT_FINI_ARRAY, elf::DT_FINI_ARRAYSZ));
        module.destructors.functions.extend(function(elf::DT_FINI));
    }

    fn processor(&self, module: &mut Module) {
        match self.file.machine {
            elf::EM_MIPS => {
                module.mips_got = (|| {
                    Some(MipsGot {
                        address: self.tag(elf::DT_PLTGOT)?,
                        local_entries: self.tag(DT_MIPS_LOCAL_GOTNO)?,
                        first_symbol: self.tag(DT_MIPS_GOTSYM)?,
                        symbols: self.tag(DT_MIPS_SYMTABNO)?,
                    })
                })();
                // The global pointer is 0x7ff0 behind the start of the table.
                module.pointer = self.tag(elf::DT_PLTGOT).map(|got| got.wrapping_add(0x7ff0));
            }
            elf::EM_PPC => module.secure_plt = self.tag(DT_PPC_GOT).is_some(),
            elf::EM_PPC64 if module.descriptors.is_none() => {
                module.descriptors = self
                    .tag(DT_PPC64_OPD)
                    .and_then(|at| AddressRange::sized(at, self.tag(DT_PPC64_OPDSZ)?).ok());
            }
            _ => {}
        }
    }
}
