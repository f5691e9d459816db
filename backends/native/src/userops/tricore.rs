//! TriCore: the contexts that calls save and returns bring back (TriCore
//! Architecture Manual, volume 1, chapter 4).

use terrella_emulator_api::Access;

use super::{Handler, Table};
use crate::{block::UserOp, emulator::NativeEmulator, halt::Halt, overrides::Override};

pub(super) const TABLE: Table = &[
    ("saveCallerState", Handler::new(save)),
    ("restoreCallerState", Handler::new(restore)),
    ("restoreInterruptedState", Handler::new(end_interrupt)),
    ("load_lower_context", Handler::new(|emulator, op| load(emulator, op, &LOWER[1..]))),
    ("load_upper_context", Handler::new(|emulator, op| load(emulator, op, &UPPER))),
    ("store_lower_context", Handler::new(|emulator, op| store(emulator, op, &["PCXI"], &LOWER))),
    ("store_upper_context", Handler::new(|emulator, op| store(emulator, op, &["PCXI", "PSW"], &UPPER))),
];

/// SVLCX, RSLCX, TRAPV, TRAPSV, and BISR with a constant of eight bits and of
/// nine.
pub(crate) const OVERRIDES: &[Override] = &[
    Override {
        mask: u32::MAX,
        value: 0x0500_000d,
        handler: Handler::new(|emulator, _| trap_if(emulator, OVERFLOW, 0x51)),
    },
    Override {
        mask: u32::MAX,
        value: 0x0540_000d,
        handler: Handler::new(|emulator, _| trap_if(emulator, STICKY_OVERFLOW, 0x52)),
    },
    Override {
        mask: u32::MAX,
        value: 0x0200_000d,
        handler: Handler::new(|emulator, _| save_lower(emulator)),
    },
    Override { mask: u32::MAX, value: 0x0240_000d, handler: Handler::new(restore_lower) },
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
const NESTING: u64 = 0x37;

/// `PSW.V` and `PSW.SV`.
const OVERFLOW: u32 = 1 << 30;
const STICKY_OVERFLOW: u32 = 1 << 29;
/// `PSW.CDE`: calls are counted.
const COUNTING: u32 = 1 << 7;
/// `PCXI.UL`: an upper context.
const IS_UPPER: u32 = 1 << 22;
const LINK: u32 = 0xf_ffff;

/// TRAPV and TRAPSV, of class 5 (volume 1, 6.3.5).
fn trap_if(emulator: &NativeEmulator, flag: u32, number: u64) -> Result<(), Halt> {
    if word(emulator, "PSW") & flag == 0 { Ok(()) } else { Err(Halt::Interrupt(number)) }
}

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
    let (pcxi, psw) = (word(emulator, "PCXI"), word(emulator, "PSW"));
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
    // Two bits stay as they are (volume 2, RET).
    let kept = psw & 0x300_0000;
    restore_upper(emulator, pcxi)?;
    let old = word(emulator, "PSW");
    emulator.set_user_register("PSW", (old & !0x300_0000 | kept).into());
    Ok(())
}

/// Words of memory.
fn words<const COUNT: usize>(emulator: &mut NativeEmulator, area: u64) -> Result<[u32; COUNT], Halt> {
    let mut bytes = vec![0; 4 * COUNT];
    emulator.user_read(area, &mut bytes)?;
    let mut words = [0; COUNT];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks(4)) {
        *word = bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
    }
    Ok(words)
}

/// Takes the area that `PCXI` links to out of the list of contexts, and puts it
/// back among the free ones; gives its words.
fn take(emulator: &mut NativeEmulator, pcxi: u32) -> Result<[u32; 16], Halt> {
    let (area, fcx) = (address(pcxi), word(emulator, "FCX"));
    emulator.user_check(area, 4, Access::Write)?;
    let words = words(emulator, area)?;
    emulator.user_write(area, &fcx.to_le_bytes())?;
    emulator.set_user_register("FCX", (fcx & !LINK | pcxi & LINK).into());
    emulator.set_user_register("PCXI", words[0].into());
    Ok(words)
}

fn restore_upper(emulator: &mut NativeEmulator, pcxi: u32) -> Result<(), Halt> {
    let words = take(emulator, pcxi)?;
    emulator.set_user_register("PSW", words[1].into());
    for (name, value) in UPPER.iter().zip(&words[2..]) {
        emulator.set_user_register(name, (*value).into());
    }
    Ok(())
}

/// RFE: the upper context, with the interrupts that were let through (volume 2,
/// RFE).
fn end_interrupt(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let (pcxi, psw, icr) = (word(emulator, "PCXI"), word(emulator, "PSW"), word(emulator, "ICR"));
    if pcxi & LINK == 0 {
        return Err(Halt::Interrupt(STACK_UNDERFLOW));
    }
    if pcxi & IS_UPPER == 0 {
        return Err(Halt::Interrupt(WRONG_TYPE));
    }
    if psw & COUNTING != 0 && counter(psw).is_some_and(|mask| psw & mask != 0) {
        return Err(Halt::Interrupt(NESTING));
    }
    restore_upper(emulator, pcxi)?;
    let before = pcxi >> 24 | (pcxi >> 23 & 1) << 8;
    emulator.set_user_register("ICR", (icr & !(ENABLED | 0xff) | before).into());
    Ok(())
}

/// RSLCX: the lower context (volume 2, RSLCX).
fn restore_lower(emulator: &mut NativeEmulator, _: &UserOp) -> Result<(), Halt> {
    let pcxi = word(emulator, "PCXI");
    if pcxi & LINK == 0 {
        return Err(Halt::Interrupt(STACK_UNDERFLOW));
    }
    if pcxi & IS_UPPER != 0 {
        return Err(Halt::Interrupt(WRONG_TYPE));
    }
    let words = take(emulator, pcxi)?;
    for (name, value) in LOWER.iter().zip(&words[1..]) {
        emulator.set_user_register(name, (*value).into());
    }
    Ok(())
}

/// LDLCX and LDUCX: the last registers of a context, but not its two first
/// words (volume 2).
fn load(emulator: &mut NativeEmulator, op: &UserOp, names: &[&str]) -> Result<(), Halt> {
    let area = emulator.user_input(op, 0) as u64;
    let words: [u32; 16] = words(emulator, area)?;
    for (name, value) in names.iter().zip(&words[2..]) {
        emulator.set_user_register(name, (*value).into());
    }
    Ok(())
}

/// STLCX and STUCX: a context, which is linked to nothing (volume 2).
fn store(emulator: &mut NativeEmulator, op: &UserOp, first: &[&str], rest: &[&str]) -> Result<(), Halt> {
    let area = emulator.user_input(op, 0) as u64;
    let bytes: Vec<u8> =
        first.iter().chain(rest).flat_map(|name| word(emulator, name).to_le_bytes()).collect();
    emulator.user_write(area, &bytes)
}

/// BISR: saves the lower context, and goes on with interrupts of a higher
/// number only (volume 2, BISR).
fn begin_interrupt(emulator: &mut NativeEmulator, op: &UserOp) -> Result<(), Halt> {
    let code = emulator.user_input(op, 0) as u32;
    let priority = if code & 0xff == 0xe0 { code >> 8 & 0xff } else { code >> 12 & 0xff };
    save_lower(emulator)?;
    let icr = word(emulator, "ICR");
    emulator.set_user_register("ICR", (icr & !0xff | ENABLED | priority).into());
    Ok(())
}

/// SVLCX: the lower context goes to a free area (volume 2, SVLCX).
fn save_lower(emulator: &mut NativeEmulator) -> Result<(), Halt> {
    let (fcx, pcxi, icr) = (word(emulator, "FCX"), word(emulator, "PCXI"), word(emulator, "ICR"));
    if fcx & LINK == 0 {
        return Err(Halt::Interrupt(FREE_UNDERFLOW));
    }
    let area = address(fcx);
    emulator.user_check(area, 64, Access::Write)?;
    let [next] = words(emulator, area)?;
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&pcxi.to_le_bytes());
    for name in LOWER {
        bytes.extend_from_slice(&word(emulator, name).to_le_bytes());
    }
    emulator.user_write(area, &bytes)?;
    let link = fcx & LINK | (icr & 0xff) << 24 | (icr & ENABLED) >> 8 << 23;
    emulator.set_user_register("PCXI", link.into());
    emulator.set_user_register("FCX", (fcx & !LINK | next & LINK).into());
    Ok(())
}
