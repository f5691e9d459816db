//! x86: the segment registers.
//!
//! Unicorn's interface loads a descriptor where a selector is written, which is
//! an exception without a table of them. Here selector and base are registers
//! of their own, as they are on the other backends.
//!
//! With 32 bits Unicorn begins with a stack of 32 bits, and a segment register for it that
//! tells nothing of that. When any segment register is loaded it looks there
//! again, and goes on with a stack of 16 bits (`cpu_x86_load_seg_cache` in
//! `qemu/target/i386/cpu.h`).

use std::mem::{offset_of, size_of};

use unicorn_engine::RegisterX86 as X;

use super::{Hidden, Place, Rows, Shown, Write};
use crate::engine::RawState;

/// `CPUX86State` in Unicorn's `qemu/target/i386/cpu.h`, which has registers of
/// 64 bits on all processors, as far as it is used.
#[repr(C)]
struct Layout {
    general: [u64; 16],
    pc: u64,
    flags: u64,
    conditions: [u64; 3],
    operation: u32,
    direction: i32,
    state: [u32; 2],
    /// ES, CS, SS, DS, FS, GS.
    segments: [Segment; 6],
}

/// `SegmentCache` there.
#[repr(C)]
struct Segment {
    selector: u32,
    base: u64,
    limit: u32,
    flags: u32,
}

/// Where a segment register stands.
const fn segment(number: usize) -> usize {
    offset_of!(Layout, segments) + number * size_of::<Segment>()
}

macro_rules! selector {
    ($name:literal, $number:literal) => {
        Rows {
            prefix: $name,
            count: 1,
            step: 0,
            read: |state, _| u64::from(state.u32(segment($number)) & 0xffff).into(),
            write: Write::State(|state, _, value| {
                state.set_u32(segment($number), value.low_u64() as u32 & 0xffff);
                value.bits() <= 16
            }),
        }
    };
}

const SELECTORS: &[Rows] = &[
    selector!("es", 0),
    selector!("cs", 1),
    selector!("ss", 2),
    selector!("ds", 3),
    selector!("fs", 4),
    selector!("gs", 5),
];

const fn shown(id: X, number: usize, bytes: usize) -> Shown {
    Shown { id: id as i32, count: 1, place: Place::At(offset_of!(Layout, general) + 8 * number), bytes }
}

pub(super) static HIDDEN_32: Hidden = Hidden {
    size: size_of::<Layout>(),
    registers: SELECTORS,
    shown: &[
        shown(X::EAX, 0, 4),
        shown(X::ECX, 1, 4),
        shown(X::EDX, 2, 4),
        shown(X::EBX, 3, 4),
        shown(X::ESP, 4, 4),
        shown(X::EBP, 5, 4),
        shown(X::ESI, 6, 4),
        shown(X::EDI, 7, 4),
    ],
    replaces_contexts: false,
    pending: None,
    windows: None,
};

pub(super) static HIDDEN_64: Hidden = Hidden {
    size: size_of::<Layout>(),
    registers: SELECTORS,
    shown: &[
        shown(X::RAX, 0, 8),
        shown(X::RCX, 1, 8),
        shown(X::RDX, 2, 8),
        shown(X::RBX, 3, 8),
        shown(X::RSP, 4, 8),
        shown(X::RBP, 5, 8),
        shown(X::RSI, 6, 8),
        shown(X::RDI, 7, 8),
        shown(X::R8, 8, 8),
        shown(X::R15, 15, 8),
    ],
    replaces_contexts: false,
    pending: None,
    windows: None,
};

/// Makes the stack segment one of 32 bits, of data that are written, flat and
/// present (Intel SDM, volume 3, 3.4.5).
pub(super) fn flatten(state: &mut RawState) {
    state.set_u32(segment(2) + offset_of!(Segment, limit), u32::MAX);
    state.set_u32(segment(2) + offset_of!(Segment, flags), 0x00cf_9300);
}
