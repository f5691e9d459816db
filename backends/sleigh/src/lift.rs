//! Lifting: from the constructors of an instruction to its p-code.
//!
//! The p-code does what that of Ghidra does, but it is not the same:
//!
//! - An operand in memory is loaded once, however often it is mentioned, and
//!   again after stores and labels. Places in memory are always loaded and
//!   stored, whereas Ghidra has operations on them.
//! - Assigning to a bit range leaves the bits around it alone, even if the
//!   value is too large.
//! - `goto` an operand that is a value, or that a pointer leads to, goes to
//!   that address; Ghidra jumps to an operation or to a temporary.
//! - Each temporary of each constructor has a place of its own. For Ghidra a
//!   table that two operands use has the same ones.
//! - The address of a temporary that is a copy of a register is that of the
//!   register.
//! - What exports nothing is 0 where it is used as a value, and has 4 bytes.

use crate::{
    decode::{Decoder, MAX_DEPTH},
    language::{Language, Space},
    layout::{self, template as codes},
    pcode::{OpCode, Pcode, SpaceId, Varnode},
};

/// Why an instruction cannot be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiftError {
    /// Nothing was decoded before.
    #[error("no instruction was decoded")]
    NothingDecoded,
    /// The specification says that it has no semantics.
    #[error("the specification has no semantics for the instruction")]
    Unimplemented,
    /// The compiled language is damaged, or the specification uses something
    /// that exports nothing.
    #[error("the template of the instruction cannot be followed")]
    Malformed,
}

/// How many steps lifting one instruction may take.
const MAX_STEPS: u32 = 1 << 17;
/// How many temporaries, and how many labels, one instruction may have.
const MAX_TEMPORARIES: usize = 1 << 17;

/// What an operand stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handle {
    varnode: Varnode,
    /// The place holds the address of what is meant, in `varnode.space`.
    pointer: Option<Varnode>,
}

impl Default for Handle {
    fn default() -> Self {
        Self { varnode: Varnode::constant(0, 0), pointer: None }
    }
}

/// What was loaded or stored last through an operand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cached {
    pub(crate) space: SpaceId,
    pub(crate) address: Varnode,
    pub(crate) value: Varnode,
}

/// Space for lifting, to be used again.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) handles: Vec<Handle>,
    /// The first temporary and the first label of each node.
    pub(crate) bases: Vec<(u32, u32)>,
    pub(crate) temporaries: Vec<Varnode>,
    pub(crate) labels: Vec<u32>,
    /// Branches to labels: the operation and the label.
    pub(crate) fixups: Vec<(u32, u32)>,
    pub(crate) cache: Vec<Cached>,
    /// The next free byte of the space of temporaries.
    pub(crate) unique: u64,
    pub(crate) inputs: Vec<Varnode>,
}

/// Lifts instructions, reusing its memory.
#[derive(Debug, Default)]
pub struct Lifter {
    work: Work,
}

impl Decoder {
    /// The p-code of the last instruction.
    ///
    /// Where it has a delay slot, [`Self::set_delay_slot_length`] is to be
    /// called before, and [`Pcode::delay_slot`] tells where the instructions
    /// of the slot execute.
    ///
    /// # Errors
    /// [`LiftError`].
    pub fn lift(&self, pcode: &mut Pcode) -> Result<(), LiftError> {
        Lifter::default().lift(self, pcode)
    }

    /// The address in bytes that an operand stands for, if it is known without
    /// executing anything.
    pub(crate) fn handle_address(&self, index: u32) -> Option<u64> {
        let (space, offset) = self.handle_place(index, 0)?;
        // A value is an address of code, in words.
        let constant = space == SpaceId::CONST;
        let (space, address) = if constant {
            (self.language.default_space(), offset.wrapping_mul(self.word_size))
        } else {
            (space, offset)
        };
        let end = self.language.space(space).and_then(Space::end);
        Some(end.map_or(address, |end| address % end))
    }

    /// The space and the offset of what an operand stands for.
    fn handle_place(&self, index: u32, depth: u32) -> Option<(SpaceId, u64)> {
        let node = self.nodes.get(index as usize)?;
        let language = &self.language;
        if node.constructor == 0 {
            return match language.word(node.operand) & 0xff {
                layout::operand::REGISTER | layout::operand::VARIABLES => None,
                _ => Some((SpaceId::CONST, self.node_value(index as usize) as u64)),
            };
        }
        let template = language.offset(node.constructor + 5);
        let temporaries = language.word(template) & 0xffff;
        let export = template + 1 + temporaries;
        let kind = language.word(export);
        if kind & 0xff == codes::EXPORT_NOTHING || depth > MAX_DEPTH {
            return None;
        }
        let head = language.word(export + 1);
        let place = match head & 0xf {
            codes::CONSTANT => (SpaceId::CONST, long(language, export + 2)),
            codes::FIXED => (SpaceId((head >> 4 & 0xfff) as u16), long(language, export + 2)),
            codes::OPERAND | codes::OPERAND_OFFSET | codes::OPERAND_ADDRESS => {
                let child = node.first.wrapping_add(head >> 4 & 0xfff);
                if child <= index {
                    return None;
                }
                let place = self.handle_place(child, depth + 1)?;
                if head & 0xf == codes::OPERAND_OFFSET { (SpaceId::CONST, place.1) } else { place }
            }
            codes::START => (self.language.default_space(), self.address),
            codes::NEXT => (self.language.default_space(), self.next),
            codes::NEXT2 => (self.language.default_space(), self.next2),
            _ => return None,
        };
        if kind & 0xff == codes::EXPORT_STAR && kind >> 8 & 0xff != 0 {
            let space = SpaceId((kind >> 8 & 0xff) as u16);
            let word_size = language.space(space).map_or(1, |space| u64::from(space.word_size));
            return (place.0 == SpaceId::CONST).then(|| (space, place.1.wrapping_mul(word_size)));
        }
        Some(place)
    }
}

fn long(language: &Language, at: u32) -> u64 {
    u64::from(language.word(at)) | u64::from(language.word(at + 1)) << 32
}

/// One template varnode.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resolved {
    Varnode(Varnode),
    /// A place in memory.
    Memory(Memory),
    Label(u32),
}

impl Resolved {
    pub(crate) fn size(&self) -> u32 {
        match self {
            Self::Varnode(varnode) => varnode.size,
            Self::Memory(memory) => memory.size,
            Self::Label(_) => 0,
        }
    }
}

/// A place in memory: some bytes after an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) space: SpaceId,
    pub(crate) address: Varnode,
    pub(crate) skip: u32,
    pub(crate) size: u32,
}

pub(crate) struct Run<'a> {
    pub(crate) decoder: &'a Decoder,
    pub(crate) language: &'a Language,
    pub(crate) work: &'a mut Work,
    pub(crate) pcode: &'a mut Pcode,
    /// What `inst_next` stands for.
    pub(crate) next: u64,
    /// How many steps may still be taken.
    pub(crate) steps: u32,
}

impl Lifter {
    /// A lifter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Decoder::lift`], without allocating anything once it has lifted
    /// as long an instruction.
    ///
    /// # Errors
    /// [`LiftError`].
    pub fn lift(&mut self, decoder: &Decoder, pcode: &mut Pcode) -> Result<(), LiftError> {
        pcode.clear();
        if decoder.nodes.is_empty() {
            return Err(LiftError::NothingDecoded);
        }
        let work = &mut self.work;
        work.handles.clear();
        work.handles.resize(decoder.nodes.len(), Handle::default());
        work.bases.clear();
        work.bases.resize(decoder.nodes.len(), (0, 0));
        work.temporaries.clear();
        work.labels.clear();
        work.fixups.clear();
        work.cache.clear();
        work.unique = 0;
        let mut run =
            Run { decoder, language: &decoder.language, work, pcode, next: decoder.next, steps: MAX_STEPS };
        // Operands stand after what they are operands of.
        for index in (0..decoder.nodes.len()).rev() {
            run.prepare(index)?;
        }
        run.next = decoder.after_slot;
        run.build(0)?;
        run.resolve_labels()
    }
}

impl Run<'_> {
    pub(crate) fn word(&self, at: u32) -> u32 {
        self.language.word(at)
    }

    /// Finds what a node stands for and gives its temporaries their places.
    fn prepare(&mut self, index: usize) -> Result<(), LiftError> {
        let node = self.decoder.nodes[index];
        if node.constructor == 0 {
            self.work.handles[index] = self.leaf(index);
            return Ok(());
        }
        if self.word(node.constructor) & layout::FLAG_UNIMPLEMENTED != 0 {
            return Err(LiftError::Unimplemented);
        }
        let template = self.language.offset(node.constructor + 5);
        let counts = self.word(template);
        let (temporaries, labels) = (counts & 0xffff, counts >> 16);
        if self.work.temporaries.len() > MAX_TEMPORARIES || self.work.labels.len() > MAX_TEMPORARIES {
            return Err(LiftError::Malformed);
        }
        self.work.bases[index] = (self.work.temporaries.len() as u32, self.work.labels.len() as u32);
        for number in 0..temporaries {
            let size = self.size(self.word(template + 1 + number), index);
            let varnode = Varnode { space: SpaceId::UNIQUE, size, offset: self.work.unique };
            self.work.unique += u64::from(size.max(1)).next_multiple_of(8);
            self.work.temporaries.push(varnode);
        }
        let all = self.work.labels.len() + labels as usize;
        self.work.labels.resize(all, u32::MAX);
        let export = template + 1 + temporaries;
        let head = self.word(export);
        self.work.handles[index] = match head & 0xff {
            codes::EXPORT_VALUE => match self.varnode(export + 1, index)?.0 {
                Resolved::Varnode(varnode) => {
                    // A value keeps having no size.
                    Handle { varnode, pointer: None }
                }
                Resolved::Memory(it) if it.skip == 0 => memory(it.space, it.address, it.size),
                _ => return Err(LiftError::Malformed),
            },
            codes::EXPORT_STAR => {
                let (space, size) = (SpaceId((head >> 8 & 0xff) as u16), head >> 16);
                let pointer = match self.varnode(export + 1, index)?.0 {
                    Resolved::Varnode(varnode) => varnode,
                    // A pointer that lies in memory is loaded when it is used.
                    Resolved::Memory(it) if it.skip == 0 && it.address.is_constant() => {
                        let (_, word_size) = self.address_form(it.space);
                        let offset = it.address.offset.wrapping_mul(word_size);
                        Varnode { space: it.space, size: it.size, offset }
                    }
                    _ => return Err(LiftError::Malformed),
                };
                if space == SpaceId::CONST {
                    Handle { varnode: Varnode { size, ..pointer }, pointer: None }
                } else {
                    memory(space, pointer, size)
                }
            }
            _ => Handle::default(),
        };
        Ok(())
    }

    fn leaf(&self, index: usize) -> Handle {
        let node = self.decoder.nodes[index];
        let kind = self.word(node.operand) & 0xff;
        let number = match kind {
            layout::operand::REGISTER => Some(i64::from(self.word(node.operand + 1))),
            layout::operand::VARIABLES => self
                .decoder
                .field(self.language, node.operand, node.offset)
                .and_then(|raw| self.decoder.attached(self.language, node.operand, raw)),
            _ => None,
        };
        let register = number.and_then(|number| self.language.registers.get(number as usize));
        let varnode = match register {
            Some(register) => register.varnode(),
            None => Varnode::constant(self.decoder.node_value(index) as u64, 0),
        };
        Handle { varnode, pointer: None }
    }

    fn size(&self, encoded: u32, node: usize) -> u32 {
        if encoded & codes::SIZE_OF_OPERAND == 0 {
            return encoded;
        }
        let child = self.decoder.nodes[node].first + (encoded & !codes::SIZE_OF_OPERAND);
        self.work.handles.get(child as usize).map_or(0, |handle| handle.varnode.size)
    }

    /// Reads a template varnode; where the next word is.
    pub(crate) fn varnode(&self, at: u32, node: usize) -> Result<(Resolved, u32), LiftError> {
        let head = self.word(at);
        let number = head >> 4 & 0xfff;
        let size = self.size(head >> 16, node);
        let handle = || -> Result<Handle, LiftError> {
            let child = self.decoder.nodes[node].first + number;
            self.work.handles.get(child as usize).copied().ok_or(LiftError::Malformed)
        };
        let constant = |value| Resolved::Varnode(Varnode::constant(value, size));
        Ok(match head & 0xf {
            codes::CONSTANT => (constant(long(self.language, at + 1)), at + 3),
            codes::FIXED => {
                let space = SpaceId(number as u16);
                let varnode = Varnode { space, size, offset: long(self.language, at + 1) };
                (self.place(varnode), at + 3)
            }
            codes::TEMPORARY => {
                let index = self.work.bases[node].0 + number;
                let varnode = self.work.temporaries.get(index as usize).ok_or(LiftError::Malformed)?;
                (Resolved::Varnode(*varnode), at + 1)
            }
            codes::OPERAND => {
                let Handle { mut varnode, pointer } = handle()?;
                let resolved = match pointer {
                    Some(address) => Resolved::Memory(Memory {
                        space: varnode.space,
                        address,
                        skip: 0,
                        size: varnode.size,
                    }),
                    None => {
                        // A value has the size of what it meets.
                        if varnode.is_constant() && size != 0 {
                            varnode.size = size;
                        }
                        self.place(varnode)
                    }
                };
                (resolved, at + 1)
            }
            codes::OPERAND_SLICE => {
                let Handle { varnode, pointer } = handle()?;
                let skip = self.word(at + 1);
                let resolved = match pointer {
                    Some(pointer) => Resolved::Memory(self.memory_slice(varnode, pointer, skip, size)),
                    None => self.place(self.slice(varnode, skip, size)),
                };
                (resolved, at + 2)
            }
            codes::OPERAND_OFFSET => {
                let Handle { varnode, pointer } = handle()?;
                let resolved = match pointer {
                    // The address of what is in memory, in bytes.
                    Some(pointer) if pointer.is_constant() => {
                        let (_, word_size) = self.address_form(varnode.space);
                        constant(pointer.offset.wrapping_mul(word_size))
                    }
                    Some(pointer) => self.place(pointer),
                    None => constant(self.original(varnode).offset),
                };
                (resolved, at + 1)
            }
            codes::OPERAND_ADDRESS => {
                let Handle { varnode, pointer } = handle()?;
                let resolved = match pointer {
                    Some(pointer) if !pointer.is_constant() => self.place(pointer),
                    Some(pointer) => {
                        let (_, word_size) = self.address_form(varnode.space);
                        self.code(varnode.space, pointer.offset.wrapping_mul(word_size))
                    }
                    None if varnode.is_constant() => {
                        let bytes = varnode.offset.wrapping_mul(self.decoder.word_size);
                        self.code(self.language.default_space(), bytes)
                    }
                    None => self.code(self.language.default_space(), varnode.offset),
                };
                (resolved, at + 1)
            }
            codes::START => (constant(self.decoder.address), at + 1),
            codes::NEXT => (constant(self.next), at + 1),
            codes::NEXT2 => (constant(self.decoder.next2), at + 1),
            codes::LABEL_PLACE => (Resolved::Label(self.work.bases[node].1 + number), at + 1),
            _ => return Err(LiftError::Malformed),
        })
    }

    /// The register that a temporary is a copy of, whose address is the one
    /// that is meant.
    fn original(&self, varnode: Varnode) -> Varnode {
        if varnode.space != SpaceId::UNIQUE {
            return varnode;
        }
        let made = self.pcode.ops().iter().rev().find(|op| op.output == Some(varnode));
        match made {
            Some(op) if op.code == OpCode::Copy => self.pcode.inputs(op).first().copied().unwrap_or(varnode),
            _ => varnode,
        }
    }

    /// A place in code, by its address in bytes.
    pub(crate) fn code(&self, space: SpaceId, address: u64) -> Resolved {
        let (size, _) = self.address_form(space);
        // Past the last address comes the first one.
        let end = self.language.space(space).and_then(Space::end);
        let offset = end.map_or(address, |end| address % end);
        Resolved::Varnode(Varnode { space, size, offset })
    }

    /// The size of addresses of a space, and how many bytes one stands for.
    pub(crate) fn address_form(&self, space: SpaceId) -> (u32, u64) {
        let space = self.language.space(space);
        space.map_or((8, 1), |space| (space.address_size.min(8), u64::from(space.word_size.max(1))))
    }

    /// Where a varnode is: in memory if its space is one of memory.
    pub(crate) fn place(&self, varnode: Varnode) -> Resolved {
        let in_memory =
            varnode.space.0 > 1 && self.language.space(varnode.space).is_some_and(|space| !space.is_register);
        if in_memory {
            let (size, word_size) = self.address_form(varnode.space);
            let address = Varnode::constant(varnode.offset / word_size, size);
            Resolved::Memory(Memory { space: varnode.space, address, skip: 0, size: varnode.size })
        } else {
            Resolved::Varnode(varnode)
        }
    }

    /// Some bytes of a varnode, counted from the lowest.
    fn slice(&self, varnode: Varnode, skip: u32, size: u32) -> Varnode {
        if varnode.is_constant() {
            let value = if skip >= 8 { 0 } else { varnode.offset >> (8 * skip) };
            return Varnode::constant(value, size);
        }
        // Temporaries are always kept lowest byte first.
        let skip = if self.language.big_endian && varnode.space != SpaceId::UNIQUE {
            varnode.size.saturating_sub(skip.saturating_add(size))
        } else {
            skip
        };
        Varnode { size, offset: varnode.offset.wrapping_add(skip.into()), ..varnode }
    }

    fn memory_slice(&self, varnode: Varnode, address: Varnode, skip: u32, size: u32) -> Memory {
        let skip = if self.language.big_endian {
            varnode.size.saturating_sub(skip.saturating_add(size))
        } else {
            skip
        };
        Memory { space: varnode.space, address, skip, size }
    }
}

/// Drops the bits of a constant that its size has no room for.
pub(crate) fn fitting(varnode: Varnode) -> Varnode {
    if varnode.is_constant() && (1..8).contains(&varnode.size) {
        return Varnode { offset: varnode.offset & ((1 << (8 * varnode.size)) - 1), ..varnode };
    }
    varnode
}

fn memory(space: SpaceId, pointer: Varnode, size: u32) -> Handle {
    Handle { varnode: Varnode { space, size, offset: 0 }, pointer: Some(pointer) }
}
