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

/// A correction of a specification's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// The end of the file's path.
    pub file: &'static str,
    /// What stands there.
    pub old: &'static str,
    /// What is put in its place, everywhere in the file.
    pub new: &'static str,
    /// Why.
    pub reason: &'static str,
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
    entry("x86-16", "x86/data/languages/x86.slaspec", "x86-16-real.pspec", &[]),
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
    entry("ppc-be", "PowerPC/data/languages/ppc_32_be.slaspec", "ppc_32.pspec", &["ppc"]),
    entry("ppc-le", "PowerPC/data/languages/ppc_32_le.slaspec", "ppc_32.pspec", &[]),
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
    entry("6502", "6502/data/languages/6502.slaspec", "6502.pspec", &[]),
    entry("z80", "Z80/data/languages/z80.slaspec", "z80.pspec", &[]),
    entry("8051", "8051/data/languages/8051.slaspec", "8051.pspec", &[]),
    entry("avr8", "Atmel/data/languages/avr8.slaspec", "avr8.pspec", &[]),
    entry("superh4-be", "SuperH4/data/languages/SuperH4_be.slaspec", "SuperH4.pspec", &["sh4eb"]),
    entry("superh4-le", "SuperH4/data/languages/SuperH4_le.slaspec", "SuperH4.pspec", &["sh4"]),
    entry("ebpf", "eBPF/data/languages/eBPF_le.slaspec", "eBPF.pspec", &["ebpf"]),
];

/// A correction of a load of a neighbouring register.
const fn xtensa(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "ALL4 and its like read neighbours" }
}

/// A correction of the integer arithmetic of MIPS that traps: the specification
/// wraps (MIPS Architecture For Programmers, volume II, ADD, ADDI, SUB).
const fn overflows(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "mips32Instructions.sinc", old, new, reason: "additions that overflow trap" }
}

/// A correction of a branch of SPARC on a register, which is read before the
/// instruction in the delay slot writes it (SPARC V9, 7.4).
const fn branch(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "the condition is evaluated before the delay slot" }
}

/// A correction of the register windows of SPARC: handlers of the engine
/// spill and fill them.
const fn window(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "windows are spilled where they belong" }
}

/// A correction of a load or store of SPARC of a pair of registers.
const fn pair(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "SparcV9.sinc", old, new, reason: "two registers are loaded or stored" }
}

/// A correction of the condition codes of floating point (M68000 Family
/// Programmer's Reference Manual, section 3.6, FCMP, FMOVE).
const fn coprocessor(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "results set the condition codes, and conditions read them" }
}

/// A correction of PowerPC (Power ISA, book I, 3.3, and book II, 4.6) or MIPS
/// (volume II, CLO, CLZ, INS, WSBH).
const fn powerpc_or_mips(
    file: &'static str,
    old: &'static str,
    new: &'static str,
    reason: &'static str,
) -> Edit {
    Edit { file, old, new, reason }
}

const RESERVATIONS: &str = "a conditional store needs the reservation, and tells whether it stored";
const REVERSED: &str = "the order of bytes is reversed in either order";
const WORDS: &str = "operations on words, on 64-bit processors as well";

/// A correction of LoongArch (LoongArch Reference Manual, volume 1).
const fn loongarch(file: &'static str, old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file, old, new, reason }
}

/// A correction of SuperH (SH-4 Software Manual, section 9).
const fn superh(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "SuperH4.sinc", old, new, reason }
}

/// A correction of eBPF.
const fn ebpf(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "eBPF.sinc", old, new, reason }
}

const EBPF_SHIFTS: &str = "amounts of shifts wrap at the width (RFC 9669, 4.1)";

const SUPERH_VECTORS: &str = "in little endian, too, vectors are four singles in the order of their numbers";

/// A correction of a load that steps its pointer, which does not step if the
/// pointer itself is loaded; `old` is the line that steps it.
const fn superh_step(old: &'static str, new: &'static str) -> Edit {
    superh(old, new, "a pointer that is loaded over is not stepped")
}

/// A correction of a store before which the pointer is stepped: what is
/// stored is the value before the step.
const fn superh_push(old: &'static str, new: &'static str) -> Edit {
    superh(old, new, "a pointer is stored as it was before the step")
}

/// A correction of saturating sums of ARM and Thumb, which are computed in too
/// few bits.
const fn arm_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

const fn thumb_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

/// A correction of exceptions of the 68000.
const fn exception(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "exceptions have numbers, and the engine enters them" }
}

/// A correction of x86's main file.
const fn ia(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "ia.sinc", old, new, reason }
}

const AUXILIARY: &str = "AF, the carry out of the lowest four bits, is not computed";

/// A correction of INC or DEC of a register.
const fn step(old: &'static str, new: &'static str) -> Edit {
    ia(old, new, AUXILIARY)
}

/// A correction of INC or DEC in memory.
const fn step_in_memory(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "lockable.sinc", old, new, reason: AUXILIARY }
}

const SHIFTED_OUT: &str = "SHR by one sets OF to the sign of what is shifted (Intel SDM, volume 2, SHR)";
const COUNTS: &str = "a count in ECX clears what is above, as any write of 32 bits";
const CLEARING_COUNT: &str =
    "if (ECX==0) goto inst_next; ECX=ECX-1;\n@ifdef IA64\n RCX = zext(ECX);\n@endif\n";
const CLEARING_LOOP: &str = "ECX = ECX -1;\n@ifdef IA64\n RCX = zext(ECX);\n@endif\n if";
const BYTE_REGISTERS: &str = "a REX prefix selects SPL to DIL whatever the size of addresses";

/// Corrections of texts. Those of semantics that need more than a few words
/// are native handlers of the engine.
pub const EDITS: &[Edit] = &[
    Edit {
        file: "ia.sinc",
        old: "byte=0xf4                        { goto inst_start; }",
        new: "byte=0xf4 { hlt(); }\ndefine pcodeop hlt;",
        reason: "HLT waits for an interrupt; as a jump to itself it could not be told from one",
    },
    ia(
        "macro addflags(op1,op2) {",
        "macro addflags(op1,op2) {\n AF = ((op1 ^ op2 ^ (op1 + op2)) & 0x10) != 0;",
        AUXILIARY,
    ),
    ia(
        "macro subflags(op1,op2) {",
        "macro subflags(op1,op2) {\n AF = ((op1 ^ op2 ^ (op1 - op2)) & 0x10) != 0;",
        AUXILIARY,
    ),
    ia("macro negflags(op1) {", "macro negflags(op1) {\n AF = (op1 & 0xf) != 0;", AUXILIARY),
    ia(
        "\tlocal result = op1 + op2;\n",
        "\tlocal result = op1 + op2;\n\tAF = ((op1 ^ op2 ^ (result + CFcopy)) & 0x10) != 0;\n",
        AUXILIARY,
    ),
    ia(
        "\tlocal result = op1 - op2;\n",
        "\tlocal result = op1 - op2;\n\tAF = ((op1 ^ op2 ^ (result - CFcopy)) & 0x10) != 0;\n",
        AUXILIARY,
    ),
    step("OF = scarry(Rmr8,1);", "OF = scarry(Rmr8,1); AF = (Rmr8 & 0xf) == 0xf;"),
    step("OF = scarry(Rmr16,1);", "OF = scarry(Rmr16,1); AF = (Rmr16 & 0xf) == 0xf;"),
    step("OF = scarry(Rmr32,1);", "OF = scarry(Rmr32,1); AF = (Rmr32 & 0xf) == 0xf;"),
    step("OF = scarry(Rmr64,1);", "OF = scarry(Rmr64,1); AF = (Rmr64 & 0xf) == 0xf;"),
    step("OF = sborrow(Rmr8,1);", "OF = sborrow(Rmr8,1); AF = (Rmr8 & 0xf) == 0;"),
    step("OF = sborrow(Rmr16,1);", "OF = sborrow(Rmr16,1); AF = (Rmr16 & 0xf) == 0;"),
    step("OF = sborrow(Rmr32,1);", "OF = sborrow(Rmr32,1); AF = (Rmr32 & 0xf) == 0;"),
    step("OF = sborrow(Rmr64,1);", "OF = sborrow(Rmr64,1); AF = (Rmr64 & 0xf) == 0;"),
    step_in_memory("OF = scarry(m8,1);", "OF = scarry(m8,1); AF = (m8 & 0xf) == 0xf;"),
    step_in_memory("OF = scarry(m16,1);", "OF = scarry(m16,1); AF = (m16 & 0xf) == 0xf;"),
    step_in_memory("OF = scarry(m32,1);", "OF = scarry(m32,1); AF = (m32 & 0xf) == 0xf;"),
    step_in_memory("OF = scarry(m64,1);", "OF = scarry(m64,1); AF = (m64 & 0xf) == 0xf;"),
    step_in_memory("OF = sborrow(m8,1);", "OF = sborrow(m8,1); AF = (m8 & 0xf) == 0;"),
    step_in_memory("OF = sborrow(m16,1);", "OF = sborrow(m16,1); AF = (m16 & 0xf) == 0;"),
    step_in_memory("OF = sborrow(m32,1);", "OF = sborrow(m32,1); AF = (m32 & 0xf) == 0;"),
    step_in_memory("OF = sborrow(m64,1);", "OF = sborrow(m64,1); AF = (m64 & 0xf) == 0;"),
    ia("OF = 0; rm8 = rm8 >> 1;", "OF = rm8 s< 0; rm8 = rm8 >> 1;", SHIFTED_OUT),
    ia("OF = 0; rm16 = rm16 >> 1;", "OF = rm16 s< 0; rm16 = rm16 >> 1;", SHIFTED_OUT),
    ia("OF = 0; rm32 = rm32 >> 1;", "OF = rm32 s< 0; rm32 = rm32 >> 1;", SHIFTED_OUT),
    ia("OF = 0; rm64 = rm64 >> 1;", "OF = rm64 s< 0; rm64 = rm64 >> 1;", SHIFTED_OUT),
    ia(
        "opsize=1 & byte=0xAD & dseSI4    { build rep; build dseSI4; EAX=dseSI4; build reptail; }",
        "opsize=1 & byte=0xAD & dseSI4 & check_EAX_dest \
         { build rep; build dseSI4; EAX=dseSI4; build check_EAX_dest; build reptail; }",
        "LODSD clears what is above EAX, as any write of 32 bits",
    ),
    ia("if (ECX==0) goto inst_next; ECX=ECX-1;", CLEARING_COUNT, COUNTS),
    ia("ECX = ECX -1; if", CLEARING_LOOP, COUNTS),
    ia(
        "CRmr8:  r8          is rexBprefix=0 & r8\t",
        "CRmr8:  r8          is rexprefix=0 & rexBprefix=0 & r8\t",
        BYTE_REGISTERS,
    ),
    ia(
        "is addrsize=2 & rexBprefix=0 & r8 ",
        "is addrsize=2 & rexprefix=0 & rexBprefix=0 & r8 ",
        BYTE_REGISTERS,
    ),
    ia("CRmr8:  r8_x0       is addrsize=2 & ", "CRmr8:  r8_x0       is ", BYTE_REGISTERS),
    ia("CRmr8:  r8_x1       is addrsize=2 & ", "CRmr8:  r8_x1       is ", BYTE_REGISTERS),
    ia("; index=4 & Base", "; rexXprefix=0 & index=4 & Base", "R12 can be an index in 32-bit addresses, too"),
    ia("; index=4 & base=5; imm32", "; rexXprefix=0 & index=4 & base=5; imm32", "R12 can be an index, too"),
    ia(
        "is bit64=1 & mod=0 & r_m=4; index=4 & base=5; pcRelSimm32",
        "is bit64=1 & mod=0 & r_m=5; pcRelSimm32",
        "without a SIB byte it is relative to EIP, with one absolute (Intel SDM, volume 2, 2.2.1.6)",
    ),
    ia(
        ":NOP rm32       is vexMode=0 & mandover & opsize=1 & byte=0x0f; high5=3; rm32  ...    { }\n",
        ":NOP rm32       is vexMode=0 & mandover & opsize=1 & byte=0x0f; high5=3; rm32  ...    { }\n\
         @ifdef IA64\n\
         :NOP rm64       is vexMode=0 & mandover & opsize=2 & byte=0x0f; high5=3; rm64  ...    { }\n\
         @endif\n",
        "hints have forms with REX.W, too",
    ),
    ia(
        "$(PRE_F3) & byte=0x90 ",
        "$(PRE_F3) & rexBprefix=0 & byte=0x90 ",
        "F3 90 with REX.B is an exchange with R8",
    ),
    ia(
        "byte=0x90 & (mandover=0 | mandover=4 | mandover=1) & (rexprefix=0 | rexWRXBprefix=8)",
        "byte=0x90 & (mandover=0 | mandover=4 | mandover=1 | mandover=5) & (rexprefix=0 | rexBprefix=0)",
        "90 is NOP with any REX prefix that does not extend the register",
    ),
    ia(
        "tmp=       (0x4000 * zext(NT&1))",
        "tmp=       (0x4000 * zext(NT&1)) | 0x2",
        "bit 1 of the flags word is always one",
    ),
    // `*[space]:1 a+1` adds to what is loaded, and the neighbouring register
    // is meant (Xtensa Instruction Set Architecture, ALL4, ALL8, ANY4, ANY8).
    xtensa("*[register]:1 &:4 bs+1;", "*[register]:1 (&:4 bs+1);"),
    xtensa("*[register]:1 &:4 bs+2;", "*[register]:1 (&:4 bs+2);"),
    xtensa("*[register]:1 &:4 bs+3;", "*[register]:1 (&:4 bs+3);"),
    xtensa("*[register]:1 &:4 bs+4;", "*[register]:1 (&:4 bs+4);"),
    xtensa("*[register]:1 &:4 bs+5;", "*[register]:1 (&:4 bs+5);"),
    xtensa("*[register]:1 &:4 bs+6;", "*[register]:1 (&:4 bs+6);"),
    xtensa("*[register]:1 &:4 bs+7;", "*[register]:1 (&:4 bs+7);"),
    overflows(
        ":add RD32, RS32src, RT32src           is $(AMODE) & prime=0 & sa=0 & fct=0x20 & RD32 & RS32src & RT32src & RD {",
        "define pcodeop integerOverflow;\n:add RD32, RS32src, RT32src           is $(AMODE) & prime=0 & sa=0 & fct=0x20 & RD32 & RS32src & RT32src & RD {\n    if (!scarry(RS32src, RT32src)) goto <fits>;\n    integerOverflow();\n<fits>",
    ),
    overflows(
        "is $(AMODE) & REL6=0 & prime=8 & RT32 & RS32src & simmed & RT {",
        "is $(AMODE) & REL6=0 & prime=8 & RT32 & RS32src & simmed & RT {\n    local addend:4 = simmed;\n    if (!scarry(RS32src, addend)) goto <fits>;\n    integerOverflow();\n<fits>",
    ),
    overflows(
        "is $(AMODE) & prime=0 & fct=0x22 & RS32src & RT32src & RD32 & sa=0 & RD {",
        "is $(AMODE) & prime=0 & fct=0x22 & RS32src & RT32src & RD32 & sa=0 & RD {\n    if (!sborrow(RS32src, RT32src)) goto <fits>;\n    integerOverflow();\n<fits>",
    ),
    overflows(
        "is $(AMODE) & prime=0 & fct=0x2C & RSsrc & RTsrc & RD & sa=0 {",
        "is $(AMODE) & prime=0 & fct=0x2C & RSsrc & RTsrc & RD & sa=0 {\n    if (!scarry(RSsrc, RTsrc)) goto <fits>;\n    integerOverflow();\n<fits>",
    ),
    branch(
        "{ delayslot(1); if (RS1 == 0)  goto d16off;}",
        "{ local holds:1 = RS1 == 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s<= 0) goto d16off;}",
        "{ local holds:1 = RS1 s<= 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s< 0)  goto d16off;}",
        "{ local holds:1 = RS1 s< 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 != 0)  goto d16off;}",
        "{ local holds:1 = RS1 != 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s> 0)  goto d16off;}",
        "{ local holds:1 = RS1 s> 0; delayslot(1); if (holds) goto d16off;}",
    ),
    branch(
        "{ delayslot(1); if (RS1 s>= 0) goto d16off;}",
        "{ local holds:1 = RS1 s>= 0; delayslot(1); if (holds) goto d16off;}",
    ),
    window(
        "macro save() {    \n\nif (DECOMPILE_MODE) goto <skip_rotate>;\n",
        "define pcodeop registerWindowSave;\ndefine pcodeop registerWindowRestore;\nmacro save() {\n\tregisterWindowSave();\n\tgoto <skip_rotate>;\n",
    ),
    window(
        "if (DECOMPILE_MODE) goto <skip_rotate>;\t\n\t# restore original inputs",
        "\tregisterWindowRestore();\n\tgoto <skip_rotate>;",
    ),
    pair(
        ":ldd ea,RD                           is op=3 & RD & op3=0x03 & ea { RD = *:$(SIZE) ea; }",
        ":ldd ea,RD                           is op=3 & RD & rd & op3=0x03 & ea { local both:8 = *:8 ea; local place:4 = &rd; rd = both >> 32; *[register]:8 (place + 8) = both & 0xffffffff; }",
    ),
    pair(
        ":std RD,ea                           is op=3 & RD & op3=0x07 & ea { *ea = RD; }",
        ":std RD,ea                           is op=3 & RD & rd & op3=0x07 & ea { local place:4 = &rd; local second:8 = *[register]:8 (place + 8); *:8 ea = (rd << 32) | (second & 0xffffffff); }",
    ),
    exception(
        ":illegal			is d16=0x4afc						unimpl",
        "define pcodeop illegalInstruction;\n:illegal is d16=0x4afc { illegalInstruction(); }",
    ),
    exception(
        "define pcodeop __m68k_trapv;",
        "define pcodeop __m68k_trapv;\ndefine pcodeop __m68k_exception;",
    ),
    exception("  __m68k_trap(6:1);", "  __m68k_exception(6:1);"),
    exception(
        "SP = SP - 4; *:4 SP = inst_next; vector:1 = 7; __m68k_trap(vector);",
        "__m68k_exception(7:1);",
    ),
    exception("SP = SP - 4; *:4 SP = inst_next; __m68k_trapv();", "__m68k_trapv();"),
    Edit {
        file: "riscv.table.sinc",
        old: "macro fassignS(dest, src) {\n@if FPSIZE == \"32\"\n\tdest = src;\n@else\n\tdest = zext(src);",
        new: "macro fassignS(dest, src) {\n@if FPSIZE == \"32\"\n\tdest = src;\n@else\n\tdest = 0xffffffff00000000 | zext(src);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "loongarch64_instructions.sinc",
        old: "local shift:1 = imm10_6 & 0x1f;",
        new: "local shift:1 = imm10_6 & 0x3f;",
        reason: "amounts of shifts of 64 bits have six bits",
    },
    Edit {
        file: "loongarch64_instructions.sinc",
        old: "local tmp1:8 = RJsrc s>> shift;",
        new: "local tmp1:8 = RJsrc >> shift;",
        reason: "rotations bring no copies of the sign in",
    },
    Edit {
        file: "loongarch32_instructions.sinc",
        old: "local tmp1:4 = RJ32src s>> shift;",
        new: "local tmp1:4 = RJ32src >> shift;",
        reason: "rotations bring no copies of the sign in",
    },
    Edit {
        file: "AARCH64base.sinc",
        old: "*(addrReg + 4) = Rt2_GPR64;",
        new: "*(addrReg + 8) = Rt2_GPR64;",
        reason: "the second of two double words is eight bytes behind the first",
    },
    Edit {
        file: "riscv.csr.sinc",
        old: "\trdDst = zext(frm[0,3]);\n\tfrm[0,3] = rs1[0,3];",
        new: "\tlocal new = rs1;\n\trdDst = zext(frm[0,3]);\n\tfrm[0,3] = new[0,3];",
        reason: "source and destination may be the same register",
    },
    Edit {
        file: "ARMneon.sinc",
        old: "\tRnAligned3 = RnAligned3 + vld1DdList3;",
        new: "\tRnAligned3 = RnAligned3 + esize0607;",
        reason: "the pointer advances by the element that was loaded",
    },
    Edit {
        file: "ARMneon.sinc",
        old: "\tVRnAligned3 = VRnAligned3 + thv_vld1DdList3;",
        new: "\tVRnAligned3 = VRnAligned3 + esize0607;",
        reason: "the pointer advances by the element that was loaded",
    },
    superh(
        "is OP_0=0xb & I_1tbranch {",
        "is OP_0=0xb & I_1tbranch {\n\tPR = inst_next;",
        "BSR leaves its return address",
    ),
    superh("local product:4 = tmpN * tmpN;", "local product:4 = tmpN * tmpM;", "MAC.W has two factors"),
    superh(
        "FPSCR = FPSCR ^ 0x00100000;",
        "FPSCR = FPSCR ^ 0x00100000;\n\t$(FPSCR_SZ) = $(FPSCR_SZ) ^ 1;",
        "the bit that instructions look at is a register of its own",
    ),
    superh(
        "FPSCR = FPSCR ^ 0x00080000;",
        "FPSCR = FPSCR ^ 0x00080000;\n\t$(FPSCR_PR) = $(FPSCR_PR) ^ 1;",
        "the bit that instructions look at is a register of its own",
    ),
    superh(
        "\t$(FPSCR_FR) = !$(FPSCR_FR);\n\tFPSCR = FPSCR ^ 0x00200000;",
        "\t$(FPSCR_FR) = $(FPSCR_FR) ^ 1;\n\tFPSCR = FPSCR ^ 0x00200000;\n\
         \tlocal bank:8;\n\
         \tbank = dr0; dr0 = xd0; xd0 = bank;\n\tbank = dr2; dr2 = xd2; xd2 = bank;\n\
         \tbank = dr4; dr4 = xd4; xd4 = bank;\n\tbank = dr6; dr6 = xd6; xd6 = bank;\n\
         \tbank = dr8; dr8 = xd8; xd8 = bank;\n\tbank = dr10; dr10 = xd10; xd10 = bank;\n\
         \tbank = dr12; dr12 = xd12; xd12 = bank;\n\tbank = dr14; dr14 = xd14; xd14 = bank;",
        "FRCHG exchanges the banks",
    ),
    superh(
        "\tsplitSRregister();\n\tSR = (N_0t_sr & 0x700083f3);",
        "\tSR = (N_0t_sr & 0x700083f3);\n\tsplitSRregister();",
        "the parts of SR are those of the new value",
    ),
    superh(
        "define alignment=2;",
        "define alignment=2;\n@if ENDIAN == \"little\"\n@define FV0 \"4\"\n@define FV1 \"0\"\n\
         @define FV2 \"12\"\n@define FV3 \"8\"\n@else\n@define FV0 \"0\"\n@define FV1 \"4\"\n\
         @define FV2 \"8\"\n@define FV3 \"12\"\n@endif",
        SUPERH_VECTORS,
    ),
    superh(
        "fr15 fr14\n\txf0  xf1  xf2  xf3  xf4  xf5  xf6  xf7  xf8  xf9  xf10 xf11 xf12 xf13 xf14 xf15",
        "fr15 fr14\n\txf1  xf0  xf3  xf2  xf5  xf4  xf7  xf6  xf9  xf8  xf11 xf10 xf13 xf12 xf15 xf14",
        SUPERH_VECTORS,
    ),
    superh("FVN_2t +  0)", "FVN_2t + $(FV0))", SUPERH_VECTORS),
    superh("FVN_2t +  4)", "FVN_2t + $(FV1))", SUPERH_VECTORS),
    superh("FVN_2t +  8)", "FVN_2t + $(FV2))", SUPERH_VECTORS),
    superh("FVN_2t + 12)", "FVN_2t + $(FV3))", SUPERH_VECTORS),
    superh("FVM_2t +  0)", "FVM_2t + $(FV0))", SUPERH_VECTORS),
    superh("FVM_2t +  4)", "FVM_2t + $(FV1))", SUPERH_VECTORS),
    superh("FVM_2t +  8)", "FVM_2t + $(FV2))", SUPERH_VECTORS),
    superh("FVM_2t + 12)", "FVM_2t + $(FV3))", SUPERH_VECTORS),
    superh(
        ":sleep                      is OP_3=0x1b {  }",
        "define pcodeop waitForInterrupt;\n:sleep is OP_3=0x1b { waitForInterrupt(); }\n\
         define pcodeop illegalInstruction;\n:undef is OP_3=0xfffd { illegalInstruction(); }",
        "SLEEP waits; 0xfffd is the code that always is illegal",
    ),
    superh_step(
        "\tN_0t = *:4 ( M_0t_at );\n\tM_0t_at = M_0t_at + 4;",
        "\tlocal loaded:4 = *:4 ( M_0t_at );\n\tM_0t_at = M_0t_at + 4;\n\tN_0t = loaded;",
    ),
    superh_step(
        "\tN_0t = sext( *:2 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 2;",
        "\tlocal loaded:4 = sext( *:2 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 2;\n\tN_0t = loaded;",
    ),
    superh_step(
        "\tN_0t = sext( *:1 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 1;",
        "\tlocal loaded:4 = sext( *:1 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 1;\n\tN_0t = loaded;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 1;\n\t*:1 ( N_0t_at_neg ) = M_0t:1;",
        "\tlocal stored:1 = M_0t:1;\n\tN_0t_at_neg = N_0t_at_neg - 1;\n\t*:1 ( N_0t_at_neg ) = stored;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 2;\n\t*:2 ( N_0t_at_neg ) = M_0t:2;",
        "\tlocal stored:2 = M_0t:2;\n\tN_0t_at_neg = N_0t_at_neg - 2;\n\t*:2 ( N_0t_at_neg ) = stored;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 4;\n\t*:4 ( N_0t_at_neg ) = M_0t;",
        "\tlocal stored:4 = M_0t;\n\tN_0t_at_neg = N_0t_at_neg - 4;\n\t*:4 ( N_0t_at_neg ) = stored;",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\tlocal repl:4 = (RJ32src & (mask << lsb)) >> lsb;\n\tRD = sext((RD32 & (~mask)) | repl);",
        "\tlocal repl:4 = (RJ32src & mask) << lsb;\n\tRD = sext((RD32 & ~(mask << lsb)) | repl);",
        "BSTRINS inserts the lowest bits",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\tlocal repl:8 = (RJsrc & (mask << lsb)) >> lsb;\n\n\tRD = (RD & (~mask)) | repl;",
        "\tlocal repl:8 = (RJsrc & mask) << lsb;\n\tRD = (RD & ~(mask << lsb)) | repl;",
        "BSTRINS inserts the lowest bits",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\tlocal tmp_hi:4 = RK32src & ~mask;\n\tlocal tmp_lo:4 = (RJ32src & (mask << (32-bitstop)) >> (32-bitstop));\n\tRD = sext(tmp_hi + tmp_lo);",
        "\tlocal tmp_hi:4 = RK32src << (32 - bitstop);\n\tlocal tmp_lo:4 = RJ32src >> bitstop;\n\tRD = sext(tmp_hi | tmp_lo);",
        "BYTEPICK shifts a pair of registers",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\tlocal tmp_hi:8 = RKsrc & ~mask;\n\tlocal tmp_lo:8 = (RJsrc & (mask << (64-bitstop)) >> (64-bitstop));\n\tRD = tmp_hi + tmp_lo;",
        "\tlocal tmp_hi:8 = RKsrc << (64 - bitstop);\n\tlocal tmp_lo:8 = RJsrc >> bitstop;\n\tRD = tmp_hi | tmp_lo;",
        "BYTEPICK shifts a pair of registers",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "(zext(RJsrc[32,16]) << 8)",
        "(zext(RJsrc[32,16]) << 16)",
        "halves have 16 bits",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\ttmp3:8 = zext(RJsrc[48,16]);\n\n\tRD = (tmp3 << 48) + (tmp2 << 32) + (tmp1 << 16) + tmp0;",
        "\ttmp3:8 = zext(RJsrc[48,16]);\n\tRD = (tmp0 << 48) + (tmp1 << 32) + (tmp2 << 16) + tmp3;",
        "REVH.D reverses",
    ),
    loongarch(
        "loongarch_float.sinc",
        "\tRD[0,1] = fccJ[0,1];",
        "\tRD = zext(fccJ & 1);",
        "MOVCF2GR clears the other bits",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "is op24_31=0x20 & RD & ldstptr_addr {",
        "is op24_31=0x20 & RD & ldstptr_addr {\n\tllbctl = llbctl | 1;",
        "LL and SC belong together",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "is op24_31=0x22 & RD & ldstptr_addr {",
        "is op24_31=0x22 & RD & ldstptr_addr {\n\tllbctl = llbctl | 1;",
        "LL and SC belong together",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\t*[ram]:4 ldstptr_addr = RD:4;",
        "\tlocal held:1 = llbctl[0,1];\n\tif (held == 0) goto <lost>;\n\t*[ram]:4 ldstptr_addr = RD:4;\n<lost>\n\tllbctl = llbctl & ~1;\n\tRD = zext(held);",
        "SC tells whether it stored",
    ),
    loongarch(
        "loongarch64_instructions.sinc",
        "\t*[ram]:8 ldstptr_addr = RD;",
        "\tlocal held:1 = llbctl[0,1];\n\tif (held == 0) goto <lost>;\n\t*[ram]:8 ldstptr_addr = RD;\n<lost>\n\tllbctl = llbctl & ~1;\n\tRD = zext(held);",
        "SC tells whether it stored",
    ),
    loongarch(
        "loongarch32_instructions.sinc",
        "\tRD = zext(val);\n\t*[ram]:4 RJsrc = RK32src;",
        "\tRD = sext(val);\n\t*[ram]:4 RJsrc = RK32src;",
        "AMSWAP_DB.W extends by sign",
    ),
    loongarch(
        "loongarch_double.sinc",
        "{ DCMPR = DCMP1 f!= DCMP2; }",
        "{ DCMPR = (DCMP1 f< DCMP2) || (DCMP2 f< DCMP1); }",
        "NE is false where one is no number",
    ),
    loongarch(
        "loongarch_float.sinc",
        "{ FCMPR = FCMP1 f!= FCMP2; }",
        "{ FCMPR = (FCMP1 f< FCMP2) || (FCMP2 f< FCMP1); }",
        "NE is false where one is no number",
    ),
    coprocessor("{ fdst = abs(f_mem); }", "{ fdst = abs(f_mem); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = abs(f_mem); build fabsrnd; }",
        "{ fdst = abs(f_mem); build fabsrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = abs(fsrc); }", "{ fdst = abs(fsrc); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = abs(fsrc); build fabsrnd; }",
        "{ fdst = abs(fsrc); build fabsrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f+ f_mem; }", "{ fdst = fdst f+ f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f+ f_mem; build faddrnd; }",
        "{ fdst = fdst f+ f_mem; build faddrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f+ fsrc; }", "{ fdst = fdst f+ fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f+ fsrc; build faddrnd; }",
        "{ fdst = fdst f+ fsrc; build faddrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f/ f_mem;}", "{ fdst = fdst f/ f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f/ f_mem; build fdivrnd; }",
        "{ fdst = fdst f/ f_mem; build fdivrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f/ fsrc;}", "{ fdst = fdst f/ fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f/ fsrc; build fdivrnd; }",
        "{ fdst = fdst f/ fsrc; build fdivrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f* f_mem; }", "{ fdst = fdst f* f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f* f_mem; build fmulrnd; }",
        "{ fdst = fdst f* f_mem; build fmulrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{fdst = fdst f* fsrc; }", "{fdst = fdst f* fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{fdst = fdst f* fsrc; build fmulrnd; }",
        "{fdst = fdst f* fsrc; build fmulrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f- f_mem; }", "{ fdst = f- f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = f- f_mem; build fnegrnd; }",
        "{ fdst = f- f_mem; build fnegrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f- fsrc; }", "{ fdst = f- fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = f- fsrc; build fnegrnd; }",
        "{ fdst = f- fsrc; build fnegrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = sqrt(f_mem); }", "{ fdst = sqrt(f_mem); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = sqrt(f_mem); build fsqrtrnd; }",
        "{ fdst = sqrt(f_mem); build fsqrtrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = sqrt(fsrc); }", "{ fdst = sqrt(fsrc); resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = sqrt(fsrc); build fsqrtrnd; }",
        "{ fdst = sqrt(fsrc); build fsqrtrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f- f_mem; }", "{ fdst = fdst f- f_mem; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f- f_mem; build fsubrnd; }",
        "{ fdst = fdst f- f_mem; build fsubrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = fdst f- fsrc; }", "{ fdst = fdst f- fsrc; resflags_fp(fdst); }"),
    coprocessor(
        "{ fdst = fdst f- fsrc; build fsubrnd; }",
        "{ fdst = fdst f- fsrc; build fsubrnd; resflags_fp(fdst); }",
    ),
    coprocessor("{ fdst = f_mem; build fmovernd; }", "{ fdst = f_mem; build fmovernd; resflags_fp(fdst); }"),
    coprocessor("{ fdst = fsrc; build fmovernd; }", "{ fdst = fsrc; build fmovernd; resflags_fp(fdst); }"),
    coprocessor(
        "macro resflags_fp(result) {\n $(I_FP) = 0;\n $(NAN_FP) = 0;\n $(N_FP) = result f< 0;\n $(Z_FP) = result == 0;\n}",
        "macro resflags_fp(result) {\n local difference = result f- result;\n\
         $(NAN_FP) = nan(result);\n $(I_FP) = nan(difference) && !nan(result);\n\
         $(N_FP) = result s< 0;\n $(Z_FP) = result f== 0;\n}\n\
         macro compare_fp(a, b) {\n $(I_FP) = 0;\n $(NAN_FP) = nan(a) || nan(b);\n\
         $(N_FP) = a f< b;\n $(Z_FP) = a f== b;\n}",
    ),
    coprocessor("{ local result = fdst f- f_mem; resflags_fp(result); }", "{ compare_fp(fdst, f_mem); }"),
    coprocessor("{ local result=fdst f- fsrc; resflags_fp(result); }", "{ compare_fp(fdst, fsrc); }"),
    coprocessor("{ e2l = float2float(fdst); resflags_fp(e2l); }", "{ e2l = float2float(fdst); }"),
    coprocessor("{ e2x = float2float(fdst); resflags_fp(e2x); }", "{ e2x = float2float(fdst); }"),
    coprocessor("{ e2d = float2float(fdst); resflags_fp(e2d); }", "{ e2d = float2float(fdst); }"),
    coprocessor(
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = $(NAN_FP);",
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = !$(NAN_FP);",
    ),
    coprocessor(
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || $(N_FP);",
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || !($(N_FP));",
    ),
    coprocessor(
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = !$(NAN_FP) ||",
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = $(NAN_FP) ||",
    ),
    coprocessor(
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = $(NAN_FP);",
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = !$(NAN_FP);",
    ),
    coprocessor(
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = $(Z_FP);",
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = !$(Z_FP);",
    ),
    coprocessor(
        "macro clearflags_fp() {\n $(N_FP) = 0;\n $(Z_FP) = 0;\n $(NAN_FP) = 0;\n}",
        "macro clearflags_fp() {\n local unchanged:1 = 0;\n}",
    ),
    powerpc_or_mips("ppc_instructions.sinc", "\t#RESERVE = 1;", "\tRESERVE = 1;", RESERVATIONS),
    powerpc_or_mips(
        "ppc_instructions.sinc",
        "\tif (RESERVE == 0) goto inst_next;\n\t*[ram]:8 EA = storeDoubleWordConditionalIndexed(S,RA_OR_ZERO,B);\n\t# set when a stwcx. or stdcx. successfully completes\n\tcr0flags(0:$(REGISTER_SIZE));",
        "\tlocal held:1 = RESERVE;\n\tRESERVE = 0;\n\tcr0 = (held << 1) | (xer_so & 1);\n\tif (held == 0) goto inst_next;\n@ifdef BIT_64\n\t*[ram]:8 EA = S;\n@endif",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_instructions.sinc",
        "\tif (RESERVE == 0) goto inst_next;\n\t*[ram]:4 EA = storeWordConditionalIndexed(S,RA_OR_ZERO,B);\n\t# set when a stwcx. or stdcx. successfully completes\n\tcr0flags(0:$(REGISTER_SIZE));",
        "\tlocal held:1 = RESERVE;\n\tRESERVE = 0;\n\tcr0 = (held << 1) | (xer_so & 1);\n\tif (held == 0) goto inst_next;\n@ifdef BIT_64\n\t*[ram]:4 EA = S:4;\n@else\n\t*[ram]:4 EA = S;\n@endif",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        ":lbarx RT,A,B,BIT_0 is OP=31 & XOP_1_10=52 & RT & A & B & BIT_0  { \n\tA = A + B;\n\tRT = *:1 A;",
        ":lbarx RT,RA_OR_ZERO,B,BIT_0 is OP=31 & XOP_1_10=52 & RT & RA_OR_ZERO & B & BIT_0  { \n\tlocal ea:$(REGISTER_SIZE) = RA_OR_ZERO + B;\n\tRESERVE = 1;\n\tRT = zext(*:1 ea);",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        ":lharx RT,A,B,BIT_0 is OP=31 & XOP_1_10=116 & RT & A & B & BIT_0  { \n\tA = A + B;\n\tRT = *:2 A;",
        ":lharx RT,RA_OR_ZERO,B,BIT_0 is OP=31 & XOP_1_10=116 & RT & RA_OR_ZERO & B & BIT_0  { \n\tlocal ea:$(REGISTER_SIZE) = RA_OR_ZERO + B;\n\tRESERVE = 1;\n\tRT = zext(*:2 ea);",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        "\t*[ram]:1 EA = StoreByteConditionalIndexed(S,RA_OR_ZERO,B);\n\tsetCrBit(cr0, 2, 1);",
        "\tlocal held:1 = RESERVE;\n\tRESERVE = 0;\n\tcr0 = (held << 1) | (xer_so & 1);\n\tif (held == 0) goto inst_next;\n\t*[ram]:1 EA = S:1;",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        "\t*[ram]:2 EA = sthcxDotOp(S,RA_OR_ZERO,B);\n\tsetCrBit(cr0, 2, 1);",
        "\tlocal held:1 = RESERVE;\n\tRESERVE = 0;\n\tcr0 = (held << 1) | (xer_so & 1);\n\tif (held == 0) goto inst_next;\n\t*[ram]:2 EA = S:2;",
        RESERVATIONS,
    ),
    powerpc_or_mips(
        "ppc_instructions.sinc",
        "\ttmp:$(REGISTER_SIZE) = zext(*:1(ea+1)) << 8;\n\tD = tmp | zext(*:1(ea));",
        "\tlocal half:2 = *:2(ea);\n\tlocal turned:2 = (half >> 8) | (half << 8);\n\tD = zext(turned);",
        REVERSED,
    ),
    powerpc_or_mips(
        "ppc_instructions.sinc",
        "\ttmp1:$(REGISTER_SIZE) = zext(*:1(ea+3)) << 24;\n\ttmp2:$(REGISTER_SIZE) = zext(*:1(ea+2)) << 16;\n\ttmp3:$(REGISTER_SIZE) = zext(*:1(ea+1)) << 8;\n\tD = tmp1 | tmp2 | tmp3 | zext(*:1(ea));",
        "\tlocal word:4 = *:4(ea);\n\tlocal turned:4 = (word >> 24) | ((word >> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);\n@ifdef BIT_64\n\tD = zext(turned);\n@else\n\tD = turned;\n@endif",
        REVERSED,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        ":ldbrx D,A,B is $(NOTVLE) & OP=31 & D & A & B & XOP_1_10=532 & Rc { D = LoadDoublewordByteReverseIndexed(D,A,B); }",
        ":ldbrx D,RA_OR_ZERO,B is $(NOTVLE) & OP=31 & D & RA_OR_ZERO & B & XOP_1_10=532 & Rc {\n\tlocal ea:$(REGISTER_SIZE) = RA_OR_ZERO + B;\n\tlocal whole:8 = *:8(ea);\n\tD = (whole >> 56) | ((whole >> 40) & 0xff00) | ((whole >> 24) & 0xff0000) | ((whole >> 8) & 0xff000000) | ((whole << 8) & 0xff00000000) | ((whole << 24) & 0xff0000000000) | ((whole << 40) & 0xff000000000000) | (whole << 56);\n}",
        REVERSED,
    ),
    powerpc_or_mips(
        "ppc_isa.sinc",
        "\t*[ram]:8 EA = StoreDoublewordByteReverseIndexed(S,RA_OR_ZERO,B);",
        "\tlocal whole:8 = S;\n\t*[ram]:8 EA = (whole >> 56) | ((whole >> 40) & 0xff00) | ((whole >> 24) & 0xff0000) | ((whole >> 8) & 0xff000000) | ((whole << 8) & 0xff00000000) | ((whole << 24) & 0xff0000000000) | ((whole << 40) & 0xff000000000000) | (whole << 56);",
        REVERSED,
    ),
    powerpc_or_mips(
        "mips32Instructions.sinc",
        "fct=0x21 & RD & RSsrc {\n    # Count leading ones in a word\n    RD = lzcount( ~RSsrc );",
        "fct=0x21 & RD & RSsrc & RS32src {\n    RD = lzcount( ~RS32src );",
        WORDS,
    ),
    powerpc_or_mips(
        "mips32Instructions.sinc",
        "fct=0x20 & RD & RSsrc {\n    # Count leading zeros in a word\n    RD = lzcount( RSsrc );",
        "fct=0x20 & RD & RSsrc & RS32src {\n    RD = lzcount( RS32src );",
        WORDS,
    ),
    powerpc_or_mips(
        "mips32Instructions.sinc",
        "    RD = (tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | (tmp2); ",
        "@ifdef MIPS64\n    RD = (((tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | tmp2) << 32) s>> 32;\n@else\n    RD = (tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | (tmp2);\n@endif",
        WORDS,
    ),
    powerpc_or_mips(
        "mips32Instructions.sinc",
        "    RT = (RT & tmpa) | tmpb;",
        "    RT = (RT & tmpa) | tmpb;\n@ifdef MIPS64\n    RT = (RT << 32) s>> 32;\n@endif",
        WORDS,
    ),
    // eBPF (RFC 9669). The spec has neither frames nor version 4.
    ebpf(
        "# Instruction encoding: Insop:8",
        "define register offset=0x100 size=8 [ RA HELPER DEPTH ];\n\
         define register offset=0x200 size=8 [\nframe0_pc frame0_ra frame0_r6 frame0_r7 frame0_r8 frame0_r9 frame0_r10 frame1_pc frame1_ra frame1_r6 frame1_r7 frame1_r8 frame1_r9 frame1_r10 frame2_pc frame2_ra frame2_r6 frame2_r7 frame2_r8 frame2_r9 frame2_r10 frame3_pc frame3_ra frame3_r6 frame3_r7 frame3_r8 frame3_r9 frame3_r10 frame4_pc frame4_ra frame4_r6 frame4_r7 frame4_r8 frame4_r9 frame4_r10 frame5_pc frame5_ra frame5_r6 frame5_r7 frame5_r8 frame5_r9 frame5_r10 frame6_pc frame6_ra frame6_r6 frame6_r7 frame6_r8 frame6_r9 frame6_r10 frame7_pc frame7_ra frame7_r6 frame7_r7 frame7_r8 frame7_r9 frame7_r10 ];\n\
         define pcodeop helperCall;\ndefine pcodeop callsTooDeep;\ndefine pcodeop mapByDescriptor;\n\
         define pcodeop packetLoad;\n\
         macro enter(back) {\n local place:4 = 0x200 + DEPTH:4 * 56;\n *[register]:8 place = back;\n\
          *[register]:8 (place + 8) = RA;\n *[register]:8 (place + 16) = R6;\n\
          *[register]:8 (place + 24) = R7;\n *[register]:8 (place + 32) = R8;\n\
          *[register]:8 (place + 40) = R9;\n *[register]:8 (place + 48) = R10;\n\
          RA = back;\n DEPTH = DEPTH + 1;\n R10 = R10 - 512;\n}\n#",
        "a call keeps the caller's frame",
    ),
    ebpf(
        "disp32: reloc is imm [ reloc = inst_next + imm; ] { export *:4 reloc; }",
        "disp32: reloc is imm [ reloc = inst_next + imm * 8; ] { export *:8 reloc; }",
        "distances count instructions",
    ),
    ebpf(
        "    call disp32;",
        "    if (DEPTH < 7) goto <room>;\n callsTooDeep();\n<room>\n back:8 = inst_next;\n enter(back);\n call disp32;",
        "a call keeps the caller's frame",
    ),
    ebpf(
        "{ return [*:8 R10]; }",
        "{\n local back:8 = RA;\n if (DEPTH == 0) goto <done>;\n\
          local place:4 = 0x200 + (DEPTH:4 - 1) * 56;\n local expected:8 = *[register]:8 place;\n\
          if (expected != back) goto <outermost>;\n DEPTH = DEPTH - 1;\n\
          RA = *[register]:8 (place + 8);\n R6 = *[register]:8 (place + 16);\n\
          R7 = *[register]:8 (place + 24);\n R8 = *[register]:8 (place + 32);\n\
          R9 = *[register]:8 (place + 40);\n R10 = *[register]:8 (place + 48);\n goto <done>;\n\
         <outermost>\n DEPTH = 0;\n<done>\n return [back];\n}\n\
         :CALLX dst is imm=0 & dst & op_alu_jmp_opcode=0x8 & op_alu_jmp_source=1 & op_insn_class=0x5 {\n\
          target:8 = dst;\n if (DEPTH < 7) goto <room>;\n callsTooDeep();\n<room>\n back:8 = inst_next;\n\
          enter(back);\n call [target];\n}\n\
         joff32: reloc is imm [ reloc = inst_next + imm * 8; ] { export *:8 reloc; }\n\
         :JA joff32 is joff32 & op_alu_jmp_opcode=0x0 & op_alu_jmp_source=0 & op_insn_class=0x6 { goto joff32; }\n\
         :SDIV dst, SRC8 is off=1 & SRC8 & dst & op_alu_jmp_opcode=0x3 & op_insn_class=0x7 { dst = dst s/ SRC8; }\n\
         :SDIV dst, SRC4 is off=1 & SRC4 & dst & op_alu_jmp_opcode=0x3 & op_insn_class=0x4 { dst = zext(dst:4 s/ SRC4); }\n\
         :SMOD dst, SRC8 is off=1 & SRC8 & dst & op_alu_jmp_opcode=0x9 & op_insn_class=0x7 { dst = dst s% SRC8; }\n\
         :SMOD dst, SRC4 is off=1 & SRC4 & dst & op_alu_jmp_opcode=0x9 & op_insn_class=0x4 { dst = zext(dst:4 s% SRC4); }\n\
         :MOVSX8 dst, src is off=8 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:1); }\n\
         :MOVSX16 dst, src is off=16 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:2); }\n\
         :MOVSX32 dst, src is off=32 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x7 { dst = sext(src:4); }\n\
         :MOVSX8 dst, src is off=8 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x4 { local t:4 = sext(src:1); dst = zext(t); }\n\
         :MOVSX16 dst, src is off=16 & src & dst & op_alu_jmp_source=1 & op_alu_jmp_opcode=0xb & op_insn_class=0x4 { local t:4 = sext(src:2); dst = zext(t); }\n\
         :LDXSW dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x0 & op_insn_class=0x1 { dst = sext(*:4 (src + off)); }\n\
         :LDXSH dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x1 & op_insn_class=0x1 { dst = sext(*:2 (src + off)); }\n\
         :LDXSB dst, [src + off] is off & src & dst & op_ld_st_mode=0x4 & op_ld_st_size=0x2 & op_insn_class=0x1 { dst = sext(*:1 (src + off)); }\n\
         macro swap2(out, in) { out = (in >> 8 & 0xff) | (in << 8 & 0xff00); }\n\
         macro swap4(out, in) { out = (in >> 24 & 0xff) | (in >> 8 & 0xff00) | (in << 8 & 0xff0000) | (in << 24 & 0xff000000); }\n\
         :BSWAP16 dst is imm=0x10 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 { local t:8 = dst; swap2(dst, t); }\n\
         :BSWAP32 dst is imm=0x20 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 { local t:8 = dst; swap4(dst, t); }\n\
         :BSWAP64 dst is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x7 {\n\
          local low:8 = 0; local high:8 = 0; local t:8 = dst; swap4(high, t); t = t >> 32; swap4(low, t); dst = high << 32 | low;\n}",
        "EXIT goes back to the caller; version 4 has more instructions",
    ),
    ebpf(
        "    call SysCall;",
        "    HELPER = zext(imm:4);\n    helperCall();",
        "helpers are the surroundings'",
    ),
    ebpf("{ dst = *:8 imm:8; }", "{ dst = mapByDescriptor(imm:4); }", "a descriptor is no address"),
    ebpf("{ dst=*:4 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:2 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:1 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:8 imm:8; }", "{ dst = packetLoad(imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:4 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:2 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:1 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf("{ dst=*:8 (src + imm); }", "{ dst = packetLoad(src, imm:4); }", "legacy loads are from the packet"),
    ebpf(
        "{ dst=*:4 (src + off); }",
        "{ dst = zext(*:4 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf(
        "{ dst=*:2 (src + off); }",
        "{ dst = zext(*:2 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf(
        "{ dst=*:1 (src + off); }",
        "{ dst = zext(*:1 (src + off)); }",
        "what is loaded is extended by zeros",
    ),
    ebpf("{ dst = dst << SRC8; }", "{ dst = dst << (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = dst >> SRC8; }", "{ dst = dst >> (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = dst s>> SRC8; }", "{ dst = dst s>> (SRC8 & 63); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 << SRC4); }", "{ dst = zext(dst:4 << (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 >> SRC4); }", "{ dst = zext(dst:4 >> (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf("{ dst = zext(dst:4 s>> SRC4); }", "{ dst = zext(dst:4 s>> (SRC4 & 31)); }", EBPF_SHIFTS),
    ebpf(
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst=((dst) >> 8) | ((dst) << 8); }",
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst = dst & 0xffff; }",
        "to little endian is a truncation",
    ),
    ebpf(
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst=((dst) >> 24) | (((dst) & 0x00FF0000) >> 8)  | (((dst) & 0x0000FF00) << 8) | ((dst) << 24); }",
        "op_alu_jmp_source=0 & op_insn_class=0x4 { dst = dst & 0xffffffff; }",
        "to little endian is a truncation",
    ),
    ebpf(
        ":LE64 dst  is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x4 {\n\
         \x20   dst=( (dst << 56) & 0xff00000000000000 ) |\n\
         \x20   ( (dst << 40) & 0x00ff000000000000 ) |\n\
         \x20   ( (dst << 24) & 0x0000ff0000000000 ) |\n\
         \x20   ( (dst <<  8) & 0x000000ff00000000 ) |\n\
         \x20   ( (dst >>  8) & 0x00000000ff000000 ) |\n\
         \x20   ( (dst >> 24) & 0x0000000000ff0000 ) |\n\
         \x20   ( (dst >> 40) & 0x000000000000ff00 ) |\n\
         \x20   ( (dst >> 56) & 0x00000000000000ff );\n\
         }",
        ":LE64 dst is imm=0x40 & dst & op_alu_jmp_opcode=0xd & op_alu_jmp_source=0 & op_insn_class=0x4 { }",
        "to little endian is no change",
    ),
    ebpf(
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst=((dst) >> 8) | ((dst) << 8); }",
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst = (dst >> 8 & 0xff) | (dst << 8 & 0xff00); }",
        "what is above is cleared",
    ),
    ebpf(
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst=((dst) >> 24) | (((dst) & 0x00FF0000) >> 8)  | (((dst) & 0x0000FF00) << 8) | ((dst) << 24); }",
        "op_alu_jmp_source=1 & op_insn_class=0x4 { dst = (dst >> 24 & 0xff) | (dst >> 8 & 0xff00) | (dst << 8 & 0xff0000) | (dst << 24 & 0xff000000); }",
        "what is above is cleared",
    ),
    ebpf(
        "    if (R0:4 == tmp) goto <equal>;\n    R0 = zext(tmp);    \n<equal>\n    *:4 (dst + off) = src:4;",
        "    local expected:4 = R0:4;\n    R0 = zext(tmp);\n    if (expected != tmp) goto <other>;\n    *:4 (dst + off) = src:4;\n<other>",
        "only what was expected is replaced",
    ),
    ebpf(
        "    if (R0 == tmp) goto <equal>;\n    R0 = tmp;    \n<equal>\n    *:8 (dst + off) = src; ",
        "    local expected:8 = R0;\n    R0 = tmp;\n    if (expected != tmp) goto <other>;\n    *:8 (dst + off) = src;\n<other>",
        "only what was expected is replaced",
    ),
    thumb_sum(
        "  local sum1 = Rm0003 + Rn0003;\n  sum1 = SignedSaturate(sum1,32:2);\n  Q = SignedDoesSaturate(sum1,32:2);\n  Rd0811 = sum1;",
        "  local sum1:8 = sext(Rm0003) + sext(Rn0003);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd0811 = SignedSaturate(sum1,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rm0003 - Rn0003;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local sum1:8 = sext(Rm0003) - sext(Rn0003);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd0811 = SignedSaturate(sum1,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rn0003 * 2;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = tmp + Rm0003;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local double:8 = sext(Rn0003) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(near) + sext(Rm0003);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd0811 = SignedSaturate(sum,32:2);",
    ),
    thumb_sum(
        "  tmp:4 = Rn0003 * 2;\n  tmp = SignedSaturate(tmp);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = Rm0003 - tmp;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd0811 = tmp;",
        "  local double:8 = sext(Rn0003) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(Rm0003) - sext(near);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd0811 = SignedSaturate(sum,32:2);",
    ),
    arm_sum(
        "  local sum1 = Rm + Rn;\n  sum1 = SignedSaturate(sum1,32:2);\n  Q = SignedDoesSaturate(sum1,32:2);\n  Rd = sum1;",
        "  local sum1:8 = sext(Rm) + sext(Rn);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd = SignedSaturate(sum1,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rm - Rn;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local sum1:8 = sext(Rm) - sext(Rn);\n  Q = Q | SignedDoesSaturate(sum1,32:2);\n  Rd = SignedSaturate(sum1,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rn * 2;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = tmp + Rm;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local double:8 = sext(Rn) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(near) + sext(Rm);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd = SignedSaturate(sum,32:2);",
    ),
    arm_sum(
        "  tmp:4 = Rn * 2;\n  tmp = SignedSaturate(tmp);\n  Q = SignedDoesSaturate(tmp,32:2);\n  tmp = Rm - tmp;\n  tmp = SignedSaturate(tmp,32:2);\n  Q = Q | SignedDoesSaturate(tmp,32:2);\n  Rd = tmp;",
        "  local double:8 = sext(Rn) * 2;\n  Q = Q | SignedDoesSaturate(double,32:2);\n  local near:4 = SignedSaturate(double,32:2);\n  local sum:8 = sext(Rm) - sext(near);\n  Q = Q | SignedDoesSaturate(sum,32:2);\n  Rd = SignedSaturate(sum,32:2);",
    ),
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "SignedSaturate(tmpRn, thMsbImm)",
        new: "SignedSaturate(tmpRn, thMsbImm + 1)",
        reason: "the width is one more than the field says",
    },
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "SignedDoesSaturate(tmpRn, thMsbImm)",
        new: "SignedDoesSaturate(tmpRn, thMsbImm + 1)",
        reason: "the width is one more than the field says",
    },
];
