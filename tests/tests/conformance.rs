//! Every case on every platform of every backend. Arguments filter by name:
//! `cargo test -p terrella-conformance -- x86_64::4.3`.

use libtest_mimic::{Arguments, Failed, Trial};
use terrella_conformance::{Outcome, backends, cases, known, run_case};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for backend in backends() {
        for platform in (backend.platforms)() {
            for case in cases() {
                let name = format!("{}::{platform}::{} {}", backend.name, case.line, case.name);
                let ignored = case.not_applicable(backend, platform).is_some()
                    || known::shortfall(backend, platform, case).is_some_and(|known| known.not_run);
                let trial = Trial::test(name, move || {
                    let outcome = run_case(backend, platform, case);
                    let shortfall = known::shortfall(backend, platform, case);
                    match (outcome, shortfall) {
                        (Outcome::Failed(_), Some(_)) => Ok(()),
                        (Outcome::Failed(text), None) => Err(Failed::from(text)),
                        (_, Some(_)) => Err(Failed::from("known shortfall is gone: remove it")),
                        (Outcome::Passed | Outcome::NotApplicable(_), None) => Ok(()),
                    }
                });
                trials.push(trial.with_ignored_flag(ignored));
            }
        }
    }
    // A panic that a callback is meant to make is no news.
    std::panic::set_hook(Box::new(|_| {}));
    libtest_mimic::run(&arguments, trials).exit();
}
