//! Prints the page `docs/src/reference/missing-operations.md`; with `search SEED TRIES`,
//! looks for instructions that end by an error that names an operation, and
//! prints them for `tests/missing-operations.txt`.

#[path = "../tests/missing/mod.rs"]
mod missing;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("search") {
        let seed = arguments.next().map_or(Ok(0), |it| it.parse())?;
        let tries = arguments.next().map_or(Ok(100), |it| it.parse())?;
        print!("{}", missing::search(seed, tries)?);
    } else {
        print!("{}", missing::page(&missing::listed()?));
    }
    Ok(())
}
