//! Known shortfalls: what a backend cannot do, and why.

use terrella_emulator_api::Platform;

use crate::{Backend, Case};

/// A promise that a backend is known to break on a platform.
#[derive(Debug, Clone, Copy)]
pub struct Shortfall {
    /// The backend.
    pub backend: &'static str,
    /// The name of the platform; `*` for all.
    pub platform: &'static str,
    /// The line of the contract and the name of the case: `4.3 …`.
    pub case: &'static str,
    /// Why it cannot be done.
    pub reason: &'static str,
    /// The case would end the process or never end, so it is not run: it is
    /// reported as ignored.
    pub not_run: bool,
}

/// All of them. A case that is listed here must fail: if it passes, the suite
/// fails and asks for the entry to be removed.
pub const SHORTFALLS: &[Shortfall] = &[];

/// The shortfall that a case is known for.
#[must_use]
pub fn shortfall(backend: &Backend, platform: Platform, case: &Case) -> Option<&'static Shortfall> {
    SHORTFALLS.iter().find(|known| {
        known.backend == backend.name
            && (known.platform == "*" || known.platform == platform.name())
            && known.case.strip_prefix(case.line).and_then(|rest| rest.strip_prefix(' ')) == Some(case.name)
    })
}
