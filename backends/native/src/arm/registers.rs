//! Where the registers of Arm's processors are in the register file.

use terrella_platforms::{Architecture, Platform};
use terrella_sleigh::Language;

use super::float::Env;
use crate::{emulator::NativeEmulator, layout::Layout};

/// The size of a vector register of AArch64 with what scalable vectors add.
const SCALABLE: usize = 32;

/// The places of registers, each by its number.
#[derive(Debug, Clone)]
pub(crate) struct Registers {
    /// `x0` to `x30` and `sp`, or `r0` to `r15`.
    general: [u16; 32],
    /// `z0` to `z31`, or `d0` to `d31`.
    vectors: [u16; 32],
    /// `n`, `z`, `c`, `v`.
    flags: [u16; 4],
    /// The flag of saturation, and those of parallel sums.
    saturation: u16,
    ge: [u16; 4],
    /// `fpcr` and `fpsr`, or `fpscr` twice.
    control: u16,
    status: u16,
    /// The address and the size that are marked for exclusive access.
    pub(super) monitor: usize,
    /// The registers of the modes that are not shown.
    banks: usize,
}

impl Registers {
    /// `None`: the processor is none of Arm's.
    pub(crate) fn new(platform: Platform, language: &Language, layout: &mut Layout) -> Option<Self> {
        let wide = match platform.architecture() {
            Architecture::AArch64 => true,
            Architecture::ArmV5T
            | Architecture::ArmV6M
            | Architecture::ArmV7A
            | Architecture::ArmV7M
            | Architecture::ArmV7R => false,
            _ => return None,
        };
        // The room of registers that the processor has not is never looked at.
        let nowhere = layout.extend(SCALABLE)?;
        let monitor = layout.extend(16)?;
        let banks = if wide { nowhere } else { layout.extend(super::a32::BANKS)? };
        let place = |name: &str| {
            language.register(name).and_then(|it| layout.place(&it.varnode())).unwrap_or(nowhere) as u16
        };
        let general = |index| match (wide, index) {
            (true, 31) => place("sp"),
            (true, _) => place(&format!("x{index}")),
            (false, 13) => place("sp"),
            (false, 14) => place("lr"),
            (false, 15) => place("pc"),
            (false, _) => place(&format!("r{index}")),
        };
        let stem = if wide { 'z' } else { 'd' };
        Some(Self {
            general: std::array::from_fn(general),
            vectors: std::array::from_fn(|index| place(&format!("{stem}{index}"))),
            flags: ["NG", "ZR", "CY", "OV"].map(place),
            saturation: place("Q"),
            ge: ["GE1", "GE2", "GE3", "GE4"].map(place),
            control: place(if wide { "fpcr" } else { "fpscr" }),
            status: place(if wide { "fpsr" } else { "fpscr" }),
            monitor,
            banks,
        })
    }

    /// Where the registers of the modes are that are not shown.
    pub(super) const fn banks(&self) -> usize {
        self.banks
    }
}

impl NativeEmulator {
    fn place(&self, of: impl Fn(&Registers) -> u16) -> u16 {
        // Handlers of Arm's instructions only run where there are registers.
        self.arm.as_ref().map_or(crate::layout::NOWHERE as u16, of)
    }

    fn word_at(&self, place: u16) -> u32 {
        u32::from_le_bytes(self.file.get(place))
    }

    fn set_word_at(&mut self, place: u16, value: u32) {
        self.file.put(place, value.to_le_bytes());
    }

    fn flag_at(&self, place: u16) -> bool {
        self.file.get::<1>(place) != [0]
    }

    /// A general register of AArch64; number 31 is zero.
    pub(super) fn x(&self, number: u32) -> u64 {
        if number == 31 { 0 } else { self.x_or_sp(number) }
    }

    /// A general register of AArch64; number 31 is the stack pointer.
    pub(super) fn x_or_sp(&self, number: u32) -> u64 {
        u64::from_le_bytes(self.file.get(self.place(|it| it.general[number as usize])))
    }

    /// Sets a general register of AArch64, but not number 31.
    pub(super) fn set_x(&mut self, number: u32, value: u64) {
        if number != 31 {
            let place = self.place(|it| it.general[number as usize]);
            self.file.put(place, value.to_le_bytes());
        }
    }

    /// Sets a general register of AArch64; number 31 is the stack pointer.
    pub(super) fn set_x_or_sp(&mut self, number: u32, value: u64) {
        let place = self.place(|it| it.general[number as usize]);
        self.file.put(place, value.to_le_bytes());
    }

    /// A general register of AArch32; number 15 is the program counter as
    /// instructions see it.
    pub(super) fn r(&self, number: u32) -> u32 {
        if number == 15 {
            let ahead = if self.is_thumb() { 4 } else { 8 };
            return (self.user_pc as u32).wrapping_add(ahead);
        }
        self.word_at(self.place(|it| it.general[number as usize]))
    }

    pub(super) fn set_r(&mut self, number: u32, value: u32) {
        let place = self.place(|it| it.general[number as usize]);
        self.set_word_at(place, value);
    }

    fn is_thumb(&self) -> bool {
        self.mode_switch.is_some_and(|(_, high, low)| self.context.get(high, low) == 1)
    }

    /// A vector register of AArch64.
    pub(super) fn v(&self, number: u32) -> u128 {
        u128::from_le_bytes(self.file.get(self.place(|it| it.vectors[number as usize])))
    }

    /// Sets a vector register of AArch64; what is above it becomes zero.
    pub(super) fn set_v(&mut self, number: u32, value: u128) {
        let place = self.place(|it| it.vectors[number as usize]);
        self.file.put(place, value.to_le_bytes());
        self.file.put(place + 16, [0; SCALABLE - 16]);
    }

    /// A double register of AArch32.
    pub(super) fn d(&self, number: u32) -> u64 {
        u64::from_le_bytes(self.file.get(self.place(|it| it.vectors[number as usize & 31])))
    }

    pub(super) fn set_d(&mut self, number: u32, value: u64) {
        let place = self.place(|it| it.vectors[number as usize & 31]);
        self.file.put(place, value.to_le_bytes());
    }

    /// A single register of AArch32.
    pub(super) fn s(&self, number: u32) -> u32 {
        (self.d(number / 2) >> (32 * (number & 1))) as u32
    }

    pub(super) fn set_s(&mut self, number: u32, value: u32) {
        let shift = 32 * (number & 1);
        let old = self.d(number / 2) & !(0xffff_ffff << shift);
        self.set_d(number / 2, old | u64::from(value) << shift);
    }

    /// The condition flags: n, z, c, v.
    pub(super) fn nzcv(&self) -> [bool; 4] {
        std::array::from_fn(|index| self.flag_at(self.place(|it| it.flags[index])))
    }

    pub(super) fn set_nzcv(&mut self, flags: [bool; 4]) {
        for (index, flag) in flags.into_iter().enumerate() {
            let place = self.place(|it| it.flags[index]);
            self.file.put(place, [flag.into()]);
        }
    }

    /// Whether a condition holds (Arm ARM, ConditionHolds).
    pub(super) fn condition_holds(&self, condition: u32) -> bool {
        let [n, z, c, v] = self.nzcv();
        let holds = match condition >> 1 & 7 {
            0 => z,
            1 => c,
            2 => n,
            3 => v,
            4 => c && !z,
            5 => n == v,
            6 => n == v && !z,
            _ => return true,
        };
        holds != (condition & 1 != 0)
    }

    /// Notes that a sum of AArch32 was saturated or overflowed.
    pub(super) fn set_q(&mut self, saturated: bool) {
        if saturated {
            let place = self.place(|it| it.saturation);
            self.file.put(place, [1]);
        }
    }

    /// The flags of parallel sums.
    pub(super) fn ge(&self) -> [bool; 4] {
        std::array::from_fn(|index| self.flag_at(self.place(|it| it.ge[index])))
    }

    pub(super) fn set_ge(&mut self, flags: [bool; 4]) {
        for (index, flag) in flags.into_iter().enumerate() {
            let place = self.place(|it| it.ge[index]);
            self.file.put(place, [flag.into()]);
        }
    }

    fn float_words(&self) -> [u32; 2] {
        let places = [self.place(|it| it.control), self.place(|it| it.status)];
        places.map(|place| self.word_at(place))
    }

    /// The environment of floating point.
    pub(super) fn float_env(&self) -> Env {
        let [control, status] = self.float_words();
        Env::new(control, status)
    }

    /// That of Advanced SIMD in AArch32.
    pub(super) fn standard_env(&self) -> Env {
        Env::standard(self.float_words()[0])
    }

    /// Sets the four condition flags of `fpscr`.
    pub(super) fn set_float_conditions(&mut self, flags: u32) {
        let place = self.place(|it| it.status);
        let old = self.word_at(place) & 0x0fff_ffff;
        self.set_word_at(place, old | flags << 28);
    }

    /// Notes exceptions, or saturation.
    pub(super) fn note_float(&mut self, flags: u32) {
        if flags != 0 {
            let place = self.place(|it| it.status);
            let old = self.word_at(place);
            self.set_word_at(place, old | flags);
        }
    }
}
