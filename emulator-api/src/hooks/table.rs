//! [`HookTable`]: the hooks of one emulator, for backends to embed.
//!
//! A closure is *taken* out of its slot, called with `&mut dyn Emulator`, and
//! *put back*. While it is out, the callback may remove any hook, itself
//! included, and add others: a slot whose serial is gone drops its closure
//! when that comes back. A hook that is running is not entered again.

use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;

use super::{
    BlockHook, FunctionHook, HookFamily, HookHandle, InstructionHook, InterruptHook, MemoryReadHook,
    MemoryWriteHook, SyscallHook,
};
use crate::{AddressRange, Error, Result};

/// Serial numbers are unique in the process, so that a handle of one emulator
/// is stale in all others.
static NEXT_SERIAL: AtomicU64 = AtomicU64::new(1);

/// A closure that was taken out of its slot to be called.
pub struct Taken<H> {
    /// The closure.
    pub hook: H,
    serial: u64,
}

struct Slot<H> {
    serial: u64,
    /// `None` while the closure is being called.
    hook: Option<H>,
}

impl<H> Slot<H> {
    fn new(hook: H) -> Self {
        Self { serial: NEXT_SERIAL.fetch_add(1, Ordering::Relaxed), hook: Some(hook) }
    }

    #[inline]
    fn take(&mut self) -> Option<Taken<H>> {
        self.hook.take().map(|hook| Taken { hook, serial: self.serial })
    }

    #[inline]
    fn put_back(&mut self, taken: Taken<H>) {
        if self.serial == taken.serial {
            self.hook = Some(taken.hook);
        }
    }
}

/// Hooks for single sites (addresses or numbers), and one for all of them.
pub struct SiteHooks<H> {
    family: HookFamily,
    specific: HashMap<u64, Slot<H>>,
    global: Option<Slot<H>>,
}

impl<H> SiteHooks<H> {
    fn new(family: HookFamily) -> Self {
        Self { family, specific: HashMap::new(), global: None }
    }

    fn site_text(site: Option<u64>) -> String {
        site.map_or_else(|| "all".to_owned(), |site| format!("{site:#x}"))
    }

    /// Adds a hook for a site, or the one for all sites.
    ///
    /// # Errors
    /// [`Error::HookExists`] if there is one.
    pub fn add(&mut self, site: Option<u64>, hook: H) -> Result<HookHandle> {
        let exists = match site {
            Some(site) => self.specific.contains_key(&site),
            None => self.global.is_some(),
        };
        if exists {
            return Err(Error::HookExists { family: self.family, site: Self::site_text(site) });
        }
        let slot = Slot::new(hook);
        let handle = HookHandle { family: self.family, serial: slot.serial };
        match site {
            Some(site) => drop(self.specific.insert(site, slot)),
            None => self.global = Some(slot),
        }
        Ok(handle)
    }

    /// Removes the hook for a site, or the one for all sites.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`] if there is none.
    pub fn remove(&mut self, site: Option<u64>) -> Result<()> {
        let removed = match site {
            Some(site) => self.specific.remove(&site),
            None => self.global.take(),
        };
        match removed {
            Some(_) => Ok(()),
            None => Err(Error::NoSuchHook { family: self.family, site: Self::site_text(site) }),
        }
    }

    /// The site of a hook: `Some(None)` for the one for all sites.
    fn site_of(&self, serial: u64) -> Option<Option<u64>> {
        if self.global.as_ref().is_some_and(|slot| slot.serial == serial) {
            return Some(None);
        }
        self.specific.iter().find(|(_, slot)| slot.serial == serial).map(|(site, _)| Some(*site))
    }

    /// Takes the hook of a site out to be called. `None` if there is none or
    /// it is running.
    #[inline]
    pub fn take(&mut self, site: u64) -> Option<Taken<H>> {
        self.specific.get_mut(&site)?.take()
    }

    /// Takes the hook for all sites out to be called.
    #[inline]
    pub fn take_global(&mut self) -> Option<Taken<H>> {
        self.global.as_mut()?.take()
    }

    /// Puts back what [`Self::take`] gave.
    #[inline]
    pub fn put_back(&mut self, site: u64, taken: Taken<H>) {
        if let Some(slot) = self.specific.get_mut(&site) {
            slot.put_back(taken);
        }
    }

    /// Puts back what [`Self::take_global`] gave.
    #[inline]
    pub fn put_back_global(&mut self, taken: Taken<H>) {
        if let Some(slot) = &mut self.global {
            slot.put_back(taken);
        }
    }

    /// Whether there is a hook for this very site.
    #[must_use]
    pub fn has_site(&self, site: u64) -> bool {
        self.specific.contains_key(&site)
    }

    /// Whether there is a hook for all sites.
    #[must_use]
    #[inline]
    pub const fn has_global(&self) -> bool {
        self.global.is_some()
    }

    /// Whether there is no hook at all.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.global.is_none() && self.specific.is_empty()
    }

    /// The sites that have a hook of their own, in no order.
    pub fn sites(&self) -> impl Iterator<Item = u64> {
        self.specific.keys().copied()
    }
}

/// Hooks for address ranges, and one for all addresses.
pub struct RangeHooks<H> {
    family: HookFamily,
    /// In order of registration.
    ranges: Vec<(AddressRange, Slot<H>)>,
    global: Option<Slot<H>>,
}

impl<H> RangeHooks<H> {
    fn new(family: HookFamily) -> Self {
        Self { family, ranges: Vec::new(), global: None }
    }

    fn site_text(range: Option<AddressRange>) -> String {
        range.map_or_else(|| "all".to_owned(), |range| range.to_string())
    }

    /// Adds a hook for a range, or the one for all addresses.
    ///
    /// # Errors
    /// [`Error::HookExists`] if there is one for this very range.
    pub fn add(&mut self, range: Option<AddressRange>, hook: H) -> Result<HookHandle> {
        let exists = match range {
            Some(range) => self.ranges.iter().any(|(known, _)| *known == range),
            None => self.global.is_some(),
        };
        if exists {
            return Err(Error::HookExists { family: self.family, site: Self::site_text(range) });
        }
        let slot = Slot::new(hook);
        let handle = HookHandle { family: self.family, serial: slot.serial };
        match range {
            Some(range) => self.ranges.push((range, slot)),
            None => self.global = Some(slot),
        }
        Ok(handle)
    }

    /// Removes the hook of a range, or the one for all addresses.
    ///
    /// # Errors
    /// [`Error::NoSuchHook`] if there is none.
    pub fn remove(&mut self, range: Option<AddressRange>) -> Result<()> {
        let found = match range {
            Some(range) => match self.ranges.iter().position(|(known, _)| *known == range) {
                Some(index) => Some(self.ranges.remove(index).1),
                None => None,
            },
            None => self.global.take(),
        };
        match found {
            Some(_) => Ok(()),
            None => Err(Error::NoSuchHook { family: self.family, site: Self::site_text(range) }),
        }
    }

    fn site_of(&self, serial: u64) -> Option<Option<AddressRange>> {
        if self.global.as_ref().is_some_and(|slot| slot.serial == serial) {
            return Some(None);
        }
        self.ranges.iter().find(|(_, slot)| slot.serial == serial).map(|(range, _)| Some(*range))
    }

    /// The serials of the hooks that an access fires: those of ranges that it
    /// overlaps in the order of registration, then the one for all addresses.
    /// They are passed to [`Self::take`] one by one, as callbacks may change
    /// the table.
    pub fn matching(&self, access: AddressRange, serials: &mut Vec<u64>) {
        serials.clear();
        let specific =
            self.ranges.iter().filter(|(range, _)| range.overlaps(&access)).map(|(_, slot)| slot.serial);
        serials.extend(specific.chain(self.global.as_ref().map(|slot| slot.serial)));
    }

    /// Takes the hook of a serial out to be called.
    #[inline]
    pub fn take(&mut self, serial: u64) -> Option<Taken<H>> {
        self.slot(serial)?.take()
    }

    /// Puts back what [`Self::take`] gave.
    #[inline]
    pub fn put_back(&mut self, taken: Taken<H>) {
        if let Some(slot) = self.slot(taken.serial) {
            slot.put_back(taken);
        }
    }

    fn slot(&mut self, serial: u64) -> Option<&mut Slot<H>> {
        let specific = self.ranges.iter_mut().map(|(_, slot)| slot);
        specific.chain(self.global.as_mut()).find(|slot| slot.serial == serial)
    }

    /// Whether there is a hook for all addresses.
    #[must_use]
    #[inline]
    pub const fn has_global(&self) -> bool {
        self.global.is_some()
    }

    /// Whether there is no hook at all.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.global.is_none() && self.ranges.is_empty()
    }

    /// The ranges that have a hook of their own, in order of registration.
    pub fn ranges(&self) -> impl Iterator<Item = AddressRange> {
        self.ranges.iter().map(|(range, _)| *range)
    }
}

/// The hooks of all families of one emulator.
pub struct HookTable {
    /// Before instructions, by address.
    pub instructions: SiteHooks<InstructionHook>,
    /// At block entries; only the hook for all blocks is used.
    pub blocks: SiteHooks<BlockHook>,
    /// In place of functions, by address; only specific hooks are used.
    pub functions: SiteHooks<FunctionHook>,
    /// At loads.
    pub reads: RangeHooks<MemoryReadHook>,
    /// At stores.
    pub writes: RangeHooks<MemoryWriteHook>,
    /// At system calls, by number.
    pub syscalls: SiteHooks<SyscallHook>,
    /// At interrupts, by number.
    pub interrupts: SiteHooks<InterruptHook>,
}

impl Default for HookTable {
    fn default() -> Self {
        Self {
            instructions: SiteHooks::new(HookFamily::Instruction),
            blocks: SiteHooks::new(HookFamily::Block),
            functions: SiteHooks::new(HookFamily::Function),
            reads: RangeHooks::new(HookFamily::MemoryRead),
            writes: RangeHooks::new(HookFamily::MemoryWrite),
            syscalls: SiteHooks::new(HookFamily::Syscall),
            interrupts: SiteHooks::new(HookFamily::Interrupt),
        }
    }
}

impl HookTable {
    /// Removes the hook of a handle.
    ///
    /// # Errors
    /// [`Error::StaleHook`] if there is none, because it was removed or the
    /// handle is another emulator's.
    pub fn remove(&mut self, handle: HookHandle) -> Result<()> {
        fn sites<H>(hooks: &mut SiteHooks<H>, serial: u64) -> Option<()> {
            let site = hooks.site_of(serial)?;
            hooks.remove(site).ok()
        }
        fn ranges<H>(hooks: &mut RangeHooks<H>, serial: u64) -> Option<()> {
            let site = hooks.site_of(serial)?;
            hooks.remove(site).ok()
        }
        let serial = handle.serial;
        match handle.family {
            HookFamily::Instruction => sites(&mut self.instructions, serial),
            HookFamily::Block => sites(&mut self.blocks, serial),
            HookFamily::Function => sites(&mut self.functions, serial),
            HookFamily::MemoryRead => ranges(&mut self.reads, serial),
            HookFamily::MemoryWrite => ranges(&mut self.writes, serial),
            HookFamily::Syscall => sites(&mut self.syscalls, serial),
            HookFamily::Interrupt => sites(&mut self.interrupts, serial),
        }
        .ok_or(Error::StaleHook)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks() -> SiteHooks<&'static str> {
        SiteHooks::new(HookFamily::Instruction)
    }

    #[test]
    fn a_second_hook_for_a_site_is_refused_by_name() {
        let mut hooks = hooks();
        hooks.add(Some(0x1000), "first").unwrap();
        let error = hooks.add(Some(0x1000), "second").unwrap_err();
        assert_eq!(error.to_string(), "the instruction hook for 0x1000 exists already");
        hooks.add(None, "all").unwrap();
        assert!(matches!(hooks.add(None, "all"), Err(Error::HookExists { .. })));
    }

    #[test]
    fn a_hook_that_removes_itself_is_dropped_and_its_successor_is_kept() {
        let mut hooks = hooks();
        hooks.add(Some(1), "old").unwrap();
        let taken = hooks.take(1).unwrap();
        assert!(hooks.take(1).is_none(), "a running hook is not entered again");
        hooks.remove(Some(1)).unwrap();
        hooks.add(Some(1), "new").unwrap();
        hooks.put_back(1, taken);
        assert_eq!(hooks.take(1).unwrap().hook, "new");
    }

    #[test]
    fn an_access_that_overlaps_a_range_matches() {
        let mut hooks = RangeHooks::new(HookFamily::MemoryRead);
        hooks.add(Some((0x104..0x106).into()), "two bytes").unwrap();
        hooks.add(None, "all").unwrap();
        let mut serials = Vec::new();
        hooks.matching((0x100..0x108).into(), &mut serials);
        assert_eq!(serials.len(), 2);
        hooks.matching((0x106..0x108).into(), &mut serials);
        assert_eq!(serials.len(), 1);
    }

    #[test]
    fn a_handle_is_stale_after_its_hook_is_gone_and_in_other_tables() {
        let mut table = HookTable::default();
        let handle = table.syscalls.add(Some(1), Box::new(|_, _| Ok(crate::Flow::Continue))).unwrap();
        assert!(matches!(HookTable::default().remove(handle), Err(Error::StaleHook)));
        table.remove(handle).unwrap();
        assert!(matches!(table.remove(handle), Err(Error::StaleHook)));
    }
}
