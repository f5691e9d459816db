//! Motorola S-records: text records of bytes at addresses.
//!
//! The format is that of the "M68000 Family Programmer's Reference Manual",
//! appendix C.

use terrella_machine_state::Executable;
use terrella_platforms::Platform;

use crate::{
    Error, Result,
    runs::{self, Runs},
};

/// What is wrong with a line of an S-record file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SRecordProblem {
    /// It does not begin with `S` and a digit.
    #[error("a record begins with `S` and its type")]
    NoType,
    /// A character that is no hexadecimal digit, or an odd number of them.
    #[error("not pairs of hexadecimal digits")]
    NotHexadecimal,
    /// Its length and its count of bytes disagree.
    #[error("the record has {found} bytes, its count says {expected}")]
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
    /// The reserved type 4.
    #[error("unknown record type S{0}")]
    UnknownType(u8),
    /// Bytes where an earlier record put bytes.
    #[error("overlaps earlier data at {0:#x}")]
    Overlap(u64),
    /// A count of records that is not that of the file.
    #[error("{found} records of data, the count says {expected}")]
    Count {
        /// What the count record says, in its 16 or 24 bits.
        expected: u64,
        /// What there is.
        found: u64,
    },
}

/// What an S-record file holds.
///
/// ```
/// use terrella_loaders::SRecords;
///
/// let image = SRecords::parse("boot.srec", b"S1051000AABB85\nS9031000EC\n")?;
/// assert_eq!(image.segments, [(0x1000, vec![0xaa, 0xbb])]);
/// assert_eq!(image.entry, Some(0x1000));
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SRecords {
    /// Runs of bytes without a gap: address and bytes, by address.
    pub segments: Vec<(u64, Vec<u8>)>,
    /// The start address, from a record of type 7, 8 or 9.
    pub entry: Option<u64>,
}

/// Whether the first line is a record, or would be one but for its sums.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    use SRecordProblem::{Checksum, WrongLength};
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    (10..=4 + 2 * 256).contains(&line.len())
        && matches!(record(line), Ok(_) | Err(Checksum { .. } | WrongLength { .. }))
}

impl SRecords {
    /// Reads the text of a file that errors call `file`.
    ///
    /// # Errors
    /// [`Error::SRecord`] with the line.
    pub fn parse(file: &str, text: &[u8]) -> Result<Self> {
        let mut runs = Runs::default();
        let mut entry = None;
        let mut count = 0_u64;
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let mut one = || -> Result<(), SRecordProblem> {
                let (kind, address, data) = record(line)?;
                match kind {
                    1..=3 => {
                        count += 1;
                        runs.put(address, &data).map_err(SRecordProblem::Overlap)?;
                    }
                    5 | 6 => {
                        let mask = if kind == 5 { 0xffff } else { 0xff_ffff };
                        if count & mask != address {
                            return Err(SRecordProblem::Count { expected: address, found: count });
                        }
                    }
                    // Zero stands for "none" where programs do not start there.
                    7..=9 => entry = (address != 0).then_some(address),
                    _ => {}
                }
                Ok(())
            };
            one().map_err(|problem| Error::SRecord { file: file.to_owned(), line: index + 1, problem })?;
        }
        Ok(Self { segments: runs.joined(), entry })
    }

    /// The image, with all permissions and a segment for each run of bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if a run passes the end of the platform's address
    /// space.
    pub fn into_executable(self, name: &str, platform: Platform) -> Result<Executable> {
        runs::image(name, platform, self.segments, self.entry)
    }
}

/// The type, the address and the data of a record.
fn record(line: &[u8]) -> Result<(u8, u64, Vec<u8>), SRecordProblem> {
    let [b'S' | b's', kind @ b'0'..=b'9', digits @ ..] = line else { return Err(SRecordProblem::NoType) };
    let kind = kind - b'0';
    let digit = |byte: u8| (byte as char).to_digit(16).ok_or(SRecordProblem::NotHexadecimal);
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks(2) {
        let [high, low] = pair else { return Err(SRecordProblem::NotHexadecimal) };
        bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
    }
    let width = match kind {
        0 | 1 | 5 | 9 => 2,
        2 | 6 | 8 => 3,
        3 | 7 => 4,
        _ => return Err(SRecordProblem::UnknownType(kind)),
    };
    let [count, body @ .., sum] = bytes.as_slice() else {
        return Err(SRecordProblem::WrongLength { expected: width + 1, found: 0 });
    };
    let expected = usize::from(*count);
    if body.len() + 1 != expected || body.len() < width {
        return Err(SRecordProblem::WrongLength { expected, found: body.len() + 1 });
    }
    let total = body.iter().fold(*count, |total, byte| total.wrapping_add(*byte));
    if !total != *sum {
        return Err(SRecordProblem::Checksum { expected: !total, found: *sum });
    }
    let (address, data) = body.split_at(width);
    let address = address.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Ok((kind, address, data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the manual, C.3, whose text is in S0 and whose code is
    /// 52 bytes at 0.
    #[test]
    fn the_manuals_example() {
        let text = b"S00600004844521B\n\
            S1130000285F245F2212226A000424290008237C2A\n\
            S11300100002000800082629001853812341001813\n\
            S113002041E900084E42234300182342000824A952\n\
            S107003000144ED492\n\
            S9030000FC\n";
        let image = SRecords::parse("manual", text).unwrap();
        assert_eq!(image.segments.len(), 1);
        assert_eq!((image.segments[0].0, image.segments[0].1.len()), (0, 52));
        assert_eq!(image.segments[0].1[48..], [0x00, 0x14, 0x4e, 0xd4]);
        assert_eq!(image.entry, None);
        assert!(looks_like(text));
    }

    #[test]
    fn problems_are_told_with_their_line() {
        let problem = |text: &[u8]| match SRecords::parse("x", text) {
            Err(Error::SRecord { line, problem, .. }) => (line, problem),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            problem(b"S1051000AABB86\n"),
            (1, SRecordProblem::Checksum { expected: 0x85, found: 0x86 })
        );
        assert_eq!(problem(b"S1051000AABB85\nS1051001AABB84\n"), (2, SRecordProblem::Overlap(0x1001)));
        assert_eq!(
            problem(b"S1051000AABB85\nS5030002FA\n").1,
            SRecordProblem::Count { expected: 2, found: 1 }
        );
        assert_eq!(problem(b"S40310F8\n").1, SRecordProblem::UnknownType(4));
        assert_eq!(problem(b"\nhello\n"), (2, SRecordProblem::NoType));
        assert_eq!(problem(b"S1041000AABB85\n").1, SRecordProblem::WrongLength { expected: 4, found: 5 });
    }
}
