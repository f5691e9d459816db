//! `terrella models`: the catalogue of function models.

use std::fmt::Write as _;

use clap::Args;
use serde_json::json;
use terrella::models::libc::{ModelInfo, catalogue};

use crate::output::Answer;

const HELP: &str = "\
Examples:
  terrella models                 all of them, by header
  terrella models str mem         those whose names contain one of these
  terrella models --imprecise     those that are not all that the documents say
  terrella models --json          for programs";

/// Lists the functions of C libraries that models answer.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Models {
    /// Only functions whose names contain one of these
    names: Vec<String>,
    /// Only models that deviate from the documents, and in what
    #[arg(long)]
    imprecise: bool,
    /// Print JSON for programs
    #[arg(long)]
    pub(crate) json: bool,
}

impl Models {
    fn wants(&self, model: &ModelInfo) -> bool {
        let named = self.names.is_empty() || self.names.iter().any(|name| model.name.contains(name.as_str()));
        named && (!self.imprecise || model.deviation.is_some())
    }

    /// Runs the command.
    pub(crate) fn run(&self) -> Answer {
        let models: Vec<ModelInfo> = catalogue().into_iter().filter(|model| self.wants(model)).collect();
        let mut text = String::new();
        let mut header = None;
        for model in &models {
            let this = (model.standard, model.header);
            if header != Some(this) {
                let gap = if header.is_some() { "\n" } else { "" };
                // Writing to a string does not fail.
                let _ = writeln!(text, "{gap}{} ({})", model.header, model.standard.name());
                header = Some(this);
            }
            let _ = match model.deviation {
                Some(deviation) => writeln!(text, "  {}  -- {deviation}", model.declaration()),
                None => writeln!(text, "  {}", model.declaration()),
            };
        }
        let _ = writeln!(text, "\n{} functions", models.len());
        Answer { text, json: json!({ "models": models }) }
    }
}
