//! Section 6: system calls and interrupts (6.7, 6.8).

use terrella_emulator_api::{
    ArithmeticKind, Capability, Emulator, EmulatorExt, Fault, Flow, InterruptFlow, Limits, Stop,
};

use crate::{
    Case, Failure, Fixture, Layout, Trace, ensure, equal, fault_of, fixture::counted, int, matching,
};

pub(super) const CASES: &[Case] = &[
    Case::new("6.7", "the number is read by the platform's convention", numbers)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "a result that the callback writes is returned", results)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "execution goes on where the callback set the program counter", syscall_pc)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call", "patch_me"]),
    Case::new("6.7", "the specific hook fires before the global one", syscall_specific_first)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "a hook of another number does not fire", other_number)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "without its hook it is an error again", unhooked)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "a system call is one instruction", syscall_count)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.7", "interrupt hooks do not see system calls", not_an_interrupt)
        .needs(Capability::SyscallHooks)
        .labels(&["system_call"]),
    Case::new("6.8", "a breakpoint that is handled goes on behind it", breakpoint_handled)
        .needs(Capability::InterruptHooks)
        .labels(&["breakpoint"]),
    Case::new("6.8", "a breakpoint that is not handled is an error", breakpoint_unhandled)
        .needs(Capability::InterruptHooks)
        .labels(&["breakpoint"]),
    Case::new("6.8", "the hook of a number fires before the hook of all", interrupt_specific_first)
        .needs(Capability::InterruptHooks)
        .labels(&["breakpoint"]),
    Case::new("6.8", "the hook of another number does not fire", other_interrupt)
        .needs(Capability::InterruptHooks)
        .labels(&["breakpoint"]),
    Case::new("6.8", "execution goes on where the callback set the program counter", interrupt_pc)
        .needs(Capability::InterruptHooks)
        .labels(&["breakpoint", "patch_me"]),
    Case::new("6.8", "a division by zero is handled", division_handled)
        .needs(Capability::InterruptHooks)
        .labels(&["divide", "patch_me"]),
    Case::new("6.8", "a division by zero that is repaired is done again", division_repaired)
        .needs(Capability::InterruptHooks)
        .labels(&["divide"])
        .when(|definition| definition.default_convention().integer_arguments.len() >= 2),
    Case::new("6.8", "a division by zero that is not handled is an arithmetic fault", division_unhandled)
        .needs(Capability::InterruptHooks)
        .labels(&["divide"]),
    Case::new("6.8", "an invalid instruction is handled", invalid_handled)
        .needs(Capability::InterruptHooks)
        .labels(&["illegal", "patch_me"]),
    Case::new("6.8", "an invalid instruction that is not handled is an error", invalid_unhandled)
        .needs(Capability::InterruptHooks)
        .labels(&["illegal"]),
];

/// The register of the result of a system call.
fn result_register(fixture: &Fixture) -> &'static str {
    fixture
        .definition()
        .syscall_conventions
        .first()
        .map_or_else(|| fixture.result_register(), |convention| convention.result)
}

fn numbers(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_syscalls(move |emulator, number| {
        notes.push((number, emulator.program_counter()));
        Ok(Flow::Continue)
    })?;
    let pc = fixture.address("system_call_insn")?;
    for number in [0, 1, 42, 221, 4001] {
        fixture.prepare(&mut *emulator, "system_call", &[int(number)])?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
        equal!(seen.take(), [(fixture.syscall_number(number), pc)], "system call {number}");
    }
    Ok(())
}

fn results(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let register = result_register(fixture);
    emulator.hook_syscalls(move |emulator, _| {
        emulator.write_register(register, 0x77_u64)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.call(&mut *emulator, "system_call", &[int(42)])?, 0x77, "result");
    Ok(())
}

fn syscall_pc(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let elsewhere = fixture.code_pointer(fixture.address("patch_me")?)?;
    emulator.hook_syscall(fixture.syscall_number(42), move |emulator, _| {
        emulator.set_program_counter(elsewhere)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.call(&mut *emulator, "system_call", &[int(42)])?, 1, "result");
    Ok(())
}

fn syscall_specific_first(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_syscalls(move |_, _| {
        notes.push("all");
        Ok(Flow::Continue)
    })?;
    let notes = seen.clone();
    emulator.hook_syscall(fixture.syscall_number(42), move |_, _| {
        notes.push("one");
        Ok(Flow::Continue)
    })?;
    fixture.call(&mut *emulator, "system_call", &[int(42)])?;
    equal!(seen.take(), ["one", "all"], "hooks");
    Ok(())
}

fn other_number(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("system_call", &[int(42)])?;
    emulator.hook_syscall(43, |_, _| Ok(Flow::Continue))?;
    let (number, pc) = (fixture.syscall_number(42), fixture.address("system_call_insn")?);
    equal!(fault_of(emulator.run())?, Fault::UnhandledSyscall { number, pc }, "fault");
    Ok(())
}

fn unhooked(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let (number, pc) = (fixture.syscall_number(42), fixture.address("system_call_insn")?);
    for _ in 0..2 {
        emulator.hook_syscall(number, |_, _| Ok(Flow::Continue))?;
        fixture.call(&mut *emulator, "system_call", &[int(42)])?;
        emulator.unhook_syscall(number)?;
        fixture.prepare(&mut *emulator, "system_call", &[int(42)])?;
        equal!(fault_of(emulator.run())?, Fault::UnhandledSyscall { number, pc }, "fault");
    }
    // With a hook again it goes on.
    emulator.hook_syscalls(|_, _| Ok(Flow::Continue))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop after the fault");
    Ok(())
}

fn syscall_count(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("system_call", &[int(42)])?;
    emulator.hook_syscalls(|_, _| Ok(Flow::Continue))?;
    let count = counted(&mut *emulator)?;
    let mut steps = 0;
    fixture.prepare(&mut *emulator, "system_call", &[int(42)])?;
    while emulator.program_counter() != return_at {
        emulator.step()?;
        steps += emulator.instructions_executed().unwrap_or(1);
        ensure!(steps < 50, "no end of steps");
    }
    equal!(count, steps, "instructions");
    let insn = fixture.address("system_call_insn")?;
    fixture.prepare(&mut *emulator, "system_call", &[int(42)])?;
    emulator.add_exit_point(insn);
    equal!(emulator.run()?, Stop::ExitPoint(insn), "stop");
    emulator.remove_exit_point(insn);
    matching!(emulator.run_with(&Limits::instructions(1))?, Stop::InstructionLimit(_), "stop of a limit");
    let pc = emulator.program_counter();
    ensure!(insn < pc && pc < fixture.end("system_call")?, "{pc:#x} is not behind the system call");
    Ok(())
}

fn not_an_interrupt(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("system_call", &[int(42)])?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_interrupts(move |_, number| {
        notes.push(number);
        Ok(InterruptFlow::Handled)
    })?;
    emulator.hook_syscalls(|_, _| Ok(Flow::Continue))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(seen.take(), [0_u64; 0], "interrupts");
    Ok(())
}

/// Hooks all interrupts; notes number and program counter.
fn hook_all(emulator: &mut dyn Emulator, flow: InterruptFlow) -> Result<Trace<(u64, u64)>, Failure> {
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_interrupts(move |emulator, number| {
        notes.push((number, emulator.program_counter()));
        Ok(flow)
    })?;
    Ok(seen)
}

/// The number of the breakpoint, as the fault tells it.
fn breakpoint_number(fixture: &Fixture) -> Result<u64, Failure> {
    let mut emulator = fixture.at("breakpoint", &[])?;
    match fault_of(emulator.run())? {
        Fault::UnhandledInterrupt { number, .. } => Ok(number),
        other => Err(Failure::new(format!("{other:?}"))),
    }
}

fn breakpoint_handled(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("breakpoint", &[])?;
    let seen = hook_all(&mut *emulator, InterruptFlow::Handled)?;
    let insn = fixture.address("breakpoint_insn")?;
    for _ in 0..2 {
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
        equal!(seen.take(), [(breakpoint_number(fixture)?, insn)], "number and program counter");
        fixture.prepare(&mut *emulator, "breakpoint", &[])?;
    }
    Ok(())
}

fn breakpoint_unhandled(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("breakpoint", &[])?;
    let seen = hook_all(&mut *emulator, InterruptFlow::Unhandled)?;
    let (number, pc) = (breakpoint_number(fixture)?, fixture.address("breakpoint_insn")?);
    equal!(fault_of(emulator.run())?, Fault::UnhandledInterrupt { number, pc }, "fault");
    equal!(seen.take(), [(number, pc)], "number and program counter");
    equal!(emulator.program_counter(), pc, "program counter");
    Ok(())
}

fn interrupt_specific_first(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("breakpoint", &[])?;
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_interrupts(move |_, _| {
        notes.push("all");
        Ok(InterruptFlow::Handled)
    })?;
    let notes = seen.clone();
    emulator.hook_interrupt(breakpoint_number(fixture)?, move |_, _| {
        notes.push("one");
        Ok(InterruptFlow::Handled)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(seen.take(), ["one", "all"], "hooks");
    Ok(())
}

fn other_interrupt(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("breakpoint", &[])?;
    let number = breakpoint_number(fixture)?;
    emulator.hook_interrupt(number + 1, |_, _| Ok(InterruptFlow::Handled))?;
    let pc = fixture.address("breakpoint_insn")?;
    equal!(fault_of(emulator.run())?, Fault::UnhandledInterrupt { number, pc }, "fault");
    emulator.hook_interrupt(number, |_, _| Ok(InterruptFlow::Handled))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop with its hook");
    Ok(())
}

fn elsewhere(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<Trace<u64>, Failure> {
    let seen = Trace::new();
    let notes = seen.clone();
    let pointer = fixture.code_pointer(fixture.address("patch_me")?)?;
    emulator.hook_interrupts(move |emulator, number| {
        notes.push(number);
        emulator.set_program_counter(pointer)?;
        Ok(InterruptFlow::Handled)
    })?;
    Ok(seen)
}

fn interrupt_pc(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("breakpoint", &[])?;
    elsewhere(fixture, &mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 1, "result");
    Ok(())
}

fn division_faults(fixture: &Fixture) -> Result<(), Failure> {
    match fixture.number("divide_by_zero_faults")? {
        0 => Err(Failure::not_applicable("a division by zero is no exception")),
        _ => Ok(()),
    }
}

fn division_handled(fixture: &mut Fixture) -> Result<(), Failure> {
    division_faults(fixture)?;
    let mut emulator = fixture.at("divide", &[int(100), int(0)])?;
    let seen = elsewhere(fixture, &mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 1, "result");
    equal!(seen.len(), 1, "calls");
    let number = seen.all()[0];
    ensure!(fixture.definition().interrupt_name(number).is_some(), "no interrupt {number:#x}");
    Ok(())
}

fn division_repaired(fixture: &mut Fixture) -> Result<(), Failure> {
    division_faults(fixture)?;
    let mut emulator = fixture.at("divide", &[int(100), int(0)])?;
    let divisor = fixture.convention().integer_arguments[1];
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_interrupts(move |emulator, number| {
        notes.push(number);
        emulator.write_register(divisor, 7_u64)?;
        Ok(InterruptFlow::Handled)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 14, "result");
    equal!(seen.len(), 1, "calls");
    Ok(())
}

fn division_unhandled(fixture: &mut Fixture) -> Result<(), Failure> {
    division_faults(fixture)?;
    let mut emulator = fixture.at("divide", &[int(100), int(0)])?;
    let seen = hook_all(&mut *emulator, InterruptFlow::Unhandled)?;
    let pc = fixture.address("divide_insn")?;
    let expected = Fault::Arithmetic { kind: ArithmeticKind::Division, pc };
    equal!(fault_of(emulator.run())?, expected, "fault");
    equal!(seen.len(), 1, "calls");
    equal!(seen.all()[0].1, pc, "program counter");
    Ok(())
}

fn invalid_handled(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("illegal", &[])?;
    let seen = elsewhere(fixture, &mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 1, "result");
    equal!(seen.len(), 1, "calls");
    let number = seen.all()[0];
    ensure!(fixture.definition().interrupt_name(number).is_some(), "no interrupt {number:#x}");
    Ok(())
}

fn invalid_unhandled(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("illegal", &[])?;
    let seen = hook_all(&mut *emulator, InterruptFlow::Unhandled)?;
    let pc = fixture.address("illegal_insn")?;
    matching!(fault_of(emulator.run())?, Fault::InvalidInstruction { pc: at, .. } if at == pc, "fault");
    equal!(seen.len(), 1, "calls");
    Ok(())
}
