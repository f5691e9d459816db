//! [`PageData`]: the bytes of one page.

use std::cell::UnsafeCell;

/// The number of bits of an offset in a page.
pub(crate) const PAGE_BITS: u32 = 12;
/// The size of a page in bytes.
pub(crate) const PAGE_SIZE: usize = 1 << PAGE_BITS;

/// The bytes of a page. They are reached by raw pointers only, so that
/// translations may point to them while the page table holds the page.
pub(crate) struct PageData(UnsafeCell<[u8; PAGE_SIZE]>);

impl PageData {
    pub(crate) const fn zeros() -> Self {
        Self(UnsafeCell::new([0; PAGE_SIZE]))
    }

    pub(crate) fn duplicate(&self) -> Self {
        let copy = Self::zeros();
        // SAFETY: both are whole pages, they are different ones, and no
        // reference to their bytes is ever made.
        unsafe { std::ptr::copy_nonoverlapping(self.0.get(), copy.0.get(), 1) };
        copy
    }

    /// Copies bytes out.
    pub(crate) fn read(&self, offset: usize, bytes: &mut [u8]) {
        assert!(offset <= PAGE_SIZE && bytes.len() <= PAGE_SIZE - offset);
        // SAFETY: the range is inside the page, as was checked, and the
        // caller's buffer cannot be part of it.
        unsafe {
            std::ptr::copy_nonoverlapping(self.pointer().add(offset), bytes.as_mut_ptr(), bytes.len());
        }
    }

    /// Copies bytes in.
    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(offset <= PAGE_SIZE && bytes.len() <= PAGE_SIZE - offset);
        // SAFETY: as in `read`; the page is not shared between threads, since
        // it is not `Sync`.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer().add(offset), bytes.len());
        }
    }

    /// Where the bytes are.
    pub(crate) fn pointer(&self) -> *mut u8 {
        self.0.get().cast()
    }
}
