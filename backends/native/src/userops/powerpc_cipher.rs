//! PowerPC: rounds of AES on vectors (Power ISA 2.07, book I, 6.11.1; FIPS
//! 197). The first byte of a state is the highest of the vector.

use super::{
    Handler, Table,
    aarch64::crypto::{boxes, decrypt, encrypt, mix_columns, unmix_columns},
};

/// A round from a state and its key.
macro_rules! round {
    ($function:expr) => {
        Handler::new(|emulator, op| {
            let function: fn(u128, u128) -> u128 = $function;
            let [state, key] = [0, 1].map(|index| emulator.user_input(op, index).swap_bytes());
            emulator.set_user_result(op, function(state, key).swap_bytes());
            Ok(())
        })
    };
}

pub(super) const TABLE: Table = &[
    // vcipher, vcipherlast, vncipher, vncipherlast.
    ("altv207_7", round!(|state, key| mix_columns(encrypt(state, 0)) ^ key)),
    ("altv207_8", round!(|state, key| encrypt(state, 0) ^ key)),
    ("altv207_33", round!(|state, key| unmix_columns(decrypt(state, 0) ^ key))),
    ("altv207_34", round!(|state, key| decrypt(state, 0) ^ key)),
    // vsbox.
    (
        "altv207_51",
        Handler::new(|emulator, op| {
            let state = emulator.user_input(op, 0).to_le_bytes();
            let value = u128::from_le_bytes(state.map(|byte| boxes().0[usize::from(byte)]));
            emulator.set_user_result(op, value);
            Ok(())
        }),
    ),
];
