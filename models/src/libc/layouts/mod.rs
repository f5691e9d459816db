//! Structures of C libraries whose layout follows from no rule: `struct stat`
//! and a few others.

mod tables;

use terrella_platforms::{ByteOrder, Platform};

use crate::linux::calls::ipc::Layout;

/// Where the fields of a structure are: name, offset and size in bytes.
#[derive(Debug)]
pub(crate) struct Structure {
    pub(crate) size: usize,
    pub(crate) places: &'static [(&'static str, usize, usize)],
}

/// The structures of a processor.
#[derive(Debug)]
pub(crate) struct Layouts {
    pub(crate) stat: &'static Structure,
    pub(crate) stat64: &'static Structure,
    pub(crate) statvfs: &'static Structure,
    pub(crate) statvfs64: &'static Structure,
    pub(crate) dirent: &'static Structure,
    pub(crate) dirent64: &'static Structure,
    pub(crate) termios: &'static Structure,
    pub(crate) msqid: &'static Structure,
    pub(crate) semid: &'static Structure,
    pub(crate) shmid: &'static Structure,
}

/// Those of a platform, if its library is known.
pub(crate) fn of(platform: Platform) -> Option<&'static Layouts> {
    let name = platform.name();
    tables::LAYOUTS.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, layouts)| layouts)
}

impl From<&'static Structure> for Layout {
    fn from(structure: &'static Structure) -> Self {
        Self { size: structure.size, places: structure.places }
    }
}

impl Structure {
    /// A field: offset and size.
    pub(crate) fn place(&self, name: &str) -> Option<(usize, usize)> {
        self.places.iter().find(|(known, ..)| *known == name).map(|(_, offset, size)| (*offset, *size))
    }

    /// The structure with fields filled in, the rest zero. `None` if a value
    /// does not fit into its field.
    pub(crate) fn filled(&self, order: ByteOrder, fields: &[(&str, u64)]) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.size];
        for (name, value) in fields {
            let Some((offset, size)) = self.place(name) else { continue };
            let wide = size >= 8 || value >> (8 * size) == 0;
            let negative = size < 8 && (*value as i64) >> (8 * size - 1) == -1;
            if !wide && !negative {
                return None;
            }
            order.write((*value).into(), &mut bytes[offset..offset + size]);
        }
        Some(bytes)
    }
}
