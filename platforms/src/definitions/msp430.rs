//! TI MSP430 and MSP430X.
//!
//! Registers: MSP430x5xx and MSP430x6xx Family User's Guide (SLAU208),
//! chapter 6. Calls: MSP430 Embedded Application Binary Interface (SLAA534A),
//! chapter 3.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Flags, General, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, StructResult, WidePlacement,
    spec::{Row, bank, fixed, flag, names, reg},
};

/// The constant generator `r3` reads as zero where it is used as a register;
/// its other constants are addressing modes.
macro_rules! rows {
    ($bits:literal) => {
        &[
            reg("r0", $bits, ProgramCounter),
            reg("r1", $bits, StackPointer),
            reg("r2", $bits, Flags),
            fixed("r3", $bits, 0),
            bank("r", 4, 15, $bits, General),
            names(&[
                ("pc", "r0"),
                ("sp", "r1"),
                ("sr", "r2"),
                ("cg1", "r2"),
                ("cg2", "r3"),
                ("cg", "r3"),
                ("fp", "r4"),
            ]),
            flag("c", "r2", 0, 1),
            flag("z", "r2", 1, 1),
            flag("n", "r2", 2, 1),
            flag("gie", "r2", 3, 1),
            flag("cpuoff", "r2", 4, 1),
            flag("oscoff", "r2", 5, 1),
            flag("scg0", "r2", 6, 1),
            flag("scg1", "r2", 7, 1),
            flag("v", "r2", 8, 1),
        ]
    };
}

const ROWS_16: &[Row] = rows!(16);
const ROWS_20: &[Row] = rows!(20);

const ARGUMENTS: &[RegisterName] = &["r12", "r13", "r14", "r15"];

/// A 32-bit value may stand half in `r15` and half on the stack, as long as
/// nothing stands on the stack before it. A 64-bit value takes all four
/// registers or stands on the stack.
const EABI: CallingConvention = CallingConvention {
    name: "eabi",
    source: "MSP430 Embedded Application Binary Interface (SLAA534A), chapter 3",
    integer_arguments: ARGUMENTS,
    pointer_arguments: &[],
    slot_bytes: 2,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 2,
    stack_alignment: 2,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: ARGUMENTS,
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &["r4", "r5", "r6", "r7", "r8", "r9", "r10"],
    return_by: ReturnBy::Stack { bytes: 2 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// The large model: `calla` pushes four bytes, and a pointer of 20 bits takes
/// one register, in turn with the integers.
const EABI_LARGE: CallingConvention = CallingConvention {
    pointer_arguments: ARGUMENTS,
    stack_arguments: 4,
    pointer_result: Some("r12"),
    return_by: ReturnBy::Stack { bytes: 4 },
    ..EABI
};

/// The small model on MSP430X: `call`, and pointers of 16 bits.
const EABI_SMALL: CallingConvention = CallingConvention { name: "eabi-small", ..EABI };

/// The fixed vectors by address; all others are the device's own.
const VECTORS: &[(u64, &str)] = &[(0xfffc, "nonmaskable interrupt"), (0xfffe, "reset")];

/// As [`VECTORS`], on devices with a system and a user interrupt.
const VECTORS_X: &[(u64, &str)] =
    &[(0xfffa, "user nonmaskable interrupt"), (0xfffc, "system nonmaskable interrupt"), (0xfffe, "reset")];

const GENERAL: &[RegisterName] =
    &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

pub(super) static MSP430: PlatformDefinition = PlatformDefinition {
    platform: Platform::MSP430,
    description: "TI MSP430",
    address_bits: 16,
    pointer_bytes: 2,
    data_base: 0,
    program_counter: "r0",
    stack_pointer: "r1",
    link_register: None,
    general_registers: GENERAL,
    instruction_alignment: 2,
    longest_instruction: 6,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 105, class_bits: 32 }),
    calling_conventions: &[EABI],
    syscall_conventions: &[],
    interrupts: VECTORS,
    rows: &[ROWS_16],
    table: OnceLock::new(),
};

pub(super) static MSP430X: PlatformDefinition = PlatformDefinition {
    platform: Platform::MSP430X,
    description: "TI MSP430X, large memory model",
    address_bits: 20,
    pointer_bytes: 4,
    data_base: 0,
    program_counter: "r0",
    stack_pointer: "r1",
    link_register: None,
    general_registers: GENERAL,
    instruction_alignment: 2,
    // With the extension word.
    longest_instruction: 8,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 105, class_bits: 32 }),
    calling_conventions: &[EABI_LARGE, EABI_SMALL],
    syscall_conventions: &[],
    interrupts: VECTORS_X,
    rows: &[ROWS_20],
    table: OnceLock::new(),
};
