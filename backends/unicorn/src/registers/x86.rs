//! x86, 16, 32 and 64 bits.

use unicorn_engine::RegisterX86 as R;

use super::Row;

pub(super) const TABLES_64: &[&[Row]] = &[GENERAL_64, COMMON, TABLES, TABLE_SELECTORS, SPECIFIC, SPECIFIC_64];
pub(super) const TABLES_32: &[&[Row]] = &[GENERAL_32, COMMON, TABLES, TABLE_SELECTORS, SPECIFIC, SPECIFIC_32];

pub(super) const TABLES_16: &[&[Row]] = &[GENERAL_16, COMMON, SELECTORS_16, TABLES];

const fn one(name: &'static str, id: R, bytes: u8) -> Row {
    Row::one(name, id as i32, bytes)
}

const fn bank(prefix: &'static str, first: u16, id: R, last_id: R, bytes: u8) -> Row {
    Row::bank(prefix, first, id as i32, last_id as i32, bytes)
}

/// A model-specific register: `uc_x86_msr` is a number, 4 bytes of padding and
/// a value.
const fn specific(name: &'static str, number: u32) -> Row {
    Row::in_structure(name, R::MSR as i32, 16, [number, 0, 0, 0, 0, 0, 0], 8, 8)
}

/// A field of `uc_x86_mmr`: selector at 0, base at 8, limit at 16, flags at 20.
const fn field(name: &'static str, id: R, offset: u8, width: u8) -> Row {
    Row::in_structure(name, id as i32, 24, [0; 7], offset, width).shared()
}

const GENERAL_64: &[Row] = &[
    one("rax", R::RAX, 8),
    one("rcx", R::RCX, 8),
    one("rdx", R::RDX, 8),
    one("rbx", R::RBX, 8),
    one("rsp", R::RSP, 8),
    one("rbp", R::RBP, 8),
    one("rsi", R::RSI, 8),
    one("rdi", R::RDI, 8),
    bank("r", 8, R::R8, R::R15, 8),
    one("rip", R::RIP, 8),
    one("rflags", R::RFLAGS, 8),
    one("fs_base", R::FS_BASE, 8),
    one("gs_base", R::GS_BASE, 8),
    bank("cr", 0, R::CR0, R::CR0, 8),
    bank("cr", 2, R::CR2, R::CR4, 8),
    one("cr8", R::CR8, 8),
    bank("dr", 0, R::DR0, R::DR3, 8),
    bank("dr", 6, R::DR6, R::DR7, 8),
    bank("zmm", 0, R::ZMM0, R::ZMM31, 64),
];

/// Of the vector registers, 32-bit mode shows 256 bits.
const GENERAL_32: &[Row] = &[
    one("eax", R::EAX, 4),
    one("ecx", R::ECX, 4),
    one("edx", R::EDX, 4),
    one("ebx", R::EBX, 4),
    one("esp", R::ESP, 4),
    one("ebp", R::EBP, 4),
    one("esi", R::ESI, 4),
    one("edi", R::EDI, 4),
    one("eip", R::EIP, 4),
    one("eflags", R::EFLAGS, 4),
    bank("cr", 0, R::CR0, R::CR0, 4),
    bank("cr", 2, R::CR2, R::CR4, 4),
    bank("dr", 0, R::DR0, R::DR3, 4),
    bank("dr", 6, R::DR6, R::DR7, 4),
    bank("zmm", 0, R::YMM0, R::YMM7, 32),
];

/// The program counter is the offset in the code segment, which the emulator
/// adds.
const GENERAL_16: &[Row] = &[
    one("eax", R::EAX, 4),
    one("ecx", R::ECX, 4),
    one("edx", R::EDX, 4),
    one("ebx", R::EBX, 4),
    one("esp", R::ESP, 4),
    one("ebp", R::EBP, 4),
    one("esi", R::ESI, 4),
    one("edi", R::EDI, 4),
    one("pc", R::EIP, 4),
    one("eip", R::EIP, 4),
    one("eflags", R::EFLAGS, 4),
    bank("cr", 0, R::CR0, R::CR0, 4),
    bank("cr", 2, R::CR2, R::CR4, 4),
    bank("dr", 0, R::DR0, R::DR3, 4),
    bank("dr", 6, R::DR6, R::DR7, 4),
    bank("xmm", 0, R::XMM0, R::XMM7, 16),
];

const SELECTORS_16: &[Row] = &[
    one("cs", R::CS, 2),
    one("ss", R::SS, 2),
    one("ds", R::DS, 2),
    one("es", R::ES, 2),
    one("fs", R::FS, 2),
    one("gs", R::GS, 2),
];

const COMMON: &[Row] = &[
    bank("st", 0, R::ST0, R::ST7, 10),
    one("fpcw", R::FPCW, 2),
    one("fpsw", R::FPSW, 2),
    one("fptw", R::FPTAG, 2),
    one("fop", R::FOP, 2),
    one("fcs", R::FCS, 2),
    one("fds", R::FDS, 2),
    one("fip", R::FIP, 8),
    one("fdp", R::FDP, 8),
    one("mxcsr", R::MXCSR, 4),
];

const TABLES: &[Row] = &[
    field("gdtr_base", R::GDTR, 8, 8),
    field("gdtr_limit", R::GDTR, 16, 4),
    field("idtr_base", R::IDTR, 8, 8),
    field("idtr_limit", R::IDTR, 16, 4),
];

const TABLE_SELECTORS: &[Row] = &[
    field("ldtr", R::LDTR, 0, 2),
    field("ldtr_base", R::LDTR, 8, 8),
    field("ldtr_limit", R::LDTR, 16, 4),
    field("tr", R::TR, 0, 2),
    field("tr_base", R::TR, 8, 8),
    field("tr_limit", R::TR, 16, 4),
];

/// Without the time-stamp counter, which follows the host's clock.
const SPECIFIC: &[Row] = &[
    specific("efer", 0xc000_0080),
    specific("sysenter_cs", 0x174),
    specific("sysenter_esp", 0x175),
    specific("sysenter_eip", 0x176),
    specific("misc_enable", 0x1a0),
    specific("pat", 0x277),
    specific("mtrr_def_type", 0x2ff),
];

const SPECIFIC_64: &[Row] = &[
    specific("star", 0xc000_0081),
    specific("lstar", 0xc000_0082),
    specific("cstar", 0xc000_0083),
    specific("sfmask", 0xc000_0084),
    specific("kernel_gs_base", 0xc000_0102),
    specific("tsc_aux", 0xc000_0103),
];

/// The plain ids of the segment bases do nothing in 32-bit mode.
const SPECIFIC_32: &[Row] = &[specific("fs_base", 0xc000_0100), specific("gs_base", 0xc000_0101)];
