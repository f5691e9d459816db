//! AVR: what single instructions do (AVR Instruction Set Manual, Atmel 0856L),
//! and how the spaces of the processor are in the one of the contract.

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Permissions, Platform, Step, Stop};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1000;
const DATA: u64 = 0x80_0000;

fn emulator() -> Result<NativeEmulator, Error> {
    let mut emulator = NativeEmulator::new(Platform::AVR)?;
    emulator.map_memory(0..0x2_0000, Permissions::ALL)?;
    emulator.map_memory(DATA..DATA + 0x1_0000, Permissions::READ_WRITE)?;
    emulator.write_register("sp", DATA + 0x8ff)?;
    Ok(emulator)
}

type Registers = &'static [(&'static str, u64)];
type Memory = &'static [(u64, &'static [u8])];

/// A row: what it shows, the code, registers and memory before, registers and
/// memory after.
type Row = (&'static str, &'static [u16], Registers, Memory, Registers, Memory);

const ROWS: &[Row] = &[
    ("ldi", &[0xe58a], &[], &[], &[("r24", 0x5a), ("pc", CODE + 2)], &[]),
    ("pairs", &[0x01bc], &[("r25r24", 0x1234)], &[], &[("r22", 0x34), ("r23", 0x12)], &[]),
    ("ld of a register", &[0x900c], &[("x", 5), ("r5", 0x77)], &[], &[("r0", 0x77)], &[]),
    ("st to a register", &[0x920d], &[("x", 5), ("r0", 0x66)], &[], &[("r5", 0x66), ("x", 6)], &[]),
    ("lds of sreg", &[0x9180, 0x005f], &[("sreg", 0xa5)], &[], &[("r24", 0xa5)], &[]),
    ("sts to sreg", &[0x9380, 0x005f], &[("r24", 0x5a)], &[], &[("sreg", 0x5a), ("zf", 1), ("cf", 0)], &[]),
    ("in of sreg", &[0xb78f], &[("sreg", 0x93)], &[], &[("r24", 0x93)], &[]),
    ("out to spl", &[0xbf8d], &[("r24", 0x42)], &[], &[("sp", DATA + 0x842)], &[]),
    ("sts to sph", &[0x9380, 0x005e], &[("r24", 4)], &[], &[("sp", DATA + 0x4ff)], &[]),
    ("lds of spl", &[0x9180, 0x005d], &[], &[], &[("r24", 0xff)], &[]),
    ("in of a port", &[0xb183], &[], &[(DATA + 0x23, &[9])], &[("r24", 9)], &[]),
    ("out to a port", &[0xb985], &[("r24", 7)], &[], &[], &[(DATA + 0x25, &[7])]),
    ("sbi", &[0x9a2d], &[], &[(DATA + 0x25, &[1])], &[], &[(DATA + 0x25, &[0x21])]),
    ("cbi", &[0x982d], &[], &[(DATA + 0x25, &[0xff])], &[], &[(DATA + 0x25, &[0xdf])]),
    ("push", &[0x938f], &[("r24", 3)], &[], &[("sp", DATA + 0x8fe)], &[(DATA + 0x8ff, &[3])]),
    ("pop", &[0x918f], &[], &[(DATA + 0x900, &[4])], &[("r24", 4), ("sp", DATA + 0x900)], &[]),
    (
        "call",
        &[0x940e, 0x2345],
        &[],
        &[],
        &[("pc", 0x468a), ("sp", DATA + 0x8fd)],
        &[(DATA + 0x8fe, &[0x08, 0x02])],
    ),
    ("call above 64 KiB", &[0x940f, 0x0001], &[], &[], &[("pc", 2), ("sp", DATA + 0x8fd)], &[]),
    ("rcall", &[0xd003], &[], &[], &[("pc", CODE + 8)], &[(DATA + 0x8fe, &[0x08, 0x01])]),
    ("rcall to the next one", &[0xd000], &[], &[], &[("pc", CODE + 2), ("sp", DATA + 0x8fd)], &[]),
    ("ret", &[0x9508], &[], &[(DATA + 0x900, &[0x91, 0x22])], &[("pc", 0x1_2244), ("sp", DATA + 0x901)], &[]),
    ("reti", &[0x9518], &[], &[(DATA + 0x900, &[0x01, 0x22])], &[("pc", 0x244), ("if", 1)], &[]),
    ("ijmp", &[0x9409], &[("z", 0x9000)], &[], &[("pc", 0x1_2000)], &[]),
    ("icall", &[0x9509], &[("z", 0x0900)], &[], &[("pc", 0x1200)], &[(DATA + 0x8fe, &[0x08, 0x01])]),
    ("rjmp back", &[0xcfff], &[], &[], &[("pc", CODE)], &[]),
    ("jmp", &[0x940c, 0x8000], &[], &[], &[("pc", 0x1_0000)], &[]),
    ("breq back", &[0xf3f9], &[("sreg", 2)], &[], &[("pc", CODE)], &[]),
    ("cpse of one word", &[0x1001, 0xe58a], &[], &[], &[("pc", CODE + 4)], &[]),
    ("cpse of jmp", &[0x1001, 0x940c, 0], &[], &[], &[("pc", CODE + 6)], &[]),
    ("cpse of lds", &[0x1001, 0x9000, 0], &[], &[], &[("pc", CODE + 6)], &[]),
    ("cpse of none", &[0x1001, 0xffff], &[], &[], &[("pc", CODE + 4)], &[]),
    ("cpse not", &[0x1001, 0xe58a], &[("r1", 1)], &[], &[("pc", CODE + 2)], &[]),
    ("sbrc", &[0xfd83, 0x9200, 0], &[("r24", 0xf7)], &[], &[("pc", CODE + 6)], &[]),
    ("sbrc not", &[0xfd83, 0x9200, 0], &[("r24", 8)], &[], &[("pc", CODE + 2)], &[]),
    ("sbrs", &[0xff83, 0x940e, 0], &[("r24", 8)], &[], &[("pc", CODE + 6)], &[]),
    ("sbic", &[0x992a, 0], &[], &[(DATA + 0x25, &[0xfb])], &[("pc", CODE + 4)], &[]),
    ("sbis", &[0x9b2a, 0], &[], &[(DATA + 0x25, &[0xfb])], &[("pc", CODE + 2)], &[]),
    ("lpm", &[0x95c8], &[("z", 0x3001)], &[(0x3000, &[1, 2, 3])], &[("r0", 2)], &[]),
    ("lpm Z+", &[0x9145], &[("z", 0x3001)], &[(0x3000, &[1, 2, 3])], &[("r20", 2), ("z", 0x3002)], &[]),
    (
        "elpm Z+",
        &[0x9147],
        &[("z", 0xffff)],
        &[(0xffff, &[5, 6]), (DATA + 0x5b, &[0])],
        &[("r20", 5), ("z", 0)],
        &[(DATA + 0x5b, &[1])],
    ),
    ("elpm", &[0x9146], &[("z", 2)], &[(0x1_0002, &[8]), (DATA + 0x5b, &[1])], &[("r20", 8), ("z", 2)], &[]),
    ("ld -X wraps", &[0x918e], &[("x", 0)], &[(DATA + 0xffff, &[9])], &[("r24", 9), ("x", 0xffff)], &[]),
    ("ldd Y+63", &[0xad8f], &[("y", 0x200)], &[(DATA + 0x23f, &[9])], &[("r24", 9), ("y", 0x200)], &[]),
    ("std Z+1", &[0x8381], &[("z", 0x200), ("r24", 2)], &[], &[], &[(DATA + 0x201, &[2])]),
    ("wdr", &[0x95a8], &[], &[], &[("pc", CODE + 2)], &[]),
    ("neg", &[0x9581], &[("r24", 0x80)], &[], &[("r24", 0x80), ("sreg", 0x0d)], &[]),
    ("fmul", &[0x0348 | 1], &[("r20", 0xc0), ("r17", 0x80)], &[], &[("r1r0", 0xc000), ("cf", 0)], &[]),
    ("fmuls", &[0x03c1], &[("r20", 0x80), ("r17", 0x80)], &[], &[("r1r0", 0x8000), ("cf", 0)], &[]),
    ("fmulsu", &[0x03c9], &[("r20", 0xff), ("r17", 0xff)], &[], &[("r1r0", 0xfe02), ("cf", 1)], &[]),
];

fn run(code: &[u16], before: &[(&str, u64)], memory: &[(u64, &[u8])]) -> Result<NativeEmulator, Error> {
    let mut emulator = emulator()?;
    let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    emulator.write_code(CODE, &bytes)?;
    for (address, bytes) in memory {
        emulator.write_memory(*address, bytes)?;
    }
    for (name, value) in before {
        emulator.write_register(*name, *value)?;
    }
    emulator.set_program_counter(CODE)?;
    Ok(emulator)
}

#[test]
fn instructions_do_what_the_manual_says() -> Result<(), Error> {
    for (what, code, before, memory, after, memory_after) in ROWS {
        let mut emulator = run(code, before, memory)?;
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

/// What an ATmega has not is no instruction: those of XMEGA (`xch`, `des`),
/// codes without a meaning. SPM is an error that names what is missing.
#[test]
fn what_is_not_there_is_an_error() -> Result<(), Error> {
    for word in [0x9204, 0x9205, 0x9206, 0x9207, 0x940b, 0x9404, 0x9419, 0x9519, 0xffff, 0x0001] {
        let mut emulator = run(&[word], &[], &[])?;
        match emulator.step() {
            Err(Error::Fault(Fault::InvalidInstruction { .. })) => {}
            other => panic!("{word:#x}: {other:?}"),
        }
    }
    let error = run(&[0x95e8], &[], &[])?.step().expect_err("SPM");
    assert!(error.to_string().contains("store_program_mem"), "{error}");
    Ok(())
}

/// The length of what is skipped is looked up again when it changes, across a
/// page too.
#[test]
fn a_skip_follows_what_it_skips() -> Result<(), Error> {
    for at in [CODE, 0x1ffe] {
        let mut emulator = emulator()?;
        emulator.write_code(at, &[0x01, 0x10, 0, 0])?;
        for (word, length) in [([0x00, 0x00], 4), ([0x0c, 0x94], 6), ([0x00, 0x00], 4)] {
            emulator.write_code(at + 2, &word)?;
            emulator.set_program_counter(at)?;
            emulator.step()?;
            assert_eq!(emulator.program_counter(), at + length);
        }
    }
    Ok(())
}

/// A skip whose next instruction cannot be fetched does not guess its length.
#[test]
fn a_skip_needs_what_it_skips() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::AVR)?;
    emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
    emulator.write_code(0x1ffe, &[0x01, 0x10])?;
    emulator.set_program_counter(0x1ffe)?;
    match emulator.step() {
        Err(Error::Fault(Fault::Memory { address: 0x2000, .. })) => Ok(()),
        other => panic!("{other:?}"),
    }
}

/// Accesses of registers by their addresses are no accesses of memory.
#[test]
fn registers_in_the_data_space_are_registers() -> Result<(), Error> {
    let mut emulator = NativeEmulator::new(Platform::AVR)?;
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL)?;
    // ldi r26,5; ldi r27,0; ld r0,X; lds r24,0x60
    let code = [0xe0a5_u16, 0xe0b0, 0x900c, 0x9180, 0x0060];
    let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    emulator.write_code(CODE, &bytes)?;
    emulator.write_register("r5", 0x99_u64)?;
    emulator.set_program_counter(CODE)?;
    match emulator.run() {
        Err(Error::Fault(Fault::Memory { address, pc, .. })) => {
            assert_eq!((address, pc), (DATA + 0x60, CODE + 6));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(emulator.read_register("r0")?, 0x99);
    Ok(())
}

#[test]
fn sleep_and_break_are_told() -> Result<(), Error> {
    let mut emulator = run(&[0x9588], &[], &[])?;
    assert!(matches!(emulator.run()?, Stop::Halted(_)));
    let mut emulator = run(&[0x9598], &[], &[])?;
    assert!(emulator.run().is_err());
    Ok(())
}

/// A stop by a hook behind a call goes on from there.
#[test]
fn a_stop_at_a_return_goes_on() -> Result<(), Error> {
    use terrella_emulator_api::Flow;
    // call 1f; inc r24; ret; 1: add r24,r24; ret
    let code = [0x940e, 0x0804, 0x9583, 0x9508, 0x0f88, 0x9508];
    let memory: &[(u64, &[u8])] = &[(DATA + 0x900, &[0x10, 0])];
    for at in (CODE..CODE + 12).step_by(2).filter(|at| *at != CODE + 2) {
        let mut emulator = run(&code, &[("r24", 5)], memory)?;
        emulator.add_exit_point(0x2000);
        let handle = emulator.hook_instruction(at, |_, _| Ok(Flow::Stop))?;
        assert_eq!(emulator.run()?, Stop::Requested(at));
        emulator.unhook(handle)?;
        assert_eq!(emulator.run()?, Stop::ExitPoint(0x2000));
        assert_eq!(emulator.read_register("r24")?, 11, "{at:#x}");
    }
    Ok(())
}
