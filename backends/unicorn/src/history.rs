//! [`History`]: versions of the guest's pages, for snapshots whose restore
//! costs what changed.
//!
//! A persistent array by rerooting (H. Baker, "Shallow binding makes
//! functional arrays fast", 1991): the live pages are the root, and each
//! version knows the one that it differs from, on the way to the root, and in
//! which pages. To restore a version, the differences on its way are exchanged
//! one by one with the live pages, so the cost is that of the pages that
//! differ, and every other version stays reachable.

use std::{cell::RefCell, rc::Rc};

use hashbrown::HashMap;
use terrella_emulator_api::MemoryMap;

use crate::frames::PageBytes;

/// The content of a page at some time: `None` is a page of zeros.
pub(crate) type Content = Option<Box<PageBytes>>;

/// The live pages, as the history reads and writes them.
pub(crate) trait LivePages {
    /// The content of a page.
    fn content(&self, page: u64) -> Content;
    /// Replaces the content of a page.
    fn set_content(&mut self, page: u64, content: &Content);
}

/// One version of all pages, and of the memory map.
pub(crate) struct Version {
    map: MemoryMap,
    link: RefCell<Link>,
}

/// How a version differs from a later one on the way to the live pages.
struct Link {
    /// `None`: from the live pages.
    toward: Option<Rc<Version>>,
    pages: HashMap<u64, Saved>,
}

struct Saved {
    content: Content,
    /// Whether the live page may differ from `content`. Only the base has
    /// pages where it may not: kept so that they need not be saved again.
    dirty: bool,
}

/// Up to so many dirty pages stay marked dirty, and writable, over a restore:
/// copying them back again is cheaper than asking for each first write again.
const KEPT_WRITABLE: usize = 8;

/// The versions of one emulator.
#[derive(Default)]
pub(crate) struct History {
    /// The version that the live pages come from.
    base: Option<Rc<Version>>,
}

/// What a restore asks the caller to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Restored {
    /// Pages may be writable that count as clean now.
    pub(crate) protect_again: bool,
    /// The map is another one.
    pub(crate) map_changed: bool,
}

impl History {
    /// Whether first writes must be told.
    pub(crate) fn is_tracking(&mut self) -> bool {
        if self.base.as_ref().is_some_and(|base| Rc::strong_count(base) == 1) {
            self.base = None;
        }
        self.base.is_some()
    }

    /// Tells that a page is about to change.
    pub(crate) fn before_change(&mut self, page: u64, live: &impl LivePages) {
        let Some(base) = &self.base else { return };
        let saved = &mut base.link.borrow_mut().pages;
        let entry = saved.entry(page).or_insert_with(|| Saved { content: live.content(page), dirty: true });
        entry.dirty = true;
    }

    /// Whether a page may differ from the base, so that writing it needs not
    /// be told.
    pub(crate) fn is_dirty(&self, page: u64) -> bool {
        let Some(base) = &self.base else { return true };
        base.link.borrow().pages.get(&page).is_some_and(|saved| saved.dirty)
    }

    /// The version of the present pages. Afterwards no page is dirty.
    pub(crate) fn snapshot(&mut self, map: &MemoryMap) -> Rc<Version> {
        let version = Rc::new(Version {
            map: map.clone(),
            link: RefCell::new(Link { toward: None, pages: HashMap::new() }),
        });
        if let Some(base) = self.base.take() {
            let mut link = base.link.borrow_mut();
            link.pages.retain(|_, saved| saved.dirty);
            link.toward = Some(Rc::clone(&version));
        }
        self.base = Some(Rc::clone(&version));
        version
    }

    /// Makes the live pages and the map what they were at `version`.
    pub(crate) fn restore(
        &mut self,
        version: &Rc<Version>,
        map: &mut MemoryMap,
        live: &mut impl LivePages,
    ) -> Restored {
        let mut restored = Restored { protect_again: false, map_changed: *map != version.map };
        map.clone_from(&version.map);
        // From the live pages to the base: what the live pages are is lost.
        if let Some(base) = &self.base {
            let mut link = base.link.borrow_mut();
            let same = Rc::ptr_eq(base, version);
            let dirty = link.pages.values().filter(|saved| saved.dirty).count();
            let keep = same && !restored.map_changed && dirty <= KEPT_WRITABLE;
            restored.protect_again = !keep && dirty > 0;
            for (page, saved) in &mut link.pages {
                if saved.dirty {
                    live.set_content(*page, &saved.content);
                    saved.dirty = keep;
                }
            }
            if same {
                return restored;
            }
            // Nothing differs from the live pages any more; the copies that
            // are left say nothing.
            link.pages.clear();
        }
        // The way from the version to the base, walked back.
        let mut way = vec![Rc::clone(version)];
        while let Some(next) = way.last().and_then(|last| last.link.borrow().toward.clone()) {
            way.push(next);
        }
        for pair in way.windows(2).rev() {
            let (target, reached) = (&pair[0], &pair[1]);
            let mut target_link = target.link.borrow_mut();
            let mut reached_link = reached.link.borrow_mut();
            reached_link.pages.clear();
            for (page, saved) in target_link.pages.drain() {
                let content = live.content(page);
                live.set_content(page, &saved.content);
                reached_link.pages.insert(page, Saved { content, dirty: true });
            }
            reached_link.toward = Some(Rc::clone(target));
            target_link.toward = None;
        }
        self.base = Some(Rc::clone(version));
        restored.protect_again = true;
        restored
    }
}

impl Drop for Version {
    /// Long chains are taken apart one by one, so that none is too deep for
    /// the host's stack.
    fn drop(&mut self) {
        let mut next = self.link.borrow_mut().toward.take();
        while let Some(version) = next {
            match Rc::try_unwrap(version) {
                Ok(version) => next = version.link.borrow_mut().toward.take(),
                Err(_) => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Pages that hold one number each.
    #[derive(Default, Clone, PartialEq, Debug)]
    struct Pages(BTreeMap<u64, u8>);

    impl LivePages for Pages {
        fn content(&self, page: u64) -> Content {
            self.0.get(&page).map(|value| vec![*value; 16].into_boxed_slice())
        }

        fn set_content(&mut self, page: u64, content: &Content) {
            match content {
                Some(bytes) => self.0.insert(page, bytes[0]),
                None => self.0.remove(&page),
            };
        }
    }

    /// A small generator, so that the test needs no dependency.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn versions_are_restored_in_any_order() {
        for seed in 1..200 {
            let mut state = seed * 0x9e37_79b9;
            let mut live = Pages::default();
            let mut map = MemoryMap::new(u64::MAX);
            let mut history = History::default();
            let mut versions: Vec<(Rc<Version>, Pages)> = Vec::new();
            for _ in 0..100 {
                match random(&mut state) % 8 {
                    0 => versions.push((history.snapshot(&map), live.clone())),
                    1 | 2 if !versions.is_empty() => {
                        let index = random(&mut state) as usize % versions.len();
                        let (version, expected) = &versions[index];
                        history.restore(version, &mut map, &mut live);
                        assert_eq!(live, *expected, "seed {seed}");
                    }
                    3 if versions.len() > 2 => {
                        let index = random(&mut state) as usize % versions.len();
                        versions.remove(index);
                    }
                    _ => {
                        let page = random(&mut state) % 6;
                        if history.is_tracking() && !history.is_dirty(page) {
                            history.before_change(page, &live);
                        }
                        live.0.insert(page, random(&mut state) as u8);
                    }
                }
            }
            for (version, expected) in &versions {
                history.restore(version, &mut map, &mut live);
                assert_eq!(live, *expected, "seed {seed}");
            }
        }
    }

    #[test]
    fn tracking_ends_with_the_last_snapshot() {
        let mut history = History::default();
        let version = history.snapshot(&MemoryMap::new(u64::MAX));
        assert!(history.is_tracking());
        drop(version);
        assert!(!history.is_tracking());
    }

    #[test]
    fn a_long_chain_of_versions_is_dropped_without_recursion() {
        let mut history = History::default();
        let map = MemoryMap::new(u64::MAX);
        let first = history.snapshot(&map);
        let rest: Vec<_> = (0..200_000).map(|_| history.snapshot(&map)).collect();
        drop(rest);
        drop(first);
        drop(history);
    }
}
