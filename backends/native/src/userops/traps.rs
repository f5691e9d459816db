//! System calls, interrupts, breakpoints and traps; waiting; barriers and
//! hints.

use super::{Handler, Table};
use crate::halt::Halt;

const SYSCALL: Handler = Handler::trap(|_, _| Err(Halt::Syscall));
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
    ("software_interrupt", SYSCALL),
    ("software_bkpt", interrupt!(3)),
    ("software_udf", INVALID),
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
    ("CallSupervisor", SYSCALL),
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
    ("signalReservedInstruction", INVALID),
    ("wait", WAIT),
    ("SYNC", NOTHING),
    ("synch", NOTHING),
    ("prefetch", NOTHING),
];

pub(super) const POWERPC: Table = &[
    ("syscall", SYSCALL),
    ("trap", interrupt!(0x700)),
    ("sync", NOTHING),
    ("lwsync", NOTHING),
    ("ptesync", NOTHING),
    ("eieio", NOTHING),
    ("enforceInOrderExecutionIO", NOTHING),
    ("instructionSynchronize", NOTHING),
    ("dataCacheBlockTouch", NOTHING),
    ("dataCacheBlockTouchForStore", NOTHING),
];

pub(super) const RISCV: Table = &[
    ("ecall", SYSCALL),
    ("ebreak", interrupt!(3)),
    ("unimp", INVALID),
    ("trap", INVALID),
    ("wfi", WAIT),
    ("fence", NOTHING),
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
                // `chk` and `trapcc` give their vectors.
                other => Halt::Interrupt(32 + other),
            })
        }),
    ),
    ("stop", WAIT),
];

pub(super) const LOONGARCH: Table =
    &[("syscall", SYSCALL), ("break", interrupt!(12)), ("dbar", NOTHING), ("ibar", NOTHING), ("idle", WAIT)];

pub(super) const SPARC: Table = &[(
    "sw_trap",
    // Traps 0x10 and 0x6d are the system calls of Linux.
    Handler::trap(|emulator, op| {
        Err(match emulator.user_input(op, 0) as u64 & 0x7f {
            0x10 | 0x6d => Halt::Syscall,
            number => Halt::Interrupt(0x80 + number),
        })
    }),
)];

pub(super) const TRICORE: Table = &[("syscall", SYSCALL), ("debug", NUMBERED), ("wait", WAIT)];

pub(super) const XTENSA: Table = &[
    ("syscall", SYSCALL),
    ("breakpoint", interrupt!(1)),
    ("ill", INVALID),
    ("waiti", WAIT),
    ("memw", NOTHING),
];
