//! [`Layout`]: where registers, temporaries and constants lie in the register
//! file.
//!
//! The file is one array of bytes. Everything in it is kept lowest byte
//! first, whatever the processor: on big-endian ones, the bytes of each group
//! of overlapping registers are kept in reverse, so that a part of a register
//! is still a part of it.

use hashbrown::HashMap;
use terrella_sleigh::{Language, SpaceId, Varnode};

/// The size of the register file in bytes.
pub(crate) const FILE_SIZE: usize = 1 << 16;
/// Registers end here.
pub(crate) const REGISTERS_END: usize = 0xb000;
/// The temporaries of instructions.
pub(crate) const TEMPORARIES: usize = REGISTERS_END;
/// The temporaries of instructions in delay slots, and where they end.
pub(crate) const SLOT_TEMPORARIES: usize = 0xd000;
pub(crate) const TEMPORARIES_END: usize = 0xe000;
/// Where results go that nobody reads: the last temporary.
pub(crate) const NOWHERE: usize = TEMPORARIES_END - 64;
/// Constants end where the file does.
pub(crate) const CONSTANTS: usize = TEMPORARIES_END;

/// Registers that overlap, directly or through others.
#[derive(Debug, Clone, Copy)]
struct Group {
    space: u16,
    first: u64,
    /// The offset after the last.
    end: u64,
    place: usize,
}

/// Where the registers of a language lie in the file.
#[derive(Debug)]
pub(crate) struct Layout {
    groups: Vec<Group>,
    big_endian: bool,
    end: usize,
}

impl Layout {
    /// `None`: the registers are more than the file can hold.
    pub(crate) fn new(language: &Language) -> Option<Self> {
        let mut spans: Vec<(u16, u64, u64)> = language
            .registers()
            .iter()
            .filter(|it| language.space(SpaceId(it.space as u16)).is_some_and(|space| space.is_register))
            .map(|it| (it.space as u16, it.offset, it.offset + u64::from(it.size)))
            .collect();
        spans.sort_unstable();
        let mut groups: Vec<Group> = Vec::new();
        for (space, first, end) in spans {
            match groups.last_mut() {
                Some(last) if last.space == space && first < last.end => last.end = last.end.max(end),
                _ => groups.push(Group { space, first, end, place: 0 }),
            }
        }
        let mut end = 0usize;
        for group in &mut groups {
            let size = (group.end - group.first) as usize;
            group.place = if size >= 8 { end.next_multiple_of(8) } else { end };
            end = group.place + size;
            if end > REGISTERS_END - 64 {
                return None;
            }
        }
        Some(Self { groups, big_endian: language.is_big_endian(), end })
    }

    /// Makes room for a register that the language has not. `None`: there is
    /// none.
    pub(crate) fn extend(&mut self, size: usize) -> Option<usize> {
        let place = self.end.next_multiple_of(8);
        let end = place.checked_add(size).filter(|end| *end <= REGISTERS_END - 64)?;
        self.end = end;
        Some(place)
    }

    /// Where the registers end.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// The place of a register or a part of one. `None` if it is not inside
    /// one group.
    pub(crate) fn place(&self, varnode: &Varnode) -> Option<usize> {
        let space = varnode.space.0;
        let index = self.groups.partition_point(|it| (it.space, it.first) <= (space, varnode.offset));
        let group = self.groups.get(index.checked_sub(1)?)?;
        let end = varnode.offset.checked_add(u64::from(varnode.size))?;
        if group.space != space || end > group.end {
            return None;
        }
        let inside = if self.big_endian { group.end - end } else { varnode.offset - group.first };
        Some(group.place + inside as usize)
    }
}

/// The constants in the file.
#[derive(Debug)]
pub(crate) struct Constants {
    places: HashMap<(u64, bool), usize>,
    next: usize,
}

impl Default for Constants {
    fn default() -> Self {
        Self { places: HashMap::new(), next: CONSTANTS }
    }
}

impl Constants {
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place of a constant of up to 64 bits, above which there are zeros
    /// up to a size of 64 bytes if it is `wide`; and whether it is new and
    /// has to be written. `None`: there is no room.
    pub(crate) fn place(&mut self, value: u64, wide: bool) -> Option<(usize, bool)> {
        let key = (value, wide);
        if let Some(place) = self.places.get(&key) {
            return Some((*place, false));
        }
        let place = self.next;
        let size = if wide { 64 } else { 8 };
        if place + size + 64 > FILE_SIZE {
            return None;
        }
        self.next += size;
        self.places.insert(key, place);
        Some((place, true))
    }
}
