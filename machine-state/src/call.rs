//! Calling guest functions: placing arguments, running to the return, reading
//! the result.
//!
//! [`Machine::call`](crate::Machine::call) does all of it. For many calls
//! on one emulator, a [`Caller`] does not apply the machine again; and
//! [`place_call`] and [`read_result`] work without any machine.

mod caller;
mod float;
mod model;
mod placement;
mod transfer;
mod value;

pub use caller::{CallResult, CallSetup, Caller, PlacedCall, Target, call_on, place_call, return_address};
pub(crate) use caller::{callee_pops, convention, entry_of};
pub use float::{long_double_bits, long_double_value};
pub use model::Call;
pub use placement::{Encoding, Location, Piece, Placer};
pub use transfer::{read_argument, read_result, write_result};
pub use value::{ArgumentValue, Parameter, Return, ReturnValue};
