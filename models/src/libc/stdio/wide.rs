//! Streams of wide characters (C99 7.24.2 and 7.24.3).

use super::{
    super::{
        context::{Context, LONGEST},
        error::Result,
        multibyte::{self, Decoded},
        types::{Header, Ptr, Size, Standard, Wide, models},
        variable::Variable,
    },
    family::{
        Characters, Wides, fprintf, fprintf_chk, fscanf, input, output, printf, printf_chk, scanf, snprintf,
        snprintf_chk, sscanf, vfprintf, vfprintf_chk, vfscanf, vprintf, vprintf_chk, vscanf, vsnprintf,
        vsnprintf_chk, vsscanf,
    },
    format::Formatted,
    scan::{Source, scan},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 3] = [
    Header {
        name: "wchar.h",
        standard: Standard::C99,
        models: models! {
            fgetwc = fgetwc;
            getwc = fgetwc;
            getwchar = getwchar;
            fputwc = fputwc;
            putwc = fputwc;
            putwchar = putwchar;
            ungetwc = ungetwc;
            fgetws = fgetws;
            fputws = fputws;
            fwide = fwide;
            wprintf = printf::<Wides>;
            fwprintf = fprintf::<Wides>;
            swprintf = snprintf::<Wides>;
            vwprintf = vprintf::<Wides>;
            vfwprintf = vfprintf::<Wides>;
            vswprintf = vsnprintf::<Wides>;
            wscanf = scanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            fwscanf = fscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            swscanf = sscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            vwscanf = vscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            vfwscanf = vfscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            vswscanf = vsscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
        },
    },
    Header {
        name: "wchar.h",
        standard: Standard::Extension,
        models: models! {
            fgetwc_unlocked = fgetwc;
            getwc_unlocked = fgetwc;
            getwchar_unlocked = getwchar;
            fputwc_unlocked = fputwc;
            putwc_unlocked = fputwc;
            putwchar_unlocked = putwchar;
            fgetws_unlocked = fgetws;
            fputws_unlocked = fputws;
        },
    },
    Header {
        name: "bits/wchar2.h",
        standard: Standard::Runtime,
        models: models! {
            __isoc99_wscanf = scanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_fwscanf = fscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_swscanf = sscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vwscanf = vscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vfwscanf = vfscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vswscanf = vsscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_wscanf = scanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_fwscanf = fscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_swscanf = sscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vwscanf = vscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vfwscanf = vfscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vswscanf = vsscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_swscanfieee128 = sscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_wscanfieee128 = scanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_fwscanfieee128 = fscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vswscanfieee128 = vsscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vwscanfieee128 = vscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc99_vfwscanfieee128 = vfscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_wscanfieee128 = scanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_fwscanfieee128 = fscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_swscanfieee128 = sscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vwscanfieee128 = vscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vfwscanfieee128 = vfscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __isoc23_vswscanfieee128 = vsscanf::<Wides>, "beyond ASCII, widths count bytes of UTF-8";
            __wprintfieee128 = printf::<Wides>;
            __fwprintfieee128 = fprintf::<Wides>;
            __swprintfieee128 = snprintf::<Wides>;
            __vwprintfieee128 = vprintf::<Wides>;
            __vfwprintfieee128 = vfprintf::<Wides>;
            __vswprintfieee128 = vsnprintf::<Wides>;
            __wprintf_chk = printf_chk::<Wides>;
            __fwprintf_chk = fprintf_chk::<Wides>;
            __swprintf_chk = snprintf_chk::<Wides>;
            __vwprintf_chk = vprintf_chk::<Wides>;
            __vfwprintf_chk = vfprintf_chk::<Wides>;
            __vswprintf_chk = vsnprintf_chk::<Wides>;
            __fgetws_chk = fgetws_chk;
        },
    },
];

/// `WEOF`.
const END: u32 = u32::MAX;

/// The next character of a stream; `EILSEQ` if its bytes are none.
fn next(c: &mut Context<'_>, file: Ptr) -> Result<Option<u32>> {
    if !c.turn(file, 1)? {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(byte) = c.take_any(file, 1)?.first().copied() {
        bytes.push(byte);
        match multibyte::decode(&bytes, c.state.is_utf8()) {
            Decoded::Character(wide, _) => return Ok(Some(wide)),
            Decoded::Incomplete => {}
            Decoded::Invalid => break,
        }
    }
    if !bytes.is_empty() {
        c.stream(file)?.error = true;
        c.set_errno(Errno::EILSEQ)?;
    }
    Ok(None)
}

/// Writes a character; `false`, with `errno`, if it has no bytes.
fn put(c: &mut Context<'_>, file: Ptr, characters: &[u32]) -> Result<bool> {
    if !c.turn(file, 1)? {
        return Ok(false);
    }
    if let Some(written) = c.grow_wide(file, characters)? {
        return Ok(written);
    }
    let mut bytes = Vec::with_capacity(characters.len());
    for wide in characters {
        match c.state.multibyte(*wide) {
            Some(more) => bytes.extend(more),
            None => {
                c.put_any(file, &bytes)?;
                c.stream(file)?.error = true;
                c.set_errno(Errno::EILSEQ)?;
                return Ok(false);
            }
        }
    }
    c.put_any(file, &bytes)
}

fn fgetwc(c: &mut Context<'_>, file: Ptr) -> Result<u32> {
    Ok(next(c, file)?.unwrap_or(END))
}

fn getwchar(c: &mut Context<'_>) -> Result<u32> {
    let input = input(c)?;
    fgetwc(c, input)
}

fn fputwc(c: &mut Context<'_>, wide: Wide, file: Ptr) -> Result<u32> {
    Ok(if put(c, file, &[wide.0])? { wide.0 } else { END })
}

fn putwchar(c: &mut Context<'_>, wide: Wide) -> Result<u32> {
    let output = output(c)?;
    fputwc(c, wide, output)
}

fn ungetwc(c: &mut Context<'_>, wide: u32, file: Ptr) -> Result<u32> {
    c.turn(file, 1)?;
    let Some(bytes) = c.state.multibyte(wide).filter(|_| wide != END) else { return Ok(END) };
    for byte in bytes.iter().rev() {
        if !c.put_back(file, *byte)? {
            return Ok(END);
        }
    }
    Ok(wide)
}

fn fgetws(c: &mut Context<'_>, to: Ptr, size: i32, file: Ptr) -> Result<Ptr> {
    let Ok(most) = usize::try_from(size - 1) else { return Ok(Ptr::NULL) };
    let mut line = Vec::new();
    let error = std::mem::take(&mut c.stream(file)?.error);
    while line.len() < most {
        let Some(wide) = next(c, file)? else { break };
        line.push(wide);
        if wide == u32::from(b'\n') {
            break;
        }
        if line.len() > LONGEST {
            return c.misuse("a line without an end");
        }
    }
    let stream = c.stream(file)?;
    let failed = stream.error;
    stream.error |= error;
    if failed || line.is_empty() && most > 0 {
        return Ok(Ptr::NULL);
    }
    line.push(0);
    c.write_wide(to, &line)?;
    Ok(to)
}

fn fgetws_chk(c: &mut Context<'_>, to: Ptr, room: Size, size: i32, file: Ptr) -> Result<Ptr> {
    c.check_room(size.max(0) as u64, room.0)?;
    fgetws(c, to, size, file)
}

fn fputws(c: &mut Context<'_>, text: Ptr, file: Ptr) -> Result<i32> {
    let text = c.wide_text(text)?;
    Ok(if put(c, file, &text)? { 1 } else { -1 })
}

fn fwide(c: &mut Context<'_>, file: Ptr, mode: i32) -> Result<i32> {
    let stream = c.stream(file)?;
    if stream.orientation == 0 {
        stream.orientation = mode.signum();
    }
    Ok(stream.orientation)
}

// ---- formats

/// Wide characters as UTF-8; what is no character has no bytes.
fn utf8(text: &[u32]) -> Option<Vec<u8>> {
    let text: Option<String> = text.iter().map(|wide| char::from_u32(*wide)).collect();
    text.map(String::into_bytes)
}

/// The characters of a format, or `None` with `errno`.
fn formatted(c: &mut Context<'_>, format: Ptr, from: &mut Variable) -> Result<Option<Vec<u32>>> {
    let format = c.wide_text(format)?;
    let text = match utf8(&format) {
        None => Formatted::NoCharacter,
        Some(format) => {
            c.wide_format = true;
            let text = c.format(&format, from);
            c.wide_format = false;
            text?
        }
    };
    let text = text.text(c)?;
    Ok(text.map(|text| String::from_utf8_lossy(&text).chars().map(u32::from).collect()))
}

fn to_stream(c: &mut Context<'_>, file: Ptr, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(text) = formatted(c, format, &mut from)? else { return Ok(-1) };
    Ok(if put(c, file, &text)? { i32::try_from(text.len()).unwrap_or(-1) } else { -1 })
}

/// Unlike `snprintf`, what does not fit is an error.
fn to_memory(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, mut from: Variable) -> Result<i32> {
    let Some(mut text) = formatted(c, format, &mut from)? else { return Ok(-1) };
    let Some(most) = size.checked_sub(1) else { return Ok(-1) };
    let fits = text.len() as u64 <= most;
    let length = text.len();
    text.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    text.push(0);
    c.write_wide(to, &text)?;
    Ok(if fits { i32::try_from(length).unwrap_or(-1) } else { -1 })
}

// ---- scanning

fn scanned(c: &mut Context<'_>, mut source: Source, format: Ptr, mut from: Variable) -> Result<i32> {
    let format = c.wide_text(format)?;
    let Some(format) = utf8(&format) else { return c.fail(Errno::EILSEQ) };
    c.wide_format = true;
    let result = scan(c, &mut source, &format, &mut from);
    c.wide_format = false;
    result
}

fn of_stream(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    if !c.turn(file, 1)? {
        return Ok(-1);
    }
    scanned(c, Source::stream(file), format, from)
}

fn of_text(c: &mut Context<'_>, text: Ptr, format: Ptr, from: Variable) -> Result<i32> {
    let text = c.wide_text(text)?;
    let Some(text) = utf8(&text) else { return c.fail(Errno::EILSEQ) };
    scanned(c, Source::text(text), format, from)
}

impl Characters for Wides {
    fn print(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        to_stream(c, file, format, from)
    }

    fn store(c: &mut Context<'_>, to: Ptr, size: u64, format: Ptr, from: Variable) -> Result<i32> {
        to_memory(c, to, size, format, from)
    }

    fn scan(c: &mut Context<'_>, file: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        of_stream(c, file, format, from)
    }

    fn scan_text(c: &mut Context<'_>, text: Ptr, format: Ptr, from: Variable) -> Result<i32> {
        of_text(c, text, format, from)
    }
}
