//! `pwd.h` and `grp.h`: the users of `/etc/passwd` and `/etc/group`.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "pwd.h",
    standard: Standard::Posix,
    models: models! {
        getpwnam = getpwnam;
        getpwuid = getpwuid;
        getpwnam_r = getpwnam_r;
        getpwuid_r = getpwuid_r;
        getpwent = getpwent;
        setpwent = setpwent;
        endpwent = setpwent;
        getgrnam = getgrnam;
        getgrgid = getgrgid;
        getgrnam_r = getgrnam_r;
        getgrgid_r = getgrgid_r;
        getgrent = getgrent;
        setgrent = setgrent;
        endgrent = setgrent;
        getlogin = getlogin;
        getlogin_r = getlogin_r;
        cuserid = cuserid;
        getpw = getpw;
        putpwent = putpwent;
    },
};

/// The lines of a file, in their parts.
fn lines(c: &mut Context<'_>, path: &str, parts: usize) -> Vec<Vec<Vec<u8>>> {
    let content = c.state.kernel.files.read(path).unwrap_or_default();
    let lines = content.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.split(|byte| *byte == b':').map(<[u8]>::to_vec).collect::<Vec<_>>());
    lines.filter(|line| line.len() >= parts).collect()
}

fn number(text: &[u8]) -> u32 {
    super::super::numbers::integer(text, 10).magnitude as u32
}

/// Writes an entry into a structure, its texts into a buffer: `false` if that
/// is too small.
fn write_entry(
    c: &mut Context<'_>,
    parts: &[Vec<u8>],
    to: Ptr,
    buffer: Ptr,
    size: u64,
    group: bool,
) -> Result<bool> {
    let word = u64::from(c.model.pointer);
    let needed: u64 = parts.iter().map(|part| part.len() as u64 + 1).sum::<u64>() + 3 * word;
    if needed > size {
        return Ok(false);
    }
    let mut at = buffer;
    let mut text = |c: &mut Context<'_>, part: &[u8]| -> Result<Ptr> {
        let place = at;
        c.write_text(place, part)?;
        at = at.add(part.len() as u64 + 1);
        Ok(place)
    };
    let (name, password) = (text(c, &parts[0])?, text(c, &parts[1])?);
    c.write_pointer(to, name)?;
    c.write_pointer(to.add(word), password)?;
    if group {
        // struct group: name, password, gid, members.
        c.write_integer(to.add(2 * word), number(&parts[2]).into(), 4)?;
        let members: Vec<&[u8]> = parts.get(3).map_or_else(Vec::new, |list| {
            list.split(|byte| *byte == b',').filter(|it| !it.is_empty()).collect()
        });
        let mut places = Vec::new();
        for member in members {
            places.push(text(c, member)?);
        }
        let array = Ptr(at.0.next_multiple_of(word.max(1)));
        if array.0 + word * (places.len() as u64 + 1) > buffer.0 + size {
            return Ok(false);
        }
        for (index, place) in places.iter().chain([&Ptr::NULL]).enumerate() {
            c.write_pointer(array.add(word * index as u64), *place)?;
        }
        c.write_pointer(to.add(3 * word), array)?;
        return Ok(true);
    }
    // struct passwd: name, password, uid, gid, gecos, folder, shell.
    c.write_integer(to.add(2 * word), number(&parts[2]).into(), 4)?;
    c.write_integer(to.add(2 * word + 4), number(&parts[3]).into(), 4)?;
    for (index, part) in parts[4..7].iter().enumerate() {
        let place = text(c, part)?;
        c.write_pointer(to.add(2 * word + 8 + word * index as u64), place)?;
    }
    Ok(true)
}

fn find(c: &mut Context<'_>, group: bool, wanted: impl Fn(&[Vec<u8>]) -> bool) -> Option<Vec<Vec<u8>>> {
    let all = if group { lines(c, "/etc/group", 3) } else { lines(c, "/etc/passwd", 7) };
    all.into_iter().find(|parts| wanted(parts))
}

fn own(c: &mut Context<'_>, group: bool, parts: Option<Vec<Vec<u8>>>) -> Result<Ptr> {
    let Some(parts) = parts else { return Ok(Ptr::NULL) };
    let room = c.room(if group { "struct group" } else { "struct passwd" }, 1024)?;
    let written = write_entry(c, &parts, room, room.add(64), 960, group)?;
    if written { Ok(room) } else { c.fail_null(Errno::ERANGE) }
}

fn given(
    c: &mut Context<'_>,
    group: bool,
    parts: Option<Vec<Vec<u8>>>,
    to: Ptr,
    buffer: Ptr,
    size: u64,
    place: Ptr,
) -> Result<i32> {
    c.write_pointer(place, Ptr::NULL)?;
    let Some(parts) = parts else { return Ok(0) };
    if !write_entry(c, &parts, to, buffer, size, group)? {
        return Ok(c.state.abi.error(Errno::ERANGE) as i32);
    }
    c.write_pointer(place, to)?;
    Ok(0)
}

fn getpwnam(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let name = c.text(name)?;
    let found = find(c, false, |parts| parts[0] == name);
    own(c, false, found)
}

fn getpwuid(c: &mut Context<'_>, user: u32) -> Result<Ptr> {
    let found = find(c, false, |parts| number(&parts[2]) == user);
    own(c, false, found)
}

fn getpwnam_r(c: &mut Context<'_>, name: Ptr, to: Ptr, buffer: Ptr, size: Size, place: Ptr) -> Result<i32> {
    let name = c.text(name)?;
    let found = find(c, false, |parts| parts[0] == name);
    given(c, false, found, to, buffer, size.0, place)
}

fn getpwuid_r(c: &mut Context<'_>, user: u32, to: Ptr, buffer: Ptr, size: Size, place: Ptr) -> Result<i32> {
    let found = find(c, false, |parts| number(&parts[2]) == user);
    given(c, false, found, to, buffer, size.0, place)
}

fn getgrnam(c: &mut Context<'_>, name: Ptr) -> Result<Ptr> {
    let name = c.text(name)?;
    let found = find(c, true, |parts| parts[0] == name);
    own(c, true, found)
}

fn getgrgid(c: &mut Context<'_>, group: u32) -> Result<Ptr> {
    let found = find(c, true, |parts| number(&parts[2]) == group);
    own(c, true, found)
}

fn getgrnam_r(c: &mut Context<'_>, name: Ptr, to: Ptr, buffer: Ptr, size: Size, place: Ptr) -> Result<i32> {
    let name = c.text(name)?;
    let found = find(c, true, |parts| parts[0] == name);
    given(c, true, found, to, buffer, size.0, place)
}

fn getgrgid_r(c: &mut Context<'_>, group: u32, to: Ptr, buffer: Ptr, size: Size, place: Ptr) -> Result<i32> {
    let found = find(c, true, |parts| number(&parts[2]) == group);
    given(c, true, found, to, buffer, size.0, place)
}

fn next(c: &mut Context<'_>, group: bool) -> Result<Ptr> {
    let key = if group { "getgrent" } else { "getpwent" };
    let place = c.state.numbers.get(key).copied().unwrap_or(0);
    let all = if group { lines(c, "/etc/group", 3) } else { lines(c, "/etc/passwd", 7) };
    c.state.numbers.insert(key.to_owned(), place.saturating_add(1));
    let parts = usize::try_from(place).ok().and_then(|place| all.get(place).cloned());
    own(c, group, parts)
}

fn getpwent(c: &mut Context<'_>) -> Result<Ptr> {
    next(c, false)
}

fn getgrent(c: &mut Context<'_>) -> Result<Ptr> {
    next(c, true)
}

fn setpwent(c: &mut Context<'_>) -> Result<()> {
    c.state.numbers.remove("getpwent");
    Ok(())
}

fn setgrent(c: &mut Context<'_>) -> Result<()> {
    c.state.numbers.remove("getgrent");
    Ok(())
}

fn login(c: &mut Context<'_>) -> Vec<u8> {
    let user = c.state.kernel.process(c.state.kernel.running).map_or(0, |it| it.credentials.user[0]);
    find(c, false, |parts| number(&parts[2]) == user)
        .map_or_else(|| b"root".to_vec(), |mut parts| parts.remove(0))
}

fn getlogin(c: &mut Context<'_>) -> Result<Ptr> {
    let name = login(c);
    let room = c.room("getlogin", 256)?;
    c.write_text(room, &name[..name.len().min(255)])?;
    Ok(room)
}

fn getlogin_r(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<i32> {
    let name = login(c);
    if name.len() as u64 >= size.0 {
        return Ok(c.state.abi.error(Errno::ERANGE) as i32);
    }
    c.write_text(to, &name)?;
    Ok(0)
}

/// The line of a user, without the end of it.
fn getpw(c: &mut Context<'_>, user: u32, to: Ptr) -> Result<i32> {
    if to.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let Some(parts) = find(c, false, |parts| number(&parts[2]) == user) else {
        return c.fail(Errno::ENOENT);
    };
    c.write_text(to, &parts.join(&b':'))?;
    Ok(0)
}

/// Writes the line of an entry: what has a colon or a newline in it is `EINVAL`.
fn putpwent(c: &mut Context<'_>, entry: Ptr, file: Ptr) -> Result<i32> {
    if entry.is_null() || file.is_null() {
        return c.fail(Errno::EINVAL);
    }
    let word = u64::from(c.model.pointer);
    let numbers = entry.add(2 * word);
    let places = [entry, entry.add(word), numbers.add(8), numbers.add(8 + word), numbers.add(8 + 2 * word)];
    let mut texts = Vec::new();
    for place in places {
        let text = c.read_pointer(place)?;
        texts.push(if text.is_null() { Vec::new() } else { c.text(text)? });
    }
    let is_plain = |text: &Vec<u8>| !text.iter().any(|byte| matches!(byte, b':' | b'\n'));
    let [name, password, about, folder, shell] = &texts[..] else { return Ok(-1) };
    if name.is_empty() || ![name, password, folder, shell].into_iter().all(is_plain) {
        return c.fail(Errno::EINVAL);
    }
    // In a description, glibc puts spaces instead.
    let about: Vec<u8> =
        about.iter().map(|byte| if matches!(byte, b':' | b'\n') { b' ' } else { *byte }).collect();
    let ids = if matches!(name.first(), Some(b'+' | b'-')) {
        b":".to_vec()
    } else {
        let (user, group) = (c.read_integer(numbers, 4)? as u32, c.read_integer(numbers.add(4), 4)? as u32);
        format!("{user}:{group}").into_bytes()
    };
    let mut line = [name.as_slice(), password, &ids, &about, folder, shell].join(&b':');
    line.push(b'\n');
    Ok(if c.put(file, &line)? { 0 } else { -1 })
}

fn cuserid(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    if to.is_null() {
        return getlogin(c);
    }
    let name = login(c);
    c.write_text(to, &name[..name.len().min(8)])?;
    Ok(to)
}
