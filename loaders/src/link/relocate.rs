//! Relocation of all modules, with the symbols of all modules.

use std::collections::{BTreeMap, BTreeSet};

use terrella_machine_state::SymbolBinding;

use super::{
    Binding, LinkReport, Member, SkippedRelocation,
    imports::Imports,
    resolve::{Definitions, Place, made_by_linker, target_in, target_of},
};
use crate::{
    Error, Options, Result, UnknownRelocations,
    module::{Definition, Module, Relocation},
    relocation::{self, Filled, Problem, RELR_KIND, SlotShape, State, Target, Types},
};

/// Most bytes that `COPY` relocations of one link may copy.
const COPY_LIMIT: u64 = 64 << 20;

/// What is at hand while modules are relocated.
struct Work<'a> {
    options: &'a Options,
    definitions: Definitions,
    imports: &'a mut Imports,
    report: &'a mut LinkReport,
    bindings: BTreeSet<Binding>,
}

/// What a reference was bound to.
struct Bound {
    target: Target,
    name: String,
    open: bool,
}

/// Slots with their resolvers, and those that are more than a word.
type Slots = (BTreeMap<u64, u64>, BTreeMap<u64, SlotShape>);

/// Relocates every module. Gives the words that take what functions return.
pub(super) fn relocate(
    members: &mut [Member],
    options: &Options,
    imports: &mut Imports,
    report: &mut LinkReport,
) -> Result<Slots> {
    imports.descriptors =
        members.iter().any(|member| matches!(member, Member::Module(module) if module.is_elfv1()));
    let definitions = Definitions::collect(members, None);
    let mut work = Work { options, definitions, imports, report, bindings: BTreeSet::new() };
    let mut states: Vec<State> = members.iter().map(|_| State::default()).collect();
    for late in [false, true] {
        for (index, state) in states.iter_mut().enumerate() {
            work.module(members, index, state, late)?;
        }
    }
    work.copies(members)?;
    work.ready(members);
    work.report.bindings = work.bindings.into_iter().collect();
    let mut shapes = BTreeMap::new();
    let mut indirect = BTreeMap::new();
    for state in states {
        indirect.extend(state.indirect);
        shapes.extend(state.shapes);
    }
    Ok((indirect, shapes))
}

impl Work<'_> {
    /// Applies the relocations of a module that are (not) for the end.
    fn module(&mut self, members: &mut [Member], index: usize, state: &mut State, late: bool) -> Result<()> {
        let Some(Member::Module(module)) = members.get_mut(index) else { return Ok(()) };
        // The module is taken out, so that its symbols and the others' can be
        // read while it changes.
        let mut module = std::mem::replace(module, Box::new(module.husk()));
        if !late {
            relocation::prepare(&mut module);
        }
        let types = Types::of(&module);
        let relocations = std::mem::take(&mut module.relocations);
        let mut result = Ok(());
        for relocation in &relocations {
            if relocation::is_deferred(&types, relocation) != late {
                continue;
            }
            result = self.one(members, &mut module, index, &types, *relocation, state);
            if result.is_err() {
                break;
            }
        }
        module.relocations = relocations;
        if late && result.is_ok() {
            self.mips_table(members, &mut module, index);
        }
        if let Some(Member::Module(place)) = members.get_mut(index) {
            *place = module;
        }
        result
    }

    fn one(
        &mut self,
        members: &[Member],
        module: &mut Module,
        index: usize,
        types: &Types,
        relocation: Relocation,
        state: &mut State,
    ) -> Result<()> {
        let howto = types.get(relocation.kind);
        // Markers may name symbols that nobody needs.
        if howto.is_some_and(|howto| matches!(howto.formula, relocation::Formula::Nothing)) {
            return Ok(());
        }
        let bound = if relocation.kind == RELR_KIND {
            Bound { target: Target::default(), name: String::new(), open: false }
        } else if howto.is_some_and(|howto| matches!(howto.formula, relocation::Formula::FinderCall)) {
            self.named(members, module, index, "__tls_get_addr")
        } else {
            self.bind(members, module, index, relocation.symbol as usize)?
        };
        let mut bound = bound;
        if bound.target.missing_weak && howto.is_some_and(|howto| howto.name == "R_SPARC_JMP_SLOT") {
            bound.target = self.imports.weak_entry(&bound.name, index);
        }
        let place = module.placed(relocation.place);
        match relocation::apply(module, types, relocation, &bound.target, state) {
            Ok(filled) => {
                self.report.applied += 1;
                match filled {
                    Filled::Word(word) if bound.open => {
                        self.imports.slot(&bound.name, index, module.placed(word));
                    }
                    Filled::Descriptor(entry) if bound.open => {
                        self.imports.descriptor_slot(&bound.name, index, module.placed(entry));
                    }
                    _ => {}
                }
                Ok(())
            }
            Err(problem) => self.problem(module, relocation, place, bound.name, problem),
        }
    }

    fn problem(
        &mut self,
        module: &Module,
        relocation: Relocation,
        place: u64,
        symbol: String,
        problem: Problem,
    ) -> Result<()> {
        let file = module.name.clone();
        let error = match problem {
            Problem::Unknown => {
                Error::UnknownRelocation { file, platform: module.platform, number: relocation.kind, place }
            }
            Problem::Unsupported(name, reason) => {
                Error::UnsupportedRelocation { file, name, place, symbol: symbol.clone(), reason }
            }
            Problem::Overflow(name, value) => {
                return Err(Error::RelocationOverflow { file, name, place, symbol, value });
            }
            Problem::Outside(name) => return Err(Error::RelocationOutside { file, name, place }),
        };
        if self.options.unknown_relocations == UnknownRelocations::Refuse {
            return Err(error);
        }
        let kind = match problem {
            Problem::Unsupported(name, _) => name.to_owned(),
            _ => format!("type {}", relocation.kind),
        };
        self.report.skipped.push(SkippedRelocation { module: module.name.clone(), kind, place, symbol });
        Ok(())
    }

    /// What a symbol of a module's table is.
    fn bind(&mut self, members: &[Member], module: &Module, index: usize, number: usize) -> Result<Bound> {
        let closed = |target, name: &str| Ok(Bound { target, name: name.to_owned(), open: false });
        if number == 0 {
            let block = module.tls_block;
            return closed(Target { local: true, same_module: true, block, ..Target::default() }, "");
        }
        let Some(symbol) = module.link_symbols.get(number) else {
            return Err(Error::Malformed {
                file: module.name.clone(),
                what: "a relocation names a symbol that is not in the table",
                offset: number as u64,
            });
        };
        let name = symbol.name.as_str();
        let defined = symbol.definition != Definition::Undefined;
        let own = symbol.binding == SymbolBinding::Local
            || defined && (symbol.hidden || symbol.protected || module.symbolic);
        if own || name.is_empty() {
            return closed(target_in(module, symbol, true), name);
        }
        if !defined && let Some(target) = made_by_linker(module, name) {
            return closed(target, name);
        }
        let version = symbol.version.as_deref();
        if let Some(place) = self.definitions.find(name, version) {
            return closed(self.found(members, module, index, place, name), name);
        }
        if defined {
            return closed(target_in(module, symbol, true), name);
        }
        if symbol.binding == SymbolBinding::Weak {
            self.imports.missing_weak(name, index);
            let target = Target { missing_weak: true, ..Target::default() };
            return Ok(Bound { target, name: name.to_owned(), open: true });
        }
        let target = self.imports.target(name, index);
        self.imports.version(name, version);
        Ok(Bound { target, name: name.to_owned(), open: true })
    }

    /// A function that a relocation means without a symbol.
    fn named(&mut self, members: &[Member], module: &Module, index: usize, name: &str) -> Bound {
        let (target, open) = match self.definitions.find(name, None) {
            Some(place) => (self.found(members, module, index, place, name), false),
            None => (self.imports.target(name, index), true),
        };
        Bound { target, name: name.to_owned(), open }
    }

    fn found(
        &mut self,
        members: &[Member],
        module: &Module,
        index: usize,
        (member, number): Place,
        name: &str,
    ) -> Target {
        if member == index {
            return module
                .link_symbols
                .get(number)
                .map_or_else(Target::default, |symbol| target_in(module, symbol, true));
        }
        let Some(other) = members.get(member) else { return Target::default() };
        let binding =
            Binding { symbol: name.to_owned(), from: module.name.clone(), to: other.name().to_owned() };
        self.bindings.insert(binding);
        match other {
            Member::Windows(_) => Target::default(),
            Member::Module(other) => other
                .link_symbols
                .get(number)
                .map_or_else(Target::default, |symbol| target_in(other, symbol, false)),
            Member::Ready(other) => other
                .symbols
                .iter()
                .nth(number)
                .map_or_else(Target::default, |symbol| target_of(symbol, module.machine)),
        }
    }

    /// The offset table of MIPS, which has no relocations of its own.
    fn mips_table(&mut self, members: &[Member], module: &mut Module, index: usize) {
        if module.mips_got.is_none() {
            return;
        }
        let frozen = module.clone();
        relocation::relocate_got(module, |symbol, slot| {
            match self.bind(members, &frozen, index, symbol as usize) {
                Ok(bound) => {
                    if bound.open {
                        self.imports.slot(&bound.name, index, frozen.placed(slot));
                    }
                    self.report.applied += 1;
                    bound.target.value
                }
                Err(_) => 0,
            }
        });
    }

    /// `COPY`: what another module defines is moved to where the program
    /// wants it; all references go there, because the program's definition
    /// comes first.
    fn copies(&mut self, members: &mut [Member]) -> Result<()> {
        let mut total = 0_u64;
        for index in 0..members.len() {
            let Some(Member::Module(module)) = members.get(index) else { continue };
            let types = Types::of(module);
            let wanted: Vec<Relocation> = module
                .relocations
                .iter()
                .filter(|relocation| {
                    types
                        .get(relocation.kind)
                        .is_some_and(|howto| matches!(howto.formula, relocation::Formula::Copy))
                })
                .copied()
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let others = Definitions::collect(members, Some(index));
            for relocation in wanted {
                let Some(Member::Module(module)) = members.get(index) else { continue };
                let Some(symbol) = module.link_symbols.get(relocation.symbol as usize) else { continue };
                let (name, size) = (symbol.name.clone(), symbol.size);
                let Some((member, number)) = others.find(&name, symbol.version.as_deref()) else {
                    self.imports.target(&name, index);
                    continue;
                };
                let source = match members.get(member) {
                    Some(Member::Module(other)) => {
                        other.link_symbols.get(number).map(|symbol| (symbol.value, symbol.size))
                    }
                    Some(Member::Ready(other)) => {
                        other.symbols.iter().nth(number).map(|symbol| (symbol.address, symbol.size))
                    }
                    Some(Member::Windows(_)) | None => None,
                };
                let Some((address, length)) = source else { continue };
                let size = size.min(length);
                total = total.saturating_add(size);
                if total > COPY_LIMIT {
                    return Err(Error::TooLarge {
                        file: module.name.clone(),
                        what: "content of COPY relocations",
                        size: total,
                        limit: COPY_LIMIT,
                    });
                }
                let mut bytes = vec![0; size as usize];
                let read = match members.get(member) {
                    Some(Member::Module(other)) => other.read(address, &mut bytes),
                    Some(Member::Ready(other)) => {
                        other.read(address, bytes.len()).ok().map(|content| bytes = content)
                    }
                    Some(Member::Windows(_)) | None => None,
                };
                let Some(Member::Module(module)) = members.get_mut(index) else { continue };
                if size > 0 && (read.is_none() || module.write(relocation.place, &bytes).is_none()) {
                    return Err(Error::RelocationOutside {
                        file: module.name.clone(),
                        name: "COPY",
                        place: module.placed(relocation.place),
                    });
                }
            }
        }
        Ok(())
    }

    /// Fills the imports of images that were linked before.
    fn ready(&mut self, members: &mut [Member]) {
        for index in 0..members.len() {
            let Some(Member::Ready(executable)) = members.get(index) else { continue };
            let names: Vec<String> = executable.imports.iter().map(|import| import.name.clone()).collect();
            for name in names {
                let Some((member, number)) = self.definitions.find(&name, None) else { continue };
                let address = match members.get(member) {
                    Some(Member::Module(module)) => {
                        module.link_symbols.get(number).map(|symbol| module.symbol_value(symbol))
                    }
                    Some(Member::Ready(other)) => {
                        other.symbols.iter().nth(number).map(|symbol| symbol.address)
                    }
                    Some(Member::Windows(_)) | None => None,
                };
                if let (Some(address), Some(Member::Ready(executable))) = (address, members.get_mut(index)) {
                    // Slots are inside of the image; if not, it stays open.
                    let _ = executable.resolve_import(&name, address);
                }
            }
        }
    }
}

impl Module {
    /// What stands in for a module while it is worked on: nothing refers to
    /// it.
    fn husk(&self) -> Self {
        Self {
            name: self.name.clone(),
            segments: Vec::new(),
            symbols: Vec::new(),
            link_symbols: Vec::new(),
            relocations: Vec::new(),
            needed: Vec::new(),
            search: [None, None],
            origin: None,
            constructors: crate::module::FunctionLists::default(),
            destructors: crate::module::FunctionLists::default(),
            got: None,
            ..*self
        }
    }
}
