//! [`Report`]: the counts of a comparison.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;
use terrella_emulator_api::Platform;

use super::{Against, Difference, Fault, Rule};

/// What a comparison of one instruction says.
pub(super) enum Verdict {
    Equal,
    Different(Difference),
    /// One of the sides does not have it.
    Missing(String),
    /// The reference crashed.
    Crashed(Difference),
    /// The reference was not asked.
    Skipped,
}

impl Verdict {
    /// What differs.
    pub(super) const fn difference(&self) -> Option<&Difference> {
        match self {
            Self::Different(difference) | Self::Crashed(difference) => Some(difference),
            Self::Equal | Self::Missing(_) | Self::Skipped => None,
        }
    }
}

/// The counts of a mnemonic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Both sides did the same.
    pub equal: u64,
    /// Of those, how many were carried out and did not end in a fault.
    pub witnessed: u64,
    /// They did not.
    pub different: u64,
    /// One of them does not have the instruction.
    pub missing: u64,
    /// The reference crashed.
    pub crashed: u64,
    /// A trap, which was not given to the reference.
    pub skipped: u64,
    /// Of those that differ or crashed, how many no rule explains.
    pub unexplained: u64,
    /// The rules that explain the others.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub causes: BTreeSet<String>,
}

/// How many differences a rule explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Whose fault it is.
    pub fault: Fault,
    /// How many.
    pub count: u64,
    /// The first one.
    pub example: String,
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
    /// What is explained, by the name of the rule.
    pub causes: BTreeMap<String, Cause>,
    /// What is not: by mnemonic and what differs, how many, and the first
    /// one.
    pub unexplained: BTreeMap<String, (u64, String)>,
    /// Rules of the platform and reference that explain nothing.
    pub unused: Vec<String>,
    /// Registers of the platform that the engine has and that are not compared,
    /// and bits of those that are.
    pub uncompared: Vec<String>,
    /// Mnemonics that were compared and never carried out by both sides with the
    /// same result: all that is known of them is what the rules say.
    pub unwitnessed: Vec<String>,
    /// What is not implemented: by mnemonic, the first one.
    pub missing: BTreeMap<String, String>,
    /// Test vectors, if they were asked for.
    #[serde(skip)]
    pub vectors: Vec<String>,
}

/// A mnemonic of Arm without the condition that it has.
fn unconditional(mnemonic: &str) -> Option<String> {
    const CONDITIONS: [&str; 14] =
        ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"];
    let (name, kind) = mnemonic.find('.').map_or((mnemonic, ""), |at| mnemonic.split_at(at));
    let stem = CONDITIONS.iter().find_map(|condition| name.strip_suffix(condition))?;
    Some(format!("{stem}{kind}"))
}

impl Report {
    pub(super) fn new(platform: Platform, against: Against) -> Self {
        Self {
            platform: platform.name().to_owned(),
            against: against.name(),
            sum: Count::default(),
            mnemonics: BTreeMap::new(),
            causes: BTreeMap::new(),
            unexplained: BTreeMap::new(),
            unused: Vec::new(),
            uncompared: Vec::new(),
            unwitnessed: Vec::new(),
            missing: BTreeMap::new(),
            vectors: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        mnemonic: &str,
        bytes: &[u8],
        text: &str,
        verdict: &Verdict,
        cause: Option<&Rule>,
    ) {
        let code: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let count = self.mnemonics.entry(mnemonic.to_owned()).or_default();
        let (field, total) = match verdict {
            Verdict::Equal => (&mut count.equal, &mut self.sum.equal),
            Verdict::Different(_) => (&mut count.different, &mut self.sum.different),
            Verdict::Missing(remark) => {
                let example = || format!("{code} {text}: {remark}");
                self.missing.entry(mnemonic.to_owned()).or_insert_with(example);
                (&mut count.missing, &mut self.sum.missing)
            }
            Verdict::Crashed(_) => (&mut count.crashed, &mut self.sum.crashed),
            Verdict::Skipped => (&mut count.skipped, &mut self.sum.skipped),
        };
        *field += 1;
        *total += 1;
        let Some(difference) = verdict.difference() else { return };
        let example = || format!("{code} {text}: {difference}");
        if let Some(rule) = cause {
            count.causes.insert(rule.name.clone());
            let new = || Cause { fault: rule.fault, count: 0, example: example() };
            self.causes.entry(rule.name.clone()).or_insert_with(new).count += 1;
        } else {
            count.unexplained += 1;
            self.sum.unexplained += 1;
            let key = format!("{mnemonic} [{}]", difference.kind());
            self.unexplained.entry(key).or_insert_with(|| (0, example())).0 += 1;
        }
    }

    /// Counts an instruction that both sides carried out with the same result.
    pub(super) fn witness(&mut self, mnemonic: &str) {
        self.mnemonics.entry(mnemonic.to_owned()).or_default().witnessed += 1;
        self.sum.witnessed += 1;
    }

    /// Lists the mnemonics that have no witness.
    pub(super) fn finish(&mut self) {
        // Those with a condition are the one without, if that is a mnemonic.
        let mut groups: BTreeMap<String, Count> = BTreeMap::new();
        for (mnemonic, count) in &self.mnemonics {
            let name = unconditional(mnemonic).filter(|name| self.mnemonics.contains_key(name));
            let group = groups.entry(name.unwrap_or_else(|| mnemonic.clone())).or_default();
            group.witnessed += count.witnessed;
            group.equal += count.equal + count.different + count.crashed;
        }
        let without = groups.into_iter().filter(|(_, count)| count.witnessed == 0 && count.equal > 0);
        self.unwitnessed = without.map(|(mnemonic, _)| mnemonic).collect();
    }

    /// Whether everything that differs is explained.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.sum.unexplained == 0
    }

    /// How many differences and crashes are explained by whose fault.
    #[must_use]
    pub fn explained(&self, fault: Fault) -> u64 {
        self.causes.values().filter(|it| it.fault == fault).map(|it| it.count).sum()
    }

    /// The line of `lockstep-results.txt`.
    #[must_use]
    pub fn row(&self) -> String {
        let Count { equal, different, missing, crashed, unexplained, .. } = &self.sum;
        let faults: Vec<String> = Fault::ALL.iter().map(|it| self.explained(*it).to_string()).collect();
        format!(
            "{}, {}, {}, {equal}, {different}, {missing}, {}, {unexplained}, {crashed}",
            self.platform,
            self.against,
            equal + different,
            faults.join(", "),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { equal, different, missing, crashed, skipped, unexplained, .. } = &self.sum;
        writeln!(
            formatter,
            "{} against {}: {} mnemonics, {equal} equal, {different} different, {missing} not implemented, \
             the reference crashed {crashed} times, {skipped} traps not run; {unexplained} unexplained",
            self.platform,
            self.against,
            self.mnemonics.len(),
        )?;
        if !self.uncompared.is_empty() {
            writeln!(formatter, "not compared: {}", self.uncompared.join(", "))?;
        }
        if !self.unwitnessed.is_empty() {
            let (count, names) = (self.unwitnessed.len(), self.unwitnessed.join(", "));
            writeln!(formatter, "without a witness ({count}): {names}")?;
        }
        for (name, Cause { fault, count, example }) in &self.causes {
            writeln!(formatter, "cause {name} ({}): {count}  {example}", fault.name())?;
        }
        for name in &self.unused {
            writeln!(formatter, "cause {name}: explains nothing here")?;
        }
        for example in self.missing.values() {
            writeln!(formatter, "not implemented: {example}")?;
        }
        for (what, (count, example)) in &self.unexplained {
            writeln!(formatter, "UNEXPLAINED {what}: {count}  {example}")?;
        }
        Ok(())
    }
}
