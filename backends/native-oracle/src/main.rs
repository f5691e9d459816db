//! Compares random instructions: `terrella-hardware-oracle [--seed N]
//! [--count N] [--only MNEMONICS] [--class integer|sse|x87|vex] [--32 | --16] [--all]`.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() -> std::process::ExitCode {
    match oracle() {
        Ok(0) => std::process::ExitCode::SUCCESS,
        Ok(_) => std::process::ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn oracle() -> Result<u64, String> {
    use terrella_hardware_oracle::{Class, run};
    let (mut seed, mut count, mut only, mut class, mut all) = (1, 100_000, None, None, false);
    let mut bits = 64;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("`{text}` is no number"));
        match argument.as_str() {
            "--seed" => seed = number(value()?)?,
            "--count" => count = number(value()?)?,
            "--only" => only = Some(value()?),
            "--32" => bits = 32,
            "--16" => bits = 16,
            "--all" => all = true,
            "--class" => {
                class = Some(match value()?.as_str() {
                    "integer" => Class::Integer,
                    "sse" => Class::Sse,
                    "x87" => Class::X87,
                    "vex" => Class::Vex,
                    other => return Err(format!("no class `{other}`")),
                });
            }
            other => return Err(format!("what is `{other}`?")),
        }
    }
    let counts = run(bits, seed, count, only.as_deref(), class)?;
    if all {
        for (mnemonic, count) in &counts.compared {
            println!("{count:8} {mnemonic}");
        }
        for (mnemonic, (count, example)) in &counts.accepted {
            println!("only ours: {count:6} {mnemonic}: {example}");
        }
    }
    for ((mnemonic, kinds), (count, examples)) in &counts.different {
        println!("{mnemonic}: {count} of {} differ in {kinds}", counts.compared[mnemonic]);
        for example in examples {
            println!("{example}");
        }
    }
    let undecoded: u64 = counts.undecoded.values().sum();
    for bytes in counts.undecoded.keys().take(if all { usize::MAX } else { 20 }) {
        println!("not decoded: {bytes}");
    }
    println!(
        "{} instructions of {} mnemonics compared, {} differences, {} faulted alike, {} not on this host, {undecoded} not decoded",
        counts.total(),
        counts.compared.len(),
        counts.differences(),
        counts.faulted,
        counts.lacking,
    );
    Ok(counts.differences())
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {
    eprintln!("the oracle needs Linux on x86-64");
}
