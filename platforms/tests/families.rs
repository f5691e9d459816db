//! Known facts about the smaller processor families, by the manuals.

use terrella_platforms::{FloatFormat, FloatPlacement, Platform, ReturnBy, StructResult, SyscallError};

/// What bits of what register a name means: `(root, lowest bit, width)`.
#[track_caller]
fn place(platform: Platform, name: &str) -> (&'static str, u16, u16) {
    let registers = platform.definition().registers();
    let id = registers.lookup(name).unwrap_or_else(|| panic!("{platform}: no register {name}"));
    let found = registers.get(id);
    (&registers.get(found.root).name, found.low_bit, found.bits)
}

#[test]
fn parts_stand_where_the_manuals_say() {
    for (platform, name, expected) in [
        (Platform::M68K, "sp", ("a7", 0, 32)),
        (Platform::M68K, "fp", ("a6", 0, 32)),
        (Platform::M68K, "fp7", ("fp7", 0, 80)),
        (Platform::M68K, "ccr", ("sr", 0, 8)),
        (Platform::M68K, "x", ("sr", 4, 1)),
        (Platform::M68K, "s", ("sr", 13, 1)),
        (Platform::LOONGARCH64, "ra", ("r1", 0, 64)),
        (Platform::LOONGARCH64, "a7", ("r11", 0, 64)),
        (Platform::LOONGARCH64, "t8", ("r20", 0, 64)),
        (Platform::LOONGARCH64, "s8", ("r31", 0, 64)),
        (Platform::LOONGARCH64, "vr3", ("xr3", 0, 128)),
        (Platform::LOONGARCH64, "fs7", ("xr31", 0, 64)),
        (Platform::LOONGARCH64, "ft15", ("xr23", 0, 64)),
        (Platform::LOONGARCH32, "fa0", ("f0", 0, 64)),
        (Platform::LOONGARCH32, "s0", ("r23", 0, 32)),
        (Platform::Z80, "a", ("af", 8, 8)),
        (Platform::Z80, "iyl", ("iy", 0, 8)),
        (Platform::Z80, "pf", ("af", 2, 1)),
        (Platform::Z80, "hl'", ("hl_", 0, 16)),
        (Platform::AVR, "r25", ("r25r24", 8, 8)),
        (Platform::AVR, "zh", ("z", 8, 8)),
        (Platform::AVR, "sph", ("sp", 8, 8)),
        (Platform::AVR, "hf", ("sreg", 5, 1)),
        (Platform::MSP430, "sp", ("r1", 0, 16)),
        (Platform::MSP430, "gie", ("r2", 3, 1)),
        (Platform::MSP430, "v", ("r2", 8, 1)),
        (Platform::MSP430X, "pc", ("r0", 0, 20)),
        (Platform::TRICORE, "d5", ("e4", 32, 32)),
        (Platform::TRICORE, "a15", ("p14", 32, 32)),
        (Platform::TRICORE, "sp", ("p10", 0, 32)),
        (Platform::TRICORE, "ra", ("p10", 32, 32)),
        (Platform::TRICORE, "c", ("psw", 31, 1)),
        (Platform::XTENSA, "sp", ("a1", 0, 32)),
        (Platform::XTENSA_BE, "b15", ("br", 15, 1)),
        (Platform::SPARC, "sp", ("o6", 0, 32)),
        (Platform::SPARC, "r30", ("i6", 0, 32)),
        (Platform::SPARC, "f0", ("d0", 32, 32)),
        (Platform::SPARC, "f31", ("d30", 0, 32)),
        (Platform::SPARC, "n", ("psr", 23, 1)),
        (Platform::SPARC, "c", ("psr", 20, 1)),
        (Platform::SPARC64, "fp", ("i6", 0, 64)),
        (Platform::SPARC64, "f62", ("d62", 0, 64)),
        (Platform::SPARC64, "xcc_c", ("ccr", 4, 1)),
        (Platform::S390X, "f15", ("v15", 64, 64)),
        (Platform::S390X, "cc", ("pswm", 44, 2)),
        (Platform::S390X, "pswa", ("pc", 0, 64)),
        (Platform::S390X, "a1", ("acr1", 0, 32)),
        (Platform::S390X, "sp", ("r15", 0, 64)),
    ] {
        assert_eq!(place(platform, name), expected, "{platform} {name}");
    }
}

#[test]
fn zero_registers_are_fixed() {
    for (platform, name) in [
        (Platform::LOONGARCH32, "zero"),
        (Platform::LOONGARCH64, "r0"),
        (Platform::SPARC, "g0"),
        (Platform::SPARC64, "r0"),
        (Platform::MSP430, "cg"),
    ] {
        let registers = platform.definition().registers();
        assert_eq!(registers.get(registers.lookup(name).unwrap()).fixed, Some(0), "{platform} {name}");
    }
}

#[test]
fn conventions_are_those_of_the_abis() {
    for (platform, name, first, stack, result, saved) in [
        (Platform::M68K, "sysv", None, 4, "d0", "d2"),
        (Platform::LOONGARCH32, "ilp32d", Some("a0"), 0, "a0", "s8"),
        (Platform::LOONGARCH64, "lp64d", Some("a0"), 0, "a0", "fs7"),
        (Platform::MSP430, "eabi", Some("r12"), 2, "r12", "r10"),
        (Platform::MSP430X, "eabi", Some("r12"), 4, "r12", "r4"),
        (Platform::TRICORE, "eabi", Some("d4"), 0, "d2", "d15"),
        (Platform::Z80, "sdcccall1", None, 2, "de", "ix"),
        (Platform::XTENSA, "call0", Some("a2"), 0, "a2", "a12"),
        (Platform::XTENSA_BE, "call0", Some("a2"), 0, "a2", "a15"),
        (Platform::SPARC, "sysv", Some("o0"), 92, "o0", "i7"),
        (Platform::SPARC64, "sysv", Some("o0"), 176, "o0", "l0"),
        (Platform::S390X, "sysv", Some("r2"), 160, "r2", "r6"),
    ] {
        let convention = platform.definition().default_convention();
        assert_eq!(convention.name, name, "{platform}");
        assert_eq!(convention.integer_arguments.first().copied(), first, "{platform}");
        assert_eq!(convention.stack_arguments, stack, "{platform}");
        assert_eq!(convention.integer_results[0], result, "{platform}");
        assert!(convention.callee_saved.contains(&saved), "{platform} {saved}");
    }
}

#[test]
fn sparc_returns_behind_the_delay_slot_and_keeps_structures_at_64() {
    let convention = Platform::SPARC.definition().default_convention();
    assert_eq!(convention.return_by, ReturnBy::Link { register: "o7", offset: 8 });
    assert_eq!(convention.struct_result, StructResult::StackSlot(64));
    assert_eq!(Platform::SPARC64.definition().default_convention().stack_bias, 2047);
    assert!(Platform::SPARC64.definition().delay_slots);
}

/// A single-precision argument stands in the odd half on SPARC V9, and in the
/// high half on z/Architecture; a result of SPARC V9 is in the even half.
#[test]
fn singles_stand_in_the_right_half() {
    let sparc = Platform::SPARC64.definition().default_convention();
    assert!(matches!(sparc.floats, FloatPlacement::Positional { single: FloatFormat::LowBits, .. }));
    assert_eq!(sparc.float_result_format, FloatFormat::HighBits);
    let s390x = Platform::S390X.definition().default_convention();
    assert!(matches!(s390x.floats, FloatPlacement::Registers { single: FloatFormat::HighBits, .. }));
}

#[test]
fn system_calls_are_those_of_linux() {
    for (platform, instruction, name, number, error) in [
        (Platform::M68K, "trap #0", "exit_group", 247, SyscallError::NegativeResult),
        (Platform::LOONGARCH64, "syscall 0", "write", 64, SyscallError::NegativeResult),
        (Platform::XTENSA, "syscall", "write", 13, SyscallError::NegativeResult),
        (Platform::SPARC, "ta 0x10", "write", 4, SyscallError::Flag("c")),
        (Platform::SPARC64, "ta 0x6d", "getrandom", 347, SyscallError::Flag("xcc_c")),
        (Platform::S390X, "svc", "mmap", 90, SyscallError::NegativeResult),
    ] {
        let convention = platform.definition().syscall_convention("linux").unwrap();
        assert_eq!(convention.instruction, instruction, "{platform}");
        assert_eq!(convention.number_of(name), Some(number), "{platform} {name}");
        assert_eq!(convention.error, error, "{platform}");
    }
}

#[test]
fn exceptions_have_the_numbers_of_the_architecture() {
    for (platform, number, name) in [
        (Platform::M68K, 32, "trap #0"),
        (Platform::LOONGARCH64, 0xb, "system call"),
        (Platform::LOONGARCH32, 0xc, "breakpoint"),
        (Platform::MSP430, 0xfffe, "reset"),
        (Platform::TRICORE, 0x21, "illegal opcode"),
        (Platform::XTENSA, 29, "store prohibited"),
        (Platform::SPARC, 5, "window overflow"),
        (Platform::SPARC64, 0x34, "memory address not aligned"),
        (Platform::S390X, 1, "operation"),
    ] {
        assert_eq!(platform.definition().interrupt_name(number), Some(name), "{platform}");
    }
}
