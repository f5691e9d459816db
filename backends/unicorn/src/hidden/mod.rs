//! Registers that Unicorn's register interface does not show, or shows wrongly:
//! they are read from and written to the processor's state itself.
//!
//! A context of Unicorn's is a copy of the first bytes of that state, whose
//! layout the C sources of version 2.1.5 tell. The files beside this one repeat
//! it; [`Hidden::fits`] compares it with the running engine by the registers
//! that the interface shows too, before anything relies on it.

mod m68k;
mod mips;
pub(crate) mod s390x;
mod sparc;
mod x86;

use terrella_emulator_api::{Error, Result};
use terrella_platforms::{Architecture, Platform, RegisterValue};

use crate::{
    NAME,
    engine::{Handle, RawState},
};

/// What is hidden on a platform, and how it is found.
pub(crate) struct Hidden {
    /// How many bytes of the state are taken.
    size: usize,
    registers: &'static [Rows],
    /// Registers that the interface shows: Unicorn's id, how many with ids one
    /// after the other, where the first stands and how large each is.
    shown: &'static [Shown],
    /// Whether Unicorn's own contexts leave the state out.
    pub(crate) replaces_contexts: bool,
    /// What is pending in a delay slot, where the processor has two program
    /// counters.
    pub(crate) pending: Option<Pending>,
    /// Where register windows are.
    pub(crate) windows: Option<Windows>,
}

/// Registers of one kind, numbered from 0 on in steps.
struct Rows {
    prefix: &'static str,
    /// How many there are, and the step of their numbers; 0 for one without a
    /// number.
    count: usize,
    step: usize,
    read: fn(&RawState, usize) -> RegisterValue,
    write: Write,
}

/// How hidden registers are written.
#[derive(Clone, Copy)]
enum Write {
    /// Through the interface, which only reads them wrongly.
    Interface,
    /// Into the state; `false` for a value that the register cannot have.
    State(fn(&mut RawState, usize, &RegisterValue) -> bool),
}

/// Registers that the interface and the state both show.
struct Shown {
    id: i32,
    count: usize,
    place: Place,
    bytes: usize,
}

/// Where registers stand in the state.
enum Place {
    At(usize),
    /// In the register window that is in use.
    Window {
        base: usize,
        number: usize,
    },
}

/// Where the program counter after the present one stands, and whether a
/// branch to one of two places is taken.
pub(crate) struct Pending {
    pub(crate) next_pc: Field,
    pub(crate) condition: Field,
}

/// The table of register windows. The outs of each stand before its locals, and
/// its ins are the outs of the next one; those of the last window, which are the
/// outs of the first, stand behind the table while it is in use.
pub(crate) struct Windows {
    /// Where the table begins.
    pub(crate) table: usize,
    /// The size of a register.
    pub(crate) bytes: usize,
    /// How many windows there are.
    pub(crate) count: Field,
    /// The window in use.
    pub(crate) current: Field,
    pub(crate) state: WindowState,
}

/// What says which windows are there.
pub(crate) enum WindowState {
    /// WIM of V8.
    Mask(Field),
    /// The counts of V9.
    Counts { cansave: Field, canrestore: Field, otherwin: Field, cleanwin: Field },
}

/// A word of the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    offset: usize,
    bytes: usize,
}

impl Field {
    pub(crate) fn read(self, state: &RawState) -> u64 {
        if self.bytes == 4 { state.u32(self.offset).into() } else { state.u64(self.offset) }
    }

    pub(crate) fn write(self, state: &mut RawState, value: u64) {
        if self.bytes == 4 {
            state.set_u32(self.offset, value as u32);
        } else {
            state.set_u64(self.offset, value);
        }
    }
}

/// One hidden register.
#[derive(Clone, Copy)]
pub(crate) struct HiddenRegister {
    rows: &'static Rows,
    index: usize,
}

/// What is hidden on a platform, if anything is.
pub(crate) fn hidden(platform: Platform) -> Option<&'static Hidden> {
    match platform.architecture() {
        Architecture::I386 => Some(&x86::HIDDEN_32),
        Architecture::X86_64 => Some(&x86::HIDDEN_64),
        Architecture::M68k => Some(&m68k::HIDDEN),
        Architecture::Mips64 => Some(&mips::HIDDEN_64),
        Architecture::S390x => Some(&s390x::HIDDEN),
        Architecture::Sparc32 => Some(&sparc::HIDDEN_32),
        Architecture::Sparc64 => Some(&sparc::HIDDEN_64),
        _ => None,
    }
}

impl Hidden {
    /// The hidden root register of a name.
    pub(crate) fn register(&'static self, name: &str) -> Option<HiddenRegister> {
        self.registers.iter().find_map(|rows| {
            let rest = name.strip_prefix(rows.prefix)?;
            if rows.step == 0 {
                return rest.is_empty().then_some(HiddenRegister { rows, index: 0 });
            }
            let number: usize = rest.parse().ok()?;
            let index = number / rows.step;
            (number.is_multiple_of(rows.step) && index < rows.count).then_some(HiddenRegister { rows, index })
        })
    }

    /// The state as it is.
    pub(crate) fn state(&self, engine: &Handle) -> Result<RawState> {
        // SAFETY: `fits` was asked when the emulator was made: the state is
        // laid out as the tables say, and is longer than they reach.
        unsafe { engine.read_state(self.size) }
    }

    /// Puts a changed state back.
    pub(crate) fn set_state(&self, engine: &Handle, state: &RawState) -> Result<()> {
        // SAFETY: the state came from this engine; what is changed in it are
        // values of registers, and the pointer to the current register window,
        // with its number.
        unsafe { engine.write_state(state) }
    }

    /// Puts right what Unicorn begins with.
    pub(crate) fn begin(&self, engine: &Handle, platform: Platform) -> Result<()> {
        let mut state = self.state(engine)?;
        match platform.architecture() {
            Architecture::I386 => x86::flatten(&mut state),
            Architecture::Sparc64 => sparc::begin(&mut state),
            Architecture::Mips64 if !mips::widen(&mut state) => {
                let message = "the size of addresses is not where it was looked for".to_owned();
                return Err(Error::Backend { backend: NAME, message });
            }
            Architecture::Mips64 => {}
            _ => return Ok(()),
        }
        self.set_state(engine, &state)
    }

    /// Whether the state of this engine is laid out as the tables say: values
    /// written through the interface are found where they must stand. The
    /// registers are as before afterwards.
    pub(crate) fn fits(&self, engine: &Handle) -> Result<bool> {
        if !engine.context_is_plain(self.size) {
            return Ok(false);
        }
        let registers = || {
            self.shown
                .iter()
                .flat_map(|shown| (0..shown.count).map(move |index| (shown, shown.id + index as i32, index)))
        };
        let mut before = Vec::new();
        for (value, (shown, id, _)) in (1_u64..).zip(registers()) {
            let mut old = [0; 8];
            engine.read_register(id, &mut old[..shown.bytes]);
            before.push(old);
            // Small, even and each another one: all of them can hold it.
            engine.write_register(id, &(2 * value).to_ne_bytes()[..shown.bytes]);
        }
        let state = self.state(engine)?;
        let mut fits = true;
        for (old, (shown, id, index)) in before.iter().zip(registers()) {
            let mut value = [0; 8];
            engine.read_register(id, &mut value[..shown.bytes]);
            let offset = match shown.place {
                Place::At(offset) => Some(offset + index * shown.bytes),
                Place::Window { base, number } => {
                    Some(base + (state.u32(number) as usize * 16 + index) * shown.bytes)
                }
            };
            let found = offset
                .filter(|offset| offset + shown.bytes <= self.size)
                .map(|offset| if shown.bytes == 4 { state.u32(offset).into() } else { state.u64(offset) });
            fits &= found == Some(u64::from_ne_bytes(value));
            engine.write_register(id, &old[..shown.bytes]);
        }
        Ok(fits)
    }
}

impl HiddenRegister {
    /// The value in a state.
    pub(crate) fn read(&self, state: &RawState) -> RegisterValue {
        (self.rows.read)(state, self.index)
    }

    /// Whether it is written through the interface.
    pub(crate) fn written_by_interface(&self) -> bool {
        matches!(self.rows.write, Write::Interface)
    }

    /// Puts a value into a state; `false` if the register cannot have it.
    pub(crate) fn write(&self, state: &mut RawState, value: &RegisterValue) -> bool {
        match self.rows.write {
            Write::Interface => false,
            Write::State(write) => write(state, self.index, value),
        }
    }
}

/// Registers that are words of the state as they are: name and field's offset.
macro_rules! word {
    ($name:literal, $layout:ty, $field:ident, 32) => {
        Rows {
            prefix: $name,
            count: 1,
            step: 0,
            read: |state, _| u64::from(state.u32(std::mem::offset_of!($layout, $field))).into(),
            write: Write::State(|state, _, value| {
                state.set_u32(std::mem::offset_of!($layout, $field), value.low_u64() as u32);
                value.bits() <= 32
            }),
        }
    };
    ($name:literal, $layout:ty, $field:ident, 64) => {
        Rows {
            prefix: $name,
            count: 1,
            step: 0,
            read: |state, _| state.u64(std::mem::offset_of!($layout, $field)).into(),
            write: Write::State(|state, _, value| {
                state.set_u64(std::mem::offset_of!($layout, $field), value.low_u64());
                value.bits() <= 64
            }),
        }
    };
}
use word;
