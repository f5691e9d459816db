//! [`Memory`]: the guest's memory as the backend keeps it: the byte-exact map,
//! the pages in host memory, and how Unicorn is to see each page.

use std::{cell::Cell, rc::Rc};

use hashbrown::HashMap;
use terrella_emulator_api::{
    Access, AddressRange, Error, Fault, MemoryCause, MemoryMap, Overlap, Permissions, RangeSet, Result,
};

use crate::{
    frames::{Frame, Frames},
    history::{Content, History, LivePages, Restored, Version},
};

/// The guest-physical address space as the backend lays it out: host memory
/// from 0 on, and above it the alias of the pages with callbacks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Where the alias begins: the most host memory that there can be.
    pub(crate) alias: u64,
    /// The size of the alias.
    pub(crate) alias_size: u64,
}

impl Layout {
    /// For processors of 32 bits, of whose physical addresses Unicorn keeps no
    /// more.
    const NARROW: Self = Self { alias: 3 << 30, alias_size: 1 << 30 };
    /// For all others.
    const WIDE: Self = Self { alias: 1 << 36, alias_size: 1 << 32 };
}

/// The guest's memory.
pub(crate) struct Memory {
    pub(crate) map: MemoryMap,
    /// The size of a page of Unicorn's, in bytes: a power of two.
    pub(crate) page: u64,
    /// Its logarithm.
    page_bits: u32,
    pub(crate) layout: Layout,
    pages: Pages,
    history: History,
    /// Alias slot → page number, and back.
    slots: Vec<u64>,
    slot_of: HashMap<u64, u32>,
    /// What makes a page take the slow path besides the map: hooked ranges.
    watched: Watched,
}

/// Which addresses have memory hooks.
#[derive(Default, Clone, PartialEq)]
pub(crate) struct Watched {
    /// All of them.
    pub(crate) all: bool,
    /// These.
    pub(crate) ranges: Vec<AddressRange>,
}

/// The pages that have host memory.
pub(crate) struct Pages {
    frames: Frames,
    entries: HashMap<u64, Entry>,
    /// The page that was looked up last, and its entry: accesses of one page
    /// come one after the other.
    recent: Cell<Option<(u64, Entry)>>,
    /// Pages whose translated code is stale.
    stale_code: Vec<u64>,
    /// Where there is translated code.
    code: RangeSet,
}

#[derive(Clone, Copy)]
struct Entry {
    frame: Frame,
    /// Whether code was fetched from the page, so that a change must be told
    /// to the translator.
    fetched: bool,
}

/// How Unicorn is to see a page for an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// As host memory, with these permissions.
    Direct(u64, Permissions),
    /// Through the callbacks, at this guest-physical address.
    Alias(u64),
    /// Not at all: no byte of the page allows the access.
    Refused,
    /// There is no host memory left.
    NoMemory,
}

impl LivePages for Pages {
    fn content(&self, page: u64) -> Content {
        self.entries.get(&page).map(|entry| self.frames.page(entry.frame).into())
    }

    fn set_content(&mut self, page: u64, content: &Content) {
        let entry = match self.entries.get(&page) {
            Some(entry) => *entry,
            None if content.is_none() => return,
            None => match self.ensure(page) {
                Some(entry) => entry,
                None => return,
            },
        };
        let live = self.frames.page_mut(entry.frame);
        let differs = match content {
            Some(bytes) => *live != **bytes,
            None => live.iter().any(|byte| *byte != 0),
        };
        if differs {
            match content {
                Some(bytes) => live.copy_from_slice(bytes),
                None => live.fill(0),
            }
            if entry.fetched {
                self.stale_code.push(page);
            }
        }
    }
}

impl Pages {
    /// The entry of a page, if it has host memory.
    #[inline]
    fn entry(&self, page: u64) -> Option<Entry> {
        if let Some((recent, entry)) = self.recent.get()
            && recent == page
        {
            return Some(entry);
        }
        let entry = *self.entries.get(&page)?;
        self.recent.set(Some((page, entry)));
        Some(entry)
    }

    /// The entry of a page, made if there is none.
    fn ensure(&mut self, page: u64) -> Option<Entry> {
        if let Some(entry) = self.entry(page) {
            return Some(entry);
        }
        let entry = Entry { frame: self.frames.allocate()?, fetched: false };
        self.set_entry(page, entry);
        Some(entry)
    }

    fn set_entry(&mut self, page: u64, entry: Entry) {
        self.entries.insert(page, entry);
        self.recent.set(Some((page, entry)));
    }
}

/// The pages of a range with the part of each that is in the range: page
/// number, offset in the page, length.
fn parts(size: u64, range: AddressRange) -> impl Iterator<Item = (u64, usize, usize)> {
    let pages = (!range.is_empty()).then(|| range.first() / size..=range.last() / size);
    pages.into_iter().flatten().map(move |page| {
        let inside = range.intersection(&(page * size..=page * size + (size - 1)).into());
        let offset = inside.first() % size;
        (page, offset as usize, (inside.last() - inside.first() + 1) as usize)
    })
}

impl Memory {
    pub(crate) fn new(highest_address: u64, page: u64) -> Result<Self> {
        let layout = if highest_address > u64::from(u32::MAX) { Layout::WIDE } else { Layout::NARROW };
        Ok(Self {
            map: MemoryMap::new(highest_address),
            page,
            page_bits: page.ilog2(),
            layout,
            pages: Pages {
                frames: Frames::new(layout.alias as usize, page)?,
                entries: HashMap::new(),
                recent: Cell::new(None),
                stale_code: Vec::new(),
                code: RangeSet::new(),
            },
            history: History::default(),
            slots: Vec::new(),
            slot_of: HashMap::new(),
            watched: Watched::default(),
        })
    }

    /// The host memory, for Unicorn to map.
    pub(crate) fn host_memory(&mut self) -> (*mut u8, u64) {
        (self.pages.frames.host(), self.pages.frames.size())
    }

    /// Says which addresses have memory hooks; whether that is news.
    pub(crate) fn set_watched(&mut self, watched: Watched) -> bool {
        let changed = self.watched != watched;
        self.watched = watched;
        changed
    }

    /// Maps a range of zeros. What was unmapped was zeroed, so the pages are.
    pub(crate) fn map(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<()> {
        self.map.map(range, permissions, overlap).map(drop)
    }

    /// Unmaps a range and zeroes it.
    pub(crate) fn unmap(&mut self, range: AddressRange) -> Result<()> {
        self.map.unmap(range)?;
        for page in self.pages_with_content(range) {
            self.touch(page);
            let whole: AddressRange = (page * self.page..=page * self.page + (self.page - 1)).into();
            let inside = range.intersection(&whole);
            let Some(entry) = self.pages.entries.get(&page).copied() else { continue };
            if entry.fetched {
                self.pages.stale_code.push(page);
            }
            let offset = (inside.first() % self.page) as usize;
            let length = (inside.last() - inside.first() + 1) as usize;
            self.pages.frames.page_mut(entry.frame)[offset..offset + length].fill(0);
            if self.map.overlapping(whole).next().is_none() && !entry.fetched {
                self.pages.entries.remove(&page);
                self.pages.recent.set(None);
                self.pages.frames.release(entry.frame);
            }
        }
        Ok(())
    }

    /// The pages of a range that have host memory, at a cost that depends on
    /// the smaller of the two.
    fn pages_with_content(&self, range: AddressRange) -> Vec<u64> {
        if range.is_empty() {
            return Vec::new();
        }
        let (first, last) = (range.first() / self.page, range.last() / self.page);
        if last - first < self.pages.entries.len() as u64 {
            (first..=last).filter(|page| self.pages.entries.contains_key(page)).collect()
        } else {
            self.pages.entries.keys().copied().filter(|page| (first..=last).contains(page)).collect()
        }
    }

    /// The parts of a range that need not be zeros.
    pub(crate) fn touched(&self, range: AddressRange) -> Vec<AddressRange> {
        AddressRange::of_pages(self.pages_with_content(range), self.page, range)
    }

    /// Tells the history that a page is about to change.
    fn touch(&mut self, page: u64) {
        if self.history.is_tracking() && !self.history.is_dirty(page) {
            self.history.before_change(page, &self.pages);
        }
    }

    /// The range of a host access, checked against the map.
    fn checked(&self, access: Access, address: u64, length: usize) -> Result<AddressRange> {
        let fault = |first_bad| {
            Error::Fault(Fault::Memory {
                access,
                cause: MemoryCause::Unmapped,
                address: first_bad,
                size: length as u64,
                pc: 0,
            })
        };
        match AddressRange::sized(address, length as u64) {
            Ok(range) => match self.map.first_unmapped(range) {
                None => Ok(range),
                Some(bad) => Err(fault(bad)),
            },
            // It wraps: the first byte that is not there is below the top.
            Err(_) => Err(fault(self.map.first_unmapped((address..=u64::MAX).into()).unwrap_or(u64::MAX))),
        }
    }

    /// Reads, whatever the permissions.
    pub(crate) fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let range = self.checked(Access::Read, address, bytes.len())?;
        self.read_unchecked(range, bytes);
        Ok(())
    }

    /// The page of a range and where in it the range begins, if it is one.
    #[inline]
    fn one_page(&self, range: AddressRange) -> Option<(u64, usize)> {
        let page = range.first() >> self.page_bits;
        let offset = (range.first() & (self.page - 1)) as usize;
        (!range.is_empty() && range.last() >> self.page_bits == page).then_some((page, offset))
    }

    /// Reads without a look at the map: what is not there reads as zero.
    pub(crate) fn read_unchecked(&self, range: AddressRange, mut bytes: &mut [u8]) {
        if let Some((page, offset)) = self.one_page(range) {
            match self.pages.entry(page) {
                Some(entry) => {
                    let content = self.pages.frames.page(entry.frame);
                    bytes.copy_from_slice(&content[offset..offset + bytes.len()]);
                }
                None => bytes.fill(0),
            }
            return;
        }
        for (page, offset, length) in parts(self.page, range) {
            let (now, rest) = bytes.split_at_mut(length.min(bytes.len()));
            match self.pages.entry(page) {
                Some(entry) => {
                    now.copy_from_slice(&self.pages.frames.page(entry.frame)[offset..offset + now.len()]);
                }
                None => now.fill(0),
            }
            bytes = rest;
        }
    }

    /// Writes, whatever the permissions; all of it or nothing.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let range = self.checked(Access::Write, address, bytes.len())?;
        self.write_unchecked(range, bytes)
    }

    /// Writes what was checked before.
    pub(crate) fn write_unchecked(&mut self, range: AddressRange, mut bytes: &[u8]) -> Result<()> {
        let writes_code = self.pages.code.overlaps(range);
        if let Some((page, offset)) = self.one_page(range) {
            return self.write_part(page, offset, bytes, writes_code);
        }
        for (page, offset, length) in parts(self.page, range) {
            let (now, rest) = bytes.split_at(length.min(bytes.len()));
            self.write_part(page, offset, now, writes_code)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Writes into one page.
    #[inline]
    fn write_part(&mut self, page: u64, offset: usize, bytes: &[u8], writes_code: bool) -> Result<()> {
        self.touch(page);
        let Some(entry) = self.pages.ensure(page) else {
            return Err(Error::OutOfMemory { address: page * self.page, size: self.page });
        };
        self.pages.frames.page_mut(entry.frame)[offset..offset + bytes.len()].copy_from_slice(bytes);
        if entry.fetched && writes_code && self.pages.stale_code.last() != Some(&page) {
            self.pages.stale_code.push(page);
        }
        Ok(())
    }

    /// Tells that code of a range has been translated.
    pub(crate) fn note_code(&mut self, range: AddressRange) {
        self.pages.code.insert(range);
    }

    /// Whether there may be translated code at an address.
    pub(crate) fn is_code(&self, address: u64) -> bool {
        self.pages.code.contains(address)
    }

    /// Tells that no translated code is left in a range.
    pub(crate) fn forget_code_in(&mut self, range: AddressRange) {
        self.pages.code.remove(range);
    }

    /// Tells that no translated code is left.
    pub(crate) fn forget_code(&mut self) {
        self.pages.code = RangeSet::new();
    }

    /// The pages whose translated code became stale, and no longer remembered.
    pub(crate) fn take_stale_code(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.pages.stale_code)
    }

    pub(crate) fn has_stale_code(&self) -> bool {
        !self.pages.stale_code.is_empty()
    }

    /// How Unicorn is to see a page, for an access that it is about to make.
    pub(crate) fn view(&mut self, address: u64, access: Access) -> View {
        let page = address / self.page;
        let whole: AddressRange = (page * self.page..=page * self.page + (self.page - 1)).into();
        let wanted = match access {
            Access::Read => Permissions::READ,
            Access::Write => Permissions::WRITE,
            Access::Fetch => Permissions::EXECUTE,
        };
        let Some(region) = self.map.overlapping(whole).next() else { return View::Refused };
        let uniform = region.range.covers(&whole);
        if access == Access::Fetch {
            // The instruction hook watches the parts that are not executable.
            let any = self.map.overlapping(whole).any(|region| region.permissions.allows(wanted));
            if !any {
                return View::Refused;
            }
            let special = self.is_special(page);
            let Some(entry) = self.pages.ensure(page) else { return View::NoMemory };
            self.pages.set_entry(page, Entry { fetched: true, ..entry });
            let readable = uniform && !special && region.permissions.allows(Permissions::READ);
            let permissions = if readable { Permissions::READ_EXECUTE } else { Permissions::EXECUTE };
            return View::Direct(self.pages.frames.physical(entry.frame), permissions);
        }
        if self.is_special(page) {
            return self.alias(page);
        }
        if !region.permissions.allows(wanted) {
            return View::Refused;
        }
        if access == Access::Write {
            self.touch(page);
        }
        let Some(entry) = self.pages.ensure(page) else { return View::NoMemory };
        let mut permissions = region.permissions & Permissions::READ_WRITE;
        if self.history.is_tracking() && !self.history.is_dirty(page) {
            permissions = permissions & Permissions::READ;
        }
        View::Direct(self.pages.frames.physical(entry.frame), permissions)
    }

    /// The guest-physical address of the page of an address, whether or not it
    /// is mapped.
    pub(crate) fn frame_of(&mut self, address: u64) -> Option<u64> {
        let entry = self.pages.ensure(address / self.page)?;
        Some(self.pages.frames.physical(entry.frame))
    }

    /// Whether data accesses to a page take the slow path: because the page is
    /// not mapped as a whole with one set of permissions, because some of it is
    /// watched, or because the next page is such a page, into which an access
    /// may reach.
    fn is_special(&self, page: u64) -> bool {
        if self.watched.all {
            return true;
        }
        self.is_special_itself(page) || page.checked_add(1).is_some_and(|next| self.is_special_itself(next))
    }

    fn is_special_itself(&self, page: u64) -> bool {
        let Some(first) = page.checked_mul(self.page) else { return false };
        let whole: AddressRange = (first..=first + (self.page - 1)).into();
        match self.map.overlapping(whole).next() {
            None => false,
            Some(region) => {
                !region.range.covers(&whole) || self.watched.ranges.iter().any(|range| range.overlaps(&whole))
            }
        }
    }

    /// The view of a page through the callbacks.
    pub(crate) fn alias(&mut self, page: u64) -> View {
        let slot = match self.slot_of.get(&page) {
            Some(slot) => *slot,
            None if self.slots.len() as u64 * self.page >= self.layout.alias_size => return View::NoMemory,
            None => {
                let slot = self.slots.len() as u32;
                self.slots.push(page);
                self.slot_of.insert(page, slot);
                slot
            }
        };
        View::Alias(self.layout.alias + u64::from(slot) * self.page)
    }

    /// The guest address of an offset into the alias.
    pub(crate) fn alias_to_address(&self, offset: u64) -> Option<u64> {
        let page = self.slots.get((offset >> self.page_bits) as usize)?;
        Some(page << self.page_bits | offset & (self.page - 1))
    }

    pub(crate) fn snapshot(&mut self) -> Rc<Version> {
        self.history.snapshot(&self.map)
    }

    pub(crate) fn restore(&mut self, version: &Rc<Version>) -> Restored {
        self.history.restore(version, &mut self.map, &mut self.pages)
    }
}
