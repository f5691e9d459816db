//! A few thousand random instructions of each class, compared with the host.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use terrella_hardware_oracle::{Class, run};

fn compare(class: Class) {
    let counts = run(20_260_101, 6_000, None, Some(class)).expect("the host's processor can be used");
    assert!(counts.total() > 500, "{} instructions", counts.total());
    let differences: Vec<String> =
        counts.different.iter().flat_map(|(_, (_, examples))| examples.iter().take(1).cloned()).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn general_instructions_are_those_of_the_host() {
    compare(Class::Integer);
}

#[test]
fn vectors_are_those_of_the_host() {
    compare(Class::Sse);
}

#[test]
fn vex_instructions_are_those_of_the_host() {
    compare(Class::Vex);
}

/// What AMD's and Intel's x87 do not do alike is not compared.
#[test]
fn the_x87_is_that_of_the_host() {
    compare(Class::X87);
}
