//! Corrections of the specification of Xtensa.

use super::Edit;

/// A correction of a load of a neighbouring register.
const fn xtensa(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "ALL4 and its like read neighbours" }
}

/// A correction of the products of halves (Multiply-Accumulate, MAC16), whose
/// operands the specification leaves in M1 and M2.
const fn product(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "a product changes no operand" }
}

/// A correction of products of a MAC16 register: of HL and LH the first letter
/// is that of the first operand (chapter 6, MUL.DA, MULA.DA, MULA.DD).
const fn halves(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "the halves are those that the name tells" }
}

pub(super) const EDITS: &[Edit] = &[
    halves("\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = at(2);\n", "\ttm1:2 = m0m1_14_14 (2);\n\ttm2:2 = at :2;\n"),
    halves("\ttm1:2 = m0m1_14_14(2);\n\ttm2:2 = at:2;\n", "\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = at(2);\n"),
    halves(
        " 4;\n\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = m2m3_6_6(2);\n",
        " 4;\n\ttm1:2 = m0m1_14_14 (2);\n\ttm2:2 = m2m3_6_6 :2;\n",
    ),
    halves(
        " 4;\n\ttm1:2 = m0m1_14_14(2);\n\ttm2:2 = m2m3_6_6:2;\n",
        " 4;\n\ttm1:2 = m0m1_14_14:2;\n\ttm2:2 = m2m3_6_6(2);\n",
    ),
    Edit {
        file: "xtensaInstructions.sinc",
        old: "    at = lzcount(~as);",
        new: "    local magnitude:4 = as ^ (as s>> 31); at = lzcount(magnitude) - 1;",
        reason: "NSA counts the bits that are the sign's but for it",
    },
    product("\tM1 = zext(tm1);\n\tM2 = zext(tm2);\n", ""),
    product("sext(M1:2) * sext(M2:2)", "sext(tm1) * sext(tm2)"),
    product("zext(M1:2) * zext(M2:2)", "zext(tm1) * zext(tm2)"),
    // `*[space]:1 a+1` adds to what is loaded, and the neighbouring register
    // is meant (Xtensa Instruction Set Architecture, ALL4, ALL8, ANY4, ANY8).
    xtensa("*[register]:1 &:4 bs+1;", "*[register]:1 (&:4 bs+1);"),
    xtensa("*[register]:1 &:4 bs+2;", "*[register]:1 (&:4 bs+2);"),
    xtensa("*[register]:1 &:4 bs+3;", "*[register]:1 (&:4 bs+3);"),
    xtensa("*[register]:1 &:4 bs+4;", "*[register]:1 (&:4 bs+4);"),
    xtensa("*[register]:1 &:4 bs+5;", "*[register]:1 (&:4 bs+5);"),
    xtensa("*[register]:1 &:4 bs+6;", "*[register]:1 (&:4 bs+6);"),
    xtensa("*[register]:1 &:4 bs+7;", "*[register]:1 (&:4 bs+7);"),
];
