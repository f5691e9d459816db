//! [`Frames`]: the host memory below the guest's pages.
//!
//! Unicorn sees one range of guest-physical memory, reserved at once and
//! touched page by page. Guest pages are placed in it where there is room, so
//! that mapping costs nothing, addresses have no limits, and Unicorn's own
//! list of regions, whose cost grows with its square, stays at one.

use memmap2::{MmapMut, MmapOptions};
use terrella_emulator_api::{Error, Result};

/// The content of one page.
pub(crate) type PageBytes = [u8];

/// What is tried where the host refuses to reserve so much.
const RESERVED_AT_LEAST: usize = 1 << 28;

/// A page of host memory, by its number in the reserved range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Frame(u32);

/// The reserved host memory, handed out page by page.
pub(crate) struct Frames {
    memory: MmapMut,
    /// The size of a page, in bytes.
    page: u64,
    next: u32,
    free: Vec<Frame>,
}

impl Frames {
    /// Reserves up to `size` bytes. It is address space only: pages cost
    /// memory when they are first touched.
    pub(crate) fn new(mut size: usize, page: u64) -> Result<Self> {
        loop {
            match MmapOptions::new().len(size).no_reserve_swap().map_anon() {
                Ok(memory) => return Ok(Self { memory, page, next: 0, free: Vec::new() }),
                Err(_) if size > RESERVED_AT_LEAST => size /= 2,
                Err(_) => return Err(Error::OutOfMemory { address: 0, size: size as u64 }),
            }
        }
    }

    /// The guest-physical address of a page.
    pub(crate) const fn physical(&self, frame: Frame) -> u64 {
        frame.0 as u64 * self.page
    }

    /// The start of the reserved range.
    pub(crate) fn host(&mut self) -> *mut u8 {
        self.memory.as_mut_ptr()
    }

    /// The size of the reserved range, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.memory.len() as u64
    }

    /// A page of zeros; `None` if there is none left.
    pub(crate) fn allocate(&mut self) -> Option<Frame> {
        if let Some(frame) = self.free.pop() {
            self.page_mut(frame).fill(0);
            return Some(frame);
        }
        if (u64::from(self.next) + 1) * self.page > self.size() {
            return None;
        }
        self.next += 1;
        Some(Frame(self.next - 1))
    }

    /// Takes a page back.
    pub(crate) fn release(&mut self, frame: Frame) {
        self.free.push(frame);
    }

    pub(crate) fn page(&self, frame: Frame) -> &PageBytes {
        let start = self.physical(frame) as usize;
        &self.memory[start..start + self.page as usize]
    }

    pub(crate) fn page_mut(&mut self, frame: Frame) -> &mut PageBytes {
        let start = self.physical(frame) as usize;
        &mut self.memory[start..start + self.page as usize]
    }
}
