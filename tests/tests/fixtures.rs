//! The library fixtures on every platform that a backend runs: open imports
//! answered by models, and position-independent programs at chosen addresses.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use terrella::{
    api::{EmulatorExt, Flow, HookError, Platform, Stop},
    backends,
    loaders::{ImportArea, Linker, Loaded, Options, load_file},
    machine::{Function, FunctionModel, Machine, Return, Stack, call::Call},
};

/// The fixtures of platforms that a backend runs. `sparc64` is not one of
/// them: Unicorn starts it with no register window to save into.
const PLATFORMS: &[(&str, Platform)] = &[
    ("x86_64", Platform::X86_64),
    ("i386", Platform::I386),
    ("aarch64", Platform::AARCH64),
    ("armv7a", Platform::ARMV7A),
    ("armv5t", Platform::ARMV5T),
    ("mips", Platform::MIPS),
    ("mipsel", Platform::MIPSEL),
    ("mips64", Platform::MIPS64),
    ("mips64el", Platform::MIPS64EL),
    ("ppc", Platform::PPC),
    ("ppc64", Platform::PPC64),
    ("ppc64-elfv2", Platform::PPC64),
    ("riscv32", Platform::RISCV32),
    ("riscv64", Platform::RISCV64),
    ("m68k", Platform::M68K),
    ("s390x", Platform::S390X),
    ("sparc", Platform::SPARC),
];

const STACK: u64 = 0x3000_0000;

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/library")).join(name)
}

/// `unsigned long external_length(const char *)`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Length {
    asked: Vec<String>,
}

#[typetag::serde(name = "terrella.test.external_length.v1")]
impl Function for Length {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        let text = call.next_pointer()?;
        let text = call.emulator().read_c_string(text, 4096)?;
        call.return_integer(text.len() as u64)?;
        self.asked.push(String::from_utf8_lossy(&text).into_owned());
        Ok(Flow::Continue)
    }
}

fn machine(loaded: Loaded, platform: Platform) -> Machine {
    let mut machine = loaded.into_machine().expect("a machine");
    machine.add("stack", Stack::new(platform, STACK, 0x1_0000).expect("a stack")).expect("a stack");
    machine
}

fn imports(name: &str, mapped: bool) -> Loaded {
    let import_area = ImportArea { mapped, ..ImportArea::default() };
    let mut linker = Linker::new(Options { import_area, ..Options::default() });
    linker.add_file(path(&format!("{name}-imports.so"))).expect("a library");
    linker.link().unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn models_answer_open_imports() {
    let mut failures = Vec::new();
    for (name, platform) in PLATFORMS {
        // In mapped memory, and where the model maps what it needs; by name
        // and by address.
        for (mapped, by_name) in [(true, true), (true, false), (false, true), (false, false)] {
            let loaded = imports(name, mapped);
            let address = loaded.report.imports[0].address;
            let mut machine = machine(loaded, *platform);
            let model = if by_name {
                FunctionModel::new("external_length@import", Length::default())
            } else {
                FunctionModel::new(address, Length::default())
            };
            machine.add("model", if mapped { model } else { model.with_stub() }).expect("a model");
            let mut check = || -> Result<(), Box<dyn std::error::Error>> {
                let mut emulator = backends::make(*platform)?;
                let arguments = ["seven".into()];
                let value = machine.call(&mut *emulator, "call_imported", &arguments, Return::U32)?.value;
                machine.extract(&mut *emulator)?;
                let model = machine.get::<FunctionModel>("model")?;
                let asked = &model.function::<Length>().ok_or("no model")?.asked;
                match value.as_u64() {
                    6 if *asked == ["seven"] => Ok(()),
                    other => Err(format!("{other}, asked {asked:?}").into()),
                }
            };
            if let Err(error) = check() {
                failures.push(format!("{name}, mapped {mapped}, by name {by_name}: {error}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn position_independent_programs_run_anywhere() {
    let mut failures = Vec::new();
    for (name, platform) in PLATFORMS {
        for base in [None, Some(0x1230_0000), Some(0x70_0000)] {
            let options = Options { base, ..Options::default() };
            let loaded = load_file(path(&format!("{name}.pie")), &options).expect("a program");
            let machine = machine(loaded, *platform);
            let call = |function: &str, arguments: &[_], expected: u64| {
                let mut emulator = backends::make(*platform)?;
                let value = machine.call(&mut *emulator, function, arguments, Return::U32)?.value;
                if value.as_u64() == expected { Ok(()) } else { Err(format!("{function}: {value}").into()) }
            };
            let check = || -> Result<(), Box<dyn std::error::Error>> {
                call("crc32", &["123456789".into(), 9_u32.into()], 0xcbf4_3926)?;
                // Through a table of addresses, which were relocated.
                call("call_through_table", &[1_u32.into(), 21_u32.into()], 42)
            };
            if let Err(error) = check() {
                failures.push(format!("{name} at {base:x?}: {error}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn position_independent_programs_start_at_their_entry() {
    for (name, platform) in PLATFORMS {
        let options = Options { base: Some(0x1230_0000), ..Options::default() };
        let loaded = load_file(path(&format!("{name}.pie")), &options).expect("a program");
        let start = loaded.executables[0].entry.expect("an entry");
        let machine = machine(loaded, *platform);
        let mut emulator = backends::make(*platform).expect("an emulator");
        machine.apply(&mut *emulator).expect("a machine");
        let stack_pointer = emulator.definition().stack_pointer;
        emulator.write_register(stack_pointer, STACK + 0x8000).expect("a stack pointer");
        let code = match *name {
            // The entry is a function descriptor.
            "ppc64" => emulator.read_integer(start, 8).expect("a descriptor") as u64,
            _ => start,
        };
        emulator.set_program_counter(code).expect("a program counter");
        // It loops for ever.
        let stop = emulator.run_with(&terrella::api::Limits::instructions(100));
        assert!(matches!(stop, Ok(Stop::InstructionLimit(_))), "{name}: {stop:?}");
    }
}
