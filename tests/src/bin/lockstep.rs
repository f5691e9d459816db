//! Random instructions on the native engine and a reference, one at a time
//! from the same state: what differs is counted by mnemonic, with an example
//! of each.
//!
//! ```text
//! lockstep PLATFORM [--against unicorn|qemu-user|model] [--count N] [--seed S]
//!          [--each N] [--only PREFIX] [--code HEX] [--thumb] [--among FILE]
//!          [--cpu NAME] [--json] [--vectors] [--row]
//! ```
//!
//! `lockstep --causes` prints the page of the causes that are known.
//!
//! It ends with 0 if nothing differs but what is explained, 1 if something
//! does, 2 if it was called wrongly, and 3 if the comparison cannot be made.

use std::{fmt::Display, process::ExitCode, str::FromStr};

use terrella_conformance::lockstep::{Against, Options, Pattern, compare, page, serve};
use terrella_emulator_api::Platform;

const USAGE: &str = "usage: lockstep PLATFORM [--against unicorn|qemu-user|model] [--count N] [--seed S] \
                     [--each N] [--only PREFIX] [--code HEX] [--thumb] [--among FILE] \
                     [--cpu NAME] [--json] [--vectors] [--row]\n       lockstep --causes";

fn value<T: FromStr<Err: Display>>(name: &str, text: Option<String>) -> Result<T, String> {
    let text = text.ok_or_else(|| format!("{name} needs a value\n{USAGE}"))?;
    text.parse().map_err(|error| format!("{name} {text}: {error}"))
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits.chunks(2).map(|pair| byte(pair).map_err(|error| format!("--code {text}: {error}"))).collect()
}

/// The patterns of a file: one in the first word of each line that is no
/// comment.
fn patterns(path: &str) -> Result<Vec<Pattern>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("--among {path}: {error}"))?;
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    words.filter(|word| !word.starts_with('#')).map(|word| value("--among", Some(word.to_owned()))).collect()
}

/// How the report is printed.
#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
    Row,
}

/// The options, and how the report is printed.
fn options() -> Result<(Options, Format), String> {
    let mut arguments = std::env::args().skip(1);
    let mut format = Format::Text;
    let mut options = Options {
        platform: value("PLATFORM", arguments.next())?,
        against: Against::Unicorn,
        count: 20_000,
        seed: 1,
        each: u64::MAX,
        code: None,
        thumb: false,
        among: Vec::new(),
        cpu: None,
        only: None,
        vectors: false,
    };
    while let Some(name) = arguments.next() {
        match name.as_str() {
            "--thumb" => options.thumb = true,
            "--json" => format = Format::Json,
            "--row" => format = Format::Row,
            "--vectors" => options.vectors = true,
            "--count" => options.count = value(&name, arguments.next())?,
            "--seed" => options.seed = value(&name, arguments.next())?,
            "--each" => options.each = value(&name, arguments.next())?,
            "--only" => options.only = arguments.next(),
            "--code" => options.code = Some(bytes(&value::<String>(&name, arguments.next())?)?),
            "--cpu" => options.cpu = arguments.next(),
            "--among" => options.among = patterns(&value::<String>(&name, arguments.next())?)?,
            "--against" => {
                let name: String = value(&name, arguments.next())?;
                let found = Against::ALL.into_iter().find(|it| it.name() == name);
                options.against = found.ok_or_else(|| format!("{name} is no reference\n{USAGE}"))?;
            }
            other => return Err(format!("{other} is no option\n{USAGE}")),
        }
    }
    Ok((options, format))
}

/// The main function of the child process that runs Unicorn.
fn serving() -> ExitCode {
    let platform = std::env::args().nth(2).and_then(|name| name.parse::<Platform>().ok());
    match platform.map(serve) {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::from(3),
    }
}

/// Prints; where nobody reads any more (`| head`), what is left is not shown.
fn show(text: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("--serve") {
        return serving();
    }
    if std::env::args().nth(1).as_deref() == Some("--causes") {
        return match page() {
            Ok(text) => {
                show(&text);
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(3)
            }
        };
    }
    let (options, format) = match options() {
        Ok(found) => found,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match compare(&options) {
        Ok(report) => {
            match format {
                _ if options.vectors => report.vectors.iter().for_each(|line| show(&format!("{line}\n"))),
                Format::Json => match serde_json::to_string_pretty(&report) {
                    Ok(text) => show(&format!("{text}\n")),
                    Err(error) => eprintln!("{error}"),
                },
                Format::Row => show(&format!("{}\n", report.row())),
                Format::Text => show(&report.to_string()),
            }
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(3)
        }
    }
}
