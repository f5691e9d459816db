//! `wctype.h`: classes of wide characters, of ASCII in the locale `C` and of
//! Unicode in `C.UTF-8`.

use super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, ULong, models},
};

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "wctype.h",
        standard: Standard::C99,
        models: models! {
            iswalnum = iswalnum, "beyond ASCII, the properties of Unicode as Rust has them";
            iswalpha = iswalpha, "beyond ASCII, the properties of Unicode as Rust has them";
            iswblank = iswblank;
            iswcntrl = iswcntrl;
            iswdigit = iswdigit;
            iswgraph = iswgraph, "beyond ASCII, unassigned characters are in the class";
            iswlower = iswlower, "beyond ASCII, the properties of Unicode as Rust has them";
            iswprint = iswprint, "beyond ASCII, unassigned characters are in the class";
            iswpunct = iswpunct, "beyond ASCII, unassigned characters are in the class";
            iswspace = iswspace;
            iswupper = iswupper, "beyond ASCII, the properties of Unicode as Rust has them";
            iswxdigit = iswxdigit;
            towlower = towlower;
            towupper = towupper;
            wctype = wctype;
            iswctype = iswctype;
            wctrans = wctrans;
            towctrans = towctrans;
        },
    },
    Header {
        name: "wctype.h",
        standard: Standard::Posix,
        models: models! {
            iswalnum_l = iswalnum_l;
            iswalpha_l = iswalpha_l;
            iswblank_l = iswblank_l;
            iswcntrl_l = iswcntrl_l;
            iswdigit_l = iswdigit_l;
            iswgraph_l = iswgraph_l;
            iswlower_l = iswlower_l;
            iswprint_l = iswprint_l;
            iswpunct_l = iswpunct_l;
            iswspace_l = iswspace_l;
            iswupper_l = iswupper_l;
            iswxdigit_l = iswxdigit_l;
            towlower_l = towlower_l;
            towupper_l = towupper_l;
            wctype_l = wctype_l;
            __wctype_l = wctype_l;
            iswctype_l = iswctype_l;
            __iswctype_l = iswctype_l;
            wctrans_l = wctrans_l;
            towctrans_l = towctrans_l;
        },
    },
];

/// Whether a character is in a class.
type Class = fn(char) -> bool;

/// The classes by their names; the number of one, from 1, is its `wctype_t`.
const CLASSES: [(&str, Class); 12] = [
    ("alnum", is_alnum),
    ("alpha", is_alpha),
    ("blank", is_blank),
    ("cntrl", is_control),
    ("digit", is_digit),
    ("graph", is_graph),
    ("lower", is_lower),
    ("print", is_print),
    ("punct", is_punct),
    ("space", is_space),
    ("upper", is_upper),
    ("xdigit", is_hexadecimal),
];

fn is_alpha(it: char) -> bool {
    // Digits of other scripts are letters for C.
    if it.is_ascii() { it.is_ascii_alphabetic() } else { it.is_alphanumeric() }
}

fn is_alnum(it: char) -> bool {
    it.is_ascii_digit() || is_alpha(it)
}

fn is_blank(it: char) -> bool {
    it == '\t' || is_space(it) && !('\n'..='\r').contains(&it) && !matches!(it, '\u{2028}' | '\u{2029}')
}

fn is_control(it: char) -> bool {
    it.is_control() || matches!(it, '\u{2028}' | '\u{2029}')
}

fn is_digit(it: char) -> bool {
    it.is_ascii_digit()
}

fn is_graph(it: char) -> bool {
    is_print(it) && !is_space(it)
}

fn is_lower(it: char) -> bool {
    it.is_lowercase()
}

fn is_print(it: char) -> bool {
    !is_control(it)
}

fn is_punct(it: char) -> bool {
    is_graph(it) && !is_alnum(it)
}

/// Spaces that no line is broken at are none for C.
fn is_space(it: char) -> bool {
    match it {
        '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}' => false,
        _ => it.is_whitespace(),
    }
}

fn is_upper(it: char) -> bool {
    it.is_uppercase()
}

fn is_hexadecimal(it: char) -> bool {
    it.is_ascii_hexdigit()
}

/// The character in the locale.
fn character(utf8: bool, wide: u32) -> Option<char> {
    char::from_u32(wide).filter(|it| utf8 || it.is_ascii())
}

fn is(c: &Context<'_>, wide: u32, class: fn(char) -> bool) -> i32 {
    i32::from(character(c.state.is_utf8(), wide).is_some_and(class))
}

macro_rules! classes {
    ($($name:ident $with_locale:ident = $class:path;)*) => {$(
        fn $name(c: &mut Context<'_>, wide: u32) -> Result<i32> {
            Ok(is(c, wide, $class))
        }
        fn $with_locale(c: &mut Context<'_>, wide: u32, _locale: Ptr) -> Result<i32> {
            Ok(is(c, wide, $class))
        }
    )*};
}

classes! {
    iswalnum iswalnum_l = is_alnum;
    iswalpha iswalpha_l = is_alpha;
    iswblank iswblank_l = is_blank;
    iswcntrl iswcntrl_l = is_control;
    iswdigit iswdigit_l = is_digit;
    iswgraph iswgraph_l = is_graph;
    iswlower iswlower_l = is_lower;
    iswprint iswprint_l = is_print;
    iswpunct iswpunct_l = is_punct;
    iswspace iswspace_l = is_space;
    iswupper iswupper_l = is_upper;
    iswxdigit iswxdigit_l = is_hexadecimal;
}

/// The one character that it is in the other case; itself if there are more.
fn one(wide: u32, mut all: impl Iterator<Item = char>) -> u32 {
    match (all.next(), all.next()) {
        (Some(it), None) => it.into(),
        _ => wide,
    }
}

/// The small letter of a character.
pub(super) fn lower(utf8: bool, wide: u32) -> u32 {
    character(utf8, wide).map_or(wide, |it| one(wide, it.to_lowercase()))
}

fn upper(utf8: bool, wide: u32) -> u32 {
    character(utf8, wide).map_or(wide, |it| one(wide, it.to_uppercase()))
}

fn towlower(c: &mut Context<'_>, wide: u32) -> Result<u32> {
    Ok(lower(c.state.is_utf8(), wide))
}

fn towupper(c: &mut Context<'_>, wide: u32) -> Result<u32> {
    Ok(upper(c.state.is_utf8(), wide))
}

fn towlower_l(c: &mut Context<'_>, wide: u32, _locale: Ptr) -> Result<u32> {
    towlower(c, wide)
}

fn towupper_l(c: &mut Context<'_>, wide: u32, _locale: Ptr) -> Result<u32> {
    towupper(c, wide)
}

fn wctype(c: &mut Context<'_>, name: Ptr) -> Result<ULong> {
    let name = c.text(name)?;
    let place = CLASSES.iter().position(|(known, _)| known.as_bytes() == name);
    Ok(ULong(place.map_or(0, |place| place as u64 + 1)))
}

fn wctype_l(c: &mut Context<'_>, name: Ptr, _locale: Ptr) -> Result<ULong> {
    wctype(c, name)
}

fn iswctype(c: &mut Context<'_>, wide: u32, class: ULong) -> Result<i32> {
    let class = usize::try_from(class.0).ok().and_then(|class| CLASSES.get(class.checked_sub(1)?));
    Ok(class.map_or(0, |(_, class)| is(c, wide, *class)))
}

fn iswctype_l(c: &mut Context<'_>, wide: u32, class: ULong, _locale: Ptr) -> Result<i32> {
    iswctype(c, wide, class)
}

/// A mapping is told by a pointer: to nothing, as only its value counts.
fn wctrans(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    Ok(match &c.text(name)?[..] {
        b"tolower" => Ptr(1),
        b"toupper" => Ptr(2),
        _ => c.fail_null(crate::errno::Errno::EINVAL)?,
    })
}

fn wctrans_l(c: &mut Context<'_>, name: Ptr, _locale: Ptr) -> Result<Ptr> {
    wctrans(c, name)
}

fn towctrans(c: &mut Context<'_>, wide: u32, mapping: Ptr) -> Result<u32> {
    match mapping.0 {
        1 => towlower(c, wide),
        2 => towupper(c, wide),
        _ => Ok(wide),
    }
}

fn towctrans_l(c: &mut Context<'_>, wide: u32, mapping: Ptr, _locale: Ptr) -> Result<u32> {
    towctrans(c, wide, mapping)
}
