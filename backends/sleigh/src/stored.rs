//! Compiled specifications kept in a folder, by what was compiled.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::Result,
    processor::{Processor, Texts},
};

/// The compiler that made a compiled form: another one may compile otherwise.
const COMPILER: &str = env!("TERRELLA_SLEIGH_SOURCES");

/// The size of a checksum.
const CHECKSUM: usize = blake3::OUT_LEN;

impl Processor {
    /// Compiles a specification, or takes its compiled form from a folder,
    /// where it was put when the same texts were compiled before. The name of
    /// the file there is a hash of the preprocessed text, the description and
    /// the compiler, so a change of any of them compiles anew.
    ///
    /// A file there that is damaged is made anew. If the folder cannot be
    /// written to, nothing is kept.
    ///
    /// # Errors
    /// [`Error`](crate::Error), with file, line and what was expected.
    pub fn compile_cached(
        specification: impl AsRef<Path>,
        description: Option<&Path>,
        folder: impl AsRef<Path>,
    ) -> Result<Self> {
        let texts = Texts::read(specification.as_ref(), description, &[])?;
        let path = folder.as_ref().join(file_name(&texts));
        if let Some(processor) = load(&path) {
            return Ok(processor);
        }
        let processor = texts.compile()?;
        // Without the file the next call compiles again, no more.
        let _ = store(&path, &processor);
        Ok(processor)
    }
}

fn file_name(texts: &Texts) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    for part in [COMPILER, texts.source.text.as_str(), texts.description()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    format!("{}.language", hasher.finalize().to_hex()).into()
}

fn load(path: &Path) -> Option<Processor> {
    let bytes = fs::read(path).ok()?;
    let (checksum, content) = bytes.split_first_chunk::<CHECKSUM>()?;
    (blake3::hash(content) == *checksum).then(|| Processor::from_bytes(content).ok())?
}

/// Writes a file so that it is there whole or not at all.
fn store(path: &Path, processor: &Processor) -> std::io::Result<()> {
    let content = processor.to_bytes();
    let mut bytes = blake3::hash(&content).as_bytes().to_vec();
    bytes.extend_from_slice(&content);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path).inspect_err(|_| drop(fs::remove_file(&unfinished)))
}
