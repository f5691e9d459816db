//! The assembly snippets that the cases run: one image per platform, with the
//! same labels everywhere (`tests/fixtures/snippets/README.md`).

use std::{collections::BTreeMap, fs, path::PathBuf};

use object::{Object, ObjectSegment, ObjectSymbol, SectionIndex, SymbolFlags, SymbolKind};
use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Result};
use terrella_platforms::{CodeAddressBit, Platform, ReturnBy};

/// Where the snippets' stack ends.
pub const STACK_TOP: u64 = 0x9_0000;
/// How large it is.
pub const STACK_SIZE: u64 = 0x1_0000;
/// Where the data of the cases is.
pub const DATA: u64 = 0xa_0000;
/// How large it is.
pub const DATA_SIZE: u64 = 0x4000;
/// Where functions return to: unmapped.
pub const RETURN: u64 = 0xf_0000;

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
    /// a number; `None` if the platform does not have it.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<u64> {
        self.labels.get(name).copied()
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
        for (address, bytes) in &self.segments {
            let end = (address + bytes.len() as u64).next_multiple_of(4096);
            emulator.map_memory(*address..end, Permissions::ALL)?;
            emulator.write_code(*address, bytes)?;
        }
        emulator.map_memory(STACK_TOP - STACK_SIZE..STACK_TOP, Permissions::READ_WRITE)?;
        emulator.map_memory(DATA..DATA + DATA_SIZE, Permissions::READ_WRITE)?;
        emulator.add_exit_point(RETURN);
        Ok(())
    }

    /// Sets up a call of a label with up to two arguments.
    ///
    /// # Errors
    /// Those of the emulator.
    pub fn prepare(&self, emulator: &mut dyn Emulator, label: &str, arguments: &[Argument]) -> Result<()> {
        let definition = self.platform.definition();
        let convention = definition.default_convention();
        let slot = u64::from(convention.slot_bytes);
        let mut sp = STACK_TOP - 0x400 - u64::from(convention.stack_bias);
        if let ReturnBy::Stack { bytes } = convention.return_by {
            sp -= u64::from(bytes);
            emulator.write_integer(sp, RETURN.into(), bytes.into())?;
        }
        let pointers_apart = convention.pointer_arguments.first() != convention.integer_arguments.first()
            && !convention.pointer_arguments.is_empty();
        let (mut integers, mut pointers) = (0, 0);
        for argument in arguments {
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
                Some(register) => emulator.write_register(*register, value)?,
                None => {
                    let place = (integers - 1 - convention.integer_arguments.len()) as u64;
                    let address = sp + u64::from(convention.stack_arguments) + slot * place;
                    emulator.write_integer(address, value.into(), slot as usize)?;
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
            emulator.write_register(register, (RETURN - u64::from(offset)) | bit)?;
        }
        let entry = self.label(label).unwrap_or(0);
        emulator.set_program_counter(entry)
    }
}
