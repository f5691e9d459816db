//! Bytes, lines and blocks of streams.

use super::super::{
    context::{Context, LONGEST},
    error::Result,
    types::{Header, Long, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "stdio.h",
        standard: Standard::C99,
        models: models! {
            fgetc = fgetc;
            getc = fgetc;
            getchar = getchar;
            fputc = fputc;
            putc = fputc;
            putchar = putchar;
            ungetc = ungetc;
            fgets = fgets;
            gets = gets;
            fputs = fputs;
            puts = puts;
            fread = fread;
            fwrite = fwrite;
        },
    },
    Header {
        name: "stdio.h",
        standard: Standard::Posix,
        models: models! {
            getc_unlocked = fgetc;
            fgetc_unlocked = fgetc;
            getchar_unlocked = getchar;
            putc_unlocked = fputc;
            fputc_unlocked = fputc;
            putchar_unlocked = putchar;
            fgets_unlocked = fgets;
            fputs_unlocked = fputs;
            fread_unlocked = fread;
            fwrite_unlocked = fwrite;
            getw = getw;
            putw = putw;
            getline = getline;
            __getline = getline;
            getdelim = getdelim;
            __getdelim = getdelim;
        },
    },
    Header {
        name: "bits/stdio2.h",
        standard: Standard::Runtime,
        models: models! {
            __fgets_chk = fgets_chk;
            __fread_chk = fread_chk;
            __gets_chk = gets_chk;
            _IO_getc = fgetc;
            _IO_putc = fputc;
            __uflow = fgetc;
            __overflow = overflow;
            __srget = fgetc;
            __swbuf = fputc;
        },
    },
];

const EOF: i32 = -1;

fn fgetc(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    Ok(c.take_byte(file)?.map_or(EOF, i32::from))
}

fn input(c: &mut Context<'_>) -> Result<Ptr> {
    c.standard(0)
}

fn output(c: &mut Context<'_>) -> Result<Ptr> {
    c.standard(1)
}

fn getchar(c: &mut Context<'_>) -> Result<i32> {
    let input = input(c)?;
    fgetc(c, input)
}

/// glibc's `putc` where its buffer is full.
fn overflow(c: &mut Context<'_>, file: Ptr, byte: i32) -> Result<i32> {
    fputc(c, byte, file)
}

fn fputc(c: &mut Context<'_>, byte: i32, file: Ptr) -> Result<i32> {
    Ok(if c.put(file, &[byte as u8])? { i32::from(byte as u8) } else { EOF })
}

fn putchar(c: &mut Context<'_>, byte: i32) -> Result<i32> {
    let output = output(c)?;
    fputc(c, byte, output)
}

fn ungetc(c: &mut Context<'_>, byte: i32, file: Ptr) -> Result<i32> {
    if byte == EOF || !c.put_back(file, byte as u8)? {
        return Ok(EOF);
    }
    Ok(i32::from(byte as u8))
}

/// Bytes up to one, which is among them, and at most so many.
pub(crate) fn until(c: &mut Context<'_>, file: Ptr, end: u8, most: u64) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    while (line.len() as u64) < most {
        let Some(byte) = c.take_byte(file)? else { break };
        line.push(byte);
        if byte == end {
            break;
        }
        if line.len() > LONGEST {
            return c.misuse("a line without an end");
        }
    }
    Ok(line)
}

fn fgets(c: &mut Context<'_>, to: Ptr, size: i32, file: Ptr) -> Result<Ptr> {
    let Ok(most) = u64::try_from(size.saturating_sub(1)) else { return Ok(Ptr::NULL) };
    let error = c.stream(file)?.error;
    let line = until(c, file, b'\n', most)?;
    let failed = !error && c.stream(file)?.error;
    if failed || line.is_empty() && most > 0 {
        return Ok(Ptr::NULL);
    }
    c.write_text(to, &line)?;
    Ok(to)
}

fn gets(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    let input = input(c)?;
    let mut line = until(c, input, b'\n', u64::MAX)?;
    if line.is_empty() {
        return Ok(Ptr::NULL);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    c.write_text(to, &line)?;
    Ok(to)
}

fn fputs(c: &mut Context<'_>, text: Ptr, file: Ptr) -> Result<i32> {
    let text = c.text(text)?;
    Ok(if c.put(file, &text)? { 1 } else { EOF })
}

fn puts(c: &mut Context<'_>, text: Ptr) -> Result<i32> {
    let mut text = c.text(text)?;
    text.push(b'\n');
    let output = output(c)?;
    let written = i32::try_from(text.len()).unwrap_or(i32::MAX);
    Ok(if c.put(output, &text)? { written } else { EOF })
}

fn fread(c: &mut Context<'_>, to: Ptr, size: Size, count: Size, file: Ptr) -> Result<Size> {
    let Some(bytes) = size.0.checked_mul(count.0) else { return Ok(Size(0)) };
    if bytes == 0 {
        return Ok(Size(0));
    }
    let mut done = 0;
    while done < bytes {
        let wanted = (bytes - done).min(1 << 20);
        let content = c.take(file, wanted)?;
        c.write(to.add(done), &content)?;
        done += content.len() as u64;
        if (content.len() as u64) < wanted {
            break;
        }
    }
    Ok(Size(done / size.0))
}

fn fwrite(c: &mut Context<'_>, from: Ptr, size: Size, count: Size, file: Ptr) -> Result<Size> {
    let Some(bytes) = size.0.checked_mul(count.0) else { return Ok(Size(0)) };
    if bytes == 0 {
        return Ok(Size(0));
    }
    let content = c.read(from, bytes)?;
    Ok(if c.put(file, &content)? { count } else { Size(0) })
}

fn getw(c: &mut Context<'_>, file: Ptr) -> Result<i32> {
    let size = c.model.int;
    let bytes = c.take(file, size.into())?;
    if bytes.len() < size.into() {
        return Ok(EOF);
    }
    let order = c.emulator().platform().byte_order();
    Ok(order.read(&bytes) as i32)
}

fn putw(c: &mut Context<'_>, value: i32, file: Ptr) -> Result<i32> {
    let mut bytes = vec![0; c.model.int.into()];
    c.emulator().platform().byte_order().write(value as u128, &mut bytes);
    Ok(if c.put(file, &bytes)? { 0 } else { EOF })
}

fn getdelim(c: &mut Context<'_>, place: Ptr, size_at: Ptr, end: i32, file: Ptr) -> Result<Long> {
    if place.is_null() || size_at.is_null() {
        return c.fail(Errno::EINVAL).map(|_| Long(-1));
    }
    let line = until(c, file, end as u8, u64::MAX)?;
    if line.is_empty() {
        return Ok(Long(-1));
    }
    let (mut block, room) = (c.read_pointer(place)?, c.read_pointer(size_at)?.0);
    let needed = line.len() as u64 + 1;
    if block.is_null() || room < needed {
        let size = needed.max(120);
        let Some(new) = c.malloc(size)? else { return c.fail(Errno::ENOMEM).map(|_| Long(-1)) };
        if !block.is_null() {
            c.free(block)?;
        }
        block = new;
        c.write_pointer(place, block)?;
        c.write_pointer(size_at, Ptr(size))?;
    }
    c.write_text(block, &line)?;
    Ok(Long(line.len() as i64))
}

fn getline(c: &mut Context<'_>, place: Ptr, size_at: Ptr, file: Ptr) -> Result<Long> {
    getdelim(c, place, size_at, i32::from(b'\n'), file)
}

fn fgets_chk(c: &mut Context<'_>, to: Ptr, room: Size, size: i32, file: Ptr) -> Result<Ptr> {
    c.check_room(u64::try_from(size).unwrap_or(0), room.0)?;
    fgets(c, to, size, file)
}

fn fread_chk(c: &mut Context<'_>, to: Ptr, room: Size, size: Size, count: Size, file: Ptr) -> Result<Size> {
    c.check_room(size.0.saturating_mul(count.0), room.0)?;
    fread(c, to, size, count, file)
}

fn gets_chk(c: &mut Context<'_>, to: Ptr, room: Size) -> Result<Ptr> {
    let input = input(c)?;
    let mut line = until(c, input, b'\n', u64::MAX)?;
    if line.is_empty() {
        return Ok(Ptr::NULL);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    c.check_room(line.len() as u64 + 1, room.0)?;
    c.write_text(to, &line)?;
    Ok(to)
}
