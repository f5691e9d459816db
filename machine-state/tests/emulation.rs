//! Machines on a (fake) emulator: apply, run, extract, go on.

mod fake;

use fake::Fake;
use serde::{Deserialize, Serialize};
use terrella_emulator_api::Overlap;
use terrella_machine_state::{
    Device, Emulator, EmulatorExt, Error, Executable, Flow, Function, FunctionModel, Heap, HeapStrategy,
    HookError, Limits, Machine, MappedDevice, Memory, Permissions, Platform, RegisterValue, Stack, Stop,
    Symbol, SymbolBinding, SymbolKind,
    call::{Call, Parameter},
};

const CODE: u64 = 0x1000;

/// A machine with code at 0x1000, data and a stack, that starts at the code.
fn machine(platform: Platform) -> Machine {
    let mut machine = Machine::new(platform);
    machine.add("code", Executable::from_bytes("code", platform, CODE, &[1; 64]).unwrap()).unwrap();
    let mut data = Memory::new(platform, 0x2010, 0x1800, Permissions::READ_WRITE).unwrap();
    data.write(0x2ffe, b"data").unwrap();
    machine.add("data", data).unwrap();
    machine.add("stack", Stack::new(platform, 0x5000, 0x1000).unwrap()).unwrap();
    machine.cpu_mut().set_program_counter(CODE).unwrap();
    machine.add_exit_point(0x1020);
    machine.add_exit_after_point(0x1010);
    machine.add_bound(0x1000..0x1040);
    machine
}

fn registers(emulator: &Fake) -> Vec<RegisterValue> {
    let roots = emulator.definition().registers().roots();
    roots.map(|(id, _)| emulator.read_wide_register_id(id).unwrap()).collect()
}

#[test]
fn an_extracted_machine_is_the_same_on_a_fresh_emulator() {
    for platform in Platform::ALL.iter().copied() {
        let mut emulator = Fake::new(platform);
        emulator.script(CODE, |fake| {
            // Every register gets a value of its own, the map changes.
            let table = fake.definition().registers();
            for (id, definition) in table.roots() {
                let value = RegisterValue::from(0x8899_aabb_ccdd_eeff_u64 ^ id.index() as u64);
                fake.write_wide_register_id(id, value.extract(0, definition.bits.into()))?;
            }
            fake.write_memory(0x3000, b"changed")?;
            fake.map_memory(0x7003..0x7014, Permissions::READ)?;
            fake.write_memory(0x7004, b"new")?;
            fake.unmap_memory((0x2100..0x2200).into())?;
            fake.protect_memory((0x3100..0x3200).into(), Permissions::READ)?;
            fake.set_program_counter(0x1020)
        });
        let before = machine(platform);
        let outcome = before.emulate(&mut emulator).unwrap();
        assert_eq!(outcome.stop, Stop::ExitPoint(0x1020), "{platform}");
        let mut again = Fake::new(platform);
        outcome.machine.apply(&mut again).unwrap();
        assert_eq!(registers(&again), registers(&emulator), "{platform}");
        assert_eq!(again.memory_map(), emulator.memory_map());
        for region in emulator.memory_map() {
            let size = region.range.size().unwrap();
            let bytes = |fake: &Fake| fake.read_bytes(region.range.first(), size).unwrap();
            assert_eq!(bytes(&again), bytes(&emulator), "{platform} {region:?}");
        }
        assert_eq!(again.exit_points(), emulator.exit_points());
        assert_eq!(again.exit_after_points(), emulator.exit_after_points());
        assert_eq!(again.bounds(), emulator.bounds());
        // Extracting that again changes nothing, saving and loading neither.
        let mut twice = outcome.machine.clone();
        twice.extract(&mut again).unwrap();
        assert_eq!(outcome.machine.diff(&twice).to_string(), "", "{platform}");
        let loaded = Machine::from_bytes(&outcome.machine.to_bytes().unwrap()).unwrap();
        assert_eq!(outcome.machine.diff(&loaded).to_string(), "", "{platform}");
        assert!(outcome.machine.contains("mapped:0x7003"));
        assert_eq!(outcome.machine.read_memory(0x3000, 7).unwrap(), b"changed");
        assert!(outcome.machine.read_memory(0x20ff, 2).is_err());
    }
}

#[test]
fn the_difference_of_a_run_is_readable() {
    let platform = Platform::X86_64;
    let mut emulator = Fake::new(platform);
    emulator.script(CODE, |fake| {
        fake.write_register("rbx", 2_u64)?;
        fake.write_memory(0x2ffe, b"DATa")?;
        fake.set_program_counter(0x1020)
    });
    let mut start = machine(platform);
    start.apply(&mut Fake::new(platform)).unwrap();
    start
        .extract(&mut {
            let mut fresh = Fake::new(platform);
            start.apply(&mut fresh).unwrap();
            fresh
        })
        .unwrap();
    let outcome = start.emulate(&mut emulator).unwrap();
    let text = start.diff(&outcome.machine).to_string();
    assert_eq!(
        text,
        "rbx: 0x0 -> 0x2\nrip: 0x1000 -> 0x1020\n0x2ffe..0x3000: 64 61 -> 44 41\n0x3000..0x3001: 74 -> 54\n"
    );
    let json = serde_json::to_string(&start.diff(&outcome.machine)).unwrap();
    let back: terrella_machine_state::MachineDiff = serde_json::from_str(&json).unwrap();
    assert_eq!(back, start.diff(&outcome.machine));
}

#[test]
fn an_unmapped_item_leaves_and_unchanged_pages_stay_shared() {
    let platform = Platform::X86_64;
    let mut emulator = Fake::new(platform);
    emulator.script(CODE, |fake| {
        fake.unmap_memory((0x2010..0x3810).into())?;
        fake.set_program_counter(0x1020)
    });
    let mut before = machine(platform);
    let mut big = Memory::new(platform, 0x10_0000, 0x10_0000, Permissions::ALL).unwrap();
    big.write(0x10_0000, &vec![5; 0x4000]).unwrap();
    before.add("big", big).unwrap();
    let after = before.emulate(&mut emulator).unwrap().machine;
    assert!(!after.contains("data"));
    let page = |machine: &Machine| machine.get::<Memory>("big").unwrap().data().page(0x102).unwrap().clone();
    assert!(std::sync::Arc::ptr_eq(&page(&before), &page(&after)));
}

#[test]
fn only_the_bits_that_are_set_are_written() {
    let mut machine = Machine::new(Platform::X86_64);
    machine.cpu_mut().set("al", 0x11_u64).unwrap();
    let mut emulator = Fake::new(Platform::X86_64);
    emulator.write_register("rax", 0x2222_u64).unwrap();
    machine.apply(&mut emulator).unwrap();
    assert_eq!(emulator.read_register("rax").unwrap(), 0x2211);
    assert!(machine.apply(&mut Fake::new(Platform::I386)).is_err());
}

#[test]
fn a_stack_sets_the_stack_pointer_unless_the_processor_has_one() {
    for platform in [Platform::X86_64, Platform::SPARC64] {
        let mut machine = machine(platform);
        let register = platform.definition().stack_pointer;
        let bias = u64::from(platform.definition().default_convention().stack_bias);
        let mut emulator = Fake::new(platform);
        machine.apply(&mut emulator).unwrap();
        assert_eq!(emulator.read_register(register).unwrap(), 0x6000 - bias);
        machine.cpu_mut().set_stack_pointer(0x5800).unwrap();
        let mut emulator = Fake::new(platform);
        machine.apply(&mut emulator).unwrap();
        assert_eq!(emulator.read_register(register).unwrap(), 0x5800);
    }
}

#[test]
fn overlapping_items_are_an_error_that_names_them() {
    let mut machine = machine(Platform::X86_64);
    machine.add("twin", Memory::new(Platform::X86_64, 0x2000, 0x100, Permissions::ALL).unwrap()).unwrap();
    let error = machine.apply(&mut Fake::new(Platform::X86_64)).unwrap_err().to_string();
    assert!(error.starts_with("applying `twin`: 0x2000..0x2100"), "{error}");
}

#[test]
fn steps_tell_what_changed() {
    let platform = Platform::X86_64;
    let machine = machine(platform);
    let mut emulator = Fake::new(platform);
    for address in 0x1000..0x1020_u64 {
        emulator.script(address, move |fake| {
            fake.write_register("rcx", address % 2)?;
            fake.set_program_counter(address + 1)
        });
    }
    let mut steps = machine.step(&mut emulator).unwrap();
    let first = steps.next().unwrap().unwrap();
    assert_eq!((first.from, first.pc, first.changes.len()), (0x1000, 0x1001, 0));
    let second = steps.next().unwrap().unwrap();
    assert_eq!(second.changes[0].after, RegisterValue::from(1_u64));
    assert_eq!(steps.machine().unwrap().cpu().program_counter(), Some(0x1002));
    let last = steps.last().unwrap().unwrap();
    assert_eq!((last.stop, last.index), (Some(Stop::ExitPoint(0x1020)), 32));
}

// ---- models

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Malloc {
    calls: u64,
}

#[typetag::serde(name = "test.malloc.v1")]
impl Function for Malloc {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        self.calls += 1;
        let size = call.integer(0)?;
        let block = Heap::live(call.emulator(), "heap")?.allocate(size, 16)?;
        call.return_pointer(block)?;
        Ok(Flow::Continue)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Uart {
    sent: Vec<u8>,
}

#[typetag::serde(name = "test.uart.v1")]
impl Device for Uart {
    fn clone_device(&self) -> Box<dyn Device> {
        Box::new(self.clone())
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), HookError> {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = 0x80 + offset as u8 + index as u8;
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<Flow, HookError> {
        if offset > 4 {
            return Err("no such register".into());
        }
        self.sent.extend_from_slice(bytes);
        Ok(Flow::Continue)
    }
}

fn modelled(strategy: HeapStrategy) -> Machine {
    let platform = Platform::X86_64;
    let mut machine = machine(platform);
    machine.remove_bound(0..u64::MAX);
    machine.add("heap", Heap::new(platform, 0x10_0000, 0x1_0000, strategy).unwrap()).unwrap();
    machine.add("malloc", FunctionModel::new(0x9000_u64, Malloc::default()).with_stub()).unwrap();
    machine.add("uart", MappedDevice::new(platform, 0x8000, 8, Uart::default()).unwrap()).unwrap();
    machine
}

/// Calls `malloc(24)` twice, stores through the pointers, talks to the device.
fn program(emulator: &mut Fake) {
    emulator.script(CODE, |fake| {
        fake.write_register("rdi", 24_u64)?;
        let stack = fake.read_register("rsp")? - 8;
        fake.write_register("rsp", stack)?;
        fake.write_integer(stack, 0x1001, 8)?;
        fake.set_program_counter(0x9000)
    });
    emulator.script(0x1001, |fake| {
        let block = fake.read_register("rax")?;
        fake.store(block, &[9; 24])?;
        fake.store(0x8000, b"!")?;
        let loaded = fake.load(0x7ffe + 4, 4)?;
        fake.write_register("rbx", u64::from(loaded[0]))?;
        fake.set_program_counter(0x1020)
    });
}

#[test]
fn models_keep_their_state_in_the_machine() {
    for strategy in [HeapStrategy::Bump, HeapStrategy::FreeList, HeapStrategy::Guarded] {
        let mut emulator = Fake::new(Platform::X86_64);
        program(&mut emulator);
        let first = modelled(strategy).emulate(&mut emulator).unwrap().machine;
        // Saved, loaded, and run again from the start.
        let mut again = Machine::from_json(&first.to_json().unwrap()).unwrap();
        assert_eq!(first.diff(&again).to_string(), "");
        again.cpu_mut().set_program_counter(CODE).unwrap();
        let mut emulator = Fake::new(Platform::X86_64);
        program(&mut emulator);
        let second = again.emulate_with(&mut emulator, &Limits::instructions(100)).unwrap().machine;
        let calls = second.get::<FunctionModel>("malloc").unwrap().function::<Malloc>().unwrap().calls;
        assert_eq!(calls, 2);
        assert_eq!(second.get::<MappedDevice>("uart").unwrap().device::<Uart>().unwrap().sent, b"!!");
        let heap = second.get::<Heap>("heap").unwrap();
        let blocks: Vec<_> = heap.blocks().collect();
        assert_eq!(blocks.len(), 2);
        for (address, size) in blocks {
            assert_eq!((size, heap.memory().read(address, 24).unwrap()), (24, vec![9; 24]));
            let behind = emulator.read_memory(address + 24, &mut [0]);
            assert_eq!(behind.is_err(), strategy == HeapStrategy::Guarded);
        }
        assert_eq!(second.cpu().get_u64("rbx").unwrap(), 0x82);
    }
}

#[test]
fn what_a_device_answers_is_not_in_memory() {
    let mut emulator = Fake::new(Platform::X86_64);
    modelled(HeapStrategy::Bump).apply(&mut emulator).unwrap();
    assert_eq!(emulator.load(0x8002, 2).unwrap(), [0x82, 0x83]);
    assert_eq!(emulator.read_bytes(0x8002, 2).unwrap(), [0, 0]);
    assert_eq!(MappedDevice::live::<Uart>(&mut emulator, "uart").unwrap().sent, b"");
    // An access across the edge: the part inside is the device's.
    emulator.map_memory_with((0x7000..0x8000).into(), Permissions::READ_WRITE, Overlap::Refuse).unwrap();
    emulator.write_memory(0x7ffe, &[1, 2]).unwrap();
    assert_eq!(emulator.load(0x7ffe, 4).unwrap(), [1, 2, 0x80, 0x81]);
    emulator.store(0x7fff, &[3, 4]).unwrap();
    assert_eq!(MappedDevice::live::<Uart>(&mut emulator, "uart").unwrap().sent, [4]);
    assert_eq!(emulator.store(0x8005, &[1]).unwrap_err().to_string(), "no such register");
}

#[test]
fn a_live_heap_notices_misuse() {
    let mut emulator = Fake::new(Platform::X86_64);
    modelled(HeapStrategy::FreeList).apply(&mut emulator).unwrap();
    let mut heap = Heap::live(&mut emulator, "heap").unwrap();
    let block = heap.allocate_bytes(b"text").unwrap();
    let moved = heap.reallocate(block, 400).unwrap();
    assert_eq!((heap.size_of(moved).unwrap(), heap.free(block).is_err()), (400, true));
    heap.free(moved).unwrap();
    assert!(heap.free(moved).unwrap_err().to_string().contains("freed already"));
    assert!(Heap::live(&mut emulator, "other").is_err());
}

/// Reads through a null pointer.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Faulty;

#[typetag::serde(name = "test.faulty.v1")]
impl Function for Faulty {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        Heap::live(call.emulator(), "heap")?.allocate_bytes(b"x")?;
        call.emulator().unmap_memory((0x10_0000..0x11_0000).into())?;
        Heap::live(call.emulator(), "heap")?.allocate_bytes(b"x")?;
        Ok(Flow::Continue)
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::I32, Parameter::F64]
    }
}

#[test]
fn a_fault_in_a_model_is_a_fault_of_the_run() {
    let mut machine = modelled(HeapStrategy::Bump);
    machine.remove("malloc").unwrap();
    machine.add("faulty", FunctionModel::new(0x9000_u64, Faulty).with_stub()).unwrap();
    machine.cpu_mut().set_program_counter(0x9000).unwrap();
    let error = machine.emulate(&mut Fake::new(Platform::X86_64)).unwrap_err();
    let Error::Emulator(error) = error else { panic!("{error}") };
    assert!(error.as_fault().is_some(), "{error}");
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seven;

#[typetag::serde(name = "test.seven.v1")]
impl Function for Seven {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        call.return_signed(-7)?;
        Ok(Flow::Stop)
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::I32, Parameter::F64]
    }
}

#[test]
fn a_stdcall_model_takes_its_arguments_off_the_stack() {
    let mut machine = machine(Platform::I386);
    machine.remove_bound(0..u64::MAX);
    machine
        .add("seven", FunctionModel::new(0x9000_u64, Seven).with_convention("stdcall").with_stub())
        .unwrap();
    machine.get_mut::<Stack>("stack").unwrap().push_bytes(&[0; 32]).unwrap();
    machine.cpu_mut().set_program_counter(0x9000).unwrap();
    let mut emulator = Fake::new(Platform::I386);
    let outcome = machine.emulate(&mut emulator).unwrap();
    assert!(matches!(outcome.stop, Stop::Requested(_)));
    assert_eq!(emulator.read_register("esp").unwrap(), 0x6000 - 32 + 4 + 12);
    assert_eq!(emulator.read_register("eax").unwrap(), 0xffff_fff9);
    let mut unknown = machine.clone();
    unknown.add("eight", FunctionModel::new(0x9000_u64, Seven).with_convention("stdcal")).unwrap();
    let error = unknown.apply(&mut Fake::new(Platform::I386)).unwrap_err().to_string();
    assert!(error.contains("did you mean stdcall"), "{error}");
}

#[test]
fn a_model_by_name_goes_through_a_function_descriptor() {
    let platform = Platform::PPC64;
    let mut machine = machine(platform);
    machine.remove_bound(0..u64::MAX);
    machine.get_mut::<Memory>("data").unwrap().write_integer(0x2800, CODE.into(), 8).unwrap();
    let image = machine.get_mut::<Executable>("code").unwrap();
    image.symbols.insert(Symbol {
        name: "seven".into(),
        address: 0x2800,
        size: 24,
        kind: SymbolKind::Function,
        binding: SymbolBinding::Global,
        module: "code".into(),
    });
    machine.add("model", FunctionModel::new("seven", Seven)).unwrap();
    let mut emulator = Fake::new(platform);
    assert!(matches!(machine.emulate(&mut emulator).unwrap().stop, Stop::Requested(_)));
    assert_eq!(emulator.read_register("r3").unwrap() as i64, -7);
}
