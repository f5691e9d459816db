//! `unistd.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        threads::Slept,
        types::{CType, Dots, Header, Long, Offset, Ptr, Reply, Size, Standard, models},
    },
    AT_FDCWD, AT_REMOVEDIR, call, calls,
    names::{CONFIGURATION, NO, PATH_LIMITS, TEXTS, of_types},
};
use crate::errno::Errno;

pub(crate) static HEADER: Header = Header {
    name: "unistd.h",
    standard: Standard::Posix,
    models: models! {
        access = access;
        faccessat = faccessat;
        euidaccess = access;
        eaccess = access;
        brk = brk, "there is no program break: it fails";
        sbrk = sbrk, "there is no program break: it fails";
        chdir = chdir;
        fchdir = fchdir;
        chroot = chroot;
        chown = chown;
        fchown = fchown;
        lchown = lchown;
        fchownat = fchownat;
        close = close;
        posix_close = posix_close;
        closefrom = closefrom;
        dup = dup;
        dup2 = dup2;
        dup3 = dup3;
        fsync = fsync;
        fdatasync = fdatasync;
        sync = sync;
        syncfs = fsync;
        ftruncate = ftruncate;
        ftruncate64 = ftruncate64;
        truncate = truncate;
        truncate64 = truncate64;
        getcwd = getcwd;
        getwd = getwd;
        get_current_dir_name = get_current_dir_name;
        isatty = super::terminal::isatty;
        ttyname = super::terminal::ttyname;
        ttyname_r = super::terminal::ttyname_r;
        ctermid = ctermid;
        link = link;
        linkat = linkat;
        symlink = symlink;
        symlinkat = symlinkat;
        readlink = readlink;
        readlinkat = readlinkat;
        unlink = unlink;
        unlinkat = unlinkat;
        rmdir = rmdir;
        lseek = lseek;
        lseek64 = lseek64;
        pipe = pipe;
        pipe2 = pipe2;
        read = read;
        write = write;
        pread = pread;
        pread64 = pread64;
        pwrite = pwrite;
        pwrite64 = pwrite64;
        readv = readv;
        writev = writev;
        sleep = sleep;
        usleep = usleep;
        sysconf = sysconf;
        __sysconf = sysconf;
        pathconf = pathconf;
        fpathconf = fpathconf;
        confstr = confstr;
        getpagesize = getpagesize;
        getdtablesize = getdtablesize;
        gethostname = gethostname;
        sethostname = sethostname;
        getdomainname = getdomainname;
        gethostid = gethostid;
        getentropy = getentropy;
        syscall = syscall;
        setkey = setkey, "there is no DES: it fails with ENOSYS";
        encrypt = encrypt, "there is no DES: it fails with ENOSYS";
        crypt = crypt, "there is no password hash: it fails with ENOSYS";
        getpass = getpass;
    },
};

pub(crate) static PROCESSES: Header = Header {
    name: "unistd.h",
    standard: Standard::Posix,
    models: models! {
        getpid = getpid;
        __getpid = getpid;
        getppid = getppid;
        gettid = gettid;
        getpgid = getpgid;
        getpgrp = getpgrp;
        setpgid = setpgid;
        setpgrp = setpgrp;
        getsid = getsid;
        setsid = setsid;
        getuid = getuid;
        geteuid = geteuid;
        getgid = getgid;
        getegid = getegid;
        setuid = setuid;
        seteuid = seteuid;
        setgid = setgid;
        setegid = setegid;
        setreuid = setreuid;
        setregid = setregid;
        setresuid = setresuid;
        setresgid = setresgid;
        getresuid = getresuid;
        getresgid = getresgid;
        getgroups = getgroups;
        setgroups = setgroups;
        nice = nice;
        acct = acct;
    },
};

pub(crate) static FORTIFIED: Header = Header {
    name: "bits/unistd.h",
    standard: Standard::Runtime,
    models: models! {
        __read_chk = read_chk;
        __pread_chk = pread_chk;
        __pread64_chk = pread64_chk;
        __readlink_chk = readlink_chk;
        __readlinkat_chk = readlinkat_chk;
        __getcwd_chk = getcwd_chk;
        __gethostname_chk = gethostname_chk;
        __getgroups_chk = getgroups_chk;
        __confstr_chk = confstr_chk;
        __ttyname_r_chk = ttyname_r_chk;
    },
};

calls! {
    access(path: Ptr, mode: i32) -> i32 = "access";
    faccessat(folder: i32, path: Ptr, mode: i32, flags: i32) -> i32 = "faccessat2";
    chdir(path: Ptr) -> i32 = "chdir";
    fchdir(fd: i32) -> i32 = "fchdir";
    chroot(path: Ptr) -> i32 = "chroot";
    chown(path: Ptr, user: u32, group: u32) -> i32 = "fchownat"(AT_FDCWD, path, user, group, 0_u64);
    fchown(fd: i32, user: u32, group: u32) -> i32 = "fchown";
    lchown(path: Ptr, user: u32, group: u32) -> i32 = "fchownat"(AT_FDCWD, path, user, group, 0x100_u64);
    fchownat(folder: i32, path: Ptr, user: u32, group: u32, flags: i32) -> i32 = "fchownat";
    close(fd: i32) -> i32 = "close";
    dup(fd: i32) -> i32 = "dup";
    dup3(fd: i32, to: i32, flags: i32) -> i32 = "dup3";
    fsync(fd: i32) -> i32 = "fsync";
    fdatasync(fd: i32) -> i32 = "fdatasync";
    ftruncate(fd: i32, size: Offset) -> i32 = "ftruncate64";
    ftruncate64(fd: i32, size: i64) -> i32 = "ftruncate64";
    truncate(path: Ptr, size: Offset) -> i32 = "truncate64";
    truncate64(path: Ptr, size: i64) -> i32 = "truncate64";
    link(from: Ptr, to: Ptr) -> i32 = "linkat"(AT_FDCWD, from, AT_FDCWD, to, 0_u64);
    linkat(one: i32, from: Ptr, other: i32, to: Ptr, flags: i32) -> i32 = "linkat";
    symlink(target: Ptr, path: Ptr) -> i32 = "symlinkat"(target, AT_FDCWD, path);
    symlinkat(target: Ptr, folder: i32, path: Ptr) -> i32 = "symlinkat";
    readlink(path: Ptr, to: Ptr, size: Size) -> Long = "readlinkat"(AT_FDCWD, path, to, size);
    readlinkat(folder: i32, path: Ptr, to: Ptr, size: Size) -> Long = "readlinkat";
    unlink(path: Ptr) -> i32 = "unlinkat"(AT_FDCWD, path, 0_u64);
    unlinkat(folder: i32, path: Ptr, flags: i32) -> i32 = "unlinkat";
    rmdir(path: Ptr) -> i32 = "unlinkat"(AT_FDCWD, path, AT_REMOVEDIR);
    pipe(place: Ptr) -> i32 = "pipe2"(place, 0_u64);
    pipe2(place: Ptr, flags: i32) -> i32 = "pipe2";
    read(fd: i32, to: Ptr, size: Size) -> Long = "read";
    write(fd: i32, from: Ptr, size: Size) -> Long = "write";
    pread(fd: i32, to: Ptr, size: Size, offset: Offset) -> Long = "pread64";
    pread64(fd: i32, to: Ptr, size: Size, offset: i64) -> Long = "pread64";
    pwrite(fd: i32, from: Ptr, size: Size, offset: Offset) -> Long = "pwrite64";
    pwrite64(fd: i32, from: Ptr, size: Size, offset: i64) -> Long = "pwrite64";
    readv(fd: i32, vector: Ptr, count: i32) -> Long = "readv";
    writev(fd: i32, vector: Ptr, count: i32) -> Long = "writev";
    sethostname(name: Ptr, size: Size) -> i32 = "sethostname";
    getppid() -> i32 = "getppid";
    gettid() -> i32 = "gettid";
    getpgid(process: i32) -> i32 = "getpgid";
    getpgrp() -> i32 = "getpgid"(0_u64);
    setpgid(process: i32, group: i32) -> i32 = "setpgid";
    setpgrp() -> i32 = "setpgid"(0_u64, 0_u64);
    getsid(process: i32) -> i32 = "getsid";
    setsid() -> i32 = "setsid";
    getuid() -> u32 = "getuid";
    geteuid() -> u32 = "geteuid";
    getgid() -> u32 = "getgid";
    getegid() -> u32 = "getegid";
    setuid(user: u32) -> i32 = "setuid";
    seteuid(user: u32) -> i32 = "setresuid"(-1_i32, user, -1_i32);
    setgid(group: u32) -> i32 = "setgid";
    setegid(group: u32) -> i32 = "setresgid"(-1_i32, group, -1_i32);
    setreuid(real: u32, effective: u32) -> i32 = "setreuid";
    setregid(real: u32, effective: u32) -> i32 = "setregid";
    setresuid(real: u32, effective: u32, saved: u32) -> i32 = "setresuid";
    setresgid(real: u32, effective: u32, saved: u32) -> i32 = "setresgid";
    getresuid(real: Ptr, effective: Ptr, saved: Ptr) -> i32 = "getresuid";
    getresgid(real: Ptr, effective: Ptr, saved: Ptr) -> i32 = "getresgid";
    getgroups(size: i32, list: Ptr) -> i32 = "getgroups";
    setgroups(size: Size, list: Ptr) -> i32 = "setgroups";
}

/// Of the descriptors that `dup2` of one to itself leaves alone.
fn dup2(c: &mut Context<'_>, fd: i32, to: i32) -> Result<i32> {
    if fd == to {
        return match c.state.kernel.descriptor(c.state.kernel.running, fd) {
            Ok(_) => Ok(to),
            Err(errno) => c.fail(errno),
        };
    }
    dup3(c, fd, to, 0)
}

pub(super) fn closefrom(c: &mut Context<'_>, first: i32) -> Result<()> {
    let all = c
        .state
        .kernel
        .process(c.state.kernel.running)
        .map(|process| process.descriptors.keys().copied().collect::<Vec<_>>());
    for fd in all.unwrap_or_default().into_iter().filter(|fd| *fd >= first) {
        let _ = c.state.kernel.close(c.state.kernel.running, fd);
    }
    Ok(())
}

fn sync(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

fn brk(c: &mut Context<'_>, _end: Ptr) -> Result<i32> {
    c.fail(Errno::ENOMEM)
}

fn sbrk(c: &mut Context<'_>, _more: Long) -> Result<Ptr> {
    c.set_errno(Errno::ENOMEM)?;
    Ok(Ptr(u64::MAX))
}

fn lseek64(c: &mut Context<'_>, fd: i32, offset: i64, whence: i32) -> Result<i64> {
    match c.seek_fd(fd, offset, whence)? {
        Ok(to) => Ok(to as i64),
        Err(errno) => c.fail(errno).map(i64::from),
    }
}

fn lseek(c: &mut Context<'_>, fd: i32, offset: Offset, whence: i32) -> Result<Offset> {
    let to = lseek64(c, fd, offset.0, whence)?;
    if c.model.offset == 4 && to > i64::from(i32::MAX) {
        return c.fail(Errno::EOVERFLOW).map(|_| Offset(-1));
    }
    Ok(Offset(to))
}

fn getpid(c: &mut Context<'_>) -> Result<i32> {
    call(c, "getpid", &[]).map(|id| id as i32)
}

fn getcwd(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<Ptr> {
    let room = if to.is_null() {
        let wanted = if size.0 == 0 { 4096 } else { size.0 };
        match c.malloc(wanted)? {
            Some(room) => room,
            None => return c.fail_null(Errno::ENOMEM),
        }
    } else if size.0 == 0 {
        return c.fail_null(Errno::EINVAL);
    } else {
        to
    };
    let size = if size.0 == 0 { 4096 } else { size.0 };
    if call(c, "getcwd", &[room.0, size])? < 0 {
        if to.is_null() {
            c.free(room)?;
        }
        return Ok(Ptr::NULL);
    }
    Ok(room)
}

fn getwd(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    getcwd(c, to, Size(4096))
}

fn get_current_dir_name(c: &mut Context<'_>) -> Result<Ptr> {
    getcwd(c, Ptr::NULL, Size(0))
}

/// Closing is never interrupted: the flag makes no difference.
fn posix_close(c: &mut Context<'_>, fd: i32, flag: i32) -> Result<i32> {
    // POSIX_CLOSE_RESTART.
    if !matches!(flag, 0 | 1) {
        return c.fail(Errno::EINVAL);
    }
    call(c, "close", &[fd as u64]).map(|result| result as i32)
}

fn ctermid(c: &mut Context<'_>, to: Ptr) -> Result<Ptr> {
    let to = if to.is_null() { c.room("ctermid", 16)? } else { to };
    c.write_text(to, b"/dev/tty")?;
    Ok(to)
}

fn sleep(c: &mut Context<'_>, seconds: u32) -> Result<Reply> {
    let left = match c.sleeps(u64::from(seconds) * 1_000_000_000)? {
        Slept::Later(reply) => return Ok(reply),
        Slept::Whole => 0,
        Slept::Interrupted(left) => left.div_ceil(1_000_000_000),
    };
    c.deliver_signals(left as i64, CType::Unsigned)
}

fn usleep(c: &mut Context<'_>, microseconds: u32) -> Result<Reply> {
    let result = match c.sleeps(u64::from(microseconds) * 1000)? {
        Slept::Later(reply) => return Ok(reply),
        Slept::Whole => 0,
        Slept::Interrupted(_) => c.fail(Errno::EINTR)?,
    };
    c.deliver_signals(result.into(), CType::Int)
}

fn sysconf(c: &mut Context<'_>, name: i32) -> Result<Long> {
    // _SC_PAGESIZE
    if name == 30 {
        return Ok(Long(c.state.abi.page as i64));
    }
    if let Some(value) = of_types(name, c.model.long, c.model.unsigned_char) {
        return Ok(Long(value));
    }
    match usize::try_from(name).ok().and_then(|name| CONFIGURATION.get(name)) {
        Some(value) if *value != NO => Ok(Long(*value)),
        _ => c.fail(Errno::EINVAL).map(|_| Long(-1)),
    }
}

fn path_limit(c: &mut Context<'_>, name: i32) -> Result<Long> {
    match PATH_LIMITS.iter().find(|(number, _)| *number == name) {
        Some((_, value)) => Ok(Long(*value)),
        None => c.fail(Errno::EINVAL).map(|_| Long(-1)),
    }
}

fn pathconf(c: &mut Context<'_>, path: Ptr, name: i32) -> Result<Long> {
    if call(c, "access", &[path.0, 0])? < 0 {
        return Ok(Long(-1));
    }
    path_limit(c, name)
}

fn fpathconf(c: &mut Context<'_>, fd: i32, name: i32) -> Result<Long> {
    if let Err(errno) = c.state.kernel.descriptor(c.state.kernel.running, fd) {
        return c.fail(errno).map(|_| Long(-1));
    }
    path_limit(c, name)
}

fn confstr(c: &mut Context<'_>, name: i32, to: Ptr, size: Size) -> Result<Size> {
    let Some((_, text)) = TEXTS.iter().find(|(number, _)| *number == name) else {
        c.set_errno(Errno::EINVAL)?;
        return Ok(Size(0));
    };
    if let Some(most) = size.0.checked_sub(1).filter(|_| !to.is_null()) {
        c.write_text(to, &text.as_bytes()[..text.len().min(most as usize)])?;
    }
    Ok(Size(text.len() as u64 + 1))
}

fn getpagesize(c: &mut Context<'_>) -> Result<i32> {
    Ok(c.state.abi.page as i32)
}

fn getdtablesize(_: &mut Context<'_>) -> Result<i32> {
    Ok(1024)
}

fn gethostname(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<i32> {
    let name = c.state.kernel.host_name.clone();
    let most = usize::try_from(size.0).unwrap_or(usize::MAX);
    if name.len() >= most {
        c.write(to, &name[..most])?;
        return c.fail(Errno::ENAMETOOLONG);
    }
    c.write_text(to, &name)?;
    Ok(0)
}

fn getdomainname(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<i32> {
    let name = b"(none)";
    let most = usize::try_from(size.0).unwrap_or(usize::MAX);
    if name.len() >= most {
        return c.fail(Errno::EINVAL);
    }
    c.write_text(to, name)?;
    Ok(0)
}

fn gethostid(_: &mut Context<'_>) -> Result<Long> {
    // 127.0.0.1, with its halves exchanged (glibc, sysdeps/unix/sysv/linux/gethostid.c).
    Ok(Long(0x7f_0100))
}

fn getentropy(c: &mut Context<'_>, to: Ptr, size: Size) -> Result<i32> {
    if size.0 > 256 {
        return c.fail(Errno::EIO);
    }
    let bytes = c.state.kernel.random_bytes(size.0 as usize);
    c.write(to, &bytes)?;
    Ok(0)
}

/// The call of a number, with the arguments as words.
fn syscall(c: &mut Context<'_>, number: Long, _: Dots) -> Result<Long> {
    use super::super::{types::CType, variable::Variable};
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        // Most calls have fewer, and the stack may end before.
        match c.variable_integer(&mut Variable::Call, CType::UnsignedLong) {
            Ok(value) => *argument = value as u64,
            Err(_) => break,
        }
    }
    let name = c.state.abi.convention.name_of(number.0 as u64);
    match name {
        Some(name) => call(c, name, &arguments).map(Long),
        None => c.fail(Errno::ENOSYS).map(|_| Long(-1)),
    }
}

fn setkey(c: &mut Context<'_>, _key: Ptr) -> Result<()> {
    c.set_errno(Errno::ENOSYS)
}

fn encrypt(c: &mut Context<'_>, _block: Ptr, _back: i32) -> Result<()> {
    c.set_errno(Errno::ENOSYS)
}

fn crypt(c: &mut Context<'_>, _key: Ptr, _salt: Ptr) -> Result<Ptr> {
    c.fail_null(Errno::ENOSYS)
}

/// Writes the prompt, and reads a line.
fn getpass(c: &mut Context<'_>, prompt: Ptr) -> Result<Ptr> {
    let prompt = c.text(prompt)?;
    let (input, error) = (c.standard(0)?, c.standard(2)?);
    c.put(error, &prompt)?;
    let mut line = Vec::new();
    while let Some(byte) = c.take_byte(input)?.filter(|byte| *byte != b'\n') {
        line.push(byte);
        if line.len() >= 255 {
            break;
        }
    }
    let room = c.room("getpass", 256)?;
    c.write_text(room, &line)?;
    Ok(room)
}

fn nice(c: &mut Context<'_>, more: i32) -> Result<i32> {
    let old = c.state.numbers.get("nice").copied().unwrap_or(0);
    let new = old.saturating_add(more.into()).clamp(-20, 19);
    c.state.numbers.insert("nice".to_owned(), new);
    Ok(new as i32)
}

fn acct(c: &mut Context<'_>, _path: Ptr) -> Result<i32> {
    c.fail(Errno::ENOSYS)
}

// ---- the fortified forms

fn read_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, room: Size) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    read(c, fd, to, size)
}

fn pread_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, offset: Offset, room: Size) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    pread(c, fd, to, size, offset)
}

fn pread64_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, offset: i64, room: Size) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    pread64(c, fd, to, size, offset)
}

fn readlink_chk(c: &mut Context<'_>, path: Ptr, to: Ptr, size: Size, room: Size) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    readlink(c, path, to, size)
}

fn readlinkat_chk(
    c: &mut Context<'_>,
    folder: i32,
    path: Ptr,
    to: Ptr,
    size: Size,
    room: Size,
) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    readlinkat(c, folder, path, to, size)
}

fn getcwd_chk(c: &mut Context<'_>, to: Ptr, size: Size, room: Size) -> Result<Ptr> {
    c.check_room(size.0, room.0)?;
    getcwd(c, to, size)
}

fn gethostname_chk(c: &mut Context<'_>, to: Ptr, size: Size, room: Size) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    gethostname(c, to, size)
}

fn getgroups_chk(c: &mut Context<'_>, size: i32, list: Ptr, room: Size) -> Result<i32> {
    c.check_room(4 * u64::try_from(size).unwrap_or(0), room.0)?;
    getgroups(c, size, list)
}

fn confstr_chk(c: &mut Context<'_>, name: i32, to: Ptr, size: Size, room: Size) -> Result<Size> {
    c.check_room(size.0, room.0)?;
    confstr(c, name, to, size)
}

fn ttyname_r_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, room: Size) -> Result<i32> {
    c.check_room(size.0, room.0)?;
    super::terminal::ttyname_r(c, fd, to, size)
}
