//! The two stack pointers of Arm's microcontrollers, one of which is selected
//! (ARMv7-M Arm ARM, B1.4.1, B1.4.7).

use terrella_platforms::PlatformDefinition;

use super::{Home, Mapped, Piece};
use crate::{file::RegisterFile, layout::Layout};

/// Where the stack pointers are, and what selects one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stacks {
    selected: usize,
    other: usize,
    control: usize,
    /// The word that has the number of the exception in its lowest nine bits.
    exception: usize,
}

impl Stacks {
    /// Maps the registers of both; `None` for processors without them.
    pub(super) fn of(
        definition: &PlatformDefinition,
        roots: &mut [Option<Mapped>],
        layout: &mut Layout,
    ) -> Option<Self> {
        let (main, process) = (definition.register("msp")?, definition.register("psp")?);
        let place = |name: &str, roots: &[Option<Mapped>]| {
            let mapped = roots.get(definition.register(name)?.index())?.as_ref()?;
            match mapped.pieces.first()?.home {
                Home::File { place, shift: 0 } => Some(place),
                _ => None,
            }
        };
        let stacks = Self {
            selected: place("sp", roots)?,
            other: layout.extend(4)?,
            control: place("control", roots)?,
            exception: place("xpsr", roots)?,
        };
        for (id, process) in [(main, false), (process, true)] {
            let piece = Piece { low: 0, bits: 32, home: Home::Stack { process } };
            roots[id.index()] = Some(Mapped { pieces: vec![piece] });
        }
        Some(stacks)
    }

    /// Whether the process stack is selected: in thread mode, by the control
    /// register.
    pub(super) fn is_process(self, file: &RegisterFile) -> bool {
        let in_thread_mode = file.integer(self.exception, 2) & 0x1ff == 0;
        in_thread_mode && file.integer(self.control, 1) & 2 != 0
    }

    /// Where one of them is.
    pub(super) fn place(self, file: &RegisterFile, process: bool) -> usize {
        if process == self.is_process(file) { self.selected } else { self.other }
    }

    /// Selects the other one.
    pub(super) fn exchange(self, file: &mut RegisterFile) {
        let values = [self.selected, self.other].map(|place| file.integer(place, 4));
        file.set_integer(self.selected, 4, values[1]);
        file.set_integer(self.other, 4, values[0]);
    }
}
