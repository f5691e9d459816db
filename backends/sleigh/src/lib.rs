//! SLEIGH processor specifications: from their text to a decoder, a printer
//! and p-code. Nothing is executed here.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod accesses;
mod compile;
mod decode;
mod emit;
mod error;
mod flow;
mod language;
mod layout;
mod lift;
mod patterns;
mod pcode;
mod print;
mod processor;
mod spec;
mod specification;
mod stored;

pub use accesses::{Accesses, Operand, OperandKind};
pub use decode::{ContextCommit, DecodeError, Decoder};
pub use error::{Error, Place, Result};
pub use flow::{Flow, FlowKind};
pub use language::{Context, ContextField, Language, Register, Space};
pub use lift::{LiftError, Lifter};
pub use patterns::Pattern;
pub use pcode::{OpCode, Pcode, PcodeOp, SpaceId, Varnode};
pub use processor::{Processor, TextEdit};
pub use specification::{compile, compile_from};
