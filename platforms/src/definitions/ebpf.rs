//! eBPF, as a processor of its own.
//!
//! Registers and calls: RFC 9669 (BPF Instruction Set Architecture), sections
//! 2 and 4.3.5; the frames of 512 bytes and their number: Linux,
//! `include/linux/filter.h` (`MAX_BPF_STACK`) and
//! `include/linux/bpf_verifier.h` (`MAX_CALL_FRAMES`).

use std::sync::OnceLock;

use crate::{
    CallingConvention, CodeAddressBit, ElfIdentity, Extension, FloatFormat, FloatPlacement, Platform,
    PlatformDefinition,
    RegisterKind::{Control, General, Link, ProgramCounter, StackPointer},
    ReturnBy, StructResult, SyscallConvention, SyscallError, SyscallNumber, WidePlacement,
    spec::{Row, bank, names, reg},
};

/// `r10` is the end of a function's frame; programs do not write it. What a
/// virtual machine keeps beside the registers is control state here: `depth`
/// calls are open, and for each, from the outermost on, where it returns to
/// and the caller's `ra`, `r6` to `r9` and `r10`. `ra` is where the function
/// returns to that is executed; if it is not where the last call returns to,
/// the function was entered from outside and no call is open. `helper` is the
/// number of the helper function called last.
const ROWS: &[Row] = &[
    bank("r", 0, 9, 64, General),
    reg("r10", 64, StackPointer),
    reg("pc", 64, ProgramCounter),
    names(&[("sp", "r10"), ("fp", "r10")]),
    reg("ra", 64, Link),
    reg("helper", 64, Control),
    reg("depth", 64, Control),
    bank("frame#_pc", 0, 7, 64, Control),
    bank("frame#_ra", 0, 7, 64, Control),
    bank("frame#_r6", 0, 7, 64, Control),
    bank("frame#_r7", 0, 7, 64, Control),
    bank("frame#_r8", 0, 7, 64, Control),
    bank("frame#_r9", 0, 7, 64, Control),
    bank("frame#_r10", 0, 7, 64, Control),
];

const CALLS: &[CallingConvention] = &[CallingConvention {
    name: "bpf",
    source: "RFC 9669, section 2 (registers and calling convention)",
    integer_arguments: &["r1", "r2", "r3", "r4", "r5"],
    pointer_arguments: &[],
    slot_bytes: 8,
    wide: WidePlacement::Together,
    floats: FloatPlacement::AsIntegers,
    extension: Extension::BySign,
    // There are no arguments on the stack: they would begin at the frame.
    stack_arguments: 0,
    stack_alignment: 8,
    entry_misalignment: 0,
    stack_bias: 0,
    red_zone: 512,
    positional: false,
    integer_results: &["r0"],
    pointer_result: None,
    float_results: &[],
    float_result_format: FloatFormat::LowBits,
    struct_result: StructResult::HiddenArgument { callee_pops: false },
    struct_result_in_registers: 0,
    callee_saved: &["r6", "r7", "r8", "r9"],
    return_by: ReturnBy::Link { register: "ra", offset: 0 },
    callee_pops: false,
    entry_register: None,
    function_descriptors: false,
    variadic_vector_count: None,
    by_size: None,
}];

/// A call of a helper function is a call of the surroundings: the kernel's
/// numbers are those of `__BPF_FUNC_MAPPER` in `include/uapi/linux/bpf.h`.
const HELPERS: &[SyscallConvention] = &[SyscallConvention {
    name: "helpers",
    instruction: "call",
    number: SyscallNumber::Register("helper"),
    arguments: &["r1", "r2", "r3", "r4", "r5"],
    stack_arguments: None,
    result: "r0",
    second_result: None,
    error: SyscallError::NegativeResult,
    names: &[
        (1, "map_lookup_elem"),
        (2, "map_update_elem"),
        (3, "map_delete_elem"),
        (4, "probe_read"),
        (5, "ktime_get_ns"),
        (6, "trace_printk"),
        (7, "get_prandom_u32"),
        (8, "get_smp_processor_id"),
        (9, "skb_store_bytes"),
        (10, "l3_csum_replace"),
        (11, "l4_csum_replace"),
        (12, "tail_call"),
        (13, "clone_redirect"),
        (14, "get_current_pid_tgid"),
        (15, "get_current_uid_gid"),
        (16, "get_current_comm"),
        (23, "redirect"),
        (25, "perf_event_output"),
        (26, "skb_load_bytes"),
        (27, "get_stackid"),
        (28, "csum_diff"),
        (35, "get_current_task"),
        (112, "probe_read_user"),
        (113, "probe_read_kernel"),
        (114, "probe_read_user_str"),
        (115, "probe_read_kernel_str"),
        (130, "ringbuf_output"),
        (131, "ringbuf_reserve"),
        (132, "ringbuf_submit"),
        (133, "ringbuf_discard"),
    ],
}];

pub(super) static EBPF: PlatformDefinition = PlatformDefinition {
    platform: Platform::EBPF,
    description: "eBPF, ISA version 4",
    address_bits: 64,
    pointer_bytes: 8,
    data_base: 0,
    program_counter: "pc",
    stack_pointer: "r10",
    link_register: Some("ra"),
    general_registers: &["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"],
    instruction_alignment: 8,
    // The load of a 64-bit constant.
    longest_instruction: 16,
    delay_slots: false,
    code_address_bit: CodeAddressBit::Address,
    page_bytes: 4096,
    elf: Some(ElfIdentity { machine: 247, class_bits: 64 }),
    calling_conventions: CALLS,
    syscall_conventions: HELPERS,
    // The engine's own: a call deeper than the frames.
    interrupts: &[(1, "calls too deep"), (6, "illegal instruction")],
    rows: &[ROWS],
    table: OnceLock::new(),
};
