//! The commands that need the native engine's specifications: `disasm` and
//! `diff-run`.
#![cfg(all(feature = "native", feature = "unicorn"))]

mod common;

use common::{library, line, scratch};

#[test]
fn bytes_are_disassembled_with_their_p_code() {
    let text = line("disasm --hex 488d0477c3 --platform x86_64 --pcode").ok().stdout;
    assert!(text.contains("48 8d 04 77           LEA RAX,[RDI + RSI*0x2]"), "{text}");
    assert!(text.contains("RAX = COPY $0:8") && text.contains("RETURN RIP"), "{text}");
    let json = line("disasm --hex 488d0477c3 --platform x86_64 --json").ok().json();
    assert_eq!(json["instructions"][1]["text"], "RET");
    assert_eq!(json["instructions"][1]["address"], "0x4");
    // The MOS Technology 6502 Hardware Manual: A9 is LDA #n.
    let json = line("disasm --hex 7405 --platform x86_64 --base 0x1000 --json").ok().json();
    let instruction = &json["instructions"][0];
    assert_eq!(instruction["flow"]["kind"], "branch");
    assert_eq!(instruction["flow"]["target"], "0x1007");
    assert_eq!(instruction["flow"]["conditional"], true);
    assert_eq!(instruction["reads"], serde_json::json!(["ZF"]));
    assert!(line("disasm --hex a900 --processor 6502").ok().stdout.contains("LDA #0x0"));
    // Thumb: IT EQ (Arm ARM, A8.8.54).
    assert!(line("disasm --hex 08bf --platform armv7a --context TMode=1").ok().stdout.contains("it eq"));
    assert!(line("disasm --hex ffff --platform x86_64").ok().stdout.contains("(no instruction)"));
}

#[test]
fn a_library_is_disassembled_from_a_symbol_on() {
    let file = library("mips.so");
    let text = line(&format!("disasm {file} --from crc32 --count 3")).ok().stdout;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("crc32:", 4), "{text}");
    assert!(lines[1].contains("lui v0,"), "{text}");
}

#[test]
fn wrong_usage_of_disasm_says_what_to_do() {
    line("disasm --hex 90").fails(2, &["--platform NAME"]);
    line("disasm --hex zz --platform x86_64").fails(2, &["not bytes in hexadecimal"]);
    line("disasm --hex 90 --processor nothing").fails(2, &["no processor is called `nothing`", "x86-64"]);
    line("disasm --hex 90 --platform x86_64 --context no=1").fails(2, &["no context field `no`"]);
    line("disasm --hex 00 --platform s390x").fails(1, &["no specification of s390x"]);
}

#[test]
fn two_engines_agree_over_a_function() {
    // AF is undefined after logical instructions (Intel SDM, volume 2, AND,
    // OR, XOR).
    let runs = [
        ("x86_64.so", "--reg rdi=0x400000 --reg rsi=64 --ignore af"),
        ("aarch64.so", "--reg x0=0x400000 --reg x1=64"),
        ("mips.so", "--reg a0=0x400000 --reg a1=64 --reg t9=0x401b38"),
        ("ppc.so", "--reg r3=0x400000 --reg r4=64 --reg r1=0x7eff0000"),
        ("riscv64.so", "--reg a0=0x400000 --reg a1=64"),
    ];
    for (file, registers) in runs {
        let file = library(file);
        let run = line(&format!("diff-run {file} --entry crc32 {registers} --max-instructions 400"));
        let text = run.ok().stdout;
        assert!(text.contains("native and unicorn agree over 400 instructions"), "{file}: {text}");
    }
}

#[test]
fn the_first_difference_is_shown_with_both_sides() {
    // `rdtsc`: each engine has a clock of its own.
    let path = scratch("difference").join("code.bin");
    std::fs::write(&path, b"\x90\x0f\x31\x90").unwrap();
    let path = path.to_str().unwrap();
    let run = line(&format!("diff-run {path} --platform x86_64 --base 0x1000 --exit 0x1004"));
    let shown = run.exits(1).stdout;
    assert!(shown.contains("difference at 0x1001, after 1 instructions that agree"), "{shown}");
    assert!(shown.contains("RDTSC") && shown.contains("the instructions before"), "{shown}");
    let json = line(&format!("diff-run {path} --platform x86_64 --base 0x1000 --exit 0x1004 --json"));
    assert_eq!(json.exits(1).json()["agree"], false);
}
