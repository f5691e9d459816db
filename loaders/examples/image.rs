//! Writes the memory image of a file: `image FILE BASE OUT` loads it at BASE
//! (hexadecimal) and writes `OUT/<first address>` for each segment.

use terrella_loaders::{Options, load_file};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, base, out] = arguments.as_slice() else {
        return Err("usage: image FILE BASE OUT".into());
    };
    let base = u64::from_str_radix(base.trim_start_matches("0x"), 16)?;
    let loaded = load_file(file, &Options { base: Some(base), ..Options::default() })?;
    for image in &loaded.executables {
        for segment in &image.segments {
            let first = segment.range.first();
            println!("{} {} {} {}", image.name, segment.name, segment.range, segment.permissions);
            let size = segment.range.size().unwrap_or(0).min(1 << 24) as usize;
            std::fs::write(format!("{out}/{first:x}"), segment.data.read_vec(first, size))?;
        }
    }
    Ok(())
}
