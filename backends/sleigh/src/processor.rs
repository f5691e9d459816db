//! [`Processor`]: a language with the state that it starts in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::{Error, Place, Result},
    language::{Context, Language},
    spec::{preprocessor::preprocess_with, source::Source},
    specification::compile_source,
};

/// A correction of a specification's text, before it is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The end of the file's path.
    pub file: PathBuf,
    /// What stands there.
    pub old: String,
    /// What is put in its place, everywhere in the file.
    pub new: String,
}

/// What a processor is compiled from.
pub(crate) struct Texts {
    /// The specification with all that it includes.
    pub(crate) source: Source,
    /// The description and its file. Without one, the context starts as zero.
    description: Option<(String, PathBuf)>,
}

impl Texts {
    /// Reads the texts, and corrects them.
    pub(crate) fn read(specification: &Path, description: Option<&Path>, edits: &[TextEdit]) -> Result<Self> {
        let read = |path: &Path| {
            let bytes = std::fs::read(path)?;
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            for edit in edits.iter().filter(|edit| path.ends_with(&edit.file)) {
                if !text.contains(&edit.old) {
                    let message = format!("the correction of `{}` finds nothing", edit.old);
                    return Err(std::io::Error::other(message));
                }
                text = text.replace(&edit.old, &edit.new);
            }
            Ok(text)
        };
        let source = preprocess_with(specification, &[], &read)?;
        let read_description = |path: &Path| {
            let text = read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
            Ok((text, path.to_owned()))
        };
        Ok(Self { source, description: description.map(read_description).transpose()? })
    }

    /// The text of the description.
    pub(crate) fn description(&self) -> &str {
        self.description.as_ref().map_or("", |(text, _)| text)
    }

    pub(crate) fn compile(&self) -> Result<Processor> {
        let language = compile_source(&self.source)?;
        match &self.description {
            Some((text, path)) => Processor::describe(language, text, path),
            None => Ok(Processor {
                language: Arc::new(language),
                context: Context::default(),
                program_counter: None,
            }),
        }
    }
}

/// A language, and what its `.pspec` file says of the processor.
#[derive(Debug, Clone)]
pub struct Processor {
    /// The language.
    pub language: Arc<Language>,
    /// The context that instructions are decoded in at first.
    pub context: Context,
    /// The name of the program counter in the language.
    pub program_counter: Option<String>,
}

impl Processor {
    /// Compiles a specification (`.slaspec`) with its description (`.pspec`).
    ///
    /// # Errors
    /// [`Error`](crate::Error), with file, line and what was expected.
    pub fn compile(specification: impl AsRef<Path>, description: impl AsRef<Path>) -> Result<Self> {
        Self::compile_with(specification, description, &[])
    }

    /// The same with corrections of the texts.
    ///
    /// # Errors
    /// As [`Self::compile`]; a correction that finds nothing in its file is
    /// an error too.
    pub fn compile_with(
        specification: impl AsRef<Path>,
        description: impl AsRef<Path>,
        edits: &[TextEdit],
    ) -> Result<Self> {
        Texts::read(specification.as_ref(), Some(description.as_ref()), edits)?.compile()
    }

    /// Reads a description.
    fn describe(language: Language, text: &str, path: &Path) -> Result<Self> {
        let place = |position: roxmltree::TextPos| Place {
            file: path.to_owned(),
            line: position.row,
            column: position.col,
        };
        let document = roxmltree::Document::parse(text)
            .map_err(|error| Error::Meaning { place: place(error.pos()), message: error.to_string() })?;
        let mut context = Context::default();
        let sets = document.descendants().filter(|node| {
            node.has_tag_name("set") && node.parent().is_some_and(|it| it.has_tag_name("context_set"))
        });
        for set in sets {
            let (Some(name), Some(value)) = (set.attribute("name"), set.attribute("val")) else { continue };
            let at = || place(document.text_pos_at(set.range().start));
            let Some(field) = language.context_field(name) else {
                let message = format!("the language has no context field `{name}`");
                return Err(Error::Meaning { place: at(), message });
            };
            let number = match value.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16),
                None => value.parse(),
            };
            let Ok(number) = number else {
                return Err(Error::Meaning { place: at(), message: format!("`{value}` is no number") });
            };
            context.set(field.high, field.low, number);
        }
        let program_counter = document
            .descendants()
            .find(|node| node.has_tag_name("programcounter"))
            .and_then(|node| node.attribute("register"))
            .map(str::to_owned);
        Ok(Self { language: Arc::new(language), context, program_counter })
    }

    /// The compiled form as bytes, which [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let name = self.program_counter.as_deref().unwrap_or_default();
        let mut bytes = self.context.0.to_le_bytes().to_vec();
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&self.language.to_bytes());
        bytes
    }

    /// Reads the compiled form.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = Error::Damaged("it ends too early");
        let (Some((context, rest)), true) = (bytes.split_first_chunk::<16>(), bytes.len() >= 20) else {
            return Err(damaged);
        };
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Err(damaged) };
        let Some((name, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            return Err(damaged);
        };
        let name = String::from_utf8(name.to_vec()).map_err(|_| Error::Damaged("a name is not UTF-8"))?;
        Ok(Self {
            language: Arc::new(Language::from_bytes(rest)?),
            context: Context(u128::from_le_bytes(*context)),
            program_counter: (!name.is_empty()).then_some(name),
        })
    }
}
