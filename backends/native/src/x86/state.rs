//! The state of the processor: what it is and has, its clock and random
//! numbers, and saving and restoring the state of vectors and the x87.

use super::{Ea, NONE, NativeOp, P66, PF2, PF3, Rm, Row, g};
use crate::{emulator::NativeEmulator, halt::Halt};

pub(super) const ROWS: &[Row] = &[
    g(NONE | P66 | PF2 | PF3, 1, 0xa2, identify).legacy(),
    g(NONE | P66 | PF2 | PF3, 1, 0x31, clock).legacy(),
    g(NONE, 1, 0x01, system).legacy().extension(2).in_register(),
    g(NONE, 1, 0x01, system).legacy().extension(7).in_register(),
    g(NONE | P66, 1, 0xc7, random).legacy().extension(6).in_register(),
    g(NONE | P66, 1, 0xc7, random).legacy().extension(7).in_register(),
    g(PF3, 1, 0xc7, |e, op| {
        // The number of the processor.
        let Rm::Place(rm) = op.rm else { return Err(Halt::Invalid) };
        let is_64 = e.x86.is_some_and(|it| it.is_64);
        e.set_general(rm, if is_64 { 8 } else { 4 }, 0);
        Ok(())
    })
    .legacy()
    .extension(7)
    .in_register(),
    g(PF3, 1, 0xae, |e, op| base(e, op, false, true)).legacy().extension(0).in_register(),
    g(PF3, 1, 0xae, |e, op| base(e, op, true, true)).legacy().extension(1).in_register(),
    g(PF3, 1, 0xae, |e, op| base(e, op, false, false)).legacy().extension(2).in_register(),
    g(PF3, 1, 0xae, |e, op| base(e, op, true, false)).legacy().extension(3).in_register(),
    g(NONE, 1, 0xae, |e, op| {
        let value = e.rm(op)?;
        let value = <u32 as super::Lane>::get(&value, 0);
        if value & !0xffff != 0 {
            return Err(Halt::Exception(13));
        }
        let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
        e.file.put::<4>(registers.mxcsr, value.to_le_bytes());
        Ok(())
    })
    .extension(2)
    .in_memory()
    .sized(4),
    g(NONE, 1, 0xae, |e, op| {
        let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
        let value = e.file.get::<4>(registers.mxcsr);
        e.put_rm(op, &value)
    })
    .extension(3)
    .in_memory()
    .sized(4),
    g(NONE, 1, 0xae, save_legacy).legacy().extension(0).in_memory(),
    g(NONE, 1, 0xae, restore_legacy).legacy().extension(1).in_memory(),
    g(NONE, 1, 0xae, |e, op| save_extended(e, op, false)).legacy().extension(4).in_memory(),
    g(NONE, 1, 0xae, restore_extended).legacy().extension(5).in_memory(),
    g(NONE, 1, 0xae, |e, op| save_extended(e, op, true)).legacy().extension(6).in_memory(),
    g(NONE, 1, 0xc7, |e, op| save_extended(e, op, true)).legacy().extension(4).in_memory(),
];

/// What CPUID answers: leaf, subleaf, and EAX, EBX, ECX, EDX. It tells what
/// the engine executes, no more.
const LEAVES: &[(u32, u32, [u32; 4])] = &[
    // The highest leaf, and "GenuineIntel".
    (0, 0, [0x0d, u32::from_le_bytes(*b"Genu"), u32::from_le_bytes(*b"ntel"), u32::from_le_bytes(*b"ineI")]),
    // A processor of Haswell's family. FPU, TSC, CX8, CMOV, CLFSH, MMX, FXSR,
    // SSE, SSE2; SSE3, PCLMULQDQ, SSSE3, FMA, CX16, SSE4.1, SSE4.2, MOVBE,
    // POPCNT, AES, XSAVE, OSXSAVE, AVX, F16C, RDRAND.
    (1, 0, [0x0003_06c3, 0x0001_0800, 0x7ed8_3203, 0x0788_8111]),
    (2, 0, [0x7603_6301, 0x00f0_b5ff, 0, 0x00c1_0000]),
    // FSGSBASE, BMI1, AVX2, BMI2; RDSEED, ADX, SHA; RDPID.
    (7, 0, [0, 0x200c_0129, 0x0040_0000, 0]),
    // x87, SSE and AVX, 832 bytes.
    (0x0d, 0, [7, 832, 832, 0]),
    (0x0d, 1, [0, 0, 0, 0]),
    (0x0d, 2, [256, 576, 0, 0]),
    (0x8000_0000, 0, [0x8000_0008, 0, 0, 0]),
    // LAHF in 64-bit mode, LZCNT, PREFETCHW; SYSCALL, NX, RDTSCP, 64-bit mode.
    (0x8000_0001, 0, [0, 0, 0x0000_0121, 0x2810_0800]),
    (0x8000_0002, 0, brand(0)),
    (0x8000_0003, 0, brand(16)),
    (0x8000_0004, 0, brand(32)),
    (0x8000_0006, 0, [0, 0, 0x0100_6040, 0]),
    // A clock that never stops.
    (0x8000_0007, 0, [0, 0, 0, 0x100]),
    (0x8000_0008, 0, [0x3030, 0, 0, 0]),
];

const BRAND: &[u8; 48] = b"Terrella native engine\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

const fn brand(at: usize) -> [u32; 4] {
    let mut words = [0; 4];
    let mut index = 0;
    while index < 4 {
        let at = at + 4 * index;
        words[index] = u32::from_le_bytes([BRAND[at], BRAND[at + 1], BRAND[at + 2], BRAND[at + 3]]);
        index += 1;
    }
    words
}

fn identify(e: &mut NativeEmulator, _: &NativeOp) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let [a, c, d, b] = [0, 1, 2, 3].map(|index| registers.general[index]);
    let (leaf, subleaf) = (e.general(a, 4) as u32, e.general(c, 4) as u32);
    let has_subleaves = matches!(leaf, 7 | 0x0d);
    let wanted = if has_subleaves { subleaf } else { 0 };
    let ours = || LEAVES.iter().find(|(known, sub, _)| (*known, *sub) == (leaf, wanted));
    let given = e.outside.identity(leaf, subleaf).or_else(|| e.outside.identity(leaf, wanted));
    let values = given.or_else(|| ours().map(|(.., values)| *values)).unwrap_or_default();
    for (place, value) in [a, b, c, d].into_iter().zip(values) {
        e.set_general(place, 4, value.into());
    }
    Ok(())
}

/// RDTSC.
fn clock(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    e.user_index = op.index;
    let now = e.time_at_operation();
    e.set_general(registers.general[0], 4, now);
    e.set_general(registers.general[2], 4, now >> 32);
    Ok(())
}

/// XGETBV and RDTSCP, which have whole ModRM bytes to themselves.
fn system(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let number = e.general(registers.general[1], 4);
    match op.modrm {
        // x87, SSE and AVX are on.
        0xd0 if number == 0 => {
            e.set_general(registers.general[0], 4, 7);
            e.set_general(registers.general[2], 4, 0);
            Ok(())
        }
        0xd0 => Err(Halt::Exception(13)),
        0xf9 => {
            clock(e, op)?;
            e.set_general(registers.general[1], 4, 0);
            Ok(())
        }
        0xf8 | 0xd1 => Err(Halt::Exception(13)),
        // XTEST: never in a transaction.
        0xd6 => {
            for place in [registers.cf, registers.pf, registers.af, registers.sf, registers.of] {
                e.set_flag(place, false);
            }
            e.set_flag(registers.zf, true);
            Ok(())
        }
        _ => Err(Halt::Invalid),
    }
}

/// RDRAND and RDSEED: the same numbers in each run.
fn random(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let (Some(registers), Rm::Place(rm)) = (e.x86, op.rm) else { return Err(Halt::Invalid) };
    let value = e.outside.random.next();
    e.set_general(rm, op.width, value & u64::MAX >> (64 - 8 * u32::from(op.width)));
    for place in [registers.pf, registers.af, registers.zf, registers.sf, registers.of] {
        e.set_flag(place, false);
    }
    e.set_flag(registers.cf, true);
    Ok(())
}

/// RDFSBASE and its relatives.
fn base(e: &mut NativeEmulator, op: &NativeOp, gs: bool, read: bool) -> Result<(), Halt> {
    let (Some(registers), Rm::Place(rm)) = (e.x86, op.rm) else { return Err(Halt::Invalid) };
    let place = if gs { registers.gs } else { registers.fs };
    let width = if op.width == 8 { 8 } else { 4 };
    if read {
        let value = e.general(place, 8);
        e.set_general(rm, width, value);
    } else {
        let value = e.general(rm, width);
        e.file.set_integer(place.into(), 8, value.into());
    }
    Ok(())
}

// ---- saving and restoring

fn address(e: &NativeEmulator, op: &NativeOp) -> Result<u64, Halt> {
    let Rm::Memory(ea) = &op.rm else { return Err(Halt::Invalid) };
    let ea: &Ea = ea;
    Ok(e.ea(ea))
}

/// The first 416 bytes of FXSAVE's area (288 in 32-bit mode).
fn legacy_area(e: &NativeEmulator, op: &NativeOp, area: &mut [u8; 512]) -> usize {
    let Some(registers) = e.x86 else { return 0 };
    area[..2].copy_from_slice(&e.file.get::<2>(registers.control));
    area[2..4].copy_from_slice(&e.file.get::<2>(registers.status));
    area[4] = e.short_tags(&registers);
    area[6..8].copy_from_slice(&e.file.get::<2>(registers.opcode));
    let pointer = if op.width == 8 { 8 } else { 4 };
    area[8..8 + pointer].copy_from_slice(&e.file.get::<8>(registers.instruction)[..pointer]);
    area[16..16 + pointer].copy_from_slice(&e.file.get::<8>(registers.data)[..pointer]);
    area[24..28].copy_from_slice(&e.file.get::<4>(registers.mxcsr));
    area[28..32].copy_from_slice(&0xffffu32.to_le_bytes());
    for (index, place) in registers.stack.iter().enumerate() {
        area[32 + 16 * index..][..10].copy_from_slice(&e.file.get::<10>(*place));
    }
    let count = if registers.is_64 { 16 } else { 8 };
    for (index, place) in registers.vectors.iter().enumerate().take(count) {
        area[160 + 16 * index..][..16].copy_from_slice(&e.file.get::<16>(*place));
    }
    160 + 16 * count
}

fn set_stack(e: &mut NativeEmulator, op: &NativeOp, area: &[u8]) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let short = |at: usize| [area[at], area[at + 1]];
    e.file.put::<2>(registers.control, (u16::from_le_bytes(short(0)) & 0x1f7f | 0x40).to_le_bytes());
    e.file.put::<2>(registers.status, short(2));
    e.file.put::<2>(registers.opcode, short(6));
    let pointer = if op.width == 8 { 8 } else { 4 };
    for (place, at) in [(registers.instruction, 8), (registers.data, 16)] {
        let mut bytes = [0; 8];
        bytes[..pointer].copy_from_slice(&area[at..at + pointer]);
        if registers.is_64 {
            e.file.put::<8>(place, bytes)
        } else {
            e.file.set_integer(place.into(), 4, u64::from_le_bytes(bytes).into())
        }
    }
    for (index, place) in registers.stack.iter().enumerate() {
        e.file.slice_mut((*place).into(), 10).copy_from_slice(&area[32 + 16 * index..][..10]);
    }
    e.set_short_tags(&registers, area[4]);
    Ok(())
}

fn set_vectors(e: &mut NativeEmulator, area: &[u8]) {
    let Some(registers) = e.x86 else { return };
    let count = if registers.is_64 { 16 } else { 8 };
    for (index, place) in registers.vectors.iter().enumerate().take(count) {
        e.file.slice_mut((*place).into(), 16).copy_from_slice(&area[160 + 16 * index..][..16]);
    }
}

fn set_mxcsr(e: &mut NativeEmulator, area: &[u8]) -> Result<(), Halt> {
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let value = [area[24], area[25], area[26], area[27]];
    if u32::from_le_bytes(value) & !0xffff != 0 {
        return Err(Halt::Exception(13));
    }
    e.file.put::<4>(registers.mxcsr, value);
    Ok(())
}

fn save_legacy(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let at = address(e, op)?;
    if !at.is_multiple_of(16) {
        return Err(Halt::Exception(13));
    }
    let mut area = [0; 512];
    let end = legacy_area(e, op, &mut area);
    e.store_bytes(op, at, &area[..end])
}

fn restore_legacy(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let at = address(e, op)?;
    if !at.is_multiple_of(16) {
        return Err(Halt::Exception(13));
    }
    let mut area = [0; 512];
    e.load_bytes(op, at, &mut area)?;
    set_mxcsr(e, &area)?;
    set_stack(e, op, &area)?;
    set_vectors(e, &area);
    Ok(())
}

/// The components that EDX:EAX asks for, of x87, SSE and AVX.
fn wanted(e: &NativeEmulator) -> u64 {
    e.x86.map_or(0, |it| e.general(it.general[0], 4) & 7)
}

fn save_extended(e: &mut NativeEmulator, op: &NativeOp, _: bool) -> Result<(), Halt> {
    let at = address(e, op)?;
    if !at.is_multiple_of(64) {
        return Err(Halt::Exception(13));
    }
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let wanted = wanted(e);
    let mut area = [0; 512];
    let end = legacy_area(e, op, &mut area);
    let mut header = [0; 8];
    e.load_bytes(op, at.wrapping_add(512), &mut header)?;
    let present = u64::from_le_bytes(header) & !wanted | wanted;
    if wanted & 1 != 0 {
        e.store_bytes(op, at, &area[..24])?;
        e.store_bytes(op, at.wrapping_add(32), &area[32..160])?;
    }
    if wanted & 6 != 0 {
        e.store_bytes(op, at.wrapping_add(24), &area[24..32])?;
    }
    if wanted & 2 != 0 {
        e.store_bytes(op, at.wrapping_add(160), &area[160..end])?;
    }
    if wanted & 4 != 0 {
        let count = if registers.is_64 { 16 } else { 8 };
        for (index, place) in registers.vectors.iter().enumerate().take(count) {
            let high = e.file.get::<16>(place + 16);
            e.store_bytes(op, at.wrapping_add(576 + 16 * index as u64), &high)?;
        }
    }
    e.store_bytes(op, at.wrapping_add(512), &present.to_le_bytes())
}

fn restore_extended(e: &mut NativeEmulator, op: &NativeOp) -> Result<(), Halt> {
    let at = address(e, op)?;
    if !at.is_multiple_of(64) {
        return Err(Halt::Exception(13));
    }
    let Some(registers) = e.x86 else { return Err(Halt::Invalid) };
    let wanted = wanted(e);
    let mut area = [0; 832];
    e.load_bytes(op, at, &mut area)?;
    let present = u64::from(area[512]);
    if area[513..536].iter().any(|byte| *byte != 0) || present & !7 != 0 {
        return Err(Halt::Exception(13));
    }
    if wanted & 6 != 0 {
        set_mxcsr(e, &area)?;
    }
    if wanted & 1 != 0 {
        if present & 1 == 0 {
            area[..24].fill(0);
            area[..2].copy_from_slice(&0x37fu16.to_le_bytes());
            area[32..160].fill(0);
        }
        set_stack(e, op, &area)?;
    }
    if wanted & 2 != 0 {
        if present & 2 == 0 {
            area[160..416].fill(0);
        }
        set_vectors(e, &area);
    }
    if wanted & 4 != 0 {
        if present & 4 == 0 {
            area[576..].fill(0);
        }
        let count = if registers.is_64 { 16 } else { 8 };
        for (index, place) in registers.vectors.iter().enumerate().take(count) {
            e.file.slice_mut(usize::from(*place) + 16, 16).copy_from_slice(&area[576 + 16 * index..][..16]);
        }
    }
    Ok(())
}
