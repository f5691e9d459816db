//! What commands print: tables, hexadecimal dumps, and a little colour.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use serde_json::Value;

/// What a command answers: text for people, JSON for programs.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// For people; ends with a line end unless it is empty.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
}

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    /// For standard output: only on a terminal, and not if `NO_COLOR` is set.
    pub(crate) fn stdout() -> Self {
        Self(io::stdout().is_terminal() && colour_wanted())
    }

    /// For standard error.
    pub(crate) fn stderr() -> Self {
        Self(io::stderr().is_terminal() && colour_wanted())
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// The word before an error.
    pub(crate) fn error(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// The word before a hint.
    pub(crate) fn hint(self, text: &str) -> String {
        self.with("36", text)
    }
}

fn colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints to standard output. `false` if nobody reads it any more.
pub(crate) fn print(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// Prints to standard error.
pub(crate) fn print_error(text: &str) {
    // There is nowhere left to report that this failed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Columns of text, as wide as their widest cell; the last one is not padded.
pub(crate) fn table<const N: usize>(paint: Paint, headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| -> String {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = paint.bold(&line(&headings.map(str::to_owned)));
    text.push('\n');
    for row in rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

/// Sixteen bytes a line: address, hexadecimal, and what is printable.
pub(crate) fn hexdump(address: u64, bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, line) in bytes.chunks(16).enumerate() {
        let at = address.wrapping_add(16 * index as u64);
        let mut digits = String::new();
        for (index, byte) in line.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(digits, "{}{byte:02x} ", if index == 8 { " " } else { "" });
        }
        let printable = |byte: &u8| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
        let printable: String = line.iter().map(printable).collect();
        let _ = writeln!(text, "{at:08x}  {digits:49} |{printable}|");
    }
    text
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An address or value for programs: as text, so that none of its 64 bits is
/// lost.
pub(crate) fn address(value: u64) -> Value {
    Value::String(format!("{value:#x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hexdump_has_three_columns() {
        assert_eq!(
            hexdump(0x1000, b"Hello, Terrella!\0"),
            "00001000  48 65 6c 6c 6f 2c 20 54  65 72 72 65 6c 6c 61 21  |Hello, Terrella!|\n\
             00001010  00                                                |.|\n"
        );
    }

    #[test]
    fn a_table_is_aligned() {
        let rows = [["a".to_owned(), "1".to_owned()], ["bcd".to_owned(), "2".to_owned()]];
        assert_eq!(table(Paint(false), ["x", "number"], &rows), "x    number\na    1\nbcd  2\n");
    }
}
