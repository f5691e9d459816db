//! Corrections of the fields of big-endian Xtensa. The groups of four bits of an
//! instruction come in the other order there, but the bits of a group in the
//! same, save for the fields n and m of calls and branches (Xtensa Instruction
//! Set Architecture Reference Manual, 7.2, figures 7-1 to 7-14).

use super::Edit;

const ARCHITECTURE: &str = "xtensaArch.sinc";
const INSTRUCTIONS: &str = "xtensaInstructions.sinc";

/// A part of a group.
const fn field(old: &'static str, new: &'static str) -> Edit {
    Edit { file: ARCHITECTURE, old, new, reason: "the bits of a group are in the same order" }
}

/// A branch or a loop whose third group is n and m.
const fn parts(old: &'static str, new: &'static str) -> Edit {
    Edit { file: INSTRUCTIONS, old, new, reason: "n is 3 and m is 1 in either byte order" }
}

pub(super) const EDITS: &[Edit] = &[
    field("    u3_21_23    = (0,2)\n", "    u3_21_23    = (1,3)\n"),
    field("    u1_20       = (3,3)\n", "    u1_20       = (0,0)\n"),
    field("    u2_18_19    = (4,5)\n", "    u2_18_19    = (6,7)\n"),
    field("    u3_17_19    = (4,6)\n", "    u3_17_19    = (5,7)\n"),
    field("    u2_16_17    = (6,7)\n", "    u2_16_17    = (4,5)\n"),
    field("    u1_16       = (7,7)\n", "    u1_16       = (4,4)\n"),
    field("    u1_15_15    = (8,8)\n", "    u1_15_15    = (11,11)\n"),
    field("    u2_14_15    = (8,9)\n", "    u2_14_15    = (10,11)\n"),
    field("    u3_13_15    = (8,10)\n", "    u3_13_15    = (9,11)\n"),
    field("    m0m1_14_14  = (9,9)\n", "    m0m1_14_14  = (10,10)\n"),
    field("    u2_12_13    = (10,11)\n", "    u2_12_13    = (8,9)\n"),
    field("    mw_12_13    = (10,11)\n", "    mw_12_13    = (8,9)\n"),
    field("    u1_12       = (11,11)\n", "    u1_12       = (8,8)\n"),
    field("    u1_7_7      = (16,16)\n", "    u1_7_7      = (19,19)\n"),
    field("    u3_5_7      = (16,18)\n", "    u3_5_7      = (17,19)\n"),
    field("    m2m3_6_6    = (17,17)\n", "    m2m3_6_6    = (18,18)\n    u2_lowest_t = (16,17)\n"),
    field("    m2m3_6_6    = (6,6)\n", "    m2m3_6_6    = (6,6)\n    u2_lowest_t = (4,5)\n"),
    field("    u1_4        = (19,19)\n", "    u1_4        = (16,16)\n"),
    field("    n_u1_7      =  (8,8)\n", "    n_u1_7      =  (11,11)\n"),
    field("    n_u2_6_7    =  (8,9)\n", "    n_u2_6_7    =  (10,11)\n"),
    field("    n_s3_4_6    =  (9,11)\n", "    n_s3_4_6    =  (8,10)\n"),
    field("    n_u2_4_5    =  (10,11)\n", "    n_u2_4_5    =  (8,9)\n"),
    Edit {
        file: INSTRUCTIONS,
        old: "u1_7_7 = 0 & u2_4_5 = 0 & m2m3_6_6",
        new: "u1_7_7 = 0 & u2_lowest_t = 0 & m2m3_6_6",
        reason: "these two bits are no field n",
    },
    parts("& at = 0b0111 & op0 = 0b0110", "& u2_6_7 = 0b01 & u2_4_5 = 0b11 & op0 = 0b0110"),
    parts("& at = 0b0111 & op0 = 6", "& u2_6_7 = 0b01 & u2_4_5 = 0b11 & op0 = 6"),
];
