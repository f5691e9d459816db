//! Corrections of the specification of PowerPC (Power ISA 2.07).

use super::Edit;

/// A correction of branches of PowerPC that decrement CTR (Power ISA 2.07,
/// book I, 2.4, BO).
const fn power(file: &'static str, old: &'static str, new: &'static str) -> Edit {
    Edit { file, old, new, reason: "the condition may be that the bit is clear" }
}

/// A correction of loads and stores of Power ISA 3.0.
const fn scaled(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "vsx.sinc", old, new, reason: "the displacement is printed as it counts" }
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "ppc_common.sinc",
        old: "define alignment=2;",
        new: "define alignment=4;",
        reason: "none of the processors has instructions of 16 bits (VLE)",
    },
    Edit {
        file: "ppc_common.sinc",
        old: "@include \"ppc_embedded.sinc\"\n",
        new: concat!(
            "@include \"ppc_embedded.sinc\"\n",
            include_str!("../../specifications/powerpc.status.sinc"),
        ),
        reason: "forms of the status register of Power ISA 3.0; transactions on 32 bits",
    },
    Edit {
        file: "ppc_common.sinc",
        old: "\tWC=(21,22)\n",
        new: "\tWC=(21,22)\n\tPR=(20,20)\n\tPHIGH=(0,17) signed\n\tPIMM=(0,15)\n\tPIX=(17,17)\n\tPSUB=(17,20)\n\tPTX=(26,26)\n\
              \tPTXP=(16,16)\n\tPOP=(27,31)\n\tBITS_20_23=(20,23)\n\
              \tpairLowFirst=(22,25)\n\tpairLowSecond=(22,25)\n\tpairHighFirst=(22,25)\n\tpairHighSecond=(22,25)\n",
        reason: "fields of Power ISA 3.1, of prefixed instructions and of pairs",
    },
    Edit {
        file: "vsx.sinc",
        old: "#######################\n# v3.0\n",
        new: concat!(
            include_str!("../../specifications/powerpc.prefixed.sinc"),
            "#######################\n# v3.0\n",
        ),
        reason: "instructions of Power ISA 3.1",
    },
    Edit {
        file: "altivec.sinc",
        old: "###################\n# v3.0\n",
        new: concat!(
            include_str!("../../specifications/powerpc.vectors.sinc"),
            "###################\n# v3.0\n",
        ),
        reason: "instructions of Power ISA 3.0 and 3.1",
    },
    Edit {
        file: "ppc_embedded.sinc",
        old: "\tD = TBLr;\n",
        new: "@ifdef BIT_64\n\tD = (TBUr << 32) | (TBLr & 0xffffffff);\n@else\n\tD = TBLr;\n@endif\n",
        reason: "mftb reads all 64 bits (Power ISA 2.07, book II, 5.2.1)",
    },
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
    scaled("XT3,DQs(RA_OR_ZERO)", "XT3,quadAddress"),
    scaled("XS3,DQs(RA_OR_ZERO)", "XS3,quadAddress"),
    scaled("& XT3 & RA_OR_ZERO & BITS_0_2=1 & DQs {", "& XT3 & quadAddress & BITS_0_2=1 {"),
    scaled("& XS3 & RA_OR_ZERO & BITS_0_2=5 & DQs {", "& XS3 & quadAddress & BITS_0_2=5 {"),
    scaled("RA_OR_ZERO + (DQs << 4)", "quadAddress"),
    scaled("vrD,DSs(RA_OR_ZERO)", "vrD,scaledAddress"),
    scaled("vrS,DSs(RA_OR_ZERO)", "vrS,scaledAddress"),
    scaled("& vrD & RA_OR_ZERO & BITS_0_1=2 & DSs {", "& vrD & scaledAddress & BITS_0_1=2 {"),
    scaled("& vrD & RA_OR_ZERO & BITS_0_1=3 & DSs {", "& vrD & scaledAddress & BITS_0_1=3 {"),
    scaled("& vrS & RA_OR_ZERO & BITS_0_1=2 & DSs {", "& vrS & scaledAddress & BITS_0_1=2 {"),
    scaled("& vrS & RA_OR_ZERO & BITS_0_1=3 & DSs {", "& vrS & scaledAddress & BITS_0_1=3 {"),
    scaled("RA_OR_ZERO + (DSs << 2)", "scaledAddress"),
    scaled("vsx300_4(DSs:2,RA_OR_ZERO)", "vsx300_4(scaledAddress)"),
    scaled("vsx300_15(vrS,DSs:2,RA_OR_ZERO)", "vsx300_15(vrS,scaledAddress)"),
    scaled("vsx300_18(vrS,DSs:2,RA_OR_ZERO)", "vsx300_18(vrS,scaledAddress)"),
    Edit {
        file: "altivec.sinc",
        old: ":vclzlsbb vrD,vrB\t\t\tis OP=4 & vrD & vrB & BITS_16_20=0 & XOP_0_10=1538 {\n\tvrD = ",
        new: ":vclzlsbb D,vrB\t\t\tis OP=4 & D & vrB & BITS_16_20=0 & XOP_0_10=1538 {\n\tD = ",
        reason: "the count goes to a general register (Power ISA 3.0, book I, 6.9.3)",
    },
    Edit {
        file: "altivec.sinc",
        old: ":vctzlsbb vrD,vrB\t\t\tis OP=4 & vrD & vrB & BITS_16_20=1 & XOP_0_10=1538 {\n\tvrD = ",
        new: ":vctzlsbb D,vrB\t\t\tis OP=4 & D & vrB & BITS_16_20=1 & XOP_0_10=1538 {\n\tD = ",
        reason: "the count goes to a general register (Power ISA 3.0, book I, 6.9.3)",
    },
    Edit {
        file: "ppc_isa.sinc",
        old: ":setb D,BFA\t\t\t\tis $(NOTVLE) & OP=31 & BITS_11_17=0 & BIT_0=0 & XOP_1_10=128 & D & BFA {\n\ttmpcr:8 = 1 << (8 * BFA:1);\n\t\
              tmpr0:1 = (BFA & 0x8) != 0;\n\ttmpr1:1 = (BFA & 0x4) != 0;\n",
        new: ":setb D,CRFS\t\t\t\tis $(NOTVLE) & OP=31 & BITS_11_17=0 & BIT_0=0 & XOP_1_10=128 & D & CRFS {\n\t\
              tmpr0:1 = (CRFS & 0x8) != 0;\n\ttmpr1:1 = (CRFS & 0x4) != 0;\n",
        reason: "the field is that of bits 11 to 13 (Power ISA 3.0, book I, 3.3.18)",
    },
    Edit {
        file: "ppc_a2.sinc",
        old: "OP=0 & XOP_1_10=256 & BITS_11_25=0 ",
        new: "OP=0 & XOP_1_10=256 ",
        reason: "the other bits are reserved, as elsewhere",
    },
];
