//! What it costs to emulate a function of 20 instructions, per call: the whole
//! of `Machine::emulate` on a fresh emulator, and runs of a live one.

use std::{hint::black_box, time::Instant};

use terrella::{
    api::{Emulator, EmulatorExt, Permissions, Platform, Stop},
    machine::{Executable, Machine, Memory},
    unicorn::UnicornEmulator,
};

/// 19 × `inc rax`, `ret`.
fn code() -> Vec<u8> {
    let mut code = [0x48, 0xff, 0xc0].repeat(19);
    code.push(0xc3);
    code
}

fn main() {
    let mut emulator = UnicornEmulator::new(Platform::X86_64).expect("an emulator");
    emulator.map_memory(0x1000..0x2000, Permissions::ALL).expect("code");
    emulator.map_memory(0x8000..0x9000, Permissions::READ_WRITE).expect("a stack");
    emulator.write_code(0x1000, &code()).expect("code");
    emulator.write_memory(0x8800, &0xdead_0000_u64.to_le_bytes()).expect("a return address");
    emulator.add_exit_point(0xdead_0000);
    let [rax, rsp] = ["rax", "rsp"].map(|name| emulator.resolve_register(name).expect("a register"));
    let call = |emulator: &mut UnicornEmulator| {
        emulator.write_register(rax, 0_u64).expect("rax");
        emulator.write_register(rsp, 0x8800_u64).expect("rsp");
        emulator.set_program_counter(0x1000).expect("pc");
        assert_eq!(emulator.run().expect("a run"), Stop::ExitPoint(0xdead_0000));
        assert_eq!(black_box(emulator.read_register(rax)).expect("rax"), 19);
    };
    let time = |name: &str, calls: u32, run: &mut dyn FnMut()| {
        run();
        let start = Instant::now();
        for _ in 0..calls {
            run();
        }
        println!("{name:44} {:10.3} µs a call", start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    };
    time("registers, run, result", 200_000, &mut || call(&mut emulator));
    let snapshot = emulator.snapshot().expect("a snapshot");
    time("the same, and restore of a snapshot", 200_000, &mut || {
        call(&mut emulator);
        emulator.restore(&snapshot).expect("a restore");
    });
    time("the same with a page dirtied", 100_000, &mut || {
        emulator.write_memory(0x8100, &[1]).expect("a byte");
        call(&mut emulator);
        emulator.restore(&snapshot).expect("a restore");
    });

    // The whole of a machine: made into a fresh emulator, run, and read back
    // into a copy.
    let platform = Platform::X86_64;
    let mut machine = Machine::new(platform);
    machine
        .add("code", Executable::from_bytes("code", platform, 0x1000, &code()).expect("code"))
        .expect("code");
    let mut stack = Memory::new(platform, 0x8000, 0x1000, Permissions::READ_WRITE).expect("a stack");
    stack.write(0x8800, &0xdead_0000_u64.to_le_bytes()).expect("a return address");
    machine.add("stack", stack).expect("a stack");
    for (name, value) in [("rax", 0_u64), ("rsp", 0x8800), ("rip", 0x1000)] {
        machine.cpu_mut().set(name, value).expect("a register");
    }
    machine.add_exit_point(0xdead_0000);
    time("a fresh emulator", 500, &mut || drop(UnicornEmulator::new(platform).expect("an emulator")));
    time("Machine::emulate on a fresh emulator", 500, &mut || {
        let mut fresh = UnicornEmulator::new(platform).expect("an emulator");
        let outcome = machine.emulate(&mut fresh).expect("a run");
        assert_eq!(outcome.machine.cpu().get_u64("rax").expect("rax"), 19);
    });
}
