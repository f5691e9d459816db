//! `sys/socket.h`.

use super::{
    super::{
        context::Context,
        error::Result,
        types::{Header, Long, Ptr, Size, Standard, models},
    },
    calls,
};

pub(crate) static HEADER: Header = Header {
    name: "sys/socket.h",
    standard: Standard::Posix,
    models: models! {
        socket = socket;
        socketpair = socketpair;
        bind = bind;
        listen = listen;
        accept = accept;
        accept4 = accept4;
        connect = connect;
        send = send;
        sendto = sendto;
        sendmsg = sendmsg;
        recv = recv;
        recvfrom = recvfrom;
        recvmsg = recvmsg;
        __recv_chk = recv_chk;
        __recvfrom_chk = recvfrom_chk;
        sendmmsg = sendmmsg;
        recvmmsg = recvmmsg;
        shutdown = shutdown;
        getsockopt = getsockopt;
        setsockopt = setsockopt;
        getsockname = getsockname;
        getpeername = getpeername;
        sockatmark = sockatmark;
        isfdtype = isfdtype;
    },
};

calls! {
    socket(family: i32, kind: i32, protocol: i32) -> i32 = "socket";
    socketpair(family: i32, kind: i32, protocol: i32, pair: Ptr) -> i32 = "socketpair";
    bind(fd: i32, name: Ptr, size: u32) -> i32 = "bind";
    listen(fd: i32, waiting: i32) -> i32 = "listen";
    accept(fd: i32, name: Ptr, size: Ptr) -> i32 = "accept4"(fd, name, size, 0_u64);
    accept4(fd: i32, name: Ptr, size: Ptr, flags: i32) -> i32 = "accept4";
    connect(fd: i32, name: Ptr, size: u32) -> i32 = "connect";
    send(fd: i32, from: Ptr, size: Size, flags: i32) -> Long = "sendto"(fd, from, size, flags, 0_u64, 0_u64);
    sendto(fd: i32, from: Ptr, size: Size, flags: i32, name: Ptr, name_size: u32) -> Long = "sendto";
    sendmsg(fd: i32, message: Ptr, flags: i32) -> Long = "sendmsg";
    recv(fd: i32, to: Ptr, size: Size, flags: i32) -> Long = "recvfrom"(fd, to, size, flags, 0_u64, 0_u64);
    recvfrom(fd: i32, to: Ptr, size: Size, flags: i32, name: Ptr, name_size: Ptr) -> Long = "recvfrom";
    recvmsg(fd: i32, message: Ptr, flags: i32) -> Long = "recvmsg";
    sendmmsg(fd: i32, messages: Ptr, count: u32, flags: i32) -> i32 = "sendmmsg";
    recvmmsg(fd: i32, messages: Ptr, count: u32, flags: i32, wait: Ptr) -> i32 = "recvmmsg";
    shutdown(fd: i32, how: i32) -> i32 = "shutdown";
    getsockopt(fd: i32, level: i32, name: i32, to: Ptr, size: Ptr) -> i32 = "getsockopt";
    setsockopt(fd: i32, level: i32, name: i32, from: Ptr, size: u32) -> i32 = "setsockopt";
    getsockname(fd: i32, to: Ptr, size: Ptr) -> i32 = "getsockname";
    getpeername(fd: i32, to: Ptr, size: Ptr) -> i32 = "getpeername";
}

fn recv_chk(c: &mut Context<'_>, fd: i32, to: Ptr, size: Size, room: Size, flags: i32) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    recv(c, fd, to, size, flags)
}

#[expect(clippy::too_many_arguments, reason = "those that the header gives it")]
fn recvfrom_chk(
    c: &mut Context<'_>,
    fd: i32,
    to: Ptr,
    size: Size,
    room: Size,
    flags: i32,
    name: Ptr,
    name_size: Ptr,
) -> Result<Long> {
    c.check_room(size.0, room.0)?;
    recvfrom(c, fd, to, size, flags, name, name_size)
}

fn is_socket(c: &Context<'_>, fd: i32) -> Result<bool, crate::errno::Errno> {
    use crate::linux::descriptions::Kind;
    c.state.kernel.description(c.state.kernel.running, fd).map(|it| matches!(it.kind, Kind::Socket(_)))
}

/// There is no urgent data here.
fn sockatmark(c: &mut Context<'_>, fd: i32) -> Result<i32> {
    match is_socket(c, fd) {
        Ok(true) => Ok(0),
        Ok(false) => c.fail(crate::errno::Errno::ENOTTY),
        Err(errno) => c.fail(errno),
    }
}

fn isfdtype(c: &mut Context<'_>, fd: i32, kind: i32) -> Result<i32> {
    match is_socket(c, fd) {
        // S_IFSOCK
        Ok(socket) => Ok(i32::from(socket == (kind == 0o140_000))),
        Err(errno) => c.fail(errno),
    }
}
