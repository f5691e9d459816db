//! TriCore: the contexts that calls save and returns bring back (TriCore
//! Architecture Manual, volume 1, chapter 4).

use terrella_emulator_api::Access;

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const TABLE: Table =
    &[("saveCallerState", Handler::new(save)), ("restoreCallerState", Handler::new(restore))];

/// BISR, with a constant of eight bits and of nine.
pub(crate) const OVERRIDES: &[Override] = &[
    Override { mask: 0xff, value: 0xe0, handler: Handler::new(begin_interrupt) },
    Override { mask: 0xffe0_0fff, value: 0xad, handler: Handler::new(begin_interrupt) },
];

/// The lower context behind `PCXI`.
const LOWER: [&str; 15] =
    ["a11", "a2", "a3", "d0", "d1", "d2", "d3", "a4", "a5", "a6", "a7", "d4", "d5", "d6", "d7"];

/// `ICR.IE`.
const ENABLED: u32 = 1 << 8;

/// The upper context behind `PCXI` and `PSW`.
const UPPER: [&str; 14] =
    ["a10", "a11", "d8", "d9", "d10", "d11", "a12", "a13", "a14", "a15", "d12", "d13", "d14", "d15"];

/// The numbers of the traps of contexts: class 3.
const DEPTH_OVERFLOW: u64 = 0x32;
const DEPTH_UNDERFLOW: u64 = 0x33;
const FREE_UNDERFLOW: u64 = 0x34;
const STACK_UNDERFLOW: u64 = 0x35;
const WRONG_TYPE: u64 = 0x36;

/// `PSW.CDE`: calls are counted.
const COUNTING: u32 = 1 << 7;
/// `PCXI.UL`: an upper context.
const IS_UPPER: u32 = 1 << 22;
const LINK: u32 = 0xf_ffff;

/// The address of the context that a link word names.
const fn address(link: u32) -> u64 {
    ((link & 0xf_0000) << 12 | (link & 0xffff) << 6) as u64
}

/// The mask of the counter in `PSW.CDC`, whose width is told by the ones
/// above it; `None` if calls are not counted.
const fn counter(psw: u32) -> Option<u32> {
    let cdc = psw & 0x7f;
    if cdc == 0x7f {
        return None;
    }
    let ones = (cdc << 25).leading_ones();
    Some((1 << (7 - ones - 1)) - 1)
}

fn word(emulator: &NativeEmulator, name: &str) -> u32 {
    emulator.user_register(name) as u32
}

fn save(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let (fcx, pcxi, psw) = (word(emulator, "FCX"), word(emulator, "PCXI"), word(emulator, "PSW"));
    if fcx & LINK == 0 {
        return Err(Halt::Interrupt(FREE_UNDERFLOW));
    }
    let mut counted = psw;
    if psw & COUNTING != 0
        && let Some(mask) = counter(psw)
    {
        if psw & mask == mask {
            return Err(Halt::Interrupt(DEPTH_OVERFLOW));
        }
        counted += 1;
    }
    let area = address(fcx);
    emulator.user_check(area, 64, Access::Write)?;
    let mut next = [0; 4];
    emulator.user_read(area, &mut next)?;
    let mut bytes = Vec::with_capacity(64);
    for value in [pcxi, psw] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    for name in UPPER {
        bytes.extend_from_slice(&word(emulator, name).to_le_bytes());
    }
    emulator.user_write(area, &bytes)?;
    let icr = word(emulator, "ICR");
    // The interrupt priority and enable bit of the caller go along.
    let link = fcx & LINK | IS_UPPER | (icr & 0xff) << 24 | (icr >> 8 & 1) << 23;
    emulator.set_user_register("PCXI", link.into());
    emulator.set_user_register("FCX", (fcx & !LINK | u32::from_le_bytes(next) & LINK).into());
    emulator.set_user_register("PSW", (counted | COUNTING).into());
    Ok(())
}

fn restore(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let (fcx, pcxi, psw) = (word(emulator, "FCX"), word(emulator, "PCXI"), word(emulator, "PSW"));
    if psw & COUNTING != 0
        && let Some(mask) = counter(psw)
        && psw & mask == 0
    {
        return Err(Halt::Interrupt(DEPTH_UNDERFLOW));
    }
    if pcxi & LINK == 0 {
        return Err(Halt::Interrupt(STACK_UNDERFLOW));
    }
    if pcxi & IS_UPPER == 0 {
        return Err(Halt::Interrupt(WRONG_TYPE));
    }
    let area = address(pcxi);
    emulator.user_check(area, 4, Access::Write)?;
    let mut bytes = [0; 64];
    emulator.user_read(area, &mut bytes)?;
    let mut words =
        bytes.chunks(4).map(|it| it.iter().rev().fold(0u32, |value, byte| value << 8 | u32::from(*byte)));
    let (old_pcxi, old_psw) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
    emulator.user_write(area, &fcx.to_le_bytes())?;
    for (name, value) in UPPER.iter().zip(words) {
        emulator.set_user_register(name, value.into());
    }
    emulator.set_user_register("FCX", (fcx & !LINK | pcxi & LINK).into());
    emulator.set_user_register("PCXI", old_pcxi.into());
    emulator.set_user_register("PSW", (old_psw & !0x300_0000 | psw & 0x300_0000).into());
    Ok(())
}

/// BISR: saves the lower context, and goes on with interrupts of a higher
/// number only (volume 2, BISR).
fn begin_interrupt(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let code = emulator.user_input(op, 0) as u32;
    let priority = if code & 0xff == 0xe0 { code >> 8 & 0xff } else { code >> 12 & 0xff };
    let (fcx, pcxi, icr) = (word(emulator, "FCX"), word(emulator, "PCXI"), word(emulator, "ICR"));
    if fcx & LINK == 0 {
        return Err(Halt::Interrupt(FREE_UNDERFLOW));
    }
    let area = address(fcx);
    emulator.user_check(area, 64, Access::Write)?;
    let mut next = [0; 4];
    emulator.user_read(area, &mut next)?;
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&pcxi.to_le_bytes());
    for name in LOWER {
        bytes.extend_from_slice(&word(emulator, name).to_le_bytes());
    }
    emulator.user_write(area, &bytes)?;
    let link = fcx & LINK | (icr & 0xff) << 24 | (icr & ENABLED) >> 8 << 23;
    emulator.set_user_register("PCXI", link.into());
    emulator.set_user_register("FCX", (fcx & !LINK | u32::from_le_bytes(next) & LINK).into());
    emulator.set_user_register("ICR", (icr & !0xff | ENABLED | priority).into());
    Ok(())
}
