//! A processor specification of the user's own, in place of the one that is
//! brought along.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use etcetera::base_strategy::{BaseStrategy as _, choose_base_strategy};
use terrella::{
    api::Emulator,
    native::{self, NativeEmulator},
    platforms::Platform,
    sleigh::{Error, Processor},
};

use crate::failure::{Failure, Result};

/// A specification of one's own.
#[derive(Debug, Clone, Args)]
pub(crate) struct SpecificationOptions {
    /// A SLEIGH specification (.slaspec) in place of the platform's
    #[arg(long, value_name = "FILE")]
    specification: Option<PathBuf>,
    /// The description of its processor (.pspec), if it is not beside it
    #[arg(long, value_name = "FILE", requires = "specification")]
    description: Option<PathBuf>,
}

impl SpecificationOptions {
    /// The processor, if one was given. It is compiled once, and then taken
    /// from the user's cache folder until a file of it changes.
    pub(crate) fn processor(&self) -> Result<Option<Arc<Processor>>> {
        let Some(specification) = &self.specification else { return Ok(None) };
        let beside = || Some(specification.with_extension("pspec")).filter(|path| path.exists());
        let description = self.description.clone().or_else(beside);
        let folder = choose_base_strategy().map_or_else(|_| std::env::temp_dir(), |it| it.cache_dir());
        let folder = folder.join("terrella").join("languages");
        let compiled = Processor::compile_cached(specification, description.as_deref(), folder);
        compiled.map(Arc::new).map(Some).map_err(|error| match error {
            Error::Read { .. } => Failure::usage(error.to_string()),
            _ => Failure::run_time(error.to_string()),
        })
    }

    /// An emulator with the processor, if one was given.
    pub(crate) fn emulator(
        &self,
        platform: Platform,
        backend: Option<&str>,
    ) -> Result<Option<Box<dyn Emulator>>> {
        let Some(processor) = self.processor()? else { return Ok(None) };
        if let Some(name) = backend.filter(|name| *name != native::NAME) {
            return Err(Failure::usage(format!("the backend `{name}` takes no specification"))
                .hint(format!("`--backend {}` does", native::NAME)));
        }
        let emulator = NativeEmulator::with_processor(platform, processor)?;
        Ok(Some(Box::new(emulator)))
    }
}
