//! RISC-V: what single instructions do to memory, where they must be aligned,
//! and what is reserved (unprivileged manual, "A", "Zacas", "Zabha", "CMO",
//! "Scalar cryptography").

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{
    Emulator, EmulatorExt, Error, Fault, Flow, MemoryCause, Permissions, Platform, Step,
};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

type Registers = &'static [(&'static str, u64)];

fn machine(platform: Platform) -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(platform)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1000, Permissions::READ | Permissions::WRITE)?;
    Ok(emulator)
}

fn execute(emulator: &mut NativeEmulator, word: u32) -> Result<Step, Error> {
    emulator.write_code(CODE, &word.to_le_bytes())?;
    emulator.set_program_counter(CODE)?;
    emulator.step()
}

/// An operation on memory: the platform, the word, what is set, the data before
/// and after, and what registers hold then.
type Row = (Platform, u32, Registers, &'static [u8], &'static [u8], Registers);

/// The words are those of LLVM 19, the results those of the manual.
const ATOMICS: &[Row] = &[
    // amoadd.b a0,a1,(a2): signs are extended.
    (
        Platform::RISCV64,
        0x00b6_052f,
        &[("a1", 0x17f), ("a2", DATA + 1)],
        &[1, 1, 1],
        &[1, 0x80, 1],
        &[("a0", 1)],
    ),
    (
        Platform::RISCV32,
        0xe0b6_152f,
        &[("a1", 0x8001), ("a2", DATA)],
        &[0x00, 0x80],
        &[0x01, 0x80],
        &[("a0", 0xffff_8000)],
    ),
    // amocas.w a0,a1,(a2): the lowest 32 bits are compared.
    (
        Platform::RISCV64,
        0x28b6_252f,
        &[("a0", 0x1234_5678_8000_0001), ("a1", 7), ("a2", DATA)],
        &[1, 0, 0, 0x80],
        &[7, 0, 0, 0],
        &[("a0", 0xffff_ffff_8000_0001)],
    ),
    // Not equal: nothing is stored.
    (
        Platform::RISCV64,
        0x28b6_252f,
        &[("a0", 2), ("a1", 7), ("a2", DATA)],
        &[1, 0, 0, 0],
        &[1, 0, 0, 0],
        &[("a0", 1)],
    ),
    // amocas.d a0,a2,(a4) of RV32: pairs.
    (
        Platform::RISCV32,
        0x28c7_352f,
        &[("a0", 1), ("a1", 2), ("a2", 3), ("a3", 4), ("a4", DATA)],
        &[1, 0, 0, 0, 2, 0, 0, 0],
        &[3, 0, 0, 0, 4, 0, 0, 0],
        &[("a0", 1), ("a1", 2)],
    ),
    (
        Platform::RISCV32,
        0x28c7_352f,
        &[("a0", 1), ("a1", 3), ("a2", 3), ("a3", 4), ("a4", DATA)],
        &[1, 0, 0, 0, 2, 0, 0, 0],
        &[1, 0, 0, 0, 2, 0, 0, 0],
        &[("a0", 1), ("a1", 2)],
    ),
    // amocas.d zero,zero,(a4) of RV32: a pair of zeros, which is not written.
    (Platform::RISCV32, 0x2807_302f, &[("ra", 5), ("a4", DATA)], &[0; 8], &[0; 8], &[("ra", 5)]),
    // amocas.q a0,a2,(a4).
    (
        Platform::RISCV64,
        0x28c7_452f,
        &[("a0", 1), ("a1", 2), ("a2", 3), ("a3", u64::MAX), ("a4", DATA)],
        &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        &[3, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[("a0", 1), ("a1", 2)],
    ),
];

#[test]
fn atomic_operations() -> Result<(), Error> {
    for (platform, word, before, data, expected, after) in ATOMICS {
        let mut emulator = machine(*platform)?;
        for (name, value) in *before {
            emulator.write_register(*name, *value)?;
        }
        emulator.write_memory(DATA, data)?;
        assert_eq!(execute(&mut emulator, *word)?, Step::Done, "{word:#x}");
        let mut found = vec![0; data.len()];
        emulator.read_memory(DATA, &mut found)?;
        assert_eq!(found, *expected, "{word:#x}");
        for (name, value) in *after {
            assert_eq!(emulator.read_register(*name)?, *value, "{word:#x} {name}");
        }
    }
    Ok(())
}

#[test]
fn atomic_operations_are_aligned() -> Result<(), Error> {
    // amoadd.h a0,a1,(a2); amocas.q a0,a2,(a4).
    for (word, base, address) in [(0x00b6_152f, "a2", DATA + 1), (0x28c7_452f, "a4", DATA + 8)] {
        let mut emulator = machine(Platform::RISCV64)?;
        emulator.write_register(base, address)?;
        let result = execute(&mut emulator, word);
        let is_unaligned =
            matches!(&result, Err(Error::Fault(Fault::Memory { cause: MemoryCause::Unaligned, .. })));
        assert!(is_unaligned, "{word:#x}: {result:?}");
    }
    Ok(())
}

#[test]
fn blocks_become_zero_and_hooks_see_it() -> Result<(), Error> {
    let mut emulator = machine(Platform::RISCV64)?;
    emulator.write_memory(DATA, &[0xaa; 0x100])?;
    let seen = Rc::new(RefCell::new(Vec::new()));
    let stores = seen.clone();
    emulator.hook_memory_writes(move |_, address, bytes| {
        stores.borrow_mut().push((address, bytes.len()));
        Ok(Flow::Continue)
    })?;
    emulator.write_register("a0", DATA + 0x7b)?;
    // cbo.zero (a0).
    assert_eq!(execute(&mut emulator, 0x0045_200f)?, Step::Done);
    let mut found = [0; 0x100];
    emulator.read_memory(DATA, &mut found)?;
    let expected: Vec<u8> = (0..0x100).map(|at| if (0x40..0x80).contains(&at) { 0 } else { 0xaa }).collect();
    assert_eq!(found[..], expected[..]);
    assert_eq!(*seen.borrow(), [(DATA + 0x40, 64)]);
    // cbo.flush (a0) where there is nothing.
    emulator.write_register("a0", 0x9_0000_u64)?;
    let result = execute(&mut emulator, 0x0025_200f);
    assert!(matches!(result, Err(Error::Fault(Fault::Memory { .. }))), "{result:?}");
    Ok(())
}

#[test]
fn entropy_is_that_of_the_seed() -> Result<(), Error> {
    let mut emulator = machine(Platform::RISCV32)?;
    let mut numbers = Vec::new();
    for seed in [7, 8, 7] {
        emulator.set_random_seed(seed);
        // csrrw a0,seed,zero.
        assert_eq!(execute(&mut emulator, 0x0150_1573)?, Step::Done);
        let number = emulator.read_register("a0")?;
        assert_eq!(number >> 16, 0x8000, "ES16");
        numbers.push(number);
    }
    assert_eq!(numbers[0], numbers[2]);
    assert_ne!(numbers[0], numbers[1]);
    Ok(())
}

/// Reserved encodings, by width: they are no instructions.
const RESERVED: &[(Platform, u32)] = &[
    // csrrs a0,seed,zero: it is only read and written together.
    (Platform::RISCV64, 0x0150_2573),
    // aes64ks1i a0,a1,11.
    (Platform::RISCV64, 0x31b5_9513),
    // amocas.q a1,a2,(a4) and a0,a3,(a4); amocas.d a1,a2,(a4) of RV32.
    (Platform::RISCV64, 0x28c7_45af),
    (Platform::RISCV64, 0x28d7_452f),
    (Platform::RISCV32, 0x28c7_35af),
    // amocas.q and add.uw of RV32; bclri a0,a1,33 of RV32.
    (Platform::RISCV32, 0x28c7_452f),
    (Platform::RISCV32, 0x08c5_853b),
    (Platform::RISCV32, 0x4a15_9513),
    // fadd.h with rounding mode 5; fadd.q; fmvp.d.x and fmvh.x.d of RV64.
    (Platform::RISCV64, 0x04c5_d553),
    (Platform::RISCV64, 0x06c5_8553),
    (Platform::RISCV64, 0xb2c5_8553),
    (Platform::RISCV64, 0xe215_8553),
    // lr.b a0,(a1); cbo 3; custom-0; c.lui a0,0 and what is beside c.mul.
    (Platform::RISCV64, 0x1005_852f),
    (Platform::RISCV64, 0x0035_200f),
    (Platform::RISCV64, 0x0000_000b),
    (Platform::RISCV64, 0x0000_6501),
    (Platform::RISCV64, 0x0000_9d7d),
    // c.zext.w of RV32; vadd.vv.
    (Platform::RISCV32, 0x0000_9d71),
    (Platform::RISCV64, 0x0220_8057),
];

#[test]
fn reserved_encodings_are_refused() -> Result<(), Error> {
    for (platform, word) in RESERVED {
        let mut emulator = machine(*platform)?;
        let result = execute(&mut emulator, *word);
        let is_invalid = matches!(result, Err(Error::Fault(Fault::InvalidInstruction { .. })));
        assert!(is_invalid, "{platform} {word:#x}: {result:?}");
    }
    Ok(())
}
