//! Libraries of Windows, called on every backend that runs their processor:
//! results are those of the same C source on the host
//! (`tests/fixtures/pe/expected.txt`).

use std::path::PathBuf;

use terrella::{
    backends,
    loaders::{Linker, Loaded, Options},
    machine::{ArgumentValue, Machine, Return, ReturnValue, Stack, call::Caller},
    platforms::Platform,
};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/pe"))
}

fn link(processor: &str, files: &[&str]) -> Loaded {
    let mut linker = Linker::new(Options::default());
    for file in files {
        linker.add_file(folder().join(processor).join(file)).unwrap();
    }
    linker.link().unwrap()
}

/// The line of the host that begins with this.
fn expected(call: &str) -> String {
    let text = std::fs::read_to_string(folder().join("expected.txt")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(call)?.strip_prefix(" = ")).unwrap();
    line.to_owned()
}

fn bytes(value: &ReturnValue) -> &[u8] {
    match value {
        ReturnValue::Struct(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

struct Calls<'a> {
    machine: &'a Machine,
    backend: &'a backends::Backend,
}

impl Calls<'_> {
    fn value(
        &self,
        name: &str,
        abi: Option<&str>,
        arguments: &[ArgumentValue],
        returns: Return,
    ) -> ReturnValue {
        let mut emulator = (self.backend.make)(self.machine.platform()).unwrap();
        self.machine.apply(emulator.as_mut()).unwrap();
        let mut caller = Caller::new(self.machine, emulator.as_mut()).unwrap();
        if let Some(abi) = abi {
            caller.convention(abi).unwrap();
        }
        let function = self.machine.symbol(name).unwrap().address;
        caller.call(function, arguments, returns).unwrap().value
    }

    fn int(&self, name: &str, abi: Option<&str>, arguments: &[i32]) -> i64 {
        let arguments: Vec<ArgumentValue> = arguments.iter().map(|value| (*value).into()).collect();
        self.value(name, abi, &arguments, Return::I32).as_i64()
    }
}

/// Calls with a machine of these libraries, on every backend.
fn on_every_backend(loaded: Loaded, test: impl Fn(&Calls<'_>)) {
    let platform = loaded.platform;
    let mut machine = loaded.into_machine().unwrap();
    machine.add("stack", Stack::new(platform, 0x2000_0000, 0x1_0000).unwrap()).unwrap();
    let mut count = 0;
    for backend in backends::ALL.iter().filter(|backend| (backend.platforms)().contains(&platform)) {
        test(&Calls { machine: &machine, backend });
        count += 1;
    }
    assert!(count > 0, "no backend runs {platform}");
}

#[test]
fn pure_functions_of_every_convention() {
    for (processor, platform) in
        [("x86_64", Platform::X86_64), ("i686", Platform::I386), ("aarch64", Platform::AARCH64)]
    {
        let loaded = link(processor, &["first.dll"]);
        assert_eq!(loaded.platform, platform);
        assert_eq!(loaded.report.imports, []);
        let is_i386 = platform == Platform::I386;
        let abi = |name| is_i386.then_some(name);
        on_every_backend(loaded, |calls| {
            let same =
                |call: &str, value: i64| assert_eq!(value.to_string(), expected(call), "{processor}: {call}");
            same("add 2 40", calls.int("add", None, &[2, 40]));
            same("subtract 100 7 8", calls.int("subtract", abi("stdcall"), &[100, 7, 8]));
            same("combine 1 2 3 4", calls.int("combine", abi("fastcall"), &[1, 2, 3, 4]));
            same("count", calls.int("count", None, &[]));
            let account = [100_i32, 0].map(i32::to_le_bytes).concat();
            let deposit = calls.value(
                "deposit",
                abi("thiscall"),
                &[ArgumentValue::Bytes(account), 50_i32.into(), 3_i32.into()],
                Return::I32,
            );
            assert_eq!(deposit.as_i64().to_string(), expected("deposit 50 3"), "{processor}");
            let wide =
                calls.value("wide", None, &[0x1234_5678_9abc_u64.into(), 0xde_u32.into()], Return::U64);
            assert_eq!(wide.as_u64().to_string(), expected("wide 0x123456789abc 0xde"));
            let scaled =
                calls.value("scale", None, &[2.5_f64.into(), 1.5_f32.into(), 3_i32.into()], Return::F64);
            assert_eq!(scaled.as_f64().to_string(), expected("scale 2.5 1.5 3"));
            let text = ArgumentValue::Bytes(b"hello\0".to_vec());
            let sum = calls.value("checksum", None, &[text], Return::U32);
            assert_eq!(sum.as_u64().to_string(), expected("checksum hello"));
            let pair =
                calls.value("split", None, &[0x1122_3344_5566_7788_i64.into()], Return::Struct { bytes: 8 });
            let words: Vec<String> = bytes(&pair)
                .chunks(4)
                .map(|word| i32::from_le_bytes(word.try_into().unwrap()).to_string())
                .collect();
            assert_eq!(words.join(" "), expected("split 0x1122334455667788"));
            let big = calls.value("fill", None, &[(-7_i32).into()], Return::Struct { bytes: 24 });
            let words: Vec<String> = bytes(&big)
                .chunks(8)
                .map(|word| i64::from_le_bytes(word.try_into().unwrap()).to_string())
                .collect();
            assert_eq!(words.join(" "), expected("fill -7"));
        });
    }
}

#[test]
fn imports_by_name_ordinal_and_forwarder_and_thread_local_storage() {
    for processor in ["x86_64", "i686"] {
        let loaded = link(processor, &["first.dll", "second.dll"]);
        // Both want 0x10000000: the second one has moved.
        assert_eq!(loaded.executables[0].load_bias, 0);
        assert_ne!(loaded.executables[1].load_bias, 0);
        let bindings: Vec<(&str, &str, &str)> = loaded
            .report
            .bindings
            .iter()
            .map(|binding| (binding.symbol.as_str(), binding.from.as_str(), binding.to.as_str()))
            .collect();
        assert_eq!(
            bindings,
            [
                ("#77", "second.dll", "first.dll"),
                ("add", "second.dll", "first.dll"),
                // Through `first.dll`, whose forwarder leads back.
                ("forwarded", "second.dll", "second.dll"),
            ]
        );
        let open: Vec<&str> = loaded.report.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(open, ["KERNEL32.dll!Sleep"]);
        let import = &loaded.executables[1].imports[0];
        assert_eq!((import.name.as_str(), import.module.as_deref()), ("Sleep", Some("KERNEL32.dll")));
        on_every_backend(loaded, |calls| {
            let same =
                |call: &str, value: i64| assert_eq!(value.to_string(), expected(call), "{processor}: {call}");
            same("twice 3 4", calls.int("twice", None, &[3, 4]));
            same("by_ordinal 9", calls.int("by_ordinal", None, &[9]));
            same("through_forwarder 3 4", calls.int("through_forwarder", None, &[3, 4]));
            same("local 5", calls.int("local", None, &[5]));
        });
    }
}

#[test]
fn callbacks_of_thread_local_storage_are_constructors() {
    for processor in ["x86_64", "i686"] {
        let loaded = link(processor, &["first.dll", "second.dll"]);
        assert!(loaded.executables[0].constructors.is_empty());
        let second = &loaded.executables[1];
        let (callbacks, module) = (second.constructors.clone(), second.segments[0].range.first());
        assert_eq!(callbacks.len(), 2, "{processor}");
        let abi = (processor == "i686").then_some("stdcall");
        on_every_backend(loaded, |calls| {
            let mut emulator = (calls.backend.make)(calls.machine.platform()).unwrap();
            calls.machine.apply(emulator.as_mut()).unwrap();
            let mut caller = Caller::new(calls.machine, emulator.as_mut()).unwrap();
            if let Some(abi) = abi {
                caller.convention(abi).unwrap();
            }
            // DLL_PROCESS_ATTACH
            let arguments = [ArgumentValue::Pointer(module), 1_u32.into(), ArgumentValue::Pointer(0)];
            for callback in &callbacks {
                caller.call(*callback, &arguments, Return::Void).unwrap();
            }
            let trail = calls.machine.symbol("trail_of_callbacks").unwrap().address;
            assert_eq!(caller.call(trail, &[], Return::U32).unwrap().value.as_u64(), 12, "{processor}");
        });
    }
}

#[test]
fn delayed_imports_are_bound_at_once() {
    let loaded = link("x86_64", &["first.dll", "third.dll"]);
    assert_eq!(loaded.report.imports, []);
    on_every_backend(loaded, |calls| {
        assert_eq!(calls.int("later", None, &[5, 6]).to_string(), expected("later 5 6"));
    });
}

/// Where they want to be, and elsewhere: addresses in `MOVW` and `MOVT` of Thumb
/// and in pages of AArch64 move along.
#[test]
fn libraries_of_arm_are_moved() {
    for (processor, platform) in [("armv7a", Platform::ARMV7A), ("aarch64", Platform::AARCH64)] {
        for base in [None, Some(0x5000_0000)] {
            let mut linker = Linker::new(Options { base, ..Options::default() });
            linker.add_file(folder().join(processor).join("first.dll")).unwrap();
            let loaded = linker.link().unwrap();
            assert_eq!(loaded.platform, platform);
            assert_eq!(loaded.executables[0].load_bias != 0, base.is_some(), "{processor}");
            on_every_backend(loaded, |calls| {
                let same = |call: &str, value: i64| {
                    assert_eq!(value.to_string(), expected(call), "{processor}: {call}");
                };
                same("add 2 40", calls.int("add", None, &[2, 40]));
                // It is a variable of the library, which is found by its address.
                same("count", calls.int("count", None, &[]));
                let wide =
                    calls.value("wide", None, &[0x1234_5678_9abc_u64.into(), 0xde_u32.into()], Return::U64);
                assert_eq!(wide.as_u64().to_string(), expected("wide 0x123456789abc 0xde"));
                let scaled =
                    calls.value("scale", None, &[2.5_f64.into(), 1.5_f32.into(), 3_i32.into()], Return::F64);
                assert_eq!(scaled.as_f64().to_string(), expected("scale 2.5 1.5 3"));
            });
        }
    }
}
