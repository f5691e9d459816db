//! RISC-V, 32 and 64 bits.
//!
//! Unicorn reads a control and status register as an instruction would, at the
//! current privilege; where that is forbidden, it gives whatever stood on its
//! stack. So the tables have what machine mode reads on a processor without
//! the hypervisor extension, and not the counters, which follow the host's
//! clock. `fcsr` needs `mstatus.FS`.

use unicorn_engine::RegisterRISCV as R;

use super::Row;

pub(super) const TABLES_32: &[&[Row]] = &[&core(4), FLOAT, &control(4), &fixed(4), HIGH];
pub(super) const TABLES_64: &[&[Row]] = &[&core(8), FLOAT, &control(8), &fixed(8)];

const fn core(bytes: u8) -> [Row; 3] {
    [
        Row::bank("x", 0, R::X0 as i32, R::X31 as i32, bytes),
        Row::one("pc", R::PC as i32, bytes),
        Row::one("priv", R::PRIV as i32, bytes),
    ]
}

const FLOAT: &[Row] = &[Row::bank("f", 0, R::F0 as i32, R::F31 as i32, 8)];

const fn control(bytes: u8) -> [Row; 24] {
    [
        Row::one("fcsr", R::FCSR as i32, bytes),
        Row::one("mstatus", R::MSTATUS as i32, bytes),
        Row::one("misa", R::MISA as i32, bytes).read_only(),
        Row::one("medeleg", R::MEDELEG as i32, bytes),
        Row::one("mideleg", R::MIDELEG as i32, bytes),
        Row::one("mie", R::MIE as i32, bytes),
        Row::one("mtvec", R::MTVEC as i32, bytes),
        Row::one("mcounteren", R::MCOUNTEREN as i32, bytes),
        Row::one("mscratch", R::MSCRATCH as i32, bytes),
        Row::one("mepc", R::MEPC as i32, bytes),
        Row::one("mcause", R::MCAUSE as i32, bytes),
        Row::one("mtval", R::MTVAL as i32, bytes),
        Row::one("mip", R::MIP as i32, bytes),
        Row::one("sstatus", R::SSTATUS as i32, bytes),
        Row::one("sie", R::SIE as i32, bytes),
        Row::one("stvec", R::STVEC as i32, bytes),
        Row::one("scounteren", R::SCOUNTEREN as i32, bytes),
        Row::one("sscratch", R::SSCRATCH as i32, bytes),
        Row::one("sepc", R::SEPC as i32, bytes),
        Row::one("scause", R::SCAUSE as i32, bytes),
        Row::one("stval", R::STVAL as i32, bytes),
        Row::one("sip", R::SIP as i32, bytes),
        Row::one("satp", R::SATP as i32, bytes),
        Row::one("mhartid", R::MHARTID as i32, bytes).read_only(),
    ]
}

/// Registers that read as zero.
const fn fixed(bytes: u8) -> [Row; 4] {
    [
        Row::one("mvendorid", R::MVENDORID as i32, bytes).read_only(),
        Row::one("marchid", R::MARCHID as i32, bytes).read_only(),
        Row::one("mimpid", R::MIMPID as i32, bytes).read_only(),
        Row::bank("hpmcounter", 3, R::HPMCOUNTER3 as i32, R::HPMCOUNTER31 as i32, bytes).read_only(),
    ]
}

const HIGH: &[Row] = &[
    Row::one("mstatush", R::MSTATUSH as i32, 4),
    Row::bank("hpmcounter#h", 3, R::HPMCOUNTER3H as i32, R::HPMCOUNTER31H as i32, 4).read_only(),
];
