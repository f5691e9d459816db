//! Calls on every platform: what a caller places, a callee finds, and the
//! other way round for results.

mod fake;

use std::{cell::RefCell, rc::Rc};

use fake::Fake;
use proptest::prelude::*;
use terrella_machine_state::{
    ArgumentValue, Emulator, EmulatorExt, Error, Executable, Machine, Permissions, Platform, Return,
    ReturnValue, Segment, Stack, Symbol, SymbolBinding, SymbolKind,
    call::{
        Call, CallSetup, Caller, Location, Parameter, Placer, place_call, read_result, return_address,
        write_result,
    },
    live_symbol,
};
use terrella_platforms::{CallingConvention, ReturnBy};

const CODE: u64 = 0x1000;
const STACK: u64 = 0x4000;
const STACK_SIZE: u64 = 0x2000;

fn machine(platform: Platform) -> Machine {
    let mut machine = Machine::new(platform);
    let mut code = Executable::from_bytes("code", platform, CODE, &[0; 64]).unwrap();
    code.symbols.insert(Symbol {
        name: "function".into(),
        address: CODE,
        size: 64,
        kind: SymbolKind::Function,
        binding: SymbolBinding::Global,
        module: "code".into(),
    });
    machine.add("code", code).unwrap();
    let stack = platform.definition().data_base + STACK;
    machine.add("stack", Stack::new(platform, stack, STACK_SIZE).unwrap()).unwrap();
    machine
}

/// The first convention that has a place for all arguments.
fn complete_convention(platform: Platform) -> &'static CallingConvention {
    let mut conventions = platform.definition().calling_conventions.iter();
    let complete = |it: &&CallingConvention| !it.by_size.is_some_and(|by_size| by_size.others_in_variables);
    conventions.find(complete).expect("a convention")
}

/// What a callee makes of an argument: a pointer is an address of data.
fn with_base(platform: Platform, value: &ArgumentValue) -> ArgumentValue {
    match value {
        ArgumentValue::Pointer(address) => ArgumentValue::Pointer(platform.definition().data_base | *address),
        other => other.clone(),
    }
}

fn argument() -> impl Strategy<Value = ArgumentValue> {
    prop_oneof![
        (any::<i128>(), prop_oneof![Just(1_u8), Just(2), Just(4), Just(8), Just(16)], any::<bool>())
            .prop_map(|(value, bytes, signed)| {
                let shift = 128 - 8 * u32::from(bytes);
                let value = if signed {
                    value << shift >> shift
                } else {
                    ((value as u128) << shift >> shift) as i128
                };
                ArgumentValue::Integer { value, bytes, signed }
            }),
        (0_u64..0x7fff).prop_map(ArgumentValue::Pointer),
        any::<i16>().prop_map(|number| ArgumentValue::F32(f32::from(number) / 8.0)),
        any::<i32>().prop_map(|number| ArgumentValue::F64(f64::from(number) / 1024.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_callee_finds_what_the_caller_placed(
        arguments in proptest::collection::vec(argument(), 0..14),
        fixed in proptest::option::of(0_usize..4),
        returns_struct in any::<bool>(),
    ) {
        for platform in Platform::ALL.iter().copied() {
            for convention in platform.definition().calling_conventions {
                let mut emulator = Fake::new(platform);
                machine(platform).apply(&mut emulator).unwrap();
                let fixed = fixed.map(|count| count.min(arguments.len()));
                let returns = if returns_struct { Return::Struct { bytes: 64 } } else { Return::Void };
                let setup = CallSetup {
                    convention, function: CODE, arguments: &arguments, fixed, returns,
                    return_address: return_address(&emulator).unwrap(), toc: None, global_pointer: None,
                };
                // What some conventions have no place for is an error.
                let rises = matches!(convention.return_by, ReturnBy::RisingStack { .. });
                let mut placer = match fixed {
                    Some(_) => Placer::new_variadic(platform, convention),
                    None => Placer::new(platform, convention),
                };
                let in_variable = arguments.iter().any(|argument| {
                    placer.place(argument.parameter()).iter().any(|piece| piece.location == Location::Variable)
                });
                if in_variable || rises && returns_struct {
                    let error = place_call(&mut emulator, &setup).err();
                    prop_assert!(matches!(error, Some(Error::NoPlace { .. })), "{} {}", platform, convention.name);
                    continue;
                }
                let placed = place_call(&mut emulator, &setup).unwrap();
                let pointer = emulator.read_register(platform.definition().stack_pointer).unwrap();
                let entry = pointer + u64::from(convention.stack_bias);
                prop_assert_eq!(
                    (entry + u64::from(convention.entry_misalignment)) % u64::from(convention.stack_alignment), 0,
                    "{} {}", platform, convention.name
                );
                let mut call = Call::entered(&mut emulator, convention, CODE).unwrap();
                if fixed.is_some() {
                    call.variadic();
                }
                // Where `this` takes the only register, it comes before the room.
                let late = returns_struct && convention.integer_arguments.len() == 1;
                if returns_struct && !late {
                    prop_assert_eq!(call.result_room().unwrap(), placed.room.unwrap(), "{} {}", platform, convention.name);
                }
                for (index, expected) in arguments.iter().enumerate() {
                    if fixed == Some(index) {
                        call.begin_variable();
                    }
                    if late && index == 1 {
                        prop_assert_eq!(call.result_room().unwrap(), placed.room.unwrap());
                    }
                    let found = call.next(expected.parameter()).unwrap();
                    prop_assert_eq!(&found, &with_base(platform, expected), "{} {} argument {}", platform, convention.name, index);
                }
            }
        }
    }

    #[test]
    fn a_caller_finds_what_the_callee_returned(value in argument()) {
        for platform in Platform::ALL.iter().copied() {
            for convention in platform.definition().calling_conventions {
                let mut emulator = Fake::new(platform);
                let size = match value {
                    ArgumentValue::Integer { bytes, .. } => bytes,
                    ArgumentValue::Pointer(_) => platform.definition().pointer_bytes,
                    ArgumentValue::F32(_) => 4,
                    _ => 8,
                };
                // No register is for numbers of this size.
                let room = usize::from(convention.slot_bytes) * convention.integer_results.len();
                let is_float = matches!(value, ArgumentValue::F32(_) | ArgumentValue::F64(_));
                if is_float
                    && convention.by_size.is_none()
                    && convention.float_results.is_empty()
                    && usize::from(size) > room
                {
                    continue;
                }
                // The caller makes room for other results.
                if convention.by_size.is_some_and(|it| it.result(size).is_none()) {
                    continue;
                }
                let (returned, returns) = match value {
                    ArgumentValue::Integer { value, bytes, signed } => {
                        let room = usize::from(convention.slot_bytes) * convention.integer_results.len();
                        if usize::from(bytes) > room {
                            continue;
                        }
                        (ReturnValue::Integer { value, bytes }, Return::Integer { bytes, signed })
                    }
                    ArgumentValue::Pointer(address) => {
                        (ReturnValue::Pointer(platform.definition().data_base | address), Return::Pointer)
                    },
                    ArgumentValue::F32(number) => (ReturnValue::F32(number), Return::F32),
                    ArgumentValue::F64(number) => (ReturnValue::F64(number), Return::F64),
                    _ => unreachable!(),
                };
                write_result(&mut emulator, convention, &returned).unwrap();
                let found = read_result(&emulator, convention, returns, None).unwrap();
                prop_assert_eq!(found, returned, "{} {}", platform, convention.name);
            }
        }
    }
}

#[test]
fn a_function_is_called_by_name_on_every_platform() {
    for platform in Platform::ALL.iter().copied() {
        let machine = machine(platform);
        let mut emulator = Fake::new(platform);
        let convention = complete_convention(platform);
        emulator.script(CODE, move |fake| {
            let mut call = Call::entered(fake, convention, CODE).unwrap();
            let sum = call.integer(0).unwrap() + call.integer(1).unwrap();
            call.return_integer(sum).unwrap();
            fake.ret(0)
        });
        let width = platform.definition().pointer_bytes;
        let word = |value: i128| ArgumentValue::Integer { value, bytes: width, signed: false };
        let returns = Return::Integer { bytes: width, signed: false };
        machine.apply(&mut emulator).unwrap();
        let mut caller = Caller::new(&machine, &mut emulator).unwrap();
        caller.convention(convention.name).unwrap();
        let result = caller.call("function", &[word(40), word(2)], returns).unwrap();
        assert_eq!(result.value.as_u64(), 42, "{platform}");
        let error = machine.call(&mut Fake::new(platform), "functoin", &[], Return::Void).unwrap_err();
        assert!(error.to_string().contains("did you mean function"), "{error}");
    }
}

#[test]
fn repeated_calls_leave_the_stack_as_it_was() {
    let machine = machine(Platform::X86_64);
    let mut emulator = Fake::new(Platform::X86_64);
    emulator.script(CODE, |fake| {
        let at = fake.read_register("rdi")?;
        let text = fake.read_c_string(at, 100)?;
        fake.write_register("rax", text.len() as u64)?;
        fake.ret(0)
    });
    machine.apply(&mut emulator).unwrap();
    let before = emulator.read_register("rsp").unwrap();
    let mut caller = terrella_machine_state::call::Caller::new(&machine, &mut emulator).unwrap();
    for text in ["", "a", "hello"] {
        let result = caller.call(CODE, &[text.into()], Return::U64).unwrap();
        assert_eq!(result.value.as_u64(), text.len() as u64);
    }
    assert_eq!(emulator.read_register("rsp").unwrap(), before);
    assert!(emulator.exit_points().is_empty());
}

#[test]
fn a_thumb_function_is_entered_and_left_in_thumb_state() {
    let platform = Platform::ARMV7A;
    let machine = machine(platform);
    let mut emulator = Fake::new(platform);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = Rc::clone(&seen);
    emulator.script(CODE, move |fake| {
        log.borrow_mut().push((fake.read_register("t")?, fake.read_register("lr")? & 1));
        fake.ret(0)
    });
    machine.apply(&mut emulator).unwrap();
    let mut caller = terrella_machine_state::call::Caller::new(&machine, &mut emulator).unwrap();
    caller.call(CODE | 1, &[], Return::Void).unwrap();
    caller.call(CODE, &[], Return::Void).unwrap();
    assert_eq!(*seen.borrow(), [(1, 1), (0, 0)]);
}

#[test]
fn a_function_descriptor_gives_entry_and_table_pointer() {
    let platform = Platform::PPC64;
    let mut machine = machine(platform);
    let mut data = Executable::new("data", platform);
    let mut words = Vec::new();
    for word in [CODE, 0x1234_5678, 0x9abc] {
        words.extend_from_slice(&u64::to_be_bytes(word));
    }
    data.segments.push(Segment::new("opd", 0x2000..0x2018, Permissions::READ_WRITE, &words).unwrap());
    machine.add("data", data).unwrap();
    let mut emulator = Fake::new(platform);
    emulator.script(CODE, |fake| {
        let sum = fake.read_register("r2")? + fake.read_register("r11")?;
        fake.write_register("r3", sum)?;
        fake.ret(0)
    });
    let result = machine.call(&mut emulator, 0x2000_u64, &[], Return::U64).unwrap();
    assert_eq!(result.value.as_u64(), 0x1234_5678 + 0x9abc);
    assert_eq!(live_symbol(&emulator, "function").unwrap(), CODE);
}

#[test]
fn structures_are_returned_in_the_room_or_in_registers() {
    for platform in [Platform::X86_64, Platform::SPARC, Platform::AARCH64, Platform::I386] {
        let mut emulator = Fake::new(platform);
        let convention = platform.definition().default_convention();
        emulator.script(CODE, move |fake| {
            let room = Call::entered(fake, convention, CODE).unwrap().result_room().unwrap();
            fake.write_memory(room, &[7; 40])?;
            fake.ret(0)
        });
        let machine = machine(platform);
        let result = machine.call(&mut emulator, CODE, &[], Return::Struct { bytes: 40 }).unwrap();
        assert_eq!(result.value, ReturnValue::Struct(vec![7; 40]), "{platform}");
    }
    let mut emulator = Fake::new(Platform::X86_64);
    emulator.script(CODE, |fake| {
        fake.write_register("rax", 0x0807_0605_0403_0201_u64)?;
        fake.write_register("rdx", 0x0a09_u64)?;
        fake.ret(0)
    });
    let result =
        machine(Platform::X86_64).call(&mut emulator, CODE, &[], Return::Struct { bytes: 10 }).unwrap();
    assert_eq!(result.value, ReturnValue::Struct((1..=10).collect()));
}

#[test]
fn variable_arguments_count_their_vector_registers() {
    let mut emulator = Fake::new(Platform::X86_64);
    emulator.script(CODE, |fake| {
        let count = fake.read_register("al")?;
        fake.write_register("rax", count)?;
        fake.ret(0)
    });
    let machine = machine(Platform::X86_64);
    machine.apply(&mut emulator).unwrap();
    let mut caller = terrella_machine_state::call::Caller::new(&machine, &mut emulator).unwrap();
    let arguments = ["%f %f".into(), 1.0_f64.into(), 2.0_f64.into()];
    assert_eq!(caller.call_variadic(CODE, 1, &arguments, Return::U64).unwrap().value.as_u64(), 2);
    assert_eq!(Parameter::I32, ArgumentValue::from(1_i32).parameter());
}

#[test]
fn return_addresses_avoid_what_is_mapped() {
    let mut emulator = Fake::new(Platform::MSP430);
    assert_eq!(return_address(&emulator).unwrap(), 0x7000);
    emulator.map_memory(0x1000..0x10000, Permissions::ALL).unwrap();
    assert_eq!(return_address(&emulator).unwrap(), 0);
    emulator.map_memory(0..1, Permissions::ALL).unwrap();
    assert!(return_address(&emulator).is_err());
    assert_eq!(return_address(&Fake::new(Platform::MIPS64)).unwrap(), 0x7fff_f000);
}
