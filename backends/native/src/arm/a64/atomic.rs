//! Atomic operations in memory (Arm ARM, C4.1.94, "Atomic memory operations").

use terrella_emulator_api::Access;

use super::super::{Word, rows};
use crate::{emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const ROWS: &[Override] = rows![0x3f20_0c00, 0x3820_0000 => atomic];

fn atomic(emulator: &mut NativeEmulator, word: Word) -> Result<(), Halt> {
    let (size, opcode) = (1 << word.field(30, 2), word.field(12, 4));
    let address = emulator.x_or_sp(word.field(5, 5));
    let bits = 8 * size as u32;
    let mask = u64::MAX >> (64 - bits);
    if opcode == 12 && word.field(21, 3) == 5 {
        // ldapr.
        NativeEmulator::aligned(address, size, Access::Read)?;
        let value = emulator.load_integer(address, size)?;
        emulator.set_x(word.field(0, 5), value);
        return Ok(());
    }
    if opcode > 8 {
        return Err(Halt::Invalid);
    }
    NativeEmulator::aligned(address, size, Access::Read)?;
    let operand = emulator.x(word.field(16, 5)) & mask;
    let old = emulator.load_integer(address, size)?;
    let signed = |value: u64| (value << (64 - bits)) as i64 >> (64 - bits);
    let new = match opcode {
        0 => old.wrapping_add(operand),
        1 => old & !operand,
        2 => old ^ operand,
        3 => old | operand,
        4 => signed(old).max(signed(operand)) as u64,
        5 => signed(old).min(signed(operand)) as u64,
        6 => old.max(operand),
        7 => old.min(operand),
        _ => operand,
    };
    emulator.store_integer(address, size, new & mask)?;
    emulator.set_x(word.field(0, 5), old);
    Ok(())
}
