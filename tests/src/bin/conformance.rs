//! Prints the conformance matrix.
//!
//! ```text
//! conformance [--matrix] [--markdown] [--list] [--verbose] [--backend NAME]
//!             [--skip TEXT] [--only TEXT] [PLATFORM…]
//! ```

use std::process::ExitCode;

use terrella_conformance::{
    backends, cases,
    matrix::{Matrix, markdown_head},
};

fn main() -> ExitCode {
    let (mut markdown, mut list, mut verbose) = (false, false, false);
    let (mut backend, mut platforms) = (None, Vec::new());
    let (mut skipped, mut only) = (Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--matrix" => {}
            "--markdown" => markdown = true,
            "--list" => list = true,
            "--verbose" => verbose = true,
            "--skip" => skipped.extend(arguments.next()),
            "--only" => only.extend(arguments.next()),
            "--backend" => backend = arguments.next(),
            name => match name.parse() {
                Ok(platform) => platforms.push(platform),
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::from(2);
                }
            },
        }
    }
    if list {
        for case in cases() {
            println!("{} {}", case.line, case.name);
        }
        return ExitCode::SUCCESS;
    }
    // A panic that a callback is meant to make is no news.
    std::panic::set_hook(Box::new(|_| {}));
    if markdown {
        print!("{}", markdown_head());
    }
    let mut clean = true;
    let wanted = |name: &str| backend.as_ref().is_none_or(|backend| backend == name);
    for backend in backends().iter().filter(|backend| wanted(backend.name)) {
        let columns = (backend.platforms)()
            .into_iter()
            .filter(|platform| platforms.is_empty() || platforms.contains(platform))
            .collect();
        let matrix = Matrix::of(*backend, columns, |platform, case| {
            let name = format!("{} {}", case.line, case.name);
            let wanted = !skipped.iter().any(|text: &String| name.contains(text))
                && (only.is_empty() || only.iter().any(|text: &String| name.contains(text)));
            if verbose && wanted {
                eprintln!("{}: {platform}: {name}", backend.name);
            }
            wanted
        });
        clean &= matrix.is_clean();
        print!("{}", if markdown { matrix.to_markdown() } else { matrix.to_text() });
        println!();
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
