//! How the specifications call the platforms' registers.
//!
//! Most have the same name but for upper and lower case, and are not listed.

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

/// A row: the platform's register and its parts.
type Composite = (&'static str, &'static [Part]);

const X86_FLAGS: &[Part] = &[
    flag("CF", 0),
    flag("PF", 2),
    flag("AF", 4),
    flag("ZF", 6),
    flag("SF", 7),
    flag("TF", 8),
    flag("IF", 9),
    flag("DF", 10),
    flag("OF", 11),
    Part { register: "IOPL", low: 12, bits: 2, shift: 0 },
    flag("NT", 14),
    flag("RF", 16),
    flag("VM", 17),
    flag("AC", 18),
    flag("VIF", 19),
    flag("VIP", 20),
    flag("ID", 21),
];

const fn whole(register: &'static str, bits: u32) -> Part {
    Part { register, low: 0, bits, shift: 0 }
}

const X86: &[Composite] = &[
    ("rflags", X86_FLAGS),
    ("eflags", X86_FLAGS),
    ("fpcw", &[whole("FPUControlWord", 16)]),
    ("fpsw", &[whole("FPUStatusWord", 16)]),
    ("fptw", &[whole("FPUTagWord", 16)]),
    ("fip", &[whole("FPUInstructionPointer", 64)]),
    ("fdp", &[whole("FPUDataPointer", 64)]),
];

const ARM_FLAGS: &[Part] =
    &[flag("TB", 5), flag("Q", 27), flag("OV", 28), flag("CY", 29), flag("ZR", 30), flag("NG", 31)];

const ARM: &[Composite] = &[("cpsr", ARM_FLAGS), ("apsr", ARM_FLAGS), ("xpsr", ARM_FLAGS)];

const AARCH64: &[Composite] = &[("nzcv", &[flag("OV", 28), flag("CY", 29), flag("ZR", 30), flag("NG", 31)])];

const M68K: &[Composite] =
    &[("sr", &[flag("CF", 0), flag("VF", 1), flag("ZF", 2), flag("NF", 3), flag("XF", 4)])];

/// The parts of a register that the specification keeps apart.
pub(crate) fn parts(architecture: Architecture, name: &str) -> Option<&'static [Part]> {
    let table = match architecture {
        Architecture::X86_64 | Architecture::I386 => X86,
        Architecture::ArmV5T
        | Architecture::ArmV6M
        | Architecture::ArmV7A
        | Architecture::ArmV7M
        | Architecture::ArmV7R => ARM,
        Architecture::AArch64 => AARCH64,
        Architecture::M68k => M68K,
        _ => &[],
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, parts)| *parts)
}

/// What the specification calls a register, if not the same.
pub(crate) fn spelling(architecture: Architecture, name: &str) -> Option<String> {
    let _ = (architecture, name);
    None
}
