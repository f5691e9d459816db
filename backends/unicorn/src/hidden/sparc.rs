//! SPARC: the next program counter, the flags, floating point, and the state of
//! the register windows.

use std::mem::{offset_of, size_of};

use terrella_platforms::RegisterValue;
use unicorn_engine::RegisterSPARC as S;

use super::{Field, Hidden, Pending, Place, Rows, Shown, WindowState, Windows, Write, word};
use crate::engine::RawState;

/// The words of the windows' table: 32 windows, and 8 more for the one that
/// wraps around.
const WINDOW_WORDS: usize = 32 * 16 + 8;

/// `CPUSPARCState` in Unicorn's `qemu/target/sparc/cpu.h` for 32 bits, as far
/// as it is used.
#[repr(C)]
struct Layout32 {
    globals: [u32; 8],
    window: *mut u32,
    pc: u32,
    npc: u32,
    y: u32,
    source: u32,
    source_2: u32,
    result: u32,
    operation: u32,
    condition: u32,
    psr: u32,
    fsr: u32,
    floats: [u64; 16],
    cwp: u32,
    wim: u32,
    tbr: u32,
    supervisor: u32,
    previous_supervisor: u32,
    traps_enabled: u32,
    interrupt_level: u32,
    pending: u32,
    float_enabled: u32,
    interrupt_index: i32,
    windows: [u32; WINDOW_WORDS],
    version: u32,
    window_count: u32,
    mmu: [u32; 32],
    cache_data: [u64; 4],
    cache_registers: [u64; 8],
    breakpoints: [u32; 3],
    breakpoint_action: u64,
    breakpoint_registers: [u64; 4],
    prom: u64,
    quads: [[u64; 2]; 2],
    float_status: [u8; 8],
}

/// The same for 64 bits.
#[repr(C)]
struct Layout64 {
    globals: [u64; 8],
    window: *mut u64,
    pc: u64,
    npc: u64,
    y: u64,
    source: u64,
    source_2: u64,
    result: u64,
    operation: u32,
    condition: u64,
    psr: u32,
    fsr: u64,
    floats: [u64; 32],
    cwp: u32,
    tbr: u64,
    interrupt_level: u32,
    pending: u32,
    interrupt_index: i32,
    windows: [u64; WINDOW_WORDS],
    version: u64,
    window_count: u32,
    lsu: u64,
    mmus: [[u64; 16]; 2],
    translations: [[[u64; 2]; 64]; 2],
    mmu_version: u32,
    quads: [[u64; 2]; 2],
    float_status: [u8; 8],
    traps: [Trap; 8],
    xcc: u32,
    asi: u32,
    pstate: u32,
    tl: u32,
    highest_tl: u32,
    cansave: u32,
    canrestore: u32,
    otherwin: u32,
    wstate: u32,
    cleanwin: u32,
    other_globals: [[u64; 8]; 4],
    levels_of_globals: [u64; 64],
    fprs: u64,
    compares: [u64; 2],
    timers: [*mut u8; 2],
    gsr: u64,
    gl: u32,
    hpstate: u64,
    htstate: [u64; 8],
    hintp: u64,
    htba: u64,
    hver: u64,
    hstick_cmpr: u64,
    ssr: u64,
    scratch: [u64; 8],
    hypervisor_timer: *mut u8,
    vector_status: u64,
    vector_data: [u64; 3],
    softint: u32,
}

/// `trap_state` there.
#[repr(C)]
struct Trap {
    tpc: u64,
    tnpc: u64,
    tstate: u64,
    tt: u32,
}

/// The flags in `psr` and in the word for the flags of 64 bits: negative, zero,
/// overflow, carry from bit 23 down.
const ICC: u32 = 0xf << 20;

pub(super) static HIDDEN_32: Hidden = Hidden {
    size: size_of::<Layout32>(),
    registers: &[
        word!("y", Layout32, y, 32),
        Rows { prefix: "psr", count: 1, step: 0, read: psr, write: Write::State(set_psr) },
        word!("wim", Layout32, wim, 32),
        word!("tbr", Layout32, tbr, 32),
        Rows {
            prefix: "fsr",
            count: 1,
            step: 0,
            read: |state, _| u64::from(state.u32(offset_of!(Layout32, fsr))).into(),
            write: Write::State(|state, _, value| {
                state.set_u32(offset_of!(Layout32, fsr), value.low_u64() as u32);
                round(state, offset_of!(Layout32, float_status), value.low_u64());
                true
            }),
        },
        Rows {
            prefix: "d",
            count: 16,
            step: 2,
            read: |state, index| state.u64(offset_of!(Layout32, floats) + 8 * index).into(),
            write: Write::State(|state, index, value| {
                state.set_u64(offset_of!(Layout32, floats) + 8 * index, value.low_u64());
                true
            }),
        },
    ],
    shown: &[
        Shown { id: S::G1 as i32, count: 7, place: Place::At(offset_of!(Layout32, globals) + 4), bytes: 4 },
        Shown { id: S::PC as i32, count: 1, place: Place::At(offset_of!(Layout32, pc)), bytes: 4 },
        window::<4>(S::O0, 0),
        window::<4>(S::L0, 8),
        window::<4>(S::I0, 16),
    ],
    replaces_contexts: false,
    pending: Some(Pending {
        next_pc: Field { offset: offset_of!(Layout32, npc), bytes: 4 },
        condition: Field { offset: offset_of!(Layout32, condition), bytes: 4 },
    }),
    windows: Some(Windows {
        table: offset_of!(Layout32, windows),
        bytes: 4,
        count: Field { offset: offset_of!(Layout32, window_count), bytes: 4 },
        current: Field { offset: offset_of!(Layout32, cwp), bytes: 4 },
        state: WindowState::Mask(Field { offset: offset_of!(Layout32, wim), bytes: 4 }),
    }),
};

pub(super) static HIDDEN_64: Hidden = Hidden {
    size: size_of::<Layout64>(),
    registers: &[
        word!("y", Layout64, y, 64),
        Rows { prefix: "ccr", count: 1, step: 0, read: ccr, write: Write::State(set_ccr) },
        word!("asi", Layout64, asi, 32),
        word!("fprs", Layout64, fprs, 64),
        word!("gsr", Layout64, gsr, 64),
        Rows {
            prefix: "fsr",
            count: 1,
            step: 0,
            read: |state, _| state.u64(offset_of!(Layout64, fsr)).into(),
            write: Write::State(|state, _, value| {
                state.set_u64(offset_of!(Layout64, fsr), value.low_u64());
                round(state, offset_of!(Layout64, float_status), value.low_u64());
                true
            }),
        },
        Rows {
            prefix: "d",
            count: 32,
            step: 2,
            read: |state, index| state.u64(offset_of!(Layout64, floats) + 8 * index).into(),
            write: Write::State(|state, index, value| {
                state.set_u64(offset_of!(Layout64, floats) + 8 * index, value.low_u64());
                true
            }),
        },
        Rows {
            prefix: "cwp",
            count: 1,
            step: 0,
            read: |state, _| cwp(state).into(),
            write: Write::State(|state, _, value| {
                // Another window's registers are not those of the state that
                // the number is taken from: nothing shows them.
                value.low_u64() == cwp(state)
            }),
        },
        Rows {
            prefix: "pstate",
            count: 1,
            step: 0,
            read: |state, _| u64::from(state.u32(offset_of!(Layout64, pstate))).into(),
            write: Write::State(set_pstate),
        },
        word!("cansave", Layout64, cansave, 32),
        word!("canrestore", Layout64, canrestore, 32),
        word!("otherwin", Layout64, otherwin, 32),
        word!("wstate", Layout64, wstate, 32),
        word!("cleanwin", Layout64, cleanwin, 32),
    ],
    shown: &[
        Shown { id: S::G1 as i32, count: 7, place: Place::At(offset_of!(Layout64, globals) + 8), bytes: 8 },
        Shown { id: S::PC as i32, count: 1, place: Place::At(offset_of!(Layout64, pc)), bytes: 8 },
        window::<8>(S::O0, 0),
        window::<8>(S::L0, 8),
        window::<8>(S::I0, 16),
    ],
    replaces_contexts: true,
    pending: Some(Pending {
        next_pc: Field { offset: offset_of!(Layout64, npc), bytes: 8 },
        condition: Field { offset: offset_of!(Layout64, condition), bytes: 8 },
    }),
    windows: Some(Windows {
        table: offset_of!(Layout64, windows),
        bytes: 8,
        count: Field { offset: offset_of!(Layout64, window_count), bytes: 4 },
        current: Field { offset: offset_of!(Layout64, cwp), bytes: 4 },
        state: WindowState::Counts {
            cansave: Field { offset: offset_of!(Layout64, cansave), bytes: 4 },
            canrestore: Field { offset: offset_of!(Layout64, canrestore), bytes: 4 },
            otherwin: Field { offset: offset_of!(Layout64, otherwin), bytes: 4 },
            cleanwin: Field { offset: offset_of!(Layout64, cleanwin), bytes: 4 },
        },
    }),
};

/// Eight registers of a window of so many bytes each, of which the first has
/// this place in it.
const fn window<const BYTES: usize>(first: S, place: usize) -> Shown {
    let (windows, number) = if BYTES == 4 {
        (offset_of!(Layout32, windows), offset_of!(Layout32, cwp))
    } else {
        (offset_of!(Layout64, windows), offset_of!(Layout64, cwp))
    };
    let place = Place::Window { base: windows + place * BYTES, number };
    Shown { id: first as i32, count: 8, place, bytes: BYTES }
}

/// The number of the window, which V9 counts up and Unicorn down.
fn cwp(state: &RawState) -> u64 {
    let count = state.u32(offset_of!(Layout64, window_count));
    count.wrapping_sub(1).wrapping_sub(state.u32(offset_of!(Layout64, cwp))).into()
}

/// Begins with the window of number 0. All are empty yet.
pub(super) fn begin(state: &mut RawState) {
    let last = state.u32(offset_of!(Layout64, window_count)) - 1;
    let steps = last - state.u32(offset_of!(Layout64, cwp));
    let place = state.u64(offset_of!(Layout64, window));
    state.set_u64(offset_of!(Layout64, window), place + 16 * 8 * u64::from(steps));
    state.set_u32(offset_of!(Layout64, cwp), last);
}

/// The rounding that a floating-point state register selects in bits 30 and 31:
/// to nearest, to zero, up, down.
fn round(state: &mut RawState, float_status: usize, fsr: u64) {
    state.set_u8(float_status + 1, [0, 3, 2, 1][(fsr >> 30 & 3) as usize]);
}

/// The operands of the last operation that set the flags, of some width.
struct Operands<T> {
    operation: u32,
    first: T,
    second: T,
    result: T,
}

/// The flags that an operation gives at a width, or `None` if they stand in
/// their word (`qemu/target/sparc/cc_helper.c`).
macro_rules! flags {
    ($name:ident, $unsigned:ty, $signed:ty, $tags:literal) => {
        fn $name(operands: &Operands<$unsigned>) -> Option<u32> {
            let Operands { operation, first, second, result } = *operands;
            let top = |value: $unsigned| value >> (<$unsigned>::BITS - 1) == 1;
            let add_overflows = top(!(first ^ second) & (first ^ result));
            let subtract_overflows = top((first ^ second) & (first ^ result));
            let tagged = $tags && (first | second) & 3 != 0;
            let (overflow, carry) = match operation {
                // Division.
                2 => ($tags && second != 0, false),
                // Addition: plain, with carry, tagged, tagged and trapping.
                3 => (add_overflows, result < first),
                4 => (add_overflows, top(first & second | !result & (first | second))),
                5 => (add_overflows || tagged, result < first),
                6 => (!$tags && add_overflows, result < first),
                // Subtraction likewise.
                7 => (subtract_overflows, first < second),
                8 => (subtract_overflows, top(!first & second | result & (!first | second))),
                9 => (subtract_overflows || tagged, first < second),
                10 => (!$tags && subtract_overflows, first < second),
                // Logic.
                11 => (false, false),
                _ => return None,
            };
            let (negative, zero) = ((result as $signed) < 0, result == 0);
            Some(
                u32::from(negative) << 23
                    | u32::from(zero) << 22
                    | u32::from(overflow) << 21
                    | u32::from(carry) << 20,
            )
        }
    };
}
flags!(flags_32, u32, i32, true);
flags!(flags_64, u64, i64, false);

/// The status register: the flags, and what Unicorn keeps in words of their own.
fn psr(state: &RawState, _: usize) -> RegisterValue {
    let word = |offset| state.u32(offset);
    let operands = Operands {
        operation: word(offset_of!(Layout32, operation)),
        first: word(offset_of!(Layout32, source)),
        second: word(offset_of!(Layout32, source_2)),
        result: word(offset_of!(Layout32, result)),
    };
    let flags = flags_32(&operands).unwrap_or(word(offset_of!(Layout32, psr)) & ICC);
    let bit = |offset, bit: u32| if word(offset) == 0 { 0 } else { 1 << bit };
    let psr = word(offset_of!(Layout32, version))
        | flags
        | bit(offset_of!(Layout32, float_enabled), 12)
        | word(offset_of!(Layout32, interrupt_level)) << 8
        | bit(offset_of!(Layout32, supervisor), 7)
        | bit(offset_of!(Layout32, previous_supervisor), 6)
        | bit(offset_of!(Layout32, traps_enabled), 5)
        | word(offset_of!(Layout32, cwp));
    u64::from(psr).into()
}

/// Writes the status register, but for the version, which is fixed, and the
/// number of the window: the registers of another window are not those of the
/// state that the number is taken from, as nothing shows them.
fn set_psr(state: &mut RawState, index: usize, value: &RegisterValue) -> bool {
    let value = value.low_u64() as u32;
    state.set_u32(offset_of!(Layout32, psr), value & ICC);
    // The flags are in place.
    state.set_u32(offset_of!(Layout32, operation), 1);
    state.set_u32(offset_of!(Layout32, float_enabled), value >> 12 & 1);
    state.set_u32(offset_of!(Layout32, interrupt_level), value >> 8 & 0xf);
    state.set_u32(offset_of!(Layout32, supervisor), value >> 7 & 1);
    state.set_u32(offset_of!(Layout32, previous_supervisor), value >> 6 & 1);
    state.set_u32(offset_of!(Layout32, traps_enabled), value >> 5 & 1);
    psr(state, index) == RegisterValue::from(u64::from(value))
}

/// The condition codes of V9: those of 64 bits above those of 32.
fn ccr(state: &RawState, _: usize) -> RegisterValue {
    let operands = Operands {
        operation: state.u32(offset_of!(Layout64, operation)),
        first: state.u64(offset_of!(Layout64, source)),
        second: state.u64(offset_of!(Layout64, source_2)),
        result: state.u64(offset_of!(Layout64, result)),
    };
    let low = Operands {
        operation: operands.operation,
        first: operands.first as u32,
        second: operands.second as u32,
        result: operands.result as u32,
    };
    let icc = flags_32(&low).unwrap_or(state.u32(offset_of!(Layout64, psr)) & ICC);
    let xcc = flags_64(&operands).unwrap_or(state.u32(offset_of!(Layout64, xcc)) & ICC);
    u64::from(icc >> 20 | xcc >> 20 << 4).into()
}

/// Writes the processor state, but for what selects another set of global
/// registers (AG, MG, IG).
fn set_pstate(state: &mut RawState, _: usize, value: &RegisterValue) -> bool {
    let (old, new) = (state.u32(offset_of!(Layout64, pstate)), value.low_u64() as u32);
    state.set_u32(offset_of!(Layout64, pstate), new);
    (old ^ new) & 0xc01 == 0
}

fn set_ccr(state: &mut RawState, _: usize, value: &RegisterValue) -> bool {
    let value = value.low_u64() as u32;
    state.set_u32(offset_of!(Layout64, psr), (value & 0xf) << 20);
    state.set_u32(offset_of!(Layout64, xcc), (value >> 4 & 0xf) << 20);
    state.set_u32(offset_of!(Layout64, operation), 1);
    true
}
