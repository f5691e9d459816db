//! What programs may take of the host, apart from memory and files, whose
//! limits are options.

/// Processes and threads together, zombies among them (`pid_max` is more on
/// a real system).
pub(crate) const TASKS: usize = 1024;
/// Mappings of a process (`vm.max_map_count`).
pub(crate) const AREAS: usize = 65_530;
/// Signals that wait at one process or thread (`RLIMIT_SIGPENDING`).
pub(crate) const SIGNALS: usize = 1024;
/// Frames of signal handlers whose registers are kept; of more, those that a
/// frame in memory does not hold are lost.
pub(crate) const FRAMES: usize = 128;
/// Timers of a process.
pub(crate) const TIMERS: usize = 1024;
/// Locks on files, of all processes.
pub(crate) const LOCKS: usize = 16_384;
/// Messages that wait at a socket.
pub(crate) const MESSAGES: usize = 1024;
/// Descriptors in one message (`SCM_MAX_FD`, net/scm.h).
pub(crate) const PASSED: usize = 253;
/// Descriptors in messages that nobody has received yet, of all sockets.
pub(crate) const IN_FLIGHT: usize = 16_384;
/// Options of a socket that are kept.
pub(crate) const SOCKET_OPTIONS: usize = 256;
/// Descriptors that an epoll instance watches.
pub(crate) const WATCHES: usize = 65_536;
/// Descriptors of a process (`fs.nr_open`).
pub(crate) const DESCRIPTORS: u64 = 1 << 16;
/// Calls that are not there which are told, by name.
pub(crate) const UNKNOWN_CALLS: usize = 256;
/// Faults that are kept.
pub(crate) const FAULTS: usize = 1024;
/// Bytes that one call transfers; the kernel's limit is 2 GiB, and programs
/// have to go on after a short count.
pub(crate) const TRANSFER: u64 = 64 << 20;
/// The part of memory that is copied at a time.
pub(crate) const CHUNK: u64 = 1 << 20;
