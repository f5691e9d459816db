//! FWAIT is an instruction of its own for the processor (Intel SDM, volume 2,
//! FSTCW/FNSTCW): what is before it - prefixes, REX - is nothing to the
//! instruction behind it. The published specification takes both for one, as
//! assemblers do with the mnemonics that wait: those constructors go.

use super::Edit;

/// The text from the head of a constructor up to that of another one.
macro_rules! without {
    ($first:literal, $behind:literal) => {
        [
            Edit {
                file: "ia.sinc",
                old: concat!("\n", $first),
                new: concat!("\n@ifdef WAITING\n", $first),
                reason: REASON,
            },
            Edit {
                file: "ia.sinc",
                old: concat!("\n", $behind),
                new: concat!("\n@endif\n", $behind),
                reason: REASON,
            },
        ]
    };
}

/// A constructor of one line.
const fn without_line(old: &'static str) -> Edit {
    Edit { file: "ia.sinc", old, new: "", reason: REASON }
}

const REASON: &str = "FWAIT is an instruction of its own (Intel SDM, volume 2, FSTCW/FNSTCW)";

const PAIRS: [[Edit; 2]; 6] = [
    without!(":FCLEX ", ":FNCLEX "),
    without!(":FINIT ", ":FNINIT "),
    without!(":FSAVE ", ":FNSAVE "),
    without!(":FSTCW ", ":FNSTCW "),
    without!(":FSTENV ", ":FNSTENV "),
    without!(":FSTSW m16 ", ":FNSTSW m16 "),
];

pub(super) const EDITS: &[Edit] = &[
    without_line(":FDISI              is vexMode=0 & byte=0x9B; byte=0xDB; byte=0xE1 {}\n"),
    without_line(":FENI               is vexMode=0 & byte=0x9B; byte=0xDB; byte=0xE0 {}\n"),
    PAIRS[0][0],
    PAIRS[0][1],
    PAIRS[1][0],
    PAIRS[1][1],
    PAIRS[2][0],
    PAIRS[2][1],
    PAIRS[3][0],
    PAIRS[3][1],
    PAIRS[4][0],
    PAIRS[4][1],
    PAIRS[5][0],
    PAIRS[5][1],
];
