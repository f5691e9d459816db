//! [`Host`]: the host's processor, in a child process.

use std::{
    arch::{asm, global_asm},
    mem::{offset_of, size_of},
    ptr::{self, NonNull},
};

use crate::case::{CODE, CODE_SIZE, Case, DATA, DATA_SIZE, Machine, Outcome};

/// Where the state block of the child is.
const STATE: u64 = 0x5a5a_5000;
/// The part of an XSAVE area with x87, SSE and AVX.
const AREA: usize = 832;

/// What the assembly below reads and writes: its offsets are written there.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct State {
    general: [u64; 16],
    flags: u64,
    pc: u64,
    host_stack: u64,
    signal: u64,
    entry: u64,
    mxcsr: u64,
    /// For far jumps: an offset of 32 bits and a selector.
    far: u64,
    bits: u64,
    pad: [u64; 8],
    area: [u8; AREA],
}

const _: () = assert!(offset_of!(State, flags) == 128 && offset_of!(State, host_stack) == 144);
const _: () = assert!(offset_of!(State, entry) == 160 && offset_of!(State, mxcsr) == 168);
const _: () = assert!(offset_of!(State, area) == 256 && offset_of!(State, far) == 176);

/// The segments of user code on Linux.
const CODE_64: u64 = 0x33;
const CODE_32: u64 = 0x23;
const DATA_32: u16 = 0x2b;
/// Where 32-bit code goes back to 64 bits.
pub(crate) const BACK: u64 = CODE + 0x1000;

/// The segments of 16-bit code, in the local descriptor table: the code begins
/// at [`CODE`], and the data page is at [`OFFSETS`] in the others.
const CODE_16: u64 = 0x07;
/// DS, ES and SS.
const DATA_16: [u16; 3] = [0x0f, 0x17, 0x1f];
/// Where the data page is in DS, ES and SS of 16-bit code: not at the same
/// offset, so that a segment for another is seen.
pub(crate) const OFFSETS: [u64; 3] = [0x3000, 0x5000, 0x7000];

/// What loads the state and goes to the instruction, by a jump of its own.
macro_rules! enter {
    ($name:literal, $segments:literal, $jump:literal) => {
        global_asm!(
            concat!(".globl ", $name),
            concat!($name, ":"),
            "push rbx",
            "push rbp",
            "push r12",
            "push r13",
            "push r14",
            "push r15",
            $segments,
            "mov r15d, 0x5a5a5000",
            "mov [r15 + 144], rsp",
            "mov eax, 7",
            "xor edx, edx",
            "xrstor64 [r15 + 256]",
            "push qword ptr [r15 + 128]",
            "popfq",
            "mov rax, [r15]",
            "mov rcx, [r15 + 8]",
            "mov rdx, [r15 + 16]",
            "mov rbx, [r15 + 24]",
            "mov rsp, [r15 + 32]",
            "mov rbp, [r15 + 40]",
            "mov rsi, [r15 + 48]",
            "mov rdi, [r15 + 56]",
            "mov r8, [r15 + 64]",
            "mov r9, [r15 + 72]",
            "mov r10, [r15 + 80]",
            "mov r11, [r15 + 88]",
            "mov r12, [r15 + 96]",
            "mov r13, [r15 + 104]",
            "mov r14, [r15 + 112]",
            "mov r15, [r15 + 120]",
            $jump,
        );
    };
}

enter!("terrella_oracle_enter", "", "jmp qword ptr ds:[0x5a5a50a0]");
// Into a segment of 32-bit code.
enter!("terrella_oracle_enter_32", "", "jmp fword ptr ds:[0x5a5a50b0]");
// Into one of 16-bit code, with data segments of its own.
enter!(
    "terrella_oracle_enter_16",
    "mov eax, 0x0f; mov ds, eax; mov eax, 0x17; mov es, eax; mov eax, 0x1f; mov ss, eax",
    "jmp fword ptr ds:[0x5a5a50b0]"
);

global_asm!(
    ".globl terrella_oracle_exit",
    "terrella_oracle_exit:",
    "mov qword ptr ds:[0x5a5a5000], rax",
    "mov qword ptr ds:[0x5a5a5008], rcx",
    "mov qword ptr ds:[0x5a5a5010], rdx",
    "mov qword ptr ds:[0x5a5a5018], rbx",
    "mov qword ptr ds:[0x5a5a5020], rsp",
    "mov qword ptr ds:[0x5a5a5028], rbp",
    "mov qword ptr ds:[0x5a5a5030], rsi",
    "mov qword ptr ds:[0x5a5a5038], rdi",
    "mov qword ptr ds:[0x5a5a5040], r8",
    "mov qword ptr ds:[0x5a5a5048], r9",
    "mov qword ptr ds:[0x5a5a5050], r10",
    "mov qword ptr ds:[0x5a5a5058], r11",
    "mov qword ptr ds:[0x5a5a5060], r12",
    "mov qword ptr ds:[0x5a5a5068], r13",
    "mov qword ptr ds:[0x5a5a5070], r14",
    "mov qword ptr ds:[0x5a5a5078], r15",
    "mov rsp, qword ptr ds:[0x5a5a5090]",
    "pushfq",
    "pop qword ptr ds:[0x5a5a5080]",
    "mov eax, 7",
    "xor edx, edx",
    "xsave64 [0x5a5a5100]",
    ".globl terrella_oracle_leave",
    "terrella_oracle_leave:",
    "mov rsp, qword ptr ds:[0x5a5a5090]",
    "cld",
    "fninit",
    "ldmxcsr dword ptr ds:[0x5a5a50a8]",
    "vzeroupper",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
);

unsafe extern "C" {
    fn terrella_oracle_enter();
    fn terrella_oracle_enter_32();
    fn terrella_oracle_enter_16();
    fn terrella_oracle_exit();
    fn terrella_oracle_leave();
}

/// A case as both processes see it.
#[repr(C, align(64))]
struct Slot {
    state: State,
    code: [u8; 64],
    data: [u8; DATA_SIZE],
}

/// How many cases are run at once.
pub(crate) const SLOTS: usize = 64;

/// The host's processor.
pub struct Host {
    slots: NonNull<Slot>,
    child: libc::pid_t,
    request: libc::c_int,
    reply: libc::c_int,
}

impl Host {
    /// How many cases are run at once.
    pub const BATCH: usize = SLOTS;

    /// Starts the child process.
    ///
    /// # Errors
    /// What the system says.
    pub fn start() -> Result<Self, String> {
        let size = SLOTS * size_of::<Slot>();
        // SAFETY: an anonymous mapping of its own.
        let slots = unsafe {
            libc::mmap(
                ptr::null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if slots == libc::MAP_FAILED {
            return Err("no memory to share".to_owned());
        }
        let slots = NonNull::new(slots.cast()).ok_or("no memory to share")?;
        let mut host = Self { slots, child: 0, request: -1, reply: -1 };
        host.spawn()?;
        Ok(host)
    }

    fn spawn(&mut self) -> Result<(), String> {
        let (mut request, mut reply) = ([0; 2], [0; 2]);
        // SAFETY: both arrays have room for two descriptors.
        if unsafe { libc::pipe(request.as_mut_ptr()) | libc::pipe(reply.as_mut_ptr()) } != 0 {
            return Err("no pipe".to_owned());
        }
        // SAFETY: the child calls nothing that needs other threads.
        let child = unsafe { libc::fork() };
        match child {
            -1 => Err("no process".to_owned()),
            0 => {
                // SAFETY: the descriptors are those of the pipes.
                unsafe {
                    libc::close(request[1]);
                    libc::close(reply[0]);
                }
                serve(self.slots, request[0], reply[1])
            }
            _ => {
                // SAFETY: the descriptors are those of the pipes.
                unsafe {
                    libc::close(request[0]);
                    libc::close(reply[1]);
                }
                (self.child, self.request, self.reply) = (child, request[1], reply[0]);
                Ok(())
            }
        }
    }

    fn end(&mut self) {
        let mut status = 0;
        // SAFETY: the descriptors and the process are ours.
        unsafe {
            libc::close(self.request);
            libc::close(self.reply);
            libc::kill(self.child, libc::SIGKILL);
            libc::waitpid(self.child, &raw mut status, 0);
        }
    }

    /// Runs up to [`Self::BATCH`] cases.
    ///
    /// # Errors
    /// What the system says when the child process must be started again.
    pub fn run<'a>(
        &mut self,
        cases: impl Iterator<Item = &'a Case>,
        bits: u32,
    ) -> Result<Vec<Machine>, String> {
        let mut count = 0u8;
        for (index, case) in cases.take(SLOTS).enumerate() {
            // SAFETY: inside the mapping, and the child waits.
            let slot = unsafe { &mut *self.slots.as_ptr().add(index) };
            slot.state = state_of(&case.before, bits);
            slot.code = code_of(&case.bytes, bits);
            slot.data.copy_from_slice(&case.before.data);
            count += 1;
        }
        // SAFETY: one byte is written from a variable.
        let written = unsafe { libc::write(self.request, (&raw const count).cast(), 1) };
        let mut done = 0u8;
        let mut read = 0;
        if written == 1 {
            // SAFETY: one byte is read into a variable.
            read = unsafe { libc::read(self.reply, (&raw mut done).cast(), 1) };
        }
        let ended = if read == 1 {
            usize::from(count)
        } else {
            self.end();
            self.spawn()?;
            0
        };
        let mut results = Vec::with_capacity(count.into());
        for index in 0..usize::from(count) {
            // SAFETY: inside the mapping, and the child waits.
            let slot = unsafe { &*self.slots.as_ptr().add(index) };
            let mut machine = machine_of(&slot.state, &slot.data);
            if index >= ended {
                machine.outcome = Outcome::Timeout;
            }
            results.push(machine);
        }
        Ok(results)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
        // SAFETY: it was mapped with this size.
        unsafe { libc::munmap(self.slots.as_ptr().cast(), SLOTS * size_of::<Slot>()) };
    }
}

/// The jump out of 64-bit code.
fn jump_out() -> [u8; 14] {
    // jmp qword ptr [rip]
    let mut jump = [0xff, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let exit = terrella_oracle_exit as *const () as u64;
    jump[6..].copy_from_slice(&exit.to_le_bytes());
    jump
}

/// An instruction, and a jump out.
pub(crate) fn code_of(bytes: &[u8], bits: u32) -> [u8; 64] {
    let mut code = [0xcc; 64];
    let end = bytes.len().min(32);
    code[..end].copy_from_slice(&bytes[..end]);
    if bits == 64 {
        code[end..end + 14].copy_from_slice(&jump_out());
    } else {
        // jmp far, with an offset of 32 bits
        if bits == 16 {
            code[end] = 0x66;
        }
        let end = end + usize::from(bits == 16);
        code[end] = 0xea;
        code[end + 1..end + 5].copy_from_slice(&(BACK as u32).to_le_bytes());
        code[end + 5..end + 7].copy_from_slice(&(CODE_64 as u16).to_le_bytes());
    }
    code
}

fn state_of(machine: &Machine, bits: u32) -> State {
    let mut area = [0; AREA];
    area[..2].copy_from_slice(&machine.control.to_le_bytes());
    area[2..4].copy_from_slice(&machine.status.to_le_bytes());
    area[4] = machine.tags;
    area[24..28].copy_from_slice(&machine.mxcsr.to_le_bytes());
    for (index, value) in machine.stack.iter().enumerate() {
        area[32 + 16 * index..][..10].copy_from_slice(value);
    }
    for (index, value) in machine.vectors.iter().enumerate() {
        area[160 + 16 * index..][..16].copy_from_slice(&value[..16]);
        area[576 + 16 * index..][..16].copy_from_slice(&value[16..]);
    }
    area[512] = 7;
    State {
        general: machine.general,
        flags: machine.flags,
        pc: CODE,
        host_stack: 0,
        signal: 0,
        entry: CODE,
        mxcsr: 0x1f80,
        far: if bits == 16 { CODE_16 << 32 } else { CODE_32 << 32 | CODE },
        bits: bits.into(),
        pad: [0; 8],
        area,
    }
}

fn machine_of(state: &State, data: &[u8]) -> Machine {
    let area = &state.area;
    let in_use = area[512];
    let short = |at: usize| u16::from_le_bytes([area[at], area[at + 1]]);
    let mut vectors = [[0; 32]; 16];
    for (index, value) in vectors.iter_mut().enumerate() {
        if in_use & 2 != 0 {
            value[..16].copy_from_slice(&area[160 + 16 * index..][..16]);
        }
        if in_use & 4 != 0 {
            value[16..].copy_from_slice(&area[576 + 16 * index..][..16]);
        }
    }
    let mut stack = [[0; 10]; 8];
    for (index, value) in stack.iter_mut().enumerate() {
        if in_use & 1 != 0 {
            value.copy_from_slice(&area[32 + 16 * index..][..10]);
        }
    }
    let outcome = match state.signal as libc::c_int {
        0 => Outcome::Done,
        libc::SIGTRAP => Outcome::Trap,
        libc::SIGILL => Outcome::Invalid,
        libc::SIGFPE => Outcome::Arithmetic,
        libc::SIGSEGV | libc::SIGBUS => Outcome::Memory,
        _ => Outcome::Timeout,
    };
    Machine {
        general: state.general,
        flags: state.flags,
        pc: if outcome == Outcome::Trap { state.pc - 1 } else { state.pc },
        vectors,
        mxcsr: u32::from_le_bytes([area[24], area[25], area[26], area[27]]),
        stack,
        control: if in_use & 1 != 0 { short(0) } else { 0x37f },
        status: if in_use & 1 != 0 { short(2) } else { 0 },
        tags: if in_use & 1 != 0 { area[4] } else { 0 },
        data: data.to_vec(),
        outcome,
        message: String::new(),
    }
}

// ---- the child

/// Runs cases until the pipe is closed.
fn serve(slots: NonNull<Slot>, request: libc::c_int, reply: libc::c_int) -> ! {
    let map = |address: u64, size: usize, protection: libc::c_int| {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
        // SAFETY: nothing that is there is replaced.
        unsafe {
            libc::mmap(address as *mut libc::c_void, size, protection, flags, -1, 0) != libc::MAP_FAILED
        }
    };
    let data = libc::PROT_READ | libc::PROT_WRITE;
    let mapped =
        map(CODE, CODE_SIZE, data | libc::PROT_EXEC) && map(DATA, DATA_SIZE, data) && map(STATE, 4096, data);
    if !mapped || !install_handlers() {
        // SAFETY: ends this process.
        unsafe { libc::_exit(1) };
    }
    set_flat_segments();
    let has_16 = make_segments();
    loop {
        let mut count = 0u8;
        // SAFETY: one byte is read into a variable.
        if unsafe { libc::read(request, (&raw mut count).cast(), 1) } != 1 {
            // SAFETY: ends this process.
            unsafe { libc::_exit(0) };
        }
        for index in 0..usize::from(count) {
            // SAFETY: inside the mapping, and the parent waits.
            let slot = unsafe { &mut *slots.as_ptr().add(index) };
            if slot.state.bits == 16 && !has_16 {
                slot.state.signal = libc::SIGSYS as u64;
                continue;
            }
            execute(slot);
        }
        // SAFETY: one byte is written from a variable.
        unsafe { libc::write(reply, (&raw const count).cast(), 1) };
    }
}

fn set_flat_segments() {
    // SAFETY: flat segments, which 64-bit code does not look at.
    unsafe {
        asm!("mov ds, {0:x}", "mov es, {0:x}", "mov ss, {0:x}", in(reg) DATA_32);
    }
}

/// Makes the segments of 16-bit code; whether the system has such tables.
fn make_segments() -> bool {
    /// `struct user_desc` of Linux (`arch/x86/include/uapi/asm/ldt.h`).
    #[repr(C)]
    struct Descriptor {
        number: u32,
        base: u32,
        limit: u32,
        flags: u32,
    }
    // Of 4 GiB, in pages; contents 2 is code; usable.
    const DATA_FLAGS: u32 = 0x50;
    const CODE_FLAGS: u32 = 0x54;
    let data = DATA_16.iter().zip(OFFSETS).map(|(selector, offset)| (*selector, DATA - offset, DATA_FLAGS));
    let code = (CODE_16 as u16, CODE, CODE_FLAGS);
    data.chain([code]).all(|(selector, base, flags)| {
        let number = u32::from(selector >> 3);
        let descriptor = Descriptor { number, base: base as u32, limit: 0xf_ffff, flags };
        // SAFETY: the structure lives during the call, and no other segment
        // has its number.
        unsafe { libc::syscall(libc::SYS_modify_ldt, 1, &raw const descriptor, size_of::<Descriptor>()) == 0 }
    })
}

fn execute(slot: &mut Slot) {
    set_timer(50_000);
    // SAFETY: the pages were mapped by `serve` and are used by nothing else;
    // what the instruction does to registers is undone by the assembly, and
    // its faults are caught by the handlers.
    unsafe {
        let code = CODE as *mut u8;
        ptr::write_bytes(code, 0xcc, CODE_SIZE);
        ptr::copy_nonoverlapping(slot.code.as_ptr(), code, slot.code.len());
        ptr::copy_nonoverlapping(slot.data.as_ptr(), DATA as *mut u8, DATA_SIZE);
        let state = STATE as *mut State;
        ptr::copy_nonoverlapping(&raw const slot.state, state, 1);
        let back = jump_out();
        ptr::copy_nonoverlapping(back.as_ptr(), BACK as *mut u8, back.len());
        match slot.state.bits {
            64 => terrella_oracle_enter(),
            32 => terrella_oracle_enter_32(),
            _ => {
                terrella_oracle_enter_16();
                set_flat_segments();
            }
        }
        ptr::copy_nonoverlapping(state.cast_const(), &raw mut slot.state, 1);
        ptr::copy_nonoverlapping(DATA as *const u8, slot.data.as_mut_ptr(), DATA_SIZE);
    }
    set_timer(0);
}

fn set_timer(microseconds: i64) {
    let zero = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let timer =
        libc::itimerval { it_interval: zero, it_value: libc::timeval { tv_sec: 0, tv_usec: microseconds } };
    // SAFETY: the structure lives during the call.
    unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &raw const timer, ptr::null_mut()) };
}

fn install_handlers() -> bool {
    const SIZE: usize = 1 << 17;
    // SAFETY: a mapping of its own is the signal stack, and the handler has
    // the signature that SA_SIGINFO asks for.
    unsafe {
        let stack = libc::mmap(
            ptr::null_mut(),
            SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if stack == libc::MAP_FAILED {
            return false;
        }
        let stack = libc::stack_t { ss_sp: stack, ss_flags: 0, ss_size: SIZE };
        let mut fine = libc::sigaltstack(&raw const stack, ptr::null_mut()) == 0;
        for signal in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGTRAP,
            libc::SIGVTALRM,
            libc::SIGSYS,
        ] {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            fine &= libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0;
        }
        fine
    }
}

extern "C" fn on_signal(number: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    use libc::*;
    const ORDER: [c_int; 16] = [
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10,
        REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    ];
    // SAFETY: the kernel passes the context of the interrupted code with an
    // XSAVE area; the state block is mapped.
    unsafe {
        let context = &mut *context.cast::<ucontext_t>();
        let state = &mut *(STATE as *mut State);
        let registers = &mut context.uc_mcontext.gregs;
        let mut at = registers[REG_RIP as usize] as u64;
        if registers[REG_CSGSFS as usize] as u64 & 0xffff == CODE_16 {
            at += CODE;
        }
        // The clock runs out between instructions, too.
        if number == SIGVTALRM && !(CODE..CODE + CODE_SIZE as u64).contains(&at) {
            return;
        }
        for (value, register) in state.general.iter_mut().zip(ORDER) {
            *value = registers[register as usize] as u64;
        }
        state.flags = registers[REG_EFL as usize] as u64;
        state.pc = at;
        state.signal = number as u64;
        if !context.uc_mcontext.fpregs.is_null() {
            ptr::copy_nonoverlapping(context.uc_mcontext.fpregs.cast::<u8>(), state.area.as_mut_ptr(), AREA);
        }
        registers[REG_RIP as usize] = terrella_oracle_leave as *const () as i64;
        registers[REG_EFL as usize] = 0x202;
        registers[REG_CSGSFS as usize] = registers[REG_CSGSFS as usize] & !0xffff | CODE_64 as i64;
    }
}
