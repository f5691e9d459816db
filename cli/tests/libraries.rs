//! `terrella call` gives the right answer for every function of every fixture
//! library whose platform a backend runs.

mod common;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use common::{Run, library, line, scratch, terrella};
use serde_json::Value;

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

/// What a backend cannot do: library, functions that it concerns (none: all),
/// a part of the error, and the cause.
const KNOWN: &[(&str, &[&str], &str, &str)] = &[
    ("m68k", FLOATS, "has no register `fp0`", "Unicorn gives no access to the floating-point registers"),
    (
        "sparc",
        FLOATS,
        "floating-point disabled",
        "Unicorn starts with the unit off, and `psr` cannot be written",
    ),
    (
        "sparc",
        &["call_imported"],
        "pc 0x1",
        "Unicorn loses a jump with a hook in its delay slot, and the end of the table has a guard",
    ),
    ("sparc64", FLOATS, "has no register `d", "Unicorn gives no access to the floating-point registers"),
    ("sparc64", &[], "spill 0 normal", "Unicorn starts without free register windows, which cannot be set"),
];

/// The floating-point functions.
const FLOATS: &[&str] = &["add_f64", "scale_f64", "mul_f32", "dot_f64", "mixed_f32"];

/// Whether a failure is one that is known.
fn is_known(library: &Library, function: &str, what: &str) -> bool {
    KNOWN.iter().any(|(stem, functions, text, _)| {
        *stem == library.stem
            && (functions.is_empty() || functions.contains(&function))
            && what.contains(text)
    })
}

/// A library: its file, its platform, and whether it is big-endian.
#[derive(Debug, Clone)]
struct Library {
    stem: String,
    file: String,
    platform: String,
    big_endian: bool,
}

/// The libraries, and whether a backend runs each.
fn libraries() -> Vec<(Library, bool)> {
    let platforms = line("platforms --json").ok().json();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(library("")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let kind = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !matches!(kind, "so" | "elf") || stem.ends_with("-imports") || stem.ends_with("-provider") {
            continue;
        }
        let platform = stem.split('-').next().unwrap().to_owned();
        let known = platforms.as_array().unwrap().iter().find(|known| known["name"] == *platform);
        let known = known.unwrap_or_else(|| panic!("no platform {platform}"));
        let runs = !known["backends"].as_array().unwrap().is_empty();
        let big_endian = known["byte_order"] == "be";
        let file = path.to_str().unwrap().to_owned();
        found.push((Library { stem, file, platform, big_endian }, runs));
    }
    found.sort_by(|(one, _), (two, _)| one.stem.cmp(&two.stem));
    found
}

fn ordered(library: &Library, value: i32) -> String {
    let bytes = if library.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The arguments of a case as the command line writes them.
fn arguments(library: &Library, case: &Value) -> Vec<String> {
    let function = case["function"].as_str().unwrap();
    let types = PARAMETERS.iter().find(|(name, _)| *name == function).map_or("", |(_, types)| types);
    let types: Vec<&str> = types.split_whitespace().collect();
    let texts = case["args"].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
    let written = texts.enumerate().map(|(index, text)| match (text.split_once(':'), types.get(index)) {
        (Some(("point", fields)), _) => {
            let fields = fields.split(',').map(|field| ordered(library, field.parse().unwrap()));
            format!("buf:hex:{}", fields.collect::<String>())
        }
        (Some(_), _) => text.to_owned(),
        (None, Some(kind)) => format!("{text}{kind}"),
        (None, None) => panic!("{function}: no type of parameter {index}"),
    });
    written.collect()
}

/// The type to read the result as.
fn result_type(case: &Value) -> &str {
    match case["ret"].as_str().unwrap() {
        "ptr:i32" => "buf:4",
        "big" => "struct:32",
        other => other,
    }
}

/// What the command line has to say about a result, as JSON text.
fn wanted(library: &Library, case: &Value) -> Value {
    let Some(expected) = case["expected"].as_str() else { return Value::Null };
    match case["ret"].as_str().unwrap() {
        "str" => expected.into(),
        "ptr:i32" => ordered(library, expected.parse().unwrap()).into(),
        "big" => {
            let field = |field: &str| -> String {
                let value: i64 = field.parse().unwrap();
                let bytes = if library.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
                bytes.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            expected.split(',').map(field).collect::<String>().into()
        }
        _ => match expected.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => expected.parse::<u64>().unwrap().into(),
        },
    }
}

fn check(library: &Library, case: &Value, run: &Run) -> Result<(), String> {
    if run.status != 0 {
        return Err(format!("status {}: {}{}", run.status, run.stderr, run.stdout));
    }
    if matches!(result_type(case), "f32" | "f64") {
        // As text, which is exact; not every JSON reader rounds correctly.
        let single = result_type(case) == "f32";
        let number = |text: &str| match single {
            true => text.trim().parse::<f32>().ok().map(f64::from),
            false => text.trim().parse::<f64>().ok(),
        };
        let expected = case["expected"].as_str().unwrap_or_default();
        return match number(&run.stdout) == number(expected) {
            true => Ok(()),
            false => Err(format!("{} and not {expected}", run.stdout.trim())),
        };
    }
    let answer = run.json();
    let wanted = wanted(library, case);
    if answer["result"] != wanted {
        return Err(format!("{} and not {wanted}", answer["result"]));
    }
    for (index, bytes) in case["buffers"].as_object().into_iter().flatten() {
        let buffers = answer["buffers"].as_array().unwrap();
        let buffer = buffers.iter().find(|buffer| buffer["argument"].as_u64() == index.parse().ok()).unwrap();
        if !buffer["bytes"].as_str().unwrap().starts_with(bytes.as_str().unwrap()) {
            return Err(format!("argument {index} is {} and not {bytes}", buffer["bytes"]));
        }
    }
    Ok(())
}

/// Runs all cases of one library; gives how many were right, how many failed
/// for a known cause, and the other failures.
fn run_library(library: &Library, cases: &[Value]) -> (usize, usize, Vec<String>) {
    let (mut passed, mut known, mut failures) = (0, 0, Vec::new());
    let scratch = scratch(&format!("libraries-{}", library.stem));
    // The machine that a sequence of calls has come to.
    let mut sequences: BTreeMap<&str, String> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        if case["float"] == true && WITHOUT_FLOATS.contains(&library.stem.as_str()) {
            continue;
        }
        let function = case["function"].as_str().unwrap();
        let sequence = case["sequence"].as_str();
        let mut file = library.file.clone();
        let mut options = vec!["--ret".to_owned(), result_type(case).to_owned()];
        if case["float"] != true {
            options.push("--json".to_owned());
        }
        if function == "call_imported" {
            let sibling = |name: &str| self::library(&format!("{}-{name}.so", library.stem));
            if !Path::new(&sibling("imports")).exists() {
                continue;
            }
            file = sibling("imports");
            options.extend(["--link".to_owned(), sibling("provider")]);
        }
        if let Some(name) = sequence {
            file = sequences.get(name).cloned().unwrap_or(file);
            let after = scratch.join(format!("{name}-{index}.terrella")).to_str().unwrap().to_owned();
            options.extend(["--save-state".to_owned(), after.clone()]);
            sequences.insert(name, after);
        }
        let mut line = vec!["call".to_owned(), file, function.to_owned()];
        line.extend(arguments(library, case));
        line.extend(options);
        match check(library, case, &terrella(&line)) {
            Ok(()) => passed += 1,
            Err(what) if is_known(library, function, &what) => known += 1,
            Err(what) => failures.push(format!("{}: {function} {}: {what}", library.stem, case["args"])),
        }
    }
    let _ = std::fs::remove_dir_all(scratch);
    (passed, known, failures)
}

#[test]
fn call_gives_right_answers_on_every_library() {
    let text = std::fs::read_to_string(library("expected.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let libraries: Vec<Library> =
        libraries().into_iter().filter_map(|(library, runs)| runs.then_some(library)).collect();
    assert!(libraries.len() >= 20, "{} libraries are few", libraries.len());
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(library) = libraries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run_library(library, &cases);
                    results.lock().unwrap().push((library.stem.clone(), result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort();
    let mut failures = Vec::new();
    for (name, (passed, known, failed)) in results {
        println!("{name}: {passed} right, {known} known failures, {} wrong", failed.len());
        assert!(passed + known + failed.len() >= 70, "{name}: few cases");
        failures.extend(failed);
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn libraries_that_no_backend_runs_are_refused_in_words() {
    for (library, runs) in libraries() {
        if !runs {
            let platform = library.platform;
            terrella(&["call", &library.file, "add_i32", "1", "2"])
                .fails(1, &[&format!("no backend runs {platform}"), "hint: "]);
        }
    }
}
