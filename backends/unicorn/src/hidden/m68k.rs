//! Motorola 68000: the status register, whose flags Unicorn keeps as the
//! operands of the last operation and forgets when it is asked for them, and
//! floating point.

use std::mem::{offset_of, size_of};

use terrella_platforms::RegisterValue;
use unicorn_engine::RegisterM68K as M;

use super::{Hidden, Place, Rows, Shown, Write, word};
use crate::engine::RawState;

/// `CPUM68KState` in Unicorn's `qemu/target/m68k/cpu.h`, as far as it is used.
#[repr(C)]
struct Layout {
    data: [u32; 8],
    address: [u32; 8],
    pc: u32,
    sr: u32,
    current_sp: i32,
    stacks: [u32; 3],
    operation: u32,
    x: u32,
    n: u32,
    v: u32,
    c: u32,
    z: u32,
    /// Each a fraction and, in the low half of the other word, the exponent.
    floats: [[u64; 2]; 8],
    float_result: [u64; 2],
    fpcr: u32,
    fpsr: u32,
    float_status: FloatStatus,
    mac_temporary: u64,
    accumulators: [u64; 4],
    mac_status: u32,
    mac_mask: u32,
    mmu: Mmu,
    vbr: u32,
    mbar: u32,
    rambar0: u32,
    cacr: u32,
    sfc: u32,
    dfc: u32,
}

/// `float_status` in `qemu/include/fpu/softfloat-types.h`.
#[repr(C)]
struct FloatStatus {
    detect_tininess: i8,
    rounding_mode: i8,
    exception_flags: u8,
    rounding_precision: i8,
    others: [u8; 4],
}

/// The part `mmu` of the state.
#[repr(C)]
struct Mmu {
    ar: u32,
    ssw: u32,
    tcr: u16,
    urp: u32,
    srp: u32,
    fault: bool,
    ttr: [u32; 4],
    mmusr: u32,
}

pub(super) static HIDDEN: Hidden = Hidden {
    size: size_of::<Layout>(),
    registers: &[
        Rows { prefix: "sr", count: 1, step: 0, read: status, write: Write::Interface },
        Rows { prefix: "fp", count: 8, step: 1, read: float, write: Write::State(set_float) },
        Rows {
            prefix: "fpcr",
            count: 1,
            step: 0,
            read: |state, _| u64::from(state.u32(offset_of!(Layout, fpcr))).into(),
            write: Write::State(set_float_control),
        },
        word!("fpsr", Layout, fpsr, 32),
        word!("vbr", Layout, vbr, 32),
    ],
    shown: &[
        Shown { id: M::D0 as i32, count: 8, place: Place::At(offset_of!(Layout, data)), bytes: 4 },
        Shown { id: M::A0 as i32, count: 8, place: Place::At(offset_of!(Layout, address)), bytes: 4 },
        Shown { id: M::PC as i32, count: 1, place: Place::At(offset_of!(Layout, pc)), bytes: 4 },
        Shown { id: M::CR_SFC as i32, count: 1, place: Place::At(offset_of!(Layout, sfc)), bytes: 4 },
        Shown { id: M::CR_DFC as i32, count: 1, place: Place::At(offset_of!(Layout, dfc)), bytes: 4 },
        Shown {
            id: M::CR_SRP as i32,
            count: 1,
            place: Place::At(offset_of!(Layout, mmu) + offset_of!(Mmu, srp)),
            bytes: 4,
        },
    ],
    replaces_contexts: false,
    pending: None,
    windows: None,
};

/// The status register: its upper part is kept, the flags are what the last
/// operation on them gives (`COMPUTE_CCR` in `qemu/target/m68k/helper.c`).
fn status(state: &RawState, _: usize) -> RegisterValue {
    let mut x = state.u32(offset_of!(Layout, x));
    let mut n = state.u32(offset_of!(Layout, n));
    let mut z = state.u32(offset_of!(Layout, z));
    let mut v = state.u32(offset_of!(Layout, v));
    let mut c = state.u32(offset_of!(Layout, c));
    let narrow = |value: u32, size: u32| match size {
        0 => value as i8 as u32,
        1 => value as i16 as u32,
        _ => value,
    };
    match state.u32(offset_of!(Layout, operation)) {
        // Additions and subtractions of 1, 2 and 4 bytes.
        operation @ 2..=4 => {
            let (result, second) = (n, v);
            let first = narrow(result.wrapping_sub(second), operation - 2);
            (c, z, v) = (x, n, (result ^ first) & !(first ^ second));
        }
        operation @ 5..=7 => {
            let (result, second) = (n, v);
            let first = narrow(result.wrapping_add(second), operation - 5);
            (c, z, v) = (x, n, (result ^ first) & (first ^ second));
        }
        // Comparisons.
        operation @ 8..=10 => {
            let (first, second) = (n, v);
            let result = narrow(first.wrapping_sub(second), operation - 8);
            (n, z, c, v) = (result, result, u32::from(first < second), (result ^ first) & (first ^ second));
        }
        // Logical operations.
        11 => (c, v, z) = (0, 0, n),
        // In place.
        _ => {}
    }
    x &= 1;
    let flags = x << 4 | n >> 31 << 3 | u32::from(z == 0) << 2 | v >> 31 << 1 | c & 1;
    u64::from(state.u32(offset_of!(Layout, sr)) & 0xffe0 | flags).into()
}

fn float(state: &RawState, index: usize) -> RegisterValue {
    let offset = offset_of!(Layout, floats) + 16 * index;
    let exponent = RegisterValue::from(state.u64(offset + 8) & 0xffff);
    RegisterValue::from(state.u64(offset)).insert(64, 16, &exponent)
}

fn set_float(state: &mut RawState, index: usize, value: &RegisterValue) -> bool {
    let offset = offset_of!(Layout, floats) + 16 * index;
    let rest = state.u64(offset + 8) & !0xffff;
    state.set_u64(offset, value.low_u64());
    state.set_u64(offset + 8, rest | value.extract(64, 16).low_u64());
    true
}

/// The control register, with the rounding that it selects
/// (`cpu_m68k_set_fpcr` in `qemu/target/m68k/fpu_helper.c`).
fn set_float_control(state: &mut RawState, _: usize, value: &RegisterValue) -> bool {
    let control = value.low_u64() as u32;
    if control > 0xffff {
        return false;
    }
    let status = offset_of!(Layout, float_status);
    state.set_u32(offset_of!(Layout, fpcr), control);
    // To nearest, to zero, down, up.
    let mode = [0, 3, 1, 2][(control >> 4 & 3) as usize];
    state.set_u8(status + offset_of!(FloatStatus, rounding_mode), mode);
    // Extended, single, double; the fourth value is none.
    if let Some(precision) = [80, 32, 64].get((control >> 6 & 3) as usize) {
        state.set_u8(status + offset_of!(FloatStatus, rounding_precision), *precision);
    }
    true
}
