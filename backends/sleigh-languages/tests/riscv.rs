//! RISC-V is printed as assemblers do: tables of encodings with the text that
//! LLVM's disassembler gives (`disassembly/make.py`).

use terrella_sleigh::Decoder;

/// Without the spaces between operands, and with numbers in one base.
fn normalized(text: &str) -> String {
    let text = text.replace(", ", ",");
    let mut result = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("0x") {
        let digits = &rest[at + 2..];
        let end = digits.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(digits.len());
        result.push_str(&rest[..at]);
        match u64::from_str_radix(&digits[..end], 16) {
            Ok(number) => result.push_str(&number.to_string()),
            Err(_) => result.push_str(&rest[at..at + 2 + end]),
        }
        rest = &digits[end..];
    }
    result + rest
}

fn check(name: &str, table: &str) {
    let processor = terrella_sleigh_languages::load(name).expect("a language of the catalogue");
    let mut decoder = Decoder::new(processor.language.clone());
    let mut wrong = Vec::new();
    let rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(rows.len() > 300, "the table is not all there");
    for row in rows {
        let (digits, expected) = row.split_once(' ').expect("an encoding and a text");
        let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
        let mut code: Vec<u8> = (0..digits.len()).step_by(2).map(pair).collect();
        let length = code.len();
        code.resize(16, 0);
        match decoder.decode(0x1_0000, &code, processor.context) {
            Ok(found) if found == length => {
                let text = decoder.text();
                if normalized(&text) != normalized(expected) {
                    wrong.push(format!("{row}: {text}"));
                }
            }
            other => wrong.push(format!("{row}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

#[test]
fn words_of_32_bits() {
    check("riscv32", include_str!("disassembly/riscv32.txt"));
}

#[test]
fn words_of_64_bits() {
    check("riscv64", include_str!("disassembly/riscv64.txt"));
}
