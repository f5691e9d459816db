//! [`Streams`]: where standard input comes from, and where output goes.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, IsTerminal, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::serial::Text;

/// What is behind descriptor 0 of the first process.
#[derive(Debug, Clone)]
pub enum Input {
    /// Nothing: the end of the file at once.
    Empty,
    /// These bytes, and then the end.
    Bytes(VecDeque<u8>),
    /// Standard input of the host's process.
    Host,
}

/// What is behind descriptors 1 and 2.
#[derive(Clone)]
pub enum Output {
    /// The same of the host's process.
    Host,
    /// Kept here, to be looked at.
    Kept(Written),
    /// Kept in the state itself, so that a copy of the state has its own.
    Own(Vec<u8>),
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => formatter.write_str("Host"),
            Self::Kept(bytes) => write!(formatter, "Kept({} bytes)", bytes.borrow().len()),
            Self::Own(bytes) => write!(formatter, "Own({} bytes)", bytes.len()),
        }
    }
}

/// The streams in a file: those of the host by name, what was kept as it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Saved {
    Empty,
    Bytes(Text),
    Host,
    Kept(Text),
    Own(Text),
}

#[derive(Serialize, Deserialize)]
struct SavedStreams {
    input: Saved,
    output: Saved,
    error: Saved,
    terminal: [bool; 3],
    back: Text,
}

impl From<Streams> for SavedStreams {
    fn from(streams: Streams) -> Self {
        let output = |output: &Output| match output {
            Output::Host => Saved::Host,
            Output::Kept(kept) => Saved::Kept(Text(kept.borrow().clone())),
            Output::Own(kept) => Saved::Own(Text(kept.clone())),
        };
        Self {
            input: match streams.input {
                Input::Empty => Saved::Empty,
                Input::Bytes(bytes) => Saved::Bytes(Text(bytes.into())),
                Input::Host => Saved::Host,
            },
            output: output(&streams.output),
            error: output(&streams.error),
            terminal: streams.terminal,
            back: Text(streams.back.into()),
        }
    }
}

impl From<SavedStreams> for Streams {
    fn from(saved: SavedStreams) -> Self {
        let output = |output| match output {
            Saved::Host => Output::Host,
            Saved::Own(Text(bytes)) => Output::Own(bytes),
            Saved::Kept(Text(bytes)) | Saved::Bytes(Text(bytes)) => {
                Output::Kept(Shared(Arc::new(Mutex::new(bytes))))
            }
            Saved::Empty => Output::Kept(Written::default()),
        };
        Self {
            input: match saved.input {
                Saved::Empty => Input::Empty,
                Saved::Host => Input::Host,
                Saved::Bytes(Text(bytes)) | Saved::Kept(Text(bytes)) | Saved::Own(Text(bytes)) => {
                    Input::Bytes(bytes.into())
                }
            },
            output: output(saved.output),
            error: output(saved.error),
            terminal: saved.terminal,
            back: saved.back.0.into(),
        }
    }
}

/// The standard streams of a system.
///
/// ```
/// use terrella_models::linux::Streams;
///
/// let (streams, output, error) = Streams::kept(b"a line\n");
/// assert!(output.borrow().is_empty() && error.borrow().is_empty());
/// # drop(streams);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "SavedStreams", from = "SavedStreams")]
pub struct Streams {
    /// Where input comes from.
    pub input: Input,
    /// Where output goes.
    pub output: Output,
    /// Where errors go.
    pub error: Output,
    /// Whether programs are told that these are a terminal.
    pub terminal: [bool; 3],
    /// What was read of the input and not used.
    pub(crate) back: VecDeque<u8>,
}

/// What a program wrote, shared with who looks at it.
#[derive(Debug)]
pub struct Shared<T>(Arc<Mutex<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Shared<T> {
    /// What is there now. The program waits while it is looked at.
    pub fn borrow(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that a program wrote.
pub type Written = Shared<Vec<u8>>;

impl Streams {
    /// Those of the host's process.
    #[must_use]
    pub fn host() -> Self {
        Self {
            input: Input::Host,
            output: Output::Host,
            error: Output::Host,
            terminal: [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()],
            back: VecDeque::new(),
        }
    }

    /// Given input; and what is written to output and to error is kept.
    #[must_use]
    pub fn kept(input: &[u8]) -> (Self, Written, Written) {
        let (output, error) = (Written::default(), Written::default());
        let streams = Self {
            input: Input::Bytes(input.iter().copied().collect()),
            output: Output::Kept(output.clone()),
            error: Output::Kept(error.clone()),
            terminal: [false; 3],
            back: VecDeque::new(),
        };
        (streams, output, error)
    }

    /// The same, with a copy of what was kept that others do not see.
    pub(crate) fn apart(&self) -> Self {
        Self::from(SavedStreams::from(self.clone()))
    }

    /// Goes on with these streams on others: what was not read of the input is
    /// read first, what was kept of the output is in what keeps it now.
    pub(crate) fn go_on_with(&mut self, others: Self) {
        if matches!(self.input, Input::Host) {
            self.input = others.input;
        }
        for (output, other) in [(&mut self.output, others.output), (&mut self.error, others.error)] {
            if let (Output::Kept(before), Output::Kept(now)) = (&*output, &other) {
                let before = before.borrow().clone();
                *now.borrow() = before;
            }
            *output = other;
        }
        self.terminal = others.terminal;
    }

    pub(crate) fn read(&mut self, size: usize) -> io::Result<Vec<u8>> {
        if !self.back.is_empty() {
            let size = size.min(self.back.len());
            return Ok(self.back.drain(..size).collect());
        }
        match &mut self.input {
            Input::Empty => Ok(Vec::new()),
            Input::Bytes(bytes) => Ok(bytes.drain(..size.min(bytes.len())).collect()),
            Input::Host => {
                let mut bytes = vec![0; size.min(1 << 16)];
                let length = io::stdin().lock().read(&mut bytes)?;
                bytes.truncate(length);
                Ok(bytes)
            }
        }
    }

    /// What was read and is not wanted is there for the next who reads.
    pub(crate) fn give_back(&mut self, bytes: &[u8]) {
        self.back.extend(bytes);
    }

    pub(crate) fn write(&mut self, stream: u8, bytes: &[u8]) -> io::Result<()> {
        let output = if stream == 2 { &mut self.error } else { &mut self.output };
        match output {
            Output::Kept(kept) => kept.borrow().extend_from_slice(bytes),
            Output::Own(kept) => kept.extend_from_slice(bytes),
            Output::Host if stream == 2 => io::stderr().write_all(bytes)?,
            Output::Host => {
                let mut out = io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()?;
            }
        }
        Ok(())
    }

    /// The bytes that can be read without waiting, where that is known.
    pub(crate) fn available(&self) -> usize {
        let known = match &self.input {
            Input::Bytes(bytes) => bytes.len(),
            Input::Empty | Input::Host => 0,
        };
        self.back.len() + known
    }
}
