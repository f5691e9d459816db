//! MIPS, 64 bits: which addresses the processor has.

use unicorn_engine::RegisterMIPS as R;

use super::{Hidden, Place, Shown};
use crate::engine::RawState;

/// How many bytes of the state are looked through: the mask stands behind the
/// general and the floating-point registers.
const SIZE: usize = 4096;

/// Of `CPUMIPSState` in Unicorn's `qemu/target/mips/cpu.h` for 64 bits, the
/// registers at its beginning.
pub(super) static HIDDEN_64: Hidden = Hidden {
    size: SIZE,
    registers: &[],
    shown: &[
        Shown { id: R::R0 as i32 + 1, count: 31, place: Place::At(8), bytes: 8 },
        Shown { id: R::PC as i32, count: 1, place: Place::At(256), bytes: 8 },
    ],
    replaces_contexts: false,
    pending: None,
    windows: None,
};

/// The bits that the selected processor's addresses have, virtual and physical
/// (`SEGBITS` and `PABITS` in `translate_init.inc.c`), and the mask of the former
/// behind them, with the two bits that select the segment.
const SIZES: [u32; 2] = [42, 36];
const MASK: u64 = 3 << 62 | ((1 << SIZES[0]) - 1);

/// Gives the processor all addresses: those beyond 2⁴² have no translation
/// otherwise, which linked loads look for. `false` if the mask is not found.
pub(super) fn widen(state: &mut RawState) -> bool {
    let is_mask = |state: &RawState, offset: usize| {
        state.u64(offset) == MASK && [state.u32(offset - 8), state.u32(offset - 4)] == SIZES
    };
    let mut found = (8..SIZE).step_by(8).filter(|offset| is_mask(state, *offset));
    let (Some(offset), None) = (found.next(), found.next()) else { return false };
    state.set_u64(offset, u64::MAX);
    true
}
