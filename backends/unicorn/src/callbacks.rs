//! What Unicorn calls: `extern "C"` functions that find the emulator and hand
//! the event over.
//!
//! Each native hook carries a pointer to the emulator's [`Link`], which holds
//! a pointer to the emulator while a call into Unicorn is under way that may
//! call back, and null at all other times. No panic leaves these functions.

use std::{
    cell::Cell,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::{self, NonNull},
    rc::Rc,
};

use terrella_emulator_api::{Access, Emulator, Flow, HookError, PanicPayload};
use unicorn_engine as uc;

use crate::{
    emulator::UnicornEmulator,
    engine::Handle,
    traits::{NO_ADDRESSES, PlainAddresses, is_plain},
};

/// Where the callbacks find the emulator, and what is looked at before every
/// instruction.
pub(crate) struct Link {
    emulator: Cell<*mut UnicornEmulator>,
    /// The hook of all instructions, where it is all that there is to do at
    /// plain instructions. Only under a native run.
    only_hook: Cell<Option<NonNull<OnlyHook>>>,
    /// Those of [`Traits`](crate::traits::Traits), while there is such a hook.
    plain: Cell<NonNull<PlainAddresses>>,
    /// The program counter that callbacks see, if there is one.
    pc: Cell<u64>,
    has_pc: Cell<bool>,
    /// Something besides the hook of all instructions and counting is to be
    /// done at the next instruction, or was asked for by a callback.
    pub(crate) attention: Cell<bool>,
}

/// What an [`InstructionHook`](terrella_emulator_api::InstructionHook) points to.
type OnlyHook = dyn FnMut(&mut dyn Emulator, u64) -> Result<Flow, HookError>;

impl Default for Link {
    fn default() -> Self {
        Self {
            emulator: Cell::new(ptr::null_mut()),
            only_hook: Cell::new(None),
            plain: Cell::new(NonNull::from(&NO_ADDRESSES)),
            pc: Cell::new(0),
            has_pc: Cell::new(false),
            attention: Cell::new(false),
        }
    }
}

impl Link {
    /// The program counter that callbacks see, if it is not the engine's.
    pub(crate) fn pc(&self) -> Option<u64> {
        self.has_pc.get().then(|| self.pc.get())
    }

    /// Sets that, and gives back what it was.
    pub(crate) fn replace_pc(&self, pc: Option<u64>) -> Option<u64> {
        let outer = self.pc();
        self.pc.set(pc.unwrap_or(0));
        self.has_pc.set(pc.is_some());
        outer
    }
}

/// Calls `event` with the emulator of a callback's argument.
///
/// # Safety
/// `user` must be a pointer to a live [`Link`], and the call must come out of
/// [`UnicornEmulator::calling_back`] on this thread.
unsafe fn with<R>(user: *mut c_void, fallback: R, event: impl FnOnce(&mut UnicornEmulator) -> R) -> R {
    // SAFETY: the caller vouches for the pointer.
    let link = unsafe { &*user.cast::<Link>() };
    let emulator = link.emulator.get();
    if emulator.is_null() {
        return fallback;
    }
    // SAFETY: `calling_back` derived the pointer from its exclusive borrow and
    // does not touch the emulator until the call into Unicorn returns.
    let emulator = unsafe { &mut *emulator };
    match catch_unwind(AssertUnwindSafe(|| event(emulator))) {
        Ok(result) => result,
        Err(panic) => {
            after_panic(link, panic);
            fallback
        }
    }
}

/// Ends the native run, for a panic to be resumed when it has ended.
#[cold]
#[inline(never)]
fn after_panic(link: &Link, panic: PanicPayload) {
    // SAFETY: called by callbacks that found the emulator by this link, when
    // their borrow of it has ended.
    let emulator = unsafe { &mut *link.emulator.get() };
    emulator.run.panic.get_or_insert(panic);
    emulator.link.attention.set(true);
    emulator.engine.stop();
}

unsafe extern "C" fn on_code(_: *mut uc::uc_engine, address: u64, size: u32, user: *mut c_void) {
    // SAFETY: hooks are added with the link as their argument.
    let link = unsafe { &*user.cast::<Link>() };
    // This runs before every instruction, so only the link is looked at.
    let Some(hook) = link.only_hook.get() else { return on_code_with_more(link, address, size) };
    // SAFETY: the table is of the emulator, which is there, or static.
    if link.attention.get() || !is_plain(unsafe { link.plain.get().as_ref() }, address) {
        return on_code_with_more(link, address, size);
    }
    link.pc.set(address);
    let call = || {
        // SAFETY: the closure is on the heap, and its owner, `lent`, is touched
        // by nothing that a callback can reach. A native run is under way, so
        // the emulator is that of `calling_back`, which does not touch it.
        let result = unsafe { (*hook.as_ptr())(&mut *link.emulator.get(), address) };
        // It is looked at where it is: to copy it takes longer than all the
        // rest.
        match &result {
            Ok(Flow::Continue) if !link.attention.get() => {}
            _ => after_only_hook(link, result),
        }
    };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(call)) {
        after_panic(link, panic);
    }
}

#[cold]
#[inline(never)]
fn after_only_hook(link: &Link, result: Result<Flow, HookError>) {
    // SAFETY: called by `on_code` only, as there, after the closure.
    let emulator = unsafe { &mut *link.emulator.get() };
    emulator.after_global_hook(link.pc.get(), result);
}

#[cold]
#[inline(never)]
fn on_code_with_more(link: &Link, address: u64, size: u32) {
    // SAFETY: called by `on_code` only, as for it.
    unsafe { with(ptr::from_ref(link).cast_mut().cast(), (), |emulator| emulator.on_code(address, size)) }
}

unsafe extern "C" fn on_block(_: *mut uc::uc_engine, address: u64, size: u32, user: *mut c_void) {
    // SAFETY: as for `on_code`.
    unsafe { with(user, (), |emulator| emulator.on_block(address, u64::from(size))) }
}

unsafe extern "C" fn on_exception(_: *mut uc::uc_engine, number: u32, user: *mut c_void) {
    // SAFETY: as for `on_code`.
    unsafe { with(user, (), |emulator| emulator.on_exception(number)) }
}

unsafe extern "C" fn on_invalid(_: *mut uc::uc_engine, user: *mut c_void) -> bool {
    // SAFETY: as for `on_code`.
    unsafe { with(user, false, UnicornEmulator::on_invalid) }
}

unsafe extern "C" fn on_translation(
    _: *mut uc::uc_engine,
    block: *mut uc::TranslationBlock,
    _: *mut uc::TranslationBlock,
    user: *mut c_void,
) {
    // SAFETY: Unicorn passes a valid block.
    let uc::TranslationBlock { pc, size, .. } = unsafe { *block };
    // SAFETY: as for `on_code`.
    unsafe { with(user, (), |emulator| emulator.on_translation(pc, u64::from(size))) }
}

unsafe extern "C" fn on_syscall(_: *mut uc::uc_engine, user: *mut c_void) {
    // SAFETY: as for `on_code`.
    unsafe { with(user, (), UnicornEmulator::on_syscall_instruction) }
}

unsafe extern "C" fn on_tlb_fill(
    _: *mut uc::uc_engine,
    address: u64,
    kind: uc::MemType,
    entry: *mut uc::TlbEntry,
    user: *mut c_void,
) -> bool {
    let access = match kind {
        uc::MemType::WRITE => Access::Write,
        uc::MemType::FETCH => Access::Fetch,
        _ => Access::Read,
    };
    let event = |emulator: &mut UnicornEmulator| {
        let view = emulator.on_tlb_fill(address, access);
        if view.is_some() && access != Access::Fetch {
            emulator.forget_if_then();
        }
        view
    };
    // SAFETY: as for `on_code`.
    let Some((physical, permissions)) = (unsafe { with(user, None, event) }) else {
        return false;
    };
    // SAFETY: Unicorn passes a valid place for the entry.
    unsafe { *entry = uc::TlbEntry { paddr: physical, perms: permissions } };
    true
}

unsafe extern "C" fn on_access(
    _: *mut uc::uc_engine,
    kind: uc::MemType,
    physical: u64,
    size: i32,
    value: i64,
    user: *mut c_void,
) -> bool {
    let access = if kind == uc::MemType::WRITE_PROT { Access::Write } else { Access::Read };
    let size = usize::try_from(size).unwrap_or(0);
    let event = |emulator: &mut UnicornEmulator| {
        let goes_on = emulator.on_access(access, physical, size, value as u64);
        if goes_on {
            emulator.forget_if_then();
        }
        goes_on
    };
    // SAFETY: as for `on_code`.
    unsafe { with(user, false, event) }
}

unsafe extern "C" fn on_alias_read(_: *mut uc::uc_engine, offset: u64, size: u32, user: *mut c_void) -> u64 {
    // SAFETY: as for `on_code`.
    unsafe { with(user, 0, |emulator| emulator.on_alias_read(offset, size as usize)) }
}

unsafe extern "C" fn on_alias_write(
    _: *mut uc::uc_engine,
    offset: u64,
    size: u32,
    value: u64,
    user: *mut c_void,
) {
    // SAFETY: as for `on_code`.
    unsafe { with(user, (), |emulator| emulator.on_alias_write(offset, size as usize, value)) }
}

/// The functions as Unicorn takes them.
pub(crate) const ON_CODE: *const c_void = on_code as *const c_void;
pub(crate) const ON_BLOCK: *const c_void = on_block as *const c_void;

impl UnicornEmulator {
    /// Calls into Unicorn where it may call back.
    pub(crate) fn calling_back<R>(&mut self, call: impl FnOnce(Handle) -> R) -> R {
        let link = Rc::clone(&self.link);
        let engine = self.engine.handle();
        // From here to the end of the call, the emulator is reached only
        // through this pointer.
        let previous = link.emulator.replace(ptr::from_mut(self));
        let result = call(engine);
        link.emulator.set(previous);
        result
    }

    /// Takes the hook of all instructions, if there is one, out of the table
    /// for the plain instructions to come.
    pub(crate) fn lend_global_hook(&mut self) {
        if self.link.attention.get() {
            return;
        }
        self.lent = self.hooks.instructions.take_global();
        if !self.run.counts() {
            self.link.only_hook.set(self.lent.as_mut().map(|lent| NonNull::from(&mut *lent.hook)));
            self.link.plain.set(self.traits.plain());
            self.link.has_pc.set(true);
        }
    }

    /// Puts the hook of all instructions back, if it was lent. It is dropped
    /// if it was removed meanwhile.
    pub(crate) fn give_back_global_hook(&mut self) {
        self.link.only_hook.set(None);
        if let Some(lent) = self.lent.take() {
            self.hooks.instructions.put_back_global(lent);
        }
    }

    /// What native hooks pass to their callbacks.
    pub(crate) fn user_data(&self) -> *mut c_void {
        Rc::as_ptr(&self.link).cast_mut().cast::<c_void>()
    }

    /// Maps the memory into Unicorn and adds the hooks that always exist.
    pub(crate) fn connect(&mut self) -> terrella_emulator_api::Result<()> {
        let user = self.user_data();
        let (host, size) = self.memory.host_memory();
        // SAFETY: the memory is a field that is dropped after the engine, and
        // is accessed by callbacks only while the engine waits for them.
        unsafe { self.engine.map_host_memory(0, size.min(self.memory.layout.alias), host)? };
        let layout = self.memory.layout;
        let all = |kind: uc::HookType, callback: *const c_void| {
            // SAFETY: each function has the signature of its kind, does not
            // unwind, and the link outlives the engine.
            unsafe { self.engine.add_hook(kind, callback, user, 1, 0) }
        };
        all(uc::HookType::TLB_FILL, on_tlb_fill as *const c_void)?;
        let kind = uc::HookType(uc::HookType::MEM_READ_PROT.0 | uc::HookType::MEM_WRITE_PROT.0);
        let (first, last) = (layout.alias, layout.alias + layout.alias_size - 1);
        // Only for the alias: where such hooks exist, all stores are slow.
        // SAFETY: as above, with the signature of protection hooks.
        unsafe { self.engine.add_hook(kind, on_access as *const c_void, user, first, last)? };
        all(uc::HookType::EDGE_GENERATED, on_translation as *const c_void)?;
        all(uc::HookType::INTR, on_exception as *const c_void)?;
        all(uc::HookType::INSN_INVALID, on_invalid as *const c_void)?;
        // SAFETY: the signatures are those of the contract; the link outlives
        // the engine.
        unsafe {
            self.engine.map_callbacks(layout.alias, layout.alias_size, on_alias_read, on_alias_write, user)?
        };
        if self.target.arch == uc::Arch::X86 {
            for instruction in [uc::X86Insn::SYSCALL, uc::X86Insn::SYSENTER] {
                // SAFETY: the signature is that of system-call instructions.
                unsafe { self.engine.add_instruction_hook(instruction, on_syscall as *const c_void, user)? };
            }
        }
        Ok(())
    }
}
