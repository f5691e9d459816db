//! [`MemoryMap`]: files at addresses, from a text in TOML.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use terrella_emulator_api::{AddressRange, Permissions};
use terrella_machine_state::{Executable, Machine, Segment};
use terrella_platforms::Platform;

use crate::{Error, Options, Result, elf::permissions, open::file_below};

/// A machine made of raw files: where each of them is, registers, and where
/// to start.
///
/// ```toml
/// platform = "armv7m"
/// entry = 0x101
///
/// [registers]
/// sp = 0x20002000
///
/// [[segment]]
/// name = "rom"
/// address = 0
/// file = "rom.bin"          # below the folder of this text
/// offset = 0x40             # of the file; 0 if it is left out
/// permissions = "rx"
///
/// [[segment]]
/// name = "ram"
/// address = 0x20000000
/// size = 0x2000             # zeros behind the content
/// permissions = "rw"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MemoryMap {
    /// The platform; the options may give it too.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// Where execution starts, as a code pointer.
    #[serde(default)]
    pub entry: Option<u64>,
    /// Registers and their values.
    #[serde(default)]
    pub registers: BTreeMap<String, u64>,
    /// What is mapped.
    #[serde(default, rename = "segment")]
    pub segments: Vec<MapSegment>,
}

/// A range of memory of a [`MemoryMap`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MapSegment {
    /// What it is called.
    pub name: String,
    /// Its first address.
    pub address: u64,
    /// Its size in bytes; that of the content if it is left out.
    #[serde(default)]
    pub size: Option<u64>,
    /// The file with its content, below the folder of the text.
    #[serde(default)]
    pub file: Option<String>,
    /// Where the content begins in the file.
    #[serde(default)]
    pub offset: u64,
    /// Letters of `rwx`; all of them if it is left out.
    #[serde(default)]
    pub permissions: Option<String>,
}

/// Most segments.
const SEGMENT_LIMIT: usize = 1 << 14;

impl MemoryMap {
    /// Reads the text of a file that errors call `name`.
    ///
    /// # Errors
    /// [`Error::Text`] with the place in the text.
    ///
    /// ```
    /// use terrella_loaders::MemoryMap;
    ///
    /// let map = MemoryMap::parse("board.toml", "platform = 'avr'\n[[segment]]\nname = 'ram'\naddress = 0x800060\nsize = 64\n")?;
    /// assert_eq!(map.segments[0].size, Some(64));
    /// assert!(MemoryMap::parse("board.toml", "plaform = 'avr'").is_err());
    /// # Ok::<(), terrella_loaders::Error>(())
    /// ```
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let wrong = |problem| Error::Text { file: name.to_owned(), problem };
        let map: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if map.segments.len() > SEGMENT_LIMIT {
            return Err(wrong(format!("more than {SEGMENT_LIMIT} segments")));
        }
        Ok(map)
    }

    /// The machine, with the files below `folder`. Each segment is an image of
    /// its own.
    ///
    /// # Errors
    /// [`Error::NoPlatform`]; [`Error::Text`] for a segment that cannot be;
    /// [`Error::Read`], [`Error::TooLarge`], [`Error::Machine`].
    pub fn machine(&self, name: &str, folder: &Path, options: &Options) -> Result<Machine> {
        let wrong = |problem: String| Error::Text { file: name.to_owned(), problem };
        let failed = |source| Error::Machine { file: name.to_owned(), source: Box::new(source) };
        let platform =
            options.platform.or(self.platform).ok_or_else(|| Error::NoPlatform { file: name.to_owned() })?;
        let mut machine = Machine::new(platform);
        let mut total = 0_u64;
        let highest = platform.definition().highest_address();
        for (index, segment) in self.segments.iter().enumerate() {
            let content = match &segment.file {
                None => Vec::new(),
                Some(file) => {
                    let bytes = file_below(folder, file, options.memory_limit)?.ok_or_else(|| {
                        Error::Read { path: folder.join(file), source: std::io::ErrorKind::NotFound.into() }
                    })?;
                    let start = usize::try_from(segment.offset).unwrap_or(usize::MAX);
                    let outside =
                        || wrong(format!("segment `{}`: the offset is behind {file}", segment.name));
                    bytes.get(start..).ok_or_else(outside)?.to_vec()
                }
            };
            let size = segment.size.unwrap_or(content.len() as u64);
            let content = &content[..content.len().min(usize::try_from(size).unwrap_or(usize::MAX))];
            total = total.saturating_add(size);
            if total > options.memory_limit {
                let (size, limit) = (total, options.memory_limit);
                return Err(Error::TooLarge { file: name.to_owned(), what: "memory image", size, limit });
            }
            let range = AddressRange::sized(segment.address, size)
                .ok()
                .filter(|range| !range.is_empty() && range.last() <= highest)
                .ok_or_else(|| Error::NoRoom {
                    file: segment.name.clone(),
                    size,
                    from: segment.address,
                    platform,
                })?;
            let access = match segment.permissions.as_deref() {
                None => Permissions::ALL,
                Some(text) if text.chars().all(|letter| "rwx-".contains(letter)) => {
                    permissions(text.contains('r'), text.contains('w'), text.contains('x'))
                }
                Some(text) => {
                    return Err(wrong(format!(
                        "segment `{}`: permissions `{text}` are not of rwx",
                        segment.name
                    )));
                }
            };
            let mut image = Executable::new(segment.name.clone(), platform);
            image.entry = self.entry.filter(|_| index == 0);
            image.segments.push(Segment::new(segment.name.clone(), range, access, content).map_err(failed)?);
            machine.add(segment.name.clone(), image).map_err(failed)?;
        }
        for (register, value) in &self.registers {
            machine.cpu_mut().set(register, *value).map_err(failed)?;
        }
        if let Some(entry) = self.entry {
            machine.cpu_mut().set_program_counter(entry).map_err(failed)?;
        }
        Ok(machine)
    }
}
