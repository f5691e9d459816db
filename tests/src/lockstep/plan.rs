//! [`Plan`]: what every instruction of a comparison starts from and is judged
//! by.

use serde::{Deserialize, Serialize};
use terrella_emulator_api::{Platform, RegisterId};
use terrella_platforms::{CodeAddressBit, RegisterDefinition, RegisterKind, RegisterTable};

use super::Subject;

/// Where code and data lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The first address of an instruction.
    pub code: u64,
    /// How many pages of code there are: one instruction goes into each.
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
];

/// Floating-point status registers that are compared.
const STATUS: &[&str] = &["fcsr", "fpscr", "fsr", "fpsr", "mxcsr"];

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
        // FPCR of AArch64 and FPSCR of ARM: RMode (Arm ARM, FPCR).
        (A::AArch64, "fpcr") | (A::ArmV7A, "fpscr") => 0x00c0_0000,
        // SR of SuperH: T, S, Q and M (SH-4 Software Manual, 2.2.4).
        (A::SuperH4, "sr") => 0x303,
        // NZCV of AArch64 (Arm ARM, NZCV), where the flags are not registers of
        // their own.
        (A::AArch64, "nzcv") => 0xf000_0000,
        (_, "fcsr" | "fpscr" | "fsr" | "fpcr" | "nzcv" | "wim" | "gdtr_base" | "gdtr_limit" | "sr") => 0,
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
            data(it.kind) || it.kind == RegisterKind::Flags || STATUS.contains(&it.name.as_ref())
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
