//! `ctype.h`, in the locale `C`.

use super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "ctype.h",
    standard: Standard::C99,
    models: models! {
        isalnum = isalnum;
        isalpha = isalpha;
        isblank = isblank;
        iscntrl = iscntrl;
        isdigit = isdigit;
        isgraph = isgraph;
        islower = islower;
        isprint = isprint;
        ispunct = ispunct;
        isspace = isspace;
        isupper = isupper;
        isxdigit = isxdigit;
        tolower = tolower;
        toupper = toupper;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "ctype.h",
    standard: Standard::Posix,
    models: models! {
        isascii = isascii;
        toascii = toascii;
        _tolower = tolower;
        _toupper = toupper;
        isalnum_l = isalnum_l;
        isalpha_l = isalpha_l;
        isblank_l = isblank_l;
        iscntrl_l = iscntrl_l;
        isdigit_l = isdigit_l;
        isgraph_l = isgraph_l;
        islower_l = islower_l;
        isprint_l = isprint_l;
        ispunct_l = ispunct_l;
        isspace_l = isspace_l;
        isupper_l = isupper_l;
        isxdigit_l = isxdigit_l;
        tolower_l = tolower_l;
        toupper_l = toupper_l;
        __ctype_b_loc = classes;
        __ctype_tolower_loc = lower;
        __ctype_toupper_loc = upper;
        __ctype_get_mb_cur_max = mb_cur_max;
        __locale_ctype_ptr = newlib_classes;
    },
};

/// The byte of an `int` argument; `EOF` is in no class.
fn byte(value: i32) -> Option<u8> {
    u8::try_from(value).ok()
}

fn is(value: i32, class: impl Fn(&u8) -> bool) -> i32 {
    i32::from(byte(value).is_some_and(|byte| class(&byte)))
}

/// `isspace` of the locale `C` knows the vertical tab, unlike Rust.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

macro_rules! classes {
    ($($name:ident $with_locale:ident = $class:expr;)*) => {$(
        fn $name(_: &mut Context<'_>, value: i32) -> Result<i32> {
            Ok(is(value, $class))
        }
        fn $with_locale(_: &mut Context<'_>, value: i32, _locale: Ptr) -> Result<i32> {
            Ok(is(value, $class))
        }
    )*};
}

classes! {
    isalnum isalnum_l = u8::is_ascii_alphanumeric;
    isalpha isalpha_l = u8::is_ascii_alphabetic;
    isblank isblank_l = |byte| matches!(byte, b' ' | b'\t');
    iscntrl iscntrl_l = u8::is_ascii_control;
    isdigit isdigit_l = u8::is_ascii_digit;
    isgraph isgraph_l = u8::is_ascii_graphic;
    islower islower_l = u8::is_ascii_lowercase;
    isprint isprint_l = |byte| matches!(byte, b' '..=b'~');
    ispunct ispunct_l = u8::is_ascii_punctuation;
    isspace isspace_l = |byte| is_space(*byte);
    isupper isupper_l = u8::is_ascii_uppercase;
    isxdigit isxdigit_l = u8::is_ascii_hexdigit;
}

fn tolower(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(byte(value).map_or(value, |byte| byte.to_ascii_lowercase().into()))
}

fn toupper(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(byte(value).map_or(value, |byte| byte.to_ascii_uppercase().into()))
}

fn tolower_l(c: &mut Context<'_>, value: i32, _locale: Ptr) -> Result<i32> {
    tolower(c, value)
}

fn toupper_l(c: &mut Context<'_>, value: i32, _locale: Ptr) -> Result<i32> {
    toupper(c, value)
}

fn isascii(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(i32::from((0..128).contains(&value)))
}

fn toascii(_: &mut Context<'_>, value: i32) -> Result<i32> {
    Ok(value & 0x7f)
}

fn mb_cur_max(c: &mut Context<'_>) -> Result<super::types::Size> {
    let most = if c.state.is_utf8() { 6 } else { 1 };
    Ok(super::types::Size(most))
}

// ---- the tables that the macros of glibc's header look into

/// The bits of a byte in glibc's table (`ctype.h`: `_ISupper` is bit 0).
pub(super) fn glibc_bits(byte: u8) -> u16 {
    let classes: [bool; 12] = [
        byte.is_ascii_uppercase(),
        byte.is_ascii_lowercase(),
        byte.is_ascii_alphabetic(),
        byte.is_ascii_digit(),
        byte.is_ascii_hexdigit(),
        is_space(byte),
        matches!(byte, b' '..=b'~'),
        byte.is_ascii_graphic(),
        matches!(byte, b' ' | b'\t'),
        byte.is_ascii_control(),
        byte.is_ascii_punctuation(),
        byte.is_ascii_alphanumeric(),
    ];
    classes.iter().enumerate().fold(0, |bits, (index, is)| bits | u16::from(*is) << index)
}

/// A table from -128 to 255 and a pointer to its middle; the address of the
/// pointer.
fn table(
    c: &mut Context<'_>,
    name: &'static str,
    width: u8,
    entry: impl Fn(i32, bool) -> i32,
) -> Result<Ptr> {
    let known = c.state.rooms.contains_key(name);
    let size = 384 * u64::from(width);
    let room = c.room(name, size + 16)?;
    if !known {
        let big = c.emulator().platform().byte_order() == terrella_platforms::ByteOrder::Big;
        let order = c.emulator().platform().byte_order();
        let mut bytes = vec![0; size as usize];
        for (index, chunk) in bytes.chunks_exact_mut(width.into()).enumerate() {
            order.write(entry(index as i32 - 128, big) as u128, chunk);
        }
        c.write(room.add(16), &bytes)?;
        c.write_pointer(room, room.add(16 + 128 * u64::from(width)))?;
    }
    Ok(room)
}

fn classes(c: &mut Context<'_>) -> Result<Ptr> {
    table(c, "ctype classes", 2, |value, big| {
        let bits = byte(value).map_or(0, glibc_bits);
        // On little-endian processors the two bytes are exchanged.
        i32::from(if big { bits } else { bits.swap_bytes() })
    })
}

fn lower(c: &mut Context<'_>) -> Result<Ptr> {
    table(c, "ctype lower", 4, |value, _| byte(value).map_or(value, |byte| byte.to_ascii_lowercase().into()))
}

fn upper(c: &mut Context<'_>) -> Result<Ptr> {
    table(c, "ctype upper", 4, |value, _| byte(value).map_or(value, |byte| byte.to_ascii_uppercase().into()))
}

/// The middles of the three tables.
pub(super) fn tables(c: &mut Context<'_>) -> Result<[Ptr; 3]> {
    let places = [classes(c)?, lower(c)?, upper(c)?];
    let mut middles = [Ptr::NULL; 3];
    for (middle, place) in middles.iter_mut().zip(places) {
        *middle = c.read_pointer(place)?;
    }
    Ok(middles)
}

/// The table of newlib's macros: one byte for `EOF`, and one for each other
/// (`ctype.h`: `_U` 1, `_L` 2, `_N` 4, `_S` 8, `_P` 16, `_C` 32, `_X` 64, `_B`
/// 128).
pub(super) fn newlib_table() -> Vec<u8> {
    let bits = |byte: u8| {
        u8::from(byte.is_ascii_uppercase())
            | u8::from(byte.is_ascii_lowercase()) << 1
            | u8::from(byte.is_ascii_digit()) << 2
            | u8::from(is_space(byte)) << 3
            | u8::from(byte.is_ascii_punctuation()) << 4
            | u8::from(byte.is_ascii_control()) << 5
            | u8::from(byte.is_ascii_hexdigit() && !byte.is_ascii_digit()) << 6
            | u8::from(byte == b' ') << 7
    };
    std::iter::once(0).chain((0..=255).map(bits)).collect()
}

fn newlib_classes(c: &mut Context<'_>) -> Result<Ptr> {
    let known = c.state.rooms.contains_key("newlib classes");
    let room = c.room("newlib classes", 257)?;
    if !known {
        c.write(room, &newlib_table())?;
    }
    Ok(room)
}
