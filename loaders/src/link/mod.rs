//! [`Linker`]: modules get addresses, find each other's symbols and are
//! relocated.

mod finish;
mod imports;
mod place;
mod relocate;
mod report;
mod resolve;
mod search;
mod teb;
mod tls;
mod windows;

use std::path::Path;

use terrella_machine_state::Executable;
use terrella_platforms::Platform;

pub(crate) use finish::executable as image_of;
pub use report::{Binding, LinkReport, OpenImport, PlacedModule, SkippedRelocation};
pub use search::SearchPath;
#[cfg(test)]
pub(crate) use tls::block_of;

use crate::{
    Error, FileKind, IndirectFunctions, IntelHex, Loaded, Options, RawImage, Result, SRecords, Uf2, detect,
    elf, module::Module, pe,
};

/// Links modules with each other.
///
/// Symbols are looked up over all modules, in the order in which they were
/// added: the first global definition wins, then the first weak one; local
/// and hidden symbols are seen by their own module only. What nothing defines
/// is zero if it is weak, else it becomes an import: see
/// [`ImportArea`](crate::ImportArea).
///
/// PE files import by library and name or ordinal, through forwarders;
/// delayed imports are bound at once. What is not there becomes an import
/// called `library.dll!name`.
///
/// ```no_run
/// use terrella_loaders::{Linker, Options};
///
/// let mut linker = Linker::new(Options::default());
/// linker.add_file("program")?.add_file("libz.so")?;
/// let loaded = linker.map_imports(true).link()?;
/// for import in &loaded.report.imports {
///     println!("{} is at {:#x}", import.name, import.address);
/// }
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
#[derive(Debug)]
pub struct Linker {
    options: Options,
    members: Vec<Member>,
    platform: Option<Platform>,
    /// Libraries that were not found, and who needs them.
    missing: Vec<(String, String)>,
}

/// What is linked.
#[derive(Debug)]
pub(crate) enum Member {
    /// A file that gets an address and is relocated.
    Module(Box<Module>),
    /// A PE file, which is relocated and bound by its own rules.
    Windows(Box<pe::Image>),
    /// An image that is where it is; its imports are filled.
    Ready(Box<Executable>),
}

impl Member {
    fn name(&self) -> &str {
        match self {
            Self::Module(module) => &module.name,
            Self::Windows(image) => &image.name,
            Self::Ready(executable) => &executable.name,
        }
    }
}

impl Member {
    /// Notes where its file is.
    fn set_origin(&mut self, path: &Path) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = Some(folder.unwrap_or(Path::new(".")).to_owned());
        match self {
            Self::Module(module) => module.origin = folder,
            Self::Windows(image) => image.origin = folder,
            Self::Ready(_) => {}
        }
    }
}

impl Linker {
    /// A linker without modules.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self { options, members: Vec::new(), platform: None, missing: Vec::new() }
    }

    /// Whether the area of open imports becomes a mapped executable segment.
    #[must_use]
    pub const fn map_imports(mut self, mapped: bool) -> Self {
        self.options.import_area.mapped = mapped;
        self
    }

    /// Adds a file from disk, called as its last path component.
    ///
    /// # Errors
    /// [`Error::Read`], and those of [`Self::add_bytes`].
    pub fn add_file(&mut self, path: impl AsRef<Path>) -> Result<&mut Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.add_bytes(&name, &bytes)?;
        if let Some(member) = self.members.last_mut() {
            member.set_origin(path);
        }
        Ok(self)
    }

    /// Adds a file: ELF, PE, Intel HEX, S-records, UF2 or, if it is none of them, a raw image at
    /// [`Options::base`].
    ///
    /// # Errors
    /// Those of the format; [`Error::NoPlatform`] for images without one if
    /// neither the options nor an earlier module tell it;
    /// [`Error::PlatformMismatch`].
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<&mut Self> {
        match detect(bytes) {
            FileKind::Elf => {
                let module = elf::read(name, bytes, &self.options)?;
                self.check_platform(name, module.platform)?;
                self.members.push(Member::Module(Box::new(module)));
                Ok(self)
            }
            FileKind::Pe => {
                let image = pe::read(name, bytes, &self.options)?;
                self.check_platform(name, image.platform)?;
                self.members.push(Member::Windows(Box::new(image)));
                Ok(self)
            }
            FileKind::IntelHex => {
                let platform = self.known_platform(name)?;
                let image = IntelHex::parse(name, bytes)?;
                self.add_executable(image.into_executable(name, platform)?)
            }
            FileKind::SRecords => {
                let platform = self.known_platform(name)?;
                self.add_executable(SRecords::parse(name, bytes)?.into_executable(name, platform)?)
            }
            FileKind::Uf2 => {
                let platform = self.known_platform(name)?;
                self.add_executable(Uf2::parse(name, bytes)?.into_executable(name, platform)?)
            }
            FileKind::Machine | FileKind::CoreDump | FileKind::Minidump => {
                Err(Error::NotThatFormat { file: name.to_owned(), wanted: "an executable" })
            }
            FileKind::Raw => {
                let image = RawImage {
                    name: name.to_owned(),
                    platform: self.known_platform(name)?,
                    address: self.options.base.unwrap_or(0),
                };
                self.add_executable(image.load(bytes)?)
            }
        }
    }

    /// Adds an image that has its address already: its symbols are seen by
    /// the others, and its imports are filled from them.
    ///
    /// # Errors
    /// [`Error::PlatformMismatch`].
    pub fn add_executable(&mut self, executable: Executable) -> Result<&mut Self> {
        self.check_platform(&executable.name, executable.platform)?;
        self.members.push(Member::Ready(Box::new(executable)));
        Ok(self)
    }

    /// Places and relocates everything.
    ///
    /// # Errors
    /// [`Error::NoRoom`], [`Error::Overlap`]; for relocations
    /// [`Error::UnknownRelocation`], [`Error::UnsupportedRelocation`],
    /// [`Error::RelocationOverflow`], [`Error::RelocationOutside`];
    /// [`Error::Undefined`] if the options ask for it;
    /// [`Error::NoPlatform`] if nothing was added.
    pub fn link(self) -> Result<Loaded> {
        let Self { options, mut members, platform, missing } = self;
        let Some(platform) = platform else {
            return Err(Error::NoPlatform { file: "nothing".to_owned() });
        };
        let mut report = LinkReport { missing, ..LinkReport::default() };
        let end = place::place(&mut members, platform, &options, &mut report)?;
        windows::relocate(&mut members, &options, &mut report)?;
        let blocks = teb::make(&members, platform, &options, end)?;
        let end = blocks.as_ref().map_or(end, |blocks| blocks.end);
        let mut storage = tls::make(&mut members, platform, &options, end)?;
        let end = storage.as_ref().map_or(end, |storage| storage.end);
        let mut imports = imports::Imports::new(platform, &options, end);
        let (indirect, shapes) = relocate::relocate(&mut members, &options, &mut imports, &mut report)?;
        if let Some(storage) = &mut storage {
            tls::fill(&members, storage)?;
        }
        windows::bind(&mut members, &mut imports, &mut report)?;
        let mut loaded = finish::finish(members, platform, &options, imports, report)?;
        if let Some(blocks) = blocks {
            loaded.registers.push(blocks.register);
            finish::add(&mut loaded, blocks.image)?;
        }
        if !indirect.is_empty() {
            let image = loaded.executables.first();
            let (toc, pointer) = (image.and_then(|i| i.toc), image.and_then(|i| i.global_pointer));
            loaded.indirect = Some(IndirectFunctions::new(indirect, shapes, toc, pointer));
        }
        if let Some(storage) = storage {
            finish::add_storage(&mut loaded, storage)?;
        }
        Ok(loaded)
    }

    fn known_platform(&self, name: &str) -> Result<Platform> {
        self.options.platform.or(self.platform).ok_or_else(|| Error::NoPlatform { file: name.to_owned() })
    }

    fn check_platform(&mut self, name: &str, platform: Platform) -> Result<()> {
        let expected = *self.platform.get_or_insert(platform);
        if platform == expected {
            return Ok(());
        }
        Err(Error::PlatformMismatch {
            file: name.to_owned(),
            platform,
            other: self.members.first().map(|member| member.name().to_owned()).unwrap_or_default(),
            expected,
        })
    }
}
