//! Signals as they are in the memory of programs: what is told of one, and
//! masks.

use super::{
    abi::{Abi, generic::*},
    process::SignalInfo,
    task::Fields,
};

/// `siginfo_t` (sigaction(2)), 128 bytes.
pub(crate) fn information(abi: &std::sync::Arc<Abi>, info: SignalInfo) -> Vec<u8> {
    let mut fields = Fields::of(abi.clone());
    let number = abi.to_own(|tables| tables.signal, info.number.into());
    // MIPS has its own: SI_ASYNCIO is -2, SI_TIMER -3, SI_MESGQ -4
    // (asm/siginfo.h).
    let code = match (abi.action, info.code) {
        (super::abi::ActionLayout::FlagsFirst, -2) => -3,
        (super::abi::ActionLayout::FlagsFirst, -3) => -4,
        (super::abi::ActionLayout::FlagsFirst, -4) => -2,
        (_, code) => code,
    } as u32;
    fields.int(number);
    if abi.tables.signal.is_empty() || abi.action != super::abi::ActionLayout::FlagsFirst {
        fields.int(0).int(code.into());
    } else {
        fields.int(code.into()).int(0);
    }
    if abi.is_64() {
        fields.int(0);
    }
    match (info.number as u64, info.code) {
        (SIGSEGV | SIGBUS | SIGILL | SIGFPE | SIGTRAP, 1..) => {
            fields.long(info.value);
        }
        (SIGCHLD, 1..) => {
            fields.int(info.sender as u32 as u64).int(0);
            let status =
                if info.code == 1 { info.value } else { abi.to_own(|tables| tables.signal, info.value) };
            fields.int(status).long(0).long(0);
        }
        (_, -2) => {
            // A timer: its number, how often it was missed, its value.
            fields.int(info.sender as u32 as u64).int(0).long(info.value);
        }
        _ => {
            fields.int(info.sender as u32 as u64).int(0).long(info.value);
        }
    }
    fields.pad_to(128).finish()
}

/// A mask as one number of 64 bits in memory: it is an array of `long`s, the
/// lowest signals first.
pub(crate) fn mask_word(abi: &Abi, mask: u64) -> u64 {
    let halves = !abi.is_64() && abi.order == terrella_platforms::ByteOrder::Big;
    if halves { mask.rotate_left(32) } else { mask }
}

/// A mask of generic numbers in the guest's numbers.
pub(crate) fn own_mask(abi: &Abi, mask: u64) -> u64 {
    renumbered(mask, |number| abi.to_own(|tables| tables.signal, number))
}

/// A mask of the guest's numbers in generic ones.
pub(crate) fn generic_mask(abi: &Abi, mask: u64) -> u64 {
    renumbered(mask, |number| abi.to_generic(|tables| tables.signal, number))
}

fn renumbered(mask: u64, number: impl Fn(u64) -> u64) -> u64 {
    (1..=64_u64)
        .filter(|signal| mask & 1 << (signal - 1) != 0)
        .map(|signal| if signal < 32 { number(signal) } else { signal })
        .filter(|signal| (1..=64).contains(signal))
        .fold(0, |all, signal| all | 1 << (signal - 1))
}
