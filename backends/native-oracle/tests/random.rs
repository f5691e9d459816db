//! A few thousand random instructions of each class, compared with the host.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use terrella_hardware_oracle::{Class, run};

fn compare(bits: u32, class: Class) {
    let counts = run(bits, 20_260_101, 6_000, None, Some(class)).expect("the host's processor can be used");
    assert!(counts.total() > 500, "{} instructions", counts.total());
    let differences: Vec<String> =
        counts.different.iter().flat_map(|(_, (_, examples))| examples.iter().take(1).cloned()).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn general_instructions_are_those_of_the_host() {
    compare(64, Class::Integer);
}

#[test]
fn vectors_are_those_of_the_host() {
    compare(64, Class::Sse);
}

#[test]
fn vex_instructions_are_those_of_the_host() {
    compare(64, Class::Vex);
}

/// What AMD's and Intel's x87 do not do alike is not compared.
#[test]
fn the_x87_is_that_of_the_host() {
    compare(64, Class::X87);
}

#[test]
fn general_instructions_of_32_bits_are_those_of_the_host() {
    compare(32, Class::Integer);
}

#[test]
fn vectors_in_32_bit_code_are_those_of_the_host() {
    compare(32, Class::Sse);
}

#[test]
fn general_instructions_of_16_bits_are_those_of_the_host() {
    compare(16, Class::Integer);
}

#[test]
fn vectors_in_16_bit_code_are_those_of_the_host() {
    compare(16, Class::Sse);
}
