//! Smoke.
use terrella_conformance::snippets::*;
use terrella_emulator_api::*;
use terrella_platforms::Platform;
use terrella_unicorn::UnicornEmulator;
fn main() {
    let only = std::env::args().nth(1);
    for platform in Platform::ALL.iter().copied().filter(|p| only.as_ref().is_none_or(|o| p.name() == o)) {
        let Some(s) = Snippets::of(platform) else {
            println!("{platform}: no snippets");
            continue;
        };
        let mut line = format!("{platform:12}");
        for (label, args) in [
            ("straight", vec![]),
            ("add_args", vec![5, 7]),
            ("count_loop", vec![10]),
            ("load32", vec![DATA]),
            ("store32", vec![DATA, 0x1234]),
            ("caller", vec![20]),
            ("divide", vec![100, 7]),
            ("conditional", vec![0]),
            ("patch_me", vec![]),
            ("load_many", vec![DATA]),
            ("delay_load", vec![DATA]),
            ("add_memory", vec![DATA]),
            ("system_call", vec![42]),
            ("breakpoint", vec![]),
            ("illegal", vec![]),
            ("halt", vec![]),
            ("load32", vec![0x5_0000]),
            ("store32", vec![0x5_0000, 1]),
            ("divide", vec![1, 0]),
        ] {
            let Some(_) = s.label(label) else { continue };
            let r = (|| {
                let mut e = UnicornEmulator::new(platform)?;
                s.load(&mut e)?;
                s.prepare(&mut e, label, &args)?;
                e.write_integer(DATA, 0x11, 4)?;
                let stop = e.run_with(&Limits::counted())?;
                Ok::<_, Error>((stop, s.result(&e)?, e.instructions_executed().unwrap()))
            })();
            match r {
                Ok((Stop::ExitPoint(RETURN), v, n)) => line += &format!(" {label}={v:#x}/{n}"),
                Ok(o) => {
                    line += &format!("\n     {label}: {o:x?} @{:x?}", s.address(&format!("{label}_insn")))
                }
                Err(e) => line += &format!("\n     {label}: {e} @{:x?}", s.address(&format!("{label}_insn"))),
            }
        }
        println!("{line}");
    }
}
