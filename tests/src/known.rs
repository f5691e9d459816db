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

/// One that would end the process or never end.
const fn hazard(platform: &'static str, case: &'static str, reason: &'static str) -> Shortfall {
    Shortfall { backend: "unicorn", platform, case, reason, not_run: true }
}

const SPARC: &str = "Unicorn shows no next program counter, flags or floating point of SPARC, asks twice about an access, and loses jumps through registers that are hooked in their delay slot";
const SPARC64: &str = "as on sparc; its context does not bring the windowed registers back either";
const TRICORE: &str = "a store over code that was translated never ends";
const TRICORE_0: &str =
    "an illegal instruction is a trap, and without context save areas the trap is another one";
const M68K: &str = "Unicorn shows no floating-point registers, and reading the status register between native runs loses lazily kept flags";
const S390X: &str = "Unicorn checks the last word of a load of many words before those between";
const PPC: &str = "a store of many words goes on after the fault to the end of its block";
const SPARC_0: &str = "Unicorn does not tell the address of an unaligned access";

/// All of them. A case that is listed here must fail: if it passes, the suite
/// fails and asks for the entry to be removed.
pub const SHORTFALLS: &[Shortfall] = &[
    known("sparc", "2.1 floating-point registers are those of the guest", SPARC),
    known("sparc", "2.4 flags are registers and parts of the flags word", SPARC),
    known("sparc", "4.4 bounds work in code that has run", SPARC),
    known("sparc", "4.5 an access in a delay slot", SPARC),
    known("sparc", "4.5 an unaligned access works or is a fault", SPARC),
    hazard("sparc", "7.2 a state from the middle of a function goes on to the same end", SPARC),
    hazard("sparc", "7.2 a state from inside a long loop goes on to the same end", SPARC),
    known("sparc64", "2.1 floating-point registers are those of the guest", SPARC64),
    known("sparc64", "2.4 flags are registers and parts of the flags word", SPARC64),
    known("sparc64", "4.4 bounds work in code that has run", SPARC64),
    known("sparc64", "4.5 an access in a delay slot", SPARC64),
    known("sparc64", "4.5 an unaligned access works or is a fault", SPARC64),
    hazard("sparc64", "3.3 code that the guest writes is seen by the next call", SPARC64),
    hazard("sparc64", "7.2 a state from the middle of a function goes on to the same end", SPARC64),
    hazard("sparc64", "7.2 a state from inside a long loop goes on to the same end", SPARC64),
    hazard("tricore", "3.3 code that the guest writes is seen by the next call", TRICORE),
    hazard("tricore", "7.1 code that the guest changed comes back", TRICORE),
    known("tricore", "4.5 an invalid instruction, with its bytes", TRICORE_0),
    known("tricore", "4.5 an invalid instruction at the end of memory", TRICORE_0),
    known("tricore", "6.8 an invalid instruction is handled", TRICORE_0),
    known("tricore", "6.8 an invalid instruction that is not handled is an error", TRICORE_0),
    known("m68k", "2.1 floating-point registers are those of the guest", M68K),
    known("m68k", "4.7 a run in pieces gives what the whole run gives", M68K),
    hazard("m68k", "7.1 a snapshot in the middle of a function goes on to the same end", M68K),
    hazard("m68k", "7.2 a state from the middle of a function goes on to the same end", M68K),
    known("s390x", "4.5 a load of many words that ends in unmapped memory", S390X),
    known("s390x", "6.6 the accesses of a load of many words, in order", S390X),
    known("ppc", "4.5 a store of many words that ends in unmapped memory", PPC),
    known("ppc64", "4.5 a store of many words that ends in unmapped memory", PPC),
    known("sparc", "3.1 an access across two pages ends at the byte", SPARC_0),
    known("sparc64", "3.1 an access across two pages ends at the byte", SPARC_0),
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
