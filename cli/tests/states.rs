//! Saved machines: shown, compared, converted, and run on in another process.

mod common;

use common::{library, line, scratch, terrella};
use serde_json::json;

#[test]
fn half_a_run_and_the_other_half_are_the_whole_run() {
    // Not on sparc: Unicorn shows the current register window only.
    let mut names = vec!["x86_64", "aarch64", "armv7m", "mips", "ppc", "riscv32", "m68k"];
    // Of which only Unicorn has instructions.
    if cfg!(feature = "unicorn") {
        names.push("s390x");
    }
    for name in names {
        let directory = scratch(&format!("halves-{name}"));
        let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
        let so = library(&format!("{name}.so"));
        let file = if std::path::Path::new(&so).exists() { so } else { library(&format!("{name}.elf")) };
        let (start, whole, half, end) =
            (path("start.terrella"), path("whole.terrella"), path("half.json"), path("end.terrella"));
        let call = ["call", &file, "sha256", "str:abc", "3usize", "buf:zero:32", "--ret", "void"];
        let place = [&call[..], &["--max-instructions", "1", "--save-state", &start]].concat();
        assert!(terrella(&place).ok().stdout.starts_with("not returned"), "{name}");

        let whole_run = terrella(&["run", &start, "--save-state", &whole, "--json"]).ok().json();
        assert_eq!(whole_run["stop"]["reason"], "exit_point", "{name}");
        let half_run = ["run", &start, "--max-instructions", "1500", "--save-state", &half, "--json"];
        assert_eq!(terrella(&half_run).ok().json()["stop"]["reason"], "instruction_limit", "{name}");
        let end_run = terrella(&["run", &half, "--save-state", &end, "--json"]).ok().json();
        assert_eq!(end_run["stop"], whole_run["stop"], "{name}");

        let diff = terrella(&["state", "diff", "--exit-code", &whole, &end]);
        assert_eq!((diff.status, diff.stdout.as_str()), (0, "no difference\n"), "{name}");
        let diff = terrella(&["state", "diff", "--exit-code", &whole, &half]);
        assert_eq!(diff.status, 1, "{name}");
        // The digest of `abc`, in the buffer of the third argument.
        let found = terrella(&["state", "diff", &start, &end]).ok().stdout;
        assert!(found.contains("ba 78 16 bf 8f 01 cf ea"), "{name}: {found}");
    }
}

#[test]
fn a_machine_is_shown_and_converted() {
    let directory = scratch("convert");
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (first, text, again) = (path("first.terrella"), path("text.json"), path("again.terrella"));
    let so = library("x86_64.so");
    terrella(&["call", &so, "bump_counter", "--save-state", &first]).ok();

    let shown = terrella(&["state", "show", &first]).ok().stdout;
    for wanted in ["platform     x86_64", "stack", "heap", "x86_64.so", "register"] {
        assert!(shown.contains(wanted), "no `{wanted}` in {shown}");
    }
    let shown = terrella(&["state", "show", &first, "--json"]).ok().json();
    assert_eq!(shown["platform"], "x86_64");
    assert_eq!(shown["registers"]["rax"], json!("0x2a"));

    terrella(&["state", "convert", &first, &text]).ok();
    terrella(&["state", "convert", &text, &again]).ok();
    serde_json::from_str::<serde_json::Value>(&std::fs::read_to_string(&text).unwrap()).unwrap();
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&again).unwrap());
    let same = terrella(&["state", "diff", &first, &text, "--json"]).ok().json();
    assert_eq!(same["differences"], json!([]));

    let call = terrella(&["call", &text, "bump_counter"]).ok();
    assert_eq!(call.stdout, "43\n");
}

#[test]
fn a_fault_can_be_saved() {
    let state = scratch("fault").join("fault.terrella");
    let state = state.to_str().unwrap();
    let so = library("x86_64.so");
    terrella(&["call", &so, "string_length", "0", "--save-state", state]).fails(1, &["unmapped"]);
    let shown = terrella(&["state", "show", state]).ok().stdout;
    assert!(shown.contains("(string_length+0x"), "{shown}");
    line(&format!("run {state}")).fails(1, &["unmapped"]);
}

#[test]
fn differences_name_symbols() {
    let directory = scratch("symbols");
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (first, second) = (path("first.terrella"), path("second.terrella"));
    let so = library("x86_64.so");
    terrella(&["call", &so, "bump_counter", "--max-instructions", "2", "--save-state", &first]).ok();
    line(&format!("run {first} --exit bump_counter+0x100 --save-state {second}")).ok();
    let found = terrella(&["state", "diff", &first, &second]).ok().stdout;
    for wanted in ["(bump_counter+0x", "global_counter: 0x", "machine: exit points: 0x"] {
        assert!(found.contains(wanted), "no `{wanted}` in {found}");
    }
    let dump = line(&format!("run {first} --max-instructions 1 --hexdump global_counter+4")).ok().stdout;
    assert!(dump.contains("global_counter:\n"), "{dump}");
}

#[test]
fn files_of_an_older_version_are_told() {
    let file = scratch("old").join("old.terrella");
    let mut bytes = b"TERRELLA\x01\0\0\0".to_vec();
    bytes.resize(80, 0);
    std::fs::write(&file, bytes).unwrap();
    let shown = terrella(&["state", "show", file.to_str().unwrap()]);
    shown.fails(1, &["version 1 of the format", "reads version 2 alone", "hint: `terrella state convert"]);
}

#[test]
fn a_linux_program_is_saved_and_goes_on() {
    let directory = scratch("linux-halves");
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/linux/x86_64.elf");
    let whole = terrella(&["run", "--count", program, "pipes"]).ok();
    let count = |run: &common::Run| -> u64 {
        let line = run.stderr.lines().find_map(|line| line.strip_suffix(" instructions"));
        line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{run:#?}"))
    };
    let (half, more) = (path("half.terrella"), path("more.json"));
    let first = ["run", "--max-instructions", "300000", "--count", "--save-state", &half, program, "pipes"];
    let first = terrella(&first).ok();
    let second = ["run", "--max-instructions", "100000", "--count", "--save-state", &more, &half];
    let second = terrella(&second).ok();
    let third = terrella(&["run", "--count", &more]).ok();
    let text = [&first, &second, &third].map(|run| run.stdout.as_str()).concat();
    assert_eq!(text, whole.stdout);
    assert_eq!(count(&first) + count(&second) + count(&third), count(&whole));
    let shown = terrella(&["state", "show", &half]).ok().stdout;
    assert!(shown.contains("Linux system after 300000 instructions"), "{shown}");
    // What makes a harness of it does not go with it, nor another file.
    for wrong in
        [&["run", "--trace", &half][..], &["run", &half, "argument"], &["run", "--exit", "0x1000", &half]]
    {
        let run = terrella(wrong);
        assert_eq!(run.status, 2, "{run:#?}");
    }
    let core = path("half.core");
    let run = terrella(&["run", "--max-instructions", "1000", "--save-state", &core, program, "pipes"]);
    assert!(run.status == 2 && run.stderr.contains("save it as .terrella"), "{run:#?}");
    let run = terrella(&["run", "--save-state", &half, program, "echo"]);
    assert!(run.status == 5 && run.stderr.contains("nothing to save"), "{run:#?}");
}
