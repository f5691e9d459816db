//! The catalogue of models has every function of the headers of POSIX; what is
//! not supported has a model that says so, and a reason.

use std::collections::{BTreeMap, BTreeSet};

use terrella_models::libc::{ModelInfo, catalogue};

/// How many there are.
const HEADERS: usize = 70;
const FUNCTIONS: usize = 1188;

/// Functions that always fail, as on a kernel that was built without what they
/// need.
const UNSUPPORTED: [&str; 33] = [
    "_Fork",
    "crypt",
    "encrypt",
    "fattach",
    "fdetach",
    "fork",
    "getmsg",
    "getpmsg",
    "mq_close",
    "mq_getattr",
    "mq_notify",
    "mq_open",
    "mq_receive",
    "mq_send",
    "mq_setattr",
    "mq_unlink",
    "msgctl",
    "msgget",
    "msgrcv",
    "msgsnd",
    "popen",
    "posix_devctl",
    "posix_mem_offset",
    "posix_spawn",
    "posix_spawnp",
    "posix_typed_mem_open",
    "putmsg",
    "semctl",
    "semget",
    "semop",
    "setkey",
    "shmat",
    "shmget",
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
