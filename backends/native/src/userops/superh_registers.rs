//! The names of SuperH's registers, by number.

pub(super) const GENERAL: [&str; 16] =
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// The singles of the bank that FPSCR.FR selects.
pub(super) const SINGLES: [&str; 16] = [
    "fr0", "fr1", "fr2", "fr3", "fr4", "fr5", "fr6", "fr7", "fr8", "fr9", "fr10", "fr11", "fr12", "fr13",
    "fr14", "fr15",
];

/// Those of the other bank.
pub(super) const MATRIX: [&str; 16] = [
    "xf0", "xf1", "xf2", "xf3", "xf4", "xf5", "xf6", "xf7", "xf8", "xf9", "xf10", "xf11", "xf12", "xf13",
    "xf14", "xf15",
];

pub(super) const DOUBLES: [&str; 8] = ["dr0", "dr2", "dr4", "dr6", "dr8", "dr10", "dr12", "dr14"];
