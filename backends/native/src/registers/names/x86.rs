//! x86.

use super::{Composite, Family, NONE, Part, field, flag};

const FLAGS: &[Part] = &[
    flag("CF", 0),
    flag("PF", 2),
    flag("AF", 4),
    flag("ZF", 6),
    flag("SF", 7),
    flag("TF", 8),
    flag("IF", 9),
    flag("DF", 10),
    flag("OF", 11),
    field("IOPL", 12, 2),
    flag("NT", 14),
    flag("RF", 16),
    flag("VM", 17),
    flag("AC", 18),
    flag("VIF", 19),
    flag("VIP", 20),
    flag("ID", 21),
];

const COMPOSITES: &[Composite] = &[
    ("rflags", FLAGS),
    ("eflags", FLAGS),
    // What the specification leaves of these behind limit and base.
    ("ldtr", &[Part { register: "LDTR", low: 0, bits: 16, shift: 96 }]),
    ("tr", &[Part { register: "TR", low: 0, bits: 16, shift: 96 }]),
];

pub(super) const FAMILY: Family = Family {
    composites: COMPOSITES,
    names: &[
        ("fs_base", "FS_OFFSET"),
        ("gs_base", "GS_OFFSET"),
        ("gdtr_base", "GDTR_Address"),
        ("idtr_base", "IDTR_Address"),
        ("ldtr_base", "LDTR_Address"),
        ("tr_base", "TR_Address"),
        ("fpcw", "FPUControlWord"),
        ("fpsw", "FPUStatusWord"),
        ("fptw", "FPUTagWord"),
        ("fop", "FPULastInstructionOpcode"),
        ("fip", "FPUInstructionPointer"),
        ("fdp", "FPUDataPointer"),
        ("fcs", "FPUPointerSelector"),
        ("fds", "FPUDataSelector"),
    ],
    ..NONE
};
