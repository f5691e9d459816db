//! Own C programs (`fixtures/programs/`), which check themselves: every
//! program of every image on every backend that has the platform.
//!
//! Arguments filter by name: `cargo test -p terrella-conformance --test
//! programs -- native::mips-O3::sha256`.

use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use terrella_conformance::{
    backends,
    programs::{expected, images, known_failures},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::from_args();
    let (expected, known) = (expected()?, known_failures()?);
    let mut trials = Vec::new();
    for image in images()? {
        let image = Arc::new(image);
        for backend in backends().iter().filter(|backend| (backend.platforms)().contains(&image.platform)) {
            for program in &image.programs {
                let title = image.title(backend, program);
                let is_known = known.contains(&title);
                let digest =
                    expected.get(program).ok_or_else(|| format!("{program} is not in expected.txt"))?;
                let (image, program, digest) = (Arc::clone(&image), program.clone(), *digest);
                trials.push(Trial::test(title, move || match image.run(backend, &program, digest) {
                    Err(_) if is_known => Ok(()),
                    Ok(()) if is_known => Err("it works: remove it from programs-known.txt".into()),
                    result => Ok(result?),
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit()
}
