//! [`Error`]: everything that can go wrong when a file is loaded or linked.

use std::path::PathBuf;

use terrella_emulator_api::AddressRange;
use terrella_platforms::Platform;

/// The result of a loader.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong when a file is loaded or linked.
///
/// Files are named as the caller named them; offsets are bytes from the start
/// of the file, addresses are guest addresses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read from disk.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file that cannot be written to disk.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file of another format than the one asked for.
    #[error("{file}: not {wanted}")]
    NotThatFormat {
        /// The file.
        file: String,
        /// The format asked for.
        wanted: &'static str,
    },
    /// A file that contradicts its own format.
    #[error("{file}: {what} (at file offset {offset:#x})")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        what: &'static str,
        /// Where, in bytes from the start of the file; for tables found
        /// through memory, the address.
        offset: u64,
    },
    /// A line of an Intel HEX file that cannot be used.
    #[error("{file}: line {line}: {problem}")]
    IntelHex {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: crate::IntelHexProblem,
    },
    /// A line of an S-record file that cannot be used.
    #[error("{file}: line {line}: {problem}")]
    SRecord {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: crate::SRecordProblem,
    },
    /// Text (JSON, TOML) that does not say what it should.
    #[error("{file}: {problem}")]
    Text {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An ELF file for a processor that is not among the platforms.
    #[error("{file}: no platform for ELF machine {machine} with {class_bits} bits, {order} endian")]
    UnknownMachine {
        /// The file.
        file: String,
        /// `e_machine`.
        machine: u16,
        /// 32 or 64.
        class_bits: u8,
        /// `little` or `big`.
        order: &'static str,
    },
    /// A file without a platform in it, and none was given.
    #[error("{file}: the file does not tell its platform, and the options do not either")]
    NoPlatform {
        /// The file.
        file: String,
    },
    /// Modules of different platforms in one link.
    #[error("{file} is for {platform}, but {other} is for {expected}")]
    PlatformMismatch {
        /// The file.
        file: String,
        /// Its platform.
        platform: Platform,
        /// The first module of the link.
        other: String,
        /// The platform of that one.
        expected: Platform,
    },
    /// A file that asks for more memory than the options allow.
    #[error("{file}: {what} of size {size:#x} is above the limit of {limit:#x}")]
    TooLarge {
        /// The file.
        file: String,
        /// What is too large.
        what: &'static str,
        /// How large it is, in bytes or entries.
        size: u64,
        /// The limit, in the same unit.
        limit: u64,
    },
    /// Two parts that want the same addresses.
    #[error("{file}: {range} overlaps {existing} of {other}")]
    Overlap {
        /// The file.
        file: String,
        /// What it asks for.
        range: AddressRange,
        /// The file that is there already.
        other: String,
        /// The addresses of that one.
        existing: AddressRange,
    },
    /// No room for a module in the address space of the platform.
    #[error("{file}: no room for {size:#x} bytes at or above {from:#x} on {platform}")]
    NoRoom {
        /// The file.
        file: String,
        /// How many bytes it needs.
        size: u64,
        /// Where the search began, or the base that was asked for.
        from: u64,
        /// The platform.
        platform: Platform,
    },
    /// A relocation type that the platform's table does not have.
    #[error("{file}: unknown relocation type {number} of {platform} at {place:#x}")]
    UnknownRelocation {
        /// The file.
        file: String,
        /// The platform.
        platform: Platform,
        /// The type, as the file has it.
        number: u32,
        /// The address that it would change.
        place: u64,
    },
    /// A relocation that is known, but not supported.
    #[error("{file}: {name} at {place:#x} (symbol `{symbol}`) is not supported: {reason}")]
    UnsupportedRelocation {
        /// The file.
        file: String,
        /// The name in the processor supplement of the ABI.
        name: &'static str,
        /// The address that it would change.
        place: u64,
        /// The symbol, empty if it has none.
        symbol: String,
        /// Why not.
        reason: &'static str,
    },
    /// A relocated value that does not fit into its field.
    #[error("{file}: {name} at {place:#x} (symbol `{symbol}`): {value:#x} does not fit")]
    RelocationOverflow {
        /// The file.
        file: String,
        /// The name in the processor supplement of the ABI.
        name: &'static str,
        /// The address that it would change.
        place: u64,
        /// The symbol, empty if it has none.
        symbol: String,
        /// The value.
        value: u64,
    },
    /// A relocation whose place is not in a segment of its file.
    #[error("{file}: {name} at {place:#x}, which is not in a segment")]
    RelocationOutside {
        /// The file.
        file: String,
        /// The name in the processor supplement of the ABI.
        name: &'static str,
        /// The address.
        place: u64,
    },
    /// Symbols that no module defines, where the options ask for that to be
    /// an error.
    #[error("undefined: {}", names.join(", "))]
    Undefined {
        /// Their names.
        names: Vec<String>,
    },
    /// A core dump of a platform that Linux does not run on.
    #[error("{file}: there are no core dumps of {platform}")]
    NoCoreLayout {
        /// The file.
        file: String,
        /// The platform.
        platform: Platform,
    },
    /// A file that is not the one that was mapped when a core was dumped.
    #[error("{file} is not the file that {dump} was made with: it begins with other bytes")]
    OtherFile {
        /// The file.
        file: String,
        /// The core dump.
        dump: String,
    },
    /// A thread that a dump does not have.
    #[error("{file}: there is no thread {thread}, only {threads}")]
    NoSuchThread {
        /// The file.
        file: String,
        /// The number asked for, from 0.
        thread: usize,
        /// How many there are.
        threads: usize,
    },
    /// A machine that cannot be made of what was loaded.
    #[error("{file}: {source}")]
    Machine {
        /// The module.
        file: String,
        /// Why not.
        source: Box<terrella_machine_state::Error>,
    },
}
