//! [`compare`]: both sides, and what of them differs.

use terrella_emulator_api::Platform;

use super::{
    Against, Answer, Case, Causes, Difference, Ending, Error, Kind, Outcome, Plan, Report, Rule, Subject,
    child::Child, difference::exclusive_or, msp430::Model, native::InProcess, pattern::Pattern, plan::Place,
    qemu::Qemu, report::Verdict, sample::Samples, vectors::vector,
};

/// What is compared, and how much of it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The platform.
    pub platform: Platform,
    /// What the native engine is compared with.
    pub against: Against,
    /// How many instructions.
    pub count: u64,
    /// What the random numbers start from.
    pub seed: u64,
    /// At most how many instructions of a mnemonic.
    pub each: u64,
    /// Always this instruction, in states that differ.
    pub code: Option<Vec<u8>>,
    /// Only Thumb, of processors that have it besides another instruction
    /// set; without this both, and of `code` the other one.
    pub thumb: bool,
    /// Instructions of these patterns, all as often as the others; if there
    /// are none, random ones.
    pub among: Vec<Pattern>,
    /// Another processor of the reference (`-cpu` of `qemu-user`) than usual.
    pub cpu: Option<String>,
    /// Only mnemonics that begin with this.
    pub only: Option<String>,
    /// Whether test vectors are made of what agrees.
    pub vectors: bool,
}

/// How many pages of code there are where each instruction has new memory: as many
/// as fit between the code and the end of 64 KiB.
const PAGES: u64 = 6;

/// Compares the native engine with a reference.
///
/// # Errors
/// [`Error`]. Differences are no errors: they are in the report.
pub fn compare(options: &Options) -> Result<Report, Error> {
    let causes = Causes::load().map_err(Error::Causes)?;
    let platform = options.platform;
    let entry = terrella_sleigh_languages::entry_of(platform)
        .ok_or(Error::NotRun { reference: terrella_native::NAME, platform })?;
    let processor = terrella_sleigh_languages::load(entry.name)?;
    let (place, mut reference): (Place, Box<dyn Subject>) = match options.against {
        Against::Unicorn => {
            let place = Place::of(platform, 0x1000, PAGES);
            (place, Box::new(Child::new(platform, place)?))
        }
        Against::Model => {
            let place = Place::of(platform, 0x1000, PAGES);
            (place, Box::new(Model::new(platform, place)?))
        }
        Against::QemuUser => {
            let qemu = Qemu::new(platform, options.cpu.as_deref())?;
            (qemu.place(), Box::new(qemu))
        }
    };
    let mut native = InProcess::new(terrella_native::NAME, platform, place)?;
    let plan = Plan::of(platform, place, &[&native, &*reference]);
    let [left, right] = [native.start(&plan)?, reference.start(&plan)?];
    // The bits that the sides fix differently say what they are, and are not
    // compared.
    let mut fixed: Vec<_> = left.iter().zip(&right).map(|(left, right)| exclusive_or(left, right)).collect();
    for (chosen, fixed) in plan.compared.iter().zip(&mut fixed) {
        if let Some(set) = plan.set.iter().find(|set| set.id == chosen.id) {
            fixed.iter_mut().zip(set.mask.to_le_bytes()).for_each(|(fixed, set)| *fixed &= !set);
        }
    }
    if let Some((register, bits)) = reference.uncompared() {
        for (_, fixed) in plan.compared.iter().zip(&mut fixed).filter(|(chosen, _)| chosen.id == register) {
            fixed.iter_mut().zip(bits.to_le_bytes()).for_each(|(fixed, bits)| *fixed |= bits);
        }
    }
    let mut samples = Samples::new(processor, &plan, options);
    let mut report = Report::new(platform, options.against);
    report.uncompared = plan.uncompared(&native, &fixed);
    for _ in 0..options.count {
        let Some(sample) = samples.next(&plan) else { break };
        let Answer::Outcome(own) = native.run(&plan, &sample.task)? else {
            return Err(Error::Protocol("the native engine does not crash".to_owned()));
        };
        // A real system call would be executed by the host.
        let skipped =
            options.against == Against::QemuUser && matches!(own.ending.kind, Kind::Trap | Kind::Waits);
        let address = sample.task.address;
        let mut verdict = if skipped {
            Verdict::Skipped
        } else {
            judge(&plan, address, &own, reference.run(&plan, &sample.task)?, &fixed)
        };
        let registers: Vec<_> = plan
            .set
            .iter()
            .zip(&sample.task.registers)
            .map(|(chosen, value)| (plan.name(chosen.id), *value))
            .collect();
        let explain = |verdict: &Verdict| {
            let case = |difference| Case {
                platform,
                against: options.against.name(),
                mnemonic: &sample.mnemonic,
                text: &sample.text,
                bytes: &sample.bytes,
                registers: &registers,
                difference,
            };
            verdict.difference().and_then(|difference| causes.explain(&case(difference)))
        };
        let mut cause = explain(&verdict);
        if verdict.difference().is_some() && cause.is_none() {
            // What counts is what a reference does that has executed nothing else.
            verdict = judge(&plan, address, &own, reference.run_afresh(&plan, &sample.task)?, &fixed);
            cause = explain(&verdict);
        }
        if options.vectors && matches!(verdict, Verdict::Equal) {
            report.vectors.extend(vector(&plan, &mut native, &sample, &own)?);
        }
        report.add(&sample.mnemonic, &sample.bytes, &sample.text, &verdict, cause);
        if matches!(verdict, Verdict::Equal) && own.ending.kind == Kind::Done {
            report.witness(&sample.mnemonic);
        }
    }
    report.finish();
    if options.code.is_none() && options.only.is_none() {
        let rules = causes.0.iter().filter(|rule| rule.is_of(platform, options.against.name()));
        let is_unused = |rule: &&Rule| !report.causes.contains_key(&rule.name);
        report.unused = rules.filter(is_unused).map(|rule| rule.name.clone()).collect();
    }
    Ok(report)
}

fn judge(plan: &Plan, address: u64, own: &Outcome, answer: Answer, fixed: &[[u8; 64]]) -> Verdict {
    let ends = |other| Difference::Ends { own: own.ending.clone(), other };
    let mut other = match answer {
        Answer::Crashed(signal) => {
            return Verdict::Crashed(ends(Ending { kind: Kind::Crash, detail: Some(signal) }));
        }
        Answer::GaveUp if own.ending.kind == Kind::Done => {
            return Verdict::Different(ends(Ending::plain(Kind::Trap)));
        }
        Answer::GaveUp => return Verdict::Skipped,
        Answer::Outcome(other) => other,
    };
    // A jump to itself looks like a trap to who only sees the program counter.
    if own.ending.kind == Kind::Done && [own.pc, other.pc] == [address; 2] {
        other.ending.kind = Kind::Done;
    }
    if [own, &other].iter().any(|it| it.ending.kind == Kind::Missing) {
        return Verdict::Missing(format!("{} / {}", own.ending, other.ending));
    }
    Difference::of(plan, address, own, &other, fixed).map_or(Verdict::Equal, Verdict::Different)
}
