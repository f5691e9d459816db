//! The rows of the tables: [`Howto`] and [`Formula`].

use super::{Problem, field::Field, site::Site};

/// A relocation type.
#[derive(Debug)]
pub(crate) struct Howto {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) formula: Formula,
    pub(crate) field: Field,
}

/// A row of a table.
pub(super) const fn row(number: u32, name: &'static str, formula: Formula, field: Field) -> Howto {
    Howto { number, name, formula, field }
}

/// How a value is computed.
///
/// `S` is the symbol, `A` the addend, `P` the place, `B` the load bias, `T` 1
/// for a Thumb function, `Z` the symbol's size, `G` the slot of the symbol in
/// the offset table `GOT`, `GP` the global pointer or table-of-contents
/// pointer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Formula {
    /// Nothing is to be done: markers and hints.
    Nothing,
    /// `S + A`.
    Absolute,
    /// `(S + A) | T`.
    AbsoluteThumb,
    /// `A - S`.
    Negated,
    /// `S + A - P`.
    PcRelative,
    /// `((S + A) | T) - P`.
    PcRelativeThumb,
    /// `B + A`.
    Relative,
    /// `S`, whatever the addend.
    Symbol,
    /// `S | T`, whatever the addend.
    SymbolThumb,
    /// `Z + A`.
    Size,
    /// `Page(S + A) - Page(P)`, pages of 4 KiB.
    Page,
    /// By a slot of the offset table.
    Slot(Content, Reach),
    /// `GOT + A - P`.
    TablePc,
    /// `S + A - GOT`.
    FromTable,
    /// `S + A - GP`.
    FromPointer,
    /// `GP + A`.
    Pointer,
    /// The content of the symbol in another module; done by the linker.
    Copy,
    /// The result of calling the function at `B + A`.
    Indirect,
    /// The number of the module of a thread-local symbol.
    TlsModule,
    /// `S + A` in a block of thread-local storage, less the bias of the
    /// processor: the block of the symbol's module, and in relocatable files,
    /// which are linked into one module as a rule, that of the referring file.
    TlsOffset,
    /// The distance of `S + A` from the thread pointer.
    TpOffset,
    /// `A` less the distance of `S` from the thread pointer.
    NegatedTpOffset,
    /// A descriptor: a function, and what it gives.
    TlsDescriptor,
    /// A call of `__tls_get_addr`, which the relocation does not name:
    /// `S - P` of that function.
    FinderCall,
    /// Known, but not done.
    Unsupported(&'static str),
    /// A function.
    Special(fn(&mut Site<'_>) -> Result<(), Problem>),
    /// As `Special`, with a slot of the offset table.
    SlotSpecial(Content, Reach, fn(&mut Site<'_>) -> Result<(), Problem>),
    /// A function that needs all others to be done.
    Deferred(fn(&mut Site<'_>) -> Result<(), Problem>),
}

/// What a slot of an offset table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Content {
    /// An address.
    Address,
    /// MIPS: an address rounded to 64 KiB.
    Rounded,
    /// The number of the symbol's module, and its offset in the block there:
    /// two words, for `__tls_get_addr`.
    TlsIndex,
    /// The same of the start of the file's own block.
    TlsBlock,
    /// The distance from the thread pointer.
    TpOffset,
    /// The same with its sign changed.
    NegatedTpOffset,
    /// The offset in the block, less the bias of the processor.
    TlsOffset,
    /// A descriptor: two words.
    TlsDescriptor,
}

impl Content {
    /// The number of words.
    pub(crate) const fn words(self) -> u64 {
        match self {
            Self::TlsIndex | Self::TlsBlock | Self::TlsDescriptor => 2,
            _ => 1,
        }
    }
}

/// How a field refers to a slot: with the addend, or to a slot of its own for
/// the symbol with the addend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `G + A - P`.
    Pc,
    /// `G + A - GOT`.
    Offset,
    /// `G` of a slot with `S + A`.
    Absolute,
    /// `Page(G) - Page(P)` of a slot with `S + A`.
    Page,
    /// `G - GOT` of a slot with `S + A`.
    FromTable,
    /// `G - Page(GOT)` of a slot with `S + A`.
    FromTablePage,
    /// `G - GP` of a slot with `S + A`.
    FromPointer,
    /// `G - P` of a slot with `S + A`.
    Distance,
}

/// Slots with addresses.
pub(super) const SLOT_PC: Formula = Formula::Slot(Content::Address, Reach::Pc);
pub(super) const SLOT_OFFSET: Formula = Formula::Slot(Content::Address, Reach::Offset);
pub(super) const SLOT_ABSOLUTE: Formula = Formula::Slot(Content::Address, Reach::Absolute);
pub(super) const SLOT_PAGE: Formula = Formula::Slot(Content::Address, Reach::Page);
pub(super) const SLOT_FROM_TABLE: Formula = Formula::Slot(Content::Address, Reach::FromTable);
pub(super) const SLOT_FROM_POINTER: Formula = Formula::Slot(Content::Address, Reach::FromPointer);
