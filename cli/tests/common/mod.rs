//! What the tests of the command line share: running the program, and the
//! fixtures.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// What a run of the program gave.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The answer as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:#?}"))
    }

    /// The same, checked to have ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 0, "{self:#?}");
        self
    }

    /// The same, checked to have ended with a status.
    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Checks the exit status and that standard error has these texts.
    #[track_caller]
    pub fn fails(self, status: i32, texts: &[&str]) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        for text in texts {
            assert!(self.stderr.contains(text), "no `{text}` in {}", self.stderr);
        }
        self
    }
}

/// Runs the program with arguments.
pub fn terrella<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_terrella")).args(arguments).output().unwrap();
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program with arguments separated by spaces.
pub fn line(arguments: &str) -> Run {
    terrella(&arguments.split_whitespace().collect::<Vec<_>>())
}

/// A file of the library fixtures.
pub fn library(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/library").join(name);
    path.to_str().unwrap().to_owned()
}

/// A directory for the files of one test, empty at its start.
pub fn scratch(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
