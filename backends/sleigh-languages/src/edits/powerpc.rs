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
    Edit {
        file: "altivec.sinc",
        old: "\tvrD = (vrB >> (8 * (8 - UIMB))) & 0xffffffffffffffff;",
        new: "\tvrD = ((vrB >> (8 * (8 - UIMB))) & 0xffffffffffffffff) << 64;",
        reason: "the number goes to the upper doubleword (Power ISA 3.0, book I, 6.8.7)",
    },
    Edit {
        file: "altivec.sinc",
        old: "\tvrD = (vrB >> (16 * (15 - UIMB))) & 0xff;",
        new: "\tvrD = ((vrB >> (8 * (15 - UIMB))) & 0xff) << 64;",
        reason: "the number goes to the upper doubleword (Power ISA 3.0, book I, 6.8.7)",
    },
    Edit {
        file: "altivec.sinc",
        old: "\tvrD = (vrB >> (16 * (14 - UIMB))) & 0xffff;",
        new: "\tvrD = ((vrB >> (8 * (14 - UIMB))) & 0xffff) << 64;",
        reason: "the number goes to the upper doubleword (Power ISA 3.0, book I, 6.8.7)",
    },
    Edit {
        file: "altivec.sinc",
        old: "\tvrD = (vrB >> (16 * (12 - UIMB))) & 0xffffffff;",
        new: "\tvrD = ((vrB >> (8 * (12 - UIMB))) & 0xffffffff) << 64;",
        reason: "the number goes to the upper doubleword (Power ISA 3.0, book I, 6.8.7)",
    },
    Edit {
        file: "ppc_common.sinc",
        old: "\tsetCrBit(cr3, 2, fp_ox);",
        new: "\tsetCrBit(cr1, 3, fp_ox);",
        reason: "CR1 is FX, FEX, VX and OX (Power ISA, book I, 4.2.2)",
    },
    Edit {
        file: "ppc_instructions.sinc",
        old: "OE=0 & XOP_1_9=491 & Rc=1\n{\n@ifdef BIT_64\n\tdivOverflow(A:4,B:4);\n\tD = sext(A:4 s/ B:4);\n\tcr0flags(D:4);\n@else\n\tdivOverflow(A,B);\n",
        new: "OE=0 & XOP_1_9=491 & Rc=1\n{\n@ifdef BIT_64\n\tD = sext(A:4 s/ B:4);\n\tcr0flags(D:4);\n@else\n",
        reason: "without OE the overflow is not told (Power ISA, book I, 3.3.9)",
    },
    Edit {
        file: "ppc_common.sinc",
        old: "macro cr1flags() {",
        new: "macro storedSingle(dest, source) {\n\tlocal exponent:8 = (source >> 52) & 0x7ff;\n\tlocal normal:8 = ((source >> 32) & 0xc0000000) | ((source >> 29) & 0x3fffffff);\n\tlocal fraction:8 = (source & 0xfffffffffffff) | 0x10000000000000;\n\tlocal tiny:8 = ((source >> 32) & 0x80000000) | (fraction >> (926 - exponent));\n\tlocal isTiny:8 = zext((exponent < 897) && ((source << 1) != 0));\n\tlocal both:8 = normal * (1 - isTiny) + tiny * isTiny;\n\tdest = both:4;\n}\nmacro cr1flags() {",
        reason: "stores of singles do not round (Power ISA, book I, 4.6.3)",
    },
    Edit {
        file: "ppc_instructions.sinc",
        old: "tmp:4 = float2float(fS);",
        new: "tmp:4 = 0;\n\tstoredSingle(tmp, fS);",
        reason: "stores of singles do not round (Power ISA, book I, 4.6.3)",
    },
    Edit {
        file: "vsx.sinc",
        old: "\tvrD[0,64] = *:8 ea;",
        new: "\tvrD = zext(*:8 ea) << 64;",
        reason: "the number goes to the upper doubleword (Power ISA 3.0, book I, 7.6.3)",
    },
    Edit {
        file: "altivec.sinc",
        old: ":lvsl vrD,A,B\t\tis OP=31 & vrD & A & B & XOP_1_10=6 & Rc=0\n{   # TODO definition\n\tvrD = loadVectorForShiftLeft(A,B);",
        new: ":lvsl vrD,RA_OR_ZERO,B\t\tis OP=31 & vrD & RA_OR_ZERO & B & XOP_1_10=6 & Rc=0\n{\n\tvrD = loadVectorForShiftLeft(RA_OR_ZERO,B);",
        reason: "register 0 means zero in an address (AltiVec PEM, lvsl)",
    },
    Edit {
        file: "altivec.sinc",
        old: ":lvehx vrD,A,B\t\tis OP=31 & vrD & A & B & XOP_1_10=39 & Rc=0",
        new: ":lvehx vrD,RA_OR_ZERO,B\t\tis OP=31 & vrD & RA_OR_ZERO & B & XOP_1_10=39 & Rc=0",
        reason: "register 0 means zero in an address (AltiVec PEM, lvehx)",
    },
    Edit {
        file: "altivec.sinc",
        old: "loadVectorElementHalfWordIndexed(A,B)",
        new: "loadVectorElementHalfWordIndexed(RA_OR_ZERO,B)",
        reason: "register 0 means zero in an address (AltiVec PEM, lvehx)",
    },
    Edit {
        file: "altivec.sinc",
        old: ":lvewx vrD,A,B\t\tis OP=31 & vrD & A & B & XOP_1_10=71 & Rc=0",
        new: ":lvewx vrD,RA_OR_ZERO,B\t\tis OP=31 & vrD & RA_OR_ZERO & B & XOP_1_10=71 & Rc=0",
        reason: "register 0 means zero in an address (AltiVec PEM, lvewx)",
    },
    Edit {
        file: "altivec.sinc",
        old: "loadVectorElementWordIndexed(A,B)",
        new: "loadVectorElementWordIndexed(RA_OR_ZERO,B)",
        reason: "register 0 means zero in an address (AltiVec PEM, lvewx)",
    },
];
