//! `terrella disasm`: instructions as text, and their p-code.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use terrella::{
    api::Permissions,
    machine::{Executable, Machine, Symbol},
    platforms::Platform,
};

use crate::{
    failure::{Failure, Result},
    inputs,
    listing::{Disassembler, Line},
    notation::{self, Place, PlaceRange},
    output::Answer,
    specification::SpecificationOptions,
};

const HELP: &str = "\
FILE is an ELF file, an Intel HEX file, a saved machine, or else a raw image that starts at --base.
Without --from and --range, everything that is executable is shown.

Examples:
  terrella disasm library.so --from crc32 --count 12
  terrella disasm firmware.bin --platform armv7m --base 0x8000000
  terrella disasm --hex '48 8d 04 77 c3' --platform x86_64 --pcode
  terrella disasm --hex a900 --processor 6502
  terrella disasm --hex 0b00a00a --specification my.slaspec
  terrella disasm --hex 08bf --platform armv7a --context TMode=1

Instructions are printed as the SLEIGH specifications of Ghidra print them.";

/// Shows instructions as text, and their p-code.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Disasm {
    /// An ELF file, Intel HEX file, raw image or saved machine
    #[arg(required_unless_present = "hex", conflicts_with = "hex")]
    file: Option<PathBuf>,
    /// Bytes in hexadecimal, in place of a file
    #[arg(long, value_name = "BYTES")]
    hex: Option<String>,
    /// The platform: for bytes and for files that do not tell it
    #[arg(long, value_name = "NAME")]
    platform: Option<Platform>,
    /// A processor by the name of its specification, for those that are no platform
    #[arg(long, value_name = "NAME", conflicts_with = "platform")]
    processor: Option<String>,
    #[command(flatten)]
    specification: SpecificationOptions,
    /// The address of the bytes, or of a raw image
    #[arg(long, value_name = "ADDRESS", value_parser = notation::unsigned)]
    base: Option<u64>,
    /// Where to start
    #[arg(long, value_name = "PLACE")]
    from: Option<Place>,
    /// What to show: FROM..TO or FROM+SIZE
    #[arg(long, value_name = "RANGE", conflicts_with = "from")]
    range: Option<PlaceRange>,
    /// How many instructions to show
    #[arg(long, value_name = "COUNT", value_parser = notation::unsigned)]
    count: Option<u64>,
    /// Show the p-code of each instruction
    #[arg(long)]
    pcode: bool,
    /// A field of the decoder's context: NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    context: Vec<(String, u64)>,
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

fn field(text: &str) -> Result<(String, u64), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), notation::unsigned(value)?)),
        _ => Err(format!("`{text}` is not of the form NAME=VALUE, such as TMode=1")),
    }
}

/// Some code to show.
struct Piece {
    address: u64,
    bytes: Vec<u8>,
    /// Where symbols are, by address, as code pointers.
    symbols: Vec<Symbol>,
    /// The code pointer of the beginning, if it is known.
    pointer: u64,
}

impl Disasm {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Answer> {
        let (platform, pieces) = match (&self.hex, &self.file) {
            (Some(text), _) => (self.platform, vec![self.bytes(text)?]),
            (None, Some(file)) => {
                let machine = inputs::load(file, &[], self.platform, self.base, None)?.machine;
                (Some(machine.platform()), self.pieces(&machine)?)
            }
            (None, None) => return Err(Failure::usage("nothing to disassemble")),
        };
        let own = self.specification.processor()?;
        let mut disassembler = match (own, &self.processor, platform) {
            (Some(processor), _, platform) => Disassembler::with_processor(&processor, platform),
            (None, Some(name), _) => Disassembler::new(name)?,
            (None, None, Some(platform)) => Disassembler::for_platform(platform)?,
            (None, None, None) => {
                return Err(Failure::usage("bytes do not tell their platform")
                    .hint("give it with `--platform NAME` or `--processor NAME`"));
            }
        };
        for (name, value) in &self.context {
            disassembler.set_context(name, *value)?;
        }
        let mut answer = Answer { text: String::new(), json: Value::Null };
        let mut list = Vec::new();
        let mut left = self.count.unwrap_or(u64::MAX);
        for piece in &pieces {
            self.show(&mut disassembler, piece, &mut left, &mut answer.text, &mut list);
        }
        if list.is_empty() {
            return Err(Failure::run_time("there is no code to show"));
        }
        answer.json = json!({ "platform": platform, "instructions": list });
        Ok(answer)
    }

    fn bytes(&self, text: &str) -> Result<Piece> {
        let wrong = || {
            Failure::usage(format!("`{text}` is not bytes in hexadecimal"))
                .hint("for example: --hex '48 89 c8'")
        };
        let digits: String = text.chars().filter(|it| !it.is_whitespace()).collect();
        if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = Vec::with_capacity(digits.len() / 2);
        for index in (0..digits.len()).step_by(2) {
            bytes.push(u8::from_str_radix(&digits[index..index + 2], 16).map_err(|_| wrong())?);
        }
        let base = self.base.unwrap_or(0);
        Ok(Piece { address: base & !1, bytes, symbols: Vec::new(), pointer: base })
    }

    /// The code of a machine that was asked for.
    fn pieces(&self, machine: &Machine) -> Result<Vec<Piece>> {
        let wanted = match (&self.range, &self.from) {
            (Some(range), _) => Some(range.resolve(machine)?),
            (None, Some(place)) => {
                let first = place.instruction(machine)?;
                Some((first..=machine.definition().highest_address()).into())
            }
            (None, None) => None,
        };
        let start = self.from.as_ref().map(|place| place.code_pointer(machine)).transpose()?;
        let mut pieces = Vec::new();
        for (_, executable) in machine.iter_of::<Executable>() {
            for segment in &executable.segments {
                let range = match wanted {
                    None if segment.permissions.allows(Permissions::EXECUTE) => segment.range,
                    Some(wanted) if wanted.overlaps(&segment.range) => {
                        let first = wanted.first().max(segment.range.first());
                        (first..=wanted.last().min(segment.range.last())).into()
                    }
                    _ => continue,
                };
                let size = range.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
                let mut symbols: Vec<Symbol> = executable
                    .symbols
                    .iter()
                    .filter(|symbol| range.contains(machine.definition().code_address(symbol.address)))
                    .cloned()
                    .collect();
                symbols.sort_by_key(|symbol| symbol.address);
                let pointer = start.filter(|start| range.contains(machine.definition().code_address(*start)));
                pieces.push(Piece {
                    address: range.first(),
                    bytes: executable.read(range.first(), size)?,
                    symbols,
                    pointer: pointer.unwrap_or(range.first()),
                });
            }
        }
        Ok(pieces)
    }

    fn show(
        &self,
        disassembler: &mut Disassembler,
        piece: &Piece,
        left: &mut u64,
        text: &mut String,
        list: &mut Vec<Value>,
    ) {
        disassembler.set_mode(piece.pointer);
        let mut symbols = piece.symbols.iter().peekable();
        let mut at = 0;
        while at < piece.bytes.len() && *left > 0 {
            let address = piece.address.wrapping_add(at as u64);
            let mut name = None;
            while let Some(symbol) = symbols.next_if(|symbol| symbol.address & !1 <= address) {
                if symbol.address & !1 == address {
                    // An odd address tells another instruction set.
                    disassembler.set_mode(symbol.address);
                    name.get_or_insert(&symbol.name);
                }
            }
            let line: Line = disassembler.line(address, &piece.bytes[at..], self.pcode);
            if let Some(name) = name {
                text.push_str(&format!("{name}:\n"));
            }
            text.push_str(&line.to_text(20));
            let mut value = line.to_json();
            if let (Some(name), Value::Object(object)) = (name, &mut value) {
                object.insert("symbol".to_owned(), json!(name));
            }
            list.push(value);
            at += line.bytes.len().max(1);
            *left -= 1;
        }
    }
}
