//! [`Memory`]: a range of guest memory with its content.

use std::{any::Any, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{
    AddressRange, Capability, Emulator, MemoryMap, MemoryRegion, Overlap, Permissions, RangeSet,
};
use terrella_platforms::Platform;

use crate::{
    Difference, Error, GuestStruct, MachineItem, Pages, Phase, Result, StructBuilder,
    executable::checked_range, region,
};

/// A range of guest memory: what of it is mapped, and the bytes.
///
/// A new one is mapped as a whole. Bytes are kept sparsely, in pages shared
/// copy-on-write, so the size costs nothing; integers are in the byte order of
/// the platform.
///
/// ```
/// use terrella_machine_state::{Memory, Permissions, Platform};
///
/// let mut table = Memory::new(Platform::PPC, 0x1_0000, 0x100, Permissions::READ_WRITE)?;
/// table.write_integer(0x1_0004, 0x0102, 2)?;
/// assert_eq!(table.read(0x1_0004, 2)?, [1, 2]);
/// table.write_c_string(0x1_0010, "hello")?;
/// assert_eq!(table.read_c_string(0x1_0010, 64)?, b"hello");
/// assert!(table.is_initialised((0x1_0010..0x1_0016).into()));
/// assert!(table.write(0x1_00ff, &[1, 2]).is_err());
/// # Ok::<(), terrella_machine_state::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Listed", try_from = "Listed")]
pub struct Memory {
    platform: Platform,
    range: AddressRange,
    map: MemoryMap,
    data: Pages,
    initialised: RangeSet,
    labels: BTreeMap<(u64, u64), String>,
}

/// The form in files.
#[derive(Serialize, Deserialize)]
struct Listed {
    platform: Platform,
    range: AddressRange,
    parts: Vec<MemoryRegion>,
    data: Pages,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    initialised: Vec<AddressRange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<(AddressRange, String)>,
}

impl Memory {
    /// `size` bytes of zeros at `address`, all mapped.
    ///
    /// # Errors
    /// [`Error::InvalidRange`] for a size of 0, or a range that leaves the
    /// address space.
    pub fn new(platform: Platform, address: u64, size: u64, permissions: Permissions) -> Result<Self> {
        let mut memory = Self::reserved(platform, address, size)?;
        memory.map_part(memory.range, permissions)?;
        Ok(memory)
    }

    /// A range of which nothing is mapped yet.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn reserved(platform: Platform, address: u64, size: u64) -> Result<Self> {
        let range = checked_range(platform, address, size)?;
        Ok(Self {
            platform,
            range,
            map: MemoryMap::new(range.last()),
            data: Pages::new(),
            initialised: RangeSet::new(),
            labels: BTreeMap::new(),
        })
    }

    /// The platform.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// The addresses.
    #[must_use]
    pub const fn range(&self) -> AddressRange {
        self.range
    }

    /// The first address.
    #[must_use]
    pub const fn address(&self) -> u64 {
        self.range.first()
    }

    /// The size in bytes; `None` for the whole 64-bit space.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.range.size()
    }

    /// What of it is mapped, by address.
    #[must_use]
    pub fn parts(&self) -> Vec<MemoryRegion> {
        self.map.regions()
    }

    /// The permissions at an address; `None` if it is not mapped.
    #[must_use]
    pub fn permissions_at(&self, address: u64) -> Option<Permissions> {
        self.map.permissions_at(address)
    }

    /// The content, zeros where nothing is mapped.
    #[must_use]
    pub const fn data(&self) -> &Pages {
        &self.data
    }

    /// Maps a part that is not mapped.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] for a part outside the range, and what
    /// [`MemoryMap::map`] reports.
    pub fn map_part(&mut self, part: AddressRange, permissions: Permissions) -> Result<()> {
        if !self.range.covers(&part) {
            let missing = if self.range.contains(part.first()) { self.range.last() } else { part.first() };
            return Err(self.outside(part.first(), part.size().unwrap_or(u64::MAX), missing));
        }
        self.map.map(part, permissions, Overlap::Refuse)?;
        Ok(())
    }

    /// Unmaps a part; its content is lost.
    ///
    /// # Errors
    /// What [`MemoryMap::unmap`] reports.
    pub fn unmap_part(&mut self, part: AddressRange) -> Result<()> {
        self.map.unmap(part)?;
        self.data.clear(part);
        self.initialised.remove(part);
        Ok(())
    }

    /// Changes the permissions of a part.
    ///
    /// # Errors
    /// What [`MemoryMap::protect`] reports.
    pub fn protect_part(&mut self, part: AddressRange, permissions: Permissions) -> Result<()> {
        Ok(self.map.protect(part, permissions)?)
    }

    fn outside(&self, address: u64, size: u64, missing: u64) -> Error {
        Error::OutsideItem { item: format!("memory {}", self.range), address, size, missing }
    }

    /// The range of an access, if it is mapped.
    fn access(&self, address: u64, size: usize) -> Result<AddressRange> {
        let range = AddressRange::sized(address, size as u64)
            .map_err(|_| self.outside(address, size as u64, u64::MAX))?;
        match self.map.first_unmapped(range) {
            None => Ok(range),
            Some(missing) => Err(self.outside(address, size as u64, missing)),
        }
    }

    /// Reads bytes; those never written are zero.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] with the first address that is not mapped here;
    /// nothing is allocated then.
    pub fn read(&self, address: u64, size: usize) -> Result<Vec<u8>> {
        self.access(address, size)?;
        let mut bytes = Vec::new();
        let too_large = |_| self.outside(address, size as u64, address);
        bytes.try_reserve_exact(size).map_err(too_large)?;
        bytes.resize(size, 0);
        self.data.read(address, &mut bytes);
        Ok(bytes)
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] with the first address that is not mapped here;
    /// nothing is written then.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let range = self.access(address, bytes.len())?;
        self.data.write(address, bytes);
        self.initialised.insert(range);
        Ok(())
    }

    /// Reads an unsigned integer of up to 16 bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_integer(&self, address: u64, bytes: usize) -> Result<u128> {
        Ok(self.platform.byte_order().read(&self.read(address, bytes.min(16))?))
    }

    /// Writes the lowest `bytes` bytes of an integer, up to 16.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_integer(&mut self, address: u64, value: u128, bytes: usize) -> Result<()> {
        let mut buffer = [0; 16];
        let buffer = &mut buffer[..bytes.min(16)];
        self.platform.byte_order().write(value, buffer);
        self.write(address, buffer)
    }

    /// Reads a pointer of the platform's width.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_pointer(&self, address: u64) -> Result<u64> {
        Ok(self.read_integer(address, self.platform.definition().pointer_bytes.into())? as u64)
    }

    /// Writes a pointer of the platform's width.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_pointer(&mut self, address: u64, pointer: u64) -> Result<()> {
        self.write_integer(address, pointer.into(), self.platform.definition().pointer_bytes.into())
    }

    /// Reads the bytes before the first zero byte, at most `limit`.
    ///
    /// # Errors
    /// As [`Self::read`], for an end of the mapping before both.
    pub fn read_c_string(&self, address: u64, limit: usize) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        while text.len() < limit {
            let at = address.wrapping_add(text.len() as u64);
            self.access(at, 1)?;
            let mut byte = [0];
            self.data.read(at, &mut byte);
            if byte == [0] {
                break;
            }
            text.extend(byte);
        }
        Ok(text)
    }

    /// Writes text and a zero byte after it.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_c_string(&mut self, address: u64, text: impl AsRef<[u8]>) -> Result<()> {
        let mut bytes = text.as_ref().to_vec();
        bytes.push(0);
        self.write(address, &bytes)
    }

    /// Writes a structure, laid out as the platform's compilers do.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_struct(&mut self, address: u64, value: &dyn GuestStruct) -> Result<()> {
        let mut builder = StructBuilder::new(self.platform);
        value.lay_out(&mut builder);
        self.write(address, &builder.finish())
    }

    /// Whether every byte of a range was written.
    #[must_use]
    pub fn is_initialised(&self, range: AddressRange) -> bool {
        self.initialised.range_at(range.first()).is_some_and(|known| known.covers(&range))
    }

    /// The ranges that were written.
    pub fn initialised(&self) -> impl Iterator<Item = AddressRange> {
        self.initialised.iter()
    }

    /// Attaches a label to a range.
    ///
    /// # Errors
    /// [`Error::OutsideItem`] if it is empty or not all here.
    pub fn set_label(&mut self, range: AddressRange, label: impl Into<String>) -> Result<()> {
        if range.is_empty() || !self.range.covers(&range) {
            return Err(self.outside(range.first(), range.size().unwrap_or(u64::MAX), range.last()));
        }
        self.labels.insert((range.first(), range.last()), label.into());
        Ok(())
    }

    /// The labels, by address.
    pub fn labels(&self) -> impl Iterator<Item = (AddressRange, &str)> {
        self.labels.iter().map(|((first, last), label)| ((*first..=*last).into(), label.as_str()))
    }

    /// A copy of a mapped part of an emulator's memory.
    pub(crate) fn of_region(
        platform: Platform,
        region: MemoryRegion,
        emulator: &dyn Emulator,
    ) -> Result<Self> {
        let size = region.range.size().unwrap_or(u64::MAX);
        let mut memory = Self::new(platform, region.range.first(), size, region.permissions)?;
        region::read_pages(emulator, region.range, &mut memory.data)?;
        memory.initialised.insert(region.range);
        Ok(memory)
    }

    /// Applies the mappings and the bytes (for items that hold a memory).
    pub(crate) fn apply_to(&self, emulator: &mut dyn Emulator) -> Result<()> {
        for part in self.map.iter() {
            region::apply(emulator, part, &self.data)?;
        }
        if emulator.capabilities().has(Capability::Labels) {
            for (range, label) in self.labels() {
                emulator.write_memory_label(range, label)?;
            }
        }
        Ok(())
    }

    /// Reads the mappings and the bytes back.
    pub(crate) fn extract_from(&mut self, emulator: &dyn Emulator) -> Result<()> {
        let mut map = MemoryMap::new(self.range.last());
        let mut before = RangeSet::new();
        before.insert(self.range);
        for part in region::mapped_in(emulator, self.range) {
            map.map(part.range, part.permissions, Overlap::Refuse)?;
            before.remove(part.range);
        }
        // What is not mapped any more.
        for gone in before.iter() {
            self.data.clear(gone);
            self.initialised.remove(gone);
        }
        for part in map.iter() {
            for changed in region::read_pages(emulator, part.range, &mut self.data)? {
                self.initialised.insert(changed);
            }
        }
        self.map = map;
        Ok(())
    }

    /// The differences (for items that hold a memory).
    pub(crate) fn diff_to(&self, name: &str, other: &Self, out: &mut Vec<Difference>) {
        region::map_diff(name, &self.parts(), &other.parts(), out);
        crate::diff::pages_diff(name, &self.data, &other.data, out);
        crate::diff::text_diff(name, "labels", &self.labels, &other.labels, out);
    }

    pub(crate) fn read_some(&self, address: u64, bytes: &mut [u8]) -> usize {
        let length = region::held(&self.map, address, bytes.len());
        self.data.read(address, &mut bytes[..length]);
        length
    }

    pub(crate) fn write_some(&mut self, address: u64, bytes: &[u8]) -> usize {
        let length = region::held(&self.map, address, bytes.len());
        if self.write(address, &bytes[..length]).is_ok() { length } else { 0 }
    }
}

#[typetag::serde(name = "terrella.memory.v1")]
impl MachineItem for Memory {
    fn clone_item(&self) -> Box<dyn MachineItem> {
        Box::new(self.clone())
    }

    fn phase(&self) -> Phase {
        Phase::Memory
    }

    fn apply(&self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.apply_to(emulator)
    }

    fn extract(&mut self, _name: &str, emulator: &mut dyn Emulator) -> Result<()> {
        self.extract_from(emulator)
    }

    fn diff(&self, name: &str, other: &dyn MachineItem, out: &mut Vec<Difference>) {
        let other: &dyn Any = other;
        if let Some(other) = other.downcast_ref::<Self>() {
            self.diff_to(name, other, out);
        }
    }

    fn summary(&self) -> String {
        format!("memory {} {}", self.range, region::map_text(&self.parts()))
    }

    fn regions(&self) -> Vec<MemoryRegion> {
        self.parts()
    }

    fn claims(&self) -> Vec<AddressRange> {
        vec![self.range]
    }

    fn vanished(&self) -> bool {
        self.map.iter().next().is_none()
    }

    fn read_memory(&self, address: u64, bytes: &mut [u8]) -> usize {
        self.read_some(address, bytes)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> usize {
        self.write_some(address, bytes)
    }
}

impl From<Memory> for Listed {
    fn from(memory: Memory) -> Self {
        Self {
            platform: memory.platform,
            range: memory.range,
            parts: memory.map.regions(),
            initialised: memory.initialised.iter().collect(),
            labels: memory.labels().map(|(range, label)| (range, label.to_owned())).collect(),
            data: memory.data,
        }
    }
}

impl TryFrom<Listed> for Memory {
    type Error = Error;

    fn try_from(listed: Listed) -> Result<Self> {
        let size = listed.range.size().unwrap_or(u64::MAX);
        let mut memory = Self::reserved(listed.platform, listed.range.first(), size)?;
        for part in listed.parts {
            memory.map_part(part.range, part.permissions)?;
            // Bytes that are not mapped are dropped.
            for (number, page) in listed.data.restricted_to(part.range).iter() {
                match memory.data.page(number) {
                    None => memory.data.set_page(number, page.clone()),
                    Some(_) => {
                        let cut = crate::pages::page_range(number).intersection(&part.range);
                        let offset = (cut.first() % crate::PAGE_SIZE as u64) as usize;
                        let length = (cut.last() - cut.first()) as usize + 1;
                        memory.data.write(cut.first(), &page[offset..offset + length]);
                    }
                }
            }
        }
        for range in listed.initialised {
            memory.initialised.insert(range.intersection(&memory.range));
        }
        for (range, label) in listed.labels {
            memory.set_label(range, label)?;
        }
        Ok(memory)
    }
}
