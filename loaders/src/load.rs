//! [`load_file`] and [`load_bytes`]: one file, loaded on its own.

use std::path::Path;

use terrella_machine_state::{Executable, FunctionModel, Import, Machine};
use terrella_platforms::Platform;

use crate::{Error, IndirectFunctions, LinkReport, Linker, Options, Result};

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The images, in the order in which they were added. Then what the linker
    /// made: `teb`, the blocks of a thread of Windows; `tls`, thread-local
    /// storage of ELF modules; `imports`, which names
    /// the addresses of open imports, if there are any.
    pub executables: Vec<Executable>,
    /// Their platform.
    pub platform: Platform,
    /// What was done.
    pub report: LinkReport,
    /// Registers that code of the images relies on: the thread pointer.
    pub registers: Vec<(&'static str, u64)>,
    /// Functions that the linker answers itself: those that find thread-local
    /// variables.
    pub models: Vec<(String, FunctionModel)>,
    /// Slots that functions of the guest fill, when the machine is applied.
    pub indirect: Option<IndirectFunctions>,
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
        for (register, value) in self.registers {
            machine
                .cpu_mut()
                .set(register, value)
                .map_err(|source| Error::Machine { file: register.to_owned(), source: Box::new(source) })?;
        }
        for executable in self.executables {
            let name = executable.name.clone();
            machine
                .add(name.clone(), executable)
                .map_err(|source| Error::Machine { file: name, source: Box::new(source) })?;
        }
        for (name, model) in self.models {
            machine
                .add(name.clone(), model)
                .map_err(|source| Error::Machine { file: name, source: Box::new(source) })?;
        }
        if let Some(indirect) = self.indirect {
            let name = "indirect functions";
            machine
                .add(name, indirect)
                .map_err(|source| Error::Machine { file: name.to_owned(), source: Box::new(source) })?;
        }
        Ok(machine)
    }

    /// The image of a name.
    #[must_use]
    pub fn executable(&self, name: &str) -> Option<&Executable> {
        self.executables.iter().find(|executable| executable.name == name)
    }
}

/// Loads a file from disk: ELF, PE, Intel HEX, or anything else as a raw image.
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
