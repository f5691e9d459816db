//! LoongArch: what addresses are compared with, returns from exceptions, and
//! exponents as numbers (LoongArch Reference Manual, volume 1, 2.2.10, 3.2.1.9,
//! 3.2.1.10, 4.2).

use rustc_apfloat::Round;

use super::{
    Handler, Table,
    loongarch_float::{INVALID, Word, size_of, three, two},
    mips_float::exceptions,
};
use crate::{
    block::UserOp,
    emulator::NativeEmulator,
    exact::{self, Arithmetic},
    float::{NanRule, is_nan, is_signalling, nan_of},
    halt::Halt,
    ieee::{self, Tininess},
    overrides::Override,
};

/// BCE: the check of a bound (7.4.7, table 21).
const BOUND: Handler = Handler::trap(|_, _| Err(Halt::Exception(0x0a)));
/// The numbers of the hypervisor call, and of the call of a debugger, which has
/// no code: those end before it.
const HYPERVISOR_CALL: u64 = 0x17;
const DEBUG_CALL: u64 = 0x40;

pub(super) const TABLE: Table = &[
    ("addr_bound_exception", BOUND),
    ("bound_check_exception", BOUND),
    // The caches are none that one could see.
    ("cacop", Handler::nothing()),
    ("dbcl", Handler::trap(|_, _| Err(Halt::Interrupt(DEBUG_CALL)))),
    ("hvcl", Handler::trap(|_, _| Err(Halt::Interrupt(HYPERVISOR_CALL)))),
    ("ertn", Handler::new(end_exception)),
];

/// FSCALEB and FLOGB.
pub(crate) const OVERRIDES: &[Override] =
    [three(0x0110_0000, scale), two(0x0114_2000, exponent)].as_flattened();

/// `CRMD`: level and interrupts; direct addresses and pages; watchpoints.
const LEVEL: u128 = 0b111;
const DIRECT: u128 = 1 << 3;
const PAGED: u128 = 1 << 4;
const WATCH: u32 = 9;
/// The same of `PRMD`.
const PREVIOUS_WATCH: u32 = 3;
/// `TLBRERA.IsTLBR`, and `MERRCTL.IsMERR`, whose register has level and
/// interrupts from bit 2 on.
const IS_REFILL: u128 = 1;
const IS_ERROR: u128 = 1;
/// `LLBCTL`: the bit of LL, and that ERTN keeps it.
const LINKED: u128 = 1;
const KEPT: u128 = 1 << 2;

/// ERTN (4.2.5.1): back from a refill of the TLB, an error of the machine, or an
/// exception.
fn end_exception(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let read = |name: &str| emulator.user_register(name);
    let (mut mode, linked) = (read("crmd"), read("llbctl"));
    let (refill, error) = (read("tlbrera"), read("merrctl"));
    let target;
    if refill & IS_REFILL != 0 {
        mode = mode & !(LEVEL | DIRECT) | PAGED | read("tlbrprmd") & LEVEL;
        target = refill & !3;
        emulator.set_user_register("tlbrera", refill & !IS_REFILL);
    } else if error & IS_ERROR != 0 {
        mode = mode & !LEVEL | error >> 2 & LEVEL;
        target = read("merrera");
        emulator.set_user_register("merrctl", error & !IS_ERROR);
    } else {
        let previous = read("prmd");
        mode = mode & !(LEVEL | 1 << WATCH) | previous & LEVEL | (previous >> PREVIOUS_WATCH & 1) << WATCH;
        target = read("era");
    }
    emulator.set_user_register("crmd", mode);
    let linked = if linked & KEPT != 0 { linked & !KEPT } else { linked & !LINKED };
    emulator.set_user_register("llbctl", linked);
    emulator.set_user_result(op, target);
    Ok(())
}

/// A power of two as a number of 128 bits.
const fn power(exponent: i64) -> u128 {
    ((exponent + 0x3fff) as u128) << 112
}

/// FSCALEB: times a power of two, which is a number with a sign.
fn scale(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = if word.0 >> 15 & 1 == 1 { 4 } else { 8 };
    let [value, by] = [5, 10].map(|low| emulator.loongarch_float(word.0 >> low, size));
    if is_nan(size, value) {
        let raised = if is_signalling(size, value) { INVALID } else { 0 };
        let nan = nan_of(size, &[value], NanRule::SignallingFirst);
        return emulator.finish_loongarch(word, size, (nan, raised));
    }
    let by = if size == 4 { i64::from(by as i32) } else { by as i64 };
    // More than what any number needs to be too large or nothing.
    let factor = power(by.clamp(-0x1000, 0x1000));
    let round = emulator.loongarch_rounding();
    let (wide, _) = exact::convert(value, size, 16, Round::NearestTiesToEven);
    let operands = [wide, factor, 0];
    let result = ieee::compute(Arithmetic::Multiply, 16, operands, size, round, Tininess::After);
    emulator.finish_loongarch(word, size, (result.bits, exceptions(result.status)))
}

/// FLOGB: the exponent (logB of IEEE 754, 5.3.3); that of zero is infinite, which
/// is a division by zero.
fn exponent(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    const DIVISION: u32 = 8;
    let word = Word(emulator.user_input(op, 0) as u32);
    let size = size_of(word);
    let value = emulator.loongarch_float(word.0 >> 5, size);
    let (fraction, bias) = if size == 4 { (23, 127) } else { (52, 1023) };
    let magnitude = value & !(1 << (8 * size - 1));
    let infinity = (2 * bias as u128 + 1) << fraction;
    let result = if is_nan(size, value) {
        let raised = if is_signalling(size, value) { INVALID } else { 0 };
        (nan_of(size, &[value], NanRule::SignallingFirst), raised)
    } else if magnitude == infinity {
        (infinity, 0)
    } else if magnitude == 0 {
        (infinity | 1 << (8 * size - 1), DIVISION)
    } else {
        let below = magnitude.ilog2() as i128;
        let exponent = if below < fraction { below - fraction } else { (magnitude >> fraction) as i128 - 1 };
        (exact::from_integer(exponent + 1 - bias, size, 0, Round::NearestTiesToEven).0, 0)
    };
    emulator.finish_loongarch(word, size, result)
}
