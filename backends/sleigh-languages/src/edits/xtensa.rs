//! Corrections of the specification of Xtensa.

use super::Edit;

/// A correction of a load of a neighbouring register.
const fn xtensa(old: &'static str, new: &'static str) -> Edit {
    Edit { file: "xtensaInstructions.sinc", old, new, reason: "ALL4 and its like read neighbours" }
}

pub(super) const EDITS: &[Edit] = &[
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
