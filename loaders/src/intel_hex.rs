//! Intel HEX: text records of bytes at addresses.
//!
//! The format is that of Intel's "Hexadecimal Object File Format
//! Specification", revision A (1988): records 00 to 05.

use crate::{Error, Result, runs::Runs};

/// What is wrong with a line of an Intel HEX file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntelHexProblem {
    /// It does not begin with a colon.
    #[error("a record begins with `:`")]
    NoColon,
    /// A character that is no hexadecimal digit, or an odd number of them.
    #[error("not pairs of hexadecimal digits")]
    NotHexadecimal,
    /// Its length and its count of bytes disagree.
    #[error("the record has {found} bytes of data, its count says {expected}")]
    WrongLength {
        /// What the count says.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// The checksum is wrong.
    #[error("checksum {found:#04x}, expected {expected:#04x}")]
    Checksum {
        /// The sum that the bytes have.
        expected: u8,
        /// The sum in the file.
        found: u8,
    },
    /// A type above 05.
    #[error("unknown record type {0:#04x}")]
    UnknownType(u8),
    /// An address record whose data has the wrong size.
    #[error("a record of type {0:#04x} of the wrong size")]
    WrongSize(u8),
    /// Bytes where an earlier record put bytes.
    #[error("overlaps earlier data at {0:#x}")]
    Overlap(u64),
    /// A record after the end record.
    #[error("data after the end record")]
    AfterEnd,
    /// No end record.
    #[error("the file ends without an end record")]
    NoEnd,
}

/// What an Intel HEX file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IntelHex {
    /// Runs of bytes without a gap: address and bytes, by address.
    pub segments: Vec<(u64, Vec<u8>)>,
    /// The start address, from a record of type 03 (as `CS * 16 + IP`) or 05.
    pub entry: Option<u64>,
}

/// Whether the first line is a record, or would be one but for its sums: a
/// damaged file is no raw image.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    use IntelHexProblem::{Checksum, WrongLength};
    /// A colon, and the digits of the shortest record.
    const SHORTEST: usize = 1 + 2 * 5;
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    (SHORTEST..=1 + 2 * 260).contains(&line.len())
        && matches!(record(line), Ok(_) | Err(Checksum { .. } | WrongLength { .. }))
}

impl IntelHex {
    /// Reads the text of a file that errors call `file`.
    ///
    /// # Errors
    /// [`Error::IntelHex`] with the line.
    ///
    /// ```
    /// use terrella_loaders::IntelHex;
    ///
    /// let image = IntelHex::parse("boot.hex", b":020000040800F2\n:0400100001020304E2\n:00000001FF\n")?;
    /// assert_eq!(image.segments, [(0x0800_0010, vec![1, 2, 3, 4])]);
    /// # Ok::<(), terrella_loaders::Error>(())
    /// ```
    pub fn parse(file: &str, text: &[u8]) -> Result<Self> {
        let mut reader = Reader::default();
        let mut last = 0;
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            last = index + 1;
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            reader.line(line).map_err(|problem| Error::IntelHex {
                file: file.to_owned(),
                line: last,
                problem,
            })?;
        }
        if !reader.ended {
            let problem = IntelHexProblem::NoEnd;
            return Err(Error::IntelHex { file: file.to_owned(), line: last, problem });
        }
        Ok(Self { segments: reader.runs.joined(), entry: reader.entry })
    }
}

#[derive(Default)]
struct Reader {
    runs: Runs,
    entry: Option<u64>,
    base: Base,
    ended: bool,
}

/// What the 16-bit addresses of data records are relative to.
#[derive(Clone, Copy)]
enum Base {
    /// Type 02: within the segment, addresses wrap at 64 KiB.
    Segment(u64),
    /// Type 04: the upper half of a linear address.
    Linear(u64),
}

impl Default for Base {
    fn default() -> Self {
        Self::Linear(0)
    }
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), IntelHexProblem> {
        if self.ended {
            return Err(IntelHexProblem::AfterEnd);
        }
        let (address, kind, data) = record(line)?;
        let big = data.iter().fold(0_u64, |value, byte| value.wrapping_shl(8) | u64::from(*byte));
        match (kind, data.len()) {
            (0, _) => self.data(address, &data)?,
            (1, 0) => self.ended = true,
            (2, 2) => self.base = Base::Segment(big << 4),
            (3, 4) => self.entry = Some(((big >> 16) << 4) + (big & 0xffff)),
            (4, 2) => self.base = Base::Linear(big << 16),
            (5, 4) => self.entry = Some(big),
            (1..=5, _) => return Err(IntelHexProblem::WrongSize(kind)),
            _ => return Err(IntelHexProblem::UnknownType(kind)),
        }
        Ok(())
    }

    fn data(&mut self, address: u16, data: &[u8]) -> Result<(), IntelHexProblem> {
        let offset = u64::from(address);
        match self.base {
            Base::Linear(base) => self.put((base + offset) & 0xffff_ffff, data),
            Base::Segment(base) => {
                let before_wrap = data.len().min(0x1_0000 - usize::from(address));
                let (first, second) = data.split_at(before_wrap);
                self.put(base + offset, first)?;
                self.put(base, second)
            }
        }
    }

    fn put(&mut self, address: u64, data: &[u8]) -> Result<(), IntelHexProblem> {
        self.runs.put(address, data).map_err(IntelHexProblem::Overlap)
    }
}

/// The address, type and data of a record.
fn record(line: &[u8]) -> Result<(u16, u8, Vec<u8>), IntelHexProblem> {
    let digits = line.strip_prefix(b":").ok_or(IntelHexProblem::NoColon)?;
    let digit = |byte: u8| (byte as char).to_digit(16).ok_or(IntelHexProblem::NotHexadecimal);
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks(2) {
        let [high, low] = pair else { return Err(IntelHexProblem::NotHexadecimal) };
        bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
    }
    let [count, high, low, kind, data @ .., sum] = bytes.as_slice() else {
        return Err(IntelHexProblem::WrongLength { expected: 0, found: 0 });
    };
    if data.len() != usize::from(*count) {
        return Err(IntelHexProblem::WrongLength { expected: usize::from(*count), found: data.len() });
    }
    let body = bytes.get(..bytes.len() - 1).unwrap_or_default();
    let expected = body.iter().fold(0_u8, |total, byte| total.wrapping_add(*byte)).wrapping_neg();
    if expected != *sum {
        return Err(IntelHexProblem::Checksum { expected, found: *sum });
    }
    Ok((u16::from_be_bytes([*high, *low]), *kind, data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<IntelHex> {
        IntelHex::parse("x.hex", text.as_bytes())
    }

    #[test]
    fn records_that_touch_join_and_gaps_split() {
        let image =
            parse(":0100000011EE\r\n:0100020033CA\r\n:0100010022DC\r\n:01001000AA45\r\n:00000001FF\r\n");
        let image = image.unwrap();
        assert_eq!(image.segments, [(0, vec![0x11, 0x22, 0x33]), (0x10, vec![0xaa])]);
    }

    #[test]
    fn segment_and_start_records() {
        let image = parse(":020000021200EA\n:0100000011EE\n:0400000300003800C1\n:00000001FF\n").unwrap();
        assert_eq!(image.segments, [(0x1_2000, vec![0x11])]);
        assert_eq!(image.entry, Some(0x3800));
        let image = parse(":04000005000000CD2A\n:00000001FF\n").unwrap();
        assert_eq!(image.entry, Some(0xcd));
    }

    #[test]
    fn problems_are_told_with_their_line() {
        let problem = |text| match parse(text) {
            Err(Error::IntelHex { line, problem, .. }) => (line, problem),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            problem(":0100000011EF\n"),
            (1, IntelHexProblem::Checksum { expected: 0xee, found: 0xef })
        );
        assert_eq!(problem(":0100000011EE\n:0100000022DD\n").1, IntelHexProblem::Overlap(0));
        assert_eq!(problem(":0100000011EE").1, IntelHexProblem::NoEnd);
        assert_eq!(problem("\nx").0, 2);
        assert_eq!(problem(":00000006FA").1, IntelHexProblem::UnknownType(6));
    }
}
