//! Compares instructions on the native engine with the host's processor.
//!
//! Instructions are made at random, run in a child process on the host and on
//! the engine, and what differs is told. Only for Linux on x86-64.
#![deny(missing_docs)]
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod case;
mod compare;
mod engine;
mod generate;
mod host;
mod opcodes;
mod random;
mod undefined;

pub use case::{CODE, Case, DATA, DATA_SIZE, Machine, Outcome};
pub use compare::{Difference, compare};
pub use engine::Engine;
pub use generate::{Class, Generator};
pub use host::Host;
pub use random::Random;

use std::collections::BTreeMap;

/// What a comparison counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Instructions that were compared, by mnemonic.
    pub compared: BTreeMap<String, u64>,
    /// Differences, by mnemonic, what differs, and the first examples.
    pub different: BTreeMap<(String, String), (u64, Vec<String>)>,
    /// Instructions that faulted alike.
    pub faulted: u64,
    /// Instructions that the host does not have.
    pub lacking: u64,
    /// Those that only the host has, by their first bytes.
    pub undecoded: BTreeMap<String, u64>,
    /// Those that only the engine has, by mnemonic.
    pub accepted: BTreeMap<String, (u64, String)>,
}

impl Counts {
    /// How many instructions were compared.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.compared.values().sum()
    }

    /// How many differed.
    #[must_use]
    pub fn differences(&self) -> u64 {
        self.different.values().map(|(count, _)| count).sum()
    }
}

/// Compares a number of random instructions of 64-bit, 32-bit or 16-bit code.
///
/// 16-bit code runs in segments of a local descriptor table on the host, which
/// has it in protected mode, and in real-address mode on the engine: the two
/// differ in what loads a segment register, which is left out.
///
/// # Errors
/// What keeps the host's child process or the engine from starting.
pub fn run(
    bits: u32,
    seed: u64,
    count: u64,
    filter: Option<&str>,
    class: Option<Class>,
) -> Result<Counts, String> {
    let mut host = Host::start()?;
    let mut engine = Engine::new(bits)?;
    let mut generator = Generator::new(bits, seed, class);
    let mut counts = Counts::default();
    let mut made = 0;
    while made < count {
        let mut cases = Vec::with_capacity(Host::BATCH);
        let mut attempts = 0;
        while cases.len() < Host::BATCH && attempts < 100_000 {
            attempts += 1;
            let case = generator.case();
            let text = engine.text(&case);
            let mnemonic = undefined::mnemonic(&text);
            if filter.is_some_and(|filter| !undefined::matches(&mnemonic, filter))
                || undefined::is_excluded(&mnemonic)
            {
                continue;
            }
            cases.push((case, text, mnemonic));
        }
        if cases.is_empty() {
            break;
        }
        made += cases.len() as u64;
        let results = host.run(cases.iter().map(|(case, ..)| case), bits)?;
        for ((case, text, mnemonic), real) in cases.iter().zip(results) {
            match real.outcome {
                Outcome::Timeout => continue,
                Outcome::Invalid => {
                    counts.lacking += 1;
                    if !mnemonic.is_empty() && engine.run(case).outcome != Outcome::Invalid {
                        let entry = counts.accepted.entry(mnemonic.clone()).or_default();
                        entry.0 += 1;
                        entry.1 = format!("{} | {text}", compare::plain(&case.bytes));
                    }
                    continue;
                }
                _ => {}
            }
            let mut ours = engine.run(case);
            ours.unify(&real);
            if mnemonic.is_empty() {
                let bytes: Vec<String> = case.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                *counts.undecoded.entry(bytes.join(" ")).or_default() += 1;
                continue;
            }
            *counts.compared.entry(mnemonic.clone()).or_default() += 1;
            let differences = compare(case, mnemonic, &real, &ours);
            if differences.is_empty() {
                counts.faulted += u64::from(real.outcome != Outcome::Done);
                continue;
            }
            let kinds: Vec<&str> = differences.iter().map(|it| it.what.as_str()).collect();
            let key = (mnemonic.clone(), kinds.join(","));
            let entry = counts.different.entry(key).or_default();
            entry.0 += 1;
            if entry.1.len() < 2 {
                entry.1.push(compare::describe(case, text, &real, &ours, &differences));
            }
        }
    }
    Ok(counts)
}
