//! [`Variable`]: variable arguments, of a call or out of a `va_list`.
//!
//! What a `va_list` holds is told by the psABI supplements: System V amd64
//! 3.5.7, AAPCS64 appendix B, PowerPC processor supplement (1995) 3-21,
//! z/Architecture ELF supplement 1.3.5; on all others it is a pointer to
//! slots like those of the stack.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_machine_state::{ArgumentValue, call::Parameter};
use terrella_platforms::{
    ByteOrder, CallingConvention, FloatPlacement, LongDouble, LongDoublePlace, Platform, long_double,
};

use super::error::{Failure, Result};

/// Where variable arguments come from.
#[derive(Debug, Clone)]
pub(crate) enum Variable {
    /// From the call that is being answered.
    Call,
    /// From a list.
    List(List),
}

/// How a `va_list` is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// A pointer to slots of so many bytes; what is wider than a slot is
    /// aligned to so many bytes.
    Pointer {
        slot: u64,
        wide: u64,
    },
    Amd64,
    Aapcs64,
    PowerPc {
        soft: bool,
    },
    S390x,
    Xtensa,
}

/// Arguments out of a `va_list`.
#[derive(Debug, Clone)]
pub(crate) struct List {
    layout: Layout,
    /// The next slot of the stack.
    stack: u64,
    /// The end, or the beginning, of saved integer registers, and how far in
    /// they have been read.
    integers: (u64, i64),
    /// The same of floating-point registers.
    floats: (u64, i64),
    /// What `long double` is, where that is described.
    long: Option<LongDouble>,
}

fn layout_of(platform: Platform, convention: &CallingConvention) -> Option<Layout> {
    let name = platform.name();
    let slot = u64::from(convention.slot_bytes);
    let pointer = |wide| Some(Layout::Pointer { slot, wide });
    let begins = |prefix: &str| name.starts_with(prefix);
    match convention.name {
        "sysv" if name == "x86_64" => return Some(Layout::Amd64),
        "microsoft" | "win64" | "ms" => return pointer(slot),
        _ => {}
    }
    if begins("aarch64") {
        return Some(Layout::Aapcs64);
    }
    if begins("ppc") && !begins("ppc64") {
        return Some(Layout::PowerPc { soft: convention.floats == FloatPlacement::AsIntegers });
    }
    if begins("s390") {
        return Some(Layout::S390x);
    }
    if begins("xtensa") {
        return Some(Layout::Xtensa);
    }
    if begins("sh") || begins("tricore") || begins("ebpf") || begins("i8051") {
        return None;
    }
    let pairs = ["arm", "mips", "micromips", "riscv32"].iter().any(|it| begins(it)) && slot == 4;
    pointer(if pairs { 8 } else { slot })
}

impl List {
    /// The words that a parameter of this type is passed as: one pointer, but
    /// for Xtensa, where the structure is passed by value.
    pub(crate) fn words(platform: Platform, convention: &CallingConvention) -> Result<usize> {
        match layout_of(platform, convention) {
            Some(Layout::Xtensa) => Ok(3),
            Some(_) => Ok(1),
            None => Err(Failure::Misuse(format!(
                "what a va_list of {} on {platform} looks like is not known here",
                convention.name
            ))),
        }
    }

    /// The list that the words stand for.
    pub(crate) fn read(
        emulator: &dyn Emulator,
        convention: &CallingConvention,
        words: &[u64],
    ) -> Result<Self> {
        let Some(layout) = layout_of(emulator.platform(), convention) else {
            return Err(Failure::Misuse("a va_list is not known here".to_owned()));
        };
        let address = words.first().copied().unwrap_or(0);
        let word = u64::from(emulator.definition().pointer_bytes);
        let pointer = |offset: u64| -> Result<u64> {
            Ok(emulator.read_integer(address.wrapping_add(offset), word as usize)? as u64)
        };
        let int = |offset: u64, bytes: usize| -> Result<i64> {
            let value = emulator.read_integer(address.wrapping_add(offset), bytes)? as i64;
            Ok(value << (64 - 8 * bytes) >> (64 - 8 * bytes))
        };
        let (stack, integers, floats) = match layout {
            Layout::Pointer { .. } => (address, (0, 0), (0, 0)),
            Layout::Amd64 => {
                let save = pointer(16)?;
                (pointer(8)?, (save, int(0, 4)?), (save, int(4, 4)?))
            }
            Layout::Aapcs64 => (pointer(0)?, (pointer(8)?, int(24, 4)?), (pointer(16)?, int(28, 4)?)),
            Layout::PowerPc { .. } => {
                let save = pointer(8)?;
                (pointer(4)?, (save, int(0, 1)?), (save, int(1, 1)?))
            }
            Layout::S390x => {
                let save = pointer(24)?;
                (pointer(16)?, (save, int(0, 8)?), (save, int(8, 8)?))
            }
            Layout::Xtensa => {
                let at = |index: usize| words.get(index).copied().unwrap_or(0);
                (at(0), (at(1), at(2) as i64), (0, 0))
            }
        };
        let long = long_double(emulator.platform(), convention);
        Ok(Self { layout, stack, integers, floats, long })
    }

    /// The bits of the next argument, a `long double`.
    pub(crate) fn next_long(&mut self, emulator: &dyn Emulator) -> Result<u128> {
        let Some(long) = self.long else {
            return Err(Failure::Misuse("what a long double is, is not known here".to_owned()));
        };
        if long.is_double() {
            let value = match self.next(emulator, Parameter::F64)? {
                ArgumentValue::F64(value) => value,
                _ => f64::NAN,
            };
            return Ok(value.to_bits().into());
        }
        let bytes = u64::from(long.bytes);
        let address = match (long.place, self.layout) {
            (LongDoublePlace::Reference, _) => self.next(emulator, Parameter::Pointer)?.as_u64(),
            (LongDoublePlace::Vector, Layout::Aapcs64) => self.place(bytes, true).0,
            (LongDoublePlace::Stack { alignment }, _) => self.on_stack_at(bytes, alignment.into()),
            _ => self.on_stack_at(bytes, 16),
        };
        Ok(emulator.read_integer(address, bytes as usize)?)
    }

    /// The next argument.
    pub(crate) fn next(&mut self, emulator: &dyn Emulator, parameter: Parameter) -> Result<ArgumentValue> {
        let (bytes, float) = match parameter {
            Parameter::Integer { bytes, .. } => (u64::from(bytes), false),
            Parameter::F32 => (4, true),
            Parameter::F64 => (8, true),
            _ => (emulator.definition().pointer_bytes.into(), false),
        };
        let (address, slot) = self.place(bytes, float);
        let big = emulator.platform().byte_order() == ByteOrder::Big;
        let padding = if big && bytes < slot { slot - bytes } else { 0 };
        let raw = emulator.read_integer(address.wrapping_add(padding), bytes as usize)?;
        Ok(match parameter {
            Parameter::Integer { bytes, signed } => {
                let shift = 128 - 8 * u32::from(bytes.clamp(1, 16));
                let value = if signed { (raw << shift) as i128 >> shift } else { raw as i128 };
                ArgumentValue::Integer { value, bytes, signed }
            }
            Parameter::F32 => ArgumentValue::F32(f32::from_bits(raw as u32)),
            Parameter::F64 => ArgumentValue::F64(f64::from_bits(raw as u64)),
            _ => ArgumentValue::Pointer(raw as u64),
        })
    }

    /// The address of the next argument, and the size of the slot that it is
    /// at the end of on big-endian processors.
    fn place(&mut self, bytes: u64, float: bool) -> (u64, u64) {
        match self.layout {
            Layout::Pointer { slot, wide } => (self.on_stack(bytes, slot, wide), slot),
            Layout::Amd64 => {
                let ((save, offset), end, step) =
                    if float { (&mut self.floats, 176, 16) } else { (&mut self.integers, 48, 8) };
                if *offset < end {
                    *offset += step;
                    return (save.wrapping_add((*offset - step) as u64), 8);
                }
                (self.on_stack(bytes, 8, 8), 8)
            }
            Layout::Aapcs64 => {
                let (top, offset) = if float { &mut self.floats } else { &mut self.integers };
                let step: i64 = if float { 16 } else { 8 };
                if *offset < 0 && offset.saturating_add(step) <= 0 {
                    *offset += step;
                    return (top.wrapping_add((*offset - step) as u64), step as u64);
                }
                *offset = 0;
                (self.on_stack(bytes, 8, bytes.max(8)), 8)
            }
            Layout::PowerPc { soft } => {
                if float && !soft {
                    if self.floats.1 < 8 {
                        self.floats.1 += 1;
                        return (self.floats.0.wrapping_add(32 + 8 * (self.floats.1 - 1) as u64), 8);
                    }
                    return (self.on_stack(8, 4, 8), 8);
                }
                let count = if bytes > 4 { 2 } else { 1 };
                let first = if count == 2 { (self.integers.1 + 1) & !1 } else { self.integers.1 };
                if first + count <= 8 {
                    self.integers.1 = first + count;
                    return (self.integers.0.wrapping_add(4 * first as u64), 4);
                }
                self.integers.1 = 8;
                (self.on_stack(bytes, 4, 8), 4)
            }
            Layout::S390x => {
                let (place, end, start) =
                    if float { (&mut self.floats, 4, 128) } else { (&mut self.integers, 5, 16) };
                if place.1 < end {
                    place.1 += 1;
                    return (place.0.wrapping_add(start + 8 * (place.1 - 1) as u64), 8);
                }
                (self.on_stack(bytes, 8, 8), 8)
            }
            Layout::Xtensa => {
                // `__va_ndx` counts bytes from the first argument on; the
                // first 24 are in saved registers (GCC, xtensa.c,
                // xtensa_gimplify_va_arg_expr).
                let align = if bytes > 4 { 7 } else { 3 };
                let first = (self.integers.1 + align) & !align;
                let mut end = first + bytes.next_multiple_of(4) as i64;
                let address = if end <= 24 {
                    self.integers.0.wrapping_add(first as u64)
                } else {
                    if first < 24 {
                        end = 32 + bytes.next_multiple_of(4) as i64;
                    }
                    self.stack.wrapping_add((end - bytes.next_multiple_of(4) as i64) as u64)
                };
                self.integers.1 = end;
                (address, 4)
            }
        }
    }

    /// Bytes of the stack at a multiple of so many.
    fn on_stack_at(&mut self, bytes: u64, alignment: u64) -> u64 {
        let address = self.stack.wrapping_add(alignment.max(1) - 1) & !(alignment.max(1) - 1);
        self.stack = address.wrapping_add(bytes);
        address
    }

    fn on_stack(&mut self, bytes: u64, slot: u64, wide: u64) -> u64 {
        let slot = slot.max(1);
        if bytes > slot {
            self.stack = self.stack.wrapping_add(wide.max(1) - 1) & !(wide.max(1) - 1);
        }
        let address = self.stack;
        self.stack = self.stack.wrapping_add(bytes.next_multiple_of(slot));
        address
    }
}
