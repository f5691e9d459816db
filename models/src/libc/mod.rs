//! The C library: models of its functions, one for all processors.
//!
//! A model is a Rust function with typed arguments; where they stand is told by
//! the calling convention of the program. All models of a machine share one
//! state: files, streams, heap, clock, environment and signals belong to the
//! machine, and are saved, loaded and restored with it. Behind the functions of
//! POSIX is the same kernel as behind the system calls of [`linux`](crate::linux).
//!
//! ```no_run
//! use terrella_machine_state::{Emulator, Machine, Return};
//! use terrella_models::libc::{LIBC, Libc, LinkModels};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut emulator: Box<dyn Emulator> = unimplemented!();
//! let loaded = terrella_loaders::load_file("library.so", &Default::default())?;
//! let library = loaded.executables[0].clone();
//! let mut machine = loaded.into_machine()?;
//! let report = machine.link_models(&library)?;
//! println!("nothing answers {:?}", report.unmodelled);
//! machine.call(&mut *emulator, "greet", &["world".into()], Return::Void)?;
//! machine.extract(&mut *emulator)?;
//! println!("{}", String::from_utf8_lossy(machine.get::<Libc>(LIBC)?.output()));
//! # Ok(())
//! # }
//! ```

mod aliases;
mod catalogue;
mod complex;
mod context;
mod contexts;
mod ctype;
mod ending;
mod environment;
mod error;
mod errors;
mod exact;
mod fenv;
mod fortified;
mod gnu;
mod item;
mod jumps;
mod layouts;
mod link;
mod link_variables;
mod locale;
mod long;
mod math;
mod monetary;
mod multibyte;
mod nested;
mod numbers;
mod pairs;
mod posix;
mod processes;
mod program;
mod quad;
mod queued_signals;
mod random;
mod real;
mod regex;
mod runtime;
mod saved;
mod signals;
mod soft_float;
mod sort;
mod state;
mod stdio;
mod stdlib;
mod string;
mod structures;
mod threads;
mod time;
mod trace;
mod trees;
mod types;
mod variable;
mod variables;
mod wchar;
mod wctype;
mod wide;
mod wide_arithmetic;
mod wide_integers;

pub use catalogue::{ModelInfo, catalogue};
pub use error::Error;
pub use item::Libc;
pub use link::{LIBC, LibcOptions, LinkError, LinkModels, ModelReport};
pub use program::StartProgram;
pub use types::{CType, Flavour, Standard};
