//! Corrections of the specification of the MSP430 (SLAU367).

use super::Edit;

/// A correction of addresses of the MSP430X: in the lower 64 KiB an index wraps
/// there, above them it is signed (SLAU367, 4.4.2 and 4.4.3).
const fn msp430(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "TI430Common.sinc", old, new, reason: "addresses have 20 bits" }
}

/// A correction of an operation on a word that may be in a register: bits 16
/// to 19 of that become zero, or the sign of SXT (SLAU367, 4.3.3 and 4.6.2.47);
/// whether it is in one, is told by another field than that of two operands.
const fn register(old: &'static str, new: &'static str) -> Edit {
    Edit {
        file: "TI430Common.sinc",
        old,
        new,
        reason: "words in registers clear what is above, or extend the sign",
    }
}

/// A correction of branches through memory of the MSP430X (SLAU367, 4.6.4).
const fn address_branch(old: &'static str, new: &'static str) -> Edit {
    Edit {
        file: "TI430X.sinc",
        old,
        new,
        reason: "an address word is at an even address, of which PC holds one, too",
    }
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "TI430Common.sinc",
        old: "DEST_B_AD: indexExt2Word16_0_16s^\"(\"^dest_Indexed16_0_4^\")\" is dest_Indexed16_0_4 & ad=0x1 & bow=0x1 & AMASK & as=0x3 & src16_8_4=dest_0_4 & (src16_8_4 = 1 | src16_8_4 >= 4) ; indexExt2Word16_0_16s",
        new: "DEST_B_AD: indexExt2Word16_0_16s^\"(\"^dest_Indexed16_0_4^\")\" is dest_Indexed16_0_4 & ad=0x1 & bow=0x1 & AMASK & as=0x3 & src16_8_4=dest_0_4 & src16_8_4 >= 4 ; indexExt2Word16_0_16s\n     {tmp:$(REG_SIZE) = dest_Indexed16_0_4 + 1 + indexExt2Word16_0_16s; wrapAddress(tmp, dest_Indexed16_0_4, AMASK); export *:1 tmp;}\nDEST_B_AD: indexExt2Word16_0_16s^\"(\"^dest_Indexed16_0_4^\")\" is dest_Indexed16_0_4 & ad=0x1 & bow=0x1 & AMASK & as=0x3 & src16_8_4=dest_0_4 & src16_8_4 = 1 ; indexExt2Word16_0_16s",
        reason: "a byte that is taken steps the register by one, but the stack pointer by two (SLAU367, 4.4.6)",
    },
    address_branch(
        "op16_12_4=0 & insid=0x0 & src_8_4 & src_8_4=0 & dest_0_4=0x0 {\n}",
        "op16_12_4=0 & insid=0x0 & src_8_4 & src_8_4=0 & dest_0_4=0x0 {\n\tlocal behind:$(REG_SIZE) = inst_next;\n\tPC = *[RAM]:$(REG_SIZE) behind;\n\tPC = PC & 0xffffe;\n\tgoto [PC];\n}",
    ),
    address_branch("\t*:4 SP = inst_next;", "\tlocal top:$(REG_SIZE) = SP & -2;\n\t*:4 top = inst_next;"),
    address_branch(
        "\tPC = *[RAM]:$(REG_SIZE) dest_0_4;\n",
        "\tlocal place:$(REG_SIZE) = dest_0_4 & -2;\n\tPC = *[RAM]:$(REG_SIZE) place;\n",
    ),
    address_branch("\tPC = *[RAM]:$(REG_SIZE) tmp;\n", "\ttmp = tmp & -2;\n\tPC = *[RAM]:$(REG_SIZE) tmp;\n"),
    address_branch(
        "\tPC = *[RAM]:$(REG_SIZE) src_8_4;\n",
        "\tlocal place:$(REG_SIZE) = src_8_4 & -2;\n\tPC = *[RAM]:$(REG_SIZE) place;\n",
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
    register(
        "@if REG_SIZE == \"4\"\ntbl_wzero:",
        "@if REG_SIZE == \"4\"\n\
         tbl_wzero_singleop: is as=0 & reg_Direct16_0_4 & reg_Direct16_0_4W \
         { ztmp:2 = reg_Direct16_0_4W; reg_Direct16_0_4 = 0; reg_Direct16_0_4W = ztmp; }\n\
         tbl_wsign_singleop: is as=0 & reg_Direct16_0_4 & reg_Direct16_0_4W \
         { reg_Direct16_0_4 = sext(reg_Direct16_0_4W) & 0xfffff; }\n\
         @endif\n\
         tbl_wzero_singleop: is epsilon {}\n\
         tbl_wsign_singleop: is epsilon {}\n\
         @if REG_SIZE == \"4\"\ntbl_wzero:",
    ),
    register(
        "op16_7_1=0x0 & bow=0x0 & tbl_wzero & postRegIncrement",
        "op16_7_1=0x0 & bow=0x0 & tbl_wzero_singleop & postRegIncrement",
    ),
    register(
        "op16_8_4=0x0 & op16_7_1=0x1 & bow=0x0 & tbl_wzero & postRegIncrement",
        "op16_8_4=0x0 & op16_7_1=0x1 & bow=0x0 & tbl_wzero_singleop & postRegIncrement",
    ),
    register(
        "op16_8_4=0x1 & op16_7_1=0x1 & bow=0x0 & tbl_wzero & postRegIncrement",
        "op16_8_4=0x1 & op16_7_1=0x1 & bow=0x0 & tbl_wsign_singleop & postRegIncrement",
    ),
    register(
        "(REG_W_AS_DEST >> 0x1));\n\tbuild tbl_wzero;",
        "(REG_W_AS_DEST >> 0x1));\n\tbuild tbl_wzero_singleop;",
    ),
    register("zext(highByte));\n\tbuild tbl_wzero;", "zext(highByte));\n\tbuild tbl_wzero_singleop;"),
    register("sext(byteVal);\n\tbuild tbl_wzero;", "sext(byteVal);\n\tbuild tbl_wsign_singleop;"),
];
