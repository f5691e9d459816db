//! Corrections of the specification of x86 (Intel SDM).

use super::Edit;

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

const STACK_ADDRESSES: &str = "the address size prefix does not concern the stack pointer (Intel SDM, volume 1, \
                               6.2.3); real-address mode is left to the engine";

/// A correction of pushes or pops with addresses of 16 bits.
const fn stack(old: &'static str, new: &'static str) -> Edit {
    ia(old, new, STACK_ADDRESSES)
}

/// A correction of CMPXCHG of an operand in memory and its relatives.
const fn exchange(old: &'static str, new: &'static str) -> Edit {
    Edit {
        file: "lockable.sinc",
        old,
        new,
        reason: "what is compared is written back if it is another (Intel SDM, volume 2, CMPXCHG), and registers of 32 bits clear what is above",
    }
}

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

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "smx.sinc",
        old: "is vexMode=0 & byte=0x0f; byte=0x37  {\n",
        new: "is vexMode=0 & byte=0x0f; byte=0x37  {\n\tinvalidInstructionException();\n",
        reason: "safer mode extensions are not there, and CR4.SMXE is not set (Intel SDM, volume 2, GETSEC)",
    },
    Edit {
        file: "x86.slaspec",
        old: "@include \"rdrand.sinc\"\n",
        new: concat!(
            "@include \"rdrand.sinc\"\n@include \"fma.sinc\"\n",
            include_str!("../../specifications/x86.fma4.sinc"),
        ),
        reason: "FMA is not of 64 bits only (Intel SDM, volume 2, VFMADD213SD); FMA4",
    },
    Edit {
        file: "x86-64.slaspec",
        old: "@include \"fma.sinc\"\n",
        new: "",
        reason: "FMA is not of 64 bits only",
    },
    ia(
        "vex1VVV_KReg: evexVopmask is evexVopmask & vexHighV=1",
        "vex1VVV_KReg: evexVopmask is evexVopmask & vexHighV=0",
        "VEX.vvvv is inverted: its highest bit is 1, the field 0 (Intel SDM, volume 2, 2.3.5.6)",
    ),
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
    stack(
        "SP = SP -2;\n  tmp:$(SIZE) = segment(SS,SP);\n  *:2 tmp = mysave;",
        "$(STACKPTR) = $(STACKPTR) - 2;\n  *:2 $(STACKPTR) = mysave;",
    ),
    stack(
        "SP = SP-4;\n  tmp:$(SIZE) = segment(SS,SP);\n  *:4 tmp = mysave;",
        "$(STACKPTR) = $(STACKPTR) - 4;\n  *:4 $(STACKPTR) = mysave;",
    ),
    stack(
        "tmp:$(SIZE) = segment(SS,SP);\n  x = *:2 tmp;\n  SP = SP+2;",
        "x = *:2 $(STACKPTR);\n  $(STACKPTR) = $(STACKPTR) + 2;",
    ),
    stack(
        "tmp:$(SIZE) = segment(SS,SP);\n  x = *:4 tmp;\n  SP = SP+4;",
        "x = *:4 $(STACKPTR);\n  $(STACKPTR) = $(STACKPTR) + 4;",
    ),
    stack("{ SP = BP; pop22(BP); }", "{ ESP = EBP; pop22(BP); }"),
    stack("SP=SP+imm16; return [EIP]", "ESP=ESP+imm16; return [EIP]"),
    ia(
        "local rpldiff=rplsrc-rpldest;\n                                          \
         ZF = rpldiff s> 0; rm16 = rm16 + (zext(CF) * rpldiff); }",
        "ZF = rpldest < rplsrc; if (ZF == 0) goto inst_next; rm16 = rm16 & 0xfffc | rplsrc; }",
        "the privilege level is raised, and CF has no part in it (Intel SDM, volume 2, ARPL)",
    ),
    ia(
        ":JMP rm32       is $(LONGMODE_OFF) & vexMode=0 & addrsize=1 & opsize=1",
        ":JMP rm32       is $(LONGMODE_OFF) & vexMode=0 & opsize=1",
        "a jump to 32 bits has an address size of 16 bits as well (Intel SDM, volume 2, JMP)",
    ),
    ia(
        ":INTO           is vexMode=0 & byte=0xce & bit64=0",
        ":INTO           is $(LONGMODE_OFF) & vexMode=0 & byte=0xce & bit64=0",
        "the address size prefix takes `bit64` away",
    ),
    ia(
        "  intloc:$(SIZE) = swi(tmp);\n\n  if (OF != 1) goto <no_overflow>;\n",
        "  if (OF != 1) goto <no_overflow>;\n  intloc:$(SIZE) = swi(tmp);\n",
        "INTO traps only if OF is set (Intel SDM, volume 2, INT n/INTO)",
    ),
    exchange(
        "    AL = dest;\n    goto <inst_end>;\n<equal>\n    m8 = Reg8;\n",
        "    m8 = dest;\n    AL = dest;\n    goto <inst_end>;\n<equal>\n    m8 = Reg8;\n",
    ),
    exchange(
        "    AX = dest;\n    goto <inst_end>;\n<equal>\n    m16 = Reg16;\n",
        "    m16 = dest;\n    AX = dest;\n    goto <inst_end>;\n<equal>\n    m16 = Reg16;\n",
    ),
    exchange(
        "    RAX = dest;\n    goto <inst_end>;\n<equal>\n    m64 = Reg64;\n",
        "    m64 = dest;\n    RAX = dest;\n    goto <inst_end>;\n<equal>\n    m64 = Reg64;\n",
    ),
    exchange(
        "    EAX = dest;\n    build check_EAX_dest;\n    goto <inst_end>;\n<equal>\n    m32 = Reg32;\n",
        "    m32 = dest;\n    EAX = dest;\n    build check_EAX_dest;\n    goto <inst_end>;\n<equal>\n    m32 = Reg32;\n",
    ),
    exchange(
        "reg_opcode=1 ) ... & m64 \n{",
        "reg_opcode=1 ) ... & m64 & check_EAX_dest ... & check_EDX_dest ... \n{",
    ),
    exchange(
        "    EDX = dest(4);\n    EAX = dest:4;\n",
        "    m64 = dest;\n    EDX = dest(4);\n    build check_EDX_dest;\n    EAX = dest:4;\n    build check_EAX_dest;\n",
    ),
    exchange(
        "    RDX = dest(8);\n    RAX = dest:8;\n",
        "    m128 = dest;\n    RDX = dest(8);\n    RAX = dest:8;\n",
    ),
];
