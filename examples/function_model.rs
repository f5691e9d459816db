//! An import answered by a model, in a machine that is saved and loaded.
//!
//! `cargo run --features unicorn --example function_model`

use std::path::Path;

use serde::{Deserialize, Serialize};
use terrella::{
    api::HookError,
    loaders::{Linker, Options},
    machine::{Function, FunctionModel, Return, Stack, call::Call},
    prelude::*,
};

/// `unsigned long external_length(const char *)`, and what it was asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct ExternalLength {
    asked: Vec<String>,
}

#[typetag::serde(name = "example.external_length.v1")]
impl Function for ExternalLength {
    fn clone_function(&self) -> Box<dyn Function> {
        Box::new(self.clone())
    }

    fn call(&mut self, call: &mut Call<'_>) -> Result<Flow, HookError> {
        // Arguments and result go by the calling convention of the platform.
        let text = call.next_pointer()?;
        let text = call.emulator().read_c_string(text, 4096)?;
        call.return_integer(text.len() as u64)?;
        self.asked.push(String::from_utf8_lossy(&text).into_owned());
        Ok(Flow::Continue)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::temp_dir().join("function_model.terrella");
    for platform in [
        Platform::X86_64,
        Platform::MIPS,
        Platform::ARMV7A,
        Platform::PPC,
        Platform::PPC64,
        Platform::SPARC,
        Platform::RISCV64,
        Platform::S390X,
    ] {
        // A library with an undefined symbol: the linker gives it an address,
        // called `external_length@import`.
        let library = format!("tests/fixtures/library/{platform}-imports.so");
        let mut linker = Linker::new(Options::default()).map_imports(true);
        linker.add_file(Path::new(env!("CARGO_MANIFEST_DIR")).join(library))?;

        let mut machine = linker.link()?.into_machine()?;
        machine.add("stack", Stack::new(platform, 0x3000_0000, 0x1_0000)?)?;
        machine.add("model", FunctionModel::new("external_length@import", ExternalLength::default()))?;
        machine.save(&file)?;

        // Another program would go on here. It has to have the model's type.
        let mut machine = Machine::load(&file)?;
        let mut emulator = backends::make(platform)?;
        let result = machine.call(&mut *emulator, "call_imported", &["a text".into()], Return::U32)?.value;
        machine.extract(&mut *emulator)?;
        let model = machine.get::<FunctionModel>("model")?.function::<ExternalLength>().ok_or("no model")?;
        println!("{platform}: {result}, asked {:?}", model.asked);
    }
    std::fs::remove_file(&file)?;
    Ok(())
}
