//! `fmtmsg.h`: messages in the form of UNIX System Laboratories.

use super::super::{
    context::Context,
    environment,
    error::Result,
    types::{Header, Long, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "fmtmsg.h",
    standard: Standard::Posix,
    models: models! {
        fmtmsg = fmtmsg, "there is no console: MM_NOCON";
        addseverity = add_severity;
    },
};

/// Where messages go, and results.
const PRINT: i64 = 0x100;
const CONSOLE: i64 = 0x200;
const FAILED: i32 = -1;
const NO_CONSOLE: i32 = 4;

const SEVERITIES: [&str; 4] = ["HALT", "ERROR", "WARNING", "INFO"];

/// A label has two parts, of at most 10 and 14 characters.
fn is_label(text: &[u8]) -> bool {
    text.iter()
        .position(|byte| *byte == b':')
        .is_some_and(|colon| colon <= 10 && text.len() - colon - 1 <= 14)
}

/// Which parts are shown: label, severity, text, action, tag (`MSGVERB`).
fn shown(c: &mut Context<'_>) -> Result<[bool; 5]> {
    const NAMES: [&str; 5] = ["label", "severity", "text", "action", "tag"];
    let Some(verbosity) = environment::variable(c, b"MSGVERB")? else { return Ok([true; 5]) };
    let verbosity = String::from_utf8_lossy(&verbosity).into_owned();
    let words: Vec<&str> = verbosity.split(':').collect();
    // What is no such list stands for all.
    if words.iter().any(|word| !NAMES.contains(word)) {
        return Ok([true; 5]);
    }
    Ok(NAMES.map(|name| words.contains(&name)))
}

fn fmtmsg(
    c: &mut Context<'_>,
    class: Long,
    label: Ptr,
    severity: i32,
    text: Ptr,
    action: Ptr,
    tag: Ptr,
) -> Result<i32> {
    let optional = |c: &mut Context<'_>, at: Ptr| -> Result<Option<Vec<u8>>> {
        if at.is_null() { Ok(None) } else { c.text(at).map(Some) }
    };
    let label = optional(c, label)?;
    if label.as_ref().is_some_and(|label| !is_label(label)) {
        return Ok(FAILED);
    }
    let severity = match severity {
        0 => None,
        1..=4 => Some(SEVERITIES[severity as usize - 1].as_bytes().to_vec()),
        other => match c.state.numbers.get(&own(other)).copied() {
            Some(text) => Some(c.text(Ptr(text as u64))?),
            None => return Ok(FAILED),
        },
    };
    let (text, action, tag) = (optional(c, text)?, optional(c, action)?, optional(c, tag)?);
    if class.0 & PRINT != 0 {
        let shown = shown(c)?;
        let mut parts = [label, severity, text, action, tag];
        for (part, shown) in parts.iter_mut().zip(shown) {
            if !shown {
                *part = None;
            }
        }
        let line = line(&parts);
        let error = c.standard(2)?;
        c.put(error, &line)?;
    }
    Ok(if class.0 & CONSOLE != 0 { NO_CONSOLE } else { 0 })
}

/// Where a severity of the program's own is kept.
fn own(severity: i32) -> String {
    format!("severity {severity}")
}

/// Adds a severity, whose text stays the program's, or takes it away
/// (addseverity(3)).
fn add_severity(c: &mut Context<'_>, severity: i32, text: Ptr) -> Result<i32> {
    if severity <= 4 {
        return Ok(FAILED);
    }
    if text.is_null() {
        return Ok(if c.state.numbers.remove(&own(severity)).is_some() { 0 } else { FAILED });
    }
    c.state.numbers.insert(own(severity), text.0 as i64);
    Ok(0)
}

/// The message: what is missing has no separator.
fn line(parts: &[Option<Vec<u8>>; 5]) -> Vec<u8> {
    let [label, severity, text, action, tag] = parts;
    let follows = |from: usize| parts[from..].iter().any(Option::is_some);
    let mut line = Vec::new();
    let mut add = |part: &Option<Vec<u8>>, before: &str, after: &str| {
        if let Some(part) = part {
            line.extend_from_slice(before.as_bytes());
            line.extend_from_slice(part);
            line.extend_from_slice(after.as_bytes());
        }
    };
    add(label, "", if follows(1) { ": " } else { "" });
    add(severity, "", if follows(2) { ": " } else { "" });
    add(text, "", if follows(3) { "\n" } else { "" });
    add(action, "TO FIX: ", if follows(4) { "  " } else { "" });
    add(tag, "", "\n");
    if tag.is_none() {
        line.push(b'\n');
    }
    line
}
