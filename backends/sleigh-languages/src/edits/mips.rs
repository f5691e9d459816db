//! Corrections of the specification of MIPS.

use super::Edit;

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

/// A correction of words of MIPS (volume II, CLO, CLZ, EXT, INS, WSBH).
const fn mips_words(old: &'static str, new: &'static str) -> Edit {
    let reason = "operations on words, on 64-bit processors as well";
    Edit { file: "mips32Instructions.sinc", old, new, reason }
}

/// A correction of a return from an exception (MIPS64 volume II-A, ERET,
/// ERETNC, DERET): from an error, or from another, of which it ends the level;
/// RFE was the one of MIPS I.
const fn returns(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "mips32Instructions.sinc", old, new, reason: "a return ends the exception's level" }
}

const NO_REGISTER: &str =
    "of a control register that is not there the manual says nothing; it is zero, as in QEMU (CFC1, CTC1)";

const PARTS_OF_FCSR: &str =
    "the control registers beside FCSR are parts of it, and hold nothing of their own";

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "mipsfloat.sinc",
        old: "tmp:4 = getCopControlWord( 1:1, fs_unk:4 );",
        new: "tmp:4 = 0;",
        reason: NO_REGISTER,
    },
    Edit {
        file: "mipsfloat.sinc",
        old: "setCopControlWord( 1:1, fs_unk:4, RTsrc );",
        new: "",
        reason: NO_REGISTER,
    },
    returns(
        ":deret                          is $(AMODE) & prime=0x10 & bit25=1 & copfill=0x0 & fct=0x1F {\n    return[DEPC];\n}",
        "define pcodeop clearLink;\ndefine pcodeop waitForLink;\nmacro returnFromException(target) {\n    target = ErrorEPC;\n    local isError:1 = (Status & 4) != 0;\n    if (isError) goto <error>;\n    target = EPC;\n    Status = Status & ~2;\n    <error>\n    local level:$(REGSIZE) = zext(isError) << 2;\n    Status = Status & ~level;\n}\n:deret                          is $(AMODE) & prime=0x10 & bit25=1 & copfill=0x0 & fct=0x1F {\n    if ((Debug & 0x40000000) != 0) goto <debugs>;\n    signalReservedInstruction();\n    <debugs>\n    Debug = Debug & ~0x40000000;\n    JXWritePC(DEPC);\n    return [pc];\n}",
    ),
    returns(
        "fct=0x18 & bit25=1 & copfill=0  {\n    return[EPC];",
        "fct=0x18 & bit25=1 & copfill=0  {\n    local target:$(REGSIZE);\n    returnFromException(target);\n    clearLink();\n    JXWritePC(target);\n    return [pc];",
    ),
    returns(
        "fct=0x18 & bit25=1 & copfill=1  {\n    return[EPC];",
        "fct=0x18 & bit25=1 & copfill=1  {\n    local target:$(REGSIZE);\n    returnFromException(target);\n    JXWritePC(target);\n    return [pc];",
    ),
    Edit {
        file: "mips32Instructions.sinc",
        old: "is $(AMODE) & prime=0 & szero=0 & fct=0 & fct2=0x05 {\n\twait();",
        new: "is $(AMODE) & prime=0 & szero=0 & fct=0 & fct2=0x05 {\n\twaitForLink();",
        reason: "PAUSE waits until the link is gone, if there is one (MIPS32 volume II-A, PAUSE)",
    },
    Edit {
        file: "mips32Instructions.sinc",
        old: ":rdhwr RT, rd_hw                is $(AMODE) & prime=0x1F & rs=0 & fct2=0 & fct=0x3B & RT & rd_hw & rd!=4 {",
        new: ":rdhwr RT, rd_hw                is $(AMODE) & prime=0x1F & rs=0 & fct2=0 & fct=0x3B & RT & rd_hw & rd=0 {\n    local number:4 = EBase:4 & 0x3ff;\n    RT = zext(number);\n}\n:rdhwr RT, rd_hw                is $(AMODE) & prime=0x1F & rs=0 & fct2=0 & fct=0x3B & RT & rd_hw & rd!=4 {",
        reason: "CPUNum is a field of EBase (MIPS32 volume II-A, RDHWR)",
    },
    // MTC0 (volume II-A; volume III, 9): what is told by the processor alone is
    // not written, and of Cause only DC, IV, WP and IP1 and IP0 are.
    Edit {
        file: "mips32Instructions.sinc",
        old: ":mtc0 RTsrc, RD0, sel               is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel {\n\t\
              setCopReg(0:1, RD0, RTsrc, sel:1); \n}\n",
        new: ":mtc0 RTsrc, RD0, sel               is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel {\n\t\
              RD0 = RTsrc;\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=0 & rd=13 {\n\t\
              RD0 = RD0 & ~0x08c00300 | RTsrc & 0x08c00300;\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=0 & rd=1 {\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=0 & rd=8 {\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=0 & rd=15 {\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=1 & rd=16 {\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=2 & rd=16 {\n}\n\
              :mtc0 RTsrc, RD0, sel is $(AMODE) & prime=0x10 & copop=4 & RTsrc & RD0 & zero6=0 & sel=3 & rd=16 {\n}\n",
        reason: "MTC0 writes the register",
    },
    // There is one set of registers, so that the previous one is the same
    // (volume II-A, RDPGPR, WRPGPR; volume III, 9.41).
    Edit {
        file: "mips32Instructions.sinc",
        old: "RD = getShadow(RT);",
        new: "RD = RT;",
        reason: "the only set is the previous one, too",
    },
    Edit {
        file: "mips32Instructions.sinc",
        old: "setShadow(RD, RTsrc);",
        new: "RD = RTsrc;",
        reason: "the only set is the previous one, too",
    },
    // FCCR, FEXR and FENR are parts of FCSR (MIPS64 volume I, 5.6.2), and FIR is
    // read only. With reserved bits, which are to be zero, nothing is written,
    // as in QEMU.
    Edit {
        file: "mipsfloat.sinc",
        old: ":cfc1 RT, fs_fcr                is $(AMODE) & prime=17 & copop=2 & RT & fs_fcr & (fs=0 | fs=25 | fs=26 | fs=28 | fs=31) & bigfunct=0 { \n    RT = sext(fs_fcr);\n}",
        new: "define pcodeop checkFloatStatus;\n:cfc1 RT, fs_fcr                is $(AMODE) & prime=17 & copop=2 & RT & fs_fcr & (fs=0 | fs=31) & bigfunct=0 {\n    RT = sext(fs_fcr);\n}\n:cfc1 RT, fs_fcr                is $(AMODE) & prime=17 & copop=2 & RT & fs_fcr & fs=25 & bigfunct=0 {\n    local part:4 = ((fcsr >> 24) & 0xfe) | ((fcsr >> 23) & 1);\n    RT = sext(part);\n}\n:cfc1 RT, fs_fcr                is $(AMODE) & prime=17 & copop=2 & RT & fs_fcr & fs=26 & bigfunct=0 {\n    local part:4 = fcsr & 0x3f07c;\n    RT = sext(part);\n}\n:cfc1 RT, fs_fcr                is $(AMODE) & prime=17 & copop=2 & RT & fs_fcr & fs=28 & bigfunct=0 {\n    local part:4 = (fcsr & 0xf83) | ((fcsr >> 22) & 4);\n    RT = sext(part);\n}",
        reason: PARTS_OF_FCSR,
    },
    Edit {
        file: "mipsfloat.sinc",
        old: ":ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & (fs=0 | fs=25 | fs=26 | fs=28 | fs=31) & bigfunct=0 {    \n    fs_fcr = RTsrc:$(SIZETO4);\n}",
        new: ":ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & fs=31 & bigfunct=0 {\n    fs_fcr = RTsrc:$(SIZETO4);\n    checkFloatStatus();\n}\n:ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & fs=0 & bigfunct=0 {\n}\n:ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & fs=25 & bigfunct=0 {\n    local value:4 = RTsrc:$(SIZETO4);\n    if ((value & 0xffffff00) != 0) goto <reserved>;\n    fcsr = (fcsr & 0x017fffff) | ((value & 0xfe) << 24) | ((value & 1) << 23);\n    <reserved>\n}\n:ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & fs=26 & bigfunct=0 {\n    local value:4 = RTsrc:$(SIZETO4);\n    if ((value & 0x007c0000) != 0) goto <reserved>;\n    fcsr = (fcsr & 0xfffc0f83) | (value & 0x3f07c);\n    checkFloatStatus();\n    <reserved>\n}\n:ctc1 RTsrc, fs_fcr             is $(AMODE) & prime=17 & copop=6 & RTsrc & fs_fcr & fs=28 & bigfunct=0 {\n    local value:4 = RTsrc:$(SIZETO4);\n    if ((value & 0x007c0000) != 0) goto <reserved>;\n    fcsr = (fcsr & 0xfefff07c) | (value & 0xf83) | ((value & 4) << 22);\n    checkFloatStatus();\n    <reserved>\n}",
        reason: PARTS_OF_FCSR,
    },
    mips_words("    RT = zext(rs_tmp);", "    local low:4 = rs_tmp:4;\n    RT = sext(low);"),
    Edit {
        file: "mips32Instructions.sinc",
        old: "fct=0xD & breakcode {\n    tmp:4=breakcode; \n    trap(tmp); ",
        new: "fct=0xD & breakcode {\n    tmp:4=breakcode; \n    break(tmp); ",
        reason: "a breakpoint is another exception than a trap",
    },
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
];
