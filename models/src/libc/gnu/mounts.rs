//! `mntent.h`: tables of file systems (GNU C Library manual, 32.3.1.2).

use super::super::{
    context::Context,
    error::Result,
    stdio,
    types::{Header, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "mntent.h",
    standard: Standard::Extension,
    models: models! {
        setmntent = open;
        __setmntent = open;
        endmntent = close;
        __endmntent = close;
        getmntent = next;
        getmntent_r = next_into;
        __getmntent_r = next_into;
        addmntent = add;
        hasmntopt = option;
    },
};

/// The longest line that [`next`] reads, as glibc.
const LONGEST_LINE: u64 = 4096;

fn open(c: &mut Context<'_>, path: Ptr, mode: Ptr) -> Result<Ptr> {
    stdio::fopen(c, path, mode)
}

fn close(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    if !file.is_null() {
        stdio::fclose(c, file)?;
    }
    Ok(1)
}

/// The bytes that stand for others in a field.
const ESCAPES: [(&[u8], u8); 5] =
    [(b"\\040", b' '), (b"\\011", b'\t'), (b"\\012", b'\n'), (b"\\134", b'\\'), (b"\\\\", b'\\')];

fn decoded(field: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(field.len()), 0);
    while let Some(byte) = field.get(at).copied() {
        match ESCAPES.iter().find(|(escape, _)| field[at..].starts_with(escape)) {
            Some((escape, meant)) => {
                out.push(*meant);
                at += escape.len();
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn encoded(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    for byte in field {
        match ESCAPES.iter().find(|(_, meant)| meant == byte) {
            Some((escape, _)) => out.extend_from_slice(escape),
            None => out.push(*byte),
        }
    }
    out
}

/// A line: four texts and two numbers; `None` if there is nothing in it.
fn fields(line: &[u8]) -> Option<([Vec<u8>; 4], [i32; 2])> {
    let mut parts = line.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|part| !part.is_empty());
    let first = parts.next().filter(|part| part[0] != b'#')?;
    let mut text = || parts.next().map(decoded).unwrap_or_default();
    let texts = [decoded(first), text(), text(), text()];
    let number = |part: Option<&[u8]>| {
        let found = super::super::numbers::integer(part?, 10);
        let value = found.magnitude as i32;
        (found.length > 0).then_some(if found.negative { value.wrapping_neg() } else { value })
    };
    let often = number(parts.next());
    // The second number counts only behind the first.
    let pass = often.and_then(|_| number(parts.next()));
    Some((texts, [often.unwrap_or(0), pass.unwrap_or(0)]))
}

/// An entry of the automounter that is to be ignored.
fn is_ignored(texts: &[Vec<u8>; 4]) -> bool {
    texts[2] == b"autofs" && texts[3].split(|byte| *byte == b',').any(|option| option == b"ignore")
}

fn next_into(c: &mut Context<'_>, file: Ptr, to: Ptr, buffer: Ptr, size: i32) -> Result<Ptr> {
    let Some(most) = u64::try_from(size).ok().filter(|size| *size > 1) else { return Ok(Ptr::NULL) };
    loop {
        let line = stdio::until(c, file, b'\n', most - 1)?;
        if line.is_empty() {
            return Ok(Ptr::NULL);
        }
        // Of a line that is too long, the rest is skipped.
        let mut last = line.last().copied();
        while last != Some(b'\n') {
            match stdio::until(c, file, b'\n', most - 1)?.last() {
                Some(byte) => last = Some(*byte),
                None => break,
            }
        }
        let Some((texts, numbers)) = fields(&line).filter(|(texts, _)| !is_ignored(texts)) else { continue };
        // The fields are never longer than the line, and have its separators for
        // their zeros; an empty one shares the last zero.
        let word = u64::from(c.model.pointer);
        let end = buffer.add(line.len() as u64);
        c.write(end, &[0])?;
        let (mut at, mut place) = (buffer, to);
        for text in &texts {
            let address = if text.is_empty() { end } else { at };
            if !text.is_empty() {
                c.write_text(at, text)?;
                at = at.add(text.len() as u64 + 1);
            }
            c.write_pointer(place, address)?;
            place = place.add(word);
        }
        for number in numbers {
            c.write_int(place, number)?;
            place = place.add(c.model.int.into());
        }
        return Ok(to);
    }
}

fn next(c: &mut Context<'_>, file: Ptr) -> Result<Ptr> {
    let room = c.room("getmntent", 64 + LONGEST_LINE)?;
    next_into(c, file, room, room.add(64), LONGEST_LINE as i32)
}

fn add(c: &mut Context<'_>, file: Ptr, entry: Ptr) -> Result<i32> {
    let word = u64::from(c.model.pointer);
    let mut line = Vec::new();
    for index in 0..4 {
        let text = c.read_pointer(entry.add(index * word))?;
        line.extend(encoded(&c.text(text)?));
        line.push(b' ');
    }
    let numbers = entry.add(4 * word);
    let (often, pass) = (c.read_int(numbers)?, c.read_int(numbers.add(c.model.int.into()))?);
    line.extend(format!("{often} {pass}\n").bytes());
    if stdio::seek(c, file, 0, 2)?.is_none() {
        return Ok(1);
    }
    Ok(i32::from(!c.put(file, &line)?))
}

fn option(c: &mut Context<'_>, entry: Ptr, wanted: Ptr) -> Result<Ptr> {
    let options = c.read_pointer(entry.add(3 * u64::from(c.model.pointer)))?;
    let (bytes, wanted) = (c.text(options)?, c.text(wanted)?);
    let mut at = 0;
    for option in bytes.split(|byte| *byte == b',') {
        let name = option.split(|byte| *byte == b'=').next().unwrap_or_default();
        if name == wanted {
            return Ok(options.add(at));
        }
        at += option.len() as u64 + 1;
    }
    Ok(Ptr::NULL)
}
