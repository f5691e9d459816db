//! Corrections of the specification of AArch64 (Arm ARM).

use super::Edit;

/// A correction of a load of AArch64 that extends the sign to 32 bits, as any
/// write of `wN` clears what is above (Arm ARM, C6.2, LDRSB, LDRSH).
const fn sign_to_word(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "AARCH64base.sinc", old, new, reason: "the upper half of a register becomes zero" }
}

/// A correction of a subtraction with carry of AArch64 that takes N and Z from the
/// register of its result, which may be the one that is always zero (Arm ARM, C6.2,
/// SBCS, NGCS).
const fn flags_of_result(old: &'static str, new: &'static str) -> Edit {
    Edit {
        file: "AARCH64base.sinc",
        old,
        new,
        reason: "the flags are those of the result, not of its register",
    }
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
    flags_of_result(
        "Rd_GPR64 = zext(-tmp);\n\tresultflags(Rd_GPR32);",
        "local difference:4 = -tmp;\n\tRd_GPR64 = zext(difference);\n\tresultflags(difference);",
    ),
    flags_of_result(
        "Rd_GPR64 = -tmp;\n\tresultflags(Rd_GPR64);",
        "local difference:8 = -tmp;\n\tRd_GPR64 = difference;\n\tresultflags(difference);",
    ),
    flags_of_result(
        "Rd_GPR64 = zext(Rn_GPR32 - tmp);\n\tresultflags(Rd_GPR32);",
        "local difference:4 = Rn_GPR32 - tmp;\n\tRd_GPR64 = zext(difference);\n\tresultflags(difference);",
    ),
    flags_of_result(
        "Rd_GPR64 = Rn_GPR64 - tmp;\n\tresultflags(Rd_GPR64);",
        "local difference:8 = Rn_GPR64 - tmp;\n\tRd_GPR64 = difference;\n\tresultflags(difference);",
    ),
];
