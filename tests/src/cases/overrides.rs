//! Section 6: read and write hooks (6.4, 6.5).

use terrella_emulator_api::{
    AddressRange, Capability, Emulator, EmulatorExt, Error, Flow, Permissions, ReadFlow, Stop,
};

use crate::{Case, Failure, Fixture, Layout, Trace, ensure, equal, int, ptr, state_of};

pub(super) const CASES: &[Case] = &[
    Case::new("6.4", "a read hook receives address and data of the whole access", read_seen)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load8", "load16", "load"]),
    Case::new("6.4", "a read hook fires for any overlap, and for nothing else", read_overlap)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load"]),
    Case::new("6.4", "the instruction uses what a read hook gives, and memory stays", replaced)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load8", "load16", "load"]),
    Case::new("6.4", "later read hooks get what earlier ones gave", chain)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load"]),
    Case::new("6.4", "a replacement of another length is an error", wrong_length)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load"]),
    Case::new("6.4", "a read-modify-write uses what a read hook gives", modify_replaced)
        .needs(Capability::MemoryReadHooks)
        .labels(&["add_memory"]),
    Case::new("6.4", "a load of many words uses what a read hook gives", many_replaced)
        .needs(Capability::MemoryReadHooks)
        .labels(&["load_many"]),
    Case::new("6.4", "a string instruction uses what a read hook gives", string_replaced)
        .needs(Capability::MemoryReadHooks)
        .labels(&["copy_string"]),
    Case::new("6.4", "a load in a delay slot uses what a read hook gives", slot_replaced)
        .needs(Capability::MemoryReadHooks)
        .labels(&["delay_load"]),
    Case::new("6.4", "the host and instruction fetches do not fire read hooks", host_is_quiet)
        .needs(Capability::MemoryReadHooks)
        .labels(&["straight"]),
    Case::new("6.5", "a write hook receives address and data, before the write", write_seen)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store8", "store16", "store"]),
    Case::new("6.5", "a write hook fires for any overlap, and for nothing else", write_overlap)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store"]),
    Case::new("6.5", "a write hook cannot change the data", write_stays)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store"]),
    Case::new("6.5", "a write hook that changes registers does not change the write", registers_too_late)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store8", "store16", "store"]),
    Case::new("6.5", "a write hook that stops leaves the instruction undone", stops_before)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store", "caller", "add_memory"]),
    Case::new("6.5", "a stop at a store of many words leaves the registers", many_stopped)
        .needs(Capability::MemoryWriteHooks)
        .labels(&["store_many"]),
    Case::new("6.5", "the host does not fire write hooks", host_writes_quietly)
        .needs(Capability::MemoryWriteHooks),
];

type Accesses = Trace<(u64, Vec<u8>)>;

fn hook_reads(emulator: &mut dyn Emulator, range: impl Into<AddressRange>) -> Result<Accesses, Failure> {
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_memory_read(range, move |_, address, bytes| {
        notes.push((address, bytes.to_vec()));
        Ok(ReadFlow::Continue)
    })?;
    Ok(seen)
}

fn hook_writes(emulator: &mut dyn Emulator, range: impl Into<AddressRange>) -> Result<Accesses, Failure> {
    let seen = Trace::new();
    let notes = seen.clone();
    emulator.hook_memory_write(range, move |_, address, bytes| {
        notes.push((address, bytes.to_vec()));
        Ok(Flow::Continue)
    })?;
    Ok(seen)
}

fn read_seen(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let bytes = Fixture::pattern(0x40);
    emulator.write_memory(data_at, &bytes)?;
    let seen = hook_reads(&mut *emulator, data_at..data_at + 0x40)?;
    for (width, load, _) in fixture.widths() {
        let data = &bytes[16..][..width as usize];
        let result = fixture.call(&mut *emulator, &load, &[ptr(data_at + 16)])?;
        equal!(result, fixture.integer(data) as u32, "{load}: result");
        equal!(seen.take(), [(data_at + 16, data.to_vec())], "{load}: accesses");
    }
    Ok(())
}

/// The ranges around an access of `width` bytes at `at`, and whether they
/// overlap it.
fn ranges(at: u64, width: u64) -> [(AddressRange, bool); 10] {
    let (end, last) = (at + width, at + width - 1);
    [
        ((at..end).into(), true),
        ((at..at + 1).into(), true),
        ((last..end).into(), true),
        ((at + width / 4..at + width.div_ceil(2) + width / 4).into(), true),
        ((at - 4..at + 1).into(), true),
        ((last..last + 6).into(), true),
        ((at - 0x800..at + 0x800).into(), true),
        ((at - 1..at).into(), false),
        ((end..end + 1).into(), false),
        ((at + 0x20..at + 0x30).into(), false),
    ]
}

fn read_overlap(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let at = data_at + 0x1000;
    for (range, overlaps) in ranges(at, fixture.width()) {
        let mut emulator = fixture.loaded()?;
        let seen = hook_reads(&mut *emulator, range)?;
        fixture.call(&mut *emulator, "load", &[ptr(at)])?;
        let expected = if overlaps { vec![(at, vec![0; fixture.width() as usize])] } else { vec![] };
        equal!(seen.take(), expected, "accesses of {at:#x} seen by a hook of {range}");
        emulator.unhook_memory_read(range)?;
        fixture.call(&mut *emulator, "load", &[ptr(at)])?;
        equal!(seen.take(), [], "accesses seen by a hook that was removed");
    }
    Ok(())
}

fn replaced(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    for (width, load, _) in fixture.widths() {
        let mut emulator = fixture.loaded()?;
        let bytes = Fixture::pattern(0x20);
        emulator.write_memory(data_at, &bytes)?;
        let replacement: Vec<u8> = (0..width).map(|index| 0x40 + 3 * index as u8).collect();
        let given = replacement.clone();
        emulator.hook_memory_read(data_at + 8..data_at + 9, move |_, _, _| {
            Ok(ReadFlow::Replace(given.clone()))
        })?;
        fixture.call(&mut *emulator, &load, &[ptr(data_at + 8)])?;
        let mask = if width == 8 { u64::MAX } else { (1 << (8 * width)) - 1 };
        let value = emulator.read_register(fixture.result_register())? & mask;
        equal!(value, fixture.integer(&replacement), "{load}: value");
        equal!(emulator.read_bytes(data_at, 0x20)?, bytes, "{load}: memory");
        emulator.unhook_memory_read(data_at + 8..data_at + 9)?;
        let result = fixture.call(&mut *emulator, &load, &[ptr(data_at + 8)])?;
        equal!(
            result,
            fixture.integer(&bytes[8..][..width as usize]) as u32,
            "{load}: value without the hook"
        );
    }
    Ok(())
}

fn chain(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("load", &[ptr(data_at)])?;
    emulator.write_memory(data_at, &[1, 2, 3, 4])?;
    // The last bytes of the access, of which there may be only one.
    let last = fixture.width() as usize - 1;
    let (first, second) = (last.min(1), last.min(2));
    let seen = Trace::new();
    let add = |seen: &Trace<Vec<u8>>, index: usize| {
        let notes = seen.clone();
        move |_: &mut dyn Emulator, address: u64, bytes: &[u8]| {
            if address != data_at {
                return Ok(ReadFlow::Continue);
            }
            notes.push(bytes.to_vec());
            let mut bytes = bytes.to_vec();
            bytes[index] += 0x10;
            Ok(ReadFlow::Replace(bytes))
        }
    };
    emulator.hook_memory_reads(add(&seen, 0))?;
    emulator.hook_memory_read(data_at + second as u64..data_at + 4, add(&seen, first))?;
    emulator.hook_memory_read(data_at..data_at + 1, add(&seen, second))?;
    let result = fixture.finish(&mut *emulator)?;
    let mut bytes = vec![1, 2, 3, 4];
    bytes.truncate(last + 1);
    let mut expected = Vec::new();
    for index in [first, second, 0] {
        expected.push(bytes.clone());
        bytes[index] += 0x10;
    }
    equal!(seen.all(), expected, "data of the hooks, in order");
    equal!(result, fixture.integer(&bytes) as u32, "value");
    equal!(emulator.read_bytes(data_at, 4)?, [1, 2, 3, 4], "memory");
    Ok(())
}

fn wrong_length(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let width = fixture.width() as usize;
    for length in [0, width - 1, width + 1] {
        let mut emulator = fixture.at("load", &[ptr(data_at)])?;
        emulator
            .hook_memory_read(data_at..data_at + 4, move |_, _, _| Ok(ReadFlow::Replace(vec![0; length])))?;
        match emulator.run() {
            Err(Error::WrongReplacementLength { address, expected, given }) => {
                equal!((address, expected, given), (data_at, width, length), "content of the error");
            }
            other => return Err(Failure::new(format!("{length} bytes: {other:?}"))),
        }
        equal!(emulator.program_counter(), fixture.address("load_insn")?, "program counter");
    }
    Ok(())
}

fn modify_replaced(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("add_memory", &[ptr(data_at)])?;
    let given = fixture.bytes(99, fixture.width());
    emulator.hook_memory_read(data_at..data_at + 4, move |_, _, _| Ok(ReadFlow::Replace(given.clone())))?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(data_at, 4)?, 100, "memory");
    Ok(())
}

fn many_replaced(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("load_many", &[ptr(data_at)])?;
    let three = fixture.bytes(3, 4);
    emulator.hook_memory_read(data_at..data_at + 0x20, move |_, _, bytes| {
        Ok(ReadFlow::Replace(three.repeat(bytes.len() / 4)))
    })?;
    let words = fixture.number("load_many_summed")? as u32;
    equal!(fixture.finish(&mut *emulator)?, 3 * words, "sum");
    equal!(emulator.read_bytes(data_at, 0x20)?, [0; 0x20], "memory");
    Ok(())
}

fn string_replaced(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("copy_string", &[ptr(data_at + 0x100), ptr(data_at)])?;
    emulator.write_memory(data_at, b"abcde")?;
    emulator.hook_memory_read(data_at + 1..data_at + 4, |_, _, bytes| {
        Ok(ReadFlow::Replace(bytes.to_ascii_uppercase()))
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_bytes(data_at + 0x100, 5)?, b"aBCDe", "copy");
    equal!(emulator.read_bytes(data_at, 5)?, b"abcde", "source");
    Ok(())
}

fn slot_replaced(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.at("delay_load", &[ptr(data_at)])?;
    let given = fixture.bytes(99, fixture.width());
    emulator.hook_memory_read(data_at..data_at + 4, move |_, _, _| Ok(ReadFlow::Replace(given.clone())))?;
    equal!(fixture.finish(&mut *emulator)?, 100, "result");
    Ok(())
}

fn host_is_quiet(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    let (start, end) = (fixture.address("straight")?, fixture.end("straight")?);
    let data = hook_reads(&mut *emulator, data_at..data_at + 0x100)?;
    let code = hook_reads(&mut *emulator, start..end)?;
    emulator.read_bytes(data_at, 0x100)?;
    equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "result");
    equal!(data.take(), [], "reads of the host");
    equal!(code.take(), [], "fetches");
    Ok(())
}

fn write_seen(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.loaded()?;
    for (width, _, store) in fixture.widths() {
        let bytes = Fixture::pattern(0x20);
        emulator.write_memory(data_at, &bytes)?;
        let seen = Trace::new();
        let notes = seen.clone();
        emulator.hook_memory_write(data_at..data_at + 0x20, move |emulator, address, bytes| {
            notes.push((address, bytes.to_vec(), emulator.read_bytes(data_at, 0x20)?));
            Ok(Flow::Continue)
        })?;
        fixture.call(&mut *emulator, &store, &[ptr(data_at + 8), int(0x1122_3344)])?;
        let data = fixture.bytes(0x1122_3344, width);
        equal!(seen.take(), [(data_at + 8, data.clone(), bytes)], "{store}: accesses, with memory before");
        equal!(emulator.read_bytes(data_at + 8, width)?, data, "{store}: memory after");
        emulator.unhook_memory_write(data_at..data_at + 0x20)?;
    }
    Ok(())
}

fn write_overlap(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let at = data_at + 0x1000;
    for (range, overlaps) in ranges(at, fixture.width()) {
        let mut emulator = fixture.loaded()?;
        let seen = hook_writes(&mut *emulator, range)?;
        fixture.call(&mut *emulator, "store", &[ptr(at), int(0x1122_3344)])?;
        let bytes = fixture.bytes(0x1122_3344, fixture.width());
        let expected = if overlaps { vec![(at, bytes.clone())] } else { vec![] };
        equal!(seen.take(), expected, "accesses of {at:#x} seen by a hook of {range}");
        equal!(emulator.read_bytes(at, fixture.width())?, bytes, "memory");
        emulator.unhook_memory_write(range)?;
        fixture.call(&mut *emulator, "store", &[ptr(at), int(1)])?;
        equal!(seen.take(), [], "accesses seen by a hook that was removed");
    }
    Ok(())
}

fn write_stays(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("store", &[ptr(data_at), int(0x1122_3344)])?;
    emulator.hook_memory_write(data_at..data_at + 4, |emulator, address, bytes| {
        emulator.write_memory(address, &vec![0xee; bytes.len()])?;
        Ok(Flow::Continue)
    })?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    equal!(emulator.read_integer(data_at, 4)?, fixture.fit_memory(0x1122_3344).into(), "memory");
    Ok(())
}

fn many_stopped(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, .. } = fixture.layout;
    let arguments = [ptr(data_at + 0x10), int(0x0102_0304)];
    let pc = fixture.address("store_many_insn")?;
    let (bytes, accesses) = (fixture.number("store_many_bytes")?, fixture.number("store_many_accesses")?);
    let each = bytes / accesses;
    for stop_at in 0..accesses {
        let mut emulator = fixture.at("store_many", &arguments)?;
        let address = data_at + 0x10 + each * stop_at;
        let handle = emulator.hook_memory_write(address..address + each, |_, _, _| Ok(Flow::Stop))?;
        equal!(emulator.run()?, Stop::Requested(pc), "stop at access {stop_at}");
        fixture.unchanged(&*emulator, pc, "store_many", &arguments, |_| Ok(()))?;
        emulator.unhook(handle)?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop after access {stop_at}");
        let data = fixture.bytes(0x0102_0304, 4).repeat(bytes as usize / 4);
        equal!(emulator.read_bytes(data_at + 0x10, bytes)?, data, "memory after access {stop_at}");
    }
    Ok(())
}

fn host_writes_quietly(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, .. } = fixture.layout;
    let mut emulator = fixture.bare()?;
    crate::fixture::map(&mut *emulator, data_at, data_at + 0x1000)?;
    let seen = hook_writes(&mut *emulator, data_at..data_at + 0x100)?;
    emulator.write_memory(data_at, &[1; 0x100])?;
    emulator.write_code(data_at, &[2; 4])?;
    equal!(seen.take(), [], "writes of the host");
    equal!(emulator.read_bytes(data_at, 4)?, [2; 4], "memory");
    Ok(())
}

fn registers_too_late(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, return_at, spare, .. } = fixture.layout;
    let widths = fixture.widths();
    for ((width, _, store), maps) in widths.iter().flat_map(|it| [(it, false), (it, true)]) {
        let (width, arguments) = (*width, [ptr(data_at), int(0x1122_3344)]);
        let mut emulator = fixture.at(store, &arguments)?;
        let (other, value) = (data_at + 0x100, u64::from(fixture.fit(0x5566_7788)));
        let stored = u64::from(fixture.fit(0x1122_3344));
        let registers = state_of(&*emulator);
        let changed = Trace::new();
        let notes = changed.clone();
        emulator.hook_memory_write(data_at..data_at + 8, move |emulator, _, _| {
            if maps && notes.is_empty() {
                emulator.map_memory(spare..spare + 0x10, Permissions::READ_WRITE)?;
            }
            // Whatever holds the address or the value.
            for id in &registers {
                let new = match emulator.read_wide_register_id(*id)?.low_u64() {
                    found if found == data_at => other,
                    found if found == stored => value,
                    _ => continue,
                };
                emulator.write_register_id(*id, new)?;
                notes.push(new);
            }
            Ok(Flow::Continue)
        })?;
        equal!(emulator.run()?, Stop::ExitPoint(return_at), "{store}: stop");
        ensure!(changed.all().contains(&other), "{store}: no register holds the address");
        equal!(emulator.memory_map().iter().any(|it| it.range.contains(spare)), maps, "{store}: map");
        let written = emulator.read_bytes(data_at, width)?;
        equal!(written, fixture.bytes(0x1122_3344, width), "{store}: memory");
        equal!(emulator.read_bytes(other, 8)?, [0; 8], "{store}: memory elsewhere");
    }
    Ok(())
}

fn stops_before(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { data_at, stack_size, stack_top, .. } = fixture.layout;
    let stack = stack_top - stack_size..stack_top;
    for (label, arguments, range) in [
        ("store", vec![ptr(data_at), int(0x1122_3344)], data_at..data_at + 4),
        ("add_memory", vec![ptr(data_at)], data_at..data_at + 4),
        ("caller", vec![int(20)], stack),
    ] {
        let mut whole = fixture.at(label, &arguments)?;
        let result = fixture.finish(&mut *whole)?;
        let mut emulator = fixture.at(label, &arguments)?;
        let before = emulator.read_bytes(range.start, range.end - range.start)?;
        let seen = Trace::new();
        let notes = seen.clone();
        let handle = emulator.hook_memory_write(range.clone(), move |_, address, bytes| {
            notes.push((address, bytes.to_vec()));
            Ok(Flow::Stop)
        })?;
        let Stop::Requested(pc) = emulator.run()? else {
            return Err(Failure::new(format!("{label}: the run was not stopped")));
        };
        equal!(emulator.program_counter(), pc, "{label}: program counter");
        let after = emulator.read_bytes(range.start, range.end - range.start)?;
        ensure!(after == before, "{label}: memory is another one");
        fixture.unchanged(&*emulator, pc, label, &arguments, |_| Ok(()))?;
        // It is executed again: the hook is asked again, about the same write.
        equal!(emulator.run()?, Stop::Requested(pc), "{label}: second stop");
        let seen = seen.all();
        equal!(seen.len(), 2, "{label}: calls of the hook");
        equal!(seen[1], seen[0], "{label}: writes");
        emulator.unhook(handle)?;
        equal!(fixture.finish(&mut *emulator)?, result, "{label}: result");
        let bytes = emulator.read_bytes(range.start, range.end - range.start)?;
        let expected = whole.read_bytes(range.start, range.end - range.start)?;
        ensure!(bytes == expected, "{label}: memory at the end");
    }
    Ok(())
}
