//! [`Layout`]: where the suite puts what on a platform.

use terrella_platforms::{Architecture, Platform};

/// Where the suite puts what: everything has to be below the platform's
/// highest address, and mappings are in pages of 4 KiB. The code of the
/// snippets is where their image says, below all of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Where the snippets' stack ends.
    pub stack_top: u64,
    /// How large it is.
    pub stack_size: u64,
    /// Where the data of the cases is.
    pub data_at: u64,
    /// How large it is.
    pub data_size: u64,
    /// Addresses from here to `code_far` and 0x1000 bytes on are free for code:
    /// where code and data are in one space, those of `spare` and `far`.
    pub code_spare: u64,
    /// A later one, which starts a page.
    pub code_far: u64,
    /// Where functions return to: unmapped, as the KiB after it.
    pub return_at: u64,
    /// Addresses from here to [`far_end`](Self::far_end) are free for a case
    /// to map, and the eight bytes before.
    pub spare: u64,
    /// A later one of them, at least 0x5000 bytes on, which starts a page.
    pub far: u64,
    /// The end of what is free: at least 0x1000 bytes after `far`.
    pub far_end: u64,
    /// What a pointer to data that is zero points to.
    pub data_zero: u64,
}

/// For pointers of 16 bits: code has a page at 0x1000, and the last page is
/// left to what happens at the end of the address space.
const SMALL: Layout = Layout {
    stack_top: 0x3000,
    stack_size: 0x1000,
    data_at: 0x4000,
    data_size: 0x4000,
    return_at: 0x3800,
    spare: 0x9000,
    far: 0xe000,
    code_spare: 0x9000,
    code_far: 0xe000,
    far_end: 0xf000,
    data_zero: 0,
};

/// The stack of the 6502 is in page one; what it works with in page zero is
/// mapped with it.
const STACK_IN_PAGE_ONE: Layout = Layout { stack_top: 0x200, stack_size: 0x200, ..SMALL };

/// The stack of the 8051 is in its internal RAM, and data and what is free in
/// its external memory, as the platform's definition says.
const SPACES: Layout = Layout {
    stack_top: 0x1_0100,
    stack_size: 0x100,
    data_at: 0x3_4000,
    spare: 0x3_9000,
    far: 0x3_e000,
    far_end: 0x3_f000,
    data_zero: 0x3_0000,
    ..SMALL
};

/// For those of 20 bits.
const MIDDLE: Layout = Layout {
    spare: 0xb_0000,
    far: 0xc_0000,
    far_end: 0xd_0000,
    code_spare: 0xb_0000,
    code_far: 0xc_0000,
    ..LARGE
};

/// Of AVR: flash, of 128 KiB, and the data space.
const APART: Layout = Layout {
    stack_top: 0x80_3000,
    stack_size: 0x1000,
    data_at: 0x80_4000,
    data_size: 0x4000,
    return_at: 0x3800,
    spare: 0x80_9000,
    far: 0x80_e000,
    far_end: 0x80_f000,
    code_spare: 0x4000,
    code_far: 0x9000,
    data_zero: 0x80_0000,
};

const LARGE: Layout = Layout {
    stack_top: 0x9_0000,
    stack_size: 0x1_0000,
    data_at: 0xa_0000,
    data_size: 0x4000,
    return_at: 0xf_0000,
    spare: 0x20_0000,
    far: 0x21_0000,
    code_spare: 0x20_0000,
    code_far: 0x21_0000,
    far_end: 0x22_0000,
    data_zero: 0,
};

impl Layout {
    /// The layout of a platform.
    #[must_use]
    pub fn of(platform: Platform) -> Self {
        match platform.architecture() {
            Architecture::Mos6502 => return STACK_IN_PAGE_ONE,
            Architecture::I8051 => return SPACES,
            _ => {}
        }
        let definition = platform.definition();
        if definition.data_base != 0 {
            return APART;
        }
        match definition.address_bits.min(8 * definition.pointer_bytes) {
            ..=19 => SMALL,
            20..=23 => MIDDLE,
            _ => LARGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snippets::Snippets;

    #[test]
    fn nothing_overlaps_and_all_is_there() {
        for platform in Platform::ALL {
            let layout = Layout::of(*platform);
            let mut ranges = vec![
                (layout.stack_top - layout.stack_size, layout.stack_top),
                (layout.data_at, layout.data_at + layout.data_size),
                (layout.return_at, layout.return_at + 0x400),
                (layout.spare - 8, layout.far_end),
            ];
            if layout.code_spare != layout.spare {
                ranges.push((layout.code_spare - 8, layout.code_far + 0x1000));
            }
            if let Some(snippets) = Snippets::of(*platform) {
                ranges.extend(
                    snippets.segments.iter().map(|(start, bytes)| {
                        (*start, (start + bytes.len() as u64).next_multiple_of(0x1000))
                    }),
                );
            }
            ranges.sort_unstable();
            assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{platform}: {ranges:x?}");
            let last = ranges.last().map_or(0, |range| range.1);
            assert!(last <= platform.definition().highest_address(), "{platform}: {ranges:x?}");
            assert!(
                layout.far >= layout.spare + 0x5000 && layout.far_end >= layout.far + 0x1000,
                "{platform}"
            );
        }
    }
}
