//! [`Op`]: operations as the interpreter executes them.

/// What an operation does. The number in a name is the size of its operands
/// in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    Copy1,
    Copy2,
    Copy4,
    Copy8,
    Add1,
    Add2,
    Add4,
    Add8,
    Sub1,
    Sub2,
    Sub4,
    Sub8,
    And1,
    And2,
    And4,
    And8,
    Or1,
    Or2,
    Or4,
    Or8,
    Xor1,
    Xor2,
    Xor4,
    Xor8,
    Mult1,
    Mult2,
    Mult4,
    Mult8,
    Left1,
    Left2,
    Left4,
    Left8,
    Right1,
    Right2,
    Right4,
    Right8,
    SRight1,
    SRight2,
    SRight4,
    SRight8,
    Neg1,
    Neg2,
    Neg4,
    Neg8,
    Not1,
    Not2,
    Not4,
    Not8,
    Equal1,
    Equal2,
    Equal4,
    Equal8,
    NotEqual1,
    NotEqual2,
    NotEqual4,
    NotEqual8,
    Less1,
    Less2,
    Less4,
    Less8,
    LessEqual1,
    LessEqual2,
    LessEqual4,
    LessEqual8,
    SLess1,
    SLess2,
    SLess4,
    SLess8,
    SLessEqual1,
    SLessEqual2,
    SLessEqual4,
    SLessEqual8,
    Carry1,
    Carry2,
    Carry4,
    Carry8,
    SCarry1,
    SCarry2,
    SCarry4,
    SCarry8,
    SBorrow1,
    SBorrow2,
    SBorrow4,
    SBorrow8,
    PopCount1,
    PopCount2,
    PopCount4,
    PopCount8,
    Load1,
    Load2,
    Load4,
    Load8,
    Store1,
    Store2,
    Store4,
    Store8,
    ZExt1To2,
    SExt1To2,
    ZExt1To4,
    SExt1To4,
    ZExt1To8,
    SExt1To8,
    ZExt2To4,
    SExt2To4,
    ZExt2To8,
    SExt2To8,
    ZExt4To8,
    SExt4To8,
    BoolNot,
    BoolAnd,
    BoolOr,
    BoolXor,
    Parity,
    Copy4To8,
    Add4To8,
    Sub4To8,
    And4To8,
    Or4To8,
    Xor4To8,
    Mult4To8,
    Left4To8,
    Right4To8,
    SRight4To8,
    Neg4To8,
    Not4To8,
    Load4To8,
    Jump,
    JumpIf,
    Restart,
    RestartIf,
    Exit,
    ExitIf,
    ExitIndirect,
    Wide,
    User,
    /// An address that has to be aligned: see [`Op::aligned`].
    Aligned,
    Native,
    Save,
    InstructionHook,
    BlockHook,
    FunctionHook,
}

/// One operation: places in the register file, and a number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op {
    pub(crate) code: Code,
    /// Of shifts, the binary logarithm of the size of the amount.
    pub(crate) size: u8,
    pub(crate) out: u16,
    pub(crate) a: u16,
    pub(crate) b: u16,
    /// The operation to go to, the number of a wide or user operation, …
    pub(crate) number: u32,
}

impl Op {
    pub(crate) const fn new(code: Code, out: usize, a: usize, b: usize) -> Self {
        Self { code, size: 0, out: out as u16, a: a as u16, b: b as u16, number: 0 }
    }

    /// The check of an address that has to be a multiple of some bytes, a power
    /// of two, and which is then loaded from or stored to.
    pub(crate) const fn aligned(pointer: usize, size: u8, bytes: u8, stores: bool) -> Self {
        let number = (bytes as u32) << 1 | stores as u32;
        Self { code: Code::Aligned, size, out: 0, a: pointer as u16, b: 0, number }
    }

    pub(crate) const fn numbered(code: Code, number: u32) -> Self {
        Self { code, size: 0, out: 0, a: 0, b: 0, number }
    }
}

/// Codes that come in all four sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sized4(pub(crate) [Code; 4]);

impl Sized4 {
    /// The code for operands of `bytes` bytes.
    pub(crate) const fn of(self, bytes: u32) -> Option<Code> {
        match bytes {
            1 => Some(self.0[0]),
            2 => Some(self.0[1]),
            4 => Some(self.0[2]),
            8 => Some(self.0[3]),
            _ => None,
        }
    }
}

pub(crate) const COPY: Sized4 = Sized4([Code::Copy1, Code::Copy2, Code::Copy4, Code::Copy8]);
pub(crate) const ADD: Sized4 = Sized4([Code::Add1, Code::Add2, Code::Add4, Code::Add8]);
pub(crate) const SUB: Sized4 = Sized4([Code::Sub1, Code::Sub2, Code::Sub4, Code::Sub8]);
pub(crate) const AND: Sized4 = Sized4([Code::And1, Code::And2, Code::And4, Code::And8]);
pub(crate) const OR: Sized4 = Sized4([Code::Or1, Code::Or2, Code::Or4, Code::Or8]);
pub(crate) const XOR: Sized4 = Sized4([Code::Xor1, Code::Xor2, Code::Xor4, Code::Xor8]);
pub(crate) const MULT: Sized4 = Sized4([Code::Mult1, Code::Mult2, Code::Mult4, Code::Mult8]);
pub(crate) const LEFT: Sized4 = Sized4([Code::Left1, Code::Left2, Code::Left4, Code::Left8]);
pub(crate) const RIGHT: Sized4 = Sized4([Code::Right1, Code::Right2, Code::Right4, Code::Right8]);
pub(crate) const SRIGHT: Sized4 = Sized4([Code::SRight1, Code::SRight2, Code::SRight4, Code::SRight8]);
pub(crate) const NEG: Sized4 = Sized4([Code::Neg1, Code::Neg2, Code::Neg4, Code::Neg8]);
pub(crate) const NOT: Sized4 = Sized4([Code::Not1, Code::Not2, Code::Not4, Code::Not8]);
pub(crate) const EQUAL: Sized4 = Sized4([Code::Equal1, Code::Equal2, Code::Equal4, Code::Equal8]);
pub(crate) const NOT_EQUAL: Sized4 =
    Sized4([Code::NotEqual1, Code::NotEqual2, Code::NotEqual4, Code::NotEqual8]);
pub(crate) const LESS: Sized4 = Sized4([Code::Less1, Code::Less2, Code::Less4, Code::Less8]);
pub(crate) const LESS_EQUAL: Sized4 =
    Sized4([Code::LessEqual1, Code::LessEqual2, Code::LessEqual4, Code::LessEqual8]);
pub(crate) const SLESS: Sized4 = Sized4([Code::SLess1, Code::SLess2, Code::SLess4, Code::SLess8]);
pub(crate) const SLESS_EQUAL: Sized4 =
    Sized4([Code::SLessEqual1, Code::SLessEqual2, Code::SLessEqual4, Code::SLessEqual8]);
pub(crate) const CARRY: Sized4 = Sized4([Code::Carry1, Code::Carry2, Code::Carry4, Code::Carry8]);
pub(crate) const SCARRY: Sized4 = Sized4([Code::SCarry1, Code::SCarry2, Code::SCarry4, Code::SCarry8]);
pub(crate) const SBORROW: Sized4 = Sized4([Code::SBorrow1, Code::SBorrow2, Code::SBorrow4, Code::SBorrow8]);
pub(crate) const POPCOUNT: Sized4 =
    Sized4([Code::PopCount1, Code::PopCount2, Code::PopCount4, Code::PopCount8]);
pub(crate) const LOAD: Sized4 = Sized4([Code::Load1, Code::Load2, Code::Load4, Code::Load8]);
pub(crate) const STORE: Sized4 = Sized4([Code::Store1, Code::Store2, Code::Store4, Code::Store8]);

/// Zero and sign extensions, by the sizes of input and output.
pub(crate) const EXTENSIONS: &[(u32, u32, Code, Code)] = &[
    (1, 2, Code::ZExt1To2, Code::SExt1To2),
    (1, 4, Code::ZExt1To4, Code::SExt1To4),
    (1, 8, Code::ZExt1To8, Code::SExt1To8),
    (2, 4, Code::ZExt2To4, Code::SExt2To4),
    (2, 8, Code::ZExt2To8, Code::SExt2To8),
    (4, 8, Code::ZExt4To8, Code::SExt4To8),
];

/// The sizes of the input and output of an extension; `None` for other codes.
pub(crate) fn extension_sizes(code: Code) -> Option<(u8, u8)> {
    EXTENSIONS
        .iter()
        .find(|(_, _, zero, sign)| *zero == code || *sign == code)
        .map(|(from, to, ..)| (*from as u8, *to as u8))
}

/// Operations on four bytes, and the same with zeros written above them.
pub(crate) const EXTENDED: &[(Code, Code)] = &[
    (Code::Copy4, Code::Copy4To8),
    (Code::Add4, Code::Add4To8),
    (Code::Sub4, Code::Sub4To8),
    (Code::And4, Code::And4To8),
    (Code::Or4, Code::Or4To8),
    (Code::Xor4, Code::Xor4To8),
    (Code::Mult4, Code::Mult4To8),
    (Code::Left4, Code::Left4To8),
    (Code::Right4, Code::Right4To8),
    (Code::SRight4, Code::SRight4To8),
    (Code::Neg4, Code::Neg4To8),
    (Code::Not4, Code::Not4To8),
    (Code::Load4, Code::Load4To8),
];

/// The operation on four bytes that an extended one is.
pub(crate) fn narrow(code: Code) -> Option<Code> {
    EXTENDED.iter().find(|(_, wide)| *wide == code).map(|(narrow, _)| *narrow)
}
