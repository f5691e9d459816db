//! `wait` and its like.

use super::super::{
    context::Context,
    error::Result,
    posix::call_alone,
    types::{CType, Header, Ptr, Reply, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "sys/wait.h",
    standard: Standard::Posix,
    models: models! {
        wait = wait;
        waitpid = waitpid;
        wait3 = wait3;
        wait4 = wait4;
        waitid = waitid;
    },
};

/// Handlers of the child's signal run before it is told of.
fn waits(c: &mut Context<'_>, call: &str, arguments: &[u64]) -> Result<Reply> {
    let result = call_alone(c, call, arguments)?;
    c.deliver_signals(result, CType::Int)
}

fn wait4(c: &mut Context<'_>, process: i32, status: Ptr, options: i32, usage: Ptr) -> Result<Reply> {
    waits(c, "wait4", &[process as u64, status.0, options as u64, usage.0])
}

fn wait(c: &mut Context<'_>, status: Ptr) -> Result<Reply> {
    wait4(c, -1, status, 0, Ptr::NULL)
}

fn waitpid(c: &mut Context<'_>, process: i32, status: Ptr, options: i32) -> Result<Reply> {
    wait4(c, process, status, options, Ptr::NULL)
}

fn wait3(c: &mut Context<'_>, status: Ptr, options: i32, usage: Ptr) -> Result<Reply> {
    wait4(c, -1, status, options, usage)
}

fn waitid(c: &mut Context<'_>, kind: i32, id: u32, about: Ptr, options: i32) -> Result<Reply> {
    waits(c, "waitid", &[kind as u64, id.into(), about.0, options as u64, 0])
}
