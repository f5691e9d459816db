//! CMPXCHG and its relatives on x86-64 (Intel SDM, volume 2, CMPXCHG, CMPXCHG8B): the
//! operand in memory is written whether the comparison holds or not, and a register
//! of 32 bits that is loaded clears what is above. The registers are those that a
//! processor of Intel leaves.

use std::{cell::RefCell, rc::Rc};

use terrella_emulator_api::{Emulator, EmulatorExt, Error, Fault, Flow, Permissions, Platform, Step};
use terrella_native::NativeEmulator;

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;

fn emulator(code: &[u8], content: u64, permissions: Permissions) -> NativeEmulator {
    let mut emulator = NativeEmulator::new(Platform::X86_64).expect("the platform has a specification");
    emulator.map_memory(CODE..CODE + 0x1000, Permissions::ALL).expect("free memory");
    emulator.map_memory(DATA..DATA + 0x1000, permissions).expect("free memory");
    emulator.write_code(CODE, code).expect("mapped memory");
    emulator.write_memory(DATA, &content.to_le_bytes()).expect("mapped memory");
    emulator.set_program_counter(CODE).expect("an address");
    emulator.write_register("rsi", DATA).expect("a register");
    emulator.write_register("rbx", 1u64).expect("a register");
    emulator.write_register("rcx", 2u64).expect("a register");
    emulator
}

/// A row: code, RAX and RDX before, and after of a memory that holds
/// 2a933311_68747474, and what is stored.
type Row = (&'static [u8], [u64; 2], [u64; 2], u64);

const OTHER: [u64; 2] = [0xffff_ffff_1111_1111, 0xeeee_eeee_2222_2222];
const SAME: [u64; 2] = [0xffff_ffff_6874_7474, 0xeeee_eeee_2a93_3311];
const CONTENT: u64 = 0x2a93_3311_6874_7474;

const ROWS: &[Row] = &[
    // cmpxchg8b [rsi]
    (&[0x0f, 0xc7, 0x0e], OTHER, [0x6874_7474, 0x2a93_3311], CONTENT),
    (&[0x0f, 0xc7, 0x0e], SAME, SAME, 0x2_0000_0001),
    // cmpxchg dword [rsi], ecx
    (&[0x0f, 0xb1, 0x0e], OTHER, [0x6874_7474, OTHER[1]], 0x6874_7474),
    (&[0x0f, 0xb1, 0x0e], SAME, SAME, 2),
    // cmpxchg byte [rsi], cl
    (&[0x0f, 0xb0, 0x0e], OTHER, [0xffff_ffff_1111_1174, OTHER[1]], 0x74),
    (&[0x0f, 0xb0, 0x0e], SAME, SAME, 2),
];

#[test]
fn compared_and_written() {
    for (code, [rax, rdx], after, stored) in ROWS {
        let mut emulator = emulator(code, CONTENT, Permissions::READ_WRITE);
        emulator.write_register("rax", *rax).expect("a register");
        emulator.write_register("rdx", *rdx).expect("a register");
        let stores = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&stores);
        let hook = emulator.hook_memory_writes(move |_, address, bytes| {
            let value = bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
            seen.borrow_mut().push((address, value));
            Ok(Flow::Continue)
        });
        hook.expect("a hook");
        assert!(matches!(emulator.step(), Ok(Step::Done)), "{code:x?}");
        let found = ["rax", "rdx"].map(|name| emulator.read_register(name).expect("a register"));
        assert_eq!(found, *after, "{code:x?} {rax:x}");
        assert_eq!(*stores.borrow(), [(DATA, *stored)], "{code:x?} {rax:x}");
    }
}

#[test]
fn memory_that_is_not_writable() {
    for (code, [rax, rdx], ..) in ROWS {
        let mut emulator = emulator(code, CONTENT, Permissions::READ);
        emulator.write_register("rax", *rax).expect("a register");
        emulator.write_register("rdx", *rdx).expect("a register");
        let result = emulator.step();
        assert!(matches!(result, Err(Error::Fault(Fault::Memory { .. }))), "{code:x?} {rax:x}: {result:?}");
        let found = ["rax", "rdx"].map(|name| emulator.read_register(name).expect("a register"));
        assert_eq!(found, [*rax, *rdx], "{code:x?} {rax:x}");
    }
}
