//! The assembly snippets that the cases run: one image per platform, with the
//! same labels everywhere (`tests/fixtures/snippets/README.md`).

use std::{collections::BTreeMap, fs, path::PathBuf};

use object::{Object, ObjectSegment, ObjectSymbol, SectionIndex, SymbolFlags, SymbolKind};
use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Result};
use terrella_platforms::{CodeAddressBit, Platform, ReturnBy, WidePlacement, pairs_downwards};

use crate::Layout;

/// The snippets of one platform.
#[derive(Debug, Clone)]
pub struct Snippets {
    /// The platform.
    pub platform: Platform,
    /// Address and bytes of the loadable segments.
    pub segments: Vec<(u64, Vec<u8>)>,
    labels: BTreeMap<String, u64>,
    sizes: BTreeMap<String, u64>,
}

/// An argument of a snippet: some platforms have registers of their own for
/// pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// An integer.
    Integer(u64),
    /// An address.
    Pointer(u64),
}

/// The low bits of a value.
#[must_use]
pub(crate) const fn fit(value: u64, bits: u32) -> u64 {
    if bits < 64 { value & ((1 << bits) - 1) } else { value }
}

/// An integer argument.
#[must_use]
pub const fn int(value: u64) -> Argument {
    Argument::Integer(value)
}

/// A pointer argument.
#[must_use]
pub const fn ptr(address: u64) -> Argument {
    Argument::Pointer(address)
}

/// The value of a symbol: of a function of microMIPS, with the bit that is in
/// `st_other` (STO_MICROMIPS of binutils' `elf/mips.h`).
fn value_of<'data>(symbol: &impl ObjectSymbol<'data>) -> u64 {
    match symbol.flags() {
        SymbolFlags::Elf { st_other, .. } if st_other & 0xc0 == 0x80 && symbol.kind() == SymbolKind::Text => {
            symbol.address() | 1
        }
        _ => symbol.address(),
    }
}

impl Snippets {
    /// The snippets of a platform; `None` if there are none.
    #[must_use]
    pub fn of(platform: Platform) -> Option<Self> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/snippets"));
        let bytes = fs::read(folder.join(format!("{platform}.elf"))).ok()?;
        let file = object::File::parse(&*bytes).ok()?;
        let segments = file
            .segments()
            .filter_map(|segment| Some((segment.address(), segment.data().ok()?.to_vec())))
            .filter(|(_, data)| !data.is_empty())
            .collect();
        let labels = file
            .symbols()
            .filter(|symbol| symbol.section_index() != Some(SectionIndex(0)))
            .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), value_of(&symbol))))
            .collect();
        let sizes = file
            .symbols()
            .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.size())))
            .collect();
        Some(Self { platform, segments, labels, sizes })
    }

    /// The value of a label: an address (with the Thumb bit for functions), or
    /// a number; `None` if the platform does not have it. `load` and `store`
    /// are those of the widest that the platform has up to 32 bits.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<u64> {
        let natural = |kind: &str, rest: &str| {
            let all = [32, 16, 8].map(|bits| format!("{kind}{bits}{rest}"));
            all.iter().find_map(|name| self.labels.get(name)).copied()
        };
        match name {
            "load" | "store" => natural(name, ""),
            "load_insn" => natural("load", "_insn"),
            "store_insn" => natural("store", "_insn"),
            _ => self.labels.get(name).copied(),
        }
    }

    /// The width in bytes of what `load`, `store` and `add_memory` access.
    #[must_use]
    pub fn width(&self) -> u64 {
        [4, 2].into_iter().find(|bytes| self.label(&format!("load{}", 8 * bytes)).is_some()).unwrap_or(1)
    }

    /// The size of a snippet in bytes.
    #[must_use]
    pub fn size(&self, name: &str) -> Option<u64> {
        let size = self.sizes.get(name).copied()?;
        // The assembler counts the bit of microMIPS.
        Some(match self.platform.definition().code_address_bit {
            CodeAddressBit::Address => size,
            _ => size & !1,
        })
    }

    /// The address of a label, without a state bit.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<u64> {
        let value = self.label(name)?;
        Some(match self.platform.definition().code_address_bit {
            CodeAddressBit::Address => value,
            _ => value & !1,
        })
    }

    /// Maps code, stack and data.
    ///
    /// # Errors
    /// Those of the emulator.
    pub fn load(&self, emulator: &mut dyn Emulator) -> Result<()> {
        let Layout { stack_top, stack_size, data_at, data_size, return_at, .. } = Layout::of(self.platform);
        for (address, bytes) in &self.segments {
            let end = (address + bytes.len() as u64).next_multiple_of(4096);
            emulator.map_memory(*address..end, Permissions::ALL)?;
            emulator.write_code(*address, bytes)?;
        }
        emulator.map_memory(stack_top - stack_size..stack_top, Permissions::READ_WRITE)?;
        emulator.map_memory(data_at..data_at + data_size, Permissions::READ_WRITE)?;
        emulator.add_exit_point(return_at);
        Ok(())
    }

    /// The width of a register.
    fn bits(&self, name: &str) -> u32 {
        let definition = self.platform.definition();
        definition.register(name).map_or(64, |id| definition.registers().get(id).bits.into())
    }

    /// Sets up a call of a label with up to two arguments.
    ///
    /// # Errors
    /// Those of the emulator.
    pub fn prepare(&self, emulator: &mut dyn Emulator, label: &str, arguments: &[Argument]) -> Result<()> {
        let Layout { stack_top, stack_size, return_at, .. } = Layout::of(self.platform);
        let definition = self.platform.definition();
        let convention = definition.default_convention();
        let slot = u64::from(convention.slot_bytes);
        let mut sp = stack_top - (stack_size / 4).min(0x400) - u64::from(convention.stack_bias);
        if let ReturnBy::Stack { bytes } = convention.return_by {
            sp -= u64::from(bytes);
            emulator.write_integer(sp, return_at.into(), bytes.into())?;
        }
        if let ReturnBy::WordOnEmptyStack { bytes } = convention.return_by {
            sp -= u64::from(bytes);
            let word = (return_at / 2).to_be_bytes();
            emulator.write_memory(sp + 1, &word[8 - usize::from(bytes)..])?;
        }
        if let ReturnBy::EmptyStack { bytes, offset } = convention.return_by {
            sp -= u64::from(bytes);
            emulator.write_integer(sp + 1, (return_at - u64::from(offset)).into(), bytes.into())?;
        }
        // The stack grows upwards, and arguments are below the return address.
        let rises = matches!(convention.return_by, ReturnBy::RisingStack { .. });
        if let ReturnBy::RisingStack { bytes } = convention.return_by {
            emulator.write_integer(sp - u64::from(bytes) + 1, return_at.into(), bytes.into())?;
        }
        let pointers_apart = convention.pointer_arguments.first() != convention.integer_arguments.first()
            && !convention.pointer_arguments.is_empty();
        let (mut integers, mut pointers, mut on_stack) = (0, 0, 0);
        let mut sizes = Vec::new();
        for argument in arguments {
            if let Some(by_size) = convention.by_size {
                let (size, value) = match *argument {
                    Argument::Integer(value) => (convention.slot_bytes, value),
                    Argument::Pointer(value) => (definition.pointer_bytes, value),
                };
                sizes.push(size);
                let registers = by_size.argument(&sizes).unwrap_or_default();
                let mut rest = fit(value, 8 * u32::from(size));
                for name in registers {
                    let bits = self.bits(name);
                    emulator.write_register(*name, fit(rest, bits))?;
                    rest = rest.checked_shr(bits).unwrap_or(0);
                }
                if registers.is_empty() {
                    let distance = u64::from(convention.stack_arguments) + slot * on_stack;
                    let address = if rises { sp - distance - u64::from(size) + 1 } else { sp + distance };
                    emulator.write_integer(address, rest.into(), size.into())?;
                    on_stack += 1;
                }
                continue;
            }
            if convention.wide == WidePlacement::PairsDownwards {
                let (size, value) = match *argument {
                    Argument::Integer(value) => (convention.slot_bytes, value),
                    Argument::Pointer(value) => (definition.pointer_bytes, value),
                };
                let registers = pairs_downwards(convention.integer_arguments, integers, size.into());
                for (name, byte) in registers.unwrap_or_default().into_iter().zip(value.to_le_bytes()) {
                    emulator.write_register(name, u64::from(byte))?;
                }
                integers += 2;
                continue;
            }
            let (value, register) = match *argument {
                Argument::Pointer(address) if pointers_apart => {
                    pointers += 1;
                    (address, convention.pointer_arguments.get(pointers - 1))
                }
                Argument::Pointer(value) | Argument::Integer(value) => {
                    integers += 1;
                    (value, convention.integer_arguments.get(integers - 1))
                }
            };
            match register {
                Some(register) => emulator.write_register(*register, fit(value, self.bits(register)))?,
                None => {
                    let address = sp + u64::from(convention.stack_arguments) + slot * on_stack;
                    emulator.write_integer(address, value.into(), slot as usize)?;
                    on_stack += 1;
                }
            }
        }
        emulator.write_register(definition.stack_pointer, sp)?;
        if let ReturnBy::Link { register, offset } = convention.return_by {
            let bit = match definition.code_address_bit {
                CodeAddressBit::Address => 0,
                // The set that the snippets are written in.
                _ => self.label("straight").unwrap_or(0) & 1,
            };
            emulator.write_register(register, (return_at - u64::from(offset)) | bit)?;
        }
        let entry = self.label(label).unwrap_or(0);
        emulator.set_program_counter(entry)
    }
}
