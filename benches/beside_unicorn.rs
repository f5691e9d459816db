//! The Unicorn backend beside the raw `unicorn-engine` crate as it comes, on
//! the flat programs: without hooks, with a closure on all instructions, with
//! closures on all loads and stores. A ratio above 1 says how many times
//! slower the backend is, below 1 that it is faster.

use std::{
    cell::Cell,
    io::{self, Write},
    rc::Rc,
};

use terrella::{
    api::{Emulator, EmulatorExt, Flow, Permissions, Platform, ReadFlow, Stop},
    unicorn::UnicornEmulator,
};
use terrella_benches::{LOAD, LOAD_SIZE, Program, STACK, STACK_POINTER, STACK_SIZE, beside, programs};
use unicorn_engine::{Arch, HookType, Mode, Prot, RegisterARM64, RegisterRISCV, RegisterX86, Unicorn};

/// Which closures are set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hooks {
    None,
    Instructions,
    Memory,
}

/// What the raw crate needs to know of a platform.
struct Raw {
    arch: Arch,
    mode: Mode,
    argument: i32,
    result: i32,
    stack_pointer: i32,
}

fn raw(platform: Platform) -> Raw {
    let (arch, mode, argument, result, stack_pointer) = match platform {
        Platform::AARCH64 => (
            Arch::ARM64,
            Mode::ARM,
            RegisterARM64::X0 as i32,
            RegisterARM64::X0 as i32,
            RegisterARM64::SP as i32,
        ),
        Platform::RISCV64 => (
            Arch::RISCV,
            Mode::RISCV64,
            RegisterRISCV::A0 as i32,
            RegisterRISCV::A0 as i32,
            RegisterRISCV::SP as i32,
        ),
        _ => (
            Arch::X86,
            Mode::MODE_64,
            RegisterX86::RDI as i32,
            RegisterX86::RAX as i32,
            RegisterX86::RSP as i32,
        ),
    };
    Raw { arch, mode, argument, result, stack_pointer }
}

/// The raw crate, ready to run.
fn raw_engine<'a>(platform: Platform, program: &Program, hooks: Hooks) -> (Unicorn<'a, ()>, Rc<Cell<u64>>) {
    let raw = raw(platform);
    let mut engine = Unicorn::new(raw.arch, raw.mode).expect("an engine");
    engine.mem_map(LOAD, LOAD_SIZE, Prot::ALL).expect("code");
    engine.mem_map(STACK, STACK_SIZE, Prot::ALL).expect("a stack");
    engine.mem_write(LOAD, &program.code).expect("the program");
    let count = Rc::new(Cell::new(0_u64));
    let counter = count.clone();
    match hooks {
        Hooks::None => {}
        Hooks::Instructions => {
            engine
                .add_code_hook(1, 0, move |_, address, _| counter.set(counter.get().wrapping_add(address)))
                .expect("a hook");
        }
        Hooks::Memory => {
            engine
                .add_mem_hook(HookType::MEM_READ | HookType::MEM_WRITE, 1, 0, move |_, _, address, _, _| {
                    counter.set(counter.get().wrapping_add(address));
                    true
                })
                .expect("a hook");
        }
    }
    (engine, count)
}

fn run_raw(engine: &mut Unicorn<'_, ()>, platform: Platform, program: &Program) {
    let raw = raw(platform);
    engine.mem_write(LOAD + program.code.len() as u64, &vec![0; 0x2_0000]).expect("bss");
    engine.reg_write(raw.argument, program.run.0).expect("an argument");
    engine.reg_write(raw.stack_pointer, STACK_POINTER).expect("a stack pointer");
    engine.emu_start(LOAD, program.stop, 0, 0).expect("a run");
    assert_eq!(engine.reg_read(raw.result), Ok(program.run.1), "{}", program.name);
}

fn backend(platform: Platform, program: &Program, hooks: Hooks) -> (UnicornEmulator, Rc<Cell<u64>>) {
    let mut emulator = UnicornEmulator::new(platform).expect("an emulator");
    emulator.map_memory(LOAD..LOAD + LOAD_SIZE, Permissions::ALL).expect("code");
    emulator.map_memory(STACK..STACK + STACK_SIZE, Permissions::READ_WRITE).expect("a stack");
    emulator.write_code(LOAD, &program.code).expect("the program");
    emulator.add_exit_point(program.stop);
    let count = Rc::new(Cell::new(0_u64));
    let (reads, writes) = (count.clone(), count.clone());
    match hooks {
        Hooks::None => {}
        Hooks::Instructions => {
            emulator
                .hook_instructions(move |_, address| {
                    reads.set(reads.get().wrapping_add(address));
                    Ok(Flow::Continue)
                })
                .expect("a hook");
        }
        Hooks::Memory => {
            emulator
                .hook_memory_reads(move |_, address, _| {
                    reads.set(reads.get().wrapping_add(address));
                    Ok(ReadFlow::Continue)
                })
                .expect("a hook");
            emulator
                .hook_memory_writes(move |_, address, _| {
                    writes.set(writes.get().wrapping_add(address));
                    Ok(Flow::Continue)
                })
                .expect("a hook");
        }
    }
    (emulator, count)
}

fn run_backend(emulator: &mut UnicornEmulator, program: &Program) {
    emulator.write_memory(LOAD + program.code.len() as u64, &vec![0; 0x2_0000]).expect("bss");
    emulator.write_register(&program.argument, program.run.0).expect("an argument");
    let stack = emulator.definition().stack_pointer;
    emulator.write_register(stack, STACK_POINTER).expect("a stack pointer");
    emulator.set_program_counter(LOAD).expect("a program counter");
    assert_eq!(emulator.run().expect("a run"), Stop::ExitPoint(program.stop));
    assert_eq!(emulator.read_register(&program.result).expect("a result"), program.run.1, "{}", program.name);
}

fn main() {
    println!("{:10} {:10} {:>22} {:>22} {:>22}", "", "", "no hooks", "all instructions", "all memory");
    println!(
        "{:10} {:10} {:>8} {:>7} {:>5} {:>8} {:>7} {:>5} {:>8} {:>7} {:>5}",
        "platform",
        "program",
        "raw ms",
        "ours",
        "ratio",
        "raw ms",
        "ours",
        "ratio",
        "raw ms",
        "ours",
        "ratio"
    );
    for platform in [Platform::X86_64, Platform::AARCH64, Platform::RISCV64] {
        for program in programs(platform.name()) {
            print!("{:10} {:10}", platform.name(), program.name);
            for hooks in [Hooks::None, Hooks::Instructions, Hooks::Memory] {
                let (mut engine, _) = raw_engine(platform, &program, hooks);
                let (mut emulator, _) = backend(platform, &program, hooks);
                let turns = if hooks == Hooks::None { 9 } else { 3 };
                let (raw, ours) = beside(
                    turns,
                    || run_raw(&mut engine, platform, &program),
                    || run_backend(&mut emulator, &program),
                );
                print!(" {:8.2} {:7.2} {:5.2}", raw * 1e3, ours * 1e3, ours / raw);
                io::stdout().flush().expect("stdout");
            }
            println!();
        }
    }
}
