//! From the start of a process to its end: the static Linux programs of
//! `tests/fixtures/linux`, of which a test prints one word, by `terrella run` on
//! both backends, by qemu-user, and by the kernel where it is the host's
//! processor; in turns, the median of `TURNS` in milliseconds.
//!
//! The command is the one of the same build (`cargo build --release -p
//! terrella-cli --features unicorn`), or what `TERRELLA` names; platforms may be
//! named (`-- aarch64 mips`). A dash says that something cannot be run: that
//! qemu-user is not installed, or that the backend has no such processor.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use terrella::{backends, platforms::Platform};

type Failure = Box<dyn std::error::Error>;

/// How often each is run.
const TURNS: usize = 15;
/// What is run, and what it prints.
const TEST: &str = "echo";

/// The name of qemu-user for a platform.
fn qemu(platform: Platform) -> String {
    format!("qemu-{}", if platform.name() == "armv7a" { "arm" } else { platform.name() })
}

fn command(program: &str, arguments: &[&str], image: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(image).arg(TEST).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Milliseconds of one run, if it printed what it should.
fn run(command: &mut Command) -> Option<f64> {
    let start = Instant::now();
    let output = command.output().ok()?;
    let taken = start.elapsed().as_secs_f64() * 1e3;
    (output.stdout.strip_suffix(b"\n") == Some(TEST.as_bytes())).then_some(taken)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Failure> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let terrella = env::var("TERRELLA").map_or_else(|_| root.join("target/release/terrella"), PathBuf::from);
    if !terrella.exists() {
        return Err(format!(
            "{} is not there: cargo build --release -p terrella-cli --features unicorn",
            terrella.display()
        )
        .into());
    }
    let terrella = terrella.to_string_lossy();
    let named: Vec<String> = env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let mut images: Vec<(Platform, PathBuf)> = fs::read_dir(root.join("tests/fixtures/linux"))?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            (path.extension()? == "elf").then_some(())?;
            Some((path.file_stem()?.to_str()?.parse().ok()?, path))
        })
        .filter(|(platform, _): &(Platform, _)| {
            named.is_empty() || named.iter().any(|it| *it == platform.name())
        })
        .collect();
    images.sort_by_key(|(platform, _)| platform.name());
    // Kernels, and qemu-user as they do, begin only what may be executed.
    let folder = env::temp_dir().join(format!("terrella-startup-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for (platform, image) in &mut images {
        let copy = folder.join(platform.name());
        fs::copy(&*image, &copy)?;
        #[cfg(unix)]
        fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        *image = copy;
    }
    println!("{:<12} {:>8} {:>8} {:>8} {:>8}", "ms", "native", "unicorn", "qemu", "host");
    for (platform, image) in images {
        let has =
            |backend: &str| backends::by_name(backend).is_some_and(|it| (it.platforms)().contains(&platform));
        let host = platform.name() == env::consts::ARCH
            || (platform.name(), env::consts::ARCH) == ("i386", "x86_64");
        let mut ways = [
            has("native").then(|| command(&terrella, &["run", "--backend", "native"], &image)),
            has("unicorn").then(|| command(&terrella, &["run", "--backend", "unicorn"], &image)),
            Some(command(&qemu(platform), &[], &image)),
            host.then(|| {
                let mut command = Command::new(&image);
                command.arg(TEST).stdin(Stdio::null());
                command
            }),
        ];
        let mut times = vec![Vec::new(); ways.len()];
        for _ in 0..TURNS {
            for (way, times) in ways.iter_mut().zip(&mut times) {
                times.extend(way.as_mut().and_then(run));
            }
        }
        let mut line = format!("{:<12}", platform.name());
        for times in times {
            // A way that fails once is no measure.
            let cell = if times.len() == TURNS { format!("{:.1}", median(times)) } else { "-".to_owned() };
            line.push_str(&format!(" {cell:>8}"));
        }
        println!("{line}");
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}
