//! RISC-V: control registers, with the counters of Zicntr and Zihpm and the
//! source of entropy of Zkr (unprivileged manual,
//! "Zicsr", "Counters", "Entropy source").

use super::{Handler, riscv::field};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(crate) const OVERRIDES: &[Override] = &[
    // csrrw, csrrs, csrrc and their immediate forms.
    Override { mask: 0x107f, value: 0x1073, handler: Handler::new(control) },
    Override { mask: 0x207f, value: 0x2073, handler: Handler::new(control) },
];

const FFLAGS: u32 = 1;
const FRM: u32 = 2;
const FCSR: u32 = 3;
/// `cycle`, `time` and `instret` (unprivileged manual, chapter 8), and their
/// upper halves.
const COUNTERS: std::ops::RangeInclusive<u32> = 0xc00..=0xc02;
const COUNTERS_HIGH: std::ops::RangeInclusive<u32> = 0xc80..=0xc82;
/// The source of entropy (Zkr).
const SEED: u32 = 0x015;

/// A control register: those of floating point are parts of one.
fn read_control(emulator: &NativeEmulator, number: u32) -> u128 {
    match number {
        FFLAGS => emulator.user_register("fflags") & 0x1f,
        FRM => emulator.user_register("frm") & 7,
        FCSR => read_control(emulator, FRM) << 5 | read_control(emulator, FFLAGS),
        _ if COUNTERS.contains(&number) => emulator.time_at_operation().into(),
        _ if COUNTERS_HIGH.contains(&number) && emulator.xlen() == 4 => {
            u128::from(emulator.time_at_operation() >> 32)
        }
        _ => emulator.numbered("ustatus", number),
    }
}

/// Sixteen bits of entropy, and that they are (Zkr): the engine's random
/// numbers.
fn read_seed(emulator: &mut NativeEmulator) -> u128 {
    const ES16: u128 = 0b10 << 30;
    ES16 | u128::from(emulator.outside.random.next() as u16)
}

fn write_control(emulator: &mut NativeEmulator, number: u32, value: u128) {
    match number {
        FFLAGS => emulator.set_user_register("fflags", value & 0x1f),
        FRM => emulator.set_user_register("frm", value & 7),
        FCSR => {
            write_control(emulator, FRM, value >> 5);
            write_control(emulator, FFLAGS, value);
        }
        _ => emulator.set_numbered("ustatus", number, value),
    }
}

/// Whether there is a control register of a number (privileged manual, tables
/// 3 to 8), besides those that only the upper halves of RV32 have.
const fn has_control(number: u32, is_wide: bool) -> bool {
    match number {
        // fflags, frm, fcsr; seed; cycle, time, instret and the counters.
        1..=3 | SEED | 0xc00..=0xc1f => true,
        0xc80..=0xc9f => !is_wide,
        // Supervisor: sstatus, sie, stvec, scounteren, senvcfg; sscratch to
        // sip; satp.
        0x100 | 0x104..=0x106 | 0x10a | 0x140..=0x144 | 0x180 => true,
        // Machine: information; trap set-up and handling; protection;
        // counters; debugging.
        0xf11..=0xf15 | 0x300..=0x306 | 0x30a | 0x320 | 0x323..=0x33f | 0x340..=0x344 | 0x34a | 0x34b => true,
        0x310 | 0x31a | 0xb80 | 0xb82..=0xb9f => !is_wide,
        0x3a0..=0x3ef | 0xb00 | 0xb02..=0xb1f | 0x7a0..=0x7a5 | 0x7a8 | 0x7b0..=0x7b3 => true,
        _ => false,
    }
}

fn control(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let word = emulator.user_input(op, 0) as u32;
    if !has_control(field(word, 20, 12), emulator.definition.pointer_bytes == 8) {
        return Err(Halt::Invalid);
    }
    let (rd, rs1, function) = (field(word, 7, 5), field(word, 15, 5), field(word, 12, 3));
    let number = field(word, 20, 12);
    let operand = if function & 4 != 0 { rs1.into() } else { emulator.numbered("zero", rs1) };
    if number == SEED {
        // It is written whenever it is read, and what is written is ignored.
        if function & 3 != 1 && rs1 == 0 {
            return Err(Halt::Invalid);
        }
        let seed = read_seed(emulator);
        emulator.set_integer_register(rd, seed);
        return Ok(());
    }
    let old = read_control(emulator, number);
    let new = match function & 3 {
        1 => Some(operand),
        _ if rs1 == 0 => None,
        2 => Some(old | operand),
        _ => Some(old & !operand),
    };
    // The highest two bits tell that it is read-only.
    if new.is_some() && number >> 10 == 3 {
        return Err(Halt::Invalid);
    }
    if let Some(new) = new {
        write_control(emulator, number, new);
    }
    emulator.set_integer_register(rd, old);
    Ok(())
}
