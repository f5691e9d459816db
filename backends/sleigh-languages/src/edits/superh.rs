//! Corrections of the specification of SuperH (SH-4 Software Manual).

use super::Edit;

/// A correction of SuperH (SH-4 Software Manual, section 9).
const fn superh(old: &'static str, new: &'static str, reason: &'static str) -> Edit {
    Edit { file: "SuperH4.sinc", old, new, reason }
}

const SUPERH_VECTORS: &str = "in little endian, too, vectors are four singles in the order of their numbers";

/// A correction of a load that steps its pointer, which does not step if the
/// pointer itself is loaded; `old` is the line that steps it.
const fn superh_step(old: &'static str, new: &'static str) -> Edit {
    superh(old, new, "a pointer that is loaded over is not stepped")
}

/// A correction of a store before which the pointer is stepped: what is
/// stored is the value before the step.
const fn superh_push(old: &'static str, new: &'static str) -> Edit {
    superh(old, new, "a pointer is stored as it was before the step")
}

pub(super) const EDITS: &[Edit] = &[
    superh(
        ":icbi N_0t_at1 ",
        "define pcodeop movli;\ndefine pcodeop movco;\n\
         :movli.l N_0t_at1,r0 is OP_0=0x0 & N_0t_at1 & r0 & OP_4=0x63 { r0 = *:4 (N_0t_at1); movli(); }\n\
         :movco.l r0,N_0t_at1 is OP_0=0x0 & N_0t_at1 & r0 & OP_4=0x73 { local linked:1 = movco(); $(T_FLAG) = linked; if (linked == 0) goto <end>; *:4 (N_0t_at1) = r0; <end> }\n\
         :ldc N_0,\"SGR\" is OP_0=0x4 & N_0 & OP_4=0x3a { SGR = N_0; }\n\
         :ldc.l \"@\"N_0\"+\",\"SGR\" is OP_0=0x4 & N_0 & OP_4=0x36 { SGR = *:4 N_0; N_0 = N_0 + 4; }\n\
         :icbi N_0t_at1 ",
        "instructions of the SH-4A, as others are there (SH-4A Software Manual, MOVLI, MOVCO, LDC)",
    ),
    superh(
        "is OP_0=0xb & I_1tbranch {",
        "is OP_0=0xb & I_1tbranch {\n\tPR = inst_next;",
        "BSR leaves its return address",
    ),
    superh("local product:4 = tmpN * tmpN;", "local product:4 = tmpN * tmpM;", "MAC.W has two factors"),
    superh(
        "FPSCR = FPSCR ^ 0x00100000;",
        "FPSCR = FPSCR ^ 0x00100000;\n\t$(FPSCR_SZ) = $(FPSCR_SZ) ^ 1;",
        "the bit that instructions look at is a register of its own",
    ),
    superh(
        "FPSCR = FPSCR ^ 0x00080000;",
        "FPSCR = FPSCR ^ 0x00080000;\n\t$(FPSCR_PR) = $(FPSCR_PR) ^ 1;",
        "the bit that instructions look at is a register of its own",
    ),
    superh(
        "\t$(FPSCR_FR) = !$(FPSCR_FR);\n\tFPSCR = FPSCR ^ 0x00200000;",
        "\t$(FPSCR_FR) = $(FPSCR_FR) ^ 1;\n\tFPSCR = FPSCR ^ 0x00200000;\n\
         \tlocal bank:8;\n\
         \tbank = dr0; dr0 = xd0; xd0 = bank;\n\tbank = dr2; dr2 = xd2; xd2 = bank;\n\
         \tbank = dr4; dr4 = xd4; xd4 = bank;\n\tbank = dr6; dr6 = xd6; xd6 = bank;\n\
         \tbank = dr8; dr8 = xd8; xd8 = bank;\n\tbank = dr10; dr10 = xd10; xd10 = bank;\n\
         \tbank = dr12; dr12 = xd12; xd12 = bank;\n\tbank = dr14; dr14 = xd14; xd14 = bank;",
        "FRCHG exchanges the banks",
    ),
    superh(
        "\tsplitSRregister();\n\tSR = (N_0t_sr & 0x700083f3);",
        "\tSR = (N_0t_sr & 0x700083f3);\n\tsplitSRregister();",
        "the parts of SR are those of the new value",
    ),
    superh(
        "define alignment=2;",
        "define alignment=2;\n@if ENDIAN == \"little\"\n@define FV0 \"4\"\n@define FV1 \"0\"\n\
         @define FV2 \"12\"\n@define FV3 \"8\"\n@else\n@define FV0 \"0\"\n@define FV1 \"4\"\n\
         @define FV2 \"8\"\n@define FV3 \"12\"\n@endif",
        SUPERH_VECTORS,
    ),
    superh(
        "fr15 fr14\n\txf0  xf1  xf2  xf3  xf4  xf5  xf6  xf7  xf8  xf9  xf10 xf11 xf12 xf13 xf14 xf15",
        "fr15 fr14\n\txf1  xf0  xf3  xf2  xf5  xf4  xf7  xf6  xf9  xf8  xf11 xf10 xf13 xf12 xf15 xf14",
        SUPERH_VECTORS,
    ),
    superh("FVN_2t +  0)", "FVN_2t + $(FV0))", SUPERH_VECTORS),
    superh("FVN_2t +  4)", "FVN_2t + $(FV1))", SUPERH_VECTORS),
    superh("FVN_2t +  8)", "FVN_2t + $(FV2))", SUPERH_VECTORS),
    superh("FVN_2t + 12)", "FVN_2t + $(FV3))", SUPERH_VECTORS),
    superh("FVM_2t +  0)", "FVM_2t + $(FV0))", SUPERH_VECTORS),
    superh("FVM_2t +  4)", "FVM_2t + $(FV1))", SUPERH_VECTORS),
    superh("FVM_2t +  8)", "FVM_2t + $(FV2))", SUPERH_VECTORS),
    superh("FVM_2t + 12)", "FVM_2t + $(FV3))", SUPERH_VECTORS),
    superh(
        ":sleep                      is OP_3=0x1b {  }",
        "define pcodeop waitForInterrupt;\n:sleep is OP_3=0x1b { waitForInterrupt(); }\n\
         define pcodeop illegalInstruction;\n:undef is OP_3=0xfffd { illegalInstruction(); }",
        "SLEEP waits; 0xfffd is the code that always is illegal",
    ),
    superh_step(
        "\tN_0t = *:4 ( M_0t_at );\n\tM_0t_at = M_0t_at + 4;",
        "\tlocal loaded:4 = *:4 ( M_0t_at );\n\tM_0t_at = M_0t_at + 4;\n\tN_0t = loaded;",
    ),
    superh_step(
        "\tN_0t = sext( *:2 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 2;",
        "\tlocal loaded:4 = sext( *:2 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 2;\n\tN_0t = loaded;",
    ),
    superh_step(
        "\tN_0t = sext( *:1 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 1;",
        "\tlocal loaded:4 = sext( *:1 ( M_0t_at ) );\n\tM_0t_at = M_0t_at + 1;\n\tN_0t = loaded;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 1;\n\t*:1 ( N_0t_at_neg ) = M_0t:1;",
        "\tlocal stored:1 = M_0t:1;\n\tN_0t_at_neg = N_0t_at_neg - 1;\n\t*:1 ( N_0t_at_neg ) = stored;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 2;\n\t*:2 ( N_0t_at_neg ) = M_0t:2;",
        "\tlocal stored:2 = M_0t:2;\n\tN_0t_at_neg = N_0t_at_neg - 2;\n\t*:2 ( N_0t_at_neg ) = stored;",
    ),
    superh_push(
        "\tN_0t_at_neg = N_0t_at_neg - 4;\n\t*:4 ( N_0t_at_neg ) = M_0t;",
        "\tlocal stored:4 = M_0t;\n\tN_0t_at_neg = N_0t_at_neg - 4;\n\t*:4 ( N_0t_at_neg ) = stored;",
    ),
];
