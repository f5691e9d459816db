//! Variables of the library get their places and their first values.

use terrella_emulator_api::Permissions;
use terrella_machine_state::{Executable, Machine, Memory};
use terrella_platforms::Platform;

use super::{
    item::Libc,
    link::{LIBC, LinkError, item_of, put_text, take_room, write_number, write_word},
    program::convention_of,
    state::State,
    variables::Initial,
};

/// Gives a variable its place and its value.
pub(super) fn link_variable(
    machine: &mut Machine,
    executable: &Executable,
    name: &str,
    plain: &str,
    initial: Initial,
) -> Result<(), LinkError> {
    const STRIDE: u64 = 32;
    let platform = machine.platform();
    let item = item_of(machine, executable);
    // Where the program wants it (`COPY`), where the linker put it, or in the
    // library's memory.
    let own = item.as_ref().and_then(|item| {
        let symbol = machine.get::<Executable>(item).ok()?.symbols.get(plain)?;
        (symbol.address != 0).then_some(symbol.address)
    });
    let size = size_of(platform, initial);
    let imported = machine.symbol(&format!("{name}@import")).ok().map(|symbol| symbol.address);
    let known = machine.get::<Libc>(LIBC)?.state.layout.variables.get(plain).copied();
    let address = match (own, imported.filter(|_| size <= STRIDE), known) {
        (Some(address), ..) => address,
        (None, Some(address), _) => {
            let address = slot_content(machine, executable, name)
                .unwrap_or_else(|| platform.definition().code_address(address));
            make_writable(machine, address)?;
            address
        }
        (None, None, Some(address)) => address,
        (None, None, None) => take_room(&mut machine.get_mut::<Libc>(LIBC)?.state, size, platform)?,
    };
    if (imported.is_none() || size > STRIDE)
        && let Some(item) = &item
    {
        machine.get_mut::<Executable>(item)?.resolve_import(name, address)?;
    }
    let mut state = machine.get::<Libc>(LIBC)?.state.clone();
    write_initial(machine, &mut state, address, initial)?;
    state.layout.variables.insert(plain.to_owned(), address);
    if initial == Initial::Environment {
        state.layout.environ = address;
    }
    machine.get_mut::<Libc>(LIBC)?.state = state;
    Ok(())
}

/// What the first slot of an import holds: where the program looks for a
/// variable. That is not the address of the symbol where functions have
/// descriptors, as the symbol of an import is its code.
pub(super) fn slot_content(machine: &Machine, executable: &Executable, name: &str) -> Option<u64> {
    let definition = machine.platform().definition();
    if !convention_of(executable).function_descriptors {
        return None;
    }
    let import = executable.imports.iter().find(|import| import.name == name)?;
    let slot = *import.slots.first()?;
    Some(machine.read_integer(slot, definition.pointer_bytes.into()).ok()? as u64)
}

fn size_of(platform: Platform, initial: Initial) -> u64 {
    let word = u64::from(platform.definition().pointer_bytes);
    match initial {
        Initial::Int(_) => 4,
        Initial::ZoneNames => 2 * word,
        Initial::Word(_) => 8,
        Initial::Bytes(bytes) => bytes.len() as u64,
        Initial::Classes => 257,
        _ => word,
    }
}

fn write_initial(
    machine: &mut Machine,
    state: &mut State,
    address: u64,
    initial: Initial,
) -> Result<(), LinkError> {
    let word = u64::from(machine.platform().definition().pointer_bytes);
    match initial {
        Initial::Stream(index) => write_word(machine, address, state.layout.files[index.min(2)]),
        Initial::Environment => {
            let array = machine.read_integer(state.layout.environ, word as usize)? as u64;
            write_word(machine, address, array)
        }
        Initial::Int(value) => write_number(machine, address, value as u64, state.model.int),
        Initial::Long(value) => write_number(machine, address, value as u64, state.model.long),
        Initial::Null => write_word(machine, address, 0),
        Initial::Program { whole } => {
            let last = state.program.rfind('/').map_or(0, |slash| slash as u64 + 1);
            write_word(machine, address, state.program_text.wrapping_add(if whole { 0 } else { last }))
        }
        Initial::ZoneNames => {
            let text = put_text(machine, state, b"UTC")?;
            write_word(machine, address, text)?;
            write_word(machine, address + word, text)
        }
        Initial::Guard => {
            // Its lowest byte in memory is zero, so that texts do not run over
            // it.
            let mut bytes = state.kernel.random_bytes(word as usize);
            bytes[0] = 0;
            Ok(machine.write_memory(address, &bytes)?)
        }
        Initial::Word(value) => write_number(machine, address, value, 8),
        Initial::Bytes(bytes) => Ok(machine.write_memory(address, bytes)?),
        Initial::Reentrancy => {
            // struct _reent: int _errno; FILE *_stdin, *_stdout, *_stderr.
            let record = take_room(state, 8 * word, machine.platform())?;
            for (index, file) in state.layout.files.iter().enumerate() {
                write_word(machine, record + word * (index as u64 + 1), *file)?;
            }
            write_word(machine, address, record)
        }
        Initial::Classes => {
            let table: Vec<u8> = super::ctype::newlib_table();
            Ok(machine.write_memory(address, &table)?)
        }
    }
}

/// What the linker gave a variable is among functions, in memory that cannot be
/// written.
fn make_writable(machine: &mut Machine, address: u64) -> Result<(), LinkError> {
    let items: Vec<String> = machine.iter_of::<Executable>().map(|(name, _)| name.to_owned()).collect();
    for item in items {
        let executable = machine.get_mut::<Executable>(&item)?;
        if let Some(segment) = executable.segments.iter_mut().find(|segment| segment.range.contains(address))
        {
            segment.permissions = segment.permissions | Permissions::WRITE;
            return Ok(());
        }
    }
    if machine.read_memory(address, 1).is_err() {
        let memory = Memory::new(machine.platform(), address, 32, Permissions::READ_WRITE)?;
        machine.add(format!("libc.variable:{address:#x}"), memory)?;
    }
    Ok(())
}
