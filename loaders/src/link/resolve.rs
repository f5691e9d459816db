//! Symbol look-up over all modules.

use std::{collections::HashMap, sync::Arc};

use object::elf;
use terrella_machine_state::{SymbolBinding, SymbolKind};

use super::Member;
use crate::{
    module::{Definition, Module, ModuleSymbol},
    relocation::Target,
};

/// A definition: the member, and the index of the symbol in it.
pub(super) type Place = (usize, usize);

/// The definitions that other modules see.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// Those of each name, in the order of the members.
    by_name: HashMap<String, Vec<Candidate>>,
}

/// A definition of a name.
#[derive(Debug)]
struct Candidate {
    /// Lower is better.
    rank: u8,
    place: Place,
    /// `None` fits every reference.
    version: Option<Arc<str>>,
}

impl Definitions {
    /// Collects those of all members, except for `COPY` sources: where
    /// `without` names a member, its own are left out.
    pub(super) fn collect(members: &[Member], without: Option<usize>) -> Self {
        let mut all = Self::default();
        for (index, member) in members.iter().enumerate() {
            if without == Some(index) {
                continue;
            }
            match member {
                Member::Module(module) => {
                    for (number, symbol) in module.link_symbols.iter().enumerate() {
                        if let Some(rank) = rank(symbol) {
                            all.offer(&symbol.name, rank, (index, number), symbol.version.clone());
                        }
                    }
                }
                // Their exports belong to a library's name.
                Member::Windows(_) => {}
                Member::Ready(executable) => {
                    for (number, symbol) in executable.symbols.iter().enumerate() {
                        match symbol.binding {
                            SymbolBinding::Global => all.offer(&symbol.name, 0, (index, number), None),
                            SymbolBinding::Weak => all.offer(&symbol.name, 1, (index, number), None),
                            SymbolBinding::Local => {}
                        }
                    }
                }
            }
        }
        all
    }

    fn offer(&mut self, name: &str, rank: u8, place: Place, version: Option<Arc<str>>) {
        let candidate = Candidate { rank, place, version };
        match self.by_name.get_mut(name) {
            Some(candidates) => candidates.push(candidate),
            None => {
                self.by_name.insert(name.to_owned(), vec![candidate]);
            }
        }
    }

    /// The definition that a reference gets: the first one of the best rank.
    /// A reference to a version gets that version, or a definition without
    /// versions; one without gets the default version.
    pub(super) fn find(&self, name: &str, version: Option<&str>) -> Option<Place> {
        let candidates = self.by_name.get(name)?.iter();
        let fits = |candidate: &&Candidate| match (version, candidate.version.as_deref()) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        };
        // Which version is the default one only matters without a version.
        let rank = |candidate: &&Candidate| match version {
            Some(_) => candidate.rank % 2,
            None => candidate.rank,
        };
        candidates.filter(fits).min_by_key(rank).map(|candidate| candidate.place)
    }
}

/// How good a definition is for other modules: `None` if they do not see it.
fn rank(symbol: &ModuleSymbol) -> Option<u8> {
    if symbol.definition == Definition::Undefined || symbol.hidden || symbol.name.is_empty() {
        return None;
    }
    let old = if symbol.old_version { 2 } else { 0 };
    match symbol.binding {
        SymbolBinding::Global => Some(old),
        SymbolBinding::Weak => Some(1 + old),
        SymbolBinding::Local => None,
    }
}

/// The target that a symbol of a module is, for a reference from the module
/// itself or from another one.
pub(super) fn target_in(module: &Module, symbol: &ModuleSymbol, same_module: bool) -> Target {
    let placed = module.symbol_value(symbol);
    let function = symbol.kind == SymbolKind::Function;
    let thumb = module.machine == elf::EM_ARM && function && placed & 1 == 1;
    let compressed = module.is_compressed(symbol);
    let descriptor = module.descriptors.filter(|range| range.contains(symbol.value)).and_then(|_| {
        let code = module.read_word(symbol.value)?;
        Some((code, module.read_word(symbol.value.checked_add(8)?)?))
    });
    Target {
        value: if thumb { placed & !1 } else { placed | u64::from(compressed) },
        thumb,
        compressed,
        origin: origin(module, symbol),
        size: symbol.size,
        function,
        indirect: symbol.indirect,
        thread_local: symbol.kind == SymbolKind::Tls,
        local: symbol.binding == SymbolBinding::Local,
        same_module,
        missing_weak: false,
        import: false,
        pointer_displacement: false,
        other: symbol.other,
        block: module
            .tls_block
            .filter(|_| symbol.kind == SymbolKind::Tls || symbol.kind == SymbolKind::Section),
        descriptor,
    }
}

/// Where the segment of a symbol starts: the static base of Arm's relocations.
fn origin(module: &Module, symbol: &ModuleSymbol) -> u64 {
    let segment = module.segment_at(symbol.value).filter(|_| module.machine == elf::EM_ARM);
    segment.map_or(0, |segment| module.placed(segment.range.first()))
}

/// The target that a symbol of a ready image is.
pub(super) fn target_of(symbol: &terrella_machine_state::Symbol, machine: u16) -> Target {
    let function = symbol.kind == SymbolKind::Function;
    let thumb = machine == elf::EM_ARM && function && symbol.address & 1 == 1;
    Target {
        value: if thumb { symbol.address & !1 } else { symbol.address },
        thumb,
        size: symbol.size,
        function,
        thread_local: symbol.kind == SymbolKind::Tls,
        ..Target::default()
    }
}

/// Symbols that the static linker makes: undefined in a relocatable file.
pub(super) fn made_by_linker(module: &Module, name: &str) -> Option<Target> {
    let here = |value: u64| Some(Target { value, local: true, same_module: true, ..Target::default() });
    let pointer = module.pointer.map(|pointer| module.placed(pointer));
    match name {
        _ if !module.relocatable => None,
        "_GLOBAL_OFFSET_TABLE_" => here(module.placed(module.got.as_ref()?.address)),
        "_gp_disp" if module.machine == elf::EM_MIPS => {
            Some(Target { pointer_displacement: true, ..here(pointer?)? })
        }
        "__gnu_local_gp" | "_gp" if module.machine == elf::EM_MIPS => here(pointer?),
        ".TOC." if module.machine == elf::EM_PPC64 => here(pointer?),
        // The start of the file's own thread-local storage.
        "_TLS_MODULE_BASE_" => {
            Some(Target { thread_local: true, block: Some(module.tls_block?), ..here(0)? })
        }
        "__dso_handle" => here(module.placed(module.span().first())),
        _ => None,
    }
}
