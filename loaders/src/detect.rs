//! [`detect`] and [`detect_platform`]: what a file is, from its first bytes.

use object::elf;
use terrella_platforms::{Architecture, ByteOrder, Platform};

use crate::{
    Error, Result,
    elf::{attributes, file::ElfFile},
};

/// The first bytes of a saved Terrella machine.
pub(crate) const MACHINE_MAGIC: &[u8] = b"TERRELLA";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// An ELF executable, shared object or relocatable file.
    Elf,
    /// An ELF core dump.
    CoreDump,
    /// A PE executable or library of Windows.
    Pe,
    /// Intel HEX text.
    IntelHex,
    /// Motorola S-records.
    SRecords,
    /// UF2 blocks.
    Uf2,
    /// A minidump of Windows or Breakpad.
    Minidump,
    /// A machine that Terrella saved.
    Machine,
    /// Anything else: bytes without a structure.
    Raw,
}

/// What a file is, by its first bytes. Never fails: what is not recognised is
/// [`FileKind::Raw`].
///
/// ```
/// use terrella_loaders::{FileKind, detect};
///
/// assert_eq!(detect(b":0400000001020304F2\n:00000001FF\n"), FileKind::IntelHex);
/// assert_eq!(detect(b"\x7fELF\x02\x01\x01"), FileKind::Elf);
/// assert_eq!(detect(b":0400000001020304FF\n:00000001FF\n"), FileKind::IntelHex, "with a wrong checksum");
/// assert_eq!(detect(&[0x90, 0xc3]), FileKind::Raw);
/// ```
#[must_use]
pub fn detect(bytes: &[u8]) -> FileKind {
    if bytes.starts_with(&elf::ELFMAG) {
        let kind = bytes.get(16..18).map_or(0, |kind| match bytes[5] {
            elf::ELFDATA2MSB => ByteOrder::Big.read(kind) as u16,
            _ => ByteOrder::Little.read(kind) as u16,
        });
        if kind == elf::ET_CORE { FileKind::CoreDump } else { FileKind::Elf }
    } else if crate::pe::looks_like(bytes) {
        FileKind::Pe
    } else if bytes.starts_with(MACHINE_MAGIC) {
        FileKind::Machine
    } else if crate::intel_hex::looks_like(bytes) {
        FileKind::IntelHex
    } else if crate::s_record::looks_like(bytes) {
        FileKind::SRecords
    } else if crate::uf2::looks_like(bytes) {
        FileKind::Uf2
    } else if crate::minidump::looks_like(bytes) {
        FileKind::Minidump
    } else {
        FileKind::Raw
    }
}

/// The platform of an ELF file, from its header and, for ARM and MSP430, its
/// build attributes; or of a PE file.
///
/// ARM files without attributes count as ARMv7-A.
///
/// # Errors
/// [`Error::NotThatFormat`] if it is neither, [`Error::Malformed`] if its
/// header is broken, [`Error::UnknownMachine`] if there is no such platform.
pub fn detect_platform(bytes: &[u8]) -> Result<Platform> {
    if crate::pe::looks_like(bytes) {
        return crate::pe::platform_of("file", bytes);
    }
    platform_of(&ElfFile::parse("file", bytes)?)
}

/// The platform of a parsed ELF file.
pub(crate) fn platform_of(file: &ElfFile<'_>) -> Result<Platform> {
    let architecture = match (file.machine, file.class_bits) {
        (elf::EM_X86_64, 64) => Some(Architecture::X86_64),
        (elf::EM_386 | 6, 32) => Some(Architecture::I386),
        (elf::EM_AARCH64, 64) => Some(Architecture::AArch64),
        (elf::EM_ARM, 32) => Some(arm_architecture(file)),
        (elf::EM_MIPS | 10, class_bits) => Some(mips_architecture(file.flags, class_bits)),
        (elf::EM_PPC, 32) => Some(Architecture::PowerPc32),
        (elf::EM_PPC64, 64) => Some(Architecture::PowerPc64),
        (elf::EM_RISCV, 32) => Some(Architecture::RiscV32),
        (elf::EM_RISCV, _) => Some(Architecture::RiscV64),
        (elf::EM_68K, 32) => Some(Architecture::M68k),
        (elf::EM_LOONGARCH, 32) => Some(Architecture::LoongArch32),
        (elf::EM_LOONGARCH, _) => Some(Architecture::LoongArch64),
        (elf::EM_MSP430, 32) => Some(msp430_architecture(file)),
        (elf::EM_TRICORE, 32) => Some(Architecture::TriCore),
        (elf::EM_XTENSA, 32) => Some(Architecture::Xtensa),
        (elf::EM_SPARC | elf::EM_SPARC32PLUS, 32) => Some(Architecture::Sparc32),
        (elf::EM_SPARCV9, 64) => Some(Architecture::Sparc64),
        (elf::EM_S390, 64) => Some(Architecture::S390x),
        (elf::EM_BPF, 64) => Some(Architecture::Ebpf),
        (elf::EM_SH, 32) => Some(Architecture::SuperH4),
        (elf::EM_Z80, 32) => Some(Architecture::Z80),
        (elf::EM_AVR, 32) => Some(Architecture::Avr),
        _ => None,
    };
    let platform = architecture.and_then(|architecture| Platform::new(architecture, file.order));
    let platform = match (architecture, file.order) {
        // The one big-endian ARM platform.
        (Some(_), ByteOrder::Big) if file.machine == elf::EM_ARM => Some(Platform::ARMV7A_BE),
        _ => platform,
    };
    platform.ok_or_else(|| Error::UnknownMachine {
        file: file.name.clone(),
        machine: file.machine,
        class_bits: file.class_bits,
        order: match file.order {
            ByteOrder::Little => "little",
            ByteOrder::Big => "big",
        },
    })
}

/// The variant, from the flags (MIPS ABI project, "MIPS O32 ABI", ELF header
/// flags; binutils `include/elf/mips.h`).
const fn mips_architecture(flags: u32, class_bits: u8) -> Architecture {
    /// `EF_MIPS_ARCH_ASE_MICROMIPS`.
    const MICROMIPS: u32 = 0x0200_0000;
    // n32: 64-bit registers, 32-bit pointers.
    let is_wide = class_bits == 64 || flags & elf::EF_MIPS_ABI2 != 0;
    match flags & elf::EF_MIPS_ARCH {
        elf::EF_MIPS_ARCH_32R6 | elf::EF_MIPS_ARCH_64R6 if is_wide => Architecture::Mips64R6,
        elf::EF_MIPS_ARCH_32R6 | elf::EF_MIPS_ARCH_64R6 => Architecture::Mips32R6,
        _ if is_wide => Architecture::Mips64,
        _ if flags & MICROMIPS != 0 => Architecture::MicroMips32,
        _ => Architecture::Mips32,
    }
}

/// The variant, from the build attributes (Addenda to the ABI for the Arm
/// Architecture, section "Target-related attributes": `Tag_CPU_arch` is 6,
/// `Tag_CPU_arch_profile` is 7).
fn arm_architecture(file: &ElfFile<'_>) -> Architecture {
    let attribute = |tag| attributes::number(file, elf::SHT_ARM_ATTRIBUTES, "aeabi", tag);
    let profile = attribute(7).and_then(|profile| u8::try_from(profile).ok());
    match (attribute(6), profile) {
        (Some(11 | 12 | 16), _) => Architecture::ArmV6M,
        (Some(13 | 17 | 21), _) => Architecture::ArmV7M,
        (Some(10), Some(b'M')) => Architecture::ArmV7M,
        (Some(10 | 15), Some(b'R')) => Architecture::ArmV7R,
        (Some(0..=5), _) => Architecture::ArmV5T,
        _ => Architecture::ArmV7A,
    }
}

/// `e_flags` of the GNU tools hold the processor (45: any MSP430X); else the
/// attribute `OFBA_MSPABI_Tag_ISA` (4) is 2 for MSP430X (MSP430 EABI,
/// SLAA534, section 13).
fn msp430_architecture(file: &ElfFile<'_>) -> Architecture {
    let isa = attributes::number(file, elf::SHT_ARM_ATTRIBUTES, "mspabi", 4);
    if file.flags & 0xff == 45 || isa == Some(2) { Architecture::Msp430X } else { Architecture::Msp430 }
}
