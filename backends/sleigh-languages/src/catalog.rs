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
    entry("z80", "Z80/data/languages/z80.slaspec", "z80.pspec", &["z80"]),
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

/// A correction of shifts of MIPS by a register, of which six bits count.
const fn amount(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "mips64Instructions.sinc", old, new, reason: "amounts of shifts have six bits" }
}

/// A correction of branches of MIPS on the conditions of FCSR (volume I-A,
/// 5.6.3, FCC).
const fn condition(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "mipsfloat.sinc", old, new, reason: "there are eight conditions" }
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

/// A correction of words of MIPS (volume II, CLO, CLZ, INS, WSBH).
const fn mips_words(old: &'static str, new: &'static str) -> Edit {
    let reason = "operations on words, on 64-bit processors as well";
    Edit { file: "mips32Instructions.sinc", old, new, reason }
}

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

/// A correction of the Z80 (Zilog UM0080, Z80 CPU User Manual).
const fn z80(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "z80.slaspec", old, new, reason }
}

const Z80_BIT: &str =
    "BIT gives S and P/V, which the manual leaves open (S. Young, The Undocumented Z80 Documented, 4.1)";

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

/// A correction of integer instructions of the 68000 (M68000 Family
/// Programmer's Reference Manual, chapter 4).
const fn m68k(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "results, flags or addresses are those of the manual" }
}

/// A correction of addresses of the MSP430X: in the lower 64 KiB an index wraps
/// there, above them it is signed (SLAU367, 4.4.2 and 4.4.3).
const fn msp430(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "TI430Common.sinc", old, new, reason: "addresses have 20 bits" }
}

/// A correction of exceptions of the 68000.
const fn exception(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "68000.sinc", old, new, reason: "exceptions have numbers, and the engine enters them" }
}

/// A correction of branches of PowerPC that decrement CTR (Power ISA 2.07,
/// book I, 2.4, BO).
const fn power(file: &'static str, old: &'static str, new: &'static str) -> Edit {
    Edit { file, old, new, reason: "the condition may be that the bit is clear" }
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

const WIDE_WINS: &str = "with REX.W, the operand size prefix says nothing";
const ANY_LENGTH: &str = "scalar instructions ignore the vector length (Intel SDM, volume 2: VEX.LIG)";

/// A correction of scalar instructions of AVX: the macros of their pattern,
/// and what follows.
macro_rules! any_length {
    ($sources:literal, $prefix:literal, $width:literal, $rest:literal) => {
        Edit {
            file: "avx.sinc",
            old: concat!(
                "$(",
                $sources,
                ") & $(VEX_L128) & $(",
                $prefix,
                ") & $(VEX_0F) & $(",
                $width,
                ")",
                $rest
            ),
            new: concat!(
                "$(",
                $sources,
                ") & $(VEX_LIG) & $(",
                $prefix,
                ") & $(VEX_0F) & $(",
                $width,
                ")",
                $rest
            ),
            reason: ANY_LENGTH,
        }
    };
}

/// Corrections of texts. Those of semantics that need more than a few words
/// are native handlers of the engine.
pub const EDITS: &[Edit] = &[
    Edit {
        file: "mips32Instructions.sinc",
        old: "fct=0xD & breakcode {\n    tmp:4=breakcode; \n    trap(tmp); ",
        new: "fct=0xD & breakcode {\n    tmp:4=breakcode; \n    break(tmp); ",
        reason: "a breakpoint is another exception than a trap",
    },
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
        // The address size prefix takes `bit64` away.
        "is $(LONGMODE_ON) & mod=0 & r_m=5; pcRelSimm32",
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
    any_length!("VEX_NDS", "VEX_PRE_F3", "VEX_WIG", " & vexVVVV_XmmReg; byte=0x5"),
    any_length!("VEX_NDS", "VEX_PRE_F2", "VEX_WIG", " & vexVVVV_XmmReg; byte=0x5"),
    any_length!("VEX_NDS", "VEX_PRE_F3", "VEX_W0", " & vexVVVV_XmmReg; byte=0x2A"),
    any_length!("VEX_NDS", "VEX_PRE_F3", "VEX_W1", " & vexVVVV_XmmReg; byte=0x2A"),
    any_length!("VEX_NDS", "VEX_PRE_F2", "VEX_W0", " & vexVVVV_XmmReg; byte=0x2A"),
    any_length!("VEX_NDS", "VEX_PRE_F2", "VEX_W1", " & vexVVVV_XmmReg; byte=0x2A"),
    any_length!("VEX_NONE", "VEX_PRE_F3", "VEX_W0", "; byte=0x2"),
    any_length!("VEX_NONE", "VEX_PRE_F3", "VEX_W1", "; byte=0x2"),
    any_length!("VEX_NONE", "VEX_PRE_F2", "VEX_W0", "; byte=0x2"),
    any_length!("VEX_NONE", "VEX_PRE_F2", "VEX_W1", "; byte=0x2"),
    any_length!("VEX_NONE", "VEX_PRE_NONE", "VEX_WIG", "; byte=0x2E"),
    any_length!("VEX_NONE", "VEX_PRE_NONE", "VEX_WIG", "; byte=0x2F"),
    any_length!("VEX_NONE", "VEX_PRE_66", "VEX_WIG", "; byte=0x2E"),
    any_length!("VEX_NONE", "VEX_PRE_66", "VEX_WIG", "; byte=0x2F"),
    ia(
        ":MOVSXD Reg32,rm32  is vexMode=0 & bit64=1 & opsize=1 & byte=0x63; rm32 & Reg32 ... & check_Reg32_dest ... \
         { Reg32 = rm32; build check_Reg32_dest; }\n@ifdef IA64\n",
        "@ifdef IA64\n\
         :MOVSXD Reg16,rm16  is $(LONGMODE_ON) & vexMode=0 & opsize=0 & byte=0x63; rm16 & Reg16 ... { Reg16 = rm16; }\n\
         :MOVSXD Reg32,rm32  is $(LONGMODE_ON) & vexMode=0 & opsize=1 & byte=0x63; rm32 & Reg32 ... & \
         check_Reg32_dest ... { Reg32 = rm32; build check_Reg32_dest; }\n",
        "there is a form of 16 bits, and the address size prefix takes `bit64` away",
    ),
    ia(
        ":MOVSXD Reg64,rm32  is $(LONGMODE_ON) & vexMode=0 & bit64=1 &",
        ":MOVSXD Reg64,rm32  is $(LONGMODE_ON) & vexMode=0 &",
        "the address size prefix takes `bit64` away",
    ),
    ia(
        ":MOVBE Reg64, m64       is $(LONGMODE_ON) & vexMode=0 & opsize=2 & mandover=0 &",
        ":MOVBE Reg64, m64       is $(LONGMODE_ON) & vexMode=0 & opsize=2 & prefix_f2=0 & prefix_f3=0 &",
        WIDE_WINS,
    ),
    ia(
        ":MOVBE m64, Reg64       is $(LONGMODE_ON) & vexMode=0 & opsize=2 & mandover=0 &",
        ":MOVBE m64, Reg64       is $(LONGMODE_ON) & vexMode=0 & opsize=2 & prefix_f2=0 & prefix_f3=0 &",
        WIDE_WINS,
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
    amount(
        ":dsllv RD, RTsrc, RSsrc         is $(AMODE) & prime=0 & fct=20 & RSsrc & RTsrc & RD & sa=0 {\n    RD = RTsrc << RSsrc;",
        ":dsllv RD, RTsrc, RSsrc is $(AMODE) & prime=0 & fct=20 & RSsrc & RTsrc & RD & sa=0 {\n    RD = RTsrc << (RSsrc & 0x3f);",
    ),
    amount("RD = RTsrc s>> RSsrc;", "RD = RTsrc s>> (RSsrc & 0x3f);"),
    amount("RD = RTsrc >> RSsrc;", "RD = RTsrc >> (RSsrc & 0x3f);"),
    amount(
        "    shift:8 = RSsrc & 0x3f;\n    tmp:8 = RTsrc;\n    tmp1:8 = tmp >> shift;\n    tmp2:8 = tmp << (32 - shift);",
        "    shift:8 = RSsrc & 0x3f;\n    tmp:8 = RTsrc;\n    tmp1:8 = tmp >> shift;\n    tmp2:8 = tmp << ((64 - shift) & 0x3f);\n    if (shift != 0) goto <rotates>;\n    tmp2 = 0;\n    <rotates>",
    ),
    Edit {
        file: "mips64Instructions.sinc",
        old: "is $(AMODE) & prime=0 & fct=46 & RSsrc & RTsrc & RD & sa=0 {",
        new: "is $(AMODE) & prime=0 & fct=46 & RSsrc & RTsrc & RD & sa=0 {\n    if (!sborrow(RSsrc, RTsrc)) goto <fits>;\n    integerOverflow();\n<fits>",
        reason: "differences that overflow trap",
    },
    overflows(
        "is $(AMODE) & REL6=0 & prime=0x18 & RSsrc & RT & simmed {",
        "is $(AMODE) & REL6=0 & prime=0x18 & RSsrc & RT & simmed {\n    local addend:8 = simmed;\n    if (!scarry(RSsrc, addend)) goto <fits>;\n    integerOverflow();\n<fits>",
    ),
    Edit {
        file: "mips32Instructions.sinc",
        old: "fct=0x30 & RSsrc & RTsrc & code {\n    if (RSsrc < RTsrc) goto <done>;",
        new: "fct=0x30 & RSsrc & RTsrc & code {\n    if (RSsrc s< RTsrc) goto <done>;",
        reason: "TGE compares signed numbers",
    },
    condition(
        "    # tmp:1 = getFpCondition(cc:1);  # Note that other cc conditions are not implemented\n    tmp:1 = fcsr[23,1]; # The floating point condition bit",
        "    local place:1 = cc + 24;\n    local conditions:4 = fcsr >> place;\n    tmp:1 = conditions[0,1];",
    ),
    condition(
        "    # tmp:1 = getFpCondition(cc:1);\n    tmp:1 = fcsr[23,1]; # The floating point condition bit",
        "    local place:1 = cc + 24;\n    local conditions:4 = fcsr >> place;\n    tmp:1 = conditions[0,1];",
    ),
    Edit {
        file: "mipsfloat.sinc",
        old: "ptr:$(ADDRSIZE) = INDEX_BASE & -16:$(ADDRSIZE);",
        new: "ptr:$(ADDRSIZE) = INDEX_BASE & -8:$(ADDRSIZE);",
        reason: "the lowest three bits of the address are ignored",
    },
    Edit {
        file: "mipsfloat.sinc",
        old: "INDEX_BASE = INDEX_BASE & 0xfffffffffffffff0;          \n    *[ram]:8 INDEX_BASE = fsD;",
        new: "ptr:$(ADDRSIZE) = INDEX_BASE & -8:$(ADDRSIZE);\n    *[ram]:8 ptr = fsD;",
        reason: "the lowest three bits of the address are ignored",
    },
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
    m68k(
        "{\n\tlocal denom = sext(eaw);\n\tlocal divis = reg9dn;\n\tlocal div = divis s/ denom;\n\tlocal rem = divis s% denom;\n\tCF=0;\n\tresflags(div);\n\treg9dn = (rem << 16) | (div & 0xffff);\n}",
        "{ reg9dn = divideWord(reg9dn, eaw, 1:1); }",
    ),
    m68k(
        "{\n\tlocal denom = zext(eaw);\n\tlocal divis = reg9dn;\n\tlocal div = divis / denom;\n\tlocal rem = divis % denom;\n\tCF=0;\n\tresflags(div);\n\treg9dn = (rem << 16) | (div & 0xffff); }",
        "{ reg9dn = divideWord(reg9dn, eaw, 0:1); }",
    ),
    m68k(
        "divsz=0 & divsgn=0 {\n\tlocal divis = regdq;\n\tlocal denom = glbdenom;\n\tlocal rem = divis % denom;\n\tlocal quot = divis / denom;\n\tregdr = rem;\n\tregdq = quot;\n\texport regdq;\n}",
        "divsz=0 & divsgn=0 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 0:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=1 & divsgn=0 {\n\tdivi:8 = (zext(regdr) << 32) | zext(regdq);\n\tdenom:8 = zext(glbdenom);\n\tlocal quot = divi / denom;\n\tlocal rem = divi % denom;\n\tregdr = rem:4;\n\tregdq = quot:4;\n\texport regdq;\n}",
        "divsz=1 & divsgn=0 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 2:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=0 & divsgn=1 {\n\tlocal divis = regdq;\n\tlocal denom = glbdenom;\n\tlocal rem = divis s% denom;\n\tlocal quot = divis s/ denom;\n\tregdr = rem;\n\tregdq = quot;\n\texport regdq;\n}",
        "divsz=0 & divsgn=1 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 1:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k(
        "divsz=1 & divsgn=1 {\n\tdivi:8 = (sext(regdr)<<32)|sext(regdq);\n\tdenom:8=sext(glbdenom);\n\tlocal quot=divi s/ denom;\n\tlocal rem=divi s% denom;\n\tregdr=rem:4;\n\tregdq=quot:4;\n\texport regdq;\n}",
        "divsz=1 & divsgn=1 {\n\tlocal both:8 = divideLong(regdr, regdq, glbdenom, 3:1);\n\tregdr = both(4);\n\tregdq = both:4;\n\texport regdq;\n}",
    ),
    m68k("glbdenom=e2l; build subdiv; CF=0; resflags(subdiv);", "glbdenom=e2l; build subdiv;"),
    m68k(
        "is regdq & divsgn=1 & divsz=0\t\t\t{ regdq = glbdenom * regdq; resflags(regdq); CF=0; }",
        "is regdq & divsgn=1 & divsz=0 { local both:8 = multiplyLong(glbdenom, regdq, 1:1); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=1 & divsz=1 & regdr\t{\n\ttmp1:8 = sext(glbdenom);\n\ttmp2:8 = sext(regdq);\n\tlocal res = tmp1 * tmp2;\n\tregdq = res:4;\n\tregdr = res(4);\n\tresflags(res);\n\tCF=0;\n\tVF=0;\n}",
        "is regdq & divsgn=1 & divsz=1 & regdr { local both:8 = multiplyLong(glbdenom, regdq, 3:1); regdr = both(4); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=0 & divsz=0\t\t\t{ regdq = glbdenom * regdq; resflags(regdq); CF=0; }",
        "is regdq & divsgn=0 & divsz=0 { local both:8 = multiplyLong(glbdenom, regdq, 0:1); regdq = both:4; }",
    ),
    m68k(
        "is regdq & divsgn=0 & divsz=1 & regdr\t{\n\ttmp1:8 = zext(glbdenom);\n\ttmp2:8 = zext(regdq);\n\tlocal res = tmp1 * tmp2;\n\tregdq = res:4;\n\tregdr = res(4);\n\tresflags(res);\n\tCF=0;\n\tVF=0;\n\n}",
        "is regdq & divsgn=0 & divsz=1 & regdr { local both:8 = multiplyLong(glbdenom, regdq, 2:1); regdr = both(4); regdq = both:4; }",
    ),
    m68k(
        "{\n\tCF = carry(Txb,carry(Tyb,XF));\n\tTxb = Txb + Tyb + XF;\n\tXF = bcdAdjust(Txb);\n\tbcdflags(Txb);\n}",
        "{ build Tyb; build Txb; Txb = addDecimal(Tyb, Txb); }",
    ),
    m68k(
        "{\n\tCF = (Txb < Tyb) || ( (XF == 1) && (Txb == Tyb) );\n\tTxb = Txb - Tyb - XF;\n\tTxb = bcdAdjust(Txb);\n\tbcdflags(Txb);\n}",
        "{ build Tyb; build Txb; Txb = subtractDecimal(Tyb, Txb); }",
    ),
    m68k(
        "{\n\tlocal tmp = eab;\n\tCF = (tmp != 0) || (XF == 1);\n\ttmp = 0 - tmp - XF;\n\teab = bcdAdjust(tmp);\n\tbcdflags(tmp);\n}",
        "{ eab = subtractDecimal(eab, 0:1); }",
    ),
    m68k(
        "macro rotateLeft(count, register, width) {\n\tlocal modcount = count & 63;\n\tregister = (register << modcount) | (register >> (width - modcount));\n\tresflags(register);\n\tCF = (register & 1) != 0;\n\tVF = 0;\n}",
        "macro rotateLeft(count, register, width) {\n\tregister = rotateLeftBy(count, register);\n}",
    ),
    m68k(
        "macro rotateRight(count, register, width) {\n\tlocal modcount = count & 63;\n\tregister = (register << (width - modcount)) | (register >> modcount);\n\tresflags(register);\n\tCF = zext(register s< 0);\n\tVF = 0;\n}",
        "macro rotateRight(count, register, width) {\n\tregister = rotateRightBy(count, register);\n}",
    ),
    m68k(
        "macro rotateLeftExtended(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal xflag = (register & (1 << (width - modcount))) != 0;\n\tlocal result = (register << modcount) | (zext(XF) << (modcount - 1)) | (register >> (width - modcount + 1));\n\tregister = (zext(modcount != 0) * result) + (zext(modcount == 0) * register);\n\tresflags(register);\n\tXF = (zext(modcount != 0) * xflag) + (zext(modcount == 0) * XF);\n\tCF = XF;\n\tVF = 0;\n}",
        "macro rotateLeftExtended(count, register, width) {\n\tregister = rotateLeftThrough(count, register);\n}",
    ),
    m68k(
        "macro rotateRightExtended(count, register, width) {\n\tlocal modcount = count & 63;\n\tlocal xflag = (register & (1 << (modcount - 1))) != 0;\n\tlocal result = (zext(XF) << (width - modcount)) | (register >> modcount) | (register << (width - modcount + 1));\n\tregister = (zext(modcount != 0) * result) + (zext(modcount == 0) * register);\n\tresflags(register);\n\tXF = (zext(modcount != 0) * xflag) + (zext(modcount == 0) * XF);\n\tCF = XF;\n\tVF = 0;\n}",
        "macro rotateRightExtended(count, register, width) {\n\tregister = rotateRightThrough(count, register);\n}",
    ),
    m68k(
        "Ty: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-4; export *:4 regan; }",
        "Ty: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-4; local at:4 = regan; export *:4 at; }",
    ),
    m68k(
        "Tx: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-4; export *:4 reg9an; }",
        "Tx: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-4; local at:4 = reg9an; export *:4 at; }",
    ),
    m68k(
        "Tyw: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-2; export *:2 regan; }",
        "Tyw: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-2; local at:4 = regan; export *:2 at; }",
    ),
    m68k(
        "Txw: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-2; export *:2 reg9an; }",
        "Txw: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-2; local at:4 = reg9an; export *:2 at; }",
    ),
    m68k(
        "Tyb: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-1; export *:1 regan; }",
        "Tyb: -(regan)\tis rmbit=1 & regan\t\t{ regan = regan-1; local at:4 = regan; export *:1 at; }\nTyb: -(regan)\tis rmbit=1 & regan & regan=7\t{ regan = regan-2; local at:4 = regan; export *:1 at; }",
    ),
    m68k(
        "Txb: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-1; export *:1 reg9an; }",
        "Txb: -(reg9an)\tis rmbit=1 & reg9an\t\t{ reg9an = reg9an-1; local at:4 = reg9an; export *:1 at; }\nTxb: -(reg9an)\tis rmbit=1 & reg9an & reg9an=7\t{ reg9an = reg9an-2; local at:4 = reg9an; export *:1 at; }",
    ),
    m68k("  local address:4 = zext(eaw);\n  local bound:2 = *:2 address;", "  local bound:2 = eaw;"),
    m68k("  local address:4 = zext(eal);\n  local bound:4 = *:4 address;", "  local bound:4 = eal;"),
    m68k("movemptr = movemptr - 4; *movemptr = D0w;", "movemptr = movemptr - 2; *movemptr = D0w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D1w;", "movemptr = movemptr - 2; *movemptr = D1w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D2w;", "movemptr = movemptr - 2; *movemptr = D2w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D3w;", "movemptr = movemptr - 2; *movemptr = D3w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D4w;", "movemptr = movemptr - 2; *movemptr = D4w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D5w;", "movemptr = movemptr - 2; *movemptr = D5w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D6w;", "movemptr = movemptr - 2; *movemptr = D6w;"),
    m68k("movemptr = movemptr - 4; *movemptr = D7w;", "movemptr = movemptr - 2; *movemptr = D7w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A0w;", "movemptr = movemptr - 2; *movemptr = A0w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A1w;", "movemptr = movemptr - 2; *movemptr = A1w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A2w;", "movemptr = movemptr - 2; *movemptr = A2w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A3w;", "movemptr = movemptr - 2; *movemptr = A3w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A4w;", "movemptr = movemptr - 2; *movemptr = A4w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A5w;", "movemptr = movemptr - 2; *movemptr = A5w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A6w;", "movemptr = movemptr - 2; *movemptr = A6w;"),
    m68k("movemptr = movemptr - 4; *movemptr = A7w;", "movemptr = movemptr - 2; *movemptr = A7w;"),
    m68k(
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = !$(NAN_FP) || !($(N_FP) || $(Z_FP)); clearflags_fp(); export tmp; }",
        "fcc: \"ugt\"\tis fcode=0x0a\t\t\t{ tmp:1 = $(NAN_FP) || !($(N_FP) || $(Z_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || $(N_FP); clearflags_fp(); export tmp; }",
        "fcc: \"uge\"\tis fcode=0x0b\t\t\t{ tmp:1 = $(NAN_FP) || $(Z_FP) || !($(N_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = $(Z_FP); clearflags_fp(); export tmp; }",
        "fcc: \"sne\"\tis fcode=0x1e\t\t\t{ tmp:1 = !($(Z_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = $(NAN_FP); clearflags_fp(); export tmp; }",
        "fcc: \"or\"\tis fcode=0x07\t\t\t{ tmp:1 = !($(NAN_FP)); export tmp; }",
    ),
    m68k(
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = $(NAN_FP); clearflags_fp(); export tmp; }",
        "fcc: \"gle\"\tis fcode=0x17\t\t\t{ tmp:1 = !($(NAN_FP)); export tmp; }",
    ),
    m68k(" clearflags_fp(); export tmp; }", " export tmp; }"),
    m68k("{ addxflags(Tyb,Txb);", "{ build Tyb; build Txb; addxflags(Tyb,Txb);"),
    m68k("{ addxflags(Tyw,Txw);", "{ build Tyw; build Txw; addxflags(Tyw,Txw);"),
    m68k("{ addxflags(Ty,Tx);", "{ build Ty; build Tx; addxflags(Ty,Tx);"),
    m68k(
        ":cmpm.b (regan)+,(reg9an)+\tis op=11 & reg9an & op8=1 & op67=0 & op5=0 & op34=1 & regan\t{ local tmp1=*:1 regan; regan=regan+1; local tmp2=*:1 reg9an; reg9an=reg9an+1;\n\t\t\t\t\t\t\t\t\t\t\t\t  subflags(tmp2,tmp1); local tmp =tmp2-tmp1; resflags(tmp); }",
        "Pyb: (regan)+ is regan { local at:4 = regan; regan = regan + 1; export *:1 at; }\nPyb: (regan)+ is regan & regan=7 { local at:4 = regan; regan = regan + 2; export *:1 at; }\nPxb: (reg9an)+ is reg9an { local at:4 = reg9an; reg9an = reg9an + 1; export *:1 at; }\nPxb: (reg9an)+ is reg9an & reg9an=7 { local at:4 = reg9an; reg9an = reg9an + 2; export *:1 at; }\n:cmpm.b Pyb,Pxb\tis op=11 & op8=1 & op67=0 & op5=0 & op34=1 & Pyb & Pxb { build Pyb; local tmp1 = Pyb; build Pxb; local tmp2 = Pxb; subflags(tmp2,tmp1); local tmp = tmp2-tmp1; resflags(tmp); }",
    ),
    m68k(
        "{ movemptr = regan; build r2mbw0; regan = movemptr; }",
        "{ movemptr = regan; regan = regan - 2; build r2mbw0; regan = movemptr; }",
    ),
    m68k(
        "{ movemptr = regan; build r2mbl0; regan = movemptr; }",
        "{ movemptr = regan; regan = regan - 4; build r2mbl0; regan = movemptr; }",
    ),
    m68k(
        "{ tmp0:1 = zext(XF); subxflags(Txb, Tyb);",
        "{ build Tyb; build Txb; tmp0:1 = zext(XF); subxflags(Txb, Tyb);",
    ),
    m68k(
        "{ tmp0:2 = zext(XF); subxflags(Txw, Tyw);",
        "{ build Tyw; build Txw; tmp0:2 = zext(XF); subxflags(Txw, Tyw);",
    ),
    m68k(
        "{ tmp0:4 = zext(XF); subxflags(Tx, Ty);",
        "{ build Ty; build Tx; tmp0:4 = zext(XF); subxflags(Tx, Ty);",
    ),
    msp430(
        "@if REG_SIZE == \"4\"\nAMASK: val\tis ctx_isHi=1",
        "macro wrapAddress(at, base, mask) {\n@if REG_SIZE == \"4\"\n local place:4 = base;\n local far:4 = zext(place > 0xffff) * 0xf0000;\n at = at & ((mask & 0xffff) | far);\n@else\n at = at & mask;\n@endif\n}\n@if REG_SIZE == \"4\"\nAMASK: val is ctx_isHi=1 & bow=0 [ val = 0xFFFE; ] { export *[const]:4 val; }\nAMASK: val is ctx_isHi=0 & bow=0 [ val = 0xFFFFE; ] { export *[const]:4 val; }\nAMASK: val\tis ctx_isHi=1",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (dest_Indexed16_0_4 + 2 + indexExt2Word16_0_16s) & AMASK;",
        "tmp:$(REG_SIZE) = dest_Indexed16_0_4 + 2 + indexExt2Word16_0_16s; wrapAddress(tmp, dest_Indexed16_0_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (dest_Indexed16_0_4 + indexExt2Word16_0_16s) & AMASK;",
        "tmp:$(REG_SIZE) = dest_Indexed16_0_4 + indexExt2Word16_0_16s; wrapAddress(tmp, dest_Indexed16_0_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (dest_Indexed16_0_4 + indexExtWord16_0_16s) & AMASK;",
        "tmp:$(REG_SIZE) = dest_Indexed16_0_4 + indexExtWord16_0_16s; wrapAddress(tmp, dest_Indexed16_0_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (reg_Indexed16_0_4 + indexExtWord16_0_16s) & AMASK;",
        "tmp:$(REG_SIZE) = reg_Indexed16_0_4 + indexExtWord16_0_16s; wrapAddress(tmp, reg_Indexed16_0_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (reg_Indexed16_0_4 + indexExtWord16_0_16s - 0x2) & AMASK;",
        "tmp:$(REG_SIZE) = reg_Indexed16_0_4 + indexExtWord16_0_16s - 0x2; wrapAddress(tmp, reg_Indexed16_0_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = (src_Indexed16_8_4 + indexExtWord16_0_16s) & AMASK;",
        "tmp:$(REG_SIZE) = src_Indexed16_8_4 + indexExtWord16_0_16s; wrapAddress(tmp, src_Indexed16_8_4, AMASK);",
    ),
    msp430(
        "tmp:$(REG_SIZE) = labelCalc & AMASK;",
        "tmp:$(REG_SIZE) = labelCalc; wrapAddress(tmp, inst_start, AMASK);",
    ),
    msp430("= reg_InDirect16_0_4 & AMASK", "= reg_InDirect16_0_4 & -2"),
    msp430("= src_InDirect16_8_4 & AMASK", "= src_InDirect16_8_4 & -2"),
    exception(
        ":illegal			is d16=0x4afc						unimpl",
        "define pcodeop illegalInstruction;\n:illegal is d16=0x4afc { illegalInstruction(); }",
    ),
    exception(
        "define pcodeop __m68k_trapv;",
        "define pcodeop __m68k_trapv;\ndefine pcodeop __m68k_exception;\ndefine pcodeop divideWord;\ndefine pcodeop divideLong;\ndefine pcodeop multiplyLong;\ndefine pcodeop addDecimal;\ndefine pcodeop subtractDecimal;\ndefine pcodeop rotateLeftBy;\ndefine pcodeop rotateRightBy;\ndefine pcodeop rotateLeftThrough;\ndefine pcodeop rotateRightThrough;",
    ),
    exception("  __m68k_trap(6:1);", "  __m68k_exception(6:1);"),
    exception(
        "SP = SP - 4; *:4 SP = inst_next; vector:1 = 7; __m68k_trap(vector);",
        "__m68k_exception(7:1);",
    ),
    exception("SP = SP - 4; *:4 SP = inst_next; __m68k_trapv();", "__m68k_trapv();"),
    power(
        "ppc_common.sinc",
        "CC_TF: \"t\"\t\tis BO_1=1\t{}",
        "CC_TF: \"t\" is BO_1=1 { tmp:1 = 1; export tmp; }",
    ),
    power(
        "ppc_common.sinc",
        "CC_TF: \"f\"\t\tis BO_1=0\t{}",
        "CC_TF: \"f\" is BO_1=0 { tmp:1 = 0; export tmp; }",
    ),
    Edit {
        file: "ppc_instructions.sinc",
        old: "is OP=31 & A & S & SH & XOP_2_10=413 & Rc=1\n{\n\tshiftCarry(S,SH);\n\tA = S s>> SH;\n}",
        new: "is OP=31 & A & S & SH & XOP_2_10=413 & Rc=1\n{\n\tshiftCarry(S,SH);\n\tA = S s>> SH;\n\tcr0flags(A);\n}",
        reason: "sradi. sets CR0, too",
    },
    power("ppc_instructions.sinc", "CTR_DEC && CC_OP", "CTR_DEC && (CC_OP == CC_TF)"),
    Edit {
        file: "riscv.rvc.sinc",
        old: "\tcfr0204s = *[ram]:$(SFLEN) ea;",
        new: "\tfassignS(cfr0204s, *[ram]:4 ea);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "riscv.rvc.sinc",
        old: "\tcfrd = *[ram]:$(SFLEN) ea;",
        new: "\tfassignS(cfrd, *[ram]:4 ea);",
        reason: "singles in double registers are boxed",
    },
    Edit {
        file: "riscv.rvc.sinc",
        old: "*[ram]:4 ea = cfr0204s;",
        new: "*[ram]:4 ea = cfr0204s:4;",
        reason: "singles are stored from double registers",
    },
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
    mips_words(
        "fct=0x21 & RD & RSsrc {\n    # Count leading ones in a word\n    RD = lzcount( ~RSsrc );",
        "fct=0x21 & RD & RSsrc & RS32src {\n    RD = lzcount( ~RS32src );",
    ),
    mips_words(
        "fct=0x20 & RD & RSsrc {\n    # Count leading zeros in a word\n    RD = lzcount( RSsrc );",
        "fct=0x20 & RD & RSsrc & RS32src {\n    RD = lzcount( RS32src );",
    ),
    mips_words(
        "    RD = (tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | (tmp2); ",
        "@ifdef MIPS64\n    RD = (((tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | tmp2) << 32) s>> 32;\n@else\n    RD = (tmp3 << 24) | (tmp4 << 16) | (tmp1 << 8) | (tmp2);\n@endif",
    ),
    mips_words(
        "    RT = (RT & tmpa) | tmpb;",
        "    RT = (RT & tmpa) | tmpb;\n@ifdef MIPS64\n    RT = (RT << 32) s>> 32;\n@endif",
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
    z80(
        "\tDECOMPILE_MODE\n];",
        "\tDECOMPILE_MODE IFF1 IFF2 IMODE\n];",
        "what interrupts are enabled, and their mode, is state",
    ),
    z80("#\tIFF1 = 0;\n#\tIFF2 = 0;\n\tdisableMaskableInterrupts();", "\tIFF1 = 0;\n\tIFF2 = 0;", "DI"),
    z80("#\tIFF1 = 1;\n#\tIFF2 = 1;\n\tenableMaskableInterrupts();", "\tIFF1 = 1;\n\tIFF2 = 1;", "EI"),
    z80("setInterruptMode(0:1);", "IMODE = 0;", "IM 0"),
    z80("setInterruptMode(1:1);", "IMODE = 1;", "IM 1"),
    z80("setInterruptMode(2:1);", "IMODE = 2;", "IM 2"),
    z80("\t# IFF1 = IFF2;", "\tIFF1 = IFF2;", "RETN"),
    z80(
        "#\t$(PV_flag) = IFF2;",
        "\t$(PV_flag) = IFF2;",
        "LD A,I and LD A,R give the second flip-flop in P/V",
    ),
    z80("\tadditionFlags(r_temp, 1);", "\tadditionFlagsNoC(r_temp, 1);", "INC leaves carry alone"),
    z80("\tadditionFlags(val, 1);", "\tadditionFlagsNoC(val, 1);", "INC leaves carry alone"),
    z80("\tval:1 = ixMem8;\n\tMemRead(val,HL);", "\tval:1 = ixMem8;", "ADC A,(IX+d) does not read at HL"),
    z80("\tval:1 = iyMem8;\n\tMemRead(val,HL);", "\tval:1 = iyMem8;", "ADC A,(IY+d) does not read at HL"),
    z80(
        "\tadditionFlagsNoPV(HL_temp, Reg_temp);\n\tHL_temp = HL_temp + Reg_temp + zext($(C_flag));",
        "\tadditionWithCarry(HL_temp, Reg_temp, HL_temp);",
        "ADC HL adds the carry that was there, which counts for the flags as well",
    ),
    z80(
        "\tif (test != 0) goto inst_start;\n\t\n\t$(H_flag) = 0;\n\t$(PV_flag) = 0;\n\t$(N_flag) = 0;",
        "\t$(H_flag) = 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 0;\n\tif (test != 0) goto inst_start;",
        "each round of LDIR and LDDR is an LDI or LDD",
    ),
    z80(
        "\tif (cmp != 0 || test != 0) goto inst_start;\n\n\tcarries:1 = (~a_temp & val) | (val & cmp) | (cmp & ~a_temp);\n\t$(H_flag) = (carries & 0b00001000) != 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 1;",
        "\tcarries:1 = (~a_temp & val) | (val & cmp) | (cmp & ~a_temp);\n\t$(H_flag) = (carries & 0b00001000) != 0;\n\t$(PV_flag) = (test != 0);\n\t$(N_flag) = 1;\n\tif (cmp != 0 && test != 0) goto inst_start;",
        "CPIR and CPDR end where the byte is found, or the bytes are",
    ),
    z80(
        "\tixMem8 = val;\n\t$(H_flag) = 0;\n\t$(N_flag) = 0;",
        "\tixMem8 = val;\n\t$(H_flag) = 0;\n\tsetParity(val);\n\t$(N_flag) = 0;",
        "RLC (IX+d) gives the parity",
    ),
    z80(
        "\t$(C_flag) = !$(C_flag);\n",
        "\t$(H_flag) = $(C_flag);\n\t$(C_flag) = !$(C_flag);\n",
        "CCF keeps the carry in H",
    ),
    z80("\tsetResultFlags(A);\n\tA = a_temp;", "\tsetResultFlags(a_temp);\n\tA = a_temp;", "SBC A,IXH"),
    z80("if (DECOMPILE_MODE) goto <forDecompilation>;", "goto <forDecompilation>;", "DAA: as follows"),
    z80(
        "   a_temp = BCDadjust(a_temp, $(C_flag), $(H_flag));\n   $(C_flag) = BCDadjustCarry(a_temp, $(C_flag), $(H_flag));\n",
        "   low:1 = a_temp & 0xf;\n   over:1 = $(C_flag) | (a_temp > 0x99);\n   fix:1 = ($(H_flag) | (low > 9)) * 0x06 + over * 0x60;\n   a_temp = a_temp + fix * (1 - 2 * $(N_flag));\n   $(H_flag) = (($(N_flag) == 1) & ($(H_flag) == 1) & (low < 6)) | (($(N_flag) == 0) & (low > 9));\n   $(C_flag) = over;\n",
        "DAA gives H, and adjusts whatever the digits are (S. Young, The Undocumented Z80 Documented, 4.7)",
    ),
    z80("   $(PV_flag) = hasEvenParity(a_temp);\n", "   setParity(a_temp);\n", "DAA gives the parity"),
    z80(
        "\t$(Z_flag) = ((reg0_3 & mask) == 0);",
        "\tlocal tested = reg0_3 & mask;\n\tsetResultFlags(tested);\n\t$(PV_flag) = (tested == 0);",
        Z80_BIT,
    ),
    z80(
        "\t$(Z_flag) = ((val & mask) == 0);",
        "\tlocal tested = val & mask;\n\tsetResultFlags(tested);\n\t$(PV_flag) = (tested == 0);",
        Z80_BIT,
    ),
    z80(
        ":ADD IY,pRegPair4_2 is op0_8=0xfd & IY; op6_2=0x0 & pRegPair4_2 & bits0_4=0x9 {\n\tlocal IY_temp = IY;\n\tlocal Reg_temp = pRegPair4_2;",
        ":ADD IY,rRegPair4_2 is op0_8=0xfd & IY; op6_2=0x0 & rRegPair4_2 & bits0_4=0x9 {\n\tlocal IY_temp = IY;\n\tlocal Reg_temp = rRegPair4_2;",
        "ADD IY,IY does not add IX",
    ),
];
