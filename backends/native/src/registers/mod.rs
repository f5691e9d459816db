//! [`RegisterMap`]: where the platform's registers are in the register file.

mod names;

use terrella_emulator_api::{Error, Platform, RegisterId, RegisterValue, Result};
use terrella_platforms::{PlatformDefinition, RegisterDefinition};
use terrella_sleigh::Language;

use crate::{NAME, file::RegisterFile, layout::Layout};

/// Some bits of a register, and where they are.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// The lowest bit in the register.
    low: u32,
    bits: u32,
    /// The first byte in the file.
    place: usize,
    /// The lowest bit in that byte.
    shift: u32,
}

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
}

impl RegisterMap {
    pub(crate) fn new(platform: Platform, language: &Language, layout: &Layout) -> Self {
        let definition = platform.definition();
        let registers = definition.registers();
        let mut roots: Vec<Option<Mapped>> = vec![None; registers.len()];
        let find = |name: &str| {
            let exact = language.register(name);
            exact.or_else(|| language.registers().iter().find(|it| it.name.eq_ignore_ascii_case(name)))
        };
        let piece_of = |name: &str, low: u32, bits: u32, shift: u32| {
            let register = find(name)?;
            let place = layout.place(&register.varnode())?;
            let bits = bits.min((8 * register.size).saturating_sub(shift));
            Some(Piece { low, bits, place: place + shift as usize / 8, shift: shift % 8 })
        };
        for (id, register) in registers.roots() {
            let parts = names::parts(platform.architecture(), &register.name);
            let mapped = match parts {
                Some(parts) => {
                    let mut mapped = Mapped::default();
                    for part in parts {
                        let piece = piece_of(part.register, part.low, part.bits, part.shift);
                        mapped.pieces.extend(piece);
                    }
                    mapped
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
                    let piece = all.find_map(|name| piece_of(&name, 0, register.bits.into(), 0));
                    Mapped { pieces: piece.into_iter().collect() }
                }
            };
            if !mapped.pieces.is_empty() {
                roots[id.index()] = Some(mapped);
            }
        }
        let pc = definition.register(definition.program_counter).map(|id| registers.get(id).root);
        Self { platform, definition, roots, pc }
    }

    fn definition(&self, id: RegisterId) -> Option<&'static RegisterDefinition> {
        self.definition.registers().try_get(id)
    }

    pub(crate) fn has(&self, id: RegisterId) -> bool {
        self.definition(id).is_some_and(|it| {
            it.fixed.is_some() || Some(it.root) == self.pc || self.roots[it.root.index()].is_some()
        })
    }

    /// The register's definition and where it is.
    fn mapped(&self, id: RegisterId) -> Result<(&'static RegisterDefinition, &Mapped)> {
        let unknown = || Error::RegisterNotAvailable {
            backend: NAME,
            platform: self.platform,
            register: format!("register {} of another platform", id.index()),
        };
        let definition = self.definition(id).ok_or_else(unknown)?;
        match &self.roots[definition.root.index()] {
            Some(mapped) => Ok((definition, mapped)),
            None => Err(Error::RegisterNotAvailable {
                backend: NAME,
                platform: self.platform,
                register: definition.name.clone(),
            }),
        }
    }

    pub(crate) fn read(&self, file: &RegisterFile, id: RegisterId) -> Result<RegisterValue> {
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
            let part = read_piece(file, piece).extract(first - piece.low, end - first);
            value = value.insert(first - low, end - first, &part);
        }
        Ok(value)
    }

    /// As [`Self::read`], for up to 64 bits.
    pub(crate) fn read_narrow(&self, file: &RegisterFile, id: RegisterId) -> Result<u64> {
        if let Some(definition) = self.definition(id) {
            if definition.bits > 64 {
                let (register, bits) = (definition.name.clone(), definition.bits.into());
                return Err(Error::RegisterTooWide { register, bits });
            }
            // Mostly it is whole bytes in one place.
            if definition.fixed.is_none()
                && let Some(Some(mapped)) = self.roots.get(definition.root.index())
                && let [piece] = mapped.pieces.as_slice()
                && piece.shift == 0
                && definition.low_bit % 8 == 0
                && definition.bits % 8 == 0
                && u32::from(definition.low_bit + definition.bits) <= piece.bits
            {
                let place = piece.place + usize::from(definition.low_bit / 8);
                return Ok(file.integer(place, usize::from(definition.bits / 8)) as u64);
            }
        }
        self.read(file, id).map(|value| value.low_u64())
    }

    pub(crate) fn write(&self, file: &mut RegisterFile, id: RegisterId, value: RegisterValue) -> Result<()> {
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
        for piece in &mapped.pieces {
            let (first, end) = (piece.low.max(low), (piece.low + piece.bits).min(low + bits));
            if first >= end {
                continue;
            }
            let part = value.extract(first - low, end - first);
            let whole = read_piece(file, piece).insert(first - piece.low, end - first, &part);
            write_piece(file, piece, &whole);
        }
        Ok(())
    }
}

fn read_piece(file: &RegisterFile, piece: &Piece) -> RegisterValue {
    let bytes = (piece.shift + piece.bits).div_ceil(8) as usize;
    RegisterValue::from_le_bytes(file.slice(piece.place, bytes)).extract(piece.shift, piece.bits)
}

fn write_piece(file: &mut RegisterFile, piece: &Piece, value: &RegisterValue) {
    let bytes = (piece.shift + piece.bits).div_ceil(8) as usize;
    let old = RegisterValue::from_le_bytes(file.slice(piece.place, bytes));
    old.insert(piece.shift, piece.bits, value).write_le_bytes(file.slice_mut(piece.place, bytes));
}
