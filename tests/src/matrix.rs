//! The matrix: which promises each backend keeps on each platform.

use std::{collections::BTreeMap, fmt::Write as _};

use terrella_emulator_api::Platform;

use crate::{Backend, Case, Outcome, cases, known, run_case};

/// One cell of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// No case of the line applies.
    NotApplicable,
    /// All cases pass.
    Pass,
    /// Some case fails that is known to.
    Known,
    /// Some case fails.
    Fail,
}

impl Cell {
    const fn text(self) -> &'static str {
        match self {
            Self::NotApplicable => "–",
            Self::Pass => "pass",
            Self::Known => "!",
            Self::Fail => "FAIL",
        }
    }
}

/// What came out of all cases on the platforms of one backend.
#[derive(Debug)]
pub struct Matrix {
    /// The backend.
    pub backend: Backend,
    /// The columns.
    pub platforms: Vec<Platform>,
    /// By line of the contract, then by platform.
    pub cells: BTreeMap<&'static str, Vec<Cell>>,
    /// Platform, line, case and failure.
    pub failures: Vec<(Platform, &'static Case, String)>,
    /// Known shortfalls that are gone.
    pub gone: Vec<(Platform, &'static Case)>,
}

impl Matrix {
    /// Runs all cases on some platforms of a backend; `progress` is asked
    /// before each case whether to run it.
    #[must_use]
    pub fn of(
        backend: Backend,
        platforms: Vec<Platform>,
        mut progress: impl FnMut(Platform, &Case) -> bool,
    ) -> Self {
        let mut cells: BTreeMap<&str, Vec<Cell>> = BTreeMap::new();
        let (mut failures, mut gone) = (Vec::new(), Vec::new());
        for (column, platform) in platforms.iter().enumerate() {
            for case in cases() {
                if !progress(*platform, case) {
                    continue;
                }
                let shortfall = known::shortfall(&backend, *platform, case);
                if shortfall.is_some_and(|known| known.not_run) {
                    let row =
                        cells.entry(case.line).or_insert_with(|| vec![Cell::NotApplicable; platforms.len()]);
                    row[column] = row[column].max(Cell::Known);
                    continue;
                }
                let cell = match (run_case(&backend, *platform, case), shortfall) {
                    (Outcome::Failed(_), Some(_)) => Cell::Known,
                    (Outcome::Failed(text), None) => {
                        failures.push((*platform, case, text));
                        Cell::Fail
                    }
                    (Outcome::Passed, Some(_)) => {
                        gone.push((*platform, case));
                        Cell::Fail
                    }
                    (Outcome::Passed, None) => Cell::Pass,
                    (Outcome::NotApplicable(_), _) => Cell::NotApplicable,
                };
                let row =
                    cells.entry(case.line).or_insert_with(|| vec![Cell::NotApplicable; platforms.len()]);
                row[column] = row[column].max(cell);
            }
        }
        Self { backend, platforms, cells, failures, gone }
    }

    /// Whether nothing failed that is not known.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.gone.is_empty()
    }

    /// A table for a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{:6}", self.backend.name, "line");
        for platform in &self.platforms {
            let _ = write!(text, " {:>8}", platform.name());
        }
        text.push('\n');
        for (line, row) in &self.cells {
            let _ = write!(text, "{line:6}");
            for (cell, platform) in row.iter().zip(&self.platforms) {
                let width = platform.name().len().max(8);
                let _ = write!(text, " {:>width$}", cell.text());
            }
            text.push('\n');
        }
        for (platform, case, failure) in &self.failures {
            let _ = writeln!(text, "{platform}: {} {}: {failure}", case.line, case.name);
        }
        for (platform, case) in &self.gone {
            let _ =
                writeln!(text, "{platform}: {} {}: known shortfall is gone: remove it", case.line, case.name);
        }
        text
    }

    /// A page section: the table, and the known shortfalls with their reasons.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("## {}\n\n| Line |", self.backend.name);
        for platform in &self.platforms {
            let _ = write!(text, " {platform} |");
        }
        let _ = write!(text, "\n| --- |{}\n", " --- |".repeat(self.platforms.len()));
        for (line, row) in &self.cells {
            let _ = write!(text, "| {line} |");
            for cell in row {
                let _ = write!(text, " {} |", cell.text());
            }
            text.push('\n');
        }
        let known: Vec<_> =
            known::SHORTFALLS.iter().filter(|known| known.backend == self.backend.name).collect();
        if !known.is_empty() {
            text.push_str("\nKnown shortfalls:\n\n");
            for known in known {
                let platform = if known.platform == "*" { "all platforms" } else { known.platform };
                let _ = writeln!(text, "- {}, {platform}: {}", known.case, known.reason);
            }
        }
        if !self.failures.is_empty() {
            text.push_str("\nFailures:\n\n");
            for (platform, case, failure) in &self.failures {
                let _ = writeln!(text, "- {platform}, {} {}: {failure}", case.line, case.name);
            }
        }
        text
    }
}

/// The head of the page that the tables stand on: what the cells mean, and
/// the cases by line.
#[must_use]
pub fn markdown_head() -> String {
    let mut text = String::from(
        "# Conformance\n\nWritten by `cargo run -p terrella-conformance --bin conformance -- --matrix \
         --markdown`.\n\nEvery line of the [contract](contract.md) has cases that run on every backend and \
         platform. *pass*: all of them pass. *!*: a known shortfall, told below the table. *FAIL*: one fails \
         that is not known to. *–*: none applies to the platform.\n\n",
    );
    text.push_str("## The cases\n\n| Line | Case |\n| --- | --- |\n");
    for case in cases() {
        let _ = writeln!(text, "| {} | {} |", case.line, case.name);
    }
    text.push('\n');
    text
}
