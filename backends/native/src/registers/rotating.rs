//! The registers of Xtensa's windows: sixteen of sixty-four are shown
//! (Xtensa Instruction Set Architecture Reference Manual, 4.7.1.1).

use terrella_platforms::PlatformDefinition;
use terrella_sleigh::Language;

use super::{Home, Mapped, Piece};
use crate::{file::RegisterFile, layout::Layout};

/// How many registers there are, and how many of them are shown.
pub(crate) const COUNT: u64 = 64;
pub(crate) const SHOWN: u64 = 16;
/// By how many registers windows are apart.
pub(crate) const STEP: u64 = 4;
/// The size of a register.
pub(crate) const SIZE: usize = 4;

/// Where the registers are, and what selects those that are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotating {
    /// Those that are shown.
    shown: usize,
    /// All; of those that are shown, what they held before.
    store: usize,
    /// WindowBase.
    base: usize,
}

impl Rotating {
    /// Maps the registers; `None` for processors without them.
    pub(super) fn of(
        definition: &PlatformDefinition,
        language: &Language,
        roots: &mut [Option<Mapped>],
        layout: &mut Layout,
    ) -> Option<Self> {
        definition.register("ar63")?;
        let place = |name: &str| layout.place(&language.register(name)?.varnode());
        let (shown, last) = (place("a0")?, place("a15")?);
        let base = place("WindowBase")?;
        if last != shown + (SHOWN as usize - 1) * SIZE {
            return None;
        }
        let store = layout.extend(COUNT as usize * SIZE)?;
        for number in 0..COUNT {
            let id = definition.register(&format!("ar{number}"))?;
            let piece = Piece { low: 0, bits: 8 * SIZE as u32, home: Home::Rotating { number } };
            roots[id.index()] = Some(Mapped { pieces: vec![piece] });
        }
        Some(Self { shown, store, base })
    }

    /// The first register that is shown, in steps.
    pub(crate) fn base(self, file: &RegisterFile) -> u64 {
        file.integer(self.base, 1) as u64 % (COUNT / STEP)
    }

    /// Where one of all registers is.
    pub(crate) fn place(self, file: &RegisterFile, number: u64) -> usize {
        let number = number % COUNT;
        let from_first = (number + COUNT - self.base(file) * STEP) % COUNT;
        if from_first < SHOWN {
            self.shown + from_first as usize * SIZE
        } else {
            self.store + number as usize * SIZE
        }
    }

    /// Where a register of the window that begins somewhere is kept.
    const fn stored(self, base: u64, index: u64) -> usize {
        self.store + ((base * STEP + index) % COUNT) as usize * SIZE
    }

    /// Shows the registers from WindowBase on, in place of those from `old`
    /// on.
    pub(crate) fn exchange(self, file: &mut RegisterFile, old: u64) {
        let new = self.base(file);
        for index in 0..SHOWN {
            let value = file.integer(self.shown + index as usize * SIZE, SIZE);
            file.set_integer(self.stored(old, index), SIZE, value);
        }
        for index in 0..SHOWN {
            let value = file.integer(self.stored(new, index), SIZE);
            file.set_integer(self.shown + index as usize * SIZE, SIZE, value);
        }
    }

    /// Sets WindowBase, and shows the registers from there on.
    pub(crate) fn show(self, file: &mut RegisterFile, base: u64) {
        let old = self.base(file);
        file.set_integer(self.base, SIZE, (base % (COUNT / STEP)).into());
        self.exchange(file, old);
    }
}
