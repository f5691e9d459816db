//! The syntax tree of a specification: names are not resolved yet.

use super::source::Position;

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: Position,
}

/// A whole specification, in the order of its text.
#[derive(Debug, Default)]
pub(crate) struct Specification {
    pub(crate) big_endian: bool,
    pub(crate) alignment: u64,
    pub(crate) spaces: Vec<SpaceSyntax>,
    pub(crate) varnodes: Vec<VarnodeSyntax>,
    pub(crate) bit_ranges: Vec<BitRangeSyntax>,
    pub(crate) tokens: Vec<TokenSyntax>,
    pub(crate) contexts: Vec<ContextSyntax>,
    pub(crate) user_ops: Vec<Name>,
    pub(crate) attachments: Vec<AttachSyntax>,
    pub(crate) macros: Vec<MacroSyntax>,
    pub(crate) constructors: Vec<ConstructorSyntax>,
}

#[derive(Debug)]
pub(crate) struct SpaceSyntax {
    pub(crate) name: Name,
    pub(crate) is_register: bool,
    pub(crate) size: u64,
    pub(crate) word_size: u64,
    pub(crate) is_default: bool,
}

/// `define register offset=… size=… [ … ]`.
#[derive(Debug)]
pub(crate) struct VarnodeSyntax {
    pub(crate) space: Name,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// `_` for a gap.
    pub(crate) names: Vec<Name>,
}

#[derive(Debug)]
pub(crate) struct BitRangeSyntax {
    pub(crate) name: Name,
    pub(crate) varnode: Name,
    pub(crate) low: u64,
    pub(crate) bits: u64,
}

#[derive(Debug)]
pub(crate) struct TokenSyntax {
    pub(crate) name: Name,
    pub(crate) bits: u64,
    pub(crate) big_endian: Option<bool>,
    pub(crate) fields: Vec<FieldSyntax>,
}

#[derive(Debug)]
pub(crate) struct ContextSyntax {
    pub(crate) varnode: Name,
    pub(crate) fields: Vec<FieldSyntax>,
}

#[derive(Debug)]
pub(crate) struct FieldSyntax {
    pub(crate) name: Name,
    pub(crate) low: u64,
    pub(crate) high: u64,
    pub(crate) signed: bool,
    pub(crate) no_flow: bool,
}

#[derive(Debug)]
pub(crate) struct AttachSyntax {
    pub(crate) fields: Vec<Name>,
    pub(crate) list: AttachList,
}

#[derive(Debug)]
pub(crate) enum AttachList {
    Variables(Vec<Option<Name>>),
    Names(Vec<Option<String>>),
    Values(Vec<Option<i64>>),
}

#[derive(Debug)]
pub(crate) struct MacroSyntax {
    pub(crate) name: Name,
    pub(crate) parameters: Vec<Name>,
    pub(crate) body: Vec<Statement>,
}

#[derive(Debug)]
pub(crate) struct ConstructorSyntax {
    /// `None` for the root table.
    pub(crate) table: Option<Name>,
    pub(crate) at: Position,
    pub(crate) display: Vec<Display>,
    pub(crate) pattern: Pattern,
    pub(crate) actions: Vec<Action>,
    /// `None` for `unimpl`.
    pub(crate) body: Option<Vec<Statement>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Display {
    Text(String),
    Operand(Name),
}

#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    /// Matches always (`epsilon`, or nothing given).
    Always,
    And(Box<Pattern>, Box<Pattern>),
    Or(Box<Pattern>, Box<Pattern>),
    Then(Box<Pattern>, Box<Pattern>),
    /// `… ...`
    RightEllipsis(Box<Pattern>),
    /// `... …`
    LeftEllipsis(Box<Pattern>),
    Symbol(Name),
    Constraint(Name, Comparison, Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// An expression of patterns and disassembly actions.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Integer(u64),
    Symbol(Name),
    Unary(UnaryOperator, Box<Expression>),
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOperator {
    Negate,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// A context field, an operand or a new local gets a value.
    Assign(Name, Expression),
    /// `globalset(address, field)`.
    Commit(Name, Name),
}

#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) at: Position,
    pub(crate) kind: StatementKind,
}

#[derive(Debug, Clone)]
pub(crate) enum StatementKind {
    /// `[local] name[:size] = value`.
    Assign {
        target: Name,
        local: bool,
        size: Option<u64>,
        value: Value,
    },
    /// `local name[:size]`.
    Declare(Name, Option<u64>),
    /// `name[low,bits] = value`.
    AssignBits {
        target: Name,
        low: u64,
        bits: u64,
        value: Value,
    },
    /// `*[space]:size pointer = value`.
    Store {
        star: Star,
        pointer: Value,
        value: Value,
    },
    /// A macro or a user operation.
    Call(Name, Vec<Value>),
    Build(Name),
    DelaySlot(u64),
    Goto(Target),
    If(Value, Target),
    CallTo(Target),
    Return(Value),
    Label(Name),
    Export(ExportSyntax),
}

#[derive(Debug, Clone)]
pub(crate) enum ExportSyntax {
    Value(Value),
    Star(Star, Value),
}

/// `*[space]:size`.
#[derive(Debug, Clone)]
pub(crate) struct Star {
    pub(crate) space: Option<Name>,
    pub(crate) size: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A name of an operand or of `inst_start` and its like.
    Symbol(Name),
    Label(Name),
    Address(u64, Option<Name>),
    Indirect(Value),
}

/// An expression of a semantic section.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) at: Position,
    pub(crate) kind: ValueKind,
}

#[derive(Debug, Clone)]
pub(crate) enum ValueKind {
    Integer(u64, Option<u64>),
    Symbol(Name),
    /// `name:size`.
    Truncate(Name, u64),
    /// `name[low,bits]`.
    Bits(Name, u64, u64),
    /// `&[:size] name`.
    AddressOf(Option<u64>, Name),
    Load(Star, Box<Value>),
    Unary(&'static str, Box<Value>),
    Binary(&'static str, Box<Value>, Box<Value>),
    /// A built-in function, a user operation, or `name(offset)`.
    Call(Name, Vec<Value>),
}
