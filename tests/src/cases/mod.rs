//! The cases, by section of the contract.

mod accesses;
mod callbacks;
mod execution;
mod faults;
mod functions;
mod handles;
mod identity;
mod if_then;
mod instructions;
mod interrupts;
mod limits;
mod memory;
mod overrides;
mod panics;
mod registers;
mod snapshots;
mod transfer;

use crate::Case;

/// All cases, by line of the contract.
#[must_use]
pub fn cases() -> Vec<&'static Case> {
    let sections: [&[Case]; 17] = [
        identity::CASES,
        registers::CASES,
        memory::CASES,
        execution::CASES,
        limits::CASES,
        faults::CASES,
        callbacks::CASES,
        panics::CASES,
        handles::CASES,
        instructions::CASES,
        functions::CASES,
        overrides::CASES,
        accesses::CASES,
        interrupts::CASES,
        snapshots::CASES,
        transfer::CASES,
        if_then::CASES,
    ];
    let mut cases: Vec<&Case> = sections.into_iter().flatten().collect();
    cases.sort_by_key(|case| case.line);
    cases
}
