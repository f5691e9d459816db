//! z/Architecture: the condition code of sums and differences.
//!
//! Unicorn keeps the operands of the last operation, and finds the condition
//! code when it is asked for. It misses the overflow of the lowest number added
//! to itself, and of the lowest number subtracted from 0 (`cc_calc_add_64` and
//! its kin in `qemu/target/s390x/cc_helper.c`; mended in QEMU 5.1).

use std::mem::{offset_of, size_of};

use unicorn_engine::RegisterS390X as S;

use super::{Hidden, Place, Shown};
use crate::engine::RawState;

/// `CPUS390XState` in Unicorn's `qemu/target/s390x/cpu.h`, as far as it is used.
#[repr(C)]
struct Layout {
    registers: [u64; 16],
    vectors: [[u64; 2]; 32],
    access: [u32; 16],
    guarded_storage: [u64; 4],
    tokens: [u64; 2],
    reset_fields: i32,
    fpc: u32,
    operation: u32,
    branch_prediction: u8,
    float_status: [u8; 8],
    low_result: u64,
    psw_mask: u64,
    psw_address: u64,
    first: u64,
    second: u64,
    result: u64,
}

pub(super) static HIDDEN: Hidden = Hidden {
    size: size_of::<Layout>(),
    registers: &[],
    shown: &[
        Shown { id: S::R0 as i32, count: 16, place: Place::At(offset_of!(Layout, registers)), bytes: 8 },
        Shown { id: S::A0 as i32, count: 16, place: Place::At(offset_of!(Layout, access)), bytes: 4 },
        Shown { id: S::PC as i32, count: 1, place: Place::At(offset_of!(Layout, psw_address)), bytes: 8 },
    ],
    replaces_contexts: false,
    pending: None,
    windows: None,
};

/// Operations of Unicorn's (`enum cc_op` in `internal.h`): sums and differences
/// with a sign, of 64 and of 32 bits.
const ADD_64: u32 = 13;
const SUBTRACT_64: u32 = 16;
const ADD_32: u32 = 21;
const SUBTRACT_32: u32 = 24;

/// Where an overflow would be missed, puts operands into the state for which it
/// is not; whether it did.
pub(crate) fn mend_overflow(state: &mut RawState) -> bool {
    let operation = state.u32(offset_of!(Layout, operation));
    let (first, second) = (state.u64(offset_of!(Layout, first)), state.u64(offset_of!(Layout, second)));
    let lowest = |value: u64| {
        if matches!(operation, ADD_64 | SUBTRACT_64) { value == 1 << 63 } else { value as u32 == 1 << 31 }
    };
    let is_zero = |value: u64| if operation == SUBTRACT_64 { value == 0 } else { value as u32 == 0 };
    // Two positive numbers with a negative sum; a positive number and a negative
    // one with a negative difference.
    let operands: [i64; 3] = match operation {
        ADD_64 | ADD_32 if lowest(first) && lowest(second) => [1, 1, -1],
        SUBTRACT_64 | SUBTRACT_32 if is_zero(first) && lowest(second) => [1, -1, -1],
        _ => return false,
    };
    for (value, offset) in operands.iter().zip([
        offset_of!(Layout, first),
        offset_of!(Layout, second),
        offset_of!(Layout, result),
    ]) {
        state.set_u64(offset, *value as u64);
    }
    true
}
