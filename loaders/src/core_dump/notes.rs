//! The notes of a core dump: owner, type and descriptor, one after the other.

use terrella_platforms::ByteOrder;

/// Most notes that are looked at.
const NOTE_LIMIT: usize = 1 << 18;

/// A note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note<'d> {
    pub(super) owner: &'d [u8],
    pub(super) kind: u32,
    pub(super) descriptor: &'d [u8],
    /// Where the descriptor is in the segment.
    pub(super) offset: usize,
}

/// The notes of a segment; `Err` with the place of one that is cut off.
pub(super) fn notes(order: ByteOrder, segment: &[u8]) -> impl Iterator<Item = Result<Note<'_>, usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if segment.len().saturating_sub(at) < 12 {
            return None;
        }
        let start = at;
        let found = one(order, segment, at);
        at = found.map_or(segment.len(), |(_, next)| next);
        Some(found.map(|(note, _)| note).ok_or(start))
    })
    .take(NOTE_LIMIT)
}

fn one(order: ByteOrder, segment: &[u8], at: usize) -> Option<(Note<'_>, usize)> {
    let word = |index: usize| Some(order.read(segment.get(at + 4 * index..at + 4 * index + 4)?) as usize);
    let (owner_size, size, kind) = (word(0)?, word(1)?, word(2)?);
    let owner = segment.get(at + 12..(at + 12).checked_add(owner_size)?)?;
    let offset = (at + 12).checked_add(owner_size.checked_next_multiple_of(4)?)?;
    let descriptor = segment.get(offset..offset.checked_add(size)?)?;
    let owner = owner.strip_suffix(b"\0").unwrap_or(owner);
    let next = offset.checked_add(size.checked_next_multiple_of(4)?)?;
    Some((Note { owner, kind: kind as u32, descriptor, offset }, next))
}

/// Adds a note.
pub(super) fn push(order: ByteOrder, owner: &str, kind: u32, descriptor: &[u8], out: &mut Vec<u8>) {
    let mut word = |value: usize| {
        let mut bytes = [0; 4];
        order.write(value as u128, &mut bytes);
        out.extend(bytes);
    };
    word(owner.len() + 1);
    word(descriptor.len());
    word(kind as usize);
    for part in [owner.as_bytes(), &[0]] {
        out.extend(part);
    }
    out.resize(out.len().next_multiple_of(4), 0);
    out.extend(descriptor);
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        push(ByteOrder::Big, "CORE", 1, &[1, 2, 3], &mut bytes);
        push(ByteOrder::Big, "LINUX", 0x202, &[4; 9], &mut bytes);
        let read: Vec<_> = notes(ByteOrder::Big, &bytes).map(Result::unwrap).collect();
        assert_eq!((read[0].owner, read[0].kind, read[0].descriptor), (&b"CORE"[..], 1, &[1, 2, 3][..]));
        assert_eq!((read[1].owner, read[1].kind, read[1].descriptor), (&b"LINUX"[..], 0x202, &[4; 9][..]));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_note_that_is_cut_off_is_told() {
        let mut bytes = Vec::new();
        push(ByteOrder::Little, "CORE", 1, &[0; 8], &mut bytes);
        let first = bytes.len();
        push(ByteOrder::Little, "CORE", 1, &[0; 8], &mut bytes);
        bytes.truncate(bytes.len() - 1);
        let read: Vec<_> =
            notes(ByteOrder::Little, &bytes).map(|note| note.map(|note| note.offset)).collect();
        assert_eq!(read, [Ok(20), Err(first)]);
    }
}
