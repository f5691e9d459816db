//! Functions of POSIX whose kernel is not here: typed memory and STREAMS. They
//! fail as on a kernel that was built without them.

use super::super::{
    context::Context,
    error::Result,
    types::{Dots, Header, Long, Ptr, Size, Standard, ULong, models},
};
use crate::errno::Errno;

macro_rules! absent {
    ($($name:ident($($type:ty),*);)*) => {$(
        fn $name(c: &mut Context<'_> $(, _: $type)*) -> Result<i32> {
            c.fail(Errno::ENOSYS)
        }
    )*};
}

absent! {
    path_only(Ptr);
    pointer(i32, Ptr);
    memory_open(Ptr, i32, i32);
    stream_message(i32, Ptr, Ptr);
}

/// The number of the error is the result.
fn memory_offset(
    c: &mut Context<'_>,
    _address: Ptr,
    _size: Size,
    _offset: Ptr,
    _room: Ptr,
    _fd: Ptr,
) -> Result<i32> {
    Ok(c.state.abi.error(Errno::ENOSYS) as i32)
}

/// No descriptor is of a STREAM.
fn is_stream(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    let known = c.state.kernel.description(c.state.kernel.running, fd).map(drop);
    known.map_or_else(|errno| c.fail(errno), |()| Ok(0))
}

pub(crate) static HEADER: [Header; 4] = [
    Header {
        name: "libintl.h",
        standard: Standard::Extension,
        models: models! {
            dgettext = dgettext, "there are no catalogues";
            dcgettext = dcgettext, "there are no catalogues";
            __dcgettext = dcgettext, "there are no catalogues";
            __dgettext = dgettext, "there are no catalogues";
            gettext = gettext, "there are no catalogues";
            ngettext = ngettext, "there are no catalogues";
            dngettext = dngettext, "there are no catalogues";
            dcngettext = dcngettext, "there are no catalogues";
            textdomain = domain, "there are no catalogues";
            bindtextdomain = bind_domain, "there are no catalogues";
            bind_textdomain_codeset = bind_domain, "there are no catalogues";
            gettext_l = gettext_l, "there are no catalogues";
            dgettext_l = dgettext_l, "there are no catalogues";
            dcgettext_l = dcgettext_l, "there are no catalogues";
            ngettext_l = ngettext_l, "there are no catalogues";
            dngettext_l = dngettext_l, "there are no catalogues";
            dcngettext_l = dcngettext_l, "there are no catalogues";
        },
    },
    Header {
        name: "nl_types.h",
        standard: Standard::Posix,
        models: models! {
            catopen = catopen, "there are no catalogues";
            catgets = catgets;
            catclose = catclose;
            ulimit = ulimit, "the size of files is not limited";
        },
    },
    Header {
        name: "sys/mman.h",
        standard: Standard::Posix,
        models: models! {
            posix_mem_offset = memory_offset, "there is no typed memory: ENOSYS";
            posix_typed_mem_open = memory_open, "there is no typed memory: ENOSYS";
            posix_typed_mem_get_info = pointer, "there is no typed memory: ENOSYS";
        },
    },
    Header {
        name: "stropts.h",
        standard: Standard::Posix,
        models: models! {
            isastream = is_stream;
            fattach = pointer, "there are no STREAMS: ENOSYS";
            fdetach = path_only, "there are no STREAMS: ENOSYS";
            getmsg = stream_message, "there are no STREAMS: ENOSYS";
            getpmsg = stream_message, "there are no STREAMS: ENOSYS";
            putmsg = stream_message, "there are no STREAMS: ENOSYS";
            putpmsg = stream_message, "there are no STREAMS: ENOSYS";
        },
    },
];

/// There are no catalogues of messages: texts are those of the program.
fn catopen(c: &mut Context<'_>, _name: Ptr, _flags: i32) -> Result<Ptr> {
    c.set_errno(Errno::ENOENT)?;
    Ok(Ptr(u64::MAX))
}

fn catgets(_: &mut Context<'_>, _catalogue: Ptr, _set: i32, _number: i32, text: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn catclose(c: &mut Context<'_>, _catalogue: Ptr) -> Result<i32> {
    c.fail(Errno::EBADF)
}

/// `UL_GETFSIZE`, in blocks of 512 bytes.
fn ulimit(c: &mut Context<'_>, command: i32, _: Dots) -> Result<Long> {
    match command {
        1 => Ok(Long(i64::MAX >> 9)),
        2 => Ok(Long(0)),
        4 => Ok(Long(1024)),
        _ => c.fail(Errno::EINVAL).map(|it| Long(it.into())),
    }
}

// ---- messages in other languages: each is its own translation

fn gettext(_: &mut Context<'_>, text: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn dgettext(_: &mut Context<'_>, _domain: Ptr, text: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn dcgettext(_: &mut Context<'_>, _domain: Ptr, text: Ptr, _category: i32) -> Result<Ptr> {
    Ok(text)
}

// With a locale at the end (Issue 8).

fn gettext_l(_: &mut Context<'_>, text: Ptr, _locale: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn dgettext_l(_: &mut Context<'_>, _domain: Ptr, text: Ptr, _locale: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn dcgettext_l(_: &mut Context<'_>, _domain: Ptr, text: Ptr, _category: i32, _locale: Ptr) -> Result<Ptr> {
    Ok(text)
}

fn ngettext_l(c: &mut Context<'_>, one: Ptr, several: Ptr, count: ULong, _locale: Ptr) -> Result<Ptr> {
    ngettext(c, one, several, count)
}

fn dngettext_l(
    c: &mut Context<'_>,
    _domain: Ptr,
    one: Ptr,
    several: Ptr,
    count: ULong,
    _locale: Ptr,
) -> Result<Ptr> {
    ngettext(c, one, several, count)
}

fn dcngettext_l(
    c: &mut Context<'_>,
    _domain: Ptr,
    one: Ptr,
    several: Ptr,
    count: ULong,
    _category: i32,
    _locale: Ptr,
) -> Result<Ptr> {
    ngettext(c, one, several, count)
}

/// As in English: one, or several.
fn ngettext(_: &mut Context<'_>, one: Ptr, several: Ptr, count: ULong) -> Result<Ptr> {
    Ok(if count.0 == 1 { one } else { several })
}

fn dngettext(_: &mut Context<'_>, _domain: Ptr, one: Ptr, several: Ptr, count: ULong) -> Result<Ptr> {
    Ok(if count.0 == 1 { one } else { several })
}

fn dcngettext(
    _: &mut Context<'_>,
    _domain: Ptr,
    one: Ptr,
    several: Ptr,
    count: ULong,
    _category: i32,
) -> Result<Ptr> {
    Ok(if count.0 == 1 { one } else { several })
}

/// The domain at first is `messages`.
fn domain(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let room = c.room("textdomain", 256)?;
    if !name.is_null() {
        let text = c.text(name)?;
        let text = if text.is_empty() { b"messages".to_vec() } else { text };
        c.write_text(room, &text[..text.len().min(255)])?;
    } else if c.text(room)?.is_empty() {
        c.write_text(room, b"messages")?;
    }
    Ok(room)
}

fn bind_domain(_: &mut Context<'_>, _domain: Ptr, value: Ptr) -> Result<Ptr> {
    Ok(value)
}
