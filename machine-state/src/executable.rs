//! [`Executable`]: a loaded image.

use std::any::Any;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{AddressRange, Emulator, MemoryRegion, Permissions};
use terrella_platforms::Platform;

use crate::{
    Difference, Error, MachineItem, Pages, Phase, Result, Symbol, SymbolAt, SymbolTable, diff::pages_diff,
    function::publish_symbols, region,
};

/// A part of an image that becomes one mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// What it is called: the section or segment name of the file.
    pub name: String,
    /// Its addresses, to the byte.
    pub range: AddressRange,
    /// What the guest may do there.
    pub permissions: Permissions,
    /// The bytes; zero where nothing was written.
    pub data: Pages,
}

impl Segment {
    /// A segment that starts with `bytes`; the rest of `range` is zero.
    ///
    /// # Errors
    /// [`Error::TooManyBytes`] if `range` has fewer.
    pub fn new(
        name: impl Into<String>,
        range: impl Into<AddressRange>,
        permissions: Permissions,
        bytes: &[u8],
    ) -> Result<Self> {
        let (name, range) = (name.into(), range.into());
        if range.size().is_some_and(|size| size < bytes.len() as u64) {
            return Err(Error::TooManyBytes { item: name, range, given: bytes.len() as u64 });
        }
        let mut data = Pages::new();
        data.write(range.first(), bytes);
        Ok(Self { name, range, permissions, data })
    }

    /// The addresses with their permissions.
    #[must_use]
    pub const fn region(&self) -> MemoryRegion {
        MemoryRegion { range: self.range, permissions: self.permissions }
    }
}

/// A symbol that an image needs and that nothing has defined yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name.
    pub name: String,
    /// The addresses of the words that take the symbol's address.
    pub slots: Vec<u64>,
    /// The addresses of copies of the symbol's function descriptor: entries of
    /// the linkage table where pointers to functions are to descriptors
    /// (64-bit PowerPC, ELFv1).
    #[serde(default)]
    pub descriptors: Vec<u64>,
    /// Whether it may stay undefined (the slots then hold zero).
    #[serde(default)]
    pub weak: bool,
    /// The library that should define it, where the format says so.
    #[serde(default)]
    pub module: Option<String>,
}

/// Where the initial content of thread-local variables stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsTemplate {
    /// The address of the initialised part.
    pub address: u64,
    /// Its size in bytes.
    pub initialised_size: u64,
    /// The size of a thread's block, in bytes.
    pub size: u64,
    /// What the address of a thread's block is a multiple of, in bytes.
    pub alignment: u64,
}

/// A loaded image: segments, symbols, and what else a call into it needs.
///
/// ```
/// use terrella_machine_state::{Executable, Platform};
///
/// let mut code = Executable::from_bytes("code", Platform::X86_64, 0x1000, &[0x90, 0xc3])?;
/// code.write(0x1000, &[0xcc])?;
/// assert_eq!(code.read(0x1000, 2)?, [0xcc, 0xc3]);
/// assert!(code.read(0x1001, 2).is_err());
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Executable {
    /// The name of the module.
    pub name: String,
    /// The platform that it is for.
    pub platform: Platform,
    /// Where execution starts, as a code pointer (Thumb bit included).
    #[serde(default)]
    pub entry: Option<u64>,
    /// What was added to the addresses of the file.
    #[serde(default)]
    pub load_bias: u64,
    /// The segments; they do not overlap.
    pub segments: Vec<Segment>,
    /// The symbols.
    pub symbols: SymbolTable,
    /// What it needs and nothing has defined yet.
    #[serde(default)]
    pub imports: Vec<Import>,
    /// The name of the calling convention that the file was compiled for, if
    /// it is not the platform's default.
    #[serde(default)]
    pub abi: Option<String>,
    /// The table pointer that its functions expect in `r2` (64-bit PowerPC).
    #[serde(default)]
    pub toc: Option<u64>,
    /// The global pointer that its functions expect in `gp` (MIPS, RISC-V).
    #[serde(default)]
    pub global_pointer: Option<u64>,
    /// Functions to call before the entry point, in order, as code pointers. Of
    /// a PE image these are the callbacks of thread-local storage, which take
    /// the image's address, 1 (`DLL_PROCESS_ATTACH`) and 0, as the entry point
    /// of a library does.
    #[serde(default)]
    pub constructors: Vec<u64>,
    /// Functions to call at the end, in order, as code pointers.
    #[serde(default)]
    pub destructors: Vec<u64>,
    /// The initial content of thread-local variables.
    #[serde(default)]
    pub tls: Option<TlsTemplate>,
    /// The libraries that it names (`DT_NEEDED`), whether they are there or not.
    #[serde(default)]
    pub libraries: Vec<String>,
}

impl Executable {
    /// An image without segments.
    #[must_use]
    pub fn new(name: impl Into<String>, platform: Platform) -> Self {
        Self {
            name: name.into(),
            platform,
            entry: None,
            load_bias: 0,
            segments: Vec::new(),
            symbols: SymbolTable::new(platform),
            imports: Vec::new(),
            abi: None,
            toc: None,
            global_pointer: None,
            constructors: Vec::new(),
            destructors: Vec::new(),
            tls: None,
            libraries: Vec::new(),
        }
    }

    /// Raw code at an address, which is its entry point too. It is mapped to
    /// the byte, with all permissions.
    ///
    /// # Errors
    /// [`Error::InvalidRange`] for no bytes at all, or if they pass the end
    /// of the address space.
    pub fn from_bytes(
        name: impl Into<String>,
        platform: Platform,
        address: u64,
        bytes: &[u8],
    ) -> Result<Self> {
        let mut code = Self::new(name, platform);
        let start = platform.definition().code_address(address);
        let range = checked_range(platform, start, bytes.len() as u64)?;
        code.entry = Some(address);
        code.segments.push(Segment::new(code.name.clone(), range, Permissions::ALL, bytes)?);
        Ok(code)
    }

    /// The segment that holds an address.
    #[must_use]
    pub fn segment_at(&self, address: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.range.contains(address))
    }

    /// The segment of a name.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.name == name)
    }

    /// The lowest and the highest address of the image; `None` if there are
    /// no segments.
    #[must_use]
    pub fn span(&self) -> Option<AddressRange> {
        let parts = || self.segments.iter().map(|segment| segment.range).filter(|range| !range.is_empty());
        let first = parts().map(|range| range.first()).min()?;
        let last = parts().map(|range| range.last()).max()?;
        Some((first..=last).into())
    }

    /// The symbol of a name.
    ///
    /// # Errors
    /// [`Error::UnknownSymbol`] with the nearest names.
    pub fn symbol(&self, name: &str) -> Result<&Symbol> {
        self.symbols.find(name, &self.name)
    }

    /// The nearest symbol at or below an address of the image; `None` outside.
    #[must_use]
    pub fn symbolize(&self, address: u64) -> Option<SymbolAt<'_>> {
        let segment = self.segment_at(address)?;
        let at = self.symbols.at(address)?;
        // A symbol of a segment further down says nothing about this one.
        (address - at.offset >= segment.range.first()).then_some(at)
    }

    /// Reads the image, as it will be applied.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] with the first address that no segment holds;
    /// nothing is allocated before that is known.
    pub fn read(&self, address: u64, size: usize) -> Result<Vec<u8>> {
        let parts = self.parts(address, size as u64)?;
        let mut bytes = Vec::with_capacity(size);
        for (index, range) in parts {
            let length = (range.last() - range.first()) as usize + 1;
            bytes.extend(self.segments[index].data.read_vec(range.first(), length));
        }
        Ok(bytes)
    }

    /// Writes to the image, before it is applied: relocations, patches.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] with the first address that no segment holds;
    /// nothing is written then.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        for (index, range) in self.parts(address, bytes.len() as u64)? {
            let (now, later) = rest.split_at((range.last() - range.first()) as usize + 1);
            self.segments[index].data.write(range.first(), now);
            rest = later;
        }
        Ok(())
    }

    /// Reads an unsigned integer of up to 16 bytes in the platform's byte
    /// order.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_integer(&self, address: u64, bytes: usize) -> Result<u128> {
        Ok(self.platform.byte_order().read(&self.read(address, bytes.min(16))?))
    }

    /// Writes the lowest `bytes` bytes of an integer, up to 16, in the
    /// platform's byte order.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_integer(&mut self, address: u64, value: u128, bytes: usize) -> Result<()> {
        let mut buffer = [0; 16];
        let buffer = &mut buffer[..bytes.min(16)];
        self.platform.byte_order().write(value, buffer);
        self.write(address, buffer)
    }

    /// Puts the address of a definition into all slots of the import of that
    /// name, and takes the import off the list. `false` if there is no such
    /// import.
    ///
    /// Where there are copies of a function descriptor, it is read in this
    /// image; [`Self::resolve_import_to`] is for one that is elsewhere.
    ///
    /// # Errors
    /// As [`Self::write`] and [`Self::read`]; the import stays on the list then.
    pub fn resolve_import(&mut self, name: &str, address: u64) -> Result<bool> {
        let copies = self.imports.iter().any(|import| import.name == name && !import.descriptors.is_empty());
        let descriptor = if copies {
            [self.read_integer(address, 8)? as u64, self.read_integer(address.wrapping_add(8), 8)? as u64]
        } else {
            [0; 2]
        };
        self.resolve_import_to(name, address, descriptor)
    }

    /// The same for a function whose descriptor, if it has one, is this: the
    /// address of its code and its table pointer.
    ///
    /// # Errors
    /// As [`Self::write`]; the import stays on the list then.
    pub fn resolve_import_to(&mut self, name: &str, address: u64, descriptor: [u64; 2]) -> Result<bool> {
        let Some(index) = self.imports.iter().position(|import| import.name == name) else {
            return Ok(false);
        };
        let width = self.platform.definition().pointer_bytes.into();
        let Import { slots, descriptors, .. } = self.imports[index].clone();
        for slot in slots {
            self.write_integer(slot, address.into(), width)?;
        }
        for copy in descriptors {
            for (offset, word) in [(0, descriptor[0]), (8, descriptor[1]), (16, 0)] {
                self.write_integer(copy.wrapping_add(offset), word.into(), 8)?;
            }
        }
        self.imports.remove(index);
        Ok(true)
    }

    /// Cuts an access into the segments that hold it, by index.
    fn parts(&self, address: u64, size: u64) -> Result<Vec<(usize, AddressRange)>> {
        let outside = |missing| Error::OutsideItem { item: self.name.clone(), address, size, missing };
        let whole = AddressRange::sized(address, size).map_err(|_| outside(u64::MAX))?;
        let mut parts = Vec::new();
        let mut next = (!whole.is_empty()).then_some(address);
        while let Some(at) = next {
            let index = self
                .segments
                .iter()
                .position(|segment| segment.range.contains(at))
                .ok_or_else(|| outside(at))?;
            let last = self.segments[index].range.last().min(whole.last());
            parts.push((index, (at..=last).into()));
            next = last.checked_add(1).filter(|_| last < whole.last());
        }
        Ok(parts)
    }
}

#[typetag::serde(name = "terrella.executable.v1")]
impl MachineItem for Executable {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Memory
    }

    fn apply(&self, name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        publish_symbols(emulator, name, &self.symbols);
        self.segments.iter().try_for_each(|segment| region::apply(emulator, segment.region(), &segment.data))
    }

    fn extract(&mut self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        let mut segments = Vec::with_capacity(self.segments.len());
        for segment in self.segments.drain(..) {
            // A segment of which parts were unmapped or protected falls apart.
            for part in region::mapped_in(emulator, segment.range) {
                let mut data = if part.range == segment.range {
                    segment.data.clone()
                } else {
                    segment.data.restricted_to(part.range)
                };
                region::read_pages(emulator, part.range, &mut data)?;
                segments.push(Segment {
                    name: segment.name.clone(),
                    range: part.range,
                    permissions: part.permissions,
                    data,
                });
            }
        }
        self.segments = segments;
        Ok(())
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        let Some(other) = other.downcast_ref::<Self>() else { return };
        let regions =
            |image: &Self| image.segments.iter().map(Segment::region).collect::<Vec<MemoryRegion>>();
        region::map_diff(name, &regions(self), &regions(other), out);
        for segment in &self.segments {
            for twin in other.segments.iter().filter(|twin| twin.range == segment.range) {
                pages_diff(name, &segment.data, &twin.data, out);
            }
        }
    }

    fn summary(&self) -> String {
        let span = self.span().map_or_else(|| "no segments".to_owned(), |span| span.to_string());
        let symbols = self.symbols.len();
        format!("executable {} {span}, {} segments, {symbols} symbols", self.name, self.segments.len())
    }

    fn regions(&self) -> Vec<MemoryRegion> {
        self.segments.iter().map(Segment::region).collect()
    }

    fn claims(&self) -> Vec<AddressRange> {
        self.segments.iter().map(|segment| segment.range).collect()
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> usize {
        let Some(segment) = self.segment_at(address) else { return 0 };
        let reach = segment.range.last() - address;
        let length = bytes.len().min(usize::try_from(reach).unwrap_or(usize::MAX).saturating_add(1));
        segment.data.read(address, &mut bytes[..length]);
        length
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> usize {
        let Some(segment) = self.segments.iter_mut().find(|segment| segment.range.contains(address)) else {
            return 0;
        };
        let reach = segment.range.last() - address;
        let length = bytes.len().min(usize::try_from(reach).unwrap_or(usize::MAX).saturating_add(1));
        segment.data.write(address, &bytes[..length]);
        length
    }
}

/// A non-empty range inside the address space of a platform.
pub(crate) fn checked_range(platform: Platform, address: u64, size: u64) -> Result<AddressRange> {
    let invalid = || Error::InvalidRange { platform, address, size };
    let range = AddressRange::sized(address, size).map_err(|_| invalid())?;
    if range.is_empty() || range.last() > platform.definition().highest_address() {
        return Err(invalid());
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SymbolBinding, SymbolKind};

    fn image() -> Executable {
        let mut image = Executable::new("a.out", Platform::X86_64);
        image.segments.push(Segment::new("text", 0x1000..0x1100, Permissions::ALL, &[1, 2, 3]).unwrap());
        image.segments.push(Segment::new("data", 0x1100..0x1180, Permissions::READ_WRITE, &[4]).unwrap());
        image.symbols.insert(Symbol {
            name: "main".into(),
            address: 0x1010,
            size: 8,
            kind: SymbolKind::Function,
            binding: SymbolBinding::Global,
            module: "a.out".into(),
        });
        image
    }

    #[test]
    fn accesses_cross_segments_and_end_at_the_byte() {
        let mut image = image();
        assert_eq!(image.read(0x10ff, 2).unwrap(), [0, 4]);
        image.write(0x10ff, &[7, 8]).unwrap();
        assert_eq!(image.read(0x10ff, 2).unwrap(), [7, 8]);
        let error = image.write(0x117f, &[1, 2]).unwrap_err();
        assert_eq!(error.to_string(), "0x2 bytes at 0x117f are not all inside `a.out`: 0x1180 is not");
        assert_eq!(image.read(0x117f, 1).unwrap(), [0]);
        assert!(image.read(0, usize::MAX).is_err());
        assert!(Segment::new("s", 0..2, Permissions::ALL, &[1, 2, 3]).is_err());
    }

    #[test]
    fn symbols_are_looked_up_both_ways() {
        let image = image();
        assert_eq!(image.symbol("main").unwrap().address, 0x1010);
        let error = image.symbol("mian").unwrap_err().to_string();
        assert_eq!(error, "a.out has no symbol `mian`; did you mean main?");
        assert_eq!(image.symbolize(0x1014).unwrap().offset, 4);
        assert_eq!(image.symbolize(0x1000), None);
        assert_eq!(image.symbolize(0x1101), None, "a symbol of another segment");
    }

    #[test]
    fn imports_fill_their_slots() {
        let mut image = image();
        let import = Import {
            name: "puts".into(),
            slots: vec![0x1108],
            descriptors: Vec::new(),
            weak: false,
            module: None,
        };
        image.imports.push(import);
        assert!(image.resolve_import("puts", 0xdead_beef).unwrap());
        assert!(!image.resolve_import("puts", 0).unwrap());
        assert_eq!(image.read_integer(0x1108, 8).unwrap(), 0xdead_beef);
        assert!(image.imports.is_empty());
    }
}
