//! Section 5.4: panics in callbacks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use terrella_emulator_api::{Capability, Emulator, EmulatorExt, Flow, Stop};

use super::callbacks::{hook_site, sites};
use crate::{Case, Failure, Fixture, Layout, Trace, ensure, equal, int};

pub(super) const CASES: &[Case] = &[
    Case::new("5.4", "a panic resumes in the caller, and the emulator can be used", panics)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.4", "after a panic the hook is still set, and fires again", fires_after_panic)
        .labels(&["straight", "load", "store", "caller"]),
    Case::new("5.4", "after a panic in the midst of code the hook of all instructions fires again", fires_on)
        .needs(Capability::InstructionHooks)
        .labels(&["straight"]),
];

fn panics(fixture: &mut Fixture) -> Result<(), Failure> {
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        let handle = hook_site(&mut *emulator, &site, |_| std::panic::panic_any("on purpose"))?;
        match catch_unwind(AssertUnwindSafe(|| emulator.run().map(drop))) {
            Err(payload) => {
                equal!(payload.downcast_ref::<&str>(), Some(&"on purpose"), "{family}: payload");
            }
            Ok(other) => return Err(Failure::new(format!("{family}: no panic but {other:?}"))),
        }
        emulator.unhook(handle)?;
        equal!(fixture.call(&mut *emulator, "straight", &[])?, 8, "{family}: result of another run");
        equal!(fixture.call(&mut *emulator, "caller", &[int(20)])?, 41, "{family}: result of another run");
    }
    Ok(())
}

/// Runs, and gives whether a panic came out of it.
fn panicked(emulator: &mut dyn Emulator) -> Result<bool, Failure> {
    match catch_unwind(AssertUnwindSafe(|| emulator.run())) {
        Err(payload) => {
            equal!(payload.downcast_ref::<&str>(), Some(&"on purpose"), "payload");
            Ok(true)
        }
        Ok(stop) => {
            equal!(stop?, Stop::ExitPoint(Layout::of(emulator.platform()).return_at), "stop");
            Ok(false)
        }
    }
}

fn fires_after_panic(fixture: &mut Fixture) -> Result<(), Failure> {
    for site in sites(fixture, &*fixture.bare()?)? {
        let family = site.family;
        let mut emulator = fixture.at(site.label, &site.arguments)?;
        let calls = Trace::new();
        let trace = calls.clone();
        let handle = hook_site(&mut *emulator, &site, move |_| {
            trace.push(());
            if trace.len() <= 2 { std::panic::panic_any("on purpose") } else { Ok(false) }
        })?;
        for call in 1..=2 {
            fixture.prepare(&mut *emulator, site.label, &site.arguments)?;
            ensure!(panicked(&mut *emulator)?, "{family}: no panic in call {call}");
            equal!(calls.len(), call, "{family}: calls of the hook");
        }
        fixture.prepare(&mut *emulator, site.label, &site.arguments)?;
        ensure!(!panicked(&mut *emulator)?, "{family}: a panic in the third call");
        ensure!(calls.len() > 2, "{family}: the hook does not fire any more");
        emulator.unhook(handle)?;
    }
    Ok(())
}

fn fires_on(fixture: &mut Fixture) -> Result<(), Failure> {
    let path = fixture.path("straight", &[])?;
    for at in 0..path.len() {
        let mut emulator = fixture.at("straight", &[])?;
        let seen = Trace::new();
        let trace = seen.clone();
        emulator.hook_instructions(move |_, pc| {
            trace.push(pc);
            if trace.len() == at + 1 { std::panic::panic_any("on purpose") } else { Ok(Flow::Continue) }
        })?;
        ensure!(panicked(&mut *emulator)?, "no panic");
        equal!(seen.take(), path[..=at], "instructions up to the panic");
        // `at` calls are forgotten now, so that the same one panics again.
        fixture.prepare(&mut *emulator, "straight", &[])?;
        ensure!(panicked(&mut *emulator)?, "no panic in the second run");
        equal!(seen.all(), path[..=at], "instructions of the second run");
    }
    Ok(())
}
