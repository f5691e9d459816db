//! The end of a link: modules become executables.

use object::elf;
use terrella_emulator_api::Permissions;
use terrella_machine_state::{
    Executable, FunctionModel, PAGE_SIZE, Pages, Segment, Symbol, SymbolBinding, SymbolKind, TlsTemplate,
};
use terrella_platforms::{ARM_HELPERS_THREAD_POINTER, ARM_KERNEL_HELPERS, Platform, arm_kernel_helpers};

use super::{LinkReport, Member, OpenImport, imports::Imports, tls::Blocks};
use crate::{
    Error, Loaded, Options, Result,
    module::{FunctionLists, Module, ModuleSegment, ModuleSymbol},
    thread_local::{Entrance, ThreadLocalAddress},
};

/// Most constructors or destructors of one array.
const FUNCTION_LIMIT: u64 = 1 << 16;

/// Makes the result of the link.
pub(super) fn finish(
    members: Vec<Member>,
    platform: Platform,
    options: &Options,
    mut imports: Imports,
    mut report: LinkReport,
) -> Result<Loaded> {
    let names: Vec<String> = members.iter().map(|member| member.name().to_owned()).collect();
    let named = |wanted: &[usize]| wanted.iter().filter_map(|index| names.get(*index).cloned()).collect();
    for (index, name) in imports.names.iter().enumerate() {
        report.imports.push(OpenImport {
            name: name.clone(),
            address: imports.code(index),
            weak: !imports.is_needed(name),
            version: imports.versions.get(name).cloned(),
            wanted_by: named(&imports.wanted_by[index]),
        });
    }
    for (name, wanted) in imports.weak.iter().filter(|(name, _)| imports.is_needed(name)) {
        let wanted_by = named(wanted);
        let name = name.clone();
        report.imports.push(OpenImport { name, address: 0, weak: true, version: None, wanted_by });
    }
    let needed: Vec<String> = imports.names.iter().filter(|name| imports.is_needed(name)).cloned().collect();
    if options.refuse_undefined && !needed.is_empty() {
        return Err(Error::Undefined { names: needed });
    }
    let mut executables = Vec::new();
    for (index, member) in members.into_iter().enumerate() {
        let open = imports.of_member.remove(&index).unwrap_or_default();
        executables.push(match member {
            Member::Ready(executable) => *executable,
            Member::Windows(image) => {
                let mut executable = image.into_executable();
                executable.imports = open.into_values().collect();
                executable
            }
            Member::Module(module) => {
                let mut executable = executable(&module);
                executable.imports = open.into_values().collect();
                for import in &mut executable.imports {
                    import.slots.sort_unstable();
                    import.slots.dedup();
                }
                executable
            }
        });
    }
    if !imports.names.is_empty() {
        let area = area(&imports, platform, options)?;
        let range = imports.area(platform)?;
        for executable in &executables {
            let hit = executable.segments.iter().find(|segment| segment.range.overlaps(&range));
            if let Some(segment) = hit {
                return Err(Error::Overlap {
                    file: area.name,
                    range,
                    other: executable.name.clone(),
                    existing: segment.range,
                });
            }
        }
        executables.push(area);
    }
    Ok(Loaded { executables, platform, report, registers: Vec::new(), models: Vec::new(), indirect: None })
}

/// The functions that find thread-local variables, and how each is called.
const FINDERS: &[(&str, Entrance)] = &[
    ("__tls_get_addr", Entrance::Argument),
    ("__tls_get_addr_opt", Entrance::Argument),
    ("___tls_get_addr", Entrance::Register),
    ("__tls_get_offset", Entrance::OffsetTable),
    ("__aeabi_read_tp", Entrance::ThreadPointer),
    ("__m68k_read_tp", Entrance::ThreadPointer),
];

/// Adds the blocks of thread-local storage, and the functions that find
/// variables in them: in place of those of a C library, which has not set up
/// its own tables.
pub(super) fn add_storage(loaded: &mut Loaded, storage: Blocks) -> Result<()> {
    for (name, entrance) in FINDERS {
        let open = loaded.report.imports.iter().find(|import| import.name == *name && !import.weak);
        let defined = || loaded.executables.iter().find_map(|image| image.symbol(name).ok());
        let address = open.map(|import| import.address).or_else(|| Some(defined()?.address));
        if let Some(address) = address {
            let blocks =
                storage.addresses.iter().map(|block| block.wrapping_add(storage.offset_bias)).collect();
            let function = ThreadLocalAddress::new(blocks, *entrance, storage.pointer);
            let model = FunctionModel::new(address, function).with_stub();
            loaded.models.push(((*name).to_owned(), model));
        }
    }
    // Processors before ARMv6 have none for the thread pointer: the kernel keeps
    // it in memory (Documentation/arch/arm/kernel_user_helpers.rst).
    let definition = loaded.platform.definition();
    let there = storage.registers.iter().filter(|(name, _)| definition.register(name).is_some());
    loaded.registers.extend(there);
    if loaded.platform == Platform::ARMV5T {
        let helpers = arm_helpers(storage.pointer);
        let taken = |image: &Executable| image.segments.iter().any(|it| it.range.overlaps(&helpers.range));
        // A program with code of its own there knows what it does.
        if !loaded.executables.iter().any(taken) {
            let mut image = Executable::new("kernel helpers", loaded.platform);
            image.segments.push(helpers);
            add(loaded, image)?;
        }
    }
    add(loaded, storage.image)
}

/// The page with the kernel's helpers, with the thread pointer in it.
fn arm_helpers(pointer: u64) -> Segment {
    let mut data = Pages::new();
    let words = arm_kernel_helpers(false);
    for (offset, word) in words.into_iter().chain([(ARM_HELPERS_THREAD_POINTER, pointer as u32)]) {
        data.write(ARM_KERNEL_HELPERS + offset, &word.to_le_bytes());
    }
    Segment {
        name: "kernel helpers".to_owned(),
        range: (ARM_KERNEL_HELPERS..=ARM_KERNEL_HELPERS + 0xfff).into(),
        permissions: Permissions::READ_EXECUTE,
        data,
    }
}

/// Adds an image that the linker made, before the area of imports.
pub(super) fn add(loaded: &mut Loaded, image: Executable) -> Result<()> {
    for segment in &image.segments {
        for other in &loaded.executables {
            if let Some(hit) = other.segments.iter().find(|other| other.range.overlaps(&segment.range)) {
                return Err(Error::Overlap {
                    file: image.name.clone(),
                    range: segment.range,
                    other: other.name.clone(),
                    existing: hit.range,
                });
            }
        }
    }
    let before_imports = loaded.executables.last().is_some_and(|last| last.name == "imports");
    let at = loaded.executables.len() - usize::from(before_imports);
    loaded.executables.insert(at, image);
    Ok(())
}

/// The area of open imports: names, and a segment if it is to be mapped.
fn area(imports: &Imports, platform: Platform, options: &Options) -> Result<Executable> {
    let range = imports.area(platform)?;
    let mut area = Executable::new("imports", platform);
    for (index, name) in imports.names.iter().enumerate() {
        area.symbols.insert(Symbol {
            name: format!("{name}@import"),
            address: imports.code(index),
            size: 1,
            kind: SymbolKind::Function,
            binding: SymbolBinding::Local,
            module: area.name.clone(),
        });
    }
    if options.import_area.mapped {
        let mut data = Pages::new();
        if imports.descriptors {
            for index in 0..imports.names.len() {
                let mut bytes = [0; 16];
                platform.byte_order().write(imports.code(index).into(), &mut bytes[..8]);
                platform.byte_order().write(imports.address(index).into(), &mut bytes[8..]);
                data.write(imports.address(index), &bytes);
            }
        }
        let permissions = Permissions::READ_EXECUTE;
        area.segments.push(Segment { name: "imports".to_owned(), range, permissions, data });
    }
    Ok(area)
}

/// The image of a module at its address.
pub(crate) fn executable(module: &Module) -> Executable {
    let mut executable = Executable::new(module.name.clone(), module.platform);
    executable.entry = module.entry.map(|entry| module.placed(entry));
    executable.load_bias = module.bias;
    executable.segments = module.segments.iter().map(|segment| placed(module, segment)).collect();
    for symbol in &module.symbols {
        symbols_of(module, symbol, &mut executable);
    }
    executable.constructors = functions(module, &module.constructors, false);
    executable.destructors = functions(module, &module.destructors, true);
    executable.libraries.clone_from(&module.needed);
    executable.tls = module.tls.map(|tls| TlsTemplate { address: module.placed(tls.address), ..tls });
    pointers(module, &mut executable);
    executable
}

/// A segment with its content at the final addresses.
fn placed(module: &Module, segment: &ModuleSegment) -> Segment {
    let page = PAGE_SIZE as u64;
    let data = if module.bias == 0 {
        segment.data.clone()
    } else {
        let mut data = Pages::new();
        for (number, _) in segment.data.iter() {
            let first = number.wrapping_mul(page).max(segment.range.first());
            let last = number.wrapping_mul(page).saturating_add(page - 1).min(segment.range.last());
            if first <= last {
                let bytes = segment.data.read_vec(first, (last - first) as usize + 1);
                data.write(module.placed(first), &bytes);
            }
        }
        data
    };
    Segment {
        name: segment.name.clone(),
        range: (module.placed(segment.range.first())..=module.placed(segment.range.last())).into(),
        permissions: segment.permissions,
        data,
    }
}

/// A symbol; a function descriptor is one, and `.name` is its code.
fn symbols_of(module: &Module, symbol: &ModuleSymbol, executable: &mut Executable) {
    let mut shown = Symbol {
        name: symbol.name.clone(),
        address: module.symbol_value(symbol),
        size: symbol.size,
        kind: symbol.kind,
        binding: symbol.binding,
        module: module.name.clone(),
    };
    if module.is_compressed(symbol) {
        shown.address |= 1;
    }
    if module.descriptors.is_some_and(|range| range.contains(symbol.value))
        && let Some(code) = module.read_word(symbol.value)
    {
        executable.symbols.insert(Symbol {
            name: format!(".{}", shown.name),
            address: code,
            ..shown.clone()
        });
        shown.size = 24;
    }
    executable.symbols.insert(shown);
}

/// The functions of lists, in the order in which they are called.
fn functions(module: &Module, lists: &FunctionLists, backwards: bool) -> Vec<u64> {
    let word = module.word_bytes() as u64;
    let mut arrays = Vec::new();
    for (address, size) in &lists.arrays {
        for index in 0..(size / word).min(FUNCTION_LIMIT) {
            let Some(value) = module.read_word(address.wrapping_add(index * word)) else { break };
            // 0 and -1 fill arrays up.
            let all_ones = if word == 4 { u64::from(u32::MAX) } else { u64::MAX };
            if value != 0 && value != all_ones {
                arrays.push(value);
            }
        }
    }
    let direct = lists.functions.iter().map(|function| module.placed(*function));
    if backwards { arrays.into_iter().rev().chain(direct).collect() } else { direct.chain(arrays).collect() }
}

/// The calling convention and the pointers that functions expect.
fn pointers(module: &Module, executable: &mut Executable) {
    let symbol = |name: &str| {
        module.symbols.iter().find(|symbol| symbol.name == name).map(|symbol| module.symbol_value(symbol))
    };
    let pointer = module.pointer.map(|pointer| module.placed(pointer));
    match module.machine {
        elf::EM_MIPS => executable.global_pointer = pointer.or_else(|| symbol("_gp")),
        elf::EM_RISCV => executable.global_pointer = symbol("__global_pointer$"),
        elf::EM_PPC64 => {
            let of_descriptors =
                module.descriptors.and_then(|range| module.read_word(range.first().checked_add(8)?));
            executable.toc = pointer.or_else(|| symbol(".TOC.")).or(of_descriptors);
            let abi = if module.is_elfv1() { "elfv1" } else { "elfv2" };
            set_abi(executable, abi);
        }
        elf::EM_ARM if module.flags & 0x400 != 0 => set_abi(executable, "aapcs-vfp"),
        elf::EM_ARM if module.flags & 0x200 != 0 => set_abi(executable, "aapcs"),
        _ => {}
    }
}

fn set_abi(executable: &mut Executable, abi: &str) {
    let definition = executable.platform.definition();
    if definition.calling_convention(abi).is_some() && definition.default_convention().name != abi {
        executable.abi = Some(abi.to_owned());
    }
}
