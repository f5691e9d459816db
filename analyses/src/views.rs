//! Views: memory and registers as text for a terminal.

use std::{collections::BTreeSet, fmt::Write as _};

use terrella_emulator_api::{AddressRange, Emulator, EmulatorExt, MemoryRegion};
use terrella_machine_state::Machine;

use crate::{Modules, Place};

/// Bytes with their addresses, in hexadecimal and as text.
///
/// ```
/// let text = terrella_analyses::views::hexdump(0x1000, b"hello\0");
/// assert_eq!(text, "0x1000  68 65 6c 6c 6f 00                                  |hello.|\n");
/// ```
#[must_use]
pub fn hexdump(address: u64, bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, row) in bytes.chunks(16).enumerate() {
        let hex: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        let shown = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
        let letters: String = row.iter().map(shown).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:#x}  {hex:<51}|{letters}|", address.wrapping_add(16 * index as u64));
    }
    text
}

/// The general registers, the program counter and the stack pointer of an
/// emulator: names and values.
#[must_use]
pub fn general_registers(emulator: &dyn Emulator) -> Vec<(&'static str, u64)> {
    let definition = emulator.definition();
    let mut seen = BTreeSet::new();
    let names = [definition.program_counter, definition.stack_pointer].into_iter();
    names
        .chain(definition.general_registers.iter().copied())
        .filter(|name| definition.register(name).is_some_and(|id| seen.insert(id)))
        .filter_map(|name| Some((name, emulator.read_register(name).ok()?)))
        .collect()
}

/// Registers in columns; those that `before` has with another value are marked
/// with `*`.
///
/// ```
/// let now = [("rax", 1), ("rbx", 2)];
/// let before = [("rax", 1), ("rbx", 3)];
/// let text = terrella_analyses::views::registers(&now, Some(&before));
/// assert_eq!(text, " rax 0x1                 *rbx 0x2\n");
/// ```
#[must_use]
pub fn registers(now: &[(&str, u64)], before: Option<&[(&str, u64)]>) -> String {
    let width = now.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let cells: Vec<String> = now
        .iter()
        .map(|(name, value)| {
            let old = before.and_then(|before| before.iter().find(|(known, _)| known == name));
            let mark = if old.is_some_and(|(_, old)| old != value) { '*' } else { ' ' };
            format!("{mark}{name:<width$} {:<18}", format!("{value:#x}"))
        })
        .collect();
    let mut text = String::new();
    for row in cells.chunks(4) {
        text.push_str(row.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// What is mapped, with the items of a machine or the files that are there.
#[must_use]
pub fn memory_map(regions: &[MemoryRegion], name: &dyn Fn(AddressRange) -> Option<String>) -> String {
    let mut text = String::new();
    for region in regions {
        let name = name(region.range).unwrap_or_default();
        let line = format!("{} {} {name}", region.range, region.permissions);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A word of the stack, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StackWord {
    /// Where it is.
    pub address: u64,
    /// The word.
    pub value: u64,
    /// The place that it is the address of, if that is code.
    pub code: Option<Place>,
    /// The text that it is the address of, if it is one.
    pub text: Option<String>,
    /// The word that it is the address of, if there is one.
    pub points_to: Option<u64>,
}

/// The words from the stack pointer on, and what they lead to.
#[must_use]
pub fn telescope(
    emulator: &dyn Emulator,
    modules: &Modules,
    machine: Option<&Machine>,
    address: u64,
    count: usize,
) -> Vec<StackWord> {
    let definition = emulator.definition();
    let word = usize::from(definition.pointer_bytes);
    let map = emulator.memory_map();
    let read = |address: u64| emulator.read_integer(address, word).ok().map(|value| value as u64);
    (0..count as u64)
        .map_while(|index| {
            let address = address.wrapping_add(index * word as u64);
            let value = read(address)?;
            let region = map.iter().find(|region| region.range.contains(value));
            let executable = region
                .is_some_and(|region| region.permissions.allows(terrella_emulator_api::Permissions::EXECUTE));
            let place = modules.place(definition.code_address(value), machine);
            let code = Some(place).filter(|place| executable && place.symbol.is_some());
            let text = region.filter(|_| code.is_none()).and_then(|_| text_at(emulator, value));
            let points_to = region.filter(|_| code.is_none() && text.is_none()).and_then(|_| read(value));
            Some(StackWord { address, value, code, text, points_to })
        })
        .collect()
}

/// The text at an address, if that is what is there: four printable characters
/// at least, and a zero.
fn text_at(emulator: &dyn Emulator, address: u64) -> Option<String> {
    let bytes = emulator.read_c_string(address, 64).ok()?;
    let printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte) || matches!(byte, b'\n' | b'\t'));
    (bytes.len() >= 4 && printable).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// The words of [`telescope`] as text.
#[must_use]
pub fn stack(words: &[StackWord]) -> String {
    let mut text = String::new();
    let size = match words {
        [first, second, ..] => second.address.wrapping_sub(first.address),
        _ => 8,
    };
    let width = 2 + 2 * size.min(8) as usize;
    for word in words {
        // Writing to a string does not fail.
        let _ = write!(text, "{:#x}  {:#0width$x}", word.address, word.value);
        if let Some(code) = &word.code {
            let _ = write!(text, "  {}", code.to_string().split_once(' ').map_or("", |(_, rest)| rest));
        } else if let Some(found) = &word.text {
            let _ = write!(text, "  {found:?}");
        } else if let Some(value) = word.points_to {
            let _ = write!(text, "  -> {value:#x}");
        }
        text.push('\n');
    }
    text
}
