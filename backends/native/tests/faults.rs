//! Instructions that end in a fault, and which one, by the manuals: alignment
//! that only some accesses need, bounds, overflow, what is no instruction.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, MemoryCause, Permissions, Step};
use terrella_native::NativeEmulator;
use terrella_platforms::Platform;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

/// How an instruction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Unaligned,
    Unmapped,
    Invalid,
    Interrupt(u64),
    Other,
}

fn end(result: Result<Step, Error>) -> End {
    match result {
        Ok(Step::Done) => End::Done,
        Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unaligned, .. })) => End::Unaligned,
        Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unmapped, .. })) => End::Unmapped,
        Err(Error::Fault(Fault::InvalidInstruction { .. })) => End::Invalid,
        Err(Error::Fault(Fault::UnhandledInterrupt { number, .. })) => End::Interrupt(number),
        _ => End::Other,
    }
}

fn machine(platform: Platform, code: &[u8], registers: &[(&str, u64)]) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(platform).expect("an emulator");
    for place in [CODE, DATA] {
        emulator.map_memory(place..place + 0x1000, Permissions::ALL).expect("memory");
    }
    emulator.write_memory(CODE, code).expect("code");
    for (register, value) in registers {
        emulator.write_register(*register, *value).expect("a register");
    }
    let pointer = CODE | u64::from(platform == Platform::ARMV7M || platform == Platform::ARMV6M);
    emulator.set_program_counter(pointer).expect("an address");
    emulator
}

type Row = (&'static str, &'static [u8], &'static [(&'static str, u64)], End);

fn check(platform: Platform, rows: &[Row]) {
    for (name, code, registers, expected) in rows {
        let mut emulator = machine(platform, code, registers);
        // The bounds of `bound`: 0 and 4, as words and as double words.
        emulator.write_memory(DATA + 0x100, &[0, 0, 0, 0, 4, 0, 0, 0]).expect("data");
        emulator.write_memory(DATA + 0x110, &[0, 0, 4, 0]).expect("data");
        let result = emulator.step();
        assert_eq!(end(result), *expected, "{platform}: {name}");
        if *expected != End::Done {
            assert_eq!(emulator.program_counter(), CODE, "{platform}: {name}");
        }
    }
}

/// Arm ARM ARMv7-A, A3.2.1, table A3-1: several words are aligned, one need
/// not be; alignment comes before the translation (B3.12.1).
#[test]
fn armv7a() {
    let rows: &[Row] = &[
        ("ldm", &[0x06, 0x00, 0x90, 0xe8], &[("r0", DATA + 2)], End::Unaligned),
        ("ldm of a word", &[0x06, 0x00, 0x90, 0xe8], &[("r0", DATA + 4)], End::Done),
        ("ldm elsewhere", &[0x06, 0x00, 0x90, 0xe8], &[("r0", 0x9000_0002)], End::Unaligned),
        ("ldm of nothing", &[0x06, 0x00, 0x90, 0xe8], &[("r0", 0x9000_0000)], End::Unmapped),
        ("ldm not taken", &[0x06, 0x00, 0x90, 0x08], &[("r0", DATA + 2), ("cpsr", 0x1d3)], End::Done),
        ("stmdb with the base", &[0x06, 0x00, 0x20, 0xe9], &[("r0", DATA + 0x42)], End::Unaligned),
        ("ldrd", &[0xd0, 0x20, 0xc0, 0xe1], &[("r0", DATA + 2)], End::Unaligned),
        ("ldrd of words", &[0xd0, 0x20, 0xc0, 0xe1], &[("r0", DATA + 4)], End::Done),
        ("ldr", &[0x00, 0x10, 0x90, 0xe5], &[("r0", DATA + 2)], End::Done),
        ("vldr", &[0x00, 0x0a, 0x90, 0xed], &[("r0", DATA + 1)], End::Unaligned),
        ("vldm", &[0x01, 0x0a, 0x90, 0xec], &[("r0", DATA + 1)], End::Unaligned),
        ("hlt", &[0x70, 0x00, 0x00, 0xe1], &[], End::Invalid),
    ];
    check(Platform::ARMV7A, rows);
}

/// ARMv7-M Arm ARM, A3.2.1; ARMv6-M Arm ARM, A5.2 and A5.3.
#[test]
fn microcontrollers_of_arm() {
    let rows: &[Row] = &[
        ("ldm", &[0x02, 0xc8], &[("r0", DATA + 2)], End::Unaligned),
        ("ldm of a word", &[0x02, 0xc8], &[("r0", DATA + 4)], End::Done),
        ("ldr", &[0x01, 0x68], &[("r0", DATA + 2)], End::Done),
        ("ldrd", &[0xd0, 0xe9, 0x00, 0x12], &[("r0", DATA + 2)], End::Unaligned),
        ("movw", &[0x40, 0xf2, 0x01, 0x00], &[], End::Done),
        ("hlt", &[0x80, 0xba], &[], End::Invalid),
    ];
    check(Platform::ARMV7M, rows);
    let rows: &[Row] = &[
        ("movw", &[0x40, 0xf2, 0x01, 0x00], &[], End::Invalid),
        ("cbz", &[0x08, 0xb1], &[], End::Invalid),
        ("it", &[0xa8, 0xbf], &[], End::Invalid),
        ("bl", &[0x00, 0xf0, 0x02, 0xf8], &[], End::Done),
        ("dmb", &[0xbf, 0xf3, 0x5f, 0x8f], &[], End::Done),
        ("mrs", &[0xef, 0xf3, 0x00, 0x80], &[], End::Done),
    ];
    check(Platform::ARMV6M, rows);
}

/// Arm ARM, B2.5.2: what acquires or releases is aligned.
#[test]
fn aarch64() {
    let rows: &[Row] = &[
        ("ldar", &[0x01, 0xfc, 0xdf, 0xc8], &[("x0", DATA + 4)], End::Unaligned),
        ("ldar elsewhere", &[0x01, 0xfc, 0xdf, 0xc8], &[("x0", 0x9000_0001)], End::Unaligned),
        ("ldar of a double word", &[0x01, 0xfc, 0xdf, 0xc8], &[("x0", DATA + 8)], End::Done),
        ("ldapur", &[0x01, 0x00, 0x40, 0x99], &[("x0", DATA + 2)], End::Unaligned),
        ("ldapur of a word", &[0x01, 0x00, 0x40, 0x99], &[("x0", DATA + 4)], End::Done),
        ("stlurh", &[0x01, 0x00, 0x00, 0x59], &[("x0", DATA + 1)], End::Unaligned),
        ("ldur", &[0x01, 0x00, 0x40, 0xb8], &[("x0", DATA + 2)], End::Done),
    ];
    check(Platform::AARCH64, rows);
}

/// SPARC Architecture Manual, V8, B.25; V9, A.24, A.26 and A.28.
#[test]
fn sparc() {
    let rows: &[Row] = &[
        ("jmpl", &[0x9f, 0xc0, 0x40, 0, 1, 0, 0, 0], &[("g1", CODE + 2)], End::Unaligned),
        ("jmpl to a word", &[0x9f, 0xc0, 0x40, 0, 1, 0, 0, 0], &[("g1", CODE + 8)], End::Done),
        // The address is the sum: not what is in memory there.
        ("jmpl to a constant", &[0x9f, 0xc0, 0x20, 4, 1, 0, 0, 0], &[], End::Done),
    ];
    check(Platform::SPARC, rows);
    let rows: &[Row] = &[
        ("jmpl", &[0x9f, 0xc0, 0x40, 0, 1, 0, 0, 0], &[("g1", CODE + 2)], End::Unaligned),
        ("ldq", &[0xc1, 0x10, 0x40, 0], &[("g1", DATA + 8)], End::Unaligned),
        ("ldq of a quad", &[0xc1, 0x10, 0x40, 0], &[("g1", DATA + 16)], End::Done),
        ("ldd to an odd register", &[0xd2, 0x18, 0x40, 0], &[("g1", DATA)], End::Invalid),
        ("ldd to an even register", &[0xd0, 0x18, 0x40, 0], &[("g1", DATA)], End::Done),
    ];
    check(Platform::SPARC64, rows);
}

/// Intel SDM, volume 2, BOUND and INTO.
#[test]
fn x86() {
    let ebx = ("ebx", DATA + 0x100);
    let with = |eax: u64| [("eax", eax), ebx];
    for (eax, expected) in [
        (0, End::Done),
        (4, End::Done),
        (5, End::Interrupt(5)),
        (0xffff_ffff, End::Interrupt(5)),
        (0x7fff_ffff, End::Interrupt(5)),
    ] {
        let mut emulator = machine(Platform::I386, &[0x62, 0x03], &with(eax));
        emulator.write_memory(DATA + 0x100, &[0, 0, 0, 0, 4, 0, 0, 0]).expect("data");
        assert_eq!(end(emulator.step()), expected, "bound of {eax:#x}");
    }
    let rows: &[Row] = &[
        ("bound of words", &[0x66, 0x62, 0x03], &[("eax", 0x7_0004), ("ebx", DATA + 0x110)], End::Done),
        (
            "bound of words, beyond",
            &[0x66, 0x62, 0x03],
            &[("eax", 0x8000), ("ebx", DATA + 0x110)],
            End::Interrupt(5),
        ),
        ("into", &[0xce], &[("eflags", 0x802)], End::Interrupt(4)),
        ("into without an overflow", &[0xce], &[("eflags", 0x2)], End::Done),
        // The prefix says nothing of the stack.
        ("push with the prefix 67", &[0x67, 0x50], &[("esp", DATA + 0x800)], End::Done),
        ("enter beyond the stack", &[0xc8, 0x00, 0x80, 0x00], &[("esp", DATA + 0x800)], End::Unmapped),
    ];
    check(Platform::I386, rows);
    // Volume 2, ARPL: a lower level is raised.
    for (target, source, result, flags) in
        [(0x10, 0x3, 0x13, 0x40), (0x13, 0x1, 0x13, 0), (0xfff9, 0x2, 0xfffa, 0x40)]
    {
        let mut emulator = machine(Platform::I386, &[0x63, 0xc8], &[("eax", target), ("ecx", source)]);
        assert_eq!(end(emulator.step()), End::Done);
        assert_eq!(emulator.read_register("eax").expect("eax"), result);
        assert_eq!(emulator.read_register("eflags").expect("eflags") & 0x40, flags);
    }
    let into = machine(Platform::X86_64, &[0x67, 0xce], &[]).step();
    assert_eq!(end(into), End::Invalid);
}

/// TriCore Architecture Manual, volume 2, BISR: the lower context is saved,
/// where there is a free one.
#[test]
fn tricore() {
    check(
        Platform::TRICORE,
        &[("bisr without a context", &[0xe0, 0x05], &[("fcx", 0)], End::Interrupt(0x34))],
    );
    let registers = [("fcx", DATA >> 6), ("a11", 0x11), ("e2", 0x33_0000_0022), ("icr", 0x107)];
    let mut emulator = machine(Platform::TRICORE, &[0xe0, 0x05], &registers);
    emulator.write_memory(DATA, &[0x34, 0x12, 0, 0]).expect("the next context");
    assert_eq!(end(emulator.step()), End::Done);
    let mut context = [0; 64];
    emulator.read_memory(DATA, &mut context).expect("the context");
    assert_eq!(context[4], 0x11, "a11");
    assert_eq!((context[24], context[28]), (0x22, 0x33), "d2 and d3");
    assert_eq!(emulator.read_register("fcx").expect("fcx"), 0x1234);
    // The number of the interrupt, and that they were enabled.
    assert_eq!(emulator.read_register("pcxi").expect("pcxi"), 0x0780_0000 | DATA >> 6);
    assert_eq!(emulator.read_register("icr").expect("icr"), 0x105);
}
