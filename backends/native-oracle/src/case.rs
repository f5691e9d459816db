//! [`Case`]: an instruction with the state of the machine before it.

/// Where the instruction is.
pub const CODE: u64 = 0x1000_0000;
/// How much is mapped there, in bytes.
pub(crate) const CODE_SIZE: usize = 0x2000;
/// Where the data page is.
pub const DATA: u64 = 0x2000_0000;
/// The size of the data page.
pub const DATA_SIZE: usize = 4096;

/// What can be compared of a machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15.
    pub general: [u64; 16],
    /// RFLAGS.
    pub flags: u64,
    /// RIP after the instruction, or of it.
    pub pc: u64,
    /// YMM0 to YMM15.
    pub vectors: [[u8; 32]; 16],
    /// MXCSR.
    pub mxcsr: u32,
    /// ST0 to ST7.
    pub stack: [[u8; 10]; 8],
    /// The x87 control word.
    pub control: u16,
    /// The x87 status word.
    pub status: u16,
    /// The x87 tag word, one bit for each physical register that is not empty.
    pub tags: u8,
    /// The data page.
    pub data: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the engine said of a fault.
    pub message: String,
}

/// How an instruction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It executed.
    Done,
    /// An access to memory failed.
    Memory,
    /// A breakpoint: what a jump went to.
    Trap,
    /// An invalid instruction.
    Invalid,
    /// A division error, or a floating-point exception.
    Arithmetic,
    /// It took too long.
    Timeout,
    /// The engine lacks something.
    Missing,
}

impl Machine {
    /// Makes what cannot be told apart the same.
    pub fn unify(&mut self, real: &Self) {
        // A jump out of the page is a fault at its target on the host.
        if self.outcome == Outcome::Memory && real.outcome == Outcome::Trap {
            self.outcome = Outcome::Trap;
        }
    }
}

/// An instruction with the state of the machine before it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The instruction.
    pub bytes: Vec<u8>,
    /// The size of its code: 64, 32 or 16.
    pub bits: u32,
    /// The state before it.
    pub before: Machine,
}
