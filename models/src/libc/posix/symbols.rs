//! `dlfcn.h`: the library itself can be opened, and its functions be found.

use terrella_emulator_api::EmulatorExt;

use super::super::{
    catalogue,
    context::Context,
    error::Result,
    item::{self, Answer, Link},
    types::{Header, Ptr, Standard, models},
};

pub(crate) static HEADER: Header = Header {
    name: "dlfcn.h",
    standard: Standard::Posix,
    models: models! {
        dlopen = dlopen, "there is no library but this one and the program";
        dlsym = dlsym;
        dlvsym = dlvsym;
        dlclose = dlclose;
        dlerror = dlerror;
        dladdr = dladdr;
    },
};

/// The handle of the program and this library.
const HANDLE: Ptr = Ptr(0x6c69_6263);

fn set_error(c: &mut Context<'_>, text: &str) -> Result<()> {
    let room = c.room("dlerror", 256)?;
    c.write_text(room, &text.as_bytes()[..text.len().min(255)])?;
    c.state.numbers.insert("dlerror".to_owned(), 1);
    Ok(())
}

fn dlopen(c: &mut Context<'_>, path: Ptr, _flags: i32) -> Result<Ptr> {
    if path.is_null() {
        return Ok(HANDLE);
    }
    let name = String::from_utf8_lossy(&c.text(path)?).into_owned();
    let last = name.rsplit('/').next().unwrap_or_default();
    if ["libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so"].iter().any(|it| last.starts_with(it)) {
        return Ok(HANDLE);
    }
    set_error(c, &format!("{name}: cannot open shared object file: No such file or directory"))?;
    Ok(Ptr::NULL)
}

/// A function of the program's, or a model, which gets a stub.
fn dlsym(c: &mut Context<'_>, handle: Ptr, name: Ptr) -> Result<Ptr> {
    let name = String::from_utf8_lossy(&c.text(name)?).into_owned();
    // RTLD_NEXT, RTLD_DEFAULT and what `dlopen` gave.
    if !matches!(handle.0, 0 | 0x6c69_6263) && handle.0 as i32 != -1 {
        set_error(c, "invalid handle")?;
        return Ok(Ptr::NULL);
    }
    if let Some(address) = c.state.layout.variable(&name) {
        return Ok(Ptr(address));
    }
    if let Some(address) = c.state.layout.functions.get(&name) {
        return Ok(Ptr(*address));
    }
    if handle.0 as i32 != -1
        && let Ok(address) = terrella_machine_state::live_symbol(c.emulator(), &name)
        && address != 0
    {
        return Ok(Ptr(address));
    }
    let (Some(model), Some(convention)) = (catalogue::find(&name), c.state.convention) else {
        set_error(c, &format!("undefined symbol: {name}"))?;
        return Ok(Ptr::NULL);
    };
    let platform = c.state.platform;
    let (pointer, code) = c.state.layout.take_stub(platform, model.name)?;
    if convention.function_descriptors {
        let emulator = c.emulator();
        emulator.write_integer(pointer, code.into(), 8)?;
        emulator.write_integer(pointer + 8, pointer.into(), 8)?;
    }
    let link = Link { name: name.clone(), address: code, answer: Answer::Model(model.name.to_owned()) };
    let key = c.state.key.clone();
    item::hook(c.emulator(), &key, &link, convention)?;
    c.state.new_links.push(link);
    Ok(Ptr(pointer))
}

fn dlvsym(c: &mut Context<'_>, handle: Ptr, name: Ptr, _version: Ptr) -> Result<Ptr> {
    dlsym(c, handle, name)
}

fn dlclose(c: &mut Context<'_>, handle: Ptr) -> Result<i32> {
    if handle == HANDLE {
        return Ok(0);
    }
    set_error(c, "invalid handle")?;
    Ok(-1)
}

fn dlerror(c: &mut Context<'_>) -> Result<Ptr> {
    match c.state.numbers.remove("dlerror") {
        Some(_) => c.room("dlerror", 256),
        None => Ok(Ptr::NULL),
    }
}

/// What is known of addresses is not in guest memory: nothing is found.
fn dladdr(c: &mut Context<'_>, _address: Ptr, to: Ptr) -> Result<i32> {
    let word = usize::from(c.model.pointer);
    c.write(to, &vec![0; 4 * word])?;
    Ok(0)
}
