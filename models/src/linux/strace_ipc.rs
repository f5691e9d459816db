//! Arguments of System V IPC, and of message queues, as a trace shows them.

use terrella_emulator_api::{Emulator, EmulatorExt};

use super::{
    abi::Abi,
    calls::Kind,
    strace::{bytes_text, flags_text, named_bits, signal_name},
};

/// So many operations are shown.
const SHOWN: u64 = 16;

const FLAGS: &[(u64, &str)] = &[(0o1000, "IPC_CREAT"), (0o2000, "IPC_EXCL"), (0o4000, "IPC_NOWAIT")];
const MESSAGE_FLAGS: &[(u64, &str)] =
    &[(0o4000, "IPC_NOWAIT"), (0o10_000, "MSG_NOERROR"), (0o20_000, "MSG_EXCEPT"), (0o40_000, "MSG_COPY")];
const ATTACH_FLAGS: &[(u64, &str)] =
    &[(0o10_000, "SHM_RDONLY"), (0o20_000, "SHM_RND"), (0o40_000, "SHM_REMAP"), (0o100_000, "SHM_EXEC")];
const OPERATION_FLAGS: &[(u64, &str)] = &[(0o4000, "IPC_NOWAIT"), (0x1000, "SEM_UNDO")];

const COMMANDS: &[(i32, &str)] = &[(0, "IPC_RMID"), (1, "IPC_SET"), (2, "IPC_STAT"), (3, "IPC_INFO")];
const MESSAGE_COMMANDS: &[(i32, &str)] = &[(11, "MSG_STAT"), (12, "MSG_INFO"), (13, "MSG_STAT_ANY")];
const SEMAPHORE_COMMANDS: &[(i32, &str)] = &[
    (11, "GETPID"),
    (12, "GETVAL"),
    (13, "GETALL"),
    (14, "GETNCNT"),
    (15, "GETZCNT"),
    (16, "SETVAL"),
    (17, "SETALL"),
    (18, "SEM_STAT"),
    (19, "SEM_INFO"),
    (20, "SEM_STAT_ANY"),
];
const SEGMENT_COMMANDS: &[(i32, &str)] =
    &[(11, "SHM_LOCK"), (12, "SHM_UNLOCK"), (13, "SHM_STAT"), (14, "SHM_INFO"), (15, "SHM_STAT_ANY")];

fn flags_or_zero(names: &[(u64, &str)], bits: u64) -> String {
    named_bits(names, bits).unwrap_or_else(|| "0".to_owned())
}

fn command(own: &[(i32, &str)], value: i32) -> String {
    // Structures of today are meant: as on other processors.
    let (base, wide) = (value & !0x100, value & 0x100 != 0);
    let name = COMMANDS.iter().chain(own).find(|(known, _)| *known == base);
    match (name, wide) {
        (Some((_, name)), false) => (*name).to_owned(),
        (Some((_, name)), true) => format!("IPC_64|{name}"),
        (None, _) => value.to_string(),
    }
}

/// An argument of one of these kinds; `next` is the argument behind it, and
/// `length` the result of the call, if it has one.
pub(super) fn argument_text(
    abi: &Abi,
    emulator: &dyn Emulator,
    kind: Kind,
    value: u64,
    next: u64,
    length: Option<u64>,
) -> Option<String> {
    let int = value as i32;
    Some(match kind {
        Kind::Key if int == 0 => "IPC_PRIVATE".to_owned(),
        Kind::Key => format!("{int:#x}"),
        Kind::GetFlags => {
            let mode = format!("{:#o}", value & 0o777);
            named_bits(FLAGS, value & 0xffff_fe00).map_or(mode.clone(), |flags| format!("{flags}|{mode}"))
        }
        Kind::MessageFlags => flags_or_zero(MESSAGE_FLAGS, value & 0xffff_ffff),
        Kind::AttachFlags => flags_or_zero(ATTACH_FLAGS, value & 0xffff_ffff),
        Kind::MessageCommand => command(MESSAGE_COMMANDS, int),
        Kind::SemaphoreCommand => command(SEMAPHORE_COMMANDS, int),
        Kind::SegmentCommand => command(SEGMENT_COMMANDS, int),
        Kind::Message => message(abi, emulator, value, next).unwrap_or_else(|| format!("{value:#x}")),
        Kind::Received => length
            .and_then(|length| message(abi, emulator, value, length))
            .unwrap_or_else(|| format!("{value:#x}")),
        Kind::Operations => operations(emulator, value, next).unwrap_or_else(|| format!("{value:#x}")),
        Kind::QueueAttributes | Kind::Event if value == 0 => "NULL".to_owned(),
        Kind::QueueAttributes => attributes(abi, emulator, value).unwrap_or_else(|| format!("{value:#x}")),
        Kind::Event => event(abi, emulator, value).unwrap_or_else(|| format!("{value:#x}")),
        _ => return None,
    })
}

fn message(abi: &Abi, emulator: &dyn Emulator, at: u64, length: u64) -> Option<String> {
    let kind = emulator.read_integer(at, abi.word).ok()? as u64;
    let kind = if abi.is_64() { kind as i64 } else { i64::from(kind as i32) };
    Some(format!("{{{kind}, {}}}", bytes_text(emulator, at.wrapping_add(abi.word as u64), length)))
}

fn operations(emulator: &dyn Emulator, at: u64, count: u64) -> Option<String> {
    let mut all = Vec::new();
    for index in 0..count.min(SHOWN) {
        let short = |place: u64| {
            let at = at.wrapping_add(6 * index + 2 * place);
            Some(emulator.read_integer(at, 2).ok()? as u16)
        };
        let flags = flags_or_zero(OPERATION_FLAGS, short(2)?.into());
        all.push(format!("{{{}, {}, {flags}}}", short(0)?, short(1)? as i16));
    }
    if count > SHOWN {
        all.push("...".to_owned());
    }
    Some(format!("[{}]", all.join(", ")))
}

fn attributes(abi: &Abi, emulator: &dyn Emulator, at: u64) -> Option<String> {
    let long = |place: u64| {
        let value = emulator.read_integer(at.wrapping_add(place * abi.word as u64), abi.word).ok()? as u64;
        Some(if abi.is_64() { value as i64 } else { i64::from(value as i32) })
    };
    let flags = abi.bits_to_generic(|tables| tables.open, long(0)? as u64);
    let flags = flags_text(|tables| tables.open, flags);
    let flags = if flags.is_empty() { "0".to_owned() } else { flags };
    Some(format!(
        "{{mq_flags={flags}, mq_maxmsg={}, mq_msgsize={}, mq_curmsgs={}}}",
        long(1)?,
        long(2)?,
        long(3)?
    ))
}

fn event(abi: &Abi, emulator: &dyn Emulator, at: u64) -> Option<String> {
    let int = |place: u64| Some(emulator.read_integer(at.wrapping_add(place), 4).ok()? as u32);
    let word = abi.word as u64;
    let signal = signal_name(abi.to_generic(|tables| tables.signal, int(word)?.into()) as u8);
    Some(match int(word + 4)? {
        0 => format!("{{sigev_signo={signal}, sigev_notify=SIGEV_SIGNAL}}"),
        1 => "{sigev_notify=SIGEV_NONE}".to_owned(),
        2 => "{sigev_notify=SIGEV_THREAD}".to_owned(),
        other => format!("{{sigev_notify={other}}}"),
    })
}
