//! Intel 8051.
//!
//! Registers: MCS-51 Microcontroller Family User's Manual (Intel 1994, order
//! number 272383), chapter 2, "Special Function Registers" and "PSW". Calls:
//! SDCC Compiler User Guide, section "MCS51 variants", "Interfacing with
//! assembler code".

use std::sync::OnceLock;

use crate::{
    BySize, CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Flags, General, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, SizedPlace, StructResult, WidePlacement,
    spec::{Row, bank, flag, names, part, reg},
};

/// Where the spaces of the processor are in the one of the contract: bits 16
/// and 17 tell the space, the lower ones are the address in it.
///
/// - `0x00000`: code memory, 64 KiB, which `movc` and fetches access;
/// - `0x10000`: internal RAM, 256 bytes, of which the upper half is accessed
///   through pointers and by the stack only;
/// - `0x20080`: special function registers, 128 bytes, accessed directly only;
/// - `0x30000`: external data memory, 64 KiB, which `movx` accesses.
///
/// `a`, `b`, `dpl`, `dph`, `sp` and `psw` are registers here, and not memory.
const ADDRESS_BITS: u8 = 18;

/// `sp` is the address that the eight bits `spl` stand for: the byte of
/// internal RAM that was pushed last. `r0` to `r7` are bytes of internal RAM,
/// those of the bank that bits 3 and 4 of `psw` select. `p`, bit 0 of `psw`,
/// follows `a`: what is written there is dropped. Flags are called as x86
/// calls its own.
const ROWS: &[Row] = &[
    reg("a", 8, General),
    reg("b", 8, General),
    reg("dptr", 16, General),
    reg("psw", 8, Flags),
    reg("sp", 32, StackPointer),
    reg("pc", 32, ProgramCounter),
    bank("r", 0, 7, 8, General),
    names(&[("acc", "a")]),
    part("dpl", "dptr", 0, 8),
    part("dph", "dptr", 8, 8),
    part("spl", "sp", 0, 8),
    flag("cf", "psw", 7, 1),
    flag("af", "psw", 6, 1),
    flag("f0", "psw", 5, 1),
    flag("rs", "psw", 3, 2),
    flag("of", "psw", 2, 1),
    flag("f1", "psw", 1, 1),
    part("p", "psw", 0, 1),
];

const fn sized(bytes: &'static [u8], registers: &'static [RegisterName]) -> SizedPlace {
    SizedPlace { bytes, registers }
}

const PLACES: &[SizedPlace] = &[
    sized(&[1], &["dpl"]),
    sized(&[2], &["dpl", "dph"]),
    sized(&[3], &["dpl", "dph", "b"]),
    sized(&[4], &["dpl", "dph", "b", "a"]),
];

/// Of functions that are not reentrant: the second parameter and those after
/// it are in variables, whose addresses the linker chooses.
const SDCC: CallingConvention = CallingConvention {
    name: "sdcc",
    source: "SDCC Compiler User Guide, MCS51 variants, Interfacing with assembler code",
    integer_arguments: &[],
    pointer_arguments: &[],
    slot_bytes: 1,
    wide: WidePlacement::Split,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 2,
    stack_alignment: 1,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["dpl", "dph", "b", "a"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &[],
    return_by: ReturnBy::RisingStack { bytes: 2 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: Some(BySize {
        arguments: PLACES,
        others_in_variables: true,
        results: PLACES,
        pops_with_results_to: None,
    }),
};

/// Of functions that are reentrant (`__reentrant`, `--stack-auto`): the second
/// parameter and those after it are on the stack, which is the caller's.
const SDCC_REENTRANT: CallingConvention = CallingConvention {
    name: "sdcc-reentrant",
    source: "SDCC Compiler User Guide, MCS51 variants, Parameters and Local Variables, --stack-auto",
    by_size: Some(BySize {
        arguments: PLACES,
        others_in_variables: false,
        results: PLACES,
        pops_with_results_to: None,
    }),
    ..SDCC
};

/// By the address of their vectors (User's Manual, chapter 1, "Interrupts").
/// The processor has no exception of instructions that are none.
const INTERRUPTS: &[(u64, &str)] = &[
    (0, "undefined instruction"),
    (0x03, "external interrupt 0"),
    (0x0b, "timer 0"),
    (0x13, "external interrupt 1"),
    (0x1b, "timer 1"),
    (0x23, "serial port"),
];

pub(super) static I8051: PlatformDefinition = PlatformDefinition {
    platform: Platform::I8051,
    description: "Intel 8051",
    address_bits: ADDRESS_BITS,
    pointer_bytes: 2,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: None,
    general_registers: &["a", "b", "dptr"],
    instruction_alignment: 1,
    longest_instruction: 3,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 256,
    elf: Some(ElfIdentity { machine: 165, class_bits: 32 }),
    calling_conventions: &[SDCC, SDCC_REENTRANT],
    syscall_conventions: &[],
    interrupts: INTERRUPTS,
    rows: &[ROWS],
    table: OnceLock::new(),
};
