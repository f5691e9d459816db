//! Watching a run: an instruction hook, memory hooks and a function hook.
//!
//! `cargo run --features unicorn --example hooks`

use std::{cell::RefCell, rc::Rc};

use terrella::{
    machine::{ArgumentValue, Executable, Memory, Return, Stack, call::Caller},
    prelude::*,
};

/// `int f(int *p) { *p = *p + g(); return *p; }` for AArch64, with `g`, which
/// the hook replaces, four bytes before it.
const CODE: &[u32] = &[
    0xd420_0000, // 0x40_0000 g: brk #0 (never executed)
    0xa9bf_7bf3, // 0x40_0004 f: stp x19, x30, [sp, #-16]!
    0xaa00_03f3, // 0x40_0008    mov x19, x0
    0x97ff_fffd, // 0x40_000c    bl g
    0xb940_0261, // 0x40_0010    ldr w1, [x19]
    0x0b01_0000, // 0x40_0014    add w0, w0, w1
    0xb900_0260, // 0x40_0018    str w0, [x19]
    0xa8c1_7bf3, // 0x40_001c    ldp x19, x30, [sp], #16
    0xd65f_03c0, // 0x40_0020    ret
];
const G: u64 = 0x40_0000;
const F: u64 = G + 4;
const DATA: u64 = 0x50_0000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let platform = Platform::AARCH64;
    let code: Vec<u8> = CODE.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut data = Memory::new(platform, DATA, 4, Permissions::READ_WRITE)?;
    data.write_integer(DATA, 30, 4)?;

    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, G, &code)?)?;
    machine.add("stack", Stack::new(platform, 0x7000_0000, 0x1_0000)?)?;
    machine.add("data", data)?;
    let mut emulator = backends::make(platform)?;

    // Callbacks are closures; what they collect is shared with them.
    let log = Rc::new(RefCell::new(Vec::new()));
    let seen = log.clone();
    emulator.hook_instruction(F + 4, move |emulator, pc| {
        let x0 = emulator.read_register("x0")?;
        seen.borrow_mut().push(format!("at {pc:#x}: x0 is {x0:#x}"));
        Ok(Flow::Continue)
    })?;
    let seen = log.clone();
    emulator.hook_memory_read(DATA..DATA + 4, move |_, address, bytes| {
        seen.borrow_mut().push(format!("load  {address:#x}: {bytes:02x?}, replaced"));
        // The load gets 100; memory keeps 30.
        Ok(ReadFlow::Replace(100_u32.to_le_bytes().to_vec()))
    })?;
    let seen = log.clone();
    emulator.hook_memory_write(DATA..DATA + 4, move |emulator, address, bytes| {
        let before = emulator.read_integer(address, 4)?;
        seen.borrow_mut().push(format!("store {address:#x}: {before} becomes {bytes:02x?}"));
        Ok(Flow::Continue)
    })?;

    machine.apply(&mut *emulator)?;
    // A function hook needs the address to be mapped, so it comes after that.
    emulator.hook_function(G, |emulator, _| {
        emulator.write_register("w0", 7_u64)?;
        Ok(Flow::Continue)
    })?;

    let result =
        Caller::new(&machine, &mut *emulator)?.call(F, &[ArgumentValue::Pointer(DATA)], Return::I32)?.value;
    log.borrow().iter().for_each(|line| println!("{line}"));
    println!("f returned {result}");
    assert_eq!(result.as_i64(), 107);
    Ok(())
}
