//! [`Plan`]: what every instruction of a comparison starts from and is judged
//! by.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Platform, RegisterId};
use terrella_platforms::{CodeAddressBit, RegisterDefinition, RegisterKind, RegisterTable};

use super::{Subject, random::Random};

/// Where code and data lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The first address of an instruction.
    pub code: u64,
    /// How many pages of code there are: one instruction goes into the middle of
    /// each.
    pub pages: u64,
    /// The address of the data.
    pub data: u64,
    /// The size of a page of code, and of the data.
    pub size: u64,
}

impl Place {
    /// That of a platform, in pages of a size.
    #[must_use]
    pub fn of(platform: Platform, size: u64, pages: u64) -> Self {
        use terrella_platforms::Architecture as A;
        let definition = platform.definition();
        if matches!(platform.architecture(), A::I386 | A::X86_64) {
            // Far returns take the lower half of the stack pointer on Unicorn,
            // whose stack segment is of 16 bits.
            return Self { code: 0x2_0000, pages, data: 0x8000, size };
        }
        match definition.address_bits.min(8 * definition.pointer_bytes) {
            ..=20 => Self { code: 0x8000, pages, data: 0x4000, size },
            _ => Self { code: 0x2_0000, pages, data: 0x1_0000, size },
        }
    }

    /// The address of an instruction of a number: each is in the next page.
    pub(super) const fn instruction(&self, number: u64) -> u64 {
        self.code + number % self.pages * self.size + self.size / 2
    }

    /// What all code is before an instruction is written into it: operands in reach
    /// of the program counter tell by their content where they were.
    pub(super) fn surroundings(&self) -> Vec<u8> {
        let mut bytes = vec![0; (self.pages * self.size) as usize];
        Random::new(self.code).fill(&mut bytes);
        bytes
    }

    /// The addresses of all code.
    pub(super) const fn code(&self) -> std::ops::Range<u64> {
        self.code..self.code + self.pages * self.size
    }
}

/// A register that is set or compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) id: RegisterId,
    pub(super) kind: RegisterKind,
    pub(super) bits: u32,
    /// The bits that are set.
    pub(super) mask: u64,
    /// The bits that are always set.
    pub(super) always: u64,
}

impl Chosen {
    fn new(table: &RegisterTable, id: RegisterId, mask: u64) -> Self {
        let it = table.get(id);
        Self { id, kind: it.kind, bits: it.bits.into(), mask, always: 0 }
    }
}

/// What every instruction of a comparison starts from and is judged by.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) platform: Platform,
    pub(super) place: Place,
    pub(super) set: Vec<Chosen>,
    pub(super) compared: Vec<Chosen>,
}

/// A plan as it is sent to a child process.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanText {
    place: Place,
    set: Vec<String>,
    compared: Vec<String>,
}

/// Flags and modes that are set besides the data registers.
const FLAGS: &[&str] = &[
    "n",
    "z",
    "c",
    "v",
    "cf",
    "zf",
    "sf",
    "of",
    "pf",
    "xf",
    "so",
    "ov",
    "ca",
    "frm",
    "x",
    "t",
    "fcsr",
    "fpscr",
    "fsr",
    "fpcr",
    "cr",
    "nzcv",
    "wim",
    "gdtr_base",
    "gdtr_limit",
    "sr",
    "gbr",
    "psr",
    "fptw",
    "ccr",
    "cpsr",
    "xer",
];

/// Registers that are not compared: what time it is; those of the x87 beside its
/// numbers, which Unicorn makes anew or does not keep (the processor of the host is
/// their witness); the program counter under another name; and the stack pointers
/// of m68k, of which Unicorn shows the current one twice.
const UNCOMPARED: &[&str] = &[
    "cycle", "time", "instret", "cycleh", "timeh", "instreth", "fpcw", "fpsw", "fptw", "fop", "fip", "fdp",
    "fcs", "fds", "eip", "usp", "isp", "msp",
];

/// Of the control registers among them, the bits that are set: rounding modes
/// that all processors of the family have, and that the stub of QEMU takes.
fn settable(platform: Platform, name: &str) -> u64 {
    use terrella_platforms::Architecture as A;
    match (platform.architecture(), name) {
        // FCSR of MIPS: RM and the conditions (MIPS Architecture For
        // Programmers, volume I, 5.6).
        (A::Mips32 | A::Mips64 | A::MicroMips32, "fcsr") => 0xfe80_0003,
        (A::Mips32R6 | A::Mips64R6, "fcsr") => 3,
        // FPSCR of PowerPC: RN (Power ISA, book I, 4.2.2).
        (A::PowerPc32 | A::PowerPc64, "fpscr") => 3,
        // FPCR of the 68040: rounding mode, and precision but for the value that is none
        // (M68000PRM, 1.2.2).
        (A::M68k, "fpcr") => 0x70,
        // Tags of the x87: which registers are empty (Intel SDM, volume 1, 8.1.7).
        (A::I386 | A::X86_64 | A::X86_16, "fptw") => 0xffff,
        // FPCR of AArch64 and FPSCR of ARM: RMode (Arm ARM, FPCR).
        (A::AArch64, "fpcr") | (A::ArmV7A, "fpscr") => 0x00c0_0000,
        // SR of SuperH: T, S, Q and M (SH-4 Software Manual, 2.2.4).
        (A::SuperH4, "sr") => 0x303,
        // FPSCR of SuperH: all but the values of RM that are reserved.
        (A::SuperH4, "fpscr") => 0x3f_fffd,
        // FSR of SPARC: RD (V8, 4.4; V9, 5.1.7).
        (A::Sparc32 | A::Sparc64, "fsr") => 0xc000_0000,
        // FCSR of LoongArch: RM (volume 1, 3.1.4).
        (A::LoongArch64, "fcsr") => 0x300,
        // NZCV of AArch64 (Arm ARM, NZCV), where the flags are not registers of
        // their own.
        (A::AArch64, "nzcv") => 0xf000_0000,
        // PSR of SPARC: the conditions (V8, 4.2).
        (A::Sparc32, "psr") => 0xf0_0000,
        // XER: SO, OV and CA (Power ISA 2.07, book I, 3.2.2).
        (A::PowerPc32 | A::PowerPc64, "xer") => 0xe000_0000,
        // CCR of m68k, in SR (M68000PRM, 1.1.4).
        (A::M68k, "sr") => 0x1f,
        // CPSR of ARM: N, Z, C, V, Q and GE (Arm ARM ARMv7-A, B1.3.3).
        (A::ArmV5T, "cpsr") => 0xf800_0000,
        (A::ArmV7A, "cpsr") => 0xf80f_0000,
        // CCR of SPARC (V9, 5.2.3); that of m68k is set with SR, or by its bits.
        (A::Sparc64, "ccr") => 0xff,
        (_, "psr" | "xer" | "cpsr" | "ccr") => 0,
        (
            _,
            "fcsr" | "fpscr" | "fsr" | "fpcr" | "fptw" | "nzcv" | "wim" | "gdtr_base" | "gdtr_limit" | "sr",
        ) => 0,
        _ => u64::MAX,
    }
}

/// Of the control registers, the bits that are always set.
fn always(platform: Platform, name: &str, place: Place) -> u64 {
    use terrella_platforms::Architecture as A;
    match (platform.architecture(), name) {
        // NAN2008 and ABS2008 (MIPS Architecture For Programmers, volume I-A,
        // release 6, 5.6.3).
        (A::Mips32R6 | A::Mips64R6, "fcsr") => 0xc_0000,
        // User programs.
        (A::ArmV5T | A::ArmV7A, "cpsr") => 0x10,
        // The window before the current one is on the stack (SPARC V8, 4.2).
        (A::Sparc32, "wim") => 2,
        // The data are the table of descriptors, whose limit is its last byte
        // (Intel SDM, volume 3, 3.5.1).
        (A::I386 | A::X86_64, "gdtr_base") => place.data,
        (A::I386 | A::X86_64, "gdtr_limit") => place.size - 1,
        _ => 0,
    }
}

/// Whether the instructions of a platform that are compared are those of its
/// second set, which bit 0 of a code pointer selects.
pub(super) fn is_compressed(platform: Platform) -> bool {
    platform.architecture() == terrella_platforms::Architecture::MicroMips32
}

impl Plan {
    /// The registers that all subjects have.
    pub(super) fn of(platform: Platform, place: Place, subjects: &[&dyn Subject]) -> Self {
        let table = platform.definition().registers();
        let all = |id| subjects.iter().all(|subject| subject.has(id));
        let data = |kind| {
            matches!(
                kind,
                RegisterKind::General
                    | RegisterKind::StackPointer
                    | RegisterKind::Link
                    | RegisterKind::Float
                    | RegisterKind::Vector
            )
        };
        let is_compared = |it: &RegisterDefinition| {
            !matches!(it.kind, RegisterKind::ProgramCounter | RegisterKind::Debug)
                && !UNCOMPARED.contains(&it.name.as_ref())
        };
        // A part of a register stands for itself if the whole is not there.
        let roots = || table.iter().filter(|(id, it)| all(*id) && (it.root == *id || !all(it.root)));
        let compared = roots().filter(|(_, it)| is_compared(it));
        let compared = compared.map(|(id, _)| Chosen::new(table, id, u64::MAX));
        let set = roots().filter(|(_, it)| data(it.kind) && it.fixed.is_none());
        let set = set.map(|(id, _)| Chosen::new(table, id, u64::MAX));
        let flags = FLAGS.iter().filter_map(|name| {
            let id = table.lookup(name).filter(|id| all(*id))?;
            let mask = settable(platform, name);
            let kind = table.get(id).kind;
            // Of a floating-point status only the modes are set.
            let is_status = table.get(table.get(id).root).kind == RegisterKind::FloatControl;
            let is_mode = mask != u64::MAX || *name == "frm";
            let always = always(platform, name, place);
            let is_flag = (!is_status || is_mode)
                && !data(kind)
                && kind != RegisterKind::ProgramCounter
                && mask | always != 0;
            is_flag.then(|| Chosen { always, ..Chosen::new(table, id, mask) })
        });
        let compared: Vec<Chosen> = compared.collect();
        let mut set: Vec<Chosen> = set.collect();
        for flag in flags {
            if !set.iter().any(|it| it.id == flag.id || table.get(it.id).root == flag.id) {
                set.push(flag);
            }
        }
        Self { platform, place, set, compared }
    }

    /// Which registers of the platform that the engine has are not compared, and
    /// which bits of those that are in part: the sides fix them differently.
    pub(super) fn uncompared(&self, native: &dyn Subject, fixed: &[[u8; 64]]) -> Vec<String> {
        let table = self.platform.definition().registers();
        let mut covered: HashMap<RegisterId, [u8; 64]> = HashMap::new();
        for (chosen, fixed) in self.compared.iter().zip(fixed) {
            let it = table.get(chosen.id);
            let bits = covered.entry(it.root).or_insert([0; 64]);
            for bit in (0..usize::from(it.bits)).filter(|bit| fixed[bit / 8] >> (bit % 8) & 1 == 0) {
                let place = usize::from(it.low_bit) + bit;
                bits[place / 8] |= 1 << (place % 8);
            }
        }
        let is_own = |id: RegisterId| {
            table.iter().any(|(part, it)| it.root == id && it.fixed.is_none() && native.has(part))
        };
        let roots = table.iter().filter(|(id, it)| {
            it.root == *id && it.kind != RegisterKind::ProgramCounter && it.fixed.is_none() && is_own(*id)
        });
        let mut names = Vec::new();
        for (id, it) in roots {
            let bits = covered.get(&id).copied().unwrap_or([0; 64]);
            let is_missing = |bit: usize| bits[bit / 8] >> (bit % 8) & 1 == 0;
            let count = usize::from(it.bits);
            if (0..count).all(is_missing) {
                names.push((it.name.clone(), String::new()));
            } else if (0..count).any(is_missing) {
                names.push((it.name.clone(), ranges(count, is_missing)));
            }
        }
        runs(&names)
    }

    /// The name of a register.
    pub(super) fn name(&self, id: RegisterId) -> &'static str {
        &self.platform.definition().registers().get(id).name
    }

    /// The pointer to an instruction.
    pub(super) fn code_pointer(&self, address: u64) -> u64 {
        let thumb = self.platform.definition().code_address_bit == CodeAddressBit::ThumbOnly;
        address | u64::from(thumb || is_compressed(self.platform))
    }

    pub(super) fn to_text(&self) -> PlanText {
        let names = |list: &[Chosen]| list.iter().map(|it| self.name(it.id).to_owned()).collect();
        PlanText { place: self.place, set: names(&self.set), compared: names(&self.compared) }
    }

    /// The plan that was sent, if all its registers are known.
    pub(super) fn from_text(platform: Platform, text: &PlanText) -> Option<Self> {
        let table = platform.definition().registers();
        let chosen = |name: &String| Some(Chosen::new(table, table.lookup(name)?, u64::MAX));
        let set = text.set.iter().map(chosen).collect::<Option<_>>()?;
        let compared = text.compared.iter().map(chosen).collect::<Option<_>>()?;
        Some(Self { platform, place: text.place, set, compared })
    }
}

/// The bits for which something holds: ` [31:28, 12]`.
fn ranges(count: usize, holds: impl Fn(usize) -> bool) -> String {
    let mut parts = Vec::new();
    let mut bit = count;
    while bit > 0 {
        bit -= 1;
        if holds(bit) {
            let high = bit;
            while bit > 0 && holds(bit - 1) {
                bit -= 1;
            }
            parts.push(if high == bit { bit.to_string() } else { format!("{high}:{bit}") });
        }
    }
    format!(" [{}]", parts.join(", "))
}

/// Names, each with bits, the numbered ones that follow each other put together.
fn runs(names: &[(String, String)]) -> Vec<String> {
    let parts = |name: &str| {
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        name[stem.len()..].parse::<u32>().ok().map(|number| (stem.to_owned(), number))
    };
    let mut runs: Vec<(&str, &str, &str)> = Vec::new();
    for (name, bits) in names {
        let follows = |last: &str| match (parts(last), parts(name)) {
            (Some((stem, number)), Some((other, next))) => stem == other && number + 1 == next,
            _ => false,
        };
        match runs.last_mut() {
            Some((_, last, same)) if same == bits && follows(last) => *last = name,
            _ => runs.push((name, name, bits)),
        }
    }
    let text = |(first, last, bits): (&str, &str, &str)| match first == last {
        true => format!("{first}{bits}"),
        false => format!("{first} to {last}{bits}"),
    };
    runs.into_iter().map(text).collect()
}
