//! [`Engine`]: Unicorn's C interface, one handle, typed.
//!
//! This is the only file that calls into Unicorn. It adds no policy; what
//! Unicorn does with each call was measured for version 2.1.5.

use std::{
    ffi::{c_int, c_void},
    ptr,
    sync::{Mutex, PoisonError},
};

use terrella_emulator_api::{Error, Result};
use unicorn_engine as uc;

use crate::{NAME, target::Target};

/// An open Unicorn engine: the owner of the handle.
pub(crate) struct Engine(Handle);

/// The handle of an open engine. It is copied out of its owner around calls
/// that call back, so that no borrow of the owner is alive meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Handle {
    handle: *mut uc::uc_engine,
}

impl std::ops::Deref for Engine {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0
    }
}

/// A native hook, to be removed by its handle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NativeHook(uc::uc_hook);

/// The registers of an engine, saved.
pub(crate) struct Context {
    raw: *mut uc::uc_context,
}

/// The first bytes of the processor's state as Unicorn keeps it, behind the
/// head of a context: what saving and restoring a context copies.
pub(crate) struct RawState {
    words: Box<[u64]>,
    size: usize,
}

/// What a context has before the state: `struct uc_context` in Unicorn's
/// `uc_priv.h`.
#[repr(C)]
struct ContextHead {
    size: usize,
    mode: c_int,
    architecture: c_int,
    snapshot_level: c_int,
    ram_block_freed: bool,
    last_block: *mut c_void,
    flat_view: *mut c_void,
}

/// The size of the head in whole words.
const HEAD_WORDS: usize = size_of::<ContextHead>() / size_of::<u64>();

/// The directions of `uc_ctl`, from the macros of `unicorn.h`.
const WRITE: u32 = 1 << 30;

const fn control(kind: uc::ControlType, arguments: u32) -> uc::ControlType {
    uc::ControlType(kind.0 | arguments << 26 | WRITE)
}

/// Unicorn's error as ours, with what was being done.
fn check(code: uc::uc_error, doing: &str) -> Result<()> {
    if code == uc::uc_error::OK {
        Ok(())
    } else {
        Err(Error::Backend { backend: NAME, message: format!("{doing}: {code:?}") })
    }
}

impl Engine {
    /// Opens an engine and makes its processor.
    ///
    /// One at a time in a process: where Unicorn 2.1.5 makes a SPARC processor,
    /// it keeps the addresses of the fields to fill in static variables
    /// (`sparc_tcg_init` in `target/sparc/translate.c`), so that two threads
    /// that make one each fill each other's, and the translator of one then
    /// runs with variables that were never made. The processor is made at the
    /// first call that needs it; of the settings here that is the last one.
    pub(crate) fn open(target: &Target) -> Result<Self> {
        static MAKING: Mutex<()> = Mutex::new(());
        // Nothing is behind the lock that a panic could leave half made.
        let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` is a valid place for the new handle.
        check(unsafe { uc::uc_open(target.arch, target.mode, &raw mut handle) }, "opening an engine")?;
        let engine = Self(Handle { handle });
        if let Some(model) = target.model {
            engine.set_cpu_model(model)?;
        }
        if target.sets_page_size {
            engine.set_page_size(4096)?;
        }
        engine.ignore_until()?;
        engine.use_virtual_tlb()?;
        Ok(engine)
    }

    /// The version of the library: major, minor, patch in bytes.
    pub(crate) fn version() -> u32 {
        // SAFETY: null pointers are allowed, the call only fills what is given.
        unsafe { uc::uc_version(ptr::null_mut(), ptr::null_mut()) }
    }

    /// The handle, for calls that call back.
    pub(crate) fn handle(&self) -> Handle {
        self.0
    }
}

impl Handle {
    /// Selects the processor model; before the first use only.
    fn set_cpu_model(&self, model: i32) -> Result<()> {
        // SAFETY: the handle is open, and the argument has the type that the
        // control takes.
        let code = unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::CPU_MODEL, 1), model as c_int) };
        check(code, "selecting the processor model")
    }

    /// Sets the page size; before the first use only, and only on ARM.
    fn set_page_size(&self, bytes: u32) -> Result<()> {
        // SAFETY: as in `set_cpu_model`.
        let code = unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::UC_PAGE_SIZE, 1), bytes) };
        check(code, "setting the page size")
    }

    /// Makes runs ignore their `until` address: with a set of exits that is
    /// empty, there is none.
    fn ignore_until(&self) -> Result<()> {
        // SAFETY: as in `set_cpu_model`.
        let code = unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::UC_USE_EXITS, 1), 1 as c_int) };
        check(code, "enabling exits")
    }

    /// Sets the addresses at which translation of code ends, and runs with it.
    /// They are part of the code that was translated before, so they serve
    /// only where nothing is.
    pub(crate) fn set_exits(&self, exits: &[u64]) -> Result<()> {
        // SAFETY: the handle is open; the arguments are a pointer to 64-bit
        // integers and their number.
        let code = unsafe {
            uc::uc_ctl(self.handle, control(uc::ControlType::UC_EXITS, 2), exits.as_ptr(), exits.len())
        };
        check(code, "setting exits")
    }

    /// Has address translation asked of the TLB-fill hook.
    fn use_virtual_tlb(&self) -> Result<()> {
        // SAFETY: as in `set_cpu_model`.
        let code = unsafe {
            uc::uc_ctl(self.handle, control(uc::ControlType::TLB_TYPE, 1), uc::TlbType::VIRTUAL as c_int)
        };
        check(code, "selecting the virtual TLB")
    }

    /// Forgets all translated code.
    pub(crate) fn flush_code(&self) -> Result<()> {
        // SAFETY: the handle is open; the control takes no argument.
        let code = unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::TB_FLUSH, 0)) };
        check(code, "flushing translated code")
    }

    /// Forgets the translated code that touches a range of guest addresses.
    pub(crate) fn flush_code_range(&self, first: u64, end: u64) -> Result<()> {
        // SAFETY: as in `set_cpu_model`; the arguments are two 64-bit integers.
        let code =
            unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::TB_REMOVE_CACHE, 2), first, end) };
        check(code, "flushing translated code of a range")
    }

    /// Forgets all address translations.
    pub(crate) fn flush_tlb(&self) -> Result<()> {
        // SAFETY: the handle is open; the control takes no argument.
        let code = unsafe { uc::uc_ctl(self.handle, control(uc::ControlType::TLB_FLUSH, 0)) };
        check(code, "flushing the TLB")
    }

    /// Maps host memory as guest-physical memory, with all permissions.
    ///
    /// # Safety
    /// `size` bytes at `host` must stay valid until the engine is closed, and
    /// be accessed by nothing else while the engine runs.
    pub(crate) unsafe fn map_host_memory(&self, physical: u64, size: u64, host: *mut u8) -> Result<()> {
        // SAFETY: the caller vouches for the host memory.
        let code = unsafe {
            uc::uc_mem_map_ptr(self.handle, physical, size, uc::Prot::ALL.0, host.cast::<c_void>())
        };
        check(code, "mapping memory")
    }

    /// Maps a guest-physical range whose reads call `read`; it has no
    /// permissions, so that each access asks the protection hooks first.
    ///
    /// # Safety
    /// `user` must be what `read` and `write` expect, as long as the engine is
    /// open.
    pub(crate) unsafe fn map_callbacks(
        &self,
        physical: u64,
        size: u64,
        read: unsafe extern "C" fn(*mut uc::uc_engine, u64, u32, *mut c_void) -> u64,
        write: unsafe extern "C" fn(*mut uc::uc_engine, u64, u32, u64, *mut c_void),
        user: *mut c_void,
    ) -> Result<()> {
        // SAFETY: the caller vouches for the callbacks and their argument.
        let code =
            unsafe { uc::uc_mmio_map(self.handle, physical, size, Some(read), user, Some(write), user) };
        check(code, "mapping callbacks")?;
        // SAFETY: the handle is open and the range was mapped above.
        let code = unsafe { uc::uc_mem_protect(self.handle, physical, size, 0) };
        check(code, "protecting callbacks")
    }

    /// Adds a hook on a range of addresses (all of them if `first > last`).
    ///
    /// # Safety
    /// `callback` must have the signature that Unicorn documents for `kind`,
    /// must not unwind, and `user` must be what it expects as long as the hook
    /// exists.
    pub(crate) unsafe fn add_hook(
        &self,
        kind: uc::HookType,
        callback: *const c_void,
        user: *mut c_void,
        first: u64,
        last: u64,
    ) -> Result<NativeHook> {
        let mut hook = uc::uc_hook::default();
        // SAFETY: the caller vouches for callback and argument.
        let code = unsafe {
            uc::uc_hook_add(
                self.handle,
                &raw mut hook,
                kind.0 as c_int,
                callback.cast_mut(),
                user,
                first,
                last,
            )
        };
        check(code, "adding a hook")?;
        Ok(NativeHook(hook))
    }

    /// As [`Self::add_hook`], for one x86 instruction.
    ///
    /// # Safety
    /// As for [`Self::add_hook`].
    pub(crate) unsafe fn add_instruction_hook(
        &self,
        instruction: uc::X86Insn,
        callback: *const c_void,
        user: *mut c_void,
    ) -> Result<NativeHook> {
        let mut hook = uc::uc_hook::default();
        // SAFETY: the caller vouches for callback and argument; instruction
        // hooks take the instruction as a further argument.
        let code = unsafe {
            uc::uc_hook_add(
                self.handle,
                &raw mut hook,
                uc::HookType::INSN.0 as c_int,
                callback.cast_mut(),
                user,
                1_u64,
                0_u64,
                instruction as c_int,
            )
        };
        check(code, "adding an instruction hook")?;
        Ok(NativeHook(hook))
    }

    /// Removes a hook. Never call it while the engine runs: Unicorn would go
    /// on to call what is freed.
    pub(crate) fn remove_hook(&self, hook: NativeHook) -> Result<()> {
        // SAFETY: the handle is open; Unicorn looks the hook up in its lists.
        check(unsafe { uc::uc_hook_del(self.handle, hook.0) }, "removing a hook")
    }

    /// Reads a register into `bytes`, host order; `false` if Unicorn has no
    /// such register or it is not of that size.
    pub(crate) fn read_register(&self, id: i32, bytes: &mut [u8]) -> bool {
        let mut size = bytes.len();
        // SAFETY: `bytes` is writable for `size` bytes, which the call never
        // exceeds.
        let code =
            unsafe { uc::uc_reg_read2(self.handle, id, bytes.as_mut_ptr().cast::<c_void>(), &raw mut size) };
        code == uc::uc_error::OK
    }

    /// Writes a register from `bytes`, host order.
    pub(crate) fn write_register(&self, id: i32, bytes: &[u8]) -> bool {
        let mut size = bytes.len();
        // SAFETY: `bytes` is readable for `size` bytes, which the call never
        // exceeds.
        let code =
            unsafe { uc::uc_reg_write2(self.handle, id, bytes.as_ptr().cast::<c_void>(), &raw mut size) };
        code == uc::uc_error::OK
    }

    /// Writes the program counter inside a callback, so that the engine leaves
    /// the block and looks again what to execute, in the state as it is then.
    /// Of the interface's functions, only this one keeps it from going back to
    /// the state that the block has for the instruction.
    pub(crate) fn leave_block(&self, id: i32, pc: u64) -> bool {
        let bytes = pc.to_le_bytes();
        // SAFETY: the value has at least as many bytes as a register; on hosts
        // of little-endian order a narrower one takes the low ones.
        unsafe { uc::uc_reg_write(self.handle, id, bytes.as_ptr().cast::<c_void>()) == uc::uc_error::OK }
    }

    /// Runs from `pc` on.
    pub(crate) fn start(&self, pc: u64) -> uc::uc_error {
        // SAFETY: the handle is open. Callbacks re-enter Rust through the hook
        // callbacks only, whose contracts were vouched for when they were
        // added.
        unsafe { uc::uc_emu_start(self.handle, pc, 0, 0, 0) }
    }

    /// Ends the run at the next place where it can end.
    pub(crate) fn stop(&self) {
        // SAFETY: the handle is open. The call sets flags and cannot fail in a
        // way that matters: an engine that does not run need not be stopped.
        let _ = unsafe { uc::uc_emu_stop(self.handle) };
    }

    /// Saves the registers.
    pub(crate) fn save_context(&self) -> Result<Context> {
        let mut raw = ptr::null_mut();
        // SAFETY: the handle is open and `raw` is a valid place.
        check(unsafe { uc::uc_context_alloc(self.handle, &raw mut raw) }, "allocating a context")?;
        let context = Context { raw };
        // SAFETY: the context was allocated by this engine.
        check(unsafe { uc::uc_context_save(self.handle, context.raw) }, "saving a context")?;
        Ok(context)
    }

    /// Whether a context is what [`ContextHead`] says, and behind it the state,
    /// of which the context has `size` bytes, or none.
    pub(crate) fn context_is_plain(&self, size: usize) -> bool {
        // SAFETY: the handle is open.
        let whole = unsafe { uc::uc_context_size(self.handle) };
        let head = HEAD_WORDS * size_of::<u64>();
        whole == head || whole >= head + size
    }

    /// Copies the first `size` bytes of the processor's state.
    ///
    /// # Safety
    /// The state must have so many bytes, and the contexts of this processor
    /// must be plain copies of it.
    pub(crate) unsafe fn read_state(&self, size: usize) -> Result<RawState> {
        let mut words = vec![0; HEAD_WORDS + size.div_ceil(size_of::<u64>())].into_boxed_slice();
        let head = ContextHead {
            size,
            mode: 0,
            architecture: 0,
            snapshot_level: 0,
            ram_block_freed: false,
            last_block: ptr::null_mut(),
            flat_view: ptr::null_mut(),
        };
        // SAFETY: the words begin with room for a head, aligned.
        unsafe { words.as_mut_ptr().cast::<ContextHead>().write(head) };
        // SAFETY: the buffer is a context with room for the size that it says;
        // the caller vouches that Unicorn copies so many bytes.
        let code = unsafe { uc::uc_context_save(self.handle, words.as_mut_ptr().cast()) };
        check(code, "reading the state")?;
        Ok(RawState { words, size })
    }

    /// Puts back what [`Self::read_state`] of this engine gave, changed.
    ///
    /// # Safety
    /// The state must be one that the processor can be in, and pointers in it
    /// must be as they were.
    pub(crate) unsafe fn write_state(&self, state: &RawState) -> Result<()> {
        let context = state.words.as_ptr().cast_mut();
        // SAFETY: the buffer is a context that Unicorn filled, which the call
        // only reads; the caller vouches for its content.
        let code = unsafe { uc::uc_context_restore(self.handle, context.cast()) };
        check(code, "writing the state")
    }

    /// Brings saved registers back. Never call it while the engine runs.
    pub(crate) fn restore_context(&self, context: &Context) -> Result<()> {
        // SAFETY: the context was allocated and filled by an engine of the
        // same kind.
        check(unsafe { uc::uc_context_restore(self.handle, context.raw) }, "restoring a context")
    }
}

impl RawState {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the words behind the head are initialised, and any of their
        // bytes are bytes.
        unsafe { std::slice::from_raw_parts(self.words[HEAD_WORDS..].as_ptr().cast(), self.size) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; every bit pattern is a word.
        unsafe { std::slice::from_raw_parts_mut(self.words[HEAD_WORDS..].as_mut_ptr().cast(), self.size) }
    }

    fn place<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes()[offset..offset + N]);
        bytes
    }

    /// The 32-bit word at an offset.
    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32::from_ne_bytes(self.place(offset))
    }

    /// The 64-bit word at an offset.
    pub(crate) fn u64(&self, offset: usize) -> u64 {
        u64::from_ne_bytes(self.place(offset))
    }

    /// Replaces the byte at an offset.
    pub(crate) fn set_u8(&mut self, offset: usize, value: u8) {
        self.bytes_mut()[offset] = value;
    }

    /// Replaces the 32-bit word at an offset.
    pub(crate) fn set_u32(&mut self, offset: usize, value: u32) {
        self.bytes_mut()[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Replaces the 64-bit word at an offset.
    pub(crate) fn set_u64(&mut self, offset: usize, value: u64) {
        self.bytes_mut()[offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nothing uses it after this.
        let _ = unsafe { uc::uc_close(self.0.handle) };
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was allocated by `uc_context_alloc` and is freed
        // once.
        let _ = unsafe { uc::uc_context_free(self.raw) };
    }
}
