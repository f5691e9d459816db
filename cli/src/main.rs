//! The command line of Terrella: `terrella call`, `run`, `diff-run`, `disasm`,
//! `state`, `models`, `platforms`, `backends`.
//!
//! Every command gives an [`Answer`](output::Answer), text for people and JSON
//! for programs, or a [`Failure`](failure::Failure): one line, hints, and an
//! exit status.
#![forbid(unsafe_code)]

mod commands;
mod execution;
mod explain;
mod failure;
mod inputs;
#[cfg(feature = "native")]
mod listing;
mod lockstep;
mod machine_options;
mod notation;
mod output;
#[cfg(feature = "native")]
mod specification;
mod trace;
mod values;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    failure::{Failure, Result},
    output::{Answer, Paint},
};

/// Emulation harnesses from the command line: calls functions and runs code of any platform.
#[derive(Debug, Parser)]
#[command(
    name = "terrella",
    version,
    after_help = "`terrella COMMAND --help` shows the options and examples \
    of a command.\n\nExit status: 0 for success and for stops that were asked for, 1 for faults in the guest and \
    other errors, 2 for wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Call(commands::call::Call),
    Run(Box<commands::run::Run>),
    DiffRun(commands::diff_run::DiffRun),
    #[cfg(feature = "native")]
    Disasm(commands::disasm::Disasm),
    State(commands::state::State),
    Models(commands::models::Models),
    Platforms(commands::platforms::Platforms),
    Backends(commands::backends::Backends),
}

impl Command {
    const fn json(&self) -> bool {
        match self {
            Self::Call(call) => call.execution.json,
            Self::Run(run) => run.execution.json,
            Self::DiffRun(run) => run.json,
            #[cfg(feature = "native")]
            Self::Disasm(disasm) => disasm.json,
            Self::State(state) => state.json(),
            Self::Models(models) => models.json,
            Self::Platforms(platforms) => platforms.json,
            Self::Backends(backends) => backends.json,
        }
    }

    fn run(&self) -> Result<(Answer, u8)> {
        match self {
            Self::Call(call) => Ok((call.run()?, 0)),
            Self::Run(run) => run.run(),
            Self::DiffRun(run) => run.run(),
            #[cfg(feature = "native")]
            Self::Disasm(disasm) => Ok((disasm.run()?, 0)),
            Self::State(state) => state.run(),
            Self::Models(models) => Ok((models.run(), 0)),
            Self::Platforms(platforms) => Ok((platforms.run()?, 0)),
            Self::Backends(backends) => Ok((backends.run()?, 0)),
        }
    }
}

/// Writes negative numbers so that they are not taken for options: `-1i64`
/// as `int:-1i64`. No option begins with a digit.
fn negative_numbers(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.peekable();
    let program = arguments.next();
    // What follows a program that is run is its own.
    if arguments.peek().is_some_and(|command| command == "run") {
        return program.into_iter().chain(arguments).collect();
    }
    let is_negative =
        |text: &str| text.starts_with('-') && text[1..].starts_with(|first: char| first.is_ascii_digit());
    let written = |argument: OsString| match argument.to_str() {
        Some(text) if is_negative(text) => format!("int:{text}").into(),
        _ => argument,
    };
    program.into_iter().chain(arguments.map(written)).collect()
}

fn report(failure: &Failure, json: bool) {
    if json {
        output::print(&format!("{:#}\n", failure.to_json()));
        return;
    }
    output::print(&failure.shown);
    let paint = Paint::stderr();
    let mut text = format!("{} {}\n", paint.error("error:"), failure.message);
    for hint in &failure.hints {
        text.push_str(&format!("  {} {hint}\n", paint.hint("hint:")));
    }
    output::print_error(&text);
}

fn main() -> ExitCode {
    let cli = Cli::parse_from(negative_numbers(std::env::args_os()));
    let json = cli.command.json();
    match cli.command.run() {
        Ok((answer, status)) => {
            output::print(&if json { format!("{:#}\n", answer.json) } else { answer.text });
            ExitCode::from(status)
        }
        Err(failure) => {
            report(&failure, json);
            ExitCode::from(failure.status)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn negative_numbers_are_arguments() {
        let written = |words: [&str; 5]| negative_numbers(words.map(OsString::from).into_iter());
        assert_eq!(
            written(["terrella", "-1", "--ret", "-h", "-5i64"]),
            ["terrella", "int:-1", "--ret", "-h", "int:-5i64"]
        );
        assert_eq!(written(["terrella", "run", "head", "-1", "-n"]), ["terrella", "run", "head", "-1", "-n"]);
    }
}
