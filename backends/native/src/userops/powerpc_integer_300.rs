//! PowerPC: integers of Power ISA 3.0 that the specification leaves to the
//! emulator or computes wrongly (book I, 3.3).

use super::{Function, Handler, altivec_300::permuted_bits, powerpc_registers::Word};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

/// An instruction of the X form.
const fn indexed(number: u32, function: Function) -> Override {
    Override { mask: 0xfc00_07fe, value: 31 << 26 | number << 1, handler: Handler::new(function) }
}

/// The remainder of a division; it is undefined where the quotient is: zero.
macro_rules! remainder {
    ($type:ty, $wide:ty) => {
        |emulator, op| {
            let word = Word::of(emulator, op);
            let [a, b] = [word.a(), word.b()].map(|number| emulator.gpr(number) as $type);
            let value = a.checked_rem(b).unwrap_or(0);
            emulator.set_gpr(word.t(), <$wide>::from(value) as u64);
            Ok(())
        }
    };
}

pub(crate) const OVERRIDES: &[Override] = &[
    indexed(779, remainder!(i32, i64)),
    indexed(777, remainder!(i64, i64)),
    indexed(267, remainder!(u32, u64)),
    indexed(265, remainder!(u64, u64)),
    // cnttzw, cnttzd.
    indexed(538, |emulator, op| {
        count(emulator, Word::of(emulator, op), |value| (value as u32).trailing_zeros())
    }),
    indexed(570, |emulator, op| count(emulator, Word::of(emulator, op), u64::trailing_zeros)),
    // setb: less, greater, neither.
    indexed(128, |emulator, op| {
        let word = Word::of(emulator, op);
        let value = match emulator.user_register(&format!("cr{}", word.field(18, 3))) {
            field if field & 8 != 0 => u64::MAX,
            field => u64::from(field & 4 != 0),
        };
        emulator.set_gpr(word.t(), value);
        Ok(())
    }),
    // darn: 32 bits, 64 bits, 64 bits as they come; ones are an error.
    indexed(755, |emulator, op| {
        let word = Word::of(emulator, op);
        let value = match word.field(16, 2) {
            0 => u64::from(emulator.outside.random.next() as u32),
            1 | 2 => emulator.outside.random.next(),
            _ => u64::MAX,
        };
        emulator.set_gpr(word.t(), value);
        Ok(())
    }),
    // bpermd.
    indexed(252, |emulator, op| {
        let word = Word::of(emulator, op);
        let (bits, numbers) = (emulator.gpr(word.b()), emulator.gpr(word.t()));
        emulator.set_gpr(word.a(), permuted_bits(bits.into(), numbers.into()) as u64);
        Ok(())
    }),
    // mcrxrx: OV32 and CA32, which are not kept.
    indexed(576, |_, _| Err(Halt::Missing("mcrxrx".to_owned()))),
];

/// A count of the bits of the source, with a summary if it is asked for.
fn count(emulator: &mut NativeEmulator, word: Word, function: fn(u64) -> u32) -> Result<(), Halt> {
    let value = function(emulator.gpr(word.t()));
    emulator.set_gpr(word.a(), value.into());
    if word.field(0, 1) != 0 {
        let summary = if value == 0 { 2 } else { 4 };
        let overflow = emulator.user_register("xer_so") & 1;
        emulator.set_user_register("cr0", summary | overflow);
    }
    Ok(())
}
