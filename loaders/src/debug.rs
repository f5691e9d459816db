//! [`DebugInformation`]: what a file says of its code: symbols, source lines,
//! and how a function finds its caller.

use std::{borrow::Cow, cell::RefCell, fmt, io::Read, sync::Arc};

use addr2line::Context;
use gimli::{
    BaseAddresses, CfaRule, EhFrame, Encoding, EndianReader, EvaluationResult, Location as Place, Register,
    RegisterRule, RunTimeEndian, UnwindContext, UnwindExpression, UnwindSection, Value,
};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use object::{CompressedData, CompressionFormat, Object, ObjectSection, ObjectSegment, ObjectSymbol};
use terrella_platforms::{ByteOrder, Platform};

use crate::{Error, Result, detect_platform, exidx::ExceptionTables};

type Bytes = EndianReader<RunTimeEndian, Arc<[u8]>>;

/// The most operations of one expression: those of compilers have a few.
const MOST_OPERATIONS: u32 = 1000;

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The function, as the debug information has it; that of the innermost
    /// call that was put in line.
    pub function: Option<String>,
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line, from 1 on; 0 if none is known.
    pub line: u32,
}

/// The state of a caller, as call-frame information tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address of the frame (CFA).
    pub frame: u64,
    /// Where the caller goes on; `None` at the end of the calls.
    pub return_address: Option<u64>,
    /// The registers that the caller has back, by DWARF's numbers; `None` for
    /// one whose value is lost.
    pub registers: Vec<(u16, Option<u64>)>,
    /// The function was no caller, but interrupted by a signal (augmentation `S`
    /// of its call-frame information): where it goes on is an instruction that
    /// it has not executed, not one behind a call.
    pub is_signal_frame: bool,
}

/// A section of call-frame information.
struct Frames {
    eh: bool,
    bytes: Bytes,
    bases: BaseAddresses,
}

struct Symbol {
    address: u64,
    size: u64,
    name: String,
}

/// What an ELF file says of its code. Addresses are those of the file: what it
/// was moved by at loading is taken off before.
///
/// ```no_run
/// use terrella_loaders::DebugInformation;
///
/// let debug = DebugInformation::read("program.elf", &std::fs::read("program.elf")?)?;
/// if let Some(location) = debug.location(0x1_1234) {
///     println!("{}:{}", location.file, location.line);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DebugInformation {
    platform: Platform,
    first: Option<u64>,
    symbols: Vec<Symbol>,
    lines: Option<Context<Bytes>>,
    frames: Vec<Frames>,
    exceptions: Option<ExceptionTables>,
    context: RefCell<UnwindContext<usize>>,
}

/// What a section holds once it is decompressed; nothing if that is too much, or
/// by another algorithm than zlib's and Zstandard.
fn plain(section: CompressedData<'_>) -> Option<Cow<'_, [u8]>> {
    /// The most that a section may have.
    const LIMIT: u64 = 1 << 30;
    match section.format {
        CompressionFormat::None => Some(Cow::Borrowed(section.data)),
        CompressionFormat::Zstandard if section.uncompressed_size <= LIMIT => {
            let limit = section.uncompressed_size as usize;
            let decoder = ruzstd::decoding::StreamingDecoder::new(section.data).ok()?;
            let mut bytes = Vec::new();
            // One more than it says would be seen.
            decoder.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
            (bytes.len() == limit).then_some(Cow::Owned(bytes))
        }
        CompressionFormat::Zlib if section.uncompressed_size <= LIMIT => {
            let limit = section.uncompressed_size as usize;
            decompress_to_vec_zlib_with_limit(section.data, limit).ok().map(Cow::Owned)
        }
        _ => None,
    }
}

impl fmt::Debug for DebugInformation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DebugInformation")
            .field("platform", &self.platform)
            .field("symbols", &self.symbols.len())
            .field("lines", &self.lines.is_some())
            .field("frames", &self.frames.len())
            .finish_non_exhaustive()
    }
}

impl DebugInformation {
    /// Reads what there is. Parts that are malformed are left out: a file
    /// without debug information is no error.
    ///
    /// # Errors
    /// Those of a file that is no ELF file of a platform that is known.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self> {
        let platform = detect_platform(bytes)?;
        let malformed = |_| Error::Malformed { file: name.to_owned(), what: "the headers", offset: 0 };
        let file = object::File::parse(bytes).map_err(malformed)?;
        let endian = match platform.byte_order() {
            ByteOrder::Little => RunTimeEndian::Little,
            ByteOrder::Big => RunTimeEndian::Big,
        };
        let reader = |bytes: &[u8]| Bytes::new(Arc::from(bytes), endian);
        let section = |name: &str| {
            let section = file.section_by_name(name)?;
            Some((section.address(), plain(section.compressed_data().ok()?)?))
        };
        let load = |id: gimli::SectionId| -> std::result::Result<Bytes, gimli::Error> {
            Ok(reader(&section(id.name()).map_or(Cow::Borrowed(&[][..]), |(_, bytes)| bytes)))
        };
        let lines = gimli::Dwarf::load(load).and_then(Context::from_dwarf).ok();
        let address = |name: &str| section(name).map_or(0, |(address, _)| address);
        let bases = BaseAddresses::default().set_text(address(".text")).set_got(address(".got"));
        let frames = [(".eh_frame", true), (".debug_frame", false)].into_iter().filter_map(|(name, eh)| {
            let (address, bytes) = section(name).filter(|(_, bytes)| !bytes.is_empty())?;
            Some(Frames { eh, bytes: reader(&bytes), bases: bases.clone().set_eh_frame(address) })
        });
        let exceptions = platform
            .name()
            .starts_with("arm")
            .then(|| {
                let sections: Vec<(String, u64, &[u8])> = file
                    .sections()
                    .filter_map(|it| Some((it.name().ok()?.to_owned(), it.address(), it.data().ok()?)))
                    .filter(|(name, ..)| name.starts_with(".ARM.ex"))
                    .collect();
                let (_, address, bytes) = sections.iter().find(|(name, ..)| name == ".ARM.exidx")?;
                let tables = sections.iter().map(|(_, address, bytes)| (*address, *bytes));
                ExceptionTables::new((*address, bytes), tables, platform.byte_order())
            })
            .flatten();
        let definition = platform.definition();
        let mut symbols: Vec<Symbol> = file
            .symbols()
            .chain(file.dynamic_symbols())
            .filter(|symbol| symbol.is_definition() || symbol.kind() == object::SymbolKind::Text)
            .filter(|symbol| matches!(symbol.kind(), object::SymbolKind::Text | object::SymbolKind::Label))
            .filter_map(|symbol| {
                let name = symbol.name().ok().filter(|name| !name.is_empty() && !name.starts_with('$'))?;
                let address = definition.code_address(symbol.address());
                (address != 0).then(|| Symbol { address, size: symbol.size(), name: name.to_owned() })
            })
            .collect();
        // Of several at one address, the one with a size comes last.
        symbols.sort_by_key(|symbol| (symbol.address, symbol.size));
        Ok(Self {
            platform,
            first: file.segments().map(|segment| segment.address()).min(),
            symbols,
            lines,
            frames: frames.collect(),
            exceptions,
            context: RefCell::new(UnwindContext::new()),
        })
    }

    /// The platform of the file.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    /// The lowest address of what is loaded.
    #[must_use]
    pub const fn first_address(&self) -> Option<u64> {
        self.first
    }

    /// The function at an address, and how far behind its beginning that is.
    #[must_use]
    pub fn symbol(&self, address: u64) -> Option<(&str, u64)> {
        let index = self.symbols.partition_point(|symbol| symbol.address <= address).checked_sub(1)?;
        let symbol = &self.symbols[index];
        let offset = address - symbol.address;
        (symbol.size == 0 || offset < symbol.size).then_some((symbol.name.as_str(), offset))
    }

    /// The source line of an address.
    #[must_use]
    pub fn location(&self, address: u64) -> Option<Location> {
        self.locations(address).into_iter().next()
    }

    /// The source line of an address, and those of the calls that were put in
    /// line there, the innermost one first.
    #[must_use]
    pub fn locations(&self, address: u64) -> Vec<Location> {
        // A look-up counts to the address behind it.
        let Some(lines) = self.lines.as_ref().filter(|_| address < u64::MAX) else { return Vec::new() };
        let Ok(mut frames) = lines.find_frames(address).skip_all_loads() else { return Vec::new() };
        let mut found = Vec::new();
        while let Ok(Some(frame)) = frames.next() {
            let Some(place) = &frame.location else { continue };
            let Some(file) = place.file else { continue };
            let function = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            found.push(Location {
                function: function.map(std::borrow::Cow::into_owned),
                file: file.to_owned(),
                line: place.line.unwrap_or(0),
            });
            if found.len() == 64 {
                break;
            }
        }
        found
    }

    /// The state of the caller of the function at an address, from the values
    /// that registers have there (by DWARF's numbers) and the memory of the
    /// stack; `None` where the file does not tell.
    #[must_use]
    pub fn caller(
        &self,
        address: u64,
        register: &dyn Fn(u16) -> Option<u64>,
        memory: &dyn Fn(u64, usize) -> Option<u64>,
    ) -> Option<Caller> {
        let told = self.frames.iter().find_map(|frames| match frames.eh {
            true => {
                let mut section = EhFrame::from(frames.bytes.clone());
                section.set_address_size(self.address_size());
                self.caller_in(&section, frames, address, register, memory)
            }
            false => {
                let mut section = gimli::DebugFrame::from(frames.bytes.clone());
                section.set_address_size(self.address_size());
                self.caller_in(&section, frames, address, register, memory)
            }
        });
        told.or_else(|| self.exceptions.as_ref()?.caller(address, register, memory))
    }

    fn address_size(&self) -> u8 {
        self.platform.definition().pointer_bytes
    }

    fn caller_in<S: UnwindSection<Bytes>>(
        &self,
        section: &S,
        frames: &Frames,
        address: u64,
        register: &dyn Fn(u16) -> Option<u64>,
        memory: &dyn Fn(u64, usize) -> Option<u64>,
    ) -> Option<Caller>
    where
        S::Offset: gimli::UnwindOffset<usize>,
    {
        let fde = section.fde_for_address(&frames.bases, address, S::cie_from_offset).ok()?;
        let mut context = self.context.borrow_mut();
        let row = fde.unwind_info_for_address(section, &frames.bases, &mut context, address).ok()?;
        let encoding = fde.cie().encoding();
        let evaluator = Evaluator { register, memory, encoding, size: usize::from(self.address_size()) };
        let frame = match row.cfa() {
            CfaRule::RegisterAndOffset { register: base, offset } => {
                register(base.0)?.wrapping_add_signed(*offset) & self.mask()
            }
            CfaRule::Expression(expression) => evaluator.evaluate(section, expression, None)?,
        };
        let value = |rule: &RegisterRule<usize>, number: u16| match rule {
            RegisterRule::SameValue => register(number),
            RegisterRule::Offset(offset) => {
                memory(frame.wrapping_add_signed(*offset) & self.mask(), evaluator.size)
            }
            RegisterRule::ValOffset(offset) => Some(frame.wrapping_add_signed(*offset) & self.mask()),
            RegisterRule::Register(other) => register(other.0),
            RegisterRule::Expression(expression) => {
                let place = evaluator.evaluate(section, expression, Some(frame))?;
                memory(place, evaluator.size)
            }
            RegisterRule::ValExpression(expression) => evaluator.evaluate(section, expression, Some(frame)),
            RegisterRule::Constant(value) => Some(*value),
            _ => None,
        };
        let registers: Vec<(u16, Option<u64>)> =
            row.registers().map(|(Register(number), rule)| (*number, value(rule, *number))).collect();
        let column = fde.cie().return_address_register().0;
        let return_address = match registers.iter().find(|(number, _)| *number == column) {
            Some((_, value)) => *value,
            // It is still where the call has put it.
            None => register(column),
        };
        let is_signal_frame = fde.is_signal_trampoline();
        Some(Caller { frame, return_address, registers, is_signal_frame })
    }

    fn mask(&self) -> u64 {
        if self.platform.definition().pointer_bytes >= 8 { u64::MAX } else { 0xffff_ffff }
    }
}

/// Evaluates expressions on the registers and the memory of a frame.
struct Evaluator<'a> {
    register: &'a dyn Fn(u16) -> Option<u64>,
    memory: &'a dyn Fn(u64, usize) -> Option<u64>,
    encoding: Encoding,
    size: usize,
}

impl Evaluator<'_> {
    fn evaluate<S: UnwindSection<Bytes>>(
        &self,
        section: &S,
        expression: &UnwindExpression<usize>,
        frame: Option<u64>,
    ) -> Option<u64> {
        let expression = expression.get(section).ok()?;
        let mut evaluation = expression.evaluation(self.encoding);
        evaluation.set_max_iterations(MOST_OPERATIONS);
        if let Some(frame) = frame {
            evaluation.set_initial_value(frame);
        }
        let mut result = evaluation.evaluate().ok()?;
        loop {
            result = match result {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = (self.register)(register.0)?;
                    evaluation.resume_with_register(Value::Generic(value)).ok()?
                }
                EvaluationResult::RequiresMemory { address, size, .. } => {
                    let value = (self.memory)(address, usize::from(size).min(self.size))?;
                    evaluation.resume_with_memory(Value::Generic(value)).ok()?
                }
                _ => return None,
            };
        }
        match evaluation.as_result().last()?.location {
            Place::Address { address } => Some(address),
            Place::Value { value } => value.to_u64(u64::MAX).ok(),
            _ => None,
        }
    }
}
