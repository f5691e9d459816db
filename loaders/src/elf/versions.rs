//! Symbol versions: the names behind the numbers of `DT_VERSYM`, from the
//! tables of versions that a file defines and needs.
//!
//! Sun's design as GNU took it over: "Linker and Libraries Guide", "Versioning
//! sections"; the layouts are those of `Elf_Verdef` and `Elf_Verneed` in the
//! Linux Standard Base, core, chapter 10.7.

use std::{collections::HashMap, sync::Arc};

use object::elf;

use super::{file::text, symbols::string};
use crate::module::Module;

/// Most entries of both tables together.
const VERSION_LIMIT: usize = 1 << 15;

/// The names by number. Broken tables give those before the break. The first
/// definition, which is the file's own name, is no version.
pub(super) fn names(
    module: &Module,
    strings: &[u8],
    tag: impl Fn(u32) -> Option<u64>,
) -> HashMap<u16, Arc<str>> {
    let mut names = HashMap::new();
    let mut budget = VERSION_LIMIT;
    if let Some(start) = tag(elf::DT_VERDEF) {
        let _ = defined(module, start, strings, &mut budget, &mut names);
    }
    if let Some(start) = tag(elf::DT_VERNEED) {
        let _ = needed(module, start, strings, &mut budget, &mut names);
    }
    names
}

fn name(strings: &[u8], offset: u64) -> Option<Arc<str>> {
    Some(text(string(strings, offset)?).into())
}

/// `vd_version`, `vd_flags`, `vd_ndx`, `vd_cnt`, `vd_hash`, `vd_aux`,
/// `vd_next`; its first auxiliary entry begins with the name.
fn defined(
    module: &Module,
    start: u64,
    strings: &[u8],
    budget: &mut usize,
    names: &mut HashMap<u16, Arc<str>>,
) -> Option<()> {
    let mut at = start;
    loop {
        *budget = budget.checked_sub(1)?;
        let flags = module.read_integer(at.checked_add(2)?, 2)? as u16;
        let number = module.read_integer(at.checked_add(4)?, 2)? as u16;
        let entry = at.checked_add(module.read_integer(at.checked_add(12)?, 4)?)?;
        if flags & elf::VER_FLG_BASE == 0 {
            names.insert(number & !elf::VERSYM_HIDDEN, name(strings, module.read_integer(entry, 4)?)?);
        }
        match module.read_integer(at.checked_add(16)?, 4)? {
            0 => return Some(()),
            next => at = at.checked_add(next)?,
        }
    }
}

/// `vn_version`, `vn_cnt`, `vn_file`, `vn_aux`, `vn_next`; auxiliary entries
/// have `vna_hash`, `vna_flags`, `vna_other` (the number), `vna_name`,
/// `vna_next`.
fn needed(
    module: &Module,
    start: u64,
    strings: &[u8],
    budget: &mut usize,
    names: &mut HashMap<u16, Arc<str>>,
) -> Option<()> {
    let mut at = start;
    loop {
        let count = module.read_integer(at.checked_add(2)?, 2)?;
        let mut entry = at.checked_add(module.read_integer(at.checked_add(8)?, 4)?)?;
        for _ in 0..count {
            *budget = budget.checked_sub(1)?;
            let number = module.read_integer(entry.checked_add(6)?, 2)? as u16;
            let text = name(strings, module.read_integer(entry.checked_add(8)?, 4)?)?;
            names.insert(number & !elf::VERSYM_HIDDEN, text);
            match module.read_integer(entry.checked_add(12)?, 4)? {
                0 => break,
                next => entry = entry.checked_add(next)?,
            }
        }
        *budget = budget.checked_sub(1)?;
        match module.read_integer(at.checked_add(12)?, 4)? {
            0 => return Some(()),
            next => at = at.checked_add(next)?,
        }
    }
}
