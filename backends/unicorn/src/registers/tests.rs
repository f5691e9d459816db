//! What the tables say, measured: each register is written and read back.

use std::{ffi::c_int, ptr};

use terrella_platforms::{Architecture as A, ByteOrder, Platform, RegisterValue};
use unicorn_engine as uc;

use super::{LARGEST, NativeRegister, initial_values, native_registers};

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
        for (name, value) in initial_values(platform) {
            assert!(probe.write(&native_registers(platform, name), &RegisterValue::from(*value)));
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

/// Bits that can be written, of registers with others that cannot: name,
/// platforms (all if none), bits and why.
const WRITABLE_BITS: &[(&str, &[&str], u64, &str)] = &[
    ("rflags", &[], 0xffff_fffd, "bit 1 is always set, the upper half is reserved"),
    ("eflags", &[], 0xffff_fffd, "bit 1 is always set"),
    ("fptw", &[], 0, "follows from the registers' contents, but for their being empty"),
    ("efer", &[], 0x0901, "long mode is active or is not"),
    ("sysenter_cs", &[], 0xffff, "a selector"),
    ("pc", ARMS, !1, "bit 0 selects Thumb"),
    ("pc", &["mips", "mipsel", "mips64", "mips64el"], !1, "bit 0 selects the compressed set"),
    ("cpsr", &[], !0x1f, "the mode must exist"),
    ("fpscr", &["armv5t", "armv7r", "armv7a", "armv7aeb"], 0xfff7_009f, "reserved bits"),
    ("fpscr", &["armv7m"], 0xf7c0_009f, "no vectors"),
    ("xpsr", &[], 0xff00_fdff, "reserved bits; Unicorn does not write the GE bits"),
    ("primask", &[], 1, "one bit"),
    ("faultmask", &[], 1, "one bit"),
    ("basepri", &[], 0xff, "a priority"),
    ("control", &[], 0xf, "reserved bits"),
    ("ttbcr", &[], 7, "the format depends on bit 31"),
    ("scr", &[], 0x33ff, "reserved bits"),
    ("vbar", &[], !0x1f, "aligned"),
    ("rgnr", &[], 0, "as many regions as the model has, none"),
    ("nzcv", &[], 0xf000_0000, "four flags"),
    ("fpcr", &["aarch64", "aarch64_be"], 0x07ff_0000, "reserved bits"),
    ("fpsr", &["aarch64", "aarch64_be"], 0xf800_009f, "reserved bits"),
    ("hcr_el2", &[], 0x030f_dfff_ffff, "reserved bits"),
    ("scr_el3", &[], 0x0003_7f8f, "reserved bits"),
    ("fcsr", &["mips", "mipsel", "mips64", "mips64el"], 0x0100_007f, "a set cause is an exception"),
    ("fcsr", &["riscv32", "riscv64"], 0xff, "reserved bits"),
    ("msr", &["ppc"], 0x0205_ff77, "reserved bits"),
    ("msr", &["ppc64"], 0x8000_0001_0280_3f07, "reserved bits; user mode sets others"),
    ("fpscr", &["ppc", "ppc64"], !0x6000_0000, "summaries of other bits"),
    ("mstatus", &["riscv32"], 0x601e_79aa, "reserved bits and a summary"),
    ("mstatus", &["riscv64"], 0xc0_601e_79aa, "reserved bits and a summary"),
    ("mstatush", &[], 0xc0, "reserved bits"),
    ("medeleg", &[], 0x00b0_bfff, "exceptions that exist"),
    ("mideleg", &[], 0x666, "interrupts that exist"),
    ("mie", &[], 0xeee, "interrupts that exist"),
    ("mip", &[], 0x666, "interrupts that exist"),
    ("mtvec", &[], !3, "the mode must exist"),
    ("stvec", &[], !3, "the mode must exist"),
    ("sstatus", &[], 0x000c_6122, "reserved bits"),
    ("sie", &[], 0, "interrupts that are delegated, none"),
    ("sip", &[], 0, "interrupts that are delegated, none"),
    ("satp", &["riscv64"], 0x0fff_ffff_ffff_ffff, "the mode must exist"),
    ("priv", &[], 1, "2 is no mode"),
    ("cacr", &[], 0, "the default model has none"),
    ("sfc", &[], 7, "three bits"),
    ("dfc", &[], 7, "three bits"),
];

const ARMS: &[&str] = &["armv5t", "armv6m", "armv7m", "armv7r", "armv7a", "armv7aeb"];

/// The part of `value` that natives hold and that can be written.
fn writable(
    platform: Platform,
    name: &str,
    natives: &[NativeRegister],
    value: &RegisterValue,
) -> RegisterValue {
    let held = natives.iter().fold(RegisterValue::from(0_u64), |held, native| {
        let (low, bits) = (native.low_bit.into(), native.bits.into());
        held.insert(low, bits, &value.extract(low, bits))
    });
    let limit = WRITABLE_BITS.iter().find(|(limited, platforms, ..)| {
        *limited == name && (platforms.is_empty() || platforms.contains(&platform.name()))
    });
    match limit {
        Some((_, _, bits, _)) => RegisterValue::from(held.low_u64() & bits),
        None => held,
    }
}

/// Values with every bit set in one and clear in another, and with different
/// bytes.
fn patterns() -> impl Iterator<Item = RegisterValue> {
    let whole =
        |byte: fn(usize) -> u8| RegisterValue::from_le_bytes(&std::array::from_fn::<u8, LARGEST, _>(byte));
    [whole(|_| 0x55), whole(|_| 0xaa), whole(|index| index as u8 * 3 + 1)].into_iter()
}

#[test]
fn what_is_written_is_read_back() {
    for platform in Platform::ALL.iter().copied() {
        if Probe::open(platform).is_none() {
            continue;
        }
        let mut absent = Vec::new();
        let mut present = 0;
        for (_, definition) in platform.definition().registers().roots() {
            let name = definition.name.as_str();
            let natives = native_registers(platform, name);
            if natives.is_empty() {
                absent.push(name);
                continue;
            }
            present += 1;
            if !natives.iter().all(|native| native.writable) {
                assert!(Probe::open(platform).unwrap().read(&natives).is_some(), "{platform} {name}");
                continue;
            }
            for pattern in patterns() {
                let probe = Probe::open(platform).unwrap();
                let written = writable(platform, name, &natives, &pattern);
                assert!(probe.write(&natives, &written), "{platform} {name}: {written:x}");
                let read = probe.read(&natives).unwrap();
                let read = writable(platform, name, &natives, &read);
                assert_eq!(read, written, "{platform} {name}");
            }
        }
        println!("{platform}: {present} registers, not {}: {}", absent.len(), absent.join(" "));
    }
}

/// Unicorn leaves the size alone if it has no such register, and otherwise
/// says how many bytes it moves.
#[test]
fn sizes_are_exact() {
    for platform in Platform::ALL.iter().copied() {
        let Some(probe) = Probe::open(platform) else { continue };
        for (_, definition) in platform.definition().registers().roots() {
            for native in native_registers(platform, &definition.name) {
                let mut image = [0; 2 * LARGEST];
                image[..LARGEST].copy_from_slice(&native.image());
                let needed = usize::from(native.bytes);
                let name = &definition.name;
                assert_eq!(
                    probe.read_size(native.id, &mut image, 2 * LARGEST),
                    (true, needed),
                    "{platform} {name}"
                );
                let start = usize::from(native.offset);
                image[start..start + usize::from(native.width)].fill(0x5a);
                probe.read_size(native.id, &mut image, needed);
                let untouched = image[start..].iter().take(native.width.into()).all(|byte| *byte == 0x5a);
                assert!(!untouched, "{platform} {name} does not exist");
                assert!(!probe.read_size(native.id, &mut image, needed - 1).0, "{platform} {name}");
                assert!(
                    native.bits > 0 && native.low_bit + native.bits <= definition.bits,
                    "{platform} {name}"
                );
            }
        }
    }
}

#[test]
fn names_are_matched_whole() {
    let first = |name| native_registers(Platform::X86_64, name).first().map(|native| native.id);
    assert_eq!(first("r9"), Some(uc::RegisterX86::R9 as i32));
    assert_eq!(first("cr3"), Some(uc::RegisterX86::CR3 as i32));
    for absent in ["r", "r7", "r16", "r09", "r9d", "cr1", "zmm32", "k1", "nonsense"] {
        assert_eq!(first(absent), None, "{absent}");
    }
    for little in [Platform::PPCLE, Platform::PPC64LE] {
        assert!(native_registers(little, "r1").is_empty());
    }
}

/// Parts of registers, and structures that several registers share.
#[test]
fn parts_keep_apart() {
    let probe = Probe::open(Platform::I386).unwrap();
    let base = native_registers(Platform::I386, "gdtr_base");
    let limit = native_registers(Platform::I386, "gdtr_limit");
    assert!(probe.write(&base, &RegisterValue::from(0x1234_5678_u64)));
    assert!(probe.write(&limit, &RegisterValue::from(0xabc_u64)));
    assert_eq!(probe.read(&base), Some(RegisterValue::from(0x1234_5678_u64)));
    assert_eq!(probe.read(&limit), Some(RegisterValue::from(0xabc_u64)));

    let high = native_registers(Platform::PPC64, "vs3");
    assert_eq!((high.len(), high[0].low_bit, high[0].bits), (1, 64, 64));
    let pair = native_registers(Platform::TRICORE, "e4");
    assert_eq!(pair.iter().map(|native| native.low_bit).collect::<Vec<_>>(), [0, 32]);
}
