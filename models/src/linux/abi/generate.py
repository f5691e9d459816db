#!/usr/bin/env python3
"""Writes `tables.rs`: what the kernel's interface to programs looks like on
each processor: offsets in structures, numbers of flags, errors and signals.

The numbers come from the kernel's own headers, as `zig cc` (from PyPI:
`pip install ziglang==0.14.1`) carries them for every processor: the compiler
is asked for the values, nothing is copied by hand.

    python3 generate.py > tables.rs
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

TARGETS = {
    "riscv64": "riscv64-linux-musl",
    "riscv32": "riscv32-linux-musl",
    "x86_64": "x86_64-linux-musl",
    "i386": "x86-linux-musl",
    "aarch64": "aarch64-linux-musl",
    "arm": "arm-linux-musleabihf",
    "mips": "mips-linux-musleabihf",
    "mipsel": "mipsel-linux-musleabihf",
    "mips64": "mips64-linux-muslabi64",
    "ppc": "powerpc-linux-musleabihf",
    "ppc64": "powerpc64-linux-musl",
    "m68k": None,
    "loongarch64": "loongarch64-linux-musl",
    "s390x": "s390x-linux-musl",
    "sparc": None,
    "sparc64": None,
    "sh4": None,
}
# What this version of zig makes no code for: gcc and the package `linux-libc-dev-PROCESSOR-cross` of Debian do.
GCC = {"m68k": "m68k-linux-gnu-gcc", "sparc": "sparc64-linux-gnu-gcc",
       "sparc64": "sparc64-linux-gnu-gcc", "sh4": "sh4-linux-gnu-gcc"}

STAT = "st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks " \
    "st_atime st_atime_nsec st_mtime st_mtime_nsec st_ctime st_ctime_nsec".split()
STATFS = "f_type f_bsize f_blocks f_bfree f_bavail f_files f_ffree f_fsid f_namelen f_frsize f_flags".split()
PERMISSIONS = "key uid gid cuid cgid mode seq"
# System V IPC: those of today, and those before `IPC_64`. Times are in two halves where `long` has 32 bits.
QUEUE = "stime stime_high rtime rtime_high ctime ctime_high cbytes qnum qbytes lspid lrpid"
ARRAY = "otime otime_high ctime ctime_high nsems"
SEGMENT = "segsz atime atime_high dtime dtime_high ctime ctime_high cpid lpid nattch"


def of_ipc(start, fields):
    return [f"{start}_perm.{field}" for field in PERMISSIONS.split()] + [f"{start}_{field}" for field in fields.split()]


CONTEXT = "uc_flags uc_link uc_stack uc_mcontext uc_sigmask".split()

FLAGS = {
    "open": "O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_DSYNC FASYNC "
            "O_DIRECT O_LARGEFILE O_DIRECTORY O_NOFOLLOW O_NOATIME O_CLOEXEC __O_SYNC O_PATH __O_TMPFILE".split(),
    "map": "MAP_SHARED MAP_PRIVATE MAP_FIXED MAP_ANONYMOUS MAP_GROWSDOWN MAP_LOCKED MAP_NORESERVE MAP_POPULATE "
           "MAP_NONBLOCK MAP_STACK MAP_HUGETLB MAP_FIXED_NOREPLACE".split(),
    "error": "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT "
             "ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG "
             "ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY "
             "ELOOP ENOMSG EIDRM ENOSTR ENODATA ETIME EPROTO EBADMSG EOVERFLOW EILSEQ EUSERS ENOTSOCK "
             "EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP "
             "EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET "
             "ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT "
             "ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EDQUOT ECANCELED "
             "EOWNERDEAD ENOTRECOVERABLE "
             "ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR "
             "EXFULL ENOANO EBADRQC EBADSLT EBFONT ENOSR ENONET ENOPKG EREMOTE ENOLINK EADV ESRMNT "
             "ECOMM EMULTIHOP EDOTDOT ENOTUNIQ EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX "
             "ELIBEXEC ERESTART ESTRPIPE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO ENOMEDIUM "
             "EMEDIUMTYPE ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED ERFKILL".split(),
    "signal": "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 "
              "SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG "
              "SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS".split(),
    "action": "SA_NOCLDSTOP SA_NOCLDWAIT SA_SIGINFO SA_ONSTACK SA_RESTART SA_NODEFER SA_RESETHAND "
              "SA_RESTORER".split(),
    "mask": "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK".split(),
    "control": "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN "
               "F_GETLK64 F_SETLK64 F_SETLKW64 F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ "
               "F_ADD_SEALS F_GET_SEALS F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW".split(),
    "ioctl": "TCGETS TCSETS TCSETSW TCSETSF TIOCGWINSZ TIOCSWINSZ TIOCGPGRP TIOCSPGRP TIOCGSID TIOCSCTTY "
             "TIOCNOTTY FIONREAD FIONBIO FIOASYNC FIOCLEX FIONCLEX TIOCGPTN TIOCSPTLCK TCSBRK TCFLSH "
             "TIOCOUTQ".split(),
    "socket": "SOL_SOCKET SO_DEBUG SO_REUSEADDR SO_TYPE SO_ERROR SO_DONTROUTE SO_BROADCAST SO_SNDBUF SO_RCVBUF "
              "SO_KEEPALIVE SO_OOBINLINE SO_LINGER SO_REUSEPORT SO_PASSCRED SO_PEERCRED SO_RCVLOWAT "
              "SO_SNDLOWAT SO_RCVTIMEO_OLD SO_SNDTIMEO_OLD SO_ACCEPTCONN SO_PROTOCOL SO_DOMAIN".split(),
    "limit": "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC "
             "RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS".split(),
    "poll": "POLLIN POLLPRI POLLOUT POLLERR POLLHUP POLLNVAL POLLRDNORM POLLRDBAND POLLWRNORM POLLWRBAND "
            "POLLRDHUP".split(),
}
STRUCTS = {
    "stat": ("struct stat", STAT, ""),
    "stat64": ("struct stat64", STAT, "stat64"),
    "statfs": ("struct statfs", STATFS, ""),
    "statfs64": ("struct statfs64", STATFS, ""),
    "context": ("struct ucontext", CONTEXT, ""),
    "msqid": ("struct msqid64_ds", of_ipc("msg", QUEUE), ""),
    "semid": ("struct semid64_ds", of_ipc("sem", ARRAY), ""),
    "shmid": ("struct shmid64_ds", of_ipc("shm", SEGMENT), ""),
    "msqid_old": ("struct msqid_ds", of_ipc("msg", QUEUE), ""),
    "semid_old": ("struct semid_ds", of_ipc("sem", ARRAY), ""),
    "shmid_old": ("struct shmid_ds", of_ipc("shm", SEGMENT), ""),
}
SOURCE = r'''
#define __EXPORTED_HEADERS__ 1
#include <linux/types.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <asm/sigcontext.h>
#if __has_include(<asm/ucontext.h>)
#include <asm/ucontext.h>
#endif
#include <asm/termios.h>
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/resource.h>
#include <linux/poll.h>
#include <linux/msg.h>
#include <linux/sem.h>
#include <linux/shm.h>
'''


def compiler(name):
    if name in GCC:
        return [GCC[name], *{"sh4": ["-ml"], "sparc": ["-m32"]}.get(name, [])]
    return [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[name], "-Wno-everything", "-ferror-limit=0"]


def assembly(name, body):
    text = SOURCE + "void probe(void) {\n" + body + "}\n"
    with tempfile.TemporaryDirectory() as folder:
        source, result = pathlib.Path(folder, "probe.c"), pathlib.Path(folder, "probe.s")
        source.write_text(text)
        command = compiler(name) + ["-O1", "-S", "-o", str(result), str(source)]
        run = subprocess.run(command, capture_output=True, text=True)
        return run, result.read_text() if run.returncode == 0 else ""


def emit(label, value):
    return f'asm volatile(".ascii \\"@@ {label} %0 @@\\"" :: "i"((long long)({value})));\n'


def values(name, wanted):
    """The values of expressions, without those that the processor has not."""
    wanted = dict(wanted)
    while wanted:
        lines, order = "", list(wanted)
        for label in order:
            lines += emit(label, wanted[label])
        run, result = assembly(name, lines)
        if run.returncode == 0:
            found = re.findall(r"@@ (\S+) [#$]?(-?\w+) @@", result)
            return {label: int(value, 0) for label, value in found}
        start = SOURCE.count("\n") + 2
        bad = {int(line) - start for line in re.findall(r"probe.c:(\d+):\d+: error", run.stderr)}
        bad = {index for index in bad if 0 <= index < len(order)}
        if not bad:
            sys.exit(f"{name}: {run.stderr[:2000]}")
        for index in bad:
            del wanted[order[index]]
    return {}


def probe(name):
    wanted = {}
    for group in FLAGS.values():
        for flag in group:
            wanted[flag] = flag
    for key, (kind, fields, _) in STRUCTS.items():
        wanted[f"{key}.size"] = f"sizeof({kind})"
        for field in fields:
            wanted[f"{key}.{field}"] = f"__builtin_offsetof({kind}, {field})"
            wanted[f"{key}.{field}.size"] = f"sizeof((({kind} *)0)->{field})"
    return values(name, wanted)


def rust_name(flag):
    return flag.strip("_").upper()


def entries(rows):
    """Rows of a table, as many in a line as fit."""
    line, lines = "   ", []
    for row in rows:
        if len(line) + len(row) > 108:
            lines.append(line)
            line = "   "
        line += " " + row + ","
    return lines + ([line] if line.strip() else [])


def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = dict(zip(TARGETS, pool.map(probe, TARGETS)))
    # 64-bit processors have no name for what only 32-bit ones have.
    base = {**found["riscv32"], **found["riscv64"]}
    out = []
    say = out.append
    say("//! What the kernel's interface to programs looks like on each processor.")
    say("//!")
    say("//! Generated by `generate.py` from the kernel's headers; see there.")
    say("")
    say("use super::{Numbers, Structure, Tables};")
    tables = {name: {} for name in found}
    known = {}

    def constant(name, kind, rows, size=None):
        """Says a table once, and gives the name under which it was said."""
        content = (kind, size, tuple(rows))
        if content not in known:
            known[content] = name
            say("")
            say("#[rustfmt::skip]")
            if kind == "Structure":
                say(f"const {name}: Structure = Structure {{ size: {size}, places: &[")
                out.extend(entries(rows))
                say("] };")
            else:
                say(f"const {name}: Numbers = &[")
                out.extend(entries(rows))
                say("];")
        return known[content]

    for group, flags in FLAGS.items():
        def rows(table, different):
            return [
                f'("{rust_name(flag)}", {table[flag] & 0xffffffffffffffff:#x})'
                for flag in flags
                if flag in table and (not different or table[flag] != base.get(flag))
            ]

        constant(f"{group.upper()}", "Numbers", rows(base, False))
        for name, table in found.items():
            own = rows(table, True)
            tables[name][group] = constant(f"{group.upper()}_{name.upper()}", "Numbers", own) if own else "&[]"
    for key, (kind, fields, _) in STRUCTS.items():
        for name, table in found.items():
            if f"{key}.size" not in table:
                tables[name][key] = "None"
                continue
            rows = [
                f'("{field}", {table[f"{key}.{field}"]}, {table[f"{key}.{field}.size"]})'
                for field in fields
                if f"{key}.{field}" in table
            ]
            one = constant(f"{key.upper()}_{name.upper()}", "Structure", rows, table[f"{key}.size"])
            tables[name][key] = f"Some(&{one})"
    say("")
    say("/// The generic numbers.")
    say("pub(super) const GENERIC: Tables = Tables {")
    for group in FLAGS:
        say(f"    {group}: {group.upper()},")
    for key in STRUCTS:
        say(f"    {key}: None,")
    say("};")
    for name, own in tables.items():
        say("")
        say(f"/// What {name} has of its own.")
        say(f"pub(super) const {name.upper()}: Tables = Tables {{")
        for key, value in own.items():
            say(f"    {key}: {value},")
        say("};")
    print("\n".join(out))


main()
