//! [`Version`]: the memory as it was at a snapshot.

use std::rc::Rc;

use hashbrown::{HashMap, HashSet};
use terrella_emulator_api::MemoryMap;

use super::page::PageData;

/// A version of the memory: how its pages differ from those of the version
/// that it was made from.
pub(crate) struct Version {
    parent: Option<Rc<Self>>,
    depth: u64,
    /// `None` for a page of zeros.
    changed: HashMap<u64, Option<Rc<PageData>>>,
    pub(crate) map: MemoryMap,
}

impl Version {
    pub(crate) fn new(
        parent: Option<Rc<Self>>,
        changed: HashMap<u64, Option<Rc<PageData>>>,
        map: MemoryMap,
    ) -> Self {
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        Self { parent, depth, changed, map }
    }

    /// The content of a page; `None` for zeros.
    pub(crate) fn content(&self, page: u64) -> Option<&Rc<PageData>> {
        let mut version = self;
        loop {
            if let Some(content) = version.changed.get(&page) {
                return content.as_ref();
            }
            version = version.parent.as_deref()?;
        }
    }

    /// Adds the pages that may differ between two versions: those that
    /// changed on the way from one to the other.
    pub(crate) fn difference(from: &Rc<Self>, to: &Rc<Self>, pages: &mut HashSet<u64>) {
        let (mut left, mut right) = (Some(from), Some(to));
        loop {
            match (left, right) {
                (Some(a), Some(b)) if Rc::ptr_eq(a, b) => return,
                (Some(a), b) if b.is_none_or(|b| a.depth >= b.depth) => {
                    pages.extend(a.changed.keys());
                    left = a.parent.as_ref();
                }
                (_, Some(b)) => {
                    pages.extend(b.changed.keys());
                    right = b.parent.as_ref();
                }
                _ => return,
            }
        }
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        // One by one: a long row of versions must not use up the stack.
        let mut next = self.parent.take();
        while let Some(version) = next {
            match Rc::try_unwrap(version) {
                Ok(mut version) => next = version.parent.take(),
                Err(_) => return,
            }
        }
    }
}
