//! The catalogue of models has every function of the headers of POSIX; what is
//! not supported has a model that says so, and a reason.

use std::collections::{BTreeMap, BTreeSet};

use terrella_models::libc::{ModelInfo, catalogue};

/// How many there are.
const HEADERS: usize = 70;
const FUNCTIONS: usize = 1188;

/// Functions that always fail, as on a kernel that was built without what they
/// need.
const UNSUPPORTED: [&str; 14] = [
    "crypt",
    "encrypt",
    "fattach",
    "fdetach",
    "getmsg",
    "getpmsg",
    "popen",
    "posix_devctl",
    "posix_mem_offset",
    "posix_spawn",
    "posix_spawnp",
    "posix_typed_mem_open",
    "putmsg",
    "setkey",
];

/// `fixtures/libc/standard.txt`: headers, and their functions.
fn standard() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../fixtures/libc/standard.txt");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut header = String::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let names = match line.split_once(':') {
            Some((next, names)) => {
                next.trim().clone_into(&mut header);
                names
            }
            None => line,
        };
        let functions = all.entry(header.clone()).or_default();
        functions.extend(names.split_whitespace().map(str::to_owned));
    }
    all.remove("");
    all
}

#[test]
fn the_table_is_whole() {
    let standard = standard();
    // As many headers with functions, and functions, as the table has been
    // written with: a line that is lost is found.
    assert_eq!(standard.len(), HEADERS, "{:?}", standard.keys());
    assert_eq!(standard.values().map(BTreeSet::len).sum::<usize>(), FUNCTIONS);
    let mut seen = BTreeSet::new();
    for name in standard.values().flatten() {
        assert!(seen.insert(name), "`{name}` is in two headers");
    }
}

#[test]
fn each_function_of_the_standard_has_a_model() {
    let known: BTreeMap<&str, ModelInfo> = catalogue().into_iter().map(|it| (it.name, it)).collect();
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (header, functions) in standard() {
        let absent: Vec<String> =
            functions.into_iter().filter(|name| !known.contains_key(name.as_str())).collect();
        if !absent.is_empty() {
            missing.insert(header, absent);
        }
    }
    assert!(missing.is_empty(), "without a model: {missing:#?}");
}

/// What fails always says why, in the catalogue.
#[test]
fn what_is_not_supported_has_a_reason() {
    let known: BTreeMap<&str, ModelInfo> = catalogue().into_iter().map(|it| (it.name, it)).collect();
    for name in UNSUPPORTED {
        let model = &known[name];
        let reason = model.deviation.unwrap_or_default();
        assert!(reason.contains("fail") || reason.contains("ENOSYS"), "{name}: {reason:?}");
    }
}

/// Functions that no program of `fixtures/libc/` calls, and why.
const NOT_CALLED: [(&str, &str); 13] = [
    ("__assert_fail", "`assert` calls it, in endings.c"),
    ("gets", "no header of C11 declares it"),
    ("isastream", "there are no streams of System V, which glibc has no more"),
    ("pclose", "there is nothing that popen gave"),
    ("posix_typed_mem_get_info", "no system has typed memory"),
    ("pututxline", "it would write to the host's files"),
    ("putpmsg", "as isastream"),
    ("putwchar", "the standard output of the programs is of bytes"),
    ("sigpause", "it has two meanings, by the headers"),
    ("vwprintf", "as putwchar"),
    ("vwscanf", "as putwchar"),
    ("wprintf", "as putwchar"),
    ("wscanf", "as putwchar"),
];

/// The words of the programs whose library is nothing but models.
fn words_of_programs() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/libc");
    let mut words = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the folder of programs") {
        let path = entry.expect("an entry").path();
        // `main.c` runs them with a real library.
        if path.extension().is_some_and(|it| it == "c") && path.file_stem().is_some_and(|it| it != "main") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let separates = |it: char| !it.is_alphanumeric() && it != '_';
            words.extend(text.split(separates).map(str::to_owned));
        }
    }
    words
}

/// Each function of the headers of C and POSIX that has a model is called by a
/// program that has a witness.
#[test]
fn each_function_is_called_by_a_program() {
    let words = words_of_programs();
    let excused: BTreeMap<&str, &str> = NOT_CALLED.into_iter().collect();
    let modelled: BTreeSet<&str> = catalogue().into_iter().map(|model| model.name).collect();
    for name in excused.keys() {
        assert!(modelled.contains(name), "`{name}` has no model");
        assert!(!words.contains(*name), "`{name}` is called: it needs no excuse");
    }
    let excused = |name: &str| excused.contains_key(name) || UNSUPPORTED.contains(&name);
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (header, functions) in standard() {
        let absent: Vec<String> = functions
            .into_iter()
            .filter(|name| modelled.contains(name.as_str()) && !words.contains(name) && !excused(name))
            .collect();
        if !absent.is_empty() {
            missing.insert(header, absent);
        }
    }
    assert!(missing.is_empty(), "called by no program: {missing:#?}");
}
