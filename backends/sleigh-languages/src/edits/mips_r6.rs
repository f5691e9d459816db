//! Corrections of the specification of MIPS release 6 (MIPS Architecture For
//! Programmers, volume II-A, release 6).

use super::Edit;

const fn edit(file: &'static str, old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file, old, new, reason }
}

const BOTH: &str = "mips32Instructions.sinc";
const WIDE: &str = "mips64Instructions.sinc";

/// A result in a register of which one is always zero: the specification
/// writes to what reads as zero.
const fn result(file: &'static str, old: &'static str, new: &'static str) -> Edit {
    edit(file, old, new, "the register of a result is not the operand that is read")
}

/// A compact branch that links: it does so whether it is taken or not.
const fn links(old: &'static str, new: &'static str) -> Edit {
    edit(BOTH, old, new, "compact branches link whether they are taken or not, and each by its condition")
}

pub(super) const EDITS: &[Edit] = &[
    edit(
        "mips.sinc",
        "  PAIR_INSTRUCTION_FLAG=(0,0) noflow",
        "  FORBIDDEN_SLOT=(28,28) noflow\n  PAIR_INSTRUCTION_FLAG=(0,0) noflow",
        "where control transfers are forbidden is a part of the context",
    ),
    edit(
        BOTH,
        "is $(AMODE) & REL6=0 & prime=1 & cond=0x10 & zero21=0 {\n\tdelayslot(1);\n\tra = inst_next;",
        "is $(AMODE) & prime=1 & cond=0x10 & zero21=0 {\n\tra = inst_next;\n\tdelayslot(1);",
        "release 6 has kept NAL, which links before its slot",
    ),
    edit(
        BOTH,
        "\n:addiupc RSsrc",
        "\n:pref hint, OFF_BASER6 is $(AMODE) & REL6=1 & prime=0x1F & fct=0x35 & bit6=0 & OFF_BASER6 & hint {\n    prefetch(OFF_BASER6, hint:1);\n}\n\n:sc RTsrc, OFF_BASER6 is $(AMODE) & REL6=1 & prime=0x1F & fct=0x26 & bit6=0 & OFF_BASER6 & RT & RTsrc {\n    *[ram]:4 OFF_BASER6 = RTsrc:$(SIZETO4);\n    RT = 1;\n}\n\n:sdbbp breakcode is $(AMODE) & REL6=1 & prime=0 & fct=0xE & breakcode {\n    signalDebugBreakpointException();\n}\n\n:addiupc RSsrc",
        "PREF, SC and SDBBP have other encodings in release 6",
    ),
    edit(
        WIDE,
        "\n:dalign RD",
        "\n:lld RT, OFF_BASER6 is $(AMODE) & REL6=1 & prime=0x1F & fct=0x37 & bit6=0 & OFF_BASER6 & RT {\n    RT = *[ram]:8 OFF_BASER6;\n}\n\n:scd RTsrc, OFF_BASER6 is $(AMODE) & REL6=1 & prime=0x1F & fct=0x27 & bit6=0 & OFF_BASER6 & RT & RTsrc {\n    *[ram]:8 OFF_BASER6 = RTsrc;\n    RT = 1;\n}\n\n:dalign RD",
        "LLD and SCD have other encodings in release 6",
    ),
    result(BOTH, "bitz19=0 & RSsrc & S19L2 {\n\tRSsrc = ", "bitz19=0 & RSsrc & RS & S19L2 {\n\tRS = "),
    result(
        BOTH,
        "op=0x1F & RSsrc & S16L16 {\n\tRSsrc = inst_start + sext(S16L16);\n\tRSsrc = RSsrc & ~0xFFFF;",
        "op=0x1F & RSsrc & RS & S16L16 {\n\tRS = (inst_start + sext(S16L16)) & ~0xFFFF;",
    ),
    result(BOTH, "op=0x1E & RSsrc & S16L16 {\n\tRSsrc = ", "op=0x1E & RSsrc & RS & S16L16 {\n\tRS = "),
    edit(
        BOTH,
        "prime=0x0F & RSsrc & RTsrc & S16L16 {\n\tRTsrc = RSsrc + sext(S16L16);",
        "prime=0x0F & RSsrc & RTsrc & RT & RS32src & S16L16 {\n\tlocal sum:4 = RS32src + S16L16;\n\tRT = sext(sum);",
        "AUI adds words",
    ),
    result(
        WIDE,
        "rs!=0 & RSsrc & RTsrc & S16L16 {\n\tRTsrc = ",
        "rs!=0 & RSsrc & RTsrc & RT & S16L16 {\n\tRT = ",
    ),
    result(WIDE, "op=0x06 & RSsrc & S16L32 {\n\tRSsrc = ", "op=0x06 & RSsrc & RS & S16L32 {\n\tRS = "),
    result(WIDE, "op=0x1E & RSsrc & S16L48 {\n\tRSsrc = ", "op=0x1E & RSsrc & RS & S16L48 {\n\tRS = "),
    links(
        "prime=0x06 & rs=0 & RTsrc & Rel16 {\n\tif (RTsrc s> 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x06 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc s> 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    links(
        "prime=0x06 & rs=rt & rt!=0 & RTsrc & Rel16 {\n\tif (RTsrc s< 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x06 & rs=rt & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc s< 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    links(
        "prime=0x07 & rs=0 & RTsrc & Rel16 {\n\tif (RTsrc s<= 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x07 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc s<= 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    links(
        "prime=0x07 & rs=rt & rt!=0 & RTsrc & Rel16 {\n\tif (RTsrc s>= 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x07 & rs=rt & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc s>= 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    links(
        "prime=0x08 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tif (RTsrc s> 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x08 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc != 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    links(
        "prime=0x18 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tif (RTsrc == 0) goto inst_next;\n    ra = inst_next; \n",
        "prime=0x18 & rs=0 & rt!=0 & RTsrc & Rel16 {\n\tlocal stays:1 = RTsrc == 0;\n    ra = inst_next; \n\tif (stays) goto inst_next;\n",
    ),
    edit(
        BOTH,
        "prime=0x06 & rt!=0 & rs!=rt & RSsrc",
        "prime=0x06 & rs!=0 & rt!=0 & rs!=rt & RSsrc",
        "with a first register of zero it is another branch",
    ),
    edit(
        BOTH,
        "prime=0x07 & rt!=0 & rs!=rt & RSsrc",
        "prime=0x07 & rs!=0 & rt!=0 & rs!=rt & RSsrc",
        "with a first register of zero it is another branch",
    ),
    edit(
        BOTH,
        ":bad1\t\t\t\t\t\t\t\tis $(AMODE) & REL6=1 & prime=0x06 & rs=0 & rt=0 unimpl\n",
        "",
        "BLEZ of the register that is zero",
    ),
    edit(
        BOTH,
        ":bad2\t\t\t\t\t\t\t\tis $(AMODE) & REL6=1 & prime=0x07 & rs=0 & rt=0 unimpl\n",
        "",
        "BGTZ of the register that is zero",
    ),
    edit(
        BOTH,
        "sa=0x1 & fct=0x11 & RD & RSsrc {\n    RD = lzcount( ~RSsrc );",
        "sa=0x1 & fct=0x11 & RD & RSsrc & RS32src {\n    RD = lzcount( ~RS32src );",
        "operations on words, on 64-bit processors as well",
    ),
    edit(
        BOTH,
        "sa=0x1 & fct=0x10 & RD & RSsrc {\n    RD = lzcount( RSsrc );",
        "sa=0x1 & fct=0x10 & RD & RSsrc & RS32src {\n    RD = lzcount( RS32src );",
        "operations on words, on 64-bit processors as well",
    ),
    edit("mipsfloat.sinc", "& ft & fct=0x1d", "& ft & fct=0x100", MAX),
    edit("mipsfloat.sinc", "& ft & fct=0x1e", "& ft & fct=0x1d", MAX),
    edit("mipsfloat.sinc", "& ft & fct=0x100", "& ft & fct=0x1e", MAX),
    edit(
        "mipsfloat.sinc",
        "cop1code=0x0 & fs & fd & ft & fct",
        "fs & fd & ft & fct",
        "the field of the second operand is any register",
    ),
];

const MAX: &str = "the functions of MAX and MINA are the other way round";
