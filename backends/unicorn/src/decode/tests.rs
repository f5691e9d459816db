//! Hand-assembled instructions.

use terrella_platforms::Platform;

use super::{CodeState, ends_basic_block, has_delay_slot, instruction_length, is_vex, wide_access};

/// What is to be found out about an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Neither a transfer nor a wide access.
    Plain,
    /// A transfer.
    Ends,
    /// A transfer with a delay slot.
    Slot,
    /// A wide access.
    Wide(u32),
}
use Kind::{Ends, Plain, Slot, Wide};

fn check(platform: Platform, thumb: bool, cases: &[(&str, &str, Kind)]) {
    let state = CodeState { thumb };
    for (hex, name, kind) in cases {
        let mut bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
            .collect();
        let length = bytes.len();
        for short in 0..length {
            assert_eq!(instruction_length(platform, state, &bytes[..short]), None, "{platform} {name}");
        }
        // What follows in memory has no influence.
        bytes.extend([0xa5; 8]);
        assert_eq!(instruction_length(platform, state, &bytes), Some(length), "{platform} {name}");
        let found = match wide_access(platform, state, &bytes) {
            Some(size) => Wide(size),
            None if has_delay_slot(platform, &bytes) => Slot,
            None if ends_basic_block(platform, state, &bytes) => Ends,
            None => Plain,
        };
        assert_eq!(found, *kind, "{platform} {name}");
        let ends = matches!(kind, Ends | Slot);
        assert_eq!(ends_basic_block(platform, state, &bytes), ends, "{platform} {name}");
    }
}

#[test]
fn x86() {
    let both: &[(&str, &str, Kind)] = &[
        ("90", "nop", Plain),
        ("c3", "ret", Ends),
        ("e800000000", "call", Ends),
        ("7400", "je", Ends),
        ("e2fe", "loop", Ends),
        ("ff20", "jmp [eax]", Ends),
        ("cd80", "int 0x80", Ends),
        ("cc", "int3", Ends),
        ("cf", "iret", Ends),
        ("f4", "hlt", Plain),
        ("0f0b", "ud2", Plain),
        ("f3a4", "rep movsb", Plain),
        ("50", "push", Plain),
        ("0f280424", "movaps xmm0, [esp]", Wide(16)),
        ("db2c24", "fld tbyte [esp]", Wide(10)),
        ("dd0424", "fld qword [esp]", Plain),
        ("0fae0424", "fxsave [esp]", Wide(512)),
        ("0f011424", "lgdt [esp]", Plain),
        ("660ff7c1", "maskmovdqu", Plain),
    ];
    check(Platform::X86_64, false, both);
    check(Platform::I386, false, both);
    let long = [("0f05", "syscall", Ends), ("480fc70c24", "cmpxchg16b [rsp]", Wide(16))];
    check(Platform::X86_64, false, &long);
    assert!(is_vex(Platform::X86_64, &[0xc5, 0xf0, 0x58, 0xc2]), "vaddps");
    assert!(!is_vex(Platform::X86_64, &[0x0f, 0x58, 0xc2]), "addps");
    assert!(!is_vex(Platform::I386, &[0xc5, 0x04, 0x24]), "lds");
    assert!(!is_vex(Platform::AARCH64, &[0xc5, 0xf0, 0x58, 0xc2]));
    assert_eq!(instruction_length(Platform::X86_64, CodeState::default(), &[0x06; 15]), None, "push es");
}

#[test]
fn arm() {
    for platform in [Platform::ARMV5T, Platform::ARMV7A, Platform::ARMV7A_BE] {
        check(
            platform,
            false,
            &[
                ("feffffea", "b", Ends),
                ("0000000a", "beq", Ends),
                ("000000fa", "blx", Ends),
                ("1eff2fe1", "bx lr", Ends),
                ("0080bde8", "pop {pc}", Ends),
                ("0040bde8", "pop {lr}", Plain),
                ("00f09fe5", "ldr pc, [pc]", Ends),
                ("00f08fe5", "str pc, [pc]", Plain),
                ("0ef0a0e1", "mov pc, lr", Ends),
                ("00005fe3", "cmp pc, #0", Plain),
                ("010080e0", "add r0, r0, r1", Plain),
                ("91020fe0", "mul pc", Plain),
                ("000000ef", "svc", Ends),
                ("700020e1", "bkpt", Ends),
                ("03f020e3", "wfi", Plain),
                ("4f0a20f4", "vld1.16 {d0, d1}", Plain),
            ],
        );
    }
}

#[test]
fn thumb() {
    let both = [
        ("7047", "bx lr", Ends),
        ("8746", "mov pc, r0", Ends),
        ("10bd", "pop {r4, pc}", Ends),
        ("10bc", "pop {r4}", Plain),
        ("fee7", "b", Ends),
        ("fed0", "beq", Ends),
        ("00df", "svc", Ends),
        ("00de", "udf", Plain),
        ("00be", "bkpt", Ends),
        ("08bf", "it eq", Plain),
        ("30bf", "wfi", Plain),
        ("fff7feff", "bl", Ends),
    ];
    check(Platform::ARMV7A, true, &both);
    check(Platform::ARMV5T, true, &both);
    check(Platform::ARMV6M, false, &both);
    check(
        Platform::ARMV7M,
        false,
        &[
            ("00b1", "cbz", Ends),
            ("dfe801f0", "tbb [pc, r1]", Ends),
            ("5df804fb", "ldr pc, [sp], #4", Ends),
            ("5df8040b", "ldr r0, [sp], #4", Plain),
            ("bde81080", "pop.w {r4, pc}", Ends),
            ("00f00080", "beq.w", Ends),
            ("aff30080", "nop.w", Plain),
            ("eff30080", "mrs r0, apsr", Plain),
        ],
    );
    // Half of a long branch is an instruction on the first Thumb processors.
    check(Platform::ARMV5T, true, &[("00f8", "second half of bl", Ends)]);
}

#[test]
fn aarch64() {
    for platform in [Platform::AARCH64, Platform::AARCH64_BE] {
        check(
            platform,
            false,
            &[
                ("c0035fd6", "ret", Ends),
                ("00000014", "b", Ends),
                ("00000094", "bl", Ends),
                ("00000054", "b.eq", Ends),
                ("000000b4", "cbz", Ends),
                ("00000037", "tbnz", Ends),
                ("010000d4", "svc", Ends),
                ("000020d4", "brk", Ends),
                ("e0039fd6", "eret", Ends),
                ("1f2003d5", "nop", Plain),
                ("7f2003d5", "wfi", Plain),
                ("0000c03d", "ldr q0, [x0]", Wide(16)),
                ("e00f9f3c", "str q0, [sp, #-16]!", Wide(16)),
                ("0068e13c", "ldr q0, [x0, x1]", Wide(16)),
                ("000440ad", "ldp q0, q1, [x0]", Wide(16)),
                ("000440a9", "ldp x0, x1, [x0]", Plain),
                ("000440fd", "ldr d0, [x0, #8]", Plain),
                ("00047fc8", "ldxp x0, x1, [x0]", Wide(16)),
                ("0070404c", "ld1 {v0.16b}, [x0]", Wide(16)),
                ("0070400c", "ld1 {v0.8b}, [x0]", Plain),
                ("0080404c", "ld2 {v0.16b, v1.16b}, [x0]", Plain),
            ],
        );
    }
}

#[test]
fn mips() {
    let cases = [
        ("03e00008", "jr ra", Slot),
        ("0c000000", "jal", Slot),
        ("10000001", "b", Slot),
        ("50800001", "beql", Slot),
        ("04110001", "bal", Slot),
        ("45000001", "bc1f", Slot),
        ("0000000c", "syscall", Ends),
        ("0000000d", "break", Ends),
        ("42000018", "eret", Ends),
        ("00000034", "teq zero, zero", Ends),
        ("00850034", "teq a0, a1", Plain),
        ("42000020", "wait", Plain),
        ("04090000", "tgeiu", Plain),
        ("45600001", "bz.v", Slot),
        ("47000001", "bz.b", Slot),
        ("78000020", "ld.b w0, 0(zero)", Wide(16)),
        ("27bdffe0", "addiu sp", Plain),
    ];
    check(Platform::MIPS, false, &cases);
    check(Platform::MIPS64, false, &cases);
    check(Platform::MIPSEL, false, &[("0800e003", "jr ra", Slot), ("e0ffbd27", "addiu sp", Plain)]);
}

#[test]
fn powerpc() {
    check(
        Platform::PPC,
        false,
        &[
            ("4e800020", "blr", Ends),
            ("48000000", "b", Ends),
            ("41820000", "beq", Ends),
            ("4e800420", "bctr", Ends),
            ("44000002", "sc", Ends),
            ("4c000064", "rfi", Ends),
            ("7fe00008", "trap", Ends),
            ("7c832808", "tw 4, r3, r5", Plain),
            ("4c00012c", "isync", Plain),
            ("7c0000ce", "lvx", Wide(16)),
            ("7c000698", "lxvd2x", Wide(16)),
            ("c8010000", "lfd", Plain),
        ],
    );
    check(Platform::PPC64LE, false, &[("2000804e", "blr", Ends)]);
}

#[test]
fn riscv() {
    let both = [
        ("67800000", "ret", Ends),
        ("63000000", "beq", Ends),
        ("ef000000", "jal", Ends),
        ("73000000", "ecall", Ends),
        ("73001000", "ebreak", Ends),
        ("73002030", "mret", Ends),
        ("73005010", "wfi", Plain),
        ("8280", "c.jr ra", Ends),
        ("8290", "c.jalr ra", Ends),
        ("0290", "c.ebreak", Ends),
        ("8690", "c.add ra, ra, ra", Plain),
        ("01a0", "c.j", Ends),
        ("01c0", "c.beqz", Ends),
        ("0100", "c.nop", Plain),
    ];
    check(Platform::RISCV32, false, &both);
    check(Platform::RISCV64, false, &both);
    check(Platform::RISCV32, false, &[("0120", "c.jal", Ends)]);
    check(Platform::RISCV64, false, &[("8520", "c.addiw ra", Plain)]);
    let long = [0x1f, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(instruction_length(Platform::RISCV64, CodeState::default(), &long), None);
}

#[test]
fn m68k() {
    check(
        Platform::M68K,
        false,
        &[
            ("4e75", "rts", Ends),
            ("4e71", "nop", Plain),
            ("4e722700", "stop", Plain),
            ("60fe", "bra.b", Ends),
            ("60000000", "bra.w", Ends),
            ("61ff00000000", "bsr.l", Ends),
            ("51c8fffc", "dbf", Ends),
            ("50c0", "st d0", Plain),
            ("4eb900000000", "jsr", Ends),
            ("4e40", "trap #0", Ends),
            ("4e76", "trapv", Ends),
            ("4848", "bkpt", Ends),
            ("4840", "swap", Plain),
            ("2f3c00000001", "move.l #1, -(sp)", Plain),
            ("13fc000100000000", "move.b #1, (0).l", Plain),
            ("203009b000001234", "move.l (0x1234, a0, d0.l), d0, base suppressed or not", Plain),
            ("48e73c00", "movem.l", Plain),
            ("f2800000", "fnop", Plain),
            ("f2810000", "fbeq", Ends),
            ("f22e48000008", "fmove.x (8, a6), fp0", Wide(12)),
            ("f20000a2", "fadd.x fp0, fp1", Plain),
            ("f23c44003f800000", "fmove.s #1, fp0", Plain),
            ("f6208000", "move16 (a0)+, (a0)+", Wide(16)),
        ],
    );
}

#[test]
fn sparc() {
    for platform in [Platform::SPARC, Platform::SPARC64] {
        check(
            platform,
            false,
            &[
                ("81c3e008", "retl", Slot),
                ("40000000", "call", Slot),
                ("10800000", "ba", Slot),
                ("30800000", "ba,a", Ends),
                ("22800000", "be,a", Slot),
                ("91d02010", "ta 0x10", Ends),
                ("81d02010", "tn 0x10", Plain),
                ("01000000", "nop", Plain),
                ("9de3bfa0", "save", Plain),
            ],
        );
    }
    check(Platform::SPARC64, false, &[("c1100000", "ldq", Wide(16)), ("81f00000", "done", Ends)]);
}

#[test]
fn s390x() {
    check(
        Platform::S390X,
        false,
        &[
            ("07fe", "br %r14", Ends),
            ("0707", "nopr %r7", Plain),
            ("0dd0", "basr %r13, 0", Plain),
            ("0de1", "basr %r14, %r1", Ends),
            ("0a00", "svc", Ends),
            ("a7f40000", "j", Ends),
            ("a7040000", "never", Plain),
            ("a7150000", "bras", Ends),
            ("a7170000", "brctg", Ends),
            ("a7180000", "lhi", Plain),
            ("b2b20000", "lpswe", Ends),
            ("c0e500000000", "brasl", Ends),
            ("c0f400000000", "jg", Ends),
            ("c0e000000000", "larl", Plain),
            ("ec1200048064", "cgrj", Ends),
            ("ec1200040054", "rnsbg", Plain),
            ("e70000000006", "vl", Wide(16)),
            ("e3100000000e", "cvbg", Plain),
            ("e31000000004", "lg", Plain),
        ],
    );
}

#[test]
fn tricore() {
    check(
        Platform::TRICORE,
        false,
        &[
            ("0090", "ret", Ends),
            ("0000", "nop", Plain),
            ("3c00", "j", Ends),
            ("fc00", "loop", Ends),
            ("dc0b", "ji a11", Ends),
            ("1d000000", "j", Ends),
            ("6d000000", "call", Ends),
            ("2d000000", "calli", Ends),
            ("0d008001", "ret", Ends),
            ("0d00c001", "rfe", Ends),
            ("0d000000", "nop", Plain),
            ("0d00c004", "isync", Plain),
            ("ad000000", "bisr", Plain),
            ("ad008000", "syscall", Ends),
            ("3b000000", "mov", Plain),
        ],
    );
}

#[test]
fn nothing_is_known_of_platforms_that_are_not_run() {
    let state = CodeState::default();
    assert_eq!(instruction_length(Platform::LOONGARCH64, state, &[0; 8]), None);
    assert!(!ends_basic_block(Platform::LOONGARCH64, state, &[0; 8]));
    assert_eq!(wide_access(Platform::LOONGARCH64, state, &[0; 8]), None);
}
