//! Section 2: registers.

use terrella_emulator_api::{
    Capability, Emulator, EmulatorExt, Error, Limits, Platform, RegisterId, RegisterValue, Stop,
};
use terrella_platforms::{FloatFormat, FloatPlacement, PlatformDefinition, RegisterDefinition, RegisterKind};

use crate::{Case, Failure, Fixture, Layout, ensure, equal, int, matching};

pub(super) const CASES: &[Case] = &[
    Case::new("2.1", "data registers keep every pattern", keep_patterns),
    Case::new("2.1", "no register disturbs another", no_overlap),
    Case::new("2.1", "an alias is its part of the register, and changes only that", aliases),
    Case::new("2.1", "writing back what a register holds changes nothing", write_back),
    Case::new("2.1", "names and ids are the same registers", names_and_ids),
    Case::new("2.1", "a wide register is refused by the narrow path", wide_by_narrow),
    Case::new("2.1", "the program counter is a register", program_counter).labels(&["straight"]),
    Case::new("2.1", "argument and result registers are those of the guest", reach_the_guest)
        .labels(&["add_args"]),
    Case::new("2.1", "registers that code does not touch stay", stay).labels(&["count_loop"]),
    Case::new("2.1", "floating-point registers are those of the guest", floats).labels(&["float_add"]),
    Case::new("2.2", "fixed registers read as their value", fixed_read).when(has_fixed),
    Case::new("2.2", "writing another value to a fixed register is an error", fixed_write).when(has_fixed),
    Case::new("2.3", "an unknown name is an error", unknown_name),
    Case::new("2.3", "a value that is too wide is an error and changes nothing", too_wide),
    Case::new("2.3", "a register that the backend lacks is an error", not_available),
    Case::new("2.3", "an id of another platform is an error", foreign_id),
    Case::new("2.3", "a register label is kept or unsupported", label),
    Case::new("2.4", "flags are registers and parts of the flags word", flags).when(has_flags),
    Case::new("2.4", "flags that are written decide branches", flags_decide)
        .labels(&["count_loop", "conditional"])
        .when(has_flags),
];

/// Whether programs put any bits they like into a register.
fn is_data(definition: &PlatformDefinition, register: &RegisterDefinition) -> bool {
    let root = definition.registers().get(register.root);
    let pc = definition.register(definition.program_counter);
    matches!(
        root.kind,
        RegisterKind::General
            | RegisterKind::StackPointer
            | RegisterKind::Link
            | RegisterKind::Float
            | RegisterKind::Vector
            | RegisterKind::Mask
    ) && register.fixed.is_none()
        && root.fixed.is_none()
        && Some(register.root) != pc.map(|pc| definition.registers().get(pc).root)
}

/// The data registers that the backend has as a whole, aliases included. Of a
/// wide register it may have a part only, which has a name of its own then.
fn data_registers(
    emulator: &mut dyn Emulator,
) -> Result<Vec<(RegisterId, &'static RegisterDefinition)>, Failure> {
    let definition = emulator.definition();
    let mut registers = Vec::new();
    for (id, register) in definition.registers().iter() {
        if !is_data(definition, register) || !emulator.has_register(id) {
            continue;
        }
        let before = emulator.read_wide_register_id(id)?;
        let value = fit(definition, register, RegisterValue::mask(register.bits.into()));
        match emulator.write_wide_register_id(id, value) {
            Ok(()) => {
                emulator.write_wide_register_id(id, before)?;
                registers.push((id, register));
            }
            Err(Error::RegisterNotAvailable { .. }) if register.bits > 64 => {}
            Err(error) => return Err(Failure::new(format!("{} := {value:#x}: {error}", register.name))),
        }
    }
    for name in definition.general_registers {
        let id = definition.register(name);
        let found = registers.iter().any(|(known, _)| Some(*known) == id);
        let is_data = id.is_some_and(|id| is_data(definition, definition.registers().get(id)));
        ensure!(found || !is_data, "{name} is missing");
    }
    Ok(registers)
}

/// A value that fits the register. Stack pointers are kept aligned, as some
/// processors have no low bits there.
fn fitting(definition: &PlatformDefinition, register: &RegisterDefinition, seed: u8) -> RegisterValue {
    let bytes: Vec<u8> = (0..64_u32).map(|index| (index * 37 + u32::from(seed) * 101 + 11) as u8).collect();
    fit(definition, register, RegisterValue::from_le_bytes(&bytes))
}

fn fit(
    definition: &PlatformDefinition,
    register: &RegisterDefinition,
    value: RegisterValue,
) -> RegisterValue {
    let root = definition.registers().get(register.root);
    let value = value.extract(0, register.bits.into());
    let is_stack = root.kind == RegisterKind::StackPointer
        || definition.register(definition.stack_pointer) == Some(register.root);
    if is_stack && register.low_bit < 4 && register.bits > 4 {
        value.insert(0, 4 - u32::from(register.low_bit), &RegisterValue::ZERO)
    } else {
        value
    }
}

fn keep_patterns(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let definition = fixture.definition();
    let repeated = |byte| RegisterValue::from_le_bytes(&[byte; 64]);
    for (id, register) in data_registers(&mut *emulator)? {
        let mut values = vec![fitting(definition, register, 1), fitting(definition, register, 2)];
        values.extend([0x00, 0xff, 0x55, 0xaa].map(|byte| fit(definition, register, repeated(byte))));
        for value in values {
            let name = &register.name;
            emulator
                .write_wide_register_id(id, value)
                .map_err(|error| Failure::new(format!("{name} := {value:#x}: {error}")))?;
            equal!(emulator.read_wide_register_id(id)?, value, "{name}");
            if register.bits <= 64 {
                equal!(emulator.read_register_id(id)?, value.low_u64(), "{name}, by the narrow path");
                emulator.write_register_id(id, 0)?;
                emulator.write_register_id(id, value.low_u64())?;
                equal!(emulator.read_wide_register_id(id)?, value, "{name}, written by the narrow path");
            }
        }
    }
    Ok(())
}

fn no_overlap(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let definition = fixture.definition();
    let sp = definition.register(definition.stack_pointer);
    let roots: Vec<_> = data_registers(&mut *emulator)?
        .into_iter()
        .filter(|(id, register)| register.root == *id)
        // The stack pointer may be one of several banked ones.
        .filter(|(id, register)| register.kind != RegisterKind::StackPointer || Some(*id) == sp)
        .collect();
    for (index, (id, register)) in roots.iter().enumerate() {
        emulator.write_wide_register_id(*id, fitting(definition, register, index as u8))?;
    }
    for (index, (id, register)) in roots.iter().enumerate() {
        let expected = fitting(definition, register, index as u8);
        equal!(emulator.read_wide_register_id(*id)?, expected, "{}", register.name);
    }
    Ok(())
}

fn aliases(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let definition = fixture.definition();
    let data = data_registers(&mut *emulator)?;
    let known: Vec<RegisterId> = data.iter().map(|(id, _)| *id).collect();
    for (id, register) in data {
        let root = definition.registers().get(register.root);
        if register.root == id || !known.contains(&register.root) {
            continue;
        }
        let name = format!("{} of {}", register.name, root.name);
        let (low, bits) = (register.low_bit.into(), register.bits.into());
        for seed in [3, 4] {
            let whole = fitting(definition, root, seed);
            emulator.write_wide_register_id(register.root, whole)?;
            equal!(emulator.read_wide_register_id(id)?, whole.extract(low, bits), "{name}, read");
            for part in [fitting(definition, register, seed + 2), RegisterValue::ZERO] {
                emulator
                    .write_wide_register_id(id, part)
                    .map_err(|error| Failure::new(format!("{name} := {part:#x}: {error}")))?;
                equal!(emulator.read_wide_register_id(id)?, part, "{name}, written");
                let expected = whole.insert(low, bits, &part);
                equal!(
                    emulator.read_wide_register_id(register.root)?,
                    expected,
                    "{} after {name}",
                    root.name
                );
            }
        }
    }
    Ok(())
}

fn write_back(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let registers = fixture.definition().registers();
    let values = |emulator: &dyn Emulator| -> Result<Vec<(String, RegisterValue)>, Failure> {
        registers
            .roots()
            .filter(|(id, _)| emulator.has_register(*id))
            .map(|(id, register)| Ok((register.name.clone(), emulator.read_wide_register_id(id)?)))
            .collect()
    };
    let before = values(&*emulator)?;
    for (id, register) in registers.iter().filter(|(_, register)| register.fixed.is_none()) {
        if !emulator.has_register(id) {
            continue;
        }
        let value = emulator.read_wide_register_id(id)?;
        match emulator.write_wide_register_id(id, value) {
            Ok(()) | Err(Error::RegisterNotAvailable { .. }) => {}
            Err(error) => return Err(Failure::new(format!("{} := {value:#x}: {error}", register.name))),
        }
    }
    for ((name, before), (_, after)) in before.iter().zip(&values(&*emulator)?) {
        equal!(after, before, "{name}");
    }
    Ok(())
}

fn names_and_ids(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for (id, register) in data_registers(&mut *emulator)? {
        equal!(emulator.resolve_register(&register.name)?, id, "id of {}", register.name);
        let upper = register.name.to_ascii_uppercase();
        equal!(emulator.resolve_register(&upper)?, id, "id of {upper}");
    }
    let name = fixture.result_register();
    let id = emulator.resolve_register(name)?;
    emulator.write_register(name, 0x1234_u64)?;
    equal!(emulator.read_register_id(id)?, 0x1234, "{name}, by id");
    emulator.write_register_id(id, 0x4321)?;
    equal!(emulator.read_register(name)?, 0x4321, "{name}, by name");
    equal!(emulator.read_register(id)?, 0x4321, "{name}, by either");
    Ok(())
}

fn wide_by_narrow(fixture: &mut Fixture) -> Result<(), Failure> {
    let emulator = fixture.bare()?;
    for (id, register) in fixture.definition().registers().iter() {
        if register.bits <= 64 || register.fixed.is_some() || !emulator.has_register(id) {
            continue;
        }
        match emulator.read_register_id(id) {
            Err(Error::RegisterTooWide { register: name, bits }) => {
                equal!(name, register.name, "register in the error");
                equal!(bits, u32::from(register.bits), "bits in the error");
            }
            other => return Err(Failure::new(format!("{} by the narrow path: {other:?}", register.name))),
        }
    }
    Ok(())
}

fn program_counter(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let name = fixture.definition().program_counter;
    let address = fixture.address("straight")?;
    let pointer = fixture.code_pointer(address)?;
    emulator.set_program_counter(pointer)?;
    equal!(emulator.program_counter(), address, "program counter");
    equal!(emulator.read_register(name)?, address, "{name}");
    let other = fixture.address("straight_ret")?;
    emulator.write_register(name, fixture.code_pointer(other)?)?;
    equal!(emulator.program_counter(), other, "program counter after a write of {name}");
    let id = emulator.resolve_register(name)?;
    equal!(emulator.read_wide_register_id(id)?, RegisterValue::from(other), "{name} as a wide register");
    if fixture.highest() < u64::MAX {
        matching!(
            emulator.set_program_counter(fixture.highest() + 1),
            Err(Error::ValueTooWide { .. }),
            "a program counter that is too wide"
        );
        equal!(emulator.program_counter(), other, "program counter after the error");
    }
    Ok(())
}

fn reach_the_guest(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    for (left, right) in [(5, 7), (0, 0), (0x1234_5678, 0x1111_1111), (0x7fff_0000, 0xffff)] {
        let result = fixture.call(&mut *emulator, "add_args", &[int(left), int(right)])?;
        equal!(result, fixture.fit(left + right), "{left:#x} + {right:#x}");
    }
    Ok(())
}

fn stay(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.loaded()?;
    let definition = fixture.definition();
    let convention = fixture.convention();
    for (index, name) in convention.callee_saved.iter().enumerate() {
        let Some(id) = definition.register(name) else { continue };
        if emulator.has_register(id) {
            let register = definition.registers().get(id);
            emulator.write_wide_register_id(id, fitting(definition, register, index as u8))?;
        }
    }
    // The call's own registers, which may be among them, are set last.
    fixture.prepare(&mut *emulator, "count_loop", &[int(3)])?;
    let before: Vec<_> = convention
        .callee_saved
        .iter()
        .filter_map(|name| definition.register(name))
        .filter(|id| emulator.has_register(*id))
        .map(|id| Ok((id, emulator.read_wide_register_id(id)?)))
        .collect::<Result<_, Error>>()?;
    equal!(fixture.finish(&mut *emulator)?, 3, "result");
    for (id, value) in before {
        let name = &definition.registers().get(id).name;
        equal!(emulator.read_wide_register_id(id)?, value, "{name}");
    }
    Ok(())
}

/// Puts two doubles where the default convention wants the first two
/// arguments of a function.
fn place_doubles(fixture: &Fixture, emulator: &mut dyn Emulator, arguments: [f64; 2]) -> Result<(), Failure> {
    let convention = fixture.convention();
    let bits = arguments.map(f64::to_bits);
    match &convention.floats {
        FloatPlacement::Registers { registers, .. }
        | FloatPlacement::Positional { registers, .. }
        | FloatPlacement::Shadowing { registers, .. } => {
            for (register, bits) in registers.iter().zip(bits) {
                emulator.write_register(*register, bits)?;
            }
        }
        FloatPlacement::BackFilling { double, .. } => {
            for (register, bits) in double.iter().zip(bits) {
                emulator.write_register(*register, bits)?;
            }
        }
        FloatPlacement::LeadingTwo { double, .. } => {
            for ((low, high), bits) in double.iter().zip(bits) {
                if low == high {
                    emulator.write_register(*low, bits)?;
                } else {
                    emulator.write_register(*low, bits & 0xffff_ffff)?;
                    emulator.write_register(*high, bits >> 32)?;
                }
            }
        }
        _ => {
            let mut memory = fixture.bytes(bits[0], 8);
            memory.extend(fixture.bytes(bits[1], 8));
            let slot = usize::from(convention.slot_bytes);
            for (index, piece) in memory.chunks(slot).enumerate() {
                match convention.integer_arguments.get(index) {
                    Some(register) => emulator.write_register(*register, fixture.integer(piece))?,
                    None => {
                        let sp = emulator.read_register(fixture.definition().stack_pointer)?;
                        let place = (slot * (index - convention.integer_arguments.len())) as u64;
                        emulator.write_memory(sp + u64::from(convention.stack_arguments) + place, piece)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn floats(fixture: &mut Fixture) -> Result<(), Failure> {
    let Layout { return_at, .. } = fixture.layout;
    let mut emulator = fixture.at("float_add", &[])?;
    place_doubles(fixture, &mut *emulator, [1.5, 2.25])?;
    equal!(emulator.run()?, Stop::ExitPoint(return_at), "stop");
    let convention = fixture.convention();
    let Some(first) = convention.float_results.first() else { return Ok(()) };
    let id = emulator.resolve_register(first)?;
    let bits = fixture.definition().registers().get(id).bits;
    let value = emulator.read_wide_register_id(id)?;
    if convention.float_result_format == FloatFormat::X87 {
        // 3.75 in extended precision: 1.111 in binary, exponent 1.
        equal!(value.extract(0, 64), RegisterValue::from(0xf000_0000_0000_0000_u64), "mantissa in {first}");
        equal!(
            value.extract(u32::from(bits) - 16, 16),
            RegisterValue::from(0x4000_u64),
            "exponent in {first}"
        );
        return Ok(());
    }
    let bits = if bits >= 64 {
        value.low_u64()
    } else {
        // The least significant part is in the first.
        let high = convention.float_results.get(1).copied().unwrap_or(first);
        value.low_u64() | emulator.read_register(high)? << 32
    };
    equal!(f64::from_bits(bits), 3.75, "sum");
    Ok(())
}

fn has_fixed(definition: &PlatformDefinition) -> bool {
    definition.registers().iter().any(|(_, register)| register.fixed.is_some())
}

fn fixed_read(fixture: &mut Fixture) -> Result<(), Failure> {
    let emulator = fixture.bare()?;
    for (id, register) in fixture.definition().registers().iter() {
        let Some(value) = register.fixed else { continue };
        ensure!(emulator.has_register(id), "{} is missing", register.name);
        equal!(emulator.read_wide_register_id(id)?, RegisterValue::from(value), "{}", register.name);
        if register.bits <= 64 {
            equal!(emulator.read_register_id(id)?, value, "{}", register.name);
        }
    }
    Ok(())
}

fn fixed_write(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for (id, register) in fixture.definition().registers().iter() {
        let Some(value) = register.fixed else { continue };
        emulator.write_wide_register_id(id, value.into())?;
        let other = value ^ 1;
        match emulator.write_wide_register_id(id, other.into()) {
            Err(Error::FixedRegister { register: name, value: fixed, written }) => {
                equal!(name, register.name, "register in the error");
                equal!(fixed, value, "value in the error");
                equal!(written, RegisterValue::from(other), "written value in the error");
            }
            result => return Err(Failure::new(format!("{} := {other:#x}: {result:?}", register.name))),
        }
        equal!(emulator.read_wide_register_id(id)?, RegisterValue::from(value), "{}", register.name);
    }
    Ok(())
}

fn unknown_name(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let unknown = "no_such_register";
    for result in [
        emulator.read_register(unknown).map(drop),
        emulator.read_wide_register(unknown).map(drop),
        emulator.write_register(unknown, 1_u64),
        emulator.resolve_register(unknown).map(drop),
    ] {
        match result {
            Err(Error::UnknownRegister { platform, name, .. }) => {
                equal!(platform, fixture.platform, "platform in the error");
                equal!(name, unknown, "name in the error");
            }
            other => return Err(Failure::new(format!("an unknown name: {other:?}"))),
        }
    }
    Ok(())
}

fn too_wide(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for (id, register) in data_registers(&mut *emulator)? {
        let bits = u32::from(register.bits);
        if bits >= RegisterValue::MAX_BITS {
            continue;
        }
        let before = emulator.read_wide_register_id(id)?;
        let one_more = RegisterValue::ZERO.insert(bits, 1, &RegisterValue::from(1_u64));
        let mut results = vec![emulator.write_wide_register_id(id, one_more)];
        if bits < 64 {
            results.push(emulator.write_register_id(id, 1 << bits));
            results.push(emulator.write_register(id, u64::MAX));
        }
        for result in results {
            match result {
                Err(Error::ValueTooWide { register: name, bits: told, .. }) => {
                    equal!(name, register.name, "register in the error");
                    equal!(told, bits, "bits in the error");
                }
                other => return Err(Failure::new(format!("{}: {other:?}", register.name))),
            }
        }
        equal!(emulator.read_wide_register_id(id)?, before, "{} after the error", register.name);
    }
    Ok(())
}

fn not_available(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for (id, register) in fixture.definition().registers().iter() {
        if emulator.has_register(id) {
            emulator.read_wide_register_id(id)?;
            continue;
        }
        for result in [
            emulator.read_wide_register_id(id).map(drop),
            emulator.write_wide_register_id(id, RegisterValue::ZERO),
        ] {
            match result {
                Err(Error::RegisterNotAvailable { backend, platform, register: name }) => {
                    equal!(backend, fixture.backend.name, "backend in the error");
                    equal!(platform, fixture.platform, "platform in the error");
                    equal!(name, register.name, "register in the error");
                }
                other => return Err(Failure::new(format!("{} is missing: {other:?}", register.name))),
            }
        }
    }
    Ok(())
}

fn foreign_id(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let own = fixture.definition().registers().len();
    let foreign =
        Platform::ALL.iter().filter_map(|platform| platform.definition().registers().id_at(own)).next();
    let Some(foreign) = foreign else { return Ok(()) };
    ensure!(!emulator.has_register(foreign), "an id beyond the table is a register");
    matching!(
        emulator.read_wide_register_id(foreign),
        Err(Error::RegisterNotAvailable { .. }),
        "a read by an id beyond the table"
    );
    matching!(
        emulator.read_register_id(foreign),
        Err(Error::RegisterNotAvailable { .. }),
        "a narrow read by an id beyond the table"
    );
    matching!(
        emulator.write_wide_register_id(foreign, RegisterValue::ZERO),
        Err(Error::RegisterNotAvailable { .. }),
        "a write by an id beyond the table"
    );
    Ok(())
}

fn label(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    let id = emulator.resolve_register(fixture.result_register())?;
    let declared = emulator.capabilities().has(Capability::Labels);
    match emulator.write_register_label(id, "x") {
        Ok(()) if declared => Ok(()),
        Err(Error::Unsupported { capability: Capability::Labels, .. }) if !declared => Ok(()),
        other => Err(Failure::new(format!("labels are declared: {declared}; {other:?}"))),
    }
}

fn has_flags(definition: &PlatformDefinition) -> bool {
    !flag_registers(definition.platform.definition()).is_empty()
}

/// The condition flags: one bit each, of a flags word.
fn flag_registers(definition: &'static PlatformDefinition) -> Vec<(RegisterId, &'static RegisterDefinition)> {
    definition
        .registers()
        .iter()
        .filter(|(id, register)| {
            let root = definition.registers().get(register.root);
            register.kind == RegisterKind::Flag
                && root.kind == RegisterKind::Flags
                && register.bits == 1
                && ["n", "z", "c", "v", "zf", "cf", "sf", "of", "pf"].contains(&condition(&register.name))
                && *id != register.root
        })
        .collect()
}

fn flags(fixture: &mut Fixture) -> Result<(), Failure> {
    let mut emulator = fixture.bare()?;
    for (id, register) in flag_registers(fixture.definition()) {
        ensure!(emulator.has_register(id), "{} is missing", register.name);
        let name = &register.name;
        let (low, bits) = (register.low_bit.into(), register.bits.into());
        for value in [1_u64, 0, 1, 0] {
            let before = emulator.read_wide_register_id(register.root)?;
            emulator.write_register_id(id, value)?;
            equal!(emulator.read_register_id(id)?, value, "{name}");
            let expected = before.insert(low, bits, &value.into());
            equal!(emulator.read_wide_register_id(register.root)?, expected, "flags word after {name}");
        }
        for value in [1_u64, 0] {
            let word = emulator.read_wide_register_id(register.root)?;
            emulator.write_wide_register_id(register.root, word.insert(low, bits, &value.into()))?;
            equal!(emulator.read_register_id(id)?, value, "{name} after a write of the flags word");
        }
    }
    Ok(())
}

/// All flags, in whatever words.
fn flag_values(emulator: &dyn Emulator) -> Result<Vec<(RegisterId, RegisterValue)>, Failure> {
    let registers = emulator.definition().registers();
    let mut values = Vec::new();
    for (id, register) in registers.iter() {
        if register.kind == RegisterKind::Flag && register.fixed.is_none() && emulator.has_register(id) {
            values.push((id, emulator.read_wide_register_id(id)?));
        }
    }
    Ok(values)
}

fn flags_decide(fixture: &mut Fixture) -> Result<(), Failure> {
    // Two runs that stop before the same branch; then the flags of the first
    // are put into the second, which must now branch as the first.
    let slot = u64::from(fixture.definition().delay_slots);
    let before = fixture.number("count_loop_before")?;
    let loop_branch = before + fixture.number("count_loop_each")? - 1 - slot;
    let conditional = {
        let branch = fixture.address("conditional_branch")?;
        let path = fixture.path("conditional", &[int(0)])?;
        path.iter().position(|pc| *pc == branch).unwrap_or(0) as u64
    };
    for (label, arguments, index, expected) in
        [("count_loop", [1, 5], loop_branch, 1), ("conditional", [0, 5], conditional, 1)]
    {
        let mut donor = fixture.at(label, &[int(arguments[0])])?;
        let mut taker = fixture.at(label, &[int(arguments[1])])?;
        for emulator in [&mut donor, &mut taker] {
            if index > 0 {
                matching!(
                    emulator.run_with(&Limits::instructions(index))?,
                    Stop::InstructionLimit(_),
                    "stop before the branch"
                );
            }
        }
        let (given, taken) = (flag_values(&*donor)?, flag_values(&*taker)?);
        if given == taken {
            continue; // The branch compares registers.
        }
        for (id, value) in given {
            taker.write_wide_register_id(id, value)?;
        }
        equal!(fixture.finish(&mut *taker)?, expected, "result of {label}");
    }
    Ok(())
}

/// The name of a condition without that of its group: `z` of `cr0_z`.
fn condition(name: &str) -> &str {
    name.rsplit('_').next().unwrap_or(name)
}
