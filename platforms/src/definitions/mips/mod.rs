//! MIPS32 and MIPS64, their release 6, and microMIPS, in both byte orders.

mod conventions;
mod registers;

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Platform, PlatformDefinition, RegisterName, spec::Row,
};

/// Exception codes: the field `ExcCode` of the cause register (MD00090, table
/// 9.49).
const EXCEPTIONS: &[(u64, &str)] = &[
    (0, "interrupt"),
    (1, "tlb modification"),
    (2, "tlb miss on load or fetch"),
    (3, "tlb miss on store"),
    (4, "address error on load or fetch"),
    (5, "address error on store"),
    (6, "bus error on fetch"),
    (7, "bus error on load or store"),
    (8, "system call"),
    (9, "breakpoint"),
    (10, "reserved instruction"),
    (11, "coprocessor unusable"),
    (12, "integer overflow"),
    (13, "trap"),
    (14, "msa floating-point exception"),
    (15, "floating-point exception"),
    (18, "coprocessor 2 exception"),
    (19, "tlb read inhibit"),
    (20, "tlb execution inhibit"),
    (21, "msa disabled"),
    (23, "watchpoint"),
    (24, "machine check"),
    (25, "thread exception"),
    (26, "dsp module disabled"),
    (27, "virtualized guest exception"),
    (30, "cache error"),
    // Codes have five bits.
    (32, "debug breakpoint"),
];

const GENERAL: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

/// What differs between releases.
struct Release {
    instruction_alignment: u8,
    code_address_bit: CodeAddressBit,
    /// Calls of o32.
    calls_32: &'static [CallingConvention],
    rows: &'static [&'static [Row]],
}

/// Code of two widths, told by bit 0 of its addresses.
const fn with_two_sets(rows: &'static [&'static [Row]]) -> Release {
    Release {
        instruction_alignment: 2,
        code_address_bit: CodeAddressBit::CompressedMips,
        calls_32: conventions::CALLS_32,
        rows,
    }
}

/// Release 6 has neither MIPS16 nor an accumulator, and its conditions are in
/// floating-point registers (MD00087, 1.2; MD00083, 5.8).
const fn release_6(rows: &'static [&'static [Row]]) -> Release {
    Release {
        instruction_alignment: 4,
        code_address_bit: CodeAddressBit::Address,
        calls_32: conventions::CALLS_32_R6,
        rows,
    }
}

const fn define_32(platform: Platform, description: &'static str, release: Release) -> PlatformDefinition {
    PlatformDefinition {
        platform,
        description,
        address_bits: 32,
        pointer_bytes: 4,
        data_base: 0,
        program_counter: "pc",
        stack_pointer: "sp",
        link_register: Some("ra"),
        general_registers: GENERAL,
        instruction_alignment: release.instruction_alignment,
        longest_instruction: 4,
        delay_slots: true,
        code_address_bit: release.code_address_bit,
        page_bytes: 4096,
        elf: Some(ElfIdentity { machine: 8, class_bits: 32 }),
        calling_conventions: release.calls_32,
        syscall_conventions: conventions::SYSCALLS_32,
        interrupts: EXCEPTIONS,
        rows: release.rows,
        table: OnceLock::new(),
    }
}

const fn define_64(platform: Platform, description: &'static str, release: Release) -> PlatformDefinition {
    PlatformDefinition {
        address_bits: 64,
        pointer_bytes: 8,
        data_base: 0,
        elf: Some(ElfIdentity { machine: 8, class_bits: 64 }),
        calling_conventions: conventions::CALLS_64,
        syscall_conventions: conventions::SYSCALLS_64,
        rows: release.rows,
        platform,
        description,
        program_counter: "pc",
        stack_pointer: "sp",
        link_register: Some("ra"),
        general_registers: GENERAL,
        instruction_alignment: release.instruction_alignment,
        longest_instruction: 4,
        delay_slots: true,
        code_address_bit: release.code_address_bit,
        page_bytes: 4096,
        interrupts: EXCEPTIONS,
        table: OnceLock::new(),
    }
}

macro_rules! platforms {
    ($($name:ident = $define:ident $release:ident $rows:ident $description:literal;)*) => {
        $(pub(super) static $name: PlatformDefinition =
            $define(Platform::$name, $description, $release(registers::$rows));)*
    };
}

platforms! {
    MIPS = define_32 with_two_sets ROWS_32 "MIPS32, big endian";
    MIPSEL = define_32 with_two_sets ROWS_32 "MIPS32, little endian";
    MIPS64 = define_64 with_two_sets ROWS_64 "MIPS64, big endian";
    MIPS64EL = define_64 with_two_sets ROWS_64 "MIPS64, little endian";
    MICROMIPS = define_32 with_two_sets ROWS_MICRO "MIPS32 with microMIPS, big endian";
    MICROMIPSEL = define_32 with_two_sets ROWS_MICRO "MIPS32 with microMIPS, little endian";
    MIPSR6 = define_32 release_6 ROWS_32_R6 "MIPS32 release 6, big endian";
    MIPSR6EL = define_32 release_6 ROWS_32_R6 "MIPS32 release 6, little endian";
    MIPS64R6 = define_64 release_6 ROWS_64_R6 "MIPS64 release 6, big endian";
    MIPS64R6EL = define_64 release_6 ROWS_64_R6 "MIPS64 release 6, little endian";
}
