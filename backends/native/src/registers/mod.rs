//! [`RegisterMap`]: where the platform's registers are in the register file.

pub(crate) mod banks;
mod conditions;
mod initial;
mod names;
pub(crate) mod rotating;
mod stacks;

use terrella_emulator_api::{Error, Platform, RegisterId, RegisterValue, Result};
use terrella_platforms::{PlatformDefinition, RegisterDefinition};
use terrella_sleigh::{Context, Language};

pub(crate) use self::conditions::Conditions;
use self::{rotating::Rotating, stacks::Stacks};
use crate::{NAME, file::RegisterFile, layout::Layout};

/// Some bits of a register, and where they are.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The lowest bit in the register.
    low: u32,
    bits: u32,
    home: Home,
}

/// Where bits are kept.
#[derive(Debug, Clone, Copy)]
enum Home {
    /// In the register file: the first byte, and the lowest bit in it.
    File { place: usize, shift: u32 },
    /// One of two stack pointers, as many bits as a register has: where the
    /// stack pointer is if it is selected, else in a place of its own.
    Stack { process: bool },
    /// One of those of which some are shown.
    Rotating { number: u64 },
    /// In the decoding context, as the state of a conditional block: the
    /// lowest bit of the state.
    Conditions { shift: u32 },
    /// In the parity of a byte of the register file: what is written is
    /// dropped.
    Parity { place: usize },
}

/// What a part is called that is the parity of the accumulator (8051).
const PARITY: &str = "parity of ACC";

/// What a part is called that is the state of conditional blocks (Arm ARM,
/// A2.5.2).
const CONDITIONS: &str = "ITSTATE";

/// Where one register is.
#[derive(Debug, Clone, Default)]
struct Mapped {
    pieces: Vec<Piece>,
}

/// Where the platform's registers are, by their ids.
pub(crate) struct RegisterMap {
    platform: Platform,
    definition: &'static PlatformDefinition,
    /// Only those that are not aliases.
    roots: Vec<Option<Mapped>>,
    pub(crate) pc: Option<RegisterId>,
    conditions: Option<Conditions>,
    stacks: Option<Stacks>,
    pub(crate) rotating: Option<Rotating>,
}

impl RegisterMap {
    /// Finds the registers; those that only handlers of the engine work with
    /// get room behind the others.
    pub(crate) fn new(platform: Platform, language: &Language, layout: &mut Layout) -> Self {
        let definition = platform.definition();
        let registers = definition.registers();
        let mut roots: Vec<Option<Mapped>> = vec![None; registers.len()];
        let find = |name: &str| {
            let exact = language.register(name);
            exact.or_else(|| language.registers().iter().find(|it| it.name.eq_ignore_ascii_case(name)))
        };
        let conditions = Conditions::of(language);
        let piece_of = |layout: &Layout, name: &str, low: u32, bits: u32, shift: u32| {
            if name == CONDITIONS {
                return conditions.is_some().then_some(Piece { low, bits, home: Home::Conditions { shift } });
            }
            if name == PARITY {
                let place = layout.place(&find("ACC")?.varnode())?;
                return Some(Piece { low, bits, home: Home::Parity { place } });
            }
            let register = find(name)?;
            let place = layout.place(&register.varnode())?;
            let bits = bits.min((8 * register.size).saturating_sub(shift));
            let home = Home::File { place: place + shift as usize / 8, shift: shift % 8 };
            (bits > 0).then_some(Piece { low, bits, home })
        };
        for (id, register) in registers.roots() {
            let parts = names::parts(platform.architecture(), &register.name);
            let mapped = match parts {
                Some(parts) => {
                    let mut mapped = Mapped::default();
                    for part in parts {
                        let piece = piece_of(layout, part.register, part.low, part.bits, part.shift);
                        mapped.pieces.extend(piece);
                    }
                    mapped
                }
                None if names::is_kept(platform.architecture(), &register.name) => {
                    let bits = u32::from(register.bits);
                    let place = layout.extend(bits.div_ceil(8) as usize);
                    let home = |place| Home::File { place, shift: 0 };
                    let pieces = place.map(|place| Piece { low: 0, bits, home: home(place) });
                    Mapped { pieces: pieces.into_iter().collect() }
                }
                None => {
                    // The name that the table gives, or the register's own,
                    // or another one that the platform has for all of it.
                    let own = names::spelling(platform.architecture(), &register.name);
                    let own = own.into_iter().chain([register.name.clone()]);
                    let others = registers.iter().filter(|(alias, it)| {
                        *alias != id && it.root == id && it.low_bit == 0 && it.bits == register.bits
                    });
                    let mut all = own.chain(others.map(|(_, it)| it.name.clone()));
                    let piece = all.find_map(|name| piece_of(layout, &name, 0, register.bits.into(), 0));
                    Mapped { pieces: piece.into_iter().collect() }
                }
            };
            let mut mapped = mapped;
            if names::keeps_rest(platform.architecture(), &register.name) {
                // What the specification leaves out of a vector is kept
                // behind the other registers.
                let low = mapped.pieces.iter().map(|piece| piece.low + piece.bits).max().unwrap_or(0);
                let bits = u32::from(register.bits).saturating_sub(low);
                let place = layout.extend(bits.div_ceil(8) as usize);
                let piece = |place| Piece { low, bits, home: Home::File { place, shift: 0 } };
                mapped.pieces.extend(place.map(piece));
            }
            if !mapped.pieces.is_empty() {
                roots[id.index()] = Some(mapped);
            }
        }
        let stacks = Stacks::of(definition, &mut roots, layout);
        let rotating = Rotating::of(definition, language, &mut roots, layout);
        let pc = definition.register(definition.program_counter).map(|id| registers.get(id).root);
        Self { platform, definition, roots, pc, conditions, stacks, rotating }
    }

    fn definition(&self, id: RegisterId) -> Option<&'static RegisterDefinition> {
        self.definition.registers().try_get(id)
    }

    pub(crate) fn has(&self, id: RegisterId) -> bool {
        self.definition(id)
            .is_some_and(|it| it.fixed.is_some() || Some(it.root) == self.pc || self.pieces(it).is_some())
    }

    /// The pieces of a register, if any of its bits are kept.
    fn pieces(&self, definition: &RegisterDefinition) -> Option<&Mapped> {
        let mapped = self.roots.get(definition.root.index())?.as_ref()?;
        let low = u32::from(definition.low_bit);
        let end = low + u32::from(definition.bits);
        mapped.pieces.iter().any(|piece| piece.low < end && low < piece.low + piece.bits).then_some(mapped)
    }

    /// The register's definition and where it is.
    fn mapped(&self, id: RegisterId) -> Result<(&'static RegisterDefinition, &Mapped)> {
        let unknown = || Error::RegisterNotAvailable {
            backend: NAME,
            platform: self.platform,
            register: format!("register {} of another platform", id.index()),
        };
        let definition = self.definition(id).ok_or_else(unknown)?;
        match self.pieces(definition) {
            Some(mapped) => Ok((definition, mapped)),
            None => Err(Error::RegisterNotAvailable {
                backend: NAME,
                platform: self.platform,
                register: definition.name.clone(),
            }),
        }
    }

    pub(crate) fn read(
        &self,
        file: &RegisterFile,
        context: Context,
        id: RegisterId,
    ) -> Result<RegisterValue> {
        if let Some(value) = self.definition(id).and_then(|it| it.fixed) {
            return Ok(value.into());
        }
        let (definition, mapped) = self.mapped(id)?;
        let (low, bits) = (u32::from(definition.low_bit), u32::from(definition.bits));
        let mut value = RegisterValue::ZERO;
        for piece in &mapped.pieces {
            let (first, end) = (piece.low.max(low), (piece.low + piece.bits).min(low + bits));
            if first >= end {
                continue;
            }
            let part = self.read_piece(file, context, piece).extract(first - piece.low, end - first);
            value = value.insert(first - low, end - first, &part);
        }
        Ok(value)
    }

    /// As [`Self::read`], for up to 64 bits.
    pub(crate) fn read_narrow(&self, file: &RegisterFile, context: Context, id: RegisterId) -> Result<u64> {
        if let Some(definition) = self.definition(id) {
            if definition.bits > 64 {
                let (register, bits) = (definition.name.clone(), definition.bits.into());
                return Err(Error::RegisterTooWide { register, bits });
            }
            // Mostly it is whole bytes in one place.
            if definition.fixed.is_none()
                && let Some(Some(mapped)) = self.roots.get(definition.root.index())
                && let [piece] = mapped.pieces.as_slice()
                && let Home::File { place, shift: 0 } = piece.home
                && definition.low_bit % 8 == 0
                && definition.bits % 8 == 0
                && u32::from(definition.low_bit + definition.bits) <= piece.bits
            {
                let place = place + usize::from(definition.low_bit / 8);
                return Ok(file.integer(place, usize::from(definition.bits / 8)) as u64);
            }
        }
        self.read(file, context, id).map(|value| value.low_u64())
    }

    pub(crate) fn write(
        &self,
        file: &mut RegisterFile,
        context: &mut Context,
        id: RegisterId,
        value: RegisterValue,
    ) -> Result<()> {
        if let Some(definition) = self.definition(id) {
            if value.bits() > u32::from(definition.bits) {
                let (register, bits) = (definition.name.clone(), definition.bits.into());
                return Err(Error::ValueTooWide { register, bits, value });
            }
            if let Some(fixed) = definition.fixed {
                return if value == RegisterValue::from(fixed) {
                    Ok(())
                } else {
                    Err(Error::FixedRegister {
                        register: definition.name.clone(),
                        value: fixed,
                        written: value,
                    })
                };
            }
        }
        let (definition, mapped) = self.mapped(id)?;
        let (low, bits) = (u32::from(definition.low_bit), u32::from(definition.bits));
        let selected = self.stacks.map(|stacks| stacks.is_process(file));
        for piece in &mapped.pieces {
            let (first, end) = (piece.low.max(low), (piece.low + piece.bits).min(low + bits));
            if first >= end {
                continue;
            }
            let part = value.extract(first - low, end - first);
            let whole = self.read_piece(file, *context, piece).insert(first - piece.low, end - first, &part);
            self.write_piece(file, context, piece, &whole);
        }
        if let Some(stacks) = self.stacks
            && Some(stacks.is_process(file)) != selected
        {
            stacks.exchange(file);
        }
        Ok(())
    }

    /// Whether a register has the state of a conditional block in it.
    pub(crate) fn has_conditions(&self, id: RegisterId) -> bool {
        self.definition(id).and_then(|it| self.pieces(it)).is_some_and(|mapped| {
            mapped.pieces.iter().any(|piece| matches!(piece.home, Home::Conditions { .. }))
        })
    }

    fn read_piece(&self, file: &RegisterFile, context: Context, piece: &Piece) -> RegisterValue {
        match piece.home {
            Home::File { place, shift } => {
                let bytes = (shift + piece.bits).div_ceil(8) as usize;
                RegisterValue::from_le_bytes(file.slice(place, bytes)).extract(shift, piece.bits)
            }
            Home::Stack { process } => {
                let place = self.stacks.map_or(0, |stacks| stacks.place(file, process));
                RegisterValue::from_le_bytes(file.slice(place, 4))
            }
            Home::Rotating { number } => {
                let place = self.rotating.map_or(0, |rotating| rotating.place(file, number));
                RegisterValue::from_le_bytes(file.slice(place, rotating::SIZE))
            }
            Home::Conditions { shift } => {
                let state = self.conditions.map_or(0, |conditions| conditions.state(context));
                RegisterValue::from(state).extract(shift, piece.bits)
            }
            Home::Parity { place } => RegisterValue::from(u64::from(file.integer(place, 1).count_ones() & 1)),
        }
    }

    fn write_piece(
        &self,
        file: &mut RegisterFile,
        context: &mut Context,
        piece: &Piece,
        value: &RegisterValue,
    ) {
        match piece.home {
            Home::File { place, shift } => {
                let bytes = (shift + piece.bits).div_ceil(8) as usize;
                let old = RegisterValue::from_le_bytes(file.slice(place, bytes));
                old.insert(shift, piece.bits, value).write_le_bytes(file.slice_mut(place, bytes));
            }
            Home::Stack { process } => {
                if let Some(place) = self.stacks.map(|stacks| stacks.place(file, process)) {
                    value.write_le_bytes(file.slice_mut(place, 4));
                }
            }
            Home::Rotating { number } => {
                if let Some(place) = self.rotating.map(|rotating| rotating.place(file, number)) {
                    value.write_le_bytes(file.slice_mut(place, rotating::SIZE));
                }
            }
            Home::Parity { .. } => {}
            Home::Conditions { shift } => {
                if let Some(conditions) = self.conditions {
                    let old = RegisterValue::from(conditions.state(*context));
                    conditions.set(context, old.insert(shift, piece.bits, value).low_u64());
                }
            }
        }
    }
}

/// The places of the registers that always are zero: what instructions write
/// there is dropped.
pub(crate) fn fixed_places(platform: Platform, language: &Language, layout: &Layout) -> Vec<(usize, usize)> {
    let registers = platform.definition().registers();
    let fixed: Vec<_> = registers.iter().filter(|(_, it)| it.fixed == Some(0)).collect();
    let mut places = Vec::new();
    for register in language.registers() {
        let is_fixed = fixed.iter().any(|(id, it)| {
            let whole = registers.get(it.root).fixed.is_some() && it.root == *id;
            whole && names_of(platform, *id).any(|name| name.eq_ignore_ascii_case(&register.name))
        });
        if let Some(place) = layout.place(&register.varnode()).filter(|_| is_fixed) {
            places.push((place, place + register.size as usize));
        }
    }
    places
}

/// The names that a platform has for a whole register.
fn names_of(platform: Platform, root: RegisterId) -> impl Iterator<Item = &'static str> {
    let registers = platform.definition().registers();
    let bits = registers.get(root).bits;
    registers.iter().filter(move |(_, it)| it.root == root && it.bits == bits).map(|(_, it)| it.name.as_str())
}
