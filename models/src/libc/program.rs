//! [`StartProgram`]: whole programs whose libraries are models begin where the
//! run-time linker leaves them.

use terrella_machine_state::{Executable, Machine, Stack};
use terrella_platforms::{CallingConvention, Platform};

use super::link::LinkError;

/// Has a machine begin as a program.
pub trait StartProgram {
    /// Puts arguments and environment onto the stack, and sets the registers,
    /// as they are when the run-time linker of Linux jumps to the entry point
    /// of a program. `executable` and `stack` are names of items of the
    /// machine. Nothing happens if the executable has no entry point.
    ///
    /// The program then calls `__libc_start_main`, which
    /// [`LinkModels`](super::LinkModels) answers: constructors run, `main` is
    /// called, and the run stops when it has returned or calls `exit`
    /// ([`Libc::exit_status`](super::Libc::exit_status)).
    ///
    /// # Errors
    /// What the machine reports: there are no such items, or the stack is too
    /// small.
    fn start_program(
        &mut self,
        executable: &str,
        stack: &str,
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
    ) -> Result<(), LinkError>;
}

/// `AT_PAGESZ`, `AT_ENTRY` (Linux, `include/uapi/linux/auxvec.h`).
const PAGE: u64 = 6;
const ENTRY: u64 = 9;

impl StartProgram for Machine {
    fn start_program(
        &mut self,
        executable: &str,
        stack: &str,
        arguments: &[Vec<u8>],
        environment: &[Vec<u8>],
    ) -> Result<(), LinkError> {
        let platform = self.platform();
        let program = self.get::<Executable>(executable)?;
        let Some(entry) = program.entry else { return Ok(()) };
        let convention = convention_of(program);
        let descriptor = if convention.function_descriptors {
            Some((
                program.read_integer(entry, 8)? as u64,
                program.read_integer(entry.wrapping_add(8), 8)? as u64,
            ))
        } else {
            None
        };
        let top = {
            let stack = self.get_mut::<Stack>(stack)?;
            let top = stack.push_process_start(arguments, environment, &[(PAGE, 0x1000), (ENTRY, entry)])?;
            // Room for the registers of a window (SPARC ABIs, chapter 3).
            match platform {
                Platform::SPARC => stack.reserve(16 * 4)?,
                Platform::SPARC64 => stack.reserve(16 * 8)?,
                _ => top,
            };
            top
        };
        let word = u64::from(platform.definition().pointer_bytes);
        let count = arguments.len() as u64;
        let vector = top.wrapping_add(word);
        let variables = vector.wrapping_add(word.wrapping_mul(count + 1));
        let auxiliary = variables.wrapping_add(word.wrapping_mul(environment.len() as u64 + 1));
        let cpu = self.cpu_mut();
        match platform.name() {
            // What start code calls through.
            "mips" | "mipsel" | "mips64" | "mips64el" => cpu.set("t9", entry)?,
            // The linker passes everything in registers, too (glibc,
            // sysdeps/powerpc/powerpc32/dl-start.S).
            name if name.starts_with("ppc") => {
                for (register, value) in
                    [("r3", count), ("r4", vector), ("r5", variables), ("r6", auxiliary), ("r7", 0)]
                {
                    cpu.set(register, value)?;
                }
                match descriptor {
                    Some((_, table)) => cpu.set("r2", table)?,
                    None if platform.definition().pointer_bytes == 8 => cpu.set("r12", entry)?,
                    None => {}
                }
            }
            _ => {}
        }
        Ok(cpu.set_program_counter(descriptor.map_or(entry, |(code, _)| code))?)
    }
}

/// The calling convention of a program.
pub(super) fn convention_of(executable: &Executable) -> &'static CallingConvention {
    let definition = executable.platform.definition();
    let own = executable.abi.as_deref().and_then(|name| definition.calling_convention(name));
    own.unwrap_or_else(|| definition.default_convention())
}
