//! Flat x86-64 programs as Linux programs of their own, so that the host's
//! processor is measured beside the engines.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command, time::Instant};

use crate::{LOAD, LOAD_SIZE, Program, STACK, STACK_POINTER, STACK_SIZE};

/// Where the code is that calls the program.
const CALLER: u64 = 0x60_0000;
/// How many times it calls it.
const CALLS: u32 = 20;
const PAGE: u64 = 0x1000;

/// An executable file with a program in it.
#[derive(Debug)]
struct HostProgram(PathBuf);

impl Drop for HostProgram {
    fn drop(&mut self) {
        // A file in the folder for temporary files, no more.
        let _ = fs::remove_file(&self.0);
    }
}

impl HostProgram {
    /// Writes the file, whose program is called so many times.
    ///
    /// # Errors
    /// Those of writing a file.
    fn write(program: &Program, calls: u32) -> io::Result<Self> {
        let name = format!("terrella-bench-{}-{}-{calls}", program.name, std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, executable(program, calls))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    fn seconds(&self) -> io::Result<(f64, Option<i32>)> {
        let start = Instant::now();
        let status = Command::new(&self.0).status()?;
        Ok((start.elapsed().as_secs_f64(), status.code()))
    }
}

/// The shortest time in seconds that one run of a program takes on the host,
/// without the start of its process; `None` where the host is another.
///
/// # Errors
/// Those of files and processes.
///
/// # Panics
/// If the host computes something else than the program is to.
pub fn host_seconds(program: &Program, turns: u32) -> io::Result<Option<f64>> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Ok(None);
    }
    let (once, often) = (HostProgram::write(program, 1)?, HostProgram::write(program, 1 + CALLS)?);
    let (mut first, mut all) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..turns {
        let (seconds, status) = once.seconds()?;
        assert_eq!(status, Some((program.run.1 & 0xff) as i32), "{} on the host", program.name);
        first = first.min(seconds);
        all = all.min(often.seconds()?.0);
    }
    Ok(Some((all - first).max(0.0) / f64::from(CALLS)))
}

/// An ELF file of three segments: the program, the code that calls it, and
/// the stack.
fn executable(program: &Program, calls: u32) -> Vec<u8> {
    let mut image = program.code.clone();
    // Where the program would stop, it returns.
    image[(program.stop - LOAD) as usize] = 0xc3;
    let caller = caller(program.run.0, calls);
    let segments = [
        (LOAD, image.as_slice(), LOAD_SIZE),
        (CALLER, caller.as_slice(), caller.len() as u64),
        (STACK, &[][..], STACK_SIZE),
    ];
    // The header of an executable for x86-64 (System V ABI, chapter 4).
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    for word in [CALLER, 64, 0] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&[0, 0, 0, 0, 64, 0, 56, 0, segments.len() as u8, 0, 0, 0, 0, 0, 0, 0]);
    for (index, (address, content, size)) in segments.iter().enumerate() {
        // To load, for reading, writing and executing.
        file.extend_from_slice(&[1, 0, 0, 0, 7, 0, 0, 0]);
        let offset = PAGE * (1 + index as u64);
        for word in [offset, *address, *address, content.len() as u64, *size, PAGE] {
            file.extend_from_slice(&word.to_le_bytes());
        }
    }
    for (index, (_, content, _)) in segments.iter().enumerate() {
        file.resize(PAGE as usize * (1 + index), 0);
        file.extend_from_slice(content);
    }
    file
}

/// Calls the program, and ends with the lowest byte of the last result as the
/// status.
fn caller(argument: u64, calls: u32) -> Vec<u8> {
    let mut code = vec![0x48, 0xbc]; // mov rsp, STACK_POINTER
    code.extend_from_slice(&STACK_POINTER.to_le_bytes());
    code.extend_from_slice(&[0x41, 0xbc]); // mov r12d, calls
    code.extend_from_slice(&calls.to_le_bytes());
    let again = code.len();
    code.extend_from_slice(&[0x48, 0xbf]); // again: mov rdi, argument
    code.extend_from_slice(&argument.to_le_bytes());
    code.push(0xb8); // mov eax, LOAD
    code.extend_from_slice(&(LOAD as u32).to_le_bytes());
    code.extend_from_slice(&[0xff, 0xd0]); // call rax
    code.extend_from_slice(&[0x41, 0xff, 0xcc]); // dec r12d
    let back = again as isize - (code.len() as isize + 2);
    code.extend_from_slice(&[0x75, back as u8]); // jnz again
    // mov edi, eax; and edi, 255; mov eax, 60 (exit); syscall
    code.extend_from_slice(&[0x89, 0xc7, 0x81, 0xe7, 0xff, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
    code
}
