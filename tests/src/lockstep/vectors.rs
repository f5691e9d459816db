//! Test vectors: instructions on which both sides agree, with the registers
//! that they need and those that they change, for tests of the engine alone.

use std::fmt::Write;

use terrella_emulator_api::RegisterValue;

use super::{Answer, Error, Kind, Outcome, Plan, Subject, Task, sample::Sample};

/// The words of an instruction's text that may be names.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase)
}

/// The vector of an instruction: its bytes and text, the registers that are
/// set, and what they are afterwards, with the step of the program counter.
/// `None` if it needs more than its text names, or touches memory.
///
/// # Errors
/// [`Error`] of the engine.
pub(super) fn vector(
    plan: &Plan,
    native: &mut dyn Subject,
    sample: &Sample,
    outcome: &Outcome,
) -> Result<Option<String>, Error> {
    // With the delay slot, if there is one, which is as long.
    let length = sample.bytes.len() * if sample.task.has_slot { 2 } else { 1 };
    let code: String = sample.task.code[..length].iter().map(|byte| format!("{byte:02x}")).collect();
    let head = format!("{code} {} |", sample.text.trim());
    match outcome.ending.kind {
        Kind::Invalid => return Ok(Some(format!("{head} | invalid"))),
        Kind::Done if outcome.stores.as_ref().is_none_or(Vec::is_empty) => {}
        _ => return Ok(None),
    }
    let table = plan.platform.definition().registers();
    let named: Vec<_> =
        words(&sample.text).filter_map(|word| table.lookup(&word)).map(|id| table.get(id).root).collect();
    // Elsewhere, and with other data: what depends on them is no vector.
    let address = sample.task.address + 0x100;
    let mut task = Task { registers: Vec::new(), fill: sample.task.fill ^ 1, address, ..sample.task.clone() };
    let mut line = head;
    for (chosen, value) in plan.set.iter().zip(&sample.task.registers) {
        let is_used = chosen.bits <= 8
            || chosen.mask != u64::MAX
            || named.contains(&chosen.id)
            || named.contains(&table.get(chosen.id).root);
        let value = if is_used { *value } else { RegisterValue::ZERO };
        task.registers.push(value);
        if !value.is_zero() {
            write!(line, " {}={value:#x}", plan.name(chosen.id)).map_err(|_| formatting())?;
        }
    }
    let before = native.start(plan)?;
    let Answer::Outcome(again) = native.run(plan, &task)? else { return Ok(None) };
    line.push_str(" |");
    for (index, chosen) in plan.compared.iter().enumerate() {
        let set = plan.set.iter().position(|it| it.id == chosen.id).map(|place| (&task, place));
        let old = set.map_or(before[index], |(task, place)| task.registers[place]);
        let full = plan.set.iter().position(|it| it.id == chosen.id);
        let unchanged = full.is_some_and(|place| outcome.registers[index] == sample.task.registers[place]);
        let new = again.registers[index];
        if !unchanged && new != outcome.registers[index] || unchanged && new != old {
            // Something else has its part in it.
            return Ok(None);
        }
        if new != old {
            write!(line, " {}={new:#x}", plan.name(chosen.id)).map_err(|_| formatting())?;
        }
    }
    let step = again.pc.wrapping_sub(task.address);
    if again.ending.kind != Kind::Done || step != outcome.pc.wrapping_sub(sample.task.address) {
        return Ok(None);
    }
    write!(line, " pc+{}", step as i64).map_err(|_| formatting())?;
    Ok(Some(line))
}

fn formatting() -> Error {
    Error::Protocol("a line cannot be written".to_owned())
}
