//! Symbol look-up over all modules.

use std::collections::HashMap;

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
    /// The best one of each name, with its rank (lower is better).
    best: HashMap<String, (u8, Place)>,
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
                            all.offer(&symbol.name, rank, (index, number));
                        }
                    }
                }
                Member::Ready(executable) => {
                    for (number, symbol) in executable.symbols.iter().enumerate() {
                        match symbol.binding {
                            SymbolBinding::Global => all.offer(&symbol.name, 0, (index, number)),
                            SymbolBinding::Weak => all.offer(&symbol.name, 1, (index, number)),
                            SymbolBinding::Local => {}
                        }
                    }
                }
            }
        }
        all
    }

    fn offer(&mut self, name: &str, rank: u8, place: Place) {
        match self.best.get_mut(name) {
            None => {
                self.best.insert(name.to_owned(), (rank, place));
            }
            Some(best) if rank < best.0 => *best = (rank, place),
            Some(_) => {}
        }
    }

    /// The definition that a reference gets.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        self.best.get(name).map(|(_, place)| *place)
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
    let descriptor = module.descriptors.filter(|range| range.contains(symbol.value)).and_then(|_| {
        let code = module.read_word(symbol.value)?;
        Some((code, module.read_word(symbol.value.checked_add(8)?)?))
    });
    Target {
        value: if thumb { placed & !1 } else { placed },
        thumb,
        size: symbol.size,
        function,
        indirect: symbol.indirect,
        thread_local: symbol.kind == SymbolKind::Tls,
        local: symbol.binding == SymbolBinding::Local,
        same_module,
        missing_weak: false,
        pointer_displacement: false,
        other: symbol.other,
        descriptor,
    }
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
        "__dso_handle" => here(module.placed(module.span().first())),
        _ => None,
    }
}
