//! MIPS, m68k, TriCore, Xtensa, Z80, 6502, 8051 and AVR.

use super::{Family, NONE, Part, field, flag, same};
use crate::registers::PARITY;

/// Coprocessor 0 has the manual's names in the specification.
pub(super) const MIPS: Family = Family {
    names: &[
        ("isa_mode", "ISAModeSwitch"),
        ("cp0_userlocal", "HW_ULR"),
        ("cp0_context", "Context"),
        ("cp0_xcontext", "XContext"),
        ("cp0_badvaddr", "BadVAddr"),
        ("cp0_entryhi", "EntryHi"),
        ("cp0_entrylo0", "EntryLo0"),
        ("cp0_entrylo1", "EntryLo1"),
        ("cp0_epc", "EPC"),
        ("cp0_errorepc", "ErrorEPC"),
        ("cp0_ebase", "EBase"),
        ("cp0_lladdr", "LLAddr"),
        ("cp0_depc", "DEPC"),
        ("cp0_desave", "DESAVE"),
        ("cp0_index", "Index"),
        ("cp0_random", "Random"),
        ("cp0_pagemask", "PageMask"),
        ("cp0_wired", "Wired"),
        ("cp0_hwrena", "HWREna"),
        ("cp0_count", "Count"),
        ("cp0_compare", "Compare"),
        ("cp0_status", "Status"),
        ("cp0_intctl", "IntCtl"),
        ("cp0_srsctl", "SRSCtl"),
        ("cp0_cause", "Cause"),
        ("cp0_prid", "PRId"),
        ("cp0_config", "Config"),
        ("cp0_config1", "Config1"),
        ("cp0_config2", "Config2"),
        ("cp0_config3", "Config3"),
        ("cp0_config4", "cop0_reg16.4"),
        ("cp0_config5", "cop0_reg16.5"),
        ("cp0_debug", "Debug"),
    ],
    ..NONE
};

pub(super) const M68K: Family = Family {
    composites: &[(
        "sr",
        &[
            flag("CF", 0),
            flag("VF", 1),
            flag("ZF", 2),
            flag("NF", 3),
            flag("XF", 4),
            field("IPL", 8, 3),
            flag("SVF", 13),
            flag("TF", 15),
        ],
    )],
    ..NONE
};

/// Of the protection registers, only those of the first set have the same
/// addresses in the versions of the architecture.
pub(super) const TRICORE: Family = Family {
    names: &[
        ("dpr0_0l", "DPR0_L"),
        ("dpr0_0u", "DPR0_U"),
        ("dpr0_1l", "DPR1_L"),
        ("dpr0_1u", "DPR1_U"),
        ("dpr0_2l", "DPR2_L"),
        ("dpr0_2u", "DPR2_U"),
        ("dpr0_3l", "DPR3_L"),
        ("dpr0_3u", "DPR3_U"),
        ("cpr0_0l", "CPR0_L"),
        ("cpr0_0u", "CPR0_U"),
        ("cpr0_1l", "CPR1_L"),
        ("cpr0_1u", "CPR1_U"),
        ("cpr0_2l", "CPR2_L"),
        ("cpr0_2u", "CPR2_U"),
        ("cpr0_3l", "CPR3_L"),
        ("cpr0_3u", "CPR3_U"),
        // A slip of the specification.
        ("tr2adr", "TRA2DR"),
    ],
    ..NONE
};

pub(super) const XTENSA: Family = Family {
    composites: &[(
        "br",
        &[
            flag("b0", 0),
            flag("b1", 1),
            flag("b2", 2),
            flag("b3", 3),
            flag("b4", 4),
            flag("b5", 5),
            flag("b6", 6),
            flag("b7", 7),
            flag("b8", 8),
            flag("b9", 9),
            flag("b10", 10),
            flag("b11", 11),
            flag("b12", 12),
            flag("b13", 13),
            flag("b14", 14),
            flag("b15", 15),
        ],
    )],
    names: &[
        ("expstate", "user230"),
        ("prefctl", "sr40"),
        // The specification's variables have the names of the manual's registers.
        ("m0", "M0"),
        ("m1", "M1"),
        ("m2", "M2"),
        ("m3", "M3"),
    ],
    ..NONE
};

/// Bit 5 of the flags is none; B is one of what is pushed only.
pub(super) const MOS6502: Family = Family {
    composites: &[(
        "p",
        &[flag("C", 0), flag("Z", 1), flag("I", 2), flag("D", 3), flag("V", 6), flag("N", 7)],
    )],
    ..NONE
};

/// Bit 0 of the flags is the parity of the accumulator, and not kept.
pub(super) const I8051: Family = Family {
    composites: &[("psw", &[Part { register: PARITY, low: 0, bits: 1, shift: 0 }, same("PSW", 1, 7)])],
    names: &[("a", "ACC"), ("sp", "STACK")],
    ..NONE
};

pub(super) const Z80: Family = Family {
    composites: &[("interrupts", &[flag("IFF1", 0), flag("IFF2", 1), field("IMODE", 2, 2)])],
    ..NONE
};

/// What the stack pointer of 16 bits lacks of an address is always the same.
pub(super) const AVR: Family = Family {
    composites: &[
        ("sp", &[field("SP", 0, 16), field("SPB", 16, 8)]),
        (
            "sreg",
            &[
                flag("Cflg", 0),
                flag("Zflg", 1),
                flag("Nflg", 2),
                flag("Vflg", 3),
                flag("Sflg", 4),
                flag("Hflg", 5),
                flag("Tflg", 6),
                flag("Iflg", 7),
            ],
        ),
    ],
    ..NONE
};
