//! Corrections of the specification of TriCore.

use super::Edit;

/// A correction of sums of TriCore (TriCore Architecture Manual, volume 1,
/// PSW): the specification takes the sign of the result for an overflow.
const fn tricore(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "tricore.sinc", old, new, reason: "V tells that the sum does not fit" }
}

/// A correction of an instruction (volume 2).
const fn manual(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "tricore.sinc", old, new, reason }
}

const SHIFT: &str = "\tlocal amount:4 = const1220S;\n\tamount = (amount << 26) s>> 26;\n\tternary(Rd2831, amount s>= 0, Rd0811 << amount, Rd0811 >> -amount);";

const SWAPPED: &str = "SWAPMSK.W gives what was in memory";

const STORED: &str = "a base that is stored is so before it is written back";

const COMPARED: &str = "two registers are compared";

pub(super) const EDITS: &[Edit] = &[
    manual(
        "\tlocal tmp = -const1220S;\n\tRd2831 = Rd0811 >> tmp[0,6];",
        SHIFT,
        "the amount is the lower six bits of the constant, with their sign (SH)",
    ),
    manual(
        "\tRd2831 = Rd0811 << const1220S[0,6];",
        SHIFT,
        "the amount is the lower six bits of the constant, with their sign (SH)",
    ),
    manual(
        "\tRa2831 = (Ra1215 + (Rd0811 >> 3)) & 0xFFFFFFFC;",
        "\tRa2831 = (Ra1215 + (Rd0811 s>> 3)) & 0xFFFFFFFC;",
        "the index of a bit is shifted with its sign (ADDSC.AT)",
    ),
    manual(
        "@define ICR_IE \"ICR[15,1]\"",
        "@define ICR_IE \"ICR[8,1]\"",
        "interrupts are enabled in the bit that contexts keep (V1.3, ICR)",
    ),
    manual(
        "define pcodeop saveCallerState;",
        "define pcodeop saveCallerState;\ndefine pcodeop restoreInterruptedState;",
        "RFE brings back ICR, too",
    ),
    manual(
        ":rfe  is PCPMode=0 & op0007=0x0 & op0815=0x80\n{\n",
        ":rfe  is PCPMode=0 & op0007=0x0 & op0815=0x80\n{\n\tlocal interrupted:4 = a11 & 0xFFFFFFFE;\n\trestoreInterruptedState();\n\treturn [interrupted];\n",
        "RFE brings back ICR, too",
    ),
    manual(
        ":rfe  is PCPMode=0 & op0007=0xd & op0815=0x0 ; op1631=0x1c0\n{\n",
        ":rfe  is PCPMode=0 & op0007=0xd & op0815=0x0 ; op1631=0x1c0\n{\n\tlocal interrupted:4 = a11 & 0xFFFFFFFE;\n\trestoreInterruptedState();\n\treturn [interrupted];\n",
        "RFE brings back ICR, too",
    ),
    manual(
        "\tlocal tmp:4 = a11 & 0xFFFFFFFE;\n\trestoreCallerState(FCX, LCX, PCXI);\n\treturn [tmp];\n}\n@endif\n\n# RSLCX (SYS)",
        "\tif ((DBGSR & 1) == 0) goto inst_next;\n\tlocal monitored:4 = a11 & 0xFFFFFFFE;\n\tICR = (ICR & 0xFFFFFE00) | (PCXI >> 24) | (((PCXI >> 23) & 1) << 8);\n\tlocal area:4 = DCX;\n\tPCXI = *[ram]:4 area;\n\tPSW = *[ram]:4 (area + 4);\n\ta10 = *[ram]:4 (area + 8);\n\ta11 = *[ram]:4 (area + 12);\n\tDBGTCR = DBGTCR & 0xFFFFFFFE;\n\treturn [monitored];\n}\n@endif\n\n# RSLCX (SYS)",
        "RFM returns from the debug monitor, whose context is at DCX, and does nothing if debugging is not enabled (RFM)",
    ),
    manual("| (Rd0811 s>= Rd0811);", "| (Rd0811 s>= Rd1215);", COMPARED),
    manual("| (Rd0811 s< Rd0811);", "| (Rd0811 s< Rd1215);", COMPARED),
    manual("| (Rd0811 < Rd0811);", "| (Rd0811 < Rd1215);", COMPARED),
    tricore(
        "macro overflowflags(r) {",
        "macro overflowflagsof(r, v) {\n        $(PSW_V) = v;\n        $(PSW_SV) = $(PSW_V) | $(PSW_SV);\n        $(PSW_AV) = r[31,1] ^ r[30,1];\n        $(PSW_SAV) = $(PSW_AV) | $(PSW_SAV);\n}\n\nmacro overflowflags(r) {",
    ),
    tricore(
        "\tRd0811 = 0 - Rd0811;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = sborrow(0, Rd0811);\n\tRd0811 = 0 - Rd0811;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = Rd0811 + Rd1215;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = scarry(Rd0811, Rd1215);\n\tRd0811 = Rd0811 + Rd1215;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = Rd0811 + const1215S;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = scarry(Rd0811, const1215S);\n\tRd0811 = Rd0811 + const1215S;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = Rd0811 - Rd1215;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = sborrow(Rd0811, Rd1215);\n\tRd0811 = Rd0811 - Rd1215;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = d15 + Rd1215;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = scarry(d15, Rd1215);\n\tRd0811 = d15 + Rd1215;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = d15 + const1215S;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = scarry(d15, const1215S);\n\tRd0811 = d15 + const1215S;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd0811 = d15 - Rd1215;\n\toverflowflags(Rd0811);",
        "\tlocal overflows:1 = sborrow(d15, Rd1215);\n\tRd0811 = d15 - Rd1215;\n\toverflowflagsof(Rd0811, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd0811 + Rd1215;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = scarry(Rd0811, Rd1215);\n\tRd2831 = Rd0811 + Rd1215;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd0811 + const1220S;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = scarry(Rd0811, const1220S);\n\tRd2831 = Rd0811 + const1220S;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd0811 + const1227S;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = scarry(Rd0811, const1227S);\n\tRd2831 = Rd0811 + const1227S;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd0811 - Rd1215;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = sborrow(Rd0811, Rd1215);\n\tRd2831 = Rd0811 - Rd1215;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd2427 + mres;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = scarry(Rd2427, mres);\n\tRd2831 = Rd2427 + mres;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = Rd2427 - mres;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = sborrow(Rd2427, mres);\n\tRd2831 = Rd2427 - mres;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\tRd2831 = const1220S - Rd0811;\n\toverflowflags(Rd2831);",
        "\tlocal overflows:1 = sborrow(const1220S, Rd0811);\n\tRd2831 = const1220S - Rd0811;\n\toverflowflagsof(Rd2831, overflows);",
    ),
    tricore(
        "\td15 = Rd0811 + Rd1215;\n\toverflowflags(d15);",
        "\tlocal overflows:1 = scarry(Rd0811, Rd1215);\n\td15 = Rd0811 + Rd1215;\n\toverflowflagsof(d15, overflows);",
    ),
    tricore(
        "\td15 = Rd0811 + const1215S;\n\toverflowflags(d15);",
        "\tlocal overflows:1 = scarry(Rd0811, const1215S);\n\td15 = Rd0811 + const1215S;\n\toverflowflagsof(d15, overflows);",
    ),
    tricore(
        "\td15 = Rd0811 - Rd1215;\n\toverflowflags(d15);",
        "\tlocal overflows:1 = sborrow(Rd0811, Rd1215);\n\td15 = Rd0811 - Rd1215;\n\toverflowflagsof(d15, overflows);",
    ),
    manual(
        "\tlocal tmp = Rd0811;\n\tRd0811 = Rd0811 - 1;\n\tif (tmp != Rd1215) goto",
        "\tlocal differs:1 = Rd0811 != Rd1215;\n\tRd0811 = Rd0811 - 1;\n\tif (differs) goto",
        "JNED compares before it counts, also a register with itself",
    ),
    manual(
        "\tlocal tmp = Rd0811;\n\tRd0811 = Rd0811 + 1;\n\tif (tmp != Rd1215) goto",
        "\tlocal differs:1 = Rd0811 != Rd1215;\n\tRd0811 = Rd0811 + 1;\n\tif (differs) goto",
        "JNEI compares before it counts, also a register with itself",
    ),
    manual(
        "op0007=0x9f ; off1630pc15s & op3131=0x0\n{\n\tlocal tmp = Rd0811;\n\tRd0811 = Rd0811 - 1;",
        "op0007=0x9f ; off1630pc15s & op3131=0x0\n{\n\tlocal tmp = Rd0811;\n\tRd0811 = Rd0811 + 1;",
        "JNEI counts upwards",
    ),
    manual(
        "Rd2831[0,1] | (Rd0811 != Rd0811);",
        "Rd2831[0,1] | (Rd0811 != Rd1215);",
        "OR.NE compares two registers",
    ),
    manual("zext(Ra0811 s< Ra1215)", "zext(Ra0811 < Ra1215)", "LT.A compares without a sign"),
    manual(
        "zext(result3 << 24) | zext(result2 << 16) | zext(result1 << 8) | zext(result0)",
        "(zext(result3) << 24) | (zext(result2) << 16) | (zext(result1) << 8) | zext(result0)",
        "PARITY has a bit for each byte",
    ),
    manual(
        "op0607=0x1 ; op2225=0x2 ) & BO\n{\n\tbuild BO;\n\tlocal tmp:4 = *[ram]:4 BO;\n\t\
         *[ram]:4 BO = (tmp & ~Reo0811) | (Ree0811 & Reo0811);",
        "op0607=0x1 ; op2225=0x2 ) & BO\n{\n\tbuild BO;\n\tlocal tmp:4 = *[ram]:4 BO;\n\t\
         *[ram]:4 BO = (tmp & ~Reo0811) | (Ree0811 & Reo0811);\n\tRee0811 = tmp;",
        SWAPPED,
    ),
    manual(
        "op2227=0x12\n{\n\tlocal EA:4;\n\tCircularAddressingMode(Rpe1215, Rpo1215, EA, off10);\n\t\
         local tmp:4 = *[ram]:4 EA;\n\t*[ram]:4 EA = (tmp & ~Reo0811) | (Ree0811 & Reo0811);",
        "op2227=0x12\n{\n\tlocal EA:4;\n\tCircularAddressingMode(Rpe1215, Rpo1215, EA, off10);\n\t\
         local tmp:4 = *[ram]:4 EA;\n\t*[ram]:4 EA = (tmp & ~Reo0811) | (Ree0811 & Reo0811);\n\tRee0811 = tmp;",
        SWAPPED,
    ),
    manual("index + off10[0,10]", "index + off10[0,16]", "offsets of circular addresses have a sign"),
    manual(
        "\tbuild SSR;\n\t*[ram]:4 SSR = Ra0811;",
        "\tlocal value:4 = Ra0811;\n\tbuild SSR;\n\t*[ram]:4 SSR = value;",
        STORED,
    ),
    manual(
        "\tbuild BO;\n\t*[ram]:4 BO = Ra0811;",
        "\tlocal value:4 = Ra0811;\n\tbuild BO;\n\t*[ram]:4 BO = value;",
        STORED,
    ),
    manual(
        "\tbuild BO;\n\t*[ram]:8 BO = Rp0811;",
        "\tlocal value:8 = Rp0811;\n\tbuild BO;\n\t*[ram]:8 BO = value;",
        STORED,
    ),
];
