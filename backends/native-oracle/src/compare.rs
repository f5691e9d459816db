//! What differs between two machines.

use std::fmt::Write as _;

use crate::{
    case::{Case, Machine, Outcome},
    host::BACK,
    undefined,
};

const NAMES: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];

/// The flags that programs see.
const FLAGS: u64 = 0xcd5;

/// One thing that differs.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What: a kind of register, a flag.
    pub what: String,
    /// Both values.
    pub values: String,
}

/// What differs between what the host did and what the engine did.
#[must_use]
pub fn compare(case: &Case, mnemonic: &str, real: &Machine, ours: &Machine) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |what: &str, real: String, ours: String| {
        found.push(Difference { what: what.to_owned(), values: format!("host {real}, ours {ours}") });
    };
    if real.outcome == Outcome::Memory && matches!(mnemonic, "MASKMOVQ" | "MASKMOVDQU" | "VMASKMOVDQU") {
        // Whether bytes that are masked out fault depends on the processor.
        return found;
    }
    if undefined::is_makers_choice(mnemonic, &case.bytes, real, ours) {
        return found;
    }
    if case.bits == 16 && (BACK..BACK + 14).contains(&ours.pc) {
        // A jump to where the host has its way back.
        return found;
    }
    if real.outcome != ours.outcome {
        let missing = if ours.outcome == Outcome::Missing { "missing" } else { "outcome" };
        note(missing, format!("{:?}", real.outcome), format!("{:?} {}", ours.outcome, ours.message));
        return found;
    }
    if real.outcome == Outcome::Memory && matches!(mnemonic, "CALL" | "RET" | "JMP") {
        // A jump to an address that is not canonical faults before it.
        return found;
    }
    if real.outcome == Outcome::Memory && undefined::is_restartable(mnemonic) {
        return found;
    }
    if real.pc != ours.pc && matches!(real.outcome, Outcome::Trap | Outcome::Arithmetic) {
        note("pc", format!("{:#x}", real.pc), format!("{:#x}", ours.pc));
    }
    let undefined = undefined::flags(mnemonic, case);
    if undefined::has_no_result(mnemonic, undefined) {
        return found;
    }
    for (index, name) in NAMES.iter().enumerate() {
        let (a, b) = (real.general[index], ours.general[index]);
        if a != b {
            note("general", format!("{name}={a:x}"), format!("{b:x}"));
        }
    }
    let changed = (real.flags ^ ours.flags) & FLAGS & !undefined;
    for (name, bit) in [("CF", 0), ("PF", 2), ("AF", 4), ("ZF", 6), ("SF", 7), ("DF", 10), ("OF", 11)] {
        if changed >> bit & 1 != 0 {
            note(name, format!("{}", real.flags >> bit & 1), format!("{}", ours.flags >> bit & 1));
        }
    }
    for (index, (a, b)) in real.vectors.iter().zip(&ours.vectors).enumerate() {
        if a != b && !undefined::is_approximate(mnemonic) && !undefined::is_other_nan(mnemonic, a, b) {
            note("vector", format!("ymm{index}={}", hex(a)), hex(b));
        }
    }
    if real.mxcsr != ours.mxcsr && !undefined::adds_in_its_own_order(mnemonic) {
        note("mxcsr", format!("{:#x}", real.mxcsr), format!("{:#x}", ours.mxcsr));
    }
    if real.outcome == Outcome::Arithmetic && mnemonic.contains("PI") {
        // Whether MMX is entered before the fault depends on the processor.
        return found;
    }
    for (index, (a, b)) in real.stack.iter().zip(&ours.stack).enumerate() {
        if a != b && !undefined::is_near(mnemonic, a, b) {
            note("st", format!("st{index}={}", hex(a)), hex(b));
        }
    }
    let mask = undefined::status_mask(mnemonic);
    if (real.status ^ ours.status) & mask != 0 {
        note("fpsw", format!("{:#x}", real.status), format!("{:#x}", ours.status));
    }
    if real.control != ours.control {
        note("fpcw", format!("{:#x}", real.control), format!("{:#x}", ours.control));
    }
    if real.tags != ours.tags {
        note("tags", format!("{:#x}", real.tags), format!("{:#x}", ours.tags));
    }
    let masked = undefined::memory_mask(mnemonic);
    let first = real.data.iter().zip(&ours.data).enumerate().find(|(_, (a, b))| a != b);
    if let Some((at, _)) = first
        && !masked
    {
        let end = (at + 16).min(real.data.len());
        note("memory", format!("[{at:#x}]={}", plain(&real.data[at..end])), plain(&ours.data[at..end]));
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn plain(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A difference with everything that is needed to understand it.
#[must_use]
pub(crate) fn describe(
    case: &Case,
    text: &str,
    real: &Machine,
    ours: &Machine,
    found: &[Difference],
) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {} | {text}", plain(&case.bytes));
    for difference in found {
        let _ = writeln!(out, "    {}: {}", difference.what, difference.values);
    }
    let before = &case.before;
    let _ = write!(out, "    before: flags {:#x} mxcsr {:#x}", before.flags, before.mxcsr);
    for (name, value) in NAMES.iter().zip(before.general) {
        let _ = write!(out, " {name}={value:x}");
    }
    let uses = |name: &str| text.to_ascii_lowercase().contains(name);
    if uses("mm") || case.bytes.iter().any(|byte| *byte == 0x0f || *byte >= 0xc4 && *byte <= 0xc5) {
        for index in 0..16 {
            let named = |kind: &str| {
                uses(&format!("{kind}{index},"))
                    || text.to_ascii_lowercase().ends_with(&format!("{kind}{index}"))
            };
            if named("xmm") || named("ymm") {
                let _ = write!(out, "\n    before: ymm{index}={}", hex(&before.vectors[index]));
            }
        }
    }
    if case.bytes.iter().any(|byte| (0xd8..0xe0).contains(byte)) {
        let _ = write!(
            out,
            "\n    before: cw {:#x} sw {:#x} tags {:#x}",
            before.control, before.status, before.tags
        );
        for index in 0..8 {
            let _ = write!(out, " st{index}={}", hex(&before.stack[index]));
        }
    }
    let _ = (real, ours);
    out
}
