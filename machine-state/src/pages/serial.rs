//! How [`Pages`] are written and read.
//!
//! By itself, a `Pages` is a map of address to bytes in hexadecimal or
//! base64, so that a machine in JSON is readable and whole. While a machine
//! file is written, pages go to the page store of the file instead, and the
//! value is a list of runs `[page number, count, index in the store, step]`.
//! Which of the two is decided by a sink or source that is set for the thread
//! while the file is written or read, so that item types of any crate use the
//! store without knowing of it.

use std::{cell::RefCell, fmt, sync::Arc, thread::LocalKey};

use base64::Engine as _;
use hashbrown::HashMap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
};

use super::{PAGE_SIZE, Page, Pages, is_zero};

/// Zeros up to this length inside a run are written out.
const GAP: usize = 16;
/// Runs up to this length are written in hexadecimal.
const HEX_LIMIT: usize = 128;
/// What base64 text starts with.
const BASE64: &str = "base64:";
/// The key of the form that refers to a page store.
const STORED: &str = "stored";
/// Page numbers are below this.
const PAGE_NUMBERS: u64 = 1 << 52;

/// The distinct pages of a file that is being written.
#[derive(Default)]
pub(crate) struct PageSink {
    pub(crate) pages: Vec<Page>,
    pub(crate) hashes: Vec<[u8; 32]>,
    indices: HashMap<[u8; 32], u64>,
}

impl PageSink {
    /// The index of a page, which is put in if it is new.
    fn put(&mut self, page: &Page) -> u64 {
        let hash = *blake3::hash(&page[..]).as_bytes();
        *self.indices.entry(hash).or_insert_with(|| {
            self.pages.push(Arc::clone(page));
            self.hashes.push(hash);
            self.pages.len() as u64 - 1
        })
    }
}

/// The pages of a file that is being read.
pub(crate) struct PageSource {
    pub(crate) pages: Vec<Page>,
    /// How many references to pages may still be made.
    pub(crate) budget: u64,
}

thread_local! {
    static SINK: RefCell<Option<PageSink>> = const { RefCell::new(None) };
    static SOURCE: RefCell<Option<PageSource>> = const { RefCell::new(None) };
}

/// Puts back what was set before, also when the work panics.
struct Reset<T: 'static>(&'static LocalKey<RefCell<Option<T>>>, Option<T>);

impl<T: 'static> Drop for Reset<T> {
    fn drop(&mut self) {
        self.0.replace(self.1.take());
    }
}

/// Writes values with their pages going to `sink`, and gives it back.
pub(crate) fn with_sink<T>(sink: PageSink, work: impl FnOnce() -> T) -> (T, PageSink) {
    let _reset = Reset(&SINK, SINK.replace(Some(sink)));
    let result = work();
    (result, SINK.take().unwrap_or_default())
}

/// Reads values with their pages coming from `source`.
pub(crate) fn with_source<T>(source: PageSource, work: impl FnOnce() -> T) -> T {
    let _reset = Reset(&SOURCE, SOURCE.replace(Some(source)));
    work()
}

impl Serialize for Pages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stored = SINK.with_borrow_mut(|sink| sink.as_mut().map(|sink| runs(self, sink)));
        if let Some(runs) = stored {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(STORED, &runs)?;
            return map.end();
        }
        let parts = inline_parts(self);
        let mut map = serializer.serialize_map(Some(parts.len()))?;
        for (address, bytes) in parts {
            map.serialize_entry(&format!("{address:#x}"), &text_of(&bytes))?;
        }
        map.end()
    }
}

/// Runs of consecutive pages whose store indices are equal (step 0) or
/// consecutive (step 1).
fn runs(pages: &Pages, sink: &mut PageSink) -> Vec<[u64; 4]> {
    let mut runs: Vec<[u64; 4]> = Vec::new();
    for (number, page) in pages.iter().filter(|(_, page)| !is_zero(&page[..])) {
        let index = sink.put(page);
        let fits = |run: &[u64; 4]| {
            let [first, count, start, step] = *run;
            let next = index.wrapping_sub(start);
            first + count == number && if count == 1 { next <= 1 } else { next == step * count }
        };
        if let Some(run) = runs.last_mut().filter(|run| fits(run)) {
            if run[1] == 1 {
                run[3] = index - run[2];
            }
            run[1] += 1;
        } else {
            runs.push([number, 1, index, 0]);
        }
    }
    runs
}

/// The bytes that are not zero, as runs; short gaps are included.
fn inline_parts(pages: &Pages) -> Vec<(u64, Vec<u8>)> {
    let mut parts: Vec<(u64, Vec<u8>)> = Vec::new();
    for (number, page) in pages.iter() {
        let base = number * PAGE_SIZE as u64;
        let mut at = 0;
        while let Some(skip) = page[at..].iter().position(|byte| *byte != 0) {
            let start = at + skip;
            let end = page[start..].iter().position(|byte| *byte == 0).map_or(PAGE_SIZE, |n| start + n);
            let address = base + start as u64;
            match parts.last_mut() {
                Some((first, bytes)) if address - (*first + bytes.len() as u64) <= GAP as u64 => {
                    bytes.resize((address - *first) as usize, 0);
                    bytes.extend_from_slice(&page[start..end]);
                }
                _ => parts.push((address, page[start..end].to_vec())),
            }
            at = end;
        }
    }
    parts
}

fn text_of(bytes: &[u8]) -> String {
    if bytes.len() <= HEX_LIMIT {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        format!("{BASE64}{}", base64::engine::general_purpose::STANDARD.encode(bytes))
    }
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if let Some(encoded) = text.strip_prefix(BASE64) {
        return base64::engine::general_purpose::STANDARD.decode(encoded).ok();
    }
    let digits = text.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        })
        .collect()
}

impl<'de> Deserialize<'de> for Pages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PagesVisitor)
    }
}

struct PagesVisitor;

impl<'de> Visitor<'de> for PagesVisitor {
    type Value = Pages;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map of addresses to bytes in hexadecimal or base64")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pages, A::Error> {
        let mut pages = Pages::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == STORED {
                let runs: Vec<[u64; 4]> = map.next_value()?;
                SOURCE
                    .with_borrow_mut(|source| attach(&mut pages, &runs, source.as_mut()))
                    .map_err(A::Error::custom)?;
                continue;
            }
            let address = key.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
            let address =
                address.ok_or_else(|| A::Error::custom(format_args!("`{key}` is not an address")))?;
            let bytes = bytes_of(&map.next_value::<String>()?)
                .ok_or_else(|| A::Error::custom(format_args!("the bytes at {key} are malformed")))?;
            if address.checked_add((bytes.len() as u64).saturating_sub(1)).is_none() {
                return Err(A::Error::custom(format_args!("the bytes at {key} wrap around")));
            }
            pages.write(address, &bytes);
        }
        Ok(pages)
    }
}

fn attach(pages: &mut Pages, runs: &[[u64; 4]], source: Option<&mut PageSource>) -> Result<(), String> {
    let source = source.ok_or("pages of a machine file, outside of one")?;
    let stored = source.pages.len() as u64;
    let table = Arc::make_mut(&mut pages.pages);
    for &[first, count, start, step] in runs {
        let in_space = first.checked_add(count).is_some_and(|end| end <= PAGE_NUMBERS);
        let last = (count.max(1) - 1).checked_mul(step).and_then(|reach| start.checked_add(reach));
        if count == 0 || step > 1 || !in_space || last.is_none_or(|last| last >= stored) {
            return Err(format!("run of {count} pages from {first:#x}: no such addresses or no such pages"));
        }
        let left = source.budget.checked_sub(count);
        source.budget = left.ok_or("the machine has more pages than the limit allows")?;
        for n in 0..count {
            let page = &source.pages[(start + n * step) as usize];
            if table.insert(first + n, Arc::clone(page)).is_some() {
                return Err(format!("page {:#x} is there twice", first + n));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_inline_form_is_readable() {
        let mut pages = Pages::new();
        pages.write(0x1fff, &[0xaa, 0xbb]);
        pages.write(0x9000, &[1]);
        let text = serde_json::to_string(&pages).unwrap();
        assert_eq!(text, r#"{"0x1fff":"aabb","0x9000":"01"}"#);
    }

    #[test]
    fn malformed_text_is_an_error() {
        for text in [
            r#"{"9":"00"}"#,
            r#"{"0x0":"0"}"#,
            r#"{"0x0":"zz"}"#,
            r#"{"0x0":"base64:*"}"#,
            r#"{"0xffffffffffffffff":"0102"}"#,
            r#"{"stored":[[0,1,0,0]]}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Pages>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_inline_form_reads_back(
            writes in proptest::collection::vec((0_u64..20_000, proptest::collection::vec(any::<u8>(), 0..300)), 0..8),
        ) {
            let mut pages = Pages::new();
            for (address, bytes) in &writes {
                pages.write(*address, bytes);
            }
            let text = serde_json::to_string(&pages).unwrap();
            prop_assert_eq!(serde_json::from_str::<Pages>(&text).unwrap(), pages);
        }
    }
}
