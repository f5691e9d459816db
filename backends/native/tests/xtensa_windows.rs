//! Xtensa: the Windowed Register Option (Xtensa Instruction Set Architecture
//! Reference Manual, 4.7.1, 8.1.4). Sums of recursive functions tell that every
//! window comes back; the code is that of GNU as. The lock step with QEMU
//! witnesses each instruction, and the programs whole C programs.

use std::{cell::Cell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, FunctionHookable, InstructionHookable, Limits, MemoryCause,
    Permissions, Platform, Result, Step, Stop,
};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
/// Where the function is that the first instruction calls.
const FUNCTION: u64 = CODE + 0x10;
const STACK: u64 = 0x1_0000;
const TOP: u64 = STACK + 0xff00;

/// call4 to the function; what it returns to.
const CALL: u32 = 0x00_00d5;
const RETURN: u64 = CODE + 3;

/// entry a1,32; beqz a2,1f; addi a6,a2,-1; mov a3,a2; call4; add a2,a3,a6; 1:
/// retw
const BY_4: &[u32] = &[0x004136, 0x00b216, 0xffc262, 0x203220, 0xffff15, 0x802360, 0x000090];
/// entry a1,48; beqz a2,1f; addi a10,a2,-1; mov a7,a2; slli a6,a2,1; call8; add
/// a2,a7,a10; add a2,a2,a6; 1: retw.n
const BY_8: &[u32] =
    &[0x006136, 0x011216, 0xffc2a2, 0x207220, 0x1162f0, 0xffff25, 0x8027a0, 0x802260, 0xf01d];
/// entry a1,64; beqz a2,1f; addi a14,a2,-1; mov a11,a2; movi a4,100; call12; add
/// a2,a11,a14; add a2,a2,a4; 1: retw
const BY_12: &[u32] =
    &[0x008136, 0x011216, 0xffc2e2, 0x20b220, 0x64a042, 0xffff35, 0x802be0, 0x802240, 0x000090];

fn machine(function: &[u32]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(Platform::XTENSA)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(STACK..STACK + 0x1_0000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, &CALL.to_le_bytes()[..3])?;
    let mut place = FUNCTION;
    for word in function {
        // Instructions of two bytes have 8 to 13 in their lowest four bits.
        let length = if word & 0xf < 8 { 3 } else { 2 };
        emulator.write_code(place, &word.to_le_bytes()[..length])?;
        place += length as u64;
    }
    emulator.add_exit_point(RETURN);
    emulator.write_register("a1", TOP)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

fn set(emulator: &mut NativeEmulator, values: &[(&str, u64)]) -> Result<()> {
    values.iter().try_for_each(|(name, value)| emulator.write_register(*name, *value))
}

fn state(emulator: &NativeEmulator) -> Result<[u64; 3]> {
    let [base, start] = ["windowbase", "windowstart"].map(|name| emulator.read_register(name));
    Ok([base?, start?, emulator.read_register("a1")?])
}

#[test]
fn functions_that_call_themselves_come_back() -> Result<()> {
    for (function, result) in [
        (BY_4, (|n| n * (n + 1) / 2) as fn(u64) -> u64),
        (BY_8, |n| 3 * n * (n + 1) / 2),
        (BY_12, |n| n * (n + 1) / 2 + 100 * n),
    ] {
        for depth in [0, 1, 2, 3, 4, 5, 14, 15, 16, 17, 40, 200] {
            let mut emulator = machine(function)?;
            set(&mut emulator, &[("a0", 0x1230), ("a2", 0x1232), ("a3", 0x1233), ("a6", depth)])?;
            assert_eq!(emulator.run()?, Stop::ExitPoint(RETURN));
            assert_eq!(emulator.read_register("a6")?, result(depth), "{depth}");
            assert_eq!(state(&emulator)?, [0, 1, TOP]);
            for (name, value) in [("a0", 0x1230), ("a2", 0x1232), ("a3", 0x1233)] {
                assert_eq!(emulator.read_register(name)?, value, "{name}");
            }
        }
    }
    Ok(())
}

/// What is executed does not depend on how it is run and who looks.
#[test]
fn windows_are_the_same_by_steps_and_with_hooks() -> Result<()> {
    for function in [BY_4, BY_8, BY_12] {
        let depth = 40;
        let mut whole = machine(function)?;
        whole.write_register("a6", depth)?;
        whole.run()?;
        let executed = whole.instructions_executed();
        let per_call = function.len() as u64;
        // The last call has ENTRY, BEQZ and RETW alone.
        assert_eq!(executed, Some(1 + depth * per_call + 3));

        let mut stepped = machine(function)?;
        stepped.write_register("a6", depth)?;
        let mut steps = 1;
        while stepped.step()? == Step::Done {
            steps += 1;
        }
        assert_eq!(Some(steps), executed);

        let mut hooked = machine(function)?;
        hooked.write_register("a6", depth)?;
        let count = Rc::new(Cell::new(0));
        let seen = Rc::clone(&count);
        hooked.add_instruction_hook(
            None,
            Box::new(move |_, _| {
                seen.set(seen.get() + 1);
                Ok(Flow::Continue)
            }),
        )?;
        hooked.run()?;
        assert_eq!((Some(count.get()), hooked.instructions_executed()), (executed, executed));

        let mut blocks = machine(function)?;
        blocks.write_register("a6", depth)?;
        while blocks.step_block()? == Step::Done {}
        for other in [&stepped, &hooked, &blocks] {
            for name in ["a6", "ar20", "ar40", "ar60", "windowstart", "windowbase"] {
                assert_eq!(other.read_register(name)?, whole.read_register(name)?, "{name}");
            }
        }
    }
    Ok(())
}

/// WindowCheck (4.7.1.3): a caller's window goes to the stack when its
/// registers are named, and not before.
#[test]
fn a_window_is_spilled_by_the_instruction_that_needs_its_registers() -> Result<()> {
    let mut emulator = machine(BY_4)?;
    set(&mut emulator, &[("a0", 0x5550), ("a2", 0x5552), ("a3", 0x5553), ("a6", 40)])?;
    // The fifteenth call has the last window: ENTRY and BEQZ name no more.
    emulator.run_with(&Limits::instructions(1 + 14 * 5 + 2))?;
    assert_eq!(state(&emulator)?, [15, 0xffff, TOP - 15 * 32]);
    let area = TOP - 32 - 16;
    assert_eq!(emulator.read_integer(area, 4)?, 0);
    // ADDI names a6, which is a2 of the first window.
    emulator.step()?;
    assert_eq!(state(&emulator)?[1], 0xfffe);
    let saved = (0..4).map(|index| emulator.read_integer(area + 4 * index, 4));
    assert_eq!(saved.collect::<Result<Vec<_>>>()?, [0x5550, u128::from(TOP), 0x5552, 0x5553]);
    Ok(())
}

/// The frames of functions called by CALL8 and CALL12 have room for more of
/// their caller's registers (8.1.4, figure 8-54).
#[test]
fn the_other_registers_of_a_window_are_below_the_frame_of_its_caller() -> Result<()> {
    for (function, base, registers) in [(BY_8, 32, ["a6", "a7"]), (BY_12, 48, ["a4", "a11"])] {
        let mut emulator = machine(function)?;
        emulator.write_register("a6", 40_u64)?;
        let frame = if base == 32 { 48 } else { 64 };
        // To the call in the second call of the function, then far beyond.
        emulator.run_with(&Limits::instructions(1 + 6 + 5))?;
        let live = registers.map(|name| emulator.read_register(name));
        let places = registers.map(|name| 4 * (name[1..].parse::<u64>().unwrap_or(0) - 4));
        // Its caller's frame is the first function's.
        let area = emulator.read_register("a1")? + frame - base;
        emulator.run_with(&Limits::instructions(6 * 20))?;
        for (value, place) in live.into_iter().zip(places) {
            assert_eq!(emulator.read_integer(area + place, 4)?, u128::from(value?), "{base} {place}");
        }
    }
    Ok(())
}

#[test]
fn a_frame_without_memory_is_a_fault_of_the_instruction() -> Result<()> {
    for (pointer, cause) in [(0x8_0000, MemoryCause::Unmapped), (TOP + 2, MemoryCause::Unaligned)] {
        // retw
        let mut emulator = machine(&[0x000090])?;
        emulator.write_register("a0", 0x4000_1003_u64)?;
        emulator.write_register("a1", pointer)?;
        emulator.set_program_counter(FUNCTION)?;
        let result = emulator.step();
        let Err(Error::Fault(Fault::Memory { cause: found, pc: FUNCTION, .. })) = result else {
            panic!("{result:?}")
        };
        assert_eq!(found, cause);
        assert_eq!(state(&emulator)?, [0, 1, pointer]);
    }
    Ok(())
}

/// MOVSP (chapter 6) with the caller's window in the stack frame loads it.
#[test]
fn a_stack_pointer_that_moves_takes_the_callers_window_along() -> Result<()> {
    // movsp a1,a3; retw
    let mut emulator = machine(&[0x001310, 0x000090])?;
    emulator.set_program_counter(FUNCTION)?;
    emulator.write_register("windowstart", 4_u64)?;
    emulator.write_register("windowbase", 2_u64)?;
    set(&mut emulator, &[("a0", 0x8000_1003), ("a1", TOP - 64), ("a3", TOP - 128)])?;
    for (index, value) in (0_u64..).zip([0x77_u64, TOP, 0x72, 0x73]) {
        emulator.write_integer(TOP - 64 - 16 + 4 * index, value.into(), 4)?;
    }
    emulator.write_integer(TOP - 12, u128::from(TOP + 32), 4)?;
    emulator.write_integer(TOP + 12, 0x77777, 4)?;
    emulator.step()?;
    assert_eq!(state(&emulator)?, [2, 5, TOP - 128]);
    emulator.step()?;
    assert_eq!(state(&emulator)?, [0, 1, TOP]);
    let registers = ["a0", "a2", "a3", "a7"].map(|name| emulator.read_register(name));
    assert_eq!(registers.into_iter().collect::<Result<Vec<_>>>()?, [0x77, 0x72, 0x73, 0x77777]);
    Ok(())
}

/// What a handler of a kernel of its own does (8.1.4).
#[test]
fn handlers_of_windows_work() -> Result<()> {
    for (last, start, expected) in [(0x003400, 0x8080_u64, 0x8000), (0x003500, 0x8000, 0x8080)] {
        // rfwo; rfwu
        let mut emulator = machine(&[last])?;
        emulator.set_program_counter(FUNCTION)?;
        // In exceptions mode; the old window is 15.
        emulator.write_register("ps", 0x4_0f10_u64)?;
        emulator.write_register("epc1", CODE)?;
        emulator.write_register("windowstart", start)?;
        emulator.write_register("ar60", 0x60_u64)?;
        emulator.write_register("windowbase", 7_u64)?;
        emulator.step()?;
        assert_eq!(state(&emulator)?[..2], [15, expected]);
        assert_eq!((emulator.program_counter(), emulator.read_register("a0")?), (CODE, 0x60));
        assert_eq!(emulator.read_register("ps")?, 0x4_0f00);
    }
    Ok(())
}

#[test]
fn sixteen_of_sixty_four_registers_are_shown() -> Result<()> {
    // rotw -1; rotw 2; wsr.windowbase a2; xsr.windowbase a2
    let mut emulator = machine(&[0x4080f0, 0x408020, 0x134820, 0x614820])?;
    for number in 0..64_u64 {
        emulator.write_register(format!("ar{number}").as_str(), 0x100 + number)?;
    }
    let shown = |emulator: &NativeEmulator, first: u64| -> Result<()> {
        assert_eq!(emulator.read_register("windowbase")?, first / 4);
        for number in 0..16 {
            let name = format!("a{number}");
            assert_eq!(emulator.read_register(name.as_str())?, 0x100 + (first + number) % 64, "{name}");
        }
        for number in 0..64_u64 {
            let name = format!("ar{number}");
            assert_eq!(emulator.read_register(name.as_str())?, 0x100 + number, "{name}");
        }
        Ok(())
    };
    shown(&emulator, 0)?;
    for base in [1_u64, 13, 15, 0] {
        emulator.write_register("windowbase", base)?;
        shown(&emulator, 4 * base)?;
    }
    emulator.set_program_counter(FUNCTION)?;
    for base in [15_u64, 1] {
        emulator.step()?;
        shown(&emulator, 4 * base)?;
    }
    emulator.write_register("a2", 14_u64)?;
    emulator.step()?;
    emulator.write_register("ar6", 0x106_u64)?;
    shown(&emulator, 56)?;
    emulator.write_register("a2", 5_u64)?;
    emulator.step()?;
    assert_eq!(emulator.read_register("ar58")?, 14);
    emulator.write_register("ar58", 0x13a_u64)?;
    shown(&emulator, 20)
}

/// ENTRY and RETW without windows, in exceptions mode, or with a return address
/// that tells another window than the last (chapter 6).
#[test]
fn what_has_no_window_is_no_instruction() -> Result<()> {
    for (code, ps, a0, start) in [
        (0x004136, 0x0000, 0, 1),
        (0x004136, 0x4_0010, 0, 1),
        // entry a4,32
        (0x004436, 0x4_0000, 0, 1),
        (0x000090, 0x0000, 0x4000_1000, 1),
        (0x000090, 0x4_0000, 0x1000, 1),
        (0x000090, 0x4_0000, 0x4000_1000, 0x4001),
    ] {
        let mut emulator = machine(&[code])?;
        set(&mut emulator, &[("ps", ps), ("a0", a0), ("windowstart", start)])?;
        emulator.set_program_counter(FUNCTION)?;
        let result = emulator.step();
        assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))), "{code:x} {result:?}");
    }
    Ok(())
}

/// A hook in place of a function that begins with ENTRY sees its arguments
/// where the function does, and returns as RETW does.
#[test]
fn hooks_stand_for_functions_with_windows() -> Result<()> {
    for (call, link, argument) in [(0x0000d5, "a4", "a6"), (0x0000e5, "a8", "a10"), (0x0000f5, "a12", "a14")]
    {
        let mut emulator = machine(BY_4)?;
        emulator.write_code(CODE, &u32::to_le_bytes(call)[..3])?;
        set(&mut emulator, &[(argument, 20), ("a2", 0x5552), ("a0", 0x5550)])?;
        emulator.add_function_hook(
            FUNCTION,
            0,
            Box::new(|emulator, _| {
                let argument = emulator.read_register("a2")?;
                assert_eq!(emulator.read_register("a1")?, TOP);
                emulator.write_register("a2", 2 * argument + 2)?;
                Ok(Flow::Continue)
            }),
        )?;
        assert_eq!(emulator.run()?, Stop::ExitPoint(RETURN));
        let registers = [argument, "a0", "a2"].map(|name| emulator.read_register(name));
        assert_eq!(registers.into_iter().collect::<Result<Vec<_>>>()?, [42, 0x5550, 0x5552], "{link}");
        assert_eq!(state(&emulator)?, [0, 1, TOP]);
        assert_eq!(emulator.read_register(link)? & 0x3fff_ffff, RETURN);
    }
    Ok(())
}

/// The same function in big endian: entry a1,32; beqz a2,1f; addi a6,a2,-1; mov
/// a3,a2; call4; add a2,a3,a6; 1: retw. Behind the call of it.
#[test]
fn windows_are_the_same_in_big_endian() -> Result<()> {
    const BIG: [u32; 7] = [0x6c1004, 0x64200b, 0x262cff, 0x022302, 0x57fffc, 0x063208, 0x060000];
    let mut emulator = NativeEmulator::new(Platform::XTENSA_BE)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(STACK..STACK + 0x1_0000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, &[0x54, 0x00, 0x03])?;
    for (place, word) in (FUNCTION..).step_by(3).zip(BIG) {
        emulator.write_code(place, &word.to_be_bytes()[1..])?;
    }
    emulator.add_exit_point(RETURN);
    set(&mut emulator, &[("a0", 0x5550), ("a1", TOP), ("a2", 0x5552), ("a6", 40)])?;
    emulator.set_program_counter(CODE)?;
    assert_eq!(emulator.run()?, Stop::ExitPoint(RETURN));
    assert_eq!(emulator.read_register("a6")?, 820);
    assert_eq!(state(&emulator)?, [0, 1, TOP]);
    // The window of the first caller is below the frame of the function.
    let mut saved = [0; 12];
    emulator.read_memory(TOP - 32 - 16, &mut saved)?;
    let words = saved.as_chunks::<4>().0.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
    assert!(words.eq([0x5550, TOP, 0x5552]), "{saved:x?}");
    Ok(())
}
