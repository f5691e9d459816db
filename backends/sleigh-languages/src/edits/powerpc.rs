//! Corrections of the specification of PowerPC (Power ISA 2.07).

use super::Edit;

/// A correction of branches of PowerPC that decrement CTR (Power ISA 2.07,
/// book I, 2.4, BO).
const fn power(file: &'static str, old: &'static str, new: &'static str) -> Edit {
    Edit { file, old, new, reason: "the condition may be that the bit is clear" }
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "altivec.sinc",
        old: "\taltv207_24(vrA,vrB);",
        new: "\tvrD = altv207_24(vrA,vrB);",
        reason: "the result of VMINUD is kept",
    },
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
];
