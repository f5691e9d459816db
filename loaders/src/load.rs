//! [`load_file`] and [`load_bytes`]: one file, loaded on its own.

use std::path::Path;

use terrella_machine_state::{Executable, Import, Machine};
use terrella_platforms::Platform;

use crate::{Error, LinkReport, Linker, Options, Result};

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The images, in the order in which they were added; the last one is
    /// called `imports` and names the addresses of open imports, if there are
    /// any.
    pub executables: Vec<Executable>,
    /// Their platform.
    pub platform: Platform,
    /// What was done.
    pub report: LinkReport,
}

impl Loaded {
    /// What the images need and nothing defines: module and import.
    pub fn imports(&self) -> impl Iterator<Item = (&Executable, &Import)> {
        self.executables
            .iter()
            .flat_map(|executable| executable.imports.iter().map(move |import| (executable, import)))
    }

    /// A machine with the images in it, called by their names.
    ///
    /// # Errors
    /// [`Error::Machine`] if two images have the same name.
    ///
    /// ```
    /// use terrella_loaders::{Options, load_bytes};
    /// use terrella_platforms::Platform;
    ///
    /// let options = Options { platform: Some(Platform::X86_64), ..Options::default() };
    /// let machine = load_bytes("code", &[0x90, 0xc3], &options)?.into_machine()?;
    /// assert_eq!(machine.read_memory(0, 2)?, [0x90, 0xc3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_machine(self) -> Result<Machine> {
        let mut machine = Machine::new(self.platform);
        for executable in self.executables {
            let name = executable.name.clone();
            machine
                .add(name.clone(), executable)
                .map_err(|source| Error::Machine { file: name, source: Box::new(source) })?;
        }
        Ok(machine)
    }

    /// The image of a name.
    #[must_use]
    pub fn executable(&self, name: &str) -> Option<&Executable> {
        self.executables.iter().find(|executable| executable.name == name)
    }
}

/// Loads a file from disk: ELF, Intel HEX, or anything else as a raw image.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read), and those of [`load_bytes`].
pub fn load_file(path: impl AsRef<Path>, options: &Options) -> Result<Loaded> {
    let mut linker = Linker::new(options.clone());
    linker.add_file(path)?;
    linker.link()
}

/// Loads a file that is in memory, and that errors call `name`.
///
/// # Errors
/// As [`Linker::add_bytes`] and [`Linker::link`].
///
/// ```
/// use terrella_loaders::{Options, load_bytes};
/// use terrella_platforms::Platform;
///
/// let options = Options { platform: Some(Platform::X86_64), base: Some(0x1000), ..Options::default() };
/// let loaded = load_bytes("code", &[0x90, 0xc3], &options)?;
/// assert_eq!(loaded.executables[0].entry, Some(0x1000));
/// # Ok::<(), terrella_loaders::Error>(())
/// ```
pub fn load_bytes(name: &str, bytes: &[u8], options: &Options) -> Result<Loaded> {
    let mut linker = Linker::new(options.clone());
    linker.add_bytes(name, bytes)?;
    linker.link()
}
