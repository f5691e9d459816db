//! Floating-point and vector registers in the frames of signal handlers: where
//! they are on each processor, and what a handler begins with.
//!
//! The layouts are those of Linux 6.1: `arch/*/include/uapi/asm/sigcontext.h`
//! and `ucontext.h`, filled as `arch/*/kernel/signal*.c` do it.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{ByteOrder, Platform, RegisterValue};

use crate::linux::task::Refusal;

/// How a register is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As many of its lowest bytes as there is room for.
    Plain,
    /// 80 bits with 16 unused ones between sign and exponent, and the rest
    /// (M68000 Family Programmer's Reference Manual, 1.6.1).
    Extended96,
    /// The lower 64 bits of a register of 128.
    LowHalf,
    /// The upper 128 bits of a register of 256.
    HighHalf,
    /// One bit for each of the eight two-bit tags: whether there is something
    /// in the register (Intel SDM, volume 1, 10.5.1.1).
    ShortTags,
}

/// Registers of one form: their names, where the first one is, the distance
/// from one to the next, and their size.
#[derive(Debug)]
pub(super) struct Row(
    pub(super) &'static [&'static str],
    pub(super) Form,
    pub(super) usize,
    pub(super) usize,
    pub(super) usize,
);

/// A record among others, each with a magic number and a size before it.
#[derive(Debug)]
struct Record {
    /// Where the records begin, from `uc_mcontext` on.
    start: usize,
    magic: u32,
    size: u32,
}

/// Registers that are there together, or not at all. Places count from
/// `uc_mcontext` on, or from the record.
#[derive(Debug)]
struct Group {
    record: Option<Record>,
    /// Says that the group is there: place, size and bits, from `uc_mcontext`.
    flag: Option<(usize, usize, u64)>,
    /// Numbers that are always the same: place, size and value.
    constants: &'static [(usize, usize, u64)],
    /// A pointer at the first place to the second.
    pointer: Option<(usize, usize)>,
    rows: &'static [Row],
}

/// What a handler begins with: registers, which bits of them stay, and which
/// are set.
type Entry = &'static [(&'static [&'static str], u64, u64)];

const GROUP: Group = Group { record: None, flag: None, constants: &[], pointer: None, rows: &[] };

macro_rules! numbered {
    ($prefix:literal: $($number:literal)*) => { numbered!($prefix, "": $($number)*) };
    ($prefix:literal, $suffix:literal: $($number:literal)*) => {
        &[$(concat!($prefix, $number, $suffix)),*]
    };
}
pub(super) use numbered;

type Names = &'static [&'static str];
const F16: Names = numbered!("f": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
const F32: Names = numbered!("f": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
    28 29 30 31);
const V32: Names = numbered!("v": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
    28 29 30 31);
const VS32: Names = numbered!("vs": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26
    27 28 29 30 31);
const D32: Names = numbered!("d": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27
    28 29 30 31);
/// Doubles of MIPS with 32-bit registers are pairs of these.
const EVEN: Names = numbered!("f", "s": 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30);
const ODD: Names = numbered!("f", "s": 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31);
const FP8: Names = numbered!("fp": 0 1 2 3 4 5 6 7);
const FCC8: Names = numbered!("fcc": 0 1 2 3 4 5 6 7);
const FR16: Names = numbered!("fr": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
const XF16: Names = numbered!("xf": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

use Form::{Extended96, LowHalf, Plain};

const AARCH64: &[Group] = &[Group {
    record: Some(Record { start: 288, magic: 0x4650_8001, size: 528 }),
    rows: &[Row(&["fpsr", "fpcr"], Plain, 8, 4, 4), Row(V32, Plain, 16, 16, 16)],
    ..GROUP
}];
const ARM: &[Group] = &[Group {
    record: Some(Record { start: 212, magic: 0x5646_5001, size: 288 }),
    // FPEXC: the unit is on.
    constants: &[(272, 4, 0x4000_0000)],
    rows: &[Row(D32, Plain, 8, 8, 8), Row(&["fpscr"], Plain, 264, 4, 4)],
    ..GROUP
}];
const RISCV32: &[Group] =
    &[Group { rows: &[Row(F32, Plain, 128, 8, 8), Row(&["fcsr"], Plain, 384, 4, 4)], ..GROUP }];
const RISCV64: &[Group] =
    &[Group { rows: &[Row(F32, Plain, 256, 8, 8), Row(&["fcsr"], Plain, 512, 4, 4)], ..GROUP }];
const MIPS_BE: &[Group] = &[Group {
    flag: Some((540, 4, 1)),
    rows: &[Row(EVEN, Plain, 276, 16, 4), Row(ODD, Plain, 272, 16, 4), Row(&["fcsr"], Plain, 532, 4, 4)],
    ..GROUP
}];
const MIPS_LE: &[Group] = &[Group {
    flag: Some((540, 4, 1)),
    rows: &[Row(EVEN, Plain, 272, 16, 4), Row(ODD, Plain, 276, 16, 4), Row(&["fcsr"], Plain, 532, 4, 4)],
    ..GROUP
}];
const MIPS64: &[Group] = &[Group {
    // Used, with registers of 64 bits.
    flag: Some((588, 4, 3)),
    rows: &[Row(F32, Plain, 256, 8, 8), Row(&["fcsr"], Plain, 584, 4, 4)],
    ..GROUP
}];
/// The machine state of a program: EE, PR, ME, IR, DR and RI; FP of itself.
const MSR: u64 = 0xf032;
const MSR_VEC: u64 = 1 << 25;
const MSR_VSX: u64 = 1 << 23;
const PPC: &[Group] = &[
    Group {
        constants: &[(132, 4, MSR)],
        rows: &[Row(F32, Plain, 192, 8, 8), Row(&["fpscr"], Plain, 448, 8, 8)],
        ..GROUP
    },
    Group {
        flag: Some((132, 4, MSR_VEC)),
        // VRSAVE is where VSCR's upper words would be.
        rows: &[
            Row(V32, Plain, 464, 16, 16),
            Row(&["vscr"], Plain, 976, 16, 16),
            Row(&["vrsave"], Plain, 976, 4, 4),
        ],
        ..GROUP
    },
];
macro_rules! ppc64 {
    ($msr:expr) => {
        &[
            Group {
                constants: &[(328, 8, $msr)],
                rows: &[Row(F32, Plain, 448, 8, 8), Row(&["fpscr"], Plain, 704, 8, 8)],
                ..GROUP
            },
            Group {
                flag: Some((328, 8, MSR_VEC)),
                // `vmx_reserve`, at a multiple of 16.
                pointer: Some((712, 728)),
                rows: &[
                    Row(V32, Plain, 728, 16, 16),
                    Row(&["vscr"], Plain, 1240, 16, 16),
                    Row(&["vrsave"], Plain, 1256, 4, 4),
                ],
                ..GROUP
            },
            Group { flag: Some((328, 8, MSR_VSX)), rows: &[Row(VS32, LowHalf, 1272, 8, 8)], ..GROUP },
        ]
    };
}
const PPC64: &[Group] = ppc64!(1 << 63 | MSR);
const PPC64LE: &[Group] = ppc64!(1 << 63 | MSR | 1);
const M68K: &[Group] = &[Group {
    // The frame of an MC68040 that is idle (MC68040 User's Manual, 3.6).
    constants: &[(184, 4, 0x4100_0000)],
    rows: &[Row(&["fpcr", "fpsr", "fpiar"], Plain, 76, 4, 4), Row(FP8, Extended96, 88, 12, 12)],
    ..GROUP
}];
const S390X: &[Group] =
    &[Group { rows: &[Row(&["fpc"], Plain, 208, 4, 4), Row(F16, Plain, 216, 8, 8)], ..GROUP }];
const LOONGARCH64: &[Group] = &[Group {
    record: Some(Record { start: 272, magic: 0x4650_5501, size: 288 }),
    flag: Some((264, 4, 1)),
    rows: &[Row(F32, Plain, 16, 8, 8), Row(FCC8, Plain, 272, 1, 1), Row(&["fcsr"], Plain, 280, 4, 4)],
    ..GROUP
}];
const SH4: &[Group] = &[Group {
    flag: Some((228, 4, 1)),
    rows: &[
        Row(FR16, Plain, 92, 4, 4),
        Row(XF16, Plain, 156, 4, 4),
        Row(&["fpscr", "fpul"], Plain, 220, 4, 4),
    ],
    ..GROUP
}];

/// What the frame of a processor has, and what a handler begins with. The
/// area of x86 has a place of its own.
const fn layout(platform: Platform) -> (&'static [Group], Entry) {
    match platform {
        Platform::AARCH64 | Platform::AARCH64_BE => (AARCH64, &[]),
        // Without vectors of scalars (`vfp_preserve_user_clear_hwstate`).
        Platform::ARMV7A | Platform::ARMV7A_BE => (ARM, &[(&["fpscr"], !0x0037_0000, 0)]),
        Platform::RISCV32 => (RISCV32, &[]),
        Platform::RISCV64 => (RISCV64, &[]),
        Platform::MIPS => (MIPS_BE, &[]),
        Platform::MIPSEL => (MIPS_LE, &[]),
        Platform::MIPS64 | Platform::MIPS64EL => (MIPS64, &[]),
        // No exceptions, and to nearest (`handle_rt_signal32`, `64`).
        Platform::PPC | Platform::PPCLE => (PPC, &[(&["fpscr"], 0, 0)]),
        Platform::PPC64 => (PPC64, &[(&["fpscr"], 0, 0)]),
        Platform::PPC64LE => (PPC64LE, &[(&["fpscr"], 0, 0)]),
        Platform::M68K => (M68K, &[]),
        Platform::S390X => (S390X, &[]),
        Platform::LOONGARCH64 => (LOONGARCH64, &[]),
        // As a thread begins (`save_sigcontext_fpu` clears `used_math`).
        Platform::SH4 => (SH4, &[(FR16, 0, 0), (XF16, 0, 0), (&["fpul"], 0, 0), (&["fpscr"], 0, 0x8_0000)]),
        _ => (&[], &[]),
    }
}

/// Whether a backend has the registers of some rows.
pub(super) fn has(emulator: &dyn Emulator, rows: &[Row]) -> bool {
    let first = rows.first().and_then(|row| row.0.first());
    first.is_some_and(|name| emulator.resolve_register(name).is_ok_and(|id| emulator.has_register(id)))
}

/// Writes rows down, from a place in a frame on. A register that a backend
/// lacks stays zero.
pub(super) fn write_rows(
    emulator: &dyn Emulator,
    rows: &[Row],
    frame: &mut [u8],
    base: usize,
) -> Result<(), Refusal> {
    let order = emulator.platform().byte_order();
    for Row(names, form, first, stride, size) in rows {
        for (index, name) in names.iter().enumerate() {
            let id = emulator.resolve_register(name)?;
            if !emulator.has_register(id) {
                continue;
            }
            let value = emulator.read_wide_register_id(id)?;
            let low = value.low_u128();
            let value = match form {
                Form::Plain => low,
                Form::Extended96 => low >> 64 << 80 | low & u128::from(u64::MAX),
                Form::LowHalf => low & u128::from(u64::MAX),
                Form::HighHalf => value.extract(128, 128).low_u128(),
                Form::ShortTags => (0..8).map(|tag| u128::from(low >> (2 * tag) & 3 != 3) << tag).sum(),
            };
            let at = base + first + index * stride;
            if let Some(place) = frame.get_mut(at..at + size) {
                order.write(value, place);
            }
        }
    }
    Ok(())
}

/// Reads rows that begin at an address into the registers.
pub(super) fn read_rows(emulator: &mut dyn Emulator, rows: &[Row], base: u64) -> Result<(), Refusal> {
    let order = emulator.platform().byte_order();
    for Row(names, form, first, stride, size) in rows {
        for (index, name) in names.iter().enumerate() {
            let id = emulator.resolve_register(name)?;
            if !emulator.has_register(id) {
                continue;
            }
            let mut bytes = [0; 16];
            let bytes = &mut bytes[..(*size).min(16)];
            emulator.read_memory(base.wrapping_add((first + index * stride) as u64), bytes)?;
            let found = order.read(bytes);
            let old = emulator.read_wide_register_id(id)?;
            let bits = emulator.definition().registers().get(id).bits.into();
            let value = match form {
                Form::Plain => RegisterValue::from(found).extract(0, bits),
                Form::Extended96 => {
                    RegisterValue::from(found >> 80 << 64 | found & u128::from(u64::MAX)).extract(0, bits)
                }
                Form::LowHalf => old.insert(0, 64, &RegisterValue::from(found)),
                Form::HighHalf => old.insert(128, 128, &RegisterValue::from(found)),
                Form::ShortTags => full_tags(emulator, found as u8)?.into(),
            };
            if old != value {
                emulator.write_wide_register_id(id, value)?;
            }
        }
    }
    Ok(())
}

/// The tag word that the processor makes of short tags and of what the
/// registers hold: valid, zero, special or empty (Intel SDM, volume 1, 8.1.7).
fn full_tags(emulator: &dyn Emulator, short: u8) -> Result<u64, Refusal> {
    let top = emulator.read_register("fpsw")? >> 11 & 7;
    let mut tags = 0;
    for physical in 0..8_u64 {
        let tag = if short >> physical & 1 == 0 {
            3
        } else {
            let name = format!("st{}", physical.wrapping_sub(top) & 7);
            let value = emulator.read_wide_register_id(emulator.resolve_register(&name)?)?.low_u128();
            let (exponent, mantissa) = (value >> 64 & 0x7fff, value as u64);
            match (exponent, mantissa) {
                (0, 0) => 1,
                (0 | 0x7fff, _) => 2,
                _ if mantissa >> 63 == 0 => 2,
                _ => 0,
            }
        };
        tags |= tag << (2 * physical);
    }
    Ok(tags)
}

/// Writes the registers into a frame whose `uc_mcontext` is at a place in it
/// and at an address.
pub(super) fn write(
    emulator: &dyn Emulator,
    platform: Platform,
    frame: &mut [u8],
    context: usize,
    address: u64,
) -> Result<(), Refusal> {
    let order = platform.byte_order();
    let word = usize::from(emulator.definition().pointer_bytes);
    for group in layout(platform).0.iter().filter(|group| has(emulator, group.rows)) {
        let base = context + group.record.as_ref().map_or(0, |record| record.start);
        if let Some(Record { magic, size, .. }) = group.record {
            put(order, frame, base, 4, magic.into());
            put(order, frame, base + 4, 4, size.into());
        }
        for (at, size, value) in group.constants {
            put(order, frame, base + at, *size, *value);
        }
        if let Some((at, to)) = group.pointer {
            put(order, frame, base + at, word, address.wrapping_add(to as u64));
        }
        write_rows(emulator, group.rows, frame, base)?;
        if let Some((at, size, bits)) = group.flag
            && let Some(place) = frame.get_mut(context + at..context + at + size)
        {
            let value = order.read(place) | u128::from(bits);
            order.write(value, place);
        }
    }
    Ok(())
}

fn put(order: ByteOrder, frame: &mut [u8], at: usize, size: usize, value: u64) {
    if let Some(place) = frame.get_mut(at..at + size) {
        order.write(value.into(), place);
    }
}

/// Takes the registers from a frame whose `uc_mcontext` is at an address.
///
/// # Errors
/// For a frame that cannot be read, or lacks a record that has to be there.
pub(super) fn read(emulator: &mut dyn Emulator, platform: Platform, context: u64) -> Result<(), Refusal> {
    for group in layout(platform).0 {
        if !has(emulator, group.rows) {
            continue;
        }
        if let Some((at, size, bits)) = group.flag {
            let found = emulator.read_integer(context.wrapping_add(at as u64), size)?;
            if found & u128::from(bits) == 0 {
                continue;
            }
        }
        let base = match &group.record {
            Some(record) => find(emulator, context.wrapping_add(record.start as u64), record)?,
            None => context,
        };
        read_rows(emulator, group.rows, base)?;
    }
    Ok(())
}

/// The address of a record among others.
fn find(emulator: &dyn Emulator, start: u64, wanted: &Record) -> Result<u64, Refusal> {
    /// All records of AArch64 together have so many bytes.
    const MOST: u64 = 4096;
    let mut offset = 0;
    while offset < MOST {
        let at = start.wrapping_add(offset);
        let (magic, size) = (emulator.read_integer(at, 4)?, emulator.read_integer(at.wrapping_add(4), 4)?);
        if magic == wanted.magic.into() && size == wanted.size.into() {
            return Ok(at);
        }
        if magic == 0 || size < 8 || size % 8 != 0 {
            break;
        }
        offset += size as u64;
    }
    Err(crate::Errno::EINVAL.into())
}

/// The registers are as a handler begins.
pub(super) fn begin(emulator: &mut dyn Emulator, platform: Platform) -> Result<(), Refusal> {
    for (names, kept, set) in layout(platform).1 {
        for name in *names {
            let id = emulator.resolve_register(name)?;
            if emulator.has_register(id) {
                let value = emulator.read_register_id(id)? & kept | set;
                emulator.write_register_id(id, value)?;
            }
        }
    }
    Ok(())
}
