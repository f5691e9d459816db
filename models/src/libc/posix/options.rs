//! `getopt.h`: options of a command line, permuted as glibc does it.

use super::super::{
    context::Context,
    error::Result,
    types::{Header, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "getopt.h",
    standard: Standard::Posix,
    models: models! {
        getopt = getopt;
        __posix_getopt = posix_getopt;
        getopt_long = getopt_long;
        getopt_long_only = getopt_long_only;
    },
};

/// What one call works with.
struct Options<'a> {
    count: i32,
    arguments: Ptr,
    short: &'a [u8],
    long: Ptr,
    long_index: Ptr,
    only: bool,
    /// Stops at the first that is no option.
    ordered: bool,
    /// What is no option is the argument of an option 1.
    returns_all: bool,
    /// Begins with a colon: errors are quiet, and a missing argument is `:`.
    quiet: bool,
}

fn variable(c: &mut Context<'_>, name: &str) -> Option<Ptr> {
    c.state.layout.variable(name).map(Ptr)
}

fn read(c: &mut Context<'_>, name: &str, otherwise: i32) -> Result<i32> {
    match variable(c, name) {
        Some(at) => c.read_int(at),
        None => Ok(c.state.numbers.get(name).map_or(otherwise, |value| *value as i32)),
    }
}

fn write(c: &mut Context<'_>, name: &str, value: i32) -> Result<()> {
    match variable(c, name) {
        Some(at) => c.write_int(at, value),
        None => {
            c.state.numbers.insert(name.to_owned(), value.into());
            Ok(())
        }
    }
}

fn set_argument(c: &mut Context<'_>, value: Ptr) -> Result<()> {
    match variable(c, "optarg") {
        Some(at) => c.write_pointer(at, value),
        None => Ok(()),
    }
}

fn note(c: &Context<'_>, name: &str) -> i64 {
    c.state.numbers.get(name).copied().unwrap_or(0)
}

fn keep(c: &mut Context<'_>, name: &str, value: i64) {
    c.state.numbers.insert(name.to_owned(), value);
}

impl Options<'_> {
    fn at(&self, c: &mut Context<'_>, index: i32) -> Result<Ptr> {
        let word = u64::from(c.model.pointer);
        c.read_pointer(self.arguments.add(word.wrapping_mul(index as u64)))
    }

    fn put(&self, c: &mut Context<'_>, index: i32, value: Ptr) -> Result<()> {
        let word = u64::from(c.model.pointer);
        c.write_pointer(self.arguments.add(word.wrapping_mul(index as u64)), value)
    }

    /// What was skipped goes behind the options that were read since.
    fn exchange(&self, c: &mut Context<'_>, index: i32) -> Result<()> {
        let (first, last) = (note(c, "getopt first") as i32, note(c, "getopt last") as i32);
        if first < last && last < index {
            let mut all = Vec::new();
            for place in first..index {
                all.push(self.at(c, place)?);
            }
            all.rotate_left((last - first) as usize);
            for (place, value) in (first..index).zip(all) {
                self.put(c, place, value)?;
            }
        }
        keep(c, "getopt first", i64::from(first) + i64::from(index) - i64::from(last));
        keep(c, "getopt last", index.into());
        Ok(())
    }

    fn complain(&self, c: &mut Context<'_>, what: &str) -> Result<()> {
        if self.quiet || read(c, "opterr", 1)? == 0 {
            return Ok(());
        }
        let name = self.at(c, 0)?;
        let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
        let error = c.standard(2)?;
        c.put(error, format!("{name}: {what}\n").as_bytes()).map(drop)
    }

    fn step(&self, c: &mut Context<'_>) -> Result<i32> {
        set_argument(c, Ptr::NULL)?;
        let mut index = read(c, "optind", 1)?;
        if index == 0 || note(c, "getopt ready") == 0 {
            index = index.max(1);
            keep(c, "getopt ready", 1);
            // How it goes about what is no option is decided once.
            let order = if self.returns_all { 2 } else { i64::from(self.ordered) };
            keep(c, "getopt order", order);
            keep(c, "getopt first", index.into());
            keep(c, "getopt last", index.into());
            keep(c, "getopt next", 0);
        }
        let order = note(c, "getopt order");
        let mut next = Ptr(note(c, "getopt next") as u64);
        if next.is_null() || c.text(next)?.is_empty() {
            // What is behind the place that the program has moved to is new.
            keep(c, "getopt last", note(c, "getopt last").min(index.into()));
            keep(c, "getopt first", note(c, "getopt first").min(index.into()));
            if order == 0 {
                let (first, last) = (note(c, "getopt first"), note(c, "getopt last"));
                if first != last && last != i64::from(index) {
                    self.exchange(c, index)?;
                } else if last != i64::from(index) {
                    keep(c, "getopt first", index.into());
                }
                while index < self.count {
                    let text = self.at(c, index)?;
                    let text = c.text(text)?;
                    if text.len() > 1 && text[0] == b'-' {
                        break;
                    }
                    index = index.saturating_add(1);
                }
                keep(c, "getopt last", index.into());
            }
            let current = if index < self.count { Some(self.at(c, index)?) } else { None };
            let text = current.map_or(Ok(Vec::new()), |current| c.text(current))?;
            if text == b"--" {
                index = index.saturating_add(1);
                let (first, last) = (note(c, "getopt first"), note(c, "getopt last"));
                if first != last && last != i64::from(index) {
                    self.exchange(c, index)?;
                } else if first == last {
                    keep(c, "getopt first", index.into());
                }
                keep(c, "getopt last", self.count.into());
                index = self.count;
            }
            if index >= self.count {
                let (first, last) = (note(c, "getopt first"), note(c, "getopt last"));
                write(c, "optind", if first == last { index } else { first as i32 })?;
                keep(c, "getopt next", 0);
                return Ok(-1);
            }
            let current = self.at(c, index)?;
            if text.len() < 2 || text[0] != b'-' {
                if order != 2 {
                    write(c, "optind", index)?;
                    return Ok(-1);
                }
                set_argument(c, current)?;
                write(c, "optind", index.saturating_add(1))?;
                return Ok(1);
            }
            write(c, "optind", index)?;
            if !self.long.is_null() {
                if text[1] == b'-' {
                    return self
                        .long_option(c, index, current.add(2), &text[2..], "--")
                        .map(|it| it.unwrap_or(i32::from(b'?')));
                }
                let known = self.short.contains(&text[1]);
                if self.only
                    && (text.len() > 2 || !known)
                    && let Some(found) = self.long_option(c, index, current.add(1), &text[1..], "-")?
                {
                    return Ok(found);
                }
            }
            next = current.add(1);
        }
        self.short_option(c, index, next)
    }

    /// `-W name` is `--name` (POSIX leaves `W` to the vendors): the name is in the
    /// rest of the argument, or in the next one.
    fn named_by_short(&self, c: &mut Context<'_>, index: i32, rest: Ptr) -> Result<i32> {
        let (index, name) = if c.text(rest)?.is_empty() {
            if index >= self.count {
                self.complain(c, "option requires an argument -- 'W'")?;
                write(c, "optopt", i32::from(b'W'))?;
                write(c, "optind", index)?;
                keep(c, "getopt next", 0);
                return Ok(i32::from(if self.quiet { b':' } else { b'?' }));
            }
            (index, self.at(c, index)?)
        } else {
            (index, rest)
        };
        let text = c.text(name)?;
        let found = self.long_option(c, index, name, &text, "-W ")?;
        Ok(found.unwrap_or(i32::from(b'?')))
    }

    fn short_option(&self, c: &mut Context<'_>, index: i32, next: Ptr) -> Result<i32> {
        let rest = c.text(next)?;
        let letter = rest.first().copied().unwrap_or(0);
        let mut next = next.add(1);
        let mut index = index;
        let last = rest.len() <= 1;
        if last {
            index = index.saturating_add(1);
        }
        let place =
            self.short.iter().position(|it| *it == letter).filter(|_| letter != b':' && letter != b';');
        let Some(place) = place else {
            self.complain(c, &format!("invalid option -- '{}'", char::from(letter)))?;
            write(c, "optopt", letter.into())?;
            write(c, "optind", index)?;
            keep(c, "getopt next", if last { 0 } else { next.0 as i64 });
            return Ok(i32::from(b'?'));
        };
        if letter == b'W' && self.short.get(place + 1) == Some(&b';') && !self.long.is_null() {
            return self.named_by_short(c, index, next);
        }
        let takes = self.short.get(place + 1) == Some(&b':');
        let optional = takes && self.short.get(place + 2) == Some(&b':');
        let mut result = i32::from(letter);
        if takes {
            if !last {
                set_argument(c, next)?;
                index = index.saturating_add(1);
            } else if !optional {
                if index >= self.count {
                    self.complain(c, &format!("option requires an argument -- '{}'", char::from(letter)))?;
                    write(c, "optopt", letter.into())?;
                    result = i32::from(if self.quiet { b':' } else { b'?' });
                } else {
                    let argument = self.at(c, index)?;
                    set_argument(c, argument)?;
                    index = index.saturating_add(1);
                }
            }
            next = Ptr::NULL;
        }
        write(c, "optind", index)?;
        keep(c, "getopt next", if last { 0 } else { next.0 as i64 });
        Ok(result)
    }

    /// `struct option`: name, has_arg, flag, val.
    fn long_option(
        &self,
        c: &mut Context<'_>,
        index: i32,
        at: Ptr,
        text: &[u8],
        prefix: &str,
    ) -> Result<Option<i32>> {
        let word = u64::from(c.model.pointer);
        let size = if word == 8 { 32 } else { 16 };
        let end = text.iter().position(|byte| *byte == b'=').unwrap_or(text.len());
        let name = &text[..end];
        let mut exact = None;
        let mut partial: Vec<(u64, (i32, Ptr, i32))> = Vec::new();
        let mut names = Vec::new();
        for number in 0..4096 {
            let entry = self.long.add(size * number);
            let entry_name = c.read_pointer(entry)?;
            if entry_name.is_null() {
                break;
            }
            let entry_text = c.text(entry_name)?;
            if entry_text.starts_with(name) {
                let value = (
                    c.read_int(entry.add(word))?,
                    c.read_pointer(entry.add(2 * word))?,
                    c.read_int(entry.add(3 * word))?,
                );
                if entry_text.len() == name.len() {
                    exact = Some((number, value));
                    break;
                }
                partial.push((number, value));
                names.push(String::from_utf8_lossy(&entry_text).into_owned());
            }
        }
        // Those that mean something else than the first.
        let first = partial.first().copied();
        let others: Vec<&String> = (names.iter().zip(&partial).enumerate())
            .filter(|(index, (_, (_, value)))| {
                *index == 0 || self.only || first.is_some_and(|(_, first)| first != *value)
            })
            .map(|(_, (name, _))| name)
            .collect();
        let found = exact.or_else(|| first.filter(|_| others.len() == 1));
        let whole = String::from_utf8_lossy(text).into_owned();
        let finish = |c: &mut Context<'_>| -> Result<()> {
            keep(c, "getopt next", 0);
            write(c, "optind", index.saturating_add(1))
        };
        let Some((number, (takes, flag, value))) = found else {
            if !partial.is_empty() {
                let all: String = others.iter().map(|name| format!(" '{prefix}{name}'")).collect();
                self.complain(c, &format!("option '{prefix}{whole}' is ambiguous; possibilities:{all}"))?;
            } else if self.only
                && prefix == "-"
                && text.first().is_some_and(|letter| self.short.contains(letter))
            {
                // A short one then.
                return Ok(None);
            } else {
                self.complain(c, &format!("unrecognized option '{prefix}{whole}'"))?;
            }
            finish(c)?;
            write(c, "optopt", 0)?;
            return Ok(Some(i32::from(b'?')));
        };
        finish(c)?;
        let entry = c.read_pointer(self.long.add(size * number))?;
        let shown = String::from_utf8_lossy(&c.text(entry)?).into_owned();
        if end < text.len() {
            if takes == 0 {
                self.complain(c, &format!("option '{prefix}{shown}' doesn't allow an argument"))?;
                write(c, "optopt", value)?;
                return Ok(Some(i32::from(b'?')));
            }
            set_argument(c, at.add(end as u64 + 1))?;
        } else if takes == 1 {
            if index.saturating_add(1) >= self.count {
                self.complain(c, &format!("option '{prefix}{shown}' requires an argument"))?;
                write(c, "optopt", value)?;
                return Ok(Some(i32::from(if self.quiet { b':' } else { b'?' })));
            }
            let argument = self.at(c, index.saturating_add(1))?;
            set_argument(c, argument)?;
            write(c, "optind", index.saturating_add(2))?;
        }
        if !self.long_index.is_null() {
            c.write_int(self.long_index, number as i32)?;
        }
        if flag.is_null() {
            return Ok(Some(value));
        }
        c.write_int(flag, value)?;
        Ok(Some(0))
    }
}

fn begin(
    c: &mut Context<'_>,
    count: i32,
    arguments: Ptr,
    short: Ptr,
    long: (Ptr, Ptr, bool),
    posix: bool,
) -> Result<i32> {
    let text = c.text(short)?;
    let returns_all = text.first() == Some(&b'-');
    let plus = text.first() == Some(&b'+');
    let short = &text[usize::from(returns_all || plus)..];
    let quiet = short.first() == Some(&b':');
    let options = Options {
        count,
        arguments,
        short,
        long: long.0,
        long_index: long.1,
        only: long.2,
        ordered: plus || posix,
        returns_all,
        quiet,
    };
    options.step(c)
}

fn getopt(c: &mut Context<'_>, count: i32, arguments: Ptr, short: Ptr) -> Result<i32> {
    begin(c, count, arguments, short, (Ptr::NULL, Ptr::NULL, false), false)
}

fn posix_getopt(c: &mut Context<'_>, count: i32, arguments: Ptr, short: Ptr) -> Result<i32> {
    begin(c, count, arguments, short, (Ptr::NULL, Ptr::NULL, false), true)
}

fn getopt_long(
    c: &mut Context<'_>,
    count: i32,
    arguments: Ptr,
    short: Ptr,
    long: Ptr,
    index: Ptr,
) -> Result<i32> {
    begin(c, count, arguments, short, (long, index, false), false)
}

fn getopt_long_only(
    c: &mut Context<'_>,
    count: i32,
    arguments: Ptr,
    short: Ptr,
    long: Ptr,
    index: Ptr,
) -> Result<i32> {
    begin(c, count, arguments, short, (long, index, true), false)
}
