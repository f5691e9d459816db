//! `sys/utsname.h`, `sys/resource.h`, `sys/times.h`, `sys/time.h`, `syslog.h`,
//! `sys/prctl.h`, `sched.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Dots, Header, Long, Ptr, Reply, Size, Standard, models},
        variable::Variable,
    },
    call, calls,
};

pub(crate) static HEADER: Header = Header {
    name: "sys/resource.h",
    standard: Standard::Posix,
    models: models! {
        uname = uname;
        getrlimit = getrlimit;
        getrlimit64 = getrlimit64;
        setrlimit = setrlimit;
        setrlimit64 = setrlimit64;
        getrusage = getrusage;
        getpriority = getpriority;
        setpriority = setpriority;
        times = times;
        setitimer = setitimer;
        getitimer = getitimer;
        prctl = prctl;
        personality = personality;
        sched_yield = sched_yield;
        sched_getaffinity = sched_getaffinity;
        sched_setaffinity = sched_setaffinity;
        sched_getcpu = sched_getcpu;
        sched_get_priority_min = sched_get_priority_min;
        sched_get_priority_max = sched_get_priority_max;
        __sched_cpucount = sched_cpucount;
        getrandom = getrandom;
        sysinfo = sysinfo;
        get_nprocs = get_nprocs;
        get_nprocs_conf = get_nprocs;
        getauxval = getauxval;
        openlog = openlog;
        closelog = closelog;
        setlogmask = setlogmask;
        syslog = syslog;
        vsyslog = vsyslog;
        __syslog_chk = syslog_chk;
    },
};

calls! {
    uname(to: Ptr) -> i32 = "uname";
    getrlimit(resource: i32, to: Ptr) -> i32 = "getrlimit";
    getrlimit64(resource: i32, to: Ptr) -> i32 = "prlimit64"(0_u64, resource, 0_u64, to);
    setrlimit(resource: i32, from: Ptr) -> i32 = "setrlimit";
    setrlimit64(resource: i32, from: Ptr) -> i32 = "prlimit64"(0_u64, resource, from, 0_u64);
    getrusage(who: i32, to: Ptr) -> i32 = "getrusage";
    setpriority(which: i32, who: u32, value: i32) -> i32 = "setpriority";
    times(to: Ptr) -> Long = "times";
    personality(what: super::super::types::ULong) -> i32 = "personality";
    sched_get_priority_min(policy: i32) -> i32 = "sched_get_priority_min";
    sched_get_priority_max(policy: i32) -> i32 = "sched_get_priority_max";
    sched_setaffinity(thread: i32, size: Size, mask: Ptr) -> i32 = "sched_setaffinity";
    getrandom(to: Ptr, size: Size, flags: u32) -> Long = "getrandom";
    sysinfo(to: Ptr) -> i32 = "sysinfo";
}

fn sched_yield(c: &mut Context<'_>) -> Result<Reply> {
    c.yields()
}

/// The kernel's result is 20 less the value.
fn getpriority(c: &mut Context<'_>, which: i32, who: u32) -> Result<i32> {
    let value = super::call(c, "getpriority", &[which as u64, who.into()])?;
    Ok(if value < 0 { -1 } else { 20 - value as i32 })
}

fn prctl(c: &mut Context<'_>, option: i32, _: Dots) -> Result<i32> {
    let mut arguments = [option as u64, 0, 0, 0, 0];
    for argument in &mut arguments[1..] {
        let ctype = super::super::types::CType::UnsignedLong;
        *argument = c.variable_integer(&mut Variable::Call, ctype)? as u64;
    }
    super::call(c, "prctl", &arguments).map(|value| value as i32)
}

fn sched_getaffinity(c: &mut Context<'_>, thread: i32, size: Size, mask: Ptr) -> Result<i32> {
    let count = super::call(c, "sched_getaffinity", &[thread as u64, size.0, mask.0])?;
    if count < 0 {
        return Ok(-1);
    }
    // The rest is cleared, which the kernel leaves alone.
    let count = count as u64;
    if let Some(rest) = size.0.checked_sub(count).filter(|rest| *rest <= 1 << 20) {
        c.write(mask.add(count), &vec![0; rest as usize])?;
    }
    Ok(0)
}

fn sched_cpucount(c: &mut Context<'_>, size: Size, mask: Ptr) -> Result<i32> {
    Ok(c.read(mask, size.0)?.iter().map(|byte| byte.count_ones() as i32).sum())
}

fn sched_getcpu(_: &mut Context<'_>) -> Result<i32> {
    Ok(0)
}

fn get_nprocs(_: &mut Context<'_>) -> Result<i32> {
    Ok(1)
}

/// `AT_PAGESZ`, `AT_HWCAP`, `AT_CLKTCK`; all others are not there.
fn getauxval(c: &mut Context<'_>, kind: super::super::types::ULong) -> Result<super::super::types::ULong> {
    let value = match kind.0 {
        6 => c.state.abi.page,
        16 => c.state.abi.capabilities.0,
        17 => 100,
        26 => c.state.abi.capabilities.1,
        _ => {
            c.set_errno(crate::errno::Errno::ENOENT)?;
            0
        }
    };
    Ok(super::super::types::ULong(value))
}

fn openlog(c: &mut Context<'_>, name: Ptr, options: i32, _facility: i32) -> Result<()> {
    c.state.numbers.insert("syslog name".to_owned(), name.0 as i64);
    c.state.numbers.insert("syslog options".to_owned(), options.into());
    Ok(())
}

fn closelog(c: &mut Context<'_>) -> Result<()> {
    c.state.numbers.remove("syslog name");
    Ok(())
}

fn setlogmask(c: &mut Context<'_>, mask: i32) -> Result<i32> {
    let old = c.state.numbers.get("syslog mask").copied().unwrap_or(0xff);
    if mask != 0 {
        c.state.numbers.insert("syslog mask".to_owned(), mask.into());
    }
    Ok(old as i32)
}

/// What is logged is added to the file `/var/log/syslog`.
fn vsyslog(c: &mut Context<'_>, priority: i32, format: Ptr, mut from: Variable) -> Result<()> {
    let mask = c.state.numbers.get("syslog mask").copied().unwrap_or(0xff);
    if mask & 1 << (priority & 7) == 0 {
        return Ok(());
    }
    let Some(text) = super::super::stdio::formatted(c, format, &mut from)? else { return Ok(()) };
    let name = match c.state.numbers.get("syslog name").copied().filter(|name| *name != 0) {
        Some(name) => c.text(Ptr(name as u64))?,
        None => c.state.program.clone().into_bytes(),
    };
    let line = [format!("<{priority}>").as_bytes(), &name, b": ", &text, b"\n"].concat();
    let mut log = c.state.kernel.files.read("/var/log/syslog").unwrap_or_default();
    log.extend_from_slice(&line);
    let _ = c.state.kernel.files.write("/var/log/syslog", &log);
    // LOG_PERROR
    if c.state.numbers.get("syslog options").is_some_and(|options| options & 0x20 != 0) {
        let _ = c.state.kernel.streams.write(2, &line);
    }
    Ok(())
}

fn syslog(c: &mut Context<'_>, priority: i32, format: Ptr, _: Dots) -> Result<()> {
    vsyslog(c, priority, format, Variable::Call)
}

fn syslog_chk(c: &mut Context<'_>, priority: i32, _flag: i32, format: Ptr, _: Dots) -> Result<()> {
    vsyslog(c, priority, format, Variable::Call)
}

/// `struct itimerval` of the kernel, which has `long`s, in a room of the
/// library's: for programs whose times are wider than that.
fn narrow_timer(c: &mut Context<'_>, name: &'static str, from: Ptr) -> Result<Ptr> {
    let room = c.room(name, 32)?;
    let word = c.model.pointer;
    for index in 0..if from.is_null() { 0 } else { 4 } {
        let value = c.read_integer(from.add(8 * index), 8)?;
        // Longer than a `long` says is as long as it can say.
        let value = value.min(i32::MAX as u64);
        c.write_integer(room.add(index * u64::from(word)), value, word)?;
    }
    Ok(room)
}

fn widen_timer(c: &mut Context<'_>, room: Ptr, to: Ptr) -> Result<()> {
    let word = c.model.pointer;
    for index in 0..if to.is_null() { 0 } else { 4 } {
        let value = c.read_integer(room.add(index * u64::from(word)), word)?;
        c.write_integer(to.add(8 * index), value, 8)?;
    }
    Ok(())
}

fn setitimer(c: &mut Context<'_>, which: i32, new: Ptr, old: Ptr) -> Result<i32> {
    if c.model.time <= c.model.pointer {
        return call(c, "setitimer", &[which as u64, new.0, old.0]).map(|result| result as i32);
    }
    let given = narrow_timer(c, "itimerval", new)?;
    let told = narrow_timer(c, "itimerval of before", Ptr::NULL)?;
    let given = if new.is_null() { 0 } else { given.0 };
    let result = call(c, "setitimer", &[which as u64, given, told.0])? as i32;
    if result == 0 {
        widen_timer(c, told, old)?;
    }
    Ok(result)
}

fn getitimer(c: &mut Context<'_>, which: i32, to: Ptr) -> Result<i32> {
    if c.model.time <= c.model.pointer {
        return call(c, "getitimer", &[which as u64, to.0]).map(|result| result as i32);
    }
    let told = narrow_timer(c, "itimerval of before", Ptr::NULL)?;
    let result = call(c, "getitimer", &[which as u64, told.0])? as i32;
    if result == 0 {
        widen_timer(c, told, to)?;
    }
    Ok(result)
}
