//! `locale.h` and `langinfo.h`: the locales `C` (or `POSIX`) and `C.UTF-8`.

use super::{
    context::Context,
    error::Result,
    time::{DAYS, MONTHS},
    types::{Header, LongDouble, Ptr, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: [Header; 4] = [
    Header {
        name: "locale.h",
        standard: Standard::C99,
        models: models! {
            setlocale = setlocale, "the locales C, POSIX and C.UTF-8";
            localeconv = localeconv;
        },
    },
    Header {
        name: "locale.h",
        standard: Standard::Posix,
        models: models! {
            newlocale = newlocale, "the locales C, POSIX and C.UTF-8";
            __newlocale = newlocale, "the locales C, POSIX and C.UTF-8";
            duplocale = duplocale;
            __duplocale = duplocale;
            freelocale = freelocale;
            __freelocale = freelocale;
            getlocalename_l = getlocalename_l;
            uselocale = uselocale, "all threads are in the same locale";
            __uselocale = uselocale, "all threads are in the same locale";
        },
    },
    Header {
        name: "langinfo.h",
        standard: Standard::Posix,
        models: models! {
            nl_langinfo = nl_langinfo, "the numbers of glibc's header";
            nl_langinfo_l = nl_langinfo_l, "the numbers of glibc's header";
        },
    },
    Header {
        name: "stdlib.h",
        standard: Standard::C99,
        models: models! {
            strtold = strtold;
            strtold_l = strtold_l;
            __strtold_internal = strtold_l;
            __strtoieee128 = strtold;
        },
    },
];

/// The categories of the C library, by their bits: `LC_CTYPE` is 0 and `LC_ALL`
/// is 6, in glibc and musl.
const ALL: i32 = 6;
const CATEGORIES: [i32; 12] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12];
const NAMES: [(&str, i32); 12] = [
    ("LC_CTYPE", 0),
    ("LC_NUMERIC", 1),
    ("LC_TIME", 2),
    ("LC_COLLATE", 3),
    ("LC_MONETARY", 4),
    ("LC_MESSAGES", 5),
    ("LC_PAPER", 7),
    ("LC_NAME", 8),
    ("LC_ADDRESS", 9),
    ("LC_TELEPHONE", 10),
    ("LC_MEASUREMENT", 11),
    ("LC_IDENTIFICATION", 12),
];

/// Whether a name is of the locale with UTF-8; `None` if it is of none.
fn known(name: &str) -> Option<bool> {
    match name {
        "C" | "POSIX" => Some(false),
        _ => {
            let (language, set) = name.split_once('.')?;
            let set: String = set.chars().filter(char::is_ascii_alphanumeric).collect();
            (language == "C" && set.eq_ignore_ascii_case("utf8")).then_some(true)
        }
    }
}

/// The name that the environment gives for a category.
fn of_environment(c: &mut Context<'_>, category: i32) -> Result<String> {
    let own = NAMES.iter().find(|(_, number)| *number == category).map_or("", |(name, _)| name);
    for variable in ["LC_ALL", own, "LANG"] {
        if let Some(value) = super::environment::variable(c, variable.as_bytes())?
            && !value.is_empty()
        {
            return Ok(String::from_utf8_lossy(&value).into_owned());
        }
    }
    Ok("C".to_owned())
}

/// The key that a category is kept by: its name with UTF-8 is a 1.
fn key(category: i32) -> String {
    if category == 0 { "utf-8".to_owned() } else { format!("locale {category}") }
}

fn is_utf8(c: &Context<'_>, category: i32) -> bool {
    c.state.numbers.get(&key(category)).is_some_and(|it| *it & 1 != 0)
}

/// The name as it was given: `C.utf8` stays `C.utf8`.
fn name_of(c: &Context<'_>, category: i32) -> &'static str {
    let spelling = c.state.numbers.get(&key(category)).copied().unwrap_or(0) >> 1;
    match (is_utf8(c, category), spelling) {
        (false, _) => "C",
        (true, 1) => "C.utf8",
        (true, _) => "C.UTF-8",
    }
}

/// The name of a category, or of all.
fn told(c: &Context<'_>, category: i32) -> String {
    if category != ALL {
        return name_of(c, category).to_owned();
    }
    let first = name_of(c, 0);
    if CATEGORIES.iter().all(|category| name_of(c, *category) == first) {
        return first.to_owned();
    }
    let parts: Vec<String> =
        NAMES.iter().map(|(name, number)| format!("{name}={}", name_of(c, *number))).collect();
    parts.join(";")
}

fn setlocale(c: &mut Context<'_>, category: i32, name: Ptr) -> Result<Ptr> {
    if category != ALL && !CATEGORIES.contains(&category) {
        return c.fail_null(Errno::EINVAL);
    }
    if !name.is_null() {
        let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
        let mut changes = Vec::new();
        for it in CATEGORIES.iter().filter(|it| category == ALL || **it == category) {
            // What setlocale told of all categories names each.
            let own = NAMES.iter().find(|(_, number)| number == it).map_or("", |(name, _)| name);
            let part = name.split(';').find_map(|part| part.strip_prefix(own)?.strip_prefix('='));
            let wanted = match part {
                Some(part) => part.to_owned(),
                None if name.is_empty() => of_environment(c, *it)?,
                None => name.clone(),
            };
            let Some(utf8) = known(&wanted) else { return c.fail_null(Errno::ENOENT) };
            let spelling = i64::from(wanted == "C.utf8");
            changes.push((key(*it), i64::from(utf8) | spelling << 1));
        }
        c.state.numbers.extend(changes);
    }
    let text = told(c, category);
    let room = c.room("setlocale", 320)?;
    c.write_text(room, text.as_bytes())?;
    Ok(room)
}

/// `struct lconv`: ten texts and fourteen `char`s, of which POSIX's are six.
fn localeconv(c: &mut Context<'_>) -> Result<Ptr> {
    let word = u64::from(c.model.pointer);
    let room = c.room("localeconv", 10 * word + 14)?;
    let texts = c.room("localeconv texts", 4)?;
    c.write(texts, b".\0\0\0")?;
    for index in 0..10 {
        let text = if index == 0 { texts } else { texts.add(1) };
        c.write_pointer(room.add(index * word), text)?;
    }
    // `CHAR_MAX` says that there is nothing to say.
    let most = if c.model.unsigned_char { 0xff } else { 0x7f };
    c.write(room.add(10 * word), &[most; 14])?;
    Ok(room)
}

/// A locale object: its categories as bits, in four bytes. Behind 13 pointers
/// there are the tables that macros of glibc's `ctype.h` look into
/// (bits/types/__locale_t.h).
fn object(c: &mut Context<'_>, bits: u64) -> Result<Ptr> {
    let word = u64::from(c.model.pointer);
    match c.malloc(29 * word)? {
        None => c.fail_null(Errno::ENOMEM),
        Some(at) => {
            c.write(at, &vec![0; 29 * word as usize])?;
            c.write_integer(at, bits, 4)?;
            for (index, table) in (13..).zip(super::ctype::tables(c)?) {
                c.write_pointer(at.add(index * word), table)?;
            }
            Ok(at)
        }
    }
}

fn newlocale(c: &mut Context<'_>, mask: i32, name: Ptr, base: Ptr) -> Result<Ptr> {
    if name.is_null() {
        return c.fail_null(Errno::EINVAL);
    }
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    let wanted = if name.is_empty() { of_environment(c, 0)? } else { name };
    let Some(utf8) = known(&wanted) else { return c.fail_null(Errno::ENOENT) };
    let before = if base.is_null() { 0 } else { c.read_integer(base, 4)? };
    let mask = mask as u32 as u64;
    let bits = if utf8 { before | mask } else { before & !mask };
    if base.is_null() {
        return object(c, bits);
    }
    c.write_integer(base, bits, 4)?;
    Ok(base)
}

/// `LC_GLOBAL_LOCALE`.
fn is_global(c: &Context<'_>, locale: Ptr) -> bool {
    locale.0 == u64::MAX >> (64 - 8 * u32::from(c.model.pointer.clamp(1, 8)))
}

fn duplocale(c: &mut Context<'_>, locale: Ptr) -> Result<Ptr> {
    let bits = if is_global(c, locale) { u64::from(is_utf8(c, 0)) } else { c.read_integer(locale, 4)? };
    object(c, bits)
}

fn freelocale(c: &mut Context<'_>, locale: Ptr) -> Result<()> {
    c.free(locale)
}

/// Of an object only the set of characters is told, not how its name was spelt.
fn getlocalename_l(c: &mut Context<'_>, category: i32, locale: Ptr) -> Result<Ptr> {
    if !CATEGORIES.contains(&category) {
        return Ok(Ptr::NULL);
    }
    let name = if is_global(c, locale) {
        name_of(c, category)
    } else if c.read_integer(locale, 4)? >> category & 1 == 1 {
        "C.UTF-8"
    } else {
        "C"
    };
    let room = c.room("getlocalename_l", 16)?;
    c.write_text(room, name.as_bytes())?;
    Ok(room)
}

fn uselocale(c: &mut Context<'_>, locale: Ptr) -> Result<Ptr> {
    let global = u64::MAX >> (64 - 8 * u32::from(c.model.pointer.clamp(1, 8)));
    let before = c.state.numbers.get("uselocale").map_or(global, |it| *it as u64);
    if is_global(c, locale) {
        c.state.numbers.remove("uselocale");
        c.state.numbers.remove("utf-8 in use");
    } else if !locale.is_null() {
        // LC_CTYPE is the first of the bits.
        let utf8 = c.read_integer(locale, 4)? & 1;
        c.state.numbers.insert("uselocale".to_owned(), locale.0 as i64);
        c.state.numbers.insert("utf-8 in use".to_owned(), utf8 as i64);
    }
    Ok(Ptr(before))
}

/// The text of an item: its category in the upper 16 bits (glibc, langinfo.h).
fn item_text(utf8: bool, item: u32) -> String {
    let index = item & 0xffff;
    let within =
        |first: u32, count: u32| (first..first + count).contains(&index).then(|| (index - first) as usize);
    match item >> 16 {
        0 if index == 14 => (if utf8 { "UTF-8" } else { "ANSI_X3.4-1968" }).to_owned(),
        1 if index == 0 => ".".to_owned(),
        4 if index == 15 => "-".to_owned(),
        5 => ["^[yY]", "^[nN]"].get(index as usize).copied().unwrap_or_default().to_owned(),
        category if index == 0xffff && CATEGORIES.contains(&(category as i32)) => {
            (if utf8 { "C.UTF-8" } else { "C" }).to_owned()
        }
        2 => {
            // The names of months alone are the same.
            if let Some(month) = within(111, 12) {
                return MONTHS[month].to_owned();
            }
            if let Some(month) = within(135, 12) {
                return MONTHS[month][..3].to_owned();
            }
            if index == 108 {
                return "%a %b %e %H:%M:%S %Z %Y".to_owned();
            }
            if let Some(day) = within(0, 7) {
                return DAYS[day][..3].to_owned();
            }
            if let Some(day) = within(7, 7) {
                return DAYS[day].to_owned();
            }
            if let Some(month) = within(14, 12) {
                return MONTHS[month][..3].to_owned();
            }
            if let Some(month) = within(26, 12) {
                return MONTHS[month].to_owned();
            }
            let others = ["AM", "PM", "%a %b %e %H:%M:%S %Y", "%m/%d/%y", "%H:%M:%S", "%I:%M:%S %p"];
            within(38, 6).map(|place| others[place].to_owned()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn nl_langinfo(c: &mut Context<'_>, item: i32) -> Result<Ptr> {
    let utf8 = c.state.is_utf8();
    item_in(c, item, utf8)
}

/// The item that an item of wide characters has the text of (`_NL_WABDAY_1` …).
fn narrow_item(item: u32) -> Option<u32> {
    let index = item & 0xffff;
    let narrow = match (item >> 16, index) {
        (2, 52..=95) => index - 52,
        (2, 109) => 108,
        (2, 123..=134) => index - 123 + 111,
        (2, 147..=158) => index - 147 + 135,
        _ => return None,
    };
    Some(2 << 16 | narrow)
}

fn item_in(c: &mut Context<'_>, item: i32, utf8: bool) -> Result<Ptr> {
    if let Some(narrow) = narrow_item(item as u32) {
        let text = item_text(utf8, narrow);
        let key = format!("langinfo wide {text}");
        if let Some(at) = c.state.numbers.get(&key) {
            return Ok(Ptr(*at as u64));
        }
        let wide: Vec<u32> = text.chars().map(u32::from).chain([0]).collect();
        let size = u64::from(c.model.wide) * wide.len() as u64;
        let Some(at) = c.malloc(size)? else { return c.fail_null(Errno::ENOMEM) };
        c.write_wide(at, &wide)?;
        c.state.numbers.insert(key, at.0 as i64);
        return Ok(at);
    }
    let text = item_text(utf8, item as u32);
    // A text for each item, as they are compared and kept.
    let key = format!("langinfo {text}");
    if let Some(at) = c.state.numbers.get(&key) {
        return Ok(Ptr(*at as u64));
    }
    let at = c.duplicate(text.as_bytes())?;
    c.state.numbers.insert(key, at.0 as i64);
    Ok(at)
}

fn nl_langinfo_l(c: &mut Context<'_>, item: i32, locale: Ptr) -> Result<Ptr> {
    let utf8 = if is_global(c, locale) { is_utf8(c, 0) } else { c.read_integer(locale, 4)? & 1 != 0 };
    item_in(c, item, utf8)
}

fn strtold(c: &mut Context<'_>, text: Ptr, end: Ptr) -> Result<LongDouble> {
    super::stdlib::strtold(c, text, end)
}

fn strtold_l(c: &mut Context<'_>, text: Ptr, end: Ptr, _locale: Ptr) -> Result<LongDouble> {
    strtold(c, text, end)
}
