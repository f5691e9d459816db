//! Corrections of the specification of AVR (AVR Instruction Set Manual,
//! Atmel 0856L).

use super::Edit;

const fn avr(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "avr8.sinc", old, new, reason }
}

const SKIPS: &str = "what is skipped is one instruction of one or two words, and nothing is left to remember";
const NOT_MEGA: &str = "an instruction of XMEGA processors";

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "avr8.slaspec",
        old: "@define HASEIND \"0\"",
        new: "@define HASEIND \"0\"\n@define REGISTER_SPACE \"register\"",
        reason: "registers are registers; that the data space shows them is the engine's matter",
    },
    avr(
        "define register offset=0x42",
        "define register offset=0x3F size=1 [ SPB ];\n\ndefine register offset=0x42",
        "the stack pointer as an address among those of all spaces",
    ),
    avr(
        "define space codebyte type=ram_space size=$(PCBYTESIZE) wordsize=1;",
        "define space codebyte type=ram_space size=3 wordsize=1;",
        "ELPM reads flash of 128 KiB by bytes",
    ),
    avr(
        "    SP = SP - 1;\n    *[mem]:2 SP = val;\n\tSP = SP - 1;\n",
        "\tlocal high:2 = val >> 8;\n\t*[mem]:1 SP = val:1;\n\tSP = SP - 1;\n\t*[mem]:1 SP = high:1;\n\tSP = SP - 1;\n",
        "the low byte of a return address is pushed first (CALL)",
    ),
    avr(
        "    SP = SP + 1;\n\tval = *[mem]:2 SP;\n\tSP = SP + 1;\n",
        "\tSP = SP + 1;\n\tlocal high:2 = zext(*[mem]:1 SP);\n\tSP = SP + 1;\n\tlocal low:2 = zext(*[mem]:1 SP);\n\tval = (high << 8) | low;\n",
        "the high byte of a return address is popped first (RET)",
    ),
    avr(
        "\tlocal x = pre - sub;\n\t$(Vflag) = sborrow(pre,sub);\n\t$(Cflag) = (pre < sub);\n\tsetResultFlags(x);\n\t$(Sflag) = pre s< sub;\n\tres = x;\n",
        "\tlocal a:1 = pre;\n\tlocal b:1 = sub;\n\tlocal x:1 = a - b;\n\tsetSubFlags(a, b, x);\n\t$(Zflag) = (x == 0);\n\tres = x;\n",
        "SUB sets H",
    ),
    avr(
        "macro doSubtract(pre",
        "macro setAddFlags(a,b,r) {\n\tlocal carries:1 = (a & b) | ((a | b) & ~r);\n\t$(Hflag) = (carries >> 3) & 1;\n\t$(Cflag) = carries >> 7;\n\t$(Vflag) = ((a ^ r) & (b ^ r)) >> 7;\n\tsetResultFlags(r);\n}\n\nmacro setSubFlags(a,b,r) {\n\tlocal borrows:1 = (~a & b) | ((~a | b) & r);\n\t$(Hflag) = (borrows >> 3) & 1;\n\t$(Cflag) = borrows >> 7;\n\t$(Vflag) = ((a ^ b) & (a ^ r)) >> 7;\n\t$(Nflag) = r >> 7;\n\tsetSflag();\n}\n\nmacro doSubtract(pre",
        "the flags of ADD and SUB, H with them",
    ),
    avr(
        "\tlocal partial = pre - sub;\n\tlocal subCarry = sub + $(Cflag);\n\tlocal x = pre - subCarry;\n\tlocal oldZflag = $(Zflag);\n\t$(Vflag) = sborrow(pre,sub) ^^ sborrow(partial, $(Cflag));\n\t$(Cflag) = (pre < sub) || (partial < $(Cflag));\n\tsetResultFlags(x);\n\t$(Sflag) = $(Nflag)^$(Vflag);\n\t$(Zflag) = oldZflag & $(Zflag);\n\tres = x;\n",
        "\tlocal a:1 = pre;\n\tlocal b:1 = sub;\n\tlocal x:1 = a - b - $(Cflag);\n\tsetSubFlags(a, b, x);\n\t$(Zflag) = $(Zflag) & (x == 0);\n\tres = x;\n",
        "SBC sets H",
    ),
    avr(
        "\tlocal res = RdFull + RrFull + $(Cflag);\n\t$(Cflag) = carry(RdFull, RrFull) || carry(RdFull + RrFull, $(Cflag));\n\t$(Vflag) = scarry(RdFull, RrFull) ^^ scarry(RdFull + RrFull, $(Cflag));\n\tsetResultFlags(res);\n\tRdFull = res;\n",
        "\tlocal a:1 = RdFull;\n\tlocal b:1 = RrFull;\n\tlocal res:1 = a + b + $(Cflag);\n\tsetAddFlags(a, b, res);\n\tRdFull = res;\n",
        "ADC sets H",
    ),
    avr(
        "\tlocal res = RdFull + RrFull;\n\t$(Cflag) = carry(RdFull,RrFull);\n\t$(Vflag) = scarry(RdFull,RrFull);\n\tsetResultFlags(res);\n\tRdFull = res;\n",
        "\tlocal a:1 = RdFull;\n\tlocal b:1 = RrFull;\n\tlocal res:1 = a + b;\n\tsetAddFlags(a, b, res);\n\tRdFull = res;\n",
        "ADD sets H",
    ),
    avr(
        "\tlocal pre = Rdw2;\n\tRdw2 = Rdw2 + zext(K6);\n\t$(Cflag) = carry(pre,zext(K6));\n\t$(Vflag) = scarry(Rdw2,zext(K6));\n\tsetResultFlags(Rdw2);\n",
        "\tlocal pre:2 = Rdw2;\n\tlocal res:2 = pre + zext(K6);\n\tlocal over:2 = (~pre & res) >> 15;\n\tlocal out:2 = (pre & ~res) >> 15;\n\t$(Vflag) = over:1;\n\t$(Cflag) = out:1;\n\tsetResultFlags(res);\n\tRdw2 = res;\n",
        "V of ADIW is of the sum",
    ),
    avr(
        "\tlocal x = RdFull - RrFull;\n\t$(Cflag) = (RdFull < RrFull);\n\t$(Vflag) = sborrow(RdFull,RrFull);\n\tsetResultFlags(x);\n# but doesn't set result into a register\n",
        "\tlocal res:1 = 0;\n\tdoSubtract(RdFull,RrFull,res);\n\tres = res;\n",
        "CP sets H",
    ),
    avr(
        ":cpse RdFull,RrFull              is phase=1 & ophi6=0x4 & RdFull & RrFull [ useSkipCond=1; globalset(inst_next,useSkipCond); ] {\n\tSKIP = (RdFull == RrFull);\n}\n",
        ":cpse RdFull,RrFull              is phase=1 & ophi6=0x4 & RdFull & RrFull {\n\tif (RdFull == RrFull) goto inst_next2;\n}\n",
        SKIPS,
    ),
    avr(
        ":sbic Aio5,oplow3                is phase=1 & ophi8=0x99 & Aio5 & oplow3 [ useSkipCond=1; globalset(inst_next,useSkipCond); ] {\n\tSKIP = ((Aio5 & (1 << oplow3)) == 0);\n}\n",
        ":sbic Aio5,oplow3                is phase=1 & ophi8=0x99 & Aio5 & oplow3 {\n\tif ((Aio5 & (1 << oplow3)) == 0) goto inst_next2;\n}\n",
        SKIPS,
    ),
    avr(
        ":sbis Aio5,oplow3                is phase=1 & ophi8=0x9b & Aio5 & oplow3 [ useSkipCond=1; globalset(inst_next,useSkipCond); ] {\n\tSKIP = ((Aio5 & (1 << oplow3)) != 0);\n}\n",
        ":sbis Aio5,oplow3                is phase=1 & ophi8=0x9b & Aio5 & oplow3 {\n\tif ((Aio5 & (1 << oplow3)) != 0) goto inst_next2;\n}\n",
        SKIPS,
    ),
    avr(
        ":sbrc RdFull,oplow3              is phase=1 & ophi7=0x7e & opbit3=0 & RdFull & oplow3 [ useSkipCond=1; globalset(inst_next,useSkipCond); ] {\n\tSKIP = ((RdFull & (1 << oplow3)) == 0);\n}\n",
        ":sbrc RdFull,oplow3              is phase=1 & ophi7=0x7e & opbit3=0 & RdFull & oplow3 {\n\tif ((RdFull & (1 << oplow3)) == 0) goto inst_next2;\n}\n",
        SKIPS,
    ),
    avr(
        ":sbrs RdFull,oplow3              is phase=1 & ophi7=0x7f & opbit3=0 & RdFull & oplow3 [ useSkipCond=1; globalset(inst_next,useSkipCond); ] {\n\tSKIP = ((RdFull & (1 << oplow3)) != 0);\n}\n",
        ":sbrs RdFull,oplow3              is phase=1 & ophi7=0x7f & opbit3=0 & RdFull & oplow3 {\n\tif ((RdFull & (1 << oplow3)) != 0) goto inst_next2;\n}\n",
        SKIPS,
    ),
    avr(
        "\ttmp:$(PCBYTESIZE) = inst_next >> 1;\n",
        "\tback:4 = inst_next >> 1;\n\ttmp:2 = back:2;\n",
        "addresses of flash of 128 KiB have 17 bits",
    ),
    avr(
        "\tptr:$(PCBYTESIZE) = inst_next >> 1;\n",
        "\tback:4 = inst_next >> 1;\n\tptr:2 = back:2;\n",
        "addresses of flash of 128 KiB have 17 bits",
    ),
    avr("\tPC = &abs22dst;\n", "", "the program counter is the engine's"),
    avr("\tPC = &rel12dst;\n", "", "the program counter is the engine's"),
    avr(
        ":com RdFull                      is phase=1 & ophi7=0x4a & RdFull",
        ":com RdFull                      is phase=1 & ophi7=0x4a & oplow4=0 & RdFull",
        "COM is one of sixteen",
    ),
    avr("(zext(Iflg==1) << 7);\n    SREG = reg;\n", "(zext(Iflg==1) << 7);\n", "SREG is the flags"),
    avr("\tIflg = ((val>> 7) & 1);\n\tSREG = val;\n", "\tIflg = ((val>> 7) & 1);\n", "SREG is the flags"),
    avr(
        ":des op4to7                      is phase=1 & ophi8=0x94 & oplow4=0xb & op4to7 {\n\tval:1  = op4to7;\n\tlocal key:8 = R15R14R13R12R11R10R9R8;\n\tlocal result:16 = 0;\n\tif (!Hflg) goto <enc>;\n\tresult = decrypt(R7R6R5R4R3R2R1R0, key, val);\n\tgoto <des_end>;\n<enc>\n\tresult = encrypt(R7R6R5R4R3R2R1R0, key, val);\n<des_end>\n\tR7R6R5R4R3R2R1R0 = result(0);\n\tR15R14R13R12R11R10R9R8 = result(8);\n}\n",
        "",
        NOT_MEGA,
    ),
    avr(
        ":lac Z,RdFull                    is phase=1 & ophi7=0x49 & oplow4=0x6 & Z & RdFull {\n\ttmp:1 = *[mem]:1 Z;\n\ttmp = tmp & (0xff - RdFull);\n\t*[mem]:1 Z = tmp;\n\tRdFull = tmp;\n}\n",
        "",
        NOT_MEGA,
    ),
    avr(
        ":las Z,RdFull                    is phase=1 & ophi7=0x49 & oplow4=0x5 & Z & RdFull {\n\ttmp:1 = *[mem]:1 Z;\n\ttmp = tmp | RdFull;\n\t*[mem]:1 Z = tmp;\n\tRdFull = tmp;\n}\n",
        "",
        NOT_MEGA,
    ),
    avr(
        ":lat Z,RdFull                    is phase=1 & ophi7=0x49 & oplow4=0x7 & Z & RdFull {\n\ttmp:1 = *[mem]:1 Z;\n\ttmp = tmp ^ RdFull;\n\t*[mem]:1 Z = tmp;\n\tRdFull = tmp;\n}\n",
        "",
        NOT_MEGA,
    ),
    avr(
        ":xch RdFull                      is phase=1 & ophi7=0x49 & oplow4=0x4 & RdFull {\n\tptr:2 = Z;\n\tlocal tmp = *[mem]:1 ptr;\n\t*[mem]:1 ptr = RdFull;\n\tRdFull = tmp;\n}\n",
        "",
        NOT_MEGA,
    ),
    avr(
        "@if PCBYTESIZE == \"3\"\n:elpm",
        "@ifdef REGISTER_SPACE\n:elpm",
        "processors with 128 KiB of flash have ELPM, and a program counter of two bytes",
    ),
    avr("    local falseRead:1 = *[code]:1 (ptr >> 1);\n", "", "one byte is read, and once"),
    avr("\tlocal falseRead:1 = *[code]:1 (ptr >> 1);\n", "", "one byte is read, and once"),
    avr("\tlocal falseRead:1 = *[code]:2 (ptr >> 1);\n", "", "one byte is read, and once"),
    avr("  local falseRead:1 = *[code]:1 (ptr >> 1);\n", "", "one byte is read, and once"),
    avr(
        "(zext(RAMPZ) << 16)",
        "(zext(RAMPZ & 1) << 16)",
        "RAMPZ has one bit where there are 128 KiB of flash (ATmega128 data sheet, RAMPZ)",
    ),
    avr(
        "\tRAMPZ = ptr[16,8];",
        "\tRAMPZ = ptr[16,8] & 1;",
        "RAMPZ has one bit where there are 128 KiB of flash (ATmega128 data sheet, RAMPZ)",
    ),
    avr("\tptr:$(PCBYTESIZE) = zext(Z);\n", "\tptr:3 = zext(Z);\n", "LPM reads by bytes"),
    avr("  ptr:$(PCBYTESIZE) = zext(Z);\n", "  ptr:3 = zext(Z);\n", "LPM reads by bytes"),
    avr("R0 = *[codebyte]:$(PCBYTESIZE) ptr;", "R0 = *[codebyte]:1 ptr;", "LPM reads one byte"),
    avr("RdFull = *[codebyte]:$(PCBYTESIZE) ptr;", "RdFull = *[codebyte]:1 ptr;", "LPM reads one byte"),
    avr(
        ":fracmul RdHi,RrHi               is phase=1 & ophi9=0x6 & opbit3=1 & RdHi & RrHi { todo(); }",
        ":fracmul RdHi3,RrHi3             is phase=1 & ophi9=0x6 & opbit3=1 & RdHi3 & RrHi3 {\n\ta:2 = zext(RdHi3);\n\tb:2 = zext(RrHi3);\n\tlocal product:2 = a * b;\n\t$(Cflag) = (product & 0x8000) != 0;\n\tR1R0 = product << 1;\n\t$(Zflag) = (R1R0 == 0);\n}",
        "fractional multiplications, of r16 to r23",
    ),
    avr(
        ":fracmuls RdHi,RrHi              is phase=1 & ophi9=0x7 & opbit3=0 & RdHi & RrHi { todo(); }",
        ":fracmuls RdHi3,RrHi3             is phase=1 & ophi9=0x7 & opbit3=0 & RdHi3 & RrHi3 {\n\ta:2 = sext(RdHi3);\n\tb:2 = sext(RrHi3);\n\tlocal product:2 = a * b;\n\t$(Cflag) = (product & 0x8000) != 0;\n\tR1R0 = product << 1;\n\t$(Zflag) = (R1R0 == 0);\n}",
        "fractional multiplications, of r16 to r23",
    ),
    avr(
        ":fracmulsu RdHi,RrHi             is phase=1 & ophi9=0x7 & opbit3=1 & RdHi & RrHi { todo(); }",
        ":fracmulsu RdHi3,RrHi3             is phase=1 & ophi9=0x7 & opbit3=1 & RdHi3 & RrHi3 {\n\ta:2 = sext(RdHi3);\n\tb:2 = zext(RrHi3);\n\tlocal product:2 = a * b;\n\t$(Cflag) = (product & 0x8000) != 0;\n\tR1R0 = product << 1;\n\t$(Zflag) = (R1R0 == 0);\n}",
        "fractional multiplications, of r16 to r23",
    ),
    avr(
        "\tRdFull = -RdFull;\n\t$(Vflag) = (RdFull == 0x80);\n\t$(Cflag) = (RdFull != 0);\n\tsetResultFlags(RdFull);\n",
        "\tlocal zero:1 = 0;\n\tdoSubtract(zero,RdFull,RdFull);\n",
        "NEG sets H",
    ),
    avr(
        "\tlocal pre = Rdw2;\n\tRdw2 = Rdw2 - zext(K6);\n\t$(Cflag) = (pre < zext(K6));\n\t$(Vflag) = sborrow(pre,zext(K6));\n\tsetResultFlags(Rdw2);\n",
        "\tlocal pre:2 = Rdw2;\n\tlocal res:2 = pre - zext(K6);\n\tlocal over:2 = (pre & ~res) >> 15;\n\tlocal out:2 = (~pre & res) >> 15;\n\t$(Vflag) = over:1;\n\t$(Cflag) = out:1;\n\tsetResultFlags(res);\n\tRdw2 = res;\n",
        "SBIW as the manual has it",
    ),
    avr(
        "\tptr:$(PCBYTESIZE) = zext(Z) << 1;\n\tlocal falseWrite:1 = *[code]:1 (ptr >> 1);\n\t*[codebyte]:$(PCBYTESIZE) ptr = R1R0;\n",
        "",
        "what SPM does depends on a register of the device",
    ),
    avr(
        "  ptr:$(PCBYTESIZE) = zext(Z) << 1;\n  local falseWrite:1 = *[code]:1 (ptr >> 1);\n  *[codebyte]:$(PCBYTESIZE) ptr = R1R0;\n  Z = Z + 1;\n",
        "",
        "what SPM does depends on a register of the device",
    ),
];
