//! [`Segmented`]: a program counter that is a linear address, and an offset in
//! a code segment besides (x86, real-address mode).

use terrella_emulator_api::{Emulator, Error, Result};
use terrella_platforms::{PlatformDefinition, RegisterId, RegisterValue};
use terrella_sleigh::Language;

use crate::{emulator::NativeEmulator, layout::Layout};

/// Where the two views of the program counter meet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segmented {
    /// The selector of the code segment: its place, and its register.
    place: u16,
    selector: RegisterId,
    /// The offset, as a register of the platform.
    offset: RegisterId,
    /// The context fields that hold the selector, and say that they do.
    field: (u32, u32),
    known: (u32, u32),
}

impl Segmented {
    /// `None`: the platform has one view only.
    pub(crate) fn new(
        definition: &'static PlatformDefinition,
        language: &Language,
        layout: &Layout,
    ) -> Option<Self> {
        let (selector, offset) = (definition.register("cs")?, definition.register("eip")?);
        if definition.register(definition.program_counter) == Some(offset) {
            return None;
        }
        let field = |name: &str| language.context_field(name).map(|field| (field.high, field.low));
        let place = layout.place(&language.register("CS")?.varnode())?;
        Some(Self {
            place: u16::try_from(place).ok()?,
            selector,
            offset,
            field: field("codeSegment")?,
            known: field("segmentKnown")?,
        })
    }
}

impl NativeEmulator {
    fn code_segment(&self, it: &Segmented) -> u64 {
        u64::from(u16::from_le_bytes(self.file.get::<2>(it.place)))
    }

    /// Tells the context the selector of the code segment.
    pub(crate) fn follow_code_segment(&mut self) {
        if let Some(it) = self.segmented {
            let selector = self.code_segment(&it);
            self.context.set(it.field.0, it.field.1, selector);
            self.context.set(it.known.0, it.known.1, 1);
        }
    }

    /// The base of the code segment; zero where segments are flat.
    pub(crate) fn code_base(&self) -> u64 {
        self.segmented.map_or(0, |it| self.code_segment(&it) << 4)
    }

    /// The base of the stack segment; zero where segments are flat.
    pub(crate) fn stack_base(&self) -> Result<u64> {
        match self.definition.register("ss").filter(|_| self.segmented.is_some()) {
            Some(selector) => Ok(self.read_register_id(selector)? << 4),
            None => Ok(0),
        }
    }

    /// Whether a register is the offset of the program counter, or a part.
    pub(crate) fn is_code_offset(&self, register: RegisterId) -> bool {
        let root = self.definition.registers().try_get(register).map(|it| it.root);
        self.segmented.is_some_and(|it| root == Some(it.offset))
    }

    /// The offset of the program counter, or the part that a register is.
    pub(crate) fn read_code_offset(&self, register: RegisterId) -> Option<u64> {
        if !self.is_code_offset(register) {
            return None;
        }
        let it = self.definition.registers().get(register);
        let offset = RegisterValue::from(self.code_offset_of(self.program_counter()));
        Some(offset.extract(it.low_bit.into(), it.bits.into()).low_u64())
    }

    fn code_offset_of(&self, address: u64) -> u64 {
        address.wrapping_sub(self.code_base()) & self.address_mask
    }

    /// Writes the selector of the code segment, which keeps the offset, or the
    /// offset; `None` for another register.
    pub(crate) fn write_segmented(
        &mut self,
        register: RegisterId,
        value: RegisterValue,
    ) -> Option<Result<()>> {
        let it = self.segmented?;
        let definition = self.definition.registers().try_get(register)?;
        let is_offset = definition.root == it.offset;
        if !is_offset && register != it.selector {
            return None;
        }
        if value.bits() > u32::from(definition.bits) {
            let (register, bits) = (definition.name.clone(), definition.bits.into());
            return Some(Err(Error::ValueTooWide { register, bits, value }));
        }
        let before = self.code_offset_of(self.program_counter());
        let offset = if is_offset {
            let whole = RegisterValue::from(before);
            whole.insert(definition.low_bit.into(), definition.bits.into(), &value).low_u64()
        } else {
            self.file.put::<2>(it.place, (value.low_u64() as u16).to_le_bytes());
            self.follow_code_segment();
            before
        };
        let pointer = self.code_base().wrapping_add(offset) & self.address_mask;
        Some(self.set_program_counter(pointer))
    }
}
