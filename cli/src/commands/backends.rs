//! `terrella backends`: the engines of this program and what they can do.

use std::{collections::BTreeMap, fmt::Write as _};

use clap::Args;
use serde_json::{Map, Value, json};
use terrella::{
    api::{Capabilities, Capability},
    backends::{ALL, Backend},
    platforms::Platform,
};

use crate::{
    failure::Result,
    output::{self, Answer, Paint},
};

/// Lists the backends of this program, their platforms and capabilities.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  terrella backends\n  terrella backends --json")]
pub(crate) struct Backends {
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a backend can do, by platform.
fn capabilities(backend: &Backend) -> Result<Vec<(Platform, Capabilities)>> {
    let of = |platform| Ok((platform, (backend.make)(platform)?.capabilities()));
    (backend.platforms)().into_iter().map(of).collect()
}

/// `yes`, `no`, or the shorter of the two lists of platforms.
fn extent(able: &[Platform], unable: &[Platform]) -> String {
    let names = |platforms: &[Platform]| {
        platforms.iter().map(|platform| platform.name()).collect::<Vec<_>>().join(", ")
    };
    match (able, unable) {
        (_, []) => "yes".to_owned(),
        ([], _) => "no".to_owned(),
        (able, unable) if able.len() <= unable.len() => format!("only {}", names(able)),
        (_, unable) => format!("all but {}", names(unable)),
    }
}

impl Backends {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Answer> {
        let mut text = String::new();
        let mut list = Vec::new();
        if ALL.is_empty() {
            text.push_str("This program was built without backends.\n");
        }
        for backend in ALL {
            let platforms = capabilities(backend)?;
            let names: Vec<_> = platforms.iter().map(|(platform, _)| platform.name()).collect();
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{} {} ({})",
                Paint::stdout().bold(backend.name),
                backend.version,
                backend.licence
            );
            let _ = writeln!(text, "{} platforms: {}\n", names.len(), names.join(", "));
            let rows: Vec<_> = Capability::ALL
                .iter()
                .map(|capability| {
                    let (able, unable): (Vec<_>, Vec<_>) =
                        platforms.iter().partition(|(_, capabilities)| capabilities.has(*capability));
                    let platforms =
                        |list: Vec<(Platform, Capabilities)>| list.into_iter().map(|(platform, _)| platform);
                    let able: Vec<_> = platforms(able).collect();
                    let unable: Vec<_> = platforms(unable).collect();
                    [capability.to_string(), extent(&able, &unable)]
                })
                .collect();
            text.push_str(&output::table(Paint::stdout(), ["capability", "platforms"], &rows));
            list.push(to_json(backend, &platforms));
        }
        Ok(Answer { text, json: Value::Array(list) })
    }
}

fn to_json(backend: &Backend, platforms: &[(Platform, Capabilities)]) -> Value {
    let platforms: BTreeMap<&str, Vec<Capability>> = platforms
        .iter()
        .map(|(platform, capabilities)| (platform.name(), capabilities.iter().collect()))
        .collect();
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(backend.name));
    object.insert("version".to_owned(), json!(backend.version));
    object.insert("licence".to_owned(), json!(backend.licence));
    object.insert("platforms".to_owned(), json!(platforms));
    Value::Object(object)
}
