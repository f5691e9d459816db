//! [`Translations`]: where the bytes of recently used pages are.

use std::rc::Rc;

use super::page::{PAGE_BITS, PAGE_SIZE, PageData};

/// How many pages are remembered for reading, and for writing: a power of
/// two.
const ENTRIES: usize = 256;

/// A page that may be accessed directly, in part.
#[derive(Clone, Copy)]
struct Entry {
    /// The page's number; no page has the highest one.
    page: u64,
    /// The first byte of the part.
    first: u16,
    /// The byte after the part.
    end: u16,
    /// Where the page's bytes are.
    pointer: *mut u8,
}

const NO_PAGE: u64 = u64::MAX;

impl Entry {
    const fn empty() -> Self {
        Self { page: NO_PAGE, first: 0, end: 0, pointer: std::ptr::null_mut() }
    }

    fn set(&mut self, page: u64, (first, end): (u16, u16), data: &Rc<PageData>) {
        *self = Self { page, first, end, pointer: data.pointer() };
    }

    /// Where `size` bytes at an address are.
    #[inline(always)]
    fn find(&self, address: u64, size: usize) -> Option<*mut u8> {
        let offset = (address & (PAGE_SIZE as u64 - 1)) as usize;
        if self.page == address >> PAGE_BITS
            && offset >= usize::from(self.first)
            && offset + size <= usize::from(self.end)
        {
            // SAFETY: the offset is inside the page that the entry points to.
            Some(unsafe { self.pointer.add(offset) })
        } else {
            None
        }
    }
}

/// Two direct-mapped tables of pages.
pub(crate) struct Translations {
    reads: Box<[Entry; ENTRIES]>,
    writes: Box<[Entry; ENTRIES]>,
    is_empty: bool,
}

fn table() -> Box<[Entry; ENTRIES]> {
    Box::new([const { Entry::empty() }; ENTRIES])
}

#[inline(always)]
const fn index(address: u64) -> usize {
    (address >> PAGE_BITS) as usize & (ENTRIES - 1)
}

impl Translations {
    pub(crate) fn new() -> Self {
        Self { reads: table(), writes: table(), is_empty: true }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        if !self.is_empty {
            self.reads.fill(Entry::empty());
            self.writes.fill(Entry::empty());
            self.is_empty = true;
        }
    }

    /// Forgets one page.
    pub(crate) fn forget_page(&mut self, page: u64) {
        let slot = page as usize & (ENTRIES - 1);
        for table in [&mut self.reads, &mut self.writes] {
            if table[slot].page == page {
                table[slot] = Entry::empty();
            }
        }
    }

    pub(crate) fn set_read(&mut self, page: u64, part: (u16, u16), data: &Rc<PageData>) {
        self.is_empty = false;
        self.reads[page as usize & (ENTRIES - 1)].set(page, part, data);
    }

    pub(crate) fn set_write(&mut self, page: u64, part: (u16, u16), data: &Rc<PageData>) {
        self.is_empty = false;
        self.writes[page as usize & (ENTRIES - 1)].set(page, part, data);
    }

    #[inline(always)]
    pub(crate) fn read<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let pointer = self.reads[index(address)].find(address, N)?;
        let mut bytes = [0; N];
        // SAFETY: `find` gives a pointer to N bytes inside a page that the
        // page table holds: it forgets the translation before it drops or
        // replaces the page.
        unsafe { std::ptr::copy_nonoverlapping(pointer, bytes.as_mut_ptr(), N) };
        Some(bytes)
    }

    #[inline(always)]
    pub(crate) fn write<const N: usize>(&self, address: u64, bytes: [u8; N]) -> bool {
        let Some(pointer) = self.writes[index(address)].find(address, N) else { return false };
        // SAFETY: as in `read`; the page is owned by the page table alone:
        // snapshots clear the translations when they share pages.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer, N) };
        true
    }
}
