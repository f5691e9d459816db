//! ELF modules linked with each other as the run-time linker does it, and run
//! on every backend: symbol versions, weak and protected symbols, copied data,
//! thread-local storage of all models, indirect functions, constructors.
//! Results are those of the same C sources on the host with its own run-time
//! linker (`tests/fixtures/linking/expected.txt`).

use std::path::{Path, PathBuf};

use terrella::{
    backends,
    loaders::{IndirectFunctions, Linker, Loaded, Options, SearchPath, UnknownRelocations, resolve_indirect},
    machine::{ArgumentValue, Machine, Return, Stack, call::Caller},
};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/linking"))
}

fn expected(call: &str) -> Option<i64> {
    let text = std::fs::read_to_string(folder().join("expected.txt")).unwrap();
    text.lines().find_map(|line| line.strip_prefix(call)?.strip_prefix(" = ")?.parse().ok())
}

/// The program, whose library is found by `$ORIGIN`.
fn load(folder: &Path) -> Loaded {
    let mut linker = Linker::new(Options::default());
    linker.add_file(folder.join("program")).unwrap();
    linker.add_needed(&SearchPath::default()).unwrap();
    linker.link().unwrap()
}

fn call(machine: &Machine, backend: &backends::Backend, name: &str, arguments: &[i32]) -> i64 {
    let mut emulator = (backend.make)(machine.platform()).unwrap();
    machine.apply(emulator.as_mut()).unwrap();
    let mut caller = Caller::new(machine, emulator.as_mut()).unwrap();
    let library =
        machine.iter_of::<terrella::machine::Executable>().find(|(name, _)| *name == "liblibrary.so");
    for constructor in &library.unwrap().1.constructors {
        caller.call(*constructor, &[], Return::Void).unwrap();
    }
    let arguments: Vec<ArgumentValue> = arguments.iter().map(|value| (*value).into()).collect();
    caller.call(name, &arguments, Return::I32).unwrap().value.as_i64()
}

#[test]
fn programs_of_every_processor() {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    let mut count = 0;
    for folder in names {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let loaded = load(&folder);
        assert!(loaded.report.missing.is_empty(), "{name}: {:?}", loaded.report.missing);
        assert!(loaded.report.skipped.is_empty(), "{name}");
        // What the linker answers, and marks of Arm's tables of exceptions.
        let known = [
            "__tls_get_addr",
            "___tls_get_addr",
            "__tls_get_offset",
            "__aeabi_unwind_cpp_pr0",
            "__aeabi_read_tp",
        ];
        let open = loaded.report.imports.iter().filter(|import| !known.contains(&import.name.as_str()));
        assert_eq!(open.filter(|import| !import.weak).count(), 0, "{name}: {}", loaded.report);
        let platform = loaded.platform;
        let mut machine = loaded.into_machine().unwrap();
        machine.add("stack", Stack::new(platform, 0x2000_0000, 0x1_0000).unwrap()).unwrap();
        let has_indirect = machine.symbol("indirect").is_ok();
        for backend in backends::ALL.iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            for (function, arguments) in [
                ("local", &[4][..]),
                ("initial", &[2]),
                ("both", &[3]),
                ("versions", &[]),
                ("binding", &[]),
                ("copied", &[]),
                ("was_initialised", &[]),
                ("indirect", &[21]),
            ] {
                if function == "indirect" && !has_indirect {
                    continue;
                }
                let words: Vec<String> = arguments.iter().map(ToString::to_string).collect();
                let line = format!("{function} {}", words.join(" "));
                let value = call(&machine, backend, function, arguments);
                assert_eq!(Some(value), expected(line.trim_end()), "{name} on {}: {line}", backend.name);
                count += 1;
            }
        }
    }
    assert!(count > 90, "{count}");
}

#[test]
fn indirect_functions_once_for_all() {
    let mut machine = load(&folder().join("x86_64")).into_machine().unwrap();
    machine.add("stack", Stack::new(machine.platform(), 0x2000_0000, 0x1_0000).unwrap()).unwrap();
    assert!(machine.iter_of::<IndirectFunctions>().any(|(_, item)| !item.is_empty()));
    let backend = backends::for_platform(machine.platform()).unwrap();
    let mut emulator = (backend.make)(machine.platform()).unwrap();
    let count = resolve_indirect(&mut machine, emulator.as_mut()).unwrap();
    assert!(count > 0);
    assert_eq!(machine.iter_of::<IndirectFunctions>().count(), 0);
    assert_eq!(Some(call(&machine, backend, "indirect", &[21])), expected("indirect 21"));
}

#[test]
fn a_version_that_nobody_has_stays_open() {
    // Its thread-local variable is not there either.
    let options = Options { unknown_relocations: UnknownRelocations::Skip, ..Options::default() };
    let mut linker = Linker::new(options);
    linker.add_file(folder().join("x86_64/program")).unwrap();
    let loaded = linker.link().unwrap();
    let import = loaded.report.imports.iter().find(|import| import.name == "version").unwrap();
    assert!(matches!(import.version.as_deref(), Some("FIRST" | "SECOND")));
}

#[test]
fn a_processor_without_a_thread_register_takes_thread_local_storage() {
    // ARMv5 has none: the pointer is one that the kernel keeps in memory.
    let platform = Some(terrella_platforms::Platform::ARMV5T);
    let mut linker = Linker::new(Options { platform, ..Options::default() });
    linker.add_file(folder().join("armv7a/program")).unwrap();
    linker.add_needed(&SearchPath::default()).unwrap();
    let machine = linker.link().unwrap().into_machine().unwrap();
    let backend = backends::for_platform(machine.platform()).unwrap();
    machine.apply((backend.make)(machine.platform()).unwrap().as_mut()).unwrap();
}

/// Entries that a resolver fills in position-independent programs: a descriptor
/// (`R_PPC64_JMP_IREL` of ELFv1), and code (`R_SPARC_JMP_IREL`).
#[test]
fn linkage_tables_of_static_programs_are_filled() {
    for name in ["resolved-ppc64.elf", "resolved-sparc64.elf"] {
        let mut linker = Linker::new(Options::default());
        linker.add_file(folder().join(name)).unwrap();
        let loaded = linker.link().unwrap();
        let platform = loaded.platform;
        let mut machine = loaded.into_machine().unwrap();
        machine.add("stack", Stack::new(platform, 0x2000_0000, 0x1_0000).unwrap()).unwrap();
        let slots: usize = machine.iter_of::<IndirectFunctions>().map(|(_, item)| item.len()).sum();
        assert_eq!(slots, 1, "{name}");
        let mut count = 0;
        for backend in backends::ALL.iter().filter(|backend| (backend.platforms)().contains(&platform)) {
            let mut emulator = (backend.make)(platform).unwrap();
            machine.apply(emulator.as_mut()).unwrap();
            let mut caller = Caller::new(&machine, emulator.as_mut()).unwrap();
            let value = caller.call("call_chosen", &[], Return::I32).unwrap().value.as_i64();
            assert_eq!(value, 43, "{name} on {}", backend.name);
            count += 1;
        }
        assert!(count > 0);
        // Once for all: in the machine as well.
        let backend = backends::for_platform(platform).unwrap();
        let mut emulator = (backend.make)(platform).unwrap();
        assert_eq!(resolve_indirect(&mut machine, emulator.as_mut()).unwrap(), 1);
        let mut emulator = (backend.make)(platform).unwrap();
        machine.apply(emulator.as_mut()).unwrap();
        let mut caller = Caller::new(&machine, emulator.as_mut()).unwrap();
        assert_eq!(caller.call("call_chosen", &[], Return::I32).unwrap().value.as_i64(), 43, "{name}");
    }
}

/// What is relative to the program counter in a prefixed instruction of POWER10
/// (`R_PPC64_GOT_PCREL34`, 64-bit ELF V2 ABI, 3.5.4), in an object that no
/// linker has seen.
#[test]
fn offset_tables_of_prefixed_instructions() {
    let mut linker = Linker::new(Options::default());
    linker.add_file(folder().join("prefixed.o")).unwrap();
    let loaded = linker.link().unwrap();
    let platform = loaded.platform;
    let mut machine = loaded.into_machine().unwrap();
    machine.add("stack", Stack::new(platform, 0x2000_0000, 0x1_0000).unwrap()).unwrap();
    let mut emulator = (backends::by_name("native").unwrap().make)(platform).unwrap();
    machine.apply(emulator.as_mut()).unwrap();
    let mut caller = Caller::new(&machine, emulator.as_mut()).unwrap();
    for expected in [42, 43] {
        assert_eq!(caller.call("increment", &[], Return::I32).unwrap().value.as_i64(), expected);
    }
}

/// Objects that no linker has seen, with each way to thread-local storage
/// (`tests/fixtures/thread-local`): what their functions give is what
/// they give on the host.
#[test]
fn thread_local_storage_of_objects() {
    let root = folder().join("../thread-local");
    let expected = std::fs::read_to_string(root.join("expected.txt")).unwrap();
    let expected: Vec<i64> = expected.lines().map(|line| line.parse().unwrap()).collect();
    let mut names: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for folder in names {
        for model in ["global-dynamic", "local-dynamic", "initial-exec", "local-exec"] {
            let name = format!("{} {model}", folder.file_name().unwrap().to_str().unwrap());
            let mut linker = Linker::new(Options::default());
            linker.add_file(folder.join(model).with_extension("o")).unwrap();
            linker.add_file(folder.join("other.o")).unwrap();
            let loaded = match linker.link() {
                Ok(loaded) => loaded,
                Err(error) => {
                    wrong.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let platform = loaded.platform;
            let mut machine = loaded.into_machine().unwrap();
            machine.add("stack", Stack::new(platform, 0x2000_0000, 0x1_0000).unwrap()).unwrap();
            for backend in backends::ALL.iter().filter(|backend| (backend.platforms)().contains(&platform)) {
                let mut emulator = (backend.make)(platform).unwrap();
                machine.apply(emulator.as_mut()).unwrap();
                let mut caller = Caller::new(&machine, emulator.as_mut()).unwrap();
                let mut values = Vec::new();
                let calls =
                    [("change", Some(1)), ("change", Some(2)), ("change", Some(3)), ("through", None)];
                for (function, argument) in calls {
                    let arguments: Vec<ArgumentValue> =
                        argument.into_iter().map(ArgumentValue::from).collect();
                    match caller.call(function, &arguments, Return::I32) {
                        Ok(result) => values.push(result.value.as_i64()),
                        Err(error) => {
                            wrong.push(format!("{name} on {}: {error}", backend.name));
                            break;
                        }
                    }
                }
                if values != expected {
                    wrong.push(format!("{name} on {}: {values:?}", backend.name));
                }
                count += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{count}:\n{}", wrong.join("\n"));
    assert!(count > 100, "{count}");
}
