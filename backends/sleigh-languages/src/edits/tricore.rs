//! Corrections of the specification of TriCore.

use super::Edit;

/// A correction of sums of TriCore (TriCore Architecture Manual, volume 1,
/// PSW): the specification takes the sign of the result for an overflow.
const fn tricore(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "tricore.sinc", old, new, reason: "V tells that the sum does not fit" }
}

pub(super) const EDITS: &[Edit] = &[
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
];
