//! AArch64.

mod atomic;
mod crypto;
mod exclusive;
mod float;
mod float_vector;
mod integer;
mod integer_misc;
mod reserved;
mod structures;
mod system;

use super::products;
use crate::overrides::Override;

/// Instructions by their words: the first row that fits counts.
pub(crate) const OVERRIDES: &[&[Override]] = &[
    integer_misc::IMMEDIATES,
    reserved::ROWS,
    system::ROWS,
    products::A64,
    exclusive::ROWS,
    atomic::ROWS,
    structures::ROWS,
    crypto::ROWS,
    float::ROWS,
    float_vector::ROWS,
    integer::ROWS,
    integer_misc::ROWS,
];
