//! Which instructions call back: exit points, hooks on single instructions,
//! the ends of executable memory, as few native hooks as it takes.
//!
//! A native instruction hook is compiled into the code of its range; at a hit
//! Unicorn walks the list of all of them. So there are at most [`MOST`]
//! ranges: the nearest addresses share one.

use std::mem;

use terrella_emulator_api::{AddressRange, Permissions, RangeSet, Result};
use unicorn_engine as uc;

use crate::{
    callbacks::{ON_BLOCK, ON_CODE},
    emulator::UnicornEmulator,
    engine::NativeHook,
    if_then,
    memory::Watched,
};

/// The most native hooks on ranges of instructions.
const MOST: usize = 24;
/// Up to so many bytes of new ranges, only their translated code is dropped.
const SMALL: u64 = 1 << 16;

/// The native hooks on instructions and blocks, as they are.
#[derive(Default)]
pub(crate) struct NativeHooks {
    /// Whether what should be there has changed.
    pub(crate) stale: bool,
    code: Vec<(AddressRange, NativeHook)>,
    block: Option<NativeHook>,
    /// Addresses where an instruction may not be executable to its end.
    pub(crate) guards: RangeSet,
    /// Whether every instruction calls back.
    pub(crate) all: bool,
    /// Whether all translated code is to be dropped.
    pub(crate) flush: bool,
}

/// Joins the nearest of sorted, disjoint ranges until there are few enough.
fn join(ranges: &RangeSet) -> Vec<AddressRange> {
    let mut ranges: Vec<AddressRange> = ranges.iter().collect();
    if ranges.len() <= MOST {
        return ranges;
    }
    let mut gaps: Vec<(u64, usize)> = ranges
        .windows(2)
        .enumerate()
        .map(|(index, pair)| (pair[1].first() - pair[0].last(), index))
        .collect();
    gaps.sort_unstable();
    let mut joined: Vec<usize> = gaps[..ranges.len() - MOST].iter().map(|(_, index)| *index).collect();
    joined.sort_unstable();
    for index in joined.into_iter().rev() {
        let next = ranges.remove(index + 1);
        ranges[index] = (ranges[index].first()..=next.last()).into();
    }
    ranges
}

/// The same ranges with the places where the `it` may be whose block they are
/// in.
fn with_if_then(points: &RangeSet) -> RangeSet {
    let mut wider = RangeSet::new();
    for range in points.iter() {
        wider.insert((range.first().saturating_sub(if_then::LONGEST)..=range.last()).into());
    }
    wider
}

impl UnicornEmulator {
    /// Where instructions must be checked before they execute, because a page
    /// is executable, or in bounds, only in part.
    fn guards(&self) -> RangeSet {
        let mut executable = RangeSet::new();
        for region in self.memory.map.iter().filter(|it| it.permissions.allows(Permissions::EXECUTE)) {
            if self.bounds.is_empty() {
                executable.insert(region.range);
            }
            for bound in self.bounds.iter() {
                executable.insert(bound.intersection(&region.range));
            }
        }
        // With delay slots, the branch before a slot is watched as well.
        let slots = u64::from(self.definition.delay_slots);
        let longest = u64::from(self.definition.longest_instruction) * (1 + slots) - 1;
        let mut guards = RangeSet::new();
        for range in executable.iter() {
            let page = range.first() & !(self.memory.page - 1);
            if page < range.first() {
                guards.insert((page..=range.first() - 1).into());
            }
            let page_end = range.last() | (self.memory.page - 1);
            if page_end > range.last() {
                guards.insert((range.last().saturating_sub(longest).max(range.first())..=page_end).into());
            }
        }
        guards
    }

    /// Makes the native hooks what exit points, bounds and hooks ask for.
    pub(crate) fn apply_native_hooks(&mut self) -> Result<()> {
        let all = self.run.counts()
            || self.hooks.instructions.has_global()
            || self.run.after.is_some()
            || self.run.if_then.stepping;
        let block = self.run.needs_blocks() || self.follows_blocks() || !self.hooks.blocks.is_empty();
        if !self.native.stale && all == self.native.all && block == self.native.block.is_some() {
            return Ok(());
        }
        self.native.guards = self.guards();
        let wanted = if all {
            vec![AddressRange::ALL]
        } else {
            let mut points = self.native.guards.clone();
            let sites = self.hooks.instructions.sites().chain(self.hooks.functions.sites());
            let exits =
                self.exits.iter().chain(&self.exit_afters).chain(&self.refused_code).chain(&self.trapping);
            let slot = self.run.slot_start.map(|slot| slot.pc);
            for address in exits.copied().chain(sites).chain(slot) {
                points.insert(AddressRange::single(address));
            }
            if self.has_if_then() {
                points = with_if_then(&points);
            }
            if self.is_sparc() {
                // A hook in a delay slot makes a jump forget where it goes: the
                // jump is watched as well.
                for range in points.clone().iter() {
                    let before = range.first().saturating_sub(4);
                    if self.jumps_at(before) {
                        points.insert((before..=range.first()).into());
                    }
                }
            }
            join(&points)
        };
        let user = self.user_data();
        let (kept, gone): (Vec<_>, Vec<_>) =
            mem::take(&mut self.native.code).into_iter().partition(|(range, _)| wanted.contains(range));
        self.native.code = kept;
        let mut fresh = 0_u64;
        let mut added = Vec::new();
        for range in wanted {
            if self.native.code.iter().any(|(known, _)| *known == range) {
                continue;
            }
            // The whole space is written as an empty range.
            let (first, last) =
                if range == AddressRange::ALL { (1, 0) } else { (range.first(), range.last()) };
            // SAFETY: the callback has the signature of code hooks and does
            // not unwind; the link outlives the engine.
            let hook = unsafe { self.engine.add_hook(uc::HookType::CODE, ON_CODE, user, first, last)? };
            fresh = fresh.saturating_add(range.size().unwrap_or(u64::MAX));
            added.push(range);
            self.native.code.push((range, hook));
        }
        for (range, hook) in gone {
            // The hook of all instructions is in all code; leave none of it.
            self.native.flush |= range == AddressRange::ALL || self.is_sparc();
            self.engine.remove_hook(hook)?;
        }
        if block != self.native.block.is_some() {
            self.native.flush = true;
            match self.native.block.take() {
                Some(hook) => self.engine.remove_hook(hook)?,
                None => {
                    // SAFETY: as above, with the signature of block hooks.
                    let hook = unsafe { self.engine.add_hook(uc::HookType::BLOCK, ON_BLOCK, user, 1, 0)? };
                    self.native.block = Some(hook);
                }
            }
        }
        if fresh > SMALL {
            self.native.flush = true;
        }
        if !self.native.flush {
            for range in added {
                self.flush_code(range)?;
            }
        }
        self.native.all = all;
        self.native.stale = false;
        // Memory hooks make pages call back.
        let reads = self.hooks.reads.ranges();
        let watched = Watched {
            all: self.hooks.reads.has_global() || self.hooks.writes.has_global(),
            ranges: reads.chain(self.hooks.writes.ranges()).collect(),
        };
        if self.memory.set_watched(watched) {
            self.stale_tlb = true;
        }
        Ok(())
    }

    /// Drops the translated code that touches a range. Unicorn finds it by the
    /// guest-physical address of the first byte, so each page is told apart.
    pub(crate) fn flush_code(&mut self, range: AddressRange) -> Result<()> {
        let mut first = range.first();
        loop {
            let last = (first | (self.memory.page - 1)).min(range.last());
            let end = last.saturating_add(1);
            self.calling_back(|engine| engine.flush_code_range(first, end))?;
            if last >= range.last() {
                return Ok(());
            }
            first = end;
        }
    }

    /// Whether an instruction of so many bytes may be fetched, as far as the
    /// bounds say.
    pub(crate) fn in_bounds(&self, address: u64) -> bool {
        self.bounds.is_empty() || self.bounds.contains(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ranges_are_joined() {
        let mut points = RangeSet::new();
        for index in 0..100_u64 {
            points.insert(AddressRange::single(index * 1000 + index % 3));
        }
        let joined = join(&points);
        assert_eq!(joined.len(), MOST);
        assert!(points.iter().all(|point| joined.iter().any(|range| range.covers(&point))));
    }
}
