//! The headers of PE files, and the sections in memory.

use object::{
    LittleEndian as LE, pe,
    read::pe::{ImageNtHeaders, ImageOptionalHeader},
};
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Pages, Segment};
use terrella_platforms::Platform;

use super::{Exports, Image, directories};
use crate::{
    Error, Options, Result,
    elf::{file::text, permissions},
};

/// Most names of one table of symbols.
const SYMBOL_LIMIT: usize = 1 << 20;
/// What the address of an image is a multiple of.
pub(crate) const IMAGE_ALIGNMENT: u64 = 0x1_0000;
const PAGE: u64 = 0x1000;

/// Whether a file begins as PE files do.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let offset = bytes.get(60..64).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let at = |offset: u32| bytes.get(offset as usize..)?.get(..4);
    bytes.starts_with(b"MZ") && offset.and_then(at) == Some(b"PE\0\0")
}

/// The platform of a machine type.
const fn platform(machine: u16) -> Option<Platform> {
    Some(match machine {
        pe::IMAGE_FILE_MACHINE_AMD64 => Platform::X86_64,
        pe::IMAGE_FILE_MACHINE_I386 => Platform::I386,
        pe::IMAGE_FILE_MACHINE_ARM64 => Platform::AARCH64,
        pe::IMAGE_FILE_MACHINE_ARM | pe::IMAGE_FILE_MACHINE_THUMB | pe::IMAGE_FILE_MACHINE_ARMNT => {
            Platform::ARMV7A
        }
        _ => return None,
    })
}

/// The calling convention of Windows, where it is not the platform's default.
pub(super) fn convention(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::X86_64 => Some("microsoft"),
        Platform::I386 => Some("cdecl-windows"),
        Platform::ARMV7A => Some("aapcs-vfp"),
        _ => None,
    }
    .filter(|name| platform.definition().default_convention().name != *name)
}

/// The platform of a PE file.
pub(crate) fn platform_of(name: &str, data: &[u8]) -> Result<Platform> {
    match magic(name, data)? {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => machine_of::<pe::ImageNtHeaders32>(name, data),
        _ => machine_of::<pe::ImageNtHeaders64>(name, data),
    }
}

fn magic(name: &str, data: &[u8]) -> Result<u16> {
    if !looks_like(data) {
        return Err(Error::NotThatFormat { file: name.to_owned(), wanted: "a PE file" });
    }
    match object::read::pe::optional_header_magic(data) {
        Ok(magic @ (pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC | pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC)) => Ok(magic),
        _ => Err(malformed(name, "neither a PE32 nor a PE32+ file", 60)),
    }
}

fn machine_of<H: ImageNtHeaders>(name: &str, data: &[u8]) -> Result<Platform> {
    let (headers, _, _) = headers::<H>(name, data)?;
    let machine = headers.file_header().machine.get(LE);
    platform(machine).ok_or_else(|| Error::UnknownMachine {
        file: name.to_owned(),
        machine,
        class_bits: if headers.is_type_64() { 64 } else { 32 },
        order: "little",
    })
}

type Headers<'d, H> = (&'d H, object::read::pe::DataDirectories<'d>, u64);

fn headers<'d, H: ImageNtHeaders>(name: &str, data: &'d [u8]) -> Result<Headers<'d, H>> {
    let broken = |_| malformed(name, "the headers are broken or cut off", 0);
    let mut offset = pe::ImageDosHeader::parse(data).map_err(broken)?.nt_headers_offset().into();
    let (headers, directories) = H::parse(data, &mut offset).map_err(broken)?;
    Ok((headers, directories, offset))
}

/// Reads a PE file.
pub(crate) fn read(name: &str, data: &[u8], options: &Options) -> Result<Image> {
    match magic(name, data)? {
        pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC => image::<pe::ImageNtHeaders32>(name, data, options, 4),
        _ => image::<pe::ImageNtHeaders64>(name, data, options, 8),
    }
}

fn image<H: ImageNtHeaders>(name: &str, data: &[u8], options: &Options, word: usize) -> Result<Image> {
    let platform = match options.platform {
        Some(platform) => platform,
        None => machine_of::<H>(name, data)?,
    };
    let (headers, directories, offset) = headers::<H>(name, data)?;
    let optional = headers.optional_header();
    let size = u64::from(optional.size_of_image());
    if size > options.memory_limit {
        return Err(Error::TooLarge {
            file: name.to_owned(),
            what: "memory image",
            size,
            limit: options.memory_limit,
        });
    }
    let flags = headers.file_header().characteristics.get(LE);
    let entry = u64::from(optional.address_of_entry_point());
    let mut image = Image {
        name: name.to_owned(),
        platform,
        origin: None,
        word,
        preferred: optional.image_base(),
        base: optional.image_base(),
        size,
        movable: flags & pe::IMAGE_FILE_RELOCS_STRIPPED == 0,
        entry: (entry != 0).then_some(entry),
        segments: Vec::new(),
        relocations: Vec::new(),
        imports: Vec::new(),
        exports: Exports::default(),
        tls: None,
        symbols: Vec::new(),
    };
    let highest = if word == 4 { u64::from(u32::MAX) } else { u64::MAX };
    let fits = AddressRange::sized(image.base, size).is_ok_and(|range| range.last() <= highest);
    if size == 0 || !fits {
        return Err(malformed(name, "the image passes the end of the address space", offset));
    }
    if !image.base.is_multiple_of(IMAGE_ALIGNMENT) {
        return Err(malformed(name, "the image base is no multiple of 64 KiB", offset));
    }
    sections(headers, data, offset, &mut image)?;
    symbols(headers, data, offset, &mut image);
    directories::read(&directories, &mut image)?;
    Ok(image)
}

/// Lays the headers and the sections out in memory.
fn sections<H: ImageNtHeaders>(headers: &H, data: &[u8], offset: u64, image: &mut Image) -> Result<()> {
    let broken = |what| malformed(&image.name, what, offset);
    let optional = headers.optional_header();
    let table = headers.sections(data, offset).map_err(|_| broken("the section table is cut off"))?;
    let align = u64::from(optional.section_alignment()).max(1);
    let unit = if align >= PAGE { PAGE } else { 1 };
    let round = |size: u64| size.next_multiple_of(unit);
    let mut next = 0;
    let mut add = |name: String, first: u64, size: u64, access, bytes: &[u8]| {
        let end = first.saturating_add(round(size)).min(round(image.size));
        if size == 0 || first >= end {
            return Ok(());
        }
        if first < next {
            return Err(malformed(&image.name, "sections overlap, or are not in order", offset));
        }
        next = end;
        let mut content = Pages::new();
        let length = bytes.len().min((end - first) as usize);
        content.write(first, &bytes[..length]);
        let range = (first..=end - 1).into();
        image.segments.push(Segment { name, range, permissions: access, data: content });
        Ok(())
    };
    let head = u64::from(optional.size_of_headers());
    let bytes = data.get(..head.min(data.len() as u64) as usize).unwrap_or_default();
    add("headers".to_owned(), 0, head, Permissions::READ, bytes)?;
    for section in table.iter() {
        let flags = section.characteristics.get(LE);
        let start = section.virtual_address.get(LE).into();
        let (filled, raw) = (section.size_of_raw_data.get(LE), section.pointer_to_raw_data.get(LE));
        let size = match section.virtual_size.get(LE) {
            0 => filled,
            size => size,
        };
        // The system rounds the place in the file down to a sector.
        let raw = if align >= PAGE { raw & !0x1ff } else { raw } as usize;
        let bytes = if section.pointer_to_raw_data.get(LE) == 0 || filled == 0 {
            &[]
        } else {
            let rest = data
                .get(raw..)
                .ok_or_else(|| malformed(&image.name, "a section is not in the file", raw as u64))?;
            &rest[..rest.len().min(filled as usize)]
        };
        let access = permissions(
            flags & pe::IMAGE_SCN_MEM_READ != 0,
            flags & pe::IMAGE_SCN_MEM_WRITE != 0,
            flags & pe::IMAGE_SCN_MEM_EXECUTE != 0,
        );
        let end = section.name.iter().position(|byte| *byte == 0).unwrap_or(8);
        add(text(&section.name[..end]), start, size.into(), access, bytes)?;
    }
    if image.segments.is_empty() {
        return Err(broken("nothing in it is loaded"));
    }
    Ok(())
}

/// The symbols that compilers other than Microsoft's leave in the file.
fn symbols<H: ImageNtHeaders>(headers: &H, data: &[u8], offset: u64, image: &mut Image) {
    use object::read::coff::ImageSymbol as _;
    let (Ok(table), Ok(sections)) = (headers.symbols(data), headers.sections(data, offset)) else { return };
    let mut budget = 4 * data.len() + 4096;
    for (_, symbol) in table.iter().take(SYMBOL_LIMIT) {
        let class = symbol.storage_class();
        if !matches!(class, pe::IMAGE_SYM_CLASS_EXTERNAL | pe::IMAGE_SYM_CLASS_STATIC) {
            continue;
        }
        let Ok(index) = usize::try_from(symbol.section_number()) else { continue };
        let section = sections.section(object::SectionIndex(index));
        let (Ok(section), Ok(name)) = (section, symbol.name(table.strings())) else { continue };
        let is_function = symbol.derived_type() == pe::IMAGE_SYM_DTYPE_FUNCTION;
        let is_section = class == pe::IMAGE_SYM_CLASS_STATIC && !is_function;
        if is_section || name.is_empty() || name.len() > budget {
            continue;
        }
        budget -= name.len();
        let place = u64::from(section.virtual_address.get(LE)) + u64::from(symbol.value());
        image.symbols.push((text(name), place));
    }
}

pub(super) fn malformed(file: &str, what: &'static str, offset: u64) -> Error {
    Error::Malformed { file: file.to_owned(), what, offset }
}
