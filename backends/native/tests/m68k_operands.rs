//! Instructions of the 68000 family whose operands lock step can hardly meet at
//! random: comparisons with bounds, exchanges, decimals, and operands at the
//! program counter behind other extension words. What is expected is that of
//! the M68000 Family Programmer's Reference Manual (CAS, CAS2, CHK2, CMP2,
//! FSAVE, PACK, UNPK, and section 2.2.11).

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Platform, Stop};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x4000;
const CARRY: u64 = 1;
const OVERFLOW: u64 = 2;
const ZERO: u64 = 4;
const NEGATIVE: u64 = 8;

/// About to execute words, with `a0` and `a1` at the data.
fn about(words: &[u16], data: &[u8], registers: &[(&str, u64)]) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(Platform::M68K).unwrap();
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).unwrap();
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE).unwrap();
    for (place, word) in (CODE..).step_by(2).zip(words) {
        emulator.write_code(place, &word.to_be_bytes()).unwrap();
    }
    emulator.write_memory(DATA, data).unwrap();
    emulator.write_register("a0", DATA).unwrap();
    emulator.write_register("a1", DATA + 8).unwrap();
    for (name, value) in registers {
        emulator.write_register(*name, *value).unwrap();
    }
    emulator.set_program_counter(CODE).unwrap();
    emulator
}

/// The low bits of the status register after one instruction.
fn codes(emulator: &mut NativeEmulator) -> u64 {
    let at = emulator.program_counter();
    let stop = emulator.run_with(&Limits::instructions(1)).unwrap();
    assert!(matches!(stop, Stop::InstructionLimit(_)), "{stop:?} at {at:#x}");
    emulator.read_register("sr").unwrap() & 0xf
}

fn register(emulator: &NativeEmulator, name: &str) -> u64 {
    emulator.read_register(name).unwrap()
}

fn memory(emulator: &mut NativeEmulator, place: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    emulator.read_memory(place, &mut bytes).unwrap();
    bytes
}

#[test]
fn bounds_are_in_memory_and_may_go_around() {
    // The operation word of the size, the bounds, the value, C and Z.
    for (word, bounds, value, expected) in [
        (0x00d0, &[10, 20][..], 15, 0),
        (0x00d0, &[10, 20], 10, ZERO),
        (0x00d0, &[10, 20], 20, ZERO),
        (0x00d0, &[10, 20], 21, CARRY),
        (0x00d0, &[10, 20], 9, CARRY),
        // The lower byte alone; signed, unless the lower bound is above.
        (0x00d0, &[10, 20], 0xffff_ff0f, 0),
        (0x00d0, &[0xf0, 0x10], 0xff, 0),
        (0x00d0, &[0x10, 0xf0], 0x80, 0),
        (0x00d0, &[0x10, 0xf0], 0, CARRY),
        (0x02d0, &[0x01, 0x00, 0x02, 0x00], 0x180, 0),
        (0x02d0, &[0x01, 0x00, 0x02, 0x00], 0x201, CARRY),
        (0x04d0, &[0, 0, 1, 0, 0, 0, 2, 0], 0x200, ZERO),
        (0x04d0, &[0, 0, 1, 0, 0, 0, 2, 0], 0x1_0180 & 0xffff_ffff, CARRY),
    ] {
        // cmp2 (a0),d1
        let mut emulator = about(&[word, 0x1000], bounds, &[("d1", value), ("sr", 0x2700)]);
        assert_eq!(codes(&mut emulator) & (CARRY | ZERO), expected, "{word:#x} {bounds:?} {value:#x}");
        // chk2 (a0),d1
        let mut emulator = about(&[word, 0x1800], bounds, &[("d1", value), ("sr", 0x2700)]);
        let ends = emulator.run_with(&Limits::instructions(1));
        assert_eq!(ends.is_err(), expected & CARRY != 0, "{word:#x} {bounds:?} {value:#x}: {ends:?}");
    }
    // An address register is compared whole: cmp2.w (a0),a2
    let bounds = [0xff, 0xf0, 0x00, 0x10];
    for (value, expected) in [(0xffff_fff0, ZERO), (0xfff0, CARRY), (0, 0)] {
        let mut emulator = about(&[0x02d0, 0xa000], &bounds, &[("a2", value), ("sr", 0x2700)]);
        assert_eq!(codes(&mut emulator) & (CARRY | ZERO), expected, "{value:#x}");
    }
}

#[test]
fn exchanges_compare_as_cmp_does() {
    // cas.l d1,d3,(a0): what is in memory less d1
    for (held, compared, expected) in
        [(5_u32, 5_u64, ZERO), (4, 5, NEGATIVE | CARRY), (0x8000_0000, 1, OVERFLOW), (6, 5, 0)]
    {
        let registers = [("d1", compared), ("d3", 0x77), ("sr", 0x2700)];
        let mut emulator = about(&[0x0ed0, 0x00c1], &held.to_be_bytes(), &registers);
        assert_eq!(codes(&mut emulator), expected, "{held:#x} {compared:#x}");
        let equal = expected == ZERO;
        let after = if equal { 0x77 } else { held };
        assert_eq!(memory(&mut emulator, DATA, 4), after.to_be_bytes());
        assert_eq!(register(&emulator, "d1"), u64::from(held));
    }
}

#[test]
fn double_exchanges_change_both_or_none() {
    // cas2.l d4:d5,d6:d7,(a0):(a1)
    let words = [0x0efc, 0x8184, 0x91c5];
    let data = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
    for (first, second, expected) in
        [(1, 2, ZERO), (2, 2, NEGATIVE | CARRY), (1, 3, NEGATIVE | CARRY), (1, 1, 0)]
    {
        let registers = [("d4", first), ("d5", second), ("d6", 0x11), ("d7", 0x22), ("sr", 0x2700)];
        let mut emulator = about(&words, &data, &registers);
        assert_eq!(codes(&mut emulator), expected, "{first} {second}");
        let place = |emulator: &mut NativeEmulator, at| memory(emulator, at, 4)[3];
        let both = (place(&mut emulator, DATA), place(&mut emulator, DATA + 8));
        if expected == ZERO {
            assert_eq!(both, (0x11, 0x22));
        } else {
            assert_eq!(both, (1, 2));
            assert_eq!((register(&emulator, "d4"), register(&emulator, "d5")), (1, 2));
        }
        assert_eq!(register(&emulator, "a0"), DATA);
    }
    // With one register for both it gets the first operand: cas2.w d4:d4
    let registers = [("d4", 9), ("d6", 0x11), ("d7", 0x22)];
    let mut emulator = about(&[0x0cfc, 0x8184, 0x91c4], &[0, 1, 0, 0, 0, 0, 0, 0, 0, 2], &registers);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "d4"), 1);
}

#[test]
fn decimals_are_packed_with_their_adjustment() {
    // The example of the manual: from EBCDIC, and to ASCII.
    // pack d0,d1,#0; unpk d1,d2,#$3030
    let words = [0x8340, 0x0000, 0x8581, 0x3030];
    let mut emulator = about(&words, &[], &[("d0", 0xf2f3), ("d1", 0xaabb_ccdd), ("d2", 0x1122_3344)]);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "d1"), 0xaabb_cc23);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "d2"), 0x1122_3233);
    // The adjustment is added to the whole word: 0x0f9f + 0x0061 = 0x1000
    let mut emulator = about(&[0x8340, 0x0061], &[], &[("d0", 0x0f9f), ("d1", 0)]);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "d1"), 0);
    // pack -(a0),-(a1),#0 and unpk -(a0),-(a1),#0
    let mut emulator = about(&[0x8348, 0], b"\x34\x36", &[("a0", DATA + 2), ("a1", DATA + 9)]);
    codes(&mut emulator);
    assert_eq!(memory(&mut emulator, DATA + 8, 1), [0x46]);
    assert_eq!((register(&emulator, "a0"), register(&emulator, "a1")), (DATA, DATA + 8));
    let mut emulator = about(&[0x8388, 0], b"\x46", &[("a0", DATA + 1), ("a1", DATA + 10)]);
    codes(&mut emulator);
    assert_eq!(memory(&mut emulator, DATA + 8, 2), [4, 6]);
}

#[test]
fn program_counters_are_those_of_extension_words() {
    // Behind the instruction at 0x1000: where each reads from, with d16 = 0x100.
    for (words, place, name) in [
        // mulu.l (d16,pc),d2
        (&[0x4c3a, 0x2002, 0x0100][..], 0x1104, "d2"),
        // mulu.l (d8,pc,d7.w),d2 with d8 = 0x10
        (&[0x4c3b, 0x2002, 0x7010], 0x1014, "d2"),
        // mulu.l (bd16,pc,d7.w),d2
        (&[0x4c3b, 0x2002, 0x7120, 0x0100], 0x1104, "d2"),
        // movem.l (d16,pc),d2
        (&[0x4cfa, 0x0004, 0x0100], 0x1104, "d2"),
        // movem.l (d8,pc,d7.w),d2
        (&[0x4cfb, 0x0004, 0x7010], 0x1014, "d2"),
        // move.l (d16,pc),d2
        (&[0x243a, 0x0100], 0x1102, "d2"),
        // bfextu (d16,pc){0:32},d2
        (&[0xe9fa, 0x2000, 0x0100], 0x1104, "d2"),
    ] {
        let mut emulator = about(words, &[], &[("d2", 1), ("d7", 0)]);
        emulator.write_memory(place, &0x1234_5678_u32.to_be_bytes()).unwrap();
        codes(&mut emulator);
        assert_eq!(register(&emulator, name), 0x1234_5678, "{words:x?}");
    }
    // cmpi.b #$11,(d16,pc); cmpi.l #$11,(d16,pc); btst #4,(d16,pc)
    for (words, place, value) in [
        (&[0x0c3a, 0x0011, 0x0100][..], 0x1104, &[0x11][..]),
        (&[0x0cba, 0, 0x0011, 0x0100], 0x1106, &[0, 0, 0, 0x11]),
    ] {
        let mut emulator = about(words, &[], &[("sr", 0x2700)]);
        emulator.write_memory(place, value).unwrap();
        assert_eq!(codes(&mut emulator), ZERO, "{words:x?}");
    }
    let mut emulator = about(&[0x083a, 0x0004, 0x0100], &[], &[("sr", 0x2704)]);
    emulator.write_memory(0x1104, &[0x10]).unwrap();
    assert_eq!(codes(&mut emulator), 0);
    // fmove.l (d16,pc),fp0; fmove.l fp0,(a0)
    let mut emulator = about(&[0xf23a, 0x4000, 0x0100, 0xf210, 0x6000], &[], &[]);
    emulator.write_memory(0x1104, &1234_u32.to_be_bytes()).unwrap();
    codes(&mut emulator);
    codes(&mut emulator);
    assert_eq!(memory(&mut emulator, DATA, 4), 1234_u32.to_be_bytes());
}

#[test]
fn frames_of_the_coprocessor() {
    // fsave (a0); frestore (a0); clr.l (a0); frestore (a0)
    let mut emulator = about(&[0xf310, 0xf350, 0x4290, 0xf350], &[], &[("fpcr", 0x40)]);
    codes(&mut emulator);
    assert_eq!(memory(&mut emulator, DATA, 4), [0x41, 0, 0, 0]);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "fpcr"), 0x40);
    codes(&mut emulator);
    codes(&mut emulator);
    assert_eq!(register(&emulator, "fpcr"), 0);
}
