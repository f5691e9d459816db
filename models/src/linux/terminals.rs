//! Pseudoterminals: what is written to one end comes out of the other, by the
//! rules of a line (POSIX, chapter 11; termios(3)).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    abi::generic::{SIGINT, SIGQUIT, SIGTSTP},
    process::Id,
};
use crate::files::InodeId;

/// So many there may be (`/proc/sys/kernel/pty/max` of Linux is 4096).
pub(super) const MOST: usize = 256;
/// The longest line (`N_TTY_BUF_SIZE`), and what waits for the master at most.
const LONGEST: usize = 4095;
const MOST_OUTPUT: usize = 1 << 16;

/// The numbers of a processor's `termios.h`: `asm/termbits.h` of Linux.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) start_stop: u32,
    pub(crate) newline: u32,
    pub(crate) control: u32,
    pub(crate) signals: u32,
    pub(crate) canonical: u32,
    /// `ECHOE`, `ECHOK`, `ECHOCTL` and `ECHOKE`, as a terminal has them at first.
    pub(crate) echoes: u32,
    pub(crate) extensions: u32,
    /// The bits of the speed in `c_cflag`.
    pub(crate) speed: u32,
    /// `CSIZE` with `PARENB`, and `CS8`.
    pub(crate) size: u32,
    pub(crate) eight: u32,
    pub(crate) echo_control: u32,
    /// `NOFLSH`, `TOSTOP`.
    no_flush: u32,
    stops_output: u32,
    /// Places in `c_cc`: end of file, end of line, least number.
    pub(crate) end: usize,
    pub(crate) end_of_line: usize,
    pub(crate) least: usize,
    /// And how long reading waits.
    pub(crate) time: usize,
    /// `VSUSP`.
    suspend: usize,
    /// `c_cc` at first.
    pub(crate) characters: &'static [u8],
}

/// `ICRNL`, `INLCR` and `IGNCR`, `OPOST`, `ECHO`: the same on all.
const RETURN_TO_NEWLINE: u32 = 0x100;
const NEWLINE_TO_RETURN: u32 = 0x40;
const NO_RETURN: u32 = 0x80;
const OUTPUT: u32 = 1;
pub(crate) const ECHO: u32 = 8;
/// Places in `c_cc` that are the same on all: `VINTR`, `VQUIT`, `VERASE`, `VKILL`.
const INTERRUPT: usize = 0;
const QUIT: usize = 1;
const ERASE: usize = 2;
const KILL: usize = 3;

const GENERIC: Numbers = Numbers {
    start_stop: 0x400,
    newline: 4,
    control: 0xbf,
    signals: 1,
    canonical: 2,
    echoes: 0xa30,
    extensions: 0x8000,
    speed: 0x100f,
    size: 0x130,
    eight: 0x30,
    echo_control: 0x200,
    no_flush: 0x80,
    stops_output: 0x100,
    end: 4,
    end_of_line: 11,
    least: 6,
    time: 5,
    suspend: 10,
    characters: &[3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22],
};

const POWERPC: Numbers = Numbers {
    start_stop: 0x200,
    newline: 2,
    control: 0xb0f,
    signals: 0x80,
    canonical: 0x100,
    echoes: 0x47,
    extensions: 0x400,
    speed: 0xff,
    size: 0x1300,
    eight: 0x300,
    echo_control: 0x40,
    no_flush: 0x8000_0000,
    stops_output: 0x40_0000,
    end: 4,
    end_of_line: 6,
    least: 5,
    time: 7,
    suspend: 12,
    characters: &[3, 28, 127, 21, 4, 1, 0, 0, 0, 0, 23, 18, 26, 17, 19, 22, 15],
};

const MIPS: Numbers = Numbers {
    stops_output: 0x8000,
    extensions: 0x100,
    end: 16,
    end_of_line: 17,
    least: 4,
    characters: &[3, 28, 127, 21, 1, 0, 0, 0, 17, 19, 26, 26, 18, 15, 23, 22, 4, 0],
    ..GENERIC
};

const SPARC: Numbers = Numbers {
    end_of_line: 5,
    least: 4,
    time: 5,
    characters: &[3, 28, 127, 21, 4, 0, 0, 0, 17, 19, 26, 25, 18, 15, 23, 22],
    ..GENERIC
};

impl Numbers {
    /// Those of a processor, by the name of its platform or machine.
    pub(crate) fn of(name: &str) -> &'static Self {
        match name {
            _ if name.starts_with("ppc") => &POWERPC,
            _ if name.starts_with("mips") || name.starts_with("micromips") => &MIPS,
            _ if name.starts_with("sparc") => &SPARC,
            _ => &GENERIC,
        }
    }
}

/// What `struct termios` says, by the processor's own numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) input: u32,
    pub(crate) output: u32,
    pub(crate) control: u32,
    pub(crate) local: u32,
    pub(crate) line: u8,
    pub(crate) characters: [u8; 32],
}

impl Settings {
    /// Those of a terminal as it begins: cooked, 38400 baud.
    pub(crate) fn first(numbers: &Numbers) -> Self {
        let mut characters = [0; 32];
        characters[..numbers.characters.len()].copy_from_slice(numbers.characters);
        Self {
            input: RETURN_TO_NEWLINE | numbers.start_stop,
            output: OUTPUT | numbers.newline,
            control: numbers.control,
            local: numbers.signals | numbers.canonical | ECHO | numbers.echoes | numbers.extensions,
            line: 0,
            characters,
        }
    }
}

/// A pair of ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Terminal {
    pub(crate) settings: Settings,
    /// Whose numbers the settings have.
    platform: String,
    #[serde(skip, default = "generic")]
    numbers: &'static Numbers,
    /// The slave cannot be opened.
    pub(crate) locked: bool,
    /// Rows, columns, and both in pixels.
    pub(crate) size: [u16; 4],
    /// The line that is being written, and what the slave can read: lines, or
    /// characters.
    line: Vec<u8>,
    ready: VecDeque<Vec<u8>>,
    /// What the master can read.
    output: VecDeque<u8>,
    pub(crate) masters: u32,
    pub(super) slaves: u32,
    pub(super) opened: bool,
    /// The slave's, in `/dev/pts`.
    pub(crate) inode: InodeId,
    /// The session whose terminal it is, and the group in the foreground.
    pub(crate) session: Option<Id>,
    pub(crate) group: Id,
    /// Signals that what was typed sends to that group.
    pub(super) signals: Vec<u64>,
}

const fn generic() -> &'static Numbers {
    &GENERIC
}

/// What reading comes to.
pub(crate) enum Taken {
    Bytes(Vec<u8>),
    /// There is nothing yet.
    Nothing,
    /// The other end is closed.
    Closed,
}

impl Terminal {
    pub(super) fn new(platform: &str, inode: InodeId) -> Self {
        let numbers = Numbers::of(platform);
        Self {
            platform: platform.to_owned(),
            settings: Settings::first(numbers),
            numbers,
            locked: true,
            size: [0; 4],
            line: Vec::new(),
            ready: VecDeque::new(),
            output: VecDeque::new(),
            masters: 1,
            slaves: 0,
            opened: false,
            inode,
            session: None,
            group: 0,
            signals: Vec::new(),
        }
    }

    /// After it was loaded: the numbers that its name stands for.
    pub(crate) fn find_numbers(&mut self) {
        self.numbers = Numbers::of(&self.platform);
    }

    /// Whether those in the background may not write (`TOSTOP`).
    pub(crate) fn stops_output(&self) -> bool {
        self.has(self.numbers.stops_output)
    }

    fn has(&self, local: u32) -> bool {
        self.settings.local & local != 0
    }

    /// Characters on the way out, with returns before newlines.
    fn show(&mut self, byte: u8) {
        let newline = OUTPUT | self.numbers.newline;
        if byte == b'\n' && self.settings.output & newline == newline {
            self.output.push_back(b'\r');
        }
        self.output.push_back(byte);
    }

    /// Whether input is shown, and there is room for it.
    fn echoes(&self) -> bool {
        self.has(ECHO) && self.output.len() < MOST_OUTPUT
    }

    fn echo(&mut self, byte: u8) {
        if !self.echoes() {
            return;
        }
        if byte.is_ascii_control() && !b"\t\n".contains(&byte) && self.has(self.numbers.echo_control) {
            self.output.extend([b'^', byte ^ 0x40]);
        } else {
            self.show(byte);
        }
    }

    /// How many bytes wait for the slave.
    fn waiting(&self) -> usize {
        self.line.len() + self.ready.iter().map(Vec::len).sum::<usize>()
    }

    /// The line is done.
    fn finish(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.ready.push_back(line);
    }

    /// A character from the master.
    fn input(&mut self, byte: u8) {
        let flags = self.settings.input;
        let byte = match byte {
            b'\r' if flags & NO_RETURN != 0 => return,
            b'\r' if flags & RETURN_TO_NEWLINE != 0 => b'\n',
            b'\n' if flags & NEWLINE_TO_RETURN != 0 => b'\r',
            other => other,
        };
        let characters = self.settings.characters;
        let is = |place: usize| characters[place] == byte && byte != 0;
        let keys = [(INTERRUPT, SIGINT), (QUIT, SIGQUIT), (self.numbers.suspend, SIGTSTP)];
        if self.has(self.numbers.signals)
            && let Some((_, signal)) = keys.into_iter().find(|(place, _)| is(*place))
        {
            if !self.has(self.numbers.no_flush) {
                self.line.clear();
                self.ready.clear();
                self.output.clear();
            }
            self.echo(byte);
            if self.session.is_some() {
                self.signals.push(signal);
            }
            return;
        }
        if !self.has(self.numbers.canonical) {
            self.echo(byte);
            match self.ready.back_mut() {
                Some(last) => last.push(byte),
                None => self.ready.push_back(vec![byte]),
            }
            return;
        }
        if is(ERASE) {
            if self.line.pop().is_some() && self.echoes() {
                self.output.extend(b"\x08 \x08");
            }
        } else if is(KILL) {
            for _ in 0..std::mem::take(&mut self.line).len() {
                if self.echoes() {
                    self.output.extend(b"\x08 \x08");
                }
            }
        } else if is(self.numbers.end) {
            self.finish();
        } else {
            self.echo(byte);
            self.line.push(byte);
            if byte == b'\n' || is(self.numbers.end_of_line) {
                self.finish();
            }
        }
    }

    /// Writes to an end: how many bytes it took, or that the other is closed.
    pub(crate) fn put(&mut self, master: bool, bytes: &[u8]) -> Option<usize> {
        let mut count = 0;
        if master {
            for byte in bytes {
                // A line that is full takes its end only.
                let ends = self.has(self.numbers.canonical) && b"\r\n".contains(byte);
                if self.waiting() >= LONGEST && !ends || self.ready.len() > LONGEST {
                    break;
                }
                self.input(*byte);
                count += 1;
            }
        } else {
            if self.masters == 0 {
                return None;
            }
            for byte in bytes.iter().take(MOST_OUTPUT.saturating_sub(self.output.len())) {
                self.show(*byte);
                count += 1;
            }
        }
        Some(count)
    }

    /// Reads from an end.
    pub(crate) fn take(&mut self, master: bool, size: usize) -> Taken {
        if master {
            if self.output.is_empty() {
                return if self.slaves == 0 && self.opened { Taken::Closed } else { Taken::Nothing };
            }
            let count = size.min(self.output.len());
            return Taken::Bytes(self.output.drain(..count).collect());
        }
        let Some(first) = self.ready.front_mut() else {
            let least = self.settings.characters[self.numbers.least];
            let waits = self.has(self.numbers.canonical) || least > 0;
            return match self.masters {
                0 => Taken::Bytes(Vec::new()),
                _ if waits => Taken::Nothing,
                _ => Taken::Bytes(Vec::new()),
            };
        };
        let count = size.min(first.len());
        let bytes = first.drain(..count).collect();
        if first.is_empty() {
            self.ready.pop_front();
        }
        Taken::Bytes(bytes)
    }

    /// How many bytes can be read at once.
    pub(crate) fn available(&self, master: bool) -> usize {
        if master { self.output.len() } else { self.ready.front().map_or(0, Vec::len) }
    }

    /// Whether an end can be read and written, and whether the other is closed.
    pub(crate) fn readiness(&self, master: bool) -> (bool, bool, bool) {
        let closed = if master { self.slaves == 0 && self.opened } else { self.masters == 0 };
        let reads = if master { !self.output.is_empty() } else { !self.ready.is_empty() || closed };
        let writes = if master { self.waiting() < LONGEST } else { self.output.len() < MOST_OUTPUT };
        (reads, writes, closed)
    }

    /// Other settings: what was not a line is one then, where there are none.
    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings;
        if !self.has(self.numbers.canonical) && !self.line.is_empty() {
            self.finish();
        }
    }

    /// Throws away what was not read, or not sent (`tcflush`).
    pub(crate) fn flush(&mut self, master: bool, reads: bool, writes: bool) {
        if reads && !master || writes && master {
            self.line.clear();
            self.ready.clear();
        }
        if writes && !master || reads && master {
            self.output.clear();
        }
    }
}

/// All pairs, by their numbers.
pub(crate) type Terminals = BTreeMap<u32, Terminal>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes until nothing more is taken, or far more than there is room for.
    fn fill(terminal: &mut Terminal, master: bool, bytes: &[u8]) -> usize {
        let mut total = 0;
        while total < 1 << 20 {
            match terminal.put(master, bytes) {
                Some(count) if count > 0 => total += count,
                _ => break,
            }
        }
        total
    }

    #[test]
    fn what_nobody_reads_is_bounded() {
        for bytes in [&b"\n"[..], b"a", b"\x04", b"\x15\x7f", b"abc\r\n"] {
            for raw in [false, true] {
                let mut terminal = Terminal::new("x86_64", 0);
                if raw {
                    let settings = Settings { local: ECHO, ..terminal.settings.clone() };
                    terminal.set(settings);
                }
                fill(&mut terminal, true, bytes);
                fill(&mut terminal, false, bytes);
                assert!(terminal.waiting() <= 2 * LONGEST, "{bytes:?} {raw}: {}", terminal.waiting());
                assert!(terminal.ready.len() <= LONGEST + 1, "{bytes:?} {raw}: {}", terminal.ready.len());
                assert!(
                    terminal.output.len() <= MOST_OUTPUT + 2,
                    "{bytes:?} {raw}: {}",
                    terminal.output.len()
                );
            }
        }
    }
}
