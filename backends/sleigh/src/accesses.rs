//! [`Accesses`]: which registers an instruction reads and writes, and what
//! operands it has.

use crate::{
    decode::Decoder,
    language::{Language, Register},
    layout,
    pcode::{OpCode, Pcode, SpaceId, Varnode},
};

/// What an instruction reads and writes, as its p-code tells it.
///
/// A user operation may read and write more than its operands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accesses {
    /// The registers, or parts of registers, whose value before the
    /// instruction may matter; none is inside another one.
    pub reads: Vec<Varnode>,
    /// Those that it may write.
    pub writes: Vec<Varnode>,
    /// Whether it loads from memory.
    pub loads: bool,
    /// Whether it stores to memory.
    pub stores: bool,
}

impl Pcode {
    /// What the instruction reads and writes.
    ///
    /// What it writes before any branch of its own, and reads then, is not
    /// read from outside. A register that is written on one path only counts
    /// as written, and what is read after that as read.
    #[must_use]
    pub fn accesses(&self, language: &Language) -> Accesses {
        let is_register = |it: &Varnode| {
            let space = language.space(it.space).filter(|_| it.space != SpaceId::UNIQUE);
            space.is_some_and(|space| space.is_register) && it.size > 0
        };
        let mut accesses = Accesses::default();
        let mut certain = true;
        for op in self.ops() {
            let inputs = self.inputs(op);
            accesses.loads |= op.code == OpCode::Load;
            accesses.stores |= op.code == OpCode::Store;
            for input in inputs.iter().filter(|it| is_register(it)) {
                if !accesses.writes.iter().any(|written| contains(written, input)) || !certain {
                    accesses.reads.push(*input);
                }
            }
            certain &= !matches!(op.code, OpCode::Branch | OpCode::CBranch);
            accesses.writes.extend(op.output.filter(|it| is_register(it)));
        }
        merge(&mut accesses.reads);
        merge(&mut accesses.writes);
        accesses
    }
}

/// Whether one varnode has all bytes of another.
fn contains(outer: &Varnode, inner: &Varnode) -> bool {
    outer.space == inner.space
        && outer.offset <= inner.offset
        && inner.offset.saturating_add(inner.size.into()) <= outer.offset.saturating_add(outer.size.into())
}

/// Sorts, and drops what is inside another one.
fn merge(varnodes: &mut Vec<Varnode>) {
    varnodes.sort_by_key(|it| (it.space.0, it.offset, std::cmp::Reverse(it.size)));
    let mut kept: Vec<Varnode> = Vec::with_capacity(varnodes.len());
    for varnode in varnodes.drain(..) {
        if !kept.iter().any(|outer| contains(outer, &varnode)) {
            kept.push(varnode);
        }
    }
    *varnodes = kept;
}

/// What an operand is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OperandKind {
    /// A register.
    Register(Register),
    /// A number: an immediate, an address.
    Number(i64),
    /// One of a list of names, such as a condition.
    Name,
    /// Made of several parts, such as a place in memory.
    Compound,
}

/// An operand of an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    /// As it is printed.
    pub text: String,
    /// What it is.
    pub kind: OperandKind,
}

impl Decoder {
    /// The operands of the last instruction as they are printed, in that
    /// order. Parts of the mnemonic, such as a condition, are none.
    #[must_use]
    pub fn operands(&self) -> Vec<Operand> {
        let nodes = self.operand_nodes();
        nodes
            .into_iter()
            .map(|node| {
                let mut text = String::new();
                self.print_part(node, &mut text);
                Operand { text, kind: self.operand_kind(node) }
            })
            .collect()
    }

    fn operand_kind(&self, mut node: usize) -> OperandKind {
        // What only passes another operand on is that operand.
        while self.nodes[node].constructor != 0 {
            match self.only_part(node) {
                Some(part) => node = part,
                None => return OperandKind::Compound,
            }
        }
        let language = self.language();
        let record = self.nodes[node].operand;
        let register = |number: u32| match language.registers().get(number as usize) {
            Some(register) => OperandKind::Register(register.clone()),
            None => OperandKind::Compound,
        };
        match language.word(record) & 0xff {
            layout::operand::REGISTER => register(language.word(record + 1)),
            layout::operand::NAMES => OperandKind::Name,
            layout::operand::VARIABLES => {
                let raw = self.field(language, record, self.nodes[node].offset).unwrap_or(0);
                register(self.attached(language, record, raw).unwrap_or(0) as u32)
            }
            _ => OperandKind::Number(self.node_value(node)),
        }
    }
}
