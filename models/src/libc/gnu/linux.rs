//! What the GNU C library has of Linux' system calls besides POSIX.

use super::super::{
    context::Context,
    error::Result,
    posix::{call, calls},
    types::{Header, Long, Offset, Ptr, Size, Standard, models},
};
use crate::errno::Errno;

/// Of what only another kernel would let it do.
const REFUSED: &str = "the kernel refuses it: EPERM";
/// Of what this kernel does not have.
const ABSENT: &str = "the kernel does not have it: ENOSYS";
/// Of what BSD has.
const NEVER: &str = "as in glibc, it fails with ENOSYS";

pub(crate) static HEADER: [Header; 7] = [
    Header {
        name: "sys/statfs.h",
        standard: Standard::Extension,
        models: models! {
            statfs = statfs, "each file system has 1 GiB, and is in memory";
            fstatfs = fstatfs, "each file system has 1 GiB, and is in memory";
            statfs64 = statfs64, "each file system has 1 GiB, and is in memory";
            fstatfs64 = fstatfs64, "each file system has 1 GiB, and is in memory";
            __statfs = statfs, "each file system has 1 GiB, and is in memory";
        },
    },
    Header {
        name: "sys/xattr.h",
        standard: Standard::Extension,
        models: models! {
            getxattr = getxattr, "no file has attributes";
            lgetxattr = lgetxattr, "no file has attributes";
            fgetxattr = fgetxattr, "no file has attributes";
            setxattr = setxattr, "no file has attributes";
            lsetxattr = lsetxattr, "no file has attributes";
            fsetxattr = fsetxattr, "no file has attributes";
            listxattr = listxattr, "no file has attributes";
            llistxattr = llistxattr, "no file has attributes";
            flistxattr = flistxattr, "no file has attributes";
            removexattr = removexattr, "no file has attributes";
            lremovexattr = lremovexattr, "no file has attributes";
            fremovexattr = fremovexattr, "no file has attributes";
        },
    },
    Header {
        name: "sys/uio.h",
        standard: Standard::Extension,
        models: models! {
            preadv = preadv;
            pwritev = pwritev;
            preadv64 = preadv64;
            pwritev64 = pwritev64;
            preadv2 = preadv2;
            pwritev2 = pwritev2;
            preadv64v2 = preadv64v2;
            pwritev64v2 = pwritev64v2;
            process_vm_readv = process_vm_readv, ABSENT;
            process_vm_writev = process_vm_writev, ABSENT;
        },
    },
    Header {
        name: "sys/eventfd.h",
        standard: Standard::Extension,
        models: models! {
            eventfd_read = eventfd_read;
            eventfd_write = eventfd_write;
            epoll_pwait = epoll_pwait, "the mask is not changed";
            signalfd = signalfd;
            inotify_init = inotify_init, ABSENT;
            inotify_init1 = inotify_init1, ABSENT;
            inotify_add_watch = inotify_add_watch, ABSENT;
            inotify_rm_watch = inotify_rm_watch, ABSENT;
            fanotify_init = fanotify_init, ABSENT;
        },
    },
    Header {
        name: "unistd.h",
        standard: Standard::Extension,
        models: models! {
            getdents64 = getdents64;
            close_range = close_range;
            tgkill = tgkill;
            getcpu = getcpu;
            setfsuid = setfsuid;
            setfsgid = setfsgid;
            prlimit64 = prlimit64;
            readahead = readahead;
            sync_file_range = sync_file_range;
            pidfd_open = pidfd_open, ABSENT;
            pidfd_send_signal = pidfd_send_signal, ABSENT;
            setdomainname = setdomainname, REFUSED;
            vhangup = vhangup, REFUSED;
            capget = capget;
            capset = capset;
        },
    },
    Header {
        name: "sys/mount.h",
        standard: Standard::Extension,
        models: models! {
            mount = mount, REFUSED;
            umount = umount, REFUSED;
            umount2 = umount2, REFUSED;
            unshare = unshare, REFUSED;
            setns = setns, REFUSED;
            pivot_root = pivot_root, REFUSED;
            swapon = swapon, REFUSED;
            swapoff = swapoff, REFUSED;
            reboot = reboot, REFUSED;
        },
    },
    Header {
        name: "(BSD)",
        standard: Standard::Extension,
        models: models! {
            revoke = path_only, NEVER;
            setlogin = path_only, NEVER;
            chflags = flags, NEVER;
            fchflags = flags_of, NEVER;
            gtty = flags_to, NEVER;
            stty = flags_to, NEVER;
        },
    },
];

calls! {
    getxattr(path: Ptr, name: Ptr, to: Ptr, size: Size) -> Long = "getxattr";
    lgetxattr(path: Ptr, name: Ptr, to: Ptr, size: Size) -> Long = "lgetxattr";
    fgetxattr(fd: i32, name: Ptr, to: Ptr, size: Size) -> Long = "fgetxattr";
    setxattr(path: Ptr, name: Ptr, from: Ptr, size: Size, flags: i32) -> i32 = "setxattr";
    lsetxattr(path: Ptr, name: Ptr, from: Ptr, size: Size, flags: i32) -> i32 = "lsetxattr";
    fsetxattr(fd: i32, name: Ptr, from: Ptr, size: Size, flags: i32) -> i32 = "fsetxattr";
    listxattr(path: Ptr, to: Ptr, size: Size) -> Long = "listxattr";
    llistxattr(path: Ptr, to: Ptr, size: Size) -> Long = "llistxattr";
    flistxattr(fd: i32, to: Ptr, size: Size) -> Long = "flistxattr";
    removexattr(path: Ptr, name: Ptr) -> i32 = "removexattr";
    lremovexattr(path: Ptr, name: Ptr) -> i32 = "lremovexattr";
    fremovexattr(fd: i32, name: Ptr) -> i32 = "fremovexattr";
    process_vm_readv(process: i32, own: Ptr, count: u32, other: Ptr, others: u32, flags: u32) -> Long
        = "process_vm_readv";
    process_vm_writev(process: i32, own: Ptr, count: u32, other: Ptr, others: u32, flags: u32) -> Long
        = "process_vm_writev";
    epoll_pwait(fd: i32, events: Ptr, most: i32, wait: i32, _mask: Ptr) -> i32
        = "epoll_pwait"(fd, events, most, wait, 0_u64, 0_u64);
    signalfd(fd: i32, mask: Ptr, flags: i32) -> i32 = "signalfd4"(fd, mask, 8_u64, flags);
    inotify_init() -> i32 = "inotify_init";
    inotify_init1(flags: i32) -> i32 = "inotify_init1";
    inotify_add_watch(fd: i32, path: Ptr, mask: u32) -> i32 = "inotify_add_watch";
    inotify_rm_watch(fd: i32, watch: i32) -> i32 = "inotify_rm_watch";
    fanotify_init(flags: u32, of_events: u32) -> i32 = "fanotify_init";
    getdents64(fd: i32, to: Ptr, size: Size) -> Long = "getdents64";
    close_range(first: u32, last: u32, flags: i32) -> i32 = "close_range";
    tgkill(process: i32, thread: i32, signal: i32) -> i32 = "tgkill";
    getcpu(processor: Ptr, node: Ptr) -> i32 = "getcpu"(processor, node, 0_u64);
    setfsuid(user: u32) -> i32 = "setfsuid";
    setfsgid(group: u32) -> i32 = "setfsgid";
    prlimit64(process: i32, resource: i32, from: Ptr, to: Ptr) -> i32 = "prlimit64";
    readahead(fd: i32, offset: i64, size: Size) -> Long = "readahead";
    sync_file_range(fd: i32, offset: i64, size: i64, flags: u32) -> i32 = "sync_file_range";
    pidfd_open(process: i32, flags: u32) -> i32 = "pidfd_open";
    pidfd_send_signal(fd: i32, signal: i32, about: Ptr, flags: u32) -> i32 = "pidfd_send_signal";
    setdomainname(name: Ptr, size: Size) -> i32 = "setdomainname";
    vhangup() -> i32 = "vhangup";
    capget(header: Ptr, data: Ptr) -> i32 = "capget";
    capset(header: Ptr, data: Ptr) -> i32 = "capset";
    mount(from: Ptr, to: Ptr, kind: Ptr, flags: Size, data: Ptr) -> i32 = "mount";
    umount(path: Ptr) -> i32 = "umount2"(path, 0_u64);
    umount2(path: Ptr, flags: i32) -> i32 = "umount2";
    unshare(flags: i32) -> i32 = "unshare";
    setns(fd: i32, kind: i32) -> i32 = "setns";
    pivot_root(new: Ptr, old: Ptr) -> i32 = "pivot_root";
    swapon(path: Ptr, flags: i32) -> i32 = "swapon";
    swapoff(path: Ptr) -> i32 = "swapoff";
    reboot(command: i32) -> i32 = "reboot"(0xfee1_dead_u64, 0x2812_1969_u64, command, 0_u64);
}

/// The call of a vector at a place: -1 of the second version is the place of the
/// descriptor.
fn vector_at(
    c: &mut Context<'_>,
    name: &str,
    (fd, vector, count): (i32, Ptr, i32),
    offset: i64,
    flags: i32,
) -> Result<Long> {
    let arguments = if c.state.abi.is_64() {
        [fd as u64, vector.0, count as u64, offset as u64, 0, flags as u64]
    } else {
        let (low, high) = (offset as u64 & 0xffff_ffff, offset as u64 >> 32);
        [fd as u64, vector.0, count as u64, low, high, flags as u64]
    };
    call(c, name, &arguments).map(Long)
}

macro_rules! vectors {
    ($($plain:ident $wide:ident = $call:literal;)*) => {$(
        fn $wide(c: &mut Context<'_>, fd: i32, vector: Ptr, count: i32, offset: i64) -> Result<Long> {
            vector_at(c, $call, (fd, vector, count), offset, 0)
        }
        fn $plain(c: &mut Context<'_>, fd: i32, vector: Ptr, count: i32, offset: Offset) -> Result<Long> {
            $wide(c, fd, vector, count, offset.0)
        }
    )*};
}

macro_rules! second_vectors {
    ($($plain:ident $wide:ident = $call:literal;)*) => {$(
        fn $wide(
            c: &mut Context<'_>,
            fd: i32,
            vector: Ptr,
            count: i32,
            offset: i64,
            flags: i32,
        ) -> Result<Long> {
            vector_at(c, $call, (fd, vector, count), offset, flags)
        }
        fn $plain(
            c: &mut Context<'_>,
            fd: i32,
            vector: Ptr,
            count: i32,
            offset: Offset,
            flags: i32,
        ) -> Result<Long> {
            $wide(c, fd, vector, count, offset.0, flags)
        }
    )*};
}

vectors! {
    preadv preadv64 = "preadv";
    pwritev pwritev64 = "pwritev";
}

second_vectors! {
    preadv2 preadv64v2 = "preadv2";
    pwritev2 pwritev64v2 = "pwritev2";
}

/// The structure with 64-bit numbers, where there are two: its size is an
/// argument.
fn status(c: &mut Context<'_>, name: &str, what: u64, to: Ptr, wide: bool) -> Result<i32> {
    let result = if wide && !c.state.abi.is_64() {
        call(c, &format!("{name}64"), &[what, 84, to.0])
    } else {
        call(c, name, &[what, to.0])
    };
    result.map(|result| result as i32)
}

fn statfs(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    let wide = c.model.offset > c.model.pointer;
    status(c, "statfs", path.0, to, wide)
}

fn fstatfs(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    let wide = c.model.offset > c.model.pointer;
    status(c, "fstatfs", i64::from(fd) as u64, to, wide)
}

fn statfs64(c: &mut Context<'_>, path: Ptr, to: Ptr) -> Result<i32> {
    status(c, "statfs", path.0, to, true)
}

fn fstatfs64(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    status(c, "fstatfs", i64::from(fd) as u64, to, true)
}

fn eventfd_read(c: &mut Context<'_>, fd: i32, to: Ptr) -> Result<i32> {
    let count = super::super::posix::call_alone(c, "read", &[fd as u64, to.0, 8])?;
    Ok(if count == 8 { 0 } else { -1 })
}

fn eventfd_write(c: &mut Context<'_>, fd: i32, value: u64) -> Result<i32> {
    let from = c.room("eventfd_write", 8)?;
    c.write_integer(from, value, 8)?;
    let count = call(c, "write", &[fd as u64, from.0, 8])?;
    Ok(if count == 8 { 0 } else { -1 })
}

fn path_only(c: &mut Context<'_>, _path: Ptr) -> Result<i32> {
    c.fail(Errno::ENOSYS)
}

fn flags(c: &mut Context<'_>, _path: Ptr, _flags: Size) -> Result<i32> {
    c.fail(Errno::ENOSYS)
}

fn flags_of(c: &mut Context<'_>, _fd: i32, _flags: Size) -> Result<i32> {
    c.fail(Errno::ENOSYS)
}

fn flags_to(c: &mut Context<'_>, _fd: i32, _to: Ptr) -> Result<i32> {
    c.fail(Errno::ENOSYS)
}
