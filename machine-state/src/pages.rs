//! [`Pages`]: sparse bytes at guest addresses, shared copy-on-write.

mod serial;

use std::{collections::BTreeMap, fmt, sync::Arc};

use terrella_emulator_api::AddressRange;

pub(crate) use serial::{PageSink, PageSource, with_sink, with_source};

/// The size of a page of [`Pages`], in bytes.
pub const PAGE_SIZE: usize = 4096;

/// One page: shared until it is written.
pub type Page = Arc<[u8; PAGE_SIZE]>;

/// Bytes at guest addresses, kept as pages of 4 KiB.
///
/// Where there is no page, the bytes are zero. A clone shares all pages; a
/// write copies the one page that it changes, if that is shared.
///
/// ```
/// use terrella_machine_state::Pages;
///
/// let mut pages = Pages::new();
/// pages.write(0x1ffe, &[1, 2, 3, 4]);
/// let saved = pages.clone();
/// pages.write(0x2000, &[9]);
/// assert_eq!(pages.read_vec(0x1ffe, 4), [1, 2, 9, 4]);
/// assert_eq!(saved.read_vec(0x1ffe, 4), [1, 2, 3, 4]);
/// ```
#[derive(Clone, Default)]
pub struct Pages {
    /// Page number (address / 4096) → page.
    pages: Arc<BTreeMap<u64, Page>>,
}

impl Pages {
    /// Zeros everywhere.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills `bytes` with what is at `address` and after it. Addresses wrap at
    /// the end of the 64-bit space.
    pub fn read(&self, address: u64, bytes: &mut [u8]) {
        let mut address = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = (address % PAGE_SIZE as u64) as usize;
            let (now, later) = rest.split_at_mut((PAGE_SIZE - offset).min(rest.len()));
            match self.pages.get(&(address / PAGE_SIZE as u64)) {
                Some(page) => now.copy_from_slice(&page[offset..offset + now.len()]),
                None => now.fill(0),
            }
            address = address.wrapping_add(now.len() as u64);
            rest = later;
        }
    }

    /// The `size` bytes at `address`.
    #[must_use]
    pub fn read_vec(&self, address: u64, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        self.read(address, &mut bytes);
        bytes
    }

    /// Puts `bytes` at `address`. Zeros written where there is no page make
    /// none; bytes that do not change anything copy nothing.
    pub fn write(&mut self, address: u64, bytes: &[u8]) {
        let mut address = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = (address % PAGE_SIZE as u64) as usize;
            let (now, later) = rest.split_at((PAGE_SIZE - offset).min(rest.len()));
            let number = address / PAGE_SIZE as u64;
            let same = match self.pages.get(&number) {
                Some(page) => page[offset..offset + now.len()] == *now,
                None => is_zero(now),
            };
            if !same {
                let pages = Arc::make_mut(&mut self.pages);
                let page = pages.entry(number).or_insert_with(|| Arc::new([0; PAGE_SIZE]));
                Arc::make_mut(page)[offset..offset + now.len()].copy_from_slice(now);
            }
            address = address.wrapping_add(now.len() as u64);
            rest = later;
        }
    }

    /// Makes all bytes of a range zero, and drops the pages that lie wholly
    /// in it.
    pub fn clear(&mut self, range: AddressRange) {
        if range.is_empty() || self.pages.is_empty() {
            return;
        }
        let numbers: Vec<u64> = self
            .pages
            .range(range.first() / PAGE_SIZE as u64..=range.last() / PAGE_SIZE as u64)
            .map(|(number, _)| *number)
            .collect();
        if numbers.is_empty() {
            return;
        }
        let pages = Arc::make_mut(&mut self.pages);
        for number in numbers {
            let here = page_range(number);
            let cut = here.intersection(&range);
            if cut == here {
                pages.remove(&number);
            } else if let Some(page) = pages.get_mut(&number) {
                let first = (cut.first() - here.first()) as usize;
                let last = (cut.last() - here.first()) as usize;
                Arc::make_mut(page)[first..=last].fill(0);
            }
        }
    }

    /// The bytes of a range, everything else zero; whole pages stay shared.
    #[must_use]
    pub fn restricted_to(&self, range: AddressRange) -> Self {
        let mut result = Self::new();
        if range.is_empty() {
            return result;
        }
        let pages = Arc::make_mut(&mut result.pages);
        let numbers = range.first() / PAGE_SIZE as u64..=range.last() / PAGE_SIZE as u64;
        pages.extend(self.pages.range(numbers).map(|(number, page)| (*number, Arc::clone(page))));
        let (first, last) = (range.first(), range.last());
        if let Some(below) = first.checked_sub(1) {
            result.clear((first - first % PAGE_SIZE as u64..=below).into());
        }
        if let Some(above) = last.checked_add(1) {
            result.clear((above..=(last | (PAGE_SIZE as u64 - 1))).into());
        }
        result
    }

    /// Replaces a page, and drops it if it is all zeros.
    pub fn set_page(&mut self, number: u64, page: Page) {
        let pages = Arc::make_mut(&mut self.pages);
        if is_zero(&page[..]) {
            pages.remove(&number);
        } else {
            pages.insert(number, page);
        }
    }

    /// The page of a number (address / 4096); `None` if it is all zeros.
    #[must_use]
    pub fn page(&self, number: u64) -> Option<&Page> {
        self.pages.get(&number)
    }

    /// The pages that there are, by number (address / 4096).
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Page)> {
        self.pages.iter().map(|(number, page)| (*number, page))
    }

    /// The pages that have a byte in a range, by number.
    pub(crate) fn in_range(&self, range: AddressRange) -> impl Iterator<Item = (u64, &Page)> {
        let size = PAGE_SIZE as u64;
        // No page has the number that stands for an empty range.
        let numbers =
            if range.is_empty() { u64::MAX..=u64::MAX } else { range.first() / size..=range.last() / size };
        self.pages.range(numbers).map(|(number, page)| (*number, page))
    }

    /// How many pages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether all bytes are zero for want of any page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }
}

/// The addresses of a page.
pub(crate) const fn page_range_ends(number: u64) -> (u64, u64) {
    let first = number.wrapping_mul(PAGE_SIZE as u64);
    (first, first | (PAGE_SIZE as u64 - 1))
}

/// The addresses of a page.
pub(crate) fn page_range(number: u64) -> AddressRange {
    let (first, last) = page_range_ends(number);
    (first..=last).into()
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
    // Compared as blocks of memory: many times faster than byte by byte.
    bytes.chunks(PAGE_SIZE).all(|chunk| *chunk == ZEROS[..chunk.len()])
}

/// Equal bytes, whether or not a page of zeros is kept for some of them.
impl PartialEq for Pages {
    fn eq(&self, other: &Self) -> bool {
        let holds = |pages: &Self, other: &Self| {
            pages.iter().all(|(number, page)| match other.page(number) {
                Some(twin) => Arc::ptr_eq(page, twin) || page == twin,
                None => is_zero(&page[..]),
            })
        };
        Arc::ptr_eq(&self.pages, &other.pages) || (holds(self, other) && holds(other, self))
    }
}

impl Eq for Pages {}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pages").field("pages", &self.pages.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: u64 = 0x7f_f000;
    const SPACE: usize = 4 * PAGE_SIZE;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn behaves_like_an_array(
            steps in proptest::collection::vec((0..SPACE - 5000, 0_usize..5000, any::<u8>(), 0..3), 1..20),
        ) {
            let mut pages = Pages::new();
            let mut model = vec![0_u8; SPACE];
            for (start, length, byte, kind) in steps {
                let before = (pages.clone(), model.clone());
                let address = BASE + start as u64;
                let range = AddressRange::from(address..address + length as u64);
                match kind {
                    0 => {
                        pages.write(address, &vec![byte; length]);
                        model[start..start + length].fill(byte);
                    }
                    1 => {
                        pages.clear(range);
                        model[start..start + length].fill(0);
                    }
                    _ => {
                        pages = pages.restricted_to(range);
                        let kept = model[start..start + length].to_vec();
                        model.fill(0);
                        model[start..start + length].copy_from_slice(&kept);
                    }
                }
                prop_assert_eq!(&pages.read_vec(BASE, SPACE), &model);
                prop_assert_eq!(&before.0.read_vec(BASE, SPACE), &before.1, "a clone changed");
                prop_assert_eq!(pages == before.0, model == before.1);
            }
        }
    }

    #[test]
    fn the_last_page_of_the_space_is_like_others() {
        let mut pages = Pages::new();
        pages.write(u64::MAX - 1, &[1, 2]);
        assert_eq!(pages.restricted_to((u64::MAX..=u64::MAX).into()).read_vec(u64::MAX - 1, 2), [0, 2]);
        pages.clear(AddressRange::ALL);
        assert!(pages.is_empty());
    }
}
