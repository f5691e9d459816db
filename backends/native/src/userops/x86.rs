//! What x86's specification leaves to the emulator and is no trap. Most of
//! it has kernels of its own, in [`crate::x86`].

use super::{Handler, Table};

pub(super) const X86: Table = &[
    // The address of a segment and an offset: segments are flat, but for FS
    // and GS, which have bases.
    (
        "segment",
        Handler::new(|emulator, op| {
            let offset = emulator.user_input(op, 1) as u64;
            let base = op.inputs.first().map_or(0, |segment| emulator.segment_base(segment.at));
            emulator.set_user_result(op, offset.wrapping_add(base).into());
            Ok(())
        }),
    ),
];
