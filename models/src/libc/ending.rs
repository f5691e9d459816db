//! How programs begin and end: `__libc_start_main`, `exit`, `atexit`, `abort`,
//! `assert`.

use serde::{Deserialize, Serialize};
use terrella_machine_state::ArgumentValue;

use super::{
    context::Context,
    error::Result,
    nested::Continuation,
    processes::Ending,
    state::AtExit,
    types::{CType, Flavour, Header, Ptr, Reply, Standard, models},
};
use crate::linux::abi::generic::SIGABRT;

pub(crate) static HEADER: Header = Header {
    name: "stdlib.h",
    standard: Standard::C99,
    models: models! {
        exit = exit;
        _Exit = exit_now;
        abort = abort;
        atexit = atexit;
    },
};

pub(crate) static EXTENSIONS: Header = Header {
    name: "stdlib.h",
    standard: Standard::Extension,
    models: models! {
        _exit = exit_now;
        quick_exit = quick_exit;
        at_quick_exit = at_quick_exit;
        on_exit = on_exit;
    },
};

pub(crate) static ASSERT: Header = Header {
    name: "assert.h",
    standard: Standard::C99,
    models: models! {
        __assert_fail = assert_fail;
        __assert = assert;
        __assert_func = assert_func;
        __assert_perror_fail = assert_perror;
    },
};

pub(crate) static RUNTIME: Header = Header {
    name: "start code",
    standard: Standard::Runtime,
    models: models! {
        __libc_start_main = start_main;
        __uClibc_main = start_main;
        __cxa_atexit = cxa_atexit;
        __aeabi_atexit = aeabi_atexit;
        __cxa_thread_atexit_impl = cxa_atexit;
        __cxa_finalize = cxa_finalize;
        __stack_chk_fail = stack_chk_fail;
        __stack_chk_fail_local = stack_chk_fail;
        __fortify_fail = fortify_fail;
        __gmon_start__ = nothing;
        _ITM_registerTMCloneTable = nothing;
        _ITM_deregisterTMCloneTable = nothing;
        __cxa_pure_virtual = pure_virtual;
    },
};

/// The way out: functions that are still to be called.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Leaving {
    status: i32,
    /// Only those of `at_quick_exit`.
    quick: bool,
    /// Only those of an object (`__cxa_finalize`), and then back.
    owner: Option<u64>,
    /// Destructors of the executable come last: the next of them.
    destructor: usize,
}

impl Leaving {
    pub(super) fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        let wanted = |it: &AtExit| it.quick == self.quick && self.owner.is_none_or(|owner| it.owner == owner);
        if let Some(place) = c.state.at_exit.iter().rposition(wanted) {
            let it = c.state.at_exit.remove(place);
            let mut arguments = Vec::new();
            if it.gets_status {
                arguments.push(ArgumentValue::from(self.status));
            }
            arguments.extend(it.argument.map(ArgumentValue::Pointer));
            return c.call_guest(
                Ptr(it.function),
                &arguments,
                CType::Void,
                CType::Void,
                Continuation::Exit(self),
            );
        }
        if self.owner.is_some() {
            return Ok(Reply::Void);
        }
        if !self.quick
            && let Some(function) = c.state.destructors.get(self.destructor).copied()
        {
            self.destructor = self.destructor.saturating_add(1);
            return c.call_guest(Ptr(function), &[], CType::Void, CType::Void, Continuation::Exit(self));
        }
        c.ends(Ending::Status(self.status))
    }
}

pub(super) fn exit(c: &mut Context<'_>, status: i32) -> Result<Reply> {
    Leaving { status, quick: false, owner: None, destructor: 0 }.go_on(c)
}

fn quick_exit(c: &mut Context<'_>, status: i32) -> Result<Reply> {
    Leaving { status, quick: true, owner: None, destructor: 0 }.go_on(c)
}

fn exit_now(c: &mut Context<'_>, status: i32) -> Result<Reply> {
    c.ends(Ending::Status(status))
}

/// So many functions may wait for the end.
const MOST: usize = 1 << 16;

fn add(c: &mut Context<'_>, it: AtExit) -> Result<i32> {
    if c.state.at_exit.len() >= MOST {
        return Ok(-1);
    }
    c.state.at_exit.push(it);
    Ok(0)
}

fn atexit(c: &mut Context<'_>, function: Ptr) -> Result<i32> {
    add(c, AtExit { function: function.0, argument: None, gets_status: false, owner: 0, quick: false })
}

fn at_quick_exit(c: &mut Context<'_>, function: Ptr) -> Result<i32> {
    add(c, AtExit { function: function.0, argument: None, gets_status: false, owner: 0, quick: true })
}

fn on_exit(c: &mut Context<'_>, function: Ptr, argument: Ptr) -> Result<i32> {
    let argument = Some(argument.0);
    add(c, AtExit { function: function.0, argument, gets_status: true, owner: 0, quick: false })
}

fn cxa_atexit(c: &mut Context<'_>, function: Ptr, argument: Ptr, owner: Ptr) -> Result<i32> {
    let argument = Some(argument.0);
    add(c, AtExit { function: function.0, argument, gets_status: false, owner: owner.0, quick: false })
}

fn aeabi_atexit(c: &mut Context<'_>, argument: Ptr, function: Ptr, owner: Ptr) -> Result<i32> {
    cxa_atexit(c, function, argument, owner)
}

fn cxa_finalize(c: &mut Context<'_>, owner: Ptr) -> Result<Reply> {
    let owner = Some(owner.0).filter(|owner| *owner != 0);
    match owner {
        Some(_) => Leaving { status: 0, quick: false, owner, destructor: 0 }.go_on(c),
        // All of them, without an end.
        None => Ok(Reply::Void),
    }
}

/// The signal `SIGABRT`: its handler, which may jump away, or else the end,
/// whatever the program says.
fn abort(c: &mut Context<'_>) -> Result<Reply> {
    if let Some(reply) = c.handle(SIGABRT as u8, Continuation::Abort)? {
        return Ok(reply);
    }
    c.ends(Ending::Signal(SIGABRT as u8))
}

/// To the stream that `stderr` is, if that is open.
fn say(c: &mut Context<'_>, text: &str) -> Result<()> {
    let stream = match c.state.layout.variables.get("stderr").copied() {
        Some(at) => c.read_pointer(Ptr(at))?,
        None => Ptr(c.state.layout.files[2]),
    };
    if c.state.streams.contains_key(&stream.0) {
        c.put(stream, text.as_bytes())?;
    }
    Ok(())
}

fn texts<const N: usize>(c: &mut Context<'_>, addresses: [Ptr; N]) -> Result<[String; N]> {
    let mut all = [const { String::new() }; N];
    for (text, address) in all.iter_mut().zip(addresses) {
        let bytes = if address.is_null() { b"?".to_vec() } else { c.text(address)? };
        *text = String::from_utf8_lossy(&bytes).into_owned();
    }
    Ok(all)
}

fn assert_fail(c: &mut Context<'_>, what: Ptr, file: Ptr, line: u32, function: Ptr) -> Result<Reply> {
    let [what, file, function] = texts(c, [what, file, function])?;
    let program = c.state.program.rsplit('/').next().unwrap_or_default().to_owned();
    say(c, &format!("{program}: {file}:{line}: {function}: Assertion `{what}' failed.\n"))?;
    abort(c)
}

fn assert_perror(c: &mut Context<'_>, number: i32, file: Ptr, line: u32, function: Ptr) -> Result<Reply> {
    let [file, function] = texts(c, [file, function])?;
    let program = c.state.program.rsplit('/').next().unwrap_or_default().to_owned();
    let text = String::from_utf8_lossy(&super::string::error_text(c, number)).into_owned();
    say(c, &format!("{program}: {file}:{line}: {function}: Unexpected error: {text}.\n"))?;
    abort(c)
}

fn assert(c: &mut Context<'_>, what: Ptr, file: Ptr, line: i32) -> Result<Reply> {
    let [what, file] = texts(c, [what, file])?;
    say(c, &format!("Assertion failed: {what} ({file}: {line})\n"))?;
    abort(c)
}

/// Newlib's.
fn assert_func(c: &mut Context<'_>, file: Ptr, line: i32, function: Ptr, what: Ptr) -> Result<Reply> {
    let [what, file, function] = texts(c, [what, file, function])?;
    say(c, &format!("assertion \"{what}\" failed: file \"{file}\", line {line}, function: {function}\n"))?;
    abort(c)
}

fn stack_chk_fail(c: &mut Context<'_>) -> Result<()> {
    c.misuse("*** stack smashing detected ***")
}

fn fortify_fail(c: &mut Context<'_>, what: Ptr) -> Result<()> {
    let [what] = texts(c, [what])?;
    c.misuse(format!("*** {what} ***"))
}

fn pure_virtual(c: &mut Context<'_>) -> Result<()> {
    c.misuse("a pure virtual method was called")
}

#[allow(clippy::unnecessary_wraps, reason = "models return results")]
const fn nothing(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

/// The way from the start code to `main` and to the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Starting {
    main: Ptr,
    count: i32,
    arguments: Ptr,
    environment: Ptr,
    /// What the start code gives, where it gives one.
    init: Ptr,
    /// The constructors that have been called.
    done: usize,
    in_main: bool,
}

impl Starting {
    pub(super) fn go_on(mut self, c: &mut Context<'_>, result: i64) -> Result<Reply> {
        if self.in_main {
            return exit(c, result as i32);
        }
        let arguments = [
            ArgumentValue::from(self.count),
            ArgumentValue::Pointer(self.arguments.0),
            ArgumentValue::Pointer(self.environment.0),
        ];
        let next = if self.init.is_null() {
            c.state.constructors.get(self.done).copied()
        } else {
            (self.done == 0).then_some(self.init.0)
        };
        self.done = self.done.saturating_add(1);
        let function = match next {
            Some(function) => Ptr(function),
            None => {
                self.in_main = true;
                self.main
            }
        };
        let returns = if self.in_main { CType::Int } else { CType::Void };
        c.call_guest(function, &arguments, returns, CType::Int, Continuation::Start(self))
    }
}

/// The parameters are those of all processors but PowerPC, whose own in glibc are
/// `(argc, argv, envp, auxv, rtld_fini, stinfo, stack)` (glibc,
/// sysdeps/unix/sysv/linux/powerpc/libc-start.c).
fn start_main(
    c: &mut Context<'_>,
    first: Ptr,
    second: Ptr,
    third: Ptr,
    fourth: Ptr,
    fifth: Ptr,
    sixth: Ptr,
) -> Result<Reply> {
    let _ = fifth;
    let word = u64::from(c.model.pointer);
    let (main, count, arguments, init) =
        if c.state.flavour == Flavour::Gnu && c.emulator().platform().name().starts_with("ppc") {
            // struct startup_info { void *sda_base; main; init; fini }.
            let main = c.read_pointer(sixth.add(word))?;
            let init = c.read_pointer(sixth.add(2 * word))?;
            (main, first.0 as i32, second, init)
        } else {
            (first, second.0 as i32, third, fourth)
        };
    let environment = arguments.add(word.wrapping_mul((count as u64).wrapping_add(1)));
    let environ = Ptr(c.state.layout.environ);
    if c.read_pointer(environment).is_ok() {
        c.write_pointer(environ, environment)?;
    }
    if count > 0 {
        let name = c.read_pointer(arguments)?;
        let text = c.text(name)?;
        c.state.program = String::from_utf8_lossy(&text).into_owned();
    }
    let starting = Starting { main, count, arguments, environment, init, done: 0, in_main: false };
    starting.go_on(c, 0)
}
