//! MIPS: what a single instruction from a table of vectors cannot show: delay
//! slots, stores that are seen, links, compressed code (MIPS Architecture For
//! Programmers, volumes II-A, II-B and IV-a).

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, Limits, Permissions, Platform, Step, Stop,
};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

fn with_code(platform: Platform, words: &[u32]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    let is_big = platform.byte_order() == terrella_platforms::ByteOrder::Big;
    let bytes = words.iter().flat_map(|word| if is_big { word.to_be_bytes() } else { word.to_le_bytes() });
    emulator.write_code(CODE, &bytes.collect::<Vec<_>>())?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

#[test]
fn a_nullified_slot_may_hold_anything() -> Result<(), Error> {
    // beql at, zero, +4; a word that is no instruction.
    let words = [0x5020_0004, 0x7180_cbdb];
    let mut emulator = with_code(Platform::MIPS, &words)?;
    emulator.write_register("r1", 1_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.program_counter(), CODE + 8);
    // So with a limit, of which the slot counts.
    emulator.set_program_counter(CODE)?;
    assert_eq!(emulator.run_with(&Limits::instructions(1))?, Stop::InstructionLimit(CODE + 8));
    // Taken, it is executed.
    emulator.write_register("r1", 0_u64)?;
    emulator.set_program_counter(CODE)?;
    let result = emulator.step();
    assert!(
        matches!(result, Err(Error::Fault(Fault::InvalidInstruction { pc, .. })) if pc == CODE + 4),
        "{result:?}"
    );
    Ok(())
}

/// Instruction, platform, offset of the address, and the store: its offset
/// and its bytes, of 0x1122334455667788.
type Part = (u32, Platform, u64, u64, &'static [u8]);

#[test]
fn parts_of_words_are_stored_without_a_read() -> Result<(), Error> {
    const CASES: &[Part] = &[
        // swl v0, 0(v1), swr v0, 0(v1).
        (0xa862_0000, Platform::MIPS, 1, 1, &[0x55, 0x66, 0x77]),
        (0xb862_0000, Platform::MIPS, 1, 0, &[0x77, 0x88]),
        (0xa862_0000, Platform::MIPSEL, 1, 0, &[0x66, 0x55]),
        (0xb862_0000, Platform::MIPSEL, 1, 1, &[0x88, 0x77, 0x66]),
        // sdl, sdr.
        (0xb062_0000, Platform::MIPS64, 6, 6, &[0x11, 0x22]),
        (0xb462_0000, Platform::MIPS64, 1, 0, &[0x77, 0x88]),
        (0xb062_0000, Platform::MIPS64EL, 1, 0, &[0x22, 0x11]),
        (0xb462_0000, Platform::MIPS64EL, 6, 6, &[0x88, 0x77]),
    ];
    for (word, platform, offset, at, bytes) in CASES {
        let mut emulator = with_code(*platform, &[*word])?;
        let is_wide = emulator.definition().pointer_bytes == 8;
        let value = if is_wide { 0x1122_3344_5566_7788_u64 } else { 0x5566_7788 };
        emulator.write_register("r2", value)?;
        emulator.write_register("r3", DATA + offset)?;
        let (reads, stores) = (Rc::new(RefCell::new(0)), Rc::new(RefCell::new(Vec::new())));
        let (seen_reads, seen_stores) = (Rc::clone(&reads), Rc::clone(&stores));
        emulator.hook_memory_reads(move |_, _, _| {
            *seen_reads.borrow_mut() += 1;
            Ok(terrella_emulator_api::ReadFlow::Continue)
        })?;
        emulator.hook_memory_writes(move |_, address, bytes| {
            seen_stores.borrow_mut().push((address, bytes.to_vec()));
            Ok(Flow::Continue)
        })?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(*reads.borrow(), 0, "{platform} {word:#x}");
        assert_eq!(*stores.borrow(), [(DATA + at, bytes.to_vec())], "{platform} {word:#x}");
    }
    Ok(())
}

#[test]
fn a_store_needs_its_link() -> Result<(), Error> {
    // ll v0, 0(v1); sc v0, 0(v1); sc v0, 0(v1).
    let mut emulator = with_code(Platform::MIPS, &[0xc062_0000, 0xe062_0000, 0xe062_0000])?;
    emulator.write_register("r3", DATA)?;
    for (step, expected) in [(0, 0), (1, 1), (2, 0)] {
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.read_register("r2")?, expected, "step {step}");
    }
    Ok(())
}

/// Code, how long it is, what is set, and what comes out of it.
type Compressed = (&'static [u16], (&'static str, u64), (&'static str, u64));

#[test]
fn compressed_code_runs() -> Result<(), Error> {
    // MIPS16e: li v0, 5; addiu v0, 3; sll v1, v0, 2.
    const MIPS16: Compressed = (&[0x6a05, 0x4a03, 0x3348], ("r4", 0), ("r3", 32));
    let (words, (input, value), (output, expected)) = MIPS16;
    let mut emulator = with_code(Platform::MIPS, &[])?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    emulator.write_code(CODE, &bytes)?;
    emulator.write_register(input, value)?;
    emulator.set_program_counter(CODE | 1)?;
    let stop = emulator.run_with(&Limits::instructions(words.len() as u64))?;
    assert_eq!(stop, Stop::InstructionLimit(CODE + 2 * words.len() as u64));
    assert_eq!(emulator.read_register(output)?, expected);
    Ok(())
}

/// The processors have no threads (MIPS32 volume IV-f); `di` and `ei` are beside
/// those words.
#[test]
fn the_module_of_threads_is_not_there() -> Result<(), Error> {
    // dvpe, evpe, dmt, emt, mftgpr, mttgpr, fork, yield
    let absent = [
        0x416e_0001_u32,
        0x4160_0021,
        0x4160_0bc1,
        0x4160_0be1,
        0x4100_0020,
        0x4180_0020,
        0x7c00_0008,
        0x7c00_0009,
    ];
    for platform in [Platform::MIPS, Platform::MIPSEL, Platform::MIPS64, Platform::MIPS64EL] {
        for word in absent {
            let result = with_code(platform, &[word])?.step();
            let invalid = matches!(result, Err(Error::Fault(Fault::InvalidInstruction { pc: CODE, .. })));
            assert!(invalid, "{platform} {word:#x}: {result:?}");
        }
        for word in [0x4160_6000, 0x4160_6020] {
            assert_eq!(with_code(platform, &[word])?.step()?, Step::Done, "{platform} {word:#x}");
        }
    }
    Ok(())
}

/// FCCR, FEXR and FENR are parts of FCSR (volume I, 5.6.2), and the whole of a
/// word that EXT takes is extended by its sign (volume II-A).
#[test]
fn control_registers_are_parts_of_fcsr() -> Result<(), Error> {
    for platform in [Platform::MIPS, Platform::MIPS64EL] {
        // cfc1 v0, fccr; cfc1 v1, fexr; cfc1 a0, fenr
        let mut emulator = with_code(platform, &[0x4442_c800, 0x4443_d000, 0x4444_e000])?;
        emulator.write_register("fcsr", 0x8381_f07e_u64)?;
        for _ in 0..3 {
            assert_eq!(emulator.step()?, Step::Done);
        }
        let found = ["r2", "r3", "r4"].map(|name| emulator.read_register(name));
        let [conditions, exceptions, enables] = found;
        assert_eq!((conditions?, exceptions?, enables?), (0x83, 0x1_f07c, 0x6), "{platform}");
        // ctc1 v0, fccr; ctc1 v1, fexr; ctc1 a0, fenr
        let mut emulator = with_code(platform, &[0x44c2_c800, 0x44c3_d000, 0x44c4_e000])?;
        emulator.write_register("r2", 0x83_u64)?;
        emulator.write_register("r3", 0x1_007c_u64)?;
        emulator.write_register("r4", 0x6_u64)?;
        for _ in 0..3 {
            assert_eq!(emulator.step()?, Step::Done);
        }
        assert_eq!(emulator.read_register("fcsr")?, 0x8381_007e, "{platform}");
    }
    // ext ra, ra, 0, 32
    let mut emulator = with_code(Platform::MIPS64, &[0x7fff_f800])?;
    emulator.write_register("r31", 0x8b8b_3afc_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.read_register("r31")?, 0xffff_ffff_8b8b_3afc);
    Ok(())
}

/// Volume II-A, ERET, ERETNC and DERET: from an error, or from another
/// exception; the link is gone, but for ERETNC.
#[test]
fn exceptions_return() -> Result<(), Error> {
    // eret; sc v0, 0(v1) at the target.
    let places = [("cp0_epc", CODE + 0x100), ("cp0_errorepc", CODE + 0x200), ("cp0_depc", CODE + 0x300)];
    let cases: &[(Platform, u32, u64, u64, u64)] = &[
        (Platform::MIPS, 0x4200_0018, 0x2, CODE + 0x100, 0),
        (Platform::MIPS, 0x4200_0018, 0x6, CODE + 0x200, 2),
        (Platform::MIPS64EL, 0x4200_0018, 0x4, CODE + 0x200, 0),
        (Platform::MIPSR6, 0x4200_0058, 0x2, CODE + 0x100, 0),
    ];
    for (platform, word, status, target, left) in cases {
        let mut emulator = with_code(*platform, &[*word])?;
        for (name, value) in places {
            emulator.write_register(name, value)?;
        }
        emulator.write_register("cp0_status", *status)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), *target, "{platform}: {word:#x}");
        assert_eq!(emulator.read_register("cp0_status")?, *left, "{platform}: {word:#x}");
    }
    // deret, in debug mode alone.
    let mut emulator = with_code(Platform::MIPS, &[0x4200_001f])?;
    emulator.write_register("cp0_depc", CODE + 0x300)?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))), "{result:?}");
    emulator.write_register("cp0_debug", 0x4000_0000_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.program_counter(), CODE + 0x300);
    assert_eq!(emulator.read_register("cp0_debug")?, 0);
    // rfe is of MIPS I.
    let mut emulator = with_code(Platform::MIPS, &[0x4200_0010])?;
    let result = emulator.step();
    assert!(matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. }))), "{result:?}");
    Ok(())
}

/// Volume II-A, PAUSE: it waits as long as the link is there, which ERET ends.
#[test]
fn a_pause_is_for_a_link() -> Result<(), Error> {
    // pause; ll v0, 0(v1); pause.
    let mut emulator = with_code(Platform::MIPS, &[0x0000_0140, 0xc062_0000, 0x0000_0140])?;
    emulator.write_register("r3", DATA)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.step()?, Step::Done);
    assert!(matches!(emulator.step()?, Step::Stopped(Stop::Halted(_))));
    Ok(())
}

/// Volume I, 5.6.1: a cause and its enabling bit are an exception at once; of
/// an operation that is not implemented the cause alone.
#[test]
fn a_cause_that_is_written_is_an_exception() -> Result<(), Error> {
    for (value, raises) in
        [(0x1_0800_u64, true), (0x1_0000, false), (0x800, false), (0x2_0000, true), (0x8_0800, false)]
    {
        for (platform, word) in [
            // ctc1 v0, fcsr; ctc1 v0, fexr.
            (Platform::MIPS, 0x44c2_f800),
            (Platform::MIPS64, 0x44c2_f800),
        ] {
            let mut emulator = with_code(platform, &[word])?;
            emulator.write_register("r2", value)?;
            let result = emulator.step();
            let has = matches!(result, Err(Error::Fault(Fault::Arithmetic { .. })));
            assert_eq!(has, raises, "{platform}: {value:#x}: {result:?}");
        }
    }
    Ok(())
}

/// Volume II-A, RDHWR, and volume III, EBase.
#[test]
fn the_number_of_the_processor_is_that_of_ebase() -> Result<(), Error> {
    // rdhwr v0, $0.
    for platform in [Platform::MIPS, Platform::MIPS64, Platform::MIPSR6] {
        let mut emulator = with_code(platform, &[0x7c02_003b])?;
        emulator.write_register("cp0_ebase", 0x8000_1005_u64)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.read_register("r2")?, 5, "{platform}");
    }
    Ok(())
}

/// Volume II-B, ERET of microMIPS: the same as of MIPS32, and bit 0 of the
/// target tells the set.
#[test]
fn exceptions_of_micromips_return() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::MICROMIPS)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    // eret, as two halves.
    emulator.write_code(CODE, &[0x00, 0x00, 0xf3, 0x7c])?;
    emulator.set_program_counter(CODE | 1)?;
    emulator.write_register("cp0_status", 2_u64)?;
    emulator.write_register("cp0_epc", CODE + 0x101)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.program_counter() & !1, CODE + 0x100);
    assert_eq!(emulator.read_register("cp0_status")?, 0);
    Ok(())
}
