//! `mcheck.h` and `malloc.h`: how a program watches and tunes its heap. The heap
//! of the models is watched whatever the program asks for, and has nothing to
//! tune.

use super::super::{
    context::Context,
    error::Result,
    stdlib::malloc_usable_size,
    types::{Header, Ptr, Size, Standard, models},
};

/// What is left out.
const WATCHED: &str = "nothing is written: wrong frees end the run whatever is asked for";

pub(crate) static HEADER: [Header; 2] = [
    Header {
        name: "mcheck.h",
        standard: Standard::Extension,
        models: models! {
            mtrace = nothing, WATCHED;
            muntrace = nothing, WATCHED;
            mcheck = check, WATCHED;
            mcheck_pedantic = check, WATCHED;
            mcheck_check_all = nothing, WATCHED;
            mprobe = probe, WATCHED;
        },
    },
    Header {
        name: "malloc.h",
        standard: Standard::Extension,
        models: models! {
            mallopt = tune, "nothing changes";
            __libc_mallopt = tune, "nothing changes";
            malloc_trim = trim, "nothing is given back";
            malloc_stats = nothing, "nothing is written";
            __malloc_usable_size = malloc_usable_size;
        },
    },
];

fn nothing(_: &mut Context<'_>) -> Result<()> {
    Ok(())
}

fn check(_: &mut Context<'_>, _function: Ptr) -> Result<i32> {
    Ok(0)
}

/// `MCHECK_DISABLED`.
fn probe(_: &mut Context<'_>, _block: Ptr) -> Result<i32> {
    Ok(-1)
}

/// 1 for each parameter that there is (mallopt(3): -8 to -1, and 1).
fn tune(_: &mut Context<'_>, parameter: i32, _value: i32) -> Result<i32> {
    Ok(i32::from((-8..=-1).contains(&parameter) || parameter == 1))
}

fn trim(_: &mut Context<'_>, _pad: Size) -> Result<i32> {
    Ok(0)
}
