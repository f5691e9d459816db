//! The blocks of a Windows thread: what code finds through its segment
//! register, and thread-local storage.
//!
//! The offsets are those of `NT_TIB`, `TEB` and `PEB` of the Windows SDK
//! (`winnt.h`, `winternl.h`).

use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Executable, Pages, Segment};
use terrella_platforms::Platform;

use super::Member;
use crate::{Error, Options, Result};

/// The size of the block of the thread, and of that of the process.
const THREAD_BLOCK: u64 = 0x2000;
const PROCESS_BLOCK: u64 = 0x1000;

/// Where things are, by the size of a pointer.
struct Layout {
    /// The block's own address.
    own: u64,
    /// The list of blocks of thread-local storage.
    storage: u64,
    /// The block of the process.
    process: u64,
    /// In it, the address of the program.
    image: u64,
}

const LAYOUT_64: Layout = Layout { own: 0x30, storage: 0x58, process: 0x60, image: 0x10 };
const LAYOUT_32: Layout = Layout { own: 0x18, storage: 0x2c, process: 0x30, image: 0x08 };

/// The register that leads to the block of the thread.
const fn register(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::X86_64 => Some("gs_base"),
        Platform::I386 => Some("fs_base"),
        Platform::AARCH64 => Some("x18"),
        Platform::ARMV7A => Some("tpidrurw"),
        _ => None,
    }
}

/// The blocks of a thread at an address, and the register that leads there.
pub(super) struct ThreadBlocks {
    pub(super) image: Executable,
    pub(super) register: (&'static str, u64),
    /// The first address above them.
    pub(super) end: u64,
}

/// Makes the blocks above all modules, if there are images of Windows. The
/// images are relocated.
pub(super) fn make(
    members: &[Member],
    platform: Platform,
    options: &Options,
    above: u64,
) -> Result<Option<ThreadBlocks>> {
    let images = || {
        members.iter().filter_map(|member| match member {
            Member::Windows(image) => Some(image),
            _ => None,
        })
    };
    let (Some(first), Some(register)) = (images().next(), register(platform)) else { return Ok(None) };
    let word = first.word as u64;
    let layout = if word == 8 { LAYOUT_64 } else { LAYOUT_32 };
    let templates: Vec<_> = images().filter_map(|image| Some((image, image.thread_local()?.0))).collect();
    let size = |size: u64| -> Result<u64> {
        let limit = options.memory_limit;
        let what = "thread-local storage";
        if size > limit {
            Err(Error::TooLarge { file: first.name.clone(), what, size, limit })
        } else {
            Ok(size)
        }
    };
    let start = above.checked_next_multiple_of(0x1_0000).unwrap_or(above);
    let list = THREAD_BLOCK + PROCESS_BLOCK;
    let mut next = list + word * templates.len() as u64;
    let mut places = Vec::new();
    for (_, template) in &templates {
        next = size(next.next_multiple_of(template.alignment.max(16)))?;
        places.push(next);
        next = size(next.saturating_add(template.size))?;
    }
    let total = next.next_multiple_of(0x1000);
    let range = AddressRange::sized(start, total)
        .ok()
        .filter(|range| range.last() <= platform.definition().highest_address())
        .ok_or_else(|| Error::NoRoom { file: "teb".to_owned(), size: total, from: start, platform })?;
    let mut data = Pages::new();
    let mut put = |at: u64, value: u64| data.write(start + at, &value.to_le_bytes()[..word as usize]);
    if word == 4 {
        // No handlers of exceptions.
        put(0, 0xffff_ffff);
    }
    put(layout.own, start);
    put(layout.storage, start + list);
    put(layout.process, start + THREAD_BLOCK);
    put(THREAD_BLOCK + layout.image, first.base);
    for (index, place) in places.iter().enumerate() {
        put(list + word * index as u64, start + place);
    }
    for ((image, template), place) in templates.iter().zip(&places) {
        let outside = || Error::Malformed {
            file: image.name.clone(),
            what: "the content of thread-local storage is not in memory",
            offset: template.address,
        };
        let mut bytes = vec![0; size(template.initialised_size)? as usize];
        if !bytes.is_empty() {
            image.read(template.address.wrapping_sub(image.base), &mut bytes).ok_or_else(outside)?;
        }
        data.write(start + place, &bytes);
    }
    let mut image = Executable::new("teb", platform);
    image.segments.push(Segment {
        name: "teb".to_owned(),
        range,
        permissions: Permissions::READ_WRITE,
        data,
    });
    Ok(Some(ThreadBlocks { image, register: (register, start), end: range.last() + 1 }))
}
