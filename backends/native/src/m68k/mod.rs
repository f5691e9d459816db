//! What the engine executes itself of the 68000 family: its addressing modes
//! and the coprocessor for floating point.

pub(crate) mod address;
mod arithmetic;
mod constants;
mod decimal;
pub(crate) mod float;
mod functions;

/// User operations of the specification that only the coprocessor's
/// instructions have, which `float` executes.
pub(crate) const SUPERSEDED: &[&str] = &[
    "acos", "asin", "atan", "cos", "cosh", "fetox", "fetoxm1", "fgetexp", "fgetman", "fint", "flog10",
    "flog2", "flogn", "flognp1", "fmod", "fmovem", "frem", "fscale", "fsgldiv", "ftentox", "ftwotox",
    "kfactor", "sin", "sinh", "tan", "tanh",
];
