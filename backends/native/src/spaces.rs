//! [`Spaces`]: where the spaces of a specification are in the one address
//! space of the contract, and what of them is not memory.

use terrella_platforms::{PlatformDefinition, RegisterId};
use terrella_sleigh::{Language, SpaceId, Varnode};

use crate::layout::Layout;

/// Where a space of a specification is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpaceAt {
    /// The name of the space.
    pub(crate) name: &'static str,
    /// The address of its first byte.
    pub(crate) base: u64,
    /// What shows registers instead of memory.
    pub(crate) windows: &'static [Window],
}

/// Addresses of a space, one byte each, that show registers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Window {
    /// Consecutive bytes of registers of the specification, of which the
    /// first is named.
    Bytes { first: u64, count: u64, register: &'static str },
    /// A register of the platform that is composed of others.
    Register { at: u64, register: &'static str },
}

/// What an address of a space shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The byte at a place of the register file.
    File(usize),
    /// A register of the platform.
    Register(RegisterId),
    /// The memory at an address of the contract.
    Memory(u64),
}

#[derive(Debug)]
struct Space {
    base: u64,
    /// The last address.
    mask: u64,
    windows: Vec<(u64, Shown)>,
}

/// The spaces that have a place, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Spaces(Vec<Option<Space>>);

impl Spaces {
    /// The places of spaces. `None`: the specification lacks one of them, or a
    /// register that one shows.
    pub(crate) fn new(
        places: &[SpaceAt],
        language: &Language,
        layout: &Layout,
        definition: &PlatformDefinition,
    ) -> Option<Self> {
        let mut spaces = Vec::new();
        for place in places {
            let mut numbers = (0..=u16::MAX).map_while(|number| {
                language.space(SpaceId(number)).map(|space| (usize::from(number), space))
            });
            let (number, space) = numbers.find(|(_, space)| space.name == place.name)?;
            let mut windows = Vec::new();
            for window in place.windows {
                match *window {
                    Window::Bytes { first, count, register } => {
                        let start = language.register(register)?.varnode();
                        for step in 0..count {
                            let byte = Varnode { size: 1, offset: start.offset + step, ..start };
                            windows.push((first + step, Shown::File(layout.place(&byte)?)));
                        }
                    }
                    Window::Register { at, register } => {
                        windows.push((at, Shown::Register(definition.register(register)?)));
                    }
                }
            }
            windows.sort_unstable_by_key(|(at, _)| *at);
            if spaces.len() <= number {
                spaces.resize_with(number + 1, || None);
            }
            let mask = space.end().map_or(u64::MAX, |end| end - 1);
            spaces[number] = Some(Space { base: place.base, mask, windows });
        }
        Some(Self(spaces))
    }

    /// What so many bytes at an address of a space show. `None`: the space has
    /// no place, or the bytes are not of one kind.
    pub(crate) fn shown(&self, space: SpaceId, address: u64, size: usize) -> Option<Shown> {
        let space = self.0.get(usize::from(space.0))?.as_ref()?;
        let address = address & space.mask;
        let end = address.checked_add(size as u64)?;
        if end - 1 > space.mask {
            return None;
        }
        let next = space.windows.partition_point(|(at, _)| *at < address);
        match space.windows.get(next) {
            Some((at, shown)) if *at == address && size == 1 => Some(*shown),
            Some((at, _)) if *at < end => None,
            _ => Some(Shown::Memory(space.base.wrapping_add(address))),
        }
    }
}
