//! Machine files: one self-contained file with a page store. The layout is
//! described in `FORMAT.md` beside this crate's manifest.

use std::{path::Path, sync::Arc};

use hashbrown::HashSet;

use crate::{
    Error, FormatError, Machine, PAGE_SIZE, Page, Result,
    pages::{PageSink, PageSource, is_zero, with_sink, with_source},
};

const MAGIC: &[u8; 8] = b"TERRELLA";
/// The version that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 2;
const HEADER: usize = 48;
const HASH: usize = 32;
/// Pages that are compressed together.
const CHUNK_PAGES: usize = 256;
/// The flag of a compressed manifest.
const MANIFEST_COMPRESSED: u32 = 1;
/// Manifests up to this size are stored as they are, to be read with `grep`.
const PLAIN_MANIFEST: usize = 64 << 10;
/// A byte of an LZ4 block stands for so many bytes at most.
const MOST_EXPANSION: u64 = 255;

/// What a file may make the reader allocate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Pages of 4 KiB that are not zero, over all items; a page that is used
    /// twice counts twice. By default 4 Mi: 16 GiB of guest memory.
    pub pages: u64,
    /// Bytes of the uncompressed manifest. By default 256 MiB.
    pub manifest_bytes: u64,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { pages: 4 << 20, manifest_bytes: 256 << 20 }
    }
}

impl Machine {
    /// The machine as a file's content.
    ///
    /// # Errors
    /// [`Error::Json`] if an item cannot be serialised.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let (manifest, sink) = with_sink(PageSink::default(), || serde_json::to_vec(self));
        let manifest = manifest?;
        let mut flags = 0;
        let stored = if manifest.len() <= PLAIN_MANIFEST {
            manifest.clone()
        } else {
            flags |= MANIFEST_COMPRESSED;
            compress(&manifest)
        };
        let chunks: Vec<Vec<u8>> = sink
            .pages
            .chunks(CHUNK_PAGES)
            .map(|pages| {
                let bytes: Vec<u8> = pages.iter().flat_map(|page| page.iter().copied()).collect();
                compress(&bytes)
            })
            .collect();
        let mut file = Vec::new();
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&flags.to_le_bytes());
        file.extend_from_slice(&(stored.len() as u64).to_le_bytes());
        file.extend_from_slice(&(manifest.len() as u64).to_le_bytes());
        file.extend_from_slice(&(sink.pages.len() as u64).to_le_bytes());
        file.extend_from_slice(&(chunks.len() as u64).to_le_bytes());
        file.extend_from_slice(&stored);
        sink.hashes.iter().for_each(|hash| file.extend_from_slice(hash));
        chunks.iter().for_each(|chunk| file.extend_from_slice(&(chunk.len() as u32).to_le_bytes()));
        chunks.iter().for_each(|chunk| file.extend_from_slice(chunk));
        let checksum = blake3::hash(&file);
        file.extend_from_slice(checksum.as_bytes());
        Ok(file)
    }

    /// Reads what [`Self::to_bytes`] made, within the default limits.
    ///
    /// # Errors
    /// [`Error::Format`] for what is damaged or no machine file,
    /// [`Error::Json`] for items that cannot be read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_with(bytes, &LoadLimits::default())
    }

    /// [`Self::from_bytes`] with limits of one's own.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_bytes_with(bytes: &[u8], limits: &LoadLimits) -> Result<Self> {
        let parts = Parts::of(bytes)?;
        let manifest = parts.manifest(limits)?;
        let source = PageSource { pages: parts.pages(limits)?, budget: limits.pages };
        Ok(with_source(source, || serde_json::from_slice(&manifest))?)
    }

    /// Saves the machine to a file. The file is replaced as a whole, or stays
    /// as it was.
    ///
    /// # Errors
    /// [`Error::File`], and as [`Self::to_bytes`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_bytes()?;
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".tmp");
        let error = |source| Error::File { path: path.to_owned(), source };
        std::fs::write(&unfinished, bytes).map_err(error)?;
        std::fs::rename(&unfinished, path).map_err(error)
    }

    /// Loads a machine from a file.
    ///
    /// # Errors
    /// [`Error::File`], and as [`Self::from_bytes`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes)
    }

    /// The machine as readable JSON, with its memory in it: for small
    /// machines, tests and reports.
    ///
    /// # Errors
    /// [`Error::Json`] if an item cannot be serialised.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// Reads what [`Self::to_json`] made.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn from_json(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress(bytes)
}

/// The parts of a file, all lengths checked against that of the file.
struct Parts<'a> {
    compressed: bool,
    manifest: &'a [u8],
    manifest_length: u64,
    hashes: &'a [[u8; HASH]],
    chunk_lengths: &'a [[u8; 4]],
    chunks: &'a [u8],
}

/// Takes `length` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], length: u64, part: &'static str) -> Result<&'a [u8]> {
    let found = rest.len() as u64;
    let short = FormatError::Length { part, expected: length, found };
    let (taken, later) =
        usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)).ok_or(short)?;
    *rest = later;
    Ok(taken)
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self> {
        let mut rest = bytes;
        if !bytes.starts_with(MAGIC) {
            return Err(FormatError::Magic.into());
        }
        let header = take(&mut rest, HEADER as u64, "header")?;
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if word(8) != VERSION {
            return Err(FormatError::Version(word(8)).into());
        }
        let (flags, stored, manifest_length) = (word(12), long(16), long(24));
        let (pages, chunks) = (long(32), long(40));
        let manifest = take(&mut rest, stored, "manifest")?;
        // A count so large that its bytes overflow is longer than any file.
        let hashes = take(&mut rest, pages.saturating_mul(HASH as u64), "page hashes")?.as_chunks().0;
        let chunk_lengths = take(&mut rest, chunks.saturating_mul(4), "chunk table")?.as_chunks().0;
        let expected = pages.div_ceil(CHUNK_PAGES as u64);
        if chunks != expected {
            return Err(FormatError::Length { part: "chunk table", expected, found: chunks }.into());
        }
        let sum = chunk_lengths.iter().map(|length| u64::from(u32::from_le_bytes(*length))).sum();
        let chunks = take(&mut rest, sum, "page store")?;
        if rest.len() != HASH {
            let (expected, found) = (HASH as u64, rest.len() as u64);
            return Err(FormatError::Length { part: "checksum", expected, found }.into());
        }
        if blake3::hash(&bytes[..bytes.len() - HASH]).as_bytes() != rest {
            return Err(FormatError::Checksum.into());
        }
        let compressed = flags & MANIFEST_COMPRESSED != 0;
        Ok(Self { compressed, manifest, manifest_length, hashes, chunk_lengths, chunks })
    }

    fn manifest(&self, limits: &LoadLimits) -> Result<Vec<u8>> {
        let (size, limit) = (self.manifest_length, limits.manifest_bytes);
        if size > limit {
            return Err(FormatError::TooLarge { part: "manifest", size, limit }.into());
        }
        let manifest = if self.compressed {
            decompress(self.manifest, size, "manifest")?
        } else {
            self.manifest.to_vec()
        };
        if manifest.len() as u64 != size {
            let found = manifest.len() as u64;
            return Err(FormatError::Length { part: "manifest", expected: size, found }.into());
        }
        Ok(manifest)
    }

    /// The pages, each checked against its hash. Their number is bounded by
    /// the hashes, which are in the file.
    fn pages(&self, limits: &LoadLimits) -> Result<Vec<Page>> {
        let (size, limit) = (self.hashes.len() as u64, limits.pages);
        if size > limit {
            return Err(FormatError::TooLarge { part: "page store", size, limit }.into());
        }
        let mut pages = Vec::with_capacity(self.hashes.len());
        let mut seen = HashSet::new();
        let mut rest = self.chunks;
        for (length, hashes) in self.chunk_lengths.iter().zip(self.hashes.chunks(CHUNK_PAGES)) {
            let stored = take(&mut rest, u32::from_le_bytes(*length).into(), "page store")?;
            let bytes = decompress(stored, (hashes.len() * PAGE_SIZE) as u64, "page store")?;
            let (found, _) = bytes.as_chunks::<PAGE_SIZE>();
            if found.len() != hashes.len() || bytes.len() != hashes.len() * PAGE_SIZE {
                return Err(FormatError::Compression("page store").into());
            }
            for (page, hash) in found.iter().zip(hashes) {
                let genuine = blake3::hash(page).as_bytes() == hash;
                if !genuine || is_zero(page) || !seen.insert(*hash) {
                    return Err(FormatError::Page(pages.len() as u64).into());
                }
                pages.push(Arc::new(*page));
            }
        }
        Ok(pages)
    }
}

/// Decompresses up to `size` bytes. What `bytes` cannot expand to is not
/// allocated.
fn decompress(bytes: &[u8], size: u64, part: &'static str) -> Result<Vec<u8>> {
    let damaged = FormatError::Compression(part);
    let most = (bytes.len() as u64).saturating_mul(MOST_EXPANSION);
    let Some(size) = usize::try_from(size).ok().filter(|_| size <= most) else {
        return Err(damaged.into());
    };
    let mut result = vec![0; size];
    let length = lz4_flex::block::decompress_into(bytes, &mut result).map_err(|_| damaged)?;
    result.truncate(length);
    Ok(result)
}
