//! The guest's memory: pages shared copy-on-write, a map that is exact to the
//! byte, and translations that make most accesses short.

mod page;
mod translation;
mod version;

use std::rc::Rc;

use hashbrown::{HashMap, HashSet};
use terrella_emulator_api::{
    Access, AddressRange, Error, Fault, MemoryCause, MemoryMap, Overlap, Permissions, Result,
};

use page::PageData;
pub(crate) use page::{PAGE_BITS, PAGE_SIZE};
use translation::Translations;
pub(crate) use version::Version;

/// The size of the parts of a page that are known to hold code or not.
const PART: u64 = PAGE_SIZE as u64 / 64;

/// Which addresses have memory hooks: their pages have no translations.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    pub(crate) all: bool,
    pub(crate) ranges: Vec<AddressRange>,
}

impl Watched {
    pub(crate) fn overlaps(&self, range: AddressRange) -> bool {
        self.all || self.ranges.iter().any(|watched| watched.overlaps(&range))
    }
}

/// Why an access failed: at which address, and for which cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) address: u64,
    pub(crate) cause: MemoryCause,
}

/// The guest's memory.
pub(crate) struct Memory {
    pub(crate) map: MemoryMap,
    /// Pages of zeros need not be here.
    pages: HashMap<u64, Rc<PageData>>,
    zeros: Rc<PageData>,
    /// The pages that differ from the base version.
    dirty: HashSet<u64>,
    base: Option<Rc<Version>>,
    translations: Translations,
    /// Pages that translated code was read from, with a bit for each part of
    /// [`PART`] bytes: stores there are told.
    code: HashMap<u64, u64>,
    /// Pages of code that were written since the last look.
    written_code: Vec<u64>,
    pub(crate) reads_watched: Watched,
    pub(crate) writes_watched: Watched,
}

impl Memory {
    pub(crate) fn new(highest: u64) -> Self {
        Self {
            map: MemoryMap::new(highest),
            pages: HashMap::new(),
            zeros: Rc::new(PageData::zeros()),
            dirty: HashSet::new(),
            base: None,
            translations: Translations::new(),
            code: HashMap::new(),
            written_code: Vec::new(),
            reads_watched: Watched::default(),
            writes_watched: Watched::default(),
        }
    }

    // ---- the map

    pub(crate) fn map(
        &mut self,
        range: AddressRange,
        permissions: Permissions,
        overlap: Overlap,
    ) -> Result<()> {
        self.map.map(range, permissions, overlap)?;
        self.translations.clear();
        Ok(())
    }

    pub(crate) fn unmap(&mut self, range: AddressRange) -> Result<()> {
        self.map.unmap(range)?;
        self.translations.clear();
        if range.is_empty() {
            return Ok(());
        }
        // The content is lost: what is mapped there later is zero.
        for page in self.pages_in(range) {
            let begin = page << PAGE_BITS;
            let from = range.first().max(begin) - begin;
            let to = range.last().min(begin | (PAGE_SIZE as u64 - 1)) - begin;
            self.note_code_write(page, from, to);
            if (from, to) == (0, PAGE_SIZE as u64 - 1) {
                self.pages.remove(&page);
                self.dirty.insert(page);
            } else {
                let length = (to - from + 1) as usize;
                self.writable(page).write(from as usize, &vec![0; length]);
            }
        }
        Ok(())
    }

    pub(crate) fn protect(&mut self, range: AddressRange, permissions: Permissions) -> Result<()> {
        self.map.protect(range, permissions)?;
        self.translations.clear();
        Ok(())
    }

    /// Forgets all translations: hooks or code pages are others.
    pub(crate) fn forget_translations(&mut self) {
        self.translations.clear();
    }

    /// The pages of a range that are here, at a cost that depends on the
    /// smaller of the two.
    fn pages_in(&self, range: AddressRange) -> Vec<u64> {
        let (first, last) = (range.first() >> PAGE_BITS, range.last() >> PAGE_BITS);
        if last - first < self.pages.len() as u64 {
            (first..=last).filter(|page| self.pages.contains_key(page)).collect()
        } else {
            self.pages.keys().copied().filter(|page| (first..=last).contains(page)).collect()
        }
    }

    /// The parts of a range that need not be zeros.
    pub(crate) fn touched(&self, range: AddressRange) -> Vec<AddressRange> {
        if range.is_empty() {
            return Vec::new();
        }
        AddressRange::of_pages(self.pages_in(range), PAGE_SIZE as u64, range)
    }

    // ---- the host's accesses

    /// Reads what is mapped, whatever its permissions.
    pub(crate) fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.check_mapped(address, bytes.len(), Access::Read)?;
        self.copy_out(address, bytes);
        Ok(())
    }

    /// Writes what is mapped, whatever its permissions.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.check_mapped(address, bytes.len(), Access::Write)?;
        self.copy_in(address, bytes);
        Ok(())
    }

    fn check_mapped(&self, address: u64, length: usize, access: Access) -> Result<()> {
        let range = AddressRange::sized(address, length as u64)?;
        match self.map.first_unmapped(range) {
            None => Ok(()),
            Some(first) => Err(Error::Fault(Fault::Memory {
                access,
                cause: MemoryCause::Unmapped,
                address: first,
                size: length as u64,
                pc: 0,
            })),
        }
    }

    /// Copies bytes that are known to be mapped.
    pub(crate) fn copy_out(&self, address: u64, bytes: &mut [u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.wrapping_add(done as u64);
            let offset = (at & (PAGE_SIZE as u64 - 1)) as usize;
            let length = (PAGE_SIZE - offset).min(bytes.len() - done);
            let part = &mut bytes[done..done + length];
            match self.pages.get(&(at >> PAGE_BITS)) {
                Some(page) => page.read(offset, part),
                None => part.fill(0),
            }
            done += length;
        }
    }

    /// Writes bytes that are known to be mapped.
    pub(crate) fn copy_in(&mut self, address: u64, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.wrapping_add(done as u64);
            let offset = (at & (PAGE_SIZE as u64 - 1)) as usize;
            let length = (PAGE_SIZE - offset).min(bytes.len() - done);
            let page = at >> PAGE_BITS;
            let part = &bytes[done..done + length];
            self.note_code_write(page, offset as u64, (offset + length - 1) as u64);
            // A page that does not exist is zero already.
            if self.pages.contains_key(&page) || part.iter().any(|byte| *byte != 0) {
                self.writable(page).write(offset, part);
            }
            done += length;
        }
    }

    /// The page, to be written: copied if a snapshot shares it.
    fn writable(&mut self, page: u64) -> &PageData {
        self.dirty.insert(page);
        let translations = &mut self.translations;
        let slot = self.pages.entry(page).or_insert_with(|| {
            // Reads went to the shared zeros.
            translations.forget_page(page);
            Rc::new(PageData::zeros())
        });
        if Rc::strong_count(slot) > 1 {
            translations.forget_page(page);
            *slot = Rc::new(slot.duplicate());
        }
        slot
    }

    // ---- code

    /// Tells that translated code comes from these addresses.
    pub(crate) fn mark_code(&mut self, first: u64, last: u64) {
        for page in first >> PAGE_BITS..=last >> PAGE_BITS {
            let begin = page << PAGE_BITS;
            let from = first.max(begin) - begin;
            let to = last.min(begin | (PAGE_SIZE as u64 - 1)) - begin;
            let parts = parts(from, to);
            let known = self.code.entry(page).or_insert(0);
            if *known & parts != parts {
                *known |= parts;
                self.translations.forget_page(page);
            }
        }
    }

    pub(crate) fn clear_code_marks(&mut self) {
        self.code.clear();
    }

    fn note_code_write(&mut self, page: u64, first: u64, last: u64) {
        if self.code.get(&page).is_some_and(|code| code & parts(first, last) != 0) {
            self.written_code.push(page);
        }
    }

    /// Whether translated code comes from any of these bytes.
    pub(crate) fn has_code(&self, address: u64, size: usize) -> bool {
        if self.code.is_empty() || size == 0 {
            return false;
        }
        let last = address.wrapping_add(size as u64 - 1);
        [address, last].iter().any(|at| {
            let offset = at & (PAGE_SIZE as u64 - 1);
            self.code.get(&(at >> PAGE_BITS)).is_some_and(|code| code & parts(offset, offset) != 0)
        })
    }

    pub(crate) fn has_written_code(&self) -> bool {
        !self.written_code.is_empty()
    }

    /// The pages of code that were written since the last call.
    pub(crate) fn take_written_code(&mut self) -> Vec<u64> {
        let pages = std::mem::take(&mut self.written_code);
        for page in &pages {
            self.code.remove(page);
        }
        pages
    }

    /// Up to `bytes.len()` bytes that may be executed from `address` on; how
    /// many there are.
    pub(crate) fn fetch(&self, address: u64, bytes: &mut [u8]) -> usize {
        let wanted = bytes.len() as u64;
        let last = address.saturating_add(wanted - 1).min(self.map.highest_address());
        if last < address {
            return 0;
        }
        let range: AddressRange = (address..=last).into();
        let end = match self.map.first_forbidden(range, Permissions::EXECUTE) {
            None => last - address + 1,
            Some((first, _)) => first - address,
        };
        let length = end as usize;
        self.copy_out(address, &mut bytes[..length]);
        length
    }

    /// Why the byte at `address` may not be executed.
    pub(crate) fn fetch_cause(&self, address: u64) -> MemoryCause {
        match self.map.permissions_at(address) {
            Some(_) => MemoryCause::Permission,
            None => MemoryCause::Unmapped,
        }
    }

    // ---- the guest's accesses

    /// Reads a small integer where a translation allows it.
    #[inline(always)]
    pub(crate) fn read_fast<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.translations.read::<N>(address)
    }

    /// Writes a small integer where a translation allows it.
    #[inline(always)]
    pub(crate) fn write_fast<const N: usize>(&self, address: u64, bytes: [u8; N]) -> bool {
        self.translations.write::<N>(address, bytes)
    }

    /// Whether the guest may access these bytes.
    pub(crate) fn check(&self, address: u64, size: usize, access: Access) -> Result<(), Denied> {
        let wanted = match access {
            Access::Read => Permissions::READ,
            Access::Write => Permissions::WRITE,
            Access::Fetch => Permissions::EXECUTE,
        };
        let Some(last) =
            address.checked_add(size as u64 - 1).filter(|last| *last <= self.map.highest_address())
        else {
            // It goes past the end of the address space: the first byte that
            // is not there is the one after the end.
            let inside: AddressRange = (address..=self.map.highest_address().max(address)).into();
            return Err(match self.map.first_forbidden(inside, wanted) {
                Some(first) => denied(first),
                None => Denied { address: 0, cause: MemoryCause::Unmapped },
            });
        };
        match self.map.first_forbidden((address..=last).into(), wanted) {
            None => Ok(()),
            Some(first) => Err(denied(first)),
        }
    }

    /// Makes a translation for reading around an address, if hooks allow.
    pub(crate) fn translate_read(&mut self, address: u64) {
        let page = address >> PAGE_BITS;
        let Some(part) = self.translatable(page, address, Permissions::READ) else { return };
        if self.reads_watched.overlaps(page_range(page)) {
            return;
        }
        let data = self.pages.get(&page).unwrap_or(&self.zeros);
        self.translations.set_read(page, part, data);
    }

    /// Makes a translation for writing around an address, if nothing watches
    /// the page.
    pub(crate) fn translate_write(&mut self, address: u64) {
        let page = address >> PAGE_BITS;
        let Some(mut part) = self.translatable(page, address, Permissions::WRITE) else { return };
        if self.writes_watched.overlaps(page_range(page)) {
            return;
        }
        if let Some(code) = self.code.get(&page) {
            // Up to the code below and above.
            let offset = address & (PAGE_SIZE as u64 - 1);
            let own = (offset / PART) as u32;
            if code >> own & 1 != 0 {
                return;
            }
            let below = code & ((1 << own) - 1);
            let above = code >> own;
            if below != 0 {
                part.0 = part.0.max(((64 - below.leading_zeros()) as u64 * PART) as u16);
            }
            if above != 0 {
                part.1 = part.1.min(((own + above.trailing_zeros()) as u64 * PART) as u16);
            }
        }
        self.writable(page);
        if let Some(data) = self.pages.get(&page) {
            self.translations.set_write(page, part, data);
        }
    }

    /// The part of a page around an address that one region maps.
    fn translatable(&self, page: u64, address: u64, wanted: Permissions) -> Option<(u16, u16)> {
        let region = self.map.region_at(address).filter(|region| region.permissions.allows(wanted))?;
        let begin = page << PAGE_BITS;
        let first = region.range.first().max(begin) - begin;
        let last = region.range.last().min(begin | (PAGE_SIZE as u64 - 1)) - begin;
        Some((first as u16, last as u16 + 1))
    }

    // ---- versions

    /// The state now as a version to go back to.
    pub(crate) fn snapshot(&mut self) -> Rc<Version> {
        // A fresh set: draining costs what it ever held.
        let dirty = std::mem::take(&mut self.dirty);
        let changed = dirty.into_iter().map(|page| (page, self.pages.get(&page).cloned())).collect();
        let version = Rc::new(Version::new(self.base.take(), changed, self.map.clone()));
        self.base = Some(Rc::clone(&version));
        // Pages are shared from now on.
        self.translations.clear();
        version
    }

    /// Goes back to a version; whether the map is another one now.
    pub(crate) fn restore(&mut self, version: &Rc<Version>) -> bool {
        let mut changed = std::mem::take(&mut self.dirty);
        if let Some(base) = &self.base {
            Version::difference(base, version, &mut changed);
        }
        for page in changed {
            self.note_code_write(page, 0, PAGE_SIZE as u64 - 1);
            self.translations.forget_page(page);
            match version.content(page) {
                Some(data) => drop(self.pages.insert(page, Rc::clone(data))),
                None => drop(self.pages.remove(&page)),
            }
        }
        self.base = Some(Rc::clone(version));
        let map_changed = self.map != version.map;
        if map_changed {
            self.map.clone_from(&version.map);
            self.translations.clear();
        }
        map_changed
    }
}

/// The parts of a page that some offsets are in.
const fn parts(first: u64, last: u64) -> u64 {
    let (low, high) = (first / PART, last / PART);
    (u64::MAX >> (63 - high)) & (u64::MAX << low)
}

fn denied((address, is_mapped): (u64, bool)) -> Denied {
    let cause = if is_mapped { MemoryCause::Permission } else { MemoryCause::Unmapped };
    Denied { address, cause }
}

fn page_range(page: u64) -> AddressRange {
    let begin = page << PAGE_BITS;
    (begin..=begin | (PAGE_SIZE as u64 - 1)).into()
}
