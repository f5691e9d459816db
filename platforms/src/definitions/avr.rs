//! AVR of 8 bits: ATmega with up to 128 KiB of flash, whose program counter
//! has 16 bits (avr5 and avr51 of the compilers).
//!
//! Registers: AVR Instruction Set Manual (Atmel 0856L), "The Status Register",
//! "Registers and Operands". Calls: the wiki of avr-gcc, "ABI", sections
//! "Register Layout" and "Calling Convention". Addresses: those of the GNU
//! tools (binutils, `bfd/elf32-avr.c` and the linker script `avr.sc`): flash
//! from 0, the data space from 0x80_0000, EEPROM from 0x81_0000.

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Flags, General, ProgramCounter, StackPointer},
    RegisterName, ReturnBy, StructResult, WidePlacement,
    spec::{Row, flag, names, part, reg},
};

/// `sp` is the address that the stack pointer stands for; `spl` and `sph` are
/// the registers of the processor. Flags are called as x86 calls its own.
const ROWS: &[Row] = &[
    reg("r1r0", 16, General),
    reg("r3r2", 16, General),
    reg("r5r4", 16, General),
    reg("r7r6", 16, General),
    reg("r9r8", 16, General),
    reg("r11r10", 16, General),
    reg("r13r12", 16, General),
    reg("r15r14", 16, General),
    reg("r17r16", 16, General),
    reg("r19r18", 16, General),
    reg("r21r20", 16, General),
    reg("r23r22", 16, General),
    reg("r25r24", 16, General),
    reg("x", 16, General),
    reg("y", 16, General),
    reg("z", 16, General),
    reg("sreg", 8, Flags),
    reg("sp", 24, StackPointer),
    reg("pc", 24, ProgramCounter),
    part("r0", "r1r0", 0, 8),
    part("r1", "r1r0", 8, 8),
    part("r2", "r3r2", 0, 8),
    part("r3", "r3r2", 8, 8),
    part("r4", "r5r4", 0, 8),
    part("r5", "r5r4", 8, 8),
    part("r6", "r7r6", 0, 8),
    part("r7", "r7r6", 8, 8),
    part("r8", "r9r8", 0, 8),
    part("r9", "r9r8", 8, 8),
    part("r10", "r11r10", 0, 8),
    part("r11", "r11r10", 8, 8),
    part("r12", "r13r12", 0, 8),
    part("r13", "r13r12", 8, 8),
    part("r14", "r15r14", 0, 8),
    part("r15", "r15r14", 8, 8),
    part("r16", "r17r16", 0, 8),
    part("r17", "r17r16", 8, 8),
    part("r18", "r19r18", 0, 8),
    part("r19", "r19r18", 8, 8),
    part("r20", "r21r20", 0, 8),
    part("r21", "r21r20", 8, 8),
    part("r22", "r23r22", 0, 8),
    part("r23", "r23r22", 8, 8),
    part("r24", "r25r24", 0, 8),
    part("r25", "r25r24", 8, 8),
    part("r26", "x", 0, 8),
    part("r27", "x", 8, 8),
    part("r28", "y", 0, 8),
    part("r29", "y", 8, 8),
    part("r30", "z", 0, 8),
    part("r31", "z", 8, 8),
    part("spl", "sp", 0, 8),
    part("sph", "sp", 8, 8),
    names(&[("xl", "r26"), ("xh", "r27"), ("yl", "r28"), ("yh", "r29"), ("zl", "r30"), ("zh", "r31")]),
    flag("cf", "sreg", 0, 1),
    flag("zf", "sreg", 1, 1),
    flag("nf", "sreg", 2, 1),
    flag("vf", "sreg", 3, 1),
    flag("sf", "sreg", 4, 1),
    flag("hf", "sreg", 5, 1),
    flag("tf", "sreg", 6, 1),
    flag("if", "sreg", 7, 1),
];

const GENERAL: &[RegisterName] = &[
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29", "r30",
    "r31",
];

/// `r1` is zero between instructions that use it: functions find it so and
/// leave it so. What is named `callee_saved` beside it they restore.
const AVR_GCC: CallingConvention = CallingConvention {
    name: "avr-gcc",
    source: "avr-gcc wiki, ABI, Calling Convention",
    integer_arguments: &[
        "r24", "r25", "r22", "r23", "r20", "r21", "r18", "r19", "r16", "r17", "r14", "r15", "r12", "r13",
        "r10", "r11", "r8", "r9",
    ],
    pointer_arguments: &[],
    slot_bytes: 1,
    wide: WidePlacement::PairsDownwards,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    stack_arguments: 3,
    stack_alignment: 1,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 0,
    positional: false,
    integer_results: &["r24", "r25", "r22", "r23", "r20", "r21", "r18", "r19"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 8,
    callee_saved: &[
        "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "r16", "r17", "r28", "r29",
    ],
    return_by: ReturnBy::WordOnEmptyStack { bytes: 2 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
};

/// By the address of its vector (the data sheets, "Interrupts"); the others
/// are the device's. BREAK (0856L) stops the processor for a debugger, and an
/// instruction that is none has no exception: these numbers are of no vector.
const INTERRUPTS: &[(u64, &str)] =
    &[(0, "reset"), (0x10_0000, "undefined instruction"), (0x10_0001, "BREAK")];

pub(super) static AVR: PlatformDefinition = PlatformDefinition {
    platform: Platform::AVR,
    description: "AVR of 8 bits (ATmega, up to 128 KiB of flash)",
    address_bits: 24,
    pointer_bytes: 2,
    data_base: 0x80_0000,
    program_counter: "pc",
    stack_pointer: "sp",
    link_register: None,
    general_registers: GENERAL,
    instruction_alignment: 2,
    longest_instruction: 4,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 256,
    elf: Some(ElfIdentity { machine: 83, class_bits: 32 }),
    calling_conventions: &[AVR_GCC],
    syscall_conventions: &[],
    interrupts: INTERRUPTS,
    rows: &[ROWS],
    table: OnceLock::new(),
};
