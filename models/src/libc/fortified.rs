//! The fortified forms of `string.h`: the size of the object is the last
//! argument.

use super::{
    context::Context,
    error::Result,
    string::{
        bzero, memcpy, mempcpy, memset, stpcpy, stpncpy, strcat, strcpy, strlcat, strlcpy, strncat, strncpy,
    },
    types::{Header, Ptr, Size, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "bits/string_fortified.h",
    standard: Standard::Runtime,
    models: models! {
        __memcpy_chk = memcpy_chk;
        __memmove_chk = memcpy_chk;
        __mempcpy_chk = mempcpy_chk;
        __memset_chk = memset_chk;
        __strcpy_chk = strcpy_chk;
        __stpcpy_chk = stpcpy_chk;
        __strncpy_chk = strncpy_chk;
        __stpncpy_chk = stpncpy_chk;
        __strcat_chk = strcat_chk;
        __strncat_chk = strncat_chk;
        __strlcpy_chk = strlcpy_chk;
        __strlcat_chk = strlcat_chk;
        __explicit_bzero_chk = bzero_chk;
        __chk_fail = chk_fail;
    },
};

fn chk_fail(c: &mut Context<'_>) -> Result<()> {
    c.misuse("*** buffer overflow detected ***")
}

impl Context<'_> {
    /// Ends the program where more is written than the object holds.
    pub(super) fn check_room(&self, needed: u64, room: u64) -> Result<()> {
        if needed > room {
            return self.misuse(format!("buffer overflow: {needed} bytes into an object of {room}"));
        }
        Ok(())
    }
}

fn memcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    memcpy(c, to, from, size)
}

fn mempcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    mempcpy(c, to, from, size)
}

fn memset_chk(c: &mut Context<'_>, to: Ptr, value: i32, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    memset(c, to, value, size)
}

fn bzero_chk(c: &mut Context<'_>, to: Ptr, size: Size, room: Size) -> Result<()> {
    c.check_room(size.0, room.0)?;
    bzero(c, to, size)
}

fn strcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    let needed = c.text(from)?.len() as u64 + 1;
    c.check_room(needed, room.0)?;
    strcpy(c, to, from)
}

fn stpcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    strcpy_chk(c, to, from, room)?;
    stpcpy(c, to, from)
}

fn strncpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    strncpy(c, to, from, size)
}

fn stpncpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    stpncpy(c, to, from, size)
}

fn strcat_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, room: Size) -> Result<Ptr> {
    let needed = (c.text(to)?.len() + c.text(from)?.len()) as u64 + 1;
    c.check_room(needed, room.0)?;
    strcat(c, to, from)
}

fn strncat_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Ptr> {
    let needed = (c.text(to)?.len() + c.text_within(from, size.0)?.len()) as u64 + 1;
    c.check_room(needed, room.0)?;
    strncat(c, to, from, size)
}

fn strlcpy_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Size> {
    c.check_room(size.0, room.0)?;
    strlcpy(c, to, from, size)
}

fn strlcat_chk(c: &mut Context<'_>, to: Ptr, from: Ptr, size: Size, room: Size) -> Result<Size> {
    c.check_room(size.0, room.0)?;
    strlcat(c, to, from, size)
}
