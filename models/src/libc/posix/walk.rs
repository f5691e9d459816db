//! `ftw.h`: walks through folders, with a call of the guest's for each file.

use serde::{Deserialize, Serialize};
use terrella_machine_state::ArgumentValue;

use super::{
    super::{
        context::Context,
        error::Result,
        nested::Continuation,
        types::{CType, Flavour, Header, Ptr, Reply, Standard, models},
    },
    directories::names,
    status,
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "ftw.h",
    standard: Standard::Posix,
    models: models! {
        ftw = ftw;
        ftw64 = ftw64;
        nftw = nftw, "with FTW_CHDIR it is refused";
        nftw64 = nftw64, "with FTW_CHDIR it is refused";
    },
};

/// Flags of `nftw`, the same in glibc and musl.
const PHYSICAL: i32 = 1;
const MOUNT: i32 = 2;
const CHANGES: i32 = 4;
const DEPTH: i32 = 8;
/// GNU's `FTW_ACTIONRETVAL`.
const ACTIONS: i32 = 16;

/// What a file is (glibc's numbers; musl's are one more).
const FILE: i32 = 0;
const FOLDER: i32 = 1;
const UNREADABLE: i32 = 2;
const NO_STATUS: i32 = 3;
const LINK: i32 = 4;
const FOLDER_DONE: i32 = 5;
const BROKEN_LINK: i32 = 6;

/// So deep, and so many files at once.
const MOST: usize = 1 << 20;

/// What is still to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    path: Vec<u8>,
    level: u32,
    /// Its files have been seen: it is told of behind them.
    done: bool,
}

/// A walk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Walk {
    tasks: Vec<Task>,
    function: Ptr,
    flags: i32,
    /// `nftw`: a structure follows.
    tells_more: bool,
    wide: bool,
    device: Option<u64>,
    /// The level and path of the folder that was told of last.
    told: (u32, Option<Vec<u8>>),
}

impl Walk {
    /// What the file is, its status, and its device.
    fn look(&self, c: &mut Context<'_>, path: &[u8], to: Ptr) -> Result<(i32, u64)> {
        let text = c.room("path of a walk", 4096)?;
        c.write_text(text, &path[..path.len().min(4095)])?;
        let physical = self.flags & PHYSICAL != 0;
        if let Some((mode, device)) = status::brief(c, text, !physical, to, self.wide)? {
            let kind = match mode & 0o170_000 {
                0o040_000 => FOLDER,
                0o120_000 => LINK,
                _ => FILE,
            };
            return Ok((kind, device));
        }
        // A link to nothing, perhaps.
        if !physical
            && let Some((mode, device)) = status::brief(c, text, false, to, self.wide)?
            && mode & 0o170_000 == 0o120_000
        {
            return Ok((if self.tells_more { BROKEN_LINK } else { LINK }, device));
        }
        Ok((NO_STATUS, 0))
    }

    fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        while let Some(task) = self.tasks.pop() {
            let room = c.room("status of a walk", 256)?;
            let (mut kind, device) = self.look(c, &task.path, room)?;
            if self.flags & MOUNT != 0 && *self.device.get_or_insert(device) != device {
                continue;
            }
            if task.done {
                kind = FOLDER_DONE;
            } else if kind == FOLDER {
                let listed = names(c, &task.path)?;
                let depth = self.flags & DEPTH != 0;
                match listed {
                    None => kind = UNREADABLE,
                    Some(mut files) => {
                        files.retain(|(name, ..)| name != b"." && name != b"..");
                        if self.tasks.len() + files.len() > MOST {
                            return c.misuse(format!("a walk through more than {MOST} files"));
                        }
                        if depth {
                            self.tasks.push(Task { done: true, ..task.clone() });
                        }
                        for (name, ..) in files.into_iter().rev() {
                            let mut path = task.path.clone();
                            if path.last() != Some(&b'/') {
                                path.push(b'/');
                            }
                            path.extend(name);
                            self.tasks.push(Task { path, level: task.level.saturating_add(1), done: false });
                        }
                        if depth {
                            continue;
                        }
                        // Its files can be skipped.
                        self.told = (task.level, Some(task.path.clone()));
                    }
                }
            }
            return self.tell(c, &task, kind, room);
        }
        Ok(Reply::Int(0))
    }

    fn tell(self, c: &mut Context<'_>, task: &Task, kind: i32, status: Ptr) -> Result<Reply> {
        let text = c.room("path of a walk", 4096)?;
        if task.path.len() > 4095 {
            return c.fail(Errno::ENAMETOOLONG).map(Reply::Int);
        }
        c.write_text(text, &task.path)?;
        let kind = if c.state.flavour == Flavour::Musl { kind + 1 } else { kind };
        let mut arguments =
            vec![ArgumentValue::Pointer(text.0), ArgumentValue::Pointer(status.0), ArgumentValue::from(kind)];
        if self.tells_more {
            // struct FTW: int base, int level.
            let about = c.room("struct FTW", 8)?;
            let base = task.path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
            let base = if base == task.path.len() { 0 } else { base };
            c.write_int(about, base as i32)?;
            let int = u64::from(c.model.int);
            c.write_int(about.add(int), task.level as i32)?;
            arguments.push(ArgumentValue::Pointer(about.0));
        }
        let function = self.function;
        c.call_guest(function, &arguments, CType::Int, CType::Int, Continuation::Walk(Box::new(self)))
    }

    /// The guest's function has returned.
    pub(in crate::libc) fn told(mut self, c: &mut Context<'_>, result: i64) -> Result<Reply> {
        let result = result as i32;
        if self.flags & ACTIONS == 0 {
            return if result == 0 { self.go_on(c) } else { Ok(Reply::Int(result)) };
        }
        // FTW_CONTINUE, FTW_STOP, FTW_SKIP_SUBTREE, FTW_SKIP_SIBLINGS.
        let (level, folder) = self.told.clone();
        match result {
            0 => {}
            2 => {
                if folder.is_some() {
                    self.drop_below(level.saturating_add(1));
                }
            }
            3 => self.drop_below(level),
            _ => return Ok(Reply::Int(result)),
        }
        self.told.1 = None;
        self.go_on(c)
    }

    /// What is at this level or deeper, up to the next that is not, is left
    /// out.
    fn drop_below(&mut self, level: u32) {
        while self.tasks.last().is_some_and(|task| task.level >= level && !task.done) {
            self.tasks.pop();
        }
    }
}

fn begin(
    c: &mut Context<'_>,
    path: Ptr,
    function: Ptr,
    flags: i32,
    tells_more: bool,
    wide: bool,
) -> Result<Reply> {
    if flags & CHANGES != 0 {
        return c.misuse("nftw with FTW_CHDIR is not done here");
    }
    let mut path = c.text(path)?;
    if path.is_empty() {
        return c.fail(Errno::ENOENT).map(Reply::Int);
    }
    while path.len() > 1 && path.last() == Some(&b'/') {
        path.pop();
    }
    let text = c.room("path of a walk", 4096)?;
    let status = c.room("status of a walk", 256)?;
    c.write_text(text, &path[..path.len().min(4095)])?;
    // The first must be there.
    if status::brief(c, text, false, status, wide)?.is_none() {
        return Ok(Reply::Int(-1));
    }
    let walk = Walk {
        tasks: vec![Task { path, level: 0, done: false }],
        function,
        flags,
        tells_more,
        wide,
        device: None,
        told: (0, None),
    };
    walk.go_on(c)
}

fn ftw(c: &mut Context<'_>, path: Ptr, function: Ptr, _descriptors: i32) -> Result<Reply> {
    begin(c, path, function, 0, false, false)
}

fn ftw64(c: &mut Context<'_>, path: Ptr, function: Ptr, _descriptors: i32) -> Result<Reply> {
    begin(c, path, function, 0, false, true)
}

fn nftw(c: &mut Context<'_>, path: Ptr, function: Ptr, _descriptors: i32, flags: i32) -> Result<Reply> {
    begin(c, path, function, flags, true, false)
}

fn nftw64(c: &mut Context<'_>, path: Ptr, function: Ptr, _descriptors: i32, flags: i32) -> Result<Reply> {
    begin(c, path, function, flags, true, true)
}
