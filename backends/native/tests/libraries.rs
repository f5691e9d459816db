//! The functions of the fixture libraries give what they give on hardware.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;
use terrella_emulator_api::{Emulator, EmulatorExt, Limits, Permissions};
use terrella_loaders::{Options, UnknownRelocations, load_file};
use terrella_machine_state::{
    ArgumentValue, Machine, Return, ReturnValue, Stack,
    call::{Caller, Target},
};
use terrella_native::NativeEmulator;

/// The integer types of the parameters in `library.c`; `-` is no integer.
const PARAMETERS: &[(&str, &str)] = &[
    ("add_i32", "i32 i32"),
    ("negate_i32", "i32"),
    ("low_byte", "u32"),
    ("narrow_i16", "i32"),
    ("mul_u64", "u64 u64"),
    ("mix_u64", "i32 u64 i32 u64"),
    ("sum10", "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32"),
    ("crc32", "- usize"),
    ("sha256", "- usize -"),
    ("fill", "- usize i32"),
    ("reverse", "- usize"),
    ("sum_bytes", "- usize"),
    ("scale_f64", "i32 -"),
    ("mixed_f32", "i32 - - i32"),
    ("make_big", "i64"),
    ("call_through_table", "i32 i32"),
];

/// Libraries without floating-point functions.
const WITHOUT_FLOATS: &[&str] = &["armv5t", "armv6m", "armv7m"];

/// What does not work yet, and why: library and function; `*` for all.
const KNOWN: &[(&str, &str, &str)] =
    &[("i386", "fill", "`pshuflw` has no handler"), ("x86_64", "fill", "`pshuflw` has no handler")];

const STACK: u64 = 0x6000_0000;
const BUFFERS: u64 = 0x5000_0000;

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "fixtures", "library"].iter().collect()
}

fn bytes_of(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(pair).collect()
}

struct Called<'a> {
    machine: &'a Machine,
    emulator: NativeEmulator,
}

impl<'a> Called<'a> {
    fn new(machine: &'a Machine) -> Result<Self, String> {
        let mut emulator = NativeEmulator::new(machine.platform()).map_err(|error| error.to_string())?;
        machine.apply(&mut emulator).map_err(|error| error.to_string())?;
        emulator
            .map_memory(BUFFERS..BUFFERS + 0x10000, Permissions::ALL)
            .map_err(|error| error.to_string())?;
        Ok(Self { machine, emulator })
    }

    fn big_endian(&self) -> bool {
        self.machine.platform().byte_order() == terrella_platforms::ByteOrder::Big
    }

    /// The arguments, and the addresses of the buffers among them.
    fn arguments(&mut self, case: &Value) -> Result<(Vec<ArgumentValue>, Vec<u64>), String> {
        let function = case["function"].as_str().unwrap_or_default();
        let types = PARAMETERS.iter().find(|(name, _)| *name == function).map_or("", |(_, types)| types);
        let types: Vec<&str> = types.split_whitespace().collect();
        let pointer = self.machine.definition().pointer_bytes;
        let mut place = BUFFERS;
        let (mut values, mut places) = (Vec::new(), Vec::new());
        for (index, text) in case["args"].as_array().into_iter().flatten().enumerate() {
            let text = text.as_str().unwrap_or_default();
            let mut address = 0;
            let mut buffer = |bytes: Vec<u8>| -> Result<ArgumentValue, String> {
                address = place;
                place = (place + bytes.len() as u64 + 64) & !15;
                self.emulator.write_memory(address, &bytes).map_err(|error| error.to_string())?;
                Ok(ArgumentValue::Pointer(address))
            };
            let value = match text.split_once(':') {
                Some(("str", text)) => buffer([text.as_bytes(), &[0]].concat())?,
                Some(("buf", rest)) => match rest.split_once(':') {
                    Some(("hex", digits)) => buffer(bytes_of(digits))?,
                    Some((_, size)) => buffer(vec![0; size.parse().map_err(|_| "size")?])?,
                    None => return Err(text.to_owned()),
                },
                Some(("point", fields)) => {
                    let big = self.machine.platform().byte_order() == terrella_platforms::ByteOrder::Big;
                    let fields = fields.split(',').map(|field| field.parse::<i32>().unwrap_or_default());
                    buffer(
                        fields.flat_map(|it| if big { it.to_be_bytes() } else { it.to_le_bytes() }).collect(),
                    )?
                }
                Some(("f64", number)) => ArgumentValue::F64(number.parse().map_err(|_| "number")?),
                Some(("f32", number)) => ArgumentValue::F32(number.parse().map_err(|_| "number")?),
                Some(_) => return Err(text.to_owned()),
                None => {
                    let kind = types.get(index).copied().unwrap_or("i32");
                    let bytes = if kind == "usize" {
                        pointer
                    } else {
                        kind[1..].parse::<u8>().map_err(|_| kind)? / 8
                    };
                    let value = text.parse().map_err(|_| text)?;
                    ArgumentValue::Integer { value, bytes, signed: kind.starts_with('i') }
                }
            };
            values.push(value);
            places.push(address);
        }
        Ok((values, places))
    }

    fn read(&self, address: u64, size: usize) -> Result<Vec<u8>, String> {
        let mut bytes = vec![0; size];
        self.emulator.read_memory(address, &mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    fn check(&mut self, case: &Value) -> Result<(), String> {
        let function = case["function"].as_str().unwrap_or_default();
        let kind = case["ret"].as_str().unwrap_or_default();
        let pointer = self.machine.definition().pointer_bytes;
        let returns = match kind {
            "void" => Return::Void,
            "str" | "ptr:i32" => Return::Pointer,
            "f32" => Return::F32,
            "f64" => Return::F64,
            "big" => Return::Struct { bytes: 32 },
            "usize" => Return::Integer { bytes: pointer, signed: false },
            kind => {
                let bits: u8 = kind[1..].parse().map_err(|_| kind.to_owned())?;
                Return::Integer { bytes: bits / 8, signed: kind.starts_with('i') }
            }
        };
        let (arguments, places) = self.arguments(case)?;
        let mut caller = Caller::new(self.machine, &mut self.emulator).map_err(|error| error.to_string())?;
        caller.limits(Limits::instructions(10_000_000));
        let result = caller
            .call(Target::Symbol(function.into()), &arguments, returns)
            .map_err(|error| error.to_string())?;
        let expected = case["expected"].as_str().unwrap_or_default();
        let found = match result.value {
            ReturnValue::Void => String::new(),
            ReturnValue::Integer { value, .. } => value.to_string(),
            ReturnValue::F32(value) => {
                return if expected.parse() == Ok(value) {
                    Ok(())
                } else {
                    Err(format!("{value}, not {expected}"))
                };
            }
            ReturnValue::F64(value) => {
                return if expected.parse() == Ok(value) {
                    Ok(())
                } else {
                    Err(format!("{value}, not {expected}"))
                };
            }
            ReturnValue::Pointer(address) if kind == "str" => {
                let bytes = self.read(address, expected.len() + 1)?;
                String::from_utf8_lossy(bytes.strip_suffix(&[0]).unwrap_or(&bytes)).into_owned()
            }
            ReturnValue::Pointer(address) => {
                let bytes = <[u8; 4]>::try_from(self.read(address, 4)?).map_err(|_| "bytes")?;
                let value =
                    if self.big_endian() { i32::from_be_bytes(bytes) } else { i32::from_le_bytes(bytes) };
                value.to_string()
            }
            ReturnValue::Struct(bytes) => {
                let big = self.big_endian();
                let fields = bytes.chunks(8).map(|chunk| {
                    let bytes = <[u8; 8]>::try_from(chunk).unwrap_or_default();
                    if big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) }
                });
                fields.map(|field| field.to_string()).collect::<Vec<_>>().join(",")
            }
            other => format!("{other:?}"),
        };
        if found != expected {
            return Err(format!("{found}, not {expected}"));
        }
        for (index, bytes) in case["buffers"].as_object().into_iter().flatten() {
            let wanted = bytes_of(bytes.as_str().unwrap_or_default());
            let place = places[index.parse::<usize>().map_err(|_| "index")?];
            let found = self.read(place, wanted.len())?;
            if found != wanted {
                return Err(format!("argument {index} is {found:02x?}"));
            }
        }
        Ok(())
    }
}

#[test]
fn functions_of_libraries_give_right_answers() {
    let text = std::fs::read_to_string(folder().join("expected.json")).expect("expected.json");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let only = std::env::var("TERRELLA_LIBRARY").ok();
    let mut libraries: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("the fixtures")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|it| it == "so" || it == "elf"))
        .collect();
    libraries.sort();
    let (mut passed, mut failures) = (0, Vec::new());
    for path in libraries {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let other = stem.ends_with("-imports") || stem.ends_with("-provider");
        if other || only.as_ref().is_some_and(|only| *only != stem) {
            continue;
        }
        let options = Options { unknown_relocations: UnknownRelocations::Skip, ..Options::default() };
        let loaded = load_file(&path, &options).expect("a library");
        let mut machine = loaded.into_machine().expect("a machine");
        if !NativeEmulator::platforms().any(|platform| platform == machine.platform()) {
            continue;
        }
        let stack = Stack::new(machine.platform(), STACK, 0x10_0000).expect("a stack");
        machine.add("the stack", stack).expect("room");
        let mut sequences: BTreeMap<&str, Called<'_>> = BTreeMap::new();
        for case in &cases {
            let function = case["function"].as_str().expect("a name");
            if case["float"] == true && WITHOUT_FLOATS.contains(&stem.as_str()) || function == "call_imported"
            {
                continue;
            }
            let result = match case["sequence"].as_str() {
                Some(name) => match sequences.get_mut(name) {
                    Some(called) => called.check(case),
                    None => Called::new(&machine)
                        .and_then(|called| sequences.entry(name).or_insert(called).check(case)),
                },
                None => Called::new(&machine).and_then(|mut called| called.check(case)),
            };
            let known = KNOWN
                .iter()
                .any(|(library, name, _)| *library == stem && (*name == "*" || *name == function));
            match result {
                // Of a function that is known to fail, some cases may go
                // another way.
                Ok(()) => passed += 1,
                Err(_) if known => {}
                Err(what) => failures.push(format!("{stem}: {function} {}: {what}", case["args"])),
            }
        }
    }
    assert!(failures.is_empty(), "{passed} passed\n{}", failures.join("\n"));
}
