//! Functions that SDCC has compiled for the Z80 (`fixtures/sdcc/`), called by
//! its two conventions' rules, beside the same in Rust.

use std::{error::Error, fs, path::Path};

use terrella_emulator_api::{Limits, Permissions, Platform};
use terrella_loaders::{Options, load_file};
use terrella_machine_state::{
    ArgumentValue, Machine, Memory, Return, Stack,
    call::{Caller, ReturnValue},
};
use terrella_native::NativeEmulator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SORTED: u64 = 0x8000;
const INPUT: u64 = 0x9000;

/// The image with its data, and where the functions are.
struct Image {
    machine: Machine,
    addresses: Vec<(String, u64)>,
}

impl Image {
    fn load() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sdcc");
        let options = Options { platform: Some(Platform::Z80), ..Options::default() };
        let mut machine = load_file(folder.join("z80.ihx"), &options)?.into_machine()?;
        machine.add("data", Memory::new(Platform::Z80, SORTED, 64, Permissions::READ_WRITE)?)?;
        let mut input = Memory::new(Platform::Z80, INPUT, 16, Permissions::READ_WRITE)?;
        input.write(INPUT, b"123456789")?;
        machine.add("input", input)?;
        machine.add("stack", Stack::new(Platform::Z80, 0xe000, 0x1000)?)?;
        let text = fs::read_to_string(folder.join("z80.txt"))?;
        let line = |line: &str| {
            let (name, address) = line.split_once(' ')?;
            Some((name.to_owned(), u64::from_str_radix(address, 16).ok()?))
        };
        Ok(Self { machine, addresses: text.lines().filter_map(line).collect() })
    }

    fn call(&self, name: &str, arguments: &[ArgumentValue], returns: Return) -> Result<ReturnValue> {
        let found = self.addresses.iter().find(|(it, _)| it == name);
        let (_, address) = found.ok_or_else(|| format!("no function {name}"))?;
        let mut emulator = NativeEmulator::new(Platform::Z80)?;
        self.machine.apply(&mut emulator)?;
        let mut caller = Caller::new(&self.machine, &mut emulator)?;
        Ok(caller.limits(Limits::instructions(1_000_000)).call(*address, arguments, returns)?.value)
    }
}

const fn u8(value: u8) -> ArgumentValue {
    ArgumentValue::Integer { value: value as i128, bytes: 1, signed: false }
}

const fn i16(value: i16) -> ArgumentValue {
    ArgumentValue::Integer { value: value as i128, bytes: 2, signed: true }
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

#[test]
fn arguments_and_results_are_where_sdcc_has_them() -> Result<()> {
    let image = Image::load()?;
    let value = |name, arguments: &[ArgumentValue], returns| -> Result<Option<i128>> {
        Ok(integer(&image.call(name, arguments, returns)?))
    };
    assert_eq!(crc16(b"123456789"), 0x4b37);
    assert_eq!(value("crc16", &[ArgumentValue::Pointer(INPUT), i16(9)], U16)?, Some(0x4b37));
    for (a, b) in [(1_000_000_i32, 7_i32), (-99_999, 1234), (i32::MAX, -3), (5, 70_000)] {
        let arguments = [a.into(), b.into()];
        assert_eq!(value("divide", &arguments, Return::I32)?, Some((a / b).into()), "{a} / {b}");
        assert_eq!(value("multiply", &arguments, Return::I32)?, Some(a.wrapping_mul(b).into()), "{a} * {b}");
    }
    for (a, b, c) in [(3_u8, 5_u8, 250_u8), (200, 100, 7), (0, 0, 255)] {
        let expected = a.wrapping_mul(b) ^ (c / (b | 1));
        assert_eq!(value("bytes", &[u8(a), u8(b), u8(c)], U8)?, Some(expected.into()), "{a} {b} {c}");
    }
    assert_eq!(value("mixed", &[u8(3), i16(1000), u8(200)], U16)?, Some(3200));
    for (a, b, expected) in [(-5, 3, 77), (3, -5, -77), (4, 4, 0)] {
        assert_eq!(value("choose", &[i16(a), i16(b), i16(77)], I16)?, Some(expected), "{a} {b}");
    }
    let scaled = image.call("scale", &[2.5_f32.into(), (-3.0_f32).into()], Return::F32)?;
    assert_eq!(scaled, ReturnValue::F32(-6.0));
    Ok(())
}

/// 64 bits are returned in memory, whose address is on the stack.
#[test]
fn wide_results_are_in_memory() -> Result<()> {
    let image = Image::load()?;
    let b = 0x1_2345_6789_i64;
    let found = image.call("wide", &[i16(-2), b.into()], Return::Struct { bytes: 8 })?;
    assert_eq!(found, ReturnValue::Struct((b - 2).to_le_bytes().to_vec()));
    assert!(image.call("wide", &[i16(-2), b.into()], Return::I64).is_err());
    Ok(())
}

#[test]
fn a_longer_program_computes_what_rust_does() -> Result<()> {
    let image = Image::load()?;
    for seed in [1_u16, 0x1234, 0xffff] {
        let mut state = seed;
        let mut bytes: Vec<u8> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(25173).wrapping_add(13849);
                (state >> 8) as u8
            })
            .collect();
        bytes.sort_unstable();
        let found = image.call("sort", &[i16(seed as i16)], U16)?;
        assert_eq!(integer(&found), Some(crc16(&bytes).into()), "{seed:#x}");
    }
    Ok(())
}
