//! A trace of system calls, as people know it from `strace`.

use std::{fmt::Write as _, io::Write as _};

use terrella_emulator_api::{Emulator, EmulatorExt};

use super::{
    abi::{Abi, Group, generic::AT_FDCWD},
    calls::{Call, Kind},
    process::Id,
    strace_ipc,
    streams::Shared,
};
use crate::errno::Errno;

/// Where a trace goes.
#[derive(Clone)]
pub enum TraceOutput {
    /// To the host's standard error.
    Host,
    /// Kept, to be looked at.
    Kept(Shared<String>),
}

impl std::fmt::Debug for TraceOutput {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Host => "Host",
            Self::Kept(_) => "Kept",
        })
    }
}

impl TraceOutput {
    /// Writes a line.
    pub(crate) fn line(&self, text: &str) {
        match self {
            // A trace that nobody reads any more is no reason to end.
            Self::Host => drop(writeln!(std::io::stderr(), "{text}")),
            Self::Kept(kept) => {
                let mut kept = kept.borrow();
                kept.push_str(text);
                kept.push('\n');
            }
        }
    }
}

/// The trace of a system.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    output: TraceOutput,
    /// Only calls of these names, if there are any.
    only: Vec<String>,
}

/// Strings longer than this are cut.
const SHOWN: usize = 32;

impl Trace {
    pub(crate) const fn new(output: TraceOutput, only: Vec<String>) -> Self {
        Self { output, only }
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    pub(crate) fn line(&self, process: Id, text: &str) {
        self.output.line(&format!("[{process:>5}] {text}"));
    }

    pub(crate) fn interrupted(&self, thread: Id, restarts: bool) {
        let how = if restarts { "made again after the handler" } else { "EINTR" };
        self.line(thread, &format!("--- the call is interrupted: {how} ---"));
    }
}

/// A call with its arguments as text.
pub(crate) fn call_text(
    abi: &Abi,
    emulator: &dyn Emulator,
    call: &Call,
    arguments: &[u64; 8],
    result: Option<Result<u64, Errno>>,
) -> String {
    // What is made through one call for several is shown as what it is.
    let word = |at| emulator.read_integer(at, abi.word).map(|it| it as u64).map_err(|_| Errno::EFAULT);
    let meant = match call.name {
        "ipc" => super::calls::ipc::meant(abi, arguments, word).ok(),
        _ => None,
    };
    let meant = meant.and_then(|(name, arguments)| Some((super::calls::find(name)?, arguments)));
    let (call, arguments) = meant.as_ref().map_or((call, arguments), |(call, arguments)| (*call, arguments));
    let mut text = format!("{}(", call.name);
    for (index, kind) in call.arguments.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let next = arguments.get(index + 1).copied().unwrap_or(0);
        text.push_str(&argument_text(abi, emulator, *kind, arguments[index], next, result));
    }
    text.push(')');
    match result {
        None => {}
        Some(Ok(value)) => {
            let value = if abi.is_64() { value as i64 } else { i64::from(value as i32) };
            let address = matches!(
                call.name,
                "mmap" | "mmap2" | "old_mmap" | "brk" | "mremap" | "shmat" | "set_tid_address"
            );
            let _ = if address || !(-4096..1 << 31).contains(&value) {
                let value = if abi.is_64() { value as u64 } else { u64::from(value as u32) };
                write!(text, " = {value:#x}")
            } else {
                write!(text, " = {value}")
            };
        }
        Some(Err(error)) => {
            let _ = write!(text, " = -1 {error}");
        }
    }
    text
}

fn argument_text(
    abi: &Abi,
    emulator: &dyn Emulator,
    kind: Kind,
    value: u64,
    next: u64,
    result: Option<Result<u64, Errno>>,
) -> String {
    let int = value as i32;
    match kind {
        Kind::Fd | Kind::Int => int.to_string(),
        Kind::Folder if int == AT_FDCWD => "AT_FDCWD".to_owned(),
        Kind::Folder => int.to_string(),
        Kind::Unsigned => value.to_string(),
        Kind::Long if abi.is_64() => (value as i64).to_string(),
        Kind::Long => int.to_string(),
        Kind::Wide => (value as i64).to_string(),
        Kind::Hex => format!("{value:#x}"),
        Kind::Pointer if value == 0 => "NULL".to_owned(),
        Kind::Pointer => format!("{value:#x}"),
        Kind::Mode => format!("{value:#o}"),
        Kind::Text => match emulator.read_c_string(value, 4096) {
            Ok(text) => quoted(&text, usize::MAX),
            Err(_) if value == 0 => "NULL".to_owned(),
            Err(_) => format!("{value:#x}"),
        },
        Kind::Bytes => bytes_text(emulator, value, next),
        Kind::Filled => match result {
            Some(Ok(length)) => bytes_text(emulator, value, length.min(next)),
            _ => format!("{value:#x}"),
        },
        Kind::Texts => texts(abi, emulator, value),
        Kind::Signal => {
            let number = abi.to_generic(|tables| tables.signal, value & 0xffff_ffff);
            signal_name(number as u8)
        }
        Kind::OpenFlags => {
            let generic = abi.bits_to_generic(|tables| tables.open, value);
            let access = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][(generic & 3) as usize];
            let rest = flags_text(|tables| tables.open, generic & !3);
            if rest.is_empty() { access.to_owned() } else { format!("{access}|{rest}") }
        }
        Kind::Protection => {
            let names = [(1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC")];
            named_bits(&names, value).unwrap_or_else(|| "PROT_NONE".to_owned())
        }
        Kind::MapFlags => {
            let generic = abi.bits_to_generic(|tables| tables.map, value);
            flags_text(|tables| tables.map, generic)
        }
        Kind::CloneFlags => {
            const NAMES: &[(u64, &str)] = &[
                (0x100, "CLONE_VM"),
                (0x200, "CLONE_FS"),
                (0x400, "CLONE_FILES"),
                (0x800, "CLONE_SIGHAND"),
                (0x4000, "CLONE_VFORK"),
                (0x1_0000, "CLONE_THREAD"),
                (0x4_0000, "CLONE_SYSVSEM"),
                (0x8_0000, "CLONE_SETTLS"),
                (0x10_0000, "CLONE_PARENT_SETTID"),
                (0x20_0000, "CLONE_CHILD_CLEARTID"),
                (0x100_0000, "CLONE_CHILD_SETTID"),
            ];
            let signal = signal_name(abi.to_generic(|tables| tables.signal, value & 0xff) as u8);
            match (named_bits(NAMES, value & !0xff), value & 0xff) {
                (Some(names), 0) => names,
                (Some(names), _) => format!("{names}|{signal}"),
                (None, _) => signal,
            }
        }
        kind => strace_ipc::argument_text(abi, emulator, kind, value, next, result.and_then(Result::ok))
            .unwrap_or_else(|| format!("{value:#x}")),
    }
}

pub(super) fn flags_text(group: Group, bits: u64) -> String {
    let all: Vec<(u64, &str)> =
        super::abi::generic_numbers(group).iter().map(|(name, bit)| (*bit, *name)).collect();
    named_bits(&all, bits).unwrap_or_default()
}

pub(super) fn named_bits(names: &[(u64, &str)], bits: u64) -> Option<String> {
    let mut rest = bits;
    let mut found = Vec::new();
    // Names of several bits before those of one of them.
    let mut names: Vec<_> = names.to_vec();
    names.sort_by_key(|(bit, _)| std::cmp::Reverse(bit.count_ones()));
    for (bit, name) in &names {
        if *bit != 0 && rest & bit == *bit {
            found.push((*bit, (*name).to_owned()));
            rest &= !bit;
        }
    }
    found.sort();
    let mut texts: Vec<String> = found.into_iter().map(|(_, name)| name).collect();
    if rest != 0 {
        texts.push(format!("{rest:#x}"));
    }
    (!texts.is_empty()).then(|| texts.join("|"))
}

pub(super) fn bytes_text(emulator: &dyn Emulator, address: u64, length: u64) -> String {
    match emulator.read_bytes(address, length.min(4096)) {
        Ok(bytes) => quoted(&bytes, SHOWN),
        Err(_) => format!("{address:#x}"),
    }
}

fn texts(abi: &Abi, emulator: &dyn Emulator, address: u64) -> String {
    let mut all = Vec::new();
    for index in 0..32 {
        let at = address.wrapping_add(index * abi.word as u64);
        match emulator.read_integer(at, abi.word) {
            Ok(0) | Err(_) => break,
            Ok(pointer) => match emulator.read_c_string(pointer as u64, 4096) {
                Ok(text) => all.push(quoted(&text, SHOWN)),
                Err(_) => all.push(format!("{pointer:#x}")),
            },
        }
    }
    format!("[{}]", all.join(", "))
}

fn quoted(bytes: &[u8], most: usize) -> String {
    let mut text = String::from("\"");
    for byte in bytes.iter().take(most) {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\r' => text.push_str("\\r"),
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            0x20..0x7f => text.push(*byte as char),
            byte => {
                let _ = write!(text, "\\{byte:o}");
            }
        }
    }
    text.push('"');
    if bytes.len() > most {
        text.push_str("...");
    }
    text
}

/// The name of a signal by its generic number.
#[must_use]
pub fn signal_name(number: u8) -> String {
    let all = super::abi::generic_numbers(|tables| tables.signal);
    match all.iter().find(|(_, known)| *known == u64::from(number)) {
        Some((name, _)) => (*name).to_owned(),
        None if number >= 32 => format!("SIGRT_{}", number - 32),
        None => number.to_string(),
    }
}
