//! Compiles the specifications of the catalogue.
//!
//! Their texts come with the package `sleigh-config`, which is in the lock
//! file but never compiled: cargo tells where its sources are.

#[allow(dead_code, unreachable_pub)]
#[path = "src/catalog.rs"]
mod catalog;
#[allow(dead_code, unreachable_pub)]
#[path = "src/edits/mod.rs"]
mod edits;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use terrella_sleigh::{Processor, TextEdit};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/catalog.rs");
    println!("cargo::rerun-if-changed=src/edits");
    println!("cargo::rerun-if-changed=specifications");
    println!("cargo::rerun-if-env-changed=TERRELLA_GHIDRA_PROCESSORS");
    if let Err(error) = run() {
        println!("cargo::error=the specifications of processors cannot be compiled: {error}");
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let mut table = String::from("&[\n");
    if env::var_os("CARGO_FEATURE_EMBEDDED").is_some() {
        let folder = processors()?;
        for entry in catalog::ENTRIES {
            let name = format!("{}.tsl", entry.name);
            fs::write(out.join(&name), compile(&folder, entry)?)?;
            table.push_str(&format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")),\n"));
        }
    }
    table.push(']');
    fs::write(out.join("embedded.rs"), table)?;
    Ok(())
}

fn compile(folder: &Path, entry: &catalog::Entry) -> Result<Vec<u8>, Box<dyn Error>> {
    let specification = folder.join(entry.specification);
    let description = specification.with_file_name(entry.description);
    let edits: Vec<TextEdit> = edits::EDITS
        .iter()
        .copied()
        .flatten()
        .map(|edit| TextEdit { file: edit.file.into(), old: edit.old.into(), new: edit.new.into() })
        .collect();
    let processor = Processor::compile_with(&specification, &description, &edits)?;
    Ok(lz4_flex::compress_prepend_size(&processor.to_bytes()))
}

/// Ghidra's folder of processors.
fn processors() -> Result<PathBuf, Box<dyn Error>> {
    if let Some(folder) = env::var_os("TERRELLA_GHIDRA_PROCESSORS") {
        return Ok(folder.into());
    }
    let cargo = env::var_os("CARGO").ok_or("CARGO is not set")?;
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?)
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|package| package["name"] == "sleigh-config"))
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("the package sleigh-config is not in the lock file")?;
    let folder = Path::new(manifest).with_file_name("ghidra").join("Ghidra").join("Processors");
    println!("cargo::rerun-if-changed={manifest}");
    Ok(folder)
}
