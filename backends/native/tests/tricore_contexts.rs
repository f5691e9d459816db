//! TriCore: contexts that are saved and restored without a call, what an
//! interrupt's end brings back, and traps on flags (TriCore Architecture
//! Manual, volume 1, chapters 3, 4 and 6; volume 2, the instructions). Unicorn
//! witnesses those that need no context (`lockstep tricore --code 49100009` and
//! its like).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;
const DATA: u64 = 0x8000;
const LOWER: [&str; 15] =
    ["a11", "a2", "a3", "d0", "d1", "d2", "d3", "a4", "a5", "a6", "a7", "d4", "d5", "d6", "d7"];
const UPPER: [&str; 14] =
    ["a10", "a11", "d8", "d9", "d10", "d11", "a12", "a13", "a14", "a15", "d12", "d13", "d14", "d15"];

fn emulator(code: &[u8]) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(Platform::TRICORE)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(CODE, code)?;
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

fn number(names: &[&str], emulator: &mut NativeEmulator, first: u64) -> Result<(), Error> {
    for (value, name) in (first..).zip(names) {
        emulator.write_register(*name, value)?;
    }
    Ok(())
}

fn words(emulator: &NativeEmulator, address: u64) -> Result<Vec<u32>, Error> {
    let mut bytes = [0; 64];
    emulator.read_memory(address, &mut bytes)?;
    Ok(bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

#[test]
fn the_lower_context_comes_back() -> Result<(), Error> {
    // svlcx; rslcx.
    let mut emulator = emulator(&[0x0d, 0, 0, 2, 0x0d, 0, 0x40, 2])?;
    number(&LOWER, &mut emulator, 0x100)?;
    emulator.write_memory(DATA, &0x1234_u32.to_le_bytes())?;
    emulator.write_register("fcx", DATA >> 6)?;
    emulator.write_register("pcxi", 0x42_u64)?;
    emulator.write_register("icr", 0x107_u64)?;
    assert_eq!(emulator.step()?, Step::Done);
    assert_eq!(emulator.read_register("fcx")?, 0x1234);
    // Of priority 7, enabled, and a lower one.
    assert_eq!(emulator.read_register("pcxi")?, 0x0780_0000 | DATA >> 6);
    let saved = words(&emulator, DATA)?;
    assert_eq!(saved[0], 0x42);
    assert!(saved[1..].iter().copied().eq(0x100..0x10f), "{saved:x?}");
    number(&LOWER, &mut emulator, 0x900)?;
    assert_eq!(emulator.step()?, Step::Done);
    for (value, name) in (0x100..).zip(LOWER) {
        assert_eq!(emulator.read_register(name)?, value, "{name}");
    }
    assert_eq!(emulator.read_register("fcx")?, DATA >> 6);
    assert_eq!(emulator.read_register("pcxi")?, 0x42);
    assert_eq!(words(&emulator, DATA)?[0], 0x1234);
    Ok(())
}

#[test]
fn an_interrupt_ends_as_it_began() -> Result<(), Error> {
    // rfe, of both lengths.
    for code in [&[0x00_u8, 0x80][..], &[0x0d, 0, 0xc0, 1]] {
        let mut emulator = emulator(code)?;
        let context = [0x1111_u32, 0x2222_0b7f].into_iter().chain(0x300..0x30e);
        let bytes: Vec<u8> = context.flat_map(u32::to_le_bytes).collect();
        emulator.write_memory(DATA, &bytes)?;
        emulator.write_register("a11", CODE + 0x101)?;
        emulator.write_register("pcxi", 0x05c0_0000 | DATA >> 6)?;
        emulator.write_register("icr", 0x0020_0009_u64)?;
        emulator.write_register("fcx", 0x77_u64)?;
        emulator.write_register("psw", 0x0300_0b80_u64)?;
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.program_counter(), CODE + 0x100);
        assert_eq!(emulator.read_register("icr")?, 0x0020_0105);
        assert_eq!(emulator.read_register("psw")?, 0x2222_0b7f);
        assert_eq!(emulator.read_register("pcxi")?, 0x1111);
        assert_eq!(emulator.read_register("fcx")?, DATA >> 6);
        for (value, name) in (0x300..).zip(UPPER) {
            assert_eq!(emulator.read_register(name)?, value, "{name}");
        }
        assert_eq!(words(&emulator, DATA)?[0], 0x77);
    }
    Ok(())
}

#[test]
fn what_enables_interrupts_is_what_contexts_keep() -> Result<(), Error> {
    // enable; svlcx; disable; restore d0.
    let mut emulator = emulator(&[0x0d, 0, 0, 3, 0x0d, 0, 0, 2, 0x0d, 0, 0x40, 3, 0x0d, 0, 0x80, 3])?;
    emulator.write_register("fcx", DATA >> 6)?;
    emulator.write_register("d0", 1_u64)?;
    for expected in [0x100, 0x100, 0, 0x100] {
        assert_eq!(emulator.step()?, Step::Done);
        assert_eq!(emulator.read_register("icr")?, expected);
    }
    assert_eq!(emulator.read_register("pcxi")? >> 23 & 1, 1);
    Ok(())
}

#[test]
fn contexts_are_loaded_and_stored() -> Result<(), Error> {
    // stlcx, stucx, ldlcx and lducx [a1].
    let code = |second: u8| [0x49, 0x10, second, 0x09];
    for (store, load, names, first) in [(0x80, 0x00, &LOWER[..], 1), (0xc0, 0x40, &UPPER[..], 2)] {
        let mut emulator = emulator(&[code(store), code(load)].concat())?;
        number(names, &mut emulator, 0x500)?;
        emulator.write_register("a1", DATA)?;
        emulator.write_register("pcxi", 0x33_u64)?;
        emulator.write_register("psw", 0x44_u64)?;
        assert_eq!(emulator.step()?, Step::Done);
        let stored = words(&emulator, DATA)?;
        assert_eq!(stored[0], 0x33);
        assert!(stored[first..].iter().copied().eq(0x500..0x500 + names.len() as u32), "{stored:x?}");
        number(names, &mut emulator, 0x900)?;
        assert_eq!(emulator.step()?, Step::Done);
        // The two first words are not loaded.
        for (index, name) in names.iter().enumerate() {
            let base = if index + first < 2 { 0x900 } else { 0x500 };
            assert_eq!(emulator.read_register(*name)?, base + index as u64, "{name}");
        }
        assert_eq!(emulator.read_register("pcxi")?, 0x33);
        assert_eq!(emulator.read_register("psw")?, 0x44);
    }
    Ok(())
}

/// An instruction, its bytes, registers, and the number of the trap.
type Case = (&'static str, &'static [u8], &'static [(&'static str, u64)], Option<u64>);

#[test]
fn what_cannot_be_done_traps() -> Result<(), Error> {
    let cases: &[Case] = &[
        ("svlcx without a free context", &[0x0d, 0, 0, 2], &[("fcx", 0)], Some(0x34)),
        ("rslcx without a context", &[0x0d, 0, 0x40, 2], &[("pcxi", 0)], Some(0x35)),
        ("rslcx of an upper one", &[0x0d, 0, 0x40, 2], &[("pcxi", 1 << 22 | DATA >> 6)], Some(0x36)),
        ("rfe without a context", &[0, 0x80], &[("pcxi", 0)], Some(0x35)),
        ("rfe of a lower one", &[0, 0x80], &[("pcxi", DATA >> 6)], Some(0x36)),
        ("rfe in a call", &[0, 0x80], &[("pcxi", 1 << 22 | DATA >> 6), ("psw", 0x81)], Some(0x37)),
        ("trapv", &[0x0d, 0, 0, 5], &[("psw", 1 << 30)], Some(0x51)),
        ("trapv without V", &[0x0d, 0, 0, 5], &[("psw", 1 << 29)], None),
        ("trapsv", &[0x0d, 0, 0x40, 5], &[("psw", 1 << 29)], Some(0x52)),
        ("trapsv without SV", &[0x0d, 0, 0x40, 5], &[("psw", 1 << 30)], None),
        ("syscall 3", &[0xad, 0x30, 0x80, 0], &[], Some(0x63)),
        ("dsync", &[0x0d, 0, 0x80, 4], &[], None),
        ("isync", &[0x0d, 0, 0xc0, 4], &[], None),
    ];
    for (text, code, registers, expected) in cases {
        let mut emulator = emulator(code)?;
        for (name, value) in *registers {
            emulator.write_register(*name, *value)?;
        }
        let result = emulator.step();
        match expected {
            None => assert_eq!(result?, Step::Done, "{text}"),
            Some(expected) => assert!(
                matches!(&result, Err(Error::Fault(Fault::UnhandledInterrupt { number, .. })) if number == expected),
                "{text}: {result:?}"
            ),
        }
    }
    Ok(())
}
