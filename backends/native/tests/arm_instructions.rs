//! Instructions of Arm's processors, one at a time: tables of bytes, registers
//! before and registers after, which another emulator wrote (see their first
//! lines).

use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform, RegisterValue};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;

fn value_of(text: &str) -> RegisterValue {
    let mut bytes = [0; 64];
    for (index, digit) in text.bytes().rev().enumerate() {
        let digit = char::from(digit).to_digit(16).expect("hexadecimal digits") as u8;
        bytes[index / 2] |= digit << (4 * (index % 2));
    }
    RegisterValue::from_le_bytes(&bytes)
}

fn bytes_of(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(pair).collect()
}

/// The pairs `register=value` of a text.
fn pairs(text: &str) -> impl Iterator<Item = (&str, RegisterValue)> {
    text.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').expect("a register and its value");
        (name, value_of(value))
    })
}

/// Runs the rows of a table; `thumb` is added to the program counter.
fn check(platform: Platform, table: &str, thumb: u64) {
    let mut emulator = NativeEmulator::new(platform).expect("the platform has a specification");
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).expect("free memory");
    let start = emulator.snapshot().expect("a snapshot");
    let mut wrong = Vec::new();
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for row in rows {
        let (content, text) = row.split_once(" # ").expect("a text");
        let (before, after) = content.split_once("=>").expect("registers after");
        let (code, before) = before.split_once(' ').expect("bytes");
        emulator.restore(&start).expect("the start");
        emulator.write_code(CODE, &bytes_of(code)).expect("mapped memory");
        for (name, value) in pairs(before) {
            emulator.write_register(name, value).expect("a register of the platform");
        }
        emulator.set_program_counter(CODE | thumb).expect("an address");
        if let Err(error) = emulator.step() {
            wrong.push(format!("{text}: {error}"));
            continue;
        }
        for (name, expected) in pairs(after) {
            let value = emulator.read_wide_register(name).expect("a register of the platform");
            if value != expected {
                wrong.push(format!("{code} {text}: {name} is {value:#x}, not {expected:#x}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", platform, wrong.join("\n"));
}

#[test]
fn aarch64() {
    check(Platform::AARCH64, include_str!("instructions/aarch64.txt"), 0);
}

#[test]
fn arm() {
    check(Platform::ARMV7A, include_str!("instructions/armv7a.txt"), 0);
}

#[test]
fn thumb() {
    check(Platform::ARMV7A, include_str!("instructions/armv7a-thumb.txt"), 1);
}

#[test]
fn microcontrollers() {
    check(Platform::ARMV7M, include_str!("instructions/armv7m.txt"), 1);
}
