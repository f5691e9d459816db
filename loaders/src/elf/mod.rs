//! ELF files: executables, shared objects, relocatable files.

pub(crate) mod attributes;
mod dynamic;
pub(crate) mod file;
mod image;
mod relocatable;
mod symbols;
mod tables;
mod versions;

pub(crate) use image::permissions;

use object::elf;

use crate::{Options, Result, detect::platform_of, elf::file::ElfFile, module::Module};

/// Reads an ELF file into a module.
pub(crate) fn read(name: &str, bytes: &[u8], options: &Options) -> Result<Module> {
    let file = ElfFile::parse(name, bytes)?;
    let platform = match options.platform {
        Some(platform) => platform,
        None => platform_of(&file)?,
    };
    match file.kind {
        elf::ET_EXEC | elf::ET_DYN => image::read(&file, platform, options),
        elf::ET_REL => relocatable::read(&file, platform, options),
        _ => Err(file.malformed("neither an executable nor a shared object nor a relocatable file", 16)),
    }
}

/// A module with the facts of the header and nothing else.
fn empty(file: &ElfFile<'_>, platform: terrella_platforms::Platform) -> Module {
    Module {
        name: file.name.clone(),
        platform,
        order: file.order,
        class_bits: file.class_bits,
        machine: file.machine,
        flags: file.flags,
        relocatable: file.kind == elf::ET_REL,
        movable: file.kind != elf::ET_EXEC,
        alignment: 1,
        bias: 0,
        segments: Vec::new(),
        entry: None,
        symbols: Vec::new(),
        link_symbols: Vec::new(),
        relocations: Vec::new(),
        needed: Vec::new(),
        search: [None, None],
        origin: None,
        symbolic: false,
        tls: None,
        tls_block: None,
        constructors: crate::module::FunctionLists::default(),
        destructors: crate::module::FunctionLists::default(),
        got: None,
        mips_got: None,
        pointer: None,
        secure_plt: false,
        descriptors: None,
    }
}
