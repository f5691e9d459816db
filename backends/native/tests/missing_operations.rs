//! The page of missing operations is that of the code.

#[path = "../examples/missing-operations.rs"]
mod program;

#[test]
fn the_page_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/missing-operations.md");
    let page = program::page();
    if std::env::var_os("TERRELLA_BLESS").is_some() {
        std::fs::write(path, page).expect("the page");
        return;
    }
    let found = std::fs::read_to_string(path).expect("the page");
    assert!(found == page, "write it anew: TERRELLA_BLESS=1 cargo test -p terrella-native");
}
