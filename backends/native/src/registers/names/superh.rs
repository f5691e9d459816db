//! SuperH: the status registers are kept in parts, and put together when
//! `stc` or `sts` reads them.

use super::{Family, NONE, field, flag};

pub(super) const FAMILY: Family = Family {
    composites: &[
        (
            "sr",
            &[
                flag("T", 0),
                flag("S", 1),
                field("IMASK", 4, 4),
                flag("Q", 8),
                flag("M", 9),
                flag("FD", 15),
                flag("BL", 28),
                flag("RB", 29),
                flag("MD", 30),
            ],
        ),
        (
            "fpscr",
            &[
                field("FPSCR_RM", 0, 2),
                field("FPSCR_FLAG", 2, 5),
                field("FPSCR_ENABLE", 7, 5),
                field("FPSCR_CAUSE", 12, 6),
                flag("FPSCR_DN", 18),
                flag("FPSCR_PR", 19),
                flag("FPSCR_SZ", 20),
                flag("FPSCR_FR", 21),
            ],
        ),
    ],
    ..NONE
};
