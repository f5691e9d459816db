//! Section 6.6: the accesses of one instruction.

use terrella_emulator_api::{Capability, Emulator, EmulatorExt, Flow, ReadFlow, Stop};
use terrella_platforms::{PlatformDefinition, ReturnBy};

use crate::{Case, Failure, Fixture, Layout, Trace, ensure, equal, int, ptr};

pub(super) const CASES: &[Case] = &[
    Case::new("6.6", "the accesses of a load of many words, in order", many_loads)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load_many"]),
    Case::new("6.6", "the accesses of a store of many words, in order", many_stores)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store_many"]),
    Case::new("6.6", "a read-modify-write reads and then writes", read_then_write)
        .needs(Capability::MemoryReadHooks)
        .labels(&["add_memory"]),
    Case::new("6.6", "a repeated string instruction reports every access", string_accesses)
        .needs(Capability::MemoryReadHooks)
        .labels(&["copy_string"]),
    Case::new("6.6", "accesses in delay slots are reported", slot_accesses)
        .needs(Capability::MemoryReadHooks)
        .labels(&["delay_load", "delay_store"]),
    Case::new("6.6", "an access across two pages is one access", page_crossing)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load", "store", "add_memory"]),
    Case::new("6.6", "a call writes its return address", call_writes)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["caller", "caller_back"])
        .when(returns_by_stack),
    Case::new("6.6", "code without accesses reports none", no_accesses)
        .needs(Capability::MemoryReadHooks)
        .labels(&["count_loop"]),
    Case::new("6.6", "accesses are reported once, also with hooks on everything", reported_once)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load", "store"]),
];

fn returns_by_stack(definition: &PlatformDefinition) -> bool {
    matches!(definition.default_convention().return_by, ReturnBy::Stack { .. })
}

/// Kind, address, data, and the program counter that the callback saw.
type Access = (char, u64, Vec<u8>, u64);

/// Hooks all accesses; those of the data are noted.
fn hook_data(emulator: &mut dyn Emulator) -> Result<Trace<Access>, Failure> {
    let Layout { data_at, data_size, .. } = Layout::of(emulator.platform());
    let seen = Trace::new();
    let of_data = move |address: u64, bytes: &[u8]| {
        address < data_at + data_size && address + bytes.len() as u64 > data_at
    };
    let notes = seen.clone();
    emulator.hook_memory_reads(move |emulator, address, bytes| {
        if of_data(address, bytes) {
            notes.push(('r', address, bytes.to_vec(), emulator.program_counter()));
        }
        Ok(ReadFlow::Continue)
    })?;
    let notes = seen.clone();
    emulator.hook_memory_writes(move |emulator, address, bytes| {
        if of_data(address, bytes) {
            notes.push(('w', address, bytes.to_vec(), emulator.program_counter()));
        }
        Ok(Flow::Continue)
    })?;
    Ok(seen)
}

fn many_loads(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("load_many", &[ptr(data_at + 0x10)])?;
    let (bytes, accesses) = (fixture.number("load_many_bytes")?, fixture.number("load_many_accesses")?);
    let data = Fixture::pattern(bytes);
    emulator.write_memory(data_at + 0x10, &data)?;
    let seen = hook_data(&mut *emulator)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let each = bytes / accesses;
    let pc = fixture.address("load_many_insn")?;
    let expected: Vec<Access> = data
        .chunks(each as usize)
        .enumerate()
        .map(|(index, data)| ('r', data_at + 0x10 + each * index as u64, data.to_vec(), pc))
        .collect();
    equal!(seen.take(), expected, "accesses");
    Ok(())
}

fn many_stores(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("store_many", &[ptr(data_at + 0x10), int(0x0102_0304)])?;
    let (bytes, accesses) = (fixture.number("store_many_bytes")?, fixture.number("store_many_accesses")?);
    let seen = hook_data(&mut *emulator)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let each = bytes / accesses;
    let pc = fixture.address("store_many_insn")?;
    let data = fixture.bytes(0x0102_0304, 4).repeat(each as usize / 4);
    let expected: Vec<Access> =
        (0..accesses).map(|index| ('w', data_at + 0x10 + each * index, data.clone(), pc)).collect();
    equal!(seen.take(), expected, "accesses");
    equal!(emulator.read_bytes(data_at + 0x10, bytes)?, data.repeat(accesses as usize), "memory");
    Ok(())
}

fn read_then_write(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(data_at)])?;
    emulator.write_integer(data_at, 41, 4)?;
    let seen = hook_data(&mut *emulator)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let load = fixture.address("add_memory_insn")?;
    let store =
        if fixture.number("add_memory_single")? == 1 { load } else { fixture.address("add_memory_store")? };
    let expected = [
        ('r', data_at, fixture.bytes(41, fixture.width()), load),
        ('w', data_at, fixture.bytes(42, fixture.width()), store),
    ];
    equal!(seen.take(), expected, "accesses");
    equal!(emulator.read_integer(data_at, 4)?, 42, "memory");
    Ok(())
}

fn string_accesses(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let (from, to) = (data_at, data_at + 0x100);
    let mut emulator = fixture.at("copy_string", &[ptr(to), ptr(from)])?;
    emulator.write_memory(from, b"abcde")?;
    let seen = hook_data(&mut *emulator)?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let pc = fixture.address("copy_string_insn")?;
    let mut expected = Vec::new();
    for (index, byte) in b"abcde".iter().enumerate() {
        expected.push(('r', from + index as u64, vec![*byte], pc));
        expected.push(('w', to + index as u64, vec![*byte], pc));
    }
    equal!(seen.take(), expected, "accesses");
    Ok(())
}

fn slot_accesses(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("delay_load", &[ptr(data_at)])?;
    emulator.write_integer(data_at, 41, 4)?;
    let seen = hook_data(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 42, "result of the load");
    let pc = fixture.address("delay_load_insn")?;
    equal!(seen.take(), [('r', data_at, fixture.bytes(41, fixture.width()), pc)], "accesses of the load");
    fixture.prepare(&mut *emulator, "delay_store", &[ptr(data_at), int(7)])?;
    equal!(fixture.finish(&mut *emulator)?, 8, "result of the store");
    let pc = fixture.address("delay_store_insn")?;
    equal!(seen.take(), [('w', data_at, fixture.bytes(7, fixture.width()), pc)], "accesses of the store");
    Ok(())
}

fn page_crossing(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let at = data_at + 0xffe;
    for (label, arguments) in
        [("load", vec![ptr(at)]), ("store", vec![ptr(at), int(0x1122_3344)]), ("add_memory", vec![ptr(at)])]
    {
        let mut plain = fixture.at(label, &arguments)?;
        if plain.run().is_err() {
            continue; // The platform wants it aligned: that is 4.5.
        }
        let mut emulator = fixture.at(label, &arguments)?;
        emulator.write_integer(at, 41, 4)?;
        let seen = hook_data(&mut *emulator)?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{label}: stop");
        let seen: Vec<_> = seen.take().into_iter().map(|(kind, at, data, _)| (kind, at, data)).collect();
        let read = ('r', at, fixture.bytes(41, fixture.width()));
        let expected = match label {
            "load" => vec![read],
            "store" => vec![('w', at, fixture.bytes(0x1122_3344, fixture.width()))],
            _ => vec![read, ('w', at, fixture.bytes(42, fixture.width()))],
        };
        equal!(seen, expected, "{label}: accesses");
        equal!(
            emulator.read_bytes(at, fixture.width())?,
            expected.last().map(|it| it.2.clone()).unwrap_or_default(),
            "{label}: memory"
        );
    }
    Ok(())
}

fn call_writes(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("caller", &[int(20)])?;
    let seen = Trace::new();
    let notes = seen.clone();
    let call = fixture.address("caller_call")?;
    emulator.hook_memory_writes(move |emulator, address, bytes| {
        if emulator.program_counter() == call {
            notes.push((address, bytes.to_vec()));
        }
        Ok(Flow::Continue)
    })?;
    let stack_pointer = Trace::new();
    let notes = stack_pointer.clone();
    let name = fixture.definition().stack_pointer;
    emulator.hook_instruction(fixture.address("callee")?, move |emulator, _| {
        notes.push(emulator.read_register(name)?);
        Ok(Flow::Continue)
    })?;
    equal!(fixture.finish(&mut *emulator)?, 41, "result");
    let back = fixture.address("caller_back")?;
    ensure!(stack_pointer.len() == 1, "the callee was entered {} times", stack_pointer.len());
    let expected = [(stack_pointer.all()[0], fixture.bytes(back, fixture.word()))];
    equal!(seen.take(), expected, "writes of the call");
    Ok(())
}

fn no_accesses(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.at("count_loop", &[int(5)])?;
    let seen = hook_data(&mut *emulator)?;
    equal!(fixture.finish(&mut *emulator)?, 5, "result");
    equal!(seen.take(), [], "accesses");
    Ok(())
}

fn reported_once(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    emulator.write_integer(data_at, 41, 4)?;
    emulator.hook_instructions(|_, _| Ok(Flow::Continue))?;
    emulator.hook_blocks(|_, _, _| Ok(Flow::Continue))?;
    let seen = hook_data(&mut *emulator)?;
    // A hook that changes flags and registers makes some engines go back.
    let result = fixture.result_register();
    emulator.hook_memory_read(data_at..data_at + 4, move |emulator, _, _| {
        let value = emulator.read_register(result)?;
        emulator.write_register(result, value)?;
        Ok(ReadFlow::Continue)
    })?;
    emulator.hook_memory_write(data_at..data_at + 4, move |emulator, _, _| {
        let value = emulator.read_register(result)?;
        emulator.write_register(result, value)?;
        Ok(Flow::Continue)
    })?;
    equal!(fixture.call(&mut *emulator, "load", &[ptr(data_at)])?, 41, "loaded");
    equal!(seen.take().len(), 1, "number of reads");
    fixture.call(&mut *emulator, "store", &[ptr(data_at), int(5)])?;
    equal!(seen.take().len(), 1, "number of writes");
    Ok(())
}
