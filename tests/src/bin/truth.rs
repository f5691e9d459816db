//! Prints the page that tells how much of each platform was compared with
//! what.
//!
//! ```text
//! cargo run -p terrella-conformance --bin truth > docs/src/reference/truth.md
//! ```

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A panic that a callback is meant to make is no news.
    std::panic::set_hook(Box::new(|_| {}));
    let page =
        terrella_conformance::truth::page(|backend, platform| eprintln!("{} {platform}", backend.name))?;
    print!("{page}");
    Ok(())
}
