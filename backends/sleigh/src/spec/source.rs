//! The preprocessed text, and where each line of it comes from.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::error::Place;

/// A position in the preprocessed text, in bytes.
pub(crate) type Position = u32;

/// Stands between what the preprocessor put in and a name beside it, so that
/// they are two tokens. It is not displayed.
pub(crate) const SEPARATOR: char = '\u{1}';

/// The preprocessed text of a specification.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) text: String,
    /// For each line of `text`: where it begins, its file, its line there.
    lines: Vec<(Position, u16, u32)>,
    files: Vec<Arc<Path>>,
}

impl Source {
    /// Makes a file known; its number.
    pub(crate) fn add_file(&mut self, path: &Path) -> u16 {
        self.files.push(Arc::from(path));
        (self.files.len() - 1) as u16
    }

    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Adds a line, without its end.
    pub(crate) fn add_line(&mut self, file: u16, line: u32, text: &str) {
        self.lines.push((self.text.len() as Position, file, line));
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Where a position is.
    pub(crate) fn place(&self, position: Position) -> Place {
        let index = self.lines.partition_point(|(begin, _, _)| *begin <= position);
        let Some((begin, file, line)) = index.checked_sub(1).and_then(|index| self.lines.get(index)) else {
            let file = self.files.first().map_or_else(PathBuf::new, |file| file.to_path_buf());
            return Place { file, line: 1, column: 1 };
        };
        let before = self.text.get(*begin as usize..position as usize).unwrap_or_default();
        Place {
            file: self.files[usize::from(*file)].to_path_buf(),
            line: *line,
            column: before.chars().count() as u32 + 1,
        }
    }
}
