//! SPARC.

use super::{Family, NONE, Name, Part, field, flag, same};

const FLOAT_STATE_32: &[Part] = &[same("fsr", 0, 10), field("fcc0", 10, 2), same("fsr", 12, 20)];

const FLOAT_STATE_64: &[Part] = &[
    same("fsr", 0, 10),
    field("fcc0", 10, 2),
    same("fsr", 12, 20),
    field("fcc1", 32, 2),
    field("fcc2", 34, 2),
    field("fcc3", 36, 2),
    same("fsr", 38, 26),
];

pub(super) const FAMILY_32: Family = Family {
    composites: &[
        (
            "psr",
            &[field("CWP", 0, 5), flag("i_cf", 20), flag("i_vf", 21), flag("i_zf", 22), flag("i_nf", 23)],
        ),
        ("fsr", FLOAT_STATE_32),
    ],
    names: NAMES,
    kept: &["wim"],
};

pub(super) const FAMILY_64: Family = Family {
    composites: &[
        (
            "ccr",
            &[
                flag("i_cf", 0),
                flag("i_vf", 1),
                flag("i_zf", 2),
                flag("i_nf", 3),
                flag("x_cf", 4),
                flag("x_vf", 5),
                flag("x_zf", 6),
                flag("x_nf", 7),
            ],
        ),
        ("fsr", FLOAT_STATE_64),
    ],
    names: NAMES,
    ..NONE
};

/// Of the registers that each trap level has, those of the first.
const NAMES: &[Name] = &[
    ("tpc", "TPC1"),
    ("tnpc", "TNPC1"),
    ("tstate", "TSTATE1"),
    ("tt", "TT1"),
    ("hpstate", "HPSTATE1"),
    ("htstate", "HTSTATE1"),
    ("hintp", "HINTP1"),
    ("htba", "HTBA1"),
    ("hver", "HVER1"),
    ("hstick_cmpr", "HSTICK_CMPR1"),
];
