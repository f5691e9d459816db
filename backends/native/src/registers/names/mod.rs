//! How the specifications call the platforms' registers.
//!
//! Most have the same name but for upper and lower case, and are not listed.

mod arm;
mod embedded;
mod powerpc;
mod sparc;
mod superh;
mod x86;

use terrella_platforms::Architecture;

/// Some bits of a register as the specification has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The register of the specification.
    pub(crate) register: &'static str,
    /// The lowest bit in the platform's register.
    pub(crate) low: u32,
    pub(crate) bits: u32,
    /// The lowest bit in the specification's register.
    pub(crate) shift: u32,
}

const fn flag(register: &'static str, low: u32) -> Part {
    Part { register, low, bits: 1, shift: 0 }
}

const fn field(register: &'static str, low: u32, bits: u32) -> Part {
    Part { register, low, bits, shift: 0 }
}

/// Bits that have the same position in both.
const fn same(register: &'static str, low: u32, bits: u32) -> Part {
    Part { register, low, bits, shift: low }
}

/// A row: the platform's register and its parts.
type Composite = (&'static str, &'static [Part]);

/// A row: the platform's name and that of the specification.
type Name = (&'static str, &'static str);

/// What is known of the names of a family.
struct Family {
    /// Registers that the specification keeps in parts.
    composites: &'static [Composite],
    names: &'static [Name],
    /// Registers that the specification has not, and handlers of the engine
    /// work with.
    kept: &'static [&'static str],
}

const NONE: Family = Family { composites: &[], names: &[], kept: &[] };

const AARCH64: Family = Family {
    composites: &[
        ("nzcv", &[flag("OV", 28), flag("CY", 29), flag("ZR", 30), flag("NG", 31)]),
        (
            "pstate",
            &[
                field("spsel", 0, 1),
                same("currentel", 2, 2),
                same("daif", 6, 4),
                flag("OV", 28),
                flag("CY", 29),
                flag("ZR", 30),
                flag("NG", 31),
            ],
        ),
    ],
    ..NONE
};

const RISCV: Family = Family {
    composites: &[
        ("fcsr", &[field("fflags", 0, 5), field("frm", 5, 3)]),
        ("vcsr", &[flag("vxsat", 0), field("vxrm", 1, 2)]),
    ],
    ..NONE
};

const LOONGARCH: Family = Family {
    composites: &[(
        "fcc",
        &[
            flag("fcc0", 0),
            flag("fcc1", 1),
            flag("fcc2", 2),
            flag("fcc3", 3),
            flag("fcc4", 4),
            flag("fcc5", 5),
            flag("fcc6", 6),
            flag("fcc7", 7),
        ],
    )],
    ..NONE
};

const fn is_mips(architecture: Architecture) -> bool {
    use Architecture::{MicroMips32, Mips32, Mips32R6, Mips64, Mips64R6};
    matches!(architecture, Mips32 | Mips64 | MicroMips32 | Mips32R6 | Mips64R6)
}

const fn family(architecture: Architecture) -> &'static Family {
    match architecture {
        Architecture::X86_64 | Architecture::I386 | Architecture::X86_16 => &x86::FAMILY,
        Architecture::ArmV5T | Architecture::ArmV7A | Architecture::ArmV7R => &arm::CLASSIC,
        Architecture::ArmV6M | Architecture::ArmV7M => &arm::MICROCONTROLLER,
        Architecture::AArch64 => &AARCH64,
        it if is_mips(it) => &embedded::MIPS,
        Architecture::PowerPc32 => &powerpc::FAMILY_32,
        Architecture::PowerPc64 => &powerpc::FAMILY_64,
        Architecture::RiscV32 | Architecture::RiscV64 => &RISCV,
        Architecture::M68k => &embedded::M68K,
        Architecture::LoongArch32 | Architecture::LoongArch64 => &LOONGARCH,
        Architecture::Sparc32 => &sparc::FAMILY_32,
        Architecture::Sparc64 => &sparc::FAMILY_64,
        Architecture::TriCore => &embedded::TRICORE,
        Architecture::Xtensa => &embedded::XTENSA,
        Architecture::SuperH4 => &superh::FAMILY,
        Architecture::Avr => &embedded::AVR,
        Architecture::Mos6502 => &embedded::MOS6502,
        Architecture::Z80 => &embedded::Z80,
        Architecture::I8051 => &embedded::I8051,
        _ => &NONE,
    }
}

/// The parts of a register that the specification keeps apart.
pub(super) fn parts(architecture: Architecture, name: &str) -> Option<&'static [Part]> {
    let composites = family(architecture).composites;
    composites.iter().find(|(known, _)| *known == name).map(|(_, parts)| *parts)
}

/// Whether handlers of the engine work with a register that the
/// specification has not.
pub(super) fn is_kept(architecture: Architecture, name: &str) -> bool {
    family(architecture).kept.contains(&name)
}

/// Whether the engine keeps what the specification lacks of a register.
pub(super) fn keeps_rest(architecture: Architecture, name: &str) -> bool {
    is_mips(architecture) && name.starts_with('w')
}

/// What the specification calls a register, if not the same.
pub(super) fn spelling(architecture: Architecture, name: &str) -> Option<String> {
    if let Some((_, other)) = family(architecture).names.iter().find(|(known, _)| *known == name) {
        return Some((*other).to_owned());
    }
    // Numbered ones with another stem.
    let (stem, number) = name.split_at(name.trim_end_matches(|it: char| it.is_ascii_digit()).len());
    let other = match (architecture, stem) {
        // What there is of vectors: their lower parts.
        (it, "w") if is_mips(it) => "f",
        // The specification has the names of the 32-bit calls.
        (Architecture::Mips64 | Architecture::Mips64R6, "r")
            if matches!(number, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15") =>
        {
            return number.parse::<u32>().ok().map(|number| format!("t{}", number - 8));
        }
        // The upper half of those of VSX.
        (Architecture::PowerPc32, "v") => {
            return number.parse::<u32>().ok().map(|number| format!("vs{}", 32 + number));
        }
        (Architecture::LoongArch64, "xr") => "x",
        (Architecture::LoongArch32, "f") => return loongarch_float(number),
        (Architecture::Sparc32 | Architecture::Sparc64, "d") => "fd",
        (Architecture::Xtensa, "configid") => {
            return Some(if number == "0" { "sr176" } else { "sr208" }.to_owned());
        }
        _ => return None,
    };
    Some(format!("{other}{number}"))
}

/// A floating-point register of LoongArch by its name in calls.
fn loongarch_float(number: &str) -> Option<String> {
    let number: u32 = number.parse().ok()?;
    Some(match number {
        0..8 => format!("fa{number}"),
        8..24 => format!("ft{}", number - 8),
        _ => format!("fs{}", number - 24),
    })
}
