//! Every table of the crate: whole, and consistent in itself.

use std::collections::{BTreeMap, BTreeSet};

use terrella_platforms::{
    ByteOrder, CallingConvention, CodeAddressBit, FloatPlacement, Platform, PlatformDefinition,
    RegisterDefinition, RegisterKind, ReturnBy, StructResult, SyscallError, SyscallNumber, WidePlacement,
};

fn definitions() -> impl Iterator<Item = &'static PlatformDefinition> {
    Platform::ALL.iter().map(|platform| platform.definition())
}

/// The register called `name`, which must be written as the table writes it.
#[track_caller]
fn register(definition: &'static PlatformDefinition, name: &str) -> &'static RegisterDefinition {
    let id = definition.register(name);
    let id = id.unwrap_or_else(|| panic!("{}: no register {name}", definition.platform));
    let register = definition.registers().get(id);
    assert_eq!(register.name, name, "{}", definition.platform);
    register
}

/// What bits of what register a name means: `(root, lowest bit, width)`.
#[track_caller]
fn place(platform: Platform, name: &str) -> (&'static str, u16, u16) {
    let definition = platform.definition();
    let found = register(definition, name);
    (&definition.registers().get(found.root).name, found.low_bit, found.bits)
}

#[track_caller]
fn assert_unique<T: Ord + std::fmt::Debug>(items: impl IntoIterator<Item = T>, what: &str) {
    let mut seen = BTreeSet::new();
    for item in items {
        let text = format!("{what}: {item:?} stands twice");
        assert!(seen.insert(item), "{text}");
    }
}

#[test]
fn each_platform_has_its_own_definition() {
    for platform in Platform::ALL {
        assert_eq!(platform.definition().platform, *platform);
    }
}

#[test]
fn every_table_expands_to_roots_and_aliases_inside_them() {
    for definition in definitions() {
        let table = definition.registers();
        for (id, register) in table.iter() {
            let name = format!("{} {}", definition.platform, register.name);
            let root = table.try_get(register.root).unwrap_or_else(|| panic!("{name}: no root"));
            assert_eq!(root.root, register.root, "{name}: the root is an alias itself");
            assert_eq!(root.low_bit, 0, "{name}");
            assert!((1..=512).contains(&register.bits), "{name}: {} bits", register.bits);
            assert!(register.low_bit + register.bits <= root.bits, "{name} leaves {}", root.name);
            assert_eq!(register.fixed.is_some(), root.fixed.is_some(), "{name}: fixed in part");
            assert!(!register.name.chars().any(|c| c.is_ascii_uppercase() || c.is_whitespace()), "{name}");
            assert_eq!(table.lookup(&register.name), Some(id), "{name}");
            assert_eq!(table.lookup(&register.name.to_ascii_uppercase()), Some(id), "{name}");
        }
        assert!(table.roots().all(|(id, root)| root.root == id && root.fixed.is_none()));
    }
}

#[test]
fn parts_of_a_register_are_nested_or_apart() {
    for definition in definitions() {
        let table = definition.registers();
        let mut by_root: BTreeMap<_, Vec<&RegisterDefinition>> = BTreeMap::new();
        for (_, register) in table.iter() {
            by_root.entry(register.root).or_default().push(register);
        }
        for parts in by_root.values() {
            for (left, right) in parts.iter().flat_map(|left| parts.iter().map(move |right| (left, right))) {
                let (l, l_end) = (left.low_bit, left.low_bit + left.bits);
                let (r, r_end) = (right.low_bit, right.low_bit + right.bits);
                let apart = l_end <= r || r_end <= l;
                let nested = (l >= r && l_end <= r_end) || (r >= l && r_end <= l_end);
                assert!(apart || nested, "{}: {} and {} overlap", definition.platform, left.name, right.name);
            }
        }
    }
}

/// How many bits of an address a pointer has: all, but for x86 in real-address
/// mode, where it is an offset in a segment.
fn pointer_bits(definition: &PlatformDefinition) -> u8 {
    if definition.platform == Platform::X86_16 { 16 } else { definition.address_bits }
}

#[test]
fn the_registers_that_a_definition_names_are_what_it_says() {
    for definition in definitions() {
        let platform = definition.platform;
        let counter = register(definition, definition.program_counter);
        assert_eq!(counter.kind, RegisterKind::ProgramCounter, "{platform}");
        assert!(counter.bits >= u16::from(definition.address_bits), "{platform}");
        assert_eq!(place(platform, "pc"), place(platform, definition.program_counter), "{platform}");
        let stack = register(definition, definition.stack_pointer);
        assert!(stack.bits >= u16::from(pointer_bits(definition)), "{platform}");
        let (root, low, _) = place(platform, "sp");
        assert_eq!((root, low), (place(platform, definition.stack_pointer).0, 0), "{platform}");
        if let Some(link) = definition.link_register {
            assert!(register(definition, link).bits >= u16::from(definition.address_bits), "{platform}");
        }
        assert!(!definition.general_registers.is_empty(), "{platform}");
        assert_unique(
            definition.general_registers.iter().map(|name| {
                let (root, low, _) = place(platform, name);
                (root, low)
            }),
            platform.name(),
        );
    }
}

#[test]
fn the_sizes_of_a_definition_fit_together() {
    for definition in definitions() {
        let platform = definition.platform;
        assert!([2, 4, 8].contains(&definition.pointer_bytes), "{platform}");
        assert!((16..=64).contains(&definition.address_bits), "{platform}");
        // A pointer has all of an address but what is the same for all data;
        // those of the 8051 are in one of several spaces.
        assert!(
            pointer_bits(definition).div_ceil(8) <= definition.pointer_bytes
                || definition.data_base >> (8 * u32::from(definition.pointer_bytes)) != 0
                || platform == Platform::I8051,
            "{platform}"
        );
        assert!(definition.data_base <= definition.highest_address(), "{platform}");
        assert!(definition.instruction_alignment.is_power_of_two(), "{platform}");
        assert!(definition.longest_instruction >= definition.instruction_alignment, "{platform}");
        assert!(definition.page_bytes.is_power_of_two(), "{platform}");
        assert!(
            definition.code_address_bit == CodeAddressBit::Address || definition.instruction_alignment > 1,
            "{platform}"
        );
        assert_unique(definition.interrupts.iter().map(|(number, _)| number), platform.name());
    }
}

#[test]
fn flags_are_parts_of_words_of_flags() {
    for definition in definitions() {
        let table = definition.registers();
        for (id, flag) in table.iter().filter(|(_, register)| register.kind == RegisterKind::Flag) {
            let word = table.get(flag.root);
            let name = format!("{} {}", definition.platform, flag.name);
            assert_ne!(flag.root, id, "{name}");
            assert!(
                matches!(word.kind, RegisterKind::Flags | RegisterKind::FloatControl | RegisterKind::Control),
                "{name} is a part of {}",
                word.name
            );
            assert!(flag.bits < word.bits && flag.bits <= 16, "{name}");
        }
    }
}

/// Every name of a register that a convention holds, with the width that it
/// must have at least.
fn names_of(convention: &CallingConvention) -> Vec<(&'static str, u16)> {
    let slot = 8 * u16::from(convention.slot_bytes);
    let mut names: Vec<(&'static str, u16)> = Vec::new();
    names.extend(convention.integer_arguments.iter().map(|name| (*name, slot)));
    names.extend(convention.pointer_arguments.iter().map(|name| (*name, slot)));
    names.extend(convention.integer_results.iter().map(|name| (*name, slot)));
    names.extend(convention.pointer_result.map(|name| (name, slot)));
    names.extend(convention.float_results.iter().map(|name| (*name, 32)));
    names.extend(convention.callee_saved.iter().map(|name| (*name, 1)));
    names.extend(convention.entry_register.map(|name| (name, slot)));
    names.extend(convention.variadic_vector_count.map(|name| (name, 8)));
    for place in convention.by_size.iter().flat_map(|it| it.arguments.iter().chain(it.results)) {
        let bytes = place.bytes.last().copied().unwrap_or_default();
        let bits = 8 * u16::from(bytes) / place.registers.len() as u16;
        names.extend(place.registers.iter().map(|name| (*name, bits)));
    }
    match &convention.floats {
        FloatPlacement::AsIntegers | FloatPlacement::OnStack => {}
        FloatPlacement::Registers { registers, .. }
        | FloatPlacement::Positional { registers, .. }
        | FloatPlacement::Shadowing { registers, .. } => {
            names.extend(registers.iter().map(|name| (*name, 32)));
        }
        FloatPlacement::LeadingTwo { single, double } => {
            names.extend(single.iter().map(|name| (*name, 32)));
            names.extend(double.iter().flat_map(|(low, high)| [(*low, 32), (*high, 32)]));
        }
        FloatPlacement::BackFilling { single, double, .. } => {
            names.extend(single.iter().map(|name| (*name, 32)));
            names.extend(double.iter().map(|name| (*name, 64)));
        }
    }
    if let StructResult::Register(name) = convention.struct_result {
        names.push((name, slot));
    }
    if let ReturnBy::Link { register, .. } = convention.return_by {
        names.push((register, slot));
    }
    names
}

#[test]
fn calling_conventions_name_registers_that_are_there_and_wide_enough() {
    for definition in definitions() {
        let platform = definition.platform;
        let conventions = definition.calling_conventions;
        assert!(!conventions.is_empty(), "{platform}");
        assert_unique(conventions.iter().map(|convention| convention.name), platform.name());
        for convention in conventions {
            let what = format!("{platform} {}", convention.name);
            for (name, bits) in names_of(convention) {
                let found = register(definition, name);
                assert!(found.bits >= bits, "{what}: {name} has {} bits, not {bits}", found.bits);
                assert_eq!(found.fixed, None, "{what}: {name} cannot be written");
            }
            assert_eq!(definition.calling_convention(convention.name), Some(convention));
        }
    }
}

#[test]
fn what_takes_arguments_and_results_is_not_saved() {
    for definition in definitions() {
        let platform = definition.platform;
        for convention in definition.calling_conventions {
            let what = format!("{platform} {}", convention.name);
            let mut taken: Vec<&str> = convention.integer_arguments.to_vec();
            taken.extend(convention.pointer_arguments);
            taken.extend(convention.integer_results);
            taken.extend(convention.pointer_result);
            taken.extend(convention.float_results);
            if let Some(by_size) = convention.by_size {
                assert!(convention.integer_arguments.is_empty(), "{what}");
                let places = by_size.arguments.iter().chain(by_size.results);
                taken.extend(places.flat_map(|place| place.registers));
            }
            match &convention.floats {
                FloatPlacement::Registers { registers, .. }
                | FloatPlacement::Positional { registers, .. }
                | FloatPlacement::Shadowing { registers, .. } => taken.extend(*registers),
                FloatPlacement::LeadingTwo { single, .. } => taken.extend(single),
                FloatPlacement::BackFilling { single, double, .. } => {
                    taken.extend(*single);
                    taken.extend(*double);
                }
                FloatPlacement::AsIntegers | FloatPlacement::OnStack => {}
            }
            assert_unique(convention.callee_saved.iter().map(|name| place(platform, name)), &what);
            assert_unique(convention.integer_arguments.iter().map(|name| place(platform, name)), &what);
            for name in taken {
                let (root, low, bits) = place(platform, name);
                for saved in convention.callee_saved {
                    // The one register that takes an argument and is saved.
                    if platform == Platform::S390X && *saved == "r6" {
                        continue;
                    }
                    // Those that take arguments beyond the first ten bytes are saved.
                    let number = saved.trim_start_matches('r').parse().unwrap_or(0);
                    if platform == Platform::AVR && (8..18).contains(&number) {
                        continue;
                    }
                    let (saved_root, saved_low, saved_bits) = place(platform, saved);
                    let overlap =
                        saved_root == root && saved_low < low + bits && low < saved_low + saved_bits;
                    assert!(!overlap, "{what}: {name} takes a value and {saved} is saved");
                }
            }
            let stack = place(platform, definition.stack_pointer).0;
            for saved in convention.callee_saved {
                assert_ne!(place(platform, saved).0, stack, "{what}: saves the stack pointer");
            }
        }
    }
}

#[test]
fn the_sizes_of_a_calling_convention_fit_together() {
    for definition in definitions() {
        let platform = definition.platform;
        for convention in definition.calling_conventions {
            let what = format!("{platform} {}", convention.name);
            assert!(convention.stack_alignment.is_power_of_two(), "{what}");
            assert!(convention.entry_misalignment < convention.stack_alignment, "{what}");
            assert!([1, 2, 4, 8].contains(&convention.slot_bytes), "{what}");
            if let ReturnBy::Stack { bytes } = convention.return_by {
                assert!(convention.stack_arguments >= u16::from(bytes), "{what}");
            }
            if convention.integer_arguments.is_empty() {
                assert!(matches!(convention.wide, WidePlacement::Split), "{what}");
            }
            match &convention.floats {
                FloatPlacement::BackFilling { single, double, .. } => {
                    assert_eq!(single.len(), 2 * double.len(), "{what}");
                    for (index, name) in single.iter().enumerate() {
                        let (root, low, bits) = place(platform, name);
                        let (whole, whole_low, _) = place(platform, double[index / 2]);
                        // SuperH has the first one in the higher half.
                        assert_eq!(root, whole, "{what}");
                        assert!([whole_low, whole_low + bits].contains(&low), "{what}");
                    }
                }
                FloatPlacement::Positional { registers, .. } => {
                    assert!(convention.positional, "{what}");
                    assert!(registers.len() >= convention.integer_arguments.len(), "{what}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn system_call_conventions_name_registers_that_are_there() {
    for definition in definitions() {
        let platform = definition.platform;
        let conventions = definition.syscall_conventions;
        assert_unique(conventions.iter().map(|convention| convention.name), platform.name());
        for convention in conventions {
            let what = format!("{platform} {}", convention.name);
            let (SyscallNumber::Register(number) | SyscallNumber::ImmediateOrRegister(number)) =
                convention.number;
            let mut names = vec![number, convention.result];
            names.extend(convention.arguments);
            names.extend(convention.second_result);
            if let SyscallError::Register(name) | SyscallError::Flag(name) = convention.error {
                names.push(name);
            }
            for name in names {
                assert_eq!(register(definition, name).fixed, None, "{what}");
            }
            if let SyscallError::Flag(name) = convention.error {
                assert_eq!(register(definition, name).bits, 1, "{what}");
            }
            assert_unique(convention.arguments.iter().map(|name| place(platform, name)), &what);
            assert!(!convention.arguments.contains(&number), "{what}");
            assert!(convention.arguments.len() >= 5 || convention.stack_arguments.is_some(), "{what}");
        }
    }
}

#[test]
fn names_of_system_calls_are_sorted_and_unique() {
    for definition in definitions() {
        for convention in definition.syscall_conventions {
            let what = format!("{} {}", definition.platform, convention.name);
            assert!(convention.names.windows(2).all(|pair| pair[0].0 < pair[1].0), "{what}: not sorted");
            assert_unique(convention.names.iter().map(|(_, name)| *name), &what);
            for (number, name) in convention.names {
                assert_eq!(convention.name_of(u64::from(*number)), Some(*name), "{what}");
                assert_eq!(convention.number_of(name), Some(u64::from(*number)), "{what}");
            }
            if convention.name.starts_with("linux") {
                assert!(convention.number_of("write").is_some(), "{what}");
            }
        }
    }
}

#[test]
fn fixed_registers_are_zero_and_hold_no_state() {
    for (platform, name) in [
        (Platform::AARCH64, "xzr"),
        (Platform::AARCH64, "wzr"),
        (Platform::MIPS, "zero"),
        (Platform::MIPS64, "r0"),
        (Platform::RISCV32, "x0"),
        (Platform::RISCV64, "zero"),
    ] {
        let definition = platform.definition();
        let found = register(definition, name);
        assert_eq!(found.fixed, Some(0), "{platform} {name}");
        assert!(definition.registers().roots().all(|(id, _)| id != found.root), "{platform} {name}");
    }
}

#[test]
fn parts_stand_where_the_manuals_say() {
    for (platform, name, expected) in [
        (Platform::X86_64, "ah", ("rax", 8, 8)),
        (Platform::X86_64, "r9d", ("r9", 0, 32)),
        (Platform::X86_64, "sil", ("rsi", 0, 8)),
        (Platform::X86_64, "sp", ("rsp", 0, 16)),
        (Platform::X86_64, "zf", ("rflags", 6, 1)),
        (Platform::X86_64, "iopl", ("rflags", 12, 2)),
        (Platform::X86_64, "ymm31", ("zmm31", 0, 256)),
        (Platform::X86_64, "mm7", ("st7", 0, 64)),
        (Platform::I386, "bh", ("ebx", 8, 8)),
        (Platform::I386, "of", ("eflags", 11, 1)),
        (Platform::I386, "xmm7", ("zmm7", 0, 128)),
        (Platform::ARMV5T, "s31", ("d15", 32, 32)),
        (Platform::ARMV7A, "s5", ("q1", 32, 32)),
        (Platform::ARMV7A, "d31", ("q15", 64, 64)),
        (Platform::ARMV7A, "r15", ("pc", 0, 32)),
        (Platform::ARMV7A, "fp", ("r11", 0, 32)),
        (Platform::ARMV7A, "nzcv", ("cpsr", 28, 4)),
        (Platform::ARMV7A, "ge", ("cpsr", 16, 4)),
        (Platform::ARMV7A, "c1_c0_2", ("cpacr", 0, 32)),
        (Platform::ARMV7A, "c13_c0_3", ("tpidruro", 0, 32)),
        (Platform::ARMV7M, "t", ("xpsr", 24, 1)),
        (Platform::ARMV7M, "ipsr", ("xpsr", 0, 9)),
        (Platform::AARCH64, "w30", ("x30", 0, 32)),
        (Platform::AARCH64, "lr", ("x30", 0, 64)),
        (Platform::AARCH64, "q31", ("v31", 0, 128)),
        (Platform::AARCH64, "h3", ("v3", 0, 16)),
        (Platform::AARCH64, "z", ("nzcv", 30, 1)),
        (Platform::MIPS, "t0", ("r8", 0, 32)),
        (Platform::MIPS, "f12", ("w12", 0, 64)),
        (Platform::MIPS64, "t0", ("r12", 0, 64)),
        (Platform::MIPS64, "a4", ("r8", 0, 64)),
        (Platform::MIPS64, "s8", ("r30", 0, 64)),
        (Platform::PPC, "sp", ("r1", 0, 32)),
        (Platform::PPC, "cr7_so", ("cr", 0, 1)),
        (Platform::PPC64, "cr0_lt", ("cr", 31, 1)),
        (Platform::PPC64, "cr1", ("cr", 24, 4)),
        (Platform::PPC64, "ca", ("xer", 29, 1)),
        (Platform::PPC64, "f31", ("vs31", 64, 64)),
        (Platform::PPC64, "v31", ("vs63", 0, 128)),
        (Platform::RISCV64, "s0", ("x8", 0, 64)),
        (Platform::RISCV64, "s11", ("x27", 0, 64)),
        (Platform::RISCV64, "t6", ("x31", 0, 64)),
        (Platform::RISCV32, "a7", ("x17", 0, 32)),
        (Platform::RISCV32, "fs2", ("f18", 0, 64)),
        (Platform::RISCV32, "ft11", ("f31", 0, 64)),
        (Platform::RISCV32, "frm", ("fcsr", 5, 3)),
    ] {
        assert_eq!(place(platform, name), expected, "{platform} {name}");
    }
}

#[test]
fn default_conventions_are_those_of_the_usual_compilers() {
    for (platform, name) in [
        (Platform::X86_64, "sysv"),
        (Platform::I386, "cdecl"),
        (Platform::ARMV5T, "aapcs"),
        (Platform::ARMV6M, "aapcs"),
        (Platform::ARMV7M, "aapcs"),
        (Platform::ARMV7R, "aapcs-vfp"),
        (Platform::ARMV7A, "aapcs-vfp"),
        (Platform::AARCH64, "aapcs64"),
        (Platform::MIPS, "o32"),
        (Platform::MIPS64, "n64"),
        (Platform::PPC, "sysv"),
        (Platform::PPC64, "elfv1"),
        (Platform::PPC64LE, "elfv2"),
        (Platform::RISCV32, "ilp32d"),
        (Platform::RISCV64, "lp64d"),
    ] {
        assert_eq!(platform.definition().default_convention().name, name, "{platform}");
    }
}

#[test]
fn stack_arguments_begin_where_the_abis_say() {
    for (platform, name, offset) in [
        (Platform::X86_64, "sysv", 8),
        (Platform::X86_64, "microsoft", 40),
        (Platform::I386, "cdecl", 4),
        (Platform::ARMV7A, "aapcs", 0),
        (Platform::MIPS, "o32", 16),
        (Platform::MIPS64, "n64", 0),
        (Platform::PPC, "sysv", 8),
        (Platform::PPC64, "elfv1", 112),
        (Platform::PPC64, "elfv2", 96),
        (Platform::RISCV64, "lp64", 0),
    ] {
        let convention = platform.definition().calling_convention(name).unwrap();
        assert_eq!(convention.stack_arguments, offset, "{platform} {name}");
    }
    for (name, pops) in [("cdecl", false), ("stdcall", true), ("fastcall", true), ("thiscall", true)] {
        let convention = Platform::I386.definition().calling_convention(name).unwrap();
        assert_eq!(convention.callee_pops, pops, "{name}");
    }
}

#[test]
fn code_addresses_lose_their_state_bit() {
    assert_eq!(Platform::ARMV7A.definition().code_address(0x8001), 0x8000);
    assert_eq!(Platform::X86_64.definition().code_address(0x8001), 0x8001);
}

#[test]
fn both_byte_orders_of_an_architecture_have_the_same_registers() {
    let names = |platform: Platform| -> Vec<&'static str> {
        platform.definition().registers().iter().map(|(_, register)| register.name.as_str()).collect()
    };
    for platform in Platform::ALL.iter().filter(|platform| platform.byte_order() == ByteOrder::Big) {
        if let Some(other) = Platform::new(platform.architecture(), ByteOrder::Little) {
            assert_eq!(names(*platform), names(other), "{platform}");
        }
    }
}
