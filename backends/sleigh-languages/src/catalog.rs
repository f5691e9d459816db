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
    entry("superh4-be", "SuperH4/data/languages/SuperH4_be.slaspec", "SuperH4.pspec", &[]),
    entry("superh4-le", "SuperH4/data/languages/SuperH4_le.slaspec", "SuperH4.pspec", &[]),
    entry("ebpf", "eBPF/data/languages/eBPF_le.slaspec", "eBPF.pspec", &[]),
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

/// A correction of saturating sums of ARM and Thumb, which are computed in too
/// few bits.
const fn arm_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

const fn thumb_sum(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "sums overflow before they are saturated" }
}

/// A correction of a load of AArch64 that extends the sign to 32 bits, as any
/// write of `wN` clears what is above (Arm ARM, C6.2, LDRSB, LDRSH).
const fn sign_to_word(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "AARCH64base.sinc", old, new, reason: "the upper half of a register becomes zero" }
}

/// A correction of a logical instruction of Thumb, which sets the carry to that
/// of the shifter (Arm ARM, A8.8.14, AND; A8.8.115, MVN …).
const fn thumb_carry(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "the carry is that of the shifter" }
}

/// A correction of a load or store of ARM of two bytes (Arm ARM, A8.8.81, LDRH
/// literal; A8.8.219, STRHT).
const fn arm_halfword(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "ARMinstructions.sinc", old, new, reason }
}

/// A correction of a load of Thumb beside the program counter (Arm ARM, A8.8.85,
/// LDRSB literal).
const fn literal(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "ARMTHUMBinstructions.sinc", old, new, reason: "what is loaded is no address" }
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
    thumb_carry(
        "is thc0404=1\t    { ZR = tmpZR; NG = tmpNG; }",
        "is thc0404=1\t    { CY = tmpCY; ZR = tmpZR; NG = tmpNG; }",
    ),
    thumb_carry(
        "Rd0811 = Rn0003 & ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = Rn0003 & ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rn0003 & thshift2;\n  resflags(Rd0811);",
        "Rd0811 = Rn0003 & thshift2;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rn0003&(~ThumbExpandImm12);\n  resflags(Rd0811);",
        "Rd0811 = Rn0003&(~ThumbExpandImm12);\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = Rm0003;\n  resflags(Rd0811);\n  build thSBIT_ZN;",
        "Rd0811 = Rm0003;\n  tmpCY = CY;\n  resflags(Rd0811);\n  build thSBIT_ZN;",
    ),
    thumb_carry(
        "Rd0811 = ~ThumbExpandImm12;\n  resflags(Rd0811);",
        "Rd0811 = ~ThumbExpandImm12;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    thumb_carry(
        "Rd0811 = ~thshift2;\n  resflags(Rd0811);",
        "Rd0811 = ~thshift2;\n  th_logicflags();\n  resflags(Rd0811);",
    ),
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "op11=0x18 & Rn_exclaim & stbrace & Rn_exclaim_WB\n{\n  build ItCond;\n  build Rn_exclaim;\n  build stbrace;\n  build Rn_exclaim_WB;",
        new: "op11=0x18 & Rn_exclaim & stbrace\n{\n  build ItCond;\n  build Rn_exclaim;\n  build stbrace;\n  Rn_exclaim = mult_addr;",
        reason: "STM of 16 bits always writes its base back (Arm ARM, A8.8.199)",
    },
    arm_halfword(
        "[ reloff=inst_start+8+((immedH<<4) | immedL);]\n{\n  export *:4 reloff;",
        "[ reloff=inst_start+8+((immedH<<4) | immedL);]\n{\n  export *[const]:4 reloff;",
        "a literal of LDRH, LDRSB, LDRSH is at the address",
    ),
    arm_halfword(
        "[ reloff=inst_start+8-((immedH<<4) | immedL);]\n{\n  export *:4 reloff;",
        "[ reloff=inst_start+8-((immedH<<4) | immedL);]\n{\n  export *[const]:4 reloff;",
        "a literal of LDRH, LDRSB, LDRSH is at the address",
    ),
    arm_halfword(
        "*:2 addrmode3 = Rd;",
        "build addrmode3;\n  *:2 addrmode3 = Rd:2;",
        "STRHT stores two bytes, and writes its base if it executes",
    ),
    Edit {
        file: "ARM.sinc",
        old: "macro BranchWritePC(addr) {\n   pc = addr;",
        new: "macro BranchWritePC(addr) {\n   pc = addr & (0xfffffffc | (zext(TB) << 1));",
        reason: "the lowest bits of an address are none (Arm ARM, A2.3.1, BranchWritePC)",
    },
    literal(
        "PcrelOffset12: [reloc]\t\tis thc0707=1; offset12\n",
        "PcrelAddress12: [reloc]\t\tis thc0707=1; offset12\n  [ reloc = ((inst_start+4) $and 0xfffffffc) + offset12; ]\n{\n  export *[const]:4 reloc;\n}\nPcrelAddress12: [reloc]\t\tis thc0707=0; offset12\n  [ reloc = ((inst_start+4) $and 0xfffffffc) - offset12; ]\n{\n  export *[const]:4 reloc;\n}\nPcrelOffset12: [reloc]\t\tis thc0707=1; offset12\n",
    ),
    literal(
        "PcrelOffset12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=0 & thc0404=1 & sop0003=15; Rt1215) & PcrelOffset12",
        "PcrelAddress12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=0 & thc0404=1 & sop0003=15; Rt1215) & PcrelAddress12",
    ),
    literal("tmp:1 = *PcrelOffset12;", "tmp:1 = *PcrelAddress12;"),
    literal(
        "PcrelOffset12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=1 & thc0404=1 & sop0003=15; Rt1215) & PcrelOffset12",
        "PcrelAddress12         is TMode=1 & ItCond & (op8=0xf9 & thc0506=1 & thc0404=1 & sop0003=15; Rt1215) & PcrelAddress12",
    ),
    literal("build PcrelOffset12;\n   tmp:2 = *PcrelOffset12;", "tmp:2 = *PcrelAddress12;"),
    Edit {
        file: "ARMTHUMBinstructions.sinc",
        old: "op0=0xe8ad; thc1515=0 & thc1313=0 & thstrlist_dec",
        new: "op0=0xe92d; thc1515=1 & thc1313=0 & thstrlist_dec",
        reason: "STM with SP as its base stores upwards; PUSH is STMDB (Arm ARM, A8.8.133)",
    },
    sign_to_word(
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:1 addrIndexed);",
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:1 addrIndexed);\n\tRt_GPR64 = zext(value);",
    ),
    sign_to_word(
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:2 addrIndexed);",
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:2 addrIndexed);\n\tRt_GPR64 = zext(value);",
    ),
    sign_to_word(
        "UnscPriv & addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = zext(*:1 addrIndexed);\n}\n\n# C6.2.174 LDRSB",
        "UnscPriv & addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:1 addrIndexed);\n\tRt_GPR64 = zext(value);\n}\n\n# C6.2.174 LDRSB",
    ),
    sign_to_word(
        "Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:2 addrUIMM);",
        "Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:2 addrUIMM);\n\tRt_GPR64 = zext(value);",
    ),
    Edit {
        file: "AARCH64base.sinc",
        old: "sext(*:4 (addrPairIndexed + 8))",
        new: "sext(*:4 (addrPairIndexed + 4))",
        reason: "LDPSW loads two words next to each other",
    },
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
