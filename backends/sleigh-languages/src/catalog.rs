// The processors that are brought along. The build script reads this file
// too, so it knows nothing of the crate.

/// One processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// The specification, below Ghidra's folder of processors.
    pub specification: &'static str,
    /// The description of the processor (`.pspec`), beside it.
    pub description: &'static str,
    /// The names of the platforms (see `terrella-platforms`) that it decodes.
    pub platforms: &'static [&'static str],
}

const fn entry(
    name: &'static str,
    specification: &'static str,
    description: &'static str,
    platforms: &'static [&'static str],
) -> Entry {
    Entry { name, specification, description, platforms }
}

/// All processors.
pub const ENTRIES: &[Entry] = &[
    entry("x86-64", "x86/data/languages/x86-64.slaspec", "x86-64.pspec", &["x86_64"]),
    entry("x86", "x86/data/languages/x86.slaspec", "x86.pspec", &["i386"]),
    entry("x86-16", "x86/data/languages/x86.slaspec", "x86-16-real.pspec", &["x86_16"]),
    entry("aarch64", "AARCH64/data/languages/AARCH64.slaspec", "AARCH64.pspec", &["aarch64"]),
    entry("aarch64-be", "AARCH64/data/languages/AARCH64BE.slaspec", "AARCH64.pspec", &["aarch64_be"]),
    entry("arm-v5t", "ARM/data/languages/ARM5t_le.slaspec", "ARMt_v45.pspec", &["armv5t"]),
    entry("arm-v6", "ARM/data/languages/ARM6_le.slaspec", "ARMt_v6.pspec", &[]),
    entry("arm-v8", "ARM/data/languages/ARM8_le.slaspec", "ARMt.pspec", &["armv7a", "armv7aeb", "armv7r"]),
    entry("arm-v7m", "ARM/data/languages/ARM7_le.slaspec", "ARMCortex.pspec", &["armv6m", "armv7m"]),
    entry("mips-be", "MIPS/data/languages/mips32be.slaspec", "mips32.pspec", &["mips"]),
    entry("mips-le", "MIPS/data/languages/mips32le.slaspec", "mips32.pspec", &["mipsel"]),
    entry("mips64-be", "MIPS/data/languages/mips64be.slaspec", "mips64.pspec", &["mips64"]),
    entry("mips64-le", "MIPS/data/languages/mips64le.slaspec", "mips64.pspec", &["mips64el"]),
    entry("micromips-be", "MIPS/data/languages/mips32be.slaspec", "mips32micro.pspec", &["micromips"]),
    entry("micromips-le", "MIPS/data/languages/mips32le.slaspec", "mips32micro.pspec", &["micromipsel"]),
    entry("mips-r6-be", "MIPS/data/languages/mips32R6be.slaspec", "mips32R6.pspec", &["mipsr6"]),
    entry("mips-r6-le", "MIPS/data/languages/mips32R6le.slaspec", "mips32R6.pspec", &["mipsr6el"]),
    entry("mips64-r6-be", "MIPS/data/languages/mips64be.slaspec", "mips64R6.pspec", &["mips64r6"]),
    entry("mips64-r6-le", "MIPS/data/languages/mips64le.slaspec", "mips64R6.pspec", &["mips64r6el"]),
    entry("ppc-be", "PowerPC/data/languages/ppc_32_be.slaspec", "ppc_32.pspec", &["ppc"]),
    entry("ppc-le", "PowerPC/data/languages/ppc_32_le.slaspec", "ppc_32.pspec", &["ppcle"]),
    entry("ppc64-be", "PowerPC/data/languages/ppc_64_isa_altivec_be.slaspec", "ppc_64.pspec", &["ppc64"]),
    entry("ppc64-le", "PowerPC/data/languages/ppc_64_isa_altivec_le.slaspec", "ppc_64.pspec", &["ppc64le"]),
    entry("riscv32", "RISCV/data/languages/riscv.ilp32d.slaspec", "RV32GC.pspec", &["riscv32"]),
    entry("riscv64", "RISCV/data/languages/riscv.lp64d.slaspec", "RV64GC.pspec", &["riscv64"]),
    entry("m68k", "68000/data/languages/68040.slaspec", "68000.pspec", &["m68k"]),
    entry("coldfire", "68000/data/languages/coldfire.slaspec", "68000.pspec", &[]),
    entry(
        "loongarch32",
        "Loongarch/data/languages/loongarch32_f64.slaspec",
        "loongarch32.pspec",
        &["loongarch32"],
    ),
    entry(
        "loongarch64",
        "Loongarch/data/languages/loongarch64_f64.slaspec",
        "loongarch64.pspec",
        &["loongarch64"],
    ),
    entry("msp430", "TI_MSP430/data/languages/TI_MSP430.slaspec", "TI_MSP430.pspec", &["msp430"]),
    entry("msp430x", "TI_MSP430/data/languages/TI_MSP430X.slaspec", "TI_MSP430.pspec", &["msp430x"]),
    entry("tricore", "tricore/data/languages/tricore.slaspec", "tricore.pspec", &["tricore"]),
    entry("xtensa-le", "Xtensa/data/languages/xtensa_le.slaspec", "xtensa.pspec", &["xtensa"]),
    entry("xtensa-be", "Xtensa/data/languages/xtensa_be.slaspec", "xtensa.pspec", &["xtensaeb"]),
    entry("sparc", "Sparc/data/languages/SparcV9_32.slaspec", "SparcV9.pspec", &["sparc"]),
    entry("sparc64", "Sparc/data/languages/SparcV9_64.slaspec", "SparcV9.pspec", &["sparc64"]),
    entry("6502", "6502/data/languages/6502.slaspec", "6502.pspec", &["mos6502"]),
    entry("z80", "Z80/data/languages/z80.slaspec", "z80.pspec", &["z80"]),
    entry("8051", "8051/data/languages/8051.slaspec", "8051.pspec", &["i8051"]),
    entry("avr8", "Atmel/data/languages/avr8.slaspec", "avr8.pspec", &["avr"]),
    entry("superh4-be", "SuperH4/data/languages/SuperH4_be.slaspec", "SuperH4.pspec", &["sh4eb"]),
    entry("superh4-le", "SuperH4/data/languages/SuperH4_le.slaspec", "SuperH4.pspec", &["sh4"]),
    entry("ebpf", "eBPF/data/languages/eBPF_le.slaspec", "eBPF.pspec", &["ebpf"]),
];
