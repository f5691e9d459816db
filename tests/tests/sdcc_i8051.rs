//! Functions that SDCC has compiled for the 8051 (`fixtures/sdcc/`), called by
//! its two conventions, and a program from its reset vector on, beside the same
//! in Rust.

use std::{error::Error, fs, path::Path};

use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions, Platform, Stop};
use terrella_loaders::{Options, load_file};
use terrella_machine_state::{
    ArgumentValue, Error as MachineError, Machine, Memory, Return, Stack,
    call::{Caller, ReturnValue},
};
use terrella_native::NativeEmulator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RAM: u64 = 0x1_0000;
const SFR: u64 = 0x2_0000;
const EXTERNAL: u64 = 0x3_0000;

/// The image with its data, and where the functions are.
struct Image {
    machine: Machine,
    addresses: Vec<(String, u64)>,
}

impl Image {
    fn load(model: &str) -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sdcc");
        let options = Options { platform: Some(Platform::I8051), ..Options::default() };
        let file = folder.join(format!("i8051-{model}.ihx"));
        let text = fs::read_to_string(folder.join(format!("i8051-{model}.txt")))?;
        let line = |line: &str| {
            let (name, address) = line.split_once(' ')?;
            Some((name.to_owned(), u64::from_str_radix(address, 16).ok()?))
        };
        let addresses = text.lines().filter_map(line).collect();
        let mut image = Self { machine: load_file(file, &options)?.into_machine()?, addresses };
        let platform = Platform::I8051;
        let mut memory = |name: &str, at, size| -> Result<()> {
            image.machine.add(name, Memory::new(platform, at, size, Permissions::READ_WRITE)?)?;
            Ok(())
        };
        memory("ram", RAM, 0x80)?;
        memory("registers", SFR + 0x80, 0x80)?;
        memory("external", EXTERNAL, 0x1_0000)?;
        image.machine.add("stack", Stack::new(platform, RAM + 0x80, 0x80)?)?;
        Ok(image)
    }

    fn address(&self, name: &str) -> Result<u64> {
        let found = self.addresses.iter().find(|(it, _)| it == name);
        Ok(found.ok_or_else(|| format!("nothing is called {name}"))?.1)
    }

    fn call(
        &self,
        convention: &str,
        name: &str,
        arguments: &[ArgumentValue],
        returns: Return,
    ) -> Result<ReturnValue> {
        let mut emulator = NativeEmulator::new(Platform::I8051)?;
        self.machine.apply(&mut emulator)?;
        emulator.write_memory(EXTERNAL + self.address("input")?, b"123456789")?;
        let before = emulator.read_register("sp")?;
        let mut caller = Caller::new(&self.machine, &mut emulator)?;
        caller.convention(convention)?.limits(Limits::instructions(1_000_000));
        let value = caller.call(self.address(name)?, arguments, returns)?.value;
        assert_eq!(emulator.read_register("sp")?, before, "{name}");
        Ok(value)
    }
}

fn u8(value: u8) -> ArgumentValue {
    ArgumentValue::Integer { value: value.into(), bytes: 1, signed: false }
}

fn i16(value: i16) -> ArgumentValue {
    ArgumentValue::Integer { value: value.into(), bytes: 2, signed: true }
}

const U8: Return = Return::Integer { bytes: 1, signed: false };
const U16: Return = Return::Integer { bytes: 2, signed: false };
const I16: Return = Return::Integer { bytes: 2, signed: true };

fn integer(value: &ReturnValue) -> Option<i128> {
    match value {
        ReturnValue::Integer { value, .. } => Some(*value),
        _ => None,
    }
}

/// CRC-16/MODBUS; of `123456789` it is 0x4b37.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

fn sorted(seed: u16) -> u16 {
    let mut state = seed;
    let mut bytes: Vec<u8> = (0..64)
        .map(|_| {
            state = state.wrapping_mul(25173).wrapping_add(13849);
            (state >> 8) as u8
        })
        .collect();
    bytes.sort_unstable();
    crc16(&bytes)
}

#[test]
fn functions_of_one_parameter() -> Result<()> {
    for model in ["small", "large"] {
        let image = Image::load(model)?;
        let value = |name, argument: ArgumentValue, returns| -> Result<Option<i128>> {
            Ok(integer(&image.call("sdcc", name, &[argument], returns)?))
        };
        let input = image.address("input")?;
        assert_eq!(value("crc16", ArgumentValue::Pointer(input), U16)?, Some(0x4b37), "{model}");
        for a in [0_u8, 1, 0x80, 0xff] {
            assert_eq!(value("negate", u8(a), U8)?, Some(a.wrapping_neg().into()), "{model} {a}");
        }
        for a in [3_u32, 65_537, 0x1234_5678] {
            let expected = a.wrapping_mul(a);
            assert_eq!(value("square", a.into(), Return::U32)?, Some(expected.into()), "{model} {a}");
        }
        let half = image.call("sdcc", "half", &[(-5.0_f32).into()], Return::F32)?;
        assert_eq!(half, ReturnValue::F32(-2.5), "{model}");
        for seed in [1_u16, 0x1234, 0xffff] {
            assert_eq!(value("sort", i16(seed as i16), U16)?, Some(sorted(seed).into()), "{model} {seed}");
        }
    }
    Ok(())
}

#[test]
fn reentrant_functions_have_parameters_on_the_stack() -> Result<()> {
    for model in ["small", "large"] {
        let image = Image::load(model)?;
        let value = |name, arguments: &[ArgumentValue], returns| -> Result<Option<i128>> {
            Ok(integer(&image.call("sdcc-reentrant", name, arguments, returns)?))
        };
        for (a, b) in [(1_000_000_i32, 7_i32), (-99_999, 1234), (i32::MAX, -3), (5, 70_000)] {
            let arguments = [a.into(), b.into()];
            assert_eq!(value("divide", &arguments, Return::I32)?, Some((a / b).into()), "{model} {a} / {b}");
            let product = a.wrapping_mul(b);
            assert_eq!(
                value("multiply", &arguments, Return::I32)?,
                Some(product.into()),
                "{model} {a} * {b}"
            );
        }
        for (a, b, c) in [(3_u8, 5_u8, 250_u8), (200, 100, 7), (0, 0, 255)] {
            let expected = a.wrapping_mul(b) ^ (c / (b | 1));
            let found = value("bytes", &[u8(a), u8(b), u8(c)], U8)?;
            assert_eq!(found, Some(expected.into()), "{model} {a} {b} {c}");
        }
        assert_eq!(value("mixed", &[u8(3), i16(1000), u8(200)], U16)?, Some(3200), "{model}");
        for (a, b, expected) in [(-5, 3, 77), (3, -5, -77), (4, 4, 0)] {
            let found = value("choose", &[i16(a), i16(b), i16(77)], I16)?;
            assert_eq!(found, Some(expected), "{model} {a} {b}");
        }
        let arguments = [2.5_f32.into(), (-3.0_f32).into()];
        let scaled = image.call("sdcc-reentrant", "scale", &arguments, Return::F32)?;
        assert_eq!(scaled, ReturnValue::F32(-6.0), "{model}");
    }
    Ok(())
}

/// A second parameter of a function that is not reentrant is in a variable,
/// and no pointer to external data memory reaches the stack.
#[test]
fn what_the_conventions_have_no_place_for_is_an_error() -> Result<()> {
    let image = Image::load("small")?;
    let two = [u8(1), u8(2)];
    for (convention, arguments, returns) in [
        ("sdcc", &two[..], U8),
        ("sdcc", &[ArgumentValue::Bytes(vec![1])][..], U8),
        ("sdcc-reentrant", &[ArgumentValue::Bytes(vec![1])][..], U8),
        ("sdcc-reentrant", &two[..], Return::Struct { bytes: 8 }),
    ] {
        let error = image.call(convention, "bytes", arguments, returns).expect_err("no place");
        assert!(matches!(error.downcast_ref(), Some(MachineError::NoPlace { .. })), "{error}");
    }
    Ok(())
}

/// With SDCC's start, which clears the internal RAM and sets the stack pointer
/// and the variables.
#[test]
fn a_program_runs_from_its_reset_vector() -> Result<()> {
    let mut expected = sorted(1);
    for (place, (value, fibonacci)) in [(3, 2_u16), (1, 1), (4, 3), (1, 1)].into_iter().enumerate() {
        if value & 1 == 1 {
            expected ^= 0x0101 << place;
        }
        expected = expected.wrapping_add(fibonacci);
    }
    expected ^= (1_000_000 / 7) as u16;
    for model in ["small", "large"] {
        let image = Image::load(model)?;
        let mut emulator = NativeEmulator::new(Platform::I8051)?;
        image.machine.apply(&mut emulator)?;
        let done = image.address("done")?;
        emulator.add_exit_point(done);
        emulator.set_program_counter(0)?;
        assert_eq!(emulator.run_with(&Limits::instructions(10_000_000))?, Stop::ExitPoint(done), "{model}");
        let result = emulator.read_integer(EXTERNAL + image.address("result")?, 2)?;
        assert_eq!(result, expected.into(), "{model}");
    }
    Ok(())
}
