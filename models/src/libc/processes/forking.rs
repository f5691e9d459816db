//! `fork` and its like.

use serde::{Deserialize, Serialize};
use terrella_emulator_api::EmulatorExt;
use terrella_platforms::ReturnBy;

use super::{
    super::{
        context::Context,
        error::Result,
        nested::{Continuation, Frame},
        types::{CType, Header, Ptr, Reply, Standard, models},
    },
    AtFork, MOST,
    switching::Ending,
};
use crate::{
    errno::Errno,
    linux::{
        abi::generic::SIGCHLD,
        process::{Id, State as ThreadState, Thread},
        task::CloneRequest,
    },
};

pub(crate) static HEADER: Header = Header {
    name: "unistd.h",
    standard: Standard::Posix,
    models: models! {
        fork = fork, "the parent goes on; processes are switched where they wait, yield or end; streams have no buffers that would be written twice";
        _Fork = bare_fork, "the parent goes on; processes are switched where they wait, yield or end; streams have no buffers that would be written twice";
        vfork = vfork;
        daemon = daemon;
        pthread_atfork = atfork;
        __register_atfork = register_atfork;
    },
};

/// Which function makes a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Fork,
    Bare,
    Vfork,
    Daemon { stays: bool, open: bool },
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Before: so many handlers are still to be called.
    Before(usize),
    /// After it, in the parent: so many have been called.
    Parent(usize),
    Child(usize),
}

/// Making a process, with what is called around it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Forking {
    kind: Kind,
    stage: Stage,
    /// What it returns.
    result: Id,
    /// Where the return address is that a process made by `vfork` overwrites,
    /// and what it was.
    slot: Option<(u64, Vec<u8>)>,
}

impl Forking {
    const fn new(kind: Kind, stage: Stage) -> Self {
        Self { kind, stage, result: 0, slot: None }
    }

    pub(crate) fn go_on(mut self, c: &mut Context<'_>) -> Result<Reply> {
        loop {
            let (function, next) = match self.stage {
                Stage::Before(0) => match self.make(c)? {
                    Some(reply) => return Ok(reply),
                    None => continue,
                },
                Stage::Before(left) => {
                    (c.state.at_fork.get(left - 1).map(|it| it.before), Stage::Before(left - 1))
                }
                Stage::Parent(done) => {
                    (c.state.at_fork.get(done).map(|it| it.parent), Stage::Parent(done.saturating_add(1)))
                }
                Stage::Child(done) => {
                    (c.state.at_fork.get(done).map(|it| it.child), Stage::Child(done.saturating_add(1)))
                }
            };
            let Some(function) = function else { return self.finish(c) };
            self.stage = next;
            if function != 0 {
                let then = Continuation::Forking(Box::new(self));
                return c.call_guest(Ptr(function), &[], CType::Void, CType::Int, then);
            }
        }
    }

    /// Makes the process. The reply is that of a parent that waits for it.
    fn make(&mut self, c: &mut Context<'_>) -> Result<Option<Reply>> {
        // None is called around `vfork` and `_Fork`.
        let handlers = if matches!(self.kind, Kind::Fork | Kind::Daemon { .. }) { 0 } else { usize::MAX };
        self.stage = Stage::Parent(handlers);
        let child = Self { stage: Stage::Child(handlers), ..self.clone() };
        match c.make_process(child)? {
            Ok(id) => self.result = id,
            Err(errno) => {
                self.result = -1;
                c.set_errno(errno)?;
                return Ok(None);
            }
        }
        if self.kind != Kind::Vfork {
            return Ok(None);
        }
        self.slot = c.return_slot()?;
        let this = c.state.kernel.running;
        if let Some(thread) = c.state.kernel.threads.get_mut(&this) {
            thread.state = ThreadState::Vforked;
        }
        let frame = c.frame_here(Continuation::Forking(Box::new(self.clone())), CType::Int)?;
        c.go_on_later(frame).map(Some)
    }

    /// All has been called: the function returns.
    fn finish(self, c: &mut Context<'_>) -> Result<Reply> {
        let is_child = matches!(self.stage, Stage::Child(_));
        if let Some((address, bytes)) = &self.slot {
            c.write(Ptr(*address), bytes)?;
        }
        if let Kind::Daemon { stays, open } = self.kind {
            if !is_child && self.result > 0 {
                return c.ends(Ending::Status(0));
            }
            if is_child {
                detach(c, stays, open)?;
            }
        }
        c.deliver_signals(self.result.into(), CType::Int)
    }
}

impl Context<'_> {
    /// What comes back to the library as if a function of the guest's had
    /// returned.
    pub(crate) fn frame_here(&mut self, then: Continuation, result: CType) -> Result<Frame> {
        let convention = self.call.convention();
        let emulator = self.call.emulator();
        let stack = emulator.read_register(emulator.definition().stack_pointer)?;
        let link = match convention.return_by {
            ReturnBy::Link { register, .. } => Some(emulator.read_register(register)?),
            _ => None,
        };
        let model = self.name.to_owned();
        Ok(Frame::back(model, stack, link, then, result))
    }

    /// Has the thread go on with a frame at its next turn: others go on now.
    pub(crate) fn go_on_later(&mut self, frame: Frame) -> Result<Reply> {
        self.state.frames.push(frame);
        let resume = crate::linux::frame::code_pointer(self.call.emulator(), self.state.layout.resume);
        self.emulator().set_program_counter(resume)?;
        self.keep_current()?;
        self.leave()
    }

    /// Where a function that has just been entered has its return address on the
    /// stack, and the address.
    fn return_slot(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        let convention = self.call.convention();
        let ReturnBy::Stack { bytes } = convention.return_by else { return Ok(None) };
        let emulator = self.call.emulator();
        let stack = emulator.read_register(emulator.definition().stack_pointer)?;
        Ok(Some((stack, emulator.read_bytes(stack, bytes.into())?)))
    }

    /// Makes a process that is like this one but for its number, and goes on as
    /// it is told.
    fn make_process(&mut self, child: Forking) -> Result<Result<Id, Errno>> {
        let shares = child.kind == Kind::Vfork;
        let request = CloneRequest { exit_signal: SIGCHLD as u8, ..CloneRequest::default() };
        let this = self.state.kernel.running;
        if self.state.kernel.processes.len() >= MOST || !self.state.kernel.has_room() {
            return Ok(Err(Errno::EAGAIN));
        }
        let loaded = self.state.processes.loaded();
        let space = if shares { loaded } else { self.state.processes.new_space() };
        if !shares {
            self.refresh_image()?;
            self.keep_space(space)?;
            if !self.state.processes.has_room() {
                self.state.processes.spaces.remove(&space);
                return Ok(Err(Errno::ENOMEM));
            }
            if let Err(errno) = self.state.kernel.copy_space(loaded, space) {
                return Ok(Err(errno));
            }
            // What both share is in its files, for whoever runs next.
            let emulator = self.call.emulator();
            self.state.kernel.leave_shared(emulator, loaded);
        }
        let kernel = &mut self.state.kernel;
        let id = kernel.new_id();
        let mut thread = Thread::new(id, id, b"harness".to_vec());
        if let Some(old) = kernel.threads.get(&this) {
            thread.mask = old.mask;
            thread.alternate = old.alternate;
        }
        let mask = thread.mask;
        kernel.threads.insert(id, thread);
        if let Err(errno) = kernel.add_process(id, this, space, request) {
            kernel.threads.remove(&id);
            return Ok(Err(errno));
        }
        if shares && let Some(process) = kernel.processes.get_mut(&id) {
            process.vfork_waiter = Some(this);
        }
        // Its registers are these, where a function of the guest's comes back.
        let resume = self.state.layout.resume;
        let counter = self.emulator().definition().program_counter;
        let mut registers = self.registers();
        for (name, value) in &mut registers {
            if name == counter {
                *value = resume.into();
            }
        }
        let frame = self.frame_here(Continuation::Forking(Box::new(child)), CType::Int)?;
        let mut frames = self.state.frames.clone();
        frames.push(frame);
        let errno = Ptr(self.state.layout.errno);
        let errno = self.read_int(errno)?;
        let threads = self.state.threads.forked(registers, frames, mask, errno.into());
        self.state.processes.add(id, threads);
        Ok(Ok(id))
    }
}

fn fork(c: &mut Context<'_>) -> Result<Reply> {
    let handlers = c.state.at_fork.len();
    Forking::new(Kind::Fork, Stage::Before(handlers)).go_on(c)
}

/// Without what `pthread_atfork` registered.
fn bare_fork(c: &mut Context<'_>) -> Result<Reply> {
    Forking::new(Kind::Bare, Stage::Before(0)).go_on(c)
}

fn vfork(c: &mut Context<'_>) -> Result<Reply> {
    Forking::new(Kind::Vfork, Stage::Before(0)).go_on(c)
}

fn daemon(c: &mut Context<'_>, stays: i32, open: i32) -> Result<Reply> {
    let kind = Kind::Daemon { stays: stays != 0, open: open != 0 };
    let handlers = c.state.at_fork.len();
    Forking::new(kind, Stage::Before(handlers)).go_on(c)
}

/// The child of `daemon` has a session of its own, the root as its folder, and
/// nothing behind its streams.
fn detach(c: &mut Context<'_>, stays: bool, open: bool) -> Result<()> {
    use super::super::posix::call;
    call(c, "setsid", &[])?;
    let kernel = &mut c.state.kernel;
    let this = kernel.running;
    if !stays && let Some(process) = kernel.processes.get_mut(&this) {
        let old = std::mem::replace(&mut process.folder, process.root);
        let root = process.root;
        kernel.files.hold(root);
        kernel.files.let_go(old);
    }
    if !open && let Ok(inode) = kernel.files.find(b"/dev/null") {
        let kind = crate::linux::descriptions::Kind::Device(crate::files::Device::Null, inode);
        // O_RDWR
        let description = kernel.add_description(kind, 2);
        for fd in 0..3 {
            let _ = kernel.install_at(this, fd, description, false);
        }
    }
    Ok(())
}

/// So many handlers there can be.
const MOST_HANDLERS: usize = 1 << 12;

fn atfork(c: &mut Context<'_>, before: Ptr, parent: Ptr, child: Ptr) -> Result<i32> {
    if c.state.at_fork.len() >= MOST_HANDLERS {
        return Ok(c.state.abi.error(Errno::ENOMEM) as i32);
    }
    c.state.at_fork.push(AtFork { before: before.0, parent: parent.0, child: child.0 });
    Ok(0)
}

fn register_atfork(c: &mut Context<'_>, before: Ptr, parent: Ptr, child: Ptr, _owner: Ptr) -> Result<i32> {
    atfork(c, before, parent, child)
}
