//! Models of the C library called as no program would: each of them with
//! arguments of all kinds. Whatever they are, a call gives a result or an
//! error; nothing panics, hangs or takes memory without bound.
//!
//! `TERRELLA_HOSTILE_ROUNDS` says how many calls of each function there are.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    panic::{self, AssertUnwindSafe},
};

use terrella_emulator_api::{Emulator, Limits, Platform};
use terrella_machine_state::{
    ArgumentValue, Executable, Import, Machine, Memory, Permissions, Return, Stack, call::Caller,
};
use terrella_models::libc::{LIBC, Libc, LibcOptions, LinkModels, catalogue};
use terrella_native::NativeEmulator;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

const DATA: u64 = 0x2000_0000;
const SIZE: u64 = 0x4000;

/// What is in the memory that pointers point to: texts, formats, numbers,
/// pointers to each other.
fn data(machine: &mut Machine, random: &mut Random) -> Result<(), Box<dyn Error>> {
    const TEXTS: [&[u8]; 16] = [
        b"text",
        b"%d %s %*.*f %n %99999999d %.99999999g",
        b"%1$s %500$d %-+ #0'lld",
        b"/tmp/file",
        b"../../..",
        b"12345678901234567890",
        b"-0x1p-99999999",
        b"nan(abc",
        b"r+",
        b"%[a-z]%ms%999c",
        b"A=B",
        b"[[:alpha:]-]*?[",
        b"\xff\xfe\xf0\x90\x80\x80\xc0",
        b"%Y-%m-%d %H:%M:%S %Z %c %E",
        b"",
        b"EST5EDT,M3.2.0,M11.1.0",
    ];
    let width = usize::from(machine.definition().pointer_bytes);
    let order = machine.platform().byte_order();
    for slot in (0..SIZE).step_by(64) {
        let mut bytes = vec![0; 64];
        match random.below(4) {
            0 => bytes.iter_mut().for_each(|byte| *byte = random.next() as u8),
            1 => {
                for chunk in bytes.chunks_exact_mut(width) {
                    order.write((DATA + random.next() % SIZE).into(), chunk);
                }
            }
            2 => bytes.chunks_exact_mut(4).for_each(|chunk| order.write((random.next() % 64).into(), chunk)),
            _ => {
                let text = TEXTS[random.below(TEXTS.len())];
                bytes[..text.len()].copy_from_slice(text);
            }
        }
        machine.write_memory(DATA + slot, &bytes)?;
    }
    Ok(())
}

fn argument(random: &mut Random, platform: Platform) -> ArgumentValue {
    let word = |value: u64| ArgumentValue::Integer {
        value: value.into(),
        bytes: platform.definition().pointer_bytes,
        signed: false,
    };
    match random.below(12) {
        0 => word(0),
        1 => word(u64::MAX),
        2 => word(random.next()),
        3 => word(1 << random.below(64)),
        4 => word((1_u64 << random.below(64)).wrapping_sub(1)),
        5 => word(random.next() % 16),
        6 => ArgumentValue::F64(f64::from_bits(random.next())),
        _ => word(DATA + random.next() % SIZE / 64 * 64),
    }
}

/// A machine whose one executable imports all that there is.
fn machine(platform: Platform, random: &mut Random) -> Result<Machine, Box<dyn Error>> {
    let mut machine = Machine::new(platform);
    let slots = 0x1000_0000;
    let width = u64::from(platform.definition().pointer_bytes);
    let models = catalogue();
    let size = width as usize * models.len();
    let mut executable = Executable::from_bytes("program", platform, slots, &vec![0; size])?;
    for (index, model) in models.iter().enumerate() {
        executable.imports.push(Import {
            name: model.name.to_owned(),
            slots: vec![slots + width * index as u64],
            descriptors: Vec::new(),
            weak: false,
            module: None,
        });
    }
    machine.add("program", executable)?;
    machine.add("stack", Stack::new(platform, 0x3000_0000, 0x10_0000)?)?;
    machine.add("data", Memory::new(platform, DATA, SIZE, Permissions::ALL)?)?;
    data(&mut machine, random)?;
    let mut options = LibcOptions { input: b"some input\n1 2 3\n".to_vec(), ..LibcOptions::default() };
    options.heap_size = 1 << 20;
    options.files.write("/tmp/file", b"content")?;
    let report = machine.link_all_models(options)?;
    assert!(report.unmodelled.is_empty(), "{:?}", report.unmodelled);
    Ok(machine)
}

fn hostile(platform: Platform) -> Result<(), Box<dyn Error>> {
    let rounds: usize =
        env::var("TERRELLA_HOSTILE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let mut random = Random(7);
    let machine = machine(platform, &mut random)?;
    let mut emulator = NativeEmulator::new(platform)?;
    machine.apply(&mut emulator)?;
    let fresh = emulator.snapshot()?;
    let width = usize::from(platform.definition().pointer_bytes);
    let (mut results, mut errors, mut panics) = (0, 0, BTreeSet::new());
    for (index, model) in catalogue().iter().enumerate() {
        let at = 0x1000_0000 + (width * index) as u64;
        let function = machine.read_integer(at, width)? as u64;
        emulator.restore(&fresh)?;
        for _ in 0..rounds {
            let arguments: Vec<_> = (0..8).map(|_| argument(&mut random, platform)).collect();
            let called = panic::catch_unwind(AssertUnwindSafe(|| {
                let mut caller = Caller::new(&machine, &mut emulator)?;
                caller.limits(Limits::instructions(10_000)).call(function, &arguments, Return::Pointer)
            }));
            match called {
                Err(_) => {
                    panics.insert(format!("{}({arguments:?})", model.name));
                    emulator.restore(&fresh)?;
                }
                Ok(Ok(_)) => results += 1,
                Ok(Err(error)) => {
                    assert!(!error.to_string().is_empty(), "{}", model.name);
                    errors += 1;
                    emulator.restore(&fresh)?;
                }
            }
        }
        // What was kept is bounded, and can still be read.
        let library = Libc::live(&emulator, LIBC)?;
        assert!(library.output().len() < 1 << 30, "{}", model.name);
    }
    assert!(panics.is_empty(), "panics: {panics:#?}");
    assert!(results > 0 && errors > 0, "{results} results, {errors} errors");
    println!("{platform}: {results} results, {errors} errors");
    Ok(())
}

#[test]
fn on_x86_64() -> Result<(), Box<dyn Error>> {
    hostile(Platform::X86_64)
}

#[test]
fn on_i386() -> Result<(), Box<dyn Error>> {
    hostile(Platform::I386)
}

#[test]
fn on_mips() -> Result<(), Box<dyn Error>> {
    hostile(Platform::MIPS)
}

/// What one call of a function gives, of a machine with these bytes in its data.
fn call_one(
    name: &str,
    content: &[(u64, &[u8])],
    arguments: &[ArgumentValue],
) -> Result<i64, Box<dyn Error>> {
    let platform = Platform::X86_64;
    let mut machine = machine(platform, &mut Random(7))?;
    for (offset, bytes) in content {
        machine.write_memory(DATA + offset, bytes)?;
    }
    let mut emulator = NativeEmulator::new(platform)?;
    machine.apply(&mut emulator)?;
    let index = catalogue().iter().position(|model| model.name == name).ok_or("no such model")?;
    let function = machine.read_integer(0x1000_0000 + 8 * index as u64, 8)? as u64;
    let mut caller = Caller::new(&machine, &mut emulator)?;
    Ok(caller.limits(Limits::instructions(10_000)).call(function, arguments, Return::I64)?.value.as_i64())
}

/// One call does no more than so much, whatever its text asks for.
#[test]
fn one_call_is_bounded() -> Result<(), Box<dyn Error>> {
    let at = |offset: u64| ArgumentValue::Pointer(DATA + offset);
    let number = |value: i64| ArgumentValue::from(value);
    // strfmon: 60 fields of 999,999 places are more than 16 MiB; one is not.
    let format = b"%999999n".repeat(60);
    let room = number(i64::MAX);
    let amount = ArgumentValue::F64(1.5);
    let found = call_one(
        "strfmon",
        &[(0, &[&format[..], &[0]].concat())],
        &[at(0x3000), room, at(0), amount.clone()],
    );
    assert!(matches!(found, Ok(-1)) || found.is_err(), "{found:?}");
    let found = call_one("strfmon", &[(0, b"%20n\0")], &[at(0x3000), number(64), at(0), amount])?;
    assert_eq!(found, 20);
    // wordexp: a pattern takes pieces of values of 2048 bytes at most
    // (WRDE_NOSPACE is 1), and of shorter ones it does.
    let words = |length: usize| {
        let text = format!("${{V:={}}}${{V%%*b}}\0", "a".repeat(length));
        call_one("wordexp", &[(0, text.as_bytes())], &[at(0), at(0x3000), number(0)])
    };
    assert_eq!(words(100)? as i32, 0);
    assert_eq!(words(4000)? as i32, 1);
    // lio_listio: more than 256 requests are none of it (-1, EINVAL); null
    // pointers are left out (POSIX, lio_listio).
    let list = [0_u8; 8 * 300];
    let submit = |count: i64| {
        call_one("lio_listio", &[(0, &list)], &[number(0), at(0), number(count), ArgumentValue::Pointer(0)])
    };
    assert_eq!(submit(256)? as i32, 0);
    assert_eq!(submit(257)? as i32, -1);
    assert_eq!(submit(i64::from(i32::MAX))? as i32, -1);
    Ok(())
}

/// A saved library with a signal of a number that there is not is refused,
/// wherever the signal waits.
#[test]
fn signals_of_a_file_are_signals() -> Result<(), Box<dyn Error>> {
    let text = machine(Platform::X86_64, &mut Random(7))?.to_json()?;
    let signal = r#"[{"number": 200, "code": 0, "sender": 1, "value": 0}]"#;
    let mut places = 0;
    for name in ["\"pending\": []", "\"own_pending\": []"] {
        for (at, found) in text.match_indices(name) {
            let end = at + found.len();
            let changed = format!("{}{signal}{}", &text[..end - 2], &text[end..]);
            let error = Machine::from_json(&changed).map(drop).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|text| text.contains("200 is no signal")), "{error:?}");
            places += 1;
        }
    }
    assert_eq!(places, 3, "of the process, of the thread that runs, and of the first one");
    Ok(())
}
