//! Nothing that a specification or a compiled language says may panic, hang
//! or need unbounded memory.

mod common;

use std::{fs, path::PathBuf, sync::Arc};

use common::{Random, TOY, exercise, toy};
use terrella_sleigh::{Error, Language, Result, compile};

/// A folder for specifications that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("terrella-sleigh-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        Self(path)
    }

    fn compile(&self, text: impl AsRef<[u8]>) -> Result<Language> {
        let path = self.0.join("test.slaspec");
        fs::write(&path, text).expect("a temporary file");
        compile(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What mutations put in.
const WORDS: &[&str] = &[
    "define",
    "token",
    "attach",
    "variables",
    "macro",
    "with",
    ":",
    "is",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ";",
    "...",
    "&",
    "|",
    "=",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "<<",
    ">>",
    "~",
    "^",
    "\"",
    ",",
    "0",
    "1",
    "-1",
    "0xffffffffffffffff",
    "0x7fffffffffffffff",
    "64",
    "65",
    "255",
    "4096",
    "99999999999999999999",
    "epsilon",
    "unimpl",
    "build",
    "export",
    "local",
    "goto",
    "call",
    "return",
    "delayslot(1)",
    "globalset",
    "inst_start",
    "inst_next",
    "inst_next2",
    "instruction",
    "signed",
    "noflow",
    "rd",
    "rs",
    "ea",
    "dest",
    "rel",
    "wide",
    "low4",
    "s8",
    "i16",
    "all",
    "r0",
    "flags",
    "contextreg",
    "ram",
    "register",
    "const",
    "unique",
    "add(r0,r1)",
    "setz(C)",
    "trap(r0)",
    "zext",
    "sext",
    "carry",
    "f+",
    "s<",
    "&:2 r0",
    "*[ram]:2 r0",
    "r0[3,5]",
    "r0[0,8]",
    "r0(1)",
    "r0:1",
    "<again>",
    "if (C) goto inst_next;",
    "@if",
    "@endif",
    "@define",
    "@include \"test.slaspec\"",
    "$(WORD)",
    "$(",
    "#",
    "\n",
    "é",
    "\u{1f600}",
    "_",
];

fn mutate(random: &mut Random, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        let length = random.below(40).min(bytes.len() - at);
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let piece = bytes[at..at + length].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => {
                // A whole line goes elsewhere, or is there twice.
                let begin = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |it| it + 1);
                let end =
                    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |it| at + it + 1);
                let line = bytes[begin..end].to_vec();
                if random.below(2) == 0 {
                    bytes.drain(begin..end);
                }
                let to = random.below(bytes.len());
                let to = bytes[..to].iter().rposition(|byte| *byte == b'\n').map_or(0, |it| it + 1);
                bytes.splice(to..to, line);
            }
            _ => {
                // A word instead of another one, or in front of it.
                let word = WORDS[random.below(WORDS.len())];
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let end =
                    bytes[at..].iter().position(|byte| !is_word(byte)).map_or(bytes.len(), |it| at + it);
                let end = if random.below(3) == 0 { at } else { end };
                bytes.splice(at..end, word.bytes());
            }
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
    }
    bytes
}

#[test]
fn mutated_specifications_give_errors_only() {
    let folder = Folder::new("mutations");
    let mut random = Random(1);
    let (mut compiled, mut valid) = (0, 0);
    for _ in 0..3000 {
        let text = mutate(&mut random, TOY);
        if let Ok(language) = folder.compile(&text) {
            compiled += 1;
            let bytes = language.to_bytes();
            let again = Language::from_bytes(&bytes).expect("what was written is read");
            assert_eq!(again.to_bytes(), bytes);
            valid += exercise(&Arc::new(again), &mut random, 20);
        }
    }
    // Some mutations change nothing that matters.
    assert!(compiled > 100 && valid > 500, "{compiled} {valid}");
}

#[test]
fn damaged_languages_give_errors_only() {
    let bytes = toy().to_bytes();
    let mut random = Random(2);
    let mut read = 0;
    for round in 0..3000 {
        let mut bytes = bytes.clone();
        match round % 3 {
            0 => {
                for _ in 0..1 + random.below(3) {
                    let at = random.below(bytes.len());
                    bytes[at] ^= 1 << random.below(8);
                }
            }
            1 => {
                // A whole word.
                let at = random.below(bytes.len() / 4) * 4;
                let word = match random.below(4) {
                    0 => u32::MAX,
                    1 => random.next() as u32,
                    2 => random.below(bytes.len()) as u32,
                    _ => 0x7fff_ffff,
                };
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            _ => bytes.truncate(random.below(bytes.len())),
        }
        if let Ok(language) = Language::from_bytes(&bytes) {
            read += 1;
            exercise(&Arc::new(language), &mut random, 30);
        }
    }
    assert!(read > 500, "{read}");
    for length in 0..200 {
        let bytes = random.bytes(length);
        assert!(matches!(Language::from_bytes(&bytes), Err(Error::Damaged(_))));
    }
}

/// The beginning of a specification with some definitions.
const HEAD: &str = "define endian=little; define space ram type=ram_space size=2 default;
    define space register type=register_space size=2;
    define register offset=0 size=2 [ r0 r1 ]; define register offset=16 size=4 [ ctx ];
    define token op(8) all=(0,7) low=(0,3) high=(4,7) s=(0,7) signed;
    define token long(64) whole=(0,63) a=(0,7) b=(8,15) c=(16,23) d=(24,31) e=(32,39) f=(40,47) g=(48,55) h=(56,63);
    define context ctx x=(0,3) y=(4,7);\n";

fn fails(folder: &Folder, text: &str) {
    let text = format!("{HEAD}{text}");
    assert!(folder.compile(&text).is_err(), "{}", &text[HEAD.len()..text.len().min(HEAD.len() + 200)]);
}

/// It compiles or not, but ends.
fn ends(folder: &Folder, text: &str) {
    if let Ok(language) = folder.compile(format!("{HEAD}{text}")) {
        exercise(&Arc::new(language), &mut Random(3), 200);
    }
}

#[test]
fn what_would_be_too_large_is_an_error() {
    let folder = Folder::new("large");
    let many = |piece: &str, times: usize| piece.repeat(times);
    // Deep nesting.
    fails(&folder, &format!(":a is {}all{} {{ }}", many("(", 100_000), many(")", 100_000)));
    fails(&folder, &format!(":a is all {{ r0 = {}r1{}; }}", many("(", 100_000), many(")", 100_000)));
    fails(&folder, &format!(":a is all {{ r0 = {}r1; }}", many("- ", 100_000)));
    fails(&folder, &format!(":a b is all [ b = {}1; ] {{ }}", many("~", 100_000)));
    fails(&folder, &format!("{} :a is all {{ }} {}", many("with : x=0 { ", 5000), many("}", 5000)));
    // Long chains.
    fails(&folder, &format!(":a is all{} {{ }}", many(" & all", 100_000)));
    fails(&folder, &format!(":a is all{} {{ }}", many(" | all", 100_000)));
    fails(&folder, &format!(":a is all{} {{ }}", many(" ; all", 100_000)));
    fails(&folder, &format!(":a is all {{ r0 = r1{}; }}", many(" + r1", 100_000)));
    fails(&folder, &format!(":a b is all [ b = 1{}; ] {{ }}", many(" + 1", 100_000)));
    ends(&folder, &format!(":a is all {{ {} }}", many("r0 = r0 + 1; ", 30_000)));
    // Macros that use each other twice each, and themselves.
    let mut macros = "macro m0() { }\n".to_owned();
    for number in 1..32 {
        macros += &format!("macro m{number}() {{ m{}(); m{}(); }}\n", number - 1, number - 1);
    }
    fails(&folder, &format!("{macros} :a is all {{ m31(); }}"));
    fails(&folder, "macro m() { m(); } :a is all { m(); }");
    // Patterns with too many alternatives.
    let unequal = "a!=1 & b!=1 & c!=1 & d!=1 & e!=1 & f!=1 & g!=1 & h!=1";
    fails(&folder, &format!(":a is {unequal} {{ }}"));
    fails(&folder, ":a is a=b+c { }");
    ends(&folder, ":a is whole!=0x5555555555555555 { } :b is whole<0x7777777777777777 { }");
    ends(&folder, &format!(":a is a!=b {{ }} {}", many(":c is a=c & b!=d { } ", 1)));
    // Expressions that need themselves, or each other twice.
    fails(&folder, ":a b c is all [ b = c + 1; c = b + 1; ] { }");
    let mut doubling = "b0 = all;".to_owned();
    let mut names = "b0".to_owned();
    for number in 1..50 {
        doubling += &format!("b{number} = b{} + b{};", number - 1, number - 1);
        names += &format!(" b{number}");
    }
    fails(&folder, &format!(":a {names} is all [ {doubling} ] {{ }}"));
    // Sizes and places.
    fails(&folder, "define register offset=0xffffffffffffffff size=2 [ q ]; :a is all { }");
    fails(&folder, "define register offset=0 size=0xffffffffffffffff [ q p ]; :a is all { }");
    fails(&folder, "define register offset=0 size=0 [ q ]; :a is all { }");
    fails(&folder, "define bitrange q=r0[0xffffffffffffffff,2]; :a is all { }");
    fails(&folder, ":a is all { r0[0xffffffffffffffff,1] = 1; }");
    fails(&folder, ":a is all { r0 = r1[1,0xffffffffffffffff]; }");
    fails(&folder, ":a is all { r0:0xffffffffffffffff = 1; }");
    fails(&folder, "define alignment=0; :a is all { }");
    fails(&folder, "define space q type=ram_space size=9; :a is all { }");
    // Tables that need each other, with and without an end.
    ends(&folder, "t: t is t { } t: t is x=1 & t [ x = x + 1; ] { } :a t is all=1 & t { }");
    let twice = "t: t t is y=0 & t [ x = x + 1; ] { build t; } t: is x=15 { } :a t is all=1 & t { }";
    ends(&folder, twice);
    let mut tables = String::new();
    for number in 0..300 {
        tables += &format!("t{number}: t{} is t{} {{ }}\n", number + 1, number + 1);
    }
    fails(&folder, &format!("{tables} t300: is all {{ }} :a t0 is t0 {{ }}"));
    fails(&folder, "t: is all { } :a t is t { build t; build t; }");
    // The preprocessor.
    fails(&folder, "@include \"test.slaspec\"\n");
    let mut doubled = "\n@define d0 \"xxxxxxxx\"\n".to_owned();
    for number in 1..60 {
        doubled += &format!("@define d{number} \"$(d{})$(d{})\"\n", number - 1, number - 1);
    }
    fails(&folder, &doubled);
    fails(&folder, &format!("\n@if {}\"a\" == \"a\"\n@endif\n", many("(", 10_000)));
}

#[test]
fn sizes_are_found_in_any_order() {
    // Each is known from the next one only.
    let folder = Folder::new("sizes");
    let mut body = String::new();
    for number in 0..400 {
        body += &format!("local v{number}; ");
    }
    for number in 0..399 {
        body += &format!("v{number} = v{}; ", number + 1);
    }
    let text = format!("{HEAD} :a is all {{ {body} v399 = r0; r1 = v0; }}");
    assert!(folder.compile(text).is_ok());
}
