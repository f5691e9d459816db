//! [`ElfFile`]: the headers of an ELF file, in one shape for both classes and
//! byte orders.

use object::{
    Endianness, elf,
    read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _},
};
use terrella_platforms::ByteOrder;

use crate::{Error, Result};

/// Most section or program headers that are looked at.
const HEADER_LIMIT: usize = 1 << 17;

/// An ELF file with its headers read.
#[derive(Debug)]
pub(crate) struct ElfFile<'d> {
    pub(crate) name: String,
    pub(crate) data: &'d [u8],
    pub(crate) order: ByteOrder,
    pub(crate) class_bits: u8,
    pub(crate) machine: u16,
    pub(crate) kind: u16,
    pub(crate) flags: u32,
    pub(crate) entry: u64,
    pub(crate) programs: Vec<ProgramHeader>,
    /// Empty if the section headers are stripped or broken.
    pub(crate) sections: Vec<SectionHeader>,
}

/// A program header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramHeader {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) file_size: u64,
    pub(crate) memory_size: u64,
    pub(crate) align: u64,
}

/// A section header.
#[derive(Debug, Clone)]
pub(crate) struct SectionHeader {
    pub(crate) name: String,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) align: u64,
}

impl<'d> ElfFile<'d> {
    /// Reads the headers.
    pub(crate) fn parse(name: &str, data: &'d [u8]) -> Result<Self> {
        if !data.starts_with(&elf::ELFMAG) {
            return Err(Error::NotThatFormat { file: name.to_owned(), wanted: "an ELF file" });
        }
        match data.get(4) {
            Some(&elf::ELFCLASS32) => Self::read::<elf::FileHeader32<Endianness>>(name, data, 32),
            Some(&elf::ELFCLASS64) => Self::read::<elf::FileHeader64<Endianness>>(name, data, 64),
            _ => Err(malformed(name, "unknown ELF class", 4)),
        }
    }

    fn read<H: FileHeader<Endian = Endianness>>(name: &str, data: &'d [u8], class_bits: u8) -> Result<Self> {
        let header = H::parse(data).map_err(|_| malformed(name, "the ELF header is broken or cut off", 0))?;
        let endian = header.endian().map_err(|_| malformed(name, "unknown ELF byte order", 5))?;
        let order = match endian {
            Endianness::Little => ByteOrder::Little,
            Endianness::Big => ByteOrder::Big,
        };
        let programs = header.program_headers(endian, data).map_err(|_| {
            malformed(name, "program headers outside of the file", header.e_phoff(endian).into())
        })?;
        let programs = programs.iter().take(HEADER_LIMIT).map(|program| ProgramHeader {
            kind: program.p_type(endian),
            flags: program.p_flags(endian),
            offset: program.p_offset(endian).into(),
            address: program.p_vaddr(endian).into(),
            file_size: program.p_filesz(endian).into(),
            memory_size: program.p_memsz(endian).into(),
            align: program.p_align(endian).into(),
        });
        // Programs run without section headers, so broken ones count as none.
        let sections = header.sections(endian, data).map_or_else(
            |_| Vec::new(),
            |table| {
                table
                    .iter()
                    .take(HEADER_LIMIT)
                    .map(|section| SectionHeader {
                        name: text(table.section_name(endian, section).unwrap_or_default()),
                        kind: section.sh_type(endian),
                        flags: section.sh_flags(endian).into(),
                        address: section.sh_addr(endian).into(),
                        offset: section.sh_offset(endian).into(),
                        size: section.sh_size(endian).into(),
                        link: section.sh_link(endian),
                        info: section.sh_info(endian),
                        align: section.sh_addralign(endian).into(),
                    })
                    .collect()
            },
        );
        Ok(Self {
            name: name.to_owned(),
            data,
            order,
            class_bits,
            machine: header.e_machine(endian),
            kind: header.e_type(endian),
            flags: header.e_flags(endian),
            entry: header.e_entry(endian).into(),
            programs: programs.collect(),
            sections,
        })
    }

    /// The bytes of a section in the file; `None` if they are not all there.
    pub(crate) fn section_bytes(&self, section: &SectionHeader) -> Option<&'d [u8]> {
        if section.kind == elf::SHT_NOBITS {
            return Some(&[]);
        }
        slice(self.data, section.offset, section.size)
    }

    /// An error about this file.
    pub(crate) fn malformed(&self, what: &'static str, offset: u64) -> Error {
        malformed(&self.name, what, offset)
    }

    /// Whether `r_info` is laid out as on little-endian 64-bit MIPS: a 32-bit
    /// symbol index, then four single bytes.
    pub(crate) fn is_mips64(&self) -> bool {
        self.machine == elf::EM_MIPS && self.class_bits == 64
    }
}

/// Text of the file, cut so that a hostile file cannot multiply it.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..4096).unwrap_or(bytes)).into_owned()
}

/// A part of `data`, if all of it is there.
pub(crate) fn slice(data: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    data.get(start..end)
}

fn malformed(file: &str, what: &'static str, offset: u64) -> Error {
    Error::Malformed { file: file.to_owned(), what, offset }
}
