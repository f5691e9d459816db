//! What the engine executes itself of the 68000 family: its addressing modes
//! and the coprocessor for floating point.

pub(crate) mod address;
mod arithmetic;
mod constants;
mod decimal;
pub(crate) mod float;
mod functions;
