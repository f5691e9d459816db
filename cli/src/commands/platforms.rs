//! `terrella platforms`: the processors that are known, and who runs them.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};
use terrella::{
    backends::ALL,
    platforms::{Platform, PlatformDefinition},
};

use crate::{
    failure::Result,
    output::{self, Answer, Paint},
};

/// Lists the platforms, or shows one of them with its registers.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  terrella platforms\n  terrella platforms mipsel\n  \
                        terrella platforms --json")]
pub(crate) struct Platforms {
    /// Show this platform only, with its registers and conventions
    name: Option<Platform>,
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// The backends that run a platform.
fn runners(platform: Platform) -> Vec<&'static str> {
    let running = ALL.iter().filter(|backend| (backend.platforms)().contains(&platform));
    running.map(|backend| backend.name).collect()
}

fn conventions(definition: &PlatformDefinition) -> Vec<&'static str> {
    definition.calling_conventions.iter().map(|convention| convention.name).collect()
}

fn or_dash(names: &[&str]) -> String {
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

impl Platforms {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Answer> {
        if let Some(platform) = self.name {
            return Ok(Answer { text: detail(platform), json: to_json(platform, true) });
        }
        let rows: Vec<_> = Platform::ALL
            .iter()
            .map(|platform| {
                let definition = platform.definition();
                let registers = definition.registers();
                [
                    platform.to_string(),
                    format!("{}{}", definition.address_bits, byte_order(*platform)),
                    registers.roots().count().to_string(),
                    registers.len().to_string(),
                    conventions(definition).join(", "),
                    or_dash(&runners(*platform)),
                    definition.description.to_owned(),
                    platform.aliases().join(", "),
                ]
            })
            .collect();
        let headings =
            ["platform", "bits", "registers", "names", "conventions", "backends", "description", "aliases"];
        let text = output::table(Paint::stdout(), headings, &rows);
        let list = Platform::ALL.iter().map(|platform| to_json(*platform, false)).collect();
        Ok(Answer { text, json: Value::Array(list) })
    }
}

fn byte_order(platform: Platform) -> &'static str {
    // The one-letter form of tables: `32le`, `32be`.
    let mut bytes = [0; 2];
    platform.byte_order().write(1, &mut bytes);
    if bytes[0] == 1 { "le" } else { "be" }
}

fn to_json(platform: Platform, with_registers: bool) -> Value {
    let definition = platform.definition();
    let registers = definition.registers();
    let mut value = json!({
        "name": platform.name(),
        "aliases": platform.aliases(),
        "description": definition.description,
        "address_bits": definition.address_bits,
        "pointer_bytes": definition.pointer_bytes,
        "byte_order": byte_order(platform),
        "program_counter": definition.program_counter,
        "stack_pointer": definition.stack_pointer,
        "registers": registers.roots().count(),
        "register_names": registers.len(),
        "calling_conventions": conventions(definition),
        "syscall_conventions": definition.syscall_conventions.iter().map(|one| one.name).collect::<Vec<_>>(),
        "backends": runners(platform),
    });
    if with_registers && let Some(object) = value.as_object_mut() {
        let list = registers.iter().map(|(_, register)| {
            json!({
                "name": register.name,
                "bits": register.bits,
                "kind": register.kind,
                "part_of": registers.get(register.root).name,
                "low_bit": register.low_bit,
            })
        });
        object.insert("register_list".to_owned(), list.collect());
    }
    value
}

/// One platform with its registers, those of a kind together.
fn detail(platform: Platform) -> String {
    let definition = platform.definition();
    let registers = definition.registers();
    let mut text = format!("{} - {}\n", Paint::stdout().bold(platform.name()), definition.description);
    let syscalls: Vec<_> = definition.syscall_conventions.iter().map(|one| one.name).collect();
    for (name, value) in [
        ("aliases", or_dash(platform.aliases())),
        ("addresses", format!("{} bits", definition.address_bits)),
        ("pointers", format!("{} bytes, {}", definition.pointer_bytes, byte_order(platform))),
        ("conventions", or_dash(&conventions(definition))),
        ("system calls", or_dash(&syscalls)),
        ("backends", or_dash(&runners(platform))),
        ("counter", definition.program_counter.to_owned()),
        ("stack", definition.stack_pointer.to_owned()),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:12} {value}");
    }
    let rows: Vec<_> = registers
        .iter()
        .map(|(id, register)| {
            let root = &registers.get(register.root).name;
            let part = if register.root == id {
                String::new()
            } else {
                format!("{root} from bit {}", register.low_bit)
            };
            let kind = json!(register.kind);
            [
                register.name.clone(),
                register.bits.to_string(),
                kind.as_str().unwrap_or_default().to_owned(),
                part,
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&output::table(Paint::stdout(), ["register", "bits", "kind", "part of"], &rows));
    text
}
