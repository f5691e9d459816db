//! [`Platform`]: which processor, in which byte order.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The order of the bytes of a multi-byte value in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The lowest `bytes.len()` bytes of `value`, in this order. Bytes beyond
    /// the sixteenth are zero.
    #[inline]
    pub fn write(self, value: u128, bytes: &mut [u8]) {
        let length = bytes.len();
        for (index, byte) in bytes.iter_mut().enumerate() {
            let place = match self {
                Self::Little => index,
                Self::Big => length - 1 - index,
            };
            *byte = if place < 16 { (value >> (8 * place)) as u8 } else { 0 };
        }
    }

    /// The unsigned integer that `bytes` hold in this order; only the lowest
    /// sixteen bytes count.
    #[inline]
    #[must_use]
    pub fn read(self, bytes: &[u8]) -> u128 {
        let length = bytes.len();
        let mut value = 0;
        for (index, byte) in bytes.iter().enumerate() {
            let place = match self {
                Self::Little => index,
                Self::Big => length - 1 - index,
            };
            if place < 16 {
                value |= u128::from(*byte) << (8 * place);
            }
        }
        value
    }
}

/// A processor family and variant.
///
/// Byte order is not part of it: see [`Platform`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Architecture {
    /// 32-bit x86, protected mode, flat segments.
    I386,
    /// 64-bit x86, long mode.
    X86_64,
    /// 16-bit x86, real-address mode of a processor with 32-bit registers.
    X86_16,
    /// ARMv5TE, ARM and Thumb states.
    ArmV5T,
    /// ARMv6-M (Cortex-M0), Thumb only.
    ArmV6M,
    /// ARMv7-M and ARMv7E-M (Cortex-M3, M4, M7), Thumb-2 only.
    ArmV7M,
    /// ARMv7-R (Cortex-R5).
    ArmV7R,
    /// ARMv7-A with VFPv4 and NEON.
    ArmV7A,
    /// AArch64, the 64-bit state of ARMv8-A.
    AArch64,
    /// MIPS32 release 2.
    Mips32,
    /// MIPS64 release 2.
    Mips64,
    /// MIPS32 release 3 with microMIPS as its second instruction set, instead of
    /// MIPS16 (M14K).
    MicroMips32,
    /// MIPS32 release 6.
    Mips32R6,
    /// MIPS64 release 6.
    Mips64R6,
    /// 32-bit PowerPC.
    PowerPc32,
    /// 64-bit PowerPC.
    PowerPc64,
    /// RV32GC.
    RiscV32,
    /// RV64GC.
    RiscV64,
    /// Motorola 68000 family.
    M68k,
    /// LoongArch, 32-bit.
    LoongArch32,
    /// LoongArch, 64-bit.
    LoongArch64,
    /// TI MSP430.
    Msp430,
    /// TI MSP430X, with 20-bit addresses.
    Msp430X,
    /// Infineon TriCore.
    TriCore,
    /// Tensilica Xtensa.
    Xtensa,
    /// SPARC V8, 32-bit.
    Sparc32,
    /// SPARC V9, 64-bit.
    Sparc64,
    /// IBM z/Architecture.
    S390x,
    /// SuperH SH-4.
    SuperH4,
    /// eBPF, the virtual machine of Linux and others.
    Ebpf,
    /// Zilog Z80.
    Z80,
    /// MOS Technology 6502.
    Mos6502,
    /// Intel 8051.
    I8051,
    /// AVR of 8 bits, with up to 128 KiB of flash (ATmega).
    Avr,
}

/// A processor together with its byte order: what an emulator is made for and
/// what a machine is described for.
///
/// ```
/// use terrella_platforms::{ByteOrder, Platform};
///
/// let platform: Platform = "amd64".parse()?;
/// assert_eq!(platform, Platform::X86_64);
/// assert_eq!(platform.to_string(), "x86_64");
/// assert_eq!(platform.byte_order(), ByteOrder::Little);
/// assert_eq!(platform.definition().address_bits, 64);
/// # Ok::<(), terrella_platforms::UnknownPlatform>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    architecture: Architecture,
    byte_order: ByteOrder,
}

/// A platform name that is not known, or a byte order that the architecture
/// does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform `{name}`{}", nearest_text(.nearest))]
pub struct UnknownPlatform {
    /// What was asked for.
    pub name: String,
    /// Names that look like it.
    pub nearest: Vec<&'static str>,
}

fn nearest_text(nearest: &[&str]) -> String {
    if nearest.is_empty() {
        "; `terrella platforms` lists them".to_owned()
    } else {
        format!("; did you mean {}?", nearest.join(" or "))
    }
}

macro_rules! platforms {
    ($($(#[$doc:meta])* $constant:ident = $architecture:ident $order:ident $name:literal [$($alias:literal),*];)*) => {
        impl Platform {
            $($(#[$doc])* pub const $constant: Self =
                Self { architecture: Architecture::$architecture, byte_order: ByteOrder::$order };)*

            /// Every platform, in the order in which tables show them.
            pub const ALL: &'static [Self] = &[$(Self::$constant),*];

            /// The canonical name: `x86_64`, `armv7a`, `mipsel` …
            #[must_use]
            pub const fn name(self) -> &'static str {
                match (self.architecture, self.byte_order) {
                    $((Architecture::$architecture, ByteOrder::$order) => $name,)*
                    // A `Platform` can only be made from the list above.
                    _ => "unknown",
                }
            }

            /// Other names that are accepted when a name is read.
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] {
                match (self.architecture, self.byte_order) {
                    $((Architecture::$architecture, ByteOrder::$order) => &[$($alias),*],)*
                    _ => &[],
                }
            }
        }
    };
}

platforms! {
    /// 64-bit x86.
    X86_64 = X86_64 Little "x86_64" ["amd64", "x86-64", "x64"];
    /// 32-bit x86.
    I386 = I386 Little "i386" ["x86", "i486", "i586", "i686", "x86_32", "ia32"];
    /// 16-bit x86, real-address mode.
    X86_16 = X86_16 Little "x86_16" ["i8086", "8086", "x86-16", "real-mode"];
    /// 64-bit ARM.
    AARCH64 = AArch64 Little "aarch64" ["arm64", "armv8", "armv8a"];
    /// 64-bit ARM, big-endian data.
    AARCH64_BE = AArch64 Big "aarch64_be" ["arm64be", "aarch64be"];
    /// ARMv5TE.
    ARMV5T = ArmV5T Little "armv5t" ["armv5", "armv5te", "armel"];
    /// ARMv6-M.
    ARMV6M = ArmV6M Little "armv6m" ["cortex-m0", "thumbv6m"];
    /// ARMv7-M.
    ARMV7M = ArmV7M Little "armv7m" ["cortex-m3", "cortex-m4", "thumbv7m", "armv7em"];
    /// ARMv7-R.
    ARMV7R = ArmV7R Little "armv7r" ["cortex-r5"];
    /// ARMv7-A.
    ARMV7A = ArmV7A Little "armv7a" ["arm", "armv7", "armhf", "arm32"];
    /// ARMv7-A, big-endian data (BE-8).
    ARMV7A_BE = ArmV7A Big "armv7aeb" ["armeb", "armv7eb", "armbe"];
    /// MIPS32, big endian.
    MIPS = Mips32 Big "mips" ["mips32", "mipseb"];
    /// MIPS32, little endian.
    MIPSEL = Mips32 Little "mipsel" ["mips32el"];
    /// MIPS64, big endian.
    MIPS64 = Mips64 Big "mips64" ["mips64eb"];
    /// MIPS64, little endian.
    MIPS64EL = Mips64 Little "mips64el" [];
    /// MIPS32 with microMIPS, big endian.
    MICROMIPS = MicroMips32 Big "micromips" ["micromipseb"];
    /// MIPS32 with microMIPS, little endian.
    MICROMIPSEL = MicroMips32 Little "micromipsel" [];
    /// MIPS32 release 6, big endian.
    MIPSR6 = Mips32R6 Big "mipsr6" ["mips32r6", "mipsisa32r6"];
    /// MIPS32 release 6, little endian.
    MIPSR6EL = Mips32R6 Little "mipsr6el" ["mips32r6el", "mipsisa32r6el"];
    /// MIPS64 release 6, big endian.
    MIPS64R6 = Mips64R6 Big "mips64r6" ["mipsisa64r6"];
    /// MIPS64 release 6, little endian.
    MIPS64R6EL = Mips64R6 Little "mips64r6el" ["mipsisa64r6el"];
    /// 32-bit PowerPC, big endian.
    PPC = PowerPc32 Big "ppc" ["powerpc", "ppc32", "powerpc32"];
    /// 32-bit PowerPC, little endian.
    PPCLE = PowerPc32 Little "ppcle" ["powerpcle", "ppc32le", "powerpc32le"];
    /// 64-bit PowerPC, big endian.
    PPC64 = PowerPc64 Big "ppc64" ["powerpc64"];
    /// 64-bit PowerPC, little endian.
    PPC64LE = PowerPc64 Little "ppc64le" ["powerpc64le", "ppc64el"];
    /// 32-bit RISC-V.
    RISCV32 = RiscV32 Little "riscv32" ["rv32", "rv32gc"];
    /// 64-bit RISC-V.
    RISCV64 = RiscV64 Little "riscv64" ["rv64", "rv64gc", "riscv"];
    /// Motorola 68000 family.
    M68K = M68k Big "m68k" ["68k", "68000", "68020"];
    /// 32-bit LoongArch.
    LOONGARCH32 = LoongArch32 Little "loongarch32" ["la32"];
    /// 64-bit LoongArch.
    LOONGARCH64 = LoongArch64 Little "loongarch64" ["la64"];
    /// TI MSP430.
    MSP430 = Msp430 Little "msp430" [];
    /// TI MSP430X.
    MSP430X = Msp430X Little "msp430x" [];
    /// Infineon TriCore.
    TRICORE = TriCore Little "tricore" [];
    /// Tensilica Xtensa, little endian.
    XTENSA = Xtensa Little "xtensa" ["xtensael"];
    /// Tensilica Xtensa, big endian.
    XTENSA_BE = Xtensa Big "xtensaeb" ["xtensabe"];
    /// 32-bit SPARC.
    SPARC = Sparc32 Big "sparc" ["sparc32", "sparcv8"];
    /// 64-bit SPARC.
    SPARC64 = Sparc64 Big "sparc64" ["sparcv9"];
    /// IBM z/Architecture.
    S390X = S390x Big "s390x" ["systemz", "s390"];
    /// SuperH SH-4, little endian.
    SH4 = SuperH4 Little "sh4" ["superh", "superh4", "sh4el"];
    /// SuperH SH-4, big endian.
    SH4_BE = SuperH4 Big "sh4eb" ["sh4be"];
    /// eBPF, little endian.
    EBPF = Ebpf Little "ebpf" ["bpf", "bpfel"];
    /// Zilog Z80.
    Z80 = Z80 Little "z80" [];
    /// MOS Technology 6502.
    MOS6502 = Mos6502 Little "mos6502" ["6502", "mcs6502", "6510"];
    /// Intel 8051.
    I8051 = I8051 Little "i8051" ["8051", "mcs51"];
    /// AVR of 8 bits.
    AVR = Avr Little "avr" ["avr8", "avr5", "atmega"];
}

impl Platform {
    /// The platform of an architecture in a byte order, if that combination
    /// is one of [`Self::ALL`].
    #[must_use]
    pub fn new(architecture: Architecture, byte_order: ByteOrder) -> Option<Self> {
        let platform = Self { architecture, byte_order };
        Self::ALL.contains(&platform).then_some(platform)
    }

    /// The processor family and variant.
    #[must_use]
    pub const fn architecture(self) -> Architecture {
        self.architecture
    }

    /// The byte order of data.
    #[must_use]
    pub const fn byte_order(self) -> ByteOrder {
        self.byte_order
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    /// Reads a canonical name or an alias, upper or lower case.
    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        let wanted = text.to_ascii_lowercase();
        Self::ALL
            .iter()
            .copied()
            .find(|platform| platform.name() == wanted || platform.aliases().contains(&wanted.as_str()))
            .ok_or_else(|| UnknownPlatform {
                nearest: crate::register::nearest_of(
                    &wanted,
                    Self::ALL.iter().flat_map(|platform| {
                        std::iter::once(platform.name()).chain(platform.aliases().iter().copied())
                    }),
                ),
                name: text.to_owned(),
            })
    }
}

impl Serialize for Platform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Platform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_and_alias_reads_back_and_none_is_used_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for platform in Platform::ALL {
            for name in std::iter::once(&platform.name()).chain(platform.aliases()) {
                assert_eq!(name.parse(), Ok(*platform), "{name}");
                assert_eq!(name.to_ascii_uppercase().parse(), Ok(*platform), "{name}");
                assert!(seen.insert(*name), "{name} names two platforms");
            }
        }
    }

    #[test]
    fn an_unknown_name_suggests_its_neighbours() {
        let error = "x86_46".parse::<Platform>().unwrap_err();
        assert_eq!(error.to_string(), "unknown platform `x86_46`; did you mean x86_64 or x86_16?");
    }

    #[test]
    fn byte_orders_mirror_each_other() {
        let mut bytes = [0; 4];
        ByteOrder::Big.write(0x0102_0304, &mut bytes);
        assert_eq!(bytes, [1, 2, 3, 4]);
        assert_eq!(ByteOrder::Big.read(&bytes), 0x0102_0304);
        assert_eq!(ByteOrder::Little.read(&bytes), 0x0403_0201);
    }
}
