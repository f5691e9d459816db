//! What the tables say, measured: each register is written and read back.

use std::{ffi::c_int, ptr};

use terrella_platforms::{Architecture as A, ByteOrder, Platform, RegisterValue};
use unicorn_engine as uc;

use super::{LARGEST, NativeRegister, native_registers};

/// An engine for a test.
struct Probe(*mut uc::uc_engine);

impl Probe {
    fn open(platform: Platform) -> Option<Self> {
        use uc::{Arch, ArmCpuModel as Arm, Mode};
        let big =
            if platform.byte_order() == ByteOrder::Big { Mode::BIG_ENDIAN } else { Mode::LITTLE_ENDIAN };
        let (arch, mode, model) = match platform.architecture() {
            A::X86_64 => (Arch::X86, Mode::MODE_64, None),
            A::I386 => (Arch::X86, Mode::MODE_32, None),
            A::AArch64 => (Arch::ARM64, big, Some(uc::Arm64CpuModel::MAX as c_int)),
            A::ArmV5T => (Arch::ARM, Mode::ARM, Some(Arm::Model_926 as c_int)),
            A::ArmV6M => (Arch::ARM, Mode::MCLASS, Some(Arm::CORTEX_M0 as c_int)),
            A::ArmV7M => (Arch::ARM, Mode::MCLASS, Some(Arm::CORTEX_M4 as c_int)),
            A::ArmV7R => (Arch::ARM, Mode::ARM, Some(Arm::CORTEX_R5 as c_int)),
            A::ArmV7A if big == Mode::BIG_ENDIAN => (Arch::ARM, Mode::ARMBE8, Some(Arm::CORTEX_A15 as c_int)),
            A::ArmV7A => (Arch::ARM, Mode::ARM, Some(Arm::CORTEX_A15 as c_int)),
            A::Mips32 => (Arch::MIPS, Mode::MIPS32 | big, None),
            A::Mips64 => (Arch::MIPS, Mode::MIPS64 | big, None),
            A::PowerPc32 => (Arch::PPC, Mode::PPC32 | Mode::BIG_ENDIAN, None),
            A::PowerPc64 if big == Mode::BIG_ENDIAN => (Arch::PPC, Mode::PPC64 | Mode::BIG_ENDIAN, None),
            A::RiscV32 => (Arch::RISCV, Mode::RISCV32, None),
            A::RiscV64 => (Arch::RISCV, Mode::RISCV64, None),
            A::M68k => (Arch::M68K, Mode::BIG_ENDIAN, None),
            A::Sparc32 => (Arch::SPARC, Mode::SPARC32 | Mode::BIG_ENDIAN, None),
            A::Sparc64 => (Arch::SPARC, Mode::SPARC64 | Mode::BIG_ENDIAN, None),
            A::S390x => (Arch::S390X, Mode::BIG_ENDIAN, None),
            A::TriCore => (Arch::TRICORE, Mode::LITTLE_ENDIAN, None),
            _ => return None,
        };
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` is a valid place for the new handle.
        let code = unsafe { uc::uc_open(arch, mode, &raw mut handle) };
        assert_eq!(code, uc::uc_error::OK, "{platform}");
        if let Some(model) = model {
            let control = uc::ControlType(uc::ControlType::CPU_MODEL.0 | 1 << 26 | 1 << 30);
            // SAFETY: the handle is open, the control takes an integer.
            let code = unsafe { uc::uc_ctl(handle, control, model) };
            assert_eq!(code, uc::uc_error::OK, "{platform}");
        }
        let probe = Self(handle);
        if matches!(platform.architecture(), A::RiscV32 | A::RiscV64) {
            // Floating point is off after reset, and `fcsr` with it.
            assert!(probe.write(&native_registers(platform, "mstatus"), &RegisterValue::from(0x6000_u64)));
        }
        Some(probe)
    }

    fn read_size(&self, id: i32, image: &mut [u8], mut size: usize) -> (bool, usize) {
        assert!(size <= image.len());
        // SAFETY: `image` has room for `size` bytes.
        let code = unsafe { uc::uc_reg_read2(self.0, id, image.as_mut_ptr().cast(), &raw mut size) };
        (code == uc::uc_error::OK, size)
    }

    fn read(&self, natives: &[NativeRegister]) -> Option<RegisterValue> {
        natives.iter().try_fold(RegisterValue::from(0_u64), |value, native| {
            let mut image = native.image();
            let (done, size) = self.read_size(native.id, &mut image, native.bytes.into());
            (done && size == usize::from(native.bytes)).then(|| native.extract(&image, &value))
        })
    }

    fn write(&self, natives: &[NativeRegister], value: &RegisterValue) -> bool {
        natives.iter().all(|native| {
            let mut image = native.image();
            let mut size = usize::from(native.bytes);
            if native.shared {
                self.read_size(native.id, &mut image, size);
            }
            native.insert(&mut image, value);
            // SAFETY: `image` has more than `size` bytes.
            let code = unsafe { uc::uc_reg_write2(self.0, native.id, image.as_ptr().cast(), &raw mut size) };
            code == uc::uc_error::OK && size == usize::from(native.bytes)
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and not used after this.
        let _ = unsafe { uc::uc_close(self.0) };
    }
}

/// The bits of `value` that natives hold.
fn held(natives: &[NativeRegister], value: &RegisterValue) -> RegisterValue {
    natives.iter().fold(RegisterValue::from(0_u64), |held, native| {
        let (low, bits) = (native.low_bit.into(), native.bits.into());
        held.insert(low, bits, &value.extract(low, bits))
    })
}

#[test]
fn explore() {
    for platform in Platform::ALL.iter().copied() {
        if Probe::open(platform).is_none() {
            continue;
        }
        let mut unmapped = Vec::new();
        let mut mapped = 0;
        for (_, definition) in platform.definition().registers().roots() {
            let natives = native_registers(platform, &definition.name);
            if natives.is_empty() {
                unmapped.push(definition.name.as_str());
                continue;
            };
            mapped += 1;
            let probe = Probe::open(platform).unwrap();
            let before = probe.read(&natives);
            let mut short = [0; LARGEST];
            let overflow = natives
                .iter()
                .all(|native| !probe.read_size(native.id, &mut short, usize::from(native.bytes) - 1).0);
            let mut fixed = Vec::new();
            for (fill, word) in
                [(0_u8, 0), (1, u64::MAX), (2, 0x5555_5555_5555_5555), (3, 0xaaaa_aaaa_aaaa_aaaa)]
            {
                let mut bytes = [0; LARGEST];
                for chunk in bytes.chunks_exact_mut(8) {
                    chunk.copy_from_slice(&u64::to_le_bytes(word));
                }
                let value = held(&natives, &RegisterValue::from_le_bytes(&bytes));
                let done = probe.write(&natives, &value);
                let after = probe.read(&natives);
                if !done || after != Some(value) {
                    fixed.push(format!(
                        "{fill}:{done}:{value:x}->{:x}",
                        after.unwrap_or(RegisterValue::from(0xdead_u64))
                    ));
                }
            }
            let writable = natives[0].writable;
            if writable && !fixed.is_empty() || !overflow || before.is_none() {
                println!(
                    "{platform} {} w={writable} overflow={overflow} before={before:x?} {}",
                    definition.name,
                    fixed.join(" ")
                );
            }
        }
        println!("{platform}: {mapped} mapped, not {}: {unmapped:?}", unmapped.len());
    }
}
