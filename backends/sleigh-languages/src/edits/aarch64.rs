//! Corrections of the specification of AArch64 (Arm ARM).

use super::Edit;

/// A correction of a load of AArch64 that extends the sign to 32 bits, as any
/// write of `wN` clears what is above (Arm ARM, C6.2, LDRSB, LDRSH).
const fn sign_to_word(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "AARCH64base.sinc", old, new, reason: "the upper half of a register becomes zero" }
}

pub(super) const EDITS: &[Edit] = &[
    Edit {
        file: "AARCH64base.sinc",
        old: "*(addrReg + 4) = Rt2_GPR64;",
        new: "*(addrReg + 8) = Rt2_GPR64;",
        reason: "the second of two double words is eight bytes behind the first",
    },
    sign_to_word(
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:1 addrIndexed);",
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:1 addrIndexed);\n\tRt_GPR64 = zext(value);",
    ),
    sign_to_word(
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:2 addrIndexed);",
        "addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:2 addrIndexed);\n\tRt_GPR64 = zext(value);",
    ),
    sign_to_word(
        "UnscPriv & addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = zext(*:1 addrIndexed);\n}\n\n# C6.2.174 LDRSB",
        "UnscPriv & addrIndexed & Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:1 addrIndexed);\n\tRt_GPR64 = zext(value);\n}\n\n# C6.2.174 LDRSB",
    ),
    sign_to_word(
        "Rt_GPR32 & Rt_GPR64\n{\n\tRt_GPR64 = sext(*:2 addrUIMM);",
        "Rt_GPR32 & Rt_GPR64\n{\n\tlocal value:4 = sext(*:2 addrUIMM);\n\tRt_GPR64 = zext(value);",
    ),
    Edit {
        file: "AARCH64base.sinc",
        old: "sext(*:4 (addrPairIndexed + 8))",
        new: "sext(*:4 (addrPairIndexed + 4))",
        reason: "LDPSW loads two words next to each other",
    },
];
