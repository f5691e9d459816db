//! [`Qemu`]: `qemu-user` through its gdb stub.

mod elf;
mod packet;
mod registers;
mod targets;

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use terrella_emulator_api::{Platform, RegisterId, RegisterValue};
use terrella_platforms::CodeAddressBit;

use super::{
    Answer, Ending, Error, Kind, Outcome, Plan, Subject, Task, child::signal_name, outcome::changes,
    plan::Place,
};
use packet::{Connection, hex, unhex};
use registers::{Numbered, Numbering};
use targets::{Bank, Program, program_of};

/// The user without rights of his own, by the convention of Linux
/// distributions: an instruction that is a system call after all does no harm.
const NOBODY: u32 = 65534;

/// How many bytes of memory one packet holds.
const PIECE: usize = 1024;

/// How many pages of code a process has: one instruction is written into each,
/// because the stub cannot write where code has run.
const PAGES: u64 = 512;

/// How far from an instruction the one that loads a register is: out of reach of the
/// shortest operands at the program counter, and in the same page.
const BESIDE: u64 = 0x7c0;

/// How often the stub's socket is looked for, and how long between.
const TRIES: (u32, Duration) = (500, Duration::from_millis(4));

/// `qemu-user`, through its gdb stub.
pub(super) struct Qemu {
    platform: Platform,
    program: &'static Program,
    cpu: String,
    place: Place,
    folder: PathBuf,
    session: Session,
}

/// The register that selects a bank, its content, and that which selects the other
/// one.
type Selector = (Numbered, Vec<u8>, Vec<u8>);

/// A running program.
struct Session {
    process: Child,
    connection: Connection,
    numbering: Numbering,
    /// All registers as the stub sends them at once, before anything ran.
    image: Vec<u8>,
    /// The data in the program's memory.
    data: Vec<u8>,
    /// Registers that are compared and not set, with what they start from.
    initial: Vec<(Numbered, Vec<u8>)>,
    bank: Option<Bank>,
    /// Registers are written one by one.
    one_by_one: bool,
    /// The beginning of the names of those that are zero before every
    /// instruction.
    cleared: Option<&'static str>,
}

impl Qemu {
    /// Of a platform, with another processor than usual if one is given.
    pub(super) fn new(platform: Platform, cpu: Option<&str>) -> Result<Self, Error> {
        let program = program_of(platform).ok_or(Error::NotRun { reference: "qemu-user", platform })?;
        let cpu = cpu.unwrap_or(program.cpu).to_owned();
        let place = Place::of(platform, program.page, PAGES);
        let folder = std::env::temp_dir().join(format!("lockstep-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Error::io("a temporary folder"))?;
        let rights = fs::Permissions::from_mode(0o777);
        fs::set_permissions(&folder, rights.clone()).map_err(Error::io("a temporary folder"))?;
        let file = folder.join("program");
        fs::write(&file, elf::executable(platform, program, place)).map_err(Error::io("a temporary file"))?;
        fs::set_permissions(&file, rights).map_err(Error::io("a temporary file"))?;
        let session = Session::begin(platform, program, &cpu, place, &folder)?;
        Ok(Self { platform, program, cpu, place, folder, session })
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// Begins anew with another process.
    fn begin_again(&mut self) -> Result<(), Error> {
        self.session.end();
        let initial = std::mem::take(&mut self.session.initial);
        self.session = Session::begin(self.platform, self.program, &self.cpu, self.place, &self.folder)?;
        self.session.initial = initial;
        Ok(())
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.session.end();
        // What is left is a temporary folder.
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Session {
    fn begin(
        platform: Platform,
        program: &'static Program,
        cpu: &str,
        place: Place,
        folder: &std::path::Path,
    ) -> Result<Self, Error> {
        let socket = folder.join("socket");
        // One of an earlier process may be there.
        drop(fs::remove_file(&socket));
        let mut command = Command::new(program.program);
        command.arg("-g").arg(&socket);
        if !cpu.is_empty() {
            command.args(["-cpu", cpu]);
        }
        command.arg(folder.join("program"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(folder);
        if fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0) {
            command.uid(NOBODY).gid(NOBODY);
        }
        let process = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NotInstalled(program.program.to_owned()),
            _ => Error::Io { what: program.program, source: error },
        })?;
        let mut tries = 0;
        let mut connection = loop {
            match Connection::open(&socket) {
                Ok(connection) => break connection,
                Err(error) if tries >= TRIES.0 => {
                    return Err(Error::Io { what: "the stub's socket", source: error });
                }
                Err(_) => {
                    tries += 1;
                    std::thread::sleep(TRIES.1);
                }
            }
        };
        connection.ask("qSupported:xmlRegisters=i386")?;
        connection.ask("?")?;
        // Only who has asked for the description may write single registers;
        // not every program has one.
        drop(connection.ask("qXfer:features:read:target.xml:0,800")?);
        let numbering = Numbering::of(platform, program, &mut connection)?;
        let image = unhex(&connection.ask("g")?)?;
        Ok(Self {
            process,
            connection,
            numbering,
            image,
            data: vec![0; place.size as usize],
            initial: Vec::new(),
            bank: program.bank,
            one_by_one: program.one_by_one,
            cleared: program.cleared,
        })
    }

    /// Ends the program.
    fn end(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }

    /// How the program ended by itself.
    fn ended(&mut self) -> Option<ExitStatus> {
        for _ in 0..TRIES.0 / 10 {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Some(status);
            }
            std::thread::sleep(TRIES.1);
        }
        None
    }

    /// The place of a register in the bytes of all, if it is there.
    fn in_image(&self, register: &Numbered) -> Option<std::ops::Range<usize>> {
        let is_before = |it: &&Numbered| !it.is_again() && it.number < register.number;
        let before = self.numbering.registers.iter().filter(is_before);
        let start: usize = before.map(|it| it.bits as usize / 8).sum();
        let range = start..start + register.bits as usize / 8;
        (range.end <= self.image.len()).then_some(range)
    }

    /// Writes registers: those that are sent all at once so, the others one
    /// by one.
    fn write_registers(&mut self, values: &[(Numbered, Vec<u8>)]) -> Result<(), Error> {
        let is_other = |(register, _): &&(Numbered, Vec<u8>)| register.is_other;
        if let Some((selector, _, selected)) = self.selector(values)? {
            // Those of the other bank first, as if it were selected.
            let mut image = self.image.clone();
            let selector = (selector, selected);
            for (register, bytes) in values.iter().filter(is_other).chain([&selector]) {
                if let Some(range) = self.in_image(register) {
                    self.numbering.put(register, bytes, &mut image[range]);
                }
            }
            self.connection.order(&format!("G{}", hex(&image)))?;
        }
        let mut image = self.image.clone();
        let mut others = Vec::new();
        for (register, bytes) in values.iter().filter(|it| !is_other(it)) {
            match self.in_image(register) {
                Some(range) if !self.one_by_one => self.numbering.put(register, bytes, &mut image[range]),
                _ => others.push(format!("P{:x}={}", register.number, hex(bytes))),
            }
        }
        if self.one_by_one {
            let all = self.numbering.registers.iter().filter(|it| it.id.is_some() && !it.is_again());
            for register in all.filter(|it| !values.iter().any(|(set, _)| set.number == it.number)) {
                if let Some(range) = self.in_image(register) {
                    others.push(format!("P{:x}={}", register.number, hex(&image[range])));
                }
            }
        } else {
            self.connection.order(&format!("G{}", hex(&image)))?;
        }
        if let Some(prefix) = self.cleared {
            let is_set = |number| values.iter().any(|(set, _)| set.number == number);
            let all = self.numbering.registers.iter().filter(|it| !is_set(it.number));
            for register in all.filter(|it| it.name.starts_with(prefix) && self.in_image(it).is_none()) {
                let zeros = vec![0; register.bits as usize / 8];
                others.push(format!("P{:x}={}", register.number, hex(&zeros)));
            }
        }
        others.iter().try_for_each(|what| self.connection.order(what))
    }

    /// The register that selects a bank, its content, and that which selects the
    /// other one; `None` if there is none, or no content is given.
    fn selector(&self, values: &[(Numbered, Vec<u8>)]) -> Result<Option<Selector>, Error> {
        let Some(bank) = self.bank else { return Ok(None) };
        let Some((register, bytes)) = values.iter().find(|(it, _)| it.name == bank.selector) else {
            return Ok(None);
        };
        let value = self.numbering.value(register, bytes, register.bits).low_u64() ^ bank.bit;
        let selected = self.numbering.bytes(register, &value.into(), register.bits);
        Ok(Some((register.clone(), bytes.clone(), selected)))
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        self.connection.order(&format!("M{address:x},{:x}:{}", bytes.len(), hex(bytes)))
    }

    /// Writes the pieces of the data that are others than in the program's
    /// memory.
    fn write_data(&mut self, place: Place, data: &[u8]) -> Result<(), Error> {
        for (index, piece) in data.chunks(PIECE).enumerate() {
            let at = index * PIECE;
            if self.data[at..at + piece.len()] != *piece {
                self.write_memory(place.data + at as u64, piece)?;
                self.data[at..at + piece.len()].copy_from_slice(piece);
            }
        }
        Ok(())
    }

    fn read_data(&mut self, place: Place) -> Result<(), Error> {
        for at in (0..place.size as usize).step_by(PIECE) {
            let piece = unhex(&self.connection.ask(&format!("m{:x},{PIECE:x}", place.data + at as u64))?)?;
            let known = self.data[at..].iter_mut().zip(piece);
            known.for_each(|(known, byte)| *known = byte);
        }
        Ok(())
    }

    /// The contents of registers.
    fn read_registers(&mut self, wanted: &[Numbered]) -> Result<Vec<Vec<u8>>, Error> {
        let image = unhex(&self.connection.ask("g")?)?;
        let mut second = Vec::new();
        if wanted.iter().any(|it| it.is_other)
            && let Some(bank) = self.bank
            && let Some(selector) = self.numbering.named(bank.selector).cloned()
            && let Some(range) = self.in_image(&selector)
            && let Some(own) = image.get(range.clone())
            && let Some((_, _, selected)) = self.selector(&[(selector, own.to_vec())])?
        {
            // All up to the one that selects: those of the banks come after it.
            let mut first = image[..range.end].to_vec();
            first[range.clone()].copy_from_slice(&selected);
            self.connection.order(&format!("G{}", hex(&first)))?;
            second = unhex(&self.connection.ask("g")?)?;
            self.connection.order(&format!("G{}", hex(&image[..range.end])))?;
        }
        let read = |register: &Numbered| match self.in_image(register) {
            Some(range) => {
                let image = if register.is_other { &second } else { &image };
                Ok(image.get(range).unwrap_or_default().to_vec())
            }
            None => unhex(&self.connection.ask(&format!("p{:x}", register.number))?),
        };
        wanted.iter().map(read).collect()
    }
}

/// Whether an instruction goes to another register window, or spills them: SAVE,
/// RESTORE, RETURN and FLUSHW of SPARC (V9, appendix E, table 32).
fn moves_windows(code: &[u8]) -> bool {
    let word = code.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    word >> 30 == 2 && matches!(word >> 19 & 0x3f, 0x2b | 0x39 | 0x3c | 0x3d)
}

/// The kind of ending that a signal tells (GDB manual, appendix E.3; numbers
/// of `include/gdb/signals.def`).
fn ending(stop: &str) -> Result<Kind, Error> {
    let number = stop.get(1..3).and_then(|text| u8::from_str_radix(text, 16).ok());
    match (stop.as_bytes().first(), number) {
        (Some(b'S' | b'T'), Some(number)) => Ok(match number {
            5 => Kind::Done,
            4 => Kind::Invalid,
            8 => Kind::Arithmetic,
            10 => Kind::Unaligned,
            11 => Kind::Memory,
            _ => Kind::Trap,
        }),
        _ => Err(Error::Protocol(format!("the stub says {stop:?}"))),
    }
}

impl Qemu {
    fn numbered(&self, id: RegisterId) -> Result<Numbered, Error> {
        let found = self.session.numbering.find(id).cloned();
        found.ok_or_else(|| Error::Protocol("a register is not there".to_owned()))
    }

    fn compared(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        let wanted: Vec<Numbered> =
            plan.compared.iter().map(|it| self.numbered(it.id)).collect::<Result<_, _>>()?;
        let contents = self.session.read_registers(&wanted)?;
        let values = plan.compared.iter().zip(wanted.iter().zip(&contents));
        let numbering = &self.session.numbering;
        Ok(values.map(|(chosen, (register, bytes))| numbering.value(register, bytes, chosen.bits)).collect())
    }

    fn program_counter_id(&self) -> Result<RegisterId, Error> {
        let definition = self.platform.definition();
        let id = definition.register(definition.program_counter);
        id.ok_or_else(|| Error::Protocol("the platform has no program counter".to_owned()))
    }

    fn counter(&mut self) -> Result<u64, Error> {
        let id = self.program_counter_id()?;
        let register = self.numbered(id)?;
        let contents = self.session.read_registers(std::slice::from_ref(&register))?;
        let bytes = contents.first().map_or(&[][..], Vec::as_slice);
        let value = self.session.numbering.value(&register, bytes, register.bits).low_u64();
        // MIPS counts the instruction set in.
        let has_bit = self.platform.definition().code_address_bit == CodeAddressBit::CompressedMips;
        Ok(if has_bit { value & !1 } else { value })
    }

    /// Has a register loaded by an instruction, because the stub sets its content
    /// and not the modes in it.
    fn load(&mut self, task: &Task, values: &[(Numbered, Vec<u8>)]) -> Result<(), Error> {
        let Some(loaded) = self.program.loaded else { return Ok(()) };
        let Some((_, value)) = values.iter().find(|(it, _)| it.name == loaded.register) else {
            return Ok(());
        };
        let address = task.address + BESIDE;
        let order = self.platform.byte_order();
        let mut code = vec![0; 16];
        order.write(loaded.code.into(), &mut code[..loaded.length]);
        code.extend(value);
        self.session.write_memory(address, &code)?;
        let mut values = values.to_vec();
        let numbering = &self.session.numbering;
        let set = |name: &str, value: u64| {
            let register = numbering.named(name)?;
            Some((register.clone(), numbering.bytes(register, &value.into(), register.bits)))
        };
        let from = match numbering.named(loaded.from) {
            Some(from) if !loaded.by_address => Some((from.clone(), value.clone())),
            _ => set(loaded.from, address + 16),
        };
        for (register, bytes) in [from, set("pc", address), set("npc", address + 4)].into_iter().flatten() {
            values.retain(|(it, _)| it.number != register.number || it.is_again());
            values.push((register, bytes));
        }
        self.session.write_registers(&values)?;
        match ending(&self.session.connection.ask("s")?)? {
            Kind::Done => Ok(()),
            _ => Err(Error::Protocol(format!("{} cannot be loaded", loaded.register))),
        }
    }

    fn execute(&mut self, plan: &Plan, task: &Task) -> Result<Outcome, Error> {
        let mut values = self.session.initial.clone();
        for (chosen, value) in plan.set.iter().zip(&task.registers) {
            let register = self.numbered(chosen.id)?;
            let bytes = self.session.numbering.bytes(&register, value, chosen.bits);
            values.push((register, bytes));
        }
        let pc = self.numbered(self.program_counter_id()?)?;
        let mut pointers = vec![(pc, plan.code_pointer(task.address))];
        pointers.extend(self.session.numbering.named("npc").cloned().map(|it| (it, task.address + 4)));
        for (register, value) in pointers {
            let bytes = self.session.numbering.bytes(&register, &value.into(), register.bits);
            values.push((register, bytes));
        }
        let data = task.data(plan.place.size);
        self.session.write_memory(task.address, &task.code)?;
        self.load(task, &values)?;
        let session = &mut self.session;
        session.write_data(plan.place, &data)?;
        if self.program.has_windows {
            // What selects is sent after what it selects.
            session.write_registers(&values)?;
        }
        session.write_registers(&values)?;
        let mut kind = ending(&self.session.connection.ask("s")?)?;
        let mut pc = self.counter()?;
        let slot = task.address + task.length;
        if kind == Kind::Done && task.has_slot && pc == slot && self.program.registers.is_some() {
            // The branch has executed, and its delay slot is next.
            kind = ending(&self.session.connection.ask("s")?)?;
            pc = self.counter()?;
        }
        if kind == Kind::Done && pc == task.address {
            // The signal of a trap is that of a step.
            kind = Kind::Trap;
        }
        let is_done = kind == Kind::Done || pc == task.address;
        self.session.read_data(plan.place)?;
        let changed = if is_done { changes(&data, &self.session.data) } else { Vec::new() };
        let registers = if is_done { self.compared(plan)? } else { Vec::new() };
        Ok(Outcome { ending: Ending::plain(kind), registers, pc, changed, stores: None })
    }
}

impl Subject for Qemu {
    fn has(&self, register: RegisterId) -> bool {
        self.session.numbering.find(register).is_some()
    }

    fn uncompared(&self) -> Option<(RegisterId, u64)> {
        let (name, bits) = self.program.uncompared?;
        Some((self.platform.definition().register(name)?, bits))
    }

    fn start(&mut self, plan: &Plan) -> Result<Vec<RegisterValue>, Error> {
        let others = plan.compared.iter().filter(|it| !plan.set.iter().any(|set| set.id == it.id));
        let others: Vec<Numbered> = others.map(|it| self.numbered(it.id)).collect::<Result<_, _>>()?;
        let contents = self.session.read_registers(&others)?;
        self.session.initial = others.into_iter().zip(contents).collect();
        self.compared(plan)
    }

    fn run(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        if task.address == plan.place.instruction(0) || self.program.has_windows && moves_windows(&task.code)
        {
            // What the other windows hold, and how many there are, the stub
            // does not show.
            self.begin_again()?;
        }
        let mut result = self.execute(plan, task);
        let is_trap = matches!(&result, Ok(outcome) if outcome.ending.kind == Kind::Trap);
        let may_be_forbidden = self.program.keeps_forbidden
            && matches!(&result, Ok(outcome) if outcome.ending.kind == Kind::Invalid);
        if result.is_err() || is_trap || may_be_forbidden {
            // What counts is what a new process does: an earlier instruction
            // may have set it to trace, for example.
            self.begin_again()?;
            result = self.execute(plan, task);
        }
        let answer = match result {
            // The state of a delay slot cannot be set.
            Ok(outcome) if !task.has_slot || outcome.ending.kind == Kind::Done => {
                return Ok(Answer::Outcome(outcome));
            }
            Ok(outcome) => Answer::Outcome(outcome),
            Err(error) => match self.session.ended() {
                Some(status) => match status.signal() {
                    Some(signal) => Answer::Crashed(signal_name(signal)),
                    None => Answer::GaveUp,
                },
                None => Answer::Crashed(error.to_string()),
            },
        };
        self.begin_again()?;
        Ok(answer)
    }

    fn run_afresh(&mut self, plan: &Plan, task: &Task) -> Result<Answer, Error> {
        self.begin_again()?;
        self.run(plan, task)
    }
}
