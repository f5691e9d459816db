//! [`page`]: the part of `docs/src/reference/lock-step.md` that the files of
//! causes and results tell.

use std::fmt::Write as _;

use super::{Causes, Fault};

/// The list of all causes, as Markdown.
///
/// # Errors
/// What is wrong with a file of causes.
pub fn page() -> Result<String, String> {
    let causes = Causes::load()?;
    let mut text = String::from(
        "# Causes of the differences\n\nWritten by `cargo run -p terrella-conformance --bin lockstep -- --causes` \
         from `tests/lockstep-causes`, which [lock step](lock-step.md) reads. Each code is an argument for \
         `lockstep PLATFORM --against REFERENCE --code CODE`.\n",
    );
    for fault in Fault::ALL {
        let title = match fault {
            Fault::Theirs => "Faults of the references",
            Fault::Open => "What the manuals leave open",
            Fault::Comparison => "What the comparison cannot do",
            Fault::Ours => "What this engine does otherwise than the manual",
        };
        let mut rules = causes.0.iter().filter(|rule| rule.fault == fault).peekable();
        if rules.peek().is_none() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {title}\n\n| cause | platforms | against | code | what differs (here / there) | manual | why |\n\
             |---|---|---|---|---|---|---|\n"
        );
        for rule in rules {
            let list =
                |words: &[String]| words.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                text,
                "| {} | {} | {} | `{}` | `{}` | {} | {} |",
                rule.name,
                list(&rule.platforms),
                list(&rule.against),
                rule.code(),
                rule.what(),
                rule.manual,
                rule.because.replace('|', "\\|"),
            );
        }
    }
    Ok(text)
}
