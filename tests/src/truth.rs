//! The page that tells, for each platform, how much of it was compared with
//! what (`docs/src/reference/truth.md`).

use std::{fmt::Write as _, fs};

use terrella_emulator_api::Platform;

use crate::{Backend, Outcome, cases, programs, run_case};

/// A line of `lockstep-results.txt`: instructions that were executed beside
/// another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockStep {
    /// The platform.
    pub platform: Platform,
    /// What it was compared with.
    pub against: String,
    /// How many instructions were compared, how many of them had equal
    /// results, how many other ones, and how many the engine does not have.
    pub counts: [u64; 4],
    /// Of those that differ or crashed, if the causes are noted: how many are
    /// explained by which [`Fault`](crate::lockstep::Fault) (ours, theirs, open, comparison), how many
    /// are not explained, and how often the other machine crashed.
    pub causes: Option<[u64; 6]>,
}

impl LockStep {
    /// The counts, to be read.
    fn text(&self) -> String {
        let Self { against, counts: [compared, equal, different, missing], causes, .. } = self;
        let causes = causes.map_or_else(String::new, |[ours, _, _, _, unexplained, crashed]| {
            let crashed = if crashed > 0 { format!(", {crashed} crashes") } else { String::new() };
            format!(" (this engine's fault {ours}, unexplained {unexplained}{crashed})")
        });
        format!("{against}: {compared}, {equal} equal, {different} different{causes}, {missing} not there")
    }
}

/// The results of lock-step runs, as they were noted.
///
/// # Errors
/// A line that is not `platform, against, compared, equal, different, not
/// implemented`, with or without `ours, theirs, open, comparison,
/// unexplained, crashed`.
pub fn lock_steps() -> Result<Vec<LockStep>, Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/lockstep-results.txt");
    let text = fs::read_to_string(path)?;
    let is_row = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    text.lines()
        .filter(is_row)
        .map(|line| row(line).map_err(|error| format!("{line}: {error}").into()))
        .collect()
}

fn row(line: &str) -> Result<LockStep, Box<dyn std::error::Error>> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [platform, against, counts @ ..] = fields.as_slice() else { return Err("fields are missing".into()) };
    let counts = counts.iter().map(|count| count.parse()).collect::<Result<Vec<u64>, _>>()?;
    let (counts, causes) = counts.split_at_checked(4).ok_or("four counts are needed")?;
    let causes: Option<[u64; 6]> = match causes {
        [] => None,
        causes => Some(causes.try_into().map_err(|_| "six counts of causes are needed")?),
    };
    let counts: [u64; 4] = counts.try_into().map_err(|_| "four counts are needed")?;
    if let Some([ours, theirs, open, comparison, unexplained, crashed]) = causes
        && ours + theirs + open + comparison + unexplained != counts[2] + crashed
    {
        return Err("the causes are not as many as the differences".into());
    }
    Ok(LockStep { platform: platform.parse()?, against: (*against).to_owned(), counts, causes })
}

/// A line of `decode-results.txt`: where instructions begin, beside objdump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The platform.
    pub platform: Platform,
    /// The addresses at which one of the two has an instruction begin.
    pub compared: u64,
    /// Those at which only one of them has.
    pub different: u64,
}

impl Decoded {
    /// The counts, to be read.
    fn text(&self) -> String {
        format!("{} instructions, {} different", self.compared, self.different)
    }
}

/// What was noted of decoding.
///
/// # Errors
/// A line that is not `platform, compared, different, files`.
pub fn decoded() -> Result<Vec<Decoded>, Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/decode-results.txt");
    let text = fs::read_to_string(path)?;
    let is_row = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    text.lines()
        .filter(is_row)
        .map(|line| decoded_row(line).map_err(|error| format!("{line}: {error}").into()))
        .collect()
}

fn decoded_row(line: &str) -> Result<Decoded, Box<dyn std::error::Error>> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [platform, compared, different, _files] = fields.as_slice() else {
        return Err("four fields are needed".into());
    };
    let (compared, different) = (compared.parse()?, different.parse()?);
    if different > compared {
        return Err("more differ than were compared".into());
    }
    Ok(Decoded { platform: platform.parse()?, compared, different })
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Share {
    good: usize,
    all: usize,
}

impl Share {
    fn note(&mut self, is_good: bool) {
        self.good += usize::from(is_good);
        self.all += 1;
    }

    fn text(self) -> String {
        match self {
            Self { all: 0, .. } => "–".to_owned(),
            Self { good, all } => format!("{good} of {all}"),
        }
    }
}

/// The cases that apply to a platform, and how many of them pass.
fn conformance(backend: &Backend, platform: Platform) -> Share {
    let mut share = Share::default();
    for case in cases() {
        match run_case(backend, platform, case) {
            Outcome::NotApplicable(_) => {}
            outcome => share.note(matches!(outcome, Outcome::Passed)),
        }
    }
    share
}

/// The page. `progress` is told each platform before it is measured.
///
/// # Errors
/// A fixture or table that cannot be read.
pub fn page(mut progress: impl FnMut(&Backend, Platform)) -> Result<String, Box<dyn std::error::Error>> {
    let (images, expected, steps) = (programs::images()?, programs::expected()?, lock_steps()?);
    let decoded = decoded()?;
    let mut text = String::from(
        "# How much is true\n\nWritten by `cargo run -p terrella-conformance --bin truth`.\n\n\
         *Conformance*: the cases of the [contract](contract.md) that apply to the platform, and how many of \
         them pass; where a platform has no snippets of code (`tests/fixtures/snippets`), only the \
         cases apply that run none, some 25 to 45. *Programs*: own C programs that check themselves, compiled at several levels \
         (`tests/fixtures/programs`), and how many compute what they should; `tests/programs-known.txt` tells \
         what is wrong with the others. *Decode*: the code of system libraries, or of the own programs where there are no libraries, and \
         at how many addresses only this project or only objdump has an instruction begin, or takes \
         for one what is there, as `tests/decode-results.txt` notes it (`scripts/compare_lengths.py`, \
         which tells what counts as data and which objdump it was); operands are not compared there. \
         *Lock step*: instructions executed beside another machine, as \
         `tests/lockstep-results.txt` notes them.\n",
    );
    for backend in crate::backends() {
        let _ = write!(
            text,
            "\n## {}\n\n| platform | conformance | programs | decode | lock step |\n| --- | --- | --- | --- | --- |\n",
            backend.name
        );
        for platform in (backend.platforms)() {
            progress(backend, platform);
            let mut share = Share::default();
            for image in images.iter().filter(|image| image.platform == platform) {
                for program in &image.programs {
                    let digest = expected.get(program).copied().unwrap_or_default();
                    share.note(image.run(backend, program, digest).is_ok());
                }
            }
            let cases = conformance(backend, platform).text();
            let steps: Vec<String> = steps
                .iter()
                .filter(|step| step.platform == platform && backend.name == terrella_native::NAME)
                .map(LockStep::text)
                .collect();
            let steps = if steps.is_empty() { "–".to_owned() } else { steps.join("; ") };
            // The engine decodes; Unicorn does so on its own, and does not show it.
            let decoded = decoded
                .iter()
                .find(|row| row.platform == platform && backend.name == terrella_native::NAME)
                .map_or_else(|| "–".to_owned(), Decoded::text);
            let _ = writeln!(text, "| `{platform}` | {cases} | {} | {decoded} | {steps} |", share.text());
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noted_decoding_can_be_read() {
        assert!(decoded().is_ok(), "{:?}", decoded());
        let row = decoded_row("mips, 10, 2, libc.so.6 libm.so.6").expect("a row");
        assert_eq!(row.text(), "10 instructions, 2 different");
        assert!(decoded_row("mips, 10, 11, libc.so.6").is_err());
        assert!(decoded_row("mips, 10, libc.so.6").is_err());
        assert!(decoded_row("nothing, 10, 2, libc.so.6").is_err());
    }

    #[test]
    fn noted_results_can_be_read() {
        assert!(lock_steps().is_ok(), "{:?}", lock_steps());
        let step = row("mips, unicorn, 10, 7, 2, 1").expect("a row");
        assert_eq!((step.platform, step.counts), (Platform::MIPS, [10, 7, 2, 1]));
        assert_eq!(step.text(), "unicorn: 10, 7 equal, 2 different, 1 not there");
        let step = row("mips, unicorn, 10, 7, 2, 1, 1, 0, 2, 0, 0, 1").expect("a row");
        assert_eq!(
            step.text(),
            "unicorn: 10, 7 equal, 2 different (this engine's fault 1, unexplained 0, 1 crashes), 1 not there"
        );
        assert!(row("mips, unicorn, 10, 7, 2, 1, 1, 0, 2, 0, 0, 0").is_err());
        assert!(row("mips, unicorn, 10, 7, 2, 1, 1").is_err());
        assert!(row("mips, unicorn, 10").is_err());
        assert!(row("nothing, unicorn, 10, 7, 2, 1").is_err());
    }
}
