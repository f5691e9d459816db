//! The floating-point area of x86's signal frames: what FXSAVE writes, and
//! behind it what XSAVE does (`arch/x86/kernel/fpu/signal.c` of Linux 6.1;
//! Intel SDM, volume 1, 10.5.1 and 13.4).

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_platforms::{Platform, RegisterValue};

use super::float::{
    Form::{HighHalf, Plain, ShortTags},
    Row, has, numbered, read_rows, write_rows,
};
use crate::linux::task::Refusal;

type Names = &'static [&'static str];
const ST: Names = numbered!("st": 0 1 2 3 4 5 6 7);
const XMM: Names = numbered!("xmm": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
const XMM8: Names = numbered!("xmm": 0 1 2 3 4 5 6 7);
const YMM: Names = numbered!("ymm": 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
const YMM8: Names = numbered!("ymm": 0 1 2 3 4 5 6 7);

const HEAD: &[Row] = &[
    Row(&["fpcw", "fpsw"], Plain, 0, 2, 2),
    Row(ST, Plain, 32, 16, 10),
    Row(&["fptw"], ShortTags, 4, 1, 1),
    Row(&["fop"], Plain, 6, 2, 2),
];
const POINTERS_64: &[Row] = &[Row(&["fip", "fdp"], Plain, 8, 8, 8)];
const POINTERS_32: &[Row] = &[Row(&["fip", "fdp"], Plain, 8, 8, 4), Row(&["fcs", "fds"], Plain, 12, 8, 2)];
const CONTROL: &[Row] = &[Row(&["mxcsr"], Plain, 24, 4, 4)];
const VECTORS_64: &[Row] = &[Row(XMM, Plain, 160, 16, 16)];
const VECTORS_32: &[Row] = &[Row(XMM8, Plain, 160, 16, 16)];
const UPPER_64: &[Row] = &[Row(YMM, HighHalf, 576, 16, 16)];
const UPPER_32: &[Row] = &[Row(YMM8, HighHalf, 576, 16, 16)];
/// What FNSAVE writes, in front of the area of 32-bit programs.
const OLD: &[Row] =
    &[Row(ST, Plain, 28, 10, 10), Row(&["fpcw", "fpsw", "fptw", "fip", "fcs", "fdp", "fds"], Plain, 0, 4, 4)];
const OLD_SIZE: usize = 112;

/// What FXSAVE writes, and the header of XSAVE's area.
const LEGACY: usize = 512;
/// All that XSAVE writes of x87, SSE and AVX.
const EXTENDED: usize = 832;
/// Where the kernel says what is behind FXSAVE's area (`sw_reserved`).
const SAYS: usize = 464;
const MAGIC1: u64 = 0x4650_5853;
const MAGIC2: u64 = 0x4650_5845;
const FEATURES: u64 = 7;

/// The area in the frames of one of the two.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    is_64: bool,
    /// Where the pointer to it is, from `uc_mcontext` on.
    pub(super) pointer: usize,
    extended: bool,
}

impl Area {
    pub(super) fn of(emulator: &dyn Emulator, platform: Platform) -> Option<Self> {
        let (is_64, pointer) = match platform {
            Platform::X86_64 => (true, 184),
            Platform::I386 => (false, 76),
            _ => return None,
        };
        // A backend without XCR0 has no XSAVE, and says so by CPUID.
        let xcr0 = emulator.resolve_register("xcr0").is_ok_and(|id| emulator.has_register(id));
        Some(Self { is_64, pointer, extended: xcr0 && has(emulator, UPPER_32) })
    }

    /// `UC_FP_XSTATE`, and on 64 bits `UC_SIGCONTEXT_SS` and
    /// `UC_STRICT_RESTORE_SS`.
    pub(super) const fn flags(self) -> u64 {
        self.extended as u64 | if self.is_64 { 6 } else { 0 }
    }

    const fn old(self) -> usize {
        if self.is_64 { 0 } else { OLD_SIZE }
    }

    const fn pick<T: Copy>(self, of_64: T, of_32: T) -> T {
        if self.is_64 { of_64 } else { of_32 }
    }

    fn size(self) -> usize {
        self.old() + if self.extended { EXTENDED + 4 } else { LEGACY }
    }

    /// Where it begins below a stack pointer: FXSAVE's part is aligned.
    pub(super) fn below(self, top: u64) -> u64 {
        let saved = (self.size() - self.old()) as u64;
        (top.wrapping_sub(saved) & !63).wrapping_sub(self.old() as u64)
    }

    /// Its bytes.
    pub(super) fn bytes(self, emulator: &dyn Emulator) -> Result<Vec<u8>, Refusal> {
        let mut bytes = vec![0; self.size()];
        let base = self.old();
        if !self.is_64 {
            write_rows(emulator, OLD, &mut bytes, 0)?;
            for at in [2, 6, 10, 26] {
                bytes[at..at + 2].fill(0xff);
            }
            // The status again; that FXSAVE's area follows is told by zero.
            bytes.copy_within(4..6, 108);
            write_rows(emulator, &[Row(&["fop"], Plain, 18, 2, 2)], &mut bytes, 0)?;
        }
        for rows in [HEAD, self.pick(POINTERS_64, POINTERS_32), CONTROL, self.pick(VECTORS_64, VECTORS_32)] {
            write_rows(emulator, rows, &mut bytes, base)?;
        }
        bytes[base + 28..base + 32].copy_from_slice(&0xffff_u32.to_le_bytes());
        if self.extended {
            write_rows(emulator, self.pick(UPPER_64, UPPER_32), &mut bytes, base)?;
            let whole = self.size() as u32;
            let says = base + SAYS;
            bytes[says..says + 4].copy_from_slice(&(MAGIC1 as u32).to_le_bytes());
            bytes[says + 4..says + 8].copy_from_slice(&whole.to_le_bytes());
            bytes[says + 8..says + 16].copy_from_slice(&FEATURES.to_le_bytes());
            bytes[says + 16..says + 20].copy_from_slice(&(EXTENDED as u32).to_le_bytes());
            bytes[base + LEGACY..base + LEGACY + 8].copy_from_slice(&FEATURES.to_le_bytes());
            bytes[base + EXTENDED..base + EXTENDED + 4].copy_from_slice(&(MAGIC2 as u32).to_le_bytes());
        }
        Ok(bytes)
    }

    /// Takes the registers from the area at an address; without one they are
    /// as a thread begins.
    pub(super) fn read(self, emulator: &mut dyn Emulator, address: u64) -> Result<(), Refusal> {
        if address == 0 {
            return self.reset(emulator, FEATURES);
        }
        let base = address.wrapping_add(self.old() as u64);
        if base & 63 != 0 && self.extended {
            return Err(crate::Errno::EINVAL.into());
        }
        let word = |emulator: &dyn Emulator, at: usize, size| {
            emulator.read_integer(base.wrapping_add(at as u64), size).map(|value| value as u64)
        };
        // Both numbers, or only what FXSAVE writes is looked at.
        let mut present = 3;
        if self.extended
            && word(emulator, SAYS, 4)? == MAGIC1
            && word(emulator, SAYS + 16, 4)? == EXTENDED as u64
            && word(emulator, EXTENDED, 4)? == MAGIC2
        {
            present = word(emulator, SAYS + 8, 8)? & word(emulator, LEGACY, 8)?;
        }
        // MXCSR may have no bit that the processor has not.
        if present & 2 != 0 && word(emulator, 24, 4)? & !0xffff != 0 {
            return Err(crate::Errno::EINVAL.into());
        }
        self.reset(emulator, !present & FEATURES)?;
        if present & 1 != 0 {
            read_rows(emulator, HEAD, base)?;
            read_rows(emulator, self.pick(POINTERS_64, POINTERS_32), base)?;
            if !self.is_64 {
                // What FNSAVE's part says of the x87 counts (`convert_to_fxsr`).
                read_rows(emulator, OLD, address)?;
            }
        }
        if present & 2 != 0 {
            read_rows(emulator, CONTROL, base)?;
            read_rows(emulator, self.pick(VECTORS_64, VECTORS_32), base)?;
        }
        if present & 4 != 0 && self.extended {
            read_rows(emulator, self.pick(UPPER_64, UPPER_32), base)?;
        }
        Ok(())
    }

    /// The registers of some components (x87, SSE, AVX) are as a thread begins.
    pub(super) fn reset(self, emulator: &mut dyn Emulator, components: u64) -> Result<(), Refusal> {
        let mut set = |name: &str, value: RegisterValue| -> Result<(), Refusal> {
            let id = emulator.resolve_register(name)?;
            if emulator.has_register(id) && emulator.read_wide_register_id(id)? != value {
                emulator.write_wide_register_id(id, value)?;
            }
            Ok(())
        };
        if components & 1 != 0 {
            for name in ST.iter().chain(&["fpsw", "fop", "fip", "fdp"]) {
                set(name, RegisterValue::ZERO)?;
            }
            set("fpcw", 0x37f_u64.into())?;
            set("fptw", 0xffff_u64.into())?;
        }
        if components & 2 != 0 {
            set("mxcsr", 0x1f80_u64.into())?;
            for name in self.pick(XMM, XMM8) {
                set(name, RegisterValue::ZERO)?;
            }
        }
        if components & 4 != 0 && self.extended {
            for name in self.pick(YMM, YMM8) {
                let id = emulator.resolve_register(name)?;
                let old = emulator.read_wide_register_id(id)?;
                emulator.write_wide_register_id(id, old.extract(0, 128))?;
            }
        }
        Ok(())
    }
}
