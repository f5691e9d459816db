//! System calls, interrupts, breakpoints and traps; waiting; barriers and
//! hints.

use terrella_emulator_api::Access;
use terrella_platforms::Architecture;

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt};

const SYSCALL: Handler = Handler::trap(|_, _| Err(Halt::Syscall));
/// A system call of Arm's processors, whose return clears the monitor of
/// exclusive accesses.
const ARM_SYSCALL: Handler = Handler::trap(|emulator, _| {
    emulator.clear_monitor();
    Err(Halt::Syscall)
});
const INVALID: Handler = Handler::trap(|_, _| Err(Halt::Invalid));
const WAIT: Handler = Handler::trap(|_, _| Err(Halt::Wait));
const NOTHING: Handler = Handler::nothing();

/// A trap of a number.
macro_rules! interrupt {
    ($number:literal) => {
        Handler::trap(|_, _| Err(Halt::Interrupt($number)))
    };
}

/// A trap whose number is the first input.
const NUMBERED: Handler =
    Handler::trap(|emulator, op| Err(Halt::Interrupt(emulator.user_input(op, 0) as u64)));

pub(super) const X86: Table = &[
    ("LOCK", NOTHING),
    ("UNLOCK", NOTHING),
    // Hints of transactions, which are never begun.
    ("XACQUIRE", NOTHING),
    ("XRELEASE", NOTHING),
    ("syscall", SYSCALL),
    ("sysenter", SYSCALL),
    (
        "swi",
        // `int 0x80` is the system call of 32-bit programs.
        Handler::trap(|emulator, op| {
            let number = emulator.user_input(op, 0) as u64;
            let convention = emulator.definition.syscall_conventions.first();
            let is_syscall = convention.is_some_and(|it| it.instruction == format!("int {number:#x}"));
            Err(if is_syscall { Halt::Syscall } else { Halt::Interrupt(number) })
        }),
    ),
    ("invalidInstructionException", INVALID),
    ("hlt", WAIT),
    ("lfence", NOTHING),
    ("mfence", NOTHING),
    ("sfence", NOTHING),
    ("prefetch", NOTHING),
    ("clflush", NOTHING),
    ("clflushopt", NOTHING),
    ("clwb", NOTHING),
];

pub(super) const ARM: Table = &[
    ("software_interrupt", ARM_SYSCALL),
    (
        "software_bkpt",
        // DebugMonitor on microcontrollers (ARMv7-M Arm ARM, B1.5.2), else a
        // prefetch abort.
        Handler::trap(|emulator, _| {
            let has_monitor = emulator.platform.architecture() == Architecture::ArmV7M;
            Err(Halt::Interrupt(if has_monitor { 12 } else { 3 }))
        }),
    ),
    ("software_udf", INVALID),
    // The vector of calls of a hypervisor, and that of the monitor, which is
    // counted behind the others.
    ("software_hvc", interrupt!(5)),
    ("software_smc", interrupt!(8)),
    ("software_hlt", WAIT),
    ("WaitForInterrupt", WAIT),
    ("WaitForEvent", NOTHING),
    ("SendEvent", NOTHING),
    // The engine follows the register that tells the instruction set.
    ("setISAMode", NOTHING),
    ("HintYield", NOTHING),
    ("HintDebug", NOTHING),
    ("HintPreloadData", NOTHING),
    ("HintPreloadDataForWrite", NOTHING),
    ("HintPreloadInstruction", NOTHING),
    ("DataMemoryBarrier", NOTHING),
    ("DataSynchronizationBarrier", NOTHING),
    ("InstructionSynchronizationBarrier", NOTHING),
];

pub(super) const AARCH64: Table = &[
    ("CallSupervisor", ARM_SYSCALL),
    ("CallHyperVisor", interrupt!(0x16)),
    ("CallSecureMonitor", interrupt!(0x17)),
    ("SoftwareBreakpoint", interrupt!(0x3c)),
    ("HaltBreakPoint", INVALID),
    ("UndefinedInstructionException", INVALID),
    ("WaitForInterrupt", WAIT),
    ("WaitForEvent", NOTHING),
    ("SendEvent", NOTHING),
    ("SendEventLocally", NOTHING),
    ("Yield", NOTHING),
    ("Hint", NOTHING),
    ("Hint_Prefetch", NOTHING),
    ("DataMemoryBarrier", NOTHING),
    ("DataSynchronizationBarrier", NOTHING),
    ("InstructionSynchronizationBarrier", NOTHING),
];

pub(super) const MIPS: Table = &[
    ("syscall", SYSCALL),
    ("break", interrupt!(9)),
    ("trap", interrupt!(13)),
    ("integerOverflow", Handler::new(|_, _| Err(NativeEmulator::overflow(12)))),
    ("signalReservedInstruction", INVALID),
    ("wait", WAIT),
    // PAUSE, and what ERET does to a link (MIPS32 volume II-A).
    (
        "waitForLink",
        Handler::trap(|emulator, _| if emulator.reservation.is_some() { Err(Halt::Wait) } else { Ok(()) }),
    ),
    (
        "clearLink",
        Handler::new(|emulator, _| {
            emulator.reservation = None;
            Ok(())
        }),
    ),
    ("SYNC", NOTHING),
    ("synch", NOTHING),
    ("prefetch", NOTHING),
];

/// Whether the conditions of a trap hold (Power ISA, book I, 3.3.11).
fn traps(conditions: u128, a: i64, b: i64, mask: u64) -> bool {
    let (low_a, low_b) = (a as u64 & mask, b as u64 & mask);
    let holds = [a < b, a > b, a == b, low_a < low_b, low_a > low_b];
    holds.iter().enumerate().any(|(index, holds)| *holds && conditions >> (4 - index) & 1 != 0)
}

/// An operand of a trap: a register or a short immediate.
fn trap_operand(emulator: &NativeEmulator, op: &UserOp, index: usize, word: bool) -> i64 {
    let value = emulator.user_input(op, index);
    match (NativeEmulator::user_input_size(op, index), word) {
        (2, _) => i64::from(value as i16),
        (_, true) => i64::from(value as i32),
        _ => value as i64,
    }
}

fn trap_if(emulator: &NativeEmulator, op: &UserOp, word: bool) -> Result<(), Halt> {
    let [a, b] = [1, 2].map(|index| trap_operand(emulator, op, index, word));
    let mask = if word { 0xffff_ffff } else { u64::MAX };
    if traps(emulator.user_input(op, 0), a, b, mask) { Err(Halt::Interrupt(0x700)) } else { Ok(()) }
}

fn trap_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    trap_if(emulator, op, true)
}

fn trap_double_word(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    trap_if(emulator, op, false)
}

/// What a block of the cache is done with is a load as far as faults go (Power
/// ISA 2.07, book II, 4.3.2, dcbf and dcbst).
const BLOCK: Handler =
    Handler::new(|emulator, op| emulator.user_check(emulator.user_input(op, 0) as u64, 1, Access::Read));

pub(super) const POWERPC: Table = &[
    ("syscall", SYSCALL),
    ("trapWord", Handler::trap(trap_word)),
    ("trapDoubleWord", Handler::trap(trap_double_word)),
    ("trapDoubleWordImmediate", Handler::trap(trap_double_word)),
    ("illegal", INVALID),
    ("sync", NOTHING),
    ("lwsync", NOTHING),
    ("ptesync", NOTHING),
    ("eieio", NOTHING),
    ("enforceInOrderExecutionIO", NOTHING),
    ("instructionSynchronize", NOTHING),
    ("dataCacheBlockStore", BLOCK),
    ("dataCacheBlockFlush", BLOCK),
    ("dataCacheBlockTouch", NOTHING),
    ("DataCacheBlockTouch2", NOTHING),
    ("DataCacheBlockFlush", NOTHING),
    ("dataCacheBlockTouchForStore", NOTHING),
    // `mbar` (e500's eieio); what caches hold of code is always what memory does.
    ("memoryBarrier", NOTHING),
    ("waitOp", WAIT),
    ("waitT", WAIT),
    ("instructionCacheBlockInvalidate", BLOCK),
    ("instructionCacheBlockTouch", NOTHING),
];

pub(super) const RISCV: Table = &[
    ("ecall", SYSCALL),
    ("ebreak", interrupt!(3)),
    ("unimp", INVALID),
    ("trap", INVALID),
    ("wfi", WAIT),
    ("fence", NOTHING),
    // Translations of addresses are none.
    ("sfence.vm", NOTHING),
    ("sfence.vma", NOTHING),
    ("fence.i", NOTHING),
    ("fence_i", NOTHING),
];

pub(super) const M68K: Table = &[
    (
        "__m68k_trap",
        // `trap #0` is the system call; `trap #n` is vector 32 + n.
        Handler::trap(|emulator, op| {
            let number = emulator.user_input(op, 0) as u64;
            Err(match number {
                0 => Halt::Syscall,
                other => Halt::Interrupt(32 + other),
            })
        }),
    ),
    ("__m68k_exception", NUMBERED),
    ("__m68k_trapv", interrupt!(7)),
    ("ftrap", interrupt!(7)),
    ("breakpoint", interrupt!(4)),
    ("illegalInstruction", INVALID),
    ("invalidateCacheLines", NOTHING),
    ("pushInvalidateCaches", NOTHING),
    ("stop", WAIT),
];

pub(super) const LOONGARCH: Table =
    &[("syscall", SYSCALL), ("break", interrupt!(12)), ("dbar", NOTHING), ("ibar", NOTHING), ("idle", WAIT)];

pub(super) const SPARC: Table = &[(
    "sw_trap",
    // Traps 0x10 and 0x6d are the system calls of Linux.
    Handler::trap(|emulator, op| {
        let first = if emulator.definition.address_bits == 64 { 0x100 } else { 0x80 };
        emulator.spill_windows();
        Err(match emulator.user_input(op, 0) as u64 & 0x7f {
            0x10 | 0x6d => Halt::Syscall,
            number => Halt::Interrupt(first + number),
        })
    }),
)];

pub(super) const TRICORE: Table = &[
    // SYSCALL: class 6, with its constant (Architecture Manual, volume 1, 6.3.6).
    ("trap", Handler::trap(|emulator, op| Err(Halt::Interrupt(0x60 + emulator.user_input(op, 0) as u64)))),
    ("debug", NUMBERED),
    ("wait", WAIT),
    ("dsync", NOTHING),
    ("isync", NOTHING),
];

pub(super) const XTENSA: Table =
    &[("syscall", SYSCALL), ("breakpoint", interrupt!(1)), ("ill", INVALID), ("memw", NOTHING)];

/// MAC.W with S set: MACL alone is the sum, and the lowest bit of MACH tells that
/// it did not fit (SH-4 Software Manual, section 9, MAC.W).
fn saturating_sum(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let sum = emulator.user_input(op, 0) as u64;
    let (low, product) = (sum as i32, emulator.user_input(op, 1) as i32);
    let saturated = low.saturating_add(product);
    let overflow = u64::from(low.checked_add(product).is_none());
    let result = sum >> 32 << 32 | overflow << 32 | u64::from(saturated as u32);
    emulator.set_user_result(op, result.into());
    Ok(())
}

/// MOVLI.L: what a store of MOVCO.L asks for, whatever its address (SH-4A
/// Software Manual, section 10, MOVLI and MOVCO).
fn link(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    emulator.reservation = Some((0, 4));
    Ok(())
}

/// MOVCO.L: whether there was one, which is used up.
fn unlink(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let linked = emulator.reservation.take().is_some();
    emulator.set_user_result(op, linked.into());
    Ok(())
}

pub(super) const SUPERH: Table = &[
    ("movli", Handler::new(link)),
    ("movco", Handler::new(unlink)),
    (
        "TrapAlways",
        // The system calls of Linux are the traps 0x10 to 0x17; the number of
        // another stands in a register, and the exception has one code.
        Handler::trap(|emulator, op| {
            Err(match emulator.user_input(op, 0) as u64 & 0xff {
                0x10..=0x17 => Halt::Syscall,
                _ => Halt::Interrupt(0x160),
            })
        }),
    ),
    ("mac_wOp", Handler::new(saturating_sum)),
    ("illegalInstruction", INVALID),
    ("waitForInterrupt", WAIT),
    ("InvalidateCacheBlock", NOTHING),
    ("CacheBlockInvalidate", NOTHING),
    ("CacheBlockPurge", NOTHING),
    ("CacheBlockWriteBack", NOTHING),
    ("SynchronizeDataOperation", NOTHING),
];

pub(super) const EBPF: Table = &[("helperCall", SYSCALL), ("callsTooDeep", interrupt!(1))];

pub(super) const Z80: Table = &[("halt", WAIT)];

/// An instruction that does nothing has an operation of that name.
pub(super) const I8051: Table = &[("nop", Handler::nothing())];

/// There is no watchdog.
pub(super) const AVR: Table =
    &[("sleep", WAIT), ("break", interrupt!(0x10_0001)), ("watchdog_reset", NOTHING)];
