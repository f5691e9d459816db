//! Variables of the library that programs refer to by name.

use super::state::Layout;

/// What a variable holds at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Initial {
    /// A pointer to a standard stream.
    Stream(usize),
    /// A pointer to the environment: the same variable by several names.
    Environment,
    /// An `int`.
    Int(i32),
    /// A `long`.
    Long(i64),
    /// A null pointer.
    Null,
    /// The name of the program, whole or its last part.
    Program { whole: bool },
    /// Two pointers to the names of the time zone.
    ZoneNames,
    /// What stands between a function's variables and its return address.
    Guard,
    /// These bytes.
    Bytes(&'static [u8]),
    /// A number of 64 bits.
    Word(u64),
    /// Newlib's structure of pointers to the streams, behind a pointer.
    Reentrancy,
    /// Newlib's table of character classes.
    Classes,
}

/// Names and what they hold.
pub(crate) const VARIABLES: &[(&str, Initial)] = &[
    ("stdin", Initial::Stream(0)),
    ("stdout", Initial::Stream(1)),
    ("stderr", Initial::Stream(2)),
    ("environ", Initial::Environment),
    ("__environ", Initial::Environment),
    ("_environ", Initial::Environment),
    ("optarg", Initial::Null),
    ("optind", Initial::Int(1)),
    ("opterr", Initial::Int(1)),
    ("optopt", Initial::Int(0x3f)),
    ("timezone", Initial::Long(0)),
    ("__timezone", Initial::Long(0)),
    ("daylight", Initial::Int(0)),
    ("__daylight", Initial::Int(0)),
    ("tzname", Initial::ZoneNames),
    ("__tzname", Initial::ZoneNames),
    ("getdate_err", Initial::Int(0)),
    ("error_message_count", Initial::Int(0)),
    ("error_one_per_line", Initial::Int(0)),
    ("error_print_progname", Initial::Null),
    ("re_syntax_options", Initial::Long(0)),
    ("signgam", Initial::Int(0)),
    ("__signgam", Initial::Int(0)),
    ("program_invocation_name", Initial::Program { whole: true }),
    ("program_invocation_short_name", Initial::Program { whole: false }),
    ("__progname_full", Initial::Program { whole: true }),
    ("__progname", Initial::Program { whole: false }),
    ("__stack_chk_guard", Initial::Guard),
    ("__libc_single_threaded", Initial::Bytes(&[1])),
    // FPSCR in 64 bits (glibc, sysdeps/powerpc/fpu/fe_const.c).
    ("__fe_dfl_env", Initial::Word(0xfff8_0000_0000_0000)),
    ("__fe_enabled_env", Initial::Word(0xfff8_0000_0000_00f8)),
    ("__fe_nonieee_env", Initial::Word(0xfff8_0000_0000_0004)),
    ("__fe_dfl_mode", Initial::Word(0xfff8_0000_0000_0000)),
    ("in6addr_any", Initial::Bytes(&[0; 16])),
    ("in6addr_loopback", Initial::Bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ("_impure_ptr", Initial::Reentrancy),
    ("_ctype_", Initial::Classes),
];

/// The variable of a name.
pub(crate) fn find(name: &str) -> Option<Initial> {
    VARIABLES.iter().find(|(known, _)| *known == name).map(|(_, initial)| *initial)
}

impl Layout {
    /// The address of a variable of this name, if the program has it.
    pub(crate) fn variable(&self, name: &str) -> Option<u64> {
        self.variables.get(name).copied()
    }
}
