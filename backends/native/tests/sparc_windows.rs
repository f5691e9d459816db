//! SPARC: register windows (SPARC Architecture Manual, V8, 4.1 and 4.2; V9,
//! 5.2.10 and 6.4), of which there are eight: which window is shown, what the
//! others hold, and that they go to the stack and come back where they run
//! out. That programs with windows run as elsewhere is what the programs and
//! the lock step with QEMU show.

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Limits, MemoryCause, Permissions, Platform, Result, Step,
};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const STACK: u64 = 0x1_0000;
const TOP: u64 = STACK + 0x8000;

/// save %sp, -192, %sp; restore
const SAVE: u32 = 0x9de3_bf40;
const RESTORE: u32 = 0x81e8_0000;
/// ta 3; flushw; wrpr %g1, %cwp
const TRAP: u32 = 0x91d0_2003;
const FLUSH: u32 = 0x8158_0000;
const SELECT: u32 = 0x9390_4000;

fn machine(platform: Platform, code: &[u32]) -> Result<NativeEmulator> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(STACK..STACK + 0x1_0000, Permissions::READ_WRITE)?;
    for (place, word) in (CODE..).step_by(4).zip(code) {
        emulator.write_code(place, &word.to_be_bytes())?;
    }
    emulator.write_register("sp", TOP - bias(platform))?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

/// Stack pointers of 64-bit code are 2047 too low.
fn bias(platform: Platform) -> u64 {
    if platform == Platform::SPARC64 { 2047 } else { 0 }
}

/// V8 counts windows down, V9 up.
fn window(platform: Platform, calls: u64) -> u64 {
    if platform == Platform::SPARC { (8 - calls % 8) % 8 } else { calls % 8 }
}

#[test]
fn calls_beyond_the_last_window_come_back() -> Result<()> {
    for platform in [Platform::SPARC, Platform::SPARC64] {
        let calls = 20;
        let code: Vec<u32> = [vec![SAVE; calls], vec![RESTORE; calls]].concat();
        let mut emulator = machine(platform, &code)?;
        for call in 1..=calls as u64 {
            emulator.write_register("l3", 100 * call)?;
            emulator.write_register("i5", 100 * call + 5)?;
            emulator.write_register("o1", 100 * call + 1)?;
            assert_eq!(emulator.step()?, Step::Done, "{platform}");
            assert_eq!(emulator.read_register("cwp")?, window(platform, call), "{platform}");
            assert_eq!(emulator.read_register("i1")?, 100 * call + 1, "{platform}");
            assert_eq!(emulator.read_register("sp")?, TOP - bias(platform) - 192 * call, "{platform}");
        }
        for call in (1..=calls as u64).rev() {
            emulator.write_register("i1", 7 * call)?;
            assert_eq!(emulator.step()?, Step::Done, "{platform}");
            assert_eq!(emulator.read_register("cwp")?, window(platform, call - 1), "{platform}");
            assert_eq!(emulator.read_register("l3")?, 100 * call, "{platform}");
            assert_eq!(emulator.read_register("o1")?, 7 * call, "{platform}");
            assert_eq!(emulator.read_register("i5")?, 100 * call + 5, "{platform}");
        }
    }
    Ok(())
}

#[test]
fn windows_are_spilled_where_they_run_out_and_when_a_run_ends() -> Result<()> {
    for platform in [Platform::SPARC, Platform::SPARC64] {
        let size = usize::from(platform.definition().pointer_bytes);
        let mut emulator = machine(platform, &[SAVE; 20])?;
        emulator.write_register("l0", 0x77_u64)?;
        let snapshot = emulator.snapshot()?;
        let spilled = |emulator: &NativeEmulator| emulator.read_integer(TOP, size);
        // Six calls have windows; the seventh needs that of the first frame.
        for calls in 1..=7 {
            emulator.step()?;
            assert_eq!(spilled(&emulator)?, if calls == 7 { 0x77 } else { 0 }, "{platform} {calls}");
        }
        emulator.restore(&snapshot)?;
        emulator.run_with(&Limits::instructions(2))?;
        assert_eq!(spilled(&emulator)?, 0x77, "{platform}");
        // The return address of the second frame is beside it.
        let frame = TOP - 192;
        let old = emulator.read_integer(frame + 14 * size as u64, size)?;
        assert_eq!(old, u128::from(TOP - bias(platform)), "{platform}: the frame pointer");
    }
    Ok(())
}

#[test]
fn flushes_leave_nothing_to_return_to() -> Result<()> {
    for (platform, last, number) in
        [(Platform::SPARC, TRAP, 0x83), (Platform::SPARC64, TRAP, 0x103), (Platform::SPARC64, FLUSH, 0)]
    {
        let mut emulator = machine(platform, &[SAVE, SAVE, last, RESTORE])?;
        emulator.write_register("l0", 0x77_u64)?;
        for _ in 0..2 {
            emulator.step()?;
            emulator.write_register("l0", 0x78_u64)?;
        }
        match emulator.step() {
            Ok(Step::Done) if number == 0 => {}
            Err(Error::Fault(Fault::UnhandledInterrupt { number: found, .. })) if found == number => {}
            other => panic!("{platform}: {other:?}"),
        }
        let size = usize::from(platform.definition().pointer_bytes);
        assert_eq!(emulator.read_integer(TOP, size)?, 0x77, "{platform}");
        // What is changed there is what comes back.
        emulator.write_integer(TOP - 192, 0x99, size)?;
        emulator.set_program_counter(CODE + 12)?;
        emulator.step()?;
        assert_eq!(emulator.read_register("l0")?, 0x99, "{platform}");
    }
    Ok(())
}

#[test]
fn a_window_without_memory_is_a_fault_of_the_instruction() -> Result<()> {
    for platform in [Platform::SPARC, Platform::SPARC64] {
        for (pointer, cause) in [(0x4_0000, MemoryCause::Unmapped), (TOP + 4, MemoryCause::Unaligned)] {
            let mut emulator = machine(platform, &[RESTORE])?;
            emulator.write_register("fp", pointer - bias(platform))?;
            emulator.write_register("l0", 1_u64)?;
            let result = emulator.step();
            let Err(Error::Fault(Fault::Memory { cause: found, pc: CODE, .. })) = result else {
                panic!("{platform}: {result:?}")
            };
            assert_eq!(found, cause, "{platform}");
            assert_eq!((emulator.read_register("cwp")?, emulator.read_register("l0")?), (0, 1), "{platform}");
        }
    }
    Ok(())
}

#[test]
fn the_state_of_windows_is_in_registers() -> Result<()> {
    let mut emulator = machine(Platform::SPARC, &[SAVE; 3])?;
    assert_eq!(emulator.read_register("wim")?, 2);
    emulator.step()?;
    assert_eq!((emulator.read_register("cwp")?, emulator.read_register("wim")?), (7, 2));
    // A name that is written to CWP is one of the windows as they are.
    emulator.write_register("l0", 5_u64)?;
    emulator.write_register("cwp", 3_u64)?;
    assert_eq!((emulator.read_register("l0")?, emulator.read_register("wim")?), (5, 1 << 5));
    let mut emulator = machine(Platform::SPARC64, &[SAVE, SAVE, RESTORE, SELECT])?;
    let counts = |emulator: &NativeEmulator| -> Result<Vec<u64>> {
        ["cwp", "cansave", "canrestore", "otherwin"]
            .iter()
            .map(|name| emulator.read_register(*name))
            .collect()
    };
    let mut all = vec![counts(&emulator)?];
    emulator.write_register("l0", 9_u64)?;
    for _ in 0..3 {
        emulator.step()?;
        all.push(counts(&emulator)?);
    }
    assert_eq!(all, [[0, 6, 0, 0], [1, 5, 1, 0], [2, 4, 2, 0], [1, 5, 1, 0]]);
    // WRPR shows another window, and counts nothing.
    emulator.write_register("g1", 0_u64)?;
    emulator.step()?;
    assert_eq!(counts(&emulator)?, [0, 5, 1, 0]);
    assert_eq!(emulator.read_register("l0")?, 9);
    Ok(())
}
