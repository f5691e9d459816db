//! Structures that are passed by value: their bytes as they would stand in
//! memory.
//!
//! Small ones are passed as the words that they are made of; where they are
//! passed by their address instead, the processor supplement says so: System V
//! PowerPC (1995) 3-20, SPARC (3rd edition) 3-15, z/Architecture 1.2.3 (all but
//! those of 1, 2, 4 and 8 bytes).

use terrella_platforms::ByteOrder;

use super::{
    context::Context,
    error::Result,
    types::{Argument, CType, Ptr},
};

impl Context<'_> {
    /// The next argument, a structure of so many bytes that holds integers and
    /// pointers only.
    pub(crate) fn next_structure(&mut self, size: usize) -> Result<Vec<u8>> {
        let name = self.state.platform.name();
        let begins = |prefix: &str| name.starts_with(prefix);
        let whole = matches!(size, 1 | 2 | 4 | 8);
        let by_address = matches!(name, "ppc" | "ppcle" | "sparc") || begins("s390") && !whole;
        if by_address {
            let at = Ptr(self.next_integer(CType::Pointer)? as u64);
            return self.read(at, size as u64);
        }
        let order = self.emulator().platform().byte_order();
        let slot = usize::from(self.call.convention().slot_bytes).max(1);
        let mut bytes = Vec::new();
        while bytes.len() < size {
            let word = self.call.next_word()?;
            let mut image = vec![0; slot];
            order.write(word.into(), &mut image);
            let left = size - bytes.len();
            // A part of a word is in its lower half, as an integer is, but
            // where structures are loaded as they stand in memory (MIPS n64,
            // SPARC V9).
            let as_integer = order == ByteOrder::Big && !begins("mips64") && !begins("sparc64");
            let from = if left < slot && as_integer { slot - left } else { 0 };
            bytes.extend_from_slice(&image[from..(from + left).min(slot)]);
        }
        bytes.truncate(size);
        Ok(bytes)
    }
}

/// A structure of so many bytes.
pub(crate) struct Small<const SIZE: usize>(pub(crate) [u8; SIZE]);

impl<const SIZE: usize> Argument for Small<SIZE> {
    const TYPE: CType = CType::Structure;

    fn take(context: &mut Context<'_>) -> Result<Self> {
        let bytes = context.next_structure(SIZE)?;
        let mut own = [0; SIZE];
        own.copy_from_slice(&bytes);
        Ok(Self(own))
    }
}

/// A structure, or a union, of so many pointers.
pub(crate) struct Words<const COUNT: usize>(pub(crate) [u64; COUNT]);

impl<const COUNT: usize> Argument for Words<COUNT> {
    const TYPE: CType = CType::Structure;

    fn take(context: &mut Context<'_>) -> Result<Self> {
        let width = usize::from(context.model.pointer).max(1);
        let bytes = context.next_structure(COUNT * width)?;
        let order = context.emulator().platform().byte_order();
        let mut own = [0; COUNT];
        for (word, part) in own.iter_mut().zip(bytes.chunks(width)) {
            *word = order.read(part) as u64;
        }
        Ok(Self(own))
    }
}
