//! [`compare`]: both sides, and what of them differs.

use terrella_emulator_api::{Platform, RegisterValue};

use super::{
    Against, Answer, Error, Kind, Outcome, Plan, Report, Subject, child::Child, msp430::Model,
    native::InProcess, pattern::Pattern, plan::Place, qemu::Qemu, report::Verdict, sample::Samples,
    vectors::vector,
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

/// Compares the native engine with a reference.
///
/// # Errors
/// [`Error`]. Differences are no errors: they are in the report.
pub fn compare(options: &Options) -> Result<Report, Error> {
    let platform = options.platform;
    let entry = terrella_sleigh_languages::entry_of(platform)
        .ok_or(Error::NotRun { reference: terrella_native::NAME, platform })?;
    let processor = terrella_sleigh_languages::load(entry.name)?;
    let (place, mut reference): (Place, Box<dyn Subject>) = match options.against {
        Against::Unicorn => {
            let place = Place::of(platform, 0x1000, 1);
            (place, Box::new(Child::new(platform, place)?))
        }
        Against::Model => {
            let place = Place::of(platform, 0x1000, 1);
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
    if let Some((register, bits)) = reference.uncompared() {
        for (_, fixed) in plan.compared.iter().zip(&mut fixed).filter(|(chosen, _)| chosen.id == register) {
            fixed.iter_mut().zip(bits.to_le_bytes()).for_each(|(fixed, bits)| *fixed |= bits);
        }
    }
    let mut samples = Samples::new(processor, options);
    let mut report = Report::new(platform, options.against);
    for _ in 0..options.count {
        let Some(sample) = samples.next(&plan) else { break };
        let Answer::Outcome(own) = native.run(&plan, &sample.task)? else {
            return Err(Error::Protocol("the native engine does not crash".to_owned()));
        };
        // A real system call would be executed by the host.
        let skipped =
            options.against == Against::QemuUser && matches!(own.ending.kind, Kind::Trap | Kind::Waits);
        let verdict = if skipped {
            Verdict::Skipped
        } else {
            match reference.run(&plan, &sample.task)? {
                Answer::Crashed(signal) => Verdict::Crashed(signal),
                Answer::GaveUp if own.ending.kind == Kind::Done => {
                    Verdict::Different("Done / a trap".to_owned())
                }
                Answer::GaveUp => Verdict::Skipped,
                Answer::Outcome(other) => judge(&plan, &own, &other, &fixed),
            }
        };
        if options.vectors && matches!(verdict, Verdict::Equal) {
            report.vectors.extend(vector(&plan, &mut native, &sample, &own)?);
        }
        report.add(&sample.mnemonic, &sample.bytes, &sample.text, verdict);
    }
    Ok(report)
}

/// The bits in which two values differ.
fn exclusive_or(left: &RegisterValue, right: &RegisterValue) -> [u8; 64] {
    let (mut bits, mut other) = ([0; 64], [0; 64]);
    left.write_le_bytes(&mut bits);
    right.write_le_bytes(&mut other);
    for (bits, other) in bits.iter_mut().zip(other) {
        *bits ^= other;
    }
    bits
}

fn judge(plan: &Plan, own: &Outcome, other: &Outcome, fixed: &[[u8; 64]]) -> Verdict {
    if [own, other].iter().any(|it| it.ending.kind == Kind::Missing) {
        return Verdict::Missing(format!("{} / {}", own.ending, other.ending));
    }
    if !own.ending.agrees(&other.ending) {
        return Verdict::Different(format!("{} / {}", own.ending, other.ending));
    }
    if own.ending.kind != Kind::Done {
        return Verdict::Equal;
    }
    let mut differences = Vec::new();
    for (index, chosen) in plan.compared.iter().enumerate() {
        let (left, right) = (&own.registers[index], &other.registers[index]);
        if exclusive_or(left, right).iter().zip(&fixed[index]).any(|(bits, fixed)| bits & !fixed != 0) {
            differences.push(format!("{} {left:#x} / {right:#x}", plan.name(chosen.id)));
        }
    }
    if own.pc != other.pc {
        differences.push(format!("pc {:#x} / {:#x}", own.pc, other.pc));
    }
    if own.changed != other.changed {
        differences.push(format!("memory {:x?} / {:x?}", own.changed, other.changed));
    }
    if let (Some(left), Some(right)) = (&own.stores, &other.stores)
        && left != right
    {
        differences.push(format!("stores {left:x?} / {right:x?}"));
    }
    if differences.is_empty() { Verdict::Equal } else { Verdict::Different(differences.join("; ")) }
}
