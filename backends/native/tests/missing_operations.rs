//! The page of missing operations is true: what is listed is an error that
//! names the operation, and nothing else is.

mod missing;

use missing::Probe;
use terrella_native::NativeEmulator;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[test]
fn the_page_is_that_of_the_list() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/missing-operations.md");
    let page = missing::page(&missing::listed()?);
    if std::env::var_os("TERRELLA_BLESS").is_some() {
        std::fs::write(path, page)?;
        return Ok(());
    }
    assert!(
        std::fs::read_to_string(path)? == page,
        "write it anew: TERRELLA_BLESS=1 cargo test -p terrella-native"
    );
    Ok(())
}

#[test]
fn an_instruction_that_needs_a_listed_operation_is_an_error_that_names_it() -> Result<()> {
    let listed = missing::listed()?;
    for platform in NativeEmulator::platforms() {
        let mut probe = Probe::new(platform, 0)?;
        for (name, code) in &listed[platform.name()] {
            assert_eq!(probe.missing(code)?.as_ref(), Some(name), "{platform}: {code:02x?}");
        }
    }
    Ok(())
}

#[test]
fn no_other_operation_is_missing() -> Result<()> {
    let listed = missing::listed()?;
    for platform in NativeEmulator::platforms() {
        let mut others = missing::Operations::new();
        Probe::new(platform, 0)?.try_all(1, |name, code| {
            if !listed[platform.name()].contains_key(&name) {
                others.insert(name, code.to_vec());
            }
        })?;
        assert!(others.is_empty(), "{platform}: {others:02x?}");
    }
    Ok(())
}
