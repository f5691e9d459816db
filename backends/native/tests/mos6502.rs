//! 6502: decimal mode against B. Clark's description ("Decimal Mode",
//! appendix A), and what single instructions do where the published
//! specification was wrong (MCS6500 Microcomputer Family Programming Manual).

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Permissions, Platform, Step, Stop};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x4000;

fn emulator() -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(Platform::MOS6502)?;
    emulator.map_memory(0..0x1_0000, Permissions::ALL)?;
    Ok(emulator)
}

/// A, and N, V, Z, C, after ADC in decimal mode.
fn decimal_sum(a: i32, b: i32, c: i32) -> (i32, [bool; 4]) {
    let mut low = (a & 15) + (b & 15) + c;
    if low >= 10 {
        low = ((low + 6) & 15) + 16;
    }
    let signed = i32::from((a & 0xf0) as u8 as i8) + i32::from((b & 0xf0) as u8 as i8) + low;
    let middle = (a & 0xf0) + (b & 0xf0) + low;
    let sum = if middle >= 0xa0 { middle + 0x60 } else { middle };
    let zero = (a + b + c) & 0xff == 0;
    (sum & 0xff, [middle & 0x80 != 0, !(-128..=127).contains(&signed), zero, sum >= 0x100])
}

/// The same after SBC; its flags are those of a binary subtraction.
fn decimal_difference(a: i32, b: i32, c: i32) -> (i32, [bool; 4]) {
    let mut low = (a & 15) - (b & 15) + c - 1;
    if low < 0 {
        low = ((low - 6) & 15) - 16;
    }
    let mut result = (a & 0xf0) - (b & 0xf0) + low;
    if result < 0 {
        result -= 0x60;
    }
    (result & 0xff, binary_difference(a, b, c).1)
}

fn binary_sum(a: i32, b: i32, c: i32) -> (i32, [bool; 4]) {
    let (sum, signed) = (a + b + c, i32::from(a as u8 as i8) + i32::from(b as u8 as i8) + c);
    let overflow = !(-128..=127).contains(&signed);
    (sum & 0xff, [sum & 0x80 != 0, overflow, sum & 0xff == 0, sum > 0xff])
}

fn binary_difference(a: i32, b: i32, c: i32) -> (i32, [bool; 4]) {
    binary_sum(a, 0xff - b, c)
}

/// All values of both operands and the carry.
fn check(opcode: u8, decimal: u64, expected: fn(i32, i32, i32) -> (i32, [bool; 4])) -> Result<(), Error> {
    let mut emulator = emulator()?;
    // OP $10
    emulator.write_code(CODE, &[opcode, 0x10])?;
    for b in 0..0x100 {
        emulator.write_memory(0x10, &[b as u8])?;
        for a in 0..0x100 {
            for c in 0..2 {
                emulator.write_register("a", a as u64)?;
                emulator.write_register("p", decimal << 3 | c as u64)?;
                emulator.set_program_counter(CODE)?;
                assert_eq!(emulator.step()?, Step::Done);
                let p = emulator.read_register("p")?;
                let flags = [p & 0x80 != 0, p & 0x40 != 0, p & 2 != 0, p & 1 != 0];
                let found = (emulator.read_register("a")? as i32, flags);
                assert_eq!(found, expected(a, b, c), "{opcode:#x} {a:#x} {b:#x} {c}");
                assert_eq!(p >> 3 & 1, decimal);
            }
        }
    }
    Ok(())
}

#[test]
fn additions_are_right_for_all_operands() -> Result<(), Error> {
    check(0x65, 0, binary_sum)?;
    check(0x65, 1, decimal_sum)
}

#[test]
fn subtractions_are_right_for_all_operands() -> Result<(), Error> {
    check(0xe5, 0, binary_difference)?;
    check(0xe5, 1, decimal_difference)
}

/// Some decimal sums that anybody can check.
#[test]
fn decimals_are_decimals() {
    assert_eq!(decimal_sum(0x58, 0x46, 1).0, 0x05);
    assert_eq!(decimal_sum(0x12, 0x34, 0).0, 0x46);
    assert_eq!(decimal_difference(0x46, 0x12, 1).0, 0x34);
    assert_eq!(decimal_difference(0x12, 0x21, 1).0, 0x91);
}

type Registers = &'static [(&'static str, u64)];
type Memory = &'static [(u64, &'static [u8])];

/// A row: what it shows, the code, registers and memory before, registers and
/// memory after.
type Row = (&'static str, &'static [u8], Registers, Memory, Registers, Memory);

const ROWS: &[Row] = &[
    (
        "(zp,X) wraps in page zero",
        &[0xa1, 0xf0],
        &[("x", 0x0f)],
        &[(0xff, &[0x34]), (0, &[0x12]), (0x100, &[0x56]), (0x1234, &[0x99])],
        &[("a", 0x99), ("nf", 1), ("pc", CODE + 2)],
        &[],
    ),
    (
        "(zp),Y wraps in page zero",
        &[0xb1, 0xff],
        &[("y", 2)],
        &[(0xff, &[0x34]), (0, &[0x12]), (0x100, &[0x56]), (0x1236, &[0x77])],
        &[("a", 0x77), ("nf", 0)],
        &[],
    ),
    ("zp,X wraps", &[0xb5, 0xf0], &[("x", 0x20)], &[(0x10, &[5]), (0x110, &[6])], &[("a", 5)], &[]),
    ("zp,Y wraps", &[0xb6, 0xf0], &[("y", 0x20)], &[(0x10, &[5]), (0x110, &[6])], &[("x", 5)], &[]),
    (
        "JMP (xxFF) stays in the page",
        &[0x6c, 0xff, 0x30],
        &[],
        &[(0x30ff, &[0x80]), (0x3000, &[0x50]), (0x3100, &[0x60])],
        &[("pc", 0x5080)],
        &[],
    ),
    ("JMP (xx)", &[0x6c, 0xfe, 0x30], &[], &[(0x30fe, &[0x80, 0x60])], &[("pc", 0x6080)], &[]),
    (
        "JSR pushes its last byte's address",
        &[0x20, 0x00, 0x50],
        &[("sp", 0x1ff)],
        &[],
        &[("pc", 0x5000), ("sp", 0x1fd)],
        &[(0x1fe, &[0x02, 0x40])],
    ),
    (
        "JSR stays in page one",
        &[0x20, 0x00, 0x50],
        &[("sp", 0x100)],
        &[],
        &[("pc", 0x5000), ("sp", 0x1fe)],
        &[(0x100, &[0x40]), (0x1ff, &[0x02])],
    ),
    (
        "RTS stays in page one",
        &[0x60],
        &[("sp", 0x1fe)],
        &[(0x1ff, &[0x33]), (0x100, &[0x44])],
        &[("pc", 0x4434), ("sp", 0x100)],
        &[],
    ),
    (
        "BRK",
        &[0x00, 0xea],
        &[("sp", 0x1ff), ("p", 0x0b)],
        &[(0xfffe, &[0x00, 0x60])],
        &[("pc", 0x6000), ("sp", 0x1fc), ("if", 1), ("df", 1)],
        &[(0x1fd, &[0x3b, 0x02, 0x40])],
    ),
    (
        "RTI",
        &[0x40],
        &[("sp", 0x1fc)],
        &[(0x1fd, &[0xff, 0x02, 0x40])],
        &[("pc", 0x4002), ("sp", 0x1ff), ("p", 0xcf)],
        &[],
    ),
    ("PHP has B and bit 5", &[0x08], &[("p", 0x81), ("sp", 0x1ff)], &[], &[], &[(0x1ff, &[0xb1])]),
    ("PLP drops them", &[0x28], &[("sp", 0x1fe)], &[(0x1ff, &[0x30])], &[("p", 0), ("sp", 0x1ff)], &[]),
    ("PHA wraps", &[0x48], &[("a", 7), ("sp", 0x100)], &[], &[("sp", 0x1ff)], &[(0x100, &[7])]),
    ("PLA wraps", &[0x68], &[("sp", 0x1ff)], &[(0x100, &[0x80])], &[("a", 0x80), ("sp", 0x100)], &[]),
    ("TSX has flags", &[0xba], &[("sp", 0x1f0)], &[], &[("x", 0xf0), ("nf", 1)], &[]),
    ("TXS has none", &[0x9a], &[("x", 0), ("p", 0)], &[], &[("sp", 0x100), ("zf", 0)], &[]),
    ("CMP borrows", &[0xc9, 6], &[("a", 5)], &[], &[("p", 0x80)], &[]),
    ("CMP equals", &[0xc9, 5], &[("a", 5)], &[], &[("p", 3)], &[]),
    ("CPX", &[0xe0, 5], &[("x", 0x90)], &[], &[("p", 0x81)], &[]),
    ("BIT", &[0x24, 0x10], &[("a", 1)], &[(0x10, &[0xc0])], &[("p", 0xc2)], &[]),
    ("ASL A", &[0x0a], &[("a", 0xc0)], &[], &[("a", 0x80), ("p", 0x81)], &[]),
    ("ROL", &[0x26, 0x10], &[("p", 1)], &[(0x10, &[0x80])], &[("p", 1)], &[(0x10, &[1])]),
    ("ROR", &[0x66, 0x10], &[("p", 1)], &[(0x10, &[0])], &[("p", 0x80)], &[(0x10, &[0x80])]),
    ("LSR", &[0x46, 0x10], &[("p", 0x80)], &[(0x10, &[1])], &[("p", 3)], &[(0x10, &[0])]),
    ("INC leaves C", &[0xe6, 0x10], &[("p", 1)], &[(0x10, &[0xff])], &[("p", 3)], &[(0x10, &[0])]),
    ("BNE back", &[0xd0, 0xfe], &[("p", 0)], &[], &[("pc", CODE)], &[]),
    ("BEQ not", &[0xf0, 0x7f], &[("p", 0)], &[], &[("pc", CODE + 2)], &[]),
    ("LDA abs,X", &[0xbd, 0xff, 0xff], &[("x", 3)], &[(2, &[9])], &[("a", 9)], &[]),
];

#[test]
fn instructions_do_what_the_manual_says() -> Result<(), Error> {
    for (what, code, before, memory, after, memory_after) in ROWS {
        let mut emulator = emulator()?;
        emulator.write_code(CODE, code)?;
        for (address, bytes) in *memory {
            emulator.write_memory(*address, bytes)?;
        }
        for (name, value) in *before {
            emulator.write_register(*name, *value)?;
        }
        emulator.set_program_counter(CODE)?;
        assert_eq!(emulator.step()?, Step::Done, "{what}");
        for (name, value) in *after {
            assert_eq!(emulator.read_register(*name)?, *value, "{what}: {name}");
        }
        for (address, bytes) in *memory_after {
            assert_eq!(emulator.read_bytes(*address, bytes.len() as u64)?, *bytes, "{what}: {address:#x}");
        }
    }
    Ok(())
}

/// The codes of the manual's appendix, and no others.
#[test]
fn the_documented_codes_are_instructions() -> Result<(), Error> {
    let mut count = 0;
    for opcode in 0..=0xff_u8 {
        let mut emulator = emulator()?;
        emulator.write_code(CODE, &[opcode, 0, 0])?;
        emulator.set_program_counter(CODE)?;
        match emulator.step() {
            Ok(_) => count += 1,
            Err(Error::Fault(terrella_emulator_api::Fault::InvalidInstruction { .. })) => {}
            Err(error) => panic!("{opcode:#x}: {error}"),
        }
    }
    assert_eq!(count, 151);
    Ok(())
}

/// Every instruction of registers, immediates and page zero, 256 times each,
/// beside sim65 of cc65 2.19 (`mos6502/`), but for decimal SBC.
#[test]
fn instructions_do_what_sim65_does() -> Result<(), Error> {
    let mut emulator = emulator()?;
    emulator.write_code(0x1000, include_bytes!("mos6502/instructions.bin"))?;
    let mut lines = include_str!("mos6502/instructions.txt").lines();
    let done = lines.next().and_then(|line| line.strip_prefix("done ")).expect("where it ends");
    let done = u64::from_str_radix(done, 16).expect("an address");
    emulator.add_exit_point(done);
    emulator.set_program_counter(0x1000)?;
    assert_eq!(emulator.run()?, Stop::ExitPoint(done));
    let mut count = 0;
    for (line, address) in lines.zip((0x3000..).step_by(2)) {
        let (what, expected) = line.rsplit_once(' ').expect("a sum");
        let sum = emulator.read_integer(address, 2)?;
        assert_eq!(format!("{sum:04x}"), expected, "{what}");
        count += 1;
    }
    assert_eq!(count, 54);
    Ok(())
}
