//! [`Site`]: one relocation at work.

use object::elf;

use super::{
    Content, Formula, Howto, Problem, Reach, State, Target, TlsBlock,
    field::{Field, Unit},
    slot_key, superh,
};
use crate::module::{Module, Relocation};

/// One relocation at work.
pub(crate) struct Site<'a> {
    pub(crate) module: &'a mut Module,
    pub(crate) relocation: Relocation,
    pub(crate) howto: &'static Howto,
    pub(crate) target: &'a Target,
    pub(crate) state: &'a mut State,
}

impl Site<'_> {
    pub(super) fn apply(&mut self) -> Result<(), Problem> {
        match self.howto.formula {
            Formula::Nothing | Formula::Copy => return Ok(()),
            Formula::Special(function)
            | Formula::SlotSpecial(_, _, function)
            | Formula::Deferred(function) => {
                return function(self);
            }
            Formula::TlsModule | Formula::TlsOffset | Formula::TpOffset | Formula::NegatedTpOffset => {
                let addend = self.addend()?;
                return match self.thread_local(addend)? {
                    Some(value) => self.put(value),
                    None => Ok(()),
                };
            }
            Formula::TlsDescriptor => return self.tls_descriptor(),
            Formula::Indirect => {
                let resolver = self.module.bias.wrapping_add(self.addend()?);
                return self.indirect(resolver);
            }
            Formula::Unsupported(reason) => return Err(Problem::Unsupported(self.howto.name, reason)),
            _ => {}
        }
        let addend = self.addend()?;
        let is_word = self.howto.field.bytes() == self.module.word_bytes();
        let is_address = matches!(
            self.howto.formula,
            Formula::Symbol | Formula::SymbolThumb | Formula::Absolute | Formula::AbsoluteThumb
        );
        if self.target.indirect && is_word && is_address {
            return self.indirect(self.target.value | u64::from(self.target.thumb));
        }
        let value = self.value(addend)?;
        self.put(value)
    }

    /// Notes a word that takes what a function returns; until then it has the
    /// function's address.
    pub(super) fn indirect(&mut self, resolver: u64) -> Result<(), Problem> {
        let mask = if self.module.word_bytes() == 4 { 0xffff_ffff } else { u64::MAX };
        let place = self.place();
        self.put(resolver & mask)?;
        self.state.indirect.insert(place, resolver & mask);
        Ok(())
    }

    /// The block of the symbol; `None` for a weak symbol that nothing defines,
    /// which is at the thread pointer.
    fn block(&self) -> Result<Option<TlsBlock>, Problem> {
        match self.target.block {
            Some(block) => Ok(Some(block)),
            None if self.target.missing_weak => Ok(None),
            None => {
                let reason = "the symbol is in no module's thread-local storage";
                Err(Problem::Unsupported(self.howto.name, reason))
            }
        }
    }

    /// The value of a relocation of thread-local storage.
    fn thread_local(&self, addend: u64) -> Result<Option<u64>, Problem> {
        match self.howto.formula {
            Formula::TlsModule => Ok(self.block()?.map(|block| block.module)),
            Formula::TlsOffset => self.offset_of_variable(addend),
            Formula::NegatedTpOffset => {
                let distance = self.distance_of_variable(0)?;
                Ok(distance.map(|distance| addend.wrapping_sub(distance)))
            }
            _ => self.distance_of_variable(addend),
        }
    }

    /// How far `S + A` is behind the thread pointer.
    pub(super) fn distance_of_variable(&self, addend: u64) -> Result<Option<u64>, Problem> {
        let sum = self.target.value.wrapping_add(addend);
        Ok(self.block()?.map(|block| sum.wrapping_add(block.offset)))
    }

    /// What `__tls_get_addr` adds to the start of a block to find `S + A`.
    pub(super) fn offset_of_variable(&self, addend: u64) -> Result<Option<u64>, Problem> {
        let Some(block) = self.block()? else { return Ok(None) };
        let sum = self.target.value.wrapping_add(addend);
        let home = self.module.tls_block.filter(|_| self.module.relocatable).unwrap_or(block);
        Ok(Some(sum.wrapping_add(block.offset).wrapping_sub(home.offset).wrapping_sub(block.bias)))
    }

    fn tls_descriptor(&mut self) -> Result<(), Problem> {
        let Some(block) = self.block()? else { return Ok(()) };
        let place = self.relocation.place;
        let word = self.module.word_bytes() as u64;
        let addend = match self.relocation.addend {
            Some(addend) => addend as u64,
            None => {
                let argument = if block.argument_first { 0 } else { word };
                let there = self.module.read_word(place.wrapping_add(argument));
                there.ok_or(Problem::Outside(self.howto.name))?
            }
        };
        let words = self.descriptor(block, addend)?;
        self.put_words(place, &words)
    }

    /// The words of a descriptor.
    fn descriptor(&self, block: TlsBlock, addend: u64) -> Result<[u64; 2], Problem> {
        if block.resolver == 0 {
            return Err(Problem::Unsupported(self.howto.name, "there are no descriptors on this processor"));
        }
        let argument = block.offset.wrapping_add(self.target.value).wrapping_add(addend);
        Ok(if block.argument_first { [argument, block.resolver] } else { [block.resolver, argument] })
    }

    fn put_words(&mut self, place: u64, words: &[u64]) -> Result<(), Problem> {
        let size = self.module.word_bytes() as u64;
        for (index, word) in words.iter().enumerate() {
            let at = place.wrapping_add(size * index as u64);
            self.module.write_word(at, *word).ok_or(Problem::Outside(self.howto.name))?;
        }
        Ok(())
    }

    /// The value of a formula without a function.
    pub(super) fn value(&mut self, addend: u64) -> Result<u64, Problem> {
        if self.target.thread_local && !matches!(self.howto.formula, Formula::Slot(..)) {
            let reason = "its symbol is thread-local";
            return Err(Problem::Unsupported(self.howto.name, reason));
        }
        if self.target.indirect {
            let reason = "the address of an indirect function is only known in a word of its own";
            return Err(Problem::Unsupported(self.howto.name, reason));
        }
        let (symbol, place) = (self.target.value, self.place());
        let thumb = u64::from(self.target.thumb);
        let plus = symbol.wrapping_add(addend);
        Ok(match self.howto.formula {
            Formula::Absolute => plus,
            Formula::AbsoluteThumb => plus | thumb,
            Formula::PcRelative => plus.wrapping_sub(place),
            Formula::PcRelativeThumb => (plus | thumb).wrapping_sub(place),
            Formula::Relative => self.module.bias.wrapping_add(addend),
            Formula::Symbol => symbol,
            Formula::SymbolThumb => symbol | thumb,
            Formula::Size => self.target.size.wrapping_add(addend),
            Formula::Page => page(plus).wrapping_sub(page(place)),
            Formula::Slot(_, reach) => {
                let slot = self.slot()?;
                match reach {
                    Reach::Pc => slot.wrapping_add(addend).wrapping_sub(place),
                    Reach::Offset => slot.wrapping_add(addend).wrapping_sub(self.table()),
                    Reach::Absolute => slot,
                    Reach::Page => page(slot).wrapping_sub(page(place)),
                    Reach::FromTable => slot.wrapping_sub(self.table()),
                    Reach::FromTablePage => slot.wrapping_sub(page(self.table())),
                    Reach::FromPointer => slot.wrapping_sub(self.pointer()),
                    Reach::Distance => slot.wrapping_sub(place),
                }
            }
            Formula::Negated => addend.wrapping_sub(symbol),
            Formula::FinderCall => symbol.wrapping_sub(place),
            Formula::TablePc => self.table().wrapping_add(addend).wrapping_sub(place),
            Formula::FromTable => plus.wrapping_sub(self.table()),
            Formula::FromPointer => plus.wrapping_sub(self.pointer()),
            Formula::Pointer => self.pointer().wrapping_add(addend),
            _ => return Err(Problem::Unknown),
        })
    }

    /// `P`.
    pub(super) fn place(&self) -> u64 {
        self.module.placed(self.relocation.place)
    }

    /// `GOT`: the start of the offset table.
    pub(super) fn table(&self) -> u64 {
        self.module.got.as_ref().map_or(0, |got| self.module.placed(got.address))
    }

    /// `GP`: the global pointer.
    pub(super) fn pointer(&self) -> u64 {
        self.module.pointer.map_or(0, |pointer| self.module.placed(pointer))
    }

    /// `G`: the slot of the symbol, with its content put in.
    pub(super) fn slot(&mut self) -> Result<u64, Problem> {
        let none = Problem::Unsupported(self.howto.name, "there is no offset table made for it");
        let key = slot_key(self.module, self.howto, &self.relocation).ok_or(none)?;
        let slot = *self.module.got.as_ref().and_then(|got| got.slots.get(&key)).ok_or(none)?;
        let words = self.content(key.content, key.addend as u64)?;
        self.put_words(slot, words.get(..key.content.words() as usize).unwrap_or(&words))?;
        Ok(self.module.placed(slot))
    }

    /// What a slot holds.
    fn content(&self, content: Content, addend: u64) -> Result<[u64; 2], Problem> {
        let sum = self.target.value.wrapping_add(addend);
        let address = sum | u64::from(self.target.thumb);
        match content {
            Content::Address => return Ok([address, 0]),
            Content::Rounded => return Ok([address.wrapping_add(0x8000) & !0xffff, 0]),
            _ => {}
        }
        let Some(block) = self.block()? else { return Ok([0; 2]) };
        let from_pointer = sum.wrapping_add(block.offset);
        Ok(match content {
            Content::TlsIndex => [block.module, sum.wrapping_sub(block.bias)],
            Content::TlsBlock => {
                let home = self.module.tls_block.unwrap_or(block);
                [home.module, 0]
            }
            Content::TpOffset => [from_pointer, 0],
            Content::NegatedTpOffset => [0_u64.wrapping_sub(from_pointer), 0],
            Content::TlsOffset => [self.offset_of_variable(addend)?.unwrap_or(0), 0],
            Content::TlsDescriptor => self.descriptor(block, addend)?,
            Content::Address | Content::Rounded => [address, 0],
        })
    }

    /// `A`: from the relocation, or from the field.
    pub(super) fn addend(&self) -> Result<u64, Problem> {
        match self.relocation.addend {
            // What words of SuperH hold is added, or, as in ld, stands for the addend.
            Some(addend) if self.module.machine == elf::EM_SH && self.is_word_of_object() => {
                let addend = if superh::is_in_place(self.howto.number) { 0 } else { addend as u64 };
                Ok(addend.wrapping_add(self.howto.field.extract(self.unit()?) as u64))
            }
            Some(addend) => Ok(addend as u64),
            None => Ok(self.howto.field.extract(self.unit()?) as u64),
        }
    }

    fn is_word_of_object(&self) -> bool {
        self.module.relocatable && self.howto.field.unit == Unit::Data(4)
    }

    /// What the unit of the field holds.
    pub(super) fn unit(&self) -> Result<u64, Problem> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.howto.field.bytes().min(8)];
        self.module.read(self.relocation.place, bytes).ok_or(Problem::Outside(self.howto.name))?;
        Ok(self.howto.field.load(self.module.order, bytes))
    }

    /// Puts a value into the field.
    pub(super) fn put(&mut self, value: u64) -> Result<(), Problem> {
        let unit = self.unit()?;
        let unit = self
            .howto
            .field
            .insert(unit, value, self.module.class_bits)
            .ok_or(Problem::Overflow(self.howto.name, value))?;
        self.put_unit(unit)
    }

    /// Replaces the unit of the field.
    pub(super) fn put_unit(&mut self, unit: u64) -> Result<(), Problem> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.howto.field.bytes().min(8)];
        self.howto.field.store(self.module.order, bytes, unit);
        self.module.write(self.relocation.place, bytes).ok_or(Problem::Outside(self.howto.name))
    }

    /// Puts a value into a field other than the row's.
    pub(super) fn put_into(&mut self, at: u64, field: &Field, value: u64) -> Result<(), Problem> {
        let outside = Problem::Outside(self.howto.name);
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..field.bytes().min(8)];
        self.module.read(at, bytes).ok_or(outside)?;
        let unit = field.load(self.module.order, bytes);
        let unit = field
            .insert(unit, value, self.module.class_bits)
            .ok_or(Problem::Overflow(self.howto.name, value))?;
        field.store(self.module.order, bytes, unit);
        self.module.write(at, bytes).ok_or(outside)
    }
}

/// The 4 KiB page of an address.
pub(super) const fn page(address: u64) -> u64 {
    address & !0xfff
}
