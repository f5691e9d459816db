//! [`Connection`]: packets of the remote protocol of GDB (GDB manual,
//! appendix E).

use std::{
    io::{BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use super::super::Error;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to a stub.
pub(super) struct Connection {
    input: BufReader<UnixStream>,
    output: UnixStream,
    /// Its last answer is to be acknowledged.
    has_answered: bool,
}

impl Connection {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let output = UnixStream::connect(path)?;
        output.set_read_timeout(Some(PATIENCE))?;
        output.set_write_timeout(Some(PATIENCE))?;
        let input = BufReader::with_capacity(1 << 16, output.try_clone()?);
        Ok(Self { input, output, has_answered: false })
    }

    /// Sends a question. The stub of `qemu-user` takes one at a time, after
    /// the acknowledgement of its last answer.
    fn send(&mut self, question: &str) -> Result<(), Error> {
        let sum = question.bytes().fold(0u8, u8::wrapping_add);
        let acknowledgement = if std::mem::take(&mut self.has_answered) { "+" } else { "" };
        let packet = format!("{acknowledgement}${question}#{sum:02x}");
        self.output.write_all(packet.as_bytes()).map_err(Error::io("the stub's socket"))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let mut byte = [0];
        self.input.read_exact(&mut byte).map_err(Error::io("the stub's socket"))?;
        Ok(byte[0])
    }

    /// The next answer, raw: acknowledgements between are passed over.
    fn answer(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            match self.byte()? {
                b'+' => {}
                b'$' => break,
                other => return Err(Error::Protocol(format!("the stub says {other:#04x}"))),
            }
        }
        let (mut content, mut last) = (Vec::new(), 0);
        loop {
            let next = match self.byte()? {
                b'#' => break,
                b'}' => self.byte()? ^ 0x20,
                b'*' => {
                    // The last byte is repeated (E.1, run-length encoding).
                    let more = usize::from(self.byte()?).saturating_sub(29);
                    content.extend(std::iter::repeat_n(last, more));
                    continue;
                }
                byte => byte,
            };
            content.push(next);
            last = next;
        }
        for _ in 0..2 {
            self.byte()?;
        }
        self.has_answered = true;
        Ok(content)
    }

    /// Asks, and waits for the answer.
    pub(super) fn ask(&mut self, question: &str) -> Result<String, Error> {
        self.send(question)?;
        Ok(String::from_utf8_lossy(&self.answer()?).into_owned())
    }

    /// Orders, and waits for the answer that all is well.
    pub(super) fn order(&mut self, what: &str) -> Result<(), Error> {
        match self.ask(what)?.as_str() {
            "OK" => Ok(()),
            other => Err(Error::Protocol(format!("the stub says {other:?} to {what}"))),
        }
    }

    /// A whole document of the stub (E.4, `qXfer`).
    pub(super) fn document(&mut self, annex: &str) -> Result<Option<String>, Error> {
        let mut content = Vec::new();
        loop {
            self.send(&format!("qXfer:features:read:{annex}:{:x},800", content.len()))?;
            let answer = self.answer()?;
            match answer.split_first() {
                Some((b'm', part)) => content.extend(part),
                Some((b'l', part)) => {
                    content.extend(part);
                    return Ok(Some(String::from_utf8_lossy(&content).into_owned()));
                }
                _ => return Ok(None),
            }
        }
    }
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Result<Vec<u8>, Error> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    digits
        .chunks(2)
        .map(byte)
        .collect::<Result<_, _>>()
        .map_err(|_| Error::Protocol(format!("{text:?} is not hexadecimal")))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
