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

/// A shortfall of the Unicorn backend.
const fn known(platform: &'static str, case: &'static str, reason: &'static str) -> Shortfall {
    Shortfall { backend: "unicorn", platform, case, reason, not_run: false }
}

const TRICORE_0: &str =
    "an illegal instruction is a trap, and without context save areas the trap is another one";
const S390X: &str = "Unicorn checks the last word of a load of many words before those between";
const PPC: &str = "a store of many words goes on after the fault to the end of its block";

/// All of them. A case that is listed here must fail: if it passes, the suite
/// fails and asks for the entry to be removed.
pub const SHORTFALLS: &[Shortfall] = &[
    known("tricore", "4.5 an invalid instruction, with its bytes", TRICORE_0),
    known("tricore", "4.5 an invalid instruction at the end of memory", TRICORE_0),
    known("tricore", "6.8 an invalid instruction is handled", TRICORE_0),
    known("tricore", "6.8 an invalid instruction that is not handled is an error", TRICORE_0),
    known("s390x", "4.5 a load of many words that ends in unmapped memory", S390X),
    known("s390x", "6.6 the accesses of a load of many words, in order", S390X),
    known("ppc", "4.5 a store of many words that ends in unmapped memory", PPC),
    known("ppc64", "4.5 a store of many words that ends in unmapped memory", PPC),
];

/// The shortfall that a case is known for.
#[must_use]
pub fn shortfall(backend: &Backend, platform: Platform, case: &Case) -> Option<&'static Shortfall> {
    SHORTFALLS.iter().find(|known| {
        known.backend == backend.name
            && (known.platform == "*" || known.platform == platform.name())
            && known.case.strip_prefix(case.line).and_then(|rest| rest.strip_prefix(' ')) == Some(case.name)
    })
}
