//! What the GNU C library has besides the standards: vectors of texts, the
//! reentrant random numbers, tables of mounted file systems, checks of the
//! heap.

mod argz;
mod descriptions;
mod envz;
mod linux;
mod mounts;
pub(crate) mod obstack;
mod random;
mod random48;
mod strfrom;
mod system;
mod tracing;

use super::types::Header;

/// The headers of this folder.
pub(crate) const HEADERS: &[&Header] = &[
    &argz::HEADER,
    &descriptions::HEADER,
    &envz::HEADER,
    &mounts::HEADER,
    &obstack::HEADER,
    &linux::HEADER[0],
    &linux::HEADER[1],
    &linux::HEADER[2],
    &linux::HEADER[3],
    &linux::HEADER[4],
    &linux::HEADER[5],
    &linux::HEADER[6],
    &system::HEADER[0],
    &system::HEADER[1],
    &system::HEADER[2],
    &random::HEADER,
    &random48::HEADER,
    &strfrom::HEADER,
    &tracing::HEADER[0],
    &tracing::HEADER[1],
];
