//! Files that other programs wrote: core dumps, minidumps, contexts of AFL++,
//! maps, libraries of Windows.

mod common;

use common::{scratch, terrella};

fn fixture(name: &str) -> String {
    format!("{}/../tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_core_dump_goes_on_to_the_fault_that_it_is_of() {
    let (core, program) = (fixture("core/x86_64.kernel.core"), fixture("core/x86_64.elf"));
    let run = terrella(&["run", &core, "--link", &program, "--step", "1"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("write of 8 bytes at 0x10: unmapped"), "{}", run.stderr);
    assert!(run.stderr.contains("innermost+0x81"), "{}", run.stderr);

    let shown = terrella(&["state", "show", &fixture("core/threads.kernel.core")]).ok().stdout;
    assert!(shown.contains("signal 8 (code 1)") && shown.contains("2 other threads"), "{shown}");
}

#[test]
fn core_dumps_and_contexts_are_written() {
    let folder = scratch("dumps");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let core = fixture("core/aarch64.gdb.core");
    let (again, context) = (path("again.core"), path("again.context"));
    terrella(&["state", "convert", &core, &again]).ok();
    terrella(&["state", "convert", &core, &context]).ok();
    let registers =
        |file: &str| terrella(&["state", "show", file, "--json"]).ok().json()["registers"].clone();
    let (before, after) = (registers(&core), registers(&again));
    for (register, value) in before.as_object().unwrap() {
        assert_eq!(value, &after[register], "{register}");
    }
    for register in ["x0", "x30", "sp", "pc"] {
        assert_eq!(registers(&core)[register], registers(&context)[register], "{register}");
    }
    assert!(std::path::Path::new(&context).join("_index.json").exists());
}

#[test]
fn a_map_and_s_records_run() {
    let folder = scratch("maps");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    // mov eax, 42; hlt
    std::fs::write(path("code.bin"), [0xb8, 42, 0, 0, 0, 0xf4]).unwrap();
    let map = "platform = 'x86_64'\nentry = 0x1000\n[[segment]]\nname = 'code'\naddress = 0x1000\nfile = 'code.bin'\n";
    std::fs::write(path("board.toml"), map).unwrap();
    let run = terrella(&["run", &path("board.toml"), "--exit", "0x1005", "--show-regs"]).ok().stdout;
    assert!(run.contains("0x2a"), "{run}");
    // The same as records: S1 with count 9, address 0x1000.
    std::fs::write(path("code.srec"), "S1091000B82A000000F410\nS9031000EC\n").unwrap();
    let run =
        terrella(&["run", &path("code.srec"), "--platform", "x86_64", "--exit", "0x1005", "--show-regs"]);
    assert!(run.ok().stdout.contains("0x2a"));
}

#[test]
fn functions_of_libraries_of_windows() {
    let first = fixture("pe/i686/first.dll");
    let call = |arguments: &[&str]| terrella(&[&["call"], arguments].concat()).ok().stdout;
    assert_eq!(call(&[&first, "add", "2", "40"]), "42\n");
    assert_eq!(call(&[&first, "subtract", "100", "7", "8", "--abi", "stdcall"]), "44\n");
    assert_eq!(call(&[&first, "combine", "1", "2", "3", "4", "--abi", "fastcall"]), "1234\n");
    let second = fixture("pe/x86_64/second.dll");
    assert_eq!(call(&[&second, "twice", "3", "4", "--link", &fixture("pe/x86_64/first.dll")]), "14\n");
}
