//! MIPS: caches, the breakpoint of a debugger, and what of coprocessors and
//! threads is not there (MIPS Architecture For Programmers, volume II-A, CACHE,
//! CACHEE, SDBBP, CFC1, CTC1, MTHC0, DVP, EVP; appendix A).

use super::{Handler, Table};
use crate::halt::Halt;

const INVALID: Handler = Handler::trap(|_, _| Err(Halt::Invalid));

/// The number of SDBBP: exception codes, which have five bits, end before it.
const DEBUG_BREAKPOINT: u64 = 32;

pub(super) const TABLE: Table = &[
    // The caches are none that one could see.
    ("cacheOp", Handler::nothing()),
    ("signalDebugBreakpointException", Handler::trap(|_, _| Err(Halt::Interrupt(DEBUG_BREAKPOINT)))),
    // Functions of SPECIAL2 that there are not.
    ("special2", INVALID),
    // Control registers of floating point that there are not, and upper halves of
    // coprocessor 0, which it has not (Config5.MVH).
    ("getCopControlWord", INVALID),
    ("setCopControlWord", INVALID),
    ("setCopReg", INVALID),
];

/// Coprocessors other than 0 and 1, upper halves, and the threads of another
/// release.
pub(super) const MICRO: Table = &[
    ("getCopReg", INVALID),
    ("getCopRegH", INVALID),
    ("setCopRegH", INVALID),
    ("disableProcessor", INVALID),
    ("enableProcessor", INVALID),
];

/// Without virtual processors, these do nothing (Config5.VP).
pub(super) const RELEASE_6: Table =
    &[("disableProcessor", Handler::nothing()), ("enableProcessor", Handler::nothing())];
