//! [`Case`]: one promise of the contract, checked.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

use terrella_emulator_api::{Capability, Platform};
use terrella_platforms::PlatformDefinition;

use crate::{Backend, Failure, Fixture, snippets::Snippets};

/// How long a case may take; the slowest takes a small part of it.
const PATIENCE: Duration = Duration::from_secs(120);

/// One promise of the contract, checked.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The line of the contract: `4.3`.
    pub line: &'static str,
    /// What is promised.
    pub name: &'static str,
    /// What the backend must be able to do.
    pub capability: Option<Capability>,
    /// Snippets that the platform must have.
    pub labels: &'static [&'static str],
    /// What the platform must be like.
    pub applies: Option<fn(&PlatformDefinition) -> bool>,
    /// The check.
    pub run: fn(&mut Fixture) -> Result<(), Failure>,
}

impl Case {
    /// A case that needs nothing.
    #[must_use]
    pub const fn new(
        line: &'static str,
        name: &'static str,
        run: fn(&mut Fixture) -> Result<(), Failure>,
    ) -> Self {
        Self { line, name, capability: None, labels: &[], applies: None, run }
    }

    /// The same, with snippets that it needs.
    #[must_use]
    pub const fn labels(self, labels: &'static [&'static str]) -> Self {
        Self { labels, ..self }
    }

    /// The same, with a capability that it needs.
    #[must_use]
    pub const fn needs(self, capability: Capability) -> Self {
        Self { capability: Some(capability), ..self }
    }

    /// The same, with a condition on the platform.
    #[must_use]
    pub const fn when(self, applies: fn(&PlatformDefinition) -> bool) -> Self {
        Self { applies: Some(applies), ..self }
    }

    /// Why it does not apply, if it does not.
    #[must_use]
    pub fn not_applicable(&self, backend: &Backend, platform: Platform) -> Option<String> {
        if self.applies.is_some_and(|applies| !applies(platform.definition())) {
            return Some("the platform is not like that".to_owned());
        }
        if !self.labels.is_empty() {
            let Some(snippets) = Snippets::of(platform) else {
                return Some("no snippets for the platform".to_owned());
            };
            if let Some(label) = self.labels.iter().find(|label| snippets.label(label).is_none()) {
                return Some(format!("the platform has no snippet `{label}`"));
            }
        }
        let capability = self.capability?;
        match (backend.make)(platform) {
            Ok(emulator) if !emulator.capabilities().has(capability) => {
                Some(format!("{} does not declare {capability}", backend.name))
            }
            _ => None,
        }
    }
}

/// What came out of a case.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The promise is kept.
    Passed,
    /// It does not apply, and why.
    NotApplicable(String),
    /// The promise is broken.
    Failed(String),
}

/// Runs a case on a backend and a platform.
#[must_use]
pub fn run_case(backend: &Backend, platform: Platform, case: &Case) -> Outcome {
    if let Some(reason) = case.not_applicable(backend, platform) {
        return Outcome::NotApplicable(reason);
    }
    let (send, receive) = mpsc::channel();
    let (backend, run) = (*backend, case.run);
    // In a thread of its own, so that an engine that hangs does not take the
    // suite along.
    let thread = thread::Builder::new().name(format!("{} {}", case.line, case.name)).spawn(move || {
        let mut fixture = Fixture::new(backend, platform);
        let outcome = match catch_unwind(AssertUnwindSafe(|| run(&mut fixture))) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(failure)) if failure.not_applicable => Outcome::NotApplicable(failure.to_string()),
            Ok(Err(failure)) => Outcome::Failed(failure.to_string()),
            Err(panic) => Outcome::Failed(format!("panic: {}", panic_text(&*panic))),
        };
        // Nobody listens any more if it took too long.
        let _ = send.send(outcome);
    });
    if let Err(error) = thread {
        return Outcome::Failed(format!("no thread: {error}"));
    }
    match receive.recv_timeout(PATIENCE) {
        Ok(outcome) => outcome,
        Err(_) => Outcome::Failed(format!("no end after {} seconds", PATIENCE.as_secs())),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "?",
    }
}
