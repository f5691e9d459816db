//! Compiled specifications in a folder.

use std::{fs, path::PathBuf};

use terrella_sleigh::{Context, Decoder, Error, Processor};

const TEXT: &str = r#"
@include "names.sinc"
define endian=little;
define space ram type=ram_space size=2 default;
define space register type=register_space size=1;
define register offset=0 size=1 [ a ];
define register offset=8 size=4 contextreg;
define context contextreg mode=(0,0);
define token byte(8) op=(0,7);
:$(INC) a is mode=0 & op=1 & a { a = a + 1; }
:other a is mode=1 & op=1 & a { a = a - 1; }
"#;

const DESCRIPTION: &str = r#"<processor_spec>
<context_data><context_set space="ram"><set name="mode" val="1"/></context_set></context_data>
</processor_spec>"#;

/// A folder with a specification that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("terrella-cached-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for temporary files");
        let folder = Self(path);
        folder.write("test.slaspec", TEXT);
        folder.write("names.sinc", "@define INC \"inc\"\n");
        folder
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).expect("a temporary file");
    }

    fn compile(&self, description: bool) -> Result<Processor, Error> {
        let path = self.0.join("test.pspec");
        let description = description.then_some(path.as_path());
        Processor::compile_cached(self.0.join("test.slaspec"), description, self.0.join("kept"))
    }

    fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.join("kept")).expect("the folder was made");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(processor: &Processor) -> String {
    let mut decoder = Decoder::new(processor.language.clone());
    decoder.decode(0, &[1], processor.context).expect("an instruction");
    decoder.text()
}

#[test]
fn what_was_compiled_is_taken_from_the_folder() -> Result<(), Error> {
    let folder = Folder::new("again");
    let first = folder.compile(false)?;
    let kept = folder.kept();
    assert_eq!(kept.len(), 1);
    let written = fs::metadata(&kept[0]).and_then(|it| it.modified()).expect("a time");
    let second = folder.compile(false)?;
    assert_eq!(first.to_bytes(), second.to_bytes());
    assert_eq!(folder.kept(), kept);
    assert_eq!(fs::metadata(&kept[0]).and_then(|it| it.modified()).expect("a time"), written);
    assert_eq!((text(&second).as_str(), second.context), ("inc a", Context::default()));
    Ok(())
}

#[test]
fn what_an_included_file_or_the_description_says_counts() -> Result<(), Error> {
    let folder = Folder::new("changed");
    assert_eq!(text(&folder.compile(false)?), "inc a");
    folder.write("names.sinc", "@define INC \"increase\"\n");
    assert_eq!(text(&folder.compile(false)?), "increase a");
    folder.write("test.pspec", DESCRIPTION);
    assert_eq!(text(&folder.compile(true)?), "other a");
    assert_eq!(folder.kept().len(), 3);
    Ok(())
}

#[test]
fn a_damaged_file_is_made_anew() -> Result<(), Error> {
    let folder = Folder::new("damaged");
    let good = folder.compile(false)?.to_bytes();
    let path = &folder.kept()[0];
    let whole = fs::read(path).expect("the file");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for damaged in [&[][..], &whole[..40], &whole[..whole.len() - 1], &changed] {
        fs::write(path, damaged).expect("the file");
        assert_eq!(folder.compile(false)?.to_bytes(), good);
        assert_eq!(fs::read(path).expect("the file"), whole);
    }
    Ok(())
}

#[test]
fn errors_name_the_file_and_keep_nothing() {
    let folder = Folder::new("errors");
    folder.write("names.sinc", "@define INC \"inc\"\ndefine nothing;\n");
    let error = folder.compile(false).expect_err("an error").to_string();
    assert!(error.contains("names.sinc:2:"), "{error}");
    assert!(!folder.0.join("kept").exists());
    folder.write("names.sinc", "@define INC \"inc\"\n");
    let error = folder.compile(true).expect_err("an error");
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_no_error() -> Result<(), Error> {
    let folder = Folder::new("unwritable");
    folder.write("kept", "a file is in the way");
    assert_eq!(text(&folder.compile(false)?), "inc a");
    Ok(())
}
