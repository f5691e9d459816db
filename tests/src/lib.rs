//! The conformance suite of Terrella's emulator contract.
//!
//! A [`Case`] checks one promise of the contract. It is written once and runs
//! on every backend and every platform that has what it needs: the
//! [`Capability`](terrella_emulator_api::Capability) and the labels of the
//! assembly snippets. No case names a processor.
//!
//! The author of a backend describes it as a [`Backend`] and runs the cases:
//!
//! ```no_run
//! use terrella_conformance::{Backend, Outcome, backends, cases, run_case};
//!
//! let backend: Backend = backends()[0]; // or your own
//! for platform in (backend.platforms)() {
//!     for case in cases() {
//!         if let Outcome::Failed(failure) = run_case(&backend, platform, case) {
//!             println!("{platform}: {} {}: {failure}", case.line, case.name);
//!         }
//!     }
//! }
//! ```
#![deny(missing_docs)]

mod backend;
mod case;
pub mod cases;
mod failure;
mod fixture;
pub mod known;
mod layout;
pub mod lockstep;
pub mod matrix;
pub mod programs;
pub mod snippets;
pub mod truth;

pub use backend::{Backend, backends};
pub use case::{Case, Outcome, run_case};
pub use cases::cases;
pub use failure::Failure;
pub use fixture::{Fixture, Trace, blocks_of, fault_of, registers_of, state_of, trace_of};
pub use layout::Layout;
pub use snippets::{Argument, int, ptr};
