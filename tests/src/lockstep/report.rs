//! [`Report`]: the counts of a comparison.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use terrella_emulator_api::Platform;

use super::Against;

/// What a comparison of one instruction says.
pub(super) enum Verdict {
    Equal,
    Different(String),
    /// One of the sides does not have it.
    Missing(String),
    /// The reference crashed, by a signal.
    Crashed(String),
    /// The reference was not asked.
    Skipped,
}

/// The counts of a mnemonic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Both sides did the same.
    pub equal: u64,
    /// They did not.
    pub different: u64,
    /// One of them does not have the instruction.
    pub missing: u64,
    /// The reference crashed.
    pub crashed: u64,
    /// A trap, which was not given to the reference.
    pub skipped: u64,
    /// The first that was not equal: bytes, text, and what differs.
    pub example: Option<String>,
}

/// The counts of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The platform.
    pub platform: String,
    /// The reference.
    pub against: &'static str,
    /// The sum of all counts.
    pub sum: Count,
    /// The counts by mnemonic.
    pub mnemonics: BTreeMap<String, Count>,
    /// The crashes of the reference: bytes, text and signal.
    pub crashes: Vec<String>,
}

/// How many crashes are kept.
const CRASHES: usize = 50;

impl Report {
    pub(super) fn new(platform: Platform, against: Against) -> Self {
        Self {
            platform: platform.name().to_owned(),
            against: match against {
                Against::Unicorn => "unicorn",
                Against::QemuUser => "qemu-user",
                Against::Model => "model",
            },
            sum: Count::default(),
            mnemonics: BTreeMap::new(),
            crashes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, mnemonic: &str, bytes: &[u8], text: &str, verdict: Verdict) {
        let count = self.mnemonics.entry(mnemonic.to_owned()).or_default();
        let code: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_first_difference = count.different == 0;
        let (field, total, remark) = match verdict {
            Verdict::Equal => (&mut count.equal, &mut self.sum.equal, None),
            Verdict::Different(remark) => (&mut count.different, &mut self.sum.different, Some(remark)),
            Verdict::Missing(remark) => (&mut count.missing, &mut self.sum.missing, Some(remark)),
            Verdict::Crashed(signal) => {
                if self.crashes.len() < CRASHES {
                    self.crashes.push(format!("{code} {text}: {signal}"));
                }
                let remark = format!("the reference crashed by {signal}");
                (&mut count.crashed, &mut self.sum.crashed, Some(remark))
            }
            Verdict::Skipped => (&mut count.skipped, &mut self.sum.skipped, None),
        };
        *field += 1;
        *total += 1;
        let is_example = count.example.is_none() || is_first_difference && count.different == 1;
        if let Some(remark) = remark.filter(|_| is_example) {
            count.example = Some(format!("{code} {text}: {remark}"));
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.sum.different == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { equal, different, missing, crashed, skipped, .. } = &self.sum;
        writeln!(
            formatter,
            "{} against {}: {} mnemonics, {equal} equal, {different} different, {missing} not implemented, \
             the reference crashed {crashed} times, {skipped} traps not run",
            self.platform,
            self.against,
            self.mnemonics.len(),
        )?;
        for (mnemonic, it) in &self.mnemonics {
            if let Some(example) = &it.example {
                writeln!(
                    formatter,
                    "{mnemonic:16} equal {:5} different {:5} missing {:5} crashed {:5}  {example}",
                    it.equal, it.different, it.missing, it.crashed
                )?;
            }
        }
        for crash in &self.crashes {
            writeln!(formatter, "crash: {crash}")?;
        }
        Ok(())
    }
}
