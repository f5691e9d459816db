//! Section 4.5: faults.

use terrella_emulator_api::{
    Access, ArithmeticKind, Capability, Emulator, EmulatorExt, Error, Fault, MemoryCause, Permissions, Stop,
};

use crate::{
    Argument, Case, Failure, Fixture, Layout, ensure, equal, fault_of,
    fixture::{map, same_registers},
    int, matching, ptr,
};

pub(super) const CASES: &[Case] = &[
    Case::new("4.5", "a load or store of unmapped memory", unmapped).labels(&["load", "store"]),
    Case::new("4.5", "after a fault the registers are those before the instruction", registers_stay)
        .labels(&["load", "store", "add_memory"]),
    Case::new("4.5", "after a repair the run goes on", repair).labels(&["load", "store", "add_memory"]),
    Case::new("4.5", "a load or store at address zero", at_zero).labels(&["load", "store"]),
    Case::new("4.5", "a load, store or fetch that is not permitted", permission)
        .needs(Capability::Permissions)
        .labels(&["load", "store", "straight"]),
    Case::new("4.5", "a fetch of unmapped memory", fetch_unmapped).labels(&["straight"]),
    Case::new("4.5", "a read-modify-write that cannot write", modify_read_only)
        .needs(Capability::Permissions)
        .labels(&["add_memory"]),
    Case::new("4.5", "a load of many words that ends in unmapped memory", many_load_faults)
        .labels(&["load_many"]),
    Case::new("4.5", "a store of many words that ends in unmapped memory", many_store_faults)
        .labels(&["store_many"]),
    Case::new("4.5", "a string instruction that runs into unmapped memory", string_faults)
        .labels(&["copy_string"]),
    Case::new("4.5", "an access in a delay slot", slot_faults).labels(&["delay_load", "delay_store"]),
    Case::new("4.5", "an unaligned access works or is a fault", unaligned)
        .labels(&["load16", "load32", "store32"]),
    Case::new("4.5", "an invalid instruction, with its bytes", invalid).labels(&["illegal", "patch_me"]),
    Case::new("4.5", "an invalid instruction at the end of memory", invalid_at_end).labels(&["illegal"]),
    Case::new("4.5", "a division by zero", division).labels(&["divide", "patch_me"]),
    Case::new("4.5", "a system call without a hook", system_call).labels(&["system_call", "patch_me"]),
    Case::new("4.5", "a breakpoint without a hook", breakpoint).labels(&["breakpoint", "patch_me"]),
    Case::new("4.5", "steps report the same faults", by_steps)
        .needs(Capability::Stepping)
        .labels(&["load", "illegal"]),
    Case::new("4.5", "a fault has the same content however it is run", same_content)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load", "store", "illegal"]),
];

fn memory(access: Access, cause: MemoryCause, address: u64, size: u64, pc: u64) -> Fault {
    Fault::Memory { access, cause, address, size, pc }
}

/// The accesses that the tests make fault: label, arguments, access, size.
fn accesses(fixture: &Fixture, at: u64) -> Vec<(String, Vec<Argument>, Access, u64)> {
    let mut list = Vec::new();
    for (width, load, store) in fixture.widths() {
        list.push((load, vec![ptr(at)], Access::Read, width));
        list.push((store, vec![ptr(at), int(0x1122_3344)], Access::Write, width));
    }
    list
}

fn unmapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    for (label, arguments, access, width) in accesses(fixture, spare + 0x128) {
        let mut emulator = fixture.at(&label, &arguments)?;
        let pc = fixture.address(&format!("{label}_insn"))?;
        let expected = memory(access, MemoryCause::Unmapped, spare + 0x128, width, pc);
        for _ in 0..2 {
            equal!(fault_of(emulator.run())?, expected, "{label}");
            equal!(emulator.program_counter(), pc, "{label}: program counter");
        }
    }
    Ok(())
}

fn registers_stay(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    let mut list = accesses(fixture, spare);
    list.push(("add_memory".to_owned(), vec![ptr(spare)], Access::Read, fixture.width()));
    for (label, arguments, ..) in list {
        let mut emulator = fixture.at(&label, &arguments)?;
        let map_before = emulator.memory_map();
        let pc = fault_of(emulator.run())?.pc();
        fixture
            .unchanged(&*emulator, pc, &label, &arguments, |_| Ok(()))
            .map_err(|failure| Failure::new(format!("{label}: {failure}")))?;
        equal!(emulator.memory_map(), map_before, "{label}: memory map");
    }
    Ok(())
}

fn repair(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, spare, .. } = fixture.layout;
    let bytes = Fixture::pattern(8);
    for (label, arguments, access, width) in accesses(fixture, spare) {
        let mut emulator = fixture.at(&label, &arguments)?;
        fault_of(emulator.run())?;
        map(&mut *emulator, spare, spare + 8)?;
        emulator.write_memory(spare, &bytes)?;
        let result = fixture.finish(&mut *emulator)?;
        if access == Access::Read {
            equal!(result, fixture.integer(&bytes[..width as usize]) as u32, "{label}: result");
        } else {
            let expected = fixture.bytes(0x1122_3344, width);
            equal!(emulator.read_bytes(spare, width)?, expected, "{label}: memory");
        }
    }
    let mut emulator = fixture.at("add_memory", &[ptr(spare)])?;
    fault_of(emulator.run())?;
    map(&mut *emulator, spare, spare + 8)?;
    emulator.write_integer(spare, 41, 4)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(spare, 4)?, 42, "add_memory");
    Ok(())
}

fn at_zero(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { stack_size, stack_top, data_zero, .. } = fixture.layout;
    if stack_size == stack_top {
        return Err(Failure::not_applicable("page zero is in use"));
    }
    if fixture.definition().data_base != 0 {
        return Err(Failure::not_applicable("registers are there"));
    }
    for (label, arguments, access, width) in accesses(fixture, data_zero) {
        let mut emulator = fixture.at(&label, &arguments)?;
        let pc = fixture.address(&format!("{label}_insn"))?;
        let expected = memory(access, MemoryCause::Unmapped, data_zero, width, pc);
        equal!(fault_of(emulator.run())?, expected, "{label}");
    }
    Ok(())
}

fn permission(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    for (label, arguments, access, width) in accesses(fixture, spare + 0x10) {
        let mut emulator = fixture.at(&label, &arguments)?;
        let allowed = if access == Access::Read { Permissions::WRITE } else { Permissions::READ };
        emulator.map_memory(spare..spare + 0x1000, allowed)?;
        let pc = fixture.address(&format!("{label}_insn"))?;
        let expected = memory(access, MemoryCause::Permission, spare + 0x10, width, pc);
        equal!(fault_of(emulator.run())?, expected, "{label}");
        fixture.unchanged(&*emulator, pc, &label, &arguments, |_| Ok(()))?;
        equal!(emulator.read_bytes(spare + 0x10, 8)?, [0; 8], "{label}: memory");
        emulator.protect_memory((spare..spare + 0x1000).into(), Permissions::READ_WRITE)?;
        fixture.finish(&mut *emulator)?;
    }
    let mut emulator = fixture.at("straight", &[])?;
    let code = fixture.long_straight(8)?;
    emulator.map_memory(spare..spare + 0x1000, Permissions::READ_WRITE)?;
    emulator.write_code(spare, &code)?;
    emulator.set_program_counter(fixture.code_pointer(spare)?)?;
    let expected = memory(Access::Fetch, MemoryCause::Permission, spare, 1, spare);
    equal!(fault_of(emulator.run())?, expected, "fetch");
    emulator.protect_memory((spare..spare + 0x1000).into(), Permissions::READ_EXECUTE)?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result");
    Ok(())
}

fn fetch_unmapped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, code_spare: spare, stack_top, .. } = fixture.layout;
    let mut emulator = fixture.at("straight", &[])?;
    for address in [spare, spare + 0x128, stack_top, 0x200] {
        emulator.set_program_counter(fixture.code_pointer(address)?)?;
        let expected = memory(Access::Fetch, MemoryCause::Unmapped, address, 1, address);
        equal!(fault_of(emulator.run())?, expected, "fault");
        equal!(emulator.program_counter(), address, "program counter");
    }
    // By a return.
    fixture.prepare(&mut *emulator, "straight", &[])?;
    emulator.remove_exit_point(return_at);
    let expected = memory(Access::Fetch, MemoryCause::Unmapped, return_at, 1, return_at);
    equal!(fault_of(emulator.run())?, expected, "fault after a return");
    equal!(fixture.result(&*emulator)?, 8, "result");
    let code = fixture.long_straight(8)?;
    map(&mut *emulator, return_at, return_at + 0x400)?;
    emulator.write_code(return_at, &code)?;
    emulator.add_exit_after_point(return_at);
    matching!(emulator.run()?, Stop::ExitAfter { point, .. } if point == return_at, "stop after the repair");
    Ok(())
}

fn modify_read_only(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, spare, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(spare)])?;
    emulator.map_memory(spare..spare + 4, Permissions::READ)?;
    emulator.write_integer(spare, 41, 4)?;
    let single = fixture.number("add_memory_single")? == 1;
    let pc = fixture.address(if single { "add_memory_insn" } else { "add_memory_store" })?;
    let expected = memory(Access::Write, MemoryCause::Permission, spare, fixture.width(), pc);
    equal!(fault_of(emulator.run())?, expected, "fault");
    fixture.unchanged(&*emulator, pc, "add_memory", &[ptr(spare)], |emulator| {
        emulator.map_memory(spare..spare + 4, Permissions::READ)?;
        emulator.write_integer(spare, 41, 4)
    })?;
    emulator.protect_memory((spare..spare + 4).into(), Permissions::READ_WRITE)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(spare, 4)?, 42, "memory");
    Ok(())
}

/// An instruction that accesses many words, of which only some are mapped.
fn many_faults(fixture: &Fixture, label: &str, arguments: &[Argument]) -> Result<(), Failure> {
    let Layout { far, return_at, spare, .. } = fixture.layout;
    let bytes = fixture.number(&format!("{label}_bytes"))?;
    let each = bytes / fixture.number(&format!("{label}_accesses"))?;
    let pc = fixture.address(&format!("{label}_insn"))?;
    let access = if label == "load_many" { Access::Read } else { Access::Write };
    // Ends inside a page, and at the end of one.
    for (base, end) in [(spare + 0x100, 0), (far, 1)] {
        for mapped in (4..bytes).step_by(4) {
            let at = if end == 1 { base - mapped } else { base };
            if at % 8 != 0 {
                continue; // Some platforms want it aligned.
            }
            let mut arguments = arguments.to_vec();
            arguments[0] = ptr(at);
            let what = format!("{label} at {at:#x}, {mapped} bytes mapped");
            let mut emulator = fixture.at(label, &arguments)?;
            map(&mut *emulator, at - 8, at + mapped)?;
            let expected = memory(access, MemoryCause::Unmapped, at + mapped, each, pc);
            equal!(fault_of(emulator.run())?, expected, "{what}");
            fixture
                .unchanged(&*emulator, pc, label, &arguments, |_| Ok(()))
                .map_err(|failure| Failure::new(format!("{what}: {failure}")))?;
            map(&mut *emulator, at + mapped, at + mapped + 0x20)?;
            equal!(emulator.run()?, Stop::ExitPoint(return_at), "{what}: stop after the repair");
        }
    }
    Ok(())
}

fn many_load_faults(fixture: &mut Fixture) -> Result<(), Failure> {
    many_faults(fixture, "load_many", &[ptr(0)])
}

fn many_store_faults(fixture: &mut Fixture) -> Result<(), Failure> {
    many_faults(fixture, "store_many", &[ptr(0), int(0x0102_0304)])
}

fn string_faults(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, spare, .. } = fixture.layout;
    let pc = fixture.address("copy_string_insn")?;
    for (to, from, access, bad) in
        [(spare, data_at, Access::Write, spare + 3), (data_at + 0x100, spare, Access::Read, spare + 3)]
    {
        let mut emulator = fixture.at("copy_string", &[ptr(to), ptr(from)])?;
        map(&mut *emulator, spare, spare + 3)?;
        emulator.write_memory(from, b"abc")?;
        let expected = memory(access, MemoryCause::Unmapped, bad, 1, pc);
        equal!(fault_of(emulator.run())?, expected, "fault");
        map(&mut *emulator, spare + 3, spare + 8)?;
        emulator.write_memory(from + 3, b"de")?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
        equal!(emulator.read_bytes(to, 5)?, b"abcde", "copy");
    }
    Ok(())
}

fn slot_faults(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    for (label, arguments, access) in [
        ("delay_load", vec![ptr(spare)], Access::Read),
        ("delay_store", vec![ptr(spare), int(7)], Access::Write),
    ] {
        let mut emulator = fixture.at(label, &arguments)?;
        let pc = fixture.address(&format!("{label}_insn"))?;
        let expected = memory(access, MemoryCause::Unmapped, spare, 4, pc);
        equal!(fault_of(emulator.run())?, expected, "{label}");
        map(&mut *emulator, spare, spare + 4)?;
        emulator.write_integer(spare, 41, 4)?;
        let result = fixture.finish(&mut *emulator)?;
        equal!(result, if access == Access::Read { 42 } else { 8 }, "{label}: result after the repair");
    }
    Ok(())
}

fn unaligned(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    for (label, width, access) in
        [("load16", 2, Access::Read), ("load", 4, Access::Read), ("store", 4, Access::Write)]
    {
        let arguments = [ptr(data_at + 1), int(0x1122_3344)];
        let arguments = &arguments[..if access == Access::Read { 1 } else { 2 }];
        let mut emulator = fixture.at(label, arguments)?;
        let bytes = Fixture::pattern(16);
        emulator.write_memory(data_at, &bytes)?;
        let pc = fixture.address(&format!("{label}_insn"))?;
        match emulator.run() {
            Ok(Stop::ExitPoint(point)) if point == return_at && access == Access::Read => {
                let expected = fixture.integer(&bytes[1..][..width]) as u32;
                equal!(fixture.result(&*emulator)?, expected, "{label}");
            }
            Ok(Stop::ExitPoint(point)) if point == return_at => {
                let expected = fixture.bytes(0x1122_3344, width as u64);
                equal!(emulator.read_bytes(data_at + 1, width as u64)?, expected, "{label}");
            }
            Err(Error::Fault(fault)) => {
                let expected = memory(access, MemoryCause::Unaligned, data_at + 1, width as u64, pc);
                equal!(fault, expected, "{label}");
                fixture.unchanged(&*emulator, pc, label, arguments, |_| Ok(()))?;
            }
            other => return Err(Failure::new(format!("{label}: {other:?}"))),
        }
    }
    Ok(())
}

/// Goes on somewhere else after a fault.
fn goes_on(fixture: &Fixture, emulator: &mut dyn Emulator) -> Result<(), Failure> {
    emulator.set_program_counter(fixture.code_pointer(fixture.address("patch_me")?)?)?;
    equal!(fixture.finish(emulator)?, 1, "result elsewhere");
    Ok(())
}

fn invalid(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("illegal", &[])?;
    let pc = fixture.address("illegal_insn")?;
    let longest = u64::from(fixture.definition().longest_instruction);
    let expected = Fault::InvalidInstruction { pc, bytes: emulator.read_bytes(pc, longest)? };
    for _ in 0..2 {
        equal!(fault_of(emulator.run())?, expected, "fault");
        equal!(emulator.program_counter(), pc, "program counter");
    }
    fixture.unchanged(&*emulator, pc, "illegal", &[], |_| Ok(()))?;
    goes_on(fixture, &mut *emulator)
}

fn invalid_at_end(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { code_spare: spare, .. } = fixture.layout;
    let mut emulator = fixture.at("illegal", &[])?;
    // All of the function, whose other instructions come behind.
    let code = fixture.image(fixture.address("illegal")?, fixture.end("illegal")?)?;
    let (base, end) = (spare + 0x100, spare + 0x100 + code.len() as u64);
    map(&mut *emulator, base, end)?;
    emulator.write_code(base, &code)?;
    emulator.set_program_counter(fixture.code_pointer(base)?)?;
    let longest = usize::from(fixture.definition().longest_instruction);
    let bytes = code[..longest.min(code.len())].to_vec();
    equal!(fault_of(emulator.run())?, Fault::InvalidInstruction { pc: base, bytes }, "fault");
    Ok(())
}

fn division(fixture: &mut Fixture) -> Result<(), Failure> {
    let arguments = [int(100), int(0)];
    let mut emulator = fixture.at("divide", &arguments)?;
    if fixture.number("divide_by_zero_faults")? == 0 {
        fixture.finish(&mut *emulator)?;
        return Ok(());
    }
    let pc = fixture.address("divide_insn")?;
    let expected = Fault::Arithmetic { kind: ArithmeticKind::Division, pc };
    for _ in 0..2 {
        equal!(fault_of(emulator.run())?, expected, "fault");
        equal!(emulator.program_counter(), pc, "program counter");
    }
    fixture.unchanged(&*emulator, pc, "divide", &arguments, |_| Ok(()))?;
    goes_on(fixture, &mut *emulator)
}

fn system_call(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("system_call", &[int(42)])?;
    let pc = fixture.address("system_call_insn")?;
    let number = fixture.syscall_number(42);
    for _ in 0..2 {
        equal!(fault_of(emulator.run())?, Fault::UnhandledSyscall { number, pc }, "fault");
        equal!(emulator.program_counter(), pc, "program counter");
    }
    fixture.unchanged(&*emulator, pc, "system_call", &[int(42)], |_| Ok(()))?;
    goes_on(fixture, &mut *emulator)
}

fn breakpoint(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("breakpoint", &[])?;
    let insn = fixture.address("breakpoint_insn")?;
    for _ in 0..2 {
        match fault_of(emulator.run())? {
            Fault::UnhandledInterrupt { number, pc } => {
                equal!(pc, insn, "program counter in the fault");
                ensure!(
                    fixture.definition().interrupt_name(number).is_some(),
                    "the platform has no interrupt {number:#x}"
                );
            }
            other => return Err(Failure::new(format!("{other:?}"))),
        }
        equal!(emulator.program_counter(), insn, "program counter");
    }
    fixture.unchanged(&*emulator, insn, "breakpoint", &[], |_| Ok(()))?;
    goes_on(fixture, &mut *emulator)
}

fn by_steps(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    for (label, arguments) in [("load", vec![ptr(spare)]), ("illegal", vec![])] {
        let mut emulator = fixture.at(label, &arguments)?;
        let expected = fault_of(emulator.run())?;
        let mut emulator = fixture.at(label, &arguments)?;
        while emulator.program_counter() != expected.pc() {
            emulator.step()?;
        }
        equal!(fault_of(emulator.step())?, expected, "{label}: fault of a step");
        equal!(emulator.program_counter(), expected.pc(), "{label}: program counter");
        let mut emulator = fixture.at(label, &arguments)?;
        equal!(fault_of(emulator.step_block())?, expected, "{label}: fault of a step of a block");
    }
    Ok(())
}

fn same_content(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { spare, .. } = fixture.layout;
    use terrella_emulator_api::{Flow, Limits, ReadFlow};
    for (label, arguments) in
        [("load", vec![ptr(spare)]), ("store", vec![ptr(spare), int(1)]), ("illegal", vec![])]
    {
        let mut plain = fixture.at(label, &arguments)?;
        let expected = fault_of(plain.run())?;
        let mut emulator = fixture.at(label, &arguments)?;
        equal!(fault_of(emulator.run_with(&Limits::instructions(100)))?, expected, "{label}, with a limit");
        same_registers(&*emulator, &*plain)?;
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.hook_instructions(|_, _| Ok(Flow::Continue))?;
        equal!(fault_of(emulator.run())?, expected, "{label}, with a hook of all instructions");
        same_registers(&*emulator, &*plain)?;
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.hook_memory_reads(|_, _, _| Ok(ReadFlow::Continue))?;
        emulator.hook_memory_writes(|_, _, _| Ok(Flow::Continue))?;
        emulator.hook_blocks(|_, _, _| Ok(Flow::Continue))?;
        equal!(fault_of(emulator.run())?, expected, "{label}, with hooks of accesses");
        same_registers(&*emulator, &*plain)?;
    }
    Ok(())
}
