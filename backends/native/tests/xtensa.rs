//! Xtensa: loops, special registers, and what is nothing here (Xtensa
//! Instruction Set Architecture Reference Manual, 4.3.2, 5.3, 6). The code is
//! that of GNU as; the lock step with QEMU witnesses each instruction.

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, InstructionHookable, Limits, Permissions, Platform, Result,
    Step, Stop, SyscallHookable,
};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x8000;
/// nop; addi a3,a3,1; addi a4,a4,2
const NOP: u32 = 0x0020f0;
const COUNT: u32 = 0x01c332;
const COUNT_TWO: u32 = 0x02c442;

fn machine(code: &[u32]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(Platform::XTENSA)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    for (place, word) in (CODE..).step_by(3).zip(code) {
        emulator.write_code(place, &word.to_le_bytes()[..3])?;
    }
    emulator.add_exit_point(end(code));
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

fn end(code: &[u32]) -> u64 {
    CODE + 3 * code.len() as u64
}

fn set(emulator: &mut NativeEmulator, values: &[(&str, u64)]) -> Result<()> {
    values.iter().try_for_each(|(name, value)| emulator.write_register(*name, *value))
}

fn registers<const N: usize>(emulator: &NativeEmulator, names: [&str; N]) -> Result<Vec<u64>> {
    names.iter().map(|name| emulator.read_register(*name)).collect()
}

/// loop a2 of two instructions.
const LOOP: &[u32] = &[0x058276, COUNT, COUNT_TWO];

#[test]
fn loops_run_as_often_as_they_are_told() -> Result<()> {
    for count in [1, 2, 5, 1000] {
        let mut emulator = machine(LOOP)?;
        emulator.write_register("a2", count)?;
        assert_eq!(emulator.run()?, Stop::ExitPoint(end(LOOP)));
        assert_eq!(registers(&emulator, ["a3", "a4", "lcount"])?, [count, 2 * count, 0]);
        assert_eq!(registers(&emulator, ["lbeg", "lend"])?, [CODE + 3, CODE + 9]);
        assert_eq!(emulator.instructions_executed(), Some(1 + 2 * count));
    }
    Ok(())
}

#[test]
fn loops_are_the_same_by_steps_and_with_hooks() -> Result<()> {
    let expected = [0, 3, 6, 3, 6, 3, 6].map(|offset| CODE + offset);
    let mut emulator = machine(LOOP)?;
    emulator.write_register("a2", 3_u64)?;
    let mut stepped = vec![emulator.program_counter()];
    while emulator.step()? == Step::Done {
        stepped.push(emulator.program_counter());
    }
    assert_eq!((stepped.as_slice(), emulator.program_counter()), (&expected[..], end(LOOP)));
    let mut emulator = machine(LOOP)?;
    emulator.write_register("a2", 3_u64)?;
    let seen = Rc::new(RefCell::new(Vec::new()));
    let all = Rc::clone(&seen);
    emulator.add_instruction_hook(
        None,
        Box::new(move |_, pc| {
            all.borrow_mut().push(pc);
            Ok(Flow::Continue)
        }),
    )?;
    emulator.run()?;
    assert_eq!(*seen.borrow(), expected);
    // A limit may end a run anywhere in a loop.
    for limit in 0..7 {
        let mut emulator = machine(LOOP)?;
        emulator.write_register("a2", 3_u64)?;
        emulator.run_with(&Limits::instructions(limit))?;
        assert_eq!(emulator.program_counter(), expected[limit as usize]);
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "a4", "lcount"])?, [3, 6, 0]);
    }
    Ok(())
}

/// LOOPGTZ and LOOPNEZ go to the end with nothing to do, and begin all the
/// same.
#[test]
fn loops_of_no_rounds_are_left_out() -> Result<()> {
    const NONE: u64 = 0xffff_ffff;
    const NEGATIVE: u64 = 0x8000_0000;
    for (code, count, rounds) in
        [(0x02a576, 0, 0), (0x02a576, NEGATIVE, 0), (0x02a576, 2, 2), (0x029576, 0, 0), (0x029576, 3, 3)]
    {
        let mut emulator = machine(&[code, COUNT])?;
        emulator.write_register("a5", count)?;
        emulator.run()?;
        let left = if rounds == 0 { count.wrapping_sub(1) & NONE } else { 0 };
        assert_eq!(registers(&emulator, ["a3", "lcount"])?, [rounds, left], "{code:x} {count:x}");
    }
    Ok(())
}

/// What ends a loop is the address: a branch that is taken leaves it, one that
/// is not does not, and in exceptions mode there are no loops (4.3.2.3).
#[test]
fn the_last_instruction_may_be_any() -> Result<()> {
    // loopnez a5,2f; addi a3,a3,1; beqz a7,3f; 2: nop; 3:
    let code = [0x059576, COUNT, 0x002716, NOP];
    for (a7, rounds, last) in [(1, 4, 0), (0, 1, 3)] {
        let mut emulator = machine(&code)?;
        emulator.write_register("a5", 4_u64)?;
        emulator.write_register("a7", a7 as u64)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "lcount"])?, [rounds, last]);
    }
    // loopnez a5,3f; nop; abs a7,a7; 3:
    for a7 in [7_u64, 0xffff_fff9] {
        let mut emulator = machine(&[0x059576, COUNT, 0x607170])?;
        emulator.write_register("a5", 4_u64)?;
        emulator.write_register("a7", a7)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "a7", "lcount"])?, [4, 7, 0]);
    }
    let mut emulator = machine(LOOP)?;
    emulator.write_register("a2", 4_u64)?;
    emulator.write_register("ps", 0x10_u64)?;
    emulator.run()?;
    assert_eq!(registers(&emulator, ["a3", "lcount"])?, [1, 3]);
    Ok(())
}

/// Code that was executed already ends where LEND says later.
#[test]
fn a_loop_ends_where_its_register_says() -> Result<()> {
    let code = [COUNT, COUNT_TWO, NOP];
    let mut emulator = machine(&code)?;
    let snapshot = emulator.snapshot()?;
    emulator.run()?;
    for (place, rounds) in [(3, [6, 2]), (6, [6, 12]), (9, [6, 12]), (10, [1, 2])] {
        emulator.restore(&snapshot)?;
        emulator.write_register("lbeg", CODE)?;
        emulator.write_register("lcount", 5_u64)?;
        emulator.write_register("lend", CODE + place)?;
        let looping = emulator.snapshot()?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "a4"])?, rounds, "{place}");
        // LEND comes back with a snapshot.
        emulator.restore(&snapshot)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "a4"])?, [1, 2], "{place}");
        emulator.restore(&looping)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "a4"])?, rounds, "{place}");
    }
    // wsr.lend a8; then xsr.lend a8
    for instruction in [0x130180, 0x610180] {
        let code = [instruction, COUNT, COUNT_TWO];
        let mut emulator = machine(&code)?;
        emulator.run()?;
        emulator.set_program_counter(CODE)?;
        emulator.write_register("a3", 0_u64)?;
        emulator.write_register("a8", CODE + 6)?;
        emulator.write_register("lbeg", CODE + 3)?;
        emulator.write_register("lcount", 2_u64)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a3", "lend"])?, [3, CODE + 6], "{instruction:x}");
        assert_eq!(emulator.read_register("a8")?, if instruction == 0x130180 { CODE + 6 } else { 0 });
    }
    Ok(())
}

/// WSR, XSR and RSR of a number, and of a2.
fn special(number: u32) -> [u32; 3] {
    [0x130020 | number << 8, 0x610020 | number << 8, 0x030020 | number << 8]
}

/// Special registers: a number, the register, and which bits it has.
const SPECIAL: &[(u32, &str, u64)] = &[
    (0, "lbeg", u32::MAX as u64),
    (1, "lend", u32::MAX as u64),
    (2, "lcount", u32::MAX as u64),
    (3, "sar", 0x3f),
    (4, "br", 0xffff),
    (5, "litbase", 0xffff_f001),
    (12, "scompare1", u32::MAX as u64),
    (16, "acclo", u32::MAX as u64),
    (32, "m0", u32::MAX as u64),
    (35, "m3", u32::MAX as u64),
    (40, "prefctl", u32::MAX as u64),
    (73, "windowstart", 0xffff),
    (83, "ptevaddr", u32::MAX as u64),
    (90, "rasid", u32::MAX as u64),
    (96, "ibreakenable", u32::MAX as u64),
    (99, "atomctl", u32::MAX as u64),
    (104, "ddr", u32::MAX as u64),
    (128, "ibreaka0", u32::MAX as u64),
    (145, "dbreaka1", u32::MAX as u64),
    (160, "dbreakc0", u32::MAX as u64),
    (177, "epc1", u32::MAX as u64),
    (183, "epc7", u32::MAX as u64),
    (192, "depc", u32::MAX as u64),
    (194, "eps2", u32::MAX as u64),
    (199, "eps7", u32::MAX as u64),
    (209, "excsave1", u32::MAX as u64),
    (215, "excsave7", u32::MAX as u64),
    (224, "cpenable", u32::MAX as u64),
    (228, "intenable", u32::MAX as u64),
    (230, "ps", 0x7_0fff),
    (231, "vecbase", u32::MAX as u64),
    (232, "exccause", u32::MAX as u64),
    (236, "icount", u32::MAX as u64),
    (237, "icountlevel", u32::MAX as u64),
    (238, "excvaddr", u32::MAX as u64),
    (240, "ccompare0", u32::MAX as u64),
    (244, "misc0", u32::MAX as u64),
    (247, "misc3", u32::MAX as u64),
];

#[test]
fn special_registers_are_written_exchanged_and_read() -> Result<()> {
    for (number, name, mask) in SPECIAL {
        let [write, exchange, read] = special(*number);
        let mut emulator = machine(&[write, exchange, read])?;
        emulator.write_register("a2", 0xa5c3_5a3f_u64)?;
        emulator.step()?;
        let written = 0xa5c3_5a3f & mask;
        assert_eq!(emulator.read_register(*name)?, written, "{name}");
        emulator.write_register("a2", 0x1234_fff1_u64)?;
        emulator.step()?;
        assert_eq!(registers(&emulator, [name, "a2"])?, [0x1234_fff1 & mask, written], "{name}");
        emulator.step()?;
        assert_eq!(emulator.read_register("a2")?, 0x1234_fff1 & mask, "{name}");
    }
    Ok(())
}

/// INTSET and INTCLEAR set and clear bits of INTERRUPT (5.3, table 5-160), and
/// the eight bits of ACCHI have a sign.
#[test]
fn some_special_registers_are_parts_of_others() -> Result<()> {
    // wsr.intset a2; wsr.intclear a3; rsr.interrupt a4
    let mut emulator = machine(&[0x13e220, 0x13e330, 0x03e240])?;
    set(&mut emulator, &[("a2", 0xf0), ("a3", 0x3c), ("interrupt", 0x101)])?;
    emulator.run()?;
    assert_eq!(registers(&emulator, ["interrupt", "a4"])?, [0x1c1, 0x1c1]);
    // wsr.acchi a2; rsr.acchi a3
    let mut emulator = machine(&[0x131120, 0x031130])?;
    emulator.write_register("a2", 0x1234_5680_u64)?;
    emulator.run()?;
    assert_eq!(registers(&emulator, ["acchi", "a3"])?, [0x80, 0xffff_ff80]);
    Ok(())
}

#[test]
fn what_is_no_register_is_no_instruction() -> Result<()> {
    // INTSET and INTCLEAR are written only, and not exchanged; PRID, CONFIGID0,
    // CONFIGID1 and DEBUGCAUSE are read only; there are no 6, 225 and 255.
    let all = [6, 225, 255].into_iter().flat_map(special);
    let read_only = [235, 176, 208, 233].into_iter().flat_map(|number| special(number)[..2].to_vec());
    let written_only = [special(226)[1], special(227)[1], special(227)[2]];
    // rur and wur of 5; rfdo; rfue
    for code in all.chain(read_only).chain(written_only).chain([0xe32050, 0xf30520, 0xf1e000, 0x003100]) {
        let result = machine(&[code])?.step();
        assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))), "{code:x} {result:?}");
    }
    Ok(())
}

/// CCOUNT (4.4.6) counts instructions.
#[test]
fn the_cycle_count_is_that_of_instructions() -> Result<()> {
    // nop; rsr.ccount a2; nop; rsr.ccount a3; wsr.ccount a4; rsr.ccount a5
    let code = [NOP, 0x03ea20, NOP, 0x03ea30, 0x13ea40, 0x03ea50];
    for by_steps in [false, true] {
        let mut emulator = machine(&code)?;
        emulator.write_register("a4", 0xffff_fff0_u64)?;
        while by_steps && emulator.step()? == Step::Done {}
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a2", "a3", "a5", "ccount"])?, [1, 3, 0xffff_fff1, 0xffff_fff2]);
        emulator.write_register("ccount", 100_u64)?;
        emulator.set_program_counter(CODE)?;
        emulator.step()?;
        assert_eq!(emulator.read_register("ccount")?, 101);
    }
    Ok(())
}

#[test]
fn interrupt_levels_and_returns() -> Result<()> {
    // rsil a2,5
    let mut emulator = machine(&[0x006520])?;
    emulator.write_register("ps", 0x4_0032_u64)?;
    emulator.step()?;
    assert_eq!(registers(&emulator, ["a2", "ps"])?, [0x4_0032, 0x4_0035]);
    // waiti 3
    let mut emulator = machine(&[0x007300])?;
    emulator.write_register("ps", 0x4_0032_u64)?;
    assert_eq!(emulator.run()?, Stop::Halted(CODE + 3));
    assert_eq!(emulator.read_register("ps")?, 0x4_0033);
    // rfe; rfde; rfi 3
    for (code, ps) in [(0x003000, 0x4_0022), (0x003200, 0x4_0032), (0x003310, 0x4_0001)] {
        let mut emulator = machine(&[code])?;
        let values =
            [("ps", 0x4_0032), ("epc1", 0x1100), ("depc", 0x1200), ("epc3", 0x1300), ("eps3", 0x4_0001)];
        set(&mut emulator, &values)?;
        emulator.step()?;
        let pc = match code {
            0x003000 => 0x1100,
            0x003200 => 0x1200,
            _ => 0x1300,
        };
        assert_eq!((emulator.program_counter(), emulator.read_register("ps")?), (pc, ps));
    }
    Ok(())
}

/// S32C1I (chapter 6) stores where SCOMPARE1 is what is there; L32AI and S32RI
/// are a load and a store.
#[test]
fn memory_that_processors_share() -> Result<()> {
    // s32c1i a2,a3,4; l32ai a4,a3,4; s32ri a4,a3,8
    for (compared, stored) in [(7, 9), (8, 7)] {
        let mut emulator = machine(&[0x01e322, 0x01b342, 0x02f342])?;
        set(&mut emulator, &[("a2", 9), ("a3", DATA), ("scompare1", compared)])?;
        emulator.write_integer(DATA + 4, 7, 4)?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["a2", "a4"])?, [7, stored]);
        assert_eq!(emulator.read_integer(DATA + 8, 4)?, u128::from(stored));
    }
    Ok(())
}

/// Barriers, caches and prefetches; that of an address that is not there is a
/// fault.
#[test]
fn what_is_done_to_caches_is_nothing() -> Result<()> {
    // memw; isync; rsync; esync; dsync; excw; extw; dhwb, dhwbi, dhi, dpfr,
    // dii, diwb of a3
    let code = [
        0x0020c0, 0x002000, 0x002010, 0x002020, 0x002030, 0x002080, 0x0020d0, 0x017342, 0x017352, 0x007362,
        0x007302, 0x007372, 0x047382,
    ];
    let mut emulator = machine(&code)?;
    emulator.write_register("a3", DATA)?;
    let before = emulator.read_register("ps")?;
    emulator.run()?;
    assert_eq!(registers(&emulator, ["a3", "ps"])?, [DATA, before]);
    // ihi a3
    let mut emulator = machine(&[0x0073e2])?;
    emulator.write_register("a3", CODE)?;
    emulator.run()?;
    for (code, faults) in [(0x017342, true), (0x0073e2, true), (0x007302, false), (0x007372, false)] {
        let mut emulator = machine(&[code])?;
        emulator.write_register("a3", 0x10_0000_u64)?;
        let result = emulator.step();
        assert_eq!(matches!(result, Err(Error::Fault(Fault::Memory { .. }))), faults, "{code:x} {result:?}");
    }
    Ok(())
}

#[test]
fn a_call_of_a_simulator_is_a_trap() -> Result<()> {
    let mut emulator = machine(&[0x005100])?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::UnhandledInterrupt { number: 64, .. }))), "{result:?}");
    Ok(())
}

/// THREADPTR, FCR and FSR by RUR and WUR.
#[test]
fn user_registers() -> Result<()> {
    // wur.threadptr a2; rur.threadptr a3; wur.fcr a2; wur.fsr a2
    let mut emulator = machine(&[0xf3e720, 0xe33e70, 0xf3e820, 0xf3e920])?;
    emulator.write_register("a2", 0x1234_5fff_u64)?;
    emulator.run()?;
    let names = ["threadptr", "a3", "fcr", "fsr"];
    assert_eq!(registers(&emulator, names)?, [0x1234_5fff, 0x1234_5fff, 0x7f, 0xf80]);
    Ok(())
}

/// An instruction of floating point: two opcodes and three fields.
const fn float(second: u32, r: u32, s: u32, t: u32) -> u32 {
    second << 20 | 0xa << 16 | r << 12 | s << 8 | t << 4
}

/// Conversions with a scale (chapter 6, ROUND.S, TRUNC.S, FLOOR.S, CEIL.S,
/// UTRUNC.S): 2^t times the number; what does not fit, and NaNs.
#[test]
fn numbers_become_integers() -> Result<()> {
    const MOST: u64 = 0x7fff_ffff;
    const LEAST: u64 = 0x8000_0000;
    let minus = |value: u64| value.wrapping_neg() & 0xffff_ffff;
    for (value, scale, [round, truncated, floor, ceiling, unsigned]) in [
        (2.5_f32, 0, [2, 2, 2, 3, 2]),
        (-2.7, 0, [minus(3), minus(2), minus(3), minus(2), minus(2)]),
        (2.7, 3, [22, 21, 21, 22, 21]),
        (1e-40, 15, [0, 0, 0, 1, 0]),
        (3e9, 0, [MOST, MOST, MOST, MOST, 3_000_000_000]),
        (-3e9, 0, [LEAST; 5]),
        (f32::INFINITY, 4, [MOST, MOST, MOST, MOST, 0xffff_ffff]),
        (f32::NAN, 4, [MOST, MOST, MOST, MOST, 0xffff_ffff]),
    ] {
        let all = [(8, round), (9, truncated), (10, floor), (11, ceiling), (14, unsigned)];
        for (code, expected) in all {
            let mut emulator = machine(&[float(code, 2, 1, scale)])?;
            emulator.write_register("f1", u64::from(value.to_bits()))?;
            emulator.run()?;
            assert_eq!(emulator.read_register("a2")?, expected, "{code}: {value} {scale}");
        }
    }
    // float.s f0,a2,3; ufloat.s f1,a2,0
    let mut emulator = machine(&[float(12, 0, 2, 3), float(13, 1, 2, 0)])?;
    emulator.write_register("a2", minus(20))?;
    emulator.run()?;
    let expected = [-2.5_f32, 4_294_967_276.0].map(|value| u64::from(value.to_bits()));
    assert_eq!(registers(&emulator, ["f0", "f1"])?, expected);
    Ok(())
}

/// Rounding modes and flags (4.3.11), and sums of products that are rounded
/// once.
#[test]
fn floating_point_has_modes_and_flags() -> Result<()> {
    const ONE: u64 = 0x3f80_0000;
    const TINY: u64 = 0x3080_0000;
    for (mode, expected) in [(0, ONE), (1, ONE), (2, ONE + 1), (3, ONE)] {
        // add.s f0,f1,f2
        let mut emulator = machine(&[float(0, 0, 1, 2)])?;
        set(&mut emulator, &[("f1", ONE), ("f2", TINY), ("fcr", mode), ("fsr", 0x800)])?;
        emulator.run()?;
        assert_eq!(registers(&emulator, ["f0", "fsr"])?, [expected, 0x880], "{mode}");
    }
    // madd.s and msub.s f0,f1,f2; neg.s f3,f0
    for (code, addend) in [(4, 0xbf80_0002), (5, 0x3f80_0002)] {
        let mut emulator = machine(&[float(code, 0, 1, 2), float(15, 3, 0, 6)])?;
        set(&mut emulator, &[("f0", addend), ("f1", ONE + 1), ("f2", ONE + 1)])?;
        emulator.run()?;
        let sign = if code == 4 { 0 } else { 1 << 31 };
        assert_eq!(registers(&emulator, ["f0", "f3"])?, [0x2880_0000 | sign, 0xa880_0000 ^ sign]);
    }
    Ok(())
}

/// A system call may be the last instruction of a loop, and so may WAITI.
#[test]
fn loops_go_on_after_events() -> Result<()> {
    // loop a2; addi a3,a3,1; syscall
    let code = [0x058276, COUNT, 0x005000];
    let mut emulator = machine(&code)?;
    emulator.write_register("a2", 3_u64)?;
    let calls = Rc::new(RefCell::new(0));
    let seen = Rc::clone(&calls);
    emulator.add_syscall_hook(
        None,
        Box::new(move |_, _| {
            *seen.borrow_mut() += 1;
            Ok(Flow::Continue)
        }),
    )?;
    assert_eq!(emulator.run()?, Stop::ExitPoint(end(&code)));
    assert_eq!((registers(&emulator, ["a3", "lcount"])?, *calls.borrow()), (vec![3, 0], 3));
    // loop a2; waiti 0
    let mut emulator = machine(&[0x028276, 0x007000])?;
    emulator.write_register("a2", 2_u64)?;
    assert_eq!(emulator.run()?, Stop::Halted(CODE + 3));
    assert_eq!(emulator.run()?, Stop::Halted(CODE + 6));
    Ok(())
}
