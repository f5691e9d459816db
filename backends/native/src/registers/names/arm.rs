//! ARM.

use super::{super::CONDITIONS, Family, NONE, Part, flag, same};

const NG: Part = flag("NG", 31);
const ZR: Part = flag("ZR", 30);
const CY: Part = flag("CY", 29);
const OV: Part = flag("OV", 28);
const Q: Part = flag("Q", 27);
const GE: [Part; 4] = [flag("GE1", 16), flag("GE2", 17), flag("GE3", 18), flag("GE4", 19)];
/// The two parts of the state of conditional blocks (Arm ARM, B1.3.3).
const IT_LOW: Part = Part { register: CONDITIONS, low: 25, bits: 2, shift: 0 };
const IT_HIGH: Part = Part { register: CONDITIONS, low: 10, bits: 6, shift: 2 };

const STATUS: &[Part] = &[
    // Mode, interrupt masks, byte order.
    same("cpsr", 0, 5),
    flag("TB", 5),
    same("cpsr", 6, 4),
    IT_HIGH,
    GE[0],
    GE[1],
    GE[2],
    GE[3],
    same("cpsr", 24, 1),
    IT_LOW,
    Q,
    OV,
    CY,
    ZR,
    NG,
];

pub(super) const CLASSIC: Family =
    Family { composites: &[("cpsr", STATUS)], kept: &["tpidrurw", "tpidruro", "tpidrprw"], ..NONE };

pub(super) const MICROCONTROLLER: Family = Family {
    composites: &[(
        "xpsr",
        &[
            // The number of the exception.
            same("cpsr", 0, 9),
            IT_HIGH,
            GE[0],
            GE[1],
            GE[2],
            GE[3],
            flag("TB", 24),
            IT_LOW,
            Q,
            OV,
            CY,
            ZR,
            NG,
        ],
    )],
    kept: &["primask", "basepri", "faultmask", "control"],
    ..NONE
};
