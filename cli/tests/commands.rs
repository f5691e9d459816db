//! The commands as people and programs use them: answers, exit statuses,
//! error texts, JSON.

mod common;

use common::{library, line, scratch, terrella};
use serde_json::{Value, json};

/// `inc rax; nop; ret` at the address of choice.
const INCREMENT: &[u8] = b"\x48\xff\xc0\x90\xc3";

fn increment(test: &str) -> String {
    let path = scratch(test).join("code.bin");
    std::fs::write(&path, INCREMENT).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn platforms_and_backends_are_tables_and_json() {
    let platforms = line("platforms --json").ok().json();
    let platforms = platforms.as_array().unwrap();
    assert_eq!(platforms.len(), terrella::platforms::Platform::ALL.len());
    let text = line("platforms").ok().stdout;
    assert_eq!(text.lines().count(), 1 + platforms.len());
    for platform in platforms {
        let name = platform["name"].as_str().unwrap();
        assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
        assert!(platform["registers"].as_u64().unwrap() > 5);
        assert!(!platform["calling_conventions"].as_array().unwrap().is_empty());
    }
    let x86 = line("platforms amd64 --json").ok().json();
    let registers = x86["register_list"].as_array().unwrap();
    let al = registers.iter().find(|register| register["name"] == "al").unwrap();
    assert_eq!(al["part_of"], "rax");
    line("platforms x86_46").fails(2, &["did you mean x86_64"]);

    let backends = line("backends --json").ok().json();
    for backend in backends.as_array().unwrap() {
        assert!(backend["platforms"]["x86_64"].as_array().unwrap().contains(&json!("stepping")));
    }
    assert!(line("backends").ok().stdout.contains("memory read hooks"));
}

#[test]
fn a_call_prints_its_result_alone() {
    let library = library("x86_64.so");
    let call = |rest: &str| {
        terrella(&[&["call", library.as_str()], &rest.split(' ').collect::<Vec<_>>()[..]].concat())
    };
    assert_eq!(call("add_i32 2 -3").ok().stdout, "-1\n");
    assert_eq!(call("add_i32 -1i32 0xffu8").ok().stdout, "254\n");
    assert_eq!(call("string_upper str:hello --ret str").ok().stdout, "HELLO\n");
    assert_eq!(call("fill buf:zero:4 4usize 0xab --ret void").ok().stdout, "");
    let dump = call("fill buf:zero:4 4usize 0xab --ret void --dump-buffers").ok().stdout;
    assert!(dump.contains("argument 0, 4 bytes:") && dump.contains("ab ab ab ab"), "{dump}");
    let counted = call("add_i32 2 3 --count").ok().stdout;
    assert!(counted.starts_with("5\n") && counted.ends_with(" instructions\n"), "{counted}");
}

#[test]
fn a_call_by_address_is_a_call_by_name() {
    for file in ["x86_64.so", "armv7m.elf", "mips.so"] {
        let file = library(file);
        let by_name = terrella(&["call", &file, "add_i32", "2", "3", "--json"]).ok().json();
        let address = by_name["address"].as_str().unwrap();
        let by_address = terrella(&["call", &file, address, "2", "3", "--json"]).ok().json();
        assert_eq!(by_address, by_name);
        assert_eq!(by_name["result"], 5);
    }
}

#[test]
fn a_buffer_can_be_a_file() {
    let path = scratch("buffer").join("abc");
    std::fs::write(&path, "abc").unwrap();
    let argument = format!("buf:@{}", path.display());
    let file = library("riscv64.so");
    let sum = terrella(&["call", &file, "sum_bytes", &argument, "3", "--ret", "usize"]).ok();
    assert_eq!(sum.stdout, "294\n");
    terrella(&["call", &file, "sum_bytes", "buf:@/no/such/file", "3"])
        .fails(1, &["cannot read /no/such/file"]);
}

#[test]
fn a_trace_has_a_line_for_each_instruction() {
    let file = library("x86_64.so");
    let traced = terrella(&["call", &file, "add_i32", "2", "3", "--trace"]).ok();
    assert!(traced.stdout.contains("add_i32+0x") && traced.stdout.contains("rax=0x5"), "{}", traced.stdout);
    let counted = terrella(&["call", &file, "add_i32", "2", "3", "--trace", "--json", "--count"]).ok().json();
    let lines = counted["trace"].as_array().unwrap();
    assert_eq!(lines.len() as u64, counted["instructions"].as_u64().unwrap());
    assert_eq!(lines[0]["symbol"], "add_i32");
    assert_eq!(traced.stdout.lines().count(), lines.len() + 1);
}

#[test]
fn a_limit_is_a_stop_that_was_asked_for() {
    let file = library("x86_64.so");
    let stopped = terrella(&["call", &file, "add_i32", "2", "3", "--max-instructions", "2"]).ok();
    assert!(stopped.stdout.starts_with("not returned: instruction limit"), "{}", stopped.stdout);
    let program = library("x86_64.exe");
    let stopped = terrella(&["run", &program, "--bare", "--timeout", "0.2", "--json"]).ok().json();
    assert_eq!(stopped["stop"]["reason"], "time_limit");
    assert!(stopped["stop"]["symbol"].as_str().unwrap().starts_with("_start"));
}

#[test]
fn raw_code_runs_to_an_exit_point() {
    let code = increment("raw");
    let raw = format!("run {code} --platform x86_64 --base 0x1000 --reg rax=41");
    let shown = line(&format!("{raw} --exit 0x1003 --show-regs=rax,rip")).ok().stdout;
    assert!(shown.contains("rax 0x2a") && shown.ends_with("exit point 0x1003\n"), "{shown}");
    let after = line(&format!("{raw} --exit-after 0x1000 --json --show-regs")).ok().json();
    assert_eq!((&after["registers"]["rax"], &after["pc"]), (&json!("0x2a"), &json!("0x1003")));
    let bound = line(&format!("{raw} --bound 0x1000+3 --json")).ok().json();
    assert_eq!(bound["stop"]["reason"], "out_of_bounds");
    let steps = line(&format!("{raw} --step 2")).ok().stdout;
    assert!(
        steps.contains("0x00001000") && steps.contains("rax=0x2a") && steps.contains("0x00001003"),
        "{steps}"
    );
    let load = format!("run --platform amd64 --load {code}@0x1000 --map 0x2000+0x1000:rw --entry 0x1000");
    let dump = line(&format!("{load} --exit 0x1003 --hexdump 0x1000+5")).ok().stdout;
    assert!(dump.starts_with("00001000  48 ff c0 90 c3"), "{dump}");
    let negative =
        line(&format!("run {code} --platform x86_64 --reg eax=-1 --max-instructions 0 --show-regs=rax")).ok();
    assert!(negative.stdout.contains("rax 0xffffffff\n"), "{}", negative.stdout);
}

#[test]
fn intel_hex_needs_a_platform_only() {
    let path = scratch("hex").join("code.hex");
    // inc rax; nop; ret at 0x1000, and the entry point 0x1000.
    std::fs::write(&path, ":0510000048FFC090C391\n:0400000500001000E7\n:00000001FF\n").unwrap();
    let path = path.to_str().unwrap();
    line(&format!("run {path} --exit 0x1003")).fails(2, &["does not tell its platform", "--platform NAME"]);
    let ran = line(&format!("run {path} --platform x86_64 --reg rax=1 --exit 0x1003 --show-regs=rax")).ok();
    assert!(ran.stdout.contains("rax 0x2\n"), "{}", ran.stdout);
}

#[test]
fn errors_say_what_to_do() {
    let so = library("x86_64.so");
    terrella(&["call", &so, "ad_i32"])
        .fails(2, &["x86_64.so has no symbol `ad_i32`", "did you mean `add_i32`?"]);
    terrella(&["call", &so, "add_i32", "hello"]).fails(2, &["`hello` is not an integer", "str:hello"]);
    terrella(&["call", &so, "add_i32", "1.5"]).fails(2, &["f64:1.5"]);
    terrella(&["call", &so, "add_i32", "300u8"]).fails(2, &["300 does not fit into 8 bits"]);
    terrella(&["call", &so, "add_i32", "--ret", "int"]).fails(2, &["`int` is no return type"]);
    terrella(&["call", &so, "add_i32", "--abi", "sysw"]).fails(2, &["no calling convention", "microsoft"]);
    terrella(&["call", &so, "add_i32", "--backend", "other"])
        .fails(2, &["no backend `other`", "hint: backends:"]);
    terrella(&["call", "/no/such/file", "f"]).fails(1, &["cannot read /no/such/file"]);
    terrella(&["run"]).fails(2, &["nothing to run", "hint: give a FILE"]);
    terrella(&["nonsense"]).fails(2, &["unrecognized subcommand"]);
    terrella(&["state", "show", &so]).fails(1, &["not a machine file"]);
    let code = increment("errors");
    let run = |rest: &str| line(&format!("run {code} --platform x86_64 --base 0x1000 {rest}"));
    run("--reg raxx=1")
        .fails(2, &["x86_64 has no register `raxx`", "did you mean `rax`", "terrella platforms x86_64"]);
    run("--reg al=0x100").fails(2, &["does not fit into `al`"]);
    run("--reg rax").fails(2, &["NAME=VALUE"]);
    run("--hexdump 0x1000").fails(2, &["not a range"]);
    run("--show-regs=nope").fails(2, &["no register `nope`"]);
    run("--exit nowhere").fails(2, &["no symbol `nowhere`"]);
    let hex = scratch("errors-hex").join("bad.hex");
    std::fs::write(&hex, ":0600000089F80FAFC0C300\n:00000001FF\n").unwrap();
    let hex = hex.to_str().unwrap();
    terrella(&["run", hex, "--platform", "x86_64"]).fails(1, &["bad.hex: line 1: checksum"]);
}

#[test]
fn faults_are_explained() {
    let so = library("x86_64.so");
    terrella(&["call", &so, "string_length", "0"]).fails(
        1,
        &[
            "read of 1 byte at 0x0: unmapped, pc 0x",
            "(string_length+0x",
            "looks like a null pointer",
            "nearest mapping above: 0x",
            "`x86_64.so`",
        ],
    );
    let middle = terrella(&["call", &so, "string_length", "0x50000000"]);
    middle.fails(1, &["nearest mapping below: 0x", "nearest mapping above: 0x", "`heap`"]);
    let fault = terrella(&["call", &so, "string_length", "0", "--json"]);
    assert_eq!(fault.status, 1);
    let fault: Value = fault.json();
    assert_eq!(fault["fault"]["memory"]["address"], 0);
    assert!(fault["symbol"].as_str().unwrap().starts_with("string_length+0x"));
    assert!(!fault["hints"].as_array().unwrap().is_empty());
    let imports = library("x86_64-imports.so");
    terrella(&["call", &imports, "call_imported", "str:a"]).fails(
        1,
        &["fetch of 1 byte", "stands for `external_length`, which no module provides", "--link FILE"],
    );
    let path = scratch("invalid").join("code.bin");
    std::fs::write(&path, b"\x0f\x0b").unwrap();
    line(&format!("run {} --platform x86_64", path.display())).fails(1, &["invalid instruction 0f 0b"]);
}

#[test]
fn there_is_no_colour_without_a_terminal() {
    let so = library("x86_64.so");
    let failed = terrella(&["call", &so, "ad_i32"]);
    assert!(!failed.stderr.contains('\x1b') && !line("platforms").stdout.contains('\x1b'));
}
