//! Calls of models as text, as people know it from `ltrace`.

use terrella_emulator_api::{Emulator, EmulatorExt};
use terrella_machine_state::{
    ArgumentValue, ReturnValue,
    call::{Call, read_result},
};
use terrella_platforms::CallingConvention;

use super::{
    state::State,
    types::{CType, Model},
};

/// Texts longer than this are cut.
const SHOWN: usize = 32;

/// What a pointer points to, if that is a text.
fn text_at(emulator: &dyn Emulator, address: u64) -> Option<String> {
    let bytes = emulator.read_c_string(address, SHOWN + 1).ok().filter(|_| address != 0)?;
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if bytes.is_empty() || !bytes.iter().all(printable) {
        return None;
    }
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into_owned();
    let more = if bytes.len() > SHOWN { "..." } else { "" };
    Some(format!("{shown:?}{more}"))
}

fn pointer(emulator: &dyn Emulator, address: u64) -> String {
    match text_at(emulator, address) {
        Some(text) => text,
        None if address == 0 => "NULL".to_owned(),
        None => format!("{address:#x}"),
    }
}

/// A call with its arguments.
pub(super) fn call(
    emulator: &mut dyn Emulator,
    state: &State,
    model: &Model,
    convention: &'static CallingConvention,
    address: u64,
) -> String {
    let mut texts = Vec::new();
    let parameters = model.function.parameters();
    if let Ok(mut call) = Call::entered(emulator, convention, address) {
        for ctype in parameters {
            if matches!(
                ctype,
                CType::Variable
                    | CType::VariableList
                    | CType::Structure
                    | CType::Complex
                    | CType::ComplexFloat
            ) {
                texts.push(ctype.name().to_owned());
                break;
            }
            texts.push(match call.next(ctype.parameter(&state.model)) {
                Ok(ArgumentValue::Integer { value, .. }) => value.to_string(),
                Ok(ArgumentValue::Pointer(at)) => pointer(call.emulator(), at),
                Ok(ArgumentValue::F32(value)) => value.to_string(),
                Ok(ArgumentValue::F64(value)) => value.to_string(),
                _ => "?".to_owned(),
            });
        }
    }
    format!("{}({})", model.name, texts.join(", "))
}

/// The same with what it returned, if it has.
pub(super) fn with_result(
    call: String,
    emulator: &dyn Emulator,
    state: &State,
    model: &Model,
    convention: &'static CallingConvention,
    done: bool,
) -> String {
    let returns = model.function.result().result(&state.model);
    match read_result(emulator, convention, returns, None) {
        _ if !done => format!("{call} ..."),
        Ok(ReturnValue::Pointer(at)) => format!("{call} = {}", pointer(emulator, at)),
        Ok(ReturnValue::Void) | Err(_) => call,
        Ok(value) => format!("{call} = {value}"),
    }
}
