//! What the engine does not tell about instructions: how long one is, whether
//! a basic block ends with it, and whether its memory accesses are wider than
//! the pieces that Unicorn reports.
//!
//! Nothing here runs for each instruction of a program. The functions answer
//! single questions from the bytes at an address, by tables of bit patterns
//! from the architecture manuals; x86 is left to iced-x86.
//!
//! Platforms that Unicorn does not run have no decoder: nothing is known of
//! their instructions.

mod aarch64;
mod arm;
mod m68k;
mod mips;
mod powerpc;
mod riscv;
mod s390x;
mod sparc;
#[cfg(test)]
mod tests;
mod tricore;
mod x86;

use terrella_platforms::{Architecture, ByteOrder, Platform};

/// What the meaning of an instruction depends on beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CodeState {
    /// Whether a 32-bit ARM executes Thumb code. Without meaning elsewhere,
    /// and taken as set on processors that have no other state.
    pub(crate) thumb: bool,
}

/// Whether a word has the bits of one of the patterns: `(mask, value)`.
fn matches(word: u32, patterns: &[(u32, u32)]) -> bool {
    patterns.iter().any(|(mask, value)| word & mask == *value)
}

/// The first two bytes as an integer.
fn halfword(bytes: &[u8], order: ByteOrder) -> Option<u16> {
    let bytes: [u8; 2] = bytes.get(..2)?.try_into().ok()?;
    Some(match order {
        ByteOrder::Little => u16::from_le_bytes(bytes),
        ByteOrder::Big => u16::from_be_bytes(bytes),
    })
}

/// The first four bytes as an integer.
fn word(bytes: &[u8], order: ByteOrder) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    Some(match order {
        ByteOrder::Little => u32::from_le_bytes(bytes),
        ByteOrder::Big => u32::from_be_bytes(bytes),
    })
}

/// A decoder's side of the functions below.
struct Decoder {
    /// The length of an instruction, `None` if `bytes` do not hold a whole one.
    length: fn(Platform, CodeState, &[u8]) -> Option<usize>,
    /// Whether the whole instruction is a control transfer.
    transfers: fn(Platform, CodeState, &[u8]) -> bool,
    /// The size of its accesses, if wider than eight bytes.
    wide: fn(Platform, CodeState, &[u8]) -> Option<u32>,
}

/// The decoder of a platform, `None` if Unicorn does not run it.
fn decoder(platform: Platform) -> Option<&'static Decoder> {
    Some(match platform.architecture() {
        Architecture::I386 | Architecture::X86_64 | Architecture::X86_16 => &x86::DECODER,
        Architecture::ArmV5T
        | Architecture::ArmV6M
        | Architecture::ArmV7M
        | Architecture::ArmV7R
        | Architecture::ArmV7A => &arm::DECODER,
        Architecture::AArch64 => &aarch64::DECODER,
        Architecture::Mips32 | Architecture::Mips64 => &mips::DECODER,
        Architecture::PowerPc32 | Architecture::PowerPc64 => &powerpc::DECODER,
        Architecture::RiscV32 | Architecture::RiscV64 => &riscv::DECODER,
        Architecture::M68k => &m68k::DECODER,
        Architecture::Sparc32 | Architecture::Sparc64 => &sparc::DECODER,
        Architecture::S390x => &s390x::DECODER,
        Architecture::TriCore => &tricore::DECODER,
        _ => return None,
    })
}

/// The length of an instruction of four bytes.
fn fixed_length(_: Platform, _: CodeState, bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= 4).then_some(4)
}

/// No access is wide.
fn never_wide(_: Platform, _: CodeState, _: &[u8]) -> Option<u32> {
    None
}

/// The length in bytes of the instruction that `bytes` begin with, in the
/// order of memory; `None` if they are no instruction or not all of one.
pub(crate) fn instruction_length(platform: Platform, state: CodeState, bytes: &[u8]) -> Option<usize> {
    (decoder(platform)?.length)(platform, state, bytes).filter(|length| *length <= bytes.len())
}

/// Whether the instruction is a control transfer, so that a basic block ends
/// with it (or with its delay slot): a branch, taken or not, a call, a return,
/// a system call, a software interrupt, breakpoint or unconditional trap, a
/// return from an exception.
///
/// What waits or halts is none, and neither is what repeats itself.
pub(crate) fn ends_basic_block(platform: Platform, state: CodeState, bytes: &[u8]) -> bool {
    instruction_length(platform, state, bytes).is_some_and(|length| {
        decoder(platform).is_some_and(|decoder| (decoder.transfers)(platform, state, &bytes[..length]))
    })
}

/// Whether the instruction is a branch, and the next one executes before it
/// takes effect (or may, if the branch can annul it).
pub(crate) fn has_delay_slot(platform: Platform, bytes: &[u8]) -> bool {
    match platform.architecture() {
        Architecture::Mips32 | Architecture::Mips64 => {
            word(bytes, platform.byte_order()).is_some_and(mips::has_delay_slot)
        }
        Architecture::Sparc32 | Architecture::Sparc64 => {
            word(bytes, ByteOrder::Big).is_some_and(sparc::has_delay_slot)
        }
        _ => false,
    }
}

/// The size in bytes of one memory access of the instruction, if what the
/// architecture calls one access is wider than eight bytes, and so is reported
/// by Unicorn in pieces.
pub(crate) fn wide_access(platform: Platform, state: CodeState, bytes: &[u8]) -> Option<u32> {
    let length = instruction_length(platform, state, bytes)?;
    (decoder(platform)?.wide)(platform, state, &bytes[..length])
}

/// Whether the instruction is one of x86 with a `VEX`, `EVEX` or `XOP` prefix.
pub(crate) fn is_vex(platform: Platform, bytes: &[u8]) -> bool {
    matches!(platform.architecture(), Architecture::I386 | Architecture::X86_64)
        && x86::is_vex(platform, bytes)
}
