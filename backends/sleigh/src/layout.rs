//! How decision trees, constructors, expressions and templates lie in the
//! words of a [`Language`](crate::Language).
//!
//! - *Node*: a leaf is `count << 2`, then the offsets of `count` patterns; a
//!   split is `kind | start << 2 | bits << 16` with kind 1 (instruction) or 2
//!   (context), then the offsets of its `1 << bits` children.
//! - *Pattern*: the offset of its constructor; flags that say which of the
//!   following pairs are there; for each pair mask and value, two words each,
//!   high word first.
//! - *Constructor*: [`CONSTRUCTOR`] words; *operand*: [`OPERAND`] words each.
//! - *Expression*: the number of words that follow, then postfix code.
//! - *Template*: see `compile/encode.rs`, which writes it, and `lift.rs`,
//!   which reads it.

/// Words of a constructor: operand count and flags; minimum length, delay
/// slot; operands; context actions; display; template; table and line.
pub(crate) const CONSTRUCTOR: u32 = 7;
/// Words of an operand: kind, base, offset, length; data; field access.
pub(crate) const OPERAND: u32 = 4;

/// Flags of a constructor, above the number of operands.
pub(crate) const FLAG_UNIMPLEMENTED: u32 = 1 << 16;
/// It needs the address after the next instruction.
pub(crate) const FLAG_NEXT2: u32 = 1 << 17;

/// Kinds of operands.
pub(crate) mod operand {
    pub(crate) const TABLE: u32 = 0;
    pub(crate) const VALUE: u32 = 1;
    pub(crate) const VARIABLES: u32 = 2;
    pub(crate) const NAMES: u32 = 3;
    pub(crate) const VALUES: u32 = 4;
    pub(crate) const EXPRESSION: u32 = 5;
    pub(crate) const REGISTER: u32 = 6;
    /// The base of an operand that begins where the constructor does.
    pub(crate) const BEGINNING: u32 = 0xff;
}

/// Flags of a pattern: which halves of which masks follow.
pub(crate) mod pattern {
    pub(crate) const INSTRUCTION_HIGH: u32 = 1;
    pub(crate) const INSTRUCTION_LOW: u32 = 2;
    pub(crate) const CONTEXT_HIGH: u32 = 4;
    pub(crate) const CONTEXT_LOW: u32 = 8;
}

/// Codes of expressions.
pub(crate) mod expression {
    pub(crate) const CONSTANT: u32 = 0;
    pub(crate) const FIELD: u32 = 1;
    pub(crate) const OPERAND: u32 = 2;
    pub(crate) const START: u32 = 3;
    pub(crate) const NEXT: u32 = 4;
    pub(crate) const NEXT2: u32 = 5;
    pub(crate) const NEGATE: u32 = 6;
    pub(crate) const NOT: u32 = 7;
    pub(crate) const ADD: u32 = 8;
    pub(crate) const SUBTRACT: u32 = 9;
    pub(crate) const MULTIPLY: u32 = 10;
    pub(crate) const DIVIDE: u32 = 11;
    pub(crate) const SHIFT_LEFT: u32 = 12;
    pub(crate) const SHIFT_RIGHT: u32 = 13;
    pub(crate) const AND: u32 = 14;
    pub(crate) const OR: u32 = 15;
    pub(crate) const XOR: u32 = 16;
    pub(crate) const CONSTRUCTOR_START: u32 = 17;
    /// The deepest stack that an expression may need.
    pub(crate) const STACK: usize = 32;
}

/// Kinds of context actions.
pub(crate) mod action {
    pub(crate) const SET: u32 = 0;
    pub(crate) const COMMIT: u32 = 1;
    /// Addresses of commits that are no operands.
    pub(crate) const START: u32 = 0xff;
    pub(crate) const NEXT: u32 = 0xfe;
}

/// Pieces of the display: a text, or an operand.
pub(crate) const DISPLAY_OPERAND: u32 = 1 << 31;

/// Template codes: operations by their numbers, and these.
pub(crate) mod template {
    pub(crate) const BUILD: u32 = 0xf0;
    pub(crate) const DELAY_SLOT: u32 = 0xf1;
    pub(crate) const LABEL: u32 = 0xf2;

    /// Places of varnodes.
    pub(crate) const CONSTANT: u32 = 0;
    pub(crate) const FIXED: u32 = 1;
    pub(crate) const TEMPORARY: u32 = 2;
    pub(crate) const OPERAND: u32 = 3;
    pub(crate) const OPERAND_SLICE: u32 = 4;
    pub(crate) const OPERAND_OFFSET: u32 = 5;
    pub(crate) const OPERAND_ADDRESS: u32 = 6;
    pub(crate) const START: u32 = 7;
    pub(crate) const NEXT: u32 = 8;
    pub(crate) const NEXT2: u32 = 9;
    pub(crate) const LABEL_PLACE: u32 = 10;

    /// A size that is that of an operand.
    pub(crate) const SIZE_OF_OPERAND: u32 = 0x8000;

    /// Exports.
    pub(crate) const EXPORT_NOTHING: u32 = 0;
    pub(crate) const EXPORT_VALUE: u32 = 1;
    pub(crate) const EXPORT_STAR: u32 = 2;
}
